//! Later evaluation of a reconciliation record, also by another process.

use crate::data::error::{Error, ErrorKind, Result};
use crate::data::record::ReconciliationRecord;
use crate::engine::fetch::SessionFetch;
use crate::engine::options::Deadline;
use crate::engine::request::PreparedRequest;
use crate::operation::{Attempt, Endpoint, Evidence, Finding, Lookup};
use crate::session::Session;

/// Outcome of an attempt, as far as the server's state proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Evaluation<T> {
    /// The attempt was executed, and this is its result.
    Confirmed(T),
    /// A single candidate that the API cannot prove to be the result of the attempt.
    Presumed {
        /// Id of the candidate.
        id: String,
        /// The candidate.
        output: T,
    },
    /// The attempt was not executed and can no longer take effect, for this reason.
    NotExecuted(String),
    /// The outcome is still unknown, for this reason. The attempt may take effect later.
    Unknown(String),
}

impl<T> Evaluation<T> {
    /// Converts the result, and keeps everything else.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Evaluation<U> {
        match self {
            Self::Confirmed(output) => Evaluation::Confirmed(convert(output)),
            Self::Presumed { id, output } => Evaluation::Presumed {
                id,
                output: convert(output),
            },
            Self::NotExecuted(reason) => Evaluation::NotExecuted(reason),
            Self::Unknown(reason) => Evaluation::Unknown(reason),
        }
    }
}

/// Checks the server's state once for the effect of a recorded attempt.
pub(crate) async fn evaluate<E: Endpoint>(
    session: &Session,
    endpoint: &E,
    record: &ReconciliationRecord,
) -> Result<Evaluation<E::Output>> {
    if record.version != ReconciliationRecord::VERSION || record.operation != E::NAME {
        let text = format!(
            "the record is of {} in version {}, not of {} in version {}",
            record.operation,
            record.version,
            E::NAME,
            ReconciliationRecord::VERSION
        );
        return Err(Error::new(ErrorKind::InvalidInput, text));
    }
    let request = PreparedRequest::new(endpoint, &session.inner)?;
    let Some(reconcile) = endpoint.reconcile() else {
        let reason = "the API exposes nothing by which the attempt could be found";
        return Ok(Evaluation::Unknown(reason.to_owned()));
    };
    let attempt = Attempt::new(record);
    let starts = &session.inner.starts;
    let claimed = |id: &str| starts.is_claimed(request.path(), id);
    let fetch = SessionFetch {
        session,
        deadline: Deadline::default(),
        nested: false,
    };
    let evidence = Evidence::new(Lookup::new(&fetch), &attempt, &claimed);
    let found = reconcile.find(&evidence).await;
    Ok(match found.map_err(|error| request.describe(error))? {
        Finding::Confirmed(output) => Evaluation::Confirmed(output),
        Finding::Presumed { id, output, .. } => Evaluation::Presumed { id, output },
        Finding::Unclear(reason) => Evaluation::Unknown(reason),
        Finding::Nothing => match reconcile.cannot_take_effect(&evidence).await? {
            Some(reason) => Evaluation::NotExecuted(reason),
            None => Evaluation::Unknown("no effect is visible".to_owned()),
        },
    })
}
