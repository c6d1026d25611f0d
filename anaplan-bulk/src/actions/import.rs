//! Imports, which load data into the model.

use anaplan_core::{
    Call, Endpoint, Method, ModelId, Named, PagedCall, Path, Pending, Query, Response, Result,
    RetryClass, WorkspaceId, open_enum,
};
use anaplan_core::{Page, Paged};
use serde::{Deserialize, Serialize};

use crate::{ActionId, ActionRef, Bulk, Encoding, FileId, ModelRef};
use anaplan_core::lenient::{count_opt, id_opt, number_opt, or_default, text_opt};

/// An import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Import {
    /// Id.
    pub id: ActionId,
    /// Name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Kind of the data.
    #[serde(default)]
    pub import_type: Option<ImportType>,
    /// Source: a file (113...), which must be uploaded before, or an object of another model.
    #[serde(default, deserialize_with = "text_opt")]
    pub import_data_source_id: Option<String>,
    /// Source in detail, if it was [requested](GetImports::data_source).
    #[serde(default)]
    pub import_data_source: Option<ImportDataSource>,
    /// Code.
    #[serde(default)]
    pub code: Option<String>,
}

impl Import {
    /// Returns the file that the import reads, if its source is a file.
    #[must_use]
    pub fn source_file(&self) -> Option<FileId> {
        self.import_data_source_id
            .as_deref()
            .filter(|id| id.starts_with("113"))
            .map(FileId::from)
    }
}

open_enum! {
    /// Kind of the data that an import loads.
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
    /// Kind of an import's source.
    pub enum ImportSourceType {
        /// A file.
        File = "FILE",
        /// Another model.
        Model = "MODEL",
    }
}

/// Source of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ImportDataSource {
    /// File or object.
    #[serde(default, deserialize_with = "text_opt")]
    pub import_data_source_id: Option<String>,
    /// Kind of the source.
    #[serde(rename = "type", default)]
    pub source_type: Option<ImportSourceType>,
    /// Other model.
    #[serde(default, deserialize_with = "id_opt")]
    pub source_model_id: Option<ModelId>,
    /// Name.
    #[serde(default)]
    pub source_model_name: Option<String>,
    /// Workspace of the model.
    #[serde(default, deserialize_with = "id_opt")]
    pub source_workspace_id: Option<WorkspaceId>,
}

/// Metadata of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ImportMetadata {
    /// Name of the import.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Kind of the source.
    #[serde(rename = "type", default)]
    pub source_type: Option<ImportSourceType>,
    /// Format of the file. `None` if the import reads another model.
    #[serde(default)]
    pub source: Option<ImportSource>,
}

/// Format of the file of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ImportSource {
    /// Text encoding.
    #[serde(default)]
    pub text_encoding: Option<Encoding>,
    /// Column separator.
    #[serde(default)]
    pub column_separator: Option<String>,
    /// Quotation mark.
    #[serde(default)]
    pub text_delimiter: Option<String>,
    /// Row of the header, from 1. 0 or less if there is none.
    #[serde(default, deserialize_with = "number_opt")]
    pub header_row: Option<i64>,
    /// First row of data, from 1.
    #[serde(default, deserialize_with = "number_opt")]
    pub first_data_row: Option<i64>,
    /// Decimal sign.
    #[serde(default)]
    pub decimal_separator: Option<String>,
    /// Names of the columns.
    #[serde(default, deserialize_with = "or_default")]
    pub header_names: Vec<String>,
    /// Number of columns.
    #[serde(default, deserialize_with = "count_opt")]
    pub column_count: Option<u64>,
}

impl Named for Import {
    const NOUN: &'static str = "import";

    fn name(&self) -> &str {
        &self.name
    }

    fn id(&self) -> &str {
        self.id.as_str()
    }
}

impl Bulk {
    /// Returns the imports of the model: all of them when awaited, or as a stream with `.items()`.
    ///
    /// `GET /models/{modelId}/imports`. Read-only: retried, also while the model is busy.
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

    /// Returns the metadata of an import: the columns and the format of its file.
    ///
    /// `GET /models/{modelId}/imports/{importId}`. Read-only: retried, also while the model is
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

    /// Returns the import with a name.
    ///
    /// `GET /models/{modelId}/imports`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` with similar names, `Conflict` with the ids if several have the name.
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
        self.get_imports().find_by_name(name)
    }
}

/// Endpoint of [`Bulk::get_imports`].
#[derive(Debug, Clone)]
pub struct GetImports {
    model: ModelRef,
    data_source: bool,
    sort: Option<String>,
}

impl GetImports {
    /// Creates the endpoint for a model.
    pub fn new(model: impl Into<ModelRef>) -> Self {
        Self {
            model: model.into(),
            data_source: false,
            sort: None,
        }
    }

    /// Requests the source of each import.
    #[must_use]
    pub fn data_source(mut self) -> Self {
        self.data_source = true;
        self
    }

    /// Sorts by `name` or `id`. A leading `-` reverses the order. The server ignores other names.
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

/// Endpoint of [`Bulk::get_import_metadata`].
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
