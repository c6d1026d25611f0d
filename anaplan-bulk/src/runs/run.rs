//! Running imports, exports, actions and processes.

use std::fmt;

use anaplan_core::{
    Call, Endpoint, Error, Evidence, Finding, Lookup, Method, Path, Reconcile,
    ReconciliationRecord, RequestBody, Response, Result, RetryClass, SecretString, Task, TaskId,
    TaskStatus, async_trait, json_body,
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize, Serializer};

use crate::runs::task::tasks_path;
use crate::{ActionId, ActionRef, ActionResult, ActionTask, Bulk, GetTaskSummaries, ModelRef};

/// The only locale that the API supports.
const LOCALE: &str = "en_US";

impl Bulk {
    /// Starts an import, export, action or process, and returns the handle of the run.
    ///
    /// The first three digits of the id (112, 116, 117, 118) or an [`ActionRef`] determine the kind. An
    /// element of the API's lists can be passed as well.
    ///
    /// `POST /models/{modelId}/{imports|exports|actions|processes}/{id}/tasks`. Must not run twice:
    /// never sent again after an unknown outcome. The client lists the runs before each attempt, and
    /// searches for a new one after a lost response. The list does not show who started a run, so a
    /// single new run is only presumed: see [`Call::accept_presumed`].
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the id does not determine the kind, before anything is sent. `NotFound`,
    /// `ModelState`, `Rejected`. `Ambiguous` if it is unknown whether it runs, with the id of the
    /// presumed run, if there is one. A run that ends without success is an error of
    /// [`wait`](Task::wait): `TaskFailed`, with everything that the server reports.
    ///
    /// ```
    /// # use anaplan_bulk::{ActionRef, Bulk};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let task = bulk.run_action(ids.process).await?;
    /// let outcome = task.wait_with(|status| println!("{:?}", status.progress)).await?;
    /// for detail in outcome.details() {
    ///     println!("{:?} {:?}", detail.code, detail.local_message_text);
    /// }
    ///
    /// bulk.run_action(ActionRef::action(ids.action)).await?.wait().await?;
    ///
    /// let error = bulk.run_action(ids.bad_process).await?.wait().await.unwrap_err();
    /// assert!(error.task_failure().is_some());
    /// # Ok(()) });
    /// ```
    pub fn run_action(&self, action: impl Into<ActionRef>) -> Call<RunAction, Task<ActionTask>> {
        self.session
            .start(RunAction::new(self.model.clone(), action))
    }

    /// Starts an import, whatever its id looks like: see [`run_action`](Self::run_action).
    ///
    /// # Errors
    ///
    /// Those of [`run_action`](Self::run_action).
    ///
    /// ```
    /// # use anaplan_bulk::{Bulk, Content};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// bulk.upload_file(ids.source_file, Content::text(ids.good_csv.clone())).await?;
    /// let outcome = bulk.run_import(ids.good_import).await?.wait().await?;
    /// assert!(outcome.result.successful);
    /// # Ok(()) });
    /// ```
    pub fn run_import(&self, import: impl Into<ActionId>) -> Call<RunAction, Task<ActionTask>> {
        self.run_action(ActionRef::import(import))
    }

    /// Starts an export, whatever its id looks like: see [`run_action`](Self::run_action).
    ///
    /// # Errors
    ///
    /// Those of [`run_action`](Self::run_action).
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let outcome = bulk.run_export(ids.export).await?.wait().await?;
    /// assert!(outcome.result.successful);
    /// # Ok(()) });
    /// ```
    pub fn run_export(&self, export: impl Into<ActionId>) -> Call<RunAction, Task<ActionTask>> {
        self.run_action(ActionRef::export(export))
    }

    /// Starts a process, whatever its id looks like: see [`run_action`](Self::run_action).
    ///
    /// # Errors
    ///
    /// Those of [`run_action`](Self::run_action).
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let outcome = bulk.run_process(ids.process).await?.wait().await?;
    /// assert!(outcome.result.successful);
    /// # Ok(()) });
    /// ```
    pub fn run_process(&self, process: impl Into<ActionId>) -> Call<RunAction, Task<ActionTask>> {
        self.run_action(ActionRef::process(process))
    }
}

/// Value for a prompt of an import, such as the version to load into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MappingParameter {
    /// Import with the prompt. Needed if a process runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import_id: Option<ActionId>,
    /// Name of the prompt, such as `Version`.
    pub entity_type: String,
    /// Value, such as `Actual`.
    pub entity_name: String,
}

