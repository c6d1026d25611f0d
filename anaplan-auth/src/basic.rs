//! Sign-in with e-mail address and password.

use std::fmt;

use anaplan_core::{Error, ErrorKind, Result, SecretString, Session, async_trait};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;

use crate::sign_in::SignIn;
use crate::token::Authenticate;

/// Sign-in with e-mail address and password.
///
/// In a tenant with single sign-on, only exception users can sign in with a password.
///
/// ```
/// use anaplan_auth::{Basic, TokenAuthenticator};
///
/// let authenticator = TokenAuthenticator::new(Basic::new("ada@example.com", "her password"));
/// assert!(!format!("{authenticator:?}").contains("her password"));
/// ```
#[derive(Clone)]
pub struct Basic {
    user: String,
    password: SecretString,
}

impl Basic {
    /// Creates a sign-in with this e-mail address and this password. Neither is trimmed.
    pub fn new(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self {
            user: user.into(),
            password: password.into(),
        }
    }

    /// Checks user and password without sending them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] if the user is blank or contains a colon, if the password is empty, or
    /// if either contains a control character such as a line break.
    pub fn validate(&self) -> Result<()> {
        let password = self.password.expose_secret();
        let problem = if self.user.trim().is_empty() {
            "the user's e-mail address is blank"
        } else if self.user.contains(':') {
            // The service reads the user name up to the first colon.
            "the user's e-mail address contains a colon"
        } else if self.user.contains(char::is_control) {
            "the user's e-mail address contains a line break or another control character"
        } else if password.is_empty() {
            "the password is empty"
        } else if password.contains(char::is_control) {
            "the password contains a line break or another control character"
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::Authentication, problem))
    }

    fn authorization(&self) -> SecretString {
        // Each string is allocated at its final size: one that grows leaves copies behind in memory.
        let pair = [&self.user, ":", self.password.expose_secret()].concat();
        let pair = SecretString::from(pair);
        let encoded = SecretString::from(STANDARD.encode(pair.expose_secret()));
        ["Basic ", encoded.expose_secret()].concat().into()
    }
}

#[async_trait]
impl SignIn for Basic {
    async fn request(&self, _session: &Session) -> Result<Authenticate> {
        self.validate()?;
        let request = Authenticate::new(&self.authorization())?;
        Ok(request
            .with_user(&self.user)
            .with_secret(self.password.clone()))
    }
}

impl fmt::Debug for Basic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Basic")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorization_is_encoded_as_in_rfc_7617() {
        let header = |user: &str, password: &str| {
            let basic = Basic::new(user, password);
            assert!(basic.validate().is_ok());
            basic.authorization().expose_secret().to_owned()
        };
        assert_eq!(
            header("Aladdin", "open sesame"),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
        assert_eq!(header("test", "123£"), "Basic dGVzdDoxMjPCow==");
        assert_eq!(header("a", " b:c "), "Basic YTogYjpjIA==");
    }

    #[test]
    fn validate_rejects_credentials_that_cannot_work_without_quoting_the_password() {
        for (user, password) in [
            ("", "s3cret"),
            (" \t", "s3cret"),
            ("a:b", "s3cret"),
            ("a\nb", "s3cret"),
            ("a", ""),
            ("a", "s3cret\n"),
        ] {
            let error = Basic::new(user, password).validate().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Authentication);
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
        let basic = Basic::new("ada@example.com", "s3cret");
        assert!(!format!("{basic:?} {basic:#?}").contains("s3cret"));
    }
}
