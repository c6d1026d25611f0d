//! Imports: what brings data in.

use anaplan_core::{
    Call, Endpoint, Method, ModelId, PagedCall, Path, Pending, Query, Response, Result, RetryClass,
    WorkspaceId, open_enum,
};
use anaplan_core::{Page, Paged};
use serde::{Deserialize, Serialize};

use crate::find::{Named, find};
use crate::{ActionId, ActionRef, Bulk, Encoding, FileId, ModelRef};
use anaplan_core::lenient::{count_opt, id_opt, number_opt, or_default, text_opt};

/// An import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Import {
    /// Its id.
    pub id: ActionId,
    /// Its name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// What it brings in.
    #[serde(default)]
    pub import_type: Option<ImportType>,
    /// Where it reads: a file (113...) that has to be uploaded before, or an object of another model.
    #[serde(default, deserialize_with = "text_opt")]
    pub import_data_source_id: Option<String>,
    /// The same in detail, where it was [asked for](GetImports::data_source).
    #[serde(default)]
    pub import_data_source: Option<ImportDataSource>,
    /// Its code.
    #[serde(default)]
    pub code: Option<String>,
}

impl Import {
    /// The file that the import reads, if its source has the id of a file.
    #[must_use]
    pub fn source_file(&self) -> Option<FileId> {
        self.import_data_source_id
            .as_deref()
            .filter(|id| id.starts_with("113"))
            .map(FileId::from)
    }
}

open_enum! {
    /// What an import brings in.
    pub enum ImportType {
        /// Cells of a module.
        ModuleData = "MODULE_DATA",
        /// Items of a list.
        HierarchyData = "HIERARCHY_DATA",
        /// Line items of a module.
        LineItemDefinition = "LINE_ITEM_DEFINITION",
        /// Users.
        Users = "USERS",
        /// Versions.
        Versions = "VERSIONS",
    }
}

open_enum! {
    /// From where an import reads.
    pub enum ImportSourceType {
        /// A file.
        File = "FILE",
        /// Another model.
        Model = "MODEL",
    }
}

/// Where an import reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ImportDataSource {
    /// The file or object.
    #[serde(default, deserialize_with = "text_opt")]
    pub import_data_source_id: Option<String>,
    /// What it is.
    #[serde(rename = "type", default)]
    pub source_type: Option<ImportSourceType>,
    /// The other model.
    #[serde(default, deserialize_with = "id_opt")]
    pub source_model_id: Option<ModelId>,
    /// Its name.
    #[serde(default)]
    pub source_model_name: Option<String>,
    /// Its workspace.
    #[serde(default, deserialize_with = "id_opt")]
    pub source_workspace_id: Option<WorkspaceId>,
}

/// What an import expects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ImportMetadata {
    /// The name of the import.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// From where it reads.
    #[serde(rename = "type", default)]
    pub source_type: Option<ImportSourceType>,
    /// How its file must look; absent when it reads another model.
    #[serde(default)]
    pub source: Option<ImportSource>,
}

/// How the file of an import must look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ImportSource {
    /// How its text is encoded.
    #[serde(default)]
    pub text_encoding: Option<Encoding>,
    /// What separates columns.
    #[serde(default)]
    pub column_separator: Option<String>,
    /// The quotation mark.
    #[serde(default)]
    pub text_delimiter: Option<String>,
    /// The row, from 1, that names the columns.
    #[serde(default, deserialize_with = "number_opt")]
    pub header_row: Option<i64>,
    /// The row, from 1, in which the data begins.
    #[serde(default, deserialize_with = "number_opt")]
    pub first_data_row: Option<i64>,
    /// What separates whole numbers from fractions.
    #[serde(default)]
    pub decimal_separator: Option<String>,
    /// The columns.
    #[serde(default, deserialize_with = "or_default")]
    pub header_names: Vec<String>,
    /// How many columns there are.
    #[serde(default, deserialize_with = "count_opt")]
    pub column_count: Option<u64>,
}

impl Named for Import {
    const WHAT: &'static str = "import";

    fn name(&self) -> &str {
        &self.name
    }

    fn id(&self) -> &str {
        self.id.as_str()
    }
}

impl Bulk {
    /// The imports of the model: all of them when awaited, or as a stream with `.items()`.
    ///
    /// `GET /models/{modelId}/imports`. Reads only: retried freely, also while the model is busy.
    ///
    /// # Errors
    ///
    /// `NotFound`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_bulk::{ActionId, Bulk};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let imports = bulk.get_imports().with(|query| query.data_source()).await?;
    /// let import = imports.iter().find(|import| import.id == ActionId::from(ids.good_import)).unwrap();
    /// assert_eq!(import.source_file(), Some(ids.source_file.into()));
    /// # Ok(()) });
    /// ```
    #[doc(alias = "list_imports")]
    pub fn get_imports(&self) -> PagedCall<GetImports> {
        self.session.paged(GetImports::new(self.model.clone()))
    }

