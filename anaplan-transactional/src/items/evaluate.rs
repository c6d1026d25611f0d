//! Later evaluation of insertions whose outcome is unknown.

use anaplan_core::{
    Endpoint as _, Error, Evaluation, ModelId, Pending, ReconciliationRecord, Result,
};
use serde::{Deserialize, Serialize};

use crate::items::{InsertListItems, NewListItem};
use crate::writes::WriteReport;
use crate::{ListId, Transactional};

/// Largest number of items in a record.
pub(crate) const MAX_RECORDED: usize = 1_000;

/// Arguments of a recorded insertion.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Recorded {
    pub(crate) model_id: ModelId,
    pub(crate) list_id: ListId,
    pub(crate) items: Vec<NewListItem>,
}

impl Transactional {
    /// Evaluates the record of an [`insert_list_items`](Self::insert_list_items) request with unknown
    /// outcome. The indices in the report count from the first item of the request.
    ///
    /// Reads only. The record names the model, so the handle may be bound to another one. It contains the
    /// items if they are 1,000 or fewer; for larger requests, call
    /// [`Session::evaluate`](anaplan_core::Session::evaluate) with the items.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for the record of another operation and for one without items, and the errors of the
    /// lookups.
    pub fn evaluate_insert(
        &self,
        record: ReconciliationRecord,
    ) -> Pending<Evaluation<WriteReport>> {
        let session = self.session.clone();
        Pending::new(async move {
            let insert = InsertListItems::from_record(&record)?;
            session.evaluate(insert, record).await
        })
    }
}

impl InsertListItems {
    fn from_record(record: &ReconciliationRecord) -> Result<Self> {
        let request = record.request.clone();
        let recorded: Recorded = serde_json::from_value(request).map_err(|error| {
            let problem = format!("has no items of {}: {error}", Self::NAME);
            Error::invalid_input("record", problem)
        })?;
        Ok(Self::new(
            recorded.model_id,
            recorded.list_id,
            recorded.items,
        ))
    }
}
