//! Adding items to a list.

use std::collections::HashSet;

use anaplan_core::{
    Endpoint, ErrorKind, Evidence, Finding, Lookup as Reader, Method, ModelId, Path, Query,
    Reconcile, RequestBody, Response, Result, RetryClass, async_trait,
};

use crate::dimensions::{Lookup, LookupDimensionItems};
use crate::items::evaluate::{MAX_RECORDED, Recorded};
use crate::items::{ItemState, Key, NewListItem, item_states, items_body, split_items};
use crate::lists::list_path;
use crate::writes::{Batch, Batches, FailureType, Part, WriteFailure, WriteReport};
use crate::{GetListItems, ListId, ListItem, Transactional};

impl Transactional {
    /// Adds items to a list, in requests of up to 100,000. The failures of the [report](WriteReport)
    /// carry the indices of the caller's items: an existing name or code, a value of the wrong format.
    ///
    /// `POST /models/{modelId}/lists/{listId}/items?action=add`. Must not run twice: never sent again
    /// after an unknown outcome. Before each request the client looks up which of its items exist, by
    /// name and code. After a lost response it reads them again. An item counts as added if it did not
    /// exist before and has the name, code, parent, properties and subsets of the request. An item counts
    /// as refused if its name or code belongs to another item. If neither holds for one of the items,
    /// the outcome is `Ambiguous`. An item that another user added meanwhile with the same values cannot
    /// be told apart and counts as added.
    ///
    /// Items without name and code cannot be looked up. If the request holds one, a lost response is
    /// `Ambiguous`. If an item has a parent, properties or subsets, the client reads the whole list after
    /// a lost response.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for an empty name or code, before anything is sent. `Ambiguous` if the response
    /// was lost and the outcome cannot be confirmed. `NotFound`, `Forbidden`, `ModelState` for a list of
    /// a deployed model that is not production data.
    ///
    /// ```
    /// # use anaplan_transactional::{NewListItem, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let items = vec![NewListItem::named("Atlantis").code("ATL"), NewListItem::named("Atlantis").code("AT2")];
    /// let report = model.insert_list_items(ids.list, items.clone()).await?;
    /// assert_eq!(report.written, 1);
    /// for (item, failure) in report.refused(&items) {
    ///     println!("{item:?}: {} {:?}", failure.failure_type, failure.message);
    /// }
    /// # Ok(()) });
    /// ```
    #[doc(alias = "add_list_items")]
    pub fn insert_list_items(
        &self,
        list: impl Into<ListId>,
        items: impl IntoIterator<Item = NewListItem>,
    ) -> Batches<InsertListItems> {
        let whole = InsertListItems::new(&self.model, list, items);
        Batches::new(self.session.clone(), whole.split())
    }
}

/// Endpoint of [`Transactional::insert_list_items`].
#[derive(Debug, Clone)]
pub struct InsertListItems {
    model: ModelId,
    list: ListId,
    items: Part<NewListItem>,
}

impl InsertListItems {
    /// Creates the endpoint for 1 to 100,000 items.
    pub fn new(
        model: impl Into<ModelId>,
        list: impl Into<ListId>,
        items: impl IntoIterator<Item = NewListItem>,
    ) -> Self {
        Self {
            model: model.into(),
            list: list.into(),
            items: Part::whole(items.into_iter().collect()),
        }
    }

    fn split(self) -> Result<Vec<Self>> {
        split_items(self.items, NewListItem::check, |items| Self {
            model: self.model.clone(),
            list: self.list.clone(),
            items,
        })
    }

    /// Reads the items of the list that have a name or a code of the request.
    ///
    /// `with_values` reads the whole list, because a lookup returns ids, names and codes only.
    async fn existing(&self, reader: &Reader<'_>, with_values: bool) -> Result<Vec<ListItem>> {
        let wanted: HashSet<Key> = self.keys().collect();
        let all = GetListItems::new(&self.model, &self.list);
        let found = if with_values {
            reader.list(&all.include_all()).await?
        } else {
            match reader.call(&self.lookup()).await {
                Ok(found) => found.into_iter().map(ListItem::from).collect(),
                // A list in which no item has a code may refuse a lookup by code.
                Err(error) if error.kind() == ErrorKind::Rejected => reader.list(&all).await?,
                Err(error) => return Err(error),
            }
        };
        let relevant = |item: &ListItem| {
            let code = item.code.as_deref().map(Key::code);
            wanted.contains(&Key::name(&item.name)) || code.is_some_and(|key| wanted.contains(&key))
        };
        Ok(found.into_iter().filter(relevant).collect())
    }

