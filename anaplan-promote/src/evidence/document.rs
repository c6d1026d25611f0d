//! The content of the evidence.

use std::collections::BTreeMap;

use anaplan_alm::RevisionId;
use anaplan_core::{Error, ModelId, Result, Timestamp};
use serde::Serialize;

use crate::evidence::report_path;
use crate::journal::{History, Journal, JournalEvent, JournalLine};
use crate::models::ActiveState;
use crate::plan::{Action, Made, ModelSnapshot, Plan, PlanId, PlannedTarget, RevisionRef};
use crate::policy::{Approval, Decision, Finding, Waiver};
use crate::run::{RunStatus, SyncReport, TargetOutcome};

/// Content of the evidence of a plan and its run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EvidenceDocument {
    /// Name and version of the format: `anaplan.evidence/1`.
    pub schema: String,
    /// Id of the plan.
    pub plan: PlanId,
    /// Origin of the plan.
    pub made: Made,
    /// Name of the release.
    pub release: String,
    /// Source of the release.
    pub source: ModelSnapshot,
    /// Goal.
    pub revision: RevisionRef,
    /// Decision of the policy when the plan was made.
    pub decision: Decision,
    /// Findings about the plan and all targets.
    pub findings: Vec<Finding>,
    /// Waivers of the policy.
    pub waivers: Vec<Waiver>,
    /// Waivers that cover no finding.
    pub unused_waivers: Vec<Waiver>,
    /// Approvals, as stated by the program.
    pub approvals: Vec<Approval>,
    /// Run. `None` if the plan was not applied.
    pub run: Option<EvidenceRun>,
    /// Targets, in the order of the plan.
    pub targets: Vec<TargetEvidence>,
    /// Comparison reports.
    pub reports: Vec<EvidenceReport>,
    /// Remarks of the plan.
    pub notes: Vec<String>,
    /// Context of the pipeline.
    pub pipeline: BTreeMap<String, String>,
}

/// Run of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EvidenceRun {
    /// Id.
    pub id: String,
    /// Status. `None` if the run has not ended, or its process was killed.
    pub status: Option<RunStatus>,
    /// Reason, unless all targets were promoted.
    pub reason: Option<String>,
    /// Time of the first line of the journal.
    pub started: Timestamp,
    /// Time of the last line of the journal.
    pub last: Timestamp,
    /// Host of the first process, if known.
    pub host: Option<String>,
    /// Number of processes that continued the run.
    pub resumed: u32,
}

/// Target of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TargetEvidence {
    /// Name of the wave.
    pub wave: String,
    /// Model.
    pub model: ModelId,
    /// Name with workspace.
    pub name: String,
    /// Reason if the plan does not promote the target.
    pub blocked: Option<String>,
    /// Outcome. `None` if the target was not started, or has not ended.
    pub outcome: Option<TargetOutcome>,
    /// State before.
    pub before: ModelState,
    /// State after. Fields that the journal does not state are `None`.
    pub after: ModelState,
    /// Time of the first line about the target.
    pub started: Option<Timestamp>,
    /// Time of the last line about the target.
    pub ended: Option<Timestamp>,
    /// Syncs, with tasks and messages of the server.
    pub syncs: Vec<SyncReport>,
    /// Reason if the run left the model offline.
    pub left_offline: Option<String>,
}

/// State of a model.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelState {
    /// Latest revision.
    pub revision: Option<RevisionRef>,
    /// State.
    pub state: Option<ActiveState>,
    /// `true` if users have no access.
    pub offline: Option<bool>,
}

/// Comparison report of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EvidenceReport {
    /// Revision before.
    pub from: RevisionId,
    /// Revision after.
    pub to: RevisionId,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
    /// Size.
    pub bytes: u64,
    /// File of the evidence folder. `None` if the report is not stored.
    pub file: Option<String>,
}

