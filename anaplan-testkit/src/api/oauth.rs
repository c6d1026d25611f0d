//! The endpoints of the OAuth service that programs call.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::{Value, json};

use crate::api::Reply;
use crate::api::envelope::{ErrorForm, Failure, json_response};
use crate::api::query::Paging;
use crate::api::router::{Auth, Group, Mount, Service, open};
use crate::http::Request;
use crate::world::{Issued, OAuthRefusal, World};

const CODE: &str = "authorization_code";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const REFRESH: &str = "refresh_token";

pub(crate) const SERVICE: Service = Service {
    mounts: &[Mount::anywhere("/oauth")],
    auth: Auth::ByHandler,
    errors: ErrorForm::Integration,
    paging: Paging::OFFSET_LIMIT,
    rate_limited: false,
    confidential: true,
    groups: &[Group {
        bases: &[""],
        before: None,
        routes: &[
            open("POST", "/device/code", |world, request, _| {
                start_device(world, request)
            }),
            open("POST", "/token", |world, request, _| tokens(world, request)),
        ],
    }],
};

/// The fields of a request. Others than the known ones, those of PKCE among them, change nothing.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.0.iter();
        let (_, value) = fields.find(|(key, value)| key == name && !value.is_empty())?;
        Some(value)
    }

    fn need(&self, name: &str) -> Result<&str, Failure> {
        self.get(name)
            .ok_or_else(|| invalid_request(format!("Missing required parameter: {name}")))
    }
}

fn start_device(world: &mut World, request: &Request) -> Reply {
    let fields = Fields(request.fields());
    let codes = world
        .start_device(fields.need("client_id")?, fields.get("scope"))
        .map_err(|refusal| match refusal {
            // 401 is none of the statuses of this endpoint.
            OAuthRefusal::Client => Failure::OAuth(
                StatusCode::FORBIDDEN,
                "unauthorized_client",
                "Unauthorized or unknown client".into(),
            ),
            other => failure(world, other),
        })?;
    let page = format!("{}/activate", request.origin());
    Ok(json_response(
        StatusCode::OK,
        &json!({
            "device_code": codes.device_code,
            "user_code": codes.user_code,
            "verification_uri": page,
            "verification_uri_complete": format!("{page}?user_code={}", codes.user_code),
            "expires_in": codes.life.as_secs(),
            "interval": codes.interval.as_secs(),
        }),
    ))
}

fn tokens(world: &mut World, request: &Request) -> Reply {
    let fields = Fields(request.fields());
    let Some(grant) = fields.get("grant_type") else {
        return Err(Failure::OAuth(
            StatusCode::UNAUTHORIZED,
            "invalid_request",
            "Missing required parameter: grant_type".into(),
        ));
    };
    let client = fields.need("client_id")?;
    let secret = fields.get("client_secret");
    let issued = match grant {
        CODE => {
            fields.need("client_secret")?;
            let (code, redirect) = (fields.need("code")?, fields.need("redirect_uri")?);
            world.exchange_code(code, client, secret, redirect)
        }
        DEVICE => world.poll_device(fields.need("device_code")?, client),
        REFRESH => world.refresh_tokens(fields.need("refresh_token")?, client, secret),
        "client_credentials" | "password" => Err(OAuthRefusal::Grant),
        other => return Err(invalid_request(format!("Unsupported grant type: {other}"))),
    };
    let issued = issued.map_err(|refusal| failure(world, refusal))?;
    Ok(json_response(
        StatusCode::OK,
        &answer(world, &issued, client),
    ))
}

fn answer(world: &World, issued: &Issued, client: &str) -> Value {
    let access = &issued.access;
    let left = access.expires.duration_since(world.now()).as_secs();
    let mut body = json!({
        "access_token": access.value,
        "scope": issued.scope,
        "expires_in": left,
        "token_type": "Bearer",
    });
    if let Some(refresh_token) = &issued.refresh_token {
        body["refresh_token"] = refresh_token.as_str().into();
    }
    if issued.scope.split(' ').any(|scope| scope == "openid") {
        let email = world.user(&access.user).map(|user| user.email.as_str());
        let claims = json!({
            "iss": "https://iam.anaplan.com/",
            "sub": access.user.as_str(),
            "aud": client,
            "email": email,
            "iat": world.now().as_second(),
            "exp": access.expires.as_second(),
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(&json!({ "alg": "RS256", "typ": "JWT" }));
        // Nobody can have the key to check it with.
        let signature = URL_SAFE_NO_PAD.encode(&access.token_id);
        body["id_token"] = format!("{head}.{}.{signature}", part(&claims)).into();
    }
    body
}

pub(crate) fn invalid_request(description: impl Into<String>) -> Failure {
    Failure::OAuth(
        StatusCode::BAD_REQUEST,
        "invalid_request",
        description.into(),
    )
}

pub(crate) fn failure(world: &World, refusal: OAuthRefusal) -> Failure {
    let refused = world.rules.oauth_refusal;
    let (status, code, description) = match refusal {
        OAuthRefusal::Client => (
            StatusCode::UNAUTHORIZED,
            "access_denied",
            "Unauthorized".to_owned(),
        ),
        OAuthRefusal::Grant => (
            StatusCode::FORBIDDEN,
            "unauthorized_client",
            "Grant type is not allowed for the client.".into(),
        ),
        OAuthRefusal::Invalid(description) => (refused, "invalid_grant", description.into()),
        OAuthRefusal::Pending => (
            refused,
            "authorization_pending",
            "User has yet to authorize device code.".into(),
        ),
        OAuthRefusal::SlowDown(interval) => (
            refused,
            "slow_down",
            format!(
                "You are polling faster than the specified interval of {} seconds.",
                interval.as_secs()
            ),
        ),
        OAuthRefusal::Denied => (
            refused,
            "access_denied",
            "User denied the authorization.".into(),
        ),
        OAuthRefusal::Expired => (
            refused,
            "expired_token",
            "The device code has expired.".into(),
        ),
    };
    Failure::OAuth(status, code, description)
}
