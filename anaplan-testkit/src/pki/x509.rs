//! The parts of a presented certificate that are checked.

use anaplan_core::Timestamp;
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
};
use x509_cert::Certificate;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode as _, Reader as _, SliceReader};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Time;

use super::{Authority, Refusal};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");

/// A certificate, read but not trusted.
pub(super) struct Shown {
    certificate: Certificate,
    /// The part that is signed, as it was sent.
    signed: Vec<u8>,
}

impl Shown {
    pub(super) fn read(der: &[u8]) -> Result<Self, Refusal> {
        let certificate = Certificate::from_der(der).map_err(|_| Refusal::Unreadable)?;
        let signed = SliceReader::new(der).and_then(|mut reader| {
            reader.sequence(|inner| {
                let signed = inner.tlv_bytes()?.to_vec();
                inner.read_slice(inner.remaining_len())?;
                x509_cert::der::Result::Ok(signed)
            })
        });
        Ok(Self {
            certificate,
            signed: signed.map_err(|_| Refusal::Unreadable)?,
        })
    }

    /// Checks that the authority issued it, and that it is valid at this moment.
    pub(super) fn check(&self, authority: &Authority, now: Timestamp) -> Result<(), Refusal> {
        let body = self.certificate.tbs_certificate();
        if body.issuer() == body.subject() {
            return Err(Refusal::SelfSigned);
        }
        let own = Certificate::from_der(authority.certificate_der())
            .map_err(|_| Refusal::UnknownIssuer)?;
        if body.issuer() != own.tbs_certificate().subject() {
            return Err(Refusal::UnknownIssuer);
        }
        let signature = self.certificate.signature().as_bytes().unwrap_or_default();
        let genuine = self.certificate.signature_algorithm().oid == SHA256_WITH_RSA
            && UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, authority.public_key())
                .verify(&self.signed, signature)
                .is_ok();
        if !genuine {
            return Err(Refusal::UnknownIssuer);
        }
        if now < timestamp(body.validity().not_before) {
            return Err(Refusal::NotYetValid);
        }
        if now > timestamp(body.validity().not_after) {
            return Err(Refusal::Expired);
        }
        if body.subject_public_key_info().algorithm.oid != RSA_ENCRYPTION {
            return Err(Refusal::NotRsa);
        }
        Ok(())
    }

    /// The e-mail address of its user: the alternative name, or else the one in the subject.
    pub(super) fn email(&self) -> Result<String, Refusal> {
        let body = self.certificate.tbs_certificate();
        let names = body.get_extension::<SubjectAltName>().ok().flatten();
        let alternative = names.and_then(|(_, names)| {
            names.0.into_iter().find_map(|name| match name {
                GeneralName::Rfc822Name(address) => Some(address.as_str().to_owned()),
                _ => None,
            })
        });
        let subject = || {
            let address = body.subject().email_address().ok().flatten()?;
            Some(address.as_str().to_owned())
        };
        alternative
            .or_else(subject)
            .ok_or(Refusal::NobodysCertificate)
    }

    /// Checks that a message was signed with its key: PKCS#1 v1.5, SHA-512.
    pub(super) fn check_signature(&self, message: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        let key = &self.certificate.tbs_certificate().subject_public_key_info();
        let key = key.subject_public_key.as_bytes().unwrap_or_default();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA512, key)
            .verify(message, signature)
            .map_err(|_| Refusal::Signature)
    }
}

fn timestamp(time: Time) -> Timestamp {
    i64::try_from(time.to_unix_duration().as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or(Timestamp::MAX)
}
