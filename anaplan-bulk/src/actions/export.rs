//! Exports, which write data to a file.

use anaplan_core::{
    Call, Endpoint, Method, Named, PagedCall, Path, Pending, Response, Result, RetryClass,
    open_enum,
};
use serde::{Deserialize, Serialize};

use crate::listing::model_listing;
use crate::{ActionId, ActionRef, Bulk, Encoding, FileId, ModelRef};
use anaplan_core::lenient::{count_opt, or_default};

/// An export. The file that it writes has the same id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Export {
    /// Id of the export and of its file.
    pub id: ActionId,
    /// Name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Layout of the rows.
    #[serde(default)]
    pub export_type: Option<ExportLayout>,
    /// Media type of the file, such as `text/csv`.
    #[serde(default)]
    pub export_format: Option<String>,
    /// Text encoding.
    #[serde(default)]
    pub encoding: Option<Encoding>,
    /// Layout of the rows, as the list names it.
    #[serde(default)]
    pub layout: Option<ExportLayout>,
    /// Code.
    #[serde(default)]
    pub code: Option<String>,
}

impl Export {
    /// Returns the file that the export writes.
    #[must_use]
    pub fn file(&self) -> FileId {
        FileId::from(&self.id)
    }
}

open_enum! {
    /// Layout of the rows of an export.
    pub enum ExportLayout {
        /// The audit log.
        AuditLog = "AUDIT_LOG",
        /// A grid of the current page.
        GridCurrentPage = "GRID_CURRENT_PAGE",
        /// A grid of all pages.
        GridAllPages = "GRID_ALL_PAGES",
        /// A table of all line items.
        TabularAllLineItems = "TABULAR_ALL_LINE_ITEMS",
        /// A table of one line item.
        TabularCurrentLineItem = "TABULAR_CURRENT_LINE_ITEM",
        /// A table with a column for each line item.
        TabularMultiColumn = "TABULAR_MULTI_COLUMN",
        /// A table with one column of values.
        TabularSingleColumn = "TABULAR_SINGLE_COLUMN",
    }
}

open_enum! {
    /// Type of the values of a column.
    pub enum DataType {
        /// No values.
        None = "NONE",
        /// Numbers.
        Number = "NUMBER",
        /// List items.
        Entity = "ENTITY",
        /// Dates.
        Date = "DATE",
        /// Text.
        Text = "TEXT",
        /// Booleans.
        Boolean = "BOOLEAN",
        /// Time periods.
        TimeEntity = "TIME_ENTITY",
        /// Formats.
        Format = "FORMAT",
        /// Summaries.
        Summary = "SUMMARY",
        /// Values of several types.
        Mixed = "MIXED",
    }
}

/// Metadata of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExportMetadata {
    /// Number of columns.
    #[serde(default, deserialize_with = "count_opt")]
    pub column_count: Option<u64>,
    /// Approximate number of rows.
    #[serde(default, deserialize_with = "count_opt")]
    pub row_count: Option<u64>,
    /// Type of each column.
    #[serde(default, deserialize_with = "or_default")]
    pub data_types: Vec<DataType>,
    /// Names of the columns.
    #[serde(default, deserialize_with = "or_default")]
    pub header_names: Vec<String>,
    /// List of each column. Empty for columns without a list.
    #[serde(default, deserialize_with = "or_default")]
    pub list_names: Vec<String>,
    /// Quotation mark.
    #[serde(default)]
    pub delimiter: Option<String>,
    /// Column separator.
    #[serde(default)]
    pub separator: Option<String>,
    /// Text encoding.
    #[serde(default)]
    pub encoding: Option<Encoding>,
    /// Media type of the file, such as `text/csv`.
    #[serde(default)]
    pub export_format: Option<String>,
    /// Layout of the rows.
    #[serde(default)]
    pub layout: Option<ExportLayout>,
}

impl Named for Export {
    const NOUN: &'static str = "export";

    fn name(&self) -> &str {
        &self.name
    }

    fn id(&self) -> &str {
        self.id.as_str()
    }
}

impl Bulk {
    /// Returns the exports of the model: all of them when awaited, or as a stream with `.items()`.
    ///
    /// `GET /models/{modelId}/exports`. Read-only: retried, also while the model is busy.
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
    /// let exports = bulk.get_exports().await?;
    /// assert!(exports.iter().any(|export| export.id == ActionId::from(ids.export)));
    /// # Ok(()) });
    /// ```
    #[doc(alias = "list_exports")]
    pub fn get_exports(&self) -> PagedCall<GetExports> {
        self.session.paged(GetExports::new(self.model.clone()))
    }

    /// Returns the metadata of an export: its columns and the format of its file.
    ///
    /// `GET /models/{modelId}/exports/{exportId}`. Read-only: retried, also while the model is
    /// busy.
    ///
    /// # Errors
    ///
    /// `NotFound`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let metadata = bulk.get_export_metadata(ids.export).await?;
    /// println!("{:?}, about {:?} rows", metadata.header_names, metadata.row_count);
    /// # Ok(()) });
    /// ```
    pub fn get_export_metadata(&self, export: impl Into<ActionId>) -> Call<GetExportMetadata> {
        self.session.call(GetExportMetadata {
            model: self.model.clone(),
            export: export.into(),
        })
    }

    /// Returns the export with a name.
    ///
    /// `GET /models/{modelId}/exports`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` with similar names, `Conflict` with the ids if several have the name.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let known = bulk.get_exports().await?.remove(0).name;
    /// let export = bulk.find_export(&known).await?;
    /// let error = bulk.find_export(format!("{}x", export.name)).await.unwrap_err();
    /// assert!(error.is_not_found() && error.to_string().contains(&known));
    /// # Ok(()) });
    /// ```
    pub fn find_export(&self, name: impl Into<String>) -> Pending<Export> {
        self.get_exports().find_by_name(name)
    }
}

model_listing! {
    /// Endpoint of [`Bulk::get_exports`].
    GetExports, "bulk.get_exports", "exports", Export
}

/// Endpoint of [`Bulk::get_export_metadata`].
#[derive(Debug, Clone)]
pub struct GetExportMetadata {
    /// The model.
    pub model: ModelRef,
    /// The export.
    pub export: ActionId,
}

impl Endpoint for GetExportMetadata {
    const NAME: &'static str = "bulk.get_export_metadata";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = ExportMetadata;

    fn path(&self) -> Path {
        ActionRef::export(&self.export).path(&self.model)
    }

    fn decode(&self, response: Response) -> Result<ExportMetadata> {
        response.field("exportMetadata")
    }
}
