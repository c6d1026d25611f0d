//! Handles on a part of the API, bound to what they work on.

use crate::data::error::{Error, ErrorKind, Result};
use crate::data::ids::{ModelId, WorkspaceId};
use crate::session::Session;

/// A handle on one part of the API.
///
/// A crate of your own can add one: `client.namespace::<MyNamespace>()` binds it.
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
    /// How the namespace is called in errors.
    const NAME: &'static str;

    /// Binds the handle to a session and to what it needs of the scope.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingScope`] when the scope lacks what the namespace needs.
    fn bind(session: Session, scope: &Scope) -> Result<Self>;
}

/// The workspace and the model that a client works on, as far as they were given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scope {
    /// The workspace.
    pub workspace: Option<WorkspaceId>,
    /// The model.
    pub model: Option<ModelId>,
}

impl Scope {
    /// A scope of these two.
    #[must_use]
    pub fn new(workspace: Option<WorkspaceId>, model: Option<ModelId>) -> Self {
        Self { workspace, model }
    }

    /// The model, for a namespace that cannot do without one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingScope`] with a sentence on how to give one.
    pub fn model<N: Namespace>(&self) -> Result<&ModelId> {
        self.model.as_ref().ok_or_else(|| missing::<N>("model"))
    }

    /// The workspace, for a namespace that cannot do without one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MissingScope`] with a sentence on how to give one.
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
            "the namespace '{name}' needs a {what} id: give one with `Client::builder().{what}_id(..)` or `client.with_{what}(..)`",
            name = N::NAME,
        ),
    )
}
