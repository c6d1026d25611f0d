//! Sign-in with e-mail address and password.

use std::fmt;

use anaplan_core::{Error, ErrorKind, Result, SecretString, Session, async_trait};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;

use crate::sign_in::SignIn;
use crate::token::Authenticate;

/// Signs in with e-mail address and password.
///
/// In a tenant with single sign-on, only exception users can sign in like this.
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
    /// The user's e-mail address, and the password as it is: nothing is trimmed.
    pub fn new(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self {
            user: user.into(),
            password: password.into(),
        }
    }

    fn authorization(&self) -> Result<SecretString> {
        let problem = if self.user.trim().is_empty() {
            Some("the user's e-mail address is empty")
        } else if self.user.contains(':') {
            // The service takes the first colon for the end of the name.
            Some("the user's e-mail address contains a colon")
        } else if self.password.expose_secret().is_empty() {
            Some("the password is empty")
        } else {
            None
        };
        if let Some(problem) = problem {
            return Err(Error::new(ErrorKind::Authentication, problem));
        }
        // Put together in one piece each: a text that grows leaves its beginnings behind in memory.
        let pair = [&self.user, ":", self.password.expose_secret()].concat();
        let pair = SecretString::from(pair);
        let encoded = SecretString::from(STANDARD.encode(pair.expose_secret()));
        Ok(["Basic ", encoded.expose_secret()].concat().into())
    }
}

#[async_trait]
impl SignIn for Basic {
    async fn request(&self, _session: &Session) -> Result<Authenticate> {
        Authenticate::new(&self.authorization()?)
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
    fn the_header_is_that_of_rfc_7617_in_utf_8() {
        let header = |user: &str, password: &str| {
            Basic::new(user, password)
                .authorization()
                .unwrap()
                .expose_secret()
                .to_owned()
        };
        assert_eq!(
            header("Aladdin", "open sesame"),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
        assert_eq!(header("test", "123£"), "Basic dGVzdDoxMjPCow==");
        assert_eq!(header("a", " b:c "), "Basic YTogYjpjIA==");
    }

    #[test]
    fn what_cannot_work_is_refused_before_anything_is_sent() {
        for (user, password) in [
            ("", "s3cret"),
            ("  ", "s3cret"),
            ("a:b", "s3cret"),
            ("a", ""),
        ] {
            let error = Basic::new(user, password).authorization().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Authentication);
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
        let basic = Basic::new("ada@example.com", "s3cret");
        assert!(!format!("{basic:?} {basic:#?}").contains("s3cret"));
    }
}
