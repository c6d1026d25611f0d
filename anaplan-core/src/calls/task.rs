//! Work of the server that takes time.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::calls::call::Call;
use crate::calls::pending::Pending;
use crate::calls::progress::Progress;
use crate::data::error::{Error, ErrorKind, Result};
use crate::data::ids::TaskId;
use crate::data::lenient::moment_opt;
use crate::operation::endpoint::Endpoint;
use crate::session::Session;

/// Work of the server that goes on after the request which started it.
///
/// The implementing type is the work's address: plain data, with which another process can go on
/// watching. [`Task`] does the watching.
pub trait LongRunning: Clone + fmt::Debug + Send + Sync + 'static {
    /// What it is called in messages: `sync`, `comparison report`, ...
    const KIND: &'static str;
    /// What the server says about the result of finished work.
    type Result: fmt::Debug + Clone + Send + 'static;
    /// What waiting for the work gives.
    type Outcome: Send + 'static;
    /// The endpoint that asks for the status.
    type Poll: Endpoint<Output = TaskStatus<Self::Result>>;

    /// The id that the server gave to the work.
    fn task_id(&self) -> &TaskId;

    /// The question for the status.
    fn poll(&self) -> Self::Poll;

    /// Turns the last status into the outcome.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TaskFailed`] when the work ended without success.
    fn outcome(&self, status: TaskStatus<Self::Result>) -> Result<Self::Outcome>;
}

/// Work that can be asked to stop.
pub trait Cancellable: LongRunning {
    /// The endpoint that asks for it.
    type Cancel: Endpoint;

    /// The request to stop.
    fn cancel(&self) -> Self::Cancel;
}

crate::open_enum! {
    /// How far the work is.
    pub enum TaskState {
        /// It waits for its turn.
        NotStarted = "NOT_STARTED",
        /// It is being done.
        InProgress = "IN_PROGRESS",
        /// It is over, well or badly.
        Complete = "COMPLETE",
        /// It was asked to stop and has not stopped yet.
        Cancelling = "CANCELLING",
        /// It was stopped.
        Cancelled = "CANCELLED",
    }
}

impl TaskState {
    /// Whether nothing will change any more. A state without a name here is waited through.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Complete | Self::Cancelled)
    }
}

/// What the server says about a task.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(bound(deserialize = "R: Deserialize<'de>"))]
#[non_exhaustive]
pub struct TaskStatus<R> {
    /// The task.
    pub task_id: TaskId,
    /// How far it is.
    #[serde(default = "unsaid")]
    pub task_state: TaskState,
    /// What is being done, in the server's words.
    #[serde(default)]
    pub current_step: Option<String>,
    /// From 0 to 1, where the server tells.
    #[serde(default)]
    pub progress: Option<f64>,
    /// When it was created.
    #[serde(default, deserialize_with = "moment_opt")]
    pub creation_time: Option<Timestamp>,
    /// The result, once there is one.
    #[serde(default = "none")]
    pub result: Option<R>,
}

impl<R> TaskStatus<R> {
    /// A status that says no more than this, for endpoints that read it from something else than a task.
    #[must_use]
    pub fn new(task_id: impl Into<TaskId>, task_state: TaskState) -> Self {
        Self {
            task_id: task_id.into(),
            task_state,
            current_step: None,
            progress: None,
            creation_time: None,
            result: None,
        }
    }
}

fn none<R>() -> Option<R> {
    None
}

/// A creation answer may be nothing but the id: the work has begun then.
fn unsaid() -> TaskState {
    TaskState::InProgress
}

/// How a task is watched.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PollPolicy {
    /// The wait before the second look; the first is immediate. Default 1 s.
    pub first: Duration,
    /// What the wait is multiplied by after each look. Default 1.5.
    pub factor: f64,
    /// The wait in the long run. Anaplan asks for 5 s or more. Default 10 s.
    pub steady: Duration,
    /// After this long the wait ends, while the task goes on. Default: never.
    pub deadline: Option<Duration>,
    /// How many looks in a row may fail before the wait ends. Default 5.
    pub tolerated_failures: u32,
}

impl Default for PollPolicy {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            factor: 1.5,
            steady: Duration::from_secs(10),
            deadline: None,
            tolerated_failures: 5,
        }
    }
}

impl PollPolicy {
    /// Looks at this interval from the start.
    #[must_use]
    pub fn every(interval: Duration) -> Self {
        Self {
            first: interval,
            factor: 1.0,
            steady: interval,
            ..Self::default()
        }
    }

