//! Items of a list as a stream.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

use anaplan_core::{ByteStream, Bytes, Endpoint, Error, ErrorKind, Paging, Result, Session};
use futures_core::Stream;
use serde::Deserialize;

use crate::items::{Flaw, Scanner, Step};
use crate::items::{GetListItemsJson, ListItem};
use crate::{ListId, Transactional};

impl Transactional {
    /// Returns the items of a list as a stream: up to 1,000,000 items, one in memory at a time. The
    /// server sends them in one response, which is parsed as it arrives.
    ///
    /// Nothing is sent before the first item is polled. A broken connection ends the stream with an
    /// error. The items before it are valid.
    ///
    /// `GET /models/{modelId}/lists/{listId}/items`. Read-only: retried up to the first byte.
    ///
    /// # Errors
    ///
    /// Those of [`get_list_items`](Self::get_list_items), and `Interrupted` if the response is
    /// truncated. The stream ends after the first error.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let mut items = model.stream_list_items(ids.list).include_all();
    /// let mut count = 0;
    /// while let Some(item) = items.next_item().await {
    ///     println!("{}", item?.name);
    ///     count += 1;
    /// }
    /// assert_eq!(count, model.get_list_items(ids.list).await?.len());
    /// # Ok(()) });
    /// ```
    pub fn stream_list_items(&self, list: impl Into<ListId>) -> ListItems {
        ListItems {
            session: self.session.clone(),
            endpoint: self.get_list_items_json(list).endpoint().clone(),
            source: Source::Unopened,
            scanner: self.scanner(),
            chunk: Bytes::new(),
            given: 0,
        }
    }

    fn scanner(&self) -> Scanner {
        scanner(&self.session)
    }
}

fn scanner(session: &Session) -> Scanner {
    Scanner::new("listItems", session.settings().max_body)
}

/// List items as a stream, in order. Ends after the first error.
#[must_use = "nothing is sent until the first item is polled"]
pub struct ListItems {
    session: Session,
    endpoint: GetListItemsJson,
    source: Source,
    scanner: Scanner,
    /// Received bytes that are not parsed yet.
    chunk: Bytes,
    /// Number of returned items.
    given: u64,
}

enum Source {
    Unopened,
    Opening(Pin<Box<dyn Future<Output = Result<ByteStream>> + Send>>),
    Open(Box<ByteStream>),
    Done,
}

impl ListItems {
    /// Requests properties, subsets and selective access. Must be called before the first item is polled.
    pub fn include_all(mut self) -> Self {
        self.endpoint = self.endpoint.include_all();
        self
    }

    /// Returns the next item, `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of [`stream_list_items`](Transactional::stream_list_items).
    pub async fn next_item(&mut self) -> Option<Result<ListItem>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Parses an item from the received bytes, if one is complete.
    fn scan(&mut self) -> Result<Option<ListItem>> {
        match self.scanner.read(&self.chunk) {
            Ok(Step::More) => {
                self.chunk = Bytes::new();
                Ok(None)
            }
            Ok(Step::Element(read)) => {
                self.chunk = self.chunk.slice(read..);
                self.given += 1;
                let item = serde_json::from_slice(self.scanner.element());
                item.map(Some).map_err(|error| {
                    let (number, column) = (self.given - 1, error.column());
                    self.unreadable(&format!(
                        "does not fit at listItems[{number}], byte {column}"
                    ))
                })
            }
            Err(Flaw::Shape(what)) => Err(self.unreadable(what)),
            Err(Flaw::TooLarge) => Err(Error::new(
                ErrorKind::TooLarge,
                "an item is larger than an answer may be",
            )
            .during(GetListItemsJson::NAME)),
        }
    }

    /// Ends a response. Returns the next state: another page, or the end.
    fn finish(&mut self) -> Result<Source> {
        if !self.scanner.is_done() {
            return Err(self.unreadable("breaks off in the middle"));
        }
        #[derive(Deserialize)]
        struct Meta {
            paging: Option<Paging>,
        }
        let meta: Option<Meta> = serde_json::from_slice(self.scanner.meta()).ok();
        let paging = meta.and_then(|meta| meta.paging);
        // The documentation knows no pages here. A server that returns them must not cut the list.
        let Some(paging) = paging.filter(|paging| self.given < paging.total_size) else {
            return Ok(Source::Done);
        };
        let size = paging.current_page_size.unwrap_or_default();
        let start = paging.offset.unwrap_or_default();
        if size == 0 || start.checked_add(size) != Some(self.given) {
            let text = format!(
                "the list ended after {} of {} items",
                self.given, paging.total_size
            );
            return Err(Error::new(ErrorKind::Incomplete, text).during(GetListItemsJson::NAME));
        }
        self.endpoint = self.endpoint.clone().offset(self.given);
        self.scanner = scanner(&self.session);
        Ok(Source::Unopened)
    }

