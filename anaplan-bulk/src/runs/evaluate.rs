//! Later evaluation of calls whose outcome is unknown.

use anaplan_core::{Endpoint, Error, Evaluation, Pending, ReconciliationRecord, Result, Task};
use serde::de::DeserializeOwned;

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
            let run = RunAction::from_record(&record.request)?;
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
            let announced: SetChunkCount = recorded(&record)?;
            let found = session.evaluate(announced, record).await?;
            Ok(found.map(|_| ()))
        })
    }
}

/// Reads the endpoint from its record.
fn recorded<E: Endpoint + DeserializeOwned>(record: &ReconciliationRecord) -> Result<E> {
    serde_json::from_value(record.request.clone()).map_err(|error| {
        Error::invalid_input("record", format_args!("is not of {}: {error}", E::NAME))
    })
}
