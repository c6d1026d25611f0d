//! The rows of route tables, and the parameters of their paths.

use anaplan_core::ModelId;

use super::Auth;
use crate::api::{Call, Reply};
use crate::http::Request;
use crate::world::World;

/// Answers a caller whose user is known.
pub(super) type UserHandler = fn(&mut Call<'_>, &Params<'_>) -> Reply;
/// Answers a request of a service that checks credentials itself.
pub(super) type OpenHandler = fn(&mut World, &Request, &Params<'_>) -> Reply;

#[derive(Clone, Copy)]
pub(super) enum Handler {
    User(UserHandler),
    Open(OpenHandler),
    /// The path exists and no method is supported.
    None,
}

/// A row of a route table.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    pub(super) method: &'static str,
    /// The path template behind the base of the group; `{name}` is a parameter of one segment.
    pub(super) path: &'static str,
    pub(super) handler: Handler,
    pub(super) auth: Option<Auth>,
    /// `true` if the contents of the model stay as they are.
    pub(crate) reads: bool,
    /// `true` if only workspace administrators may call it.
    pub(crate) for_administrators: bool,
    /// `true` if it is answered while the model is busy.
    pub(crate) while_busy: bool,
}

const fn row(method: &'static str, path: &'static str, handler: Handler) -> Route {
    Route {
        method,
        path,
        handler,
        auth: None,
        reads: matches!(method.as_bytes(), b"GET"),
        for_administrators: false,
        while_busy: false,
    }
}

pub(crate) const fn get(path: &'static str, handler: UserHandler) -> Route {
    row("GET", path, Handler::User(handler))
}

pub(crate) const fn post(path: &'static str, handler: UserHandler) -> Route {
    row("POST", path, Handler::User(handler))
}

pub(crate) const fn put(path: &'static str, handler: UserHandler) -> Route {
    row("PUT", path, Handler::User(handler))
}

pub(crate) const fn delete(path: &'static str, handler: UserHandler) -> Route {
    row("DELETE", path, Handler::User(handler))
}

/// A row whose handler finds out who is calling.
pub(crate) const fn open(method: &'static str, path: &'static str, handler: OpenHandler) -> Route {
    row(method, path, Handler::Open(handler))
}

/// A path that exists and supports no method.
pub(crate) const fn no_method(path: &'static str) -> Route {
    row("", path, Handler::None)
}

impl Route {
    pub(crate) const fn auth(mut self, auth: Auth) -> Self {
        self.auth = Some(auth);
        self
    }

    /// Leaves the contents of the model as they are, whatever the method.
    pub(crate) const fn reads(mut self) -> Self {
        self.reads = true;
        self
    }

    pub(crate) const fn for_administrators(mut self) -> Self {
        self.for_administrators = true;
        self
    }

    pub(crate) const fn while_busy(mut self) -> Self {
        self.while_busy = true;
        self
    }
}

/// The values of the parameters in a path.
#[derive(Debug, Default)]
pub(crate) struct Params<'r>(pub(super) Vec<(&'static str, &'r str)>);

impl<'r> Params<'r> {
    pub(super) fn push(&mut self, name: &'static str, value: &'r str) {
        self.0.push((name, value));
    }

    /// A parameter that may be missing in one of the bases.
    pub(crate) fn find(&self, name: &str) -> Option<&'r str> {
        let (_, value) = self.0.iter().find(|(key, _)| *key == name)?;
        Some(value)
    }

    /// A parameter of the row's template.
    pub(crate) fn get(&self, name: &str) -> &'r str {
        let value = self.find(name);
        debug_assert!(value.is_some(), "the template has no {{{name}}}");
        value.unwrap_or_default()
    }

    /// The parameter `{model}`.
    pub(crate) fn model(&self) -> ModelId {
        ModelId::from(self.get("model"))
    }
}
