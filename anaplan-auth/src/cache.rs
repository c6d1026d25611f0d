//! The token that all calls share: what is held, how good it still is, and which one it is.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anaplan_core::{Credential, Error, Result, SecretString, Timestamp};
use jiff::SignedDuration;

use crate::token::TokenInfo;

/// A token with less life than this left is renewed while it still serves.
pub(crate) const EARLY: SignedDuration = SignedDuration::from_mins(5);
/// How long tokens live. A longer life is the sign of a clock that is slow.
const LIFE: SignedDuration = SignedDuration::from_mins(35);
/// A token that is handed out with less life than this is the sign of a clock that is fast.
pub(crate) const SHORTEST_LIFE: SignedDuration = SignedDuration::from_secs(30);
/// How long to leave a token alone whose early renewal has failed.
const PAUSE: SignedDuration = SignedDuration::from_secs(10);

/// Makes the credential of a token: the token, its generation.
pub(crate) type Scheme = fn(&SecretString, u64) -> Result<Credential>;

/// Holds at most one token. Every method is short and never waits.
#[derive(Debug)]
pub(crate) struct Cache {
    scheme: Scheme,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    generation: u64,
    failures: u64,
    failure: Option<Error>,
}

#[derive(Debug)]
struct Held {
    token: SecretString,
    credential: Credential,
    renew_from: Timestamp,
    good_until: Timestamp,
    refused: bool,
}

/// How good the token is at a moment.
#[derive(Debug)]
pub(crate) enum Look {
    /// Good.
    Fresh(Credential),
    /// Good, and to be renewed by somebody.
    Aging(Credential, Aging),
    /// There is none that could be used. Carries the number of sign-ins that have failed so far.
    Gone(u64),
}

/// What the early renewal of a token needs.
#[derive(Debug)]
pub(crate) struct Aging {
    pub(crate) token: SecretString,
    /// How long the token is still good.
    pub(crate) left: Duration,
}

impl Cache {
    pub(crate) fn new(scheme: Scheme) -> Self {
        Self {
            scheme,
            state: Mutex::default(),
        }
    }

    pub(crate) fn look(&self, now: Timestamp) -> Look {
        let state = self.lock();
        match &state.held {
            Some(held) if !held.is_usable(now) => Look::Gone(state.failures),
            Some(held) if now < held.renew_from => Look::Fresh(held.credential.clone()),
            Some(held) => Look::Aging(
                held.credential.clone(),
                Aging {
                    token: held.token.clone(),
                    left: held.good_until.duration_since(now).unsigned_abs(),
                },
            ),
            None => Look::Gone(state.failures),
        }
    }

    /// Takes a token that has just been handed out, as a new generation.
    pub(crate) fn store(&self, token: TokenInfo, now: Timestamp) -> Result<Credential> {
        let mut state = self.lock();
        let generation = state.generation + 1;
        let credential = (self.scheme)(&token.token, generation)?;
        let life = believable_life(&token, now);
        // The window shrinks for short lives, so that a young token is never an old one.
        let early = EARLY.min(life / 2);
        state.generation = generation;
        state.held = Some(Held {
            token: token.token,
            credential: credential.clone(),
            renew_from: later(now, life - early),
            good_until: later(now, life),
            refused: false,
        });
        Ok(credential)
    }

    /// Leaves the token alone for a while, because renewing it has failed.
    pub(crate) fn pause(&self, now: Timestamp) {
        if let Some(held) = &mut self.lock().held {
            held.renew_from = later(now, PAUSE);
        }
    }

    /// Marks the token as unusable, unless a newer one is held already.
    pub(crate) fn refuse(&self, generation: u64) {
        if let Some(held) = &mut self.lock().held {
            held.refused |= held.credential.generation() == generation;
        }
    }

    /// The token that a server refused, if by the clock it should still be good.
    pub(crate) fn unexpired(&self, now: Timestamp) -> Option<SecretString> {
        let state = self.lock();
        let held = state.held.as_ref().filter(|held| now < held.good_until)?;
        Some(held.token.clone())
    }

    /// The token that is held, however good it is.
    #[cfg(feature = "oauth")]
    pub(crate) fn token(&self) -> Option<SecretString> {
        self.lock().held.as_ref().map(|held| held.token.clone())
    }

    /// Lets go of the token.
    pub(crate) fn forget(&self) -> Option<SecretString> {
        self.lock().held.take().map(|held| held.token)
    }

    /// Notes that signing in failed, for those who are waiting for it.
    pub(crate) fn fail(&self, error: Error) {
        let mut state = self.lock();
        state.failures += 1;
        state.failure = Some(error);
    }

