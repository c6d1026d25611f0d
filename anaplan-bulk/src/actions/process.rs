//! Processes, which run several actions in order.

use anaplan_core::{
    Call, Endpoint, Method, Named, PagedCall, Path, Pending, Response, Result, RetryClass,
};
use serde::{Deserialize, Serialize};

use crate::listing::model_listing;
use crate::{ActionId, ActionRef, ActionType, Bulk, ExportLayout, ImportType, ModelRef};
use anaplan_core::lenient::{or_default, text_opt};

/// A process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Process {
    /// Id.
    pub id: ActionId,
    /// Name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Code.
    #[serde(default)]
    pub code: Option<String>,
}

/// Metadata of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProcessMetadata {
    /// Name of the process.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Steps, in the order in which they run.
    #[serde(rename = "actions", default, deserialize_with = "or_default")]
    pub steps: Vec<ProcessStep>,
}

/// One step of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProcessStep {
    /// The import, export or action.
    pub id: ActionId,
    /// Name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Type of the action.
    #[serde(default)]
    pub action_type: Option<ActionType>,
    /// Kind of the data that an import loads.
    #[serde(default)]
    pub import_type: Option<ImportType>,
    /// Source of an import.
    #[serde(default, deserialize_with = "text_opt")]
    pub import_data_source_id: Option<String>,
    /// Layout of the rows of an export.
    #[serde(default)]
    pub export_type: Option<ExportLayout>,
    /// Media type of an export's file.
    #[serde(default)]
    pub export_format: Option<String>,
}

impl Named for Process {
    const NOUN: &'static str = "process";

    fn name(&self) -> &str {
        &self.name
    }

    fn id(&self) -> &str {
        self.id.as_str()
    }
}

impl Bulk {
    /// Returns the processes of the model: all of them when awaited, or as a stream with `.items()`.
    ///
    /// `GET /models/{modelId}/processes`. Read-only: retried, also while the model is busy.
    ///
    /// # Errors
    ///
    /// `NotFound`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_bulk::{ActionId, Bulk};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let processes = bulk.get_processes().await?;
    /// assert!(processes.iter().any(|process| process.id == ActionId::from(ids.process)));
    /// # Ok(()) });
    /// ```
    #[doc(alias = "list_processes")]
    pub fn get_processes(&self) -> PagedCall<GetProcesses> {
        self.session.paged(GetProcesses::new(self.model.clone()))
    }

    /// Returns the metadata of a process: its steps in order.
    ///
    /// `GET /models/{modelId}/processes/{processId}`. Read-only: retried, also while the model
    /// is busy.
    ///
    /// # Errors
    ///
    /// `NotFound`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// for step in bulk.get_process_metadata(ids.process).await?.steps {
    ///     println!("{} {}", step.id, step.name);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn get_process_metadata(&self, process: impl Into<ActionId>) -> Call<GetProcessMetadata> {
        self.session.call(GetProcessMetadata {
            model: self.model.clone(),
            process: process.into(),
        })
    }

    /// Returns the process with a name.
    ///
    /// `GET /models/{modelId}/processes`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` with similar names, `Conflict` with the ids if several have the name.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let known = bulk.get_processes().await?.remove(0).name;
    /// let process = bulk.find_process(&known).await?;
    /// let error = bulk.find_process(format!("{}x", process.name)).await.unwrap_err();
    /// assert!(error.is_not_found() && error.to_string().contains(&known));
    /// # Ok(()) });
    /// ```
    pub fn find_process(&self, name: impl Into<String>) -> Pending<Process> {
        self.get_processes().find_by_name(name)
    }
}

model_listing! {
    /// Endpoint of [`Bulk::get_processes`].
    GetProcesses, "bulk.get_processes", "processes", Process
}

/// Endpoint of [`Bulk::get_process_metadata`].
#[derive(Debug, Clone)]
pub struct GetProcessMetadata {
    /// The model.
    pub model: ModelRef,
    /// The process.
    pub process: ActionId,
}

impl Endpoint for GetProcessMetadata {
    const NAME: &'static str = "bulk.get_process_metadata";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = ProcessMetadata;

    fn path(&self) -> Path {
        ActionRef::process(&self.process).path(&self.model)
    }

    fn decode(&self, response: Response) -> Result<ProcessMetadata> {
        response.field("processMetadata")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_server::answer;

    #[test]
    fn steps_come_in_every_kind() {
        let body = r#"{"processMetadata":{"name":"Nightly","actions":[
            {"id":"112000000001","name":"Load","importType":"USERS","importDataSourceId":"113000000001"},
            {"id":"116000000001","name":"Out","exportType":"GRID_ALL_PAGES","exportFormat":"text/csv"},
            {"id":"117000000001","name":"Delete","actionType":"NEW_ONE"}]}}"#;
        let endpoint = GetProcessMetadata {
            model: "M".into(),
            process: "118000000001".into(),
        };
        let steps = endpoint.decode(answer(200, body)).unwrap().steps;
        assert_eq!(steps[0].import_type, Some(ImportType::Users));
        assert_eq!(
            steps[2].action_type,
            Some(ActionType::Unknown("NEW_ONE".into()))
        );
    }
}
