//! The tokens of a signed-in user, as they are kept.

use std::fmt;

use anaplan_core::{Error, ErrorKind, Result, SecretString, Timestamp};
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::token::TokenInfo;

/// The tokens of a signed-in user. Its `Debug` shows nothing of them.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct OAuthTokens {
    /// What opens the APIs.
    pub access_token: Option<SecretString>,
    /// When the access token expires.
    pub expires_at: Option<Timestamp>,
    /// What brings the next access token.
    pub refresh_token: Option<SecretString>,
    /// The scopes that were granted, with spaces between them.
    pub scope: Option<String>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Kept<'a> {
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
    /// A refresh token that came from elsewhere, and nothing else.
    pub fn from_refresh_token(token: impl Into<SecretString>) -> Self {
        Self {
            refresh_token: Some(token.into()),
            ..Self::default()
        }
    }

    /// The tokens as JSON, for stores. Whoever can read it can act in the user's name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when they have no form in JSON.
    pub fn to_json(&self) -> Result<SecretString> {
        fn text(secret: &Option<SecretString>) -> Option<std::borrow::Cow<'_, str>> {
            let secret = secret.as_ref().map(ExposeSecret::expose_secret);
            secret.map(std::borrow::Cow::Borrowed)
        }
        let kept = Kept {
            access_token: text(&self.access_token),
            expires_at: self.expires_at,
            refresh_token: text(&self.refresh_token),
            scope: self.scope.as_deref().map(Into::into),
        };
        serde_json::to_string_pretty(&kept)
            .map(SecretString::from)
            .map_err(|_| Error::invalid_input("the tokens", "have no form in JSON"))
    }

    /// Reads what [`to_json`](Self::to_json) wrote. Unknown keys are ignored.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`], which quotes nothing of the text.
    pub fn from_json(text: &str) -> Result<Self> {
        // The parser's own error could quote a token.
        let kept: Kept<'_> = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Error::new(
                ErrorKind::Decode,
                format!("these are no tokens in JSON: line {line}, column {column}"),
            )
        })?;
        let secret = |text: Option<std::borrow::Cow<'_, str>>| {
            text.filter(|text| !text.trim().is_empty())
                .map(|text| SecretString::from(text.into_owned()))
        };
        Ok(Self {
            access_token: secret(kept.access_token),
            expires_at: kept.expires_at,
            refresh_token: secret(kept.refresh_token),
            scope: kept.scope.map(std::borrow::Cow::into_owned),
        })
    }

    /// Whether the access token is good for so long from now on, by our clock.
    pub(super) fn serve(&self, now: Timestamp, margin: SignedDuration) -> bool {
        let left = self.expires_at.map(|at| at.duration_since(now));
        self.access_token.is_some() && left.is_some_and(|left| left >= margin)
    }

    /// The access token, for the cache.
    pub(super) fn info(&self) -> Result<TokenInfo> {
        let token = self
            .access_token
            .clone()
            .ok_or_else(|| Error::new(ErrorKind::Authentication, "there is no access token"))?;
        Ok(TokenInfo::new(token, self.expires_at))
    }

    /// These tokens as the successors of others, which go on where an answer is silent.
    pub(super) fn after(mut self, old: Self) -> Self {
        self.refresh_token = self.refresh_token.or(old.refresh_token);
        self.scope = self.scope.or(old.scope);
        self
    }
}

/// Whether these are the same secret.
pub(super) fn same(a: Option<&SecretString>, b: Option<&SecretString>) -> bool {
    a.map(|a| a.expose_secret()) == b.map(|b| b.expose_secret())
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
    fn json_and_back_and_nothing_shown_on_the_way() {
        let tokens = OAuthTokens {
            access_token: Some("s3cret-a\"".into()),
            expires_at: "2026-01-01T00:00:00Z".parse().ok(),
            ..OAuthTokens::from_refresh_token("s3cret-r")
        };
        let json = tokens.to_json().unwrap();
        let read = OAuthTokens::from_json(json.expose_secret()).unwrap();
        assert!(same(
            read.access_token.as_ref(),
            tokens.access_token.as_ref()
        ));
        assert!(same(
            read.refresh_token.as_ref(),
            tokens.refresh_token.as_ref()
        ));
        assert_eq!((read.expires_at, read.scope), (tokens.expires_at, None));
        assert!(!format!("{tokens:?}").contains("s3cret"));
    }

    #[test]
    fn what_is_no_json_is_not_quoted() {
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
