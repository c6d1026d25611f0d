//! Certificates and keys as the caller passes them: a path or the content.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anaplan_core::pem::{self, Document, Kind};
use anaplan_core::{Bytes, Error, ErrorKind, Result, SecretString};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::home;

/// Larger files hold something else.
const MAX_FILE: u64 = 1 << 20;
/// Longer strings are no paths, and must not be quoted as if they were: they may be keys.
const MAX_PATH: usize = 1000;

/// A certificate, private key or root certificate: the path of a file, or its content.
///
/// * **Strings** are content if they hold PEM or the base64 of a PEM or DER file, in any wrapping. Any
///   other string is a path. `~` stands for the home directory, and quotation marks around a path are
///   dropped.
/// * **Paths** are paths.
/// * **Bytes** are the content of a file.
///
/// Files and contents are read by [`anaplan_core::pem`]: PEM with any line breaks, indentation or
/// encoding, DER, PKCS#7.
///
/// Its `Debug` shows a path, and nothing of a content. The content is wiped when it is dropped.
#[derive(Clone)]
pub struct Material(Source);

#[derive(Clone)]
enum Source {
    Path(PathBuf),
    Content(Zeroizing<Vec<u8>>),
    NeitherPathNorContent,
}

impl Material {
    /// Reads the certificates of trusted authorities and returns them as canonical PEM.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if the file cannot be read, or for the reasons of
    /// [`Document::root_certificates`](anaplan_core::pem::Document::root_certificates).
    pub fn root_certificates(&self) -> Result<String> {
        let document = self
            .load("root certificate")
            .map_err(|text| Error::new(ErrorKind::Config, text))?;
        let roots = document.root_certificates(self.path())?;
        Ok(roots
            .iter()
            .map(|root| pem::encode("CERTIFICATE", root))
            .collect())
    }

    /// Reads the objects of the file. An error is the message.
    pub(crate) fn load(&self, role: &str) -> Result<Document, String> {
        match &self.0 {
            Source::Content(bytes) => Ok(pem::read(bytes)),
            Source::Path(path) if path.as_os_str().is_empty() => {
                Err(format!("the path of the {role} is empty"))
            }
            Source::Path(path) => match read_file(path) {
                Ok(bytes) => Ok(pem::read(&bytes)),
                Err(error) => Err(format!(
                    "cannot read the {role} {}{}: {error}",
                    path.display(),
                    directory_of_relative(path)
                )),
            },
            Source::NeitherPathNorContent => Err(format!(
                "the {role} is neither a path nor complete PEM; check that the whole text was copied, or pass the path of its file"
            )),
        }
    }

    /// Returns the path, if it is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.0 {
            Source::Path(path) => Some(path),
            _ => None,
        }
    }

    /// Warns of a key file that every user of this machine can read. It is used all the same: in
    /// containers, where there are no others, files are often mounted like that.
    #[cfg(feature = "certificate")]
    pub(crate) fn warn_of_readers(&self) {
        if let Some(path) = self.path().filter(|path| readable_by_others(path)) {
            tracing::warn!(
                target: "anaplan::auth",
                path = %path.display(),
                "every user of this machine can read the private key; remove the permission: chmod o-r"
            );
        }
    }

    fn from_text(text: &str) -> Self {
        let is_content = |text: &str| {
            let document = pem::read(text.as_bytes());
            document.main_kind() != Kind::Unknown
        };
        let path = text.trim();
        Self(if pem::has_marker(text.as_bytes()) || is_content(text) {
            Source::Content(Zeroizing::new(text.as_bytes().to_vec()))
        } else if path.len() > MAX_PATH || path.contains(['\n', '\r']) || is_torn_key(path) {
            Source::NeitherPathNorContent
        } else {
            Source::Path(home::expand(bare_path(path).into()))
        })
    }
}

impl From<&str> for Material {
    fn from(text: &str) -> Self {
        Self::from_text(text)
    }
}

impl From<String> for Material {
    fn from(text: String) -> Self {
        Self::from_text(&Zeroizing::new(text))
    }
}

impl From<&String> for Material {
    fn from(text: &String) -> Self {
        Self::from_text(text)
    }
}

impl From<SecretString> for Material {
    fn from(text: SecretString) -> Self {
        Self::from_text(text.expose_secret())
    }
}

impl From<&Path> for Material {
    fn from(path: &Path) -> Self {
        Self::from(path.to_owned())
    }
}

impl From<&PathBuf> for Material {
    fn from(path: &PathBuf) -> Self {
        Self::from(path.to_owned())
    }
}

impl From<PathBuf> for Material {
    fn from(path: PathBuf) -> Self {
        Self(Source::Path(home::expand(path)))
    }
}

impl From<Vec<u8>> for Material {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Source::Content(Zeroizing::new(bytes)))
    }
}

impl From<&Vec<u8>> for Material {
    fn from(bytes: &Vec<u8>) -> Self {
        Self::from(bytes.clone())
    }
}

impl From<&[u8]> for Material {
    fn from(bytes: &[u8]) -> Self {
        Self::from(bytes.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Material {
    fn from(bytes: &[u8; N]) -> Self {
        Self::from(bytes.to_vec())
    }
}

impl From<Bytes> for Material {
    fn from(bytes: Bytes) -> Self {
        Self::from(bytes.to_vec())
    }
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Path(path) => f.debug_tuple("Material").field(path).finish(),
            _ => f.debug_struct("Material").finish_non_exhaustive(),
        }
    }
}

fn read_file(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    // Room for everything, so that growing leaves no copies behind.
    let room = usize::try_from(length.min(MAX_FILE)).unwrap_or(0) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(std::io::Error::other("it is larger than 1 MiB"));
    }
    Ok(bytes)
}

