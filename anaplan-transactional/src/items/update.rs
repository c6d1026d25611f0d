//! Updates and deletions of list items.

use anaplan_core::{
    Endpoint, Error, Method, ModelId, Path, Query, RequestBody, Response, Result, RetryClass,
    json_body,
};
use serde::Serialize;

use crate::items::{ListItemKey, ListItemUpdate};
use crate::limits::ITEMS_PER_WRITE;
use crate::lists::list_path;
use crate::writes::Part;
use crate::writes::WriteReport;
use crate::writes::{Batch, Batches};
use crate::{ListId, Transactional};

impl Transactional {
    /// Changes items of a list: any number, in requests of up to 100,000. The failures of the
    /// [report](WriteReport) carry the indices of the caller's items.
    ///
    /// `PUT /models/{modelId}/lists/{listId}/items`. Repeating it leads to the same state: retried
    /// freely.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for an item without id, code and name, before anything is sent. `NotFound`,
    /// `Forbidden`, `ModelState` for a list of a deployed model that is not production data.
    ///
    /// ```
    /// # use anaplan_transactional::{ListItemUpdate, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let item = model.get_list_items(ids.list).await?.remove(0);
    /// let update = ListItemUpdate::by_id(&item.id).name("Renamed").code(item.code.as_deref().unwrap_or("NEW"));
    /// let report = model.update_list_items(ids.list, [update]).await?.complete()?;
    /// assert_eq!(report.written, 1);
    /// # Ok(()) });
    /// ```
    pub fn update_list_items(
        &self,
        list: impl Into<ListId>,
        items: impl IntoIterator<Item = ListItemUpdate>,
    ) -> Batches<UpdateListItems> {
        let whole = UpdateListItems::new(&self.model, list, items);
        Batches::new(self.session.clone(), whole.split())
    }

    /// Deletes items of a list by id, code or name: any number, in requests of up to 100,000. An item
    /// that does not exist is a failure of the [report](WriteReport).
    ///
    /// `POST /models/{modelId}/lists/{listId}/items?action=delete`. Retried if every item is identified
    /// by id, because an id is never assigned again. The report of a retry counts items that the lost
    /// request deleted as failures. With codes or names it is never sent again, because a new item may
    /// have them.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for an empty key, before anything is sent. `Ambiguous` if the response was lost and
    /// an item is identified by code or name. `NotFound`, `Forbidden`, `ModelState` for a list of a deployed model that is not
    /// production data.
    ///
    /// ```
    /// # use anaplan_transactional::{ListItemKey, NewListItem, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// model.insert_list_items(ids.list, [NewListItem::named("Short-lived").code("SL")]).await?.complete()?;
    /// let report = model.delete_list_items(ids.list, [ListItemKey::code("SL")]).await?;
    /// assert_eq!(report.complete()?.written, 1);
    /// # Ok(()) });
    /// ```
    pub fn delete_list_items<K: Into<ListItemKey>>(
        &self,
        list: impl Into<ListId>,
        items: impl IntoIterator<Item = K>,
    ) -> Batches<DeleteListItems> {
        let whole = DeleteListItems::new(&self.model, list, items);
        Batches::new(self.session.clone(), whole.split())
    }
}

/// Endpoint of [`Transactional::update_list_items`].
#[derive(Debug, Clone)]
pub struct UpdateListItems {
    model: ModelId,
    list: ListId,
    items: Part<ListItemUpdate>,
}

impl UpdateListItems {
    /// Creates the endpoint for 1 to 100,000 items.
    pub fn new(
        model: impl Into<ModelId>,
        list: impl Into<ListId>,
        items: impl IntoIterator<Item = ListItemUpdate>,
    ) -> Self {
        Self {
            model: model.into(),
            list: list.into(),
            items: Part::whole(items.into_iter().collect()),
        }
    }

    fn split(self) -> Result<Vec<Self>> {
        split_items(self.items, ListItemUpdate::check, |items| Self {
            model: self.model.clone(),
            list: self.list.clone(),
            items,
        })
    }
}

impl Endpoint for UpdateListItems {
    const NAME: &'static str = "transactional.update_list_items";
    const METHOD: Method = Method::PUT;
    const RETRY: RetryClass = RetryClass::Idempotent;
    type Output = WriteReport;

    fn path(&self) -> Path {
        list_path(&self.model, &self.list).lit("items")
    }

    fn body(&self) -> Result<RequestBody> {
        items_body(&self.items, ListItemUpdate::check)
    }

    fn decode(&self, response: Response) -> Result<WriteReport> {
        WriteReport::read_items(
            &response,
            "updated",
            self.items.first(),
            self.items.as_slice().len(),
        )
    }
}

impl Batch for UpdateListItems {
    fn first(&self) -> usize {
        self.items.first()
    }
}

/// Endpoint of [`Transactional::delete_list_items`].
#[derive(Debug, Clone)]
pub struct DeleteListItems {
    model: ModelId,
    list: ListId,
    items: Part<ListItemKey>,
}

impl DeleteListItems {
    /// Creates the endpoint for 1 to 100,000 items.
    pub fn new<K: Into<ListItemKey>>(
        model: impl Into<ModelId>,
        list: impl Into<ListId>,
        items: impl IntoIterator<Item = K>,
    ) -> Self {
        Self {
            model: model.into(),
            list: list.into(),
            items: Part::whole(items.into_iter().map(Into::into).collect()),
        }
    }

