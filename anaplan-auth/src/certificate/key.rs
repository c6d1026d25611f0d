//! Every form of private key that is accepted, and a sentence for those that are not.

use anaplan_core::{Error, Result, SecretString};
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rsa::KeyPair;
use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::{Decode as _, Reader as _, SliceReader};
use pkcs8::pkcs5;
use pkcs8::{
    AlgorithmIdentifierRef, EncryptedPrivateKeyInfoRef, ObjectIdentifier, PrivateKeyInfoRef,
};
use secrecy::ExposeSecret;

use super::pem::{self, Block};
use super::problem::CertificateProblem;

pub(super) const RSA_ENCRYPTION: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

const CONVERT: &str = "convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in old.pem -out new.pem";

/// Reads the first private key of a PEM file, or a key in DER.
pub(super) fn read(file: &[u8], password: Option<&SecretString>) -> Result<KeyPair> {
    let blocks = pem::blocks(file);
    let Some(block) = blocks.iter().find(|block| block.is_private_key()) else {
        return if pem::looks_like_pem(file) {
            Err(no_key(&blocks))
        } else {
            der(file, password)
        };
    };
    let unsupported = |text: String| Err(CertificateProblem::UnsupportedFormat.error(text));
    if block.is_legacy_encrypted() {
        return unsupported(format!(
            "the private key is encrypted in OpenSSL's old format; {CONVERT}"
        ));
    }
    match block.label {
        "EC PRIVATE KEY" => return Err(not_rsa("an EC key")),
        "DSA PRIVATE KEY" => return Err(not_rsa("a DSA key")),
        "OPENSSH PRIVATE KEY" => {
            return unsupported(
                "the private key is in OpenSSH's own format; rewrite it: ssh-keygen -p -m PKCS8 -f key"
                    .to_owned(),
            );
        }
        _ => {}
    }
    let content = block.decode().ok_or_else(damaged)?;
    match block.label {
        "PRIVATE KEY" => pkcs8(&content),
        "RSA PRIVATE KEY" => pkcs1(&content),
        "ENCRYPTED PRIVATE KEY" => encrypted(&content, password),
        other => unsupported(format!(
            "a private key of the kind '{other}' is not known; {CONVERT}"
        )),
    }
}

/// Whether this is a PKCS#12 file: a sequence that begins with the version 3.
pub(super) fn is_pkcs12(file: &[u8]) -> bool {
    sequence(file).is_some_and(|content| content.starts_with(&[2, 1, 3]))
}

fn der(file: &[u8], password: Option<&SecretString>) -> Result<KeyPair> {
    if file.iter().all(u8::is_ascii_whitespace) {
        return Err(CertificateProblem::NoPrivateKey.error("the private key is empty"));
    }
    if is_pkcs12(file) {
        return Err(CertificateProblem::UnsupportedFormat.error(
            "there is a PKCS#12 file in place of a private key; unpack it: openssl pkcs12 -in old.p12 -nocerts -out key.pem",
        ));
    }
    let Some(content) = sequence(file) else {
        return Err(no_key(&[]));
    };
    // An algorithm, a version and an algorithm, a version and a modulus.
    if content.first() == Some(&0x30) {
        if x509_cert::Certificate::from_der(file).is_ok() {
            return Err(CertificateProblem::NoPrivateKey
                .error("there is only a certificate where the private key was expected"));
        }
        encrypted(file, password)
    } else if PrivateKeyInfoRef::from_der(file).is_ok() {
        pkcs8(file)
    } else {
        pkcs1(file)
    }
}

fn pkcs8(der: &[u8]) -> Result<KeyPair> {
    let key = PrivateKeyInfoRef::from_der(der).map_err(|_| damaged())?;
    match key.algorithm.oid {
        RSA_ENCRYPTION => KeyPair::from_pkcs8(der).map_err(|error| rejected(&error)),
        RSA_PSS => Err(not_rsa("an RSA key for PSS signatures only")),
        oid if oid == ObjectIdentifier::new_unwrap("1.2.840.10045.2.1") => {
            Err(not_rsa("an EC key"))
        }
        oid => Err(not_rsa(&format!("a key of the kind {oid}"))),
    }
}

fn pkcs1(der: &[u8]) -> Result<KeyPair> {
    KeyPair::from_der(der).map_err(|error| rejected(&error))
}

fn encrypted(der: &[u8], password: Option<&SecretString>) -> Result<KeyPair> {
    let key = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|_| unknown_encryption(der))?;
    if key.encryption_algorithm.pbes1().is_some() {
        return Err(unknown_encryption(der));
    }
    let password = password
        .map(ExposeSecret::expose_secret)
        .filter(|password| !password.is_empty())
        .ok_or_else(|| {
            CertificateProblem::PasswordMissing
                .error("the private key is encrypted and no password was given for it")
        })?;
    let wrong = || {
        CertificateProblem::WrongPassword
            .error("the password does not open the private key, or its file is damaged")
    };
    let document = key.decrypt(password).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(
            pkcs5::Error::UnsupportedAlgorithm { .. }
            | pkcs5::Error::AlgorithmParametersInvalid { .. },
        ) => unknown_encryption(der),
        _ => wrong(),
    })?;
    // A wrong password can, once in 256 times, look like a right one until here.
    if PrivateKeyInfoRef::from_der(document.as_bytes()).is_err() {
        return Err(wrong());
    }
    pkcs8(document.as_bytes())
}

/// Says why an encrypted key cannot be read: an old cipher, or no sense in it at all.
fn unknown_encryption(der: &[u8]) -> Error {
    let algorithm = SliceReader::new(der).ok().and_then(|mut reader| {
        reader
            .sequence(|inner| {
                let algorithm = AlgorithmIdentifierRef::decode(inner)?;
                <&OctetStringRef>::decode(inner)?;
                pkcs8::der::Result::Ok(algorithm.oid)
            })
            .ok()
    });
    match algorithm {
        Some(oid) => CertificateProblem::UnsupportedFormat.error(format!(
            "the private key is encrypted in a way that is not supported ({oid}); {CONVERT}"
        )),
        None => damaged(),
    }
}

/// The content of a DER sequence that fills the whole file.
fn sequence(file: &[u8]) -> Option<&[u8]> {
    let any = AnyRef::from_der(file).ok()?;
    (file.first() == Some(&0x30)).then(|| any.value())
}

fn rejected(error: &KeyRejected) -> Error {
    let size = |what: &str| {
        CertificateProblem::KeySize.error(format!(
            "the private key is too {what}: RSA keys of 2048 to 8192 bits can be used"
        ))
    };
    match error.to_string().as_str() {
        "TooSmall" => size("short"),
        "TooLarge" => size("long"),
        _ => damaged(),
    }
}

fn damaged() -> Error {
    CertificateProblem::DamagedKey.error("the private key is damaged")
}

fn not_rsa(found: &str) -> Error {
    CertificateProblem::NotRsa.error(format!(
        "the private key is {found}, and Anaplan accepts RSA keys only"
    ))
}

fn no_key(blocks: &[Block<'_>]) -> Error {
    let text = if blocks
        .iter()
        .any(|block| block.label.ends_with("PUBLIC KEY"))
    {
        "there is only a public key where the private key was expected"
    } else if blocks.iter().any(Block::is_certificate) {
        "there is only a certificate where the private key was expected"
    } else {
        "there is no private key in what was given as one"
    };
    CertificateProblem::NoPrivateKey.error(text)
}
