//! Calls of read requests: the server writes a large view or list into pages of CSV.

use anaplan_core::{
    Bytes, Call, Download, Endpoint, Error, Method, ModelId, Path, RequestBody, Response, Result,
    RetryClass, Task, TaskStatus, json_body,
};
use serde::Serialize;

use crate::lists::list_path;
use crate::read_requests::{ReadProgress, ReadRequest, ReadSource, status};
use crate::views::ExportType;
use crate::views::view_path;
use crate::{ListId, Transactional, ViewId};

impl Transactional {
    /// Creates a read request for a view of more than 1,000,000 cells and returns its handle. The server
    /// writes the cells into pages of CSV. [`read_pages`](Self::read_pages) fetches them as they become
    /// available.
    ///
    /// `POST /models/{modelId}/views/{viewId}/readRequests`. Must not run twice, and nothing lets the
    /// client look for a request whose answer got lost: that is `Ambiguous`, and such a request expires
    /// by itself after 30 minutes.
    ///
    /// # Errors
    ///
    /// `Ambiguous` if the outcome is unknown. `NotFound` for an unknown view, `Rejected`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::{ExportType, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let task = model.create_view_read_request(ids.view, ExportType::TabularMultiColumn).await?;
    /// let mut pages = model.read_pages(task.address());
    /// while let Some(page) = pages.next_page().await {
    ///     println!("{} bytes", page?.len());
    /// }
    /// # Ok(()) });
    /// ```
    pub fn create_view_read_request(
        &self,
        view: impl Into<ViewId>,
        export_type: ExportType,
    ) -> Call<CreateReadRequest, Task<ReadRequest>> {
        self.session.start(CreateReadRequest {
            model: self.model.clone(),
            source: ReadSource::View(view.into()),
            export_type: Some(export_type),
        })
    }

    /// Creates a read request for a list of more than 1,000,000 items and returns its handle. The server
    /// writes the items into pages of CSV. [`read_pages`](Self::read_pages) fetches them as they become
    /// available.
    ///
    /// `POST /models/{modelId}/lists/{listId}/readRequests`. Must not run twice, like
    /// [`create_view_read_request`](Self::create_view_read_request).
    ///
    /// # Errors
    ///
    /// `Ambiguous` if the outcome is unknown. `NotFound` for an unknown list, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let task = model.create_list_read_request(ids.list).await?;
    /// let mut csv = Vec::new();
    /// let mut pages = model.read_pages(task.address());
    /// while let Some(page) = pages.next_page().await {
    ///     csv.extend_from_slice(&page?);
    /// }
    /// assert!(!csv.is_empty());
    /// # Ok(()) });
    /// ```
    pub fn create_list_read_request(
        &self,
        list: impl Into<ListId>,
    ) -> Call<CreateReadRequest, Task<ReadRequest>> {
        self.session.start(CreateReadRequest {
            model: self.model.clone(),
            source: ReadSource::List(list.into()),
            export_type: None,
        })
    }

    /// Returns a handle for a read request that was created earlier, also by another process. Sends nothing.
    ///
    /// ```
    /// # use anaplan_transactional::{ReadRequest, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let task = model.create_list_read_request(ids.list).await?;
    /// let again = model.resume_read_request(task.address().clone());
    /// let pages = again.wait().await?;
    /// assert_eq!(again.id(), task.id());
    /// model.delete_read_request(again.address()).await?;
    /// # let _ = pages;
    /// # Ok(()) });
    /// ```
    pub fn resume_read_request(&self, request: ReadRequest) -> Task<ReadRequest> {
        Task::resume(self.session.clone(), request)
    }

    /// Returns the progress of a read request.
    ///
    /// `GET /models/{modelId}/views/{viewId}/readRequests/{requestId}`, or with `lists`. Reads only:
    /// retried. Does not keep the request alive.
    ///
    /// # Errors
    ///
    /// `NotFound` for a request that is unknown, deleted or expired.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let task = model.create_list_read_request(ids.list).await?;
    /// let status = model.get_read_request(task.address()).await?;
    /// println!("{}: {:?}", status.task_state, status.result);
    /// # Ok(()) });
    /// ```
    pub fn get_read_request(&self, request: &ReadRequest) -> Call<GetReadRequest> {
        self.session.call(GetReadRequest {
            request: request.clone(),
        })
    }

    /// Returns one page of a read request as CSV. Pages count from 0; `page` must be below
    /// [`available_pages`](ReadProgress::available_pages). Awaiting returns the bytes; `stream()`,
    /// `write_to(writer)` and `save_to(path)` do not hold them in memory. [`read_pages`](Self::read_pages)
    /// fetches all pages.
    ///
    /// A request expires after 30 minutes in which no page was fetched whose number is a multiple of
    /// 100.
    ///
    /// `GET /models/{modelId}/views/{viewId}/readRequests/{requestId}/pages/{pageNo}`, or with `lists`.
    /// Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` for a page that is not available, and for a request that is deleted or expired.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let task = model.create_list_read_request(ids.list).await?;
    /// for page in 0..task.wait().await? {
    ///     let csv = model.get_read_request_page(task.address(), page).await?;
    ///     println!("{} bytes", csv.len());
    /// }
    /// task.cancel().await?;
    /// # Ok(()) });
    /// ```
    pub fn get_read_request_page(
        &self,
        request: &ReadRequest,
        page: u32,
    ) -> Call<GetReadRequestPage> {
        self.session.call(GetReadRequestPage {
            request: request.clone(),
            page,
        })
    }

