//! The session: transport, credential, limits and settings shared by all calls of a client.

pub(crate) mod authenticator;
pub(crate) mod limit;
pub(crate) mod retry;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::calls::call::{Call, CallOptions};
use crate::calls::pending::Pending;
use crate::calls::task::PollPolicy;
use crate::data::error::{Error, ErrorKind, Result};
use crate::data::hosts::Hosts;
use crate::engine::exchange::{Attempts, Outcome};
use crate::engine::prepared::Prepared;
use crate::engine::verdict::Verdict;
use crate::operation::endpoint::{Authorization, Endpoint};
use crate::operation::page::{Paged, PagedCall};
use crate::operation::reconcile::{Found, Reconcile};
use crate::session::authenticator::{Authenticator, Credential};
use crate::session::limit::{Limiter, RateLimit};
use crate::session::retry::{Budget, RetryPolicy};
use crate::transport::clock::{Clock, SystemClock};
use crate::transport::connection::Connection;
use crate::transport::{ResponseBody, Transport};

/// How long to wait before each further look for traces of a lost attempt.
const LOOKS: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(3),
];

/// What all calls of a client share: transport, credential, limits, clock. Cloning is cheap.
#[derive(Clone)]
pub struct Session {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) authenticator: Arc<dyn Authenticator>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) hosts: Hosts,
    pub(crate) limiter: Limiter,
    pub(crate) budget: Budget,
    pub(crate) settings: Settings,
}

