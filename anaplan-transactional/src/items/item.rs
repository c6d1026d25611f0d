//! Items of a list, in one response.

use std::collections::BTreeMap;

use anaplan_core::{
    Bytes, Call, Decision, Download, Endpoint, Method, ModelId, Page, Paged, PagedCall, Path,
    Query, Refusal, Response, Result, RetryClass,
};
use serde::{Deserialize, Serialize};

use crate::limits::read_refusal;
use crate::lists::list_path;
use crate::{DimensionItem, ListId, ListItemId, Transactional};
use anaplan_core::lenient::{flag_map, or_default, text_map, text_opt, texts};

/// An item of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListItem {
    /// Item.
    pub id: ListItemId,
    /// Name. A number in a numbered list.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Code, if set.
    #[serde(default, deserialize_with = "text_opt")]
    pub code: Option<String>,
    /// Name of its parent.
    #[serde(default, deserialize_with = "text_opt")]
    pub parent: Option<String>,
    /// Parent.
    #[serde(default)]
    pub parent_id: Option<ListItemId>,
    /// List of its parent, if the hierarchy has one.
    #[serde(default)]
    pub list_id: Option<ListId>,
    /// Name of that list.
    #[serde(default, deserialize_with = "text_opt")]
    pub list_name: Option<String>,
    /// Properties by name. Numbers and booleans are strings. Only with `include_all`.
    #[serde(default, deserialize_with = "text_map")]
    pub properties: BTreeMap<String, String>,
    /// Membership by name of the subset. Only with `include_all`.
    #[serde(default, deserialize_with = "flag_map")]
    pub subsets: BTreeMap<String, bool>,
    /// Users with read access, under selective access. Only with `include_all`.
    #[serde(default, deserialize_with = "texts")]
    pub read: Vec<String>,
    /// Users with write access, under selective access. Only with `include_all`.
    #[serde(default, deserialize_with = "texts")]
    pub write: Vec<String>,
}

/// A lookup returns ids, names and codes only.
impl From<DimensionItem> for ListItem {
    fn from(item: DimensionItem) -> Self {
        Self {
            id: item.id.into(),
            name: item.name,
            code: item.code,
            parent: None,
            parent_id: None,
            list_id: None,
            list_name: None,
            properties: BTreeMap::new(),
            subsets: BTreeMap::new(),
            read: Vec::new(),
            write: Vec::new(),
        }
    }
}

impl Transactional {
    /// Returns the items of a list: up to 1,000,000, all of them held in memory. With properties and
    /// subsets if [`include_all`](GetListItems::include_all) is set.
    ///
    /// For long lists see [`stream_list_items`](Self::stream_list_items), for typed rows
    /// [`list_item_rows`](Self::list_item_rows).
    ///
    /// `GET /models/{modelId}/lists/{listId}/items`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `TooLarge` for more than 1,000,000 items: see
    /// [`create_list_read_request`](Self::create_list_read_request). `NotFound`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// for item in model.get_list_items(ids.list).with(|query| query.include_all()).await? {
    ///     println!("{} {} {:?}", item.id, item.name, item.properties);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn get_list_items(&self, list: impl Into<ListId>) -> PagedCall<GetListItems> {
        self.session
            .paged(GetListItems(Read::new(&self.model, list)))
    }

    /// Returns the items of a list as the JSON of the server, including its envelope.
    ///
    /// Awaiting returns the bytes; `stream()`, `write_to(writer)` and `save_to(path)` do not hold them in
    /// memory. `GET /models/{modelId}/lists/{listId}/items`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// Those of [`get_list_items`](Self::get_list_items).
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let json = model.get_list_items_json(ids.list).await?;
    /// assert_eq!(json[0], b'{');
    /// # Ok(()) });
    /// ```
    pub fn get_list_items_json(&self, list: impl Into<ListId>) -> Call<GetListItemsJson> {
        self.session
            .call(GetListItemsJson(Read::new(&self.model, list)))
    }

    /// Returns the items of a list as CSV.
    ///
    /// Awaiting returns the bytes; `stream()`, `write_to(writer)` and `save_to(path)` do not hold them in
    /// memory. `GET /models/{modelId}/lists/{listId}/items`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// Those of [`get_list_items`](Self::get_list_items).
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let csv = model.get_list_items_csv(ids.list).with(|query| query.include_all()).await?;
    /// assert!(!csv.is_empty());
    /// # Ok(()) });
    /// ```
    pub fn get_list_items_csv(&self, list: impl Into<ListId>) -> Call<GetListItemsCsv> {
        self.session
            .call(GetListItemsCsv(Read::new(&self.model, list)))
    }
}

