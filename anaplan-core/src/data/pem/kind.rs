//! Kinds of objects and of damage.

use std::fmt;

use super::der;

/// The kind of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// An X.509 certificate.
    Certificate,
    /// A PKCS#7 bundle of certificates.
    Bundle,
    /// A certificate request.
    Request,
    /// A certificate revocation list.
    RevocationList,
    /// A public key.
    PublicKey,
    /// A private key in PKCS#8, of any algorithm.
    Pkcs8Key,
    /// An RSA private key in PKCS#1.
    Pkcs1Key,
    /// An EC private key in its own format (SEC 1).
    EcKey,
    /// A DSA private key in its own format.
    DsaKey,
    /// A private key in encrypted PKCS#8.
    EncryptedKey,
    /// A private key in the PEM encryption that OpenSSL used before PKCS#8.
    LegacyEncryptedKey,
    /// A private key in the format of OpenSSH.
    OpenSshKey,
    /// A private key in the format of PuTTY.
    PuttyKey,
    /// A PKCS#12 file (`.p12`, `.pfx`).
    Pkcs12,
    /// A Java keystore (JKS or JCEKS).
    JavaKeyStore,
    /// A web page.
    WebPage,
    /// Something else.
    Unknown,
}

/// The reason why an object has no content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Damage {
    /// The BEGIN line is missing.
    NoBegin,
    /// The END line is missing.
    NoEnd,
    /// The text between BEGIN and END is not base64.
    NotBase64,
    /// The content is cut off or is not DER.
    NotDer,
    /// The content is BER of indefinite length.
    IndefiniteLength,
    /// The format is known and not read.
    UnsupportedEncoding,
}

impl Kind {
    /// Returns whether this is a private key of any form, encrypted or not.
    #[must_use]
    pub fn is_private_key(self) -> bool {
        matches!(
            self,
            Self::Pkcs8Key
                | Self::Pkcs1Key
                | Self::EcKey
                | Self::DsaKey
                | Self::EncryptedKey
                | Self::LegacyEncryptedKey
                | Self::OpenSshKey
                | Self::PuttyKey
        )
    }

    /// Returns whether the content is DER.
    pub(super) fn is_der(self) -> bool {
        !matches!(
            self,
            Self::LegacyEncryptedKey
                | Self::OpenSshKey
                | Self::PuttyKey
                | Self::JavaKeyStore
                | Self::WebPage
                | Self::Unknown
        )
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Bundle => "PKCS#7 bundle",
            Self::Request => "certificate request",
            Self::RevocationList => "revocation list",
            Self::PublicKey => "public key",
            Self::Pkcs8Key | Self::Pkcs1Key => "private key",
            Self::EcKey => "EC private key",
            Self::DsaKey => "DSA private key",
            Self::EncryptedKey | Self::LegacyEncryptedKey => "encrypted private key",
            Self::OpenSshKey => "OpenSSH private key",
            Self::PuttyKey => "PuTTY private key",
            Self::Pkcs12 => "PKCS#12 file",
            Self::JavaKeyStore => "Java keystore",
            Self::WebPage => "web page",
            Self::Unknown => "unknown object",
        }
    }
}

impl Damage {
    pub(super) fn of_der(content: &[u8]) -> Self {
        if content.starts_with(&[0x30, 0x80]) {
            Self::IndefiniteLength
        } else {
            Self::NotDer
        }
    }

    /// Returns whether the object is damaged, and not only of a format that is not read.
    pub(super) fn is_damage(self) -> bool {
        !matches!(self, Self::IndefiniteLength | Self::UnsupportedEncoding)
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoBegin => "its BEGIN line is missing",
            Self::NoEnd => "its END line is missing",
            Self::NotBase64 => "the text between its BEGIN and END lines is not base64",
            Self::NotDer => "its content is cut off or changed",
            Self::IndefiniteLength => "its content is BER of indefinite length, and not DER",
            Self::UnsupportedEncoding => "its format is not supported",
        })
    }
}

pub(super) fn write_counted(
    f: &mut fmt::Formatter<'_>,
    kind: Kind,
    damaged: bool,
    count: usize,
) -> fmt::Result {
    if kind == Kind::Unknown {
        return f.write_str("data of an unknown kind");
    }
    let noun = kind.noun();
    let words = if damaged { "damaged " } else { "" };
    if count > 1 {
        write!(f, "{count} {words}{noun}s")
    } else if words.is_empty() && noun.starts_with(['e', 'E', 'O']) {
        write!(f, "an {noun}")
    } else {
        write!(f, "a {words}{noun}")
    }
}

/// Returns the kind that a PEM label promises.
pub(super) fn of_label(label: &str) -> Kind {
    match label {
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Kind::Certificate,
        "PKCS7" | "CMS" | "PKCS #7 SIGNED DATA" | "CERTIFICATE CHAIN" => Kind::Bundle,
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Kind::Request,
        "X509 CRL" => Kind::RevocationList,
        "PRIVATE KEY" => Kind::Pkcs8Key,
        "RSA PRIVATE KEY" => Kind::Pkcs1Key,
        "EC PRIVATE KEY" => Kind::EcKey,
        "DSA PRIVATE KEY" => Kind::DsaKey,
        "ENCRYPTED PRIVATE KEY" => Kind::EncryptedKey,
        "OPENSSH PRIVATE KEY" | "SSH2 ENCRYPTED PRIVATE KEY" => Kind::OpenSshKey,
        "PKCS12" => Kind::Pkcs12,
        label if label.ends_with("PUBLIC KEY") => Kind::PublicKey,
        label if label.ends_with("PRIVATE KEY") => Kind::Pkcs8Key,
        _ => Kind::Unknown,
    }
}

/// Returns the kind of a binary file that is no complete DER, by its first bytes.
pub(super) fn of_magic(file: &[u8]) -> Option<Kind> {
    // BER: the object identifier follows the outer length at once.
    let indefinite = [&[0x30, 0x80, 0x06, 0x09][..], &der::SIGNED_DATA].concat();
    if file.starts_with(&[0xFE, 0xED, 0xFE, 0xED]) || file.starts_with(&[0xCE; 4]) {
        Some(Kind::JavaKeyStore)
    } else if file.starts_with(&indefinite) {
        Some(Kind::Bundle)
    } else if file.starts_with(&[0x30, 0x80, 0x02, 0x01, 0x03]) {
        Some(Kind::Pkcs12)
    } else {
        None
    }
}

/// Returns the kind of normalized text that is no PEM.
pub(super) fn of_text(text: &[u8]) -> Option<Kind> {
    let text = text.trim_ascii_start();
    let starts = |with: &[u8]| {
        text.get(..with.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    if starts(b"PuTTY-User-Key-File") {
        Some(Kind::PuttyKey)
    } else if starts(b"ssh-rsa ") || starts(b"ssh-ed25519 ") {
        Some(Kind::PublicKey)
    } else if starts(b"<!DOCTYPE html") || starts(b"<html") {
        Some(Kind::WebPage)
    } else {
        None
    }
}
