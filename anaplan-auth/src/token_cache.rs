//! The token that all calls share: its value, its expiry and its generation.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anaplan_core::{Credential, Error, Result, SecretString, Timestamp};
use jiff::SignedDuration;

use crate::token_responses::TokenInfo;

/// Remaining lifetime below which a token is renewed while it is still in use.
pub(crate) const EARLY_RENEWAL_WINDOW: SignedDuration = SignedDuration::from_mins(5);
/// Lifetime of a token. A longer one indicates that the local clock is slow.
const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_mins(35);
/// Shortest credible lifetime of a new token. A shorter one indicates that the local clock is fast.
pub(crate) const MIN_LIFETIME: SignedDuration = SignedDuration::from_secs(30);
/// Delay of the next early renewal after one that failed.
const RENEWAL_RETRY_DELAY: SignedDuration = SignedDuration::from_secs(10);

/// Builds the credential of a token from its value and its generation.
pub(crate) type CredentialFormat = fn(&SecretString, u64) -> Result<Credential>;

/// A token that a [`TokenSource`](crate::token_refresh::TokenSource) returned.
#[derive(Debug)]
pub(crate) struct NewToken {
    pub(crate) token: SecretString,
    pub(crate) lifetime: Lifetime,
}

/// Lifetime of a new token.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lifetime {
    /// The token was just issued. It expires at this time by the clock of the service, if known.
    IssuedNow(Option<Timestamp>),
    /// The token was issued at an unknown time. It is used until a server rejects it.
    Unknown,
}

impl From<TokenInfo> for NewToken {
    fn from(info: TokenInfo) -> Self {
        Self {
            token: info.token,
            lifetime: Lifetime::IssuedNow(info.expires_at),
        }
    }
}

/// A store for at most one token. No method waits.
#[derive(Debug)]
pub(crate) struct TokenCache {
    format: CredentialFormat,
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
    valid_until: Timestamp,
    rejected: bool,
}

/// The result of looking for a credential.
#[derive(Debug)]
pub(crate) enum Lookup {
    /// A usable credential.
    Fresh(Credential),
    /// A usable credential that is due for renewal, and its remaining lifetime.
    Due(Credential, Duration),
    /// No usable credential. Contains the number of failed renewals so far.
    Unusable(u64),
}

/// The cached token, for the source that replaces it.
#[derive(Debug)]
pub(crate) struct CurrentToken {
    pub(crate) token: SecretString,
    pub(crate) validity: Validity,
}

/// The state of the cached token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    /// Usable for this long.
    Usable(Duration),
    /// Rejected by a server before it expired.
    Rejected,
    /// Expired by the local clock.
    Expired,
}

impl TokenCache {
    pub(crate) fn new(format: CredentialFormat) -> Self {
        Self {
            format,
            state: Mutex::default(),
        }
    }

    /// Returns the credential to use at `now`.
    pub(crate) fn lookup(&self, now: Timestamp) -> Lookup {
        let state = self.lock();
        match &state.held {
            Some(held) if held.is_usable(now) => {
                let credential = held.credential.clone();
                if now < held.renew_from {
                    Lookup::Fresh(credential)
                } else {
                    Lookup::Due(credential, held.remaining(now))
                }
            }
            _ => Lookup::Unusable(state.failures),
        }
    }

    /// Returns the cached token in whatever state it is.
    pub(crate) fn current(&self, now: Timestamp) -> Option<CurrentToken> {
        let state = self.lock();
        let held = state.held.as_ref()?;
        let validity = if now >= held.valid_until {
            Validity::Expired
        } else if held.rejected {
            Validity::Rejected
        } else {
            Validity::Usable(held.remaining(now))
        };
        Some(CurrentToken {
            token: held.token.clone(),
            validity,
        })
    }

