//! The error type of the SDK.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use crate::data::record::ReconciliationRecord;
use crate::data::task_failure::TaskFailure;

/// Result with [`Error`] as the default error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Kind of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument breaks a documented limit or cannot be sent. Nothing was sent.
    InvalidInput,
    /// The client was built without the workspace or model that the call needs. Nothing was sent.
    MissingScope,
    /// The client is configured in a way that cannot work. Nothing was sent.
    Config,
    /// The API was called in a way that cannot work, such as `run()` inside an async runtime.
    Usage,
    /// Sign-in failed: wrong credentials, an unusable key, an expired certificate.
    Authentication,
    /// The server rejected a new credential. Usually the user lacks the role for this call.
    Unauthorized,
    /// The user lacks the role for this call.
    Forbidden,
    /// There is no such object, or the user has no access to it. The server does not distinguish them.
    NotFound,
    /// The object is busy or exists already.
    Conflict,
    /// The model is archived, locked, offline or deployed, and the call needs another state.
    ModelState,
    /// The server refused the request: bad parameters, a broken rule, a wrong format.
    Rejected,
    /// Too many requests, for longer than the retry policy allows.
    RateLimited,
    /// The server failed.
    Server,
    /// The server could not be reached. Nothing was sent.
    Connect,
    /// The server did not respond in time.
    Timeout,
    /// The connection broke.
    Interrupted,
    /// The outcome is unknown: the call may have been executed, and a repetition could do the work twice.
    /// [`Error::record`] describes the attempt.
    Ambiguous,
    /// The response could not be decoded.
    Decode,
    /// A listing or a file is shorter than the server announced, or changed while it was read.
    Incomplete,
    /// The task ended without success.
    TaskFailed,
    /// The wait for a task ended. The task continues.
    TaskTimeout,
    /// A response exceeds the limit for responses in memory, or the server's own limit.
    TooLarge,
    /// A local read or write failed.
    Io,
}

/// A failed call: operation, ids, status, reason, and whether a retry can help.
///
/// Cloning is cheap. An error contains neither credentials nor bodies.
///
/// The [source](StdError::source) is for reports only: its type is not part of this API.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    operation: Option<&'static str>,
    ids: Vec<(&'static str, String)>,
    status: Option<StatusCode>,
    server_code: Option<String>,
    server_message: Option<String>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    attempts: u32,
    retryable: Option<bool>,
    record: Option<ReconciliationRecord>,
    task_failure: Option<TaskFailure>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Creates an error. The message is lower case, without a full stop and without secrets.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            ids: Vec::new(),
            status: None,
            server_code: None,
            server_message: None,
            request_id: None,
            retry_after: None,
            attempts: 0,
            retryable: None,
            record: None,
            task_failure: None,
            source: None,
        }))
    }

    /// Creates an error about an invalid argument.
    pub fn invalid_input(argument: &str, problem: impl fmt::Display) -> Self {
        Self::new(ErrorKind::InvalidInput, format!("{argument} {problem}"))
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the operation that failed, such as `alm.get_revisions`.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Returns an id of the call by its name: `modelId`, `revisionId`, `taskId`, ...
    #[must_use]
    pub fn id(&self, name: &str) -> Option<&str> {
        self.ids()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// Returns all ids of the call.
    pub fn ids(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0
            .ids
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
    }

    /// Returns the HTTP status, if there was a response.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// Returns the server's error code, such as `FAILURE_BAD_CREDENTIAL`.
    #[must_use]
    pub fn server_code(&self) -> Option<&str> {
        self.0.server_code.as_deref()
    }

    /// Returns the server's message.
    #[must_use]
    pub fn server_message(&self) -> Option<&str> {
        self.0.server_message.as_deref()
    }

    /// Returns the request id for Anaplan's support, if the server sent one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Returns the delay that the server requested before the next attempt.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns the number of attempts of this call. 0 if it failed before the first.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the id of the task that failed or continues.
    #[must_use]
    pub fn task_id(&self) -> Option<&str> {
        self.id("taskId")
    }

    /// Returns the server's description of a task that ended without success.
    #[must_use]
    pub fn task_failure(&self) -> Option<&TaskFailure> {
        self.0.task_failure.as_ref()
    }

    /// Returns `true` if the same call may succeed later and cannot do its work twice.
    ///
    /// The SDK has usually retried already before it returns a retryable error.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.retryable.unwrap_or(matches!(
            self.0.kind,
            ErrorKind::RateLimited
                | ErrorKind::Server
                | ErrorKind::Connect
                | ErrorKind::Timeout
                | ErrorKind::Interrupted
        ))
    }

    /// Returns the record of the attempt whose outcome is unknown, for an error of the kind
    /// [`Ambiguous`](ErrorKind::Ambiguous). It can be evaluated later, also by another process.
    #[must_use]
    pub fn record(&self) -> Option<&ReconciliationRecord> {
        self.0.record.as_ref()
    }

    /// Returns `true` if the call may have been executed. Check the server's state before a repetition.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.0.kind == ErrorKind::Ambiguous
    }

    /// Returns `true` if there is no such object, or no access to it.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.kind == ErrorKind::NotFound
    }
}

