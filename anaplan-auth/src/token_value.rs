//! Checks and comparisons of token values.

use anaplan_core::{Credential, Error, ErrorKind, Result, SecretString};
use secrecy::ExposeSecret;

/// Returns the token without white space around it.
pub(crate) fn trimmed(token: &SecretString) -> SecretString {
    SecretString::from(token.expose_secret().trim())
}

/// Fails if the token cannot be sent. The error does not quote it.
pub(crate) fn check(token: &SecretString) -> Result<()> {
    let text = token.expose_secret();
    let problem = if text.trim().is_empty() {
        "the token is empty"
    } else if text.contains(['\n', '\r']) {
        "the token contains a line break"
    } else if text.trim().contains(char::is_whitespace) {
        "the token contains white space: pass it without a scheme such as Bearer"
    } else {
        return Credential::anaplan(token, 0).map(drop);
    };
    Err(Error::new(ErrorKind::Authentication, problem))
}

/// Returns whether both secrets are equal.
pub(crate) fn same(a: &SecretString, b: &SecretString) -> bool {
    a.expose_secret() == b.expose_secret()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_rejects_tokens_that_cannot_be_sent_without_quoting_them() {
        assert!(check(&trimmed(&" t0ken\n".into())).is_ok());
        for (token, word) in [
            ("", "empty"),
            (" \n", "empty"),
            ("s3cret\ns3cret", "line break"),
            ("s3cret\r", "line break"),
            ("Bearer s3cret", "without a scheme"),
            ("s3cret\u{7}", "characters"),
        ] {
            let error = check(&token.into()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Authentication);
            assert!(error.to_string().contains(word), "{error}");
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
    }
}
