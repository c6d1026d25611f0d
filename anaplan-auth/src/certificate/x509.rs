//! The certificate: whose key it holds and when it is valid.

use anaplan_core::{Result, Timestamp};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey};
use x509_cert::der::Decode as _;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::time::Time;
use zeroize::Zeroizing;

use super::key::RSA_ENCRYPTION;
use super::pem::{self, Block};
use super::problem::CertificateProblem;

/// The certificates of a file. The first one is the user's.
pub(super) struct Chain {
    pem: Vec<u8>,
    certificates: Vec<Parsed>,
    valid_from: Timestamp,
    valid_until: Timestamp,
}

/// What matters of one certificate.
struct Parsed {
    /// A PKCS#1 `RSAPublicKey` in DER.
    public_key: Vec<u8>,
    algorithm: ObjectIdentifier,
    valid_from: Timestamp,
    valid_until: Timestamp,
}

impl Chain {
    /// Reads a file of one certificate or more, in PEM or DER.
    pub(super) fn read(file: &[u8]) -> Result<Self> {
        let blocks = pem::blocks(file);
        let own: Vec<&Block<'_>> = blocks
            .iter()
            .filter(|block| block.is_certificate())
            .collect();
        let is_der = own.is_empty() && !pem::looks_like_pem(file);
        // What turns out to be a key in the wrong place is wiped like one.
        let contents = if is_der {
            vec![Some(Zeroizing::new(file.to_vec()))]
        } else {
            own.iter().map(|block| block.decode()).collect()
        };
        let mut certificates = Vec::with_capacity(contents.len());
        for (index, content) in contents.into_iter().enumerate() {
            match content.as_ref().and_then(|content| parse(content)) {
                Some(certificate) => certificates.push(certificate),
                // Only the first one is needed here; the others are for the server to judge.
                None if index > 0 => break,
                None => return Err(unusable(file, &blocks)),
            }
        }
        let first = certificates
            .first()
            .ok_or_else(|| unusable(file, &blocks))?;
        if first.algorithm != RSA_ENCRYPTION {
            return Err(CertificateProblem::NotRsa
                .error("the certificate is not for an RSA key, and no other kind is accepted"));
        }
        // Nothing but certificates leaves this place, whatever else is in the file.
        let pem = if is_der {
            pem::encode("CERTIFICATE", file).into_bytes()
        } else {
            own.iter().flat_map(|block| block.text).copied().collect()
        };
        Ok(Self {
            pem,
            valid_from: first.valid_from,
            valid_until: first.valid_until,
            certificates,
        })
    }

    /// The certificates as they stand in the file, without anything else that is in it.
    pub(super) fn pem(&self) -> &[u8] {
        &self.pem
    }

    pub(super) fn valid_until(&self) -> Timestamp {
        self.valid_until
    }

    pub(super) fn check_time(&self, now: Timestamp) -> Result<()> {
        if now > self.valid_until {
            let text = format!("the certificate expired at {}", self.valid_until);
            return Err(CertificateProblem::Expired.error(text));
        }
        if now < self.valid_from {
            let text = format!("the certificate is not valid before {}", self.valid_from);
            return Err(CertificateProblem::NotYetValid.error(text));
        }
        Ok(())
    }

    /// Checks that a key, given by its public half, is that of the first certificate.
    pub(super) fn check_key(&self, public_key: &[u8]) -> Result<()> {
        let owner = self
            .certificates
            .iter()
            .position(|certificate| certificate.public_key == public_key);
        let text = match owner {
            Some(0) => return Ok(()),
            Some(index) => format!(
                "the private key belongs to certificate number {} of the file, which must come first",
                index + 1
            ),
            None => "the private key does not belong to the certificate".to_owned(),
        };
        Err(CertificateProblem::KeyMismatch.error(text))
    }

    /// Checks that a signature was made with the key of the first certificate.
    pub(super) fn check_signature(&self, message: &[u8], signature: &[u8]) -> Result<()> {
        let public_key = self
            .certificates
            .first()
            .map_or(&[][..], |first| &first.public_key);
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA512, public_key)
            .verify(message, signature)
            .map_err(|_| {
                CertificateProblem::KeyMismatch
                    .error("the signer's signature does not fit the certificate")
            })
    }
}

fn parse(der: &[u8]) -> Option<Parsed> {
    let certificate = x509_cert::Certificate::from_der(der).ok()?;
    let body = certificate.tbs_certificate();
    let key = body.subject_public_key_info();
    Some(Parsed {
        public_key: key.subject_public_key.as_bytes()?.to_vec(),
        algorithm: key.algorithm.oid,
        valid_from: timestamp(body.validity().not_before),
        valid_until: timestamp(body.validity().not_after),
    })
}

fn timestamp(time: Time) -> Timestamp {
    i64::try_from(time.to_unix_duration().as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or(Timestamp::MAX)
}

/// Says what is there in place of a usable certificate.
fn unusable(file: &[u8], blocks: &[Block<'_>]) -> anaplan_core::Error {
    let has = |label: &str| blocks.iter().any(|block| block.label == label);
    let none = |text: &str| CertificateProblem::NoCertificate.error(text);
    if file.iter().all(u8::is_ascii_whitespace) {
        none("the certificate is empty")
    } else if blocks.iter().any(Block::is_certificate) {
        CertificateProblem::DamagedCertificate.error("the certificate is damaged")
    } else if has("CERTIFICATE REQUEST") || has("NEW CERTIFICATE REQUEST") {
        none(
            "there is a certificate request in place of a certificate; the authority that it is for answers it with one",
        )
    } else if has("TRUSTED CERTIFICATE") {
        none(
            "there is a trusted certificate in place of a plain one; convert it: openssl x509 -in old.pem -out new.pem",
        )
    } else if has("PKCS7") {
        none(
            "there is a PKCS#7 bundle in place of a certificate; unpack it: openssl pkcs7 -print_certs -in old.p7b -out new.pem",
        )
    } else if blocks.iter().any(Block::is_private_key) {
        none("there is only a private key where the certificate was expected")
    } else if pem::looks_like_pem(file) && blocks.is_empty() {
        CertificateProblem::DamagedCertificate
            .error("the certificate is damaged: its END line is missing or does not match")
    } else if super::key::is_pkcs12(file) {
        none(
            "there is a PKCS#12 file in place of a certificate; unpack it: openssl pkcs12 -in old.p12 -clcerts -nokeys -out certificate.pem",
        )
    } else {
        none("there is no certificate in what was given as one")
    }
}
