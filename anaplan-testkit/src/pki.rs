//! The fake's own certification authority, and what it checks at a sign-in with a certificate.

use std::sync::OnceLock;

use anaplan_core::Timestamp;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256, RsaKeySize,
};
use serde_json::Value;
use x509_cert::der::Decode as _;

use crate::world::Rules;

/// The password of every encrypted key that the fake makes.
const PASSWORD: &str = "open-sesame-1704";

/// A certificate of a user, and its private key in the forms that people have. All PEM.
#[derive(Clone)]
#[non_exhaustive]
pub struct Identity {
    /// The certificate, signed by the fake's authority.
    pub certificate: String,
    /// The private key, PKCS#8.
    pub private_key: String,
    /// The private key, encrypted PKCS#8.
    pub encrypted_private_key: String,
    /// The password of the encrypted key.
    pub private_key_password: String,
    der: Vec<u8>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Identity {
    /// The one identity of this process: making keys takes time, and one proves as much as many.
    ///
    /// # Panics
    ///
    /// When the machine has no random numbers to give.
    #[allow(clippy::expect_used)]
    pub(crate) fn shared(email: &str) -> &'static Self {
        static SHARED: OnceLock<Identity> = OnceLock::new();
        SHARED.get_or_init(|| issue(email).expect("a key and a certificate"))
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }
}

fn issue(email: &str) -> Result<Identity, Box<dyn std::error::Error>> {
    let rsa = || KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048);
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let name = "Fake Anaplan Authority";
    authority.distinguished_name.push(DnType::CommonName, name);
    let authority_key = rsa()?;
    let issuer = Issuer::from_params(&authority, &authority_key);

    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, email);
    let key = rsa()?;
    let certificate = params.signed_by(&key, &issuer)?;
    let encrypted = pkcs8::PrivateKeyInfoRef::try_from(key.serialized_der())
        .and_then(|info| info.encrypt(PASSWORD))
        .map_err(|error| error.to_string())?;
    Ok(Identity {
        certificate: certificate.pem(),
        private_key: key.serialize_pem(),
        encrypted_private_key: pem::encode(&pem::Pem::new(
            "ENCRYPTED PRIVATE KEY",
            encrypted.as_bytes(),
        )),
        private_key_password: PASSWORD.to_owned(),
        der: certificate.der().to_vec(),
    })
}

/// The certificate of a `CACertificate` header: base64 of PEM text, or of the certificate itself.
pub(crate) fn certificate_of(header: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(header).ok()?;
    match pem::parse(&bytes) {
        Ok(pem) => Some(pem.into_contents()),
        Err(_) => Some(bytes),
    }
}

/// Whether a payload proves that its sender has the key of a certificate, at this moment.
pub(crate) fn proves_possession(der: &[u8], body: &[u8], now: Timestamp, rules: &Rules) -> bool {
    check(der, body, now, rules).is_some()
}

fn check(der: &[u8], body: &[u8], now: Timestamp, rules: &Rules) -> Option<()> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let bytes = |key: &str| STANDARD.decode(body[key].as_str()?).ok();
    let message = bytes("encodedData")?;
    let signature = bytes("encodedSignedData")?;
    match body["encodedDataFormat"].as_str() {
        Some("v2") => {
            let seconds = u64::from_be_bytes(message.get(..8)?.try_into().ok()?);
            let off = i64::try_from(seconds).ok()?.abs_diff(now.as_second());
            if off > rules.certificate_skew.as_secs() {
                return None;
            }
        }
        Some(_) => return None,
        None if rules.reject_v1 => return None,
        None => {}
    }
    if message.len() < 100 {
        return None;
    }
    let certificate = x509_cert::Certificate::from_der(der).ok()?;
    let key = certificate.tbs_certificate().subject_public_key_info();
    let key = key.subject_public_key.as_bytes()?;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA512, key)
        .verify(&message, &signature)
        .ok()
}
