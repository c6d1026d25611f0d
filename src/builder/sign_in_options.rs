//! Options of the builder for signing in.

use std::sync::Arc;

#[cfg(feature = "oauth")]
use anaplan_auth::OAuth;
#[cfg(feature = "certificate")]
use anaplan_auth::{Material, PayloadVersion};
use anaplan_core::{Authenticator, SecretString};

use crate::builder::ClientBuilder;

impl ClientBuilder {
    /// The e-mail address of the user who signs in with a [`password`](Self::password).
    ///
    /// In a tenant with single sign-on, only exception users can sign in like this.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.sign_in.user = Some(user.into());
        self
    }

    /// The password of the [`user`](Self::user), as it is: nothing is trimmed.
    pub fn password(mut self, password: impl Into<SecretString>) -> Self {
        self.sign_in.password = Some(password.into());
        self
    }

    /// E-mail address and password in one call.
    pub fn basic(self, user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        self.user(user).password(password)
    }

    /// The certificate to sign in with: a path, in which `~` stands for the home directory, or the content
    /// of a file: PEM, DER or PKCS#7. A file that also holds the private key is enough alone. See
    /// [`Certificate`](crate::auth::Certificate).
    #[cfg(feature = "certificate")]
    #[cfg_attr(docsrs, doc(cfg(feature = "certificate")))]
    pub fn certificate(mut self, certificate: impl Into<Material>) -> Self {
        self.sign_in.certificate.certificate = Some(certificate.into());
        self
    }

    /// The private key of the certificate: a path, in which `~` stands for the home directory, or the
    /// content of a file. PKCS#8 or PKCS#1, encrypted or not.
    #[cfg(feature = "certificate")]
    #[cfg_attr(docsrs, doc(cfg(feature = "certificate")))]
    pub fn private_key(mut self, private_key: impl Into<Material>) -> Self {
        self.sign_in.certificate.private_key = Some(private_key.into());
        self
    }

    /// The password of an encrypted private key. Empty means none. A line break at its end is dropped if
    /// the key does not open otherwise.
    #[cfg(feature = "certificate")]
    #[cfg_attr(docsrs, doc(cfg(feature = "certificate")))]
    pub fn private_key_password(mut self, password: impl Into<SecretString>) -> Self {
        self.sign_in.certificate.password = Some(password.into());
        self
    }

    /// The form of the message that the private key signs. Default:
    /// [`PayloadVersion::V2`](crate::auth::PayloadVersion::V2).
    #[cfg(feature = "certificate")]
    #[cfg_attr(docsrs, doc(cfg(feature = "certificate")))]
    pub fn certificate_payload(mut self, version: PayloadVersion) -> Self {
        self.sign_in.certificate.payload = Some(version);
        self
    }

    /// The OAuth service, with the tokens of a store. No sign-in is needed before: `build()` does not
    /// look, and calls say so. See [`OAuth`](crate::auth::OAuth) for how the tokens come into the store.
    ///
    /// ```
    /// use anaplan::auth::{FileTokenStore, OAuth, OAuthClient};
    ///
    /// let client = OAuthClient::device("b1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4");
    /// let oauth = OAuth::new(client, FileTokenStore::new("~/.config/anaplan/tokens.json"));
    /// let builder = anaplan::Client::builder().oauth(oauth);
    /// ```
    #[cfg(feature = "oauth")]
    #[cfg_attr(docsrs, doc(cfg(feature = "oauth")))]
    pub fn oauth(mut self, oauth: OAuth) -> Self {
        self.sign_in.oauth = Some(oauth);
        self
    }

    /// An existing token. It is never renewed: once it has expired, calls fail with
    /// [`ErrorKind::Authentication`](crate::ErrorKind::Authentication).
    pub fn token(mut self, token: impl Into<SecretString>) -> Self {
        self.sign_in.token = Some(token.into());
        self
    }

    /// An existing token to use first. When a server rejects it, the client signs in with the certificate or
    /// the password, which must belong to the same user.
    ///
    /// ```
    /// let builder = anaplan::Client::builder()
    ///     .initial_token("token of the last run")
    ///     .basic("ada@example.com", "her password");
    /// ```
    pub fn initial_token(mut self, token: impl Into<SecretString>) -> Self {
        self.sign_in.initial_token = Some(token.into());
        self
    }

    /// A way of signing in of your own, or one of [`auth`](crate::auth) put together by hand.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use anaplan::auth::{Basic, TokenAuthenticator};
    ///
    /// let authenticator = TokenAuthenticator::new(Basic::new("ada@example.com", "her password"));
    /// let builder = anaplan::Client::builder().authenticator(Arc::new(authenticator));
    /// ```
    pub fn authenticator(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.sign_in.authenticator = Some(authenticator);
        self
    }
}
