//! Line items.

use anaplan_core::{
    Endpoint, Method, ModelId, Page, Paged, PagedCall, Path, Query, Response, Result, RetryClass,
};
use serde::Deserialize;

use crate::modules::FormatMetadata;
use crate::{LineItemId, ModuleId, ObjectId, Transactional, model_path};
use anaplan_core::lenient::{count_opt, or_default, text_opt};

/// Another object of the model, as it is mentioned in one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ObjectRef {
    /// The object.
    pub id: ObjectId,
    /// Its name.
    #[serde(default)]
    pub name: String,
}

/// A line item. All but the first four fields are there only when they were asked for with
/// [`include_all`](GetLineItems::include_all), and then where they apply.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LineItem {
    /// The line item.
    pub id: LineItemId,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its module.
    #[serde(default)]
    pub module_id: Option<ModuleId>,
    /// The name of its module.
    #[serde(default)]
    pub module_name: Option<String>,
    /// Its code.
    #[serde(default, deserialize_with = "text_opt")]
    pub code: Option<String>,
    /// Its notes.
    #[serde(default, deserialize_with = "text_opt")]
    pub notes: Option<String>,
    /// The kind of its values: `NUMBER`, `BOOLEAN`, `TEXT`, `NONE`, `DATE`, `LIST`, `TIME PERIOD`.
    #[serde(default, deserialize_with = "text_opt")]
    pub format: Option<String>,
    /// The details of the format.
    #[serde(default)]
    pub format_metadata: Option<FormatMetadata>,
    /// Its formula.
    #[serde(default, deserialize_with = "text_opt")]
    pub formula: Option<String>,
    /// For which versions the formula holds.
    #[serde(default, deserialize_with = "text_opt")]
    pub formula_scope: Option<String>,
    /// How it is aggregated.
    #[serde(default, deserialize_with = "text_opt")]
    pub summary: Option<String>,
    /// Its time scale.
    #[serde(default, deserialize_with = "text_opt")]
    pub time_scale: Option<String>,
    /// Its time range.
    #[serde(default, deserialize_with = "text_opt")]
    pub time_range: Option<String>,
    /// Its style.
    #[serde(default, deserialize_with = "text_opt")]
    pub style: Option<String>,
    /// Its versions.
    #[serde(default)]
    pub version: Option<ObjectRef>,
    /// The lists that it applies to.
    #[serde(default, deserialize_with = "or_default")]
    pub applies_to: Vec<ObjectRef>,
    /// Its data tags.
    #[serde(default, deserialize_with = "or_default")]
    pub data_tags: Vec<ObjectRef>,
    /// The objects that refer to it.
    #[serde(default, deserialize_with = "or_default")]
    pub referenced_by: Vec<ObjectRef>,
    /// The line item that it belongs to.
    #[serde(default)]
    pub parent: Option<ObjectRef>,
    /// The line item that decides who may read it.
    #[serde(default)]
    pub read_access_driver: Option<ObjectRef>,
    /// The line item that decides who may write it.
    #[serde(default)]
    pub write_access_driver: Option<ObjectRef>,
    /// Number of cells it has.
    #[serde(default, deserialize_with = "count_opt")]
    pub cell_count: Option<u64>,
    /// `true` if it is a summary.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag_opt")]
    pub is_summary: Option<bool>,
    /// `true` if a section of the module begins with it.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag_opt")]
    pub start_of_section: Option<bool>,
    /// `true` if it is brought forward.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag_opt")]
    pub brought_forward: Option<bool>,
    /// `true` if it switches over between versions.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag_opt")]
    pub use_switchover: Option<bool>,
    /// `true` if totals can be entered and are spread.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag_opt")]
    pub breakback: Option<bool>,
}

