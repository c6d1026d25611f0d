//! Adding items to a list.

use std::collections::{HashMap, HashSet};

use anaplan_core::{
    Endpoint, ErrorKind, Evidence, Finding, Lookup as Reader, Method, ModelId, Path, Query,
    Reconcile, RequestBody, Response, Result, RetryClass, async_trait,
};

use crate::batches::{Batch, Batches, Part};
use crate::dimensions::{Lookup, LookupDimensionItems};
use crate::item_writes::{items_body, split_items};
use crate::lists::list_path;
use crate::new_list_item::{Key, NewListItem};
use crate::write_report::{FailureType, WriteFailure, WriteReport};
use crate::{GetListItems, ListId, Transactional};

impl Transactional {
    /// Adds items to a list: any number, in requests of up to 100,000. The failures of the
    /// [report](WriteReport) carry the indices of the items as they are given here: a name or code
    /// that the list has already, a value of the wrong format, and so on.
    ///
    /// `POST /models/{modelId}/lists/{listId}/items?action=add`. Must not run twice: never sent again
    /// after an unknown outcome. Before each request the client looks up which of its items exist, by
    /// code or name. After a lost response it looks them up again: if all the others exist, they count
    /// as added. Items without code and name cannot be looked up: if one of them is in the request, a
    /// lost response is `Ambiguous`.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for an empty name or code, before anything is sent. `Ambiguous` if the response
    /// was lost and some of the items do not exist. `NotFound`, `Forbidden`, `ModelState` for a list of a deployed model that is not production
    /// data.
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

/// The endpoint of [`Transactional::insert_list_items`].
#[derive(Debug, Clone)]
pub struct InsertListItems {
    model: ModelId,
    list: ListId,
    items: Part<NewListItem>,
}

impl InsertListItems {
    /// Adds these items: 1 to 100,000.
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

    /// Returns the ids of the items that exist in the list, by code or name.
    async fn existing(&self, reader: &Reader<'_>) -> Result<HashMap<Key, String>> {
        let wanted: HashSet<Key> = self.keys().flatten().collect();
        let items = self.items.as_slice();
        let codes: Vec<_> = items.iter().filter_map(|item| item.code.clone()).collect();
        let without_code = items.iter().filter(|item| item.code.is_none());
        let names: Vec<_> = without_code.filter_map(|item| item.name.clone()).collect();
        let lookup = LookupDimensionItems {
            model: self.model.clone(),
            dimension: (&self.list).into(),
            lookup: Lookup::names(names).and_codes(codes),
        };
        let mut existing = HashMap::new();
        let mut note = |id: &str, name: &str, code: Option<&str>| {
            for key in [code.map(Key::code), Some(Key::name(name))]
                .into_iter()
                .flatten()
            {
                if wanted.contains(&key) {
                    existing.insert(key, id.to_owned());
                }
            }
        };
        match reader.call(&lookup).await {
            Ok(found) => {
                for item in &found {
                    note(item.id.as_str(), &item.name, item.code.as_deref());
                }
            }
            // A list in which no item has a code may refuse a look-up by code.
            Err(error) if error.kind() == ErrorKind::Rejected => {
                let all = GetListItems::new(&self.model, &self.list);
                for item in reader.list(&all).await? {
                    note(item.id.as_str(), &item.name, item.code.as_deref());
                }
            }
            Err(error) => return Err(error),
        }
        Ok(existing)
    }

    fn keys(&self) -> impl Iterator<Item = Option<Key>> {
        self.items.as_slice().iter().map(NewListItem::key)
    }

    /// Returns the report of an insertion after which the items have these states.
    fn report(&self, states: &[ItemState]) -> WriteReport {
        let failures = states.iter().enumerate();
        let failures = failures.filter(|(_, state)| **state == ItemState::Refused);
        let failures: Vec<_> = failures
            .map(|(index, _)| WriteFailure {
                request_index: self.items.first() + index,
                failure_type: FailureType::Unknown(String::new()),
                message: Some("the name or code existed before".into()),
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

/// State of one item of the request after an attempt with unknown outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ItemState {
    /// It did not exist before, and exists now.
    Added,
    /// It existed before, or another item of the request has its name or code.
    Refused,
    /// It does not exist.
    Missing,
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
        self.keys().all(|key| key.is_some()).then_some(self)
    }

    fn decode(&self, response: Response) -> Result<WriteReport> {
        WriteReport::read(&response, self.items.first(), self.items.as_slice().len())
    }
}

impl Batch for InsertListItems {
    fn first(&self) -> usize {
        self.items.first()
    }
}

/// Names and codes are unique, so an item that exists now and did not exist before was added.
#[async_trait]
impl Reconcile<WriteReport> for InsertListItems {
    async fn baseline(&self, reader: &Reader<'_>) -> Result<Vec<String>> {
        Ok(self.existing(reader).await?.into_values().collect())
    }

    async fn find(&self, evidence: &Evidence<'_>) -> Result<Finding<WriteReport>> {
        let existing = self.existing(evidence.lookup()).await?;
        let mut added = HashSet::new();
        let states: Vec<_> = self
            .keys()
            .map(|key| match key.and_then(|key| existing.get(&key)) {
                None => ItemState::Missing,
                Some(id) if evidence.attempt().existed(id) => ItemState::Refused,
                Some(id) if added.insert(id.clone()) => ItemState::Added,
                Some(_) => ItemState::Refused,
            })
            .collect();
        let missing = states.contains(&ItemState::Missing);
        Ok(match missing {
            true => Finding::Nothing,
            false => Finding::Confirmed(self.report(&states)),
        })
    }
}

#[cfg(test)]
#[path = "insert_tests.rs"]
mod tests;
