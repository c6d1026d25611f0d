//! Namespaces: handles for one part of the API.

use crate::data::error::{Error, ErrorKind, Result};
use crate::data::ids::{ModelId, WorkspaceId};
use crate::data::scope::Scope;
use crate::session::Session;

/// Handle for one part of the API, bound to a session and a scope.
///
/// Another crate can add one: `client.namespace::<MyNamespace>()` binds it.
///
/// ```
/// use anaplan_core::{ModelId, Namespace, Result, Scope, Session};
///
/// #[derive(Debug, Clone)]
/// struct Widgets {
///     session: Session,
///     model: ModelId,
/// }
///
/// impl Namespace for Widgets {
///     const NAME: &'static str = "widgets";
///
///     fn bind(session: Session, scope: &Scope) -> Result<Self> {
///         let model = scope.model::<Self>()?.clone();
///         Ok(Self { session, model })
///     }
/// }
/// ```
pub trait Namespace: Sized {
    /// Name in errors.
    const NAME: &'static str;

    /// Binds the handle to a session and the parts of the scope that it needs.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingScope`] if the scope lacks a part.
    fn bind(session: Session, scope: &Scope) -> Result<Self>;
}

impl Scope {
    /// Returns the model, for a namespace that requires one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingScope`] with the method that sets it.
    pub fn model<N: Namespace>(&self) -> Result<&ModelId> {
        self.model.as_ref().ok_or_else(|| missing::<N>("model"))
    }

    /// Returns the workspace, for a namespace that requires one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingScope`] with the method that sets it.
    pub fn workspace<N: Namespace>(&self) -> Result<&WorkspaceId> {
        self.workspace
            .as_ref()
            .ok_or_else(|| missing::<N>("workspace"))
    }
}

fn missing<N: Namespace>(what: &str) -> Error {
    Error::new(
        ErrorKind::MissingScope,
        format!(
            "the namespace '{name}' requires a {what} id: set it with `Client::builder().{what}_id(..)` or `client.with_{what}(..)`",
            name = N::NAME,
        ),
    )
}
