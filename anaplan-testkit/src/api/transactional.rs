//! Lists, modules, views, cells, dimensions, calendar.

mod calendar;
mod cells;
mod dimensions;
mod list_items;
mod lists;
mod modules;
mod read_requests;
mod view_data;
mod views;

use anaplan_core::ModelId;
use bytes::Bytes;
use http::{Method, StatusCode};

use crate::api::envelope::Failure;
use crate::api::{Call, Reply};
use crate::http::{Body, Response};
use crate::world::{Model, Module, OpenState, ReadOf};

/// Up to how many cells or items an answer is made at once; larger ones are made as they are sent.
const SMALL: usize = 5_000;

pub(crate) fn route(call: &mut Call<'_>, id: &ModelId, rest: &[&str]) -> Reply {
    enter(call, id, rest)?;
    let method = call.request.method().clone();
    match (rest, &method) {
        (["modules"], &Method::GET) => modules::list(call, id),
        (["modules", module, "lineItems"], &Method::GET) => {
            modules::line_items(call, id, Some(module))
        }
        (["lineItems"], &Method::GET) => modules::line_items(call, id, None),
        (["modules", module, "views"], &Method::GET) => views::list(call, id, Some(module)),
        (["views"], &Method::GET) => views::list(call, id, None),
        (["views", view], &Method::GET) => views::metadata(call, id, view),
        (["views", view, "data"], &Method::GET) => view_data::data(call, id, view),
        (["views", view, "dimensions", dimension, "items"], &Method::GET) => {
            dimensions::of_view(call, id, view, dimension)
        }
        (["lineItems", item, "dimensions"], &Method::GET) => {
            dimensions::of_line_item(call, id, item)
        }
        (["lineItems", item, "dimensions", dimension, "items"], &Method::GET) => {
            dimensions::items_of_line_item(call, id, item, dimension)
        }
        (["dimensions", dimension, "items"], &Method::GET) => {
            dimensions::of_model(call, id, dimension)
        }
        (["dimensions", dimension, "items"], &Method::POST) => {
            dimensions::look_up(call, id, dimension)
        }
        (["modules", module, "data"], &Method::POST) => cells::write(call, id, module),
        (["lists"], &Method::GET) => lists::list(call, id),
        (["lists", list], &Method::GET) => lists::metadata(call, id, list),
        (["lists", list, "items"], &Method::GET) => list_items::read(call, id, list),
        (["lists", list, "items"], &Method::POST | &Method::PUT) => {
            list_items::write(call, id, list)
        }
        (["lists", list, "resetIndex"], &Method::POST) => lists::reset_index(call, id, list),
        (["lists", list, "preview"], &Method::GET) => lists::preview(call, id, list),
        (
            [
                kind @ ("views" | "lists"),
                object,
                "readRequests",
                rest @ ..,
            ],
            _,
        ) => {
            let object = number(object)?;
            let of = if *kind == "views" {
                ReadOf::View(object)
            } else {
                ReadOf::List(object)
            };
            read_requests::route(call, id, of, rest)
        }
        (["currentPeriod"], &Method::GET) => calendar::current_period(call, id),
        (["currentPeriod"], &Method::PUT) => calendar::set_current_period(call, id),
        (["modelCalendar"], &Method::GET) => calendar::model_calendar(call, id),
        (["modelCalendar", "fiscalYear"], &Method::PUT) => calendar::set_fiscal_year(call, id),
        (["versions"], &Method::GET) => calendar::versions(call, id),
        (["versions", version, "switchover"], &Method::PUT) => {
            calendar::set_switchover(call, id, version)
        }
        (
            ["modules" | "views" | "lineItems" | "lists" | "versions" | "currentPeriod"]
            | ["modelCalendar"]
            | ["modelCalendar", "fiscalYear"]
            | ["views" | "lists", _]
            | ["modules", _, "lineItems" | "views" | "data"]
            | ["views", _, "data"]
            | ["lists", _, "items" | "resetIndex" | "preview"]
            | ["lineItems", _, "dimensions"]
            | ["dimensions", _, "items"]
            | ["views" | "lineItems", _, "dimensions", _, "items"]
            | ["versions", _, "switchover"],
            _,
        ) => Err(Failure::method()),
        _ => Err(Failure::NotFound),
    }
}

