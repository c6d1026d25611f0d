//! One call of the SDK for each operation.

use std::error::Error as _;
use std::time::Duration;

use anaplan::alm::RevisionPair;
use anaplan::auth::OAuthProblem;
use anaplan::bulk::{ConnectorParameter, Content};
use anaplan::ext::LongRunning;
use anaplan::transactional::{Cell, NewListItem};
use anaplan::{Client, Error, ErrorKind, Task};

use super::{Claim, Failure, Outcome};
use crate::case::Op;
use crate::secrets::secret;
use crate::verdict::upload_content;
use crate::world::{MODELS, SOURCE_REVISION, TARGET_REVISION};

/// Makes the call. `timeout` is the deadline that the caller sets, where the call takes one.
pub async fn perform(op: Op, client: &Client, timeout: Option<u64>) -> Outcome {
    attempt(op, client, timeout)
        .await
        .unwrap_or_else(|error| Outcome::Failed(failure(&error)))
}

macro_rules! send {
    ($call:expr, $timeout:expr) => {{
        let call = $call;
        match $timeout {
            Some(seconds) => call.timeout(Duration::from_secs(seconds)).await,
            None => call.await,
        }
    }};
}

async fn attempt(op: Op, client: &Client, timeout: Option<u64>) -> Result<Outcome, Error> {
    let connector = || ConnectorParameter::new("SALESFORCE_API", "PASSWORD", secret("connector"));
    Ok(match op {
        Op::SyncModels => {
            let pair = RevisionPair::new(SOURCE_REVISION, MODELS[1], TARGET_REVISION);
            started(send!(client.alm()?.sync_models(pair), timeout)?).await
        }
        Op::CreateRevision => {
            let call = client.alm()?.create_revision("R7");
            let revision = send!(call.with(|new| new.description("headcount")), timeout)?;
            Outcome::Started {
                id: revision.id.to_string(),
                presumed: false,
                waited: None,
            }
        }
        Op::RunImport => {
            let call = client.bulk()?.run_import("112000000001");
            started(send!(call.with(|run| run.connector(connector())), timeout)?).await
        }
        Op::RunExport => started(send!(client.bulk()?.run_export("116000000001"), timeout)?).await,
        Op::RunAction => started(send!(client.bulk()?.run_action("117000000001"), timeout)?).await,
        Op::RunProcess => {
            started(send!(client.bulk()?.run_process("118000000001"), timeout)?).await
        }
        Op::DeleteModels => {
            let models = [MODELS[2], MODELS[3]];
            let deleted = send!(client.tenant().delete_models("w", models), timeout)?;
            Outcome::Wrote(deleted.deleted)
        }
        Op::InsertNamed => {
            let items = ["N1", "N2"].map(|code| NewListItem::named(code).code(code));
            let report = client
                .transactional()?
                .insert_list_items("101000000001", items)
                .await?;
            Outcome::Wrote(report.written)
        }
        Op::InsertUnnamed => {
            let items = [NewListItem::unnamed(), NewListItem::unnamed()];
            let report = client
                .transactional()?
                .insert_list_items("101000000001", items)
                .await?;
            Outcome::Wrote(report.written)
        }
        Op::WriteCells => {
            let cells = [
                Cell::new("206000000001", 1.5),
                Cell::new("206000000002", 2.5),
            ];
            let call = client
                .transactional()?
                .update_module_data("102000000001", cells);
            Outcome::Wrote(send!(call, timeout)?.written)
        }
        Op::UploadKnown | Op::UploadStream => {
            let content = upload_content();
            let content = if op == Op::UploadKnown {
                Content::from(content)
            } else {
                Content::iter([content])
            };
            let upload = client.bulk()?.upload_file("113000000001", content);
            let upload = upload.chunk_size(1_000_000).without_gzip();
            match upload.await {
                Ok(_) => Outcome::Uploaded,
                Err(failed) => {
                    let mut told = failure(&failed.error);
                    told.text += &format!(" {failed} {failed:?}");
                    Outcome::Failed(told)
                }
            }
        }
        Op::Download => {
            let bytes = client.bulk()?.get_file("113000000001").await?;
            Outcome::Bytes(bytes.to_vec())
        }
        Op::List | Op::FixedToken | Op::SignIn | Op::OAuthRefresh => {
            let rows = send!(client.tenant().get_workspaces(), timeout)?;
            Outcome::Rows(rows.into_iter().map(|row| row.id.to_string()).collect())
        }
        Op::ReadRequest => {
            let call = client
                .transactional()?
                .create_list_read_request("101000000001");
            started(send!(call, timeout)?).await
        }
        Op::ComparisonReport => {
            let pair = RevisionPair::new(SOURCE_REVISION, MODELS[1], TARGET_REVISION);
            started(send!(
                client.alm()?.create_comparison_report(pair),
                timeout
            )?)
            .await
        }
    })
}

async fn started<L: LongRunning>(task: Task<L>) -> Outcome {
    let waited = task.wait().await;
    Outcome::Started {
        id: task.id().to_string(),
        presumed: false,
        waited: Some(waited.map(|_| true).map_err(|error| failure(&error))),
    }
}

pub(super) fn failure(error: &Error) -> Failure {
    let claim = match error.kind() {
        ErrorKind::Ambiguous | ErrorKind::Timeout | ErrorKind::TaskTimeout => Claim::Unknown,
        ErrorKind::TaskFailed => Claim::Failed,
        _ if OAuthProblem::of(error) == Some(OAuthProblem::UnknownOutcome) => Claim::Unknown,
        _ => Claim::NotDone,
    };
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(" {cause} {cause:?}");
        source = cause.source();
    }
    for part in [
        error.server_message(),
        error.server_code(),
        error.request_id(),
    ] {
        text += &format!(" {}", part.unwrap_or_default());
    }
    Failure {
        claim,
        kind: format!("{:?}", error.kind()),
        retryable: error.is_retryable(),
        text,
    }
}
