//! Large reads of views and lists.

use anaplan_core::ModelId;
use serde_json::{Value, json};

use crate::api::envelope::{Envelope, Failure};
use crate::api::router::{Params, Route, delete, get, post};
use crate::api::transactional::cells::mandatory;
use crate::api::transactional::{in_pieces, number, the_model, views, wants_escapes};
use crate::api::{Call, Reply, query};
use crate::world::{Layout, ListTable, ReadOf, ReadState, ReadStatus, Table};

macro_rules! read_requests {
    ($base:literal, $of:expr) => {
        &[
            post(concat!($base, "/readRequests"), |call, at| {
                make(call, &at.model(), readable(call, at, $of)?)
            })
            .reads(),
            get(concat!($base, "/readRequests/{request}"), |call, at| {
                let of = readable(call, at, $of)?;
                let status = call.world.look_at_read(&at.model(), of, at.get("request"));
                Ok(respond(call, &status.ok_or(Failure::NotFound)?, false))
            }),
            delete(concat!($base, "/readRequests/{request}"), |call, at| {
                let of = readable(call, at, $of)?;
                let id = at.model();
                let status = call.world.delete_read_request(&id, of, at.get("request"));
                Ok(respond(call, &status.ok_or(Failure::NotFound)?, false))
            })
            .reads(),
            get(
                concat!($base, "/readRequests/{request}/pages/{page}"),
                |call, at| page(call, at, readable(call, at, $of)?),
            ),
        ]
    };
}

pub(crate) const OF_VIEWS: &[Route] = read_requests!("/views/{object}", ReadOf::View);
pub(crate) const OF_LISTS: &[Route] = read_requests!("/lists/{object}", ReadOf::List);

fn page(call: &mut Call<'_>, at: &Params<'_>, of: ReadOf) -> Reply {
    let page = at.get("page").parse().map_err(|_| Failure::NotFound)?;
    let escaped = wants_escapes(call);
    let found = call
        .world
        .read_page(&at.model(), of, at.get("request"), page);
    let (table, rows, header) = found.ok_or(Failure::NotFound)?;
    let size = rows.len();
    Ok(in_pieces(
        "text/csv",
        size,
        table.csv(rows, header, escaped),
    ))
}

/// The view or list of a path, if the caller may read it.
fn readable(call: &Call<'_>, at: &Params<'_>, of: fn(u64) -> ReadOf) -> Result<ReadOf, Failure> {
    let of = of(number(at.get("object"))?);
    let model = the_model(call, &at.model())?;
    match of {
        ReadOf::View(view) => views::readable(call, model, view).map(|_| of),
        ReadOf::List(list) => {
            let list = model.structure.list(list);
            list.map(|_| of).ok_or(Failure::NotFound)
        }
    }
}

fn make(call: &mut Call<'_>, id: &ModelId, of: ReadOf) -> Reply {
    let model = the_model(call, id)?;
    let table = match of {
        ReadOf::View(view) => {
            let body = query::object(call.request, &["exportType"])?;
            let layout = match body.get("exportType") {
                Some(Value::String(text)) if !text.is_empty() => Layout::of_text(text)
                    .ok_or_else(|| Failure::bad(format!("Invalid exportType [{text}]")))?,
                None | Some(Value::Null | Value::String(_)) => return Err(mandatory("exportType")),
                Some(_) => return Err(super::cells::format_error()),
            };
            let view = views::readable(call, model, view)?;
            Table::View(Box::new(call.world.grid(model, &view)), layout)
        }
        ReadOf::List(list) => {
            let list = model.structure.list(list).ok_or(Failure::NotFound)?;
            Table::List(ListTable::of(model, list, true))
        }
    };
    let status = call.world.make_read_request(id, of, table);
    Ok(respond(call, &status, true))
}

fn respond(call: &Call<'_>, status: &ReadStatus, just_made: bool) -> crate::http::Response {
    let path = call.request.path().trim_end_matches('/');
    let path = path
        .strip_suffix(&status.id)
        .unwrap_or(path)
        .trim_end_matches('/');
    let mut value = json!({
        "requestId": status.id,
        "requestState": status.state.as_str(),
        "url": format!("https://api.anaplan.com{path}/{}", status.id),
    });
    let (key, object, id) = match status.of {
        ReadOf::View(id) => ("viewReadRequest", "viewId", id),
        ReadOf::List(id) => ("listReadRequest", "listId", id),
    };
    if !just_made || status.state == ReadState::Complete {
        // A number: these two are the only ids that are.
        value[object] = id.into();
        value["availablePages"] = status.available.into();
        value["successful"] = status.successful.into();
    }
    Envelope::of(key).with(key, value).into()
}