    /// What an import expects: the columns and the form of its file.
    ///
    /// `GET /models/{modelId}/imports/{importId}`. Reads only: retried freely, also while the model is
    /// busy.
    ///
    /// # Errors
    ///
    /// `NotFound`, `ModelState`. `Server` for some ids that do not exist.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let metadata = bulk.get_import_metadata(ids.good_import).await?;
    /// println!("{:?}", metadata.source.map(|source| source.header_names));
    /// # Ok(()) });
    /// ```
    pub fn get_import_metadata(&self, import: impl Into<ActionId>) -> Call<GetImportMetadata> {
        self.session.call(GetImportMetadata {
            model: self.model.clone(),
            import: import.into(),
        })
    }

    /// The import of this name.
    ///
    /// `GET /models/{modelId}/imports`. Reads only: retried freely.
    ///
    /// # Errors
    ///
    /// `NotFound` with similar names, `Conflict` with the ids when several have the name.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let known = bulk.get_imports().await?.remove(0).name;
    /// let import = bulk.find_import(&known).await?;
    /// assert_eq!(import.name, known);
    /// let error = bulk.find_import(format!("{known}x")).await.unwrap_err();
    /// assert!(error.to_string().contains(&known));
    /// # Ok(()) });
    /// ```
    pub fn find_import(&self, name: impl Into<String>) -> Pending<Import> {
        find(self.get_imports(), "bulk.find_import", name)
    }
}

/// The endpoint of [`Bulk::get_imports`].
#[derive(Debug, Clone)]
pub struct GetImports {
    model: ModelRef,
    data_source: bool,
    sort: Option<String>,
}

impl GetImports {
    /// All of a model.
    pub fn new(model: impl Into<ModelRef>) -> Self {
        Self {
            model: model.into(),
            data_source: false,
            sort: None,
        }
    }

    /// Tells where each import reads.
    #[must_use]
    pub fn data_source(mut self) -> Self {
        self.data_source = true;
        self
    }

    /// Sorts by `name` or `id`; with `-` in front, backwards. The server ignores other names.
    #[must_use]
    pub fn sort(mut self, property: impl Into<String>) -> Self {
        self.sort = Some(property.into());
        self
    }
}

impl Endpoint for GetImports {
    const NAME: &'static str = "bulk.get_imports";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Page<Import>;

    fn path(&self) -> Path {
        self.model.path().lit("imports")
    }

    fn query(&self, query: &mut Query) {
        query.push_some("showImportDataSource", self.data_source.then_some("true"));
        query.push_some("sort", self.sort.as_ref());
    }

    fn decode(&self, response: Response) -> Result<Page<Import>> {
        response.page("imports")
    }
}

impl Paged for GetImports {
    type Item = Import;
}

/// The endpoint of [`Bulk::get_import_metadata`].
#[derive(Debug, Clone)]
pub struct GetImportMetadata {
    /// The model.
    pub model: ModelRef,
    /// The import.
    pub import: ActionId,
}

impl Endpoint for GetImportMetadata {
    const NAME: &'static str = "bulk.get_import_metadata";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = ImportMetadata;

    fn path(&self) -> Path {
        ActionRef::import(&self.import).path(&self.model)
    }

    fn decode(&self, response: Response) -> Result<ImportMetadata> {
        response.field("importMetadata")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_server::answer;

    #[test]
    fn the_source_of_an_import_may_be_a_file_a_model_or_untold() {
        let body = r#"{"imports":[
            {"id":"112000000001","name":"A","importType":"MODULE_DATA","importDataSourceId":"113000000001"},
            {"id":"112000000002","name":"B","importDataSourceId":"","importDataSource":
                {"importDataSourceId":"102000000001","type":"MODEL","sourceModelId":"AB","sourceWorkspaceId":""}}]}"#;
        let page = GetImports::new("M").decode(answer(200, body)).unwrap();
        assert_eq!(page.items[0].source_file(), Some("113000000001".into()));
        assert_eq!(page.items[1].source_file(), None);
        let source = page.items[1].import_data_source.as_ref().unwrap();
        assert_eq!(source.source_type, Some(ImportSourceType::Model));
        assert_eq!(
            (
                source.source_model_id.is_some(),
                source.source_workspace_id.is_some()
            ),
            (true, false)
        );
    }
}