    /// Stores a token as a new generation and returns its credential.
    pub(crate) fn store(&self, new: NewToken, now: Timestamp) -> Result<Credential> {
        let mut state = self.lock();
        let generation = state.generation + 1;
        let credential = (self.format)(&new.token, generation)?;
        let (renew_from, valid_until) = match new.lifetime {
            Lifetime::Unknown => (Timestamp::MAX, Timestamp::MAX),
            Lifetime::IssuedNow(expires_at) => {
                let life = credible_lifetime(expires_at, now);
                // Half of a short lifetime, so that a new token is never due at once.
                let early = EARLY_RENEWAL_WINDOW.min(life / 2);
                (later(now, life - early), later(now, life))
            }
        };
        state.generation = generation;
        state.held = Some(Held {
            token: new.token,
            credential: credential.clone(),
            renew_from,
            valid_until,
            rejected: false,
        });
        Ok(credential)
    }

    /// Delays the next early renewal and returns the credential, if it is still usable.
    pub(crate) fn postpone_renewal(&self, now: Timestamp) -> Option<Credential> {
        let mut state = self.lock();
        let held = state.held.as_mut().filter(|held| held.is_usable(now))?;
        held.renew_from = later(now, RENEWAL_RETRY_DELAY);
        Some(held.credential.clone())
    }

    /// Marks the token of this generation as rejected. A newer token is not affected.
    pub(crate) fn reject(&self, generation: u64) {
        if let Some(held) = &mut self.lock().held {
            held.rejected |= held.credential.generation() == generation;
        }
    }

    /// Removes the token and returns it.
    pub(crate) fn take(&self) -> Option<SecretString> {
        self.lock().held.take().map(|held| held.token)
    }

    /// Records a failed renewal for the calls that are waiting for it.
    pub(crate) fn record_failure(&self, error: Error) {
        let mut state = self.lock();
        state.failures += 1;
        state.failure = Some(error);
    }

    /// Returns the error of the last renewal if it failed after `seen` failures had been counted.
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
        !self.rejected && now < self.valid_until
    }

    fn remaining(&self, now: Timestamp) -> Duration {
        Duration::try_from(self.valid_until.duration_since(now)).unwrap_or(Duration::ZERO)
    }
}

