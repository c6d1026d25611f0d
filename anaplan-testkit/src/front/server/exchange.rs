//! One request and its answer.

use std::time::Duration;

use anaplan_core::clock::Clock as _;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;

use super::body::{BrokenOff, Outgoing};
use super::{Exchange, Observer};
use crate::api::{Failure, refuse};
use crate::fake::{FakeAnaplan, Served};
use crate::http::{Body, Request, Response};

/// The time the bytes before a break get for leaving this machine.
const LINGER: Duration = Duration::from_millis(20);

/// The service behind a connection.
pub(super) struct Desk {
    pub(super) fake: FakeAnaplan,
    pub(super) body_limit: usize,
    pub(super) observer: Option<Observer>,
}

impl Desk {
    /// Answers a request; an error closes the connection without an answer.
    pub(super) async fn exchange(
        &self,
        request: http::Request<Incoming>,
    ) -> Result<http::Response<Outgoing>, BrokenOff> {
        let started = self.fake.clock().monotonic();
        let mut exchange = Exchange {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            status: None,
            broken: true,
            took: Duration::ZERO,
        };
        let answer = self.answer(request).await;
        if let Ok(answer) = &answer {
            exchange.status = Some(answer.status());
            exchange.broken = matches!(answer.body(), Outgoing::Cut { .. });
        }
        if let Some(observer) = &self.observer {
            exchange.took = self.fake.clock().monotonic().saturating_sub(started);
            observer(&exchange);
        }
        answer
    }

    async fn answer(
        &self,
        request: http::Request<Incoming>,
    ) -> Result<http::Response<Outgoing>, BrokenOff> {
        let request = match self.read(request).await? {
            Ok(request) => request,
            Err(refusal) => return Ok(whole(refusal)),
        };
        let drawn = self.fake.draw(&request);
        let served = self.fake.serve_in_turn(request, &drawn).await;
        let served = served.ok_or(BrokenOff)?;
        if !drawn.after().is_zero() {
            self.fake.clock().sleep(drawn.after()).await;
        }
        match served {
            Served::Answer(response) => Ok(whole(response)),
            Served::Cut(response, at) => self.cut(response, at),
            Served::Dropped => Err(BrokenOff),
        }
    }

    /// The request with its whole body, or the refusal of a body that is too large.
    async fn read(
        &self,
        request: http::Request<Incoming>,
    ) -> Result<Result<Request, Response>, BrokenOff> {
        let (head, body) = request.into_parts();
        match Limited::new(body, self.body_limit).collect().await {
            Ok(body) => {
                let request = http::Request::from_parts(head, body.to_bytes());
                Ok(Ok(Request::new(request)))
            }
            Err(error) if error.is::<LengthLimitError>() => {
                let request = Request::new(http::Request::from_parts(head, Bytes::new()));
                let failure =
                    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
                let refusal = self.fake.world(|world| refuse(world, &request, failure));
                // The rest of the body is still on its way, and nobody is going to read it.
                Ok(Err(refusal.with_header("connection", "close")))
            }
            // The sender went away.
            Err(_) => Err(BrokenOff),
        }
    }

    fn cut(&self, response: Response, at: usize) -> Result<http::Response<Outgoing>, BrokenOff> {
        let head = head(&response);
        let bytes = response.body.into_bytes().unwrap_or_default();
        if bytes.is_empty() {
            // There is no middle to break it in.
            return Err(BrokenOff);
        }
        let announced = bytes.len() as u64;
        Ok(head.map(|()| Outgoing::Cut {
            sent: Some(bytes.slice(..at.min(bytes.len() - 1))),
            announced,
            linger: self.fake.clock().sleep(LINGER),
        }))
    }
}

fn head(response: &Response) -> http::Response<()> {
    let mut head = http::Response::new(());
    *head.status_mut() = response.status;
    *head.headers_mut() = response.headers.clone();
    head
}

fn whole(response: Response) -> http::Response<Outgoing> {
    let head = head(&response);
    let body = match response.body {
        Body::Full(bytes) => Outgoing::Full(Some(bytes)),
        Body::Pieces(pieces) => Outgoing::Pieces(pieces),
    };
    head.map(|()| body)
}
