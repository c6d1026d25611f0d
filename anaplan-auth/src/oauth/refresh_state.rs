//! Results of earlier refreshes that decide about the next one.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anaplan_core::{Error, ErrorKind, SecretString, StatusCode};

use crate::oauth::oauth_problem::OAuthProblem;
use crate::oauth::tokens::OAuthTokens;
use crate::token_value::same;

/// Delay before a rotating refresh token is sent again after a refresh with unknown outcome. It doubles with
/// every further one.
const FIRST_RESEND_DELAY: Duration = Duration::from_secs(10);
/// Longest delay before a rotating refresh token is sent again.
const MAX_RESEND_DELAY: Duration = Duration::from_secs(300);

/// Results of earlier refreshes, shared by all clones of an [`OAuth`](super::OAuth).
#[derive(Default)]
pub(super) struct RefreshState {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    unsaved: Option<Unsaved>,
    /// A refresh token that the service called invalid, and the error.
    invalid: Option<(SecretString, Error)>,
    unknown: Option<UnknownOutcome>,
}

/// Tokens that the store could not save yet.
#[derive(Clone)]
pub(super) struct Unsaved {
    pub(super) tokens: OAuthTokens,
    /// The refresh token that these tokens replace. `None` for the tokens of a new sign-in.
    pub(super) replaces: Option<SecretString>,
}

/// A refresh that the service may or may not have executed.
struct UnknownOutcome {
    refresh_token: SecretString,
    error: Error,
    delay: Duration,
    /// Earliest time of the next attempt, by the monotonic clock.
    retry_at: Duration,
}

impl RefreshState {
    pub(super) fn unsaved(&self) -> Option<Unsaved> {
        self.lock().unsaved.clone()
    }

    pub(super) fn set_unsaved(&self, unsaved: Option<Unsaved>) {
        self.lock().unsaved = unsaved;
    }

    /// Fails if `refresh_token` must not be sent at `now`: it is invalid, or an attempt with unknown outcome
    /// was too recent.
    pub(super) fn check(&self, refresh_token: &SecretString, now: Duration) -> Result<(), Error> {
        let state = self.lock();
        if let Some((invalid, error)) = &state.invalid {
            if same(invalid, refresh_token) {
                return Err(error.clone());
            }
        }
        match &state.unknown {
            Some(unknown) if same(&unknown.refresh_token, refresh_token) => {
                if now < unknown.retry_at {
                    return Err(unknown.error.clone());
                }
                tracing::warn!(
                    target: "anaplan::auth",
                    "sending a refresh token again whose last refresh has an unknown outcome"
                );
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Records a refresh that returned tokens.
    pub(super) fn succeeded(&self) {
        self.lock().unknown = None;
    }

    /// Records a failed refresh and returns the error for the caller.
    pub(super) fn failed(
        &self,
        error: Error,
        refresh_token: &SecretString,
        rotating: bool,
        now: Duration,
    ) -> Error {
        let mut state = self.lock();
        let earlier = state.unknown.take();
        let earlier = earlier.filter(|earlier| same(&earlier.refresh_token, refresh_token));
        if OAuthProblem::of(&error) == Some(OAuthProblem::InvalidGrant) {
            let error = error.because(match earlier {
                Some(_) => {
                    "an earlier refresh whose response was lost has used it up: sign in again"
                }
                None => "the refresh token has expired or was used before: sign in again",
            });
            state.invalid = Some((refresh_token.clone(), error.clone()));
            return error;
        }
        if !rotating || !is_outcome_unknown(&error) {
            state.unknown = earlier;
            return error;
        }
        let delay = earlier.map_or(FIRST_RESEND_DELAY, |earlier| {
            earlier.delay.saturating_mul(2).min(MAX_RESEND_DELAY)
        });
        let error = error
            .with_kind(ErrorKind::Ambiguous)
            .with_retryable(false)
            .because(
                "the refresh token may be used up; sign in again if the next refresh is rejected. \
                 The request that needed the token was not sent",
            )
            .caused_by(OAuthProblem::UnknownOutcome);
        state.unknown = Some(UnknownOutcome {
            refresh_token: refresh_token.clone(),
            error: error.clone(),
            delay,
            retry_at: now.saturating_add(delay),
        });
        error
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns whether the service may have executed the request that failed with `error`.
///
/// Only a complete 4xx response other than 408, or a request that was never sent, proves that it was not
/// executed.
pub(super) fn is_outcome_unknown(error: &Error) -> bool {
    if error.is_ambiguous() {
        return true;
    }
    match error.status() {
        Some(status) => !status.is_client_error() || status == StatusCode::REQUEST_TIMEOUT,
        None => {
            error.attempts() > 0
                && matches!(
                    error.kind(),
                    ErrorKind::Decode
                        | ErrorKind::Interrupted
                        | ErrorKind::Server
                        | ErrorKind::Timeout
                        | ErrorKind::TooLarge
                )
        }
    }
}
