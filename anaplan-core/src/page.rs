//! Collections that come in pages.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use serde::{Deserialize, Serialize};

use crate::call::CallOptions;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind, Result};
use crate::session::Session;

/// How many pages are fetched ahead of the one being read.
const CONCURRENCY: usize = 4;

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
    /// [`ErrorKind::InvalidInput`] when an argument cannot be sent.
    pub fn into_request(mut self) -> Result<http::Request<bytes::Bytes>> {
        self.endpoint.set_window(self.window);
        self.session.dry_run(&self.endpoint)
    }

    /// The pages, one after the other. Lazy: nothing is sent before the first is asked for.
    pub fn pages(self) -> Pages<E> {
        Pages {
            source: Arc::new(Source {
                session: self.session,
                endpoint: self.endpoint,
                options: self.options,
            }),
            limit: self.window.limit,
            flight: VecDeque::new(),
            next: self.window.offset,
            expected: self.window.offset,
            known: None,
            done: false,
        }
    }

    /// The elements, one after the other. Lazy: nothing is sent before the first is asked for.
    pub fn items(self) -> Items<E> {
        Items {
            pages: self.pages(),
            ready: Vec::new().into_iter(),
        }
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

struct Source<E> {
    session: Session,
    endpoint: E,
    options: CallOptions,
}

type Fetch<T> = Pin<Box<dyn Future<Output = Result<Page<T>>> + Send>>;

enum Slot<T> {
    Pending(Fetch<T>),
    Ready(Result<Page<T>>),
}

/// A stream of pages in order. Ends after the first error.
pub struct Pages<E: Paged> {
    source: Arc<Source<E>>,
    limit: Option<u32>,
    flight: VecDeque<(u64, Slot<E::Item>)>,
    /// Offset of the next page to ask for.
    next: u64,
    /// Offset that the page at the front must have for the pages to be without a gap.
    expected: u64,
    /// Page size and total, once a page has told them.
    known: Option<(u64, u64)>,
    done: bool,
}

impl<E: Paged> Pages<E> {
    /// The next page; `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of the call. The first one is the last element.
    pub async fn next_page(&mut self) -> Option<Result<Page<E::Item>>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    fn fetch(&mut self) {
        let source = Arc::clone(&self.source);
        let mut endpoint = source.endpoint.clone();
        let offset = self.next;
        endpoint.set_window(Window {
            offset,
            limit: self.limit,
        });
        let future = async move { source.session.execute(&endpoint, &source.options).await };
        self.flight
            .push_back((offset, Slot::Pending(Box::pin(future))));
    }

    fn top_up(&mut self) {
        match self.known {
            None if self.flight.is_empty() => self.fetch(),
            None => {}
            Some((size, total)) => {
                while self.flight.len() < CONCURRENCY && self.next < total {
                    self.fetch();
                    self.next = self.next.saturating_add(size);
                }
            }
        }
    }

    /// Takes the page at the front into account and decides where the collection goes on.
    fn accept(&mut self, asked: u64, page: Page<E::Item>) -> Result<Page<E::Item>> {
        let count = page.items.len() as u64;
        let end = asked.saturating_add(count);
        let Some(paging) = page.paging else {
            // Without paging the answer is the whole collection, or one more page of a known one.
            match self.known {
                Some((_, total)) if count > 0 && end < total => {
                    self.go_on(end, count, total);
                }
                _ => self.finish(),
            }
            return Ok(page);
        };
        if count > 0 && paging.offset != asked {
            let text = format!(
                "the server answered from element {} where {asked} was asked for",
                paging.offset
            );
            let path = self.source.endpoint.path();
            let error = Error::new(ErrorKind::Decode, text).during(E::NAME);
            return Err(path
                .values()
                .fold(error, |error, (name, value)| error.about(name, value)));
        }
        if count == 0 || end >= paging.total_size {
            self.finish();
        } else {
            self.go_on(end, count, paging.total_size);
        }
        Ok(page)
    }

    fn go_on(&mut self, end: u64, count: u64, total: u64) {
        self.expected = end;
        let size = self.known.map_or(count, |(size, _)| size.max(1));
        // A page shorter than the others moves everything behind it: what was fetched ahead has a gap.
        let aligned = self.flight.front().is_none_or(|(offset, _)| *offset == end);
        if !aligned || self.flight.is_empty() {
            self.flight.clear();
            self.next = end;
            self.known = Some((count, total));
        } else {
            self.known = Some((size, total));
        }
    }

    fn finish(&mut self) {
        self.flight.clear();
        self.done = true;
    }
}

impl<E: Paged> Stream for Pages<E> {
    type Item = Result<Page<E::Item>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.done {
            return Poll::Ready(None);
        }
        this.top_up();
        for (_, slot) in &mut this.flight {
            if let Slot::Pending(future) = slot {
                if let Poll::Ready(result) = future.as_mut().poll(cx) {
                    *slot = Slot::Ready(result);
                }
            }
        }
        match this.flight.pop_front() {
            None => {
                this.done = true;
                Poll::Ready(None)
            }
            Some((offset, Slot::Pending(future))) => {
                this.flight.push_front((offset, Slot::Pending(future)));
                Poll::Pending
            }
            Some((offset, Slot::Ready(result))) => {
                let page = result.and_then(|page| this.accept(offset, page));
                if page.is_err() {
                    this.finish();
                }
                Poll::Ready(Some(page))
            }
        }
    }
}

impl<E: Paged> fmt::Debug for Pages<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("operation", &E::NAME)
            .field("next", &self.expected)
            .finish_non_exhaustive()
    }
}

/// A stream of elements in order. Ends after the first error.
pub struct Items<E: Paged> {
    pages: Pages<E>,
    ready: std::vec::IntoIter<E::Item>,
}

impl<E: Paged> Items<E> {
    /// The next element; `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of the call. The first one is the last element.
    pub async fn next_item(&mut self) -> Option<Result<E::Item>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<E: Paged> Unpin for Items<E> {}
impl<E: Paged> Unpin for Pages<E> {}

impl<E: Paged> Stream for Items<E> {
    type Item = Result<E::Item>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.ready.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match Pin::new(&mut this.pages).poll_next(cx) {
                Poll::Ready(Some(Ok(page))) => this.ready = page.items.into_iter(),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<E: Paged> fmt::Debug for Items<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("pages", &self.pages)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, Method, Path, RetryClass};

    #[derive(Clone)]
    struct Things;

    impl Endpoint for Things {
        const NAME: &'static str = "tests.things";
        const METHOD: Method = Method::GET;
        const RETRY: RetryClass = RetryClass::ReadOnly;
        type Output = Page<u8>;

        fn path(&self) -> crate::Path {
            Path::integration().lit("models").seg("modelId", "M")
        }

        fn decode(&self, answer: Answer) -> Result<Page<u8>> {
            answer.page("things")
        }
    }

    impl Paged for Things {
        type Item = u8;

        fn set_window(&mut self, _: Window) {}
    }

    #[tokio::test]
    async fn a_page_from_another_place_is_refused_and_told_with_its_object() {
        let mut pages = Session::offline().paged(Things).pages();
        let paging = Paging {
            current_page_size: 1,
            offset: 0,
            total_size: 3,
        };
        let error = pages
            .accept(2, Page::new(vec![1], Some(paging)))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert_eq!(error.operation(), Some("tests.things"));
        assert_eq!(error.id("modelId"), Some("M"));
    }
}
