//! Lists, modules, views, cells, dimensions, calendar.

mod calendar;
mod cells;
mod dimensions;
mod list_items;
mod lists;
mod modules;
pub(crate) mod read_requests;
mod view_data;
mod views;

use anaplan_core::ModelId;
use bytes::Bytes;
use http::StatusCode;

use crate::api::Call;
use crate::api::envelope::Failure;
use crate::api::in_workspace;
use crate::api::router::{Params, Route, get, post, put};
use crate::http::{Body, Response};
use crate::world::{Model, Module, OpenState};

/// Up to how many cells or items an answer is made at once; larger ones are made as they are sent.
const SMALL: usize = 5_000;

pub(crate) const ROUTES: &[Route] = &[
    get("/modules", |call, at| modules::list(call, &at.model())),
    get("/modules/{module}/lineItems", |call, at| {
        modules::line_items(call, &at.model(), Some(at.get("module")))
    }),
    get("/modules/{module}/views", |call, at| {
        views::list(call, &at.model(), Some(at.get("module")))
    }),
    post("/modules/{module}/data", |call, at| {
        cells::write(call, &at.model(), at.get("module"))
    }),
    get("/lineItems", |call, at| {
        modules::line_items(call, &at.model(), None)
    }),
    get("/lineItems/{item}/dimensions", |call, at| {
        dimensions::of_line_item(call, &at.model(), at.get("item"))
    }),
    get(
        "/lineItems/{item}/dimensions/{dimension}/items",
        |call, at| {
            let (item, dimension) = (at.get("item"), at.get("dimension"));
            dimensions::items_of_line_item(call, &at.model(), item, dimension)
        },
    ),
    get("/views", |call, at| views::list(call, &at.model(), None)),
    get("/views/{view}", |call, at| {
        views::metadata(call, &at.model(), at.get("view"))
    }),
    get("/views/{view}/data", |call, at| {
        view_data::data(call, &at.model(), at.get("view"))
    }),
    get("/views/{view}/dimensions/{dimension}/items", |call, at| {
        let (view, dimension) = (at.get("view"), at.get("dimension"));
        dimensions::of_view(call, &at.model(), view, dimension)
    }),
    get("/dimensions/{dimension}/items", |call, at| {
        dimensions::of_model(call, &at.model(), at.get("dimension"))
    }),
    post("/dimensions/{dimension}/items", |call, at| {
        dimensions::look_up(call, &at.model(), at.get("dimension"))
    })
    .reads(),
    get("/lists", |call, at| lists::list(call, &at.model())),
    get("/lists/{list}", |call, at| {
        lists::metadata(call, &at.model(), at.get("list"))
    }),
    get("/lists/{list}/items", |call, at| {
        list_items::read(call, &at.model(), at.get("list"))
    }),
    post("/lists/{list}/items", |call, at| {
        list_items::write(call, &at.model(), at.get("list"))
    }),
    put("/lists/{list}/items", |call, at| {
        list_items::write(call, &at.model(), at.get("list"))
    }),
    post("/lists/{list}/resetIndex", |call, at| {
        lists::reset_index(call, &at.model(), at.get("list"))
    })
    .for_administrators(),
    get("/lists/{list}/preview", |call, at| {
        lists::preview(call, &at.model(), at.get("list"))
    })
    .for_administrators(),
    get("/versions", |call, at| {
        calendar::versions(call, &at.model())
    })
    .for_administrators(),
    put("/versions/{version}/switchover", |call, at| {
        calendar::set_switchover(call, &at.model(), at.get("version"))
    })
    .for_administrators(),
    get("/currentPeriod", |call, at| {
        calendar::current_period(call, &at.model())
    })
    .for_administrators(),
    put("/currentPeriod", |call, at| {
        calendar::set_current_period(call, &at.model())
    })
    .for_administrators(),
    get("/modelCalendar", |call, at| {
        calendar::model_calendar(call, &at.model())
    })
    .for_administrators(),
    put("/modelCalendar/fiscalYear", |call, at| {
        calendar::set_fiscal_year(call, &at.model())
    })
    .for_administrators(),
];

/// Checks what stands before every operation: access, the state of the model, the role. Loads a model
/// that is not in memory.
pub(crate) fn enter(call: &mut Call<'_>, route: &Route, at: &Params<'_>) -> Result<(), Failure> {
    in_workspace(call, route, at)?;
    let id = at.model();
    if route.reads {
        call.online(&id)?;
    } else {
        call.changeable(&id)?;
    }
    let for_admins = route.for_administrators || call.world.rules.modelling_for_admins;
    if for_admins && !call.is_admin(&id) {
        return Err(Failure::new(StatusCode::FORBIDDEN, "Forbidden"));
    }
    if let Some(model) = call.world.model_mut(&id) {
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

/// Returns whether the caller's role lets them read a module.
fn may_read(call: &Call<'_>, model: &Model, module: &Module) -> bool {
    may(call, model, |role| role.read.contains(&module.id))
}

/// Returns whether the caller's role lets them write a module.
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

/// Returns whether risky fields are to stand in quotes.
fn wants_escapes(call: &Call<'_>) -> bool {
    call.request
        .header("accept")
        .is_some_and(|accept| accept.replace(' ', "").contains("escaped=true"))
}

/// A text as JSON.
fn push_json(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}
