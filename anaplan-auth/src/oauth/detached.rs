//! Work that continues after its caller is dropped.

use std::future::Future;

use anaplan_core::{Error, ErrorKind, Result};
use tokio::runtime::Handle;
use tracing::Instrument as _;

/// Runs `work` to completion even if the returned future is dropped.
///
/// On a tokio runtime, the work starts at once as a task. Otherwise it starts when the returned future is
/// polled, and ends with it.
pub(super) fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> impl Future<Output = Result<T>> + Send + 'static {
    let work = work.in_current_span();
    let (task, inline) = match Handle::try_current() {
        Ok(runtime) => (Some(runtime.spawn(work)), None),
        Err(_) => (None, Some(work)),
    };
    async move {
        match (task, inline) {
            (Some(task), _) => match task.await {
                Ok(result) => result,
                Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
                Err(_) => Err(runtime_ended()),
            },
            (None, Some(work)) => work.await,
            (None, None) => Err(runtime_ended()),
        }
    }
}

fn runtime_ended() -> Error {
    Error::new(
        ErrorKind::Interrupted,
        "the runtime ended during the sign-in",
    )
}
