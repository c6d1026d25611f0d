//! Where a certificate or key comes from.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anaplan_core::{Result, SecretString};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::pem;
use super::problem::CertificateProblem;
use crate::home;

/// Larger files are something else.
const MAX_FILE: u64 = 1 << 20;
/// Longer texts are no paths, and must not be quoted as if they were: they may be keys.
const MAX_PATH: usize = 1000;

/// A certificate or private key: a file, or its content.
///
/// * **Text** is PEM if it contains `-----BEGIN`; line breaks may be written as `\n`, as environment
///   variables often have them. Text that is base64 of DER is taken as that. Any other text is a path,
///   in which `~` stands for the home directory.
/// * **Paths** are paths, of PEM or DER files.
/// * **Bytes** are the content of such a file.
///
/// Its `Debug` shows a path, and nothing of a content.
#[derive(Clone)]
pub struct Material(Source);

#[derive(Clone)]
enum Source {
    Path(PathBuf),
    Content(Zeroizing<Vec<u8>>),
    NeitherPathNorContent,
}

/// What the material is for, in words.
#[derive(Debug, Clone, Copy)]
pub(super) enum Role {
    Certificate,
    PrivateKey,
}

impl Material {
    pub(super) fn read(&self, role: Role) -> Result<Zeroizing<Vec<u8>>> {
        let unreadable = |what: String| CertificateProblem::Unreadable.error(what);
        match &self.0 {
            Source::Content(bytes) => Ok(bytes.clone()),
            Source::Path(path) if path.as_os_str().is_empty() => {
                Err(unreadable(format!("the path of the {role} is empty")))
            }
            Source::Path(path) => read_file(path).map_err(|error| {
                unreadable(format!(
                    "cannot read the {role} {}: {error}",
                    path.display()
                ))
            }),
            Source::NeitherPathNorContent => Err(unreadable(format!(
                "the {role} is neither a path nor PEM text"
            ))),
        }
    }

    fn from_text(text: &str) -> Self {
        Self(if pem::looks_like_pem(text.as_bytes()) {
            Source::Content(unescape(text))
        } else if let Some(der) = base64_of_der(text) {
            Source::Content(der)
        } else if text.len() > MAX_PATH || text.trim_end().contains('\n') || is_torn_key(text) {
            Source::NeitherPathNorContent
        } else {
            Source::Path(home::expand(text.trim().into()))
        })
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::PrivateKey => "private key",
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

impl From<&[u8]> for Material {
    fn from(bytes: &[u8]) -> Self {
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
        return Err(std::io::Error::other("it is larger than a key could be"));
    }
    Ok(bytes)
}

/// Environment variables and JSON often carry line breaks as two characters.
fn unescape(text: &str) -> Zeroizing<Vec<u8>> {
    if text.contains("\\n") {
        let text = Zeroizing::new(text.replace("\\r", ""));
        Zeroizing::new(text.replace("\\n", "\n").into_bytes())
    } else {
        Zeroizing::new(text.as_bytes().to_vec())
    }
}

/// The content of a DER file in base64, as secret stores keep binary files.
fn base64_of_der(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bare = Zeroizing::new(text.split_ascii_whitespace().collect::<String>());
    let der = Zeroizing::new(STANDARD.decode(bare.as_bytes()).ok()?);
    (der.len() > 100 && der.starts_with(&[0x30, 0x82])).then_some(der)
}

/// Whether a text is part of a key in base64, cut off or damaged: an error must not quote it as a path.
fn is_torn_key(text: &str) -> bool {
    let text = text.trim();
    text.len() > 40
        && text.starts_with("MI")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_paths() {
        let content = |text: &str| match Material::from(text).0 {
            Source::Content(bytes) => Some(bytes.to_vec()),
            _ => None,
        };
        assert_eq!(content("key.pem"), None);
        assert_eq!(
            content("-----BEGIN A-----\\r\\nAA").unwrap(),
            b"-----BEGIN A-----\nAA"
        );
        let der = [&[0x30, 0x82, 1, 0][..], &[7; 256]].concat();
        assert_eq!(content(&STANDARD.encode(&der)).unwrap(), der);
    }

    #[test]
    fn what_may_be_a_key_is_never_quoted() {
        let key = "s3cretMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n".repeat(30);
        for text in [&key[..], &key.replace('\n', ""), &key.replace('\n', " ")] {
            let material = Material::from(text);
            let error = material.read(Role::PrivateKey).unwrap_err();
            assert!(!format!("{error} {error:?} {material:?}").contains("s3cret"));
        }
        let bytes = Material::from(b"-----BEGIN s3cret".to_vec());
        assert!(!format!("{bytes:?}").contains("s3cret"));
    }

    #[test]
    fn an_unreadable_file_is_named() {
        let cases = [
            ("", "is empty"),
            ("/no/such.pem", "/no/such.pem"),
            ("/", "cannot read"),
        ];
        for (path, text) in cases {
            let error = Material::from(path).read(Role::Certificate).unwrap_err();
            assert_eq!(
                CertificateProblem::of(&error),
                Some(CertificateProblem::Unreadable)
            );
            assert!(error.to_string().contains(text), "{error}");
        }
    }

    #[test]
    fn part_of_a_key_is_no_path_and_is_not_quoted() {
        let torn = "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDEsw1A469FtSxw";
        let material = Material::from(torn);
        let error = material.read(Role::PrivateKey).unwrap_err();
        assert!(!format!("{material:?} {error} {error:?}").contains(&torn[..20]));
        for path in ["MIIkey.pem", "/MI/keys/a", "MI"] {
            assert!(matches!(Material::from(path).0, Source::Path(_)), "{path}");
        }
    }
}
