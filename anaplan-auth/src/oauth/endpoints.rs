//! Endpoints of the OAuth service.

use std::fmt;

use anaplan_core::{
    Authorization, Decision, Endpoint, ErrorKind, Method, Path, Refusal, RequestBody, Response,
    Result, RetryClass, SecretString, Service, StatusCode, json_body,
};
use secrecy::ExposeSecret;
use serde::Serialize;

use crate::oauth::client::OAuthClient;
use crate::oauth::responses::{DeviceCodes, device_codes, tokens};
use crate::oauth::tokens::OAuthTokens;

/// Body of a token request.
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
/// A code can be used once, so the request is not retried. A lost or unreadable response is
/// [`ErrorKind::Ambiguous`]: start another authorization.
#[derive(Clone)]
pub struct ExchangeCode {
    client: OAuthClient,
    code: SecretString,
    verifier: Option<SecretString>,
}

impl ExchangeCode {
    /// Creates a request for this code, with the PKCE verifier if the authorization has one.
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

    fn secrets(&self) -> Vec<SecretString> {
        let secrets = [self.client.secret.clone(), self.verifier.clone()];
        let secrets = secrets.into_iter().flatten();
        secrets.chain([self.code.clone()]).collect()
    }

    fn decode(&self, response: Response) -> Result<OAuthTokens> {
        tokens(&response)
    }
}

/// Exchanges a refresh token for tokens: `POST /oauth/token`.
///
/// A rotating refresh token can be used once, so the request is retried only for clients that are
/// [`non_rotating`](OAuthClient::non_rotating). Otherwise a lost or unreadable response is
/// [`ErrorKind::Ambiguous`].
#[derive(Clone)]
pub struct RefreshTokens {
    client: OAuthClient,
    refresh_token: SecretString,
}

impl RefreshTokens {
    /// Creates a request for this refresh token.
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

    fn secrets(&self) -> Vec<SecretString> {
        let secret = self.client.secret.clone().into_iter();
        secret.chain([self.refresh_token.clone()]).collect()
    }

    fn decode(&self, response: Response) -> Result<OAuthTokens> {
        tokens(&response)
    }
}

/// Starts the sign-in of a device: `POST /oauth/device/code`. Retried: unused codes expire.
#[derive(Debug, Clone)]
pub struct StartDevice {
    client: OAuthClient,
}

impl StartDevice {
    /// Creates a request for this client.
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
        device_codes(&response)
    }
}

/// Requests the tokens of a device: `POST /oauth/token`. Until the user has approved the device, it fails with
/// [`OAuthProblem::AuthorizationPending`](crate::OAuthProblem::AuthorizationPending).
#[derive(Clone)]
pub struct PollDevice {
    client: OAuthClient,
    device_code: SecretString,
}

impl PollDevice {
    /// Creates a request for this device.
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
    // Never retried by the engine: the next poll follows after the interval.
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

    fn secrets(&self) -> Vec<SecretString> {
        vec![self.device_code.clone()]
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

/// It is not documented which of the three statuses belongs to which error.
fn refused(refusal: &Refusal<'_>) -> Option<Decision> {
    matches!(
        refusal.status,
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
    )
    .then(|| ErrorKind::Authentication.into())
}
