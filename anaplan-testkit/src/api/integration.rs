//! The integration API and ALM: one service, whose rows are spread over its families.

use http::StatusCode;

use crate::api::envelope::{ErrorForm, Failure};
use crate::api::query::Paging;
use crate::api::router::{Auth, Group, Mount, Params, Route, Service};
use crate::api::{Call, alm, bulk, models, transactional, users, workspaces};

/// Both forms of the path of a model.
const MODEL: &[&str] = &["/models/{model}", IN_WORKSPACE];
const IN_WORKSPACE: &str = "/workspaces/{workspace}/models/{model}";

pub(crate) const SERVICE: Service = Service {
    mounts: &[Mount::anywhere("/2/0")],
    auth: Auth::Schemes {
        accepted: &["AnaplanAuthToken", "Bearer"],
        refusal: || Failure::new(StatusCode::UNAUTHORIZED, "Unauthorized"),
    },
    errors: ErrorForm::Integration,
    paging: Paging::OFFSET_LIMIT,
    rate_limited: true,
    confidential: false,
    groups: &[
        of_tenant(users::ROUTES),
        of_tenant(workspaces::ROUTES),
        of_tenant(models::ROUTES),
        of_models(models::OF_MODEL),
        of_models(alm::ROUTES),
        of_models(bulk::files::ROUTES),
        of_models(bulk::IMPORTS),
        of_models(bulk::EXPORTS),
        of_models(bulk::ACTIONS),
        of_models(bulk::PROCESSES),
        of_models(bulk::DASHBOARDS),
        Group {
            bases: &[IN_WORKSPACE],
            before: Some(in_workspace),
            routes: bulk::IN_WORKSPACES,
        },
        modelling(transactional::ROUTES),
        modelling(transactional::read_requests::OF_VIEWS),
        modelling(transactional::read_requests::OF_LISTS),
    ],
};

const fn of_tenant(routes: &'static [Route]) -> Group {
    Group {
        bases: &[""],
        before: None,
        routes,
    }
}

const fn of_models(routes: &'static [Route]) -> Group {
    Group {
        bases: MODEL,
        before: Some(in_workspace),
        routes,
    }
}

const fn modelling(routes: &'static [Route]) -> Group {
    Group {
        bases: MODEL,
        before: Some(transactional::enter),
        routes,
    }
}

/// Checks that the model is in the workspace of the path, if the path names one.
pub(crate) fn in_workspace(call: &mut Call<'_>, _: &Route, at: &Params<'_>) -> Result<(), Failure> {
    let Some(workspace) = at.find("workspace") else {
        return Ok(());
    };
    let model = call.world.model(&at.model());
    let is_inside = model.is_some_and(|model| model.workspace == *workspace);
    is_inside.then_some(()).ok_or(Failure::NotFound)
}
