//! Properties of a certificate that Anaplan may refuse.

use std::fmt;

/// A property of a certificate that Anaplan may refuse.
///
/// The sign-in is tried all the same: only the service decides. Anaplan requires S/MIME certificates of a
/// public authority with the extended key usages client authentication and e-mail protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateWarning {
    /// The extended key usage client authentication (1.3.6.1.5.5.7.3.2) is missing.
    NoClientAuthentication,
    /// The extended key usage e-mail protection (1.3.6.1.5.5.7.3.4) is missing.
    NoEmailProtection,
    /// The certificate is self-signed.
    SelfSigned,
}

impl fmt::Display for CertificateWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoClientAuthentication => {
                "lacks the extended key usage client authentication (1.3.6.1.5.5.7.3.2), which Anaplan requires; request an S/MIME certificate with it"
            }
            Self::NoEmailProtection => {
                "lacks the extended key usage e-mail protection (1.3.6.1.5.5.7.3.4), which Anaplan requires; request an S/MIME certificate with it"
            }
            Self::SelfSigned => {
                "is self-signed, and Anaplan accepts certificates of registered authorities only"
            }
        })
    }
}
