//! Dimensions and their items: of the model, of a line item, of a view.

use std::collections::{HashMap, HashSet};

use anaplan_core::ModelId;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::api::envelope::{Envelope, Failure};
use crate::api::transactional::modules::named;
use crate::api::transactional::{
    check_size, in_pieces, may_read, number, push_json, the_model, views,
};
use crate::api::{Call, Reply, query};
use crate::http::Response;
use crate::world::{
    Dimension, LINE_ITEMS, LineItem, Member, Members, Model, Module, PeriodKind, TIME, USERS,
    VERSIONS, key, top_level_id,
};

fn line_item<'a>(
    call: &Call<'_>,
    model: &'a Model,
    id: &str,
) -> Result<(&'a Module, &'a LineItem), Failure> {
    model
        .structure
        .line_item(number(id)?)
        .filter(|(module, _)| may_read(call, model, module))
        .ok_or(Failure::NotFound)
}

pub(crate) fn of_line_item(call: &Call<'_>, id: &ModelId, item: &str) -> Reply {
    let model = the_model(call, id)?;
    let (module, item) = line_item(call, model, item)?;
    let dimensions: Vec<Value> = item
        .dimensions(module)
        .iter()
        .map(|id| named(*id, &call.world.dimension_name(model, *id), None))
        .collect();
    Ok(Envelope::of("dimension")
        .with("dimensions", dimensions)
        .into())
}

pub(crate) fn items_of_line_item(
    call: &Call<'_>,
    id: &ModelId,
    item: &str,
    dimension: &str,
) -> Reply {
    let model = the_model(call, id)?;
    let malformed = |text: &str| text.is_empty() || !text.bytes().all(|c| c.is_ascii_digit());
    if malformed(item) || malformed(dimension) {
        return Err(Failure::bad("The id is malformed"));
    }
    let (module, item) = line_item(call, model, item)?;
    let dimension = number(dimension)?;
    if !item.dimensions(module).contains(&dimension) {
        return Err(Failure::NotFound);
    }
    let members = call.world.members(model, Some(module), dimension);
    respond(call, members.unwrap_or_default(), None)
}

pub(crate) fn of_view(call: &Call<'_>, id: &ModelId, view: &str, dimension: &str) -> Reply {
    let model = the_model(call, id)?;
    let view = views::readable(call, model, number(view)?)?;
    let dimension = number(dimension)?;
    let axes = [&view.axes.rows, &view.axes.columns, &view.axes.pages];
    if !axes
        .into_iter()
        .flatten()
        .any(|on_axis| *on_axis == dimension)
    {
        return Err(Failure::NotFound);
    }
    let grid = call.world.grid(model, &view);
    let members = grid.members(dimension).cloned();
    respond(call, members.unwrap_or_default(), None)
}

const NO_CODE: Option<&str> = Some("");

/// A code that is not set is left out for views and line items, and empty for the model as a whole:
/// published clients do not do without the key there.
fn respond(call: &Call<'_>, members: Members, unset: Option<&'static str>) -> Reply {
    check_size(call, members.len(), "items")?;
    let size = members.len();
    let mut next = 0;
    let items = std::iter::from_fn(move || {
        let member = members.get(next)?;
        next += 1;
        Some(one(
            member.id,
            &member.name,
            member.code.as_deref().or(unset),
        ))
    });
    Ok(with_items(size, items))
}

fn one(id: u64, name: &str, code: Option<&str>) -> String {
    let mut text = format!("{{\"id\":\"{id}\",\"name\":");
    push_json(name, &mut text);
    if let Some(code) = code {
        text.push_str(",\"code\":");
        push_json(code, &mut text);
    }
    text.push('}');
    text
}

/// An answer with items, or without the key when there are none.
fn with_items(size: usize, items: impl Iterator<Item = String> + Send + 'static) -> Response {
    let meta = json!({ "schema": "https://api.anaplan.com/2/0/objects/item" });
    let status = json!({ "code": 200, "message": "Success" });
    if size == 0 {
        return Envelope::of("item").into();
    }
    let head = format!("{{\"meta\":{meta},\"status\":{status},\"items\":[");
    in_pieces("application/json", size, joined(head, items, "]}"))
}

/// Texts with commas between them, in larger pieces.
pub(crate) fn joined(
    head: String,
    mut items: impl Iterator<Item = String> + Send + 'static,
    tail: &'static str,
) -> impl Iterator<Item = Bytes> + Send + 'static {
    let mut first = true;
    let body = std::iter::from_fn(move || {
        let mut text = String::new();
        while text.len() < 32 * 1024 {
            let Some(item) = items.next() else { break };
            if !std::mem::take(&mut first) {
                text.push(',');
            }
            text.push_str(&item);
        }
        (!text.is_empty()).then(|| Bytes::from(text))
    });
    std::iter::once(Bytes::from(head))
        .chain(body)
        .chain(std::iter::once(Bytes::from_static(tail.as_bytes())))
}

