//! Ways to sign in.

use std::fmt;

use anaplan_core::{Result, Session, async_trait};

use crate::token::Authenticate;

/// A way to sign in: forms the request that opens a session on the token service.
///
/// [`Basic`](crate::Basic) and `Certificate` are the two that Anaplan offers. Implement it to fetch
/// the secret at the last moment, for example from a vault:
///
/// ```
/// use anaplan_auth::{Authenticate, Basic, SignIn, TokenAuthenticator};
/// use anaplan_core::{Result, SecretString, Session, async_trait};
///
/// #[derive(Debug)]
/// struct FromVault;
///
/// #[async_trait]
/// impl SignIn for FromVault {
///     async fn request(&self, session: &Session) -> Result<Authenticate> {
///         let password = SecretString::from("as read from the vault now");
///         Basic::new("integration@example.com", password).request(session).await
///     }
/// }
///
/// let authenticator = TokenAuthenticator::new(FromVault);
/// ```
#[async_trait]
pub trait SignIn: Send + Sync + fmt::Debug {
    /// The request for a new session. Asked for once per sign-in, however many calls wait for it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`](anaplan_core::ErrorKind::Authentication) when it is clear
    /// beforehand that the service would refuse.
    async fn request(&self, session: &Session) -> Result<Authenticate>;
}

#[async_trait]
impl<S: SignIn + ?Sized> SignIn for Box<S> {
    async fn request(&self, session: &Session) -> Result<Authenticate> {
        (**self).request(session).await
    }
}
