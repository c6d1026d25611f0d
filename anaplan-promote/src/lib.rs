#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod canonical_json;
mod drift;
mod evidence;
mod glob;
mod journal;
mod models;
mod plan;
mod planner;
mod policy;
mod recover;
mod release;
mod resolve;
mod run;
mod validate;

use anaplan_core::{Namespace, Result, Scope, Session};

pub use drift::{DriftReport, DriftScope, Family, ModelDrift, RevisionLag, UnreadableModel};
pub use evidence::{
    Evidence, EvidenceDocument, EvidenceReport, EvidenceRun, ModelState, TargetEvidence,
};
pub use journal::{Journal, JournalEvent, JournalLine, JournalStorage, RunStarted, StartingSync};
pub use models::ActiveState;
pub use plan::{
    Action, Comparison, Conflict, ConflictKind, Made, ModelSnapshot, Plan, PlanId, PlannedTarget,
    PlannedWave, RevisionRef, SyncStep, Validation,
};
pub use policy::{
    Approval, ApprovalOf, CustomRule, Decision, Finding, Policy, PolicyInput, PolicyReport,
    PolicyRule, Rule, Severity, Violation, Waived, Waiver, Weekday,
};
pub use release::{
    FailureMode, Gate, ModelName, Release, RestoreOnline, RevisionName, Route, TakeOffline, Wave,
};
pub use resolve::{Candidate, NameError};
pub use run::{
    ApplyOptions, ApplyStart, Check, CheckResult, DisplayEvent, Event, EventKind, JournalPlace,
    NextStep, RecoverFrom, RecoverOptions, Rejection, Report, Run, RunStatus, ServerMessage,
    StopHandle, StopMode, SyncReport, TargetOutcome, TargetReport, TargetStatus,
};

/// Promotion of releases to many models.
///
/// Needs neither a workspace nor a model. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Promoter {
    pub(crate) session: Session,
    /// Custom rules, by their names.
    pub(crate) rules: Vec<std::sync::Arc<dyn CustomRule>>,
}

impl Namespace for Promoter {
    const NAME: &'static str = "promote";

    fn bind(session: Session, _scope: &Scope) -> Result<Self> {
        Ok(Self {
            session,
            rules: Vec::new(),
        })
    }
}

impl Promoter {
    /// Registers a custom rule, for policies with `rule = "custom"`. A rule of the same name is replaced.
    #[must_use]
    pub fn with_rule(mut self, rule: std::sync::Arc<dyn CustomRule>) -> Self {
        self.rules.retain(|known| known.name() != rule.name());
        self.rules.push(rule);
        self
    }
}
