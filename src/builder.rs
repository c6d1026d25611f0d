//! Builder of clients.

mod sign_in_options;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

#[cfg(any(feature = "rustls", feature = "native-tls"))]
use anaplan_auth::Material;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
use anaplan_core::transport::reqwest::ReqwestBuilder;
use anaplan_core::{
    Clock, Connection, Error, ErrorKind, HeaderValue, Hosts, ModelId, PollPolicy, RateLimit,
    Region, Result, RetryPolicy, Scope, Session, Settings, Transport, WorkspaceId,
};

use crate::client::Client;
use crate::environment;
use crate::sign_in::SignIn;

/// Builder of a [`Client`].
///
/// Exactly one way of signing in is required: [`certificate`](Self::certificate) and
/// [`private_key`](Self::private_key), [`user`](Self::user) and [`password`](Self::password),
/// `oauth` (feature `oauth`), [`token`](Self::token), or an [`authenticator`](Self::authenticator) of your own.
/// Of two calls of one method the last one counts.
///
/// ```no_run
/// # #[cfg(feature = "certificate")]
/// # fn main() -> anaplan::Result<()> {
/// use anaplan::{Client, Region};
///
/// let client = Client::builder()
///     .region(Region::Eu3)
///     .workspace_id("8a81b09d599f3c6e0159f605560c2630")
///     .model_id("FC90BB526A34147D1056ADE2B6DBF58E")
///     .certificate("~/certs/anaplan.pem")
///     .private_key("~/keys/anaplan.pem")
///     .build()?;
/// # Ok(()) }
/// # #[cfg(not(feature = "certificate"))] fn main() {}
/// ```
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    scope: Scope,
    hosts: Option<Hosts>,
    transport: Option<Arc<dyn Transport>>,
    clock: Option<Arc<dyn Clock>>,
    /// Holds additional credentials; its other fields are above.
    base: Connection,
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    roots: Vec<Material>,
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    network: Option<ReqwestBuilder>,
    sign_in: SignIn,
    environment: SignIn,
    settings: Settings,
}

impl ClientBuilder {
    /// Nothing given yet. The same as [`Client::builder`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes from environment variables what has not been given in code. An empty variable counts as
    /// absent.
    ///
    /// | variable | method or meaning |
    /// |---|---|
    /// | `ANAPLAN_WORKSPACE_ID` | [`workspace_id`](Self::workspace_id) |
    /// | `ANAPLAN_MODEL_ID` | [`model_id`](Self::model_id) |
    /// | `ANAPLAN_USER`, `ANAPLAN_PASSWORD` | [`basic`](Self::basic) |
    /// | `ANAPLAN_CERTIFICATE` | [`certificate`](Self::certificate): a path, PEM, or base64 of a file |
    /// | `ANAPLAN_PRIVATE_KEY` | [`private_key`](Self::private_key): a path or PEM text |
    /// | `ANAPLAN_PRIVATE_KEY_PASSWORD` | [`private_key_password`](Self::private_key_password) |
    /// | `ANAPLAN_CERTIFICATE_PAYLOAD` | [`certificate_payload`](Self::certificate_payload): `v1` or `v2` |
    /// | `ANAPLAN_TOKEN` | [`token`](Self::token) |
    /// | `ANAPLAN_REGION` | [`region`](Self::region): `us1`, `eu3`, ... |
    /// | `ANAPLAN_URL` | one base URL for all services, such as that of a gateway or the fake server |
    /// | `ANAPLAN_API_URL`, `ANAPLAN_AUTH_URL`, `ANAPLAN_OAUTH_URL`, `ANAPLAN_AUDIT_URL`, `ANAPLAN_CLOUDWORKS_URL` | the base URL of one service, which precedes the two above |
    ///
    /// The code precedes the environment, at whichever position of the chain this is called:
    ///
    /// * Hosts are one unit: a region, hosts or a connection set in code disables all variables about
    ///   hosts.
    /// * A way of signing in that the code selects is completed from the environment (a password for its
    ///   user), and disables the variables of the other ways.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) that names the variable, and never its value if
    /// that could be a secret.
    #[allow(clippy::wrong_self_convention)]
    pub fn from_env(self) -> Result<Self> {
        self.from_lookup(std::env::var_os)
    }

