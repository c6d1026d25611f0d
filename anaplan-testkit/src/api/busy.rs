//! Calls that wait while their model is busy.

use anaplan_core::{ModelId, Timestamp};

use crate::api::SERVICES;
use crate::api::router::{Lookup, service_of};
use crate::http::Request;
use crate::world::{Busy, World, later};

/// Until when a request that came at `came` has to wait, as far as it can be known now. `None` if it
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

/// The model for which a request waits when it is busy. A caller without access is refused at once.
fn waiting_for(world: &World, request: &Request) -> Option<ModelId> {
    let (service, segments) = service_of(SERVICES, request)?;
    let Lookup::Found(_, route, params) = service.look_up(request.method(), &segments) else {
        return None;
    };
    let model = params.find("model").filter(|_| !route.while_busy)?;
    let user = &world.session_of(service.credential(request)?)?.user;
    let model = world.model(&ModelId::from(model))?;
    world.can_open(user, model).then(|| model.id.clone())
}
