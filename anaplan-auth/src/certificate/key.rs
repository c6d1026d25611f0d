//! Private keys: RSA in PKCS#8 or PKCS#1, encrypted or not.

use anaplan_core::pem::{self, Damage, Kind, Object};
use anaplan_core::{Error, Result, SecretString};
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rsa::KeyPair;
use pkcs8::der::Decode as _;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Reader as _, SliceReader};
use pkcs8::pkcs5;
use pkcs8::{
    AlgorithmIdentifierRef, EncryptedPrivateKeyInfoRef, ObjectIdentifier, PrivateKeyInfoRef,
};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::certificate_problem::CertificateProblem;
use super::input::Input;
use super::legacy;

pub(super) const RSA_ENCRYPTION: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

const PASS_THE_KEY: &str = "pass the file that begins with BEGIN PRIVATE KEY, BEGIN RSA PRIVATE KEY or BEGIN ENCRYPTED PRIVATE KEY";

/// The reason why a password did not decrypt a key.
pub(super) enum Locked {
    WrongPassword,
    UnsupportedCipher(String),
    Damaged,
}

/// Reads the first private key of a file.
pub(super) fn read(input: &Input<'_>, password: Option<&SecretString>) -> Result<KeyPair> {
    let Some(key) = input.document.private_key() else {
        return Err(if let [object] = &input.document.objects[..] {
            match (object.kind(), object.damage()) {
                (Kind::Unknown, _) => input.lacks(CertificateProblem::NoPrivateKey, PASS_THE_KEY),
                (_, Some(Damage::UnsupportedEncoding)) | (Kind::Pkcs12, _) => {
                    input.lacks(CertificateProblem::UnsupportedFormat, PASS_THE_KEY)
                }
                _ => input.lacks(CertificateProblem::NoPrivateKey, PASS_THE_KEY),
            }
        } else {
            input.lacks(CertificateProblem::NoPrivateKey, PASS_THE_KEY)
        });
    };
    match key.kind() {
        Kind::EcKey => return Err(not_rsa(input, "an EC key")),
        Kind::DsaKey => return Err(not_rsa(input, "a DSA key")),
        kind @ (Kind::OpenSshKey | Kind::PuttyKey) => {
            let command = input.conversion(kind);
            let format = if kind == Kind::PuttyKey {
                "PuTTY"
            } else {
                "OpenSSH"
            };
            return Err(input.error(
                CertificateProblem::UnsupportedFormat,
                format_args!("is in the format of {format}; convert it: {command}"),
            ));
        }
        _ => {}
    }
    let content = key.content().map_err(|damage| {
        input.error(
            CertificateProblem::DamagedKey,
            format_args!("is damaged: {damage}; copy it again from its source"),
        )
    })?;
    match key.kind() {
        Kind::Pkcs8Key => pkcs8(input, content),
        Kind::EncryptedKey => {
            let plain = unlock(input, password, |password| decrypt(content, password))?;
            pkcs8(input, &plain)
        }
        Kind::LegacyEncryptedKey => {
            let plain = unlock(input, password, |password| {
                legacy::decrypt(key, content, password)
            })?;
            plain_key(input, &pem::read(&plain).objects)
        }
        _ => pkcs1(input, content),
    }
}

/// A decrypted key, in the format that its structure shows.
fn plain_key(input: &Input<'_>, objects: &[Object]) -> Result<KeyPair> {
    match objects
        .first()
        .map(|object| (object.kind(), object.content()))
    {
        Some((Kind::Pkcs1Key, Ok(content))) => pkcs1(input, content),
        Some((Kind::Pkcs8Key, Ok(content))) => pkcs8(input, content),
        Some((Kind::EcKey, _)) => Err(not_rsa(input, "an EC key")),
        Some((Kind::DsaKey, _)) => Err(not_rsa(input, "a DSA key")),
        _ => Err(damaged(input)),
    }
}

fn pkcs8(input: &Input<'_>, der: &[u8]) -> Result<KeyPair> {
    let key = PrivateKeyInfoRef::from_der(der).map_err(|_| damaged(input))?;
    match key.algorithm.oid {
        RSA_ENCRYPTION => KeyPair::from_pkcs8(der).map_err(|error| rejected(input, &error)),
        RSA_PSS => Err(not_rsa(input, "an RSA key for PSS signatures only")),
        EC => Err(not_rsa(input, "an EC key")),
        oid => Err(not_rsa(input, &format!("a key of the algorithm {oid}"))),
    }
}

