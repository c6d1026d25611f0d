//! Hosts, transport, clock and additional credentials of a client.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::data::error::{Error, ErrorKind, Result};
use crate::data::hosts::Hosts;
use crate::transport::Transport;
use crate::transport::clock::Clock;

/// Hosts, transport, clock and additional credentials of a client.
///
/// A fake server returns one, so that a client can be pointed at it in one line.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Connection {
    /// Base URLs of the services.
    pub hosts: Hosts,
    /// Transport. `None`: the bundled one.
    pub transport: Option<Arc<dyn Transport>>,
    /// Clock. `None`: the system's.
    pub clock: Option<Arc<dyn Clock>>,
    pub(crate) credentials: NamedCredentials,
}

/// Headers of the additional credentials, by name.
#[derive(Clone, Default)]
pub(crate) struct NamedCredentials(BTreeMap<&'static str, Vec<(HeaderName, HeaderValue)>>);

impl NamedCredentials {
    pub(crate) fn get(&self, name: &str) -> Option<&[(HeaderName, HeaderValue)]> {
        self.0.get(name).map(Vec::as_slice)
    }
}

impl fmt::Debug for NamedCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl Connection {
    /// Creates a connection to these hosts with the bundled transport and the system's clock.
    pub fn to(hosts: impl Into<Hosts>) -> Self {
        Self {
            hosts: hosts.into(),
            ..Self::default()
        }
    }

    /// Sets the transport.
    #[must_use]
    pub fn with_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Sets the clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Adds a credential beside the session's, for endpoints of
    /// [`Authorization::Named`](crate::Authorization::Named): an API key, or a service with headers of
    /// its own.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if a name or a value is not a valid header.
    pub fn with_credential<'h>(
        mut self,
        name: &'static str,
        headers: impl IntoIterator<Item = (&'h str, SecretString)>,
    ) -> Result<Self> {
        // The parsers' own errors could quote the value.
        let invalid = |_| {
            let text = format!("the credential '{name}' is not a valid header");
            Error::new(ErrorKind::Config, text)
        };
        let mut parsed = Vec::new();
        for (header, value) in headers {
            let header = header.parse::<HeaderName>().map_err(|_| invalid(()))?;
            let value = HeaderValue::from_str(value.expose_secret()).map_err(|_| invalid(()))?;
            let mut value = value;
            value.set_sensitive(true);
            parsed.push((header, value));
        }
        self.credentials.0.insert(name, parsed);
        Ok(self)
    }
}
