//! The token service.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::envelope::{Failure, json_response};
use crate::api::{Reply, route::only};
use crate::http::{Request, Response};
use crate::world::{Grant, World};

const BAD_CREDENTIAL: &str = "FAILURE_BAD_CREDENTIAL";
const BAD_HEADER: &str = "FAILURE_BAD_HEADER";

pub(crate) fn route(world: &mut World, request: &Request, rest: &[&str]) -> Reply {
    let reply = match rest {
        ["authenticate"] => {
            only(request, &Method::POST).and_then(|()| authenticate(world, request))
        }
        ["refresh"] => only(request, &Method::POST).and_then(|()| refresh(world, request)),
        ["validate"] => only(request, &Method::GET).and_then(|()| validate(world, request)),
        ["logout"] => only(request, &Method::POST).and_then(|()| logout(world, request)),
        _ => Err(Failure::NotFound),
    };
    reply.map_err(in_family)
}

/// What is no matter of tokens, in the form of the token service all the same.
fn in_family(failure: Failure) -> Failure {
    match failure {
        Failure::NotFound => Failure::Family(
            StatusCode::NOT_FOUND,
            "FAILURE_NOT_FOUND",
            "Not found".into(),
        ),
        Failure::Status(status, message) => Failure::Family(status, "FAILURE_BAD_REQUEST", message),
        family => family,
    }
}

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
    let token = token(request)?;
    let grant = world.prolong(token).ok_or_else(dead)?;
    world.books.refreshes += 1;
    Ok(token_response(StatusCode::OK, &grant, "Token refreshed"))
}

fn validate(world: &mut World, request: &Request) -> Reply {
    let grant = world.session_of(token(request)?).ok_or_else(dead)?;
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
    let token = request.credential("AnaplanAuthToken").unwrap_or_default();
    if !world.close_session(token) {
        return Err(dead());
    }
    world.books.sign_outs += 1;
    Ok(Response::empty(StatusCode::NO_CONTENT))
}

/// The token of a request, where another scheme is a broken header rather than a dead token.
fn token(request: &Request) -> Result<&str, Failure> {
    request.credential("AnaplanAuthToken").ok_or_else(|| {
        Failure::Family(
            StatusCode::BAD_REQUEST,
            BAD_HEADER,
            "Request header invalid, token is required".into(),
        )
    })
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
