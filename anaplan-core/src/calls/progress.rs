//! The statuses of a task as a stream.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use crate::data::error::{Error, ErrorKind, Result};
use crate::data::task_status::TaskStatus;
use crate::engine::fetch::SessionFetch;
use crate::engine::options::Deadline;
use crate::operation::endpoint::Endpoint;
use crate::operation::long_running::LongRunning;
use crate::operation::lookup::Requests;
use crate::session::Session;
use crate::session::poll::PollPolicy;

/// The statuses of a task as a stream. Ends after the last one.
pub struct Progress<L: LongRunning> {
    session: Session,
    address: L,
    policy: PollPolicy,
    /// Time of the first poll, from which the deadline counts.
    started: Option<Duration>,
    polls: u32,
    failures: u32,
    /// The latest status.
    previous: Option<TaskStatus<L::Result>>,
    step: Step<L>,
}

type PollFuture<R> = Pin<Box<dyn Future<Output = Result<TaskStatus<R>, Failure>> + Send>>;

/// Failure of a poll, or of the work after it.
enum Failure {
    Poll(Error),
    Advance(Error),
}

enum Step<L: LongRunning> {
    Start,
    Polling(PollFuture<L::Result>),
    Waiting(Pin<Box<dyn Future<Output = ()> + Send>>),
    Done,
}

impl<L: LongRunning> Progress<L> {
    pub(crate) fn new(session: Session, address: L, policy: PollPolicy) -> Self {
        Self {
            started: None,
            session,
            address,
            policy,
            polls: 0,
            failures: 0,
            previous: None,
            step: Step::Start,
        }
    }

    /// Returns the next status, or `None` after the last one.
    ///
    /// # Errors
    ///
    /// Those of [`Task::wait`](crate::Task::wait) except `TaskFailed`: the last status holds the result.
    /// The first error is the last element.
    pub async fn next_status(&mut self) -> Option<Result<TaskStatus<L::Result>>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    fn poll_status(&mut self) {
        let clock = self.session.clock();
        self.started.get_or_insert_with(|| clock.monotonic());
        self.polls += 1;
        let call = self.session.call(self.address.poll());
        let (session, address) = (self.session.clone(), self.address.clone());
        let previous = self.previous.clone();
        self.step = Step::Polling(Box::pin(async move {
            let status = call.await.map_err(Failure::Poll)?;
            if status.is_finished() {
                return Ok(status);
            }
            let fetch = SessionFetch {
                session: &session,
                deadline: Deadline::default(),
                nested: false,
            };
            let requests = Requests::new(&fetch);
            let advanced = address.advance(previous.as_ref(), status, &requests);
            advanced.await.map_err(Failure::Advance)
        }));
    }

    /// Returns the time until the deadline of the policy, if there is one.
    pub(crate) fn left(&self) -> Option<Duration> {
        let limit = self.policy.deadline?;
        Some(limit.saturating_sub(self.spent()))
    }

    fn spent(&self) -> Duration {
        let now = self.session.clock().monotonic();
        now.saturating_sub(self.started.unwrap_or(now))
    }

    /// Starts the delay before the next poll, or ends the wait at the deadline.
    fn pause(&mut self) -> Result<()> {
        let wait = self.policy.wait(self.polls);
        let left = self.left();
        if left.is_some_and(|left| left.is_zero()) {
            self.step = Step::Done;
            return Err(self.describe(Error::new(
                ErrorKind::TaskTimeout,
                format!(
                    "the {} is not finished after {} s of waiting, and continues",
                    L::KIND,
                    self.spent().as_secs()
                ),
            )));
        }
        let wait = left.map_or(wait, |left| wait.min(left));
        self.step = Step::Waiting(self.session.clock().sleep(wait));
        Ok(())
    }

    fn describe(&self, error: Error) -> Error {
        error
            .during(<L::Poll as Endpoint>::NAME)
            .about(L::ID_NAME, self.address.task_id().as_str())
    }

    /// Returns `true` if a failed poll does not end the wait. The server may not list a new task yet.
    fn tolerable(&self, error: &Error) -> bool {
        let tolerable = match error.kind() {
            ErrorKind::NotFound => L::APPEARS_LATE && self.polls <= 3,
            ErrorKind::Decode => true,
            _ => error.is_retryable(),
        };
        tolerable && self.failures < self.policy.tolerated_failures
    }

    fn accept(
        &mut self,
        polled: Result<TaskStatus<L::Result>, Failure>,
    ) -> Result<Option<TaskStatus<L::Result>>> {
        match polled {
            Ok(status) if status.is_finished() => {
                self.step = Step::Done;
                tracing::info!(target: "anaplan::task", kind = L::KIND, task_id = %self.address.task_id(), state = %status.task_state, "task finished");
                Ok(Some(status))
            }
            Ok(status) => {
                self.failures = 0;
                self.previous = Some(status.clone());
                tracing::debug!(target: "anaplan::task", kind = L::KIND, task_id = %self.address.task_id(), state = %status.task_state, "task continues");
                Ok(Some(status))
            }
            Err(Failure::Poll(error)) if self.tolerable(&error) => {
                self.failures += 1;
                tracing::info!(target: "anaplan::task", kind = L::KIND, task_id = %self.address.task_id(), error_kind = ?error.kind(), "poll failed");
                self.pause().map(|()| None)
            }
            Err(Failure::Poll(error) | Failure::Advance(error)) => {
                self.step = Step::Done;
                Err(self.describe(error))
            }
        }
    }
}

impl<L: LongRunning> Unpin for Progress<L> {}

impl<L: LongRunning> Stream for Progress<L> {
    type Item = Result<TaskStatus<L::Result>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            match &mut this.step {
                Step::Done => return Poll::Ready(None),
                Step::Start if this.polls == 0 => this.poll_status(),
                Step::Start => {
                    if let Err(error) = this.pause() {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                Step::Waiting(alarm) => match alarm.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(()) => this.poll_status(),
                },
                Step::Polling(poll) => match poll.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(polled) => {
                        this.step = Step::Start;
                        match this.accept(polled) {
                            Ok(Some(status)) => return Poll::Ready(Some(Ok(status))),
                            Ok(None) => {}
                            Err(error) => return Poll::Ready(Some(Err(error))),
                        }
                    }
                },
            }
        }
    }
}

impl<L: LongRunning> fmt::Debug for Progress<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("address", &self.address)
            .field("polls", &self.polls)
            .finish_non_exhaustive()
    }
}