impl EvidenceDocument {
    pub(super) fn of(plan: &Plan, journal: &Journal) -> Result<Self> {
        let lines = journal.lines();
        let history = match lines.is_empty() {
            true => None,
            false => Some(journal.history()?),
        };
        if let Some(other) = history
            .as_ref()
            .filter(|history| history.started.plan_id != plan.id)
        {
            let other = &other.started.plan_id;
            let problem = format!("belongs to the plan {other}, not to {}", plan.id);
            return Err(Error::invalid_input("journal", problem));
        }
        let first = lines
            .iter()
            .rposition(|line| matches!(line.event, JournalEvent::RunStarted(_)));
        let lines = &lines[first.unwrap_or(0)..];
        let mut findings = plan.policy.findings.clone();
        findings.extend(
            plan.targets()
                .flat_map(|target| target.policy.findings.clone()),
        );
        let waves = plan.waves.iter();
        let targets = waves.flat_map(|wave| wave.targets.iter().map(|target| (&wave.name, target)));
        Ok(Self {
            schema: "anaplan.evidence/1".into(),
            plan: plan.id.clone(),
            made: plan.made.clone(),
            release: plan.release.name.clone(),
            source: plan.source.clone(),
            revision: plan.revision.clone(),
            decision: plan.policy.decision,
            findings,
            waivers: plan.release.policy.waivers.clone(),
            unused_waivers: plan.policy.unused_waivers.clone(),
            approvals: history
                .as_ref()
                .map(|history| history.approvals.clone())
                .unwrap_or_default(),
            run: history.as_ref().and_then(|history| run(history, lines)),
            targets: targets
                .map(|(wave, target)| of_target(wave, target, history.as_ref(), lines))
                .collect(),
            reports: plan
                .comparisons
                .iter()
                .map(|comparison| EvidenceReport {
                    from: comparison.from.clone(),
                    to: comparison.to.clone(),
                    sha256: comparison.report_sha256.clone(),
                    bytes: comparison.report_bytes,
                    file: comparison
                        .report_file
                        .as_ref()
                        .map(|_| report_path(comparison)),
                })
                .collect(),
            notes: plan.notes.clone(),
            pipeline: BTreeMap::new(),
        })
    }

    /// Returns the findings about a target.
    #[cfg(feature = "html")]
    pub(super) fn findings_of<'a>(
        &'a self,
        model: &'a ModelId,
    ) -> impl Iterator<Item = &'a Finding> {
        self.findings
            .iter()
            .filter(move |finding| finding.target.as_ref() == Some(model))
    }
}

fn run(history: &History, lines: &[JournalLine]) -> Option<EvidenceRun> {
    let (first, last) = (lines.first()?, lines.last()?);
    let mut reason = None;
    let mut resumed = 0;
    for line in lines {
        match &line.event {
            JournalEvent::RunEnded { reason: why, .. } => reason.clone_from(why),
            JournalEvent::RunResumed { .. } => {
                resumed += 1;
                reason = None;
            }
            _ => {}
        }
    }
    Some(EvidenceRun {
        id: history.started.run.clone(),
        status: history.ended,
        reason,
        started: first.at,
        last: last.at,
        host: history.started.host.clone(),
        resumed,
    })
}