    fn unreadable(&self, what: &str) -> Error {
        Error::new(ErrorKind::Decode, format!("the answer {what}")).during(GetListItemsJson::NAME)
    }
}

impl Stream for ListItems {
    type Item = Result<ListItem>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if !this.chunk.is_empty() {
                match this.scan() {
                    Ok(None) => {}
                    Ok(Some(item)) => return Poll::Ready(Some(Ok(item))),
                    Err(error) => {
                        this.chunk = Bytes::new();
                        this.source = Source::Done;
                        return Poll::Ready(Some(Err(error)));
                    }
                }
            }
            let step = match &mut this.source {
                Source::Done => return Poll::Ready(None),
                Source::Unopened => {
                    let call = this.session.call(this.endpoint.clone());
                    Ok(Source::Opening(call.stream().into_future()))
                }
                Source::Opening(opening) => {
                    let opened = std::task::ready!(opening.as_mut().poll(cx));
                    opened.map(|stream| Source::Open(Box::new(stream)))
                }
                Source::Open(stream) => {
                    match std::task::ready!(Pin::new(&mut **stream).poll_next(cx)) {
                        Some(Ok(chunk)) => {
                            this.chunk = chunk;
                            continue;
                        }
                        Some(Err(error)) => Err(error),
                        None => this.finish(),
                    }
                }
            };
            match step {
                Ok(source) => this.source = source,
                Err(error) => {
                    this.source = Source::Done;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

#[cfg(feature = "blocking")]
impl Iterator for ListItems {
    type Item = Result<ListItem>;

    fn next(&mut self) -> Option<Self::Item> {
        anaplan_core::blocking::next(self)
    }
}

impl fmt::Debug for ListItems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListItems")
            .field("endpoint", &self.endpoint)
            .field("given", &self.given)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Reply, scripted};

    async fn all(mut items: ListItems) -> (Vec<String>, Option<ErrorKind>) {
        let mut names = Vec::new();
        while let Some(item) = items.next_item().await {
            match item {
                Ok(item) => names.push(item.name),
                Err(error) => {
                    assert!(items.next_item().await.is_none());
                    return (names, Some(error.kind()));
                }
            }
        }
        (names, None)
    }

    fn chunks(text: &str, size: usize) -> Reply {
        Reply::Chunks(
            text.as_bytes()
                .chunks(size)
                .map(Bytes::copy_from_slice)
                .collect(),
        )
    }

    const TWO: &str = r#"{"meta":{"schema":"x"},"listItems":[{"id":"1","name":"A\"]"},{"id":2,"name":"Ü"}],"status":{}}"#;

    #[tokio::test(start_paused = true)]
    async fn items_come_out_whole_whatever_the_chunks_are() {
        for size in 1..TWO.len() + 1 {
            let (model, script) = scripted([chunks(TWO, size)]);
            let (names, error) = all(model.stream_list_items(101).include_all()).await;
            assert_eq!((names, error), (vec!["A\"]".into(), "Ü".into()], None));
            assert_eq!(
                script.lines(),
                ["GET /models/M/lists/101/items?includeAll=true"]
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_before_a_flaw_is_given_and_the_flaw_is_an_error() {
        for (text, names, kind) in [
            (&TWO[..70], 1, ErrorKind::Decode),
            (
                r#"{"listItems":[{"id":"1"},{"name":"no id"}]}"#,
                1,
                ErrorKind::Decode,
            ),
            ("<html>", 0, ErrorKind::Decode),
        ] {
            let (model, _) = scripted([chunks(text, 7)]);
            let (found, error) = all(model.stream_list_items(101)).await;
            assert_eq!((found.len(), error), (names, Some(kind)), "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_pages_all_the_same_is_asked_for_the_rest() {
        let (model, script) = scripted([
            Reply::Body(
                200,
                r#"{"meta":{"paging":{"currentPageSize":1,"offset":0,"totalSize":2}},"listItems":[{"id":"1","name":"A"}]}"#,
            ),
            Reply::Body(
                200,
                r#"{"listItems":[{"id":"2","name":"B"}],"meta":{"paging":{"currentPageSize":1,"offset":1,"totalSize":2}}}"#,
            ),
        ]);
        let (names, error) = all(model.stream_list_items(101)).await;
        assert_eq!((names, error), (vec!["A".into(), "B".into()], None));
        assert_eq!(script.lines()[1], "GET /models/M/lists/101/items?offset=1");
    }

    #[cfg(feature = "blocking")]
    #[test]
    fn it_is_an_iterator_in_blocking_code() {
        let (model, _) = scripted([chunks(TWO, 5)]);
        let names: Result<Vec<_>> = model
            .stream_list_items(101)
            .map(|item| Ok(item?.name))
            .collect();
        assert_eq!(names.unwrap(), ["A\"]", "Ü"]);
    }
}
