//! Collections that are read page by page.

use http::{HeaderMap, Method};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::data::error::{Error, ErrorKind, Result};
use crate::data::hosts::Service;
use crate::data::lenient::count;
use crate::data::url::{Path, Query};
use crate::operation::{
    Authorization, Decision, Endpoint, Operation, Refusal, RequestBody, RetryClass,
};

/// An operation that returns one page of a collection.
///
/// The engine writes the page's query parameters, as [`PAGING`](Self::PAGING) says.
pub trait Paged: Endpoint<Output = Page<<Self as Paged>::Item>> {
    /// Element of the collection.
    type Item: Send + 'static;

    /// Paging style. Default: `offset` and `limit`.
    const PAGING: PagingStyle = PagingStyle::Offset {
        offset: "offset",
        limit: "limit",
    };
}

/// Query parameters by which a service selects a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PagingStyle {
    /// Zero-based index of the first element, and the page size.
    Offset {
        /// Parameter of the index.
        offset: &'static str,
        /// Parameter of the page size.
        limit: &'static str,
    },
    /// One-based index of the first element, and the page size: `startIndex` and `count` of SCIM.
    StartIndex {
        /// Parameter of the index.
        start: &'static str,
        /// Parameter of the page size.
        count: &'static str,
    },
    /// Page number, and the page size.
    PageNumber {
        /// Parameter of the page number.
        page: &'static str,
        /// Parameter of the page size.
        size: &'static str,
        /// Number of the first page: 0 or 1.
        first: u64,
    },
    /// Each page holds the link to the next one.
    NextLink,
    /// The service returns the whole collection at once.
    Whole,
}

/// Page to read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Window {
    /// Zero-based index of the first element.
    pub offset: u64,
    /// Page size. `None`: the default of the service.
    pub limit: Option<u32>,
    /// Number of the page, counted from 0.
    pub(crate) page: u64,
    /// Query of the link to this page.
    pub(crate) link: Option<Vec<(String, String)>>,
}

impl Window {
    fn write(&self, style: PagingStyle, query: &mut Query) {
        match style {
            PagingStyle::Offset { offset, limit } => {
                query.push_some(limit, self.limit);
                query.push_some(offset, (self.offset > 0).then_some(self.offset));
            }
            PagingStyle::StartIndex { start, count } => {
                query.push_some(count, self.limit);
                let index = self.offset.saturating_add(1);
                query.push_some(start, (self.offset > 0).then_some(index));
            }
            PagingStyle::PageNumber { page, size, first } => {
                query.push_some(size, self.limit);
                let number = self.page.saturating_add(first);
                query.push_some(page, (self.page > 0).then_some(number));
            }
            PagingStyle::NextLink => {
                if let Some(pairs) = &self.link {
                    query.replace(pairs);
                }
            }
            PagingStyle::Whole => {}
        }
    }
}

/// One page of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// Elements.
    pub items: Vec<T>,
    /// Position of the page in the collection, if the server reports it.
    pub paging: Option<Paging>,
    /// Link to the next page, for [`PagingStyle::NextLink`].
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Creates a page, for endpoints that do not read it from the API's envelope.
    #[must_use]
    pub fn new(items: Vec<T>, paging: Option<Paging>) -> Self {
        Self {
            items,
            paging,
            next: None,
        }
    }

    /// Sets the link to the next page.
    #[must_use]
    pub fn with_next(mut self, next: Option<String>) -> Self {
        self.next = next;
        self
    }

    /// Returns the window of the next page, or `None` after the last.
    ///
    /// `total` is the size of the collection that an earlier page reported.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Incomplete`] if rows are missing, if the page is another one than requested, or if
    /// the size of the collection changed.
    pub(crate) fn following(
        &self,
        window: &Window,
        total: Option<u64>,
        style: PagingStyle,
    ) -> Result<Option<Window>> {
        let count = self.items.len() as u64;
        let end = window.offset.saturating_add(count);
        let next = || Window {
            offset: end,
            limit: window.limit,
            page: window.page.saturating_add(1),
            link: None,
        };
        if style == PagingStyle::NextLink {
            return match self.next.as_deref().filter(|link| !link.is_empty()) {
                Some(link) => match Some(Query::parse(link)) {
                    same if same == window.link => {
                        Err(incomplete("the page links to itself".to_owned()))
                    }
                    link => Ok(Some(Window { link, ..next() })),
                },
                None => Ok(None),
            };
        }
        let Some(paging) = self.paging else {
            return match total {
                Some(total) if end < total => Err(short(end, total)),
                // Without a total, the page after a non-empty page shows whether there is more.
                None if matches!(style, PagingStyle::PageNumber { .. }) && count > 0 => {
                    Ok(Some(next()))
                }
                _ => Ok(None),
            };
        };
        // A page without an index is the first one: a server that ignores the index repeats it forever.
        let offset = match style {
            PagingStyle::Offset { .. } => Some(paging.offset.unwrap_or_default()),
            _ => paging.offset,
        };
        if let Some(offset) = offset.filter(|offset| count > 0 && *offset != window.offset) {
            return Err(incomplete(format!(
                "the server returned rows from index {offset} instead of {}",
                window.offset
            )));
        }
        if paging.current_page_size.is_some_and(|size| size > count) {
            return Err(incomplete(format!(
                "the page has {count} rows of {}",
                paging.current_page_size.unwrap_or_default()
            )));
        }
        if total.is_some_and(|total| total != paging.total_size) {
            return Err(incomplete(format!(
                "the collection changed from {} to {} rows while it was read",
                total.unwrap_or_default(),
                paging.total_size
            )));
        }
        if end >= paging.total_size {
            return Ok(None);
        }
        if count == 0 || style == PagingStyle::Whole {
            return Err(short(end, paging.total_size));
        }
        Ok(Some(next()))
    }
}