/// Context, for implementers of endpoints, transports and authenticators.
impl Error {
    /// Replaces the kind.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Sets the operation, unless there is one.
    #[must_use]
    pub fn during(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Adds an id of the call, unless there is one of that name.
    #[must_use]
    pub fn about(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if self.id(name).is_none() {
            self.0.ids.push((name, value.into()));
        }
        self
    }

    /// Sets the source. It must not contain credentials.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// Sets the server's description of a failed task.
    #[must_use]
    pub fn with_task_failure(mut self, failure: TaskFailure) -> Self {
        self.0.task_failure = Some(failure);
        self
    }

    /// Appends a reason to the message.
    #[must_use]
    pub fn because(mut self, reason: impl fmt::Display) -> Self {
        use fmt::Write as _;
        let _ = write!(self.0.message, ": {reason}");
        self
    }

    /// Sets whether a retry can help. Default: by the kind.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = Some(retryable);
        self
    }

    /// Adds the record of the attempt whose outcome is unknown.
    #[must_use]
    pub(crate) fn with_record(mut self, record: ReconciliationRecord) -> Self {
        self.0.record = Some(record);
        self
    }

    /// Applies `mask` to the message and to every string of the server.
    pub(crate) fn mask(mut self, mask: impl Fn(&str) -> String) -> Self {
        let inner = &mut *self.0;
        inner.message = mask(&inner.message);
        let texts = [
            &mut inner.server_code,
            &mut inner.server_message,
            &mut inner.request_id,
        ];
        for text in texts.into_iter().flatten() {
            *text = mask(text);
        }
        self
    }

    /// Sets the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_server(mut self, code: Option<String>, message: Option<String>) -> Self {
        self.0.server_code = code;
        self.0.server_message = message;
        self
    }

    pub(crate) fn with_request_id(mut self, id: Option<String>) -> Self {
        self.0.request_id = id;
        self
    }

    pub(crate) fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        if let Some(operation) = inner.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&inner.message)?;
        if let Some(status) = inner.status {
            write!(f, " (HTTP {}", status.as_u16())?;
            for text in [&inner.server_code, &inner.server_message]
                .into_iter()
                .flatten()
            {
                write!(f, ", {text}")?;
            }
            f.write_str(")")?;
        }
        if let Some(failure) = &inner.task_failure {
            for text in [&failure.title, &failure.message, &failure.subtitle]
                .into_iter()
                .flatten()
            {
                write!(f, "; {text}")?;
            }
        }
        for (name, value) in &inner.ids {
            write!(f, " [{name} {value}]")?;
        }
        if let Some(id) = &inner.request_id {
            write!(f, " [request {id}]")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.0.kind)
            .field("text", &self.to_string());
        if self.0.attempts > 0 {
            out.field("attempts", &self.0.attempts);
        }
        if let Some(wait) = self.0.retry_after {
            out.field("retry_after", &wait);
        }
        if let Some(source) = &self.0.source {
            out.field("source", source);
        }
        out.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}

#[cfg(test)]
mod tests;
