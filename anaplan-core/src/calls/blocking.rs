//! Blocking calls.
//!
//! Every call has `run()` in addition to `.await`, and every stream is also an iterator. There is no
//! second API: all operations are available to blocking programs.
//!
//! All calls of the process share one runtime with two worker threads, created at first use.
//! `run()` inside async code would block a thread of its runtime. It fails with an error of the kind
//! [`Usage`](crate::ErrorKind::Usage). It works inside `tokio::task::spawn_blocking`.

use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};

use futures_core::Stream;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::calls::call::Call;
use crate::calls::page_stream::{Items, Pages};
use crate::calls::paged_call::PagedCall;
use crate::calls::pending::Pending;
use crate::calls::progress::Progress;
use crate::data::error::{Error, ErrorKind, Result};
use crate::data::task_status::TaskStatus;
use crate::operation::endpoint::Endpoint;
use crate::operation::long_running::LongRunning;
use crate::operation::paging::{Page, Paged};

/// Blocking form of everything that is awaited and returns a `Result`: calls, and the work of a namespace.
///
/// The types of the SDK have `run()` as a method of their own, so that programs need no import. A namespace
/// gets it for its types from this trait.
///
/// ```
/// use anaplan_core::blocking::Blocking as _;
/// use anaplan_core::Error;
///
/// let work = async { Ok::<_, Error>(7) };
/// assert_eq!(work.run()?, 7);
/// # Ok::<(), Error>(())
/// ```
pub trait Blocking: IntoFuture {
    /// Awaits this and blocks until it is finished.
    ///
    /// # Errors
    ///
    /// Those of the work, and [`ErrorKind::Usage`] inside an async runtime.
    fn run(self) -> Self::Output;
}

impl<F, T, E> Blocking for F
where
    F: IntoFuture<Output = Result<T, E>>,
    F::IntoFuture: Send + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    fn run(self) -> Result<T, E> {
        run(self.into_future())
    }
}

impl<E: Endpoint, T: Send + 'static> Call<E, T> {
    /// Makes the call and blocks until it is finished.
    ///
    /// # Errors
    ///
    /// Those of the call, and [`ErrorKind::Usage`] inside an async runtime.
    pub fn run(self) -> Result<T> {
        Blocking::run(self)
    }
}

impl<E: Paged> PagedCall<E> {
    /// Reads all pages and blocks until the last has arrived.
    ///
    /// # Errors
    ///
    /// Those of the call, and [`ErrorKind::Usage`] inside async code.
    pub fn run(self) -> Result<Vec<E::Item>> {
        Blocking::run(self)
    }
}

impl<T: Send + 'static> Pending<T> {
    /// Does the work and blocks until it is finished.
    ///
    /// # Errors
    ///
    /// Those of the work, and [`ErrorKind::Usage`] inside async code.
    pub fn run(self) -> Result<T> {
        Blocking::run(self)
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

/// Runs the future on a worker thread, so that the stack of the calling thread may be small. A panic in
/// the future continues in the caller.
fn run<T, E, F>(future: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    let runtime = runtime()?;
    let task = runtime.spawn(future);
    match block_on(runtime, task) {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(E::from(Error::new(
                ErrorKind::Usage,
                "the runtime for blocking calls was shut down",
            ))),
        },
    }
}

/// Returns the next element of a stream, for the `Iterator` of a namespace's own streams.
///
/// # Errors
///
/// Those of the stream, and [`ErrorKind::Usage`] inside async code.
pub fn next<T, S>(stream: &mut S) -> Option<Result<T>>
where
    S: Stream<Item = Result<T>> + Unpin,
{
    let next = std::future::poll_fn(|cx| std::pin::Pin::new(&mut *stream).poll_next(cx));
    match runtime() {
        Ok(runtime) => block_on(runtime, next),
        Err(error) => Some(Err(error)),
    }
}

/// Blocks this thread until the future is ready.
///
/// Sockets and timers of the future are driven by the workers of the runtime.
fn block_on<F: Future>(runtime: &Runtime, future: F) -> F::Output {
    struct Unpark(std::thread::Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut cx = Context::from_waker(&waker);
    let _context = runtime.enter();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        std::thread::park();
    }
}

fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();

    if is_async() {
        return Err(Error::new(
            ErrorKind::Usage,
            "blocking inside async code: use `.await` here, or `tokio::task::spawn_blocking`",
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

/// Returns true if this thread runs async code, which must not be blocked.
///
/// A thread of `spawn_blocking` has the context of a runtime as well. It runs a task, but it has no
/// scheduler that would wake others meanwhile.
fn is_async() -> bool {
    Handle::try_current().is_ok() && (tokio::task::try_id().is_none() || has_scheduler())
}

/// Returns true if a scheduler of tokio runs on this thread. Only a scheduler keeps the waker of
/// `yield_now` for later; without one it is woken at once.
fn has_scheduler() -> bool {
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&woken));
    let _ = pin!(tokio::task::yield_now()).poll(&mut Context::from_waker(&waker));
    !woken.0.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_runs_to_its_end() {
        assert_eq!(Pending::new(async { Ok(7) }).run().unwrap(), 7);
    }

    #[test]
    fn panic_of_a_call_stays_a_panic() {
        let call = || Pending::<()>::new(async { panic!("boom") }).run();
        let panic = std::panic::catch_unwind(call).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"boom"));
    }

    fn seven() -> Result<i32> {
        let sleeping = async {
            #[allow(clippy::disallowed_methods)]
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            Ok(7)
        };
        Pending::new(sleeping).run()
    }

    fn first() -> Result<i32> {
        let sleep = Box::pin(async {
            #[allow(clippy::disallowed_methods)]
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            Ok(7)
        });
        let mut stream = futures_util::StreamExt::boxed(futures_util::stream::once(sleep));
        next(&mut stream).unwrap()
    }

    fn is_refused() -> bool {
        let refused = seven().is_err_and(|error| {
            assert!(error.to_string().contains(".await"), "{error}");
            error.kind() == ErrorKind::Usage
        });
        assert_eq!(first().is_err(), refused);
        refused
    }

    #[test]
    fn run_works_on_plain_threads() {
        assert_eq!(seven().unwrap(), 7);
        assert_eq!(first().unwrap(), 7);
    }

    async fn check_inside_a_runtime() {
        assert!(is_refused());
        assert!(tokio::spawn(async { is_refused() }).await.unwrap());
        let pooled = || {
            assert!(!is_refused());
            // A thread of its own inside of the pool.
            std::thread::spawn(is_refused).join().unwrap()
        };
        assert!(!tokio::task::spawn_blocking(pooled).await.unwrap());
    }

    #[tokio::test]
    async fn run_works_in_spawn_blocking_and_fails_in_async_code_of_one_thread() {
        check_inside_a_runtime().await;
        let local = tokio::task::LocalSet::new();
        assert!(local.run_until(async { is_refused() }).await);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn run_works_in_spawn_blocking_and_fails_in_async_code_of_many_threads() {
        check_inside_a_runtime().await;
        let in_place = tokio::spawn(async { tokio::task::block_in_place(is_refused) });
        assert!(!in_place.await.unwrap());
    }

    #[test]
    fn thousand_threads_may_block_at_once() {
        let threads: Vec<_> = (0..1000)
            .map(|_| {
                let builder = std::thread::Builder::new().stack_size(64 * 1024);
                builder.spawn(|| seven().unwrap()).unwrap()
            })
            .collect();
        assert!(
            threads
                .into_iter()
                .all(|thread| thread.join().unwrap() == 7)
        );
    }
}