/// Parameters of all reads of the items.
#[derive(Debug, Clone)]
struct Read {
    model: ModelId,
    list: ListId,
    include_all: bool,
    offset: u64,
}

impl Read {
    fn new(model: &ModelId, list: impl Into<ListId>) -> Self {
        Self {
            model: model.clone(),
            list: list.into(),
            include_all: false,
            offset: 0,
        }
    }

    fn path(&self) -> Path {
        list_path(&self.model, &self.list).lit("items")
    }

    fn query(&self, query: &mut Query) {
        query.push_some("includeAll", self.include_all.then_some(true));
        query.push_some("offset", (self.offset > 0).then_some(self.offset));
    }
}

/// Endpoint of [`Transactional::get_list_items`].
#[derive(Debug, Clone)]
pub struct GetListItems(Read);

impl GetListItems {
    pub(crate) fn new(model: &ModelId, list: impl Into<ListId>) -> Self {
        Self(Read::new(model, list))
    }

    /// Requests properties, subsets and selective access.
    #[must_use]
    pub fn include_all(mut self) -> Self {
        self.0.include_all = true;
        self
    }
}

impl Endpoint for GetListItems {
    const NAME: &'static str = "transactional.get_list_items";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<ListItem>;

    fn path(&self) -> Path {
        self.0.path()
    }

    fn query(&self, query: &mut Query) {
        self.0.query(query);
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        read_refusal(refusal)
    }

    fn decode(&self, response: Response) -> Result<Page<ListItem>> {
        response.page("listItems")
    }
}

impl Paged for GetListItems {
    type Item = ListItem;
}

impl GetListItemsJson {
    /// Starts at this item, for a server that returns the items in pages.
    pub(crate) fn offset(mut self, offset: u64) -> Self {
        self.0.offset = offset;
        self
    }
}

/// Defines the endpoint that returns the items as a file.
macro_rules! as_file {
    ($file:ident, $name:literal, $method:literal, $form:literal) => {
        #[doc = concat!("The endpoint of [`Transactional::", $method, "`].")]
        #[derive(Debug, Clone)]
        pub struct $file(Read);

        impl $file {
            /// Requests properties, subsets and selective access.
            #[must_use]
            pub fn include_all(mut self) -> Self {
                self.0.include_all = true;
                self
            }
        }

        impl Endpoint for $file {
            const NAME: &'static str = $name;
            const METHOD: Method = Method::GET;
            const RETRY: RetryClass = RetryClass::ReadOnly;
            const ACCEPT: &'static str = $form;
            type Output = Bytes;

            fn path(&self) -> Path {
                self.0.path()
            }

            fn query(&self, query: &mut Query) {
                self.0.query(query);
            }

            fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
                read_refusal(refusal)
            }

            fn decode(&self, response: Response) -> Result<Bytes> {
                Ok(response.into_body())
            }
        }

        impl Download for $file {}
    };
}

as_file!(
    GetListItemsJson,
    "transactional.get_list_items_json",
    "get_list_items_json",
    "application/json"
);
as_file!(
    GetListItemsCsv,
    "transactional.get_list_items_csv",
    "get_list_items_csv",
    "text/csv"
);

#[cfg(test)]
mod tests {
    use crate::testing::{Reply, offline, scripted};

    #[tokio::test(start_paused = true)]
    async fn items_are_read_with_everything_and_with_nothing() {
        let (model, script) = scripted([Reply::Body(
            200,
            r#"{"listItems":[{"id":"1","name":"A"},{"id":"2","name":"B","code":"b","parent":"A","parentId":"1",
            "properties":{"Size":"3","Open":true},"subsets":{"Big":true,"Small":"false"},"read":["u"],"write":null}]}"#,
        )]);
        let items = model
            .get_list_items(101)
            .with(|query| query.include_all())
            .await
            .unwrap();
        assert_eq!((&items[0].code, items[0].properties.len()), (&None, 0));
        assert_eq!(items[1].properties["Open"], "true");
        assert_eq!(
            (items[1].subsets["Big"], items[1].subsets["Small"]),
            (true, false)
        );
        assert_eq!(
            script.lines(),
            ["GET /models/M/lists/101/items?includeAll=true"]
        );
    }

    #[test]
    fn json_and_csv_differ_in_what_they_accept() {
        let json = offline().get_list_items_json(1).into_request().unwrap();
        let csv = offline().get_list_items_csv(1).into_request().unwrap();
        assert_eq!(json.headers()["accept"], "application/json");
        assert_eq!(csv.headers()["accept"], "text/csv");
    }
}
