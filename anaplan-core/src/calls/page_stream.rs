//! The pages of a collection, and its elements, as streams.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::calls::call::CallOptions;
use crate::data::error::{Error, ErrorKind, Result};
use crate::operation::page::{Page, Paged, Window};
use crate::session::Session;

/// How many pages are fetched ahead of the one being read.
const CONCURRENCY: usize = 4;

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
    pub(crate) fn new(session: Session, endpoint: E, options: CallOptions, window: Window) -> Self {
        Self {
            source: Arc::new(Source {
                session,
                endpoint,
                options,
            }),
            limit: window.limit,
            flight: VecDeque::new(),
            next: window.offset,
            expected: window.offset,
            known: None,
            done: false,
        }
    }

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
    pub(crate) fn new(pages: Pages<E>) -> Self {
        Self {
            pages,
            ready: Vec::new().into_iter(),
        }
    }

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
    use crate::{Answer, Endpoint, Method, Paging, Path, RetryClass};

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
