//! Collections that come in pages.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use serde::{Deserialize, Serialize};

use crate::calls::call::CallOptions;
use crate::calls::page_stream::{Items, Pages};
use crate::data::error::Result;
use crate::operation::endpoint::Endpoint;
use crate::session::Session;

/// An operation that answers one page of a collection.
pub trait Paged: Endpoint<Output = Page<<Self as Paged>::Item>> + Clone {
    /// One element of the collection.
    type Item: Send + 'static;

    /// Chooses the page to ask for.
    fn set_window(&mut self, window: Window);
}

/// Which part of a collection to ask for. Goes into the query with [`Window::write`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Window {
    /// The index of the first element, from 0.
    pub offset: u64,
    /// How many elements at the most; the server's own choice (5,000) when absent.
    pub limit: Option<u32>,
}

impl Window {
    /// Writes `limit` and `offset`, each only where it says something.
    pub fn write(self, query: &mut crate::Query) {
        query.push_some("limit", self.limit);
        query.push_some("offset", (self.offset > 0).then_some(self.offset));
    }
}

/// One page of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The elements.
    pub items: Vec<T>,
    /// Where the page stands in the whole, if the server said so.
    pub paging: Option<Paging>,
}

impl<T> Page<T> {
    /// A page, for endpoints that read it from something else than an envelope.
    #[must_use]
    pub fn new(items: Vec<T>, paging: Option<Paging>) -> Self {
        Self { items, paging }
    }
}

/// Where a page stands in its collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Paging {
    /// How many elements the page has.
    pub current_page_size: u64,
    /// The index of its first element.
    pub offset: u64,
    /// How many elements there are in all.
    pub total_size: u64,
}

/// A call for a whole collection, not yet made.
///
/// `.await` gives all elements, [`items`](Self::items) and [`pages`](Self::pages) stream them. The
/// first page is fetched alone; the others, up to four at a time, arrive in order.
#[must_use = "nothing is sent until the call is awaited, run or streamed"]
pub struct PagedCall<E: Paged> {
    session: Session,
    endpoint: E,
    options: CallOptions,
    window: Window,
}

impl<E: Paged> PagedCall<E> {
    pub(crate) fn new(session: Session, endpoint: E) -> Self {
        Self {
            session,
            endpoint,
            options: CallOptions::default(),
            window: Window::default(),
        }
    }

    /// Sets arguments that the method did not ask for, with the setters of the endpoint:
    /// `.with(|query| query.sort("-name"))`.
    pub fn with(mut self, change: impl FnOnce(E) -> E) -> Self {
        self.endpoint = change(self.endpoint);
        self
    }

    /// How many elements to ask for in one page. The server caps it silently at 5,000.
    pub fn page_size(mut self, limit: u32) -> Self {
        self.window.limit = Some(limit);
        self
    }

    /// Starts at this element instead of the first.
    pub fn offset(mut self, offset: u64) -> Self {
        self.window.offset = offset;
        self
    }

    /// Limits the time for each page, retries included.
    pub fn timeout(mut self, limit: std::time::Duration) -> Self {
        self.options.deadline = Some(limit);
        self
    }

    /// The request of the first page, without credential, as it would be sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when an argument cannot be sent.
    pub fn into_request(mut self) -> Result<http::Request<bytes::Bytes>> {
        self.endpoint.set_window(self.window);
        self.session.dry_run(&self.endpoint)
    }

    /// The pages, one after the other. Lazy: nothing is sent before the first is asked for.
    pub fn pages(self) -> Pages<E> {
        Pages::new(self.session, self.endpoint, self.options, self.window)
    }

    /// The elements, one after the other. Lazy: nothing is sent before the first is asked for.
    pub fn items(self) -> Items<E> {
        Items::new(self.pages())
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

impl<E: Paged> IntoFuture for PagedCall<E> {
    type Output = Result<Vec<E::Item>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let mut pages = self.pages();
        Box::pin(async move {
            let mut all = Vec::new();
            while let Some(page) = pages.next_page().await {
                all.append(&mut page?.items);
            }
            Ok(all)
        })
    }
}
