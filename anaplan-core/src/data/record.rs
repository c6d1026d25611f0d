//! The record of a request whose outcome is unknown.

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::data::error::{Error, Result};

/// A request that must not run twice: what was sent, when, and what was known before.
///
/// [`Error::record`](crate::Error::record) returns it for an error of the kind
/// [`Ambiguous`](crate::ErrorKind::Ambiguous), and
/// [`Call::on_attempt`](crate::Call::on_attempt) passes it to the caller before each attempt leaves.
/// It serializes to JSON, holds no secret, and can be evaluated later by another process with
/// [`Session::evaluate`](crate::Session::evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ReconciliationRecord {
    /// Format version. Currently 1.
    pub version: u32,
    /// Operation, such as `alm.sync_models`.
    pub operation: String,
    /// Path of the request below the base URL.
    pub path: String,
    /// Arguments that identify the request. Their shape belongs to the operation.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub request: serde_json::Value,
    /// Token in the `User-Agent` header of the attempt. Audit events show it.
    pub nonce: String,
    /// Time at which the attempt was sent, by the local clock.
    pub sent_at: Timestamp,
    /// Server time minus local time, from the `Date` header of the listing before the attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_offset: Option<SignedDuration>,
    /// Ids that the server listed before the attempt. `None` if the operation has no listing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Vec<String>>,
    /// Checks made after the outcome became unknown, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
}

/// One check of a reconciliation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Check {
    /// Time of the check, by the local clock.
    pub at: Timestamp,
    /// Result in words.
    pub result: String,
}

impl Check {
    pub(crate) fn new(at: Timestamp, result: impl Into<String>) -> Self {
        Self {
            at,
            result: result.into(),
        }
    }
}

impl ReconciliationRecord {
    /// Format version that this release writes and reads.
    pub const VERSION: u32 = 1;

    /// Most checks that a record keeps. The first ones and the latest are kept.
    const MAX_CHECKS: usize = 20;

    /// Reads the recorded arguments of `operation`, such as `alm.sync_models`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if they have another shape.
    pub fn arguments<T: DeserializeOwned>(&self, operation: &str) -> Result<T> {
        T::deserialize(&self.request).map_err(|error| {
            Error::invalid_input("record", format_args!("is not of {operation}: {error}"))
        })
    }

    pub(crate) fn note(&mut self, check: Check) {
        if self.checks.len() == Self::MAX_CHECKS {
            self.checks.remove(Self::MAX_CHECKS / 2);
        }
        self.checks.push(check);
    }
}
