//! Calls that are dropped in the middle: by time, or at any await.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

thread_local! {
    /// The call that is being polled at this moment.
    static CURRENT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// The number of the call on whose behalf this code runs, if it runs on behalf of one.
pub(crate) fn current_call() -> usize {
    CURRENT.with(Cell::get)
}

/// A future that is dropped when it has been polled so often, and then gives `None`.
///
/// While it is polled, everything below it can ask for its number.
pub(crate) struct PollLimit<F> {
    future: Option<Pin<Box<F>>>,
    left: u32,
    number: usize,
    /// The state of the call's own dice: what others draw meanwhile changes nothing.
    dice: u64,
}

impl<F: Future> PollLimit<F> {
    pub(crate) fn new(future: F, polls: Option<u32>, number: usize, seed: u64) -> Self {
        Self {
            future: Some(Box::pin(future)),
            left: polls.unwrap_or(u32::MAX),
            number,
            dice: seed ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15),
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
        fastrand::seed(this.dice);
        let polled = future.as_mut().poll(context);
        this.dice = fastrand::get_seed();
        CURRENT.with(|current| current.set(before));
        match polled {
            Poll::Ready(output) => {
                this.future = None;
                Poll::Ready(Some(output))
            }
            // The last poll leaves nobody who would be woken: drop it where it stands.
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
    async fn it_drops_the_future_at_the_poll_that_was_said() {
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
