//! A certificate and its private key.

use std::fmt;
use std::sync::Arc;

use anaplan_core::Result;
use aws_lc_rs::rand;
use pem::{EncodeConfig, LineEnding, Pem};
use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::Decode as _;
use pkcs8::der::oid::ObjectIdentifier;
use pkcs8::pkcs5::pbes2;
use rcgen::KeyPair;

use super::failed;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// The default of OpenSSL 3.
const ROUNDS: u32 = 2048;

/// The password of every encrypted key. It protects nothing: everybody knows it.
const PASSWORD: &str = "note-g-bernoulli-1843";

/// A certificate and its private key, in the forms in which people keep them. All PEM.
#[derive(Clone)]
#[non_exhaustive]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// The private key, PKCS#8: `PRIVATE KEY`.
    pub private_key: String,
    /// The private key, PKCS#1: `RSA PRIVATE KEY`. `None` when it is no RSA key.
    pub pkcs1_private_key: Option<String>,
    /// The private key, encrypted PKCS#8 (PBES2 with AES-256): `ENCRYPTED PRIVATE KEY`.
    pub encrypted_private_key: String,
    /// The password of the encrypted key.
    pub private_key_password: String,
    certificate_der: Arc<[u8]>,
    private_key_der: Arc<[u8]>,
}

impl Identity {
    pub(super) fn new(certificate: &[u8], key: &KeyPair) -> Result<Self> {
        let der = key.serialized_der();
        let info = PrivateKeyInfoRef::from_der(der).map_err(failed)?;
        Ok(Self {
            certificate: pem("CERTIFICATE", certificate),
            private_key: pem("PRIVATE KEY", der),
            pkcs1_private_key: (info.algorithm.oid == RSA_ENCRYPTION)
                .then(|| pem("RSA PRIVATE KEY", info.private_key.as_bytes())),
            encrypted_private_key: encrypt(&info)?,
            private_key_password: PASSWORD.to_owned(),
            certificate_der: certificate.into(),
            private_key_der: der.into(),
        })
    }

    /// The certificate in DER.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    /// The private key as PKCS#8 in DER.
    #[must_use]
    pub fn private_key_der(&self) -> &[u8] {
        &self.private_key_der
    }

    /// This certificate with the key of another one, which does not fit it.
    #[must_use]
    pub fn with_key_of(&self, other: &Self) -> Self {
        Self {
            certificate: self.certificate.clone(),
            certificate_der: Arc::clone(&self.certificate_der),
            ..other.clone()
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

fn encrypt(key: &PrivateKeyInfoRef<'_>) -> Result<String> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    rand::fill(&mut salt).map_err(failed)?;
    rand::fill(&mut iv).map_err(failed)?;
    let parameters = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt, iv);
    let encrypted = parameters
        .map_err(pkcs8::Error::from)
        .and_then(|parameters| key.encrypt_with_params(parameters, PASSWORD))
        .map_err(failed)?;
    Ok(pem("ENCRYPTED PRIVATE KEY", encrypted.as_bytes()))
}

fn pem(label: &str, content: &[u8]) -> String {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    pem::encode_config(&Pem::new(label, content), config)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rsa;
    use pkcs8::EncryptedPrivateKeyInfoRef;

    use super::*;
    use crate::pki::Authority;

    #[test]
    fn every_form_of_the_key_is_the_same_key() {
        let ada = Authority::shared()
            .unwrap()
            .identity("ada@northwind.example")
            .unwrap();
        let content = |text: String, label: &str| {
            let block = pem::parse(text).unwrap();
            assert_eq!(block.tag(), label);
            block.into_contents()
        };
        let plain = content(ada.private_key.clone(), "PRIVATE KEY");
        assert_eq!(plain, ada.private_key_der());
        rsa::KeyPair::from_pkcs8(&plain).unwrap();

        let old = content(ada.pkcs1_private_key.clone().unwrap(), "RSA PRIVATE KEY");
        rsa::KeyPair::from_der(&old).unwrap();

        let encrypted = content(ada.encrypted_private_key.clone(), "ENCRYPTED PRIVATE KEY");
        let encrypted = EncryptedPrivateKeyInfoRef::from_der(&encrypted).unwrap();
        let opened = encrypted.decrypt(&ada.private_key_password).unwrap();
        assert_eq!(opened.as_bytes(), plain);
        assert!(encrypted.decrypt("another password").is_err());
    }

    #[test]
    fn keys_that_are_not_rsa_have_no_pkcs1_form() {
        let authority = Authority::shared().unwrap();
        let elliptic = authority.issue_ec("ada@northwind.example").unwrap();
        assert_eq!(elliptic.pkcs1_private_key, None);
    }

    #[test]
    fn an_identity_is_made_once_and_issued_as_often_as_wanted() {
        let authority = Authority::shared().unwrap();
        let ada = authority.identity("ada@northwind.example").unwrap();
        let again = authority.identity("ada@northwind.example").unwrap();
        assert_eq!(ada.certificate_der(), again.certificate_der());
        let other = authority.issue("ada@northwind.example").unwrap();
        assert_ne!(ada.private_key_der(), other.private_key_der());
        assert!(authority.issue("ädä@northwind.example").is_err());
    }
}