impl MappingParameter {
    /// An answer for the import that is run.
    pub fn new(entity_type: impl Into<String>, entity_name: impl Into<String>) -> Self {
        Self {
            import_id: None,
            entity_type: entity_type.into(),
            entity_name: entity_name.into(),
        }
    }

    /// The same for one import of the process that is run.
    #[must_use]
    pub fn of_import(mut self, import: impl Into<ActionId>) -> Self {
        self.import_id = Some(import.into());
        self
    }
}

/// Setting of a legacy connector. The value can be a password and is never shown.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectorParameter {
    source_id_or_type: String,
    parameter_id: String,
    #[serde(serialize_with = "expose")]
    value: SecretString,
}

impl ConnectorParameter {
    /// Source (`UPLOADED_FILE`, `MODEL_OBJECT`, `SALESFORCE_API` or an id), parameter (`INSTANCE`,
    /// `USERID`, `PASSWORD`, `SECURITY_TOKEN`) and value.
    pub fn new(
        source: impl Into<String>,
        parameter: impl Into<String>,
        value: impl Into<SecretString>,
    ) -> Self {
        Self {
            source_id_or_type: source.into(),
            parameter_id: parameter.into(),
            value: value.into(),
        }
    }
}

fn expose<S: Serializer>(value: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(value.expose_secret())
}

impl fmt::Debug for ConnectorParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectorParameter")
            .field("source", &self.source_id_or_type)
            .field("parameter", &self.parameter_id)
            .finish_non_exhaustive()
    }
}

/// Endpoint of [`Bulk::run_action`].
#[derive(Debug, Clone)]
pub struct RunAction {
    model: ModelRef,
    action: ActionRef,
    locale: String,
    mapping: Vec<MappingParameter>,
    connector: Vec<ConnectorParameter>,
}

impl RunAction {
    /// Creates the endpoint for an action.
    pub fn new(model: impl Into<ModelRef>, action: impl Into<ActionRef>) -> Self {
        Self {
            model: model.into(),
            action: action.into(),
            locale: LOCALE.to_owned(),
            mapping: Vec::new(),
            connector: Vec::new(),
        }
    }

    /// Sets the locale. Default: `en_US`, the only one that the API supports.
    #[must_use]
    pub fn locale(mut self, locale: impl Into<String>) -> Self {
        self.locale = locale.into();
        self
    }

    /// Adds the value for a prompt of an import.
    #[must_use]
    pub fn mapping(mut self, parameter: MappingParameter) -> Self {
        self.mapping.push(parameter);
        self
    }

    /// Adds a setting of a legacy connector.
    #[must_use]
    pub fn connector(mut self, parameter: ConnectorParameter) -> Self {
        self.connector.push(parameter);
        self
    }

    fn address(&self, task: TaskId) -> ActionTask {
        ActionTask::new(self.model.clone(), self.action.clone(), task)
    }

    async fn runs(&self, lookup: &Lookup<'_>) -> Result<Vec<TaskStatus<ActionResult>>> {
        let runs = GetTaskSummaries::new(self.model.clone(), self.action.clone());
        lookup.list(&runs).await
    }
}

impl Endpoint for RunAction {
    const NAME: &'static str = "bulk.run_action";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    type Output = ActionTask;

    fn check(&self) -> Result<()> {
        self.action.check()?;
        if self.locale.trim().is_empty() {
            return Err(Error::invalid_input("locale", "must not be empty"));
        }
        Ok(())
    }

    fn path(&self) -> Path {
        tasks_path(&self.model, &self.action)
    }

    fn body(&self) -> Result<RequestBody> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            locale_name: &'a str,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            mapping_parameters: &'a [MappingParameter],
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            connector_parameters: &'a [ConnectorParameter],
        }
        json_body(&Body {
            locale_name: &self.locale,
            mapping_parameters: &self.mapping,
            connector_parameters: &self.connector,
        })
    }

    fn reconcile(&self) -> Option<&dyn Reconcile<ActionTask>> {
        Some(self)
    }

    fn secrets(&self) -> Vec<SecretString> {
        let values = self.connector.iter();
        values.map(|parameter| parameter.value.clone()).collect()
    }

    /// The documentation has samples with and without the envelope.
    fn decode(&self, response: Response) -> Result<ActionTask> {
        let started: TaskStatus<ActionResult> = match response.field_opt("task")? {
            Some(task) => task,
            None => response.json()?,
        };
        Ok(self.address(started.task_id))
    }
}

/// The list of runs exposes neither user nor parameters, so a run is never claimed, only presumed.
#[async_trait]
impl Reconcile<ActionTask> for RunAction {
    async fn baseline(&self, lookup: &Lookup<'_>) -> Result<Vec<String>> {
        let runs = self.runs(lookup).await?;
        Ok(runs
            .into_iter()
            .map(|run| run.task_id.to_string())
            .collect())
    }

