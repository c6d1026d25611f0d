//! A program: what its users do, and what goes wrong meanwhile. Plain data, so that it can be printed,
//! shrunk, stored and played again.

use std::time::Duration;

use anaplan_testkit::{Fault, Pacing, RetryAfter};
use serde::{Deserialize, Serialize};

/// How many users there are. The first two share a session, the third has one of its own.
pub const USERS: usize = 3;

/// Everything that happens in one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// The dice of the faults, of the connection's delays and of the retries' jitter.
    pub seed: u64,
    /// How fast the world works off its tasks.
    pub pacing: Pace,
    /// How long a token lives, in seconds.
    pub token_life: u64,
    /// Whether the fake varies what clients must not rely on: unknown fields, order, white space, bare ids.
    pub odd: bool,
    /// Whether lists are given in pages.
    pub paged: bool,
    /// The longest that a request is on its way, in milliseconds.
    pub latency: u64,
    /// What goes wrong.
    pub faults: Vec<FaultSpec>,
    /// What is done. The steps of one user are done one after the other, those of several at once.
    pub steps: Vec<Step>,
}

/// How fast tasks are worked off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pace {
    /// At once.
    Instant,
    /// At the `n`th look.
    Polls(u32),
    /// After so many seconds.
    Seconds(u64),
}

impl Pace {
    /// The same for the fake.
    #[must_use]
    pub fn pacing(self) -> Pacing {
        match self {
            Self::Instant => Pacing::Instant,
            Self::Polls(n) => Pacing::Polls(n),
            Self::Seconds(n) => Pacing::Time(Duration::from_secs(n)),
        }
    }
}

/// One thing that one user does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Who does it, from 0.
    pub user: usize,
    /// How long the user waits before, in milliseconds.
    #[serde(default)]
    pub pause: u64,
    /// What is done.
    pub deed: Deed,
    /// When the user loses patience and drops the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
}

/// When a call is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cut {
    /// After so many polls of its future: at any await.
    Polls(u32),
    /// After so many milliseconds.
    Millis(u64),
}

/// What can be done. Whatever an object is called by number is the user's own, so that nobody else
/// writes to it; the models are everybody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Deed {
    // No call, but something that happens in the world.
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
}

/// What can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Runnable {
    Sort,
    Export,
    Process,
    /// A process of everybody, whose first step leaves a dump and whose second fails.
    BadProcess,
    /// An action of everybody.
    Optimizer,
}

impl Deed {
    /// Its name, for counting.
    #[must_use]
    pub fn name(&self) -> String {
        let text = format!("{self:?}");
        text.split([' ', '{', '('])
            .next()
            .unwrap_or_default()
            .to_owned()
    }
}

/// A fault, to be injected before the first step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultSpec {
    /// What happens.
    pub kind: FaultKind,
    /// To which requests; to all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// How many fitting requests pass before.
    #[serde(default)]
    pub skip: u64,
    /// How often; without limit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// How probable it is.
    pub chance: f64,
}

/// What a fault does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum FaultKind {
    DropBefore,
    DropAfter,
    Status(u16),
    StatusAfter(u16),
    Throttle(Option<u64>),
    Delay(u64),
    Late(u64),
    Truncate(usize),
    Garbage,
    ExpireToken,
}

/// What a gateway says that has lost the service behind it.
pub const GARBAGE: &str = "<html>502 Bad Gateway</html>";

impl FaultSpec {
    /// The fault as the fake takes it.
    #[must_use]
    pub fn fault(&self) -> Fault {
        let mut fault = match self.kind {
            FaultKind::DropBefore => Fault::drop_before(),
            FaultKind::DropAfter => Fault::drop_after(),
            FaultKind::Status(status) => Fault::status(status),
            FaultKind::StatusAfter(status) => Fault::status_after(status),
            FaultKind::Throttle(Some(seconds)) => Fault::throttle(RetryAfter::Seconds(seconds)),
            FaultKind::Throttle(None) => Fault::throttle(RetryAfter::Missing),
            FaultKind::Delay(seconds) => Fault::delay(Duration::from_secs(seconds)),
            FaultKind::Late(seconds) => Fault::late(Duration::from_secs(seconds)),
            FaultKind::Truncate(bytes) => Fault::truncate(bytes),
            FaultKind::Garbage => Fault::garbage(GARBAGE),
            FaultKind::ExpireToken => Fault::expire_token(),
        };
        if let Some(route) = &self.route {
            fault = fault.on(route.as_str());
        }
        if let Some(times) = self.times {
            fault = fault.times(times);
        }
        fault.after(self.skip).chance(self.chance)
    }
}

impl Program {
    /// Whether requests may have an effect after their sender has given them up.
    #[must_use]
    pub fn has_late_effects(&self) -> bool {
        self.faults
            .iter()
            .any(|fault| matches!(fault.kind, FaultKind::Late(_)))
    }

    /// Whether nothing goes wrong and nobody loses patience.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.faults.is_empty() && self.steps.iter().all(|step| step.cut.is_none())
    }

    /// Whether an answer may be replaced by something else.
    #[must_use]
    pub fn has_garbage(&self) -> bool {
        self.faults
            .iter()
            .any(|fault| fault.kind == FaultKind::Garbage)
    }
}
