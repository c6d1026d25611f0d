//! The virtual clock that the SDK and the server of one case share.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Rounds of the scheduler without any activity after which a case counts as idle.
const QUIET_ROUNDS: u32 = 12;
/// Rounds after which the thread pauses instead of polling on.
const BUSY_ROUNDS: u32 = 200;

/// A pause of the thread.
const PAUSE: Duration = Duration::from_millis(1);
/// Pauses without activity after which a call without any timer counts as hanging.
const NO_TIMER_PATIENCE: Duration = Duration::from_secs(10);
/// Pauses without activity after which a call that only waits beyond the limit counts as hanging.
const LIMIT_PATIENCE: Duration = Duration::from_millis(500);

/// A clock that jumps to the next timer as soon as nothing is left to do at the present time.
///
/// Nothing is left to do when every exchange that the client has under way is parked at the server,
/// and the scheduler has passed several rounds without any timer, request or response.
#[derive(Clone, Default)]
pub struct VirtualClock(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    now: Duration,
    next: u64,
    timers: BTreeMap<(Duration, u64), Waker>,
    activity: u64,
    in_flight: BTreeSet<u64>,
    parked: BTreeSet<u64>,
}

impl std::fmt::Debug for VirtualClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("VirtualClock").field(&self.now()).finish()
    }
}

impl VirtualClock {
    /// Returns the time since the start of the case.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.lock().now
    }

    /// Completes when `duration` has passed.
    pub fn sleep(&self, duration: Duration) -> Timer {
        let until = self.now().saturating_add(duration);
        self.touch();
        Timer {
            clock: self.clone(),
            until,
            key: None,
        }
    }

    /// Notes that something has happened, so that the clock waits for what follows from it.
    pub fn touch(&self) {
        self.lock().activity += 1;
    }

    /// Marks an exchange as under way at the client; the guard ends that.
    #[must_use]
    pub fn begin_exchange(&self) -> Exchange {
        let mut state = self.lock();
        state.next += 1;
        state.activity += 1;
        let id = state.next;
        state.in_flight.insert(id);
        Exchange {
            clock: self.clone(),
            id,
        }
    }

    /// Marks an exchange whose head has arrived as under way again; the guard ends that.
    #[must_use]
    pub fn continue_exchange(&self, id: u64) -> Exchange {
        let mut state = self.lock();
        state.activity += 1;
        state.in_flight.insert(id);
        Exchange {
            clock: self.clone(),
            id,
        }
    }

    /// Marks an exchange as held back by the server until a later time; the guard ends that.
    #[must_use]
    pub fn park(&self, exchange: u64) -> Parked {
        let mut state = self.lock();
        state.activity += 1;
        state.parked.insert(exchange);
        Parked {
            clock: self.clone(),
            id: exchange,
        }
    }

    /// Moves time from timer to timer, but not beyond `limit`.
    ///
    /// Returns why it ended: no timer is left before `limit`, or none at all, and nothing else has
    /// happened for a while of real time, which work on other threads may need.
    pub async fn drive(&self, limit: Duration) -> &'static str {
        let mut stalled = Duration::ZERO;
        loop {
            let before = self.lock().activity;
            if self.is_quiet().await && self.jump(limit) {
                stalled = Duration::ZERO;
                continue;
            }
            pause_thread(PAUSE).await;
            let state = self.lock();
            stalled = if state.activity == before {
                stalled + PAUSE
            } else {
                Duration::ZERO
            };
            if state.timers.is_empty() && stalled > NO_TIMER_PATIENCE {
                return "no activity";
            }
            if !state.timers.is_empty() && stalled > LIMIT_PATIENCE {
                return "virtual deadline";
            }
        }
    }

    async fn is_quiet(&self) -> bool {
        let mut quiet = 0;
        let mut seen = self.lock().activity;
        for _ in 0..BUSY_ROUNDS {
            tokio::task::yield_now().await;
            let state = self.lock();
            if state.activity == seen && state.in_flight.is_subset(&state.parked) {
                quiet += 1;
            } else {
                quiet = 0;
                seen = state.activity;
            }
            if quiet >= QUIET_ROUNDS {
                return true;
            }
        }
        false
    }

    fn jump(&self, limit: Duration) -> bool {
        let mut state = self.lock();
        let next = state.timers.first_key_value();
        if next.is_none_or(|((at, _), _)| *at > limit) {
            return false;
        }
        let Some(((at, _), waker)) = state.timers.pop_first() else {
            return false;
        };
        state.now = state.now.max(at);
        state.activity += 1;
        drop(state);
        waker.wake();
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one wait on real time.
#[allow(clippy::disallowed_methods)]
async fn pause_thread(pause: Duration) {
    tokio::time::sleep(pause).await;
}

/// A wait by the virtual clock.
#[derive(Debug)]
pub struct Timer {
    clock: VirtualClock,
    until: Duration,
    key: Option<u64>,
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let clock = self.clock.clone();
        let mut state = clock.lock();
        if let Some(key) = self.key {
            state.timers.remove(&(self.until, key));
        }
        if state.now >= self.until {
            self.key = None;
            state.activity += 1;
            return Poll::Ready(());
        }
        let key = self.key.unwrap_or_else(|| {
            state.next += 1;
            state.next
        });
        state.timers.insert((self.until, key), cx.waker().clone());
        self.key = Some(key);
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.clock.lock().timers.remove(&(self.until, key));
        }
    }
}

/// An exchange that the client has under way.
#[derive(Debug)]
pub struct Exchange {
    clock: VirtualClock,
    id: u64,
}

impl Exchange {
    /// The number by which the server knows the exchange.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut state = self.clock.lock();
        state.in_flight.remove(&self.id);
        state.activity += 1;
    }
}

/// An exchange that the server holds back.
#[derive(Debug)]
pub struct Parked {
    clock: VirtualClock,
    id: u64,
}

impl Drop for Parked {
    fn drop(&mut self) {
        let mut state = self.clock.lock();
        state.parked.remove(&self.id);
        state.activity += 1;
    }
}
