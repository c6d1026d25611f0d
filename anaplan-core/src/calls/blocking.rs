//! Running calls from code that is not async.
//!
//! Every call has a second ending: `run()` beside `.await`, and every stream is an iterator. There is
//! no second API, so whatever an async program can do, a blocking one can do as well.
//!
//! All calls of the process share one runtime with two worker threads, made at the first use.
//! `run()` inside an async runtime would block that runtime's thread; it is refused with an error of
//! the kind [`Usage`](crate::ErrorKind::Usage).

use std::future::{Future, IntoFuture};
use std::sync::OnceLock;

use futures_core::Stream;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::calls::call::Call;
use crate::calls::page_stream::{Items, Pages};
use crate::calls::pending::Pending;
use crate::calls::progress::Progress;
use crate::calls::task::{LongRunning, TaskStatus};
use crate::data::error::{Error, ErrorKind, Result};
use crate::operation::endpoint::Endpoint;
use crate::operation::page::{Page, Paged, PagedCall};

impl<E: Endpoint> Call<E> {
    /// Makes the call and blocks until it is over.
    ///
    /// # Errors
    ///
    /// Those of the call, and [`ErrorKind::Usage`] inside an async runtime.
    pub fn run(self) -> Result<E::Output> {
        run(self.into_future())
    }
}

impl<E: Paged> PagedCall<E> {
    /// Fetches all pages and blocks until the last is there.
    ///
    /// # Errors
    ///
    /// Those of the call, and [`ErrorKind::Usage`] inside an async runtime.
    pub fn run(self) -> Result<Vec<E::Item>> {
        run(self.into_future())
    }
}

impl<T: Send + 'static> Pending<T> {
    /// Does the work and blocks until it is over.
    ///
    /// # Errors
    ///
    /// Those of the work, and [`ErrorKind::Usage`] inside an async runtime.
    pub fn run(self) -> Result<T> {
        run(self.into_future())
    }
}

impl<E: Paged> Iterator for Items<E> {
    type Item = Result<E::Item>;

    fn next(&mut self) -> Option<Self::Item> {
        next(self)
    }
}

impl<E: Paged> Iterator for Pages<E> {
    type Item = Result<Page<E::Item>>;

    fn next(&mut self) -> Option<Self::Item> {
        next(self)
    }
}

impl<L: LongRunning> Iterator for Progress<L> {
    type Item = Result<TaskStatus<L::Result>>;

    fn next(&mut self) -> Option<Self::Item> {
        next(self)
    }
}

impl Iterator for crate::calls::download::ByteStream {
    type Item = Result<bytes::Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        next(self)
    }
}

/// The future runs on a worker thread, so that the stack of the calling thread may be small.
fn run<T, F>(future: F) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let runtime = runtime()?;
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    runtime.spawn(async move {
        // The receiver waits below for as long as this runs.
        let _ = sender.send(future.await);
    });
    receiver
        .recv()
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::Usage, "the call panicked")))
}

/// The next element of a stream; for the `Iterator` of a namespace's own streams.
///
/// # Errors
///
/// Those of the stream, and [`ErrorKind::Usage`] inside an async runtime.
pub fn next<T, S>(stream: &mut S) -> Option<Result<T>>
where
    S: Stream<Item = Result<T>> + Unpin,
{
    match runtime() {
        Ok(runtime) => runtime.block_on(std::future::poll_fn(|cx| {
            std::pin::Pin::new(&mut *stream).poll_next(cx)
        })),
        Err(error) => Some(Err(error)),
    }
}

fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();

    if Handle::try_current().is_ok() {
        return Err(Error::new(
            ErrorKind::Usage,
            "blocking inside an async runtime: use `.await` here, or `tokio::task::spawn_blocking`",
        ));
    }
    let runtime = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("anaplan-blocking")
            .enable_all()
            .build()
    });
    runtime.as_ref().map_err(|error| {
        Error::new(
            ErrorKind::Io,
            format!("the runtime for blocking calls could not be started: {error}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_runs_to_its_end() {
        assert_eq!(Pending::new(async { Ok(7) }).run().unwrap(), 7);
    }

    #[test]
    fn a_panic_in_a_call_is_an_error_here() {
        let error = Pending::<()>::new(async { panic!("boom") })
            .run()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
    }

    #[tokio::test]
    async fn inside_a_runtime_it_is_refused() {
        let error = Pending::new(async { Ok(()) }).run().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().contains(".await"), "{error}");
    }
}