    async fn find(&self, evidence: &Evidence<'_>) -> Result<Finding<ActionTask>> {
        let mut runs = self.runs(evidence.lookup()).await?;
        runs.retain(|run| evidence.is_candidate(run.task_id.as_str(), run.creation_time));
        let Some(run) = runs.pop() else {
            return Ok(Finding::Nothing);
        };
        if !runs.is_empty() {
            let text = format!("{} new runs are listed", runs.len() + 1);
            return Ok(Finding::Unclear(text));
        }
        Ok(Finding::Presumed {
            id: run.task_id.to_string(),
            output: self.address(run.task_id),
            undecided: false,
        })
    }

    fn id(&self, task: &ActionTask) -> Option<String> {
        Some(task.task.to_string())
    }

    fn request(&self) -> serde_json::Value {
        serde_json::to_value(Recorded {
            model: self.model.clone(),
            action: self.action.clone(),
        })
        .unwrap_or_default()
    }
}

/// Arguments of a recorded run: those by which it is found again. Parameters may hold secrets.
#[derive(Serialize, Deserialize)]
struct Recorded {
    #[serde(flatten)]
    model: ModelRef,
    #[serde(flatten)]
    action: ActionRef,
}

impl RunAction {
    pub(crate) fn from_record(record: &ReconciliationRecord) -> Result<Self> {
        let recorded: Recorded = record.arguments(Self::NAME)?;
        Ok(Self::new(recorded.model, recorded.action))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_server::{TestServer, answer};

    #[test]
    fn the_body_has_no_key_too_many() {
        let bulk = TestServer::default().bulk();
        let request = bulk.run_action(117_000_000_001_u64).into_request().unwrap();
        assert_eq!(&request.body()[..], br#"{"localeName":"en_US"}"#);
        assert!(
            request
                .uri()
                .path()
                .ends_with("/models/M/actions/117000000001/tasks")
        );
        let request = bulk
            .run_process("118000000001")
            .with(|run| {
                run.mapping(MappingParameter::new("Version", "Actual").of_import("112000000007"))
                    .connector(ConnectorParameter::new(
                        "SALESFORCE_API",
                        "PASSWORD",
                        "s3cret",
                    ))
            })
            .into_request()
            .unwrap();
        assert_eq!(
            std::str::from_utf8(request.body()).unwrap(),
            r#"{"localeName":"en_US","mappingParameters":[{"importId":"112000000007","entityType":"Version","entityName":"Actual"}],"connectorParameters":[{"sourceIdOrType":"SALESFORCE_API","parameterId":"PASSWORD","value":"s3cret"}]}"#
        );
    }

    #[test]
    fn a_password_is_never_shown() {
        let parameter = ConnectorParameter::new("SALESFORCE_API", "PASSWORD", "s3cret");
        let run = RunAction::new("M", "112000000001").connector(parameter);
        assert!(!format!("{run:?}").contains("s3cret"));
    }

    #[test]
    fn every_kind_has_its_path_and_others_are_refused() {
        let bulk = TestServer::default().bulk();
        for (id, path) in [
            ("112000000001", "imports/112000000001/tasks"),
            ("116000000001", "exports/116000000001/tasks"),
            ("117000000001", "actions/117000000001/tasks"),
            ("1180000000011", "processes/1180000000011/tasks"),
        ] {
            let request = bulk.run_action(id).into_request().unwrap();
            assert!(request.uri().path().ends_with(path), "{path}");
        }
        let error = bulk.run_action("101000000001").into_request().unwrap_err();
        assert_eq!(error.kind(), anaplan_core::ErrorKind::InvalidInput);
        assert!(
            bulk.run_import("42")
                .into_request()
                .unwrap()
                .uri()
                .path()
                .ends_with("imports/42/tasks")
        );
    }

    #[test]
    fn the_task_is_read_bare_and_wrapped() {
        let run = RunAction::new("M", "112000000001");
        for body in [r#"{"task":{"taskId":"AB"}}"#, r#"{"taskId":"AB"}"#] {
            assert_eq!(run.decode(answer(200, body)).unwrap().task.as_str(), "AB");
        }
        let task = run.decode(answer(200, r#"{"taskId":"AB"}"#)).unwrap();
        let stored = serde_json::to_string(&task).unwrap();
        assert_eq!(
            stored,
            r#"{"modelId":"M","kind":"import","actionId":"112000000001","taskId":"AB"}"#
        );
        assert_eq!(serde_json::from_str::<ActionTask>(&stored).unwrap(), task);
    }
}
