//! The pages and the elements of a collection as streams.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::data::error::{Error, Result};
use crate::engine::execute::execute_page;
use crate::engine::options::{CallOptions, Deadline};
use crate::operation::paging::{Page, Paged, PagingStyle, Window};
use crate::session::Session;

/// Number of pages that are requested at once.
const CONCURRENCY: usize = 4;

type Fetch<T> = Pin<Box<dyn Future<Output = Result<Page<T>>> + Send>>;

enum Slot<T> {
    Pending(Fetch<T>),
    Ready(Result<Page<T>>),
}

/// A stream of pages in order. Ends after the first error.
///
/// If the collection changes while it is read, the stream fails as
/// [`Incomplete`](crate::ErrorKind::Incomplete).
pub struct Pages<E: Paged> {
    session: Session,
    endpoint: Arc<E>,
    options: CallOptions,
    deadline: Option<Deadline>,
    in_flight: VecDeque<(Window, Slot<E::Item>)>,
    /// Page to request next, if it is known.
    next: Option<Window>,
    /// Page size, and size of the collection, after the first page.
    known: Option<(u64, u64)>,
    done: bool,
}

impl<E: Paged> Pages<E> {
    pub(crate) fn new(
        session: Session,
        endpoint: Arc<E>,
        options: CallOptions,
        deadline: Option<Deadline>,
        window: Window,
    ) -> Self {
        Self {
            session,
            endpoint,
            options,
            deadline,
            in_flight: VecDeque::new(),
            next: Some(window),
            known: None,
            done: false,
        }
    }

    /// Returns the next page, or `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of the call. The first error is the last element.
    pub async fn next_page(&mut self) -> Option<Result<Page<E::Item>>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Requests further pages: one until the size of the collection is known, then several.
    fn request_pages(&mut self) {
        let clock = self.session.clock();
        let timeout = self.options.timeout;
        let deadline = *self
            .deadline
            .get_or_insert_with(|| Deadline::start(timeout, clock));
        while let Some(window) = self.next.take() {
            let enough = match self.known {
                None => !self.in_flight.is_empty(),
                Some((_, total)) => {
                    self.in_flight.len() >= CONCURRENCY
                        || !self.in_flight.is_empty() && window.offset >= total
                }
            };
            if enough {
                self.next = Some(window);
                return;
            }
            let (session, endpoint) = (self.session.clone(), Arc::clone(&self.endpoint));
            let (options, asked) = (self.options.clone(), window.clone());
            let page =
                async move { execute_page(&session, &*endpoint, asked, &options, deadline).await };
            if let Some((size, total)) = self.known {
                let offset = window.offset.saturating_add(size);
                self.next = (has_index(E::PAGING) && offset < total).then(|| Window {
                    offset,
                    ..window.clone()
                });
            }
            self.in_flight
                .push_back((window, Slot::Pending(Box::pin(page))));
        }
    }

    /// Checks the page at the front, and determines the page that follows it.
    fn accept(&mut self, window: &Window, page: Page<E::Item>) -> Result<Page<E::Item>> {
        let total = self.known.map(|(_, total)| total);
        let following = page
            .following(window, total, E::PAGING)
            .map_err(|error| self.describe(error))?;
        let Some(following) = following else {
            self.finish();
            return Ok(page);
        };
        let requested = self.in_flight.front().map(|(window, _)| window.offset);
        if requested != Some(following.offset) {
            // A page shorter than the others leaves a gap before the pages requested ahead.
            self.in_flight.clear();
            self.next = Some(following);
            let size = page.items.len() as u64;
            self.known = page.paging.map(|paging| (size, paging.total_size));
        }
        Ok(page)
    }

    fn describe(&self, error: Error) -> Error {
        let path = self.endpoint.path();
        let error = error.during(E::NAME);
        path.values()
            .fold(error, |error, (name, value)| error.about(name, value))
    }

    fn finish(&mut self) {
        self.in_flight.clear();
        self.next = None;
        self.done = true;
    }
}

/// Returns `true` if the position of later pages follows from the size of the first.
fn has_index(style: PagingStyle) -> bool {
    matches!(
        style,
        PagingStyle::Offset { .. } | PagingStyle::StartIndex { .. }
    )
}

impl<E: Paged> Unpin for Pages<E> {}

impl<E: Paged> Stream for Pages<E> {
    type Item = Result<Page<E::Item>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.done {
            return Poll::Ready(None);
        }
        this.request_pages();
        for (_, slot) in &mut this.in_flight {
            if let Slot::Pending(future) = slot {
                if let Poll::Ready(result) = future.as_mut().poll(cx) {
                    *slot = Slot::Ready(result);
                }
            }
        }
        match this.in_flight.pop_front() {
            None => {
                this.done = true;
                Poll::Ready(None)
            }
            Some((window, Slot::Pending(future))) => {
                this.in_flight.push_front((window, Slot::Pending(future)));
                Poll::Pending
            }
            Some((window, Slot::Ready(result))) => {
                let page = result.and_then(|page| this.accept(&window, page));
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
            .finish_non_exhaustive()
    }
}

/// A stream of elements in order. Ends after the first error, like [`Pages`].
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

    /// Returns the next element, or `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of the call. The first error is the last element.
    pub async fn next_item(&mut self) -> Option<Result<E::Item>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<E: Paged> Unpin for Items<E> {}

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
