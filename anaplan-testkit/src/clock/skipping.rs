//! Waits that end early, for runtimes whose time cannot be paused.

use std::collections::BTreeMap;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use anaplan_core::clock::{Clock as _, SystemClock};
use tokio::sync::Notify;

/// The number of rounds without any activity after which the earliest wait is skipped.
const ROUNDS: u32 = 3;
/// The real time that a round takes.
const ROUND: Duration = Duration::from_millis(4);
/// The number of times that other tasks get a turn at the end of a round: after a pause of the whole
/// process, they are ready at the same time as the wait.
const TURNS: u32 = 8;

/// The waits of a clock, and the time that was skipped in them.
#[derive(Debug, Default)]
pub(super) struct Skipping {
    state: Mutex<State>,
    moved: Notify,
}

#[derive(Debug, Default)]
struct State {
    on: bool,
    skipped: Duration,
    /// The ends of the waits in progress, by the number of the wait.
    ends: BTreeMap<u64, Duration>,
    begun: u64,
    activity: u64,
}

impl Skipping {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn turn_on(&self) {
        self.lock().on = true;
    }

    pub(super) fn is_on(&self) -> bool {
        self.lock().on
    }

    pub(super) fn skipped(&self) -> Duration {
        self.lock().skipped
    }

    pub(super) fn note_activity(&self) {
        self.lock().activity += 1;
    }

    /// Waits until `duration` has passed by the system's clock and by what was skipped.
    pub(super) async fn sleep(self: Arc<Self>, system: SystemClock, duration: Duration) {
        let wait = Wait::begin(&self, &system, duration);
        let (mut quiet, mut seen) = (0, 0);
        loop {
            // Before the check, so that nothing that happens after it is missed.
            let mut moved = pin!(self.moved.notified());
            moved.as_mut().enable();
            let now = system.monotonic();
            let (left, activity) = {
                let state = self.lock();
                let left = wait.end.saturating_sub(now + state.skipped);
                (left, state.activity)
            };
            if left.is_zero() {
                return;
            }
            quiet = if activity == seen { quiet + 1 } else { 0 };
            seen = activity;
            if quiet == ROUNDS {
                quiet = 0;
                self.skip(&wait, activity, &system);
                continue;
            }
            let mut over = system.sleep(left.min(ROUND));
            poll_fn(|cx| {
                let moved = moved.as_mut().poll(cx).is_ready();
                if moved || over.as_mut().poll(cx).is_ready() {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Skips the rest of a wait, if it is the earliest to end and nothing has happened meanwhile.
    fn skip(&self, wait: &Wait<'_>, activity: u64, system: &SystemClock) {
        let mut state = self.lock();
        let is_earliest = state.ends.values().all(|end| *end >= wait.end);
        if state.activity != activity || !is_earliest {
            return;
        }
        let left = wait.end.saturating_sub(system.monotonic() + state.skipped);
        state.skipped += left;
        state.activity += 1;
        drop(state);
        self.moved.notify_waiters();
    }
}

/// A wait in progress. Dropping it takes it off the list.
struct Wait<'a> {
    of: &'a Skipping,
    number: u64,
    end: Duration,
}

impl<'a> Wait<'a> {
    fn begin(of: &'a Skipping, system: &SystemClock, duration: Duration) -> Self {
        let mut state = of.lock();
        state.begun += 1;
        state.activity += 1;
        let number = state.begun;
        let end = (system.monotonic() + state.skipped).saturating_add(duration);
        state.ends.insert(number, end);
        Self { of, number, end }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let mut state = self.of.lock();
        state.ends.remove(&self.number);
        state.activity += 1;
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // The time of the machine is measured.
mod tests {
    use std::time::Instant;

    use crate::FakeClock;

    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Runtime::new().unwrap()
    }

    #[test]
    fn skipped_waits_move_the_clock_and_take_no_real_time() {
        let clock = FakeClock::new();
        clock.skip_waits();
        let (began, before) = (Instant::now(), clock.monotonic());
        runtime().block_on(async {
            for _ in 0..20 {
                clock.sleep(Duration::from_secs(60)).await;
            }
        });
        let passed = clock.monotonic() - before;
        assert!(passed >= Duration::from_secs(1200), "{passed:?}");
        assert!(passed < Duration::from_secs(1210), "{passed:?}");
        assert!(began.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn skipped_waits_end_in_their_order() {
        let clock = FakeClock::new();
        clock.skip_waits();
        let order = runtime().block_on(async {
            let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
            for seconds in [30, 10, 20] {
                let (clock, sender) = (clock.clone(), sender.clone());
                tokio::spawn(async move {
                    clock.sleep(Duration::from_secs(seconds)).await;
                    let _ = sender.send(seconds);
                });
            }
            drop(sender);
            let mut order = Vec::new();
            while let Some(seconds) = receiver.recv().await {
                order.push(seconds);
            }
            order
        });
        assert_eq!(order, [10, 20, 30]);
    }

    #[test]
    fn a_long_wait_is_not_skipped_while_something_happens() {
        let clock = FakeClock::new();
        clock.skip_waits();
        let before = clock.monotonic();
        runtime().block_on(async {
            let alarm = clock.sleep(Duration::from_secs(3600));
            let busy = async {
                for _ in 0..100 {
                    clock.note_activity();
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            tokio::select! {
                () = alarm => panic!("it was skipped"),
                () = busy => {}
            }
        });
        assert!(clock.monotonic() - before < Duration::from_secs(60));
    }
}
