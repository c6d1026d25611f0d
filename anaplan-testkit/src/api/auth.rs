//! The token service.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};

use crate::api::Reply;
use crate::api::envelope::{ErrorForm, Failure, json_response};
use crate::api::query::Paging;
use crate::api::router::{Auth, Group, Mount, Service, open};
use crate::http::{Request, Response};
use crate::world::{Grant, World};

const BAD_CREDENTIAL: &str = "FAILURE_BAD_CREDENTIAL";
const BAD_HEADER: &str = "FAILURE_BAD_HEADER";

pub(crate) const SERVICE: Service = Service {
    mounts: &[Mount::anywhere("/token")],
    auth: Auth::ByHandler,
    errors: ErrorForm::Family,
    paging: Paging::OFFSET_LIMIT,
    rate_limited: false,
    confidential: true,
    groups: &[Group {
        bases: &[""],
        before: None,
        routes: &[
            open("POST", "/authenticate", |world, request, _| {
                authenticate(world, request)
            }),
            open("POST", "/refresh", |world, request, _| {
                refresh(world, request)
            })
            .auth(TOKEN),
            open("GET", "/validate", |world, request, _| {
                validate(world, request)
            })
            .auth(TOKEN),
            open("POST", "/logout", |world, request, _| {
                logout(world, request)
            })
            .auth(LOGOUT),
        ],
    }],
};

/// Unlike the other two, `logout` refuses a malformed header with 401.
const LOGOUT: Auth = Auth::Schemes {
    accepted: &["AnaplanAuthToken"],
    refusal: || bad_header(StatusCode::UNAUTHORIZED),
};

/// Every other scheme is a malformed header, not a wrong credential.
const TOKEN: Auth = Auth::Schemes {
    accepted: &["AnaplanAuthToken"],
    refusal: || bad_header(StatusCode::BAD_REQUEST),
};

fn authenticate(world: &mut World, request: &Request) -> Reply {
    let refused = || {
        Failure::Family(
            StatusCode::UNAUTHORIZED,
            BAD_CREDENTIAL,
            "Username or password or certificate is incorrect".into(),
        )
    };
    let user = if let Some(basic) = request.credential("Basic") {
        let decoded = STANDARD.decode(basic).ok();
        let pair = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        let (email, password) = pair
            .as_deref()
            .and_then(|pair| pair.split_once(':'))
            .ok_or_else(refused)?;
        world
            .user_by_email(email)
            .filter(|user| user.active && user.password == password)
    } else if request.credential("CACertificate").is_some() {
        let authorization = request.header("authorization").unwrap_or_default();
        let email = world
            .check_certificate(authorization, request.body())
            .ok_or_else(refused)?;
        world.user_by_email(&email).filter(|user| user.active)
    } else {
        None
    };
    let user = user.map(|user| user.id.clone()).ok_or_else(refused)?;
    let grant = world.open_session(&user);
    world.books.sign_ins += 1;
    Ok(token_response(
        StatusCode::CREATED,
        &grant,
        "Login successful",
    ))
}

fn refresh(world: &mut World, request: &Request) -> Reply {
    let token = token(request);
    let grant = world.prolong(token).ok_or_else(dead)?;
    world.books.refreshes += 1;
    Ok(token_response(StatusCode::OK, &grant, "Token refreshed"))
}

fn validate(world: &mut World, request: &Request) -> Reply {
    let grant = world.session_of(token(request)).ok_or_else(dead)?;
    let user = world.user(&grant.user).ok_or_else(dead)?;
    let mut body = frame("Token validated");
    body["tokenInfo"] = json!({
        "expiresAt": grant.expires.as_millisecond(),
        "tokenId": grant.token_id,
    });
    body["userInfo"] = json!({
        "userGuid": user.id.as_str(),
        "userId": user.email,
        "customerGuid": world.customer,
    });
    Ok(json_response(StatusCode::OK, &body))
}

fn logout(world: &mut World, request: &Request) -> Reply {
    if !world.close_session(token(request)) {
        return Err(dead());
    }
    world.books.sign_outs += 1;
    Ok(Response::empty(StatusCode::NO_CONTENT))
}

fn token(request: &Request) -> &str {
    request.credential("AnaplanAuthToken").unwrap_or_default()
}

fn bad_header(status: StatusCode) -> Failure {
    Failure::Family(
        status,
        BAD_HEADER,
        "Request header invalid, token is required".into(),
    )
}

fn dead() -> Failure {
    Failure::Family(
        StatusCode::UNAUTHORIZED,
        "FAILURE_INVALID_TOKEN",
        "Token is invalid or expired".into(),
    )
}

fn frame(message: &str) -> Value {
    json!({
        "meta": { "validationUrl": "https://auth.anaplan.com/token/validate" },
        "status": "SUCCESS",
        "statusMessage": message,
    })
}

fn token_response(status: StatusCode, grant: &Grant, message: &str) -> Response {
    let mut body = frame(message);
    body["tokenInfo"] = json!({
        "expiresAt": grant.expires.as_millisecond(),
        "tokenId": grant.token_id,
        "tokenValue": grant.value,
        "refreshTokenId": grant.refresh_token_id,
    });
    json_response(status, &body)
}