    fn lookup(&self) -> LookupDimensionItems {
        let items = self.items.as_slice();
        let codes = items.iter().filter_map(|item| item.code.clone());
        let names = items.iter().filter_map(|item| item.name.clone());
        LookupDimensionItems {
            model: self.model.clone(),
            dimension: (&self.list).into(),
            lookup: Lookup::names(names).and_codes(codes),
        }
    }

    fn keys(&self) -> impl Iterator<Item = Key> {
        self.items.as_slice().iter().flat_map(NewListItem::keys)
    }

    /// Returns the report of an insertion after which the items have these states.
    fn report(&self, states: &[ItemState]) -> WriteReport {
        let failures = states.iter().enumerate();
        let failures = failures.filter(|(_, state)| **state == ItemState::Refused);
        let failures: Vec<_> = failures
            .map(|(index, _)| WriteFailure {
                request_index: self.items.first() + index,
                failure_type: FailureType::Unknown(String::new()),
                message: Some("another item has its name or code".into()),
            })
            .collect();
        WriteReport {
            written: (states.len() - failures.len()) as u64,
            ignored: failures.len() as u64,
            sent: states.len(),
            failures,
        }
    }
}

impl Endpoint for InsertListItems {
    const NAME: &'static str = "transactional.insert_list_items";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    type Output = WriteReport;

    fn path(&self) -> Path {
        list_path(&self.model, &self.list).lit("items")
    }

    fn query(&self, query: &mut Query) {
        query.push("action", "add");
    }

    fn body(&self) -> Result<RequestBody> {
        items_body(&self.items, NewListItem::check)
    }

    fn reconcile(&self) -> Option<&dyn Reconcile<WriteReport>> {
        let mut items = self.items.as_slice().iter();
        items.all(NewListItem::has_key).then_some(self)
    }

    fn decode(&self, response: Response) -> Result<WriteReport> {
        WriteReport::read_items(
            &response,
            "added",
            self.items.first(),
            self.items.as_slice().len(),
        )
    }
}

impl Batch for InsertListItems {
    const SEQUENTIAL: bool = true;

    fn first(&self) -> usize {
        self.items.first()
    }
}

/// Names and codes are unique. An item that has every value of the request and did not exist before
/// counts as added.
#[async_trait]
impl Reconcile<WriteReport> for InsertListItems {
    async fn baseline(&self, reader: &Reader<'_>) -> Result<Vec<String>> {
        let existing = self.existing(reader, false).await?;
        Ok(existing
            .into_iter()
            .map(|item| item.id.to_string())
            .collect())
    }

    async fn find(&self, evidence: &Evidence<'_>) -> Result<Finding<WriteReport>> {
        let items = self.items.as_slice();
        let with_values = items.iter().any(NewListItem::has_values);
        let existing = self.existing(evidence.lookup(), with_values).await?;
        let existed = |item: &ListItem| evidence.attempt().existed(item.id.as_str());
        let states = item_states(items, &existing, existed);
        Ok(match states.contains(&ItemState::Missing) {
            true => Finding::Nothing,
            false => Finding::Confirmed(self.report(&states)),
        })
    }

    fn request(&self) -> serde_json::Value {
        let items = self.items.as_slice();
        if items.len() > MAX_RECORDED {
            return serde_json::Value::Null;
        }
        let recorded = Recorded {
            model_id: self.model.clone(),
            list_id: self.list.clone(),
            items: items.to_vec(),
        };
        serde_json::to_value(recorded).unwrap_or_default()
    }
}

#[cfg(test)]
#[path = "insert_tests.rs"]
mod tests;
