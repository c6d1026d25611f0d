//! Dumps in one response.

use anaplan_core::{
    Bytes, Call, Decision, Endpoint, Error, ErrorKind, Method, Path, Refusal, Response, Result,
    RetryClass, StatusCode,
};

use crate::{ActionId, ActionTask, Bulk, ChunkedFile};

impl Bulk {
    /// Returns the rejected rows of an import in one response, which is held in memory. For large dumps see
    /// [`get_dump`](Self::get_dump), which reads them in chunks.
    ///
    /// `GET /models/{modelId}/imports/{importId}/tasks/{taskId}/dump`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no dump, or none any more.
    ///
    /// ```
    /// # use anaplan_bulk::{Bulk, Content, DumpRow};
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// bulk.upload_file(ids.bad_source_file, Content::text(ids.bad_csv.clone())).await?;
    /// let task = bulk.run_import(ids.bad_import).await?;
    /// # let _ = task.wait().await;
    /// for row in DumpRow::parse(&bulk.get_whole_dump(task.address()).await?)? {
    ///     println!("line {:?}: {}", row.line, row.errors.join("; "));
    /// }
    /// # Ok(()) });
    /// ```
    pub fn get_whole_dump(&self, task: impl Into<ActionTask>) -> Call<GetWholeDump> {
        self.session.call(GetWholeDump::new(task))
    }

    /// Returns the rejected rows of one step of a process in one response: see
    /// [`get_whole_dump`](Self::get_whole_dump).
    ///
    /// `GET /models/{modelId}/processes/{processId}/tasks/{taskId}/dumps/{objectId}`. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no dump, or none any more.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let outcome = bulk.run_process(ids.process).await?.wait().await?;
    /// for step in outcome.steps_with_dump() {
    ///     let dump = bulk.get_whole_process_dump(&outcome.task, &step).await?;
    ///     println!("{step}: {} bytes of rejected rows", dump.len());
    /// }
    /// # Ok(()) });
    /// ```
    pub fn get_whole_process_dump(
        &self,
        task: impl Into<ActionTask>,
        step: impl Into<ActionId>,
    ) -> Call<GetWholeDump> {
        self.session.call(GetWholeDump::of_step(task, step))
    }
}

/// Endpoint of [`Bulk::get_whole_dump`] and [`Bulk::get_whole_process_dump`].
#[derive(Debug, Clone)]
pub struct GetWholeDump {
    of: ChunkedFile,
}

impl GetWholeDump {
    /// Creates the endpoint for an import.
    pub fn new(task: impl Into<ActionTask>) -> Self {
        let of = ChunkedFile::Dump(task.into());
        Self { of }
    }

    /// Creates the endpoint for one step of a process.
    pub fn of_step(task: impl Into<ActionTask>, step: impl Into<ActionId>) -> Self {
        let of = ChunkedFile::StepDump(task.into(), step.into());
        Self { of }
    }
}

impl Endpoint for GetWholeDump {
    const NAME: &'static str = "bulk.get_whole_dump";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    const ACCEPT: &'static str = "*/*";
    const SUCCESS: &'static [u16] = &[200, 204];
    type Output = Bytes;

    fn check(&self) -> Result<()> {
        self.of.check()
    }

    fn path(&self) -> Path {
        self.of.content_path()
    }

    fn refusal(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        self.of.refusal(refusal)
    }

    /// A run without rejected rows has no dump, or none with content.
    fn decode(&self, response: Response) -> Result<Bytes> {
        if response.status() == StatusCode::NO_CONTENT {
            return Err(Error::new(ErrorKind::NotFound, self.of.absence()));
        }
        Ok(response.into_body())
    }
}
