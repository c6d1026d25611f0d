//! Imports, exports, actions and processes: lists and metadata.

use anaplan_core::ModelId;
use http::StatusCode;
use serde_json::{Value, json};

use crate::api::bulk::{listed, number};
use crate::api::envelope::{Envelope, Failure};
use crate::api::{Call, Reply};
use crate::world::{
    Act, Action, Column, Export, Import, ImportSource, Model, RunKind, Selection, SortKey, World,
};

pub(crate) fn list(call: &Call<'_>, kind: RunKind, id: &ModelId) -> Reply {
    let model = call.online(id)?;
    let structure = &model.structure;
    match kind {
        RunKind::Import => {
            let sources = call.request.flag("showImportDataSource");
            let imports = structure
                .imports
                .iter()
                .map(|import| describe_import(call.world, import, sources));
            listed(call, "import", "imports", imports.collect())
        }
        RunKind::Export => {
            let exports = structure.exports.iter().map(describe_export);
            listed(call, "export", "exports", exports.collect())
        }
        RunKind::Action => {
            let actions = structure.actions.iter().map(describe_action);
            listed(call, "action", "actions", actions.collect())
        }
        RunKind::Process => {
            let processes = structure
                .processes
                .iter()
                .map(|process| named(process.id, &process.name, process.code.as_deref()));
            listed(call, "process", "processes", processes.collect())
        }
    }
}

pub(crate) fn dashboards(call: &Call<'_>, id: &ModelId) -> Reply {
    let model = call.online(id)?;
    let dashboards = model
        .structure
        .dashboards
        .iter()
        .map(|dashboard| named(dashboard.id, &dashboard.name, dashboard.code.as_deref()));
    listed(call, "dashboard", "dashboards", dashboards.collect())
}

pub(crate) fn one(call: &Call<'_>, kind: RunKind, id: &ModelId, object: &str) -> Reply {
    let model = call.online(id)?;
    let number = number(object).ok_or(Failure::NotFound)?;
    match kind {
        RunKind::Import => {
            // An invented id is more than the server can bear.
            let import = model.structure.import(number).ok_or_else(|| {
                Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
            })?;
            Ok(Envelope::of("importMetadata")
                .with("importMetadata", import_metadata(model, import))
                .into())
        }
        RunKind::Export => {
            let export = model.structure.export(number).ok_or(Failure::NotFound)?;
            Ok(Envelope::of("exportMetadata")
                .with("exportMetadata", export_metadata(call.world, model, export))
                .into())
        }
        RunKind::Action => {
            let action = model.structure.action(number).ok_or(Failure::NotFound)?;
            Ok(Envelope::of("action")
                .with("action", action_metadata(action))
                .into())
        }
        RunKind::Process => {
            let process = model.structure.process(number).ok_or(Failure::NotFound)?;
            let sources = call.request.flag("showImportDataSource");
            let steps = process
                .steps
                .iter()
                .filter_map(|step| describe_step(call.world, model, *step, sources));
            let value = json!({ "name": process.name, "actions": steps.collect::<Vec<_>>() });
            Ok(Envelope::of("processMetadata")
                .with("processMetadata", value)
                .into())
        }
    }
}

fn named(id: u64, name: &str, code: Option<&str>) -> Value {
    let mut value = json!({ "id": id.to_string(), "name": name });
    if let Some(code) = code {
        value["code"] = code.into();
    }
    value
}

fn describe_import(world: &World, import: &Import, with_source: bool) -> Value {
    let mut value = named(import.id, &import.name, import.code.as_deref());
    let source_id = match &import.source {
        ImportSource::None => String::new(),
        ImportSource::File(file) => file.to_string(),
        ImportSource::Model { object, .. } => object.to_string(),
    };
    value["importDataSourceId"] = source_id.as_str().into();
    value["importType"] = import.type_name().into();
    if with_source {
        value["importDataSource"] = match &import.source {
            ImportSource::Model { model, .. } => {
                let mut source = json!({
                    "importDataSourceId": source_id,
                    "type": "MODEL",
                    "sourceModelId": model.as_str(),
                });
                if let Some(model) = world.model(model) {
                    source["sourceModelName"] = model.name.as_str().into();
                    source["sourceWorkspaceId"] = model.workspace.as_str().into();
                }
                source
            }
            ImportSource::None | ImportSource::File(_) => {
                json!({ "importDataSourceId": source_id, "type": "FILE" })
            }
        };
    }
    value
}

