//! Problems of a certificate or its key.

use std::error::Error as _;

use anaplan_core::{Error, ErrorKind};

/// Problem of a certificate or its private key, found before anything is sent.
///
/// It is the source of an [`Error`] of [`ErrorKind::Authentication`]. The text of that error names the
/// file, its contents, and the command or call that helps:
///
/// ```
/// use anaplan_auth::{Certificate, CertificateProblem};
///
/// let error = Certificate::builder().certificate("/no/such/file.pem").build().unwrap_err();
/// assert_eq!(CertificateProblem::of(&error), Some(CertificateProblem::Unreadable));
/// assert!(error.to_string().contains("/no/such/file.pem"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// No certificate or no private key was given.
    #[error("missing")]
    Missing,
    /// The file cannot be read.
    #[error("unreadable file")]
    Unreadable,
    /// The file contains no certificate.
    #[error("no certificate")]
    NoCertificate,
    /// The certificate is damaged.
    #[error("damaged certificate")]
    DamagedCertificate,
    /// The certificate has expired.
    #[error("expired certificate")]
    Expired,
    /// The certificate is not valid yet.
    #[error("certificate not yet valid")]
    NotYetValid,
    /// The file contains no private key.
    #[error("no private key")]
    NoPrivateKey,
    /// The private key is damaged.
    #[error("damaged private key")]
    DamagedKey,
    /// The private key is in a format that must be converted first.
    #[error("unsupported key format")]
    UnsupportedFormat,
    /// The key or the certificate is not RSA.
    #[error("not an RSA key")]
    NotRsa,
    /// The key is too short or too long.
    #[error("unsupported key size")]
    KeySize,
    /// The private key is encrypted and no password was given.
    #[error("missing password")]
    PasswordMissing,
    /// The password does not open the private key.
    #[error("wrong password")]
    WrongPassword,
    /// The private key, or the signer, does not belong to the certificate.
    #[error("key of another certificate")]
    KeyMismatch,
}

impl CertificateProblem {
    /// Returns the problem that an error is about, if it is about a certificate or its key.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        error.source()?.downcast_ref().copied()
    }

    pub(super) fn error(self, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Authentication, message).caused_by(self)
    }
}
