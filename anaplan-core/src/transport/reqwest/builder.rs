//! Options of the bundled transport.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use hyper_util::client::proxy::matcher::Matcher;

use super::{ReqwestTransport, proxies};
use crate::data::error::{Error, ErrorKind, Result};

/// The default of [`ReqwestBuilder::connect_timeout`].
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// The default of [`ReqwestBuilder::pool_max_idle_per_host`]. More connections than are used at the same
/// time are of no use.
const MAX_IDLE_PER_HOST: usize = 32;
/// The default of [`ReqwestBuilder::pool_idle_timeout`].
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Builds a [`ReqwestTransport`].
///
/// ```
/// use std::time::Duration;
/// use anaplan_core::transport::reqwest::ReqwestTransport;
///
/// let transport = ReqwestTransport::builder()
///     .proxy("http://proxy.example.com:3128")
///     .no_proxy("localhost,.example.com")
///     .header("x-gateway-key", "k-123")
///     .connect_timeout(Duration::from_secs(5))
///     .build()?;
/// # Ok::<(), anaplan_core::Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct ReqwestBuilder {
    proxy: Option<String>,
    no_proxy: Option<String>,
    headers: Vec<(String, String)>,
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    roots: Vec<u8>,
    connect_timeout: Option<Duration>,
    max_idle_per_host: Option<usize>,
    idle_timeout: Option<Duration>,
}

impl ReqwestBuilder {
    /// Sends all requests through this proxy, instead of those of the environment. An `http` or `https`
    /// URL, or with the feature `socks` a `socks5` or `socks5h` URL. User and password may stand in it.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Sets the hosts that are reached without the [`proxy`](Self::proxy), as a list with commas: names,
    /// which stand for their subdomains as well, IP addresses and networks. No effect on the proxies of the
    /// environment, which have `NO_PROXY`.
    pub fn no_proxy(mut self, hosts: impl Into<String>) -> Self {
        self.no_proxy = Some(hosts.into());
        self
    }

    /// Adds a header to every request, such as the key of a gateway. The headers of the SDK go before it.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Trusts a further authority: see [`ReqwestTransport::with_root_certificates`]. May be called again
    /// for more.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
    pub fn root_certificate(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.roots.extend_from_slice(pem.as_ref());
        // A text may lack the line break at its end, which would join it to the next one.
        self.roots.push(b'\n');
        self
    }

    /// Limits the time for making a connection. Default: 30 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = Some(limit);
        self
    }

    /// Sets how many idle connections are kept open for each host. Default: 32.
    pub fn pool_max_idle_per_host(mut self, connections: usize) -> Self {
        self.max_idle_per_host = Some(connections);
        self
    }

    /// Sets how long an idle connection is kept open. Default: 60 s.
    pub fn pool_idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = Some(limit);
        self
    }

    /// Builds the transport. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if TLS cannot be set up, or if a proxy (also one of the environment), a header
    /// or a root certificate cannot be used.
    pub fn build(self) -> Result<ReqwestTransport> {
        let (proxy, matcher) = self.chosen_proxy()?;
        let mut builder = defaults()
            .connect_timeout(self.connect_timeout.unwrap_or(CONNECT_TIMEOUT))
            .pool_max_idle_per_host(self.max_idle_per_host.unwrap_or(MAX_IDLE_PER_HOST))
            .pool_idle_timeout(self.idle_timeout.unwrap_or(IDLE_TIMEOUT))
            .default_headers(self.header_map()?);
        if let Some(proxy) = proxy {
            builder = builder.proxy(proxy);
        }
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        if !self.roots.is_empty() {
            builder = builder.tls_certs_merge(super::root_certificates(&self.roots)?);
        }
        let client = builder.build().map_err(|error| {
            Error::new(ErrorKind::Config, "the HTTP client cannot be set up")
                .caused_by(error.without_url())
        })?;
        Ok(ReqwestTransport {
            client,
            proxies: Some(Arc::new(matcher)),
        })
    }

    fn chosen_proxy(&self) -> Result<(Option<reqwest::Proxy>, Matcher)> {
        let Some(url) = &self.proxy else {
            return Ok((None, proxies::of_environment()?));
        };
        let unusable =
            |problem: &str| Error::new(ErrorKind::Config, format!("the proxy {problem}"));
        proxies::check(url).map_err(unusable)?;
        let url = if url.contains("://") {
            url.clone()
        } else {
            format!("http://{url}")
        };
        let exceptions = self.no_proxy.as_deref().unwrap_or_default();
        let proxy = reqwest::Proxy::all(&url)
            .map_err(|_| unusable("is not a URL"))?
            .no_proxy(reqwest::NoProxy::from_string(exceptions));
        let matcher = Matcher::builder()
            .all(url)
            .no(exceptions.to_owned())
            .build();
        Ok((Some(proxy), matcher))
    }

    fn header_map(&self) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let unusable = |what: &str| {
                let text = format!(
                    "the {what} of the extra header {name:?} has characters that cannot stand there"
                );
                Error::new(ErrorKind::Config, text)
            };
            let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unusable("name"))?;
            let mut value = HeaderValue::from_str(value).map_err(|_| unusable("value"))?;
            value.set_sensitive(true);
            headers.append(key, value);
        }
        Ok(headers)
    }
}

/// Shows no proxy and no header value: both may hold secrets.
impl fmt::Debug for ReqwestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("ReqwestBuilder")
            .field("has_proxy", &self.proxy.is_some())
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

/// A client that follows no redirects and leaves content encodings to the transport, also if other crates
/// turn on the features for them.
fn defaults() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .tcp_keepalive(Duration::from_secs(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_option_is_a_config_error_without_secrets() {
        for builder in [
            ReqwestBuilder::default().proxy("ftp://ada:s3cret@proxy.example"),
            ReqwestBuilder::default().proxy("http://ada:s3cret@proxy.example:99999"),
            ReqwestBuilder::default().proxy(""),
            ReqwestBuilder::default().header("x-key", "s3cret\n"),
            ReqwestBuilder::default().header("x key", "s3cret"),
        ] {
            let error = builder.clone().build().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(!format!("{error} {error:?} {builder:?}").contains("s3cret"));
        }
    }
}
