//! The trait of sign-ins that open a session on the token service.

use std::fmt;

use anaplan_core::{Result, Session, async_trait};

use crate::token::Authenticate;

/// A way of signing in: creates the request that opens a session on the token service.
///
/// Anaplan supports [`Basic`](crate::Basic) and `Certificate`. Implement this trait to read the secret
/// immediately before it is sent, for example from a vault:
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
    /// Creates the request for a new session. Called once per sign-in.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`](anaplan_core::ErrorKind::Authentication) if the service would certainly
    /// reject the request.
    async fn request(&self, session: &Session) -> Result<Authenticate>;
}

#[async_trait]
impl<S: SignIn + ?Sized> SignIn for Box<S> {
    async fn request(&self, session: &Session) -> Result<Authenticate> {
        (**self).request(session).await
    }
}