/// What a session can be told, with defaults for everything.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// How persistent calls are.
    pub retry: RetryPolicy,
    /// The client's own limit on requests; `None` turns it off.
    pub rate_limit: Option<RateLimit>,
    /// How long one HTTP exchange may take. Default 5 minutes: the first call to an unloaded model
    /// waits until it is loaded, and calls to a busy model wait until it is free.
    pub attempt_timeout: Duration,
    /// How long a streamed body may be silent. Default 1 minute.
    pub idle_timeout: Duration,
    /// The largest answer that is held in memory, in bytes after decompression. Default 256 MiB. A larger
    /// one is refused as [`ErrorKind::TooLarge`] as soon as that shows. Streams have no limit.
    pub max_body: usize,
    /// How tasks are polled.
    pub poll: PollPolicy,
    /// What the `User-Agent` header says.
    pub user_agent: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            retry: RetryPolicy::default(),
            rate_limit: Some(RateLimit::default()),
            attempt_timeout: Duration::from_secs(300),
            idle_timeout: Duration::from_secs(60),
            max_body: 256 << 20,
            poll: PollPolicy::default(),
            user_agent: concat!("anaplan-rs/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl Session {
    /// A session that talks over `connection` and signs in with `authenticator`. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when a host must not be talked to, or when the connection brings no
    /// transport and the feature `reqwest` is off.
    pub fn new(
        connection: Connection,
        authenticator: Arc<dyn Authenticator>,
        settings: Settings,
    ) -> Result<Self> {
        connection.hosts.validate()?;
        let transport = match connection.transport {
            Some(transport) => transport,
            None => bundled_transport()?,
        };
        let clock = connection
            .clock
            .unwrap_or_else(|| Arc::new(SystemClock::new()));
        Ok(Self {
            inner: Arc::new(Inner {
                transport,
                authenticator,
                clock,
                hosts: connection.hosts,
                limiter: Limiter::new(settings.rate_limit),
                budget: Budget::new(settings.retry.budget),
                settings,
            }),
        })
    }

    /// A call of any endpoint, not yet made.
    pub fn call<E: Endpoint>(&self, endpoint: E) -> Call<E> {
        Call::new(self.clone(), endpoint)
    }

    /// A call for a whole collection, not yet made.
    pub fn paged<E: Paged>(&self, endpoint: E) -> PagedCall<E> {
        PagedCall::new(self.clone(), endpoint)
    }

    /// The session's clock.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    /// The base URLs.
    #[must_use]
    pub fn hosts(&self) -> &Hosts {
        &self.inner.hosts
    }

    /// What the session was told.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Ends the session on the server; later calls sign in again.
    ///
    /// # Errors
    ///
    /// Those of the [`Authenticator`](crate::Authenticator).
    pub fn sign_out(&self) -> Pending<()> {
        let session = self.clone();
        Pending::new(async move { session.inner.authenticator.sign_out(&session).await })
    }

    /// Makes the call. If its outcome gets lost and the endpoint tells how to look for it, looks.
    pub(crate) async fn execute<E: Endpoint>(
        &self,
        endpoint: &E,
        options: &CallOptions,
    ) -> Result<E::Output> {
        match endpoint.reconcile() {
            Some(reconcile) => self.reconciled(endpoint, reconcile, options).await,
            None => self.repeated(endpoint, options).await,
        }
    }

    /// Makes the call up to the response head, then hands over the body.
    pub(crate) async fn open<E: Endpoint>(
        &self,
        endpoint: &E,
        options: &CallOptions,
    ) -> Result<http::Response<ResponseBody>> {
        let prepared = Prepared::new(endpoint, &self.inner)?;
        let mut attempts = Attempts::new(&prepared, &self.inner, options);
        loop {
            let credential = self.ready(endpoint, &mut attempts).await?;
            let outcome = attempts.head(&prepared, credential.as_ref()).await;
            let outcome = match outcome {
                Outcome::Head(response) if response.status().is_success() => {
                    attempts.check_origin(response.status(), response.headers())?;
                    self.inner.budget.success();
                    return Ok(response);
                }
                Outcome::Head(response) => attempts.whole(response).await,
                failed => failed,
            };
            match attempts.judge(endpoint, outcome, credential.as_ref()).await {
                Verdict::Answer(_) => unreachable!("a success was returned as a stream"),
                Verdict::Again(wait) => self.clock().sleep(wait).await,
                Verdict::Fail(error) => return Err(error),
            }
        }
    }

    /// The request as it would be sent, without credential.
    pub(crate) fn dry_run<E: Endpoint>(&self, endpoint: &E) -> Result<http::Request<Bytes>> {
        let mut request = Prepared::new(endpoint, &self.inner)?.request(None)?;
        if E::AUTHORIZATION == Authorization::Own {
            request.headers_mut().remove(http::header::AUTHORIZATION);
            *request.body_mut() = Bytes::new();
        }
        Ok(request)
    }

    /// The loop: permit, credential, request, send, judge, wait or return.
    async fn repeated<E: Endpoint>(
        &self,
        endpoint: &E,
        options: &CallOptions,
    ) -> Result<E::Output> {
        let prepared = Prepared::new(endpoint, &self.inner)?;
        let mut attempts = Attempts::new(&prepared, &self.inner, options);
        loop {
            let credential = self.ready(endpoint, &mut attempts).await?;
            let outcome = attempts.exchange(&prepared, credential.as_ref()).await;
            match attempts.judge(endpoint, outcome, credential.as_ref()).await {
                Verdict::Answer(parts) => {
                    self.inner.budget.success();
                    return attempts.decode(endpoint, parts.into_answer(self.clone()));
                }
                Verdict::Again(wait) => self.clock().sleep(wait).await,
                Verdict::Fail(error) => return Err(error),
            }
        }
    }

    /// Waits for the permit to send, then for a credential. The deadline covers both.
    async fn ready<E: Endpoint>(
        &self,
        _endpoint: &E,
        attempts: &mut Attempts<'_>,
    ) -> Result<Option<Credential>> {
        let preparation = async {
            self.inner.limiter.enter(self.clock()).await;
            match E::AUTHORIZATION {
                Authorization::Own => Ok(None),
                Authorization::Session => self.inner.authenticator.credential(self).await.map(Some),
            }
        };
        attempts
            .within_deadline(preparation)
            .await
            .unwrap_or_else(|| {
                Err(Error::new(
                    ErrorKind::Timeout,
                    "the deadline passed before anything was sent",
                ))
            })
            .map_err(|error| attempts.describe(error))
    }

    async fn reconciled<E: Endpoint>(
        &self,
        endpoint: &E,
        reconcile: &dyn Reconcile<E::Output>,
        options: &CallOptions,
    ) -> Result<E::Output> {
        Prepared::new(endpoint, &self.inner)?;
        let options = options.fix_deadline(self.clock());
        let existing = reconcile
            .existing(self)
            .await
            .map_err(|error| error.during(E::NAME))?;
        let mut lost = false;
        for resend in 0.. {
            let error = match self.repeated(endpoint, &options).await {
                Ok(output) => return Ok(output),
                Err(error) => error,
            };
            // A refusal after a lost attempt may only mean that the lost one was carried out.
            let ambiguous = error.is_ambiguous();
            if !ambiguous && !lost {
                return Err(error);
            }
            lost = true;
            tracing::info!(target: "anaplan::retry", operation = E::NAME, "outcome lost, looking for its traces");
            match self.look(reconcile, &existing).await {
                Ok(Found::Own(output)) => return Ok(output),
                Ok(Found::Nothing)
                    if ambiguous
                        && !error.may_still_run()
                        && resend < self.inner.settings.retry.max_resends => {}
                Ok(Found::Nothing) => return Err(error),
                Ok(Found::Unclear(why)) => return Err(as_ambiguous(error).because(why)),
                Err(blind) => {
                    return Err(as_ambiguous(error)
                        .because(format!("and looking for its traces failed: {blind}")));
                }
            }
        }
        unreachable!("the number of resends is bounded")
    }

    async fn look<T>(&self, reconcile: &dyn Reconcile<T>, existing: &[String]) -> Result<Found<T>> {
        for wait in LOOKS {
            self.clock().sleep(wait).await;
            match reconcile.find(self, existing).await? {
                Found::Nothing => {}
                found => return Ok(found),
            }
        }
        Ok(Found::Nothing)
    }
}

