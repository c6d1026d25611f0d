//! The device grant: a user signs in on another device with a code.

use std::fmt;
use std::time::Duration;

use anaplan_core::{ErrorKind, Pending, Result, Session};

use crate::oauth::authenticator::OAuth;
use crate::oauth::endpoints::{PollDevice, StartDevice};
use crate::oauth::oauth_problem::OAuthProblem;
use crate::oauth::refresh_state::is_outcome_unknown;
use crate::oauth::responses::DeviceCodes;
use crate::oauth::tokens::OAuthTokens;

/// Increase of the poll interval after `slow_down` (RFC 8628, section 3.5).
const SLOW_DOWN_INCREASE: Duration = Duration::from_secs(5);
/// Longest poll interval after polls that failed.
const MAX_INTERVAL_AFTER_FAILURE: Duration = Duration::from_secs(60);

/// A started sign-in of a device. Show the [code](Self::user_code) and the [page](Self::verification_uri) to
/// the user, then [wait](Self::wait).
pub struct DeviceAuthorization {
    oauth: OAuth,
    session: Session,
    codes: DeviceCodes,
    /// Expiry of the codes by the monotonic clock of the session.
    expires_at: Duration,
}

impl OAuth {
    /// Starts the sign-in of a device: `POST /oauth/device/code`. Retried: unused codes expire.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] with an [`OAuthProblem`] if the service does not know the client or the
    /// client is registered for the other grant; the errors of the network.
    ///
    /// For an example see [`OAuth`].
    pub fn start_device(&self, session: &Session) -> Pending<DeviceAuthorization> {
        let (oauth, session) = (self.clone(), session.clone());
        Pending::new(async move {
            let codes = session.call(StartDevice::new(oauth.client())).await?;
            let expires_at = session.clock().monotonic().saturating_add(codes.life);
            Ok(DeviceAuthorization {
                oauth,
                session,
                codes,
                expires_at,
            })
        })
    }
}

impl DeviceAuthorization {
    /// Returns the code that the user enters, such as `WDJB-MJHT`.
    #[must_use]
    pub fn user_code(&self) -> &str {
        &self.codes.user_code
    }

    /// Returns the page on which the user enters the code.
    #[must_use]
    pub fn verification_uri(&self) -> &str {
        &self.codes.verification_uri
    }

    /// Returns the same page with the code in its URL, for links and QR codes, if the service supports it.
    #[must_use]
    pub fn verification_uri_complete(&self) -> Option<&str> {
        self.codes.verification_uri_complete.as_deref()
    }

    /// Returns the time until the codes expire.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.expires_at
            .saturating_sub(self.session.clock().monotonic())
    }

    /// Waits until the user has approved the device, and saves the tokens.
    ///
    /// Polls (`POST /oauth/token`) at the interval of the service (1 to 60 s; 5 s if it is missing or zero): 5 s longer after each
    /// `slow_down`, twice as long after a failure. Dropping the future ends the wait and loses an approval that
    /// follows.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Authentication`] with an [`OAuthProblem`]:
    ///   [`AccessDenied`](OAuthProblem::AccessDenied) if the user denied access,
    ///   [`ExpiredToken`](OAuthProblem::ExpiredToken) if the codes have expired,
    ///   [`InvalidGrant`](OAuthProblem::InvalidGrant) if the code is used up.
    /// * The errors of the store.
    pub fn wait(self) -> Pending<()> {
        Pending::new(async move {
            let mut polls = Polls {
                interval: self.codes.interval,
                lost: false,
            };
            loop {
                if self.time_left() <= polls.interval {
                    return Err(OAuthProblem::ExpiredToken
                        .error("the user has not approved the device in time"));
                }
                self.session.clock().sleep(polls.interval).await;
                if let Some(tokens) = self.poll(&mut polls).await? {
                    let tokens = async move { Ok(tokens) };
                    return self.oauth.signed_in(&self.session, tokens).await;
                }
            }
        })
    }

    /// Polls once. Returns `None` if the device is not approved yet or the poll failed temporarily.
    async fn poll(&self, polls: &mut Polls) -> Result<Option<OAuthTokens>> {
        let poll = PollDevice::new(self.oauth.client(), &self.codes.device_code);
        let error = match self.session.call(poll).await {
            Ok(tokens) => return Ok(Some(tokens)),
            Err(error) => error,
        };
        match OAuthProblem::of(&error) {
            Some(OAuthProblem::AuthorizationPending) => {}
            Some(OAuthProblem::SlowDown) => {
                polls.interval = polls.interval.saturating_add(SLOW_DOWN_INCREASE);
            }
            Some(OAuthProblem::InvalidGrant) if polls.lost => {
                return Err(error.because(
                    "an earlier response was lost and may have contained the tokens: start again",
                ));
            }
            Some(_) => return Err(error),
            None if is_outcome_unknown(&error) => {
                polls.lost = true;
                polls.double();
            }
            None if matches!(error.kind(), ErrorKind::Connect | ErrorKind::RateLimited) => {
                polls.double();
            }
            None => return Err(error),
        }
        tracing::debug!(target: "anaplan::auth", %error, "device is not approved yet");
        Ok(None)
    }
}

/// State of the polls of a device.
struct Polls {
    interval: Duration,
    /// `true` after a poll whose response was lost or unreadable.
    lost: bool,
}

impl Polls {
    fn double(&mut self) {
        let doubled = self.interval.saturating_mul(2);
        self.interval = doubled.min(MAX_INTERVAL_AFTER_FAILURE).max(self.interval);
    }
}

impl fmt::Debug for DeviceAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.codes.fmt(f)
    }
}
