//! Lists, their metadata, preview and the reset of their index.

use std::collections::BTreeMap;

use anaplan_core::{
    Bytes, Call, Download, Endpoint, Method, ModelId, Page, Paged, PagedCall, Path, Response,
    Result, RetryClass,
};
use serde::{Deserialize, Serialize};

use crate::{ListId, ObjectRef, Transactional, model_path};
use anaplan_core::lenient::{count_opt, or_default, text_opt, texts};

/// A list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct List {
    /// Id of the list, and of its dimension.
    pub id: ListId,
    /// Name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Code, if set.
    #[serde(default, deserialize_with = "text_opt")]
    pub code: Option<String>,
}

/// Metadata of a list. The server omits fields that are not set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListMetadata {
    /// List.
    pub id: ListId,
    /// Name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Properties of its items.
    #[serde(default, deserialize_with = "or_default")]
    pub properties: Vec<ListProperty>,
    /// Subsets.
    #[serde(default, deserialize_with = "or_default")]
    pub subsets: Vec<ObjectRef>,
    /// Parent list in the hierarchy.
    #[serde(default)]
    pub parent: Option<ObjectRef>,
    /// Number of items, including the top-level item.
    #[serde(default, deserialize_with = "count_opt")]
    pub item_count: Option<u64>,
    /// `true` if the server names its items by numbers.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag")]
    pub numbered_list: bool,
    /// `true` if its items can be changed in a deployed model.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag")]
    pub production_data: bool,
    /// `true` if access is granted per item.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag")]
    pub has_selective_access: bool,
    /// Application that manages the list.
    #[serde(default, deserialize_with = "text_opt")]
    pub managed_by: Option<String>,
    /// `true` if the top-level item is the default of page selectors.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag_opt")]
    pub use_top_level_as_page_default: Option<bool>,
    /// `true` if a workflow uses it.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag_opt")]
    pub workflow_enabled: Option<bool>,
    /// Maximum number of items.
    #[serde(default, deserialize_with = "count_opt")]
    pub permitted_items: Option<u64>,
    /// Index of the next item of a numbered list.
    #[serde(
        default,
        rename = "nextItemIndex",
        alias = "nextitemIndex",
        deserialize_with = "count_opt"
    )]
    pub next_item_index: Option<u64>,
    /// Name of the item that represents the whole list.
    #[serde(default, deserialize_with = "text_opt")]
    pub top_level_item: Option<String>,
    /// Category.
    #[serde(default, deserialize_with = "text_opt")]
    pub category: Option<String>,
    /// Property that is displayed instead of the name.
    #[serde(default, deserialize_with = "text_opt")]
    pub display_name_property: Option<String>,
}

/// Property of the items of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListProperty {
    /// Name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Format of its values, as the server writes it.
    #[serde(default, deserialize_with = "text_opt")]
    pub format: Option<String>,
    /// Formula.
    #[serde(default, deserialize_with = "text_opt")]
    pub formula: Option<String>,
    /// Notes.
    #[serde(default, deserialize_with = "text_opt")]
    pub notes: Option<String>,
    /// Objects that refer to it, as the server writes them.
    #[serde(default, deserialize_with = "mentions")]
    pub referenced_by: Vec<String>,
}

/// Reads a string, a list of strings or the keys of an object.
fn mentions<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        One(String),
        Many(#[serde(deserialize_with = "texts")] Vec<String>),
        Other(BTreeMap<String, serde_json::Value>),
    }
    Ok(match Option::<Either>::deserialize(deserializer)? {
        Some(Either::One(text)) if !text.is_empty() => vec![text],
        Some(Either::Many(texts)) => texts,
        Some(Either::Other(map)) => map.into_keys().collect(),
        _ => Vec::new(),
    })
}

impl Transactional {
    /// Returns the lists of the model: all of them if awaited, or a stream with `.items()`.
    ///
    /// `GET /models/{modelId}/lists`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` without access to the model, `ModelState` for an archived one.
    ///
    /// ```
    /// # use anaplan_transactional::{ListId, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let lists = model.get_lists().await?;
    /// assert!(lists.iter().any(|list| list.id == ListId::from(ids.list)));
    /// # Ok(()) });
    /// ```
    #[doc(alias = "list_lists")]
    pub fn get_lists(&self) -> PagedCall<GetLists> {
        self.session.paged(GetLists {
            model: self.model.clone(),
        })
    }

    /// Returns the metadata of a list: properties, subsets, parent, size, kind.
    ///
    /// `GET /models/{modelId}/lists/{listId}`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown list, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// assert!(model.get_list_metadata(ids.numbered_list).await?.numbered_list);
    /// assert!(!model.get_list_metadata(ids.list).await?.numbered_list);
    /// # Ok(()) });
    /// ```
    pub fn get_list_metadata(&self, list: impl Into<ListId>) -> Call<GetListMetadata> {
        self.session.call(GetListMetadata {
            model: self.model.clone(),
            list: list.into(),
        })
    }

