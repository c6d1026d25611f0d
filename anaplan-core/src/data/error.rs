//! The one error of the SDK.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure it was.
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
    /// Signing in failed: wrong credentials, an unusable key, an expired certificate.
    Authentication,
    /// The server refused a fresh credential: the user lacks the role for this call.
    Unauthorized,
    /// The user lacks the role for this call.
    Forbidden,
    /// There is no such object, or the user has no access to it; the server does not tell which.
    NotFound,
    /// The object is busy or exists already.
    Conflict,
    /// The model is archived, locked, offline or deployed, and the call needs another state.
    ModelState,
    /// The server understood and refused: bad parameters, a broken rule, a wrong format.
    Rejected,
    /// Too many requests, for longer than the client is willing to wait.
    RateLimited,
    /// The server failed.
    Server,
    /// The server could not be reached. Nothing was sent.
    Connect,
    /// The server did not answer in time.
    Timeout,
    /// The connection broke.
    Interrupted,
    /// The call may or may not have been carried out, and repeating it could do the work twice.
    Ambiguous,
    /// The answer could not be understood.
    Decode,
    /// The server's task ended without success.
    TaskFailed,
    /// The server's task still runs, the wait for it is over.
    TaskTimeout,
    /// An answer is larger than the client is allowed to hold in memory, or than the server gives.
    TooLarge,
    /// Reading or writing on this machine failed.
    Io,
}

/// A failed call: what was being done, to what, why it failed and whether trying again can help.
///
/// Cloning is cheap. No credential is ever part of an error, and neither is a body.
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
    may_still_run: bool,
    task_failure: Option<TaskFailure>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// Why the server's task ended without success, in the server's own words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TaskFailure {
    /// The headline.
    pub title: Option<String>,
    /// The explanation.
    pub message: Option<String>,
    /// A further line.
    pub subtitle: Option<String>,
    /// Whether the server keeps a dump of the rows that it could not use.
    pub failure_dump_available: bool,
    /// Everything else that the result says, nested results included, as JSON.
    pub details: Option<String>,
}

impl Error {
    /// A failure of this kind, described in a few words: lower case, no full stop, no secret.
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
            may_still_run: false,
            task_failure: None,
            source: None,
        }))
    }

    /// An argument that cannot be sent: which one, and what is wrong with it.
    pub fn invalid_input(argument: &str, problem: impl fmt::Display) -> Self {
        Self::new(ErrorKind::InvalidInput, format!("{argument} {problem}"))
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation that failed, such as `alm.get_revisions`.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The value of one id that the call was about: `modelId`, `revisionId`, `taskId`, ...
    #[must_use]
    pub fn id(&self, name: &str) -> Option<&str> {
        self.ids()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// Every id that the call was about.
    pub fn ids(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0
            .ids
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
    }

    /// The HTTP status, if the server answered.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The server's own code, such as `FAILURE_BAD_CREDENTIAL`.
    #[must_use]
    pub fn server_code(&self) -> Option<&str> {
        self.0.server_code.as_deref()
    }

    /// The server's own message.
    #[must_use]
    pub fn server_message(&self) -> Option<&str> {
        self.0.server_message.as_deref()
    }

    /// The id by which the server's operators find the request, if it sent one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How long the server asked us to stay away.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How many requests were sent for this call; 0 when it failed before.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The task that failed or still runs; enough to look at it again.
    #[must_use]
    pub fn task_id(&self) -> Option<&str> {
        self.id("taskId")
    }

    /// The server's account of a task that ended without success.
    #[must_use]
    pub fn task_failure(&self) -> Option<&TaskFailure> {
        self.0.task_failure.as_ref()
    }

    /// Whether the same call may succeed later and cannot do its work twice.
    ///
    /// The SDK has usually retried already when a retryable error reaches the caller.
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

    /// Whether nobody can know if the work was done: look before you repeat.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.0.kind == ErrorKind::Ambiguous
    }

    /// Whether there is no such object, or no access to it.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.kind == ErrorKind::NotFound
    }
}

/// Adding context on the way up. For implementers of endpoints, transports and authenticators.
impl Error {
    /// The same failure, of another kind.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Names the operation, unless one is named already.
    #[must_use]
    pub fn during(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Adds an id that the call was about, unless one of that name is there already.
    #[must_use]
    pub fn about(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if self.id(name).is_none() {
            self.0.ids.push((name, value.into()));
        }
        self
    }

    /// Adds the cause. It must not contain credentials.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// Adds what the server's task said about its failure.
    #[must_use]
    pub fn with_task_failure(mut self, failure: TaskFailure) -> Self {
        self.0.task_failure = Some(failure);
        self
    }

    /// Says in words why nothing more could be done, after the message.
    #[must_use]
    pub fn because(mut self, reason: impl fmt::Display) -> Self {
        use fmt::Write as _;
        let _ = write!(self.0.message, ": {reason}");
        self
    }

    /// States whether trying again can help, where the kind alone does not tell.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = Some(retryable);
        self
    }

    /// Whether the server may be working on the lost attempt at this moment.
    pub(crate) fn may_still_run(&self) -> bool {
        self.0.may_still_run
    }

    pub(crate) fn with_may_still_run(mut self, may_still_run: bool) -> Self {
        self.0.may_still_run = may_still_run;
        self
    }

    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
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
mod tests {
    use super::*;

    #[test]
    fn it_is_one_pointer_wide_and_can_be_shared() {
        fn shared<T: Send + Sync + Clone + 'static>() {}
        shared::<Error>();
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn one_line_says_what_was_done_to_what_and_why_it_failed() {
        let error = Error::new(ErrorKind::Rejected, "the server refused the request")
            .during("alm.create_revision")
            .during("outer")
            .about("modelId", "AB")
            .about("modelId", "other")
            .with_status(StatusCode::BAD_REQUEST)
            .with_server(None, Some("no structural change".into()));
        assert_eq!(
            error.to_string(),
            "alm.create_revision: the server refused the request (HTTP 400, no structural change) [modelId AB]"
        );
        assert!(!error.is_retryable());
    }
}