fn import_metadata(model: &Model, import: &Import) -> Value {
    let ImportSource::File(file) = import.source else {
        return json!({ "name": import.name, "type": "MODEL" });
    };
    let mut value = json!({ "name": import.name, "type": "FILE" });
    if let Some(file) = model.structure.file(file) {
        value["source"] = json!({
            "textEncoding": file.encoding.as_str(),
            "columnSeparator": file.separator.to_string(),
            "textDelimiter": file.delimiter.to_string(),
            "headerRow": file.header_row,
            "firstDataRow": file.first_data_row,
            "decimalSeparator": file.decimal_separator.to_string(),
            "headerNames": file.columns,
            "columnCount": file.columns.len(),
        });
    }
    value
}

fn describe_export(export: &Export) -> Value {
    let mut value = named(export.id, &export.name, export.code.as_deref());
    value["exportType"] = export.type_name().into();
    value["exportFormat"] = "text/csv".into();
    value["encoding"] = export.encoding.as_str().into();
    value["layout"] = export.type_name().into();
    value
}

fn export_metadata(world: &World, model: &Model, export: &Export) -> Value {
    let columns: Vec<Column> = world
        .export_columns(model, export.source)
        .unwrap_or_default();
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let types: Vec<&str> = columns.iter().map(|column| column.data_type).collect();
    json!({
        "columnCount": columns.len(),
        "dataTypes": types,
        "delimiter": "\"",
        "encoding": export.encoding.as_str(),
        "exportFormat": "text/csv",
        "headerNames": names,
        "listNames": world.export_lists(model, export.source),
        "rowCount": world.export_rows(model, export.source),
        "separator": export.separator.to_string(),
        "layout": export.type_name(),
    })
}

fn describe_action(action: &Action) -> Value {
    let mut value = named(action.id, &action.name, action.code.as_deref());
    if let Some(kind) = action.act.type_name() {
        value["actionType"] = kind.into();
    }
    value
}

fn action_metadata(action: &Action) -> Value {
    let mut value = describe_action(action);
    match &action.act {
        Act::OpenDashboard
        | Act::Optimizer
        | Act::SimpleCreate { .. }
        | Act::DeleteBranch { .. }
        | Act::CopyBranch { .. }
        | Act::Assign { .. }
        | Act::CopyToNumberedList { .. }
        | Act::UpdateCurrentPeriod { .. } => {}
        Act::DeleteBySelection { list, selection } => {
            value["listId"] = list.to_string().into();
            if let Selection::LineItem(line_item) = selection {
                value["filterLineItemId"] = line_item.to_string().into();
            }
        }
        Act::OrderHierarchy {
            list,
            by,
            descending,
        } => {
            value["listId"] = list.to_string().into();
            value["sortOrder"] = if *descending {
                "Descending"
            } else {
                "Ascending"
            }
            .into();
            if let SortKey::LineItem(id) = by {
                value["lineItemId"] = id.to_string().into();
            }
        }
        Act::BulkCopy { list, from, to } => {
            value["listId"] = list.to_string().into();
            value["sourceMember"] = from.to_string().into();
            value["targetMember"] = to.to_string().into();
        }
    }
    value
}

fn describe_step(world: &World, model: &Model, step: u64, with_source: bool) -> Option<Value> {
    let structure = &model.structure;
    if let Some(import) = structure.import(step) {
        let mut value = describe_import(world, import, with_source);
        value["actionType"] = "IMPORT".into();
        return Some(value);
    }
    if let Some(export) = structure.export(step) {
        let mut value = named(export.id, &export.name, export.code.as_deref());
        value["actionType"] = "EXPORT".into();
        value["exportType"] = export.type_name().into();
        value["exportFormat"] = "text/csv".into();
        value["layout"] = export.type_name().into();
        return Some(value);
    }
    structure.action(step).map(describe_action)
}
