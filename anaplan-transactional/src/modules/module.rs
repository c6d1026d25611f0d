//! Modules.

use anaplan_core::{
    Endpoint, Method, ModelId, Page, Paged, PagedCall, Path, Response, Result, RetryClass,
};
use serde::{Deserialize, Serialize};

use crate::{ModuleId, Transactional, model_path};
use anaplan_core::lenient::{or_default, text_opt};

/// A module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Module {
    /// Id of the module and of its default view.
    pub id: ModuleId,
    /// Name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Code, if set.
    #[serde(default, deserialize_with = "text_opt")]
    pub code: Option<String>,
}

impl Transactional {
    /// Returns the modules of the model: all of them if awaited, or a stream with `.items()`.
    ///
    /// `GET /models/{modelId}/modules`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` without access to the model, `ModelState` for an archived one.
    ///
    /// ```
    /// # use anaplan_transactional::{ModuleId, Transactional};
    /// # anaplan_testkit::story(async |fake| {
    /// # let model: Transactional = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let modules = model.get_modules().await?;
    /// assert!(modules.iter().any(|module| module.id == ModuleId::from(ids.module)));
    /// # Ok(()) });
    /// ```
    #[doc(alias = "list_modules")]
    pub fn get_modules(&self) -> PagedCall<GetModules> {
        self.session.paged(GetModules {
            model: self.model.clone(),
        })
    }
}

/// Endpoint of [`Transactional::get_modules`].
#[derive(Debug, Clone)]
pub struct GetModules {
    model: ModelId,
}

impl Endpoint for GetModules {
    const NAME: &'static str = "transactional.get_modules";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<Module>;

    fn path(&self) -> Path {
        model_path(&self.model).lit("modules")
    }

    fn decode(&self, response: Response) -> Result<Page<Module>> {
        response.page("modules")
    }
}

impl Paged for GetModules {
    type Item = Module;
}
