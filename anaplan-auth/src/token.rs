//! The token service: its four operations and their answers.

use std::fmt;
use std::sync::Arc;

use anaplan_core::{
    Authorization, Credential, Decision, Endpoint, Error, ErrorKind, HeaderMap, HeaderValue,
    Method, Path, Refusal, RequestBody, Response, Result, RetryClass, SecretString, Service,
    Session, StatusCode, Timestamp,
};
use http::header::AUTHORIZATION;
use secrecy::ExposeSecret;

use crate::wire;

type Payload = Arc<dyn Fn() -> Result<RequestBody> + Send + Sync>;

/// Opens a session: `POST /token/authenticate`.
///
/// Who signs in is decided by the `Authorization` header, and for certificates by a signed body.
/// [`Basic`](crate::Basic) and `Certificate` make this request; other ways of signing in can make
/// their own.
///
/// A refusal comes back as [`ErrorKind::Authentication`] and is never repeated. A lost answer is: a
/// repeat at worst leaves one more session behind, which expires by itself.
#[derive(Clone)]
pub struct Authenticate {
    authorization: HeaderValue,
    payload: Option<Payload>,
}

impl Authenticate {
    /// Signs in with a whole `Authorization` header, such as `Basic <base64 of user:password>`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] when the text cannot stand in a header.
    pub fn new(authorization: &SecretString) -> Result<Self> {
        let credential = Credential::header(authorization, 0)?;
        Ok(Self {
            authorization: credential.as_header().clone(),
            payload: None,
        })
    }

    /// Adds a JSON body, which is made anew for every attempt, for it may be bound to the moment.
    #[must_use]
    pub fn with_payload<F>(mut self, make: F) -> Self
    where
        F: Fn() -> Result<RequestBody> + Send + Sync + 'static,
    {
        self.payload = Some(Arc::new(make));
        self
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
            .map_or_else(|| Ok(RequestBody::empty()), |make| make())
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        refused(refusal)
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

/// Prolongs a session: `POST /token/refresh`. Works only while the token is good.
///
/// Anaplan moves the expiry and keeps the value of the token; use whatever comes back.
#[derive(Clone)]
pub struct Refresh {
    token: SecretString,
    header: HeaderValue,
}

impl Refresh {
    /// Prolongs the session of this token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] when the token is empty or cannot stand in a header.
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

    fn decode(&self, response: Response) -> Result<TokenInfo> {
        token_info(&response, Some(&self.token))
    }
}

impl fmt::Debug for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refresh").finish_non_exhaustive()
    }
}

/// Asks whose a token is: `GET /token/validate`.
#[derive(Debug, Clone)]
pub struct Validate(HeaderValue);

impl Validate {
    /// Asks for this token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] when the token is empty or cannot stand in a header.
    pub fn new(token: &SecretString) -> Result<Self> {
        header(token).map(Self)
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
        headers.insert(AUTHORIZATION, self.0.clone());
        Ok(())
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        refused(refusal)
    }

    fn decode(&self, response: Response) -> Result<Validation> {
        validation(&response)
    }
}

/// Asks who is signed in: `GET /token/validate` with the session's own token, which is renewed if the
/// service refuses it.
///
/// A quick check that the credentials work.
///
/// ```no_run
/// # use anaplan_auth::WhoAmI;
/// # async fn example(session: anaplan_core::Session) -> anaplan_core::Result<()> {
/// println!("{:?}", session.call(WhoAmI).await?.user_id);
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

/// Ends a session at once and everywhere: `POST /token/logout`.
///
/// A token that is expired or logged out already is refused with 401.
#[derive(Debug, Clone)]
pub struct Logout(HeaderValue);

impl Logout {
    /// Ends the session of this token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] when the token is empty or cannot stand in a header.
    pub fn new(token: &SecretString) -> Result<Self> {
        header(token).map(Self)
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
        headers.insert(AUTHORIZATION, self.0.clone());
        Ok(())
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        refused(refusal)
    }

    fn decode(&self, response: Response) -> Result<()> {
        response.acknowledged()
    }
}

/// A token as the service hands it out. Its `Debug` shows nothing of the secret.
#[derive(Clone)]
#[non_exhaustive]
pub struct TokenInfo {
    /// The token.
    pub token: SecretString,
    /// When it expires by the clock of the service. 35 minutes after it was given, as a rule.
    pub expires_at: Option<Timestamp>,
    /// Its id.
    pub token_id: Option<String>,
    /// The id of its session, which stays the same over refreshes.
    pub refresh_token_id: Option<String>,
}

impl TokenInfo {
    #[cfg(any(test, feature = "oauth"))]
    pub(crate) fn new(token: SecretString, expires_at: Option<Timestamp>) -> Self {
        Self {
            token,
            expires_at,
            token_id: None,
            refresh_token_id: None,
        }
    }
}

impl fmt::Debug for TokenInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenInfo")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Whose a token is, and how long it lasts. Its `Debug` does not show the id of the token.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Validation {
    /// When the token expires by the clock of the service.
    pub expires_at: Option<Timestamp>,
    /// The id of the token.
    pub token_id: Option<String>,
    /// The user, as 32 hexadecimal digits.
    pub user_guid: Option<String>,
    /// The user's e-mail address.
    pub user_id: Option<String>,
    /// The tenant, as 32 hexadecimal digits.
    pub customer_guid: Option<String>,
}

impl fmt::Debug for Validation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Validation")
            .field("expires_at", &self.expires_at)
            .field("user_guid", &self.user_guid)
            .field("user_id", &self.user_id)
            .field("customer_guid", &self.customer_guid)
            .finish_non_exhaustive()
    }
}

/// Ends the session of a token; one that has ended already is no error.
pub(crate) async fn log_out(session: &Session, token: &SecretString) -> Result<()> {
    match session.call(Logout::new(token)?).await {
        Err(error) if error.status() == Some(StatusCode::UNAUTHORIZED) => Ok(()),
        done => done,
    }
}

/// The header that carries a token, marked as sensitive.
fn header(token: &SecretString) -> Result<HeaderValue> {
    Ok(Credential::anaplan(token, 0)?.as_header().clone())
}

/// The service says 400 to a token that it cannot read, and 401 to everything else that is wrong.
fn refused(refusal: &Refusal<'_>) -> Option<Decision> {
    matches!(
        refusal.status,
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
    )
    .then(|| ErrorKind::Authentication.into())
}

fn validation(response: &Response) -> Result<Validation> {
    let wire: wire::Validated = response.json()?;
    Ok(Validation {
        expires_at: wire.token_info.expires_at,
        token_id: wire.token_info.token_id,
        user_guid: wire.user_info.user_guid,
        user_id: wire.user_info.user_id,
        customer_guid: wire.user_info.customer_guid,
    })
}

/// Reads the token of an answer; `old` is the one that goes on when the answer names none.
fn token_info(response: &Response, old: Option<&SecretString>) -> Result<TokenInfo> {
    let wire: wire::TokenInfo = response.field("tokenInfo")?;
    let token = wire
        .token_value
        .map(SecretString::from)
        .filter(|token| !token.expose_secret().trim().is_empty())
        .or_else(|| old.cloned())
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Decode,
                "the answer has no 'tokenInfo.tokenValue'",
            )
        })?;
    Ok(TokenInfo {
        token,
        expires_at: wire.expires_at,
        token_id: wire.token_id,
        refresh_token_id: wire.refresh_token_id,
    })
}
