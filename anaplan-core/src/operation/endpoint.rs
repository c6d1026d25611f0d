//! One operation of the API as data.

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::data::error::{Error, ErrorKind, Result};
use crate::data::hosts::Service;
use crate::data::url::{Path, Query};
use crate::operation::reconcile::Reconcile;
use crate::operation::response::{Answer, Refusal};

/// What may be done after a failure that leaves open whether the server acted.
///
/// Calls that the server certainly did not carry out (no connection, 429, an expired token) are
/// repeated whatever the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetryClass {
    /// Reads only: repeated freely.
    ReadOnly,
    /// Repeating it leads to the same state: repeated freely.
    Idempotent,
    /// Repeated only where the endpoint itself says that a repeat does no harm
    /// ([`Endpoint::may_repeat`]).
    Conditional,
    /// Repeating it could do the work twice: never repeated blindly.
    NotIdempotent,
}

/// Whose credential a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Authorization {
    /// The session's, from its [`Authenticator`](crate::Authenticator).
    Session,
    /// Its own, set by [`Endpoint::headers`], or none. For signing in.
    Own,
}

/// One operation of an API, as data: what to send, how safe it is to repeat, how to read the answer.
///
/// Implement it for an operation that the SDK does not cover, and run it with `client.call(..)`: it
/// then has everything that the built-in operations have.
///
/// ```
/// use anaplan_core::{Answer, Endpoint, Method, Path, Query, Result, RetryClass};
///
/// /// The workspaces that the user can see.
/// #[derive(Debug, Clone)]
/// struct CountWorkspaces {
///     active_only: bool,
/// }
///
/// impl Endpoint for CountWorkspaces {
///     const NAME: &'static str = "custom.count_workspaces";
///     const METHOD: Method = Method::GET;
///     const RETRY: RetryClass = RetryClass::ReadOnly;
///     type Output = usize;
///
///     fn path(&self) -> Path {
///         Path::integration().lit("workspaces")
///     }
///
///     fn query(&self, query: &mut Query) {
///         query.push("tenantDetails", "true");
///     }
///
///     fn decode(&self, answer: Answer) -> Result<usize> {
///         let workspaces: Vec<serde_json::Value> = answer.list("workspaces")?;
///         Ok(workspaces.iter().filter(|w| !self.active_only || w["active"] == true).count())
///     }
/// }
///
/// let url = CountWorkspaces { active_only: true }.path().to_url("https://api.anaplan.com")?;
/// assert_eq!(url, "https://api.anaplan.com/2/0/workspaces");
/// # Ok::<(), anaplan_core::Error>(())
/// ```
pub trait Endpoint: Send + Sync + 'static {
    /// Namespace and method, such as `alm.get_revisions`: for errors and logs.
    const NAME: &'static str;
    /// The HTTP method.
    const METHOD: Method;
    /// What may be done after an ambiguous failure.
    const RETRY: RetryClass;
    /// The service that answers.
    const SERVICE: Service = Service::Api;
    /// Whose credential it carries.
    const AUTHORIZATION: Authorization = Authorization::Session;
    /// What the answer means.
    type Output: Send + 'static;

    /// The path below the host.
    fn path(&self) -> Path;

    /// Adds the query.
    fn query(&self, query: &mut Query) {
        let _ = query;
    }

    /// Adds headers. `Content-Type: application/json` is set already when there is a body, and
    /// `Accept: application/json` always; both may be replaced.
    ///
    /// # Errors
    ///
    /// Any, to refuse the call before it is sent.
    fn headers(&self, headers: &mut HeaderMap) -> Result<()> {
        let _ = headers;
        Ok(())
    }

    /// The body, made anew for every attempt. Empty means none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] when an argument breaks a limit: nothing is sent then.
    fn body(&self) -> Result<Bytes> {
        Ok(Bytes::new())
    }

    /// Whether repeating the call does no harm. Only a [`RetryClass::Conditional`] endpoint, whose
    /// condition holds, has a reason to change this.
    fn may_repeat(&self) -> bool {
        matches!(Self::RETRY, RetryClass::ReadOnly | RetryClass::Idempotent)
    }

    /// How to find out what became of an attempt with an unknown outcome, where the API lets us look.
    fn reconcile(&self) -> Option<&dyn Reconcile<Self::Output>> {
        None
    }

    /// The meaning of a refusal, where it differs from what its status says everywhere else.
    fn refusal(&self, refusal: &Refusal<'_>) -> Option<ErrorKind> {
        let _ = refusal;
        None
    }

    /// Reads a successful answer.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] when the answer is not what the API promises.
    fn decode(&self, answer: Answer) -> Result<Self::Output>;
}

/// Writes a value as the JSON body of a request.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] when the value has no form in JSON.
pub fn json_body<T: serde::Serialize + ?Sized>(value: &T) -> Result<Bytes> {
    serde_json::to_vec(value)
        .map(Bytes::from)
        .map_err(|error| Error::invalid_input("the body", "has no form in JSON").caused_by(error))
}

/// An operation whose answer is a file, which may be read as a stream.
pub trait Download: Endpoint {}
