//! Failures of the HTTP library as errors of the transport.

use std::error::Error as StdError;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use super::proxies;
use crate::transport::{TransportError, TransportErrorKind};

/// Turns a failure before the head of the response into an error that names host, proxy and cause.
pub(super) fn of_request(
    error: reqwest::Error,
    url: &Uri,
    matcher: Option<&Matcher>,
) -> TransportError {
    if !error.is_connect() {
        return of_body(error);
    }
    let cause = telling(&error);
    let host = proxies::place(url);
    let proxy = matcher.and_then(|matcher| proxies::used_for(matcher, url));
    // The second is what a SOCKS proxy leads to.
    let rejections = ["proxy authorization required", "credentials not accepted"];
    if rejections.iter().any(|text| cause.contains(text)) {
        let proxy = proxy.map(|proxy| format!(" {proxy}")).unwrap_or_default();
        let text = format!(
            "cannot reach {host}: the proxy{proxy} rejects the credentials; check user and password in the URL of the proxy"
        );
        return TransportError::with_message(TransportErrorKind::Refused, text);
    }
    let through = proxy
        .map(|proxy| format!(" through proxy {proxy}"))
        .unwrap_or_default();
    let (kind, hint) = match Certificate::of(&cause) {
        Some(Certificate::UnknownIssuer) => (
            TransportErrorKind::Refused,
            "; if its authority is one of your company, add it with `root_certificate(..)`",
        ),
        Some(Certificate::Other) => (TransportErrorKind::Refused, ""),
        None => (TransportErrorKind::Connect, ""),
    };
    let cause = lower_first(&cause);
    let text = format!("cannot reach {host}{through}: {cause}{hint}");
    TransportError::with_message(kind, text)
}

/// Turns a failure while a body is sent or received into an error.
pub(super) fn of_body(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    let own = causes(&error).find_map(|cause| cause.downcast_ref::<TransportError>());
    let kind = match own {
        Some(own) => own.kind(),
        None if error.is_builder() => TransportErrorKind::Request,
        None if error.is_connect() => TransportErrorKind::Connect,
        None if is_timeout(&error) => TransportErrorKind::Timeout,
        None => TransportErrorKind::Interrupted,
    };
    // The library's own texts only say that something failed; the cause says what.
    let deepest = deepest(&error);
    match deepest.downcast_ref::<TransportError>() {
        Some(_) => TransportError::new(kind),
        None => TransportError::caused_by(kind, deepest.to_string()),
    }
}

/// A reason why the certificate of a server is not accepted.
enum Certificate {
    UnknownIssuer,
    Other,
}

impl Certificate {
    /// The texts are those of rustls and of OpenSSL, SChannel and Secure Transport.
    fn of(cause: &str) -> Option<Self> {
        let unknown = [
            "UnknownIssuer",
            // Another authority of the same name.
            "BadSignature",
            "unable to get local issuer certificate",
            "self-signed certificate",
            "self signed certificate",
            "untrusted root",
            "not trusted",
        ];
        if unknown.iter().any(|text| cause.contains(text)) {
            return Some(Self::UnknownIssuer);
        }
        let other = ["invalid peer certificate", "certificate verify failed"];
        other
            .iter()
            .any(|text| cause.contains(text))
            .then_some(Self::Other)
    }
}

fn is_timeout(error: &reqwest::Error) -> bool {
    let is_late = |error: &std::io::Error| error.kind() == std::io::ErrorKind::TimedOut;
    error.is_timeout()
        || causes(error)
            .filter_map(|cause| cause.downcast_ref())
            .any(is_late)
}

/// Returns the cause that says most: the one with the reason why a certificate is not trusted, which
/// OpenSSL does not repeat in the deepest one, or the deepest.
fn telling(error: &reqwest::Error) -> String {
    causes(error)
        .map(ToString::to_string)
        .filter(|cause| matches!(Certificate::of(cause), Some(Certificate::UnknownIssuer)))
        .last()
        .unwrap_or_else(|| deepest(error).to_string())
}

fn deepest(error: &reqwest::Error) -> &(dyn StdError + 'static) {
    causes(error).last().unwrap_or(error)
}

/// The error and its sources, outermost first.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        // An abbreviation stays as it is.
        Some(first) if !chars.as_str().starts_with(|c: char| c.is_uppercase()) => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}
