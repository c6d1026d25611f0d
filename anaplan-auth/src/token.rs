//! Endpoints of the token service.

use std::fmt;
use std::sync::Arc;

use anaplan_core::{
    Authorization, Credential, Decision, Endpoint, ErrorKind, HeaderMap, HeaderValue, Method, Path,
    Refusal, RequestBody, Response, Result, RetryClass, SecretString, Service, Session, StatusCode,
};
use http::header::AUTHORIZATION;
use secrecy::ExposeSecret;

use crate::token_responses::{TokenInfo, Validation, token_info, validation};

type Payload = Arc<dyn Fn() -> Result<RequestBody> + Send + Sync>;

/// Who signs in, for error messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Identity {
    User(String),
    Certificate,
    Unknown,
}

/// Opens a session: `POST /token/authenticate`.
///
/// The `Authorization` header identifies the user; for certificates, a signed body does as well.
/// [`Basic`](crate::Basic) and `Certificate` create this request. Other ways of signing in can create their
/// own.
///
/// A rejection is an [`ErrorKind::Authentication`] error and is not retried. A lost response is retried: a
/// second session expires by itself.
#[derive(Clone)]
pub struct Authenticate {
    authorization: HeaderValue,
    payload: Option<Payload>,
    identity: Identity,
    secrets: Vec<SecretString>,
}

impl Authenticate {
    /// Creates a request with this `Authorization` header, such as `Basic <base64 of user:password>`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] if the value contains characters that a header cannot contain.
    pub fn new(authorization: &SecretString) -> Result<Self> {
        let credential = Credential::header(authorization, 0)?;
        Ok(Self {
            authorization: credential.as_header().clone(),
            payload: None,
            identity: Identity::Unknown,
            secrets: vec![authorization.clone()],
        })
    }

    /// Adds a JSON body. It is created for every attempt, because it may contain the time.
    #[must_use]
    pub fn with_payload<F>(mut self, create: F) -> Self
    where
        F: Fn() -> Result<RequestBody> + Send + Sync + 'static,
    {
        self.payload = Some(Arc::new(create));
        self
    }

    /// Sets the user to name in the error of a rejected sign-in.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.identity = Identity::User(user.into());
        self
    }

    /// Adds a secret that the header or the body contains in encoded form, such as the password.
    #[must_use]
    pub fn with_secret(mut self, secret: SecretString) -> Self {
        self.secrets.push(secret);
        self
    }

    pub(crate) fn identity(&self) -> Identity {
        match (&self.identity, &self.payload) {
            (Identity::Unknown, Some(_)) => Identity::Certificate,
            (identity, _) => identity.clone(),
        }
    }
}

impl Endpoint for Authenticate {
    const NAME: &'static str = "auth.authenticate";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::Repeatable;
    const SERVICE: Service = Service::AUTH;
    const AUTHORIZATION: Authorization = Authorization::Own;
    type Output = TokenInfo;

    fn path(&self) -> Path {
        Path::root().lit("token").lit("authenticate")
    }

    fn headers(&self, headers: &mut HeaderMap) -> Result<()> {
        headers.insert(AUTHORIZATION, self.authorization.clone());
        Ok(())
    }

    fn body(&self) -> Result<RequestBody> {
        self.payload
            .as_ref()
            .map_or_else(|| Ok(RequestBody::empty()), |create| create())
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        refused(refusal)
    }

    fn secrets(&self) -> Vec<SecretString> {
        self.secrets
            .iter()
            .flat_map(|secret| [Some(secret.clone()), without_scheme(secret)])
            .flatten()
            .collect()
    }

    fn decode(&self, response: Response) -> Result<TokenInfo> {
        token_info(&response, None)
    }
}

impl fmt::Debug for Authenticate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticate")
            .field("authorization", &self.authorization)
            .field("payload", &self.payload.is_some())
            .finish()
    }
}

/// Extends a session: `POST /token/refresh`. Fails if the token has expired.
///
/// Anaplan changes the expiry and usually returns the same token. Use the returned one.
#[derive(Clone)]
pub struct Refresh {
    token: SecretString,
    header: HeaderValue,
}

impl Refresh {
    /// Creates a request for the session of this token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] if the token is empty or a header cannot contain it.
    pub fn new(token: &SecretString) -> Result<Self> {
        Ok(Self {
            token: token.clone(),
            header: header(token)?,
        })
    }
}

impl Endpoint for Refresh {
    const NAME: &'static str = "auth.refresh";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::Idempotent;
    const SERVICE: Service = Service::AUTH;
    const AUTHORIZATION: Authorization = Authorization::Own;
    type Output = TokenInfo;

    fn path(&self) -> Path {
        Path::root().lit("token").lit("refresh")
    }

