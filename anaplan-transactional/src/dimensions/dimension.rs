//! Dimensions and their items.

use anaplan_core::{
    Call, Decision, Endpoint, Error, Method, ModelId, Path, Refusal, RequestBody, Response, Result,
    RetryClass, json_body,
};
use serde::{Deserialize, Serialize};

use crate::limits::read_refusal;
use crate::views::view_path;
use crate::{DimensionId, ItemId, Transactional, ViewId, model_path};
use anaplan_core::lenient::{or_default, text_opt};

/// A dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Dimension {
    /// Dimension.
    pub id: DimensionId,
    /// Name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
}

/// An item of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DimensionItem {
    /// Item.
    pub id: ItemId,
    /// Name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Code, if set.
    #[serde(default, deserialize_with = "text_opt")]
    pub code: Option<String>,
}

/// Names and codes to look up in a dimension, case-insensitive.
///
/// ```
/// use anaplan_transactional::Lookup;
///
/// let lookup = Lookup::names(["Berlin", "Rome"]).and_codes(["R3"]);
/// assert_eq!(lookup.len(), 3);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Lookup {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    names: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    codes: Vec<String>,
}

impl Lookup {
    /// Creates a lookup by name.
    pub fn names<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self::default().and_names(names)
    }

    /// Creates a lookup by code.
    pub fn codes<S: Into<String>>(codes: impl IntoIterator<Item = S>) -> Self {
        Self::default().and_codes(codes)
    }

    /// Adds names.
    #[must_use]
    pub fn and_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.names.extend(names.into_iter().map(Into::into));
        self
    }

    /// Adds codes.
    #[must_use]
    pub fn and_codes<S: Into<String>>(mut self, codes: impl IntoIterator<Item = S>) -> Self {
        self.codes.extend(codes.into_iter().map(Into::into));
        self
    }

    /// Returns the number of names and codes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len() + self.codes.len()
    }

    /// Returns `true` if there is nothing to look up.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Transactional {
    /// Returns the items of a dimension: up to 1,000,000. The dimension is a list, a list subset, a
    /// line item subset or the users.
    ///
    /// `GET /models/{modelId}/dimensions/{dimensionId}/items`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `TooLarge` for more than 1,000,000 items. `Rejected` for time and versions, which this operation
    /// does not serve: see [`get_view_dimension_items`](Self::get_view_dimension_items) and
    /// [`lookup_dimension_items`](Self::lookup_dimension_items). `NotFound`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// for item in model.get_dimension_items(ids.list).await? {
    ///     println!("{} {} {:?}", item.id, item.name, item.code);
    /// }
    /// assert!(model.get_dimension_items(ids.empty_list).await?.is_empty());
    /// # Ok(()) });
    /// ```
    pub fn get_dimension_items(
        &self,
        dimension: impl Into<DimensionId>,
    ) -> Call<GetDimensionItems> {
        self.session.call(GetDimensionItems {
            model: self.model.clone(),
            dimension: dimension.into(),
        })
    }

    /// Returns the items of a dimension that have one of these names or codes. The dimension is a list,
    /// time, the versions or the users. Names and codes that are not found are missing in the result.
    ///
    /// `POST /models/{modelId}/dimensions/{dimensionId}/items`, which changes nothing: retried.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if there is nothing to look up. `Rejected` for codes if the dimension has none,
    /// `NotFound` for an unknown dimension, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::{Lookup, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let first = model.get_dimension_items(ids.list).await?.remove(0);
    /// let found = model.lookup_dimension_items(ids.list, Lookup::names([&first.name, "no such item"])).await?;
    /// assert_eq!(found.len(), 1);
    /// assert_eq!(found[0].id, first.id);
    /// # Ok(()) });
    /// ```
    pub fn lookup_dimension_items(
        &self,
        dimension: impl Into<DimensionId>,
        lookup: Lookup,
    ) -> Call<LookupDimensionItems> {
        self.session.call(LookupDimensionItems {
            model: self.model.clone(),
            dimension: dimension.into(),
            lookup,
        })
    }

    /// Returns the items of a dimension of a view: up to 1,000,000. Items that the view filters out are
    /// missing. Also for time and versions.
    ///
    /// `GET /models/{modelId}/views/{viewId}/dimensions/{dimensionId}/items`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `TooLarge` for more than 1,000,000 items, `NotFound`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let info = model.get_view_info(ids.view).await?;
    /// for dimension in info.rows.iter().chain(&info.columns) {
    ///     let items = model.get_view_dimension_items(ids.view, &dimension.id).await?;
    ///     println!("{}: {} items", dimension.name, items.len());
    /// }
    /// # Ok(()) });
    /// ```
    pub fn get_view_dimension_items(
        &self,
        view: impl Into<ViewId>,
        dimension: impl Into<DimensionId>,
    ) -> Call<GetViewDimensionItems> {
        self.session.call(GetViewDimensionItems {
            model: self.model.clone(),
            view: view.into(),
            dimension: dimension.into(),
        })
    }
}