    fn split(self) -> Result<Vec<Self>> {
        split_items(self.items, ListItemKey::check, |items| Self {
            model: self.model.clone(),
            list: self.list.clone(),
            items,
        })
    }
}

impl Endpoint for DeleteListItems {
    const NAME: &'static str = "transactional.delete_list_items";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::NotIdempotent;
    type Output = WriteReport;

    fn path(&self) -> Path {
        list_path(&self.model, &self.list).lit("items")
    }

    fn query(&self, query: &mut Query) {
        query.push("action", "delete");
    }

    fn body(&self) -> Result<RequestBody> {
        items_body(&self.items, ListItemKey::check)
    }

    /// An id is never assigned again, but a name or a code may belong to a new item meanwhile.
    fn retry_class(&self) -> RetryClass {
        let items = self.items.as_slice();
        match items.iter().all(|item| matches!(item, ListItemKey::Id(_))) {
            true => RetryClass::Idempotent,
            false => RetryClass::NotIdempotent,
        }
    }

    fn decode(&self, response: Response) -> Result<WriteReport> {
        WriteReport::read_items(
            &response,
            "deleted",
            self.items.first(),
            self.items.as_slice().len(),
        )
    }
}

impl Batch for DeleteListItems {
    fn first(&self) -> usize {
        self.items.first()
    }
}

/// Checks all items and splits them into requests.
pub(crate) fn split_items<T, E>(
    items: Part<T>,
    check: impl Fn(&T) -> Result<()>,
    make: impl Fn(Part<T>) -> E,
) -> Result<Vec<E>> {
    let mut index = items.first();
    let parts = items.split(ITEMS_PER_WRITE, usize::MAX, |item| {
        check(item).map_err(|error| error.about("requestIndex", index.to_string()))?;
        index += 1;
        Ok(0)
    })?;
    Ok(parts.into_iter().map(make).collect())
}

/// Returns the body of a list write.
pub(crate) fn items_body<T: Serialize>(
    items: &Part<T>,
    check: impl Fn(&T) -> Result<()>,
) -> Result<RequestBody> {
    #[derive(Serialize)]
    struct Body<'a, T> {
        items: &'a [T],
    }
    let slice = items.as_slice();
    if slice.is_empty() {
        return Err(Error::invalid_input("items", "must not be empty"));
    }
    if slice.len() > ITEMS_PER_WRITE {
        return Err(Error::invalid_input(
            "items",
            "must be 100,000 or fewer in one request",
        ));
    }
    for (index, item) in slice.iter().enumerate() {
        let index = items.first() + index;
        check(item).map_err(|error| error.about("requestIndex", index.to_string()))?;
    }
    json_body(&Body { items: slice })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Reply, offline, scripted, told};
    use anaplan_core::TransportErrorKind;

    #[test]
    fn requests_have_what_was_said_and_nothing_else() {
        let model = offline();
        let update = ListItemUpdate::by_id(7)
            .name("A")
            .property("Size", 3)
            .subset("Big", false);
        let mut calls = model.update_list_items(101, [update]).into_calls().unwrap();
        assert_eq!(
            told(calls.remove(0).into_request()),
            (
                "PUT /models/M/lists/101/items".into(),
                r#"{"items":[{"id":"7","name":"A","properties":{"Size":"3"},"subsets":{"Big":false}}]}"#.into()
            )
        );
        let keys = [
            ListItemKey::id(7),
            ListItemKey::code("c"),
            ListItemKey::name("n"),
        ];
        let mut calls = model.delete_list_items(101, keys).into_calls().unwrap();
        assert_eq!(
            told(calls.remove(0).into_request()),
            (
                "POST /models/M/lists/101/items?action=delete".into(),
                r#"{"items":[{"id":"7"},{"code":"c"},{"name":"n"}]}"#.into()
            )
        );
    }

    #[tokio::test(start_paused = true)]
    async fn one_bad_item_stops_everything_before_the_first_request() {
        let model = offline();
        let mut items: Vec<_> = (1..100_100_u64).map(ListItemKey::id).collect();
        items.push(ListItemKey::code(""));
        let error = model.delete_list_items(101, items).await.unwrap_err();
        assert_eq!(error.id("requestIndex"), Some("100099"));
        assert_eq!(error.operation(), Some("transactional.delete_list_items"));
        assert!(
            model
                .update_list_items(101, [ListItemUpdate::default()])
                .await
                .is_err()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_deletion_by_id_is_sent_again() {
        let lost = || Reply::Lost(TransportErrorKind::Interrupted);
        let gone = || Reply::Body(200, r#"{"deleted":0}"#);
        let (model, script) = scripted([lost(), gone()]);
        let report = model
            .delete_list_items(101, [ListItemKey::id(7)])
            .await
            .unwrap();
        assert_eq!(
            (report.written, report.ignored, report.is_complete()),
            (0, 1, false)
        );
        assert_eq!(script.left(), 0);
        let (model, script) = scripted([lost(), gone()]);
        let keys = [ListItemKey::id(7), ListItemKey::code("c")];
        assert!(
            model
                .delete_list_items(101, keys)
                .await
                .unwrap_err()
                .is_ambiguous()
        );
        assert_eq!(script.left(), 1);
    }
}
