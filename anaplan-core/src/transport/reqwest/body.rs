//! The body of a request as the HTTP library reads it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream as _;
use http_body::{Body, Frame, SizeHint};

use super::driver_turn::DriverTurn;
use crate::operation::request_body::{BodyReader, RequestBody};
use crate::transport::TransportError;

/// The time that a server on this machine has for an early response, after the first piece.
const FIRST_PAUSE: Duration = Duration::from_millis(1);

/// A request body with its exact length, so that it is never sent in chunked encoding if the length is
/// known.
pub(super) struct Outgoing {
    /// The HTTP library asks for `Sync`. It never shares the body, so the lock is never contended.
    reading: Mutex<Reading>,
    size: SizeHint,
}

struct Reading {
    reader: BodyReader,
    pause: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    is_first: bool,
}

impl Outgoing {
    pub(super) fn new(body: RequestBody) -> Self {
        let reader = body.into_reader();
        Self {
            size: remaining(&reader),
            reading: Mutex::new(Reading {
                reader,
                pause: None,
                is_first: true,
            }),
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let this = self.get_mut();
        let reading = this
            .reading
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(pause) = &mut reading.pause {
            ready!(pause.as_mut().poll(cx));
            reading.pause = None;
        }
        let piece = ready!(Pin::new(&mut reading.reader).poll_next(cx));
        this.size = remaining(&reading.reader);
        if !reading.reader.is_finished() {
            let is_first = std::mem::take(&mut reading.is_first);
            reading.pause = Some(Box::pin(look_for_response(is_first)));
        }
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        let reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading.reader.is_finished()
    }

    fn size_hint(&self) -> SizeHint {
        self.size
    }
}

/// Waits until the runtime has looked at the socket. A server may respond before it has the whole body,
/// and close. The connection reads before it writes, but only what the runtime has seen: without this
/// wait, a write fails first and hides the response.
#[allow(
    clippy::disallowed_methods,
    reason = "it waits for the socket and not for the session's time"
)]
async fn look_for_response(is_first: bool) {
    if is_first {
        tokio::time::sleep(FIRST_PAUSE).await;
    }
    // The second turn sees what a server of the same runtime sent in the first.
    DriverTurn::default().await;
    DriverTurn::default().await;
}

fn remaining(reader: &BodyReader) -> SizeHint {
    reader
        .remaining()
        .map_or_else(SizeHint::new, SizeHint::with_exact)
}