/// A refusal that came after a lost attempt says nothing about what became of that one.
fn as_ambiguous(error: Error) -> Error {
    if error.is_ambiguous() {
        return error;
    }
    let text = error.to_string();
    error.with_kind(ErrorKind::Ambiguous).because(format!(
        "an earlier attempt got lost, the last one said: {text}"
    ))
}

#[cfg(feature = "reqwest")]
fn bundled_transport() -> Result<Arc<dyn Transport>> {
    Ok(Arc::new(crate::transport::reqwest::ReqwestTransport::new()?))
}

#[cfg(not(feature = "reqwest"))]
fn bundled_transport() -> Result<Arc<dyn Transport>> {
    Err(Error::new(
        ErrorKind::Config,
        "no transport: turn on the feature `rustls` or give one with `transport(..)`",
    ))
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("hosts", &self.inner.hosts)
            .field("transport", &self.inner.transport)
            .field("authenticator", &self.inner.authenticator)
            .field("settings", &self.inner.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
impl Session {
    /// A session that reaches nobody.
    pub(crate) fn offline() -> Self {
        #[derive(Debug)]
        struct Nobody;

        #[async_trait::async_trait]
        impl Transport for Nobody {
            async fn send(
                &self,
                _: http::Request<Bytes>,
            ) -> std::result::Result<http::Response<ResponseBody>, crate::TransportError>
            {
                Err(crate::TransportError::new(
                    crate::TransportErrorKind::Connect,
                ))
            }
        }

        #[async_trait::async_trait]
        impl Authenticator for Nobody {
            async fn credential(&self, _: &Session) -> Result<Credential> {
                Credential::anaplan(&"token".into(), 0)
            }
        }

        let connection = Connection::default().with_transport(Arc::new(Nobody));
        Self::new(connection, Arc::new(Nobody), Settings::default()).unwrap()
    }
}
