//! Lookups through a session.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::data::error::Result;
use crate::engine::body::Whole;
use crate::engine::options::Deadline;
use crate::engine::request::PreparedRequest;
use crate::engine::send::{Sending, send};
use crate::operation::{Fetch, Operation, Response};
use crate::session::Session;

/// Sends operations for reconciliation, verification, paging and waiting.
pub(crate) struct SessionFetch<'a> {
    pub(crate) session: &'a Session,
    pub(crate) deadline: Deadline,
    /// `true` if the lookup precedes an attempt, which holds the permit of the connection.
    pub(crate) nested: bool,
}

#[async_trait]
impl Fetch for SessionFetch<'_> {
    async fn fetch(
        &self,
        operation: &dyn Operation,
        read: &mut (dyn FnMut(Response) -> Result<()> + Send),
    ) -> Result<()> {
        let request = PreparedRequest::new(operation, &self.session.inner)?;
        let call = Sending {
            session: self.session,
            request: &request,
            class: operation.class(),
            deadline: self.deadline,
            nested: self.nested,
            on_retry: None,
        };
        let sent = send::<Whole>(call, None).await;
        let response = sent.map_err(|failure| failure.error)?;
        let described = |error| request.describe(error).with_attempts(request.attempts());
        read(response).map_err(described)
    }

    fn now(&self) -> Timestamp {
        self.session.clock().now()
    }
}
