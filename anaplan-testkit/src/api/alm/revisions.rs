//! Revisions.

use anaplan_core::ModelId;
use http::StatusCode;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::{administered, seconds};
use crate::api::envelope::{Envelope, Failure};
use crate::api::{Call, Reply, query};
use crate::world::{Applied, Model, ModelState, Revision, RevisionQuery};

pub(super) fn syncable_revisions(call: &Call<'_>, id: &ModelId) -> Reply {
    let target = administered(call, id)?;
    let source = call
        .request
        .param("sourceModelId")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Failure::bad("Missing 'sourceModelId' request parameter."))?;
    let source = administered(call, &ModelId::from(source))?;
    let revisions = call.world.syncable(target, source)?;
    let revisions = revisions
        .iter()
        .map(|(revision, applied)| describe(revision, applied));
    Ok(Envelope::of("revision")
        .with("revisions", revisions.collect::<Vec<_>>())
        .into())
}

pub(super) fn latest_revision(call: &Call<'_>, id: &ModelId) -> Reply {
    let model = administered(call, id)?;
    let latest = model.latest().and_then(|applied| {
        let revision = call.world.revisions.get(&applied.revision)?;
        Some(describe(revision, applied))
    });
    Ok(Envelope::of("revision")
        .with_some("revisions", latest.into_iter().collect())
        .into())
}

pub(super) fn revisions(call: &Call<'_>, id: &ModelId) -> Reply {
    let model = administered(call, id)?;
    let day = |name: &str| match call.request.param(name) {
        None => Ok(None),
        Some(text) => {
            let date = text.parse::<Date>().ok().filter(|_| text.len() == 10);
            date.map(Some).ok_or_else(|| {
                Failure::bad("Date query parameter must be of the format 'YYYY-MM-DD'")
            })
        }
    };
    let wanted = RevisionQuery {
        after: day("appliedAfter")?,
        before: day("appliedBefore")?,
        sort: call.request.param("sort").map(str::to_owned),
    };
    if let (Some(after), Some(before)) = (wanted.after, wanted.before) {
        if after >= before {
            return Err(Failure::bad(
                "'appliedAfter' must be an earlier date than 'appliedBefore'",
            ));
        }
    }
    let revisions = call.world.revisions_of(model, &wanted);
    let (revisions, paging) = query::page(call, revisions);
    let revisions = revisions
        .iter()
        .map(|(revision, applied)| describe(revision, applied));
    Ok(Envelope::of("revision")
        .paged(paging)
        .with_some("revisions", revisions.collect())
        .into())
}

pub(super) fn create_revision(call: &mut Call<'_>, id: &ModelId) -> Reply {
    let state = administered(call, id)?.state;
    if state == ModelState::Locked {
        return Err(Failure::new(StatusCode::LOCKED, "Model is Locked"));
    }
    let body = query::object(call.request, &["name", "description"])?;
    let text = |key: &str| match body.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned())),
        Some(_) => Err(Failure::bad(
            "Found a value with an unexpected string format when String was expected.",
        )),
    };
    let name = text("name")?
        .filter(|name| !name.is_empty())
        .ok_or_else(|| {
            Failure::bad("Expected mandatory field 'name' to be present and not empty.")
        })?;
    let description = text("description")?;
    if name.chars().count() > 60 {
        return Err(Failure::bad(
            "The title of your revision tag must be 60 characters or fewer.",
        ));
    }
    if description
        .as_ref()
        .is_some_and(|text| text.chars().count() > 250)
    {
        return Err(Failure::bad(
            "Revision tag descriptions must be 250 characters or fewer.",
        ));
    }
    let user = call.user.clone();
    let (revision, applied) = call.world.create_revision(id, &user, name, description)?;
    Ok(Envelope::of("revision")
        .created()
        .with("revision", describe(&revision, &applied))
        .into())
}

pub(super) fn applied_to_models(call: &Call<'_>, id: &ModelId, revision: &str) -> Reply {
    let model = administered(call, id)?;
    if !model.has_revision(revision) {
        return Err(Failure::NotFound);
    }
    let entry = |model: Option<&Model>, id: &ModelId, applied: &Applied| {
        let mut value = json!({
            "modelId": id.as_str(),
            "appliedBy": applied.by.as_str(),
            "appliedOn": seconds(applied.on),
            "appliedMethod": applied.method,
        });
        match model {
            Some(model) => {
                if call.world.can_open(&call.user, model) {
                    value["modelName"] = model.name.as_str().into();
                }
                value["workspaceId"] = model.workspace.as_str().into();
            }
            None => value["modelDeleted"] = true.into(),
        }
        value
    };
    let models = call.world.models_with(revision);
    let models = models
        .iter()
        .map(|(model, id, applied)| entry(*model, id, applied));
    Ok(Envelope::of("appliedToModel")
        .with("appliedToModels", models.collect::<Vec<_>>())
        .into())
}

/// As it was applied: to the model that is asked, or to the one that it comes from.
fn describe(revision: &Revision, applied: &Applied) -> Value {
    let mut value = json!({
        "id": revision.id,
        "name": revision.name,
        "createdOn": seconds(revision.created_on),
        "createdBy": revision.created_by.as_str(),
        "creationMethod": revision.creation_method,
        "appliedOn": seconds(applied.on),
        "appliedBy": applied.by.as_str(),
    });
    if let Some(description) = &revision.description {
        value["description"] = description.as_str().into();
    }
    value
}
