//! Fault injection: deviations of the server and of the connection, selected by route, count and chance.

mod listing;
mod plan;
mod route;

use std::time::Duration;

use anaplan_core::UserId;
use bytes::Bytes;
use http::StatusCode;

pub use listing::ListingFault;
pub(crate) use plan::FaultPlan;
pub use route::Route;
pub(crate) use route::nearest;

/// The `Retry-After` header of a 429 response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// No header.
    Missing,
    /// A number of seconds.
    Seconds(u64),
    /// An HTTP date, this many seconds from now.
    Date(u64),
}

/// A fault that is applied to requests.
///
/// ```
/// # use anaplan_testkit::{Fault, ListingFault, RetryAfter};
/// # use std::time::Duration;
/// # anaplan_testkit::story(async |fake| {
/// fake.inject(Fault::drop_after().on("POST /2/0/models/*/alm/syncTasks").times(1));
/// fake.inject(Fault::throttle(RetryAfter::Seconds(2)).times(3));
/// fake.inject(Fault::status(503).on("GET /2/0/**").chance(0.1));
/// // The connection is reset, and the run starts six seconds later.
/// fake.inject(Fault::drop_late(Duration::from_secs(6)).on("POST /2/0/models/*/actions/*/tasks"));
/// // A replica that is a minute behind.
/// fake.inject(Fault::listing(ListingFault::Lagging(Duration::from_secs(60))).on("GET /2/0/**"));
/// # Ok(()) });
/// ```
#[derive(Debug, Clone)]
pub struct Fault {
    kind: Kind,
    other_user: Option<OtherUser>,
    route: Route,
    skip: u64,
    times: Option<u64>,
    chance: f64,
}

/// When a request is carried out whose response is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Never,
    /// Before the response is sent.
    Before,
    /// This long after the response was sent, whoever still waits for it.
    Later(Duration),
}

/// The deviation itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    None,
    Status(StatusCode, Effect),
    Throttle(RetryAfter),
    Drop(Effect),
    Delay(Duration),
    Late(Duration),
    Truncate(usize),
    Garbage(Bytes),
    Reply(StatusCode, Bytes, Effect),
    Listing(ListingFault),
    ExpireToken,
}

/// A second user who sends the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OtherUser {
    pub(crate) user: UserId,
    /// The time after the request, or before it if absent.
    pub(crate) after: Option<Duration>,
}

/// The part of a fault that concerns one request.
#[derive(Debug, Clone)]
pub(crate) struct Injected {
    pub(crate) kind: Kind,
    pub(crate) other_user: Option<OtherUser>,
}

