//! The operations of the OAuth service and their answers.

use std::fmt;
use std::time::Duration;

use anaplan_core::lenient::{count_opt, text_opt};
use anaplan_core::{
    Authorization, Decision, Endpoint, Error, ErrorKind, Method, Path, Refusal, RequestBody,
    Response, Result, RetryClass, SecretString, Service, StatusCode, json_body,
};
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::oauth::client::OAuthClient;
use crate::oauth::tokens::OAuthTokens;

/// How long an access token lives whose answer does not say.
const LIFE: u64 = 2100;
/// How long a device code lives whose answer does not say.
const DEVICE_LIFE: u64 = 900;
/// How often a device asks when it was not told.
const INTERVAL: u64 = 5;

/// The body of a request for tokens. It has no more than the grant needs.
#[derive(Serialize)]
struct TokenRequest<'a> {
    grant_type: &'static str,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_verifier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
}

impl<'a> TokenRequest<'a> {
    fn new(grant_type: &'static str, client: &'a OAuthClient) -> Self {
        Self {
            grant_type,
            client_id: &client.id,
            client_secret: client.secret.as_ref().map(|secret| secret.expose_secret()),
            code: None,
            redirect_uri: None,
            code_verifier: None,
            device_code: None,
            refresh_token: None,
        }
    }
}

/// Exchanges an authorization code for tokens: `POST /oauth/token`.
///
/// A code can be used once, so this is never repeated: a lost answer is
/// [`ErrorKind::Ambiguous`], and only another authorization helps.
#[derive(Clone)]
pub struct ExchangeCode {
    client: OAuthClient,
    code: SecretString,
    verifier: Option<SecretString>,
}

impl ExchangeCode {
    /// Exchanges this code, with the verifier of the proof key if the authorization had one.
    pub fn new(
        client: &OAuthClient,
        code: impl Into<SecretString>,
        verifier: Option<SecretString>,
    ) -> Self {
        Self {
            client: client.clone(),
            code: code.into(),
            verifier,
        }
    }
}

impl Endpoint for ExchangeCode {
    const NAME: &'static str = "oauth.exchange_code";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    const SERVICE: Service = Service::OAUTH;
    const AUTHORIZATION: Authorization = Authorization::Own;
    type Output = OAuthTokens;

    fn path(&self) -> Path {
        token_path()
    }

    fn body(&self) -> Result<RequestBody> {
        let verifier = self.verifier.as_ref();
        json_body(&TokenRequest {
            code: Some(self.code.expose_secret()),
            redirect_uri: Some(self.client.redirect_uri()?),
            code_verifier: verifier.map(|verifier| verifier.expose_secret()),
            ..TokenRequest::new("authorization_code", &self.client)
        })
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        refused(refusal)
    }

    fn decode(&self, response: Response) -> Result<OAuthTokens> {
        tokens(&response)
    }
}

/// Exchanges a refresh token for tokens: `POST /oauth/token`.
///
/// A rotating refresh token can be used once, so this is repeated only for clients that are
/// [`non_rotating`](OAuthClient::non_rotating).
#[derive(Clone)]
pub struct RefreshTokens {
    client: OAuthClient,
    refresh_token: SecretString,
}

impl RefreshTokens {
    /// Exchanges this refresh token.
    #[must_use]
    pub fn new(client: &OAuthClient, refresh_token: &SecretString) -> Self {
        Self {
            client: client.clone(),
            refresh_token: refresh_token.clone(),
        }
    }
}

impl Endpoint for RefreshTokens {
    const NAME: &'static str = "oauth.refresh_tokens";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    const SERVICE: Service = Service::OAUTH;
    const AUTHORIZATION: Authorization = Authorization::Own;
    type Output = OAuthTokens;

    fn path(&self) -> Path {
        token_path()
    }

    fn body(&self) -> Result<RequestBody> {
        self.client.check()?;
        json_body(&TokenRequest {
            refresh_token: Some(self.refresh_token.expose_secret()),
            ..TokenRequest::new("refresh_token", &self.client)
        })
    }

    fn retry_class(&self) -> RetryClass {
        match self.client.rotating {
            true => RetryClass::NotIdempotent,
            false => RetryClass::Repeatable,
        }
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        refused(refusal)
    }

    fn decode(&self, response: Response) -> Result<OAuthTokens> {
        tokens(&response)
    }
}

/// Begins the sign-in of a device: `POST /oauth/device/code`. Repeating it does no harm: codes that nobody
/// approves expire.
#[derive(Debug, Clone)]
pub struct StartDevice {
    client: OAuthClient,
}

impl StartDevice {
    /// Begins for this client.
    #[must_use]
    pub fn new(client: &OAuthClient) -> Self {
        Self {
            client: client.clone(),
        }
    }
}

impl Endpoint for StartDevice {
    const NAME: &'static str = "oauth.start_device";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::Repeatable;
    const SERVICE: Service = Service::OAUTH;
    const AUTHORIZATION: Authorization = Authorization::Own;
    type Output = DeviceCodes;

