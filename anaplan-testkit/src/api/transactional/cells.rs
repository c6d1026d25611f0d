//! Writing cells.

use anaplan_core::ModelId;
use serde_json::{Map, Value, json};

use crate::api::envelope::{Envelope, Failure};
use crate::api::transactional::{modules, the_model};
use crate::api::{Call, Reply, query};
use crate::world::{CellRequest, Given, Named, WriteFailure};

const MOST_CELLS: usize = 100_000;
const MOST_BYTES: usize = 15 * 1024 * 1024;

pub(crate) fn write(call: &mut Call<'_>, id: &ModelId, module: &str) -> Reply {
    let model = the_model(call, id)?;
    let module = modules::writable(call, model, module)?.id;
    if call.request.body().len() > MOST_BYTES {
        return Err(Failure::bad("The request exceeds the limit of 15 MB."));
    }
    let Value::Array(cells) = query::json_body(call.request)? else {
        return Err(format_error());
    };
    if cells.len() > MOST_CELLS {
        return Err(Failure::bad(format!(
            "The request exceeds the limit of {MOST_CELLS} cells."
        )));
    }
    let cells: Vec<CellRequest> = cells.into_iter().map(read).collect::<Result<_, _>>()?;
    let outcome = call.world.write_cells(id, module, &cells);
    Ok(Envelope::of("cell")
        .with("numberOfCellsChanged", outcome.done)
        .with_some("failures", failures(&outcome.failures))
        .into())
}

pub(crate) fn format_error() -> Failure {
    Failure::bad("The data provided is not in the expected format. Change the data format.")
}

pub(crate) fn mandatory(field: &str) -> Failure {
    Failure::bad(format!(
        "Expected mandatory field '{field}' to be present and not empty."
    ))
}

pub(crate) fn failures(all: &[WriteFailure]) -> Vec<Value> {
    all.iter()
        .map(|failure| {
            json!({
                "requestIndex": failure.index,
                "failureType": failure.kind,
                "failureMessageDetails": failure.message,
            })
        })
        .collect()
}

fn read(value: Value) -> Result<CellRequest, Failure> {
    let Value::Object(mut map) = value else {
        return Err(format_error());
    };
    let line_item = pointed_out(&mut map, "lineItem", &["Id", "Name"])?;
    let dimensions = match map.remove("dimensions") {
        None => Vec::new(),
        Some(Value::Array(all)) => all.into_iter().map(coordinate).collect::<Result<_, _>>()?,
        Some(_) => return Err(format_error()),
    };
    let value = match map.remove("value") {
        None | Some(Value::Null) => return Err(mandatory("value")),
        Some(Value::String(text)) => Given::Text(text),
        Some(Value::Bool(yes)) => Given::Boolean(yes),
        Some(Value::Number(number)) => Given::Number(number.as_f64().unwrap_or(f64::NAN)),
        Some(_) => return Err(format_error()),
    };
    nothing_left(&map)?;
    Ok(CellRequest {
        line_item,
        dimensions,
        value,
    })
}

fn coordinate(value: Value) -> Result<(Named, Named), Failure> {
    let Value::Object(mut map) = value else {
        return Err(format_error());
    };
    let dimension = pointed_out(&mut map, "dimension", &["Id", "Name"])?;
    let item = pointed_out(&mut map, "item", &["Id", "Name", "Code"])?;
    nothing_left(&map)?;
    Ok((dimension, item))
}

/// Exactly one of `itemId`, `itemName` and so on.
fn pointed_out(
    map: &mut Map<String, Value>,
    what: &str,
    endings: &[&str],
) -> Result<Named, Failure> {
    let mut found = None;
    for ending in endings {
        let text = match map.remove(&format!("{what}{ending}")) {
            None => continue,
            Some(Value::String(text)) => text,
            // The service reads a number as the text that it stands for.
            Some(Value::Number(number)) if *ending == "Id" => number.to_string(),
            Some(_) => return Err(format_error()),
        };
        let named = match *ending {
            "Id" => Named::Id(text),
            "Name" => Named::Name(text),
            _ => Named::Code(text),
        };
        if found.replace(named).is_some() {
            return Err(Failure::bad(format!(
                "More than one of {what}Id, {what}Name is given"
            )));
        }
    }
    found.ok_or_else(|| mandatory(&format!("{what}Id")))
}

pub(crate) fn nothing_left(map: &Map<String, Value>) -> Result<(), Failure> {
    match map.keys().next() {
        Some(key) => Err(query::unrecognized(key)),
        None => Ok(()),
    }
}
