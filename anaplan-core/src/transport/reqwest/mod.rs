//! The bundled transport.

mod body;
mod driver_turn;

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;
use http::Method;
use http::header::CONTENT_LENGTH;

use self::body::Outgoing;
use super::{ResponseBody, Transport, TransportError, TransportErrorKind};
use crate::data::error::{Error, ErrorKind, Result};
use crate::operation::request_body::RequestBody;

/// How long making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends requests with reqwest: connection pool, proxies from the environment, TLS by feature.
///
/// Redirects are not followed, so a credential never travels to a host that was not configured.
/// Wrap a reqwest client of your own for other proxies or pool sizes:
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use anaplan_core::transport::reqwest::ReqwestTransport;
///
/// let client = reqwest::Client::builder()
///     .redirect(reqwest::redirect::Policy::none())
///     .pool_max_idle_per_host(16)
///     .build()?;
/// let transport = ReqwestTransport::with_client(client);
/// # Ok(()) }
/// ```
///
/// Its `Debug` shows nothing of the client, whose proxies and default headers may hold secrets.
#[derive(Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
}

impl ReqwestTransport {
    /// A transport with the defaults of this SDK.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when TLS or a proxy of the environment cannot be set up.
    pub fn new() -> Result<Self> {
        Self::build(defaults())
    }

    /// A transport that trusts further authorities, besides those that the machine trusts: for gateways
    /// and servers inside a company, and for a fake that serves https.
    ///
    /// `file` is the content of a file with the certificate of one authority or of several: PEM, DER or
    /// PKCS#7, in every form that [`pem`](crate::pem) reads.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if there is no certificate, if one of several cannot be read, and for the
    /// reasons of [`new`](Self::new).
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
    pub fn with_root_certificates(file: impl AsRef<[u8]>) -> Result<Self> {
        let document = crate::pem::read(file.as_ref());
        let mut roots = Vec::new();
        for (index, root) in document.root_certificates(None)?.into_iter().enumerate() {
            let root = reqwest::Certificate::from_der(root).map_err(|error| {
                let number = index + 1;
                let text =
                    format!("the root certificate cannot be read: number {number} is damaged");
                Error::new(ErrorKind::Config, text).caused_by(error.without_url())
            })?;
            roots.push(root);
        }
        Self::build(defaults().tls_certs_merge(roots))
    }

    fn build(builder: reqwest::ClientBuilder) -> Result<Self> {
        let client = builder.build().map_err(|error| {
            Error::new(ErrorKind::Config, "the HTTP client cannot be set up")
                .caused_by(error.without_url())
        })?;
        Ok(Self { client })
    }

    /// A transport over a client of your own. It should not follow redirects.
    #[must_use]
    pub fn with_client(client: reqwest::Client) -> Self {
        Self { client }
    }
}

fn defaults() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_keepalive(Duration::from_secs(60))
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransport").finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(
        &self,
        request: http::Request<RequestBody>,
    ) -> Result<http::Response<ResponseBody>, TransportError> {
        let mut request = request;
        if request.body().is_empty() && expects_body(request.method()) {
            // Without it some servers respond with 411.
            let zero = http::HeaderValue::from_static("0");
            request.headers_mut().insert(CONTENT_LENGTH, zero);
        }
        let request = request.map(outgoing);
        let request = reqwest::Request::try_from(request).map_err(|error| {
            TransportError::caused_by(TransportErrorKind::Request, error.without_url())
        })?;
        let response = self.client.execute(request).await.map_err(classify)?;
        let mut head = http::Response::new(());
        *head.status_mut() = response.status();
        *head.version_mut() = response.version();
        *head.headers_mut() = response.headers().clone();
        let body = ResponseBody::from_stream(Chunks(Box::pin(response.bytes_stream())));
        Ok(head.map(|()| body))
    }
}

fn expects_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

fn outgoing(body: RequestBody) -> reqwest::Body {
    if body.is_empty() {
        return reqwest::Body::from(Bytes::new());
    }
    reqwest::Body::wrap(Outgoing::new(body))
}

/// Builder and connect errors are certain to come before the first byte; everything else may not.
fn classify(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    let own = causes(&error).find_map(|cause| cause.downcast_ref::<TransportError>());
    let kind = if let Some(own) = own {
        own.kind()
    } else if error.is_builder() {
        TransportErrorKind::Request
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_timeout() || has_timed_out(&error) {
        TransportErrorKind::Timeout
    } else {
        TransportErrorKind::Interrupted
    };
    TransportError::caused_by(kind, error)
}

fn has_timed_out(error: &(dyn StdError + 'static)) -> bool {
    causes(error)
        .find_map(|cause| cause.downcast_ref::<std::io::Error>())
        .is_some_and(|error| error.kind() == std::io::ErrorKind::TimedOut)
}

/// The error and its sources, outermost first.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

type ByteStream = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

struct Chunks(ByteStream);

impl Stream for Chunks {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0
            .as_mut()
            .poll_next(cx)
            .map(|chunk| chunk.map(|chunk| chunk.map_err(classify)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shows_nothing_of_the_client_that_it_was_given() {
        let mut headers = http::HeaderMap::new();
        headers.insert("x-gateway-key", "s3cret".parse().unwrap());
        let client = reqwest::Client::builder()
            .default_headers(headers)
            .proxy(reqwest::Proxy::http("http://ada:s3cret@proxy.example").unwrap())
            .build()
            .unwrap();
        let transport = ReqwestTransport::with_client(client);
        assert!(!format!("{transport:?} {transport:#?}").contains("s3cret"));
    }
}
