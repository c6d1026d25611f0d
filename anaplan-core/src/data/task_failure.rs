//! Failure of a task.

/// Failure of a task, as the server describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TaskFailure {
    /// Title.
    pub title: Option<String>,
    /// Message.
    pub message: Option<String>,
    /// Subtitle.
    pub subtitle: Option<String>,
    /// `true` if the server keeps a dump of the rejected rows.
    pub failure_dump_available: bool,
    /// The rest of the result as JSON, with nested results.
    pub details: Option<String>,
}
