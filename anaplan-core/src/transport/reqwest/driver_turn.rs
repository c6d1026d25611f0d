//! A wait for the runtime to look at its sockets once.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Completes after the runtime has asked the operating system which sockets are ready.
///
/// Unlike `tokio::task::yield_now`, a second poll in the same turn does not complete it.
#[derive(Default)]
pub(super) struct DriverTurn(Option<Arc<Turn>>);

struct Turn {
    is_over: AtomicBool,
    task: Mutex<Waker>,
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.is_over.store(true, Ordering::Release);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        task.wake_by_ref();
    }
}

impl Future for DriverTurn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &self.0 {
            None => {
                let turn = Arc::new(Turn {
                    is_over: AtomicBool::new(false),
                    task: Mutex::new(cx.waker().clone()),
                });
                self.0 = Some(Arc::clone(&turn));
                // It wakes the turn right after the next look at the sockets.
                let waker = Waker::from(turn);
                let yielding = pin!(tokio::task::yield_now());
                yielding.poll(&mut Context::from_waker(&waker))
            }
            Some(turn) if turn.is_over.load(Ordering::Acquire) => Poll::Ready(()),
            Some(turn) => {
                let mut task = turn.task.lock().unwrap_or_else(PoisonError::into_inner);
                task.clone_from(cx.waker());
                drop(task);
                // The turn may have ended while the waker was replaced.
                if turn.is_over.load(Ordering::Acquire) {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            }
        }
    }
}
