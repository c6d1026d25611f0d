//! The log of an optimizer action.

use anaplan_core::{
    Bytes, Call, Download, Endpoint, Error, ErrorKind, Method, Path, Response, Result, RetryClass,
    TaskId,
};

use crate::{ActionId, Bulk, ModelRef};

impl Bulk {
    /// The log of one run of an optimizer action: text, kept for 48 hours after the last access.
    ///
    /// `action` is the optimizer action (117...), even if a process ran it. `correlation` is
    /// the correlation id of the user interface, or the task id of the process.
    ///
    /// Awaiting it returns the bytes. `stream()`, `write_to(writer)` and `save_to(path)` do not hold them in
    /// memory.
    ///
    /// `GET /workspaces/{workspaceId}/models/{modelId}/optimizeActions/{actionId}/tasks/{correlationId}/solutionLogs`.
    /// Needs the role of a workspace administrator. Read-only: retried.
    ///
    /// # Errors
    ///
    /// `MissingScope` if the handle has no workspace, before anything is sent. `Forbidden` without
    /// the role, even if there is no log. `NotFound`.
    ///
    /// ```
    /// # use anaplan_bulk::Bulk;
    /// # anaplan_testkit::story(async |fake| {
    /// # let bulk: Bulk = fake.namespace()?;
    /// # let ids = fake.demo();
    /// let error = bulk.get_optimizer_log(ids.action, "00000000000000000000000000000000").await.unwrap_err();
    /// assert!(error.is_not_found());
    /// # Ok(()) });
    /// ```
    pub fn get_optimizer_log(
        &self,
        action: impl Into<ActionId>,
        correlation: impl Into<TaskId>,
    ) -> Call<GetOptimizerLog> {
        self.session.call(GetOptimizerLog {
            model: self.model.clone(),
            action: action.into(),
            correlation: correlation.into(),
        })
    }
}

/// Endpoint of [`Bulk::get_optimizer_log`].
#[derive(Debug, Clone)]
pub struct GetOptimizerLog {
    /// Model, with its workspace.
    pub model: ModelRef,
    /// Optimizer action.
    pub action: ActionId,
    /// Correlation id, or task id of the process.
    pub correlation: TaskId,
}

impl Endpoint for GetOptimizerLog {
    const NAME: &'static str = "bulk.get_optimizer_log";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    const ACCEPT: &'static str = "text/plain";
    type Output = Bytes;

    fn path(&self) -> Path {
        self.model
            .path()
            .lit("optimizeActions")
            .seg("actionId", &self.action)
            .lit("tasks")
            .seg("correlationId", &self.correlation)
            .lit("solutionLogs")
    }

    /// The model-direct form of the path is not documented for this operation.
    fn check(&self) -> Result<()> {
        if self.model.workspace.is_none() {
            return Err(Error::new(
                ErrorKind::MissingScope,
                "the optimizer log needs a workspace id: give one with `Client::builder().workspace_id(..)`, `client.with_workspace(..)` or a `ModelRef`",
            ));
        }
        Ok(())
    }

    fn decode(&self, response: Response) -> Result<Bytes> {
        Ok(response.into_body())
    }
}

impl Download for GetOptimizerLog {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_server::TestServer;

    #[test]
    fn a_workspace_is_a_must() {
        let bulk = TestServer::default().bulk();
        let error = bulk
            .get_optimizer_log("117000000001", "T")
            .into_request()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MissingScope);
        let bulk = bulk.with_model(ModelRef::new("M").in_workspace("w"));
        let request = bulk
            .get_optimizer_log("117000000001", "T")
            .into_request()
            .unwrap();
        assert!(
            request.uri().path().ends_with(
                "/workspaces/w/models/M/optimizeActions/117000000001/tasks/T/solutionLogs"
            )
        );
        assert_eq!(request.headers()["accept"], "text/plain");
    }
}
