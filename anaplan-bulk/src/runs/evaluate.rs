//! Later evaluation of calls whose outcome is unknown.

use anaplan_core::{Endpoint, Evaluation, Pending, ReconciliationRecord, Task};

use crate::{ActionTask, Bulk, RunAction, SetChunkCount};

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
            let run = RunAction::from_record(&record)?;
            let found = session.evaluate(run, record).await?;
            Ok(found.map(|address| Task::resume(session, address)))
        })
    }

    /// Evaluates the record of the announcement with which an upload begins, if its outcome is unknown.
    ///
    /// Reads only. Confirmed: the old content of the file is discarded, and the upload can be repeated.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for the record of another operation, and the errors of the lookups.
    pub fn evaluate_chunk_count(&self, record: ReconciliationRecord) -> Pending<Evaluation<()>> {
        let session = self.session.clone();
        Pending::new(async move {
            let announced: SetChunkCount = record.arguments(SetChunkCount::NAME)?;
            let found = session.evaluate(announced, record).await?;
            Ok(found.map(|_| ()))
        })
    }
}
