//! The certificate of the user among those of a file, and the chain that is sent.

use anaplan_core::pem::{self, Damage};
use anaplan_core::{Result, Timestamp};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey};

use super::certificate_problem::CertificateProblem;
use super::input::Input;
use super::x509::Parsed;

/// More intermediate authorities than that are a loop.
const LONGEST_CHAIN: usize = 8;

/// The certificates of a file.
pub(super) struct Candidates {
    certificates: Vec<Parsed>,
    /// The number and the damage of the first one that cannot be read.
    damaged: Option<(usize, Damage)>,
}

/// The user's certificate and those that lead to a root.
pub(super) struct Chain {
    user: Parsed,
    pem: String,
    /// The name of the file, as the subject of a sentence.
    name: String,
}

impl Candidates {
    pub(super) fn read(input: &Input<'_>) -> Result<Self> {
        let mut found = Self {
            certificates: Vec::new(),
            damaged: None,
        };
        for (index, der) in input.document.certificates().into_iter().enumerate() {
            match der.and_then(|der| Parsed::read(der).ok_or(Damage::NotDer)) {
                Ok(certificate) => found.certificates.push(certificate),
                Err(damage) => {
                    found.damaged.get_or_insert((index + 1, damage));
                }
            }
        }
        if !found.certificates.is_empty() {
            return Ok(found);
        }
        Err(match found.damaged {
            Some((_, Damage::IndefiniteLength)) => {
                let command = input.conversion(pem::Kind::Bundle);
                input.error(
                    CertificateProblem::NoCertificate,
                    format_args!("is a PKCS#7 bundle in BER; convert it: {command}"),
                )
            }
            Some((_, damage)) => found.error_of(input, 1, damage),
            None => input.lacks(CertificateProblem::NoCertificate, hint(input)),
        })
    }

    /// Returns the chain of the certificate that belongs to a public key, or of the first one that
    /// issued no other if the key is not known.
    ///
    /// Of several for one key, as after a renewal, it is the one that is valid now and longest.
    pub(super) fn chain(
        &self,
        input: &Input<'_>,
        public_key: Option<(&[u8], &Input<'_>)>,
        now: Timestamp,
    ) -> Result<Chain> {
        let all = &self.certificates;
        if !all.iter().any(|certificate| certificate.is_rsa) {
            return Err(input.error(
                CertificateProblem::NotRsa,
                "is not for an RSA key, and Anaplan accepts no other kind; request one for an RSA key: openssl req -new -newkey rsa:2048 -keyout new-key.pem -out request.pem",
            ));
        }
        let user = match public_key {
            Some((public_key, key)) => all
                .iter()
                .filter(|certificate| certificate.public_key == public_key)
                .max_by_key(|certificate| (certificate.is_valid_at(now), certificate.valid_until))
                .ok_or_else(|| self.mismatch(input, key))?,
            None => all
                .iter()
                .find(|certificate| {
                    certificate.is_rsa && !all.iter().any(|other| other.is_issued_by(certificate))
                })
                .ok_or_else(|| input.lacks(CertificateProblem::NoCertificate, hint(input)))?,
        };
        let mut chain = vec![user];
        while let Some(issuer) = all.iter().find(|other| {
            chain.len() < LONGEST_CHAIN
                && !other.is_self_signed()
                && !chain.iter().any(|one| one.der == other.der)
                && chain.last().is_some_and(|last| last.is_issued_by(other))
        }) {
            chain.push(issuer);
        }
        Ok(Chain {
            pem: chain
                .iter()
                .map(|certificate| pem::encode("CERTIFICATE", &certificate.der))
                .collect(),
            user: user.clone(),
            name: input.to_string(),
        })
    }

    fn mismatch(&self, input: &Input<'_>, key: &Input<'_>) -> anaplan_core::Error {
        if let Some((number, damage)) = self.damaged {
            return self.error_of(input, number, damage);
        }
        let (certificate, key_file) = (input.file(), key.file());
        let subject = match self.certificates.len() {
            1 => String::new(),
            count => format!("any of the {count} certificates of "),
        };
        CertificateProblem::KeyMismatch.error(format!(
            "{key} does not belong to {subject}{input}; these two commands print the same key if they belong together: openssl x509 -noout -pubkey -in {certificate} and openssl pkey -pubout -in {key_file}"
        ))
    }

    fn error_of(&self, input: &Input<'_>, number: usize, damage: Damage) -> anaplan_core::Error {
        let which = if self.certificates.is_empty() {
            String::new()
        } else {
            format!("in certificate number {number}")
        };
        let place = if which.is_empty() { "" } else { " " };
        input.error(
            CertificateProblem::DamagedCertificate,
            format_args!("is damaged{place}{which}: {damage}; copy it again from its source"),
        )
    }
}

fn hint(input: &Input<'_>) -> &'static str {
    match input.document.main_kind() {
        pem::Kind::Request => {
            "send the request to the authority and pass the certificate that it returns"
        }
        kind if kind.is_private_key() => "pass the file that begins with BEGIN CERTIFICATE",
        _ => "pass the certificate in PEM, DER or PKCS#7",
    }
}

impl Chain {
    /// The chain in canonical PEM, the user's certificate first.
    pub(super) fn pem(&self) -> &str {
        &self.pem
    }

    pub(super) fn user(&self) -> &Parsed {
        &self.user
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn check_time(&self, now: Timestamp) -> Result<()> {
        let Parsed {
            valid_from,
            valid_until,
            ..
        } = self.user;
        let name = &self.name;
        let seconds = Timestamp::from_second(now.as_second()).unwrap_or(now);
        if now > valid_until {
            return Err(CertificateProblem::Expired.error(format!(
                "{name} expired at {valid_until} (now {seconds}, valid from {valid_from}); renew it and register the new one"
            )));
        }
        if now < valid_from {
            return Err(CertificateProblem::NotYetValid.error(format!(
                "{name} is not valid before {valid_from} (now {seconds}, valid until {valid_until}); check the clock of this machine"
            )));
        }
        Ok(())
    }

    /// Checks that a signature was made with the key of the user's certificate.
    pub(super) fn check_signature(&self, message: &[u8], signature: &[u8]) -> Result<()> {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA512, &self.user.public_key)
            .verify(message, signature)
            .map_err(|_| {
                CertificateProblem::KeyMismatch.error(format!(
                    "the signature of the signer does not fit {}",
                    self.name
                ))
            })
    }
}
