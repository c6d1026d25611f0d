//! Pages of a read request as a stream.

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use anaplan_core::{
    Bytes, Error, ErrorKind, LongRunning, PartFile, Pending, Progress, Result, Session, Task,
    TaskStatus, write_stream,
};
use futures_core::Stream;
use tokio::io::AsyncWrite;
use tokio::runtime::Handle;

use crate::Transactional;
use crate::read_requests::{DeleteReadRequest, GetReadRequestPage};
use crate::read_requests::{ReadProgress, ReadRequest};
use crate::tables::header_length;

/// Only pages whose number is a multiple of this keep a read request alive.
const LIVELY: u32 = 100;
/// Age of the last such page after which another one is fetched. The request expires after 30 minutes.
const KEEP_ALIVE: Duration = Duration::from_secs(10 * 60);

impl Transactional {
    /// Returns the pages of a read request as a stream, in order, each as soon as it is available.
    /// Concatenated they are one CSV file: a header that a later page repeats is removed.
    ///
    /// Nothing is sent before the first page is polled. One page is in memory at a time. Polling keeps
    /// the request alive if at most 20 minutes pass between two pages.
    ///
    /// The request is deleted at the end of the stream, if it fails, and if the stream is dropped before
    /// its end; in that case in the background, while the runtime is running.
    /// [`keep`](ReadPages::keep) turns that off. After any other error the request is not deleted, so
    /// that it can be read again.
    ///
    /// # Errors
    ///
    /// `TaskFailed` if the read request fails, `NotFound` if it is deleted or expired, and those of any
    /// read. The stream ends after the first error.
    ///
    /// ```
    /// # use anaplan_transactional::{ExportType, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let task = model.create_view_read_request(ids.view, ExportType::TabularMultiColumn).await?;
    /// let mut bytes = 0;
    /// let mut pages = model.read_pages(task.address());
    /// while let Some(page) = pages.next_page().await {
    ///     bytes += page?.len();
    /// }
    /// assert!(bytes > 0);
    /// assert!(model.get_read_request(task.address()).await.unwrap_err().is_not_found());
    /// # Ok(()) });
    /// ```
    pub fn read_pages(&self, request: &ReadRequest) -> ReadPages {
        let task = Task::resume(self.session.clone(), request.clone());
        ReadPages(Step::Ready(Box::new(Reader {
            session: self.session.clone(),
            request: request.clone(),
            progress: task.progress(),
            available: 0,
            complete: false,
            next: 0,
            header_lines: 1,
            header: Bytes::new(),
            touched: Duration::ZERO,
            deletion: Deletion {
                of: Some((self.session.clone(), request.clone())),
                runtime: None,
            },
        })))
    }
}

/// Pages of a read request as a stream. Ends after the first error.
#[must_use = "nothing is sent until the first page is polled"]
pub struct ReadPages(Step);

enum Step {
    Ready(Box<Reader>),
    Busy(Pin<Box<dyn Future<Output = Stepped> + Send>>),
    Done,
}

/// Reader after a step, and its page.
type Stepped = (Box<Reader>, Option<Result<Bytes>>);

struct Reader {
    session: Session,
    request: ReadRequest,
    progress: Progress<ReadRequest>,
    /// Number of available pages.
    available: u32,
    /// `true` if no more pages follow.
    complete: bool,
    next: u32,
    /// Number of lines of the header.
    header_lines: usize,
    /// Header of page 0, with its line endings.
    header: Bytes,
    /// Time at which a page was fetched that keeps the request alive.
    touched: Duration,
    deletion: Deletion,
}

impl ReadPages {
    /// Keeps the request and its pages on the server until it expires, instead of deleting it at the
    /// end. Must be called before the first page is polled.
    pub fn keep(mut self) -> Self {
        if let Step::Ready(reader) = &mut self.0 {
            reader.deletion = Deletion::default();
        }
        self
    }

