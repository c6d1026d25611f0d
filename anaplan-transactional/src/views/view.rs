//! Views and their axes.

use anaplan_core::{
    Call, Endpoint, Method, ModelId, Page, Paged, PagedCall, Path, Query, Response, Result,
    RetryClass,
};
use serde::{Deserialize, Serialize};

use crate::{Dimension, ModuleId, Transactional, ViewId, model_path};
use anaplan_core::lenient::{or_default, text_opt};

/// View of a module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct View {
    /// Id. The default view of a module has the id of the module.
    pub id: ViewId,
    /// Name: `Module.View` for a saved view, with quotes around names with special characters.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Module.
    #[serde(default)]
    pub module_id: Option<ModuleId>,
    /// Code, if set.
    #[serde(default, deserialize_with = "text_opt")]
    pub code: Option<String>,
}

/// Axes of a view. An axis without dimensions is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ViewInfo {
    /// View.
    pub view_id: ViewId,
    /// Name of the view, or of the module for a default view.
    #[serde(default, deserialize_with = "or_default")]
    pub view_name: String,
    /// Dimensions of the rows, outermost first.
    #[serde(default, deserialize_with = "or_default")]
    pub rows: Vec<Dimension>,
    /// Dimensions of the columns, outermost first.
    #[serde(default, deserialize_with = "or_default")]
    pub columns: Vec<Dimension>,
    /// Dimensions of the pages, of which one item at a time is selected.
    #[serde(default, deserialize_with = "or_default")]
    pub pages: Vec<Dimension>,
}

impl Transactional {
    /// Returns the views of the model: saved views and the default views of the modules.
    ///
    /// `GET /models/{modelId}/views`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` without access to the model, `ModelState` for an archived one.
    ///
    /// ```
    /// # use anaplan_transactional::{Transactional, ViewId};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let views = model.get_views().await?;
    /// assert!(views.iter().any(|view| view.id == ViewId::from(ids.view)));
    /// let more = model.get_views().with(|query| query.include_subsidiary_views()).await?;
    /// assert!(more.len() >= views.len());
    /// # Ok(()) });
    /// ```
    #[doc(alias = "list_views")]
    pub fn get_views(&self) -> PagedCall<GetViews> {
        self.session.paged(GetViews::new(&self.model))
    }

    /// Returns the views of one module.
    ///
    /// `GET /models/{modelId}/modules/{moduleId}/views`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown module, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::{Transactional, ViewId};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let views = model.get_module_views(ids.module).await?;
    /// assert!(views.iter().any(|view| view.id == ViewId::from(ids.view)));
    /// # Ok(()) });
    /// ```
    pub fn get_module_views(&self, module: impl Into<ModuleId>) -> PagedCall<GetViews> {
        self.session
            .paged(GetViews::new(&self.model).of_module(module))
    }

    /// Returns the dimensions of the rows, columns and pages of a view. The view is a saved view, a
    /// module (its default view) or a line item.
    ///
    /// `GET /models/{modelId}/views/{viewId}`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown view, `ModelState`.
    ///
    /// ```
    /// # use anaplan_transactional::Transactional;
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let info = model.get_view_info(ids.view).await?;
    /// assert!(info.pages.is_empty());
    /// for dimension in info.rows.iter().chain(&info.columns) {
    ///     println!("{} {}", dimension.id, dimension.name);
    /// }
    /// # Ok(()) });
    /// ```
    #[doc(alias = "get_view")]
    pub fn get_view_info(&self, view: impl Into<ViewId>) -> Call<GetViewInfo> {
        self.session.call(GetViewInfo {
            model: self.model.clone(),
            view: view.into(),
        })
    }
}

/// Endpoint of [`Transactional::get_views`] and [`Transactional::get_module_views`].
#[derive(Debug, Clone)]
pub struct GetViews {
    model: ModelId,
    module: Option<ModuleId>,
    subsidiary: bool,
}

impl GetViews {
    /// Creates the endpoint for all views of a model.
    pub fn new(model: impl Into<ModelId>) -> Self {
        Self {
            model: model.into(),
            module: None,
            subsidiary: false,
        }
    }

    /// Restricts the result to one module.
    #[must_use]
    pub fn of_module(mut self, module: impl Into<ModuleId>) -> Self {
        self.module = Some(module.into());
        self
    }

    /// Includes subsidiary views: line items whose dimensions differ from those of their module. Id and
    /// name are those of the line item.
    #[must_use]
    pub fn include_subsidiary_views(mut self) -> Self {
        self.subsidiary = true;
        self
    }
}

impl Endpoint for GetViews {
    const NAME: &'static str = "transactional.get_views";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<View>;

    fn path(&self) -> Path {
        let path = model_path(&self.model);
        match &self.module {
            Some(module) => path.lit("modules").seg("moduleId", module),
            None => path,
        }
        .lit("views")
    }

    fn query(&self, query: &mut Query) {
        query.push_some("includesubsidiaryviews", self.subsidiary.then_some(true));
    }

    fn decode(&self, response: Response) -> Result<Page<View>> {
        response.page("views")
    }
}

impl Paged for GetViews {
    type Item = View;
}

/// Endpoint of [`Transactional::get_view_info`].
#[derive(Debug, Clone)]
pub struct GetViewInfo {
    /// Model.
    pub model: ModelId,
    /// View.
    pub view: ViewId,
}

impl Endpoint for GetViewInfo {
    const NAME: &'static str = "transactional.get_view_info";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = ViewInfo;

    fn path(&self) -> Path {
        view_path(&self.model, &self.view)
    }

    fn decode(&self, response: Response) -> Result<ViewInfo> {
        response.json()
    }
}

pub(crate) fn view_path(model: &ModelId, view: &ViewId) -> Path {
    model_path(model).lit("views").seg("viewId", view)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{answer, offline, told};

    #[test]
    fn the_three_ways_to_list_views() {
        let model = offline();
        assert_eq!(
            told(model.get_views().into_request()).0,
            "GET /models/M/views"
        );
        let call = model
            .get_module_views(7)
            .with(|query| query.include_subsidiary_views());
        assert_eq!(
            told(call.into_request()).0,
            "GET /models/M/modules/7/views?includesubsidiaryviews=true"
        );
    }

    #[test]
    fn empty_axes_may_be_missing() {
        let endpoint = GetViewInfo {
            model: "M".into(),
            view: "1".into(),
        };
        let info = endpoint
            .decode(answer(r#"{"status":{},"viewId":"1","viewName":"Sales","rows":[{"id":"101","name":"Regions"}],"pages":null}"#))
            .unwrap();
        assert_eq!(
            (info.rows.len(), info.columns.len(), info.pages.len()),
            (1, 0, 0)
        );
    }
}