    fn headers(&self, headers: &mut HeaderMap) -> Result<()> {
        headers.insert(AUTHORIZATION, self.header.clone());
        Ok(())
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        refused(refusal)
    }

    fn secrets(&self) -> Vec<SecretString> {
        vec![self.token.clone()]
    }

    fn decode(&self, response: Response) -> Result<TokenInfo> {
        token_info(&response, Some(&self.token))
    }
}

macro_rules! opaque_debug {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

opaque_debug!(Refresh, Validate, Logout);

/// Returns the user and the expiry of a token: `GET /token/validate`.
#[derive(Clone)]
pub struct Validate {
    token: SecretString,
    header: HeaderValue,
}

impl Validate {
    /// Creates a request for this token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] if the token is empty or a header cannot contain it.
    pub fn new(token: &SecretString) -> Result<Self> {
        Ok(Self {
            token: token.clone(),
            header: header(token)?,
        })
    }
}

impl Endpoint for Validate {
    const NAME: &'static str = "auth.validate";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    const SERVICE: Service = Service::AUTH;
    const AUTHORIZATION: Authorization = Authorization::Own;
    type Output = Validation;

    fn path(&self) -> Path {
        Path::root().lit("token").lit("validate")
    }

    fn headers(&self, headers: &mut HeaderMap) -> Result<()> {
        headers.insert(AUTHORIZATION, self.header.clone());
        Ok(())
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        refused(refusal)
    }

    fn secrets(&self) -> Vec<SecretString> {
        vec![self.token.clone()]
    }

    fn decode(&self, response: Response) -> Result<Validation> {
        validation(&response)
    }
}

/// Returns the signed-in user: `GET /token/validate` with the token of the session, which is renewed if the
/// service rejects it.
///
/// A quick check that the credentials work.
///
/// ```no_run
/// # use anaplan_auth::WhoAmI;
/// # async fn example(session: anaplan_core::Session) -> anaplan_core::Result<()> {
/// println!("{:?}", session.call(WhoAmI).await?.email);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WhoAmI;

impl Endpoint for WhoAmI {
    const NAME: &'static str = "auth.who_am_i";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    const SERVICE: Service = Service::AUTH;
    const AUTHORIZATION: Authorization = Authorization::AnaplanAuthToken;
    type Output = Validation;

    fn path(&self) -> Path {
        Path::root().lit("token").lit("validate")
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        refused(refusal)
    }

    fn decode(&self, response: Response) -> Result<Validation> {
        validation(&response)
    }
}

/// Ends a session at once, for all programs that use its token: `POST /token/logout`.
///
/// A token that has expired or is logged out already is rejected with 401.
#[derive(Clone)]
pub struct Logout {
    token: SecretString,
    header: HeaderValue,
}

impl Logout {
    /// Creates a request for this token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] if the token is empty or a header cannot contain it.
    pub fn new(token: &SecretString) -> Result<Self> {
        Ok(Self {
            token: token.clone(),
            header: header(token)?,
        })
    }
}

impl Endpoint for Logout {
    const NAME: &'static str = "auth.logout";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::Idempotent;
    const SERVICE: Service = Service::AUTH;
    const AUTHORIZATION: Authorization = Authorization::Own;
    const SUCCESS: &'static [u16] = &[];
    type Output = ();

    fn path(&self) -> Path {
        Path::root().lit("token").lit("logout")
    }

    fn headers(&self, headers: &mut HeaderMap) -> Result<()> {
        headers.insert(AUTHORIZATION, self.header.clone());
        Ok(())
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        refused(refusal)
    }

    fn secrets(&self) -> Vec<SecretString> {
        vec![self.token.clone()]
    }

    fn decode(&self, response: Response) -> Result<()> {
        response.acknowledged()
    }
}

/// Ends the session of a token. A session that has ended already is not an error.
pub(crate) async fn log_out(session: &Session, token: &SecretString) -> Result<()> {
    match session.call(Logout::new(token)?).await {
        Err(error) if error.status() == Some(StatusCode::UNAUTHORIZED) => Ok(()),
        done => done,
    }
}

/// Returns the `Authorization` header of a token, marked as sensitive.
fn header(token: &SecretString) -> Result<HeaderValue> {
    Ok(Credential::anaplan(token, 0)?.as_header().clone())
}

/// The service responds with 400 to a malformed token and with 401 to all other invalid credentials.
fn refused(refusal: &Refusal<'_>) -> Option<Decision> {
    matches!(
        refusal.status,
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
    )
    .then(|| ErrorKind::Authentication.into())
}

/// Returns the part of an `Authorization` header after the scheme.
fn without_scheme(authorization: &SecretString) -> Option<SecretString> {
    let (_, value) = authorization.expose_secret().split_once(' ')?;
    Some(value.into())
}