fn short(end: u64, total: u64) -> Error {
    incomplete(format!("the listing ended after {end} of {total} rows"))
}

fn incomplete(text: String) -> Error {
    Error::new(ErrorKind::Incomplete, text)
}

/// Position of a page in its collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Paging {
    /// Number of elements of the page.
    #[serde(
        deserialize_with = "crate::data::lenient::count_opt",
        alias = "itemsPerPage",
        skip_serializing_if = "Option::is_none"
    )]
    pub current_page_size: Option<u64>,
    /// Zero-based index of its first element.
    #[serde(
        deserialize_with = "crate::data::lenient::count_opt",
        alias = "offSet",
        skip_serializing_if = "Option::is_none"
    )]
    pub offset: Option<u64>,
    /// Number of elements of the collection.
    #[serde(deserialize_with = "count", alias = "totalResults")]
    pub total_size: u64,
}

impl Paging {
    /// Creates a position, for endpoints that do not read it from the API's envelope.
    #[must_use]
    pub fn new(offset: u64, current_page_size: u64, total_size: u64) -> Self {
        Self {
            current_page_size: Some(current_page_size),
            offset: Some(offset),
            total_size,
        }
    }
}

/// An endpoint together with the page to read.
pub(crate) struct Windowed<'a, E> {
    endpoint: &'a E,
    window: Window,
}

impl<'a, E: Paged> Windowed<'a, E> {
    pub(crate) fn new(endpoint: &'a E, window: Window) -> Self {
        Self { endpoint, window }
    }
}

impl<E: Paged> Operation for Windowed<'_, E> {
    fn name(&self) -> &'static str {
        E::NAME
    }

    fn method(&self) -> Method {
        E::METHOD
    }

    fn service(&self) -> Service {
        E::SERVICE
    }

    fn authorization(&self) -> Authorization {
        E::AUTHORIZATION
    }

    fn accept(&self) -> &'static str {
        E::ACCEPT
    }

    fn content_type(&self) -> &'static str {
        E::CONTENT_TYPE
    }

    fn success(&self) -> &'static [u16] {
        E::SUCCESS
    }

    fn class(&self) -> RetryClass {
        self.endpoint.retry_class()
    }

    fn check_arguments(&self) -> Result<()> {
        if self.window.limit == Some(0) {
            return Err(Error::invalid_input("page_size", "must be 1 or more"));
        }
        self.endpoint.check()
    }

    fn request_path(&self) -> Path {
        self.endpoint.path()
    }

    fn write_query(&self, query: &mut Query) {
        self.endpoint.query(query);
        self.window.write(E::PAGING, query);
    }

    fn write_headers(&self, headers: &mut HeaderMap) -> Result<()> {
        self.endpoint.headers(headers)
    }

    fn request_body(&self) -> Result<RequestBody> {
        self.endpoint.body()
    }

    fn classify(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        self.endpoint.refusal(refusal)
    }

    fn own_secrets(&self) -> Vec<SecretString> {
        self.endpoint.secrets()
    }
}

#[cfg(test)]
mod tests;
