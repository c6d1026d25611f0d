//! Lenient reader of certificates and keys in PEM and DER.
//!
//! Accepts what editors, shells, secret stores and Windows make of such files: a byte order mark,
//! UTF-16, any line breaks or none, line breaks as `\n` or `%0A`, indentation, quotation marks, text
//! around the blocks, and the base64 of a whole file. PKCS#7 bundles are unpacked. The kind of an object
//! is determined by its content, and by its label only if the content does not show it.
//!
//! Nothing of the original text is kept: an object is its DER, and [`encode`] writes it as canonical PEM.
//! Everything decoded is wiped when it is dropped.
//!
//! ```
//! use anaplan_core::pem;
//!
//! let file = "  -----BEGIN RSA PUBLIC KEY----- MAYCAQUCAQM= -----END RSA PUBLIC KEY-----";
//! let document = pem::read(file.as_bytes());
//! let der = document.objects[0].content().unwrap();
//! assert_eq!(
//!     pem::encode("RSA PUBLIC KEY", der),
//!     "-----BEGIN RSA PUBLIC KEY-----\nMAYCAQUCAQM=\n-----END RSA PUBLIC KEY-----\n"
//! );
//! ```

mod blocks;
mod command;
mod der;
mod kind;
mod text;

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::error::{Error, ErrorKind, Result};

pub use command::{conversion_command, output_file, quote};
pub use kind::{Damage, Kind};

/// Nested encodings that are unpacked: base64 of base64 of a file is the most that was seen.
const MAX_LAYERS: usize = 3;

/// The objects of a file.
#[derive(Debug, Default)]
pub struct Document {
    /// The objects in the order of the file. Empty for a blank file.
    pub objects: Vec<Object>,
}

/// A certificate, key or other object of a file.
///
/// Its `Debug` does not show the content.
pub struct Object {
    kind: Kind,
    encryption: Option<LegacyEncryption>,
    content: Result<Zeroizing<Vec<u8>>, Damage>,
}

/// Parameters of the PEM encryption that OpenSSL used before PKCS#8: the header `DEK-Info`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyEncryption {
    /// Name of the cipher: `AES-256-CBC`.
    pub cipher: String,
    /// Initialization vector.
    pub iv: Vec<u8>,
}

/// Reads a file: PEM, DER, or the base64 of one.
///
/// Never fails: what is damaged or unknown is an object that says so.
#[must_use]
pub fn read(file: &[u8]) -> Document {
    read_layer(file, MAX_LAYERS)
}

/// Returns whether a string or file contains a PEM marker, however distorted.
#[must_use]
pub fn has_marker(file: &[u8]) -> bool {
    blocks::has_marker(&text::normalize(file))
}

