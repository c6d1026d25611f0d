//! Programs: the actions of several users and the faults that occur meanwhile. Plain data that can be
//! printed, shrunk, stored and run again.

mod fault;

use std::time::Duration;

use anaplan_testkit::Pacing;
use serde::{Deserialize, Serialize};

pub use fault::{FaultKind, FaultSpec, GARBAGE, ListingSpec, OtherUser};

/// Number of users. The first two share a session; the third has its own.
pub const USERS: usize = 3;

/// One run of the simulation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// Seed of the faults, the connection's delays and the retry jitter.
    pub seed: u64,
    /// Speed of the server's tasks.
    pub pacing: Pace,
    /// Token lifetime in seconds.
    pub token_life: u64,
    /// `true` if the fake varies what clients must not rely on: unknown fields, order, white space, bare ids.
    pub varied: bool,
    /// `true` if list items are paged.
    pub paged: bool,
    /// Longest one-way latency of a request in milliseconds.
    pub latency: u64,
    /// Seconds by which the client's clock is ahead of the server's. Negative if it is behind.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub clock_skew: i64,
    /// `true` if responses lack the `Date` header.
    #[serde(default, skip_serializing_if = "is_false")]
    pub undated: bool,
    /// Faults, injected before the first step.
    pub faults: Vec<FaultSpec>,
    /// Actions. Those of one user run one after the other, those of several users concurrently.
    pub steps: Vec<Step>,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Speed of the server's tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pace {
    /// Tasks complete at once.
    Instant,
    /// Tasks complete at the `n`th poll.
    Polls(u32),
    /// Tasks take this many seconds.
    Seconds(u64),
}

impl Pace {
    /// Returns the equivalent rule of the fake.
    #[must_use]
    pub fn pacing(self) -> Pacing {
        match self {
            Self::Instant => Pacing::Instant,
            Self::Polls(n) => Pacing::Polls(n),
            Self::Seconds(n) => Pacing::Time(Duration::from_secs(n)),
        }
    }
}

/// One action of one user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Index of the user.
    pub user: usize,
    /// Pause before the action in milliseconds.
    #[serde(default)]
    pub pause: u64,
    /// The action.
    pub action: Action,
    /// When the call is dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<Cancel>,
    /// Timeout of the call in milliseconds, for calls that accept one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// `true` if the call accepts a presumed task, for calls that return the handle of one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub accept_presumed: bool,
}

/// When a call is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cancel {
    /// After this many polls of its future, which is at any await.
    Polls(u32),
    /// After this many milliseconds.
    Millis(u64),
}

/// The kinds of actions. Each user has its own lists, files and objects, so that no other user of the
/// program writes to them. The models are shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Action {
    // Changes of the world without a call.
    ChangeStructure,
    ExpireTokens,
    Wait {
        seconds: u64,
    },
    // The session.
    WhoAmI,
    SignOut,
    // Application lifecycle management.
    CreateRevision,
    GetRevisions,
    GetLatestRevision,
    GetModelsOfRevision,
    Sync,
    SyncAndWait,
    Promote,
    Preview,
    Report,
    SetOnline {
        online: bool,
    },
    // Modelling data.
    InsertItems {
        count: u32,
        again: bool,
    },
    InsertUnnamed,
    UpdateItems {
        count: u32,
    },
    DeleteItems {
        count: u32,
    },
    ReadItems {
        page: u32,
    },
    StreamItems,
    ReadItemsAsCsv,
    WriteCells {
        count: u32,
    },
    ReadCells,
    ReadList,
    ReadView,
    Wake,
    SetPeriod {
        month: u8,
    },
    ReadPeriod,
    ReadModel,
    // Files and runs.
    Upload {
        rows: u32,
        padding: u32,
        known: bool,
        gzip: bool,
    },
    PutFile {
        rows: u32,
    },
    DeleteFile,
    Download,
    UploadAndImport {
        rows: u32,
    },
    Import,
    Run {
        what: Runnable,
    },
    RunAndWait {
        what: Runnable,
    },
    RunAndCancel {
        what: Runnable,
    },
    ExportAndDownload,
    ListRuns {
        what: Runnable,
    },
    ListObjects,
    DeleteModel,
    // Attempts with unknown outcome.
    /// Evaluates the record of an earlier attempt.
    Evaluate {
        /// `true` if the session that made the attempt evaluates the record, rather than the other one.
        same_session: bool,
    },
}

/// Objects that can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Runnable {
    Sort,
    Export,
    Process,
    /// A shared process. Its first step leaves a dump and its second step fails.
    BadProcess,
    /// A shared action.
    Optimizer,
}

impl Action {
    /// Returns the name of the variant.
    #[must_use]
    pub fn name(&self) -> String {
        let text = format!("{self:?}");
        text.split([' ', '{', '('])
            .next()
            .unwrap_or_default()
            .to_owned()
    }
}

impl Program {
    /// Returns whether requests may take effect after their sender has given up.
    #[must_use]
    pub fn has_late_effects(&self) -> bool {
        self.faults.iter().any(|fault| fault.kind.is_late())
    }

    /// Returns whether there are no faults, no dropped calls and no timeouts.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        let undisturbed = |step: &Step| step.cancel.is_none() && step.timeout.is_none();
        self.faults.is_empty() && self.steps.iter().all(undisturbed)
    }

    /// Returns whether the users end tokens that are valid.
    #[must_use]
    pub fn ends_tokens(&self) -> bool {
        let mut actions = self.steps.iter().map(|step| &step.action);
        actions.any(|action| matches!(action, Action::SignOut | Action::ExpireTokens))
    }

    /// Returns whether a response may be replaced by HTML.
    #[must_use]
    pub fn has_garbage(&self) -> bool {
        let mut kinds = self.faults.iter().map(|fault| &fault.kind);
        kinds.any(|kind| *kind == FaultKind::Garbage)
    }

    /// Returns whether a response may be one that cannot be decoded.
    #[must_use]
    pub fn has_unreadable_responses(&self) -> bool {
        let mut kinds = self.faults.iter().map(|fault| &fault.kind);
        kinds.any(|kind| {
            matches!(
                kind,
                FaultKind::Garbage
                    | FaultKind::Unidentified { .. }
                    | FaultKind::ErrorEnvelope { .. }
                    | FaultKind::Listing(_)
            )
        })
    }

    /// Returns whether listings may deviate.
    #[must_use]
    pub fn has_listing_faults(&self) -> bool {
        let mut kinds = self.faults.iter().map(|fault| &fault.kind);
        kinds.any(|kind| matches!(kind, FaultKind::Listing(_)))
    }

    /// Returns whether listings may lack rows in a way that no client can detect.
    #[must_use]
    pub fn has_stale_listings(&self) -> bool {
        let mut kinds = self.faults.iter().map(|fault| &fault.kind);
        kinds.any(|kind| {
            matches!(
                kind,
                FaultKind::Listing(ListingSpec::Lagging(_) | ListingSpec::Vanished(_))
            )
        })
    }
}
