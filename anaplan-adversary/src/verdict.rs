//! The verdict over a case: from the effect log of the server and what the call returned, nothing else.

use std::fmt;

use crate::case::{Case, Class, Op, Point, Reply};
use crate::operations::{Claim, Failure, Outcome};
use crate::routes::WORKSPACES;
use crate::secrets;
use crate::server::State;
use crate::world::{Actor, Effect, MODELS, Millis, Work};

/// A broken promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Violation {
    /// Work was executed more than once for one call.
    Double,
    /// The call succeeded although nothing or not everything was done.
    FalseSuccess,
    /// The error says that nothing was done, but it was or will be.
    NotDoneButDone,
    /// Work of another user or of an older run was returned as the caller's.
    Foreign,
    /// The call succeeded with rows or bytes missing.
    MissingData,
    /// The SDK panicked.
    Panic,
    /// A secret stands in an error or a log line.
    Secret,
    /// The call did not end in time.
    Hang,
    /// A permanent refusal was tried again.
    Retried,
}

impl Violation {
    /// Every kind, in the order of the table.
    pub const ALL: [Self; 9] = [
        Self::Double,
        Self::FalseSuccess,
        Self::NotDoneButDone,
        Self::Foreign,
        Self::MissingData,
        Self::Panic,
        Self::Secret,
        Self::Hang,
        Self::Retried,
    ];
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Double => "double",
            Self::FalseSuccess => "false-ok",
            Self::NotDoneButDone => "not-done",
            Self::Foreign => "foreign",
            Self::MissingData => "missing",
            Self::Panic => "panic",
            Self::Secret => "secret",
            Self::Hang => "hang",
            Self::Retried => "retried",
        })
    }
}

/// The content that uploads send: two chunks.
#[must_use]
pub fn upload_content() -> Vec<u8> {
    let line = b"North,N1,100\n".repeat(1 + 1_000_100 / 13);
    line[..1_000_100].to_vec()
}

/// What a case came to.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// The broken promises, each with its explanation.
    pub violations: Vec<(Violation, String)>,
    /// Executions of repeatable work beyond the first.
    pub orphans: usize,
}

/// Long after every late effect.
const SETTLED: Millis = 30 * 86_400_000;

/// Judges a call that has ended.
#[must_use]
pub fn judge(case: &Case, state: &State, outcome: &Outcome) -> Verdict {
    let mut verdict = Verdict::default();
    let mine: Vec<_> = state
        .world
        .of_caller()
        .filter(|effect| is_work(effect))
        .collect();
    count_executions(case, &mine, &mut verdict);
    match outcome {
        Outcome::Failed(failure) => judge_failure(case, &mine, failure, &mut verdict),
        Outcome::Started {
            id,
            presumed,
            waited,
        } => {
            judge_handle(
                case,
                state,
                &mine,
                (id, *presumed),
                waited.as_ref(),
                &mut verdict,
            );
        }
        Outcome::Wrote(count) => judge_count(case, state, *count, &mut verdict),
        Outcome::Uploaded => {
            let stored = state.world.content(SETTLED);
            if stored.as_deref() != Some(&upload_content()[..]) {
                let length = stored.map_or(-1, |bytes| Millis::try_from(bytes.len()).unwrap_or(0));
                verdict.add(
                    Violation::FalseSuccess,
                    format!("the file ends with {length} bytes"),
                );
            }
        }
        Outcome::Bytes(bytes) => {
            let truth = state.world.content(0).unwrap_or_default();
            if *bytes != truth {
                let text = format!("{} bytes of {}", bytes.len(), truth.len());
                verdict.add(Violation::MissingData, text);
            }
        }
        Outcome::Rows(rows) => {
            if rows.len() != WORKSPACES {
                let text = format!("{} rows of {WORKSPACES}", rows.len());
                verdict.add(Violation::MissingData, text);
            }
        }
    }
    judge_retries(case, state, &mut verdict);
    verdict
}

impl Verdict {
    /// A verdict with one broken promise.
    #[must_use]
    pub fn of(violation: Violation, text: &str) -> Self {
        let mut verdict = Self::default();
        verdict.add(violation, text);
        verdict
    }

    /// Adds a broken promise.
    pub fn add(&mut self, violation: Violation, text: impl Into<String>) {
        self.violations.push((violation, text.into()));
    }

    /// Adds a broken promise if a text shows a secret.
    pub fn check_text(&mut self, text: &str) {
        if let Some(form) = secrets::find(text) {
            let line = text.replace('\n', " ");
            self.add(Violation::Secret, format!("error, {form}: {line}"));
        }
    }
}

