//! Options and results of the start of a run.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anaplan_core::{Error, ErrorKind, ModelId, Result};

use crate::journal::Journal;
use crate::plan::{Plan, PlanId, Validation};
use crate::policy::{Approval, Policy, PolicyReport};
use crate::run::Run;
use crate::run::check::Check;

/// Options of [`Promoter::apply`](crate::Promoter::apply) and [`Promoter::resume`](crate::Promoter::resume).
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ApplyOptions {
    /// Journal. Default: a file in the current directory, with the first digits of the plan id in its name.
    /// A run that is resumed keeps its journal.
    pub journal: Option<JournalPlace>,
    /// Id that the plan must have.
    pub expect: Option<PlanId>,
    /// Policy in addition to that of the plan, and to that of the start of a resumed run. The stricter decision
    /// applies.
    pub policy: Option<Policy>,
    /// Approvals of findings and gates.
    pub approvals: Vec<Approval>,
    /// Targets to which the run is limited. Default: all.
    pub only: Option<Vec<ModelId>>,
    /// Maximum number of targets at a time. Default: that of the release.
    pub concurrency: Option<NonZeroUsize>,
    /// Maximum duration of the run. No target starts after it, and running syncs are reported with their
    /// tasks. Default: unlimited.
    pub deadline: Option<Duration>,
    /// Checks before and after the syncs of each target.
    pub checks: Vec<Arc<dyn Check>>,
    /// `true` starts a sync again if it is not known whether a killed process started it. The server rejects
    /// a second sync of the same revisions, unless the first one is still in progress. Default: no.
    pub resend_unknown: bool,
}

/// Place of a journal.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum JournalPlace {
    /// A file, which is created if it does not exist.
    File(PathBuf),
    /// An open journal.
    Open(Journal),
}

impl From<PathBuf> for JournalPlace {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&str> for JournalPlace {
    fn from(path: &str) -> Self {
        Self::File(path.into())
    }
}

impl From<Journal> for JournalPlace {
    fn from(journal: Journal) -> Self {
        Self::Open(journal)
    }
}

impl ApplyOptions {
    /// Sets the journal: a path, or an open journal.
    #[must_use]
    pub fn journal(mut self, journal: impl Into<JournalPlace>) -> Self {
        self.journal = Some(journal.into());
        self
    }

    /// Sets the id that the plan must have.
    #[must_use]
    pub fn expect(mut self, id: impl Into<PlanId>) -> Self {
        self.expect = Some(id.into());
        self
    }

    /// Adds an approval.
    #[must_use]
    pub fn approval(mut self, approval: Approval) -> Self {
        self.approvals.push(approval);
        self
    }

    /// Adds a check.
    #[must_use]
    pub fn check(mut self, check: Arc<dyn Check>) -> Self {
        self.checks.push(check);
        self
    }
}

/// Result of [`Promoter::apply`](crate::Promoter::apply).
#[derive(Debug)]
#[non_exhaustive]
pub enum ApplyStart {
    /// The run has started.
    Started(Run),
    /// Nothing was changed.
    Rejected(Box<Rejection>),
}

impl ApplyStart {
    /// Returns the run.
    ///
    /// # Errors
    ///
    /// `Rejected` if the plan was rejected.
    pub fn started(self) -> Result<Run> {
        match self {
            Self::Started(run) => Ok(run),
            Self::Rejected(rejection) => {
                Err(Error::new(ErrorKind::Rejected, rejection.to_string()).during("promote.apply"))
            }
        }
    }

    /// Returns the reason of a rejection.
    #[must_use]
    pub fn rejected(self) -> Option<Rejection> {
        match self {
            Self::Started(_) => None,
            Self::Rejected(rejection) => Some(*rejection),
        }
    }
}

/// Reason for which a plan was not applied.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Rejection {
    /// The tenant differs from the plan.
    StalePlan(Validation),
    /// The policy denies the plan.
    PolicyDenied(PolicyReport),
    /// The policy requires approvals.
    ApprovalRequired(PolicyReport),
    /// The plan has another id than expected.
    PlanIdMismatch {
        /// Id of the plan.
        actual: PlanId,
        /// Expected id.
        expected: PlanId,
    },
    /// Another process has the journal open, or another run of this process uses it.
    JournalLocked {
        /// Journal. Empty for a journal that is not a file.
        path: PathBuf,
    },
    /// The journal holds a run of the same plan that is not finished: resume it.
    UnfinishedRun {
        /// Journal.
        path: PathBuf,
    },
    /// The format of the plan is not supported.
    UnsupportedSchema {
        /// Format.
        schema: String,
    },
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let findings = |f: &mut fmt::Formatter<'_>, report: &PolicyReport| {
            for finding in report
                .findings
                .iter()
                .filter(|finding| finding.waived.is_none())
            {
                write!(
                    f,
                    "; {}: {}: {}",
                    finding.rule, finding.subject, finding.message
                )?;
            }
            Ok(())
        };
        match self {
            Self::StalePlan(validation) => {
                f.write_str("the plan is stale")?;
                for conflict in &validation.conflicts {
                    write!(f, "; {conflict}")?;
                }
                Ok(())
            }
            Self::PolicyDenied(report) => {
                f.write_str("the policy denies the plan")?;
                findings(f, report)
            }
            Self::ApprovalRequired(report) => {
                f.write_str("the policy requires an approval")?;
                findings(f, report)
            }
            Self::PlanIdMismatch { actual, expected } => {
                write!(f, "the plan has the id {actual}, expected {expected}")
            }
            Self::JournalLocked { path } => {
                write!(f, "the journal {} is in use by another run", path.display())
            }
            Self::UnfinishedRun { path } => write!(
                f,
                "the journal {} has an unfinished run of the plan: resume or recover it",
                path.display()
            ),
            Self::UnsupportedSchema { schema } => {
                write!(
                    f,
                    "the format {schema} of the plan is not supported by this release"
                )
            }
        }
    }
}

/// Source of a recovery.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RecoverFrom {
    /// The journal of the run.
    Journal(Journal),
    /// The plan, if the journal is lost.
    Plan(Box<Plan>),
}

/// Options of [`Promoter::recover`](crate::Promoter::recover).
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct RecoverOptions {
    /// Maximum time for which running syncs are awaited. Default: unlimited.
    pub deadline: Option<Duration>,
}
