//! Selection of the sign-in method from the settings of a builder and its environment.

use std::fmt;
use std::sync::Arc;

#[cfg(feature = "oauth")]
use anaplan_auth::OAuth;
use anaplan_auth::{Basic, FixedToken, TokenAuthenticator};
#[cfg(feature = "certificate")]
use anaplan_auth::{Certificate, CertificateProblem, Material, PayloadVersion};
use anaplan_core::{Authenticator, Error, ErrorKind, Result, SecretString};

/// Sign-in settings from one source: code or environment.
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
    /// A token to use before signing in with a password or a certificate.
    pub(crate) initial_token: Option<SecretString>,
}

/// Settings of the sign-in with a certificate.
#[cfg(feature = "certificate")]
#[derive(Clone, Default)]
pub(crate) struct CertificateParts {
    pub(crate) certificate: Option<Material>,
    pub(crate) private_key: Option<Material>,
    pub(crate) password: Option<SecretString>,
    pub(crate) payload: Option<PayloadVersion>,
}

/// A sign-in method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Password,
    #[cfg(feature = "certificate")]
    Certificate,
    #[cfg(feature = "oauth")]
    OAuth,
    Token,
    Authenticator,
}

impl SignIn {
    /// Returns the methods for which there is a setting.
    fn methods(&self) -> Vec<Method> {
        let set = [
            (self.user.is_some() || self.password.is_some()).then_some(Method::Password),
            #[cfg(feature = "certificate")]
            self.certificate.is_set().then_some(Method::Certificate),
            #[cfg(feature = "oauth")]
            self.oauth.is_some().then_some(Method::OAuth),
            self.token.is_some().then_some(Method::Token),
            self.authenticator
                .is_some()
                .then_some(Method::Authenticator),
        ];
        set.into_iter().flatten().collect()
    }

    /// Returns the settings of the code, completed by those of the environment for the same method. Settings
    /// of the environment for other methods are ignored.
    fn over(self, environment: Self) -> Self {
        let methods = self.methods();
        if methods.is_empty() {
            return Self {
                initial_token: self.initial_token,
                ..environment
            };
        }
        if methods != environment.methods() {
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
            initial_token: self.initial_token,
        }
    }

    /// Creates the authenticator. Fails if the settings are incomplete, invalid or contradictory.
    pub(crate) fn authenticator(self, environment: Self) -> Result<Arc<dyn Authenticator>> {
        let mut chosen = self.over(environment);
        let initial_token = chosen.initial_token.take();
        match chosen.methods()[..] {
            [Method::Password] => with_initial(chosen.with_password()?, initial_token),
            #[cfg(feature = "certificate")]
            [Method::Certificate] => with_initial(chosen.certificate.sign_in()?, initial_token),
            [_] | [] if initial_token.is_some() => Err(config(
                "`initial_token(..)` needs credentials for when the token is rejected: add `certificate(..)` and `private_key(..)`, or `user(..)` and `password(..)`",
            )),
            #[cfg(feature = "oauth")]
            [Method::OAuth] => chosen
                .oauth
                .map(|oauth| Arc::new(oauth) as _)
                .ok_or_else(no_method),
            [Method::Token] => chosen.with_token(),
            [Method::Authenticator] => chosen.authenticator.ok_or_else(no_method),
            [] => Err(no_method()),
            ref several => Err(several_methods(several)),
        }
    }

    fn with_password(self) -> Result<TokenAuthenticator> {
        let user = self
            .user
            .ok_or_else(|| config("the password has no user: add `user(..)` or ANAPLAN_USER"))?;
        let password = self.password.ok_or_else(|| {
            config("the user has no password: add `password(..)` or ANAPLAN_PASSWORD")
        })?;
        let basic = Basic::new(user, password);
        basic.validate().map_err(as_config)?;
        Ok(TokenAuthenticator::new(basic))
    }

    fn with_token(self) -> Result<Arc<dyn Authenticator>> {
        let token = FixedToken::new(self.token.ok_or_else(no_method)?);
        token.validate().map_err(as_config)?;
        Ok(Arc::new(token))
    }
}

fn with_initial(
    authenticator: TokenAuthenticator,
    initial_token: Option<SecretString>,
) -> Result<Arc<dyn Authenticator>> {
    let Some(token) = initial_token else {
        return Ok(Arc::new(authenticator));
    };
    FixedToken::new(token.clone())
        .validate()
        .map_err(as_config)?;
    Ok(Arc::new(authenticator.initial_token(token)))
}

#[cfg(feature = "certificate")]
impl CertificateParts {
    fn is_set(&self) -> bool {
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

    fn sign_in(self) -> Result<TokenAuthenticator> {
        if self.certificate.is_none() && self.private_key.is_none() {
            return Err(config(
                "the certificate is missing: add `certificate(..)` or ANAPLAN_CERTIFICATE",
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
        let certificate = builder.build().map_err(|error| {
            match CertificateProblem::of(&error) {
                Some(CertificateProblem::Missing) => config(
                    "the private key is missing, and the certificate file does not contain one: add `private_key(..)` or ANAPLAN_PRIVATE_KEY",
                ),
                _ => error,
            }
        })?;
        Ok(TokenAuthenticator::new(certificate))
    }
}

fn no_method() -> Error {
    config(
        "there is no way to sign in: add `certificate(..)` and `private_key(..)`, `user(..)` and `password(..)`, `oauth(..)`, `token(..)` or `authenticator(..)`, or set their environment variables and call `from_env()`",
    )
}

fn several_methods(methods: &[Method]) -> Error {
    let names: Vec<_> = methods.iter().map(ToString::to_string).collect();
    let error = config(format!(
        "there is more than one way to sign in ({}): keep one of them",
        names.join(", ")
    ));
    if methods.contains(&Method::Token) {
        return error.because(
            "to use the token until it is rejected and then sign in, pass it with `initial_token(..)`",
        );
    }
    error
}

fn config(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}

fn as_config(error: Error) -> Error {
    error.with_kind(ErrorKind::Config)
}

impl fmt::Display for Method {
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
        f.debug_list().entries(self.methods()).finish()
    }
}