/// What stands before every operation: access, the state of the model, the role. A model that is not in
/// memory is loaded.
fn enter(call: &mut Call<'_>, id: &ModelId, rest: &[&str]) -> Result<(), Failure> {
    let reads = match rest {
        ["dimensions", ..] | [_, _, "readRequests", ..] => true,
        _ => call.request.method() == Method::GET,
    };
    if reads {
        call.online(id)?;
    } else {
        call.changeable(id)?;
    }
    let for_admins = matches!(
        rest,
        ["versions" | "currentPeriod" | "modelCalendar", ..]
            | ["lists", _, "resetIndex" | "preview"]
    );
    if (for_admins || call.world.rules.modelling_for_admins) && !call.is_admin(id) {
        return Err(Failure::new(StatusCode::FORBIDDEN, "Forbidden"));
    }
    if let Some(model) = call.world.model_mut(id) {
        if model.open != OpenState::Open {
            model.open = OpenState::Open;
        }
    }
    Ok(())
}

/// An id of a model's object. Whatever is none is the id of nothing.
fn number(text: &str) -> Result<u64, Failure> {
    let number = text.parse::<u64>().ok();
    number
        .filter(|number| number.to_string() == text)
        .ok_or(Failure::NotFound)
}

fn the_model<'a>(call: &'a Call<'_>, id: &ModelId) -> Result<&'a Model, Failure> {
    call.world.model(id).ok_or(Failure::NotFound)
}

/// Whether the caller's role lets them read a module.
fn may_read(call: &Call<'_>, model: &Model, module: &Module) -> bool {
    may(call, model, |role| role.read.contains(&module.id))
}

/// Whether the caller's role lets them write a module.
fn may_write(call: &Call<'_>, model: &Model, module: &Module) -> bool {
    may(call, model, |role| role.write.contains(&module.id))
}

fn may(call: &Call<'_>, model: &Model, holds: impl Fn(&crate::world::Role) -> bool) -> bool {
    if call.world.is_admin_of(&call.user, model) {
        return true;
    }
    let role = model.users.get(&call.user);
    let mut roles = model.structure.roles.iter();
    role.and_then(|id| roles.find(|role| role.id == *id))
        .is_some_and(holds)
}

fn readable_module<'a>(
    call: &Call<'_>,
    model: &'a Model,
    module: &str,
) -> Result<&'a Module, Failure> {
    let module = model.structure.module(number(module)?);
    module
        .filter(|module| may_read(call, model, module))
        .ok_or(Failure::NotFound)
}

/// The one module that is asked for, or every module that the caller may read.
fn readable_modules<'a>(
    call: &Call<'_>,
    model: &'a Model,
    module: Option<&str>,
) -> Result<Vec<&'a Module>, Failure> {
    match module {
        Some(module) => Ok(vec![readable_module(call, model, module)?]),
        None => {
            let all = model.structure.modules.iter();
            Ok(all.filter(|module| may_read(call, model, module)).collect())
        }
    }
}

/// A response that is made at once if it is small, and piece by piece if it is not.
fn in_pieces(
    content_type: &'static str,
    size: usize,
    pieces: impl Iterator<Item = Bytes> + Send + 'static,
) -> Response {
    let body = if size <= SMALL {
        Body::Full(pieces.collect::<Vec<_>>().concat().into())
    } else {
        Body::pieces(pieces)
    };
    Response::new(StatusCode::OK, content_type, body)
}

/// The refusal of an answer that would be too large.
fn check_size(call: &Call<'_>, size: usize, what: &str) -> Result<(), Failure> {
    let limit = call.world.rules.largest_read;
    if size > limit {
        return Err(Failure::bad(format!(
            "The request exceeds the limit of {limit} {what}."
        )));
    }
    Ok(())
}

/// Whether risky fields are to stand in quotes.
fn wants_escapes(call: &Call<'_>) -> bool {
    call.request
        .header("accept")
        .is_some_and(|accept| accept.replace(' ', "").contains("escaped=true"))
}

/// A text as JSON.
fn push_json(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}