    /// Ends the wait after `limit`.
    #[must_use]
    pub fn with_deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }

    /// The wait after this many looks.
    #[must_use]
    pub fn wait(&self, looks: u32) -> Duration {
        let factor = if self.factor.is_finite() {
            self.factor.max(1.0)
        } else {
            1.0
        };
        let grown = factor.powi(i32::try_from(looks.saturating_sub(1)).unwrap_or(i32::MAX));
        let seconds = (self.first.as_secs_f64() * grown).min(self.steady.as_secs_f64());
        Duration::try_from_secs_f64(seconds)
            .unwrap_or(self.steady)
            // A task list polled in a busy loop helps nobody.
            .max(Duration::from_millis(10))
    }
}

/// A handle on work that the server does.
///
/// Dropping it stops watching and nothing else. Its [address](Self::address) is plain data: store it,
/// and any process can go on watching with [`Task::resume`].
#[derive(Clone)]
#[must_use = "the server works on, but nobody learns how it ends"]
pub struct Task<L: LongRunning> {
    session: Session,
    address: L,
    policy: PollPolicy,
}

impl<L: LongRunning> Task<L> {
    /// A handle on work that was started earlier, here or elsewhere. Nothing is sent.
    pub fn resume(session: Session, address: L) -> Self {
        let policy = session.settings().poll.clone();
        Self {
            session,
            address,
            policy,
        }
    }

    /// The id that the server gave to the work.
    pub fn id(&self) -> &TaskId {
        self.address.task_id()
    }

    /// Everything that is needed to find the work again.
    pub fn address(&self) -> &L {
        &self.address
    }

    /// Watches in another manner than the session's.
    pub fn poll_policy(mut self, policy: PollPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Asks once how far the work is. Reads only: retried freely.
    ///
    /// # Errors
    ///
    /// Those of the kind of work's own poll: [`NotFound`](ErrorKind::NotFound) when the server does not
    /// know the task, or does not keep it any longer.
    pub fn status(&self) -> Call<L::Poll> {
        self.session.call(self.address.poll())
    }

    /// Waits until the work is over.
    ///
    /// Dropping the wait stops waiting; the work goes on.
    ///
    /// # Errors
    ///
    /// Awaiting gives an error of the kind [`TaskFailed`](ErrorKind::TaskFailed) when the work ended
    /// without success or was cancelled, and [`TaskTimeout`](ErrorKind::TaskTimeout) when the policy's
    /// deadline passed: the work goes on then, and the error carries its id. A look that fails is not
    /// a task that fails: several in a row are needed to end the wait.
    pub fn wait(&self) -> Pending<L::Outcome> {
        self.wait_with(|_| {})
    }

    /// Like [`wait`](Self::wait), and calls `watch` with each status on the way.
    ///
    /// # Errors
    ///
    /// Those of [`wait`](Self::wait).
    pub fn wait_with<F>(&self, mut watch: F) -> Pending<L::Outcome>
    where
        F: FnMut(&TaskStatus<L::Result>) + Send + 'static,
    {
        let mut progress = self.progress();
        let address = self.address.clone();
        Pending::new(async move {
            let mut last = None;
            while let Some(status) = progress.next_status().await {
                let status = status?;
                watch(&status);
                last = Some(status);
            }
            let status =
                last.ok_or_else(|| Error::new(ErrorKind::Usage, "the task was never looked at"))?;
            let id = address.task_id().to_string();
            address.outcome(status).map_err(|error| {
                error
                    .during(<L::Poll as Endpoint>::NAME)
                    .about("taskId", id)
            })
        })
    }

    /// The work's statuses as a stream, which ends after the terminal one.
    pub fn progress(&self) -> Progress<L> {
        Progress::new(
            self.session.clone(),
            self.address.clone(),
            self.policy.clone(),
        )
    }
}

impl<L: Cancellable> Task<L> {
    /// Asks the server to stop. The work may still end by itself first: [`wait`](Self::wait) tells.
    /// Repeating it leads to the same state: retried freely.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) when the server does not know the task, or does not keep it any
    /// longer.
    pub fn cancel(&self) -> Call<L::Cancel> {
        self.session.call(self.address.cancel())
    }
}

impl<L: LongRunning> fmt::Debug for Task<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("kind", &L::KIND)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// An address can be written to a file or a database, and read by another process.
impl<L: LongRunning + Serialize> Serialize for Task<L> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.address.serialize(serializer)
    }
}
