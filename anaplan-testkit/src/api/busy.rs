//! Calls that wait while their model is at work.

use anaplan_core::{ModelId, Timestamp};

use crate::http::Request;
use crate::world::{Busy, World, later};

/// Until when a request that came at `came` has to wait, as far as it can be told now. `None` when it
/// can be answered.
pub(crate) fn busy_until(world: &World, request: &Request, came: Timestamp) -> Option<Timestamp> {
    let model = waiting_for(world, request)?;
    let work = world.tasks.work_of(&model)?;
    let until = match world.rules.busy {
        Busy::Never => return None,
        Busy::UntilFree => work.due()?,
        Busy::AtMost(most) => {
            let most = later(came, most);
            work.due().map_or(most, |due| due.min(most))
        }
    };
    (until > world.now).then_some(until)
}

/// The model for which a request waits when it is busy. Whoever may not open it is told so at once.
fn waiting_for(world: &World, request: &Request) -> Option<ModelId> {
    let segments = request.segments();
    let (model, rest) = match segments.as_slice() {
        ["2", "0", "models", model, rest @ ..]
        | ["2", "0", "workspaces", _, "models", model, rest @ ..] => (*model, rest),
        _ => return None,
    };
    let answered_at_once = matches!(
        rest,
        [] | ["status"]
            | [
                "files" | "imports" | "exports" | "actions" | "processes",
                ..
            ]
    );
    if answered_at_once {
        return None;
    }
    let token = request
        .credential("AnaplanAuthToken")
        .or_else(|| request.credential("Bearer"))?;
    let user = &world.session_of(token)?.user;
    let model = world.model(&ModelId::from(model))?;
    world.can_open(user, model).then(|| model.id.clone())
}
