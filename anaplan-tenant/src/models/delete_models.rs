//! Deleting models.

use anaplan_core::{
    Call, Endpoint, Error, ErrorKind, Evaluation, Evidence, Finding, Lookup, Method, ModelId, Path,
    Pending, Reconcile, ReconciliationRecord, RequestBody, Response, Result, RetryClass,
    WorkspaceId, async_trait, json_body,
};
use serde::{Deserialize, Serialize};

use crate::Tenant;
use crate::models::{GetModel, GetModels};
use anaplan_core::lenient::or_default;

impl Tenant {
    /// Deletes models of one workspace permanently. A model must be closed first. Models that could
    /// not be deleted are listed in [`failures`](DeletedModels::failures).
    ///
    /// `POST /workspaces/{workspaceId}/bulkDeleteModels`. Requires the role of a workspace
    /// administrator. Must not run twice: never sent again after an unknown outcome. The client checks
    /// instead whether the models still exist.
    ///
    /// # Errors
    ///
    /// `InvalidInput` without any model. `NotFound`, `Forbidden`. `Ambiguous` if the response was lost
    /// and some of the models still exist.
    ///
    /// ```
    /// # use anaplan_tenant::Tenant;
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let deleted = tenant.delete_models(&ids.workspace, [&ids.closable]).await?;
    /// for failure in &deleted.failures {
    ///     eprintln!("{}: {}", failure.model_id, failure.message);
    /// }
    /// # Ok(()) });
    /// ```
    #[doc(alias = "bulkDeleteModels")]
    pub fn delete_models(
        &self,
        workspace: impl Into<WorkspaceId>,
        models: impl IntoIterator<Item = impl Into<ModelId>>,
    ) -> Call<DeleteModels> {
        self.session.call(DeleteModels {
            workspace: workspace.into(),
            models: models.into_iter().map(Into::into).collect(),
        })
    }

    /// Evaluates the record of a [`delete_models`](Self::delete_models) call with unknown outcome.
    ///
    /// Reads only.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for the record of another operation, and the errors of the lookups.
    pub fn evaluate_delete(
        &self,
        record: ReconciliationRecord,
    ) -> Pending<Evaluation<DeletedModels>> {
        let session = self.session.clone();
        Pending::new(async move {
            let delete: DeleteModels = record.arguments(DeleteModels::NAME)?;
            session.evaluate(delete, record).await
        })
    }
}

/// Result of deleting models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeletedModels {
    /// Number of deleted models.
    #[serde(rename = "modelsDeleted")]
    pub deleted: u64,
    /// Models that were not deleted, with the reasons.
    #[serde(
        rename = "bulkDeleteModelsFailures",
        default,
        deserialize_with = "or_default"
    )]
    pub failures: Vec<ModelFailure>,
}

/// A model that was not deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelFailure {
    /// Model.
    pub model_id: ModelId,
    /// Reason, in the server's words.
    #[serde(default, deserialize_with = "or_default")]
    pub message: String,
}

/// Reason why a model was not deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeleteRefusal {
    /// The model is open, and must be closed first.
    Open,
    /// The model does not exist.
    NotThere,
    /// Another reason: see [`ModelFailure::message`].
    Other,
}

impl ModelFailure {
    /// Returns the reason, read from the message.
    ///
    /// ```
    /// # use anaplan_tenant::{DeleteRefusal, Tenant};
    /// # anaplan_testkit::story(async |fake| {
    /// # let tenant: Tenant = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let deleted = tenant.delete_models(ids.workspace, [ids.dev]).await?;
    /// assert_eq!(deleted.failures[0].reason(), DeleteRefusal::Open);
    /// # Ok(()) });
    /// ```
    #[must_use]
    pub fn reason(&self) -> DeleteRefusal {
        let message = self.message.to_lowercase();
        if message.contains("is open") {
            DeleteRefusal::Open
        } else if message.contains("does not exist") {
            DeleteRefusal::NotThere
        } else {
            DeleteRefusal::Other
        }
    }
}

/// Endpoint of [`Tenant::delete_models`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteModels {
    /// Workspace.
    #[serde(rename = "workspaceId")]
    pub workspace: WorkspaceId,
    /// Models to delete.
    pub models: Vec<ModelId>,
}