pub(crate) fn of_model(call: &Call<'_>, id: &ModelId, dimension: &str) -> Reply {
    let model = the_model(call, id)?;
    let dimension = number(dimension)?;
    if matches!(dimension, TIME | VERSIONS | LINE_ITEMS) {
        return Err(Failure::bad(
            "The dimension is not supported at model level",
        ));
    }
    if dimension == USERS || is_subset(model, dimension) {
        let members = call.world.members(model, None, dimension);
        return respond(call, members.unwrap_or_default(), NO_CODE);
    }
    // The items of the list itself, without those of the lists above.
    let list = model.structure.list(dimension).ok_or(Failure::NotFound)?;
    let items = model.items.get(&list.id).cloned().unwrap_or_default();
    let top = list.top_level.clone();
    let size = items.len() + usize::from(top.is_some());
    check_size(call, size, "items")?;
    let ids: Vec<u64> = items.iter().map(|item| item.id).collect();
    let own = ids.into_iter().filter_map(move |id| {
        let item = items.get(id)?;
        Some(one(item.id, &item.name, item.code.as_deref().or(NO_CODE)))
    });
    let top = top.map(|name| one(top_level_id(dimension), &name, NO_CODE));
    Ok(with_items(size, own.chain(top)))
}

fn is_subset(model: &Model, dimension: Dimension) -> bool {
    let list = model.structure.list_behind(dimension);
    list.is_some_and(|list| list.id != dimension)
}

pub(crate) fn look_up(call: &Call<'_>, id: &ModelId, dimension: &str) -> Reply {
    let model = the_model(call, id)?;
    let dimension = number(dimension)?;
    let is_list = model.structure.list_behind(dimension).is_some();
    match dimension {
        LINE_ITEMS => {
            return Err(Failure::bad(
                "The dimension is not supported at model level",
            ));
        }
        TIME | VERSIONS | USERS => {}
        _ if is_list => {}
        _ => return Err(Failure::NotFound),
    }
    let body = query::object(call.request, &["names", "codes"])?;
    let texts = |name: &str| -> Result<Vec<String>, Failure> {
        let wrong = || {
            Failure::bad("The data provided is not in the expected format. Change the data format.")
        };
        match body.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(values)) => values
                .iter()
                .map(|value| value.as_str().map(key).ok_or_else(wrong))
                .collect(),
            Some(_) => Err(wrong()),
        }
    };
    let (names, codes) = (texts("names")?, texts("codes")?);
    if names.is_empty() && codes.is_empty() {
        return Err(Failure::bad(
            "Expected mandatory field 'names' to be present and not empty.",
        ));
    }
    if !codes.is_empty() && matches!(dimension, TIME | USERS) {
        return Err(Failure::bad("The dimension has no codes"));
    }
    let found = if is_list {
        in_list(model, dimension, &names, &codes)
    } else {
        let members = call
            .world
            .members(model, None, dimension)
            .unwrap_or_default();
        let mut all: Vec<Member> = members.all().to_vec();
        if dimension == TIME {
            let weeks = model.structure.calendar.periods_of(PeriodKind::Week);
            all.extend(weeks.into_iter().map(|week| Member {
                id: week.id,
                name: week.name,
                code: None,
                leaf: true,
                below: 0..0,
            }));
        }
        among(&all, &names, &codes)
    };
    let mut seen = HashSet::new();
    let found: Vec<Value> = found
        .into_iter()
        .filter(|(id, ..)| seen.insert(*id))
        .map(|(id, name, code)| named(id, &name, code.as_deref().or(NO_CODE)))
        .collect();
    Ok(Envelope::of("item").with_some("items", found).into())
}

type Hit = (u64, String, Option<String>);

fn in_list(model: &Model, dimension: Dimension, names: &[String], codes: &[String]) -> Vec<Hit> {
    let Some(list) = model.structure.list_behind(dimension) else {
        return Vec::new();
    };
    let Some(items) = model.items.get(&list.id) else {
        return Vec::new();
    };
    let by_name = names.iter().filter_map(|name| items.by_name(name));
    let by_code = codes.iter().filter_map(|code| items.by_code(code));
    let hits = by_name.chain(by_code);
    let mut found: Vec<Hit> = hits
        .filter(|item| list.id == dimension || item.subsets.contains(&dimension))
        .map(|item| (item.id, item.name.clone(), item.code.clone()))
        .collect();
    let top = list.top_level.as_ref().filter(|_| list.id == dimension);
    if let Some(top) = top.filter(|top| names.contains(&key(top))) {
        found.push((top_level_id(list.id), top.clone(), None));
    }
    found
}

fn among(members: &[Member], names: &[String], codes: &[String]) -> Vec<Hit> {
    let by_name: HashMap<String, &Member> = members
        .iter()
        .map(|member| (key(&member.name), member))
        .collect();
    let by_code: HashMap<String, &Member> = members
        .iter()
        .filter_map(|member| Some((key(member.code.as_deref()?), member)))
        .collect();
    let names = names.iter().filter_map(|name| by_name.get(name));
    let codes = codes.iter().filter_map(|code| by_code.get(code));
    names
        .chain(codes)
        .map(|member| (member.id, member.name.clone(), member.code.clone()))
        .collect()
}