impl Transactional {
    /// The line items of the model, with their module, id and name; with everything else after
    /// [`include_all`](GetLineItems::include_all). Only those of modules that the user may read.
    ///
    /// `GET /models/{modelId}/lineItems`. Reads only: retried freely.
    ///
    /// # Errors
    ///
    /// `NotFound` without access to the model, `ModelState` for an archived one.
    ///
    /// ```
    /// # use anaplan_transactional::{LineItemId, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let line_items = model.get_line_items().await?;
    /// assert!(line_items.iter().any(|line_item| line_item.id == LineItemId::from(ids.line_item)));
    /// # Ok(()) });
    /// ```
    #[doc(alias = "list_line_items")]
    pub fn get_line_items(&self) -> PagedCall<GetLineItems> {
        self.session.paged(GetLineItems::new(&self.model))
    }

    /// The line items of one module, in the order in which it shows them.
    ///
    /// `GET /models/{modelId}/modules/{moduleId}/lineItems`. Reads only: retried freely.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown module, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::{FormatMetadata, LineItemId, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let line_items = model.get_module_line_items(ids.module).with(|query| query.include_all()).await?;
    /// let sales = line_items.iter().find(|line_item| line_item.id == LineItemId::from(ids.line_item)).unwrap();
    /// assert!(matches!(sales.format_metadata, Some(FormatMetadata::Number(_))));
    /// # Ok(()) });
    /// ```
    pub fn get_module_line_items(&self, module: impl Into<ModuleId>) -> PagedCall<GetLineItems> {
        self.session
            .paged(GetLineItems::new(&self.model).of_module(module))
    }
}

/// The endpoint of [`Transactional::get_line_items`] and [`Transactional::get_module_line_items`].
#[derive(Debug, Clone)]
pub struct GetLineItems {
    model: ModelId,
    module: Option<ModuleId>,
    include_all: bool,
}

impl GetLineItems {
    /// The line items of a model.
    pub fn new(model: impl Into<ModelId>) -> Self {
        Self {
            model: model.into(),
            module: None,
            include_all: false,
        }
    }

    /// Only those of this module.
    #[must_use]
    pub fn of_module(mut self, module: impl Into<ModuleId>) -> Self {
        self.module = Some(module.into());
        self
    }

    /// With format, formula, dimensions and everything else that there is to know.
    #[must_use]
    pub fn include_all(mut self) -> Self {
        self.include_all = true;
        self
    }
}

impl Endpoint for GetLineItems {
    const NAME: &'static str = "transactional.get_line_items";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<LineItem>;

    fn path(&self) -> Path {
        let path = model_path(&self.model);
        match &self.module {
            Some(module) => path.lit("modules").seg("moduleId", module),
            None => path,
        }
        .lit("lineItems")
    }

    fn query(&self, query: &mut Query) {
        query.push_some("includeAll", self.include_all.then_some(true));
    }

    fn decode(&self, response: Response) -> Result<Page<LineItem>> {
        response.page("items")
    }
}

impl Paged for GetLineItems {
    type Item = LineItem;
}

pub(crate) fn line_item_path(model: &ModelId, line_item: &LineItemId) -> Path {
    model_path(model)
        .lit("lineItems")
        .seg("lineItemId", line_item)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Reply, offline, scripted, told};

    #[tokio::test(start_paused = true)]
    async fn an_answer_without_paging_is_the_whole() {
        let (model, script) = scripted([Reply::Body(
            200,
            r#"{"items":[{"id":"206","name":"Sales","moduleId":"102","moduleName":"S","referencedBy":null,
            "formatMetadata":{"dataType":"HOLOGRAM","depth":3},"version":{"name":"All","id":"16000000000"},"cellCount":12.0}]}"#,
        )]);
        let all = model
            .get_module_line_items(102)
            .with(|query| query.include_all())
            .await
            .unwrap();
        assert_eq!(all[0].cell_count, Some(12));
        assert!(
            matches!(&all[0].format_metadata, Some(FormatMetadata::Unknown(json)) if json.contains("HOLOGRAM"))
        );
        assert_eq!(
            script.lines(),
            ["GET /models/M/modules/102/lineItems?includeAll=true"]
        );
        assert_eq!(
            told(offline().get_line_items().into_request()).0,
            "GET /models/M/lineItems"
        );
    }
}
