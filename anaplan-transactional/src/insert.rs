//! Adding items to a list, without adding any twice.

use std::collections::{HashMap, HashSet};

use anaplan_core::{
    Answer, Bytes, Endpoint, ErrorKind, Found, Method, ModelId, Path, Query, Reconcile, Result,
    RetryClass, Session, async_trait,
};

use crate::batches::{Batch, Batches, Part};
use crate::dimensions::{Lookup, LookupDimensionItems};
use crate::item_writes::{items_body, split_items};
use crate::lists::list_path;
use crate::new_list_item::{Key, NewListItem};
use crate::write_report::WriteReport;
use crate::{ListId, Transactional};

impl Transactional {
    /// Adds items to a list: any number, in requests of up to 100,000. The failures of the
    /// [report](WriteReport) carry the indices of the items as they are given here: a name or code
    /// that the list has already, a value of the wrong format, and so on.
    ///
    /// `POST /models/{modelId}/lists/{listId}/items?action=add`. Nothing is added twice: before each
    /// request the client looks which of its items are there already, and when the answer gets lost, it
    /// looks again, by code or else by name. What has appeared meanwhile counts as added by this call;
    /// only the rest is sent again. Items without code and name cannot be found again: one of them in a
    /// request, and a lost answer is `Ambiguous`.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for an empty name or code, before anything is sent. `Ambiguous` when nobody can
    /// know. `NotFound`, `Forbidden`, `ModelState` for a list of a deployed model that is not production
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

    /// The ids of those items of the request that the list has, by what they are found by.
    async fn present(&self, session: &Session) -> Result<HashMap<Key, String>> {
        let wanted: HashSet<Key> = self.keys().flatten().collect();
        let items = self.items.as_slice();
        let codes: Vec<_> = items.iter().filter_map(|item| item.code.clone()).collect();
        let without_code = items.iter().filter(|item| item.code.is_none());
        let names: Vec<_> = without_code.filter_map(|item| item.name.clone()).collect();
        let call = session.call(LookupDimensionItems {
            model: self.model.clone(),
            dimension: (&self.list).into(),
            lookup: Lookup::names(names).and_codes(codes),
        });
        let mut present = HashMap::new();
        let mut note = |id: &str, name: &str, code: Option<&str>| {
            for key in [code.map(Key::code), Some(Key::name(name))]
                .into_iter()
                .flatten()
            {
                if wanted.contains(&key) {
                    present.insert(key, id.to_owned());
                }
            }
        };
        match call.await {
            Ok(found) => {
                for item in &found {
                    note(item.id.as_str(), &item.name, item.code.as_deref());
                }
            }
            // A list in which no item has a code may refuse to be asked for codes.
            Err(error) if error.kind() == ErrorKind::Rejected => {
                let model = Transactional {
                    session: session.clone(),
                    model: self.model.clone(),
                };
                let mut all = model.stream_list_items(&self.list);
                while let Some(item) = all.next_item().await {
                    let item = item?;
                    note(item.id.as_str(), &item.name, item.code.as_deref());
                }
            }
            Err(error) => return Err(error),
        }
        Ok(present)
    }

    fn keys(&self) -> impl Iterator<Item = Option<Key>> {
        self.items.as_slice().iter().map(NewListItem::key)
    }

    /// The places, within the request, of the items that have appeared since `existing`. Of several
    /// items that are found by the same key, the first is the one that was added.
    async fn appeared(&self, session: &Session, existing: &[String]) -> Result<HashSet<usize>> {
        let existing: HashSet<&str> = existing.iter().map(String::as_str).collect();
        let present = self.present(session).await?;
        let mut claimed = HashSet::new();
        let mut own = |key: Option<Key>| {
            let id = present.get(&key?)?.as_str();
            (!existing.contains(id) && claimed.insert(id)).then_some(())
        };
        let places = self.keys().enumerate();
        Ok(places
            .filter_map(|(place, key)| own(key).map(|()| place))
            .collect())
    }
}

impl Endpoint for InsertListItems {
    const NAME: &'static str = "transactional.insert_list_items";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::Conditional;
    type Output = WriteReport;

    fn path(&self) -> Path {
        list_path(&self.model, &self.list).lit("items")
    }

    fn query(&self, query: &mut Query) {
        query.push("action", "add");
    }

    fn body(&self) -> Result<Bytes> {
        items_body(&self.items, NewListItem::check)
    }

    fn reconcile(&self) -> Option<&dyn Reconcile<WriteReport>> {
        self.keys().all(|key| key.is_some()).then_some(self)
    }

    fn decode(&self, answer: Answer) -> Result<WriteReport> {
        WriteReport::read(&answer, self.items.first(), self.items.as_slice().len())
    }
}

impl Batch for InsertListItems {
    fn first(&self) -> usize {
        self.items.first()
    }
}

/// The list itself tells: what it has now and had not before.
#[async_trait]
impl Reconcile<WriteReport> for InsertListItems {
    async fn existing(&self, session: &Session) -> Result<Vec<String>> {
        Ok(self.present(session).await?.into_values().collect())
    }

    /// A repeat adds nothing twice, since names and codes are unique. But its answer would call refused
    /// what the lost attempt has added, so that only the rest is sent, and put right afterwards.
    async fn find(&self, session: &Session, existing: &[String]) -> Result<Found<WriteReport>> {
        let items = self.items.as_slice();
        let mut added = self.appeared(session, existing).await?;
        let rest: Vec<usize> = (0..items.len())
            .filter(|place| !added.contains(place))
            .collect();
        let mut report = WriteReport {
            written: added.len() as u64,
            sent: items.len(),
            ..WriteReport::default()
        };
        if !rest.is_empty() {
            let again = rest.iter().map(|&place| items[place].clone()).collect();
            let mut answer = session
                .call(InsertRest(Self {
                    model: self.model.clone(),
                    list: self.list.clone(),
                    items: Part::whole(again),
                }))
                .await?;
            report.written += answer.written;
            if !answer.is_complete() {
                // The lost attempt may have gone on while the rest was on its way.
                let late = self.appeared(session, existing).await?;
                answer.failures.retain(|failure| {
                    let place = rest.get(failure.request_index);
                    !place.is_some_and(|place| late.contains(place))
                });
                added.extend(late);
                report.written = report.written.max(added.len() as u64);
            }
            report.written = report
                .written
                .min((items.len() - answer.failures.len()) as u64);
            report.ignored = items.len() as u64 - report.written;
            report.failures = answer.failures;
            for failure in &mut report.failures {
                let place = rest.get(failure.request_index).copied();
                failure.request_index = self.items.first() + place.unwrap_or(failure.request_index);
            }
        }
        Ok(Found::Own(report))
    }
}

/// What a lost insertion left undone. Sent as often as needed: who sends it corrects the report.
struct InsertRest(InsertListItems);

impl Endpoint for InsertRest {
    const NAME: &'static str = InsertListItems::NAME;
    const METHOD: Method = InsertListItems::METHOD;
    const RETRY: RetryClass = RetryClass::Conditional;
    type Output = WriteReport;

    fn path(&self) -> Path {
        self.0.path()
    }

    fn query(&self, query: &mut Query) {
        self.0.query(query);
    }

    fn body(&self) -> Result<Bytes> {
        self.0.body()
    }

    fn may_repeat(&self) -> bool {
        true
    }

    fn decode(&self, answer: Answer) -> Result<WriteReport> {
        self.0.decode(answer)
    }
}

#[cfg(test)]
#[path = "insert_tests.rs"]
mod tests;