fn of_target(
    wave: &str,
    target: &PlannedTarget,
    history: Option<&History>,
    lines: &[JournalLine],
) -> TargetEvidence {
    let model = &target.model;
    let own: Vec<&JournalLine> = lines
        .iter()
        .filter(|line| line.target.as_ref() == Some(&model.id))
        .collect();
    let recorded = history
        .map(|history| history.target(&model.id))
        .unwrap_or_default();
    let mut evidence = TargetEvidence {
        wave: wave.to_owned(),
        model: model.id.clone(),
        name: model.full_name(),
        blocked: match &target.action {
            Action::Blocked { reason } => Some(reason.clone()),
            Action::Sync { .. } | Action::UpToDate => None,
        },
        outcome: match target.action {
            Action::UpToDate if own.is_empty() && history.is_some() => {
                Some(TargetOutcome::UpToDate)
            }
            _ => recorded.outcome.clone(),
        },
        before: ModelState {
            revision: model.latest.clone(),
            state: model.state.clone(),
            offline: model.state.as_ref().map(|_| model.is_offline()),
        },
        after: ModelState::default(),
        started: own.first().map(|line| line.at),
        ended: own.last().map(|line| line.at),
        syncs: recorded.syncs,
        left_offline: None,
    };
    let mut inspected = false;
    for line in own {
        match &line.event {
            // The first inspection is the state before, later ones belong to a resumed run.
            JournalEvent::TargetInspected { status } => {
                let state = ModelState {
                    revision: status.latest.clone(),
                    state: status.state.clone(),
                    offline: status
                        .state
                        .as_ref()
                        .map(|state| crate::models::is_offline(Some(state))),
                };
                if !inspected {
                    evidence.before = state.clone();
                }
                evidence.after = state;
                inspected = true;
            }
            JournalEvent::TookOffline => evidence.after.offline = Some(true),
            JournalEvent::Verified { revision } => evidence.after.revision = Some(revision.clone()),
            JournalEvent::BroughtOnline => {
                evidence.after.offline = Some(false);
                evidence.left_offline = None;
            }
            JournalEvent::LeftOffline { reason } => {
                evidence.after.offline = Some(true);
                evidence.left_offline = Some(reason.clone());
            }
            _ => continue,
        }
        // The state is not read again after a change of the access.
        if !matches!(
            line.event,
            JournalEvent::TargetInspected { .. } | JournalEvent::Verified { .. }
        ) {
            evidence.after.state = None;
        }
    }
    evidence
}

/// Returns the outcome in words.
pub(super) fn outcome_text(target: &TargetEvidence) -> String {
    if let Some(reason) = &target.blocked {
        return format!("blocked: {reason}");
    }
    match &target.outcome {
        None if target.started.is_some() => "not finished".into(),
        None => "not started".into(),
        Some(TargetOutcome::Succeeded) => "succeeded".into(),
        Some(TargetOutcome::AppliedElsewhere) => "applied by another program or user".into(),
        Some(TargetOutcome::UpToDate) => "up to date".into(),
        Some(TargetOutcome::Failed {
            step,
            message,
            server,
            ..
        }) => match server {
            Some(server)
                if !server
                    .message
                    .as_ref()
                    .is_some_and(|text| message.contains(text)) =>
            {
                format!("failed in step {step}: {message} ({server})")
            }
            _ => format!("failed in step {step}: {message}"),
        },
        Some(TargetOutcome::InProgress { task }) => format!("in progress as task {task}"),
        Some(TargetOutcome::Skipped { reason }) => format!("skipped: {reason}"),
        Some(TargetOutcome::Unknown { reason }) => format!("unknown: {reason}"),
    }
}

/// Returns a revision and the access of users in words.
pub(super) fn state_text(state: &ModelState) -> String {
    let revision = state
        .revision
        .as_ref()
        .map_or("", |revision| revision.name.as_str());
    let access = match (&state.state, state.offline) {
        (Some(ActiveState::Archived), _) => "archived",
        (Some(ActiveState::Locked), _) => "locked",
        (_, Some(true)) => "offline",
        (_, Some(false)) => "online",
        (_, None) => "",
    };
    match (revision, access) {
        ("", "") => "–".into(),
        ("", access) => access.into(),
        (revision, "") => revision.into(),
        (revision, access) => format!("{revision}, {access}"),
    }
}

/// Returns the status of the run in words.
pub(super) fn status_text(document: &EvidenceDocument) -> &'static str {
    match &document.run {
        None => "not applied",
        Some(run) => match run.status {
            None => "not ended",
            Some(RunStatus::Finished) => "finished",
            Some(RunStatus::Failed) => "failed",
            Some(RunStatus::Paused) => "paused",
            Some(RunStatus::Stopped) => "stopped",
        },
    }
}

/// Returns a time in seconds.
pub(super) fn seconds(time: Timestamp) -> String {
    format!("{time:.0}")
}
