//! Responses of the OAuth service.

use std::fmt;
use std::time::Duration;

use anaplan_core::lenient::{count_opt, text_opt};
use anaplan_core::{Response, Result, SecretString};
use jiff::SignedDuration;
use serde::{Deserialize, Deserializer};

use crate::oauth::tokens::OAuthTokens;

/// Lifetime of an access token, in seconds, if the response has none.
const DEFAULT_LIFETIME: u64 = 2100;
/// Longest accepted lifetime of an access token, in seconds.
const MAX_LIFETIME: u64 = 24 * 60 * 60;
/// Lifetime of a device code, in seconds, if the response has none.
const DEFAULT_DEVICE_LIFETIME: u64 = 900;
/// Longest accepted lifetime of a device code, in seconds.
const MAX_DEVICE_LIFETIME: u64 = 24 * 60 * 60;
/// Poll interval of a device, in seconds, if the response has none or zero (RFC 8628, section 3.2).
const DEFAULT_INTERVAL: u64 = 5;
/// Longest accepted poll interval of a device, in seconds.
const MAX_INTERVAL: u64 = 60;

/// Reads the tokens of a response.
pub(super) fn tokens(response: &Response) -> Result<OAuthTokens> {
    #[derive(Deserialize)]
    struct Wire {
        #[serde(deserialize_with = "required_secret")]
        access_token: SecretString,
        #[serde(default, deserialize_with = "count_opt")]
        expires_in: Option<u64>,
        #[serde(default)]
        refresh_token: Option<String>,
        #[serde(default, deserialize_with = "text_opt")]
        scope: Option<String>,
    }
    let wire: Wire = response.json()?;
    let now = response.received_at();
    let lifetime = seconds(wire.expires_in, DEFAULT_LIFETIME, MAX_LIFETIME);
    let lifetime = SignedDuration::try_from(lifetime).unwrap_or_default();
    Ok(OAuthTokens {
        access_token: Some(wire.access_token),
        expires_at: now.saturating_add(lifetime).ok(),
        refresh_token: wire
            .refresh_token
            .filter(|token| !token.trim().is_empty())
            .map(SecretString::from),
        scope: wire.scope.filter(|scope| !scope.is_empty()),
    })
}

/// Reads the codes of a response.
pub(super) fn device_codes(response: &Response) -> Result<DeviceCodes> {
    #[derive(Deserialize)]
    struct Wire {
        #[serde(deserialize_with = "required_secret")]
        device_code: SecretString,
        #[serde(deserialize_with = "required_text")]
        user_code: String,
        #[serde(deserialize_with = "required_text")]
        verification_uri: String,
        #[serde(default, deserialize_with = "text_opt")]
        verification_uri_complete: Option<String>,
        #[serde(default, deserialize_with = "count_opt")]
        expires_in: Option<u64>,
        #[serde(default, deserialize_with = "count_opt")]
        interval: Option<u64>,
    }
    let wire: Wire = response.json()?;
    let interval = wire.interval.filter(|interval| *interval > 0);
    Ok(DeviceCodes {
        device_code: wire.device_code,
        user_code: wire.user_code,
        verification_uri: wire.verification_uri,
        verification_uri_complete: wire.verification_uri_complete,
        life: seconds(
            wire.expires_in,
            DEFAULT_DEVICE_LIFETIME,
            MAX_DEVICE_LIFETIME,
        ),
        interval: seconds(interval, DEFAULT_INTERVAL, MAX_INTERVAL),
    })
}

/// Codes for the sign-in of a device. Their `Debug` output does not contain the device code.
#[derive(Clone)]
#[non_exhaustive]
pub struct DeviceCodes {
    /// Code with which the device polls.
    pub device_code: SecretString,
    /// Code that the user enters.
    pub user_code: String,
    /// Page on which the user enters the code.
    pub verification_uri: String,
    /// The same page with the code in its URL.
    pub verification_uri_complete: Option<String>,
    /// Lifetime of the codes. At most 24 hours. Default: 15 minutes.
    pub life: Duration,
    /// Poll interval. At least 1 s and at most 60 s. Default: 5 s.
    pub interval: Duration,
}

impl fmt::Debug for DeviceCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCodes")
            .field("user_code", &self.user_code)
            .field("verification_uri", &self.verification_uri)
            .finish_non_exhaustive()
    }
}

fn seconds(value: Option<u64>, default: u64, max: u64) -> Duration {
    Duration::from_secs(value.unwrap_or(default).min(max))
}

fn required_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    required_text(deserializer).map(SecretString::from)
}

fn required_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() {
        return Err(serde::de::Error::custom("the value is blank"));
    }
    Ok(text)
}
