//! The session: transport, credential, limits and settings shared by all calls of a client.

pub(crate) mod authenticator;
pub(crate) mod limit;
pub(crate) mod poll;
pub(crate) mod retry;
pub(crate) mod settings;
pub(crate) mod starts;

use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::data::error::Result;
use crate::data::hosts::Hosts;
use crate::session::authenticator::Authenticator;
use crate::session::limit::Limiter;
use crate::session::retry::Budget;
use crate::session::settings::Settings;
use crate::session::starts::Starts;
use crate::transport::Transport;
use crate::transport::clock::{Clock, SystemClock};
use crate::transport::connection::{Connection, NamedCredentials};

/// Transport, credential, limits and clock shared by all calls of a client. Cheap to clone.
#[derive(Clone)]
pub struct Session {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) authenticator: Arc<dyn Authenticator>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) hosts: Hosts,
    pub(crate) credentials: NamedCredentials,
    pub(crate) limiter: Limiter,
    pub(crate) in_flight: Semaphore,
    pub(crate) budget: Budget,
    pub(crate) starts: Starts,
    pub(crate) settings: Settings,
}

impl Session {
    /// Creates a session over `connection` that signs in with `authenticator`. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if a base URL is not allowed, or if the
    /// connection has no transport and the feature `reqwest` is off.
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
        let in_flight = settings.max_in_flight.clamp(1, Semaphore::MAX_PERMITS);
        Ok(Self {
            inner: Arc::new(Inner {
                transport,
                authenticator,
                clock,
                hosts: connection.hosts,
                credentials: connection.credentials,
                limiter: Limiter::new(settings.rate_limit),
                in_flight: Semaphore::new(in_flight),
                budget: Budget::new(settings.retry.budget),
                starts: Starts::default(),
                settings,
            }),
        })
    }

    /// Returns the clock.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    /// Returns the base URLs.
    #[must_use]
    pub fn hosts(&self) -> &Hosts {
        &self.inner.hosts
    }

    /// Returns the configuration.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }
}

#[cfg(feature = "reqwest")]
fn bundled_transport() -> Result<Arc<dyn Transport>> {
    Ok(Arc::new(crate::transport::reqwest::ReqwestTransport::new()?))
}

#[cfg(not(feature = "reqwest"))]
fn bundled_transport() -> Result<Arc<dyn Transport>> {
    Err(crate::Error::new(
        crate::ErrorKind::Config,
        "no transport: enable the feature `rustls` or set one with `transport(..)`",
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
    /// Creates a session whose transport always fails to connect.
    pub(crate) fn offline() -> Self {
        #[derive(Debug)]
        struct Unreachable;

        #[async_trait::async_trait]
        impl Transport for Unreachable {
            async fn send(
                &self,
                _: http::Request<crate::RequestBody>,
            ) -> std::result::Result<http::Response<crate::ResponseBody>, crate::TransportError>
            {
                Err(crate::TransportError::new(
                    crate::TransportErrorKind::Connect,
                ))
            }
        }

        #[async_trait::async_trait]
        impl Authenticator for Unreachable {
            async fn credential(&self, _: &Session) -> Result<crate::Credential> {
                crate::Credential::anaplan(&"token".into(), 0)
            }
        }

        let connection = Connection::default().with_transport(Arc::new(Unreachable));
        Self::new(connection, Arc::new(Unreachable), Settings::default()).unwrap()
    }
}
