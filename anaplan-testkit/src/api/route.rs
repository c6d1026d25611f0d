//! From a path to its handler.

use anaplan_core::ModelId;
use http::{Method, StatusCode};

use crate::api::envelope::Failure;
use crate::api::{
    Call, Reply, alm, auth, bulk, models, oauth, oauth_pages, transactional, users, workspaces,
};
use crate::http::{Request, Response};
use crate::world::World;

pub(crate) fn route(world: &mut World, request: &Request) -> Reply {
    let segments = request.segments();
    match segments.as_slice() {
        ["token", rest @ ..] => auth::route(world, request, rest),
        ["oauth", rest @ ..] => oauth::route(world, request, rest),
        ["auth", rest @ ..] => oauth_pages::route(world, request, rest),
        ["activate"] => oauth_pages::activate(world, request, ""),
        ["activate", approval] => oauth_pages::activate(world, request, approval),
        ["2", "0", rest @ ..] => integration(world, request, rest),
        _ => Err(Failure::NotFound),
    }
}

/// Integration and ALM: a credential first, then the rate limit, then the object.
fn integration(world: &mut World, request: &Request, rest: &[&str]) -> Reply {
    let token = request
        .credential("AnaplanAuthToken")
        .or_else(|| request.credential("Bearer"));
    let grant = token.and_then(|token| world.session_of(token));
    let Some(user) = grant.map(|grant| grant.user.clone()) else {
        return Err(Failure::new(StatusCode::UNAUTHORIZED, "Unauthorized"));
    };
    if !world.admit() {
        let retry_after = world.rules.retry_after;
        return Ok(too_many(world, request, retry_after));
    }
    let mut call = Call {
        world,
        request,
        user,
    };
    match rest {
        ["users", rest @ ..] => users::route(&mut call, rest),
        ["models"] => models::list(&mut call),
        ["models", model] => models::one(&mut call, &ModelId::from(*model)),
        ["models", model, rest @ ..] => in_model(&mut call, &ModelId::from(*model), rest),
        ["workspaces", workspace, "models", model] => {
            inside(&call, workspace, model)?;
            Err(Failure::method())
        }
        ["workspaces", workspace, "models", model, rest @ ..] => {
            let model = inside(&call, workspace, model)?;
            in_model(&mut call, &model, rest)
        }
        ["workspaces", rest @ ..] => workspaces::route(&mut call, rest),
        _ => Err(Failure::NotFound),
    }
}

/// The model, if it lies in that workspace.
fn inside(call: &Call<'_>, workspace: &str, model: &str) -> Result<ModelId, Failure> {
    let id = ModelId::from(model);
    let lies_there = call
        .world
        .model(&id)
        .is_some_and(|model| model.workspace == *workspace);
    lies_there.then_some(id).ok_or(Failure::NotFound)
}

/// What hangs under a model: the same under both forms of the path.
fn in_model(call: &mut Call<'_>, model: &ModelId, rest: &[&str]) -> Reply {
    match rest {
        ["alm", rest @ ..] => alm::route(call, model, rest),
        ["onlineStatus"] => alm::online_status(call, model),
        [
            "modules" | "views" | "lineItems" | "lists" | "dimensions" | "versions"
            | "currentPeriod" | "modelCalendar",
            ..,
        ] => transactional::route(call, model, rest),
        [
            "files" | "imports" | "exports" | "actions" | "processes" | "dashboards"
            | "optimizeActions",
            ..,
        ] => bulk::route(call, model, rest),
        rest => models::route(call, model, rest),
    }
}

/// A 429 in the form that the rules ask for.
pub(crate) fn too_many(
    world: &World,
    request: &Request,
    retry_after: crate::faults::RetryAfter,
) -> Response {
    use crate::faults::RetryAfter;
    let response = Failure::new(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests")
        .into_response(world, request);
    match retry_after {
        RetryAfter::Missing => response,
        RetryAfter::Seconds(seconds) => response.with_header("retry-after", &seconds.to_string()),
        RetryAfter::Date(seconds) => {
            let at = crate::world::later(world.now, std::time::Duration::from_secs(seconds));
            let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at);
            response.with_header("retry-after", date.as_deref().unwrap_or("1"))
        }
    }
}

/// The method, or 405.
pub(crate) fn only(request: &Request, method: &Method) -> Result<(), Failure> {
    if request.method() == method {
        Ok(())
    } else {
        Err(Failure::method())
    }
}
