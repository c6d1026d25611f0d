//! The trait that describes one API operation.

use http::{HeaderMap, Method, StatusCode};
use secrecy::SecretString;

use crate::data::error::{Error, Result};
use crate::data::hosts::Service;
use crate::data::url::{Path, Query};
use crate::operation::{Decision, Reconcile, Refusal, RequestBody, Response};

/// Permission to send a request again after a failure that leaves its outcome unknown.
///
/// A request that was certainly not executed (no connection, a refusal with status 4xx other than 408)
/// may be sent again whatever the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetryClass {
    /// Reads only. Retried.
    ReadOnly,
    /// A repetition leads to the same state. Retried.
    Idempotent,
    /// A repetition does the work again and does no harm, such as a second report. Retried.
    Repeatable,
    /// A repetition could do the work twice. Never sent again after an unknown outcome.
    NotIdempotent,
}

impl RetryClass {
    /// Returns `true` if a request of this class may be sent again after an unknown outcome.
    #[must_use]
    pub fn may_repeat(self) -> bool {
        self != Self::NotIdempotent
    }
}

/// Credential that a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Authorization {
    /// The session's credential, in its own scheme: `AnaplanAuthToken` or `Bearer`.
    Session,
    /// The session's credential in the scheme `AnaplanAuthToken`, for services that reject `Bearer`.
    AnaplanAuthToken,
    /// Another credential of the session, set with
    /// [`Connection::with_credential`](crate::Connection::with_credential).
    Named(&'static str),
    /// The endpoint's own, set by [`Endpoint::headers`] or in its body, or none. For sign-in.
    Own,
}

impl Authorization {
    /// Returns `true` if the session's [`Authenticator`](crate::Authenticator) provides the credential.
    pub(crate) fn is_session(self) -> bool {
        matches!(self, Self::Session | Self::AnaplanAuthToken)
    }
}

/// One operation of an API as data: the request, how safe it is to repeat, how to read the response.
///
/// Implement it for an operation that the SDK does not cover and send it with `client.call(..)`. It
/// has the same retries, limits and errors as the operations of the SDK.
///
/// ```
/// use anaplan_core::{Endpoint, Method, Path, Query, Response, Result, RetryClass};
///
/// /// Number of workspaces that the user can see.
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
///     fn decode(&self, response: Response) -> Result<usize> {
///         let workspaces: Vec<serde_json::Value> = response.list("workspaces")?;
///         Ok(workspaces.iter().filter(|w| !self.active_only || w["active"] == true).count())
///     }
/// }
///
/// let url = CountWorkspaces { active_only: true }.path().to_url("https://api.anaplan.com")?;
/// assert_eq!(url, "https://api.anaplan.com/2/0/workspaces");
/// # Ok::<(), anaplan_core::Error>(())
/// ```
pub trait Endpoint: Send + Sync + 'static {
    /// Namespace and method, such as `alm.get_revisions`. Shown in errors and logs.
    const NAME: &'static str;
    /// HTTP method.
    const METHOD: Method;
    /// Retry class. An endpoint whose class depends on its arguments overrides
    /// [`retry_class`](Self::retry_class) as well.
    const RETRY: RetryClass;
    /// Service that serves the operation. Default: [`Service::API`].
    const SERVICE: Service = Service::API;
    /// Source of the credential. Default: the session.
    const AUTHORIZATION: Authorization = Authorization::Session;
    /// `Accept` header. Default: `application/json`. If it names another type, a JSON or HTML
    /// response is an error.
    const ACCEPT: &'static str = "application/json";
    /// `Content-Type` header of a request with a body. Default: `application/json`.
    const CONTENT_TYPE: &'static str = "application/json";
    /// Documented success statuses. Another 2xx status leaves the outcome unknown. Empty: any 2xx.
    /// Default: 200, and 201 unless the endpoint is read-only.
    const SUCCESS: &'static [u16] = usual_success(Self::RETRY);
    /// Decoded response.
    type Output: Send + 'static;

    /// Checks the arguments. Called once, before anything is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if an argument breaks a limit.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Returns the path below the base URL of the service.
    fn path(&self) -> Path;

    /// Adds the query parameters, except those of the page.
    fn query(&self, query: &mut Query) {
        let _ = query;
    }

    /// Adds headers. `Accept`, `Content-Type` and `User-Agent` are set already and may be replaced.
    ///
    /// # Errors
    ///
    /// Any. The call fails before it is sent.
    fn headers(&self, headers: &mut HeaderMap) -> Result<()> {
        let _ = headers;
        Ok(())
    }

    /// Returns the request body: bytes, JSON from [`json_body`], or a stream. Empty: no body.
    ///
    /// Called once for a call with the session's credential, and once for each attempt with
    /// [`Authorization::Own`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if an argument breaks a limit.
    fn body(&self) -> Result<RequestBody> {
        Ok(RequestBody::empty())
    }

    /// Returns the retry class with these arguments. Default: [`RETRY`](Self::RETRY).
    fn retry_class(&self) -> RetryClass {
        Self::RETRY
    }

    /// Returns the way to find out whether an attempt with unknown outcome was executed, if the API
    /// exposes it. Used for [`RetryClass::NotIdempotent`] only.
    fn reconcile(&self) -> Option<&dyn Reconcile<Self::Output>> {
        None
    }

    /// Returns a key under which calls of a session exclude each other: the call waits until no other
    /// holder of [`Session::exclusive`](crate::Session::exclusive) with this key exists. Default: `None`.
    fn exclusive(&self) -> Option<String> {
        None
    }

    /// Classifies a response with a status other than 2xx. `None`: the default classification by
    /// status. Called before the default.
    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        let _ = refusal;
        None
    }

    /// Returns the secrets that the request carries, apart from the session's credential. They are
    /// masked in errors if the server repeats them.
    fn secrets(&self) -> Vec<SecretString> {
        Vec::new()
    }

    /// Decodes a response with a documented success status.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) if the response lacks its documented shape. For
    /// a call that must not run twice this leaves the outcome unknown.
    fn decode(&self, response: Response) -> Result<Self::Output>;
}

/// Serializes a value to the JSON body of a request.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the value cannot be written as JSON.
pub fn json_body<T: serde::Serialize + ?Sized>(value: &T) -> Result<RequestBody> {
    serde_json::to_vec(value)
        .map(RequestBody::from)
        .map_err(|error| Error::invalid_input("body", "cannot be written as JSON").caused_by(error))
}

/// An operation that returns a file, which can be read as a stream.
pub trait Download: Endpoint {}

const fn usual_success(class: RetryClass) -> &'static [u16] {
    match class {
        RetryClass::ReadOnly => &[200],
        _ => &[200, 201],
    }
}

/// Returns `true` if `status` is among the documented success statuses.
pub(crate) fn is_documented(success: &[u16], status: StatusCode) -> bool {
    status.is_success() && (success.is_empty() || success.contains(&status.as_u16()))
}
