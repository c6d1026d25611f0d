//! Differences of the pairs of revisions of a plan. Each pair is compared once.

use std::collections::BTreeMap;

use anaplan_alm::{ModelDiff, RevisionId, RevisionPair};
use anaplan_core::{Bytes, ErrorKind, ModelId, Result, Session};
use futures_util::{StreamExt, stream};

use crate::canonical_json::sha256;
use crate::plan::{Action, Comparison, Plan, SyncStep};
use crate::planner::{alm, unreadable};

type Pair = (RevisionId, RevisionId);

/// A comparison that is to be made.
struct Request {
    session: Session,
    /// Model that has the first revision.
    model: ModelId,
    pair: RevisionPair,
    /// `true` if the first revision is the latest of the model.
    is_base: bool,
}

/// Adds the comparisons, and their indexes to the steps.
pub(super) async fn add(
    session: &Session,
    source: &ModelId,
    plan: &mut Plan,
    concurrency: usize,
) -> Result<()> {
    let requests = requests(session, source, plan);
    let results: Vec<_> = stream::iter(requests.into_iter().map(Request::run))
        .buffered(concurrency)
        .collect()
        .await;
    let mut indexes: BTreeMap<Pair, usize> = BTreeMap::new();
    for result in results {
        match result? {
            (pair, Ok((comparison, report))) => {
                indexes.insert(pair, plan.comparisons.len());
                plan.reports
                    .held
                    .insert(comparison.report_sha256.clone(), report);
                plan.comparisons.push(comparison);
            }
            ((from, to), Err(reason)) => {
                plan.notes.push(format!(
                    "revisions {from} and {to} are not compared: {reason}"
                ));
            }
        }
    }
    for wave in &mut plan.waves {
        for target in &mut wave.targets {
            if let Action::Sync { steps, fallback } = &mut target.action {
                let all = steps.iter_mut().chain(fallback.iter_mut().flatten());
                all.for_each(|step| step.comparison = indexes.get(&pair(step)).copied());
            }
        }
    }
    Ok(())
}

fn pair(step: &SyncStep) -> Pair {
    (
        step.pair.target_revision.clone(),
        step.pair.source_revision.clone(),
    )
}

/// Returns one request for each distinct pair, in the order of the plan. Pairs whose first revision is the
/// latest of a target are compared with that target, the others within the source.
fn requests(session: &Session, source: &ModelId, plan: &Plan) -> Vec<Request> {
    let mut requests: Vec<Request> = Vec::new();
    let mut known: BTreeMap<Pair, usize> = BTreeMap::new();
    for target in plan.targets() {
        let routes = [target.steps(), target.fallback()];
        for (index, step) in routes
            .into_iter()
            .flat_map(|route| route.iter().enumerate())
        {
            let is_base = index == 0;
            let request = Request {
                session: session.clone(),
                model: if is_base {
                    target.model.id.clone()
                } else {
                    source.clone()
                },
                pair: RevisionPair::new(
                    &step.pair.source_revision,
                    source,
                    &step.pair.target_revision,
                ),
                is_base,
            };
            match known.get(&pair(step)) {
                None => {
                    known.insert(pair(step), requests.len());
                    requests.push(request);
                }
                Some(&index) if is_base && !requests[index].is_base => requests[index] = request,
                Some(_) => {}
            }
        }
    }
    requests
}

impl Request {
    /// Creates summary and report. A comparison that the server rejects is no error: its rules are
    /// inconclusive.
    async fn run(self) -> Result<(Pair, std::result::Result<(Comparison, Bytes), String>)> {
        let key = (
            self.pair.target_revision.clone(),
            self.pair.source_revision.clone(),
        );
        match self.compare().await {
            Ok(comparison) => Ok((key, Ok(comparison))),
            Err(error) if unreadable(error.kind()) || error.kind() == ErrorKind::TaskFailed => {
                Ok((key, Err(error.to_string())))
            }
            Err(error) => Err(error),
        }
    }

    async fn compare(&self) -> Result<(Comparison, Bytes)> {
        let alm = alm(&self.session, &self.model)?;
        let summary = alm
            .create_comparison_summary(&self.pair)
            .await?
            .wait()
            .await?;
        let summary = alm.get_comparison_summary(summary).await?;
        alm.create_comparison_report(&self.pair)
            .await?
            .wait()
            .await?;
        let report = alm.get_comparison_report(&self.pair).await?;
        let (from, to) = (&self.pair.target_revision, &self.pair.source_revision);
        let report_sha256 = sha256(&report);
        let name = format!(
            "reports/{}-{}-{}.tsv",
            safe(from),
            safe(to),
            &report_sha256[..8]
        );
        let comparison = Comparison {
            from: from.clone(),
            to: to.clone(),
            diff: ModelDiff::parse(&report, Some(&summary)),
            report_sha256,
            report_bytes: report.len() as u64,
            report_file: Some(name),
        };
        Ok((comparison, report))
    }
}

/// Returns an id as part of a file name. Ids are strings of the server.
pub(crate) fn safe(id: &RevisionId) -> String {
    let keep = |character: char| {
        if character.is_ascii_alphanumeric() {
            character
        } else {
            '_'
        }
    };
    id.as_str().chars().map(keep).take(64).collect()
}