fn is_work(effect: &Effect) -> bool {
    !matches!(
        effect.work,
        Work::SignIn | Work::Chunk(..) | Work::Complete | Work::Announce(_)
    )
}

fn count_executions(case: &Case, mine: &[&Effect], verdict: &mut Verdict) {
    let most = if case.op == Op::OAuthRefresh {
        let tokens = mine.iter().map(|effect| &effect.work);
        tokens
            .clone()
            .map(|work| tokens.clone().filter(|other| *other == work).count())
            .max()
    } else {
        Some(mine.len())
    };
    let extra = most.unwrap_or(0).saturating_sub(1);
    if extra > 0 && case.op.class() == Class::Once {
        let times: Vec<_> = mine.iter().map(|effect| effect.at).collect();
        verdict.add(Violation::Double, format!("executed at {times:?} ms"));
    } else {
        verdict.orphans += extra;
    }
}

fn judge_failure(case: &Case, mine: &[&Effect], failure: &Failure, verdict: &mut Verdict) {
    verdict.check_text(&failure.text);
    let once = case.op.class() == Class::Once;
    if once && failure.claim == Claim::NotDone && !mine.is_empty() {
        let text = format!("{} although executed at {} ms", failure.kind, mine[0].at);
        verdict.add(Violation::NotDoneButDone, text);
    }
}

fn judge_handle(
    case: &Case,
    state: &State,
    mine: &[&Effect],
    (id, presumed): (&str, bool),
    waited: Option<&Result<bool, Failure>>,
    verdict: &mut Verdict,
) {
    let found = state.world.log.iter().find(|effect| effect.id == *id);
    let foreign = found.is_some_and(|effect| effect.by != Actor::Caller);
    let sync = case.op == Op::SyncModels;
    // A sync is verified by the state of its target when it is waited for.
    if foreign && !sync {
        let by = found.map(|effect| effect.by);
        verdict.add(
            Violation::Foreign,
            format!("{id} of {by:?}, presumed: {presumed}"),
        );
    } else if mine.is_empty()
        && !sync
        && (case.op.class() == Class::Once || case.op == Op::ComparisonReport)
    {
        verdict.add(Violation::FalseSuccess, format!("{id} was never executed"));
    }
    match waited {
        Some(Ok(true)) if sync && !state.world.is_synced(SETTLED) => {
            let kind = if foreign {
                Violation::Foreign
            } else {
                Violation::FalseSuccess
            };
            verdict.add(
                kind,
                format!("wait() succeeded with {id}, the target has not got the revision"),
            );
        }
        Some(Err(failure)) => {
            verdict.check_text(&failure.text);
            let succeeds = mine
                .iter()
                .any(|effect| !matches!(effect.work, Work::Task { fails: true, .. }));
            if failure.claim == Claim::Failed && succeeds && case.op.class() == Class::Once {
                verdict.add(
                    Violation::NotDoneButDone,
                    format!("wait() says that {id} failed, but the work was done"),
                );
            }
        }
        _ => {}
    }
}

fn judge_count(case: &Case, state: &State, count: u64, verdict: &mut Verdict) {
    let truth = match case.op {
        Op::DeleteModels => {
            let left = state.world.models(SETTLED);
            [MODELS[2], MODELS[3]]
                .iter()
                .filter(|id| !left.contains(id))
                .count()
        }
        Op::InsertNamed | Op::InsertUnnamed => state.world.items(SETTLED).len(),
        _ if state
            .world
            .of_caller()
            .any(|effect| effect.work == Work::Cells) =>
        {
            2
        }
        _ => 0,
    };
    // Settled work counts: a response may be true before it is.
    if count > truth as u64 || truth == 0 {
        let text = format!("{count} reported, {truth} written");
        verdict.add(Violation::FalseSuccess, text);
    }
}

/// A proxy that wants credentials, and credentials that were refused, are not tried again.
fn judge_retries(case: &Case, state: &State, verdict: &mut Verdict) {
    let Reply::Status(status, ..) = case.reply else {
        return;
    };
    let permanent = status == 407 || (case.point == Point::SignIn && matches!(status, 401 | 403));
    let struck: Vec<_> = state
        .seen
        .iter()
        .filter(|seen| seen.point == case.point && seen.status == Some(status))
        .map(|seen| &seen.line)
        .collect();
    // Chunks are sent in parallel: what counts is the same request again.
    let same = struck
        .iter()
        .map(|line| struck.iter().filter(|other| *other == line).count());
    let tries = same.max().unwrap_or(0);
    // Listings are read for other reasons than the retry of a call.
    if permanent && tries > 1 && case.point != Point::Listing {
        verdict.add(
            Violation::Retried,
            format!("{status} was tried {tries} times"),
        );
    }
}