    /// Deletes a read request and its pages, also while it is in progress.
    ///
    /// `DELETE /models/{modelId}/views/{viewId}/readRequests/{requestId}`, or with `lists`. Repeating it
    /// leads to the same state: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` for a request that is deleted or expired, also if a retry finds it deleted.
    ///
    /// ```
    /// # use anaplan_transactional::{ExportType, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let task = model.create_view_read_request(ids.view, ExportType::GridCurrentPage).await?;
    /// model.delete_read_request(task.address()).await?;
    /// let error = model.get_read_request_page(task.address(), 0).await.unwrap_err();
    /// assert!(error.is_not_found());
    /// # Ok(()) });
    /// ```
    pub fn delete_read_request(&self, request: &ReadRequest) -> Call<DeleteReadRequest> {
        self.session.call(DeleteReadRequest {
            request: request.clone(),
        })
    }
}

/// Endpoint of [`Transactional::create_view_read_request`] and
/// [`Transactional::create_list_read_request`].
#[derive(Debug, Clone)]
pub struct CreateReadRequest {
    /// Model.
    pub model: ModelId,
    /// Source.
    pub source: ReadSource,
    /// Layout. `None` for a list.
    pub export_type: Option<ExportType>,
}

impl Endpoint for CreateReadRequest {
    const NAME: &'static str = "transactional.create_read_request";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::Repeatable;
    type Output = ReadRequest;

    fn check(&self) -> Result<()> {
        match (&self.source, &self.export_type) {
            (ReadSource::View(_), None) => {
                Err(Error::invalid_input("exportType", "is required for a view"))
            }
            (ReadSource::List(_), Some(_)) => Err(Error::invalid_input(
                "exportType",
                "is not allowed for a list",
            )),
            _ => Ok(()),
        }
    }

    fn path(&self) -> Path {
        requests_path(&self.model, &self.source)
    }

    fn body(&self) -> Result<RequestBody> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            export_type: &'a ExportType,
        }
        match &self.export_type {
            Some(export_type) => json_body(&Body { export_type }),
            None => Ok(RequestBody::empty()),
        }
    }

    fn decode(&self, response: Response) -> Result<ReadRequest> {
        Ok(ReadRequest {
            model: self.model.clone(),
            source: self.source.clone(),
            request: status(&response, &self.source)?.task_id,
        })
    }
}

/// Endpoint of [`Transactional::get_read_request`].
#[derive(Debug, Clone)]
pub struct GetReadRequest {
    /// Request.
    pub request: ReadRequest,
}

impl Endpoint for GetReadRequest {
    const NAME: &'static str = "transactional.get_read_request";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = TaskStatus<ReadProgress>;

    fn path(&self) -> Path {
        request_path(&self.request)
    }

    fn decode(&self, response: Response) -> Result<Self::Output> {
        status(&response, &self.request.source)
    }
}

/// Endpoint of [`Transactional::get_read_request_page`].
#[derive(Debug, Clone)]
pub struct GetReadRequestPage {
    /// Request.
    pub request: ReadRequest,
    /// Number of the page, from 0.
    pub page: u32,
}

impl Endpoint for GetReadRequestPage {
    const NAME: &'static str = "transactional.get_read_request_page";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    const ACCEPT: &'static str = "text/csv";
    type Output = Bytes;

    fn path(&self) -> Path {
        request_path(&self.request)
            .lit("pages")
            .seg("pageNo", self.page.to_string())
    }
    fn decode(&self, response: Response) -> Result<Bytes> {
        Ok(response.into_body())
    }
}

impl Download for GetReadRequestPage {}

/// Endpoint of [`Transactional::delete_read_request`].
#[derive(Debug, Clone)]
pub struct DeleteReadRequest {
    /// Request.
    pub request: ReadRequest,
}

impl Endpoint for DeleteReadRequest {
    const NAME: &'static str = "transactional.delete_read_request";
    const METHOD: Method = Method::DELETE;
    const RETRY: RetryClass = RetryClass::Idempotent;
    const SUCCESS: &'static [u16] = &[];
    type Output = ();

    fn path(&self) -> Path {
        request_path(&self.request)
    }

    fn decode(&self, response: Response) -> Result<()> {
        response.acknowledged()
    }
}

fn requests_path(model: &ModelId, source: &ReadSource) -> Path {
    match source {
        ReadSource::View(view) => view_path(model, view),
        ReadSource::List(list) => list_path(model, list),
    }
    .lit("readRequests")
}

fn request_path(request: &ReadRequest) -> Path {
    requests_path(&request.model, &request.source).seg("requestId", &request.request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Reply, offline, scripted, told};
    use anaplan_core::TransportErrorKind;

    #[test]
    fn views_say_their_layout_and_lists_say_nothing() {
        let model = offline();
        let call = model.create_view_read_request(5, ExportType::TabularMultiColumn);
        assert_eq!(
            told(call.into_request()),
            (
                "POST /models/M/views/5/readRequests".into(),
                r#"{"exportType":"TABULAR_MULTI_COLUMN"}"#.into()
            )
        );
        let call = model.create_list_read_request(101);
        assert_eq!(
            told(call.into_request()),
            (
                "POST /models/M/lists/101/readRequests".into(),
                String::new()
            )
        );
        let endpoint = CreateReadRequest {
            model: "M".into(),
            source: ReadSource::View(5.into()),
            export_type: None,
        };
        assert!(endpoint.check().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn create_read_request_is_repeated_after_a_lost_response() {
        let created = r#"{"listReadRequest":{"requestId":"R","requestState":"IN_PROGRESS"}}"#;
        let (model, script) = scripted([
            Reply::Lost(TransportErrorKind::Interrupted),
            Reply::Body(200, created),
        ]);
        let task = model.create_list_read_request(101).await.unwrap();
        assert_eq!((task.id().as_str(), script.left()), ("R", 0));
    }
}
