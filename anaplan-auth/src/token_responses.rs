//! Responses of the token service.

use std::fmt;

use anaplan_core::lenient::{moment_opt, or_default, text_opt};
use anaplan_core::{Error, ErrorKind, Response, Result, SecretString, Timestamp, UserId};
use secrecy::ExposeSecret;
use serde::Deserialize;

/// An issued token. Its `Debug` output does not contain the secret.
#[derive(Clone)]
#[non_exhaustive]
pub struct TokenInfo {
    /// The token.
    pub token: SecretString,
    /// Expiry by the clock of the service. Usually 35 minutes after the token was issued.
    pub expires_at: Option<Timestamp>,
    /// Id of the token.
    pub token_id: Option<String>,
    /// Id of the session. A refresh does not change it.
    pub refresh_token_id: Option<String>,
}

impl fmt::Debug for TokenInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenInfo")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// User and expiry of a token. Its `Debug` output does not contain the id of the token.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Validation {
    /// Expiry by the clock of the service.
    pub expires_at: Option<Timestamp>,
    /// Id of the token.
    pub token_id: Option<String>,
    /// Id of the user.
    pub user_id: Option<UserId>,
    /// E-mail address of the user.
    pub email: Option<String>,
    /// Id of the tenant: 32 hexadecimal digits.
    pub customer_guid: Option<String>,
}

impl fmt::Debug for Validation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Validation")
            .field("expires_at", &self.expires_at)
            .field("user_id", &self.user_id)
            .field("email", &self.email)
            .field("customer_guid", &self.customer_guid)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct TokenInfoWire {
    token_value: Option<String>,
    #[serde(deserialize_with = "moment_opt")]
    expires_at: Option<Timestamp>,
    #[serde(deserialize_with = "text_opt")]
    token_id: Option<String>,
    #[serde(deserialize_with = "text_opt")]
    refresh_token_id: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct UserInfoWire {
    #[serde(deserialize_with = "text_opt")]
    user_guid: Option<String>,
    #[serde(deserialize_with = "text_opt")]
    user_id: Option<String>,
    #[serde(deserialize_with = "text_opt")]
    customer_guid: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ValidationWire {
    #[serde(deserialize_with = "or_default")]
    token_info: TokenInfoWire,
    #[serde(deserialize_with = "or_default")]
    user_info: UserInfoWire,
}

pub(crate) fn validation(response: &Response) -> Result<Validation> {
    let wire: ValidationWire = response.json()?;
    Ok(Validation {
        expires_at: wire.token_info.expires_at,
        token_id: wire.token_info.token_id,
        user_id: wire.user_info.user_guid.map(UserId::new),
        email: wire.user_info.user_id,
        customer_guid: wire.user_info.customer_guid,
    })
}

/// Reads an issued token. A refresh response that has an expiry and no value extends the token `old`.
pub(crate) fn token_info(response: &Response, old: Option<&SecretString>) -> Result<TokenInfo> {
    let wire: TokenInfoWire = response.field("tokenInfo")?;
    let token = wire
        .token_value
        .map(SecretString::from)
        .filter(|token| !token.expose_secret().trim().is_empty())
        .or_else(|| wire.expires_at.and(old.cloned()))
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Decode,
                "the response has no 'tokenInfo.tokenValue'",
            )
        })?;
    Ok(TokenInfo {
        token,
        expires_at: wire.expires_at,
        token_id: wire.token_id,
        refresh_token_id: wire.refresh_token_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiry_is_read_in_every_form_and_ignored_if_it_is_invalid() {
        let read = |json: &str| {
            serde_json::from_str::<TokenInfoWire>(json)
                .unwrap()
                .expires_at
        };
        let expected = Timestamp::from_millisecond(1_760_000_000_000).ok();
        for json in [
            r#"{"expiresAt":1760000000000}"#,
            r#"{"expiresAt":"1760000000000"}"#,
            r#"{"expiresAt":1.76e12,"refreshToken":"new and unknown"}"#,
        ] {
            assert_eq!(read(json), expected, "{json}");
        }
        for json in [
            "{}",
            r#"{"expiresAt":null}"#,
            r#"{"expiresAt":"soon"}"#,
            r#"{"expiresAt":1e300}"#,
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn ids_may_be_absent_null_or_numbers() {
        let user: UserInfoWire = serde_json::from_str(r#"{"userGuid":7,"userId":null}"#).unwrap();
        assert_eq!(user.user_guid.as_deref(), Some("7"));
        assert_eq!((user.user_id, user.customer_guid), (None, None));
    }
}