    /// How the last sign-in failed, if it ended after `seen` failures had been counted.
    pub(crate) fn failure_since(&self, seen: u64) -> Option<Error> {
        let state = self.lock();
        state.failure.clone().filter(|_| state.failures > seen)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn is_usable(&self, now: Timestamp) -> bool {
        !self.refused && now < self.good_until
    }
}

/// The life of a new token by our clock. The two clocks may differ, so what cannot be is not believed:
/// otherwise a wrong clock would mean a sign-in for every call.
fn believable_life(token: &TokenInfo, now: Timestamp) -> SignedDuration {
    match token.expires_at.map(|at| at.duration_since(now)) {
        Some(life) if life >= SHORTEST_LIFE => life.min(LIFE),
        _ => LIFE,
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_750_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(START + second).unwrap()
    }

    fn cache() -> Cache {
        Cache::new(Credential::anaplan)
    }

    fn token(value: &str, expires: i64) -> TokenInfo {
        TokenInfo::new(value.into(), Some(at(expires)))
    }

    fn age(look: &Look) -> (&'static str, u64) {
        match look {
            Look::Fresh(credential) => ("fresh", credential.generation()),
            Look::Aging(credential, _) => ("aging", credential.generation()),
            Look::Gone(_) => ("gone", 0),
        }
    }

    #[test]
    fn a_token_is_fresh_then_aging_then_gone() {
        let cache = cache();
        assert_eq!(age(&cache.look(at(0))), ("gone", 0));
        cache.store(token("t", 2100), at(0)).unwrap();
        assert_eq!(age(&cache.look(at(1799))), ("fresh", 1));
        assert_eq!(age(&cache.look(at(1800))), ("aging", 1));
        assert_eq!(age(&cache.look(at(2099))), ("aging", 1));
        assert_eq!(age(&cache.look(at(2100))), ("gone", 0));
    }

    #[test]
    fn a_failed_renewal_gives_the_token_a_pause_but_no_longer_life() {
        let cache = cache();
        cache.store(token("t", 2100), at(0)).unwrap();
        cache.pause(at(1800));
        assert_eq!(age(&cache.look(at(1809))), ("fresh", 1));
        assert_eq!(age(&cache.look(at(1810))), ("aging", 1));
        cache.pause(at(2095));
        assert_eq!(age(&cache.look(at(2100))), ("gone", 0));
    }

    #[test]
    fn only_the_refusal_of_the_held_generation_counts() {
        let cache = cache();
        cache.store(token("same", 2100), at(0)).unwrap();
        cache.store(token("same", 3000), at(900)).unwrap();
        cache.refuse(1);
        assert_eq!(age(&cache.look(at(900))), ("fresh", 2));
        cache.refuse(2);
        assert_eq!(age(&cache.look(at(900))), ("gone", 0));
        assert!(cache.unexpired(at(900)).is_some());
        assert!(cache.unexpired(at(3000)).is_none());
    }

    #[test]
    fn a_clock_that_is_wrong_by_any_amount_does_not_make_a_new_token_old() {
        for skew in [-1_000_000, -7200, -2100, -2071, -60, 0, 60, 7200, 1_000_000] {
            let cache = cache();
            cache.store(token("t", 2100 + skew), at(0)).unwrap();
            assert_eq!(age(&cache.look(at(0))), ("fresh", 1), "skew {skew}");
            assert_eq!(age(&cache.look(at(14))), ("fresh", 1), "skew {skew}");
            assert_eq!(age(&cache.look(at(2100))), ("gone", 0), "skew {skew}");
        }
        let cache = cache();
        cache
            .store(TokenInfo::new("t".into(), None), at(0))
            .unwrap();
        assert_eq!(age(&cache.look(at(1799))), ("fresh", 1));
    }

    #[test]
    fn a_failure_is_told_to_those_who_waited_for_it_and_to_nobody_later() {
        let cache = cache();
        let Look::Gone(waiting) = cache.look(at(0)) else {
            panic!("there is no token yet");
        };
        assert!(cache.failure_since(waiting).is_none());
        cache.fail(Error::new(anaplan_core::ErrorKind::Authentication, "no"));
        let Look::Gone(later) = cache.look(at(0)) else {
            panic!("there is no token yet");
        };
        assert!(cache.failure_since(waiting).is_some());
        assert!(cache.failure_since(later).is_none());
    }

    #[test]
    fn a_forgotten_token_is_gone_and_its_generation_is_never_used_again() {
        let cache = cache();
        cache.store(token("t", 2100), at(0)).unwrap();
        assert!(cache.forget().is_some());
        assert!(cache.forget().is_none());
        assert_eq!(age(&cache.look(at(0))), ("gone", 0));
        cache.store(token("u", 2100), at(0)).unwrap();
        assert_eq!(age(&cache.look(at(0))), ("fresh", 2));
    }
}
