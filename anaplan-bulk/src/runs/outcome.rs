//! Outcome of a run, as the server reports it.

use anaplan_core::{Error, ErrorKind, Result, TaskFailure, TaskState, TaskStatus};
use serde::{Deserialize, Serialize};

use crate::{ActionId, ActionTask};
use anaplan_core::lenient::{or_default, text_opt, texts_opt};

/// Maximum number of server messages in an error.
const QUOTED: usize = 5;

/// Result of a finished run, or of one step of a process.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ActionResult {
    /// `true` if the run succeeded. Rows can be missing nevertheless: see
    /// [`failure_dump_available`](Self::failure_dump_available).
    #[serde(deserialize_with = "anaplan_core::lenient::flag")]
    pub successful: bool,
    /// `true` if the server keeps a dump of rejected rows.
    #[serde(deserialize_with = "anaplan_core::lenient::flag")]
    pub failure_dump_available: bool,
    /// Id of the action.
    #[serde(
        deserialize_with = "anaplan_core::lenient::id_opt",
        skip_serializing_if = "Option::is_none"
    )]
    pub object_id: Option<ActionId>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_name: Option<String>,
    /// Messages.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// Results of the steps of a process.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub nested_results: Vec<ActionResult>,
    /// Duration of a step, if the server reports it.
    #[serde(deserialize_with = "text_opt", skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// Start time of a step, if the server reports it.
    #[serde(deserialize_with = "text_opt", skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
}

/// Message about a run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Detail {
    /// The server's code for it, such as `hierarchyRowsProcessedWithFailures`. The set is open.
    #[serde(
        rename = "type",
        deserialize_with = "text_opt",
        skip_serializing_if = "Option::is_none"
    )]
    pub code: Option<String>,
    /// Text for users.
    #[serde(deserialize_with = "text_opt", skip_serializing_if = "Option::is_none")]
    pub local_message_text: Option<String>,
    /// Number of occurrences.
    #[serde(
        deserialize_with = "anaplan_core::lenient::count_opt",
        skip_serializing_if = "Option::is_none"
    )]
    pub occurrences: Option<u64>,
    /// Alternating names and values, as the server sends them: use [`pairs`](Self::pairs) or
    /// [`value`](Self::value).
    #[serde(deserialize_with = "texts_opt", skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Option<String>>,
}

impl Detail {
    /// Returns the values of the message: name and value, which may be missing. A pair without a name is
    /// left out.
    ///
    /// ```
    /// let detail: anaplan_bulk::Detail = serde_json::from_str(
    ///     r#"{"type":"hierarchyRowsProcessed","values":["hierarchyName","Staff","failedCount",null]}"#,
    /// )?;
    /// assert_eq!(detail.pairs().collect::<Vec<_>>(), [("hierarchyName", Some("Staff")), ("failedCount", None)]);
    /// assert_eq!(detail.value("hierarchyName"), Some("Staff"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn pairs(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.values.chunks(2).filter_map(|pair| {
            let name = pair.first()?.as_deref()?;
            Some((name, pair.get(1).and_then(Option::as_deref)))
        })
    }

    /// Returns the value of a name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.pairs().find(|(key, _)| *key == name)?.1
    }
}

impl ActionResult {
    /// Returns the result of a run that ended without success, from the error of
    /// [`wait`](anaplan_core::Task::wait) gave. `None` for errors of other kinds.
    ///
    /// ```
    /// # use anaplan_bulk::{ActionResult, Bulk};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let error = bulk.run_process(ids.bad_process).await?.wait().await.unwrap_err();
    /// let result = ActionResult::of(&error).ok_or("no result")?;
    /// for step in result.failed_steps() {
    ///     println!("{:?} {:?}", step.object_name, step.details);
    /// }
    /// assert_eq!(result.failed_steps().len(), 1);
    /// # Ok(()) });
    /// ```
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        let details = error.task_failure()?.details.as_deref()?;
        serde_json::from_str(details).ok()
    }

    /// Returns this result and all nested ones, outermost first.
    #[must_use]
    pub fn all(&self) -> Vec<&ActionResult> {
        let mut all = vec![self];
        for nested in &self.nested_results {
            all.extend(nested.all());
        }
        all
    }

    /// Returns `true` if this or a nested result has a dump.
    #[must_use]
    pub fn any_dump(&self) -> bool {
        self.all()
            .iter()
            .any(|result| result.failure_dump_available)
    }

    /// Returns the nested results that ended without success. A successful process can
    /// have such steps.
    #[must_use]
    pub fn failed_steps(&self) -> Vec<&ActionResult> {
        let mut all = self.all();
        all.remove(0);
        all.retain(|result| !result.successful);
        all
    }

    fn failure(&self) -> TaskFailure {
        let mut texts: Vec<String> = Vec::new();
        for result in self.all().into_iter().filter(|result| !result.successful) {
            for text in result.details.iter().filter_map(Detail::words) {
                texts.push(match &result.object_name {
                    Some(name) => format!("{name}: {text}"),
                    None => text.to_owned(),
                });
            }
        }
        let mut failure = TaskFailure::default();
        failure.title = self.object_name.clone();
        failure.failure_dump_available = self.any_dump();
        if texts.len() > QUOTED {
            failure.subtitle = Some(format!("and {} more", texts.len() - QUOTED));
            texts.truncate(QUOTED);
        }
        failure.message = (!texts.is_empty()).then(|| texts.join("; "));
        failure.details = serde_json::to_string(self).ok();
        failure
    }
}

