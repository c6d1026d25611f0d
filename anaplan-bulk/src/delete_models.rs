//! Deleting models.

use std::collections::BTreeSet;

use anaplan_core::{
    Answer, Bytes, Call, Endpoint, Error, Found, Method, ModelId, Path, Reconcile, Result,
    RetryClass, Session, WorkspaceId, async_trait, json_body,
};
use serde::{Deserialize, Serialize};

use crate::Tenant;
use crate::models::GetModels;
use anaplan_core::lenient::or_default;

impl Tenant {
    /// Deletes models of one workspace for good. A model must be closed first. What could not be
    /// deleted is listed in the answer: look at [`failures`](DeletedModels::failures).
    ///
    /// `POST /workspaces/{workspaceId}/bulkDeleteModels`. Needs the role of a workspace administrator.
    /// Not retried blindly, since a repeat would report what the first one deleted as unknown: when
    /// the answer gets lost, the client looks which of the models are still there, and sends the
    /// request again only if all are.
    ///
    /// # Errors
    ///
    /// `InvalidInput` without any model. `NotFound`, `Forbidden`. `Ambiguous` when nobody can know.
    ///
    /// ```
    /// # use anaplan_bulk::Tenant;
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
}

/// What became of models that were to be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeletedModels {
    /// How many were deleted.
    #[serde(rename = "modelsDeleted", default)]
    pub deleted: u64,
    /// Which were not, and why.
    #[serde(
        rename = "bulkDeleteModelsFailures",
        default,
        deserialize_with = "or_default"
    )]
    pub failures: Vec<ModelFailure>,
}

/// A model that was not deleted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelFailure {
    /// The model.
    pub model_id: ModelId,
    /// Why, in the server's words.
    #[serde(default, deserialize_with = "or_default")]
    pub message: String,
}

/// Why a model was not deleted, as far as the server's words are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeleteRefusal {
    /// The model is open: close it and delete it then.
    Open,
    /// There is no such model, or not any more.
    NotThere,
    /// Anything else: see [`ModelFailure::message`].
    Other,
}

impl ModelFailure {
    /// Why the model was not deleted.
    ///
    /// ```
    /// # use anaplan_bulk::{DeleteRefusal, Tenant};
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

/// The endpoint of [`Tenant::delete_models`].
#[derive(Debug, Clone)]
pub struct DeleteModels {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// What to delete.
    pub models: Vec<ModelId>,
}

impl DeleteModels {
    /// Those of the models that are there.
    async fn there(&self, session: &Session) -> Result<BTreeSet<String>> {
        let list = GetModels::default().in_workspace(&self.workspace);
        let all = session.paged(list).await?;
        Ok(all
            .into_iter()
            .filter(|model| self.models.contains(&model.id))
            .map(|model| model.id.to_string())
            .collect())
    }

    /// What a look at the workspace tells, given what was there before.
    fn judge(&self, before: &[String], now: &BTreeSet<String>) -> Found<DeletedModels> {
        let gone = before.iter().filter(|id| !now.contains(*id)).count();
        if gone == 0 {
            return Found::Nothing;
        }
        if gone < before.len() {
            return Found::Unclear(format!("{gone} of {} models are gone", before.len()));
        }
        let unknown = self
            .models
            .iter()
            .filter(|id| !before.iter().any(|known| **id == **known));
        Found::Own(DeletedModels {
            deleted: gone as u64,
            failures: unknown
                .map(|id| ModelFailure {
                    model_id: id.clone(),
                    message: "the model was not in the workspace".into(),
                })
                .collect(),
        })
    }
}

impl Endpoint for DeleteModels {
    const NAME: &'static str = "bulk.delete_models";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::Conditional;
    type Output = DeletedModels;

    fn path(&self) -> Path {
        Path::integration()
            .lit("workspaces")
            .seg("workspaceId", &self.workspace)
            .lit("bulkDeleteModels")
    }

    fn body(&self) -> Result<Bytes> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            model_ids_to_delete: &'a [ModelId],
        }
        if self.models.is_empty() {
            return Err(Error::invalid_input("models", "must not be empty"));
        }
        if self.models.iter().any(|id| id.as_str().trim().is_empty()) {
            return Err(Error::invalid_input(
                "models",
                "must not contain an empty id",
            ));
        }
        json_body(&Body {
            model_ids_to_delete: &self.models,
        })
    }

    fn reconcile(&self) -> Option<&dyn Reconcile<DeletedModels>> {
        Some(self)
    }

    fn decode(&self, answer: Answer) -> Result<DeletedModels> {
        answer.json()
    }
}

#[async_trait]
impl Reconcile<DeletedModels> for DeleteModels {
    async fn existing(&self, session: &Session) -> Result<Vec<String>> {
        Ok(self.there(session).await?.into_iter().collect())
    }

    async fn find(&self, session: &Session, existing: &[String]) -> Result<Found<DeletedModels>> {
        Ok(self.judge(existing, &self.there(session).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_server::{TestServer, answer};

    fn endpoint() -> DeleteModels {
        DeleteModels {
            workspace: "8a".into(),
            models: vec!["A".into(), "B".into(), "X".into()],
        }
    }

    #[test]
    fn the_request_has_the_one_key_that_the_server_knows() {
        let tenant = TestServer::default().tenant();
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
    fn the_servers_words_are_understood() {
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
    fn failures_may_be_left_out() {
        let deleted = endpoint()
            .decode(answer(200, r#"{"modelsDeleted":3}"#))
            .unwrap();
        assert_eq!((deleted.deleted, deleted.failures.len()), (3, 0));
        let body = r#"{"modelsDeleted":0,"bulkDeleteModelsFailures":[{"modelId":"A","message":"Model is open."}]}"#;
        let deleted = endpoint().decode(answer(200, body)).unwrap();
        assert_eq!(deleted.failures[0].message, "Model is open.");
    }

    #[test]
    fn a_lost_answer_is_judged_by_what_is_left() {
        let before = ["A".to_owned(), "B".to_owned()];
        let now = |ids: &[&str]| {
            ids.iter()
                .map(|id| (*id).to_owned())
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(endpoint().judge(&before, &now(&["A", "B"])), Found::Nothing);
        assert!(matches!(
            endpoint().judge(&before, &now(&["A"])),
            Found::Unclear(_)
        ));
        let Found::Own(done) = endpoint().judge(&before, &now(&[])) else {
            panic!("all are gone");
        };
        assert_eq!(done.deleted, 2);
        assert_eq!(done.failures[0].model_id, "X");
    }
}
