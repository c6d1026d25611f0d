//! Verification of a sign-in with a certificate.

use std::fmt;
use std::time::Duration;

use anaplan_core::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::x509::Shown;
use super::{Authority, strict_pem};

/// Fewest random bytes of a v1 payload. The documents set no minimum for v2, and published clients send
/// v2 payloads of 8 and 92 bytes.
const RANDOM_BYTES: usize = 100;

/// Rules for sign-ins by certificate.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SignInRules {
    /// `true` rejects the older payload, which can be replayed.
    pub reject_v1: bool,
    /// Maximum difference between the time in a payload and the clock.
    pub skew: Duration,
}

impl SignInRules {
    /// Refuses the older payload, or accepts it.
    #[must_use]
    pub fn reject_v1(mut self, reject: bool) -> Self {
        self.reject_v1 = reject;
        self
    }

    /// Lets the time in a payload be off by so much.
    #[must_use]
    pub fn skew(mut self, skew: Duration) -> Self {
        self.skew = skew;
        self
    }
}

impl Default for SignInRules {
    fn default() -> Self {
        Self {
            reject_v1: false,
            skew: Duration::from_secs(300),
        }
    }
}

/// Why a sign-in was refused. The service itself never tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The header is not `CACertificate` and base64.
    Header,
    /// The header holds no certificate.
    Unreadable,
    /// The certificate is its own issuer.
    SelfSigned,
    /// Another authority issued the certificate, or it was changed afterwards.
    UnknownIssuer,
    /// The certificate has expired.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// The key of the certificate is no RSA key.
    NotRsa,
    /// The certificate names no e-mail address.
    NobodysCertificate,
    /// The body is not the JSON object that it should be.
    Body,
    /// The body is in a form that is not known.
    Format,
    /// The body is in the older form, which is switched off.
    OldFormat,
    /// The payload is too short.
    TooShort,
    /// The signature does not fit.
    Signature,
    /// The time in the payload is too long ago, or to come.
    Stale,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "the header is not CACertificate and base64",
            Self::Unreadable => "there is no certificate in the header",
            Self::SelfSigned => "the certificate is self-signed",
            Self::UnknownIssuer => "the certificate is not from a registered authority",
            Self::Expired => "the certificate has expired",
            Self::NotYetValid => "the certificate is not valid yet",
            Self::NotRsa => "the certificate is not for an RSA key",
            Self::NobodysCertificate => "the certificate names no user",
            Self::Body => "the body is not a signed payload",
            Self::Format => "the form of the payload is not known",
            Self::OldFormat => "the older form of the payload is not accepted any more",
            Self::TooShort => "the payload is too short",
            Self::Signature => "the signature does not fit the certificate",
            Self::Stale => "the payload is not of this moment",
        })
    }
}

impl std::error::Error for Refusal {}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    encoded_data_format: Option<String>,
    encoded_data: String,
    encoded_signed_data: String,
}

/// Verifies a sign-in by the `Authorization` header and the body of the request, and returns the e-mail
/// address of the user.
///
/// The header is `CACertificate` and base64, of a PEM file or of a certificate in DER. PEM is read as
/// strictly as OpenSSL and Java read it, and its first certificate counts.
///
/// # Errors
///
/// The first reason for a refusal.
pub fn verify_sign_in(
    authority: &Authority,
    authorization: &str,
    body: &[u8],
    now: Timestamp,
    rules: SignInRules,
) -> Result<String, Refusal> {
    let certificate = shown(authorization)?;
    certificate.check(authority, now)?;
    let email = certificate.email()?;

    let payload: Payload = serde_json::from_slice(body).map_err(|_| Refusal::Body)?;
    let timed = match payload.encoded_data_format.as_deref() {
        Some("v2") => true,
        None | Some("v1") if rules.reject_v1 => return Err(Refusal::OldFormat),
        None | Some("v1") => false,
        Some(_) => return Err(Refusal::Format),
    };
    let decode = |text: &str| STANDARD.decode(text).map_err(|_| Refusal::Body);
    let message = decode(&payload.encoded_data)?;
    certificate.check_signature(&message, &decode(&payload.encoded_signed_data)?)?;

    if timed {
        let time = message.first_chunk().ok_or(Refusal::TooShort)?;
        check_time(u64::from_be_bytes(*time), now, rules.skew)?;
    } else if message.len() < RANDOM_BYTES {
        return Err(Refusal::TooShort);
    }
    Ok(email)
}

fn shown(authorization: &str) -> Result<Shown, Refusal> {
    let (scheme, value) = authorization
        .trim()
        .split_once(' ')
        .ok_or(Refusal::Header)?;
    if !scheme.eq_ignore_ascii_case("CACertificate") {
        return Err(Refusal::Header);
    }
    let file = STANDARD.decode(value.trim()).map_err(|_| Refusal::Header)?;
    // DER begins with a sequence, 0x30, which is no PEM and no white space.
    if file.first() == Some(&0x30) {
        return Shown::read(&file);
    }
    let der = strict_pem::first_certificate(&file).ok_or(Refusal::Unreadable)?;
    Shown::read(&der)
}

fn check_time(seconds: u64, now: Timestamp, skew: Duration) -> Result<(), Refusal> {
    let now = u64::try_from(now.as_second()).unwrap_or(0);
    (now.abs_diff(seconds) <= skew.as_secs())
        .then_some(())
        .ok_or(Refusal::Stale)
}

#[cfg(test)]
mod tests;
