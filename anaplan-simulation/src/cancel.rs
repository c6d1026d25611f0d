//! Calls that are dropped early: after a time or at any await.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

thread_local! {
    /// The call that is being polled.
    static CURRENT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Returns the number of the call that is being polled. `usize::MAX` if there is none.
pub(crate) fn current_call() -> usize {
    CURRENT.with(Cell::get)
}

/// A future that is dropped after a number of polls and then resolves to `None`.
///
/// While it is polled, [`current_call`] returns its number.
pub(crate) struct PollLimit<F> {
    future: Option<Pin<Box<F>>>,
    left: u32,
    number: usize,
    /// State of the call's own random numbers, independent of other calls.
    rng: u64,
}

impl<F: Future> PollLimit<F> {
    pub(crate) fn new(future: F, polls: Option<u32>, number: usize, seed: u64) -> Self {
        Self {
            future: Some(Box::pin(future)),
            left: polls.unwrap_or(u32::MAX),
            number,
            rng: seed ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15),
        }
    }
}

impl<F: Future> Future for PollLimit<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(future) = &mut this.future else {
            return Poll::Ready(None);
        };
        if this.left == 0 {
            this.future = None;
            return Poll::Ready(None);
        }
        this.left -= 1;
        let before = CURRENT.with(|current| current.replace(this.number));
        fastrand::seed(this.rng);
        let polled = future.as_mut().poll(context);
        this.rng = fastrand::get_seed();
        CURRENT.with(|current| current.set(before));
        match polled {
            Poll::Ready(output) => {
                this.future = None;
                Poll::Ready(Some(output))
            }
            // No further poll would follow: drop the future now.
            Poll::Pending if this.left == 0 => {
                this.future = None;
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn poll_limit_drops_the_future_after_the_last_poll() {
        let work = || async {
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            current_call()
        };
        assert_eq!(PollLimit::new(work(), Some(0), 7, 1).await, None);
        assert_eq!(PollLimit::new(work(), Some(3), 7, 1).await, None);
        assert_eq!(PollLimit::new(work(), Some(4), 7, 1).await, Some(7));
        assert_eq!(PollLimit::new(work(), None, 7, 1).await, Some(7));
        assert_eq!(current_call(), usize::MAX);
    }
}
