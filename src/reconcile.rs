//! Evaluation of records of any namespace.

use anaplan_core::{Error, Evaluation, ReconciliationRecord, Result, Session};
#[cfg(any(feature = "alm", feature = "bulk", feature = "transactional"))]
use anaplan_core::{ModelId, Namespace, Scope};

/// Evaluates a record with the function of the namespace that its operation belongs to.
pub(crate) async fn reconcile(
    session: Session,
    record: ReconciliationRecord,
) -> Result<Evaluation<Option<String>>> {
    match record.operation.as_str() {
        #[cfg(feature = "alm")]
        "alm.sync_models" => {
            let alm: anaplan_alm::Alm = bind(session, &record)?;
            let found = alm.evaluate_sync(record).await?;
            Ok(found.map(|task| Some(task.id().to_string())))
        }
        #[cfg(feature = "alm")]
        "alm.create_revision" => {
            let alm: anaplan_alm::Alm = bind(session, &record)?;
            let found = alm.evaluate_revision(record).await?;
            Ok(found.map(|revision| Some(revision.id.to_string())))
        }
        #[cfg(feature = "alm")]
        "alm.change_model_status" => {
            let alm: anaplan_alm::Alm = bind(session, &record)?;
            let found = alm.evaluate_model_status(record).await?;
            Ok(found.map(|()| None))
        }
        #[cfg(feature = "bulk")]
        "bulk.run_action" => {
            let bulk: anaplan_bulk::Bulk = bind(session, &record)?;
            let found = bulk.evaluate_run(record).await?;
            Ok(found.map(|task| Some(task.id().to_string())))
        }
        #[cfg(feature = "bulk")]
        "bulk.set_chunk_count" => {
            let bulk: anaplan_bulk::Bulk = bind(session, &record)?;
            let found = bulk.evaluate_chunk_count(record).await?;
            Ok(found.map(|()| None))
        }
        #[cfg(feature = "tenant")]
        "tenant.delete_models" => {
            let tenant = anaplan_tenant::Tenant::new(session);
            let found = tenant.evaluate_delete(record).await?;
            Ok(found.map(|_| None))
        }
        #[cfg(feature = "transactional")]
        "transactional.insert_list_items" => {
            let model: anaplan_transactional::Transactional = bind(session, &record)?;
            Ok(model.evaluate_insert(record).await?.map(|_| None))
        }
        other => {
            drop(session);
            let reason = format!("is of {other}, for which there is no evaluation in this client");
            Err(Error::invalid_input("record", reason))
        }
    }
}

/// Binds a namespace to the model of the record, whatever the scope of the client is.
#[cfg(any(feature = "alm", feature = "bulk", feature = "transactional"))]
fn bind<N: Namespace>(session: Session, record: &ReconciliationRecord) -> Result<N> {
    let model = ["modelId", "model"]
        .iter()
        .find_map(|key| record.request[*key].as_str())
        .unwrap_or_default();
    N::bind(session, &Scope::new(None, Some(ModelId::from(model))))
}
