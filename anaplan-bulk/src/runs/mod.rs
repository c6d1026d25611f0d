//! Runs of actions: start, task, outcome, and transfers that end with a run.

mod evaluate;
mod outcome;
mod run;
mod task;
mod transfer;

#[cfg(test)]
mod run_tests;

pub use outcome::{ActionOutcome, ActionResult, Detail};
pub use run::{ConnectorParameter, MappingParameter, RunAction};
pub use task::{ActionTask, CancelTask, GetTaskStatus, GetTaskSummaries};