/// Endpoint of [`Transactional::get_dimension_items`].
#[derive(Debug, Clone)]
pub struct GetDimensionItems {
    /// Model.
    pub model: ModelId,
    /// Dimension.
    pub dimension: DimensionId,
}

impl Endpoint for GetDimensionItems {
    const NAME: &'static str = "transactional.get_dimension_items";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Vec<DimensionItem>;

    fn path(&self) -> Path {
        items_path(model_path(&self.model), &self.dimension)
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        read_refusal(refusal)
    }

    fn decode(&self, response: Response) -> Result<Vec<DimensionItem>> {
        response.list("items")
    }
}

/// Endpoint of [`Transactional::lookup_dimension_items`].
#[derive(Debug, Clone)]
pub struct LookupDimensionItems {
    /// Model.
    pub model: ModelId,
    /// Dimension.
    pub dimension: DimensionId,
    /// Names and codes to look up.
    pub lookup: Lookup,
}

impl Endpoint for LookupDimensionItems {
    const NAME: &'static str = "transactional.lookup_dimension_items";
    const METHOD: Method = Method::POST;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Vec<DimensionItem>;

    fn path(&self) -> Path {
        items_path(model_path(&self.model), &self.dimension)
    }

    fn body(&self) -> Result<RequestBody> {
        if self.lookup.is_empty() {
            return Err(Error::invalid_input(
                "lookup",
                "must have a name or a code at least",
            ));
        }
        json_body(&self.lookup)
    }

    fn decode(&self, response: Response) -> Result<Vec<DimensionItem>> {
        response.list("items")
    }
}

/// Endpoint of [`Transactional::get_view_dimension_items`].
#[derive(Debug, Clone)]
pub struct GetViewDimensionItems {
    /// Model.
    pub model: ModelId,
    /// View.
    pub view: ViewId,
    /// Dimension.
    pub dimension: DimensionId,
}

impl Endpoint for GetViewDimensionItems {
    const NAME: &'static str = "transactional.get_view_dimension_items";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Vec<DimensionItem>;

    fn path(&self) -> Path {
        items_path(view_path(&self.model, &self.view), &self.dimension)
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        read_refusal(refusal)
    }

    fn decode(&self, response: Response) -> Result<Vec<DimensionItem>> {
        response.list("items")
    }
}

pub(crate) fn items_path(parent: Path, dimension: &DimensionId) -> Path {
    parent
        .lit("dimensions")
        .seg("dimensionId", dimension)
        .lit("items")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{answer, offline, told};
    use anaplan_core::ErrorKind;

    #[test]
    fn a_lookup_sends_what_it_has_and_nothing_else() {
        let model = offline();
        let request = model
            .lookup_dimension_items(101, Lookup::names(["A"]))
            .into_request();
        assert_eq!(
            told(request),
            (
                "POST /models/M/dimensions/101/items".into(),
                r#"{"names":["A"]}"#.into()
            )
        );
        let nothing = model
            .lookup_dimension_items(101, Lookup::default())
            .into_request();
        assert_eq!(nothing.unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn items_may_be_missing_and_need_no_code() {
        let endpoint = offline().get_dimension_items(1).endpoint().clone();
        assert!(
            endpoint
                .decode(answer(r#"{"meta":{},"status":{"code":200}}"#))
                .unwrap()
                .is_empty()
        );
        let items = endpoint
            .decode(answer(
                r#"{"items":[{"id":5438300031,"name":"Jan 25"},{"id":"2","name":"B","code":"b"}]}"#,
            ))
            .unwrap();
        assert_eq!(
            (items[0].id.as_str(), &items[0].code),
            ("5438300031", &None)
        );
        assert_eq!(items[1].code.as_deref(), Some("b"));
    }
}