impl Kind {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Status(_, Effect::Never) => "status",
            Self::Status(_, Effect::Before) => "status after the effect",
            Self::Status(_, Effect::Later(_)) => "status before a late effect",
            Self::Throttle(_) => "throttle",
            Self::Drop(Effect::Never) => "drop before the effect",
            Self::Drop(Effect::Before) => "drop after the effect",
            Self::Drop(Effect::Later(_)) => "drop before a late effect",
            Self::Delay(_) => "delay",
            Self::Late(_) => "late effect",
            Self::Truncate(_) => "truncate",
            Self::Garbage(_) => "garbage",
            Self::Reply(_, _, Effect::Never) => "reply",
            Self::Reply(..) => "reply after the effect",
            Self::Listing(_) => "listing",
            Self::ExpireToken => "expire token",
        }
    }

    /// Returns whether the request reaches the services, which may have it wait for its model.
    pub(crate) fn reaches_services(&self) -> bool {
        !matches!(
            self,
            Self::Throttle(_)
                | Self::Status(_, Effect::Never | Effect::Later(_))
                | Self::Drop(Effect::Never | Effect::Later(_))
                | Self::Reply(_, _, Effect::Never | Effect::Later(_))
        )
    }
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl Fault {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            other_user: None,
            route: Route::any(),
            skip: 0,
            times: None,
            chance: 1.0,
        }
    }

    /// Changes nothing by itself. For [`other_user_before`](Self::other_user_before) and
    /// [`other_user_after`](Self::other_user_after).
    #[must_use]
    pub fn none() -> Self {
        Self::new(Kind::None)
    }

    /// Responds with this status and does not carry the request out. Invalid numbers count as 500.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(Kind::Status(status_code(status), Effect::Never))
    }

    /// Carries the request out and responds with this status.
    #[must_use]
    pub fn status_after(status: u16) -> Self {
        Self::new(Kind::Status(status_code(status), Effect::Before))
    }

    /// Responds with this status at once and carries the request out `delay` later. The credential is
    /// checked when the request arrives; it may have expired when the request is carried out.
    #[must_use]
    pub fn status_late(status: u16, delay: Duration) -> Self {
        Self::new(Kind::Status(status_code(status), Effect::Later(delay)))
    }

    /// Responds with 429 and does not carry the request out.
    #[must_use]
    pub fn throttle(retry_after: RetryAfter) -> Self {
        Self::new(Kind::Throttle(retry_after))
    }

    /// Closes the connection and does not carry the request out.
    #[must_use]
    pub fn drop_before() -> Self {
        Self::new(Kind::Drop(Effect::Never))
    }

    /// Carries the request out and closes the connection without a response.
    #[must_use]
    pub fn drop_after() -> Self {
        Self::new(Kind::Drop(Effect::Before))
    }

    /// Closes the connection without a response at once and carries the request out `delay` later. The
    /// credential is checked when the request arrives.
    #[must_use]
    pub fn drop_late(delay: Duration) -> Self {
        Self::new(Kind::Drop(Effect::Later(delay)))
    }

    /// Carries the request out and responds `delay` later.
    #[must_use]
    pub fn delay(delay: Duration) -> Self {
        Self::new(Kind::Delay(delay))
    }

    /// Carries the request out `delay` later, even if the sender no longer waits, and then responds.
    #[must_use]
    pub fn late(delay: Duration) -> Self {
        Self::new(Kind::Late(delay))
    }

    /// Breaks the connection after this many bytes of the body. A shorter body is cut by one byte.
    #[must_use]
    pub fn truncate(bytes: usize) -> Self {
        Self::new(Kind::Truncate(bytes))
    }

    /// Carries the request out and responds with 200 and a body that is not JSON.
    #[must_use]
    pub fn garbage(body: impl Into<Bytes>) -> Self {
        Self::new(Kind::Garbage(body.into()))
    }

    /// Responds with this status and this JSON and does not carry the request out. For responses that the
    /// fake itself never sends.
    #[must_use]
    pub fn reply(status: u16, body: impl Into<Bytes>) -> Self {
        let (status, body) = (status_code(status), body.into());
        Self::new(Kind::Reply(status, body, Effect::Never))
    }

    /// Carries the request out and responds with this status and this JSON.
    #[must_use]
    pub fn reply_after(status: u16, body: impl Into<Bytes>) -> Self {
        let (status, body) = (status_code(status), body.into());
        Self::new(Kind::Reply(status, body, Effect::Before))
    }

    /// Changes the rows of a collection in the response. Other responses stay as they are.
    #[must_use]
    pub fn listing(fault: ListingFault) -> Self {
        Self::new(Kind::Listing(fault))
    }

    /// Expires the token of the request before it is checked.
    #[must_use]
    pub fn expire_token() -> Self {
        Self::new(Kind::ExpireToken)
    }

    /// Carries out the same request in the name of another user first. The request log does not show it;
    /// the effect log of the world does, with the user.
    #[must_use]
    pub fn other_user_before(mut self, user: UserId) -> Self {
        self.other_user = Some(OtherUser { user, after: None });
        self
    }

    /// Carries out the same request in the name of another user, `delay` after this one arrived.
    #[must_use]
    pub fn other_user_after(mut self, user: UserId, delay: Duration) -> Self {
        let after = Some(delay);
        self.other_user = Some(OtherUser { user, after });
        self
    }

    /// Restricts the fault to the requests of a route.
    #[must_use]
    pub fn on(mut self, route: impl Into<Route>) -> Self {
        self.route = route.into();
        self
    }

    /// Skips the first `n` matching requests.
    #[must_use]
    pub fn after(mut self, n: u64) -> Self {
        self.skip = n;
        self
    }

    /// Applies the fault at most `n` times.
    #[must_use]
    pub fn times(mut self, n: u64) -> Self {
        self.times = Some(n);
        self
    }

    /// Applies the fault with this probability, from 0 to 1. The random numbers follow from
    /// [`FakeAnaplan::seed`](crate::FakeAnaplan::seed).
    #[must_use]
    pub fn chance(mut self, chance: f64) -> Self {
        self.chance = chance;
        self
    }
}
