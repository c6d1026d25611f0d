//! Lists: which there are, what they are, their preview, and the reset of their index.

use anaplan_core::ModelId;
use http::StatusCode;
use serde_json::{Value, json};

use crate::api::envelope::{Envelope, Failure};
use crate::api::transactional::modules::named;
use crate::api::transactional::{in_pieces, number, the_model, wants_escapes};
use crate::api::{Call, Reply, query};
use crate::http::Response;
use crate::world::{Items, List, ListTable, Model, ResetRefusal, Table, top_level_id};

/// The number of rows a preview shows.
const PREVIEW: usize = 1_000;

pub(crate) fn list(call: &Call<'_>, id: &ModelId) -> Reply {
    let lists = the_model(call, id)?.structure.lists.iter();
    let lists: Vec<Value> = lists
        .map(|list| named(list.id, &list.name, list.code.as_deref()))
        .collect();
    let (lists, paging) = query::page(call, lists);
    Ok(Envelope::of("list")
        .paged(paging)
        .with("lists", lists)
        .into())
}

pub(crate) fn found<'a>(model: &'a Model, list: &str) -> Result<&'a List, Failure> {
    model.structure.list(number(list)?).ok_or(Failure::NotFound)
}

pub(crate) fn metadata(call: &Call<'_>, id: &ModelId, list: &str) -> Reply {
    let model = the_model(call, id)?;
    let list = found(model, list)?;
    let count = model.items.get(&list.id).map_or(0, Items::len);
    let properties: Vec<Value> = list
        .properties
        .iter()
        .map(|property| {
            json!({
                "name": property.name,
                "format": property.format.as_str(),
                "notes": "",
                "referencedBy": "",
            })
        })
        .collect();
    let mut value = named(list.id, &list.name, list.code.as_deref());
    value["properties"] = properties.into();
    value["hasSelectiveAccess"] = false.into();
    value["managedBy"] = "".into();
    value["numberedList"] = list.numbered.into();
    value["useTopLevelAsPageDefault"] = false.into();
    // The item above all others counts too.
    value["itemCount"] = (count + usize::from(list.top_level.is_some())).into();
    value["workflowEnabled"] = false.into();
    value["productionData"] = list.production.into();
    value["permittedItems"] = 999_999_999.into();
    if list.numbered {
        value["nextitemIndex"] = model.next_index(list.id).into();
    }
    if let Some(parent) = list.parent.and_then(|id| model.structure.list(id)) {
        value["parent"] = named(parent.id, &parent.name, None);
    }
    if let Some(top) = &list.top_level {
        value["topLevelItem"] = if call.world.rules.top_level_item_object {
            named(top_level_id(list.id), top, None)
        } else {
            top.as_str().into()
        };
    }
    if !list.subsets.is_empty() {
        let subsets = list.subsets.iter();
        value["subsets"] = subsets
            .map(|subset| named(subset.id, &subset.name, None))
            .collect();
    }
    Ok(Envelope::of("listMetadata").with("metadata", value).into())
}

pub(crate) fn preview(call: &Call<'_>, id: &ModelId, list: &str) -> Reply {
    let model = the_model(call, id)?;
    let list = found(model, list)?;
    let table = Table::List(ListTable::of(model, list, true));
    let rows = table.rows().min(PREVIEW);
    let pieces = table.csv(0..rows, true, wants_escapes(call));
    Ok(in_pieces("text/csv", rows, pieces))
}

pub(crate) fn reset_index(call: &mut Call<'_>, id: &ModelId, list: &str) -> Reply {
    let list = found(the_model(call, id)?, list)?.id;
    match call.world.reset_list_index(id, list) {
        Ok(()) => Ok(Response::empty(StatusCode::OK).with_header("content-length", "0")),
        Err(ResetRefusal::Unknown) => Err(Failure::NotFound),
        Err(ResetRefusal::NotEmpty) => Err(Failure::bad(
            "We can't reset the list item index of a list that contains data. Select an empty list that doesn't contain any list items.",
        )),
        Err(ResetRefusal::Deployed) => Err(Failure::bad(
            "We cannot reset a list if the list is not production data and the model is in deployed mode.",
        )),
    }
}
