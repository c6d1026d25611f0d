//! Faults of a program.

use std::time::Duration;

use anaplan_core::UserId;
use anaplan_testkit::{Fault, ListingFault, RetryAfter};
use serde::{Deserialize, Serialize};

/// A fault, injected before the first step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultSpec {
    /// The deviation.
    pub kind: FaultKind,
    /// `true` if another user of the tenant sends the same request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_user: Option<OtherUser>,
    /// Route of the affected requests. All requests if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Number of matching requests that are skipped first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skip: u64,
    /// Largest number of affected requests. Unlimited if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Probability from 0 to 1.
    #[serde(default = "always")]
    pub chance: f64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn always() -> f64 {
    1.0
}

/// When another user sends the same request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OtherUser {
    /// Before the request is carried out: between its baseline and its effect.
    Before,
    /// This many seconds after the request arrived.
    After(u64),
}

/// The kinds of faults. Delays are in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum FaultKind {
    /// No deviation, for another user's request alone.
    None,
    DropBefore,
    DropAfter,
    /// The connection is reset; the effect follows later.
    DropLate(u64),
    Status(u16),
    StatusAfter(u16),
    /// The status is sent; the effect follows later.
    StatusLate(u16, u64),
    Throttle(Option<u64>),
    Delay(u64),
    Late(u64),
    Truncate(usize),
    Garbage,
    /// A success without the field that identifies the result.
    Unidentified {
        status: u16,
        effect: bool,
    },
    /// The status 200 with the envelope of an error.
    ErrorEnvelope {
        code: u16,
        effect: bool,
    },
    Listing(ListingSpec),
    ExpireToken,
}

/// A deviation of a listing: [`ListingFault`] as plain data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum ListingSpec {
    Lagging(u64),
    Incomplete(usize),
    Vanished(usize),
    Truncated(usize),
    Reordered,
    EmptyPage,
    MissingKey,
    NullKey,
    StatusCode(u16),
    EmptyObject,
    ExpiredBetweenPages(usize),
}

/// The HTML page of a gateway whose service is down.
pub const GARBAGE: &str = "<html>502 Bad Gateway</html>";

impl ListingSpec {
    fn fault(self) -> ListingFault {
        match self {
            Self::Lagging(seconds) => ListingFault::Lagging(Duration::from_secs(seconds)),
            Self::Incomplete(rows) => ListingFault::Incomplete(rows),
            Self::Vanished(rows) => ListingFault::Vanished(rows),
            Self::Truncated(rows) => ListingFault::Truncated(rows),
            Self::Reordered => ListingFault::Reordered,
            Self::EmptyPage => ListingFault::EmptyPage,
            Self::MissingKey => ListingFault::MissingKey,
            Self::NullKey => ListingFault::NullKey,
            Self::StatusCode(code) => ListingFault::StatusCode(code),
            Self::EmptyObject => ListingFault::EmptyObject,
            Self::ExpiredBetweenPages(rows) => ListingFault::ExpiredBetweenPages(rows),
        }
    }
}

impl FaultKind {
    pub(crate) fn is_late(&self) -> bool {
        matches!(
            self,
            Self::Late(_) | Self::DropLate(_) | Self::StatusLate(..)
        )
    }

    fn fault(&self) -> Fault {
        let seconds = Duration::from_secs;
        match *self {
            Self::None => Fault::none(),
            Self::DropBefore => Fault::drop_before(),
            Self::DropAfter => Fault::drop_after(),
            Self::DropLate(delay) => Fault::drop_late(seconds(delay)),
            Self::Status(status) => Fault::status(status),
            Self::StatusAfter(status) => Fault::status_after(status),
            Self::StatusLate(status, delay) => Fault::status_late(status, seconds(delay)),
            Self::Throttle(Some(wait)) => Fault::throttle(RetryAfter::Seconds(wait)),
            Self::Throttle(None) => Fault::throttle(RetryAfter::Missing),
            Self::Delay(delay) => Fault::delay(seconds(delay)),
            Self::Late(delay) => Fault::late(seconds(delay)),
            Self::Truncate(bytes) => Fault::truncate(bytes),
            Self::Garbage => Fault::garbage(GARBAGE),
            Self::Unidentified { status, effect } => reply(status, status, effect),
            Self::ErrorEnvelope { code, effect } => reply(200, code, effect),
            Self::Listing(listing) => Fault::listing(listing.fault()),
            Self::ExpireToken => Fault::expire_token(),
        }
    }
}

fn reply(status: u16, code: u16, effect: bool) -> Fault {
    let body = match status {
        204 | 205 => String::new(),
        _ => format!(r#"{{"meta":{{}},"status":{{"code":{code},"message":"-"}}}}"#),
    };
    match effect {
        true => Fault::reply_after(status, body),
        false => Fault::reply(status, body),
    }
}

impl FaultSpec {
    /// Returns a fault that applies to every request.
    #[must_use]
    pub fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            other_user: None,
            route: None,
            skip: 0,
            times: None,
            chance: 1.0,
        }
    }

    /// Returns the fault for the fake. `other` is the other user of the tenant.
    #[must_use]
    pub fn fault(&self, other: &UserId) -> Fault {
        let mut fault = self.kind.fault();
        fault = match self.other_user {
            None => fault,
            Some(OtherUser::Before) => fault.other_user_before(other.clone()),
            Some(OtherUser::After(delay)) => {
                fault.other_user_after(other.clone(), Duration::from_secs(delay))
            }
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
