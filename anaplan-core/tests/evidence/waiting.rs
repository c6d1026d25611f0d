//! Waiting for a task: verification of its outcome, and requests between the polls.

use std::time::Duration;

use anaplan_core::{
    Endpoint, Error, ErrorKind, LongRunning, Lookup, Method, Path, PollPolicy, Requests, Response,
    Result, RetryClass, Task, TaskId, TaskState, TaskStatus, async_trait,
};
use serde_json::{Value, json};

use crate::world::{ListRows, PollRow, Step, World, create, now, respond, rows};

/// Longest verification.
const LIMIT: Duration = Duration::from_secs(30);

/// A task that creates a row.
#[derive(Debug, Clone)]
struct RowTask {
    id: TaskId,
    /// Sends a request after each unfinished poll.
    push: Option<Push>,
}

fn task(push: Option<Push>) -> RowTask {
    RowTask {
        id: "T".into(),
        push,
    }
}

#[derive(Debug, Clone, Copy)]
enum Push {
    Repeatable,
    NotIdempotent,
}

#[derive(Debug, PartialEq)]
struct Outcome {
    verified: bool,
}

#[async_trait]
impl LongRunning for RowTask {
    const KIND: &'static str = "row task";
    const ID_NAME: &'static str = "rowId";
    type Result = Value;
    type Outcome = Outcome;
    type Poll = PollRow;

    fn task_id(&self) -> &TaskId {
        &self.id
    }

    fn poll(&self) -> PollRow {
        PollRow
    }

    fn outcome(&self, _: TaskStatus<Value>) -> Result<Outcome> {
        Ok(Outcome { verified: false })
    }

    async fn advance(
        &self,
        previous: Option<&TaskStatus<Value>>,
        mut status: TaskStatus<Value>,
        requests: &Requests<'_>,
    ) -> Result<TaskStatus<Value>> {
        match self.push {
            None => {}
            Some(Push::NotIdempotent) => drop(requests.call(&create()).await?),
            Some(Push::Repeatable) if previous.is_some() => {
                status.task_state = TaskState::Complete;
            }
            Some(Push::Repeatable) => requests.call(&PushRow).await?,
        }
        Ok(status)
    }

    async fn verify(&self, outcome: &mut Outcome, lookup: &Lookup<'_>) -> Result<()> {
        if lookup.call(&ListRows("P")).await?.is_empty() {
            return Err(Error::new(ErrorKind::Ambiguous, "there is no row"));
        }
        outcome.verified = true;
        Ok(())
    }
}

/// Accelerates the task.
struct PushRow;

impl Endpoint for PushRow {
    const NAME: &'static str = "test.push_row";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::Repeatable;
    type Output = ();

    fn path(&self) -> Path {
        Path::root().lit("push")
    }

    fn decode(&self, response: Response) -> Result<()> {
        response.acknowledged()
    }
}

fn status(state: &str) -> Step {
    respond(200, &json!({"task": {"taskId": "T", "taskState": state}}))
}

async fn wait(world: &std::sync::Arc<World>, push: Option<Push>) -> Result<Outcome> {
    Task::resume(world.session(), task(push)).wait().await
}

#[tokio::test(start_paused = true)]
async fn outcome_is_verified_again_if_the_listing_lags() {
    let world = World::new(
        vec![status("COMPLETE"), rows(&[]), rows(&[]), rows(&["own"])],
        vec![],
    );
    let started = now();
    assert!(wait(&world, None).await.unwrap().verified);
    assert_eq!(world.count(&Method::GET), 4);
    assert!(started.elapsed() < LIMIT);
}

#[tokio::test(start_paused = true)]
async fn contradicted_outcome_is_ambiguous_after_several_reads() {
    let world = World::new(vec![status("COMPLETE"), rows(&[])], vec![]);
    let started = now();
    let error = wait(&world, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
    assert_eq!((error.id("rowId"), error.id("taskId")), (Some("T"), None));
    let waited = started.elapsed();
    assert!((LIMIT / 2..=LIMIT).contains(&waited), "{waited:?}");
    let reads = world.count(&Method::GET) - 1;
    assert!((4..=8).contains(&reads), "{reads}");
}

#[tokio::test(start_paused = true)]
async fn hanging_verification_ends_with_an_unverified_outcome() {
    let world = World::new(vec![status("COMPLETE"), Step::Hang], vec![]);
    let started = now();
    assert!(!wait(&world, None).await.unwrap().verified);
    assert_eq!(started.elapsed(), LIMIT);

    let world = World::new(vec![status("COMPLETE"), Step::Hang], vec![]);
    let started = now();
    let policy = PollPolicy::default().with_deadline(Duration::from_secs(10));
    let task = Task::resume(world.session(), task(None)).poll_policy(policy);
    assert!(!task.wait().await.unwrap().verified);
    assert_eq!(started.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn contradiction_outlasts_a_later_failure_to_read() {
    let world = World::new(vec![status("COMPLETE"), rows(&[]), Step::Hang], vec![]);
    let error = wait(&world, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
}

#[tokio::test(start_paused = true)]
async fn rejected_verification_is_not_repeated() {
    let forbidden = Step::Respond(403, String::new());
    let world = World::new(vec![status("COMPLETE"), forbidden], vec![]);
    assert!(!wait(&world, None).await.unwrap().verified);
    assert_eq!(world.count(&Method::GET), 2);
}

#[tokio::test(start_paused = true)]
async fn advance_sends_requests_and_can_finish_the_wait() {
    let world = World::new(
        vec![status("IN_PROGRESS"), status("IN_PROGRESS"), rows(&["own"])],
        vec![
            Step::Respond(503, String::new()),
            Step::Respond(200, String::new()),
        ],
    );
    let outcome = wait(&world, Some(Push::Repeatable)).await.unwrap();
    assert!(outcome.verified);
    assert_eq!((world.writes(), world.count(&Method::GET)), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn failure_of_advance_is_final_even_if_a_poll_would_be_repeated() {
    let gone = Step::Respond(404, String::new());
    let world = World::new(vec![status("IN_PROGRESS")], vec![gone]);
    let error = wait(&world, Some(Push::Repeatable)).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert_eq!(error.id("rowId"), Some("T"));
    assert_eq!((world.writes(), world.count(&Method::GET)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn advance_rejects_an_endpoint_that_must_not_run_twice() {
    let world = World::new(vec![status("IN_PROGRESS")], vec![]);
    let error = wait(&world, Some(Push::NotIdempotent)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    assert_eq!(world.writes(), 0);
}
