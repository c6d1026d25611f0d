//! Views: which there are, and their axes.

use anaplan_core::ModelId;
use serde_json::{Value, json};

use crate::api::envelope::{Envelope, Failure};
use crate::api::transactional::modules::named;
use crate::api::transactional::{may_read, number, readable_modules, the_model};
use crate::api::{Call, Reply, query};
use crate::world::{Dimension, Model, Shown, full_name};

pub(crate) fn list(call: &Call<'_>, id: &ModelId, module: Option<&str>) -> Reply {
    let model = the_model(call, id)?;
    let modules = readable_modules(call, model, module)?;
    // Nothing but this very text turns them on.
    let subsidiary = call.request.param("includesubsidiaryviews") == Some("true");
    let mut views = Vec::new();
    for module in modules {
        let mut add = |id: u64, name: &str| {
            views.push(json!({
                "id": id.to_string(),
                "name": name,
                "moduleId": module.id.to_string(),
                "code": "",
            }));
        };
        add(module.id, &module.name);
        for view in &module.views {
            add(view.id, &full_name(&module.name, &view.name));
        }
        let own = module.line_items.iter().filter(|item| {
            let dimensions = item.applies_to.as_ref();
            subsidiary && dimensions.is_some_and(|own| *own != module.dimensions)
        });
        for item in own {
            add(item.id, &item.name);
        }
    }
    let (views, paging) = query::page(call, views);
    Ok(Envelope::of("view")
        .paged(paging)
        .with("views", views)
        .into())
}

/// The view of this id, if the caller may read its module.
pub(crate) fn readable<'a>(
    call: &Call<'_>,
    model: &'a Model,
    view: u64,
) -> Result<Shown<'a>, Failure> {
    model
        .view(view)
        .filter(|view| may_read(call, model, view.module))
        .ok_or(Failure::NotFound)
}

pub(crate) fn metadata(call: &Call<'_>, id: &ModelId, view: &str) -> Reply {
    let model = the_model(call, id)?;
    let view = readable(call, model, number(view)?)?;
    let is_saved = view.line_item.is_none() && view.id != view.module.id;
    let name = if is_saved {
        full_name(&view.module.name, view.name)
    } else {
        view.name.to_owned()
    };
    let axis = |dimensions: &[Dimension]| -> Vec<Value> {
        dimensions
            .iter()
            .map(|id| named(*id, &call.world.dimension_name(model, *id), None))
            .collect()
    };
    Ok(Envelope::of("view")
        .with("viewId", view.id.to_string())
        .with("viewName", name)
        .with_some("rows", axis(&view.axes.rows))
        .with_some("columns", axis(&view.axes.columns))
        .with_some("pages", axis(&view.axes.pages))
        .into())
}
