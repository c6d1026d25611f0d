//! Modules and their line items.

use std::collections::HashMap;

use anaplan_core::ModelId;
use serde_json::{Value, json};

use crate::api::envelope::{Envelope, Failure};
use crate::api::transactional::{may_read, readable_module, readable_modules, the_model};
use crate::api::{Call, Reply, query};
use crate::world::{
    Dimension, Format, LineItem, Model, Module, PeriodKind, TIME, VERSIONS, cell_count,
};

pub(crate) fn list(call: &Call<'_>, id: &ModelId) -> Reply {
    let model = the_model(call, id)?;
    let modules = model.structure.modules.iter();
    let modules: Vec<Value> = modules
        .filter(|module| may_read(call, model, module))
        .map(|module| named(module.id, &module.name, module.code.as_deref()))
        .collect();
    let (modules, paging) = query::page(call, modules);
    Ok(Envelope::of("module")
        .paged(paging)
        .with("modules", modules)
        .into())
}

/// An object with an id, a name, and a code if there is one.
pub(crate) fn named(id: u64, name: &str, code: Option<&str>) -> Value {
    let mut value = json!({ "id": id.to_string(), "name": name });
    if let Some(code) = code {
        value["code"] = code.into();
    }
    value
}

pub(crate) fn line_items(call: &Call<'_>, id: &ModelId, module: Option<&str>) -> Reply {
    let model = the_model(call, id)?;
    let modules = readable_modules(call, model, module)?;
    let everything = call.request.flag("includeAll");
    let mut sizes = HashMap::new();
    let mut items = Vec::new();
    for module in modules {
        for item in &module.line_items {
            let mut value = json!({
                "moduleId": module.id.to_string(),
                "moduleName": module.name,
                "id": item.id.to_string(),
                "name": item.name,
            });
            if everything {
                describe(call, model, module, item, &mut sizes, &mut value);
            }
            items.push(value);
        }
    }
    Ok(Envelope::of("lineItem").with("items", items).into())
}

fn describe(
    call: &Call<'_>,
    model: &Model,
    module: &Module,
    item: &LineItem,
    sizes: &mut HashMap<Vec<Dimension>, u64>,
    value: &mut Value,
) {
    let dimensions = item.dimensions(module);
    let count = *sizes
        .entry(dimensions.to_vec())
        .or_insert_with(|| cell_count(call.world, model, module, item));
    let over_time = dimensions.contains(&TIME);
    let applies_to: Vec<Value> = dimensions
        .iter()
        .filter(|dimension| !matches!(**dimension, TIME | VERSIONS))
        .map(|id| named(*id, &call.world.dimension_name(model, *id), None))
        .collect();
    let mentions = |other: &&LineItem| {
        let formula = other.formula.as_deref().unwrap_or_default();
        other.id != item.id && formula.contains(&item.name)
    };
    let referenced_by: Vec<Value> = module
        .line_items
        .iter()
        .filter(mentions)
        .map(|other| named(other.id, &other.name, None))
        .collect();
    let Value::Object(map) = value else { return };
    let more = json!({
        "isSummary": false,
        "startOfSection": false,
        "broughtForward": false,
        "useSwitchover": false,
        "breakback": false,
        "cellCount": count,
        "version": { "name": "All", "id": "16000000000" },
        "appliesTo": applies_to,
        "dataTags": [],
        "referencedBy": referenced_by,
        "format": item.format.as_str(),
        "formatMetadata": format_metadata(&item.format),
        "summary": item.summary,
        "timeScale": if over_time { model.structure.calendar.base().label() } else { "Not Applicable" },
        "timeRange": if over_time { "Model Calendar" } else { "Not Applicable" },
        "formulaScope": "All Versions",
        "style": "Normal",
        "notes": item.notes,
    });
    if let Value::Object(more) = more {
        map.extend(more);
    }
    if let Some(formula) = &item.formula {
        map.insert("formula".into(), formula.as_str().into());
    }
    if let Some(code) = &item.code {
        map.insert("code".into(), code.as_str().into());
    }
}

fn format_metadata(format: &Format) -> Value {
    match format {
        Format::Number => json!({
            "dataType": "NUMBER",
            "comparisonIncrease": "GOOD",
            "decimalPlaces": -1,
            "decimalSeparator": "FULL_STOP",
            "groupingSeparator": "COMMA",
            "minimumSignificantDigits": 4,
            "negativeNumberNotation": "MINUS_SIGN",
            "unitsDisplayType": "NONE",
            "unitsType": "NONE",
            "zeroFormat": "ZERO",
        }),
        Format::Text => json!({ "dataType": "TEXT", "textType": "GENERAL" }),
        // The one number among the ids of a line item.
        Format::List(list) => json!({
            "dataType": "ENTITY",
            "hierarchyEntityLongId": list,
            "selectiveAccessApplied": false,
            "showAll": false,
        }),
        Format::TimePeriod(kind) => json!({
            "dataType": "TIME_ENTITY",
            "periodType": {
                "entityId": kind,
                "entityLabel": PeriodKind::of_text(kind).map(PeriodKind::label),
                "entityIndex": PeriodKind::of_text(kind).map(|kind| kind as u8),
            },
        }),
        Format::Boolean => json!({ "dataType": "BOOLEAN" }),
        Format::Date => json!({ "dataType": "DATE" }),
        Format::None => json!({ "dataType": "NONE" }),
    }
}

/// The module of this id, or 404.
pub(crate) fn writable<'a>(
    call: &Call<'_>,
    model: &'a Model,
    module: &str,
) -> Result<&'a Module, Failure> {
    let module = readable_module(call, model, module)?;
    if !super::may_write(call, model, module) {
        return Err(Failure::new(http::StatusCode::FORBIDDEN, "Forbidden"));
    }
    Ok(module)
}
