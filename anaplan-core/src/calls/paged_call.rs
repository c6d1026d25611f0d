//! A call for a whole collection.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::calls::page_stream::{Items, Pages};
use crate::data::error::{ErrorKind, Result};
use crate::engine::execute::dry_run;
use crate::engine::options::{CallOptions, Deadline};
use crate::operation::paging::{Paged, Window, Windowed};
use crate::session::Session;

/// Number of times that a collection is read again if it changes while it is read.
const RESTARTS: u32 = 3;

/// A call for a whole collection. Nothing is sent before it is awaited.
///
/// `.await` returns all elements; [`items`](Self::items) and [`pages`](Self::pages) stream them. The
/// first page is requested alone; the others, up to four at a time, arrive in order.
#[must_use = "nothing is sent until the call is awaited, run or streamed"]
pub struct PagedCall<E: Paged> {
    session: Session,
    endpoint: E,
    options: CallOptions,
    window: Window,
}

impl Session {
    /// Creates a call for a whole collection. Nothing is sent.
    pub fn paged<E: Paged>(&self, endpoint: E) -> PagedCall<E> {
        PagedCall {
            session: self.clone(),
            endpoint,
            options: CallOptions::default(),
            window: Window::default(),
        }
    }
}

impl<E: Paged> PagedCall<E> {
    /// Sets optional arguments with the setters of the endpoint:
    /// `.with(|query| query.sort("-name"))`.
    pub fn with(mut self, change: impl FnOnce(E) -> E) -> Self {
        self.endpoint = change(self.endpoint);
        self
    }

    /// Sets the page size, from 1. The server limits it to 5,000 without an error.
    pub fn page_size(mut self, limit: u32) -> Self {
        self.window.limit = Some(limit);
        self
    }

    /// Starts at this element instead of the first, counted from 0.
    pub fn offset(mut self, offset: u64) -> Self {
        self.window.offset = offset;
        self
    }

    /// Limits the duration of the whole call: all pages, with sign-in and retries.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.options.timeout = Some(limit);
        self
    }

    /// Returns the endpoint with its arguments.
    pub fn endpoint(&self) -> &E {
        &self.endpoint
    }

    /// Checks the arguments and returns the request of the first page without its credential. Sends
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if an argument is invalid.
    pub fn into_request(self) -> Result<http::Request<bytes::Bytes>> {
        dry_run(&self.session, &Windowed::new(&self.endpoint, self.window))
    }

    /// Returns the pages in order. Nothing is sent before the first is polled.
    pub fn pages(self) -> Pages<E> {
        let endpoint = Arc::new(self.endpoint);
        Pages::new(self.session, endpoint, self.options, None, self.window)
    }

    /// Returns the elements in order. Nothing is sent before the first is polled.
    pub fn items(self) -> Items<E> {
        Items::new(self.pages())
    }

    /// Reads all pages. If the collection changes meanwhile, reads it again up to three times.
    async fn collect(self) -> Result<Vec<E::Item>> {
        let endpoint = Arc::new(self.endpoint);
        let deadline = Deadline::start(self.options.timeout, self.session.clock());
        let mut restarts = 0;
        loop {
            let mut pages = Pages::new(
                self.session.clone(),
                Arc::clone(&endpoint),
                self.options.clone(),
                Some(deadline),
                self.window.clone(),
            );
            let mut all = Vec::new();
            let failed = loop {
                match pages.next_page().await {
                    Some(Ok(mut page)) => all.append(&mut page.items),
                    Some(Err(error)) => break error,
                    None => return Ok(all),
                }
            };
            if failed.kind() != ErrorKind::Incomplete || restarts == RESTARTS {
                return Err(failed);
            }
            restarts += 1;
        }
    }
}

impl<E: Paged> IntoFuture for PagedCall<E> {
    type Output = Result<Vec<E::Item>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.collect())
    }
}

impl<E: Paged> fmt::Debug for PagedCall<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PagedCall")
            .field("operation", &E::NAME)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}
