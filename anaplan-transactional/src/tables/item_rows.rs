//! Items of a list as rows.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use anaplan_core::{Pending, Result};
use anaplan_table::{Header, RecordBuf, TableFormat};
use futures_core::Stream;
use serde::de::DeserializeOwned;

use crate::{ListId, ListItem, ListItems, ListMetadata, Rows, Transactional};

/// Columns before the properties.
const FIXED: [&str; 4] = ["id", "name", "code", "parent"];

impl Transactional {
    /// Reads the items of a list row by row, each as a `T`: up to 1,000,000 items, one in memory at a
    /// time.
    ///
    /// The columns are `id`, `name`, `code` and `parent`, then the properties and the subsets of the
    /// list by name. Properties that an item does not have are empty, subsets are `true` or `false`. See
    /// [`Rows`] for empty numbers, dates and booleans.
    ///
    /// `GET /models/{modelId}/lists/{listId}`, then `GET /models/{modelId}/lists/{listId}/items`. Read-only:
    /// retried up to the first byte of the items.
    ///
    /// # Errors
    ///
    /// `NotFound`, `ModelState`. From the rows: those of
    /// [`stream_list_items`](Self::stream_list_items), and `Decode` for an item that does not fit `T`,
    /// with its number and the column.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// #[derive(serde::Deserialize)]
    /// struct Region {
    ///     name: String,
    ///     code: Option<String>,
    /// }
    ///
    /// let mut regions = model.list_item_rows::<Region>(ids.list).await?;
    /// while let Some(region) = regions.next_row().await {
    ///     let region = region?;
    ///     println!("{} {:?}", region.name, region.code);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn list_item_rows<T>(&self, list: impl Into<ListId>) -> Pending<Rows<T>>
    where
        T: DeserializeOwned + 'static,
    {
        let (model, list) = (self.clone(), list.into());
        Pending::new(async move {
            let metadata = model.get_list_metadata(&list).await?;
            let items = model.stream_list_items(&list).include_all();
            Ok(Rows::of_items(ItemRows::new(items, metadata)))
        })
    }
}

/// Stream of the items of a list with the columns of the list.
pub(super) struct ItemRows {
    items: ListItems,
    properties: Vec<String>,
    subsets: Vec<String>,
    header: Header,
    format: TableFormat,
    values: RecordBuf,
    number: u64,
}

impl ItemRows {
    fn new(items: ListItems, metadata: ListMetadata) -> Self {
        let properties: Vec<_> = metadata.properties.into_iter().map(|it| it.name).collect();
        let subsets: Vec<_> = metadata.subsets.into_iter().map(|it| it.name).collect();
        let all = FIXED.into_iter().map(str::to_owned);
        let header = Header::new(all.chain(properties.iter().chain(&subsets).cloned()));
        Self {
            items,
            properties,
            subsets,
            header,
            format: TableFormat::default(),
            values: RecordBuf::new(),
            number: 0,
        }
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    pub(super) fn poll_row<T: DeserializeOwned>(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<T>>> {
        Poll::Ready(match ready!(Pin::new(&mut self.items).poll_next(cx)) {
            None => None,
            Some(Err(error)) => Some(Err(error)),
            Some(Ok(item)) => Some(self.row(&item)),
        })
    }

    fn row<T: DeserializeOwned>(&mut self, item: &ListItem) -> Result<T> {
        self.number += 1;
        self.values.clear();
        self.values.set_position(self.number, self.number);
        let code = item.code.as_deref().unwrap_or_default();
        let parent = item.parent.as_deref().unwrap_or_default();
        for value in [item.id.as_str(), &item.name, code, parent] {
            self.values.push(value);
        }
        for property in &self.properties {
            let value = item.properties.get(property);
            self.values.push(value.map_or("", String::as_str));
        }
        for subset in &self.subsets {
            let member = item.subsets.get(subset).copied().unwrap_or_default();
            self.values.push(if member { "true" } else { "false" });
        }
        let unlisted = self.push_unlisted(item);
        let header = unlisted.as_ref().unwrap_or(&self.header);
        let record = self.values.as_record(&self.format, Some(header));
        Ok(record.deserialize()?)
    }

    /// Appends the properties and subsets that the metadata does not list, such as those that were added
    /// after it was read. Returns the header with them.
    fn push_unlisted(&mut self, item: &ListItem) -> Option<Header> {
        let mut names = Vec::new();
        for (name, value) in &item.properties {
            if !self.properties.contains(name) {
                names.push(name.clone());
                self.values.push(value);
            }
        }
        for (name, member) in &item.subsets {
            if !self.subsets.contains(name) {
                names.push(name.clone());
                self.values.push(if *member { "true" } else { "false" });
            }
        }
        if names.is_empty() {
            return None;
        }
        let known = self.header.names().iter().cloned();
        Some(Header::new(known.chain(names)))
    }
}
