//! The authority that the fake trusts.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use anaplan_core::{Error, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_RSA_SHA256, PublicKeyData as _, RsaKeySize, SanType, date_time_ymd,
};

use super::{Identity, failed};

/// `emailAddress` of PKCS#9.
const EMAIL_ADDRESS: [u64; 7] = [1, 2, 840, 113_549, 1, 9, 1];

/// The years in which a certificate is valid, from their first moment to their first moment.
type Years = (i32, i32);

/// Long enough for every clock that a test may set.
const ALWAYS: Years = (1990, 2120);
const PAST: Years = (1990, 1991);
const FUTURE: Years = (2110, 2120);

/// An authority and its issued certificates.
///
/// Making one takes an RSA key, and so does every identity: tenths of a second each. Tests share
/// [`Authority::shared`], which keeps one identity for each e-mail address.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    identities: Mutex<BTreeMap<String, Identity>>,
}

impl Authority {
    /// A new authority with a key of its own, which no fake trusts.
    ///
    /// # Errors
    ///
    /// When this machine cannot make the key.
    pub fn new() -> Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let name = &mut params.distinguished_name;
        name.push(DnType::OrganizationName, "Northwind Planning");
        name.push(DnType::CommonName, "Northwind Test Authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        set_years(&mut params, ALWAYS);
        let issuer = CertifiedIssuer::self_signed(params, rsa_key()?).map_err(failed)?;
        Ok(Self {
            issuer,
            identities: Mutex::default(),
        })
    }

    /// The authority that every fake of this process trusts. The first call makes it.
    ///
    /// # Errors
    ///
    /// When this machine cannot make its key.
    pub fn shared() -> Result<Arc<Self>> {
        // Held while the key is made, so that tests that start together make one and not many.
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(authority) = &*shared {
            return Ok(Arc::clone(authority));
        }
        let authority = Arc::new(Self::new()?);
        *shared = Some(Arc::clone(&authority));
        Ok(authority)
    }

    /// The same, if anybody has asked for it yet. Before that, no certificate can be from it.
    pub(crate) fn shared_if_made() -> Option<Arc<Self>> {
        let shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.as_ref().map(Arc::clone)
    }

    /// The authority's own certificate, in PEM: what a client of [`issue_server`](Self::issue_server)
    /// must trust.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        self.issuer.pem()
    }

    /// The identity of a user: made at the first call for this e-mail address, the same ever after.
    ///
    /// # Errors
    ///
    /// As [`issue`](Self::issue).
    pub fn identity(&self, email: &str) -> Result<Identity> {
        let mut identities = self
            .identities
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(identity) = identities.get(email) {
            return Ok(identity.clone());
        }
        let identity = self.issue(email)?;
        identities.insert(email.to_owned(), identity.clone());
        Ok(identity)
    }

    /// A new key and a certificate for it. It names the user by e-mail address.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](anaplan_core::ErrorKind::InvalidInput) for an address that is not
    /// ASCII; otherwise when this machine cannot make the key.
    pub fn issue(&self, email: &str) -> Result<Identity> {
        self.certify(user(email, ALWAYS)?, &rsa_key()?)
    }

    /// One whose certificate has expired.
    ///
    /// # Errors
    ///
    /// As [`issue`](Self::issue).
    pub fn issue_expired(&self, email: &str) -> Result<Identity> {
        self.certify(user(email, PAST)?, &rsa_key()?)
    }

    /// One whose certificate is not valid yet.
    ///
    /// # Errors
    ///
    /// As [`issue`](Self::issue).
    pub fn issue_not_yet_valid(&self, email: &str) -> Result<Identity> {
        self.certify(user(email, FUTURE)?, &rsa_key()?)
    }

    /// One with a key on the curve P-256 in place of an RSA key.
    ///
    /// # Errors
    ///
    /// As [`issue`](Self::issue).
    pub fn issue_ec(&self, email: &str) -> Result<Identity> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
        self.certify(user(email, ALWAYS)?, &key)
    }

    /// One whose certificate lacks the extended key usages client authentication and e-mail protection.
    ///
    /// # Errors
    ///
    /// As [`issue`](Self::issue).
    pub fn issue_without_usages(&self, email: &str) -> Result<Identity> {
        let mut params = user(email, ALWAYS)?;
        params.extended_key_usages.clear();
        self.certify(params, &rsa_key()?)
    }

    /// An identity that signed its own certificate and belongs to no authority.
    ///
    /// # Errors
    ///
    /// As [`issue`](Self::issue).
    pub fn self_signed(email: &str) -> Result<Identity> {
        let key = rsa_key()?;
        let certificate = user(email, ALWAYS)?.self_signed(&key).map_err(failed)?;
        Identity::new(certificate.der(), &key)
    }

    /// The key and certificate of a TLS server, for these host names and addresses: `localhost`,
    /// `127.0.0.1`.
    ///
    /// # Errors
    ///
    /// As [`issue`](Self::issue), for host names that cannot stand in a certificate.
    pub fn issue_server<S: Into<String>>(
        &self,
        hosts: impl IntoIterator<Item = S>,
    ) -> Result<Identity> {
        let hosts: Vec<String> = hosts.into_iter().map(Into::into).collect();
        let first = hosts.first().cloned().unwrap_or_default();
        let mut params = CertificateParams::new(hosts)
            .map_err(|_| Error::invalid_input("host", "cannot stand in a certificate"))?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, first);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        set_years(&mut params, ALWAYS);
        // Elliptic: made in no time, and every TLS client knows it.
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
        self.certify(params, &key)
    }

    fn certify(&self, mut params: CertificateParams, key: &KeyPair) -> Result<Identity> {
        params.use_authority_key_identifier_extension = true;
        params.is_ca = IsCa::ExplicitNoCa;
        let certificate = params.signed_by(key, &self.issuer).map_err(failed)?;
        Identity::new(certificate.der(), key)
    }

    /// The authority's certificate in DER.
    pub(super) fn certificate_der(&self) -> &[u8] {
        self.issuer.der()
    }

    /// The authority's key, as a PKCS#1 `RSAPublicKey` in DER.
    pub(super) fn public_key(&self) -> &[u8] {
        self.issuer.key().der_bytes()
    }
}

static SHARED: Mutex<Option<Arc<Authority>>> = Mutex::new(None);

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

fn rsa_key() -> Result<KeyPair> {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(failed)
}

/// A certificate to be, for a user.
fn user(email: &str, years: Years) -> Result<CertificateParams> {
    let address: rcgen::string::Ia5String = email
        .try_into()
        .map_err(|_| Error::invalid_input("e-mail address", "must be ASCII"))?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    let name = &mut params.distinguished_name;
    name.push(DnType::OrganizationName, "Northwind Planning");
    name.push(DnType::CommonName, email);
    name.push(
        DnType::CustomDnType(EMAIL_ADDRESS.to_vec()),
        DnValue::Ia5String(address.clone()),
    );
    params.subject_alt_names = vec![SanType::Rfc822Name(address)];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::EmailProtection,
    ];
    set_years(&mut params, years);
    Ok(params)
}

fn set_years(params: &mut CertificateParams, (from, until): Years) {
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
}
