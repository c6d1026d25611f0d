//! The bundled transport.

mod body;
mod builder;
mod decode;
mod driver_turn;
mod errors;
mod proxies;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH};
use http::{HeaderValue, Method};
use http_body::Body as _;
use hyper_util::client::proxy::matcher::Matcher;

use self::body::Outgoing;
pub use self::builder::ReqwestBuilder;
use super::{ResponseBody, Transport, TransportError, TransportErrorKind};
use crate::data::error::Result;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
use crate::data::error::{Error, ErrorKind};
use crate::operation::request_body::RequestBody;

/// The content encodings that are asked for: those that the transport decodes.
const ENCODINGS: &str = if cfg!(feature = "gzip") {
    "gzip"
} else {
    "identity"
};

/// Sends requests with reqwest: connection pool, proxies from the environment, TLS by feature.
///
/// Redirects are not followed, so a credential never travels to a host that was not configured.
/// [`builder`](Self::builder) has options for proxies, headers, authorities and pools. For anything else
/// wrap a reqwest client of your own:
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use anaplan_core::transport::reqwest::ReqwestTransport;
///
/// let client = reqwest::Client::builder()
///     .redirect(reqwest::redirect::Policy::none())
///     .local_address(std::net::IpAddr::from([127, 0, 0, 1]))
///     .build()?;
/// let transport = ReqwestTransport::with_client(client);
/// # Ok(()) }
/// ```
///
/// Its `Debug` shows nothing of the client, whose proxies and default headers may hold secrets.
#[derive(Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    /// For naming the proxy in errors.
    proxies: Option<Arc<Matcher>>,
}

impl ReqwestTransport {
    /// Creates a transport with the defaults of this SDK.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if TLS or a proxy of the environment cannot be set
    /// up.
    pub fn new() -> Result<Self> {
        Self::builder().build()
    }

    /// Creates a builder for a transport with other options.
    pub fn builder() -> ReqwestBuilder {
        ReqwestBuilder::default()
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
        Self::builder().root_certificate(file).build()
    }

    /// Creates a transport over a client of your own. It should not follow redirects, and it should leave
    /// content encodings alone: its own decoders drop later members of a gzip body.
    #[must_use]
    pub fn with_client(client: reqwest::Client) -> Self {
        Self {
            client,
            proxies: None,
        }
    }
}

/// Reads the certificates of authorities.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn root_certificates(file: &[u8]) -> Result<Vec<reqwest::Certificate>> {
    let document = crate::data::pem::read(file);
    let mut roots = Vec::new();
    for (index, root) in document.root_certificates(None)?.into_iter().enumerate() {
        let root = reqwest::Certificate::from_der(root).map_err(|error| {
            let number = index + 1;
            let text = format!("the root certificate cannot be read: number {number} is damaged");
            Error::new(ErrorKind::Config, text).caused_by(error.without_url())
        })?;
        roots.push(root);
    }
    Ok(roots)
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
        let (mut head, body) = request.into_parts();
        if body.is_empty() && expects_body(&head.method) {
            // Without it some servers respond with 411.
            head.headers
                .insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let encodings = HeaderValue::from_static(ENCODINGS);
        head.headers.entry(ACCEPT_ENCODING).or_insert(encodings);
        let url = head.uri.clone();
        let request = http::Request::from_parts(head, outgoing(body));
        let request = reqwest::Request::try_from(request).map_err(|error| {
            TransportError::caused_by(TransportErrorKind::Request, error.without_url())
        })?;
        let response = self.client.execute(request).await;
        let response =
            response.map_err(|error| errors::of_request(error, &url, self.proxies.as_deref()))?;
        let response = http::Response::from(response);
        Ok(decode::decoded(
            response.map(|body| ResponseBody::from_stream(Incoming(body))),
        ))
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

/// The body of a response as it arrives.
struct Incoming(reqwest::Body);

impl Stream for Incoming {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(Pin::new(&mut self.0).poll_frame(cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(errors::of_body(error)))),
                Some(Ok(frame)) => {
                    // Trailers say nothing that the SDK reads.
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_the_client() {
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