impl DeleteModels {
    async fn exists(&self, model: &ModelId, lookup: &Lookup<'_>) -> Result<bool> {
        let model = model.clone();
        match lookup.call(&GetModel { model }).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Endpoint for DeleteModels {
    const NAME: &'static str = "tenant.delete_models";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    type Output = DeletedModels;

    fn check(&self) -> Result<()> {
        if self.models.is_empty() {
            return Err(Error::invalid_input("models", "must not be empty"));
        }
        if self.models.iter().any(|id| id.as_str().trim().is_empty()) {
            return Err(Error::invalid_input(
                "models",
                "must not contain an empty id",
            ));
        }
        Ok(())
    }

    fn path(&self) -> Path {
        Path::integration()
            .lit("workspaces")
            .seg("workspaceId", &self.workspace)
            .lit("bulkDeleteModels")
    }

    fn body(&self) -> Result<RequestBody> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            model_ids_to_delete: &'a [ModelId],
        }
        json_body(&Body {
            model_ids_to_delete: &self.models,
        })
    }

    fn reconcile(&self) -> Option<&dyn Reconcile<DeletedModels>> {
        Some(self)
    }

    fn decode(&self, response: Response) -> Result<DeletedModels> {
        response.json()
    }
}

/// A model that existed before and is not found afterwards was deleted.
#[async_trait]
impl Reconcile<DeletedModels> for DeleteModels {
    async fn baseline(&self, lookup: &Lookup<'_>) -> Result<Vec<String>> {
        let models = GetModels::default().in_workspace(&self.workspace);
        let listed = lookup.list(&models).await?;
        let listed = listed.into_iter().map(|model| model.id);
        let affected = listed.filter(|id| self.models.contains(id));
        Ok(affected.map(|id| id.to_string()).collect())
    }

    async fn find(&self, evidence: &Evidence<'_>) -> Result<Finding<DeletedModels>> {
        let (existed, unknown): (Vec<_>, Vec<_>) = self
            .models
            .iter()
            .partition(|id| evidence.attempt().existed(id.as_str()));
        let mut deleted = 0;
        for model in &existed {
            deleted += usize::from(!self.exists(model, evidence.lookup()).await?);
        }
        if deleted < existed.len() {
            return Ok(match deleted {
                0 => Finding::Nothing,
                some => Finding::Unclear(format!("{some} of {} models are deleted", existed.len())),
            });
        }
        if existed.is_empty() {
            return Ok(Finding::Nothing);
        }
        let failures = unknown.into_iter().map(|id| ModelFailure {
            model_id: id.clone(),
            message: "the model was not in the workspace".into(),
        });
        Ok(Finding::Confirmed(DeletedModels {
            deleted: deleted as u64,
            failures: failures.collect(),
        }))
    }

    fn request(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{answer, offline};

    fn endpoint() -> DeleteModels {
        DeleteModels {
            workspace: "8a".into(),
            models: vec!["A".into(), "B".into(), "X".into()],
        }
    }

    #[test]
    fn delete_models_sends_one_key_and_rejects_an_empty_list() {
        let tenant = offline();
        let request = tenant
            .delete_models("8a", ["A", "B"])
            .into_request()
            .unwrap();
        assert_eq!(&request.body()[..], br#"{"modelIdsToDelete":["A","B"]}"#);
        let error = tenant
            .delete_models("8a", [""; 0])
            .into_request()
            .unwrap_err();
        assert_eq!(error.kind(), anaplan_core::ErrorKind::InvalidInput);
    }

    #[test]
    fn reason_is_read_from_the_message() {
        let reason = |message: &str| {
            let failure = ModelFailure {
                model_id: "M".into(),
                message: message.into(),
            };
            failure.reason()
        };
        assert_eq!(
            reason("Model is open. Please close the model before trying again."),
            DeleteRefusal::Open
        );
        assert_eq!(reason("Model ID does not exist."), DeleteRefusal::NotThere);
        assert_eq!(
            reason("Something went wrong. Deleting this model failed."),
            DeleteRefusal::Other
        );
    }

    #[test]
    fn deleted_models_without_failures_are_read() {
        let deleted = endpoint().decode(answer(r#"{"modelsDeleted":3}"#)).unwrap();
        assert_eq!((deleted.deleted, deleted.failures.len()), (3, 0));
        let body = r#"{"modelsDeleted":0,"bulkDeleteModelsFailures":[{"modelId":"A","message":"Model is open."}]}"#;
        let deleted = endpoint().decode(answer(body)).unwrap();
        assert_eq!(deleted.failures[0].message, "Model is open.");
    }
}
