//! The fields of a certificate that the sign-in needs.

use anaplan_core::Timestamp;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::ExtendedKeyUsage;
use x509_cert::time::Time;

use super::certificate_warning::CertificateWarning;
use super::key::RSA_ENCRYPTION;

const CLIENT_AUTHENTICATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
const EMAIL_PROTECTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4");

/// A parsed certificate.
#[derive(Clone)]
pub(super) struct Parsed {
    pub(super) der: Vec<u8>,
    /// A PKCS#1 `RSAPublicKey` in DER.
    pub(super) public_key: Vec<u8>,
    pub(super) is_rsa: bool,
    pub(super) valid_from: Timestamp,
    pub(super) valid_until: Timestamp,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    extended_key_usages: Vec<ObjectIdentifier>,
}

impl Parsed {
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let certificate = x509_cert::Certificate::from_der(der).ok()?;
        let body = certificate.tbs_certificate();
        let key = body.subject_public_key_info();
        let usages = body.get_extension::<ExtendedKeyUsage>().ok().flatten();
        Some(Self {
            der: der.to_vec(),
            public_key: key.subject_public_key.as_bytes()?.to_vec(),
            is_rsa: key.algorithm.oid == RSA_ENCRYPTION,
            valid_from: timestamp(body.validity().not_before),
            valid_until: timestamp(body.validity().not_after),
            issuer: body.issuer().to_der().ok()?,
            subject: body.subject().to_der().ok()?,
            extended_key_usages: usages.map(|(_, usages)| usages.0).unwrap_or_default(),
        })
    }

    pub(super) fn is_valid_at(&self, now: Timestamp) -> bool {
        (self.valid_from..=self.valid_until).contains(&now)
    }

    pub(super) fn is_self_signed(&self) -> bool {
        self.issuer == self.subject
    }

    /// Returns whether this certificate may have been issued by the owner of the other one.
    pub(super) fn is_issued_by(&self, other: &Self) -> bool {
        self.issuer == other.subject && self.subject != other.subject
    }

    /// Returns the reasons why Anaplan may refuse the certificate.
    pub(super) fn warnings(&self) -> Vec<CertificateWarning> {
        let lacks = |usage| !self.extended_key_usages.contains(usage);
        [
            (
                lacks(&CLIENT_AUTHENTICATION),
                CertificateWarning::NoClientAuthentication,
            ),
            (
                lacks(&EMAIL_PROTECTION),
                CertificateWarning::NoEmailProtection,
            ),
            (self.is_self_signed(), CertificateWarning::SelfSigned),
        ]
        .into_iter()
        .filter_map(|(applies, warning)| applies.then_some(warning))
        .collect()
    }
}

fn timestamp(time: Time) -> Timestamp {
    i64::try_from(time.to_unix_duration().as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or(Timestamp::MAX)
}
