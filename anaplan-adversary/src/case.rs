//! One case: an operation, the request of it that is struck, and everything that goes wrong there.

use std::fmt;

/// An operation of the SDK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Op {
    SyncModels,
    CreateRevision,
    RunImport,
    RunExport,
    RunAction,
    RunProcess,
    DeleteModels,
    InsertNamed,
    InsertUnnamed,
    WriteCells,
    UploadKnown,
    UploadStream,
    Download,
    List,
    SignIn,
    FixedToken,
    OAuthRefresh,
    ReadRequest,
    ComparisonReport,
}

/// What a second execution of an operation's work means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A second execution is a fault.
    Once,
    /// A second execution leaves an orphan or changes nothing.
    Repeatable,
    /// Nothing is executed.
    Read,
}

impl Op {
    /// Every operation.
    pub const ALL: [Self; 19] = [
        Self::SyncModels,
        Self::CreateRevision,
        Self::RunImport,
        Self::RunExport,
        Self::RunAction,
        Self::RunProcess,
        Self::DeleteModels,
        Self::InsertNamed,
        Self::InsertUnnamed,
        Self::WriteCells,
        Self::UploadKnown,
        Self::UploadStream,
        Self::Download,
        Self::List,
        Self::SignIn,
        Self::FixedToken,
        Self::OAuthRefresh,
        Self::ReadRequest,
        Self::ComparisonReport,
    ];

    /// The name in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SyncModels => "sync_models",
            Self::CreateRevision => "create_revision",
            Self::RunImport => "run_import",
            Self::RunExport => "run_export",
            Self::RunAction => "run_action",
            Self::RunProcess => "run_process",
            Self::DeleteModels => "delete_models",
            Self::InsertNamed => "insert_named",
            Self::InsertUnnamed => "insert_unnamed",
            Self::WriteCells => "write_cells",
            Self::UploadKnown => "upload_known",
            Self::UploadStream => "upload_stream",
            Self::Download => "download",
            Self::List => "list",
            Self::SignIn => "sign_in",
            Self::FixedToken => "fixed_token",
            Self::OAuthRefresh => "oauth_refresh",
            Self::ReadRequest => "read_request",
            Self::ComparisonReport => "comparison_report",
        }
    }

    /// What a second execution of its work means.
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::SyncModels
            | Self::CreateRevision
            | Self::RunImport
            | Self::RunExport
            | Self::RunAction
            | Self::RunProcess
            | Self::DeleteModels
            | Self::InsertUnnamed
            | Self::OAuthRefresh => Class::Once,
            Self::InsertNamed
            | Self::WriteCells
            | Self::UploadKnown
            | Self::UploadStream
            | Self::SignIn
            | Self::ReadRequest
            | Self::ComparisonReport => Class::Repeatable,
            Self::Download | Self::List | Self::FixedToken => Class::Read,
        }
    }

    /// The requests of this operation that can be struck.
    #[must_use]
    pub fn points(self) -> &'static [Point] {
        match self {
            Self::SyncModels
            | Self::RunImport
            | Self::RunExport
            | Self::RunAction
            | Self::RunProcess
            | Self::ReadRequest
            | Self::ComparisonReport => &[Point::Work, Point::Listing, Point::Poll],
            Self::CreateRevision
            | Self::DeleteModels
            | Self::InsertNamed
            | Self::InsertUnnamed
            | Self::WriteCells => &[Point::Work, Point::Listing],
            Self::UploadKnown => &[Point::Work, Point::Chunk, Point::Listing],
            Self::UploadStream => &[Point::Work, Point::Chunk, Point::Complete, Point::Listing],
            Self::Download => &[Point::Listing, Point::Part],
            Self::List | Self::FixedToken => &[Point::Page],
            Self::SignIn => &[Point::SignIn, Point::Page],
            Self::OAuthRefresh => &[Point::Refresh],
        }
    }
}

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    /// The request that starts the work; of an upload, the announcement.
    Work,
    /// A chunk that is sent.
    Chunk,
    /// The end of an upload.
    Complete,
    /// A listing that is read besides.
    Listing,
    /// The status of a task.
    Poll,
    /// A page of the listing that the operation returns.
    Page,
    /// A chunk that is read.
    Part,
    /// A sign-in with a password.
    SignIn,
    /// A renewal of OAuth tokens.
    Refresh,
    /// Anything else.
    Other,
}

