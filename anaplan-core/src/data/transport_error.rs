//! Failures of the transport.

use std::error::Error as StdError;

/// The phase in which an exchange failed. Decides whether the request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection: name resolution, TCP or TLS failed. The server has not seen the request.
    Connect,
    /// No connection, and another attempt would fail in the same way: the proxy rejects the
    /// credentials, the certificate of the server is not trusted, the scheme of the proxy is not
    /// supported. The server has not seen the request.
    Refused,
    /// The wait for the server ran out. The request may have been carried out.
    Timeout,
    /// The connection broke after sending began. The request may have been carried out.
    Interrupted,
    /// The body of the request could not be read. The server has seen a part of the request at most.
    Body,
    /// The request could not even be formed or is refused locally. The server has not seen it.
    Request,
    /// The response has a content encoding that cannot be decoded. The server has answered.
    Encoding,
}

impl TransportErrorKind {
    /// Returns true if the server has certainly not seen the request.
    #[must_use]
    pub fn is_unsent(self) -> bool {
        matches!(self, Self::Connect | Self::Refused | Self::Request)
    }

    /// Returns true if another attempt would fail in the same way.
    #[must_use]
    pub fn is_permanent(self) -> bool {
        matches!(
            self,
            Self::Refused | Self::Body | Self::Request | Self::Encoding
        )
    }

    fn text(self) -> &'static str {
        match self {
            Self::Connect | Self::Refused => "no connection to the server",
            Self::Timeout => "the server did not answer in time",
            Self::Interrupted => "the connection broke",
            Self::Body => "the body of the request cannot be read",
            Self::Request => "the request could not be sent",
            Self::Encoding => "the response cannot be decoded",
        }
    }
}

/// An exchange that ended without a (whole) response.
///
/// Its text is either general, by its kind, or a [message](Self::message) that names host, proxy and
/// cause. The [source](StdError::source) adds what the text does not say.
#[derive(Debug, thiserror::Error)]
#[error("{}", message.as_deref().unwrap_or(kind.text()))]
pub struct TransportError {
    kind: TransportErrorKind,
    message: Option<String>,
    #[source]
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// Creates an error without a cause.
    #[must_use]
    pub fn new(kind: TransportErrorKind) -> Self {
        Self {
            kind,
            message: None,
            source: None,
        }
    }

    /// Creates an error with a cause, which must not contain credentials or the query of the URL.
    pub fn caused_by(
        kind: TransportErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(kind)
        }
    }

    /// Creates an error whose message says everything: what failed, on which host and why. It must not
    /// contain credentials or the query of the URL.
    pub fn with_message(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self {
            message: Some(message.into()),
            ..Self::new(kind)
        }
    }

    /// Returns the phase in which it failed.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Returns the message, if the error has one besides the general text of its kind.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}
