//! Files, which imports read and exports write.

use anaplan_core::{
    Bytes, Call, Endpoint, Method, Named, PagedCall, Path, Pending, RequestBody, Response, Result,
    RetryClass, id_type,
};
use serde::{Deserialize, Serialize};

use crate::listing::model_listing;
use crate::{Bulk, Encoding, ModelRef};
use anaplan_core::lenient::{number_opt, or_default};

id_type! {
    /// Id of a file: 113 and nine or ten more digits, or the id of the export that writes it.
    FileId
}

/// File of a model. The content belongs to the user who uploaded or exported it, and is deleted after 48 hours
/// without access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct File {
    /// Id.
    pub id: FileId,
    /// Name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Number of chunks. -1 during an upload of unknown length. Can be out of
    /// date after the content was deleted.
    #[serde(default, deserialize_with = "number_opt")]
    pub chunk_count: Option<i64>,
    /// Quotation mark.
    #[serde(default)]
    pub delimiter: Option<String>,
    /// Text encoding.
    #[serde(default)]
    pub encoding: Option<Encoding>,
    /// First row of data, from 1.
    #[serde(default, deserialize_with = "number_opt")]
    pub first_data_row: Option<i64>,
    /// Format: `txt` for text.
    #[serde(default)]
    pub format: Option<String>,
    /// Row of the header, from 1. 0 or less if there is none.
    #[serde(default, deserialize_with = "number_opt")]
    pub header_row: Option<i64>,
    /// Column separator.
    #[serde(default)]
    pub separator: Option<String>,
    /// Code.
    #[serde(default)]
    pub code: Option<String>,
    /// Origin.
    #[serde(default)]
    pub origin: Option<String>,
}

impl From<&File> for FileId {
    fn from(file: &File) -> Self {
        file.id.clone()
    }
}

impl Named for File {
    const NOUN: &'static str = "file";

    fn name(&self) -> &str {
        &self.name
    }

    fn id(&self) -> &str {
        self.id.as_str()
    }
}

impl Bulk {
    /// Returns the files of the model: all of them when awaited, or as a stream with `.items()`.
    ///
    /// `GET /models/{modelId}/files`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound`, `ModelState`.
    ///
    /// ```
    /// # use anaplan_bulk::{Bulk, FileId};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let files = bulk.get_files().with(|query| query.sort("name")).await?;
    /// let source = files.iter().find(|file| file.id == FileId::from(ids.source_file));
    /// println!("{:?}", source.and_then(|file| file.separator.as_ref()));
    /// # Ok(()) });
    /// ```
    #[doc(alias = "list_files")]
    pub fn get_files(&self) -> PagedCall<GetFiles> {
        self.session.paged(GetFiles::new(self.model.clone()))
    }

    /// Returns the file with a name.
    ///
    /// `GET /models/{modelId}/files`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` with similar names, `Conflict` with the ids if several have the name.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let known = bulk.get_files().await?.remove(0).name;
    /// let file = bulk.find_file(&known).await?;
    /// let error = bulk.find_file(format!("{}x", file.name)).await.unwrap_err();
    /// assert!(error.is_not_found() && error.to_string().contains(&known));
    /// # Ok(()) });
    /// ```
    pub fn find_file(&self, name: impl Into<String>) -> Pending<File> {
        self.get_files().find_by_name(name)
    }

    /// Replaces the content of a file in one request, uncompressed. Intended for less than 1 MB: use
    /// [`upload_file`](Self::upload_file) for larger content.
    ///
    /// `PUT /models/{modelId}/files/{fileId}`. Repeating it leads to the same content: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown file, `ModelState`.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// bulk.put_file(ids.source_file, ids.good_csv.clone()).await?;
    /// assert_eq!(bulk.get_file(ids.source_file).await?, ids.good_csv);
    /// # Ok(()) });
    /// ```
    pub fn put_file(&self, file: impl Into<FileId>, content: impl Into<Bytes>) -> Call<PutFile> {
        self.session.call(PutFile {
            model: self.model.clone(),
            file: file.into(),
            content: content.into(),
        })
    }

