//! Tokens of a signed-in user.

use std::fmt;

use anaplan_core::{Error, ErrorKind, Result, SecretString, Timestamp};
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::token_cache::{CurrentToken, Lifetime, NewToken};
use crate::token_value::same;

/// Tokens of a signed-in user. Their `Debug` output contains no secret.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct OAuthTokens {
    /// Access token, for calls of the APIs.
    pub access_token: Option<SecretString>,
    /// Expiry of the access token.
    pub expires_at: Option<Timestamp>,
    /// Refresh token, for the next access token.
    pub refresh_token: Option<SecretString>,
    /// Granted scopes, separated by spaces.
    pub scope: Option<String>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Saved<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<std::borrow::Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<std::borrow::Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<std::borrow::Cow<'a, str>>,
}

impl OAuthTokens {
    /// Creates tokens that consist of a refresh token only.
    pub fn from_refresh_token(token: impl Into<SecretString>) -> Self {
        Self {
            refresh_token: Some(token.into()),
            ..Self::default()
        }
    }

    /// Returns the tokens as JSON, for stores. The JSON is not encrypted: it allows to act as the user.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if they cannot be written as JSON.
    pub fn to_json(&self) -> Result<SecretString> {
        fn text(secret: &Option<SecretString>) -> Option<std::borrow::Cow<'_, str>> {
            let secret = secret.as_ref().map(ExposeSecret::expose_secret);
            secret.map(std::borrow::Cow::Borrowed)
        }
        let saved = Saved {
            access_token: text(&self.access_token),
            expires_at: self.expires_at,
            refresh_token: text(&self.refresh_token),
            scope: self.scope.as_deref().map(Into::into),
        };
        serde_json::to_string_pretty(&saved)
            .map(SecretString::from)
            .map_err(|_| Error::invalid_input("the tokens", "cannot be written as JSON"))
    }

    /// Reads the JSON that [`to_json`](Self::to_json) returns. Unknown keys are ignored.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`], without a quotation of the JSON.
    pub fn from_json(text: &str) -> Result<Self> {
        // The error of the parser could quote a token.
        let saved: Saved<'_> = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Error::new(
                ErrorKind::Decode,
                format!("the tokens are not valid JSON: line {line}, column {column}"),
            )
        })?;
        let secret = |text: Option<std::borrow::Cow<'_, str>>| {
            text.filter(|text| !text.trim().is_empty())
                .map(|text| SecretString::from(text.into_owned()))
        };
        Ok(Self {
            access_token: secret(saved.access_token),
            expires_at: saved.expires_at,
            refresh_token: secret(saved.refresh_token),
            scope: saved.scope.map(std::borrow::Cow::into_owned),
        })
    }

    /// Returns whether the access token is valid for `margin` from `now`, by the local clock.
    pub(super) fn is_valid(&self, now: Timestamp, margin: SignedDuration) -> bool {
        let remaining = self.expires_at.map(|at| at.duration_since(now));
        self.access_token.is_some() && remaining.is_some_and(|remaining| remaining >= margin)
    }

    /// Returns whether `current` is the access token.
    pub(super) fn is_access_token(&self, current: &Option<CurrentToken>) -> bool {
        let current = current.as_ref().map(|current| &current.token);
        let tokens = self.access_token.as_ref().zip(current);
        tokens.is_some_and(|(own, current)| same(own, current))
    }

    /// Returns the access token, for the cache.
    pub(super) fn into_new_token(self) -> Result<NewToken> {
        let token = self
            .access_token
            .ok_or_else(|| Error::new(ErrorKind::Authentication, "there is no access token"))?;
        Ok(NewToken {
            token,
            lifetime: Lifetime::IssuedNow(self.expires_at),
        })
    }

    /// Returns these tokens, completed by those that they replace.
    pub(super) fn merged_over(mut self, old: Self) -> Self {
        self.refresh_token = self.refresh_token.or(old.refresh_token);
        self.scope = self.scope.or(old.scope);
        self
    }
}

impl fmt::Debug for OAuthTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthTokens")
            .field("access_token", &self.access_token.is_some())
            .field("expires_at", &self.expires_at)
            .field("refresh_token", &self.refresh_token.is_some())
            .field("scope", &self.scope)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_json_and_debug_shows_no_secret() {
        let tokens = OAuthTokens {
            access_token: Some("s3cret-a\"".into()),
            expires_at: "2026-01-01T00:00:00Z".parse().ok(),
            ..OAuthTokens::from_refresh_token("s3cret-r")
        };
        let json = tokens.to_json().unwrap();
        let read = OAuthTokens::from_json(json.expose_secret()).unwrap();
        let text = |secret: &Option<SecretString>| {
            let secret = secret.as_ref().map(ExposeSecret::expose_secret);
            secret.map(str::to_owned)
        };
        assert_eq!(text(&read.access_token), text(&tokens.access_token));
        assert_eq!(text(&read.refresh_token), text(&tokens.refresh_token));
        assert_eq!((read.expires_at, read.scope), (tokens.expires_at, None));
        assert!(!format!("{tokens:?}").contains("s3cret"));
    }

    #[test]
    fn from_json_does_not_quote_invalid_json() {
        for text in [
            "",
            "s3cret",
            r#"{"expires_at":"s3cret"}"#,
            r#"{"access_token":["s3cret"]}"#,
        ] {
            let error = OAuthTokens::from_json(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert!(
                !format!("{error} {error:?}").contains("s3cret"),
                "{error:?}"
            );
        }
        let read = OAuthTokens::from_json(r#"{"refresh_token":" ","new":1}"#).unwrap();
        assert!(read.refresh_token.is_none());
    }
}