    /// Returns the first 1,000 rows of a list as CSV.
    ///
    /// `GET /models/{modelId}/lists/{listId}/preview`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown list, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let csv = model.preview_list(ids.list).await?;
    /// assert!(!csv.is_empty());
    /// # Ok(()) });
    /// ```
    pub fn preview_list(&self, list: impl Into<ListId>) -> Call<PreviewList> {
        self.session.call(PreviewList {
            model: self.model.clone(),
            list: list.into(),
        })
    }

    /// Resets the index of a numbered list to 1. The list and its child lists must be empty.
    ///
    /// `POST /models/{modelId}/lists/{listId}/resetIndex`. Repeating it leads to the same state: retried
    /// freely.
    ///
    /// # Errors
    ///
    /// `Rejected` for a list with items, and for one in a deployed model that is not production data.
    /// `NotFound`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// model.reset_list_index(ids.empty_list).await?;
    /// assert!(model.reset_list_index(ids.list).await.is_err());
    /// # Ok(()) });
    /// ```
    pub fn reset_list_index(&self, list: impl Into<ListId>) -> Call<ResetListIndex> {
        self.session.call(ResetListIndex {
            model: self.model.clone(),
            list: list.into(),
        })
    }
}

/// Endpoint of [`Transactional::get_lists`].
#[derive(Debug, Clone)]
pub struct GetLists {
    model: ModelId,
}

impl Endpoint for GetLists {
    const NAME: &'static str = "transactional.get_lists";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<List>;

    fn path(&self) -> Path {
        model_path(&self.model).lit("lists")
    }

    fn decode(&self, response: Response) -> Result<Page<List>> {
        response.page("lists")
    }
}

impl Paged for GetLists {
    type Item = List;
}

/// Endpoint of [`Transactional::get_list_metadata`].
#[derive(Debug, Clone)]
pub struct GetListMetadata {
    /// Model.
    pub model: ModelId,
    /// List.
    pub list: ListId,
}

impl Endpoint for GetListMetadata {
    const NAME: &'static str = "transactional.get_list_metadata";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = ListMetadata;

    fn path(&self) -> Path {
        list_path(&self.model, &self.list)
    }

    fn decode(&self, response: Response) -> Result<ListMetadata> {
        response.field("metadata")
    }
}

/// Endpoint of [`Transactional::preview_list`].
#[derive(Debug, Clone)]
pub struct PreviewList {
    /// Model.
    pub model: ModelId,
    /// List.
    pub list: ListId,
}

impl Endpoint for PreviewList {
    const NAME: &'static str = "transactional.preview_list";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    const ACCEPT: &'static str = "text/csv";
    type Output = Bytes;

    fn path(&self) -> Path {
        list_path(&self.model, &self.list).lit("preview")
    }
    fn decode(&self, response: Response) -> Result<Bytes> {
        Ok(response.into_body())
    }
}

impl Download for PreviewList {}

/// Endpoint of [`Transactional::reset_list_index`].
#[derive(Debug, Clone)]
pub struct ResetListIndex {
    /// Model.
    pub model: ModelId,
    /// List.
    pub list: ListId,
}

impl Endpoint for ResetListIndex {
    const NAME: &'static str = "transactional.reset_list_index";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::Idempotent;
    const SUCCESS: &'static [u16] = &[200, 204];
    type Output = ();

    fn path(&self) -> Path {
        list_path(&self.model, &self.list).lit("resetIndex")
    }

    fn decode(&self, response: Response) -> Result<()> {
        response.acknowledged()
    }
}

pub(crate) fn list_path(model: &ModelId, list: &ListId) -> Path {
    model_path(model).lit("lists").seg("listId", list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{answer, offline, told};

    #[test]
    fn the_index_is_read_under_both_spellings_and_unset_entries_may_be_missing() {
        let endpoint = offline().get_list_metadata(1).endpoint().clone();
        for key in ["nextItemIndex", "nextitemIndex"] {
            let list = endpoint
                .decode(answer(format!(
                    r#"{{"metadata":{{"id":101,"name":"R","numberedList":true,"{key}":7,"managedBy":"",
                    "properties":[{{"name":"P","format":"NUMBER","referencedBy":"X"}},{{"name":"Q","format":{{"dataType":"TEXT"}},"referencedBy":["A",1]}},{{"referencedBy":null}}]}}}}"#
                )))
                .unwrap();
            assert_eq!((list.next_item_index, list.managed_by), (Some(7), None));
            assert_eq!(list.properties[0].referenced_by, ["X"]);
            assert_eq!(list.properties[1].referenced_by, ["A", "1"]);
            assert!(list.properties[1].format.as_ref().unwrap().contains("TEXT"));
        }
    }

    #[test]
    fn the_reset_sends_no_body_and_reads_none() {
        let call = offline().reset_list_index(101);
        call.endpoint().decode(answer("")).unwrap();
        assert_eq!(
            told(call.into_request()),
            ("POST /models/M/lists/101/resetIndex".into(), String::new())
        );
    }
}