    /// Deletes the user's own content of a file. The file itself stays, and imports keep referring to
    /// it.
    ///
    /// `DELETE /models/{modelId}/files/{fileId}`. Idempotent: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` for an unknown file, and if there is no content left to delete.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// bulk.put_file(ids.source_file, "secret").await?;
    /// bulk.delete_file(ids.source_file).await?;
    /// assert!(bulk.get_file(ids.source_file).await.unwrap_err().is_not_found());
    /// # Ok(()) });
    /// ```
    pub fn delete_file(&self, file: impl Into<FileId>) -> Call<DeleteFile> {
        self.session.call(DeleteFile {
            model: self.model.clone(),
            file: file.into(),
        })
    }
}

model_listing! {
    /// Endpoint of [`Bulk::get_files`].
    GetFiles, "bulk.get_files", "files", File
}

pub(crate) fn file_path(model: &ModelRef, file: &FileId) -> Path {
    model.path().lit("files").seg("fileId", file)
}

/// Endpoint of [`Bulk::put_file`].
#[derive(Debug, Clone)]
pub struct PutFile {
    /// The model.
    pub model: ModelRef,
    /// The file.
    pub file: FileId,
    /// New content.
    pub content: Bytes,
}

impl Endpoint for PutFile {
    const NAME: &'static str = "bulk.put_file";
    const METHOD: Method = Method::PUT;
    const RETRY: RetryClass = RetryClass::Idempotent;
    const CONTENT_TYPE: &'static str = "application/octet-stream";
    const SUCCESS: &'static [u16] = &[200, 204];
    type Output = ();

    fn path(&self) -> Path {
        file_path(&self.model, &self.file)
    }

    fn body(&self) -> Result<RequestBody> {
        Ok(self.content.clone().into())
    }

    fn decode(&self, response: Response) -> Result<()> {
        response.is_empty_body()
    }
}

/// Endpoint of [`Bulk::delete_file`].
#[derive(Debug, Clone)]
pub struct DeleteFile {
    /// The model.
    pub model: ModelRef,
    /// The file.
    pub file: FileId,
}

impl Endpoint for DeleteFile {
    const NAME: &'static str = "bulk.delete_file";
    const METHOD: Method = Method::DELETE;
    const RETRY: RetryClass = RetryClass::Idempotent;
    const SUCCESS: &'static [u16] = &[200, 204];
    type Output = ();

    fn path(&self) -> Path {
        file_path(&self.model, &self.file)
    }

    fn decode(&self, response: Response) -> Result<()> {
        response.is_empty_body()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_server::{TestServer, answer};

    #[test]
    fn a_whole_file_is_sent_raw() {
        let bulk = TestServer::default().bulk();
        let request = bulk
            .put_file(113_000_000_001_u64, "a,b")
            .into_request()
            .unwrap();
        assert_eq!(request.method(), Method::PUT);
        assert_eq!(
            request.headers()["content-type"],
            "application/octet-stream"
        );
        assert_eq!(&request.body()[..], b"a,b");
        assert!(
            request
                .uri()
                .path()
                .ends_with("/models/M/files/113000000001")
        );
    }

    #[test]
    fn files_of_exports_have_fewer_fields() {
        let body = r#"{"files":[{"id":"116000000001","name":"out.csv","chunkCount":1,"firstDataRow":0,"headerRow":0},
            {"id":113000000001,"name":null,"encoding":"UTF-16LE","separator":"\t"}]}"#;
        let page = GetFiles::new("M").decode(answer(200, body)).unwrap();
        assert_eq!(page.items[0].encoding, None);
        assert_eq!(page.items[1].id, "113000000001");
        assert_eq!(page.items[1].encoding, Some(Encoding::Utf16Le));
    }
}
