//! Response bodies: read into memory, or passed on as a stream.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use crate::data::error::{Error, ErrorKind};
use crate::operation::Response;
use crate::transport::clock::{Clock, within};
use crate::transport::{ResponseBody, TransportError, TransportErrorKind};

/// Maximum number of bytes that are read of the body of a refusal. No message is longer.
pub(crate) const MAX_REFUSAL: usize = 64 * 1024;
/// Number of bytes that count as progress of a body. Fewer do not extend the idle timeout.
const PROGRESS: usize = 1024;

/// Limits for reading a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits<'a> {
    pub(crate) clock: &'a dyn Clock,
    pub(crate) max: usize,
    pub(crate) idle: Duration,
    pub(crate) left: Option<Duration>,
}

/// Reason why a body could not be read.
pub(crate) enum Unread {
    /// The connection failed.
    Lost(TransportError),
    /// The body exceeds the limit.
    TooLarge(Error),
}

/// Treatment of the body of a successful response.
pub(crate) trait BodyMode {
    type Output: Send;

    fn read(
        response: http::Response<ResponseBody>,
        limits: Limits<'_>,
    ) -> impl Future<Output = Result<Self::Output, Unread>> + Send;

    /// Converts a response that was read whole.
    fn whole(response: Response) -> Self::Output;
}

/// Reads the whole body into memory.
pub(crate) struct Whole;

impl BodyMode for Whole {
    type Output = Response;

    async fn read(
        response: http::Response<ResponseBody>,
        limits: Limits<'_>,
    ) -> Result<Response, Unread> {
        let (head, body) = response.into_parts();
        if announced(&head.headers).is_some_and(|length| length > limits.max as u64) {
            return Err(Unread::TooLarge(too_large(limits.max)));
        }
        let body = read_up_to(body, limits).await?;
        let response = Response::new(head.status, head.headers, body);
        Ok(response.received_at_time(limits.clock.now()))
    }

    fn whole(response: Response) -> Response {
        response
    }
}

/// Passes the body on as a stream.
pub(crate) struct Streamed;

impl BodyMode for Streamed {
    type Output = http::Response<ResponseBody>;

    async fn read(
        response: http::Response<ResponseBody>,
        _: Limits<'_>,
    ) -> Result<http::Response<ResponseBody>, Unread> {
        Ok(response)
    }

    fn whole(response: Response) -> http::Response<ResponseBody> {
        let mut streamed = http::Response::new(ResponseBody::empty());
        *streamed.status_mut() = response.status();
        *streamed.headers_mut() = response.headers().clone();
        *streamed.body_mut() = ResponseBody::full(response.into_body());
        streamed
    }
}

/// A response with a status other than 2xx.
pub(crate) struct RefusedResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) received_at: Timestamp,
    /// Reason why the body could not be read, if so. A part of a response proves nothing.
    pub(crate) broken: Option<TransportErrorKind>,
}

impl RefusedResponse {
    /// Reads as much of the body as a message needs.
    pub(crate) async fn read(response: http::Response<ResponseBody>, limits: Limits<'_>) -> Self {
        let (head, body) = response.into_parts();
        let max = MAX_REFUSAL.min(limits.max);
        let read = read_up_to(body, Limits { max, ..limits }).await;
        Self {
            status: head.status,
            headers: head.headers,
            broken: match &read {
                Err(Unread::Lost(error)) => Some(error.kind()),
                _ => None,
            },
            body: read.unwrap_or_default(),
            received_at: limits.clock.now(),
        }
    }
}

/// Returns the length of the body that the server announced.
fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(max: usize) -> Error {
    let text = format!("the response exceeds the limit of {max} bytes");
    Error::new(ErrorKind::TooLarge, text)
}

/// Reads the whole body. Memory grows with the received bytes, not with the announced ones.
async fn read_up_to(mut body: ResponseBody, limits: Limits<'_>) -> Result<Bytes, Unread> {
    let started = limits.clock.monotonic();
    let mut all: Vec<u8> = Vec::new();
    let mut counted = 0;
    let mut idle_since = started;
    loop {
        let now = limits.clock.monotonic();
        let mut wait = (idle_since + limits.idle).saturating_sub(now);
        if let Some(left) = limits.left {
            wait = wait.min((started + left).saturating_sub(now));
        }
        let chunk = within(limits.clock, wait, body.chunk()).await;
        let chunk = match chunk {
            Some(Some(chunk)) => chunk.map_err(Unread::Lost)?,
            Some(None) => return Ok(Bytes::from(all)),
            None => {
                return Err(Unread::Lost(TransportError::new(
                    TransportErrorKind::Timeout,
                )));
            }
        };
        if chunk.len() > limits.max - all.len() {
            return Err(Unread::TooLarge(too_large(limits.max)));
        }
        all.extend_from_slice(&chunk);
        if all.len() - counted >= PROGRESS {
            counted = all.len();
            idle_since = limits.clock.monotonic();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::clock::SystemClock;

    async fn read(sizes: &[usize], max: usize) -> Result<Bytes, Unread> {
        let pieces: Vec<_> = (b'a'..)
            .zip(sizes)
            .map(|(letter, size)| Ok(Bytes::from(vec![letter; *size])))
            .collect();
        let body = ResponseBody::from_stream(futures_util::stream::iter(pieces));
        let limits = Limits {
            clock: &SystemClock::new(),
            max,
            idle: Duration::from_secs(1),
            left: None,
        };
        read_up_to(body, limits).await
    }

    #[tokio::test]
    async fn body_is_independent_of_the_size_of_its_chunks() {
        for sizes in [
            &[][..],
            &[0],
            &[3, 0, 4],
            &[8192],
            &[1, 8192, 2, 3, 4096, 9000, 4095],
        ] {
            let whole: Vec<u8> = (b'a'..)
                .zip(sizes)
                .flat_map(|(letter, size)| vec![letter; *size])
                .collect();
            let size = whole.len();
            assert!(read(sizes, size).await.is_ok_and(|body| body == whole));
            if size > 0 {
                let read = read(sizes, size - 1).await;
                assert!(matches!(read, Err(Unread::TooLarge(_))));
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn body_of_slow_single_bytes_times_out() {
        let drip = futures_util::stream::unfold((), |()| async {
            SystemClock::new().sleep(Duration::from_millis(10)).await;
            Some((Ok(Bytes::from_static(b"x")), ()))
        });
        let limits = Limits {
            clock: &SystemClock::new(),
            max: usize::MAX,
            idle: Duration::from_secs(1),
            left: None,
        };
        let read = read_up_to(ResponseBody::from_stream(drip), limits).await;
        assert!(
            matches!(read, Err(Unread::Lost(error)) if error.kind() == TransportErrorKind::Timeout)
        );
    }
}
