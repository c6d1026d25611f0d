//! Token sign-in: sign in, refresh, sign in again if that fails, sign out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anaplan_core::{
    Authenticator, Credential, ErrorKind, Result, SecretString, Session, async_trait,
};

use crate::sign_in::SignIn;
use crate::sign_in_error;
use crate::token::{Refresh, log_out};
use crate::token_cache::{CurrentToken, Lifetime, NewToken, Validity};
use crate::token_refresh::{ObtainError, TokenRefresh, TokenSource};
use crate::token_value::{check, same, trimmed};

/// Longest duration of a refresh. After it, signing in is faster.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(20);
/// Shortest time between two sign-ins for tokens that the token service accepts and the API rejects.
/// In between, such a rejection is taken for a missing role.
const SIGN_IN_AGAIN_INTERVAL: Duration = Duration::from_secs(300);

/// Signs in for the first call and keeps one token valid for all parallel calls.
///
/// * The first calls wait for one sign-in. If it fails, all of them fail with its error. The next call
///   signs in again.
/// * In the last five minutes of the token's lifetime, one call refreshes it while the others use the old
///   token. A refresh that fails is repeated after ten seconds.
/// * A token that has expired or that a server rejected is replaced once, however many calls notice. If the
///   token service accepts a token that the API rejects, the session signs in again, at most once in five
///   minutes.
///
/// Nothing runs in the background: an unused token expires. If the call that signs in is dropped, the next
/// waiting call signs in.
#[derive(Debug)]
pub struct TokenAuthenticator {
    refresh: TokenRefresh<SignInSource>,
}

impl TokenAuthenticator {
    /// Creates an authenticator for this way of signing in. Sends nothing.
    pub fn new(sign_in: impl SignIn + 'static) -> Self {
        Self::with_source(Arc::new(sign_in), None)
    }

    /// Uses an existing token first and signs in when a server rejects it.
    ///
    /// The token must belong to the same user as the credentials: a call cannot tell which of the two it
    /// uses. [`sign_out`](Authenticator::sign_out) ends the session of this token like that of any other.
    /// White space around the token is removed.
    ///
    /// ```
    /// use anaplan_auth::{Basic, TokenAuthenticator};
    ///
    /// let basic = Basic::new("ada@example.com", "her password");
    /// let authenticator = TokenAuthenticator::new(basic).initial_token("token of the last run");
    /// ```
    #[must_use]
    pub fn initial_token(self, token: impl Into<SecretString>) -> Self {
        let sign_in = Arc::clone(&self.refresh.source().sign_in);
        Self::with_source(sign_in, Some(trimmed(&token.into())))
    }

    fn with_source(sign_in: Arc<dyn SignIn>, initial: Option<SecretString>) -> Self {
        let source = SignInSource {
            sign_in,
            state: Mutex::new(State {
                initial,
                ..State::default()
            }),
        };
        Self {
            refresh: TokenRefresh::new(source, Credential::anaplan),
        }
    }
}

#[async_trait]
impl Authenticator for TokenAuthenticator {
    async fn credential(&self, session: &Session) -> Result<Credential> {
        self.refresh.credential(session).await
    }

    async fn refused(&self, credential: &Credential) {
        self.refresh.reject(credential);
    }

    async fn sign_out(&self, session: &Session) -> Result<()> {
        match self.refresh.take().await {
            Some(token) => log_out(session, &token).await,
            None => Ok(()),
        }
    }
}

/// Obtains tokens by signing in and refreshing.
#[derive(Debug)]
struct SignInSource {
    sign_in: Arc<dyn SignIn>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The token to use before the first sign-in.
    initial: Option<SecretString>,
    /// The successor of a rejected token, obtained by a refresh.
    after_rejection: Option<SecretString>,
    /// Time of the last sign-in that replaced a token which the token service accepted.
    signed_in_again_at: Option<Duration>,
}

