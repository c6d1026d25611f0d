//! Transfers: upload and import, export and download.

use anaplan_core::{Pending, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{
    ActionId, ActionOutcome, ActionRef, Bulk, Content, Download, File, FileId, Rows, Upload,
};

impl Bulk {
    /// Uploads a file, runs the import or process that reads it, and waits for its end: see
    /// [`upload_file`](Self::upload_file) and [`run_action`](Self::run_action). Nothing is run unless
    /// the upload is complete.
    ///
    /// To continue after a failure, make the two calls separately.
    ///
    /// # Errors
    ///
    /// Those of the two calls. `TaskFailed` if the run ends without success.
    ///
    /// ```
    /// # use anaplan_bulk::{Bulk, Content};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let outcome = bulk.upload_and_import(ids.source_file, Content::text(ids.good_csv.clone()), ids.good_import).await?;
    /// assert!(!outcome.failure_dump_available());
    /// # Ok(()) });
    /// ```
    pub fn upload_and_import(
        &self,
        file: impl Into<FileId>,
        content: impl Into<Content>,
        import: impl Into<ActionRef>,
    ) -> Pending<ActionOutcome> {
        let upload = self.upload_file(file, content);
        let (bulk, import) = (self.clone(), import.into());
        Pending::new(async move {
            // An id that cannot be run must not cost the file its content.
            import.check()?;
            upload.await?;
            bulk.run_action(import).await?.wait().await
        })
    }

    /// Runs an export, waits for its end, and downloads its file: see
    /// [`get_file`](Self::get_file) for the ways to take it.
    ///
    /// # Errors
    ///
    /// Those of [`run_action`](Self::run_action) and [`get_file`](Self::get_file). `TaskFailed` if
    /// the export ends without success.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let csv = bulk.export_and_download(ids.export).await?;
    /// assert!(!csv.is_empty());
    /// # Ok(()) });
    /// ```
    pub fn export_and_download(&self, export: impl Into<ActionId>) -> Download {
        let export = export.into();
        let (bulk, id) = (self.clone(), export.clone());
        let run = Pending::new(async move {
            bulk.run_export(id).await?.wait().await?;
            Ok(())
        });
        self.get_file(export).after(run)
    }

    /// Runs an export, waits for its end, and reads its file row by row, each as a `T`, in the format
    /// of the export's metadata.
    ///
    /// The columns of the header are matched with the names of `T`'s fields.
    ///
    /// # Errors
    ///
    /// Those of [`export_and_download`](Self::export_and_download), and `InvalidInput` when the export
    /// does not write text. A row that does not fit `T` is a `Decode` error of the stream.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// use std::collections::BTreeMap;
    ///
    /// let mut rows = bulk.export_rows::<BTreeMap<String, String>>(ids.export).await?;
    /// while let Some(row) = rows.next_row().await {
    ///     println!("{:?}", row?);
    /// }
    /// # Ok(()) });
    /// ```
    pub fn export_rows<T>(&self, export: impl Into<ActionId>) -> Pending<Rows<T>>
    where
        T: DeserializeOwned + 'static,
    {
        let (bulk, export) = (self.clone(), export.into());
        Pending::new(async move {
            let format = bulk.get_export_metadata(&export).await?.table_format()?;
            let run = bulk.run_export(&export).await?;
            run.wait().await?;
            Ok(bulk.get_file(&export).rows(format))
        })
    }

    /// Replaces the content of a file with rows in the format of the file: see
    /// [`upload_file`](Self::upload_file) and [`Content::rows`]. The names of a struct's fields become
    /// the header.
    ///
    /// The metadata of a file have no decimal sign. If the import reads a decimal comma, use
    /// [`Content::rows`] with [`ImportSource::table_format`](crate::ImportSource::table_format).
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a format that cannot be written. The upload fails with the errors of
    /// [`upload_file`](Self::upload_file), and with `InvalidInput` for a row that cannot be written.
    ///
    /// ```
    /// # use anaplan_bulk::{Bulk, FileId};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// #[derive(serde::Serialize)]
    /// struct Row {
    ///     name: String,
    ///     amount: f64,
    /// }
    ///
    /// let files = bulk.get_files().await?;
    /// let file = files.iter().find(|file| file.id == FileId::from(ids.source_file)).unwrap();
    /// bulk.upload_rows(file, vec![Row { name: "A".into(), amount: 1.5 }])?.await?;
    /// # Ok(()) });
    /// ```
    pub fn upload_rows<I>(&self, file: &File, rows: I) -> Result<Upload>
    where
        I: IntoIterator,
        I::Item: Serialize,
        I::IntoIter: Send + 'static,
    {
        let format = file.table_format()?;
        format.check_writable()?;
        let content = Content::rows(rows, format);
        Ok(self.upload_file(&file.id, content))
    }
}
