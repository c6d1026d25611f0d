//! Later evaluation of calls whose outcome is unknown.

use anaplan_core::{Evaluation, Pending, ReconciliationRecord, Task};

use crate::{ActionTask, Bulk, RunAction};

impl Bulk {
    /// Evaluates the record of a [`run_action`](Self::run_action) call with unknown outcome.
    ///
    /// Reads only. The record names the model, so the handle may be bound to another one.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for the record of another operation, and the errors of the lookups.
    pub fn evaluate_run(
        &self,
        record: ReconciliationRecord,
    ) -> Pending<Evaluation<Task<ActionTask>>> {
        let session = self.session.clone();
        Pending::new(async move {
            let run = RunAction::from_record(&record.request)?;
            let found = session.evaluate(run, record).await?;
            Ok(found.map(|address| Task::resume(session, address)))
        })
    }
}
