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
mod tests {
    use super::*;
    use crate::FailureType;
    use crate::testing::{Reply, offline, scripted, told};
    use anaplan_core::TransportErrorKind;

    const NONE: Reply = Reply::Body(200, "{}");

    fn lost(kind: TransportErrorKind) -> Reply {
        Reply::Lost(kind)
    }

    fn abc() -> Vec<NewListItem> {
        vec![
            NewListItem::named("A").code("a"),
            NewListItem::named("B"),
            NewListItem::coded("c"),
        ]
    }

    #[tokio::test(start_paused = true)]
    async fn one_look_before_and_none_after_when_all_goes_well() {
        let (model, script) = scripted([
            NONE,
            Reply::Body(200, r#"{"added":3,"ignored":0,"total":3}"#),
        ]);
        let report = model.insert_list_items(101, abc()).await.unwrap();
        assert!(report.is_complete());
        let asked = script.asked();
        assert_eq!(asked[0].line, "POST /models/M/dimensions/101/items");
        assert_eq!(asked[0].body, r#"{"names":["B"],"codes":["a","c"]}"#);
        assert_eq!(asked[1].line, "POST /models/M/lists/101/items?action=add");
        assert_eq!(
            asked[1].body,
            r#"{"items":[{"name":"A","code":"a"},{"name":"B"},{"code":"c"}]}"#
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_lost_attempt_has_added_counts_as_added() {
        let (model, script) = scripted([
            NONE,
            lost(TransportErrorKind::Interrupted),
            Reply::Body(
                200,
                r#"{"items":[{"id":"1","name":"A","code":"A"},{"id":"2","name":"b"},{"id":"3","name":"No 3","code":"c"}]}"#,
            ),
        ]);
        let report = model.insert_list_items(101, abc()).await.unwrap();
        assert_eq!(
            (report.written, report.is_complete(), script.left()),
            (3, true, 0)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_rest_is_sent_again_and_what_was_there_before_is_refused() {
        let (model, script) = scripted([
            Reply::Body(200, r#"{"items":[{"id":"1","name":"A","code":"a"}]}"#),
            lost(TransportErrorKind::Timeout),
            Reply::Body(
                200,
                r#"{"items":[{"id":"1","name":"A","code":"a"},{"id":"2","name":"B"}]}"#,
            ),
            Reply::Body(
                200,
                r#"{"added":1,"ignored":1,"total":2,"failures":[{"requestIndex":0,"failureType":"DUPLICATE","failureMessageDetails":"x"}]}"#,
            ),
            Reply::Body(
                200,
                r#"{"items":[{"id":"1","name":"A","code":"a"},{"id":"2","name":"B"},{"id":"3","name":"C","code":"c"}]}"#,
            ),
        ]);
        let report = model.insert_list_items(101, abc()).await.unwrap();
        assert_eq!(
            (report.written, report.ignored, report.failures.len()),
            (2, 1, 1)
        );
        assert_eq!(report.failures[0].request_index, 0);
        assert_eq!(
            report.failures[0].failure_type,
            FailureType::Unknown("DUPLICATE".into())
        );
        assert_eq!(
            script.asked()[3].body,
            r#"{"items":[{"name":"A","code":"a"},{"code":"c"}]}"#
        );
        assert_eq!(script.left(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_attempt_that_ends_late_is_still_ours() {
        let (model, _) = scripted([
            NONE,
            lost(TransportErrorKind::Timeout),
            NONE,
            Reply::Body(
                200,
                r#"{"added":0,"ignored":3,"failures":[{"requestIndex":0},{"requestIndex":1},{"requestIndex":2}]}"#,
            ),
            Reply::Body(
                200,
                r#"{"items":[{"id":"1","name":"A","code":"a"},{"id":"2","name":"B"}]}"#,
            ),
        ]);
        let report = model.insert_list_items(101, abc()).await.unwrap();
        assert_eq!((report.written, report.ignored), (2, 1));
        assert_eq!(report.failures[0].request_index, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn of_two_items_by_the_same_key_one_was_added() {
        let twice = vec![
            NewListItem::named("A").code("a"),
            NewListItem::named("A"),
            NewListItem::coded("A"),
        ];
        let (model, script) = scripted([
            NONE,
            lost(TransportErrorKind::Interrupted),
            Reply::Body(200, r#"{"items":[{"id":"1","name":"A","code":"a"}]}"#),
            Reply::Body(
                200,
                r#"{"added":0,"ignored":2,"failures":[{"requestIndex":0},{"requestIndex":1}]}"#,
            ),
            Reply::Body(200, r#"{"items":[{"id":"1","name":"A","code":"a"}]}"#),
        ]);
        let report = model.insert_list_items(101, twice).await.unwrap();
        let places: Vec<_> = report
            .failures
            .iter()
            .map(|failure| failure.request_index)
            .collect();
        assert_eq!((report.written, places, script.left()), (1, vec![1, 2], 0));
    }

    #[tokio::test(start_paused = true)]
    async fn indices_of_a_later_batch_are_the_callers_after_a_lost_answer_too() {
        let (model, _) = scripted([
            NONE,
            lost(TransportErrorKind::Interrupted),
            Reply::Body(200, r#"{"items":[{"id":"1","name":"A","code":"a"}]}"#),
            Reply::Body(
                200,
                r#"{"added":0,"ignored":1,"failures":[{"requestIndex":0}]}"#,
            ),
            Reply::Body(200, r#"{"items":[{"id":"1","name":"A","code":"a"}]}"#),
        ]);
        let mut items = vec![NewListItem::named("earlier"); 2];
        items.extend(abc());
        let mut batch = InsertListItems::new("M", 101, items);
        batch.items = batch
            .items
            .split(2, usize::MAX, |_| Ok(0))
            .unwrap()
            .remove(1);
        let report = model.session.call(batch).await.unwrap();
        assert_eq!((report.written, report.sent), (1, 2));
        assert_eq!(report.failures[0].request_index, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn items_that_cannot_be_found_again_are_sent_once() {
        let (model, script) = scripted([lost(TransportErrorKind::Interrupted), NONE]);
        let items = [
            NewListItem::coded("a"),
            NewListItem::unnamed().property("P", 1),
        ];
        let error = model.insert_list_items(101, items).await.unwrap_err();
        assert!(error.is_ambiguous());
        assert_eq!((script.lines().len(), script.left()), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_that_refuses_the_lookup_is_read_instead() {
        let (model, script) = scripted([
            Reply::Body(400, "{}"),
            Reply::Body(200, r#"{"listItems":[{"id":"7","name":"Z"}]}"#),
            lost(TransportErrorKind::Interrupted),
            Reply::Body(400, "{}"),
            Reply::Body(
                200,
                r#"{"listItems":[{"id":"7","name":"Z"},{"id":"8","name":"No 8","code":"c"}]}"#,
            ),
        ]);
        let report = model
            .insert_list_items(101, [NewListItem::coded("c")])
            .await
            .unwrap();
        assert_eq!((report.written, script.left()), (1, 0));
    }

    #[test]
    fn empty_names_and_codes_are_refused_before_sending() {
        let model = offline();
        for bad in [NewListItem::named(" "), NewListItem::coded("")] {
            assert!(model.insert_list_items(101, [bad]).into_calls().is_err());
        }
        let mut calls = model
            .insert_list_items(
                101,
                [NewListItem::named("A")
                    .parent("P")
                    .property("n", 1.5)
                    .subset("s", true)],
            )
            .into_calls()
            .unwrap();
        let (_, body) = told(calls.remove(0).into_request());
        assert_eq!(
            body,
            r#"{"items":[{"name":"A","parent":"P","properties":{"n":"1.5"},"subsets":{"s":true}}]}"#
        );
    }
}