/// The directory that a relative path is resolved against, in brackets.
fn directory_of_relative(path: &Path) -> String {
    match std::env::current_dir() {
        Ok(directory) if path.is_relative() => format!(" (in {})", directory.display()),
        _ => String::new(),
    }
}

#[cfg(all(feature = "certificate", unix))]
fn readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
}

#[cfg(all(feature = "certificate", not(unix)))]
fn readable_by_others(_: &Path) -> bool {
    false
}

/// A path without the quotation marks of "Copy as path" and of env files, and without `file://`.
fn bare_path(text: &str) -> &str {
    let unquoted = ['"', '\''].into_iter().find_map(|mark| {
        text.strip_prefix(mark)
            .and_then(|text| text.strip_suffix(mark))
    });
    let text = unquoted.unwrap_or(text).trim();
    let path = text.strip_prefix("file://").unwrap_or(text);
    if path.len() < text.len() && cfg!(windows) {
        path.trim_start_matches('/')
    } else {
        path
    }
}

/// Returns `true` if a string is part of a key in base64, cut off or damaged. An error must not quote it as a path.
fn is_torn_key(text: &str) -> bool {
    let starts_like_a_file = ["MI", "LS0t"].iter().any(|start| text.starts_with(start));
    text.len() > if starts_like_a_file { 40 } else { 200 }
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_ ".contains(&byte))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn error(material: &Material) -> String {
        material.load("private key").unwrap_err()
    }

    #[test]
    fn strings_with_pem_or_base64_of_der_are_content() {
        let certificate = include_bytes!("../tests/fixtures/certificate.der");
        let pem = pem::encode("CERTIFICATE", certificate);
        for text in [
            pem.replace('\n', "\\n"),
            STANDARD.encode(certificate),
            STANDARD.encode(&pem),
            format!("{}\n", STANDARD.encode(&pem)),
            "-----BEGIN CERTIFICATE-----\\nAA".to_owned(),
        ] {
            assert!(
                matches!(Material::from(&text).0, Source::Content(_)),
                "{text}"
            );
        }
    }

    #[test]
    fn other_strings_are_paths() {
        for (text, path) in [
            ("key.pem", "key.pem"),
            (" keys/production\n", "keys/production"),
            (r"C:\certs\new\root.pem", r"C:\certs\new\root.pem"),
            (r"\\server\new\key.pem", r"\\server\new\key.pem"),
            (
                r#""C:\Users\Ada Byron\key.pem""#,
                r"C:\Users\Ada Byron\key.pem",
            ),
            ("'/etc/key.pem'", "/etc/key.pem"),
            ("MIIkey.pem", "MIIkey.pem"),
            ("/MI/keys/a", "/MI/keys/a"),
            ("MI", "MI"),
        ] {
            assert_eq!(Material::from(text).path(), Some(Path::new(path)), "{text}");
        }
        if cfg!(unix) {
            assert_eq!(
                Material::from("file:///etc/key.pem").path(),
                Some(Path::new("/etc/key.pem"))
            );
        }
    }

    #[test]
    fn content_that_may_be_a_key_is_never_quoted() {
        let key = "s3cretMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n".repeat(30);
        for text in [&key[..], &key.replace('\n', ""), &key.replace('\n', " ")] {
            let material = Material::from(text);
            assert!(!format!("{} {material:?}", error(&material)).contains("s3cret"));
        }
        let bytes = Material::from(b"-----BEGIN s3cret");
        assert!(!format!("{bytes:?}").contains("s3cret"));
        for torn in [
            "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDEsw1A469FtSxw",
            "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUV2UUlCQURBTkJna3Foa2lH",
        ] {
            let material = Material::from(torn);
            let shown = match material.load("private key") {
                Ok(document) => format!("{document} {document:?} {material:?}"),
                Err(error) => format!("{error} {material:?}"),
            };
            assert!(!shown.contains(&torn[..20]), "{shown}");
        }
    }

    #[test]
    fn an_unreadable_file_is_named() {
        for (path, text) in [
            ("", "is empty"),
            ("/no/such.pem", "/no/such.pem"),
            ("/", "cannot read"),
            ("no-such-key.pem", "no-such-key.pem (in /"),
        ] {
            let error = error(&Material::from(path));
            assert!(error.contains(text), "{error}");
        }
    }

    #[test]
    fn root_certificates_are_read_from_every_form_and_written_as_pem() {
        let der = include_bytes!("../tests/fixtures/certificate.der");
        let pem = pem::encode("CERTIFICATE", der);
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/certificate.der"
        );
        for material in [
            Material::from(path),
            Material::from(PathBuf::from(path)),
            Material::from(der),
            Material::from(pem.replace('\n', " ")),
            Material::from(format!("\u{feff}{pem}")),
        ] {
            assert_eq!(material.root_certificates().unwrap(), pem);
        }
        let error = Material::from("no-such-root.pem")
            .root_certificates()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("no-such-root.pem"), "{error}");
    }
}