    #[allow(clippy::wrong_self_convention)]
    pub(crate) fn from_lookup(mut self, lookup: impl environment::Lookup) -> Result<Self> {
        let found = environment::read(lookup)?;
        self.scope.workspace = self.scope.workspace.or(found.scope.workspace);
        self.scope.model = self.scope.model.or(found.scope.model);
        self.hosts = self.hosts.or(found.hosts);
        self.environment = found.sign_in;
        Ok(self)
    }

    /// The workspace to work on: 32 hexadecimal digits.
    pub fn workspace_id(mut self, id: impl Into<WorkspaceId>) -> Self {
        self.scope.workspace = Some(id.into());
        self
    }

    /// The model to work on: 32 hexadecimal digits.
    pub fn model_id(mut self, id: impl Into<ModelId>) -> Self {
        self.scope.model = Some(id.into());
        self
    }

    /// The data centre of the tenant. Default: [`Region::Shared`](crate::Region::Shared), the hosts
    /// without a prefix.
    pub fn region(self, region: Region) -> Self {
        self.hosts(region)
    }

    /// The base URL of each service. Plain `http` is refused for all but this machine.
    ///
    /// ```
    /// use anaplan::{Client, Hosts, Region};
    ///
    /// let hosts = Hosts { api: "https://gateway.example.com/anaplan".into(), ..Region::Eu3.hosts() };
    /// let builder = Client::builder().hosts(hosts);
    /// ```
    pub fn hosts(mut self, hosts: impl Into<Hosts>) -> Self {
        self.hosts = Some(hosts.into());
        self
    }

    /// One base URL for all services, such as that of a gateway. Plain `http` is refused for all but this
    /// machine.
    ///
    /// ```
    /// let builder = anaplan::Client::builder().url("https://gateway.example.com/anaplan");
    /// ```
    pub fn url(self, url: impl Into<String>) -> Self {
        self.hosts(Hosts::all(url))
    }

    /// Sets hosts and additional credentials, and transport and clock if the connection has them. A fake
    /// server returns such a connection.
    pub fn connection(mut self, mut connection: Connection) -> Self {
        self.hosts = Some(std::mem::take(&mut connection.hosts));
        self.transport = connection.transport.take().or(self.transport);
        self.clock = connection.clock.take().or(self.clock);
        self.base = connection;
        self
    }

    /// Sets the transport. Default: the bundled one, which comes with the feature `rustls`
    /// or `native-tls`.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Trusts a further authority, besides those that the machine trusts: for a gateway inside a company,
    /// or for a fake that serves https. May be called again for more.
    ///
    /// Takes what [`certificate`](Self::certificate) takes: the path of a file, or its content, in PEM, DER
    /// or PKCS#7, with the certificate of one authority or of several. One that cannot be read is an error
    /// of [`build`](Self::build).
    ///
    /// A server whose certificate no trusted authority has issued, or issued for another host, gets no
    /// request: calls fail with [`ErrorKind::Connect`](crate::ErrorKind::Connect).
    ///
    /// ```no_run
    /// let builder = anaplan::Client::builder().root_certificate("/etc/ssl/company-ca.cer");
    /// ```
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
    pub fn root_certificate(mut self, certificate: impl Into<Material>) -> Self {
        self.roots.push(certificate.into());
        self
    }

    /// Sends all requests through this proxy, instead of those of the environment (`HTTPS_PROXY`,
    /// `NO_PROXY`). An `http` or `https` URL, in which user and password may stand, or with the feature
    /// `socks` a `socks5` or `socks5h` URL.
    ///
    /// ```
    /// let builder = anaplan::Client::builder().proxy("http://proxy.example.com:3128");
    /// ```
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
    pub fn proxy(self, url: impl Into<String>) -> Self {
        self.network(|network| network.proxy(url))
    }

