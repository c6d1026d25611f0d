//! Read requests as tasks: address, progress, outcome.

use std::fmt;

use anaplan_core::lenient::count_opt;
use anaplan_core::{
    Cancellable, Error, ErrorKind, LongRunning, ModelId, Response, Result, TaskFailure, TaskId,
    TaskState, TaskStatus,
};
use serde::{Deserialize, Serialize};

use crate::read_requests::{DeleteReadRequest, GetReadRequest};
use crate::{ListId, ViewId};

/// Source of a read request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ReadSource {
    /// Cells of a view.
    #[serde(rename = "viewId")]
    View(ViewId),
    /// Items of a list.
    #[serde(rename = "listId")]
    List(ListId),
}

impl fmt::Display for ReadSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::View(view) => write!(f, "view {view}"),
            Self::List(list) => write!(f, "list {list}"),
        }
    }
}

impl ReadSource {
    fn key(&self) -> &'static str {
        match self {
            Self::View(_) => "viewReadRequest",
            Self::List(_) => "listReadRequest",
        }
    }
}

/// Address of a read request, by which a [`Task`](anaplan_core::Task) can be resumed. Plain data to store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ReadRequest {
    /// Model.
    #[serde(rename = "modelId")]
    pub model: ModelId,
    /// Source.
    pub source: ReadSource,
    /// Request.
    #[serde(rename = "requestId")]
    pub request: TaskId,
}

/// Progress of a read request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ReadProgress {
    /// Number of pages that can be fetched. Page numbers begin with 0.
    pub available_pages: u32,
    /// `true` if the request succeeded. `None` or `false` while it is in progress.
    pub successful: Option<bool>,
}

impl LongRunning for ReadRequest {
    const KIND: &'static str = "read request";
    type Result = ReadProgress;
    /// Number of pages.
    type Outcome = u32;
    type Poll = GetReadRequest;

    fn task_id(&self) -> &TaskId {
        &self.request
    }

    fn poll(&self) -> GetReadRequest {
        GetReadRequest {
            request: self.clone(),
        }
    }

    fn outcome(&self, status: TaskStatus<ReadProgress>) -> Result<u32> {
        let failed = |text: &str| Err(Error::new(ErrorKind::TaskFailed, text));
        if status.task_state == TaskState::Cancelled {
            return failed("the read request was deleted");
        }
        match status.result {
            Some(ReadProgress {
                available_pages,
                successful: Some(true),
            }) => Ok(available_pages),
            Some(ReadProgress {
                successful: Some(false),
                ..
            }) => {
                let mut failure = TaskFailure::default();
                failure.message = Some(
                    "the server gives no reason; its quota for read requests may be used up".into(),
                );
                failed("the read request failed").map_err(|error| error.with_task_failure(failure))
            }
            _ => failed("the read request is over, but the server does not say how it ended"),
        }
    }
}

impl Cancellable for ReadRequest {
    type Cancel = DeleteReadRequest;

    fn cancel(&self) -> DeleteReadRequest {
        DeleteReadRequest {
            request: self.clone(),
        }
    }
}

pub(crate) fn status(response: &Response, source: &ReadSource) -> Result<TaskStatus<ReadProgress>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire {
        request_id: TaskId,
        #[serde(default)]
        request_state: Option<TaskState>,
        #[serde(default, deserialize_with = "count_opt")]
        available_pages: Option<u64>,
        #[serde(default)]
        successful: Option<bool>,
    }
    let wire: Wire = response.field(source.key())?;
    let state = wire.request_state.unwrap_or(TaskState::InProgress);
    let mut status = TaskStatus::new(wire.request_id, state);
    status.result = Some(ReadProgress {
        available_pages: wire
            .available_pages
            .map_or(0, |pages| u32::try_from(pages).unwrap_or(u32::MAX)),
        successful: wire.successful,
    });
    Ok(status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ExportType;
    use crate::testing::{Reply, scripted};

    #[test]
    fn the_address_is_plain_data() {
        let request = ReadRequest {
            model: "M".into(),
            source: ReadSource::List(101.into()),
            request: "AB".into(),
        };
        let text = serde_json::to_string(&request).unwrap();
        assert_eq!(
            text,
            r#"{"modelId":"M","source":{"listId":"101"},"requestId":"AB"}"#
        );
        assert_eq!(serde_json::from_str::<ReadRequest>(&text).unwrap(), request);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_waited_for_and_a_failed_one_is_an_error() {
        let started = || {
            Reply::Body(
                200,
                r#"{"viewReadRequest":{"requestId":"AB","requestState":"NOT_STARTED","url":"x"}}"#,
            )
        };
        let (model, _) = scripted([
            started(),
            Reply::Body(
                200,
                r#"{"viewReadRequest":{"viewId":206000000001,"requestId":"AB","requestState":"IN_PROGRESS","availablePages":1,"successful":false}}"#,
            ),
            Reply::Body(
                200,
                r#"{"viewReadRequest":{"requestId":"AB","requestState":"COMPLETE","availablePages":3,"successful":true}}"#,
            ),
        ]);
        let task = model
            .create_view_read_request(5, ExportType::GridCurrentPage)
            .await
            .unwrap();
        assert_eq!(task.wait().await.unwrap(), 3);
        for end in [
            r#"{"viewReadRequest":{"requestId":"AB","requestState":"COMPLETE","availablePages":3,"successful":false}}"#,
            r#"{"viewReadRequest":{"requestId":"AB","requestState":"COMPLETE"}}"#,
            r#"{"viewReadRequest":{"requestId":"AB","requestState":"CANCELLED","successful":true}}"#,
        ] {
            let (model, _) = scripted([started(), Reply::Body(200, end)]);
            let task = model
                .create_view_read_request(5, ExportType::GridCurrentPage)
                .await
                .unwrap();
            let error = task.wait().await.unwrap_err();
            assert_eq!(
                (error.kind(), error.task_id()),
                (ErrorKind::TaskFailed, Some("AB")),
                "{end}"
            );
        }
    }
}