    fn path(&self) -> Path {
        Path::root().lit("oauth").lit("device").lit("code")
    }

    fn body(&self) -> Result<RequestBody> {
        #[derive(Serialize)]
        struct Body<'a> {
            client_id: &'a str,
            #[serde(skip_serializing_if = "str::is_empty")]
            scope: &'a str,
        }
        self.client.check()?;
        json_body(&Body {
            client_id: &self.client.id,
            scope: &self.client.scopes,
        })
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        refused(refusal)
    }

    fn decode(&self, response: Response) -> Result<DeviceCodes> {
        #[derive(Deserialize)]
        struct Wire {
            device_code: String,
            user_code: String,
            verification_uri: String,
            verification_uri_complete: Option<String>,
            #[serde(default, deserialize_with = "count_opt")]
            expires_in: Option<u64>,
            #[serde(default, deserialize_with = "count_opt")]
            interval: Option<u64>,
        }
        let wire: Wire = response.json()?;
        Ok(DeviceCodes {
            device_code: wire.device_code.into(),
            user_code: wire.user_code,
            verification_uri: wire.verification_uri,
            verification_uri_complete: wire.verification_uri_complete,
            life: Duration::from_secs(wire.expires_in.unwrap_or(DEVICE_LIFE)),
            interval: Duration::from_secs(wire.interval.unwrap_or(INTERVAL)),
        })
    }
}

/// What a device was given: a code for itself, and one for its user.
#[derive(Clone)]
#[non_exhaustive]
pub struct DeviceCodes {
    /// What the device asks with.
    pub device_code: SecretString,
    /// What the user types.
    pub user_code: String,
    /// Where the user types it.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: Option<String>,
    /// How long the codes are good.
    pub life: Duration,
    /// How long to wait between two questions.
    pub interval: Duration,
}

impl fmt::Debug for DeviceCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCodes")
            .field("user_code", &self.user_code)
            .field("verification_uri", &self.verification_uri)
            .finish_non_exhaustive()
    }
}

/// Asks whether the user has approved the device: `POST /oauth/token`. "Not yet" is an error with
/// [`OAuthProblem::AuthorizationPending`](crate::OAuthProblem::AuthorizationPending).
#[derive(Clone)]
pub struct PollDevice {
    client: OAuthClient,
    device_code: SecretString,
}

impl PollDevice {
    /// Asks for this device.
    #[must_use]
    pub fn new(client: &OAuthClient, device_code: &SecretString) -> Self {
        Self {
            client: client.clone(),
            device_code: device_code.clone(),
        }
    }
}

impl Endpoint for PollDevice {
    const NAME: &'static str = "oauth.poll_device";
    const METHOD: Method = Method::POST;
    // Its condition never holds: the next question repeats this one, after the interval that is due.
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    const SERVICE: Service = Service::OAUTH;
    const AUTHORIZATION: Authorization = Authorization::Own;
    type Output = OAuthTokens;

    fn path(&self) -> Path {
        token_path()
    }

    fn body(&self) -> Result<RequestBody> {
        self.client.check()?;
        json_body(&TokenRequest {
            client_secret: None,
            device_code: Some(self.device_code.expose_secret()),
            ..TokenRequest::new("urn:ietf:params:oauth:grant-type:device_code", &self.client)
        })
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        refused(refusal)
    }

    fn decode(&self, response: Response) -> Result<OAuthTokens> {
        tokens(&response)
    }
}

macro_rules! opaque {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("client", &self.client)
                    .finish_non_exhaustive()
            }
        }
    )*};
}

opaque!(ExchangeCode, RefreshTokens, PollDevice);

fn token_path() -> Path {
    Path::root().lit("oauth").lit("token")
}

/// Which of the three statuses stands for which error is not documented; the error itself tells.
fn refused(refusal: &Refusal<'_>) -> Option<Decision> {
    matches!(
        refusal.status,
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
    )
    .then(|| ErrorKind::Authentication.into())
}

fn tokens(response: &Response) -> Result<OAuthTokens> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Wire {
        access_token: Option<String>,
        #[serde(deserialize_with = "count_opt")]
        expires_in: Option<u64>,
        refresh_token: Option<String>,
        #[serde(deserialize_with = "text_opt")]
        scope: Option<String>,
    }
    let wire: Wire = response.json()?;
    let secret = |text: Option<String>| {
        text.filter(|text| !text.trim().is_empty())
            .map(SecretString::from)
    };
    let access_token = secret(wire.access_token)
        .ok_or_else(|| Error::new(ErrorKind::Decode, "the answer has no 'access_token'"))?;
    let now = response.received_at();
    let life = i64::try_from(wire.expires_in.unwrap_or(LIFE)).unwrap_or(i64::MAX);
    Ok(OAuthTokens {
        access_token: Some(access_token),
        expires_at: now.saturating_add(SignedDuration::from_secs(life)).ok(),
        refresh_token: secret(wire.refresh_token),
        scope: wire.scope.filter(|scope| !scope.is_empty()),
    })
}
