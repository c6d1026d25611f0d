//! Watching a task, one look at a time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use crate::calls::task::{LongRunning, PollPolicy, TaskStatus};
use crate::data::error::{Error, ErrorKind, Result};
use crate::operation::endpoint::Endpoint;
use crate::session::Session;

/// The statuses of a task, one look at a time.
pub struct Progress<L: LongRunning> {
    session: Session,
    address: L,
    policy: PollPolicy,
    started: Duration,
    looks: u32,
    failures: u32,
    step: Step<L>,
}

type Look<R> = Pin<Box<dyn Future<Output = Result<TaskStatus<R>>> + Send>>;

enum Step<L: LongRunning> {
    Start,
    Looking(Look<L::Result>),
    Waiting(Pin<Box<dyn Future<Output = ()> + Send>>),
    Done,
}

impl<L: LongRunning> Progress<L> {
    pub(crate) fn new(session: Session, address: L, policy: PollPolicy) -> Self {
        Self {
            started: session.clock().monotonic(),
            session,
            address,
            policy,
            looks: 0,
            failures: 0,
            step: Step::Start,
        }
    }

    /// The next status; `None` after the terminal one.
    ///
    /// # Errors
    ///
    /// Those of [`Task::wait`](crate::Task::wait) but `TaskFailed`: how the work ended is in the last status. The first
    /// error is the last element.
    pub async fn next_status(&mut self) -> Option<Result<TaskStatus<L::Result>>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    fn look(&mut self) {
        self.looks += 1;
        let call = self.session.call(self.address.poll());
        self.step = Step::Looking(Box::pin(async move { call.await }));
    }

    /// Starts the wait for the next look, or ends watching because there is no time for it.
    fn pause(&mut self) -> Result<()> {
        let wait = self.policy.wait(self.looks);
        let spent = self
            .session
            .clock()
            .monotonic()
            .saturating_sub(self.started);
        let left = self
            .policy
            .deadline
            .map(|limit| limit.saturating_sub(spent));
        if left.is_some_and(|left| left.is_zero()) {
            self.step = Step::Done;
            return Err(self.describe(Error::new(
                ErrorKind::TaskTimeout,
                format!(
                    "the {} is not over after {} s of waiting, and goes on",
                    L::KIND,
                    spent.as_secs()
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
            .about("taskId", self.address.task_id().as_str())
    }

    /// Whether a failed look says nothing about the task. Right after its creation the server may not
    /// know it yet.
    fn tolerable(&self, error: &Error) -> bool {
        let passing = match error.kind() {
            ErrorKind::NotFound => self.looks <= 3,
            ErrorKind::Decode => true,
            _ => error.is_retryable(),
        };
        passing && self.failures < self.policy.tolerated_failures
    }

    fn judge(
        &mut self,
        looked: Result<TaskStatus<L::Result>>,
    ) -> Result<Option<TaskStatus<L::Result>>> {
        match looked {
            Ok(status) if status.task_state.is_terminal() => {
                self.step = Step::Done;
                tracing::info!(target: "anaplan::task", kind = L::KIND, state = %status.task_state, "task is over");
                Ok(Some(status))
            }
            Ok(status) => {
                self.failures = 0;
                tracing::debug!(target: "anaplan::task", kind = L::KIND, state = %status.task_state, "task goes on");
                Ok(Some(status))
            }
            Err(error) if self.tolerable(&error) => {
                self.failures += 1;
                tracing::info!(target: "anaplan::task", kind = L::KIND, error_kind = ?error.kind(), "a look at the task failed");
                self.pause().map(|()| None)
            }
            Err(error) => {
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
                Step::Start if this.looks == 0 => this.look(),
                Step::Start => {
                    if let Err(error) = this.pause() {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                Step::Waiting(alarm) => match alarm.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(()) => this.look(),
                },
                Step::Looking(look) => match look.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(looked) => {
                        this.step = Step::Start;
                        match this.judge(looked) {
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
            .field("looks", &self.looks)
            .finish_non_exhaustive()
    }
}
