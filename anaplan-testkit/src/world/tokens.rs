//! Sessions of the token service.

use std::collections::HashMap;
use std::time::Duration;

use anaplan_core::{Timestamp, UserId};

use crate::pki::{Authority, SignInRules, verify_sign_in};
use crate::world::World;

/// Every session that was opened and has not ended.
#[derive(Default)]
pub(crate) struct Tokens {
    sessions: HashMap<String, Grant>,
    /// The bucket of the rate limit, which the whole tenant shares.
    pub(crate) bucket: Option<(f64, Timestamp)>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} sessions", self.sessions.len())
    }
}

/// A session.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) user: UserId,
    pub(crate) value: String,
    pub(crate) token_id: String,
    pub(crate) refresh_token_id: String,
    pub(crate) expires: Timestamp,
    /// `true` if it is an access token of the OAuth service, whose life cannot be prolonged.
    pub(crate) oauth: bool,
}

impl World {
    /// Opens a session.
    pub(crate) fn open_session(&mut self, user: &UserId) -> Grant {
        self.open(user, false)
    }

    /// Opens a session for an access token of the OAuth service.
    pub(crate) fn open_oauth_session(&mut self, user: &UserId) -> Grant {
        self.open(user, true)
    }

    fn open(&mut self, user: &UserId, oauth: bool) -> Grant {
        let grant = Grant {
            user: user.clone(),
            value: self.ids.secret(),
            token_id: self.ids.uuid(),
            refresh_token_id: self.ids.uuid(),
            expires: self.token_expiry(),
            oauth,
        };
        let now = self.now;
        if let Some(user) = self.users.get_mut(user) {
            user.last_login = Some(now);
        }
        self.tokens
            .sessions
            .insert(grant.value.clone(), grant.clone());
        grant
    }

    /// The session of a token, while it lasts and its user may sign in.
    pub(crate) fn session_of(&self, token: &str) -> Option<&Grant> {
        let grant = self.tokens.sessions.get(token)?;
        let user = self.users.get(&grant.user)?;
        (user.active && self.now < grant.expires).then_some(grant)
    }

    /// Prolongs a session of the token service that still lasts. Its token stays the same.
    pub(crate) fn prolong(&mut self, token: &str) -> Option<Grant> {
        self.session_of(token).filter(|grant| !grant.oauth)?;
        let expires = self.token_expiry();
        let grant = self.tokens.sessions.get_mut(token)?;
        grant.expires = expires;
        Some(grant.clone())
    }

    /// Ends a session. `false` when it had ended already.
    pub(crate) fn close_session(&mut self, token: &str) -> bool {
        self.session_of(token).is_some() && self.tokens.sessions.remove(token).is_some()
    }

    /// Ends the life of one token, or of all.
    pub fn expire_tokens(&mut self, token: Option<&str>) {
        let now = self.now;
        for grant in self.tokens.sessions.values_mut() {
            if token.is_none_or(|token| token == grant.value) {
                grant.expires = grant.expires.min(now);
            }
        }
    }

    fn token_expiry(&self) -> Timestamp {
        later(self.now, self.rules.token_life)
    }

    pub(crate) fn drop_dead_sessions(&mut self) {
        let now = self.now;
        self.tokens
            .sessions
            .retain(|_, grant| later(grant.expires, Duration::from_secs(86_400)) > now);
    }

    /// Takes one request from the tenant's bucket; `false` when it is empty.
    pub(crate) fn admit(&mut self) -> bool {
        let Some(burst) = self.rules.burst else {
            return true;
        };
        let now = self.now;
        let (tokens, since) = self.tokens.bucket.unwrap_or((f64::from(burst), now));
        let gained = now.duration_since(since).as_secs_f64() * self.rules.per_second;
        let tokens = (tokens + gained.max(0.0)).min(f64::from(burst));
        let admitted = tokens >= 1.0;
        self.tokens.bucket = Some((if admitted { tokens - 1.0 } else { tokens }, now));
        if !admitted {
            self.books.throttled += 1;
        }
        admitted
    }
}

impl World {
    /// The user whom a certificate signs in, if the payload proves that the sender has its key.
    pub(crate) fn check_certificate(&self, authorization: &str, payload: &[u8]) -> Option<String> {
        let rules = SignInRules::default()
            .reject_v1(self.rules.reject_v1)
            .skew(self.rules.certificate_skew);
        // Before anybody has asked for the authority, nobody can have a certificate of it.
        let authority = Authority::shared_if_made()?;
        verify_sign_in(&authority, authorization, payload, self.now, rules).ok()
    }
}

pub(crate) fn later(at: Timestamp, by: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(by)
        .ok()
        .and_then(|by| at.checked_add(by).ok())
        .unwrap_or(Timestamp::MAX)
}
