//! Bringing a model on line and off.

use anaplan_core::ModelId;
use http::StatusCode;
use serde_json::Value;

use crate::api::envelope::Failure;
use crate::api::{Call, Reply, query};
use crate::http::Response;
use crate::world::ModelState;

pub(super) fn online_status(call: &mut Call<'_>, id: &ModelId) -> Reply {
    let model = call.world.model(id).ok_or(Failure::NotFound)?;
    if !call.world.can_open(&call.user, model) {
        return Err(Failure::NotFound);
    }
    if !call.is_admin(id) {
        return Err(Failure::new(StatusCode::FORBIDDEN, "Forbidden"));
    }
    let state = model.state;
    query::check_content_type(call.request)?;
    let Ok(body) = serde_json::from_slice::<Value>(call.request.body()) else {
        return Err(Failure::bad("Error parsing request body as JSON"));
    };
    let Value::Object(body) = body else {
        return Err(Failure::bad("Error parsing request body as JSON"));
    };
    if body.keys().any(|key| key != "status") {
        return Err(Failure::bad("Unrecognised property detected"));
    }
    let online = match body.get("status") {
        None | Some(Value::Null) => {
            return Err(Failure::bad("Missing mandatory property 'status'"));
        }
        Some(Value::String(text)) if text == "online" => true,
        Some(Value::String(text)) if text == "offline" => false,
        Some(_) => {
            return Err(Failure::bad(
                "Invalid value for 'status', must be one of [online, offline]",
            ));
        }
    };
    let next = match (state, online) {
        (ModelState::Archived, _) => {
            return Err(Failure::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Model is Archived",
            ));
        }
        (ModelState::Locked, _) => {
            return Err(Failure::bad(
                "Cannot change status when model is in Locked or Archived mode",
            ));
        }
        (ModelState::Unlocked, false) => ModelState::Maintenance,
        (ModelState::Production, false) => ModelState::ProductionMaintenance,
        (ModelState::Maintenance, true) => ModelState::Unlocked,
        (ModelState::ProductionMaintenance, true) => ModelState::Production,
        (same, _) => same,
    };
    call.world.set_state(id, next);
    Ok(Response::empty(StatusCode::NO_CONTENT))
}