fn pkcs1(input: &Input<'_>, der: &[u8]) -> Result<KeyPair> {
    KeyPair::from_der(der).map_err(|error| rejected(input, &error))
}

/// Decrypts with the password as it is, or without the line break that `echo` and editors add.
fn unlock(
    input: &Input<'_>,
    password: Option<&SecretString>,
    decrypt: impl Fn(&str) -> Result<Zeroizing<Vec<u8>>, Locked>,
) -> Result<Zeroizing<Vec<u8>>> {
    let password = password.map_or("", ExposeSecret::expose_secret);
    let line = password.trim_end_matches(['\r', '\n']);
    // Without a password too: the cipher may be one that no password helps against.
    let mut outcome = decrypt(password);
    if line.len() < password.len() && matches!(outcome, Err(Locked::WrongPassword)) {
        outcome = decrypt(line);
    }
    outcome.map_err(|locked| match locked {
        Locked::WrongPassword if password.is_empty() => input.error(
            CertificateProblem::PasswordMissing,
            "is encrypted and no password was given for it; call private_key_password(..) or set ANAPLAN_PRIVATE_KEY_PASSWORD",
        ),
        Locked::WrongPassword => {
            let hint = match password.trim() {
                "" => ": it is blank",
                trimmed if trimmed.len() < line.len() => ": it starts or ends in white space",
                _ => "",
            };
            let file = input.file();
            CertificateProblem::WrongPassword.error(format!(
                "the password does not open {input}{hint} (or the file is damaged); try it by hand: openssl pkey -in {file} -noout"
            ))
        }
        Locked::UnsupportedCipher(cipher) => {
            let command = input.conversion(Kind::EncryptedKey);
            input.error(
                CertificateProblem::UnsupportedFormat,
                format_args!(
                    "is encrypted in a way that is not supported ({cipher}); convert it: {command}"
                ),
            )
        }
        Locked::Damaged => damaged(input),
    })
}

fn decrypt(der: &[u8], password: &str) -> Result<Zeroizing<Vec<u8>>, Locked> {
    let key = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|_| unknown_encryption(der))?;
    if key.encryption_algorithm.pbes1().is_some() {
        return Err(unknown_encryption(der));
    }
    let document = key.decrypt(password).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(
            pkcs5::Error::UnsupportedAlgorithm { .. }
            | pkcs5::Error::AlgorithmParametersInvalid { .. },
        ) => unknown_encryption(der),
        _ => Locked::WrongPassword,
    })?;
    // A wrong password can, once in 256 times, look like a right one until here.
    if PrivateKeyInfoRef::from_der(document.as_bytes()).is_err() {
        return Err(Locked::WrongPassword);
    }
    Ok(Zeroizing::new(document.as_bytes().to_vec()))
}

/// Names the algorithm of a key that cannot be decrypted.
fn unknown_encryption(der: &[u8]) -> Locked {
    let algorithm = SliceReader::new(der).ok().and_then(|mut reader| {
        reader
            .sequence(|inner| {
                let algorithm = AlgorithmIdentifierRef::decode(inner)?;
                <&OctetStringRef>::decode(inner)?;
                pkcs8::der::Result::Ok(algorithm.oid)
            })
            .ok()
    });
    algorithm.map_or(Locked::Damaged, |oid| {
        Locked::UnsupportedCipher(oid.to_string())
    })
}

fn rejected(input: &Input<'_>, error: &KeyRejected) -> Error {
    let size = |what: &str| {
        input.error(
            CertificateProblem::KeySize,
            format_args!("is too {what}: RSA keys of 2048 to 8192 bits can be used"),
        )
    };
    match error.to_string().as_str() {
        "TooSmall" => size("short"),
        "TooLarge" => size("long"),
        _ => damaged(input),
    }
}

fn damaged(input: &Input<'_>) -> Error {
    input.error(
        CertificateProblem::DamagedKey,
        "is damaged: its content is cut off or changed; copy it again from its source",
    )
}

fn not_rsa(input: &Input<'_>, found: &str) -> Error {
    input.error(
        CertificateProblem::NotRsa,
        format_args!(
            "is {found}, and Anaplan accepts RSA keys with PKCS#1 v1.5 signatures only; request a certificate for a new key: openssl req -new -newkey rsa:2048 -keyout new-key.pem -out request.pem"
        ),
    )
}