#[async_trait]
impl TokenSource for SignInSource {
    async fn obtain(
        &self,
        session: &Session,
        current: Option<CurrentToken>,
    ) -> std::result::Result<NewToken, ObtainError> {
        let Some(CurrentToken { token, validity }) = current else {
            return match self.take_initial()? {
                Some(token) => Ok(NewToken {
                    token,
                    lifetime: Lifetime::Unknown,
                }),
                None => Ok(self.sign_in(session).await?),
            };
        };
        match validity {
            Validity::Usable(remaining) => self.refresh_early(session, &token, remaining).await,
            Validity::Rejected => self.replace_rejected(session, &token).await,
            // An expired token cannot be refreshed.
            Validity::Expired => Ok(self.sign_in(session).await?),
        }
    }
}

impl SignInSource {
    async fn sign_in(&self, session: &Session) -> Result<NewToken> {
        let request = self.sign_in.request(session).await?;
        let identity = request.identity().clone();
        let signed_in = session.call(request).await;
        let info =
            signed_in.map_err(|error| sign_in_error::explain(error, &identity, session.hosts()))?;
        tracing::debug!(target: "anaplan::auth", "signed in");
        Ok(info.into())
    }

    async fn refresh_early(
        &self,
        session: &Session,
        token: &SecretString,
        remaining: Duration,
    ) -> std::result::Result<NewToken, ObtainError> {
        let started = session.clock().monotonic();
        let limit = remaining.min(REFRESH_TIMEOUT);
        let refresh = session.call(Refresh::new(token)?).timeout(limit);
        let error = match refresh.await {
            Ok(info) => return Ok(info.into()),
            Err(error) => error,
        };
        let elapsed = session.clock().monotonic().saturating_sub(started);
        if error.kind() == ErrorKind::Authentication {
            tracing::info!(target: "anaplan::auth", %error, "the session has ended, signing in again");
        } else if elapsed < remaining {
            return Err(error.into());
        }
        self.sign_in(session).await.map_err(|error| ObtainError {
            error,
            current_ended: true,
        })
    }

    /// Replaces a token that a server rejected before it expired.
    async fn replace_rejected(
        &self,
        session: &Session,
        token: &SecretString,
    ) -> std::result::Result<NewToken, ObtainError> {
        let now = session.clock().monotonic();
        if self.is_successor_of_rejected(token) && self.may_sign_in_again(now) {
            return Ok(self.sign_in_again(session, now).await?);
        }
        // The cause may be a missing role. A refresh shows whether the token is valid, without the password.
        let refresh = session.call(Refresh::new(token)?).timeout(REFRESH_TIMEOUT);
        match refresh.await {
            // The API would reject the same value again.
            Ok(info) if same(&info.token, token) && self.may_sign_in_again(now) => {
                Ok(self.sign_in_again(session, now).await?)
            }
            Ok(info) => {
                self.state().after_rejection = Some(info.token.clone());
                Ok(info.into())
            }
            Err(error) => {
                tracing::debug!(target: "anaplan::auth", %error, "refresh failed, signing in again");
                let current_ended = error.kind() == ErrorKind::Authentication;
                let signed_in = self.sign_in(session).await;
                signed_in.map_err(|error| ObtainError {
                    error,
                    current_ended,
                })
            }
        }
    }

    async fn sign_in_again(&self, session: &Session, now: Duration) -> Result<NewToken> {
        tracing::info!(
            target: "anaplan::auth",
            "the API rejects a token that the token service accepts, signing in again"
        );
        self.state().signed_in_again_at = Some(now);
        self.sign_in(session).await
    }

    fn is_successor_of_rejected(&self, token: &SecretString) -> bool {
        let state = self.state();
        let successor = state.after_rejection.as_ref();
        successor.is_some_and(|successor| same(successor, token))
    }

    fn may_sign_in_again(&self, now: Duration) -> bool {
        self.state()
            .signed_in_again_at
            .is_none_or(|last| now.saturating_sub(last) >= SIGN_IN_AGAIN_INTERVAL)
    }

    /// Returns the initial token once. Fails if it cannot be sent.
    fn take_initial(&self) -> Result<Option<SecretString>> {
        let mut state = self.state();
        if let Some(token) = &state.initial {
            check(token)?;
        }
        Ok(state.initial.take())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
