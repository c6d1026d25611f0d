//! Later evaluation of calls whose outcome is unknown.

use anaplan_core::{Endpoint, Evaluation, Pending, ReconciliationRecord, Result, Session, Task};
use serde::de::DeserializeOwned;

use crate::revisions::Revision;
use crate::sync_start::SyncModels;
use crate::syncs::Sync;
use crate::{Alm, ChangeModelStatus, CreateRevision};

impl Alm {
    /// Evaluates the record of a [`sync_models`](Self::sync_models) call with unknown outcome.
    ///
    /// Reads only. The record names the model, so the handle may be bound to another one.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for the record of another operation, and the errors of the lookups.
    pub fn evaluate_sync(&self, record: ReconciliationRecord) -> Pending<Evaluation<Task<Sync>>> {
        let session = self.session.clone();
        Pending::new(async move {
            let found = evaluate::<SyncModels>(&session, record).await?;
            Ok(found.map(|address| Task::resume(session, address)))
        })
    }

    /// Evaluates the record of a [`create_revision`](Self::create_revision) call with unknown outcome.
    ///
    /// # Errors
    ///
    /// Those of [`evaluate_sync`](Self::evaluate_sync).
    pub fn evaluate_revision(&self, record: ReconciliationRecord) -> Pending<Evaluation<Revision>> {
        let session = self.session.clone();
        Pending::new(async move { evaluate::<CreateRevision>(&session, record).await })
    }

    /// Evaluates the record of a [`change_model_status`](Self::change_model_status) call with unknown
    /// outcome.
    ///
    /// # Errors
    ///
    /// Those of [`evaluate_sync`](Self::evaluate_sync).
    pub fn evaluate_model_status(&self, record: ReconciliationRecord) -> Pending<Evaluation<()>> {
        let session = self.session.clone();
        Pending::new(async move { evaluate::<ChangeModelStatus>(&session, record).await })
    }
}

async fn evaluate<E: Endpoint + DeserializeOwned>(
    session: &Session,
    record: ReconciliationRecord,
) -> Result<Evaluation<E::Output>> {
    let endpoint: E = record.arguments(E::NAME)?;
    session.evaluate(endpoint, record).await
}