/// The body of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Body {
    Genuine,
    ErrorEnvelope,
    Contradiction,
    GenuineCode500,
    EmptyObject,
    NullPayload,
    MissingKey,
    Html,
    HtmlUntyped,
    Text,
    Empty,
    TruncatedJson,
    ByteOrderMark,
    Huge,
    EchoPlain,
    EchoBase64,
    EchoPercent,
}

/// How a body is put on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Framing {
    Whole,
    CutLength,
    ShortLength,
    CutChunked,
    CutUndelimited,
    Slow,
    HangMidway,
    GzipGarbage,
    GzipCut,
    GzipMembers,
    GzipUpperCase,
    GzipTwice,
    XGzip,
    Deflate,
    Brotli,
    Zstd,
}

/// A way to break the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Break {
    Reset,
    Close,
    HalfHead,
    Garbage,
    HangThenClose,
    HangForever,
}

/// The response to a request that is struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// The response that an honest server returns.
    Honest,
    /// A response of this status.
    Status(u16, Body, Framing),
    /// No response.
    Broken(Break),
}

/// When a struck request takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Never.
    Never,
    /// So many milliseconds after it arrived.
    After(i64),
}

/// Which requests of the point are struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Hits {
    First,
    FirstTwo,
    All,
}

/// What is wrong with listings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Listing {
    Honest,
    Lag(i64),
    Fewer,
    EmptyPage,
    EmptyObject,
    NullRows,
    MissingKey,
    Code503,
    Truncated,
    Reordered,
    KnownMissing,
    ExpiringRows,
    FirstEmptyObject,
    FirstCode503,
    FirstEmptyPage,
    FirstHangs,
    MovingTotal,
    TextNumbers,
}

/// What another user does meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Company {
    None,
    Between,
    After(i64),
    AfterFails(i64),
    Two,
}

/// One case of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// The operation.
    pub op: Op,
    /// The request that is struck.
    pub point: Point,
    /// The response to it.
    pub reply: Reply,
    /// Which requests of the point are struck.
    pub hits: Hits,
    /// When a struck request takes effect.
    pub effect: When,
    /// The status of further requests of the point, which have no effect.
    pub then: Option<u16>,
    /// What is wrong with listings.
    pub listing: Listing,
    /// What another user does meanwhile.
    pub company: Company,
    /// Seconds by which the `Date` header is wrong; `None` leaves it out.
    pub skew: Option<i64>,
    /// The deadline that the caller sets, in seconds.
    pub timeout: Option<u64>,
}

impl Case {
    /// A case in which nothing is wrong.
    #[must_use]
    pub fn honest(op: Op) -> Self {
        Self {
            op,
            point: Point::Other,
            reply: Reply::Honest,
            hits: Hits::First,
            effect: When::After(0),
            then: None,
            listing: Listing::Honest,
            company: Company::None,
            skew: Some(0),
            timeout: None,
        }
    }

    /// `true` if the request number `n` of the point, from 0, is struck.
    #[must_use]
    pub fn strikes(&self, point: Point, n: usize) -> bool {
        let in_range = match self.hits {
            Hits::First => n == 0,
            Hits::FirstTwo => n < 2,
            Hits::All => true,
        };
        self.point == point && self.reply != Reply::Honest && in_range
    }
}

/// The id by which a case is found again.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:?}={}", self.op.name(), self.point, self.reply)?;
        write!(f, "/hits={:?}/effect={}", self.hits, self.effect)?;
        if let Some(status) = self.then {
            write!(f, "/then={status}")?;
        }
        if self.listing != Listing::Honest {
            write!(f, "/listing={:?}", self.listing)?;
        }
        if self.company != Company::None {
            write!(f, "/company={:?}", self.company)?;
        }
        match self.skew {
            Some(0) => {}
            Some(skew) => write!(f, "/skew={skew}")?,
            None => f.write_str("/nodate")?,
        }
        if let Some(timeout) = self.timeout {
            write!(f, "/timeout={timeout}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Honest => f.write_str("honest"),
            Self::Status(status, body, Framing::Whole) => write!(f, "{status}.{body:?}"),
            Self::Status(status, body, framing) => write!(f, "{status}.{body:?}.{framing:?}"),
            Self::Broken(how) => write!(f, "{how:?}"),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::After(0) => f.write_str("before"),
            Self::After(ms) => write!(f, "+{}s", ms / 1000),
        }
    }
}
