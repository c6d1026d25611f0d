//! The items of lists: reading and writing them.

use anaplan_core::ModelId;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::api::envelope::{Envelope, Failure};
use crate::api::transactional::cells::{failures, format_error, mandatory, nothing_left};
use crate::api::transactional::dimensions::joined;
use crate::api::transactional::{
    check_size, in_pieces, lists, push_json, the_model, wants_escapes,
};
use crate::api::{Call, Reply, query};
use crate::world::{ItemRequest, ListTable, Table};

/// The number of items one request may add, change or delete.
const MOST_ITEMS: usize = 100_000;

pub(crate) fn read(call: &Call<'_>, id: &ModelId, list: &str) -> Reply {
    let model = the_model(call, id)?;
    let list = lists::found(model, list)?;
    let table = ListTable::of(model, list, call.request.flag("includeAll"));
    let size = table.ids.len();
    check_size(call, size, "items")?;
    if call.request.asks_for("text/csv") {
        let pieces = Table::List(table).csv(0..size, true, wants_escapes(call));
        return Ok(in_pieces("text/csv", size, pieces));
    }
    let mut meta = json!({ "schema": "https://api.anaplan.com/2/0/objects/listItem" });
    let mut rows: Vec<usize> = (0..size).collect();
    if call.world.rules.page_list_items {
        let (page, paging) = query::page(call, rows);
        meta["paging"] = paging;
        rows = page;
    }
    let status = json!({ "code": 200, "message": "Success" });
    let head = format!("{{\"meta\":{meta},\"status\":{status},\"listItems\":[");
    let size = rows.len();
    let items = rows.into_iter().filter_map(move |row| item(&table, row));
    Ok(in_pieces(
        "application/json",
        size,
        joined(head, items, "]}"),
    ))
}

fn item(table: &ListTable, row: usize) -> Option<String> {
    let item = table.items.get(*table.ids.get(row)?)?;
    let mut text = format!("{{\"id\":\"{}\",\"name\":", item.id);
    push_json(&item.name, &mut text);
    if let Some(code) = &item.code {
        text.push_str(",\"code\":");
        push_json(code, &mut text);
    }
    if let Some((list, list_name, parent)) = table.parent(item) {
        text.push_str(",\"parent\":");
        push_json(&parent.name, &mut text);
        text.push_str(&format!(",\"parentId\":\"{}\"", parent.id));
        // With a list above only.
        if table.parents.len() > 1 {
            text.push_str(&format!(",\"listId\":\"{list}\",\"listName\":"));
            push_json(list_name, &mut text);
        }
    }
    if table.everything {
        let properties: Map<String, Value> = table
            .properties
            .iter()
            .map(|property| {
                let value = item.properties.get(&property.name).cloned();
                (property.name.clone(), value.unwrap_or_default().into())
            })
            .collect();
        let subsets: Map<String, Value> = table
            .subsets
            .iter()
            .map(|subset| {
                (
                    subset.name.clone(),
                    item.subsets.contains(&subset.id).into(),
                )
            })
            .collect();
        text.push_str(&format!(
            ",\"properties\":{},\"subsets\":{}",
            Value::Object(properties),
            Value::Object(subsets)
        ));
    }
    text.push('}');
    Some(text)
}

pub(crate) fn write(call: &mut Call<'_>, id: &ModelId, list: &str) -> Reply {
    let model = the_model(call, id)?;
    let list = lists::found(model, list)?;
    let deployed = model.state.is_deployed() && !list.production;
    let list = list.id;
    let adds = call.request.method() == Method::POST;
    let action = call.request.param("action");
    let known: &[&str] = match (adds, action) {
        (false, _) => &["id", "name", "code", "parent", "properties", "subsets"],
        (true, Some("add")) => &["name", "code", "parent", "properties", "subsets"],
        (true, Some("delete")) => &["id", "code", "name"],
        (true, _) => {
            return Err(Failure::bad(
                "The parameter 'action' must be one of [add, delete]",
            ));
        }
    };
    if deployed {
        let status = StatusCode::from_u16(425).unwrap_or(StatusCode::CONFLICT);
        return Err(Failure::new(status, "Model is Deployed"));
    }
    let items = requested(call, known)?;
    if !adds {
        let outcome = call.world.update_items(id, list, &items);
        return Ok(Envelope::of("listItem")
            .with("updated", outcome.done)
            .with("ignored", outcome.failures.len())
            .with("total", items.len())
            .with_some("failures", failures(&outcome.failures))
            .into());
    }
    if action == Some("delete") {
        let outcome = call.world.delete_items(id, list, &items);
        let mut envelope = Envelope::of("listItem").with("deleted", outcome.done);
        if call.world.rules.count_ignored_deletes {
            envelope = envelope
                .with("ignored", outcome.failures.len())
                .with("total", items.len());
        }
        return Ok(envelope
            .with_some("failures", failures(&outcome.failures))
            .into());
    }
    let outcome = call.world.add_items(id, list, &items);
    Ok(Envelope::of("listItem")
        .with("added", outcome.done)
        .with("ignored", outcome.failures.len())
        .with("total", items.len())
        .with_some("failures", failures(&outcome.failures))
        .into())
}

fn requested(call: &Call<'_>, known: &[&str]) -> Result<Vec<ItemRequest>, Failure> {
    let mut body = query::object(call.request, &["items"])?;
    let items = match body.remove("items") {
        Some(Value::Array(items)) if !items.is_empty() => items,
        None | Some(Value::Null | Value::Array(_)) => return Err(mandatory("items")),
        Some(_) => return Err(format_error()),
    };
    if items.len() > MOST_ITEMS {
        return Err(Failure::bad(format!(
            "The request exceeds the limit of {MOST_ITEMS} items."
        )));
    }
    items.into_iter().map(|item| request(item, known)).collect()
}

fn request(item: Value, known: &[&str]) -> Result<ItemRequest, Failure> {
    let Value::Object(mut map) = item else {
        return Err(format_error());
    };
    let mut request = ItemRequest::default();
    for field in known {
        let Some(value) = map.remove(*field) else {
            continue;
        };
        match (*field, value) {
            ("properties", Value::Object(values)) => {
                for (name, value) in values {
                    request.properties.insert(name, text(value)?);
                }
            }
            ("subsets", Value::Object(values)) => {
                for (name, value) in values {
                    let within = value.as_bool().ok_or_else(format_error)?;
                    request.subsets.insert(name, within);
                }
            }
            ("id", Value::Number(number)) => request.id = Some(number.to_string()),
            ("id", value) => request.id = Some(text(value)?),
            ("name", value) => request.name = Some(text(value)?),
            ("code", value) => request.code = Some(text(value)?),
            ("parent", value) => request.parent = Some(text(value)?),
            _ => return Err(format_error()),
        }
    }
    nothing_left(&map)?;
    Ok(request)
}

fn text(value: Value) -> Result<String, Failure> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(Failure::bad(
            "Found a value with an unexpected string format when String was expected.",
        )),
    }
}
