//! The device grant: a person signs in somewhere else, with a code that the device shows.

use std::fmt;
use std::time::Duration;

use anaplan_core::{ErrorKind, Pending, Result, Session};

use crate::oauth::authenticator::OAuth;
use crate::oauth::endpoints::{DeviceCodes, PollDevice, StartDevice};
use crate::oauth::problem::OAuthProblem;
use crate::oauth::tokens::OAuthTokens;

/// What "slow down" adds to the interval, for the rest of the flow.
const SLOWER: Duration = Duration::from_secs(5);
/// How slow asking can get when the service does not answer.
const SLOWEST: Duration = Duration::from_secs(60);

/// The sign-in of a device that has begun: tell the user the [code](Self::user_code) and the
/// [page](Self::verification_uri), then [wait](Self::wait).
pub struct DeviceAuthorization {
    oauth: OAuth,
    session: Session,
    codes: DeviceCodes,
    /// When the codes expire, by the session's monotonic clock.
    until: Duration,
}

impl OAuth {
    /// Begins the sign-in of a device: `POST /oauth/device/code`. Repeated after failures: codes that
    /// nobody approves expire.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] with an [`OAuthProblem`] when the service does not know the client,
    /// or when it is registered for the other grant; the errors of the network.
    ///
    /// For an example see [`OAuth`].
    pub fn start_device(&self, session: &Session) -> Pending<DeviceAuthorization> {
        let (oauth, session) = (self.clone(), session.clone());
        Pending::new(async move {
            let codes = session.call(StartDevice::new(&oauth.inner.client)).await?;
            let until = session.clock().monotonic() + codes.life;
            Ok(DeviceAuthorization {
                oauth,
                session,
                codes,
                until,
            })
        })
    }
}

impl DeviceAuthorization {
    /// What the user types, such as `WDJB-MJHT`.
    #[must_use]
    pub fn user_code(&self) -> &str {
        &self.codes.user_code
    }

    /// The page on which the user types it.
    #[must_use]
    pub fn verification_uri(&self) -> &str {
        &self.codes.verification_uri
    }

    /// The same page with the code in it, if the service gave one: for links and QR codes.
    #[must_use]
    pub fn verification_uri_complete(&self) -> Option<&str> {
        self.codes.verification_uri_complete.as_deref()
    }

    /// How long the user still has.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.until.saturating_sub(self.session.clock().monotonic())
    }

    /// Waits until the user has approved the device, and saves the tokens.
    ///
    /// Asks (`POST /oauth/token`) as often as the service wants, more slowly when it says so, and goes on
    /// when a question fails on the way. Dropping the future ends the wait; the user's approval is lost
    /// then.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] with an [`OAuthProblem`]: [`AccessDenied`](OAuthProblem::AccessDenied)
    /// when the user said no, [`ExpiredToken`](OAuthProblem::ExpiredToken) when they took too long,
    /// [`InvalidGrant`](OAuthProblem::InvalidGrant) when the code has been used. Those of the store.
    pub fn wait(self) -> Pending<()> {
        Pending::new(async move {
            let mut interval = self.codes.interval;
            loop {
                if self.time_left() <= interval {
                    return Err(OAuthProblem::ExpiredToken
                        .error("the user has not approved the device in time"));
                }
                self.session.clock().sleep(interval).await;
                if let Some(tokens) = self.ask(&mut interval).await? {
                    let tokens = async move { Ok(tokens) };
                    return self.oauth.signed_in(&self.session, tokens).await;
                }
            }
        })
    }

    /// Asks once. `None` means: later, after the interval.
    async fn ask(&self, interval: &mut Duration) -> Result<Option<OAuthTokens>> {
        let poll = PollDevice::new(&self.oauth.inner.client, &self.codes.device_code);
        let error = match self.session.call(poll).await {
            Ok(tokens) => return Ok(Some(tokens)),
            Err(error) => error,
        };
        match OAuthProblem::of(&error) {
            Some(OAuthProblem::AuthorizationPending) => {}
            Some(OAuthProblem::SlowDown) => *interval += SLOWER,
            Some(_) => return Err(error),
            None => match error.kind() {
                // A question that was lost can be asked again, though not more often.
                ErrorKind::Ambiguous
                | ErrorKind::Connect
                | ErrorKind::Timeout
                | ErrorKind::Server
                | ErrorKind::RateLimited => *interval = (*interval * 2).min(SLOWEST).max(*interval),
                _ => return Err(error),
            },
        }
        tracing::debug!(target: "anaplan::auth", %error, "the device is not approved yet");
        Ok(None)
    }
}

impl fmt::Debug for DeviceAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.codes.fmt(f)
    }
}
