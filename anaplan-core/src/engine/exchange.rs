//! One call's attempts: sending a request once and reading what comes back.

use std::future::Future;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, StatusCode};
use tracing::Instrument;

use crate::calls::call::CallOptions;
use crate::data::error::{Error, ErrorKind};
use crate::engine::prepared::Prepared;
use crate::operation::endpoint::Endpoint;
use crate::operation::response::Answer;
use crate::session::authenticator::Credential;
use crate::session::{Inner, Session};
use crate::transport::clock::within;
use crate::transport::{ResponseBody, TransportError, TransportErrorKind};

/// The most that is read of the body of a refusal, in bytes. No message is longer.
const MAX_REFUSAL: usize = 64 * 1024;
/// A piece of a body with fewer bytes is copied rather than kept, which could take more memory than it has.
const SMALL_PIECE: usize = 4096;

/// A whole response.
pub(crate) struct Parts {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Parts {
    pub(crate) fn into_answer(self, session: Session) -> Answer {
        Answer::new(self.status, self.headers, self.body, session)
    }
}

/// What came of one attempt.
pub(crate) enum Outcome {
    /// A response, whatever its status.
    Whole(Parts),
    /// The head of a response whose body is still to come.
    Head(http::Response<ResponseBody>),
    /// No (whole) response.
    Lost(TransportError),
    /// A request or response that the client itself refuses.
    Refused(Error),
}

/// The attempts of one call so far.
pub(crate) struct Attempts<'a> {
    pub(crate) inner: &'a Inner,
    pub(crate) operation: &'static str,
    method: Method,
    template: String,
    pub(crate) ids: Vec<(&'static str, String)>,
    pub(crate) may_repeat: bool,
    until: Option<Duration>,
    pub(crate) sent: u32,
    pub(crate) throttles: u32,
    pub(crate) renewed: bool,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new<E: Endpoint>(
        prepared: &Prepared<'_, E>,
        inner: &'a Inner,
        options: &CallOptions,
    ) -> Self {
        Self {
            inner,
            operation: E::NAME,
            method: E::METHOD,
            template: prepared.template.clone(),
            ids: prepared.ids.clone(),
            may_repeat: prepared.endpoint.may_repeat() || options.assume_idempotent,
            until: options.deadline_at(&*inner.clock),
            sent: 0,
            throttles: 0,
            renewed: false,
        }
    }

    /// Sends once and reads the whole response.
    pub(crate) async fn exchange<E: Endpoint>(
        &mut self,
        prepared: &Prepared<'_, E>,
        credential: Option<&Credential>,
    ) -> Outcome {
        let started = self.inner.clock.monotonic();
        match self.head(prepared, credential).await {
            Outcome::Head(response) => {
                let spent = self.inner.clock.monotonic().saturating_sub(started);
                let left = self.attempt_limit().saturating_sub(spent);
                self.collect(response, left).await
            }
            other => other,
        }
    }

    /// Sends once and reads the head of the response.
    pub(crate) async fn head<E: Endpoint>(
        &mut self,
        prepared: &Prepared<'_, E>,
        credential: Option<&Credential>,
    ) -> Outcome {
        let request = match prepared.request(credential) {
            Ok(request) => request,
            Err(error) => return Outcome::Refused(error),
        };
        self.sent += 1;
        let span = tracing::debug_span!(
            target: "anaplan::http",
            "anaplan.attempt",
            operation = self.operation,
            method = %self.method,
            path = %self.template,
            attempt = self.sent,
        );
        let limit = self.attempt_limit();
        let clock = &*self.inner.clock;
        async {
            let started = clock.monotonic();
            let sending = self.inner.transport.send(request);
            let result = within(clock, limit, sending)
                .await
                .unwrap_or_else(|| Err(TransportError::new(TransportErrorKind::Timeout)));
            let elapsed = clock.monotonic().saturating_sub(started);
            match result {
                Ok(response) => {
                    tracing::debug!(
                        target: "anaplan::http",
                        status = response.status().as_u16(),
                        elapsed_ms = elapsed.as_millis() as u64,
                        "answered"
                    );
                    Outcome::Head(response)
                }
                Err(error) => {
                    tracing::debug!(target: "anaplan::http", error_kind = ?error.kind(), elapsed_ms = elapsed.as_millis() as u64, "no answer");
                    Outcome::Lost(error)
                }
            }
        }
        .instrument(span)
        .await
    }

    /// Reads the rest of a response whose head has arrived.
    pub(crate) async fn whole(&self, response: http::Response<ResponseBody>) -> Outcome {
        self.collect(response, self.attempt_limit()).await
    }

    /// Reads a body into memory. What counts is its size after decompression, and reading ends where the
    /// limit is passed, so that a small answer cannot unfold into a large one.
    async fn collect(&self, response: http::Response<ResponseBody>, limit: Duration) -> Outcome {
        let (head, body) = response.into_parts();
        let success = head.status.is_success();
        let max = if success {
            self.inner.settings.max_body
        } else {
            MAX_REFUSAL.min(self.inner.settings.max_body)
        };
        let reading = read_up_to(body, announced(&head.headers), max);
        let read = within(&*self.inner.clock, limit, reading)
            .await
            .unwrap_or_else(|| Err(TransportError::new(TransportErrorKind::Timeout)));
        let body = match read {
            Ok(Some(body)) => body,
            // What was refused is told by the status alone.
            _ if !success => Bytes::new(),
            Ok(None) => {
                let error = Error::new(
                    ErrorKind::TooLarge,
                    format!("the answer is larger than the {max} bytes that may be held in memory"),
                );
                return Outcome::Refused(error.with_status(head.status));
            }
            Err(error) => return Outcome::Lost(error),
        };
        Outcome::Whole(Parts {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    pub(crate) async fn within_deadline<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        match self.left() {
            Some(left) => within(&*self.inner.clock, left, future).await,
            None => Some(future.await),
        }
    }

    pub(crate) fn left(&self) -> Option<Duration> {
        self.until
            .map(|until| until.saturating_sub(self.inner.clock.monotonic()))
    }

    fn attempt_limit(&self) -> Duration {
        let limit = self.inner.settings.attempt_timeout;
        self.left().map_or(limit, |left| left.min(limit))
    }
}

/// The whole body; `None` when it is longer than `max`.
async fn read_up_to(
    mut body: ResponseBody,
    announced: Option<u64>,
    max: usize,
) -> std::result::Result<Option<Bytes>, TransportError> {
    if announced.is_some_and(|length| length > max as u64) {
        return Ok(None);
    }
    // Large pieces of a body whose length is not known wait to be put together at once: a buffer that
    // grows is copied, and new memory cleared for it, again and again.
    let mut pieces: Vec<Bytes> = Vec::new();
    let expected = announced.and_then(|length| usize::try_from(length).ok());
    let mut last = BytesMut::with_capacity(expected.unwrap_or(0));
    let mut size = 0;
    while let Some(chunk) = body.chunk().await {
        let chunk = chunk?;
        if chunk.len() > max - size {
            return Ok(None);
        }
        size += chunk.len();
        if expected.is_some() || chunk.len() < SMALL_PIECE {
            last.extend_from_slice(&chunk);
        } else {
            if !last.is_empty() {
                pieces.push(last.split().freeze());
            }
            pieces.push(chunk);
        }
    }
    if pieces.is_empty() {
        return Ok(Some(last.freeze()));
    }
    pieces.push(last.freeze());
    let mut all = BytesMut::with_capacity(size);
    for piece in pieces {
        all.extend_from_slice(&piece);
    }
    Ok(Some(all.freeze()))
}

/// The length of the body as the server announces it. A transport that decompresses drops the header.
fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(sizes: &[usize], announced: Option<u64>, max: usize) -> Option<Bytes> {
        let pieces: Vec<_> = (b'a'..)
            .zip(sizes)
            .map(|(letter, size)| Ok(Bytes::from(vec![letter; *size])))
            .collect();
        let body = ResponseBody::from_stream(futures_util::stream::iter(pieces));
        read_up_to(body, announced, max).await.unwrap()
    }

    #[tokio::test]
    async fn a_body_is_the_same_whatever_the_size_of_its_pieces() {
        let kilo = 1024;
        for sizes in [
            &[][..],
            &[0],
            &[3, 0, 4],
            &[8 * kilo],
            &[8 * kilo, 9 * kilo],
            &[1, 8 * kilo, 2, 3, SMALL_PIECE, 9 * kilo, SMALL_PIECE - 1],
        ] {
            let whole: Vec<u8> = (b'a'..)
                .zip(sizes)
                .flat_map(|(letter, size)| vec![letter; *size])
                .collect();
            let size = whole.len();
            for announced in [None, Some(size as u64)] {
                assert_eq!(read(sizes, announced, size).await.unwrap(), whole);
                if size > 0 {
                    assert!(read(sizes, announced, size - 1).await.is_none());
                }
            }
        }
    }
}
