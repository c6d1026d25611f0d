//! Handles for work of the server.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::calls::call::Call;
use crate::calls::pending::Pending;
use crate::calls::progress::Progress;
use crate::data::error::{Error, ErrorKind, Result};
use crate::data::ids::TaskId;
use crate::data::task_status::TaskStatus;
use crate::engine::execute::Origin;
use crate::engine::fetch::SessionFetch;
use crate::engine::options::Deadline;
use crate::operation::endpoint::Endpoint;
use crate::operation::long_running::{Cancellable, LongRunning};
use crate::operation::lookup::Lookup;
use crate::session::Session;
use crate::session::poll::PollPolicy;

/// Longest verification of a finished task. A listing may lag behind the task.
const VERIFICATION: Duration = Duration::from_secs(30);
/// Shortest time for a verification if the deadline of the wait is near.
const LAST_VERIFICATION: Duration = Duration::from_secs(5);
/// Delays between two verifications. The last one repeats.
const VERIFICATION_DELAYS: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(6),
];

/// Handle for work of the server.
///
/// Dropping it stops watching and nothing else. Its [address](Self::address) is plain data: store it,
/// and any process can continue with [`Task::resume`].
#[derive(Clone)]
#[must_use = "the task runs on the server, and its result is not read"]
pub struct Task<L: LongRunning> {
    session: Session,
    address: L,
    policy: PollPolicy,
    origin: Origin,
}

impl<L: LongRunning> Task<L> {
    /// Creates a handle for work that was started earlier, also by another process. Sends nothing.
    pub fn resume(session: Session, address: L) -> Self {
        let policy = session.settings().poll.clone();
        Self {
            session,
            address,
            policy,
            origin: Origin::Own,
        }
    }

    pub(crate) fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// Returns the id that the server assigned.
    pub fn id(&self) -> &TaskId {
        self.address.task_id()
    }

    /// Returns the address: everything that is needed to find the work again.
    pub fn address(&self) -> &L {
        &self.address
    }

    /// Returns whether the task is proven to be the call's, or presumed. See
    /// [`Call::accept_presumed`].
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Sets the poll policy. Default: the session's.
    pub fn poll_policy(mut self, policy: PollPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Reads the status once. Reads only: retried.
    ///
    /// # Errors
    ///
    /// Those of the poll endpoint: [`NotFound`](ErrorKind::NotFound) if the task is unknown, or no
    /// longer kept.
    pub fn status(&self) -> Call<L::Poll> {
        self.session.call(self.address.poll())
    }

    /// Waits until the work is finished.
    ///
    /// The deadline of the poll policy starts with the first poll. Dropping the future stops waiting;
    /// the work continues.
    ///
    /// # Errors
    ///
    /// [`TaskFailed`](ErrorKind::TaskFailed) if the work ended without success or was cancelled.
    /// [`TaskTimeout`](ErrorKind::TaskTimeout) if the deadline of the policy passed: the work continues,
    /// and the error carries its id. A failed poll is not a failed task: several in a row end the wait.
    /// [`Ambiguous`](ErrorKind::Ambiguous) if the task succeeded and the state of the server contradicts
    /// it. The state is read several times for up to 30 s, and within the deadline of the policy if more
    /// than 5 s are left.
    pub fn wait(&self) -> Pending<L::Outcome> {
        self.wait_with(|_| {})
    }

    /// Waits like [`wait`](Self::wait), and calls `watch` with each status.
    ///
    /// # Errors
    ///
    /// Those of [`wait`](Self::wait).
    pub fn wait_with<F>(&self, mut watch: F) -> Pending<L::Outcome>
    where
        F: FnMut(&TaskStatus<L::Result>) + Send + 'static,
    {
        let mut progress = self.progress();
        let (address, session) = (self.address.clone(), self.session.clone());
        Pending::new(async move {
            let mut last = None;
            while let Some(status) = progress.next_status().await {
                let status = status?;
                watch(&status);
                last = Some(status);
            }
            let status =
                last.ok_or_else(|| Error::new(ErrorKind::Usage, "the task was never polled"))?;
            let left = progress.left();
            let finished = match address.outcome(status) {
                Ok(outcome) => verified(&session, &address, outcome, left).await,
                Err(error) => Err(error),
            };
            let id = address.task_id().to_string();
            finished.map_err(|error| {
                error
                    .during(<L::Poll as Endpoint>::NAME)
                    .about(L::ID_NAME, id)
            })
        })
    }

    /// Returns the statuses as a stream, which ends after the last one.
    pub fn progress(&self) -> Progress<L> {
        Progress::new(
            self.session.clone(),
            self.address.clone(),
            self.policy.clone(),
        )
    }
}

/// Verifies an outcome, several times if the server does not show it at once. `left` is the time until the
/// deadline of the wait.
async fn verified<L: LongRunning>(
    session: &Session,
    address: &L,
    mut outcome: L::Outcome,
    left: Option<Duration>,
) -> Result<L::Outcome> {
    let clock = session.clock();
    let limit = left.map_or(VERIFICATION, |left| {
        left.clamp(LAST_VERIFICATION, VERIFICATION)
    });
    let deadline = Deadline::start(Some(limit), clock);
    let fetch = SessionFetch {
        session,
        deadline,
        nested: false,
    };
    let mut delays = VERIFICATION_DELAYS.iter().copied();
    let mut delay = Duration::ZERO;
    let mut contradiction = None;
    loop {
        let error = match address.verify(&mut outcome, &Lookup::new(&fetch)).await {
            Ok(()) => return Ok(outcome),
            Err(error) => error,
        };
        let passing = match error.kind() {
            ErrorKind::Ambiguous | ErrorKind::Incomplete => true,
            _ => error.is_retryable(),
        };
        if error.kind() == ErrorKind::Ambiguous {
            contradiction = Some(error);
        } else {
            tracing::warn!(target: "anaplan::task", kind = L::KIND, error = %error, "outcome could not be verified");
        }
        delay = delays.next().unwrap_or(delay);
        let in_time = deadline.left(clock).is_some_and(|left| left > delay);
        if !(passing && in_time) {
            return contradiction.map_or(Ok(outcome), Err);
        }
        clock.sleep(delay).await;
    }
}

impl<L: Cancellable> Task<L> {
    /// Asks the server to stop the work, which may still finish first: see [`wait`](Self::wait).
    /// Idempotent: retried.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) if the task is unknown, or no longer kept.
    pub fn cancel(&self) -> Call<L::Cancel> {
        self.session.call(self.address.cancel())
    }
}

impl<L: LongRunning> fmt::Debug for Task<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("kind", &L::KIND)
            .field("address", &self.address)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// Serializes the address, so that another process can resume.
impl<L: LongRunning + Serialize> Serialize for Task<L> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.address.serialize(serializer)
    }
}