    /// Sets the number of lines of the header. Default: 1.
    pub(crate) fn header_lines(mut self, count: usize) -> Self {
        if let Step::Ready(reader) = &mut self.0 {
            reader.header_lines = count;
        }
        self
    }

    /// Returns the next page, `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of [`read_pages`](Transactional::read_pages).
    pub async fn next_page(&mut self) -> Option<Result<Bytes>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Writes all pages to `writer` and returns the number of bytes.
    ///
    /// After a failure the writer holds the pages that were written so far.
    ///
    /// # Errors
    ///
    /// Those of [`read_pages`](Transactional::read_pages), and `Io` of the writer.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let task = model.create_list_read_request(ids.list).await?;
    /// let written = model.read_pages(task.address()).write_to(tokio::io::sink()).await?;
    /// assert!(written > 0);
    /// # Ok(()) });
    /// ```
    pub fn write_to<W>(self, mut writer: W) -> Pending<u64>
    where
        W: AsyncWrite + Send + Unpin + 'static,
    {
        Pending::new(async move {
            let (mut pages, deletion) = self.kept();
            let written = write_stream(&mut pages, &mut writer).await;
            deletion.after(written).await
        })
    }

    /// Saves all pages to a file, which is created under `path` once it is complete, and returns the
    /// number of bytes. The request is deleted afterwards.
    ///
    /// # Errors
    ///
    /// Those of [`read_pages`](Transactional::read_pages), and `Io` if the file cannot be written.
    ///
    /// ```
    /// # use anaplan_transactional::{ExportType, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// # let path = std::env::temp_dir().join(format!("pages-{}.csv", std::process::id()));
    /// let task = model.create_view_read_request(ids.view, ExportType::TabularMultiColumn).await?;
    /// let size = model.read_pages(task.address()).save_to(&path).await?;
    /// assert_eq!(std::fs::metadata(&path)?.len(), size);
    /// # std::fs::remove_file(path)?;
    /// # Ok(()) });
    /// ```
    pub fn save_to(self, path: impl AsRef<Path>) -> Pending<u64> {
        let path = path.as_ref().to_owned();
        Pending::new(async move {
            let (mut pages, deletion) = self.kept();
            let saved = async {
                let part = PartFile::beside(&path)?;
                let written = part.fill(&mut pages).await?;
                part.keep()?;
                Ok(written)
            };
            let saved = saved.await;
            deletion.after(saved).await
        })
    }

    /// Separates the deletion from the stream.
    fn kept(mut self) -> (Self, Deletion) {
        let mut deletion = Deletion::default();
        if let Step::Ready(reader) = &mut self.0 {
            deletion = std::mem::take(&mut reader.deletion);
        }
        deletion.begin();
        (self, deletion)
    }
}

/// Deletion of a read request. Runs in the background if it is dropped after [`begin`](Self::begin).
#[derive(Default)]
struct Deletion {
    of: Option<(Session, ReadRequest)>,
    runtime: Option<Handle>,
}

impl Deletion {
    /// Arms the deletion.
    fn begin(&mut self) {
        self.runtime = Handle::try_current().ok();
    }

    async fn now(&mut self) {
        if let Some((session, request)) = self.of.take() {
            delete(session, request).await;
        }
    }

    /// Deletes a failed request. Keeps the request after any other error, so that it can be read again.
    async fn after_error(&mut self, error: &Error) {
        if error.kind() == ErrorKind::TaskFailed {
            self.now().await;
        } else {
            self.of = None;
        }
    }

    async fn after<T>(mut self, outcome: Result<T>) -> Result<T> {
        match &outcome {
            Ok(_) => self.now().await,
            Err(error) => self.after_error(error).await,
        }
        outcome
    }
}

impl Drop for Deletion {
    fn drop(&mut self) {
        if let (Some((session, request)), Some(runtime)) = (self.of.take(), self.runtime.take()) {
            runtime.spawn(delete(session, request));
        }
    }
}

