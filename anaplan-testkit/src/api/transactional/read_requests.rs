//! Large reads of views and lists.

use anaplan_core::ModelId;
use http::Method;
use serde_json::{Value, json};

use crate::api::envelope::{Envelope, Failure};
use crate::api::transactional::cells::mandatory;
use crate::api::transactional::{in_pieces, the_model, views, wants_escapes};
use crate::api::{Call, Reply, query, route::only};
use crate::world::{Layout, ListTable, ReadOf, ReadState, ReadStatus, Table};

pub(crate) fn route(call: &mut Call<'_>, id: &ModelId, of: ReadOf, rest: &[&str]) -> Reply {
    readable(call, id, of)?;
    let method = call.request.method().clone();
    match (rest, &method) {
        ([], &Method::POST) => make(call, id, of),
        ([request], &Method::GET) => {
            let status = call.world.look_at_read(id, of, request);
            Ok(respond(call, &status.ok_or(Failure::NotFound)?, false))
        }
        ([request], &Method::DELETE) => {
            let status = call.world.delete_read_request(id, of, request);
            Ok(respond(call, &status.ok_or(Failure::NotFound)?, false))
        }
        ([request, "pages", page], _) => {
            only(call.request, &Method::GET)?;
            let page = page.parse().map_err(|_| Failure::NotFound)?;
            let escaped = wants_escapes(call);
            let found = call.world.read_page(id, of, request, page);
            let (table, rows, header) = found.ok_or(Failure::NotFound)?;
            let size = rows.len();
            Ok(in_pieces(
                "text/csv",
                size,
                table.csv(rows, header, escaped),
            ))
        }
        ([] | [_], _) => Err(Failure::method()),
        _ => Err(Failure::NotFound),
    }
}

fn readable(call: &Call<'_>, id: &ModelId, of: ReadOf) -> Result<(), Failure> {
    let model = the_model(call, id)?;
    match of {
        ReadOf::View(view) => views::readable(call, model, view).map(|_| ()),
        ReadOf::List(list) => model
            .structure
            .list(list)
            .map(|_| ())
            .ok_or(Failure::NotFound),
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