/// Returns the lifetime of a new token by the local clock. An impossible lifetime is replaced by the
/// usual one: otherwise a wrong clock would cause a sign-in for every call.
fn credible_lifetime(expires_at: Option<Timestamp>, now: Timestamp) -> SignedDuration {
    match expires_at.map(|at| at.duration_since(now)) {
        Some(life) if life >= MIN_LIFETIME => life.min(TOKEN_LIFETIME),
        _ => TOKEN_LIFETIME,
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

    fn cache() -> TokenCache {
        TokenCache::new(Credential::anaplan)
    }

    fn token(value: &str, expires: i64) -> NewToken {
        NewToken {
            token: value.into(),
            lifetime: Lifetime::IssuedNow(Some(at(expires))),
        }
    }

    fn state(lookup: &Lookup) -> (&'static str, u64) {
        match lookup {
            Lookup::Fresh(credential) => ("fresh", credential.generation()),
            Lookup::Due(credential, _) => ("due", credential.generation()),
            Lookup::Unusable(_) => ("unusable", 0),
        }
    }

    #[test]
    fn token_is_fresh_then_due_then_unusable() {
        let cache = cache();
        assert_eq!(state(&cache.lookup(at(0))), ("unusable", 0));
        cache.store(token("t", 2100), at(0)).unwrap();
        assert_eq!(state(&cache.lookup(at(1799))), ("fresh", 1));
        assert_eq!(state(&cache.lookup(at(1800))), ("due", 1));
        assert_eq!(state(&cache.lookup(at(2099))), ("due", 1));
        assert_eq!(state(&cache.lookup(at(2100))), ("unusable", 0));
    }

    #[test]
    fn token_of_unknown_lifetime_is_fresh_until_it_is_rejected() {
        let cache = cache();
        let new = NewToken {
            token: "t".into(),
            lifetime: Lifetime::Unknown,
        };
        cache.store(new, at(0)).unwrap();
        assert_eq!(state(&cache.lookup(at(1_000_000_000))), ("fresh", 1));
        cache.reject(1);
        assert_eq!(state(&cache.lookup(at(0))), ("unusable", 0));
        assert_eq!(cache.current(at(0)).unwrap().validity, Validity::Rejected);
    }

    #[test]
    fn postponed_renewal_delays_the_next_one_and_does_not_extend_the_token() {
        let cache = cache();
        assert!(cache.postpone_renewal(at(0)).is_none());
        cache.store(token("t", 2100), at(0)).unwrap();
        assert!(cache.postpone_renewal(at(1800)).is_some());
        assert_eq!(state(&cache.lookup(at(1809))), ("fresh", 1));
        assert_eq!(state(&cache.lookup(at(1810))), ("due", 1));
        cache.postpone_renewal(at(2095));
        assert_eq!(state(&cache.lookup(at(2100))), ("unusable", 0));
        assert!(cache.postpone_renewal(at(2100)).is_none());
    }

    #[test]
    fn rejection_affects_only_the_cached_generation() {
        let cache = cache();
        cache.store(token("same", 2100), at(0)).unwrap();
        cache.store(token("same", 3000), at(900)).unwrap();
        cache.reject(1);
        assert_eq!(state(&cache.lookup(at(900))), ("fresh", 2));
        cache.reject(2);
        assert_eq!(state(&cache.lookup(at(900))), ("unusable", 0));
        let validity = |now| cache.current(now).unwrap().validity;
        assert_eq!(validity(at(900)), Validity::Rejected);
        assert_eq!(validity(at(3000)), Validity::Expired);
    }

    #[test]
    fn new_token_is_fresh_whatever_the_skew_of_the_clock() {
        let skews = [-1_000_000, -7200, -2100, -2071, -60, 0, 60, 7200, 1_000_000];
        for skew in skews {
            let cache = cache();
            cache.store(token("t", 2100 + skew), at(0)).unwrap();
            assert_eq!(state(&cache.lookup(at(0))), ("fresh", 1), "skew {skew}");
            assert_eq!(state(&cache.lookup(at(14))), ("fresh", 1), "skew {skew}");
            assert_eq!(
                state(&cache.lookup(at(2100))),
                ("unusable", 0),
                "skew {skew}"
            );
        }
        for expires_at in [None, Some(Timestamp::MAX), Some(Timestamp::MIN)] {
            let cache = cache();
            let new = NewToken {
                token: "t".into(),
                lifetime: Lifetime::IssuedNow(expires_at),
            };
            cache.store(new, at(0)).unwrap();
            assert_eq!(state(&cache.lookup(at(1799))), ("fresh", 1));
        }
    }

    #[test]
    fn failure_is_returned_to_waiting_calls_only() {
        let cache = cache();
        let Lookup::Unusable(waiting) = cache.lookup(at(0)) else {
            panic!("there is no token yet");
        };
        assert!(cache.failure_since(waiting).is_none());
        cache.record_failure(Error::new(anaplan_core::ErrorKind::Authentication, "no"));
        let Lookup::Unusable(later) = cache.lookup(at(0)) else {
            panic!("there is no token yet");
        };
        assert!(cache.failure_since(waiting).is_some());
        assert!(cache.failure_since(later).is_none());
    }

    #[test]
    fn generation_is_not_reused_after_the_token_is_taken() {
        let cache = cache();
        cache.store(token("t", 2100), at(0)).unwrap();
        assert!(cache.take().is_some());
        assert!(cache.take().is_none());
        assert_eq!(state(&cache.lookup(at(0))), ("unusable", 0));
        cache.store(token("u", 2100), at(0)).unwrap();
        assert_eq!(state(&cache.lookup(at(0))), ("fresh", 2));
    }
}
