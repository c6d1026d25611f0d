//! The services of Anaplan: a response for each request, by the rules of the world.

mod alm;
mod auth;
mod bulk;
mod busy;
pub(crate) mod envelope;
mod integration;
mod models;
mod oauth;
mod oauth_pages;
pub(crate) mod query;
mod router;
mod transactional;
mod users;
mod variation;
mod workspaces;

use anaplan_core::{ModelId, UserId};
use bytes::Bytes;
use http::{Method, StatusCode};

use crate::http::{Body, Request, Response};
use crate::world::{AlmRefusal, Model, ModelState, World};

pub(crate) use busy::busy_until;
pub(crate) use envelope::{ErrorForm, Failure};
pub(crate) use integration::in_workspace;
use query::Paging;
use router::Service;
pub(crate) use router::too_many;

/// Every service of the fake.
const SERVICES: &[&Service] = &[
    &auth::SERVICE,
    &oauth::SERVICE,
    &oauth_pages::AUTHORIZATION,
    &oauth_pages::ACTIVATION,
    &integration::SERVICE,
];

/// The result of a handler.
pub(crate) type Reply = Result<Response, Failure>;

/// Answers a request. A pure function of the world and the request, without clock, connection or faults.
#[must_use]
pub fn handle(world: &mut World, request: &Request) -> Response {
    match *request.method() {
        // The response to GET without its body.
        Method::HEAD => {
            let mut response = answer(world, &request.as_get());
            let body = std::mem::replace(&mut response.body, Body::Full(Bytes::new()));
            match body.into_bytes() {
                Ok(body) => response.with_header("content-length", &body.len().to_string()),
                Err(_) => response,
            }
        }
        _ => answer(world, request),
    }
}

fn answer(world: &mut World, request: &Request) -> Response {
    let mut response = match router::service_of(SERVICES, request) {
        Some((service, segments)) => service.answer(world, request, &segments),
        // Of the server as a whole, not of a path.
        None if request.method() == Method::OPTIONS && matches!(request.path(), "/" | "*") => {
            Response::empty(StatusCode::OK).with_header("allow", router::ALL_METHODS)
        }
        None => Failure::NotFound.into_response(ErrorForm::Integration, world, request),
    };
    if world.rules.novelties || world.rules.untidy {
        variation::vary(world, &mut response);
    }
    response
}

/// A refusal in the error form of the service that the request is meant for.
pub(crate) fn refuse(world: &World, request: &Request, failure: Failure) -> Response {
    let service = router::service_of(SERVICES, request);
    let form = service.map_or(ErrorForm::Integration, |(service, _)| service.errors);
    failure.into_response(form, world, request)
}

/// Returns whether the bodies of a request and its response may hold credentials.
pub(crate) fn is_confidential(request: &Request) -> bool {
    router::service_of(SERVICES, request).is_some_and(|(service, _)| service.confidential)
}

/// The method and the path template of every row.
pub(crate) fn rows() -> Vec<(&'static str, String)> {
    router::rows(SERVICES)
}

/// A request of an authenticated user.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) request: &'a Request,
    pub(crate) user: UserId,
    pub(crate) paging: &'static Paging,
}

impl Call<'_> {
    /// Returns the model if the caller has access and it is not archived.
    pub(crate) fn model(&self, id: &ModelId) -> Result<&Model, Failure> {
        let model = self.world.model(id).ok_or(Failure::NotFound)?;
        if !self.world.can_open(&self.user, model) {
            return Err(Failure::NotFound);
        }
        if model.state == ModelState::Archived {
            return Err(Failure::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Model is Archived",
            ));
        }
        Ok(model)
    }

    /// Returns the model for an operation that changes it or its contents.
    pub(crate) fn changeable(&self, id: &ModelId) -> Result<&Model, Failure> {
        let model = self.online(id)?;
        if model.state == ModelState::Locked {
            return Err(Failure::new(StatusCode::LOCKED, "Model is Locked"));
        }
        Ok(model)
    }

    /// Returns the model for an operation that needs it to be online.
    pub(crate) fn online(&self, id: &ModelId) -> Result<&Model, Failure> {
        let model = self.model(id)?;
        if model.state.is_offline() {
            return Err(Failure::new(
                StatusCode::FAILED_DEPENDENCY,
                "Model is Offline",
            ));
        }
        Ok(model)
    }

    /// Returns whether the caller administers the model's workspace.
    pub(crate) fn is_admin(&self, id: &ModelId) -> bool {
        self.world
            .model(id)
            .is_some_and(|model| self.world.is_admin_of(&self.user, model))
    }
}

impl From<AlmRefusal> for Failure {
    fn from(refusal: AlmRefusal) -> Self {
        match refusal {
            AlmRefusal::Rule(message) => Self::bad(message),
            AlmRefusal::Unknown => Self::NotFound,
        }
    }
}
