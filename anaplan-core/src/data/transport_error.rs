//! Failures of the transport.

use std::error::Error as StdError;

/// Phase in which an exchange failed. Determines whether the request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection: name resolution, TCP or TLS failed. The server has not received the request.
    Connect,
    /// No connection, and another attempt would fail in the same way: the proxy rejects the
    /// credentials, the certificate of the server is not trusted, the scheme of the proxy is not
    /// supported. The server has not received the request.
    Refused,
    /// The server did not respond in time. The request may have been executed.
    Timeout,
    /// The connection broke after sending began. The request may have been executed.
    Interrupted,
    /// The body of the request could not be read. The server has received a part of it at most.
    Body,
    /// The request is invalid and was not sent.
    Request,
    /// The response has a content encoding that cannot be decoded. The server has responded.
    Encoding,
}

impl TransportErrorKind {
    /// Returns `true` if the server has certainly not received the request.
    #[must_use]
    pub fn is_unsent(self) -> bool {
        matches!(self, Self::Connect | Self::Refused | Self::Request)
    }

    /// Returns `true` if another attempt would fail in the same way.
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
            Self::Timeout => "the server did not respond in time",
            Self::Interrupted => "the connection broke",
            Self::Body => "the body of the request cannot be read",
            Self::Request => "the request could not be sent",
            Self::Encoding => "the response cannot be decoded",
        }
    }
}

/// An exchange without a complete response.
///
/// Its text is general, by its kind, or a [message](Self::message) that names host, proxy and cause.
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
