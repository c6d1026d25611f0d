//! Which way of signing in a builder was given.

use std::fmt;
use std::sync::Arc;

#[cfg(feature = "oauth")]
use anaplan_auth::OAuth;
use anaplan_auth::{Basic, FixedToken, TokenAuthenticator};
#[cfg(feature = "certificate")]
use anaplan_auth::{Certificate, Material, PayloadVersion};
use anaplan_core::{Authenticator, Error, ErrorKind, Result, SecretString};
use secrecy::ExposeSecret;

/// Everything that was said about signing in, from one source.
#[derive(Clone, Default)]
pub(crate) struct SignIn {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<SecretString>,
    #[cfg(feature = "certificate")]
    pub(crate) certificate: CertificateParts,
    #[cfg(feature = "oauth")]
    pub(crate) oauth: Option<OAuth>,
    pub(crate) token: Option<SecretString>,
    pub(crate) authenticator: Option<Arc<dyn Authenticator>>,
}

/// Everything that was said about signing in with a certificate.
#[cfg(feature = "certificate")]
#[derive(Clone, Default)]
pub(crate) struct CertificateParts {
    pub(crate) certificate: Option<Material>,
    pub(crate) private_key: Option<Material>,
    pub(crate) password: Option<SecretString>,
    pub(crate) payload: Option<PayloadVersion>,
}

/// One way of signing in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Password,
    #[cfg(feature = "certificate")]
    Certificate,
    #[cfg(feature = "oauth")]
    OAuth,
    Token,
    Authenticator,
}

impl SignIn {
    /// The ways of signing in that something was said about.
    fn ways(&self) -> Vec<Way> {
        let said = [
            (self.user.is_some() || self.password.is_some()).then_some(Way::Password),
            #[cfg(feature = "certificate")]
            self.certificate.is_given().then_some(Way::Certificate),
            #[cfg(feature = "oauth")]
            self.oauth.is_some().then_some(Way::OAuth),
            self.token.is_some().then_some(Way::Token),
            self.authenticator.is_some().then_some(Way::Authenticator),
        ];
        said.into_iter().flatten().collect()
    }

    /// Puts what the code said before what the environment said. The environment completes the way
    /// that the code chose, and counts for nothing when it offers another one.
    fn over(self, environment: Self) -> Self {
        let chosen = self.ways();
        if chosen.is_empty() {
            return environment;
        }
        if chosen != environment.ways() {
            return self;
        }
        Self {
            user: self.user.or(environment.user),
            password: self.password.or(environment.password),
            #[cfg(feature = "certificate")]
            certificate: self.certificate.over(environment.certificate),
            #[cfg(feature = "oauth")]
            oauth: self.oauth,
            token: self.token.or(environment.token),
            authenticator: self.authenticator,
        }
    }

    /// The authenticator that all of this amounts to.
    pub(crate) fn authenticator(self, environment: Self) -> Result<Arc<dyn Authenticator>> {
        let chosen = self.over(environment);
        match chosen.ways()[..] {
            [Way::Password] => chosen.with_password(),
            #[cfg(feature = "certificate")]
            [Way::Certificate] => chosen.certificate.sign_in(),
            #[cfg(feature = "oauth")]
            [Way::OAuth] => chosen
                .oauth
                .map(|oauth| Arc::new(oauth) as _)
                .ok_or_else(none),
            [Way::Token] => chosen.with_token(),
            [Way::Authenticator] => chosen.authenticator.ok_or_else(none),
            [] => Err(none()),
            ref several => {
                let several: Vec<_> = several.iter().map(ToString::to_string).collect();
                Err(config(format!(
                    "more than one way of signing in was given ({}): keep one of them",
                    several.join(", ")
                )))
            }
        }
    }

    fn with_password(self) -> Result<Arc<dyn Authenticator>> {
        let user = self.user.ok_or_else(|| {
            config("a password was given without a user: give one with `user(..)` or ANAPLAN_USER")
        })?;
        let password = self.password.ok_or_else(|| {
            config(
                "a user was given without a password: give one with `password(..)` or ANAPLAN_PASSWORD",
            )
        })?;
        let sign_in = Basic::new(user, password);
        Ok(Arc::new(TokenAuthenticator::new(sign_in)))
    }

    fn with_token(self) -> Result<Arc<dyn Authenticator>> {
        let token = self.token.ok_or_else(none)?;
        if token.expose_secret().trim().is_empty() {
            return Err(config("the token is empty"));
        }
        Ok(Arc::new(FixedToken::new(token)))
    }
}

#[cfg(feature = "certificate")]
impl CertificateParts {
    fn is_given(&self) -> bool {
        self.certificate.is_some()
            || self.private_key.is_some()
            || self.password.is_some()
            || self.payload.is_some()
    }

    fn over(self, environment: Self) -> Self {
        Self {
            certificate: self.certificate.or(environment.certificate),
            private_key: self.private_key.or(environment.private_key),
            password: self.password.or(environment.password),
            payload: self.payload.or(environment.payload),
        }
    }

    fn sign_in(self) -> Result<Arc<dyn Authenticator>> {
        if self.certificate.is_none() && self.private_key.is_none() {
            return Err(config(
                "a certificate is to sign in, and none was given: give one with `certificate(..)` or ANAPLAN_CERTIFICATE",
            ));
        }
        let mut builder = Certificate::builder().payload(self.payload.unwrap_or_default());
        if let Some(certificate) = self.certificate {
            builder = builder.certificate(certificate);
        }
        if let Some(private_key) = self.private_key {
            builder = builder.private_key(private_key);
        }
        if let Some(password) = self.password {
            builder = builder.private_key_password(password);
        }
        Ok(Arc::new(TokenAuthenticator::new(builder.build()?)))
    }
}

fn none() -> Error {
    config(
        "no way of signing in was given: give `certificate(..)` and `private_key(..)`, `user(..)` and `password(..)`, `oauth(..)`, `token(..)` or `authenticator(..)`, or set their environment variables and call `from_env()`",
    )
}

fn config(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password => "user and password",
            #[cfg(feature = "certificate")]
            Self::Certificate => "certificate",
            #[cfg(feature = "oauth")]
            Self::OAuth => "oauth",
            Self::Token => "token",
            Self::Authenticator => "authenticator",
        })
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ways()).finish()
    }
}
