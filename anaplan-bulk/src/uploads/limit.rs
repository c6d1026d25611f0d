//! Number of chunks that are sent at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anaplan_core::{Error, ErrorKind, Result, Session, StatusCode};
use tokio::sync::Semaphore;

use crate::PutChunk;

/// Limit of the chunks in flight. Halved after a chunk timed out, down to 1.
pub(crate) struct ConcurrencyLimit {
    permits: Semaphore,
    state: Mutex<State>,
}

struct State {
    limit: usize,
    /// Permits in use that are not returned.
    surplus: usize,
}

impl ConcurrencyLimit {
    pub(crate) fn new(limit: usize) -> Self {
        let limit = limit.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            permits: Semaphore::new(limit),
            state: Mutex::new(State { limit, surplus: 0 }),
        }
    }

    /// Sends a chunk when fewer than the limit are in flight.
    pub(crate) async fn send(self: &Arc<Self>, session: &Session, put: PutChunk) -> Result<()> {
        let permit = self.permits.acquire().await;
        let seen = Arc::new(AtomicUsize::new(self.lock().limit));
        let limit = Arc::clone(self);
        let call = session.call(put).on_retry({
            let seen = Arc::clone(&seen);
            move |error| {
                if error.kind() == ErrorKind::Timeout {
                    limit.halve(seen.load(Ordering::Relaxed));
                }
                seen.store(limit.lock().limit, Ordering::Relaxed);
            }
        });
        let sent = call.await.map_err(with_hint);
        if let Ok(permit) = permit {
            let mut state = self.lock();
            if state.surplus > 0 {
                state.surplus -= 1;
                permit.forget();
            }
        }
        sent
    }

    /// Halves the limit, unless it was changed since the attempt began: chunks that were in flight
    /// together count once.
    fn halve(&self, seen: usize) {
        let mut state = self.lock();
        if state.limit == seen && seen > 1 {
            state.limit = seen / 2;
            state.surplus += seen - state.limit;
            tracing::info!(
                target: "anaplan::retry",
                operation = "bulk.put_chunk",
                concurrency = state.limit,
                "a chunk timed out: fewer chunks are sent at once"
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn with_hint(error: Error) -> Error {
    match error.status() {
        Some(StatusCode::PAYLOAD_TOO_LARGE) => {
            error.because("set a smaller `chunk_size` for the upload")
        }
        _ => error,
    }
}