/// Returns canonical PEM: lines of 64 characters, ended by line feeds.
#[must_use]
pub fn encode(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    text.reserve(body.len() + body.len() / 64 + label.len() + 20);
    for (index, character) in body.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text.push_str("\n-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

fn read_layer(file: &[u8], layers: usize) -> Document {
    if let Some(object) = binary(file) {
        return Document::of(object);
    }
    let text = text::normalize(file);
    if text.iter().all(u8::is_ascii_whitespace) {
        return Document::default();
    }
    let objects = blocks::objects(&text);
    if !objects.is_empty() {
        return Document { objects };
    }
    if let Some(kind) = kind::of_text(&text) {
        return Document::of(Object::without_content(kind, Damage::UnsupportedEncoding));
    }
    let inner = text::decode_base64(&text).filter(|_| layers > 0);
    inner
        .map(|inner| read_layer(&inner, layers - 1))
        .filter(|document| {
            document
                .objects
                .iter()
                .any(|object| object.kind != Kind::Unknown)
        })
        .unwrap_or_else(|| Document::of(Object::without_content(Kind::Unknown, Damage::NotDer)))
}

/// The object of a binary file.
fn binary(file: &[u8]) -> Option<Object> {
    if der::is_complete(file) {
        return Some(Object::of_der(None, None, Zeroizing::new(file.to_vec())));
    }
    let kind = kind::of_magic(file)?;
    let damage = if kind == Kind::JavaKeyStore {
        Damage::UnsupportedEncoding
    } else if file.starts_with(&[0x30, 0x80]) {
        Damage::IndefiniteLength
    } else {
        Damage::NotDer
    };
    Some(Object::without_content(kind, damage))
}

impl Document {
    fn of(object: Object) -> Self {
        Self {
            objects: vec![object],
        }
    }

    /// Returns the DER of every certificate, those in PKCS#7 bundles included, in the order of the file.
    ///
    /// A certificate or bundle that cannot be read is an error in its place.
    #[must_use]
    pub fn certificates(&self) -> Vec<Result<&[u8], Damage>> {
        let mut certificates = Vec::new();
        for object in &self.objects {
            match (object.kind, object.content()) {
                (Kind::Certificate, content) => certificates.push(content),
                (Kind::Bundle, Ok(content)) => match der::bundled_certificates(content) {
                    Some(bundled) => certificates.extend(bundled.into_iter().map(Ok)),
                    None => certificates.push(Err(Damage::NotDer)),
                },
                (Kind::Bundle, Err(damage)) => certificates.push(Err(damage)),
                _ => {}
            }
        }
        certificates
    }

    /// Returns the first private key of any form.
    #[must_use]
    pub fn private_key(&self) -> Option<&Object> {
        self.objects
            .iter()
            .find(|object| object.kind.is_private_key())
    }

    /// Returns the kind that most likely explains why something is not in the file.
    #[must_use]
    pub fn main_kind(&self) -> Kind {
        let kinds = || self.objects.iter().map(|object| object.kind);
        kinds()
            .find(|kind| *kind != Kind::Unknown)
            .or_else(|| kinds().next())
            .unwrap_or(Kind::Unknown)
    }

    /// Returns the DER of the certificates of a file of trusted roots.
    ///
    /// `path` is the file's path, for messages.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if there is no certificate, or if one of several cannot be read: a root that
    /// is left out silently shows up as a failed connection much later.
    pub fn root_certificates(&self, path: Option<&Path>) -> Result<Vec<&[u8]>> {
        let name = path.map_or_else(String::new, |path| format!(" {}", path.display()));
        let fail = |text: String| Error::new(ErrorKind::Config, text);
        let certificates = self.certificates();
        let count = certificates.len();
        if count == 0 {
            let next = conversion_command(self.main_kind(), path).map_or_else(
                || "pass the certificate of the authority as PEM, DER or PKCS#7".to_owned(),
                |command| format!("convert the file: {command}"),
            );
            let found = if self.objects.is_empty() {
                "is empty".to_owned()
            } else {
                format!("contains no certificate, only {self}")
            };
            return Err(fail(format!("the root certificate{name} {found}; {next}")));
        }
        let mut roots = Vec::with_capacity(count);
        for (index, certificate) in certificates.into_iter().enumerate() {
            roots.push(certificate.map_err(|damage| {
                let number = index + 1;
                fail(format!(
                    "the root certificate{name} cannot be read: of {count} certificates, number {number} is damaged: {damage}; export it again, or remove it from the file"
                ))
            })?);
        }
        Ok(roots)
    }
}

/// The contents in words: "2 certificates and a private key".
impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups: Vec<(Kind, bool, usize)> = Vec::new();
        for object in &self.objects {
            let damaged = object.damage().is_some_and(Damage::is_damage);
            match groups
                .iter_mut()
                .find(|(kind, broken, _)| (*kind, *broken) == (object.kind, damaged))
            {
                Some((.., count)) => *count += 1,
                None => groups.push((object.kind, damaged, 1)),
            }
        }
        if groups.is_empty() {
            return f.write_str("no object");
        }
        for (index, (kind, damaged, count)) in groups.iter().enumerate() {
            if index > 0 {
                f.write_str(if index + 1 == groups.len() {
                    " and "
                } else {
                    ", "
                })?;
            }
            kind::write_counted(f, *kind, *damaged, *count)?;
        }
        Ok(())
    }
}

impl Object {
    fn without_content(kind: Kind, damage: Damage) -> Self {
        Self {
            kind,
            encryption: None,
            content: Err(damage),
        }
    }

    /// An object whose content is complete DER, or should be.
    fn of_der(
        label: Option<&str>,
        encryption: Option<LegacyEncryption>,
        mut content: Zeroizing<Vec<u8>>,
    ) -> Self {
        let labelled = label.map_or(Kind::Unknown, kind::of_label);
        if encryption.is_some() {
            // Encrypted: the content is no DER before it is decrypted.
            let kind = match labelled {
                Kind::EcKey | Kind::DsaKey => labelled,
                _ => Kind::LegacyEncryptedKey,
            };
            return Self {
                kind,
                encryption,
                content: Ok(content),
            };
        }
        let kind = match der::kind(&content) {
            Kind::Unknown => labelled,
            kind => kind,
        };
        if !kind.is_der() {
            return Self {
                kind,
                encryption: None,
                content: Ok(content),
            };
        }
        // Padding after the object, or the trust settings of a "TRUSTED CERTIFICATE".
        let may_have_more = label == Some("TRUSTED CERTIFICATE") || der::is_complete(&content);
        match der::complete_length(&content) {
            Some(length) if may_have_more && der::kind(&content) != Kind::Unknown => {
                content.truncate(length);
                Self {
                    kind,
                    encryption: None,
                    content: Ok(content),
                }
            }
            _ => Self::without_content(kind, Damage::of_der(&content)),
        }
    }

    /// Returns what the object is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the encryption of a legacy PEM block.
    #[must_use]
    pub fn legacy_encryption(&self) -> Option<&LegacyEncryption> {
        self.encryption.as_ref()
    }

    /// Returns the content: DER, except for OpenSSH keys and legacy encrypted ones.
    ///
    /// # Errors
    ///
    /// The reason why there is none.
    pub fn content(&self) -> Result<&[u8], Damage> {
        match &self.content {
            Ok(content) => Ok(content),
            Err(damage) => Err(*damage),
        }
    }

    /// Returns the reason why there is no content.
    #[must_use]
    pub fn damage(&self) -> Option<Damage> {
        self.content().err()
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object")
            .field("kind", &self.kind)
            .field("damage", &self.damage())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