/// Deletes the request. A failure is logged only, because the data is complete or not wanted.
async fn delete(session: Session, request: ReadRequest) {
    match session.call(DeleteReadRequest { request }).await {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(target: "anaplan::task", error_kind = ?error.kind(), "the read request could not be deleted, and expires by itself");
        }
        _ => {}
    }
}

impl Reader {
    async fn step(mut self: Box<Self>) -> Stepped {
        self.deletion.begin();
        let page = self.page().await.transpose();
        if let Some(Err(error)) = &page {
            self.deletion.after_error(error).await;
        }
        (self, page)
    }

    async fn page(&mut self) -> Result<Option<Bytes>> {
        loop {
            if self.next < self.available {
                return self.fetch().await.map(Some);
            }
            if self.complete {
                self.deletion.now().await;
                return Ok(None);
            }
            match self.progress.next_status().await {
                Some(status) => self.note(status?)?,
                None => self.complete = true,
            }
        }
    }

    fn note(&mut self, status: TaskStatus<ReadProgress>) -> Result<()> {
        if !status.task_state.is_terminal() {
            let told = status.result.map_or(0, |result| result.available_pages);
            self.available = self.available.max(told);
            return Ok(());
        }
        self.available = self.request.outcome(status).map_err(|error| {
            error
                .during("transactional.read_pages")
                .about("taskId", self.request.request.as_str())
        })?;
        self.complete = true;
        Ok(())
    }

    async fn fetch(&mut self) -> Result<Bytes> {
        let lively = self.next % LIVELY == 0;
        let now = self.session.clock().monotonic();
        if !lively && now.saturating_sub(self.touched) > KEEP_ALIVE {
            // The head of the answer is enough: its body is not read.
            let page = self.next - self.next % LIVELY;
            drop(self.call(page).stream().await?);
            self.touched = now;
        }
        let mut page = self.call(self.next).await?;
        if lively {
            self.touched = self.session.clock().monotonic();
        }
        if self.next == 0 {
            self.header = page.slice(..header_length(&page, self.header_lines));
        } else if !self.header.is_empty() && page.starts_with(&self.header) {
            page = page.slice(self.header.len()..);
        } else if is_only_header(&page, &self.header) {
            page = Bytes::new();
        }
        self.next += 1;
        Ok(page)
    }

    fn call(&self, page: u32) -> anaplan_core::Call<GetReadRequestPage> {
        self.session.call(GetReadRequestPage {
            request: self.request.clone(),
            page,
        })
    }
}

/// Returns `true` if a page is only the header, without a line ending.
fn is_only_header(page: &[u8], header: &[u8]) -> bool {
    let line = header.strip_suffix(b"\n").unwrap_or(header);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    !line.is_empty() && page == line
}

impl Stream for ReadPages {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            match std::mem::replace(&mut this.0, Step::Done) {
                Step::Done => return Poll::Ready(None),
                Step::Ready(reader) => this.0 = Step::Busy(Box::pin(reader.step())),
                Step::Busy(mut future) => match future.as_mut().poll(cx) {
                    Poll::Pending => {
                        this.0 = Step::Busy(future);
                        return Poll::Pending;
                    }
                    Poll::Ready((reader, page)) => {
                        if matches!(page, Some(Ok(_))) {
                            this.0 = Step::Ready(reader);
                        }
                        return Poll::Ready(page);
                    }
                },
            }
        }
    }
}

#[cfg(feature = "blocking")]
impl Iterator for ReadPages {
    type Item = Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        anaplan_core::blocking::next(self)
    }
}

impl fmt::Debug for ReadPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("ReadPages");
        if let Step::Ready(reader) = &self.0 {
            out.field("request", &reader.request)
                .field("next", &reader.next);
        }
        out.finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "pages_tests.rs"]
mod tests;
