//! Line items.

use anaplan_core::{
    Endpoint, Method, ModelId, Page, Paged, PagedCall, Path, Query, Response, Result, RetryClass,
};
use anaplan_table::{Column, ColumnKind};
use serde::{Deserialize, Serialize};

use crate::modules::FormatMetadata;
use crate::{LineItemId, ModuleId, ObjectId, Transactional, model_path};
use anaplan_core::lenient::{count_opt, or_default, text_opt};

/// Reference to another object of the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ObjectRef {
    /// Id of the object.
    pub id: ObjectId,
    /// Name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
}

/// Line item. All fields but the first four need [`include_all`](GetLineItems::include_all), and are
/// `None` or empty if they do not apply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LineItem {
    /// Line item.
    pub id: LineItemId,
    /// Name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Module.
    #[serde(default)]
    pub module_id: Option<ModuleId>,
    /// Name of its module.
    #[serde(default, deserialize_with = "text_opt")]
    pub module_name: Option<String>,
    /// Code.
    #[serde(default, deserialize_with = "text_opt")]
    pub code: Option<String>,
    /// Notes.
    #[serde(default, deserialize_with = "text_opt")]
    pub notes: Option<String>,
    /// Format of its values: `NUMBER`, `BOOLEAN`, `TEXT`, `NONE`, `DATE`, `LIST`, `TIME PERIOD`.
    #[serde(default, deserialize_with = "text_opt")]
    pub format: Option<String>,
    /// Details of the format.
    #[serde(default)]
    pub format_metadata: Option<FormatMetadata>,
    /// Formula.
    #[serde(default, deserialize_with = "text_opt")]
    pub formula: Option<String>,
    /// Versions for which the formula is valid.
    #[serde(default, deserialize_with = "text_opt")]
    pub formula_scope: Option<String>,
    /// Aggregation method.
    #[serde(default, deserialize_with = "text_opt")]
    pub summary: Option<String>,
    /// Time scale.
    #[serde(default, deserialize_with = "text_opt")]
    pub time_scale: Option<String>,
    /// Time range.
    #[serde(default, deserialize_with = "text_opt")]
    pub time_range: Option<String>,
    /// Style.
    #[serde(default, deserialize_with = "text_opt")]
    pub style: Option<String>,
    /// Versions.
    #[serde(default)]
    pub version: Option<ObjectRef>,
    /// Lists that it applies to.
    #[serde(default, deserialize_with = "or_default")]
    pub applies_to: Vec<ObjectRef>,
    /// Data tags.
    #[serde(default, deserialize_with = "or_default")]
    pub data_tags: Vec<ObjectRef>,
    /// Objects that refer to it.
    #[serde(default, deserialize_with = "or_default")]
    pub referenced_by: Vec<ObjectRef>,
    /// Parent line item.
    #[serde(default)]
    pub parent: Option<ObjectRef>,
    /// Line item that controls read access.
    #[serde(default)]
    pub read_access_driver: Option<ObjectRef>,
    /// Line item that controls write access.
    #[serde(default)]
    pub write_access_driver: Option<ObjectRef>,
    /// Number of cells.
    #[serde(default, deserialize_with = "count_opt")]
    pub cell_count: Option<u64>,
    /// `true` if it is a summary.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag_opt")]
    pub is_summary: Option<bool>,
    /// `true` if it begins a section of the module.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag_opt")]
    pub start_of_section: Option<bool>,
    /// `true` if it is brought forward.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag_opt")]
    pub brought_forward: Option<bool>,
    /// `true` if it uses the switchover of versions.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag_opt")]
    pub use_switchover: Option<bool>,
    /// `true` if totals can be entered and are distributed.
    #[serde(default, deserialize_with = "anaplan_core::lenient::flag_opt")]
    pub breakback: Option<bool>,
}

impl LineItem {
    /// Returns the column of a table with the values of this line item: its name, and the kind of its
    /// values. The kind is text unless the formats were read with
    /// [`include_all`](GetLineItems::include_all).
    #[must_use]
    pub fn column(&self) -> Column {
        let kind = match (&self.format_metadata, &self.format) {
            (Some(metadata), _) => metadata.column_kind(),
            (None, Some(format)) => ColumnKind::from_data_type(format),
            (None, None) => ColumnKind::Text,
        };
        Column::new(&self.name, kind)
    }
}

impl Transactional {
    /// Returns the line items of the model that the user can read, with module, id and name. All other
    /// fields need [`include_all`](GetLineItems::include_all).
    ///
    /// `GET /models/{modelId}/lineItems`. Read-only: retried.
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

    /// Returns the line items of one module, in the order of the module.
    ///
    /// `GET /models/{modelId}/modules/{moduleId}/lineItems`. Read-only: retried.
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

/// Endpoint of [`Transactional::get_line_items`] and [`Transactional::get_module_line_items`].
#[derive(Debug, Clone)]
pub struct GetLineItems {
    model: ModelId,
    module: Option<ModuleId>,
    include_all: bool,
}

impl GetLineItems {
    /// Creates the endpoint for all line items of a model.
    pub fn new(model: impl Into<ModelId>) -> Self {
        Self {
            model: model.into(),
            module: None,
            include_all: false,
        }
    }

    /// Restricts the result to one module.
    #[must_use]
    pub fn of_module(mut self, module: impl Into<ModuleId>) -> Self {
        self.module = Some(module.into());
        self
    }

    /// Requests format, formula, dimensions and all other fields.
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
        assert_eq!(all[0].column(), Column::new("Sales", ColumnKind::Text));
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