    /// Adds a header to every request, such as the key of a gateway. The headers of the SDK go before it.
    ///
    /// ```
    /// let builder = anaplan::Client::builder()
    ///     .url("https://gateway.example.com/anaplan")
    ///     .header("x-gateway-key", "k-123");
    /// ```
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.network(|network| network.header(name, value))
    }

    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    fn network(mut self, change: impl FnOnce(ReqwestBuilder) -> ReqwestBuilder) -> Self {
        self.network = Some(change(self.network.take().unwrap_or_default()));
        self
    }

    /// Sets the clock for the current time and for waiting. Default: that of the system.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Sets the retry policy. It does not change which operations are retried.
    ///
    /// ```
    /// use anaplan::RetryPolicy;
    ///
    /// let mut policy = RetryPolicy::default();
    /// policy.max_attempts = 3;
    /// let builder = anaplan::Client::builder().retry(policy);
    /// ```
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.retry = policy;
        self
    }

    /// Sets the rate limit of the client. Default: the limit of Anaplan for a whole tenant. Lower it if
    /// several programs share a tenant.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.settings.rate_limit = Some(limit);
        self
    }

    /// Removes the rate limit of the client. The client still waits after a 429 of the server.
    pub fn no_rate_limit(mut self) -> Self {
        self.settings.rate_limit = None;
        self
    }

    /// Sets the time limit of one HTTP exchange. Default: 5 minutes, because the first call to an unloaded model
    /// waits until it is loaded. For a limit on a whole call see [`Call::timeout`](crate::Call::timeout).
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.settings.attempt_timeout = limit;
        self
    }

    /// Sets the time limit for a streamed body without any bytes. Default: 1 minute.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.settings.idle_timeout = limit;
        self
    }

    /// Sets the maximum size of a response that is held in memory, in bytes after decompression. Default:
    /// 256 MiB. Reading a larger one fails with [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) at the limit.
    /// Streams have no limit, nor do files, which are read in chunks.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.settings.max_body = bytes;
        self
    }

    /// Sets the poll policy of tasks that have none of their own.
    pub fn poll(mut self, policy: PollPolicy) -> Self {
        self.settings.poll = policy;
        self
    }

    /// Sets the `User-Agent` header. Default: `anaplan-rs/` and the version.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.settings.user_agent = name.into();
        self
    }

    /// Checks everything and returns the client. Reads the files of certificate and key; sends nothing.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Config`](crate::ErrorKind::Config) if there is no way of signing in, or more than one; if a
    ///   host, an id, a timeout or the user agent is invalid; if a root certificate, a proxy or a header is
    ///   invalid, or was set besides a transport of your own, which would not use it; if there is no
    ///   transport because the features `rustls` and `native-tls` are off.
    /// * [`ErrorKind::Authentication`](crate::ErrorKind::Authentication) with a
    ///   [`CertificateProblem`](crate::auth::CertificateProblem) if certificate or key is invalid.
    pub fn build(self) -> Result<Client> {
        self.check()?;
        let transport = self.chosen_transport()?;
        let authenticator = self.sign_in.authenticator(self.environment)?;
        let mut connection = self.base;
        connection.hosts = self.hosts.unwrap_or_default();
        connection.transport = transport;
        connection.clock = self.clock;
        let session = Session::new(connection, authenticator, self.settings)?;
        Ok(Client::new(session, self.scope))
    }

    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    fn chosen_transport(&self) -> Result<Option<Arc<dyn Transport>>> {
        if self.network.is_none() && self.roots.is_empty() {
            return Ok(self.transport.clone());
        }
        if self.transport.is_some() {
            return Err(Error::new(
                ErrorKind::Config,
                "a proxy, a header or a root certificate was set besides a transport, which would not use it",
            ));
        }
        let mut network = self.network.clone().unwrap_or_default();
        for root in &self.roots {
            network = network.root_certificate(root.root_certificates()?);
        }
        Ok(Some(Arc::new(network.build()?)))
    }

    #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
    fn chosen_transport(&self) -> Result<Option<Arc<dyn Transport>>> {
        Ok(self.transport.clone())
    }

    fn check(&self) -> Result<()> {
        let is_blank = |id: Option<&str>| id.is_some_and(|id| id.trim().is_empty());
        let workspace = self.scope.workspace.as_ref().map(WorkspaceId::as_str);
        let model = self.scope.model.as_ref().map(ModelId::as_str);
        let problem = if is_blank(workspace) {
            "the workspace id is empty"
        } else if is_blank(model) {
            "the model id is empty"
        } else if self.settings.attempt_timeout.is_zero() || self.settings.idle_timeout.is_zero() {
            "a time-out of zero leaves no time for any call"
        } else if HeaderValue::from_str(&self.settings.user_agent).is_err() {
            "the user agent has characters that cannot stand in a header"
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::Config, problem))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("scope", &self.scope)
            .field("hosts", &self.hosts)
            .field("sign_in", &self.sign_in)
            .field("environment", &self.environment)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