impl Detail {
    fn words(&self) -> Option<&str> {
        self.local_message_text.as_deref().or(self.code.as_deref())
    }
}

/// Outcome of a successful run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ActionOutcome {
    /// Address of the run, for [`get_dump`](crate::Bulk::get_dump).
    pub task: ActionTask,
    /// Result as the server reports it.
    pub result: ActionResult,
}

impl ActionOutcome {
    /// Returns all messages, those of nested results included.
    pub fn details(&self) -> impl Iterator<Item = &Detail> {
        self.result
            .all()
            .into_iter()
            .flat_map(|result| &result.details)
    }

    /// Returns `true` if the server keeps a dump of rejected rows of the run or of a step.
    #[must_use]
    pub fn failure_dump_available(&self) -> bool {
        self.result.any_dump()
    }

    /// Returns the steps of a process that have a dump: see
    /// [`get_process_dump`](crate::Bulk::get_process_dump).
    #[must_use]
    pub fn steps_with_dump(&self) -> Vec<ActionId> {
        let steps = self.result.all().into_iter().skip(1);
        steps
            .filter(|step| step.failure_dump_available)
            .filter_map(|step| step.object_id.clone())
            .collect()
    }
}

/// Returns the outcome of a finished run, or its error.
pub(crate) fn outcome(task: ActionTask, status: TaskStatus<ActionResult>) -> Result<ActionOutcome> {
    let word = task.action.word();
    let failed = |text: String| {
        Error::new(ErrorKind::TaskFailed, text)
            .about("modelId", task.model.model.as_str())
            .about(task.action.id_name(), task.action.id().as_str())
    };
    if status.task_state == TaskState::Cancelled {
        return Err(failed(format!("the {word} was cancelled")));
    }
    match status.result {
        Some(result) if result.successful => Ok(ActionOutcome { task, result }),
        Some(result) => {
            Err(failed(format!("the {word} failed")).with_task_failure(result.failure()))
        }
        None => Err(failed(format!(
            "the {word} is over, but the server gives no result"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ActionRef, ModelRef};

    fn task() -> ActionTask {
        ActionTask::new(ModelRef::new("M"), ActionRef::from("118000000002"), "T")
    }

    fn status(json: &str) -> TaskStatus<ActionResult> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_complete_task_without_success_is_an_error_with_every_detail() {
        let status = status(
            r#"{"taskId":"T","taskState":"COMPLETE","result":{"successful":false,"failureDumpAvailable":false,
            "objectId":"118000000002","objectName":"Nightly","nestedResults":[
              {"successful":true,"failureDumpAvailable":false,"objectId":"117000000001"},
              {"successful":false,"failureDumpAvailable":true,"objectId":"112000000007","objectName":"Load staff",
               "details":[{"type":"hierarchyImportFailed","localMessageText":"No rows","occurrences":2,
                           "values":["hierarchyName","Staff","failedCount",null,"odd"]}]}]}}"#,
        );
        let error = outcome(task(), status).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TaskFailed);
        assert_eq!(error.id("processId"), Some("118000000002"));
        let failure = error.task_failure().unwrap();
        assert!(failure.failure_dump_available);
        assert_eq!(failure.message.as_deref(), Some("Load staff: No rows"));
        let details = ActionResult::of(&error).unwrap();
        assert_eq!(details.nested_results[1].details[0].values.len(), 5);
        assert!(
            error.to_string().contains("Nightly; Load staff: No rows"),
            "{error}"
        );
    }

    #[test]
    fn a_dump_alone_is_no_failure() {
        let status = status(
            r#"{"taskId":"T","taskState":"COMPLETE","result":{"successful":true,"failureDumpAvailable":true,
            "details":null,"nestedResults":[{"successful":true,"failureDumpAvailable":true,"objectId":112000000007},
            {"successful":false,"failureDumpAvailable":false}]}}"#,
        );
        let outcome = outcome(task(), status).unwrap();
        assert!(outcome.failure_dump_available());
        assert_eq!(outcome.steps_with_dump(), [ActionId::new("112000000007")]);
        assert_eq!(outcome.result.failed_steps().len(), 1);
    }

    #[test]
    fn cancelled_and_resultless_tasks_are_failures() {
        for (json, text) in [
            (
                r#"{"taskId":"T","taskState":"CANCELLED"}"#,
                "process was cancelled",
            ),
            (
                r#"{"taskId":"T","taskState":"COMPLETE"}"#,
                "gives no result",
            ),
        ] {
            let error = outcome(task(), status(json)).unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
    }
}
