//! Reports of writes of many cells or items.

use anaplan_core::{Error, ErrorKind, Response, Result, open_enum};
use serde::{Deserialize, Deserializer, Serialize};

use anaplan_core::lenient::{count, count_opt, or_default, text_opt};

/// Report of a write of many cells or list items.
///
/// The server writes the valid cells or items and responds with success even if none was written. See
/// [`failures`](Self::failures), or turn them into an error with [`complete`](Self::complete).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[must_use = "some cells or items may have been refused"]
pub struct WriteReport {
    /// Number of cells or items that were changed, added, updated or deleted.
    pub written: u64,
    /// Number of items that were left unchanged, as the server counts them.
    pub ignored: u64,
    /// Number of cells or items that were sent.
    pub sent: usize,
    /// Refused cells or items, in the order of the caller's.
    pub failures: Vec<WriteFailure>,
}

/// Response to a write. The counter proves that the server has processed it.
#[derive(Deserialize)]
struct Receipt {
    #[serde(
        default,
        alias = "added",
        alias = "updated",
        alias = "deleted",
        alias = "numberOfCellsChanged",
        deserialize_with = "count_opt"
    )]
    written: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    ignored: u64,
    #[serde(default, deserialize_with = "or_default")]
    failures: Vec<WriteFailure>,
}

/// A cell or item that the server refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WriteFailure {
    /// Index among the caller's cells or items, from 0, across all batches.
    #[serde(deserialize_with = "index")]
    pub request_index: usize,
    /// Reason, as the server classifies it.
    #[serde(default = "unsaid")]
    pub failure_type: FailureType,
    /// Message of the server.
    #[serde(
        default,
        rename = "failureMessageDetails",
        deserialize_with = "text_opt"
    )]
    pub message: Option<String>,
}

open_enum! {
    /// Reason for which a cell or an item was refused.
    pub enum FailureType {
        /// The cell is calculated by a formula or by an aggregation.
        CellIsCalculated = "cellIsCalculated",
        /// The value does not fit the format.
        IncorrectFormat = "INCORRECT_FORMAT",
        /// The values do not identify the item, or a required value is missing.
        IncompleteData = "INCOMPLETE_DATA",
    }
}

fn unsaid() -> FailureType {
    FailureType::Unknown(String::new())
}

fn index<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<usize, D::Error> {
    usize::try_from(count(deserializer)?).map_err(serde::de::Error::custom)
}

impl WriteReport {
    /// Returns `true` if nothing was refused or ignored.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failures.is_empty() && self.ignored == 0
    }

    /// Returns the report, or an error if anything was refused or ignored.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`] with the first reason. What was not refused has been written.
    pub fn complete(self) -> Result<Self> {
        if self.is_complete() {
            return Ok(self);
        }
        let refused = (self.failures.len() as u64).max(self.ignored);
        let mut error = Error::new(
            ErrorKind::Rejected,
            format!("{refused} of {} were not written", self.sent),
        );
        if let Some(first) = self.failures.first() {
            let words = first.message.as_deref().unwrap_or_default();
            error = error.because(format!(
                "the first at index {}, {} {words}",
                first.request_index, first.failure_type
            ));
        }
        Err(error)
    }

    /// Returns the refused cells or items with the reasons. `sent` holds the caller's cells or items, in order.
    pub fn refused<'a, T>(
        &'a self,
        sent: &'a [T],
    ) -> impl Iterator<Item = (&'a T, &'a WriteFailure)> {
        self.failures
            .iter()
            .filter_map(|failure| Some((sent.get(failure.request_index)?, failure)))
    }

    /// Reads a response about `sent` items, of which the first has the caller's index `first`. `key` is the
    /// documented name of the counter.
    pub(crate) fn read(response: &Response, key: &str, first: usize, sent: usize) -> Result<Self> {
        let receipt: Receipt = response.json()?;
        let written = receipt.written.ok_or_else(|| {
            let text =
                format!("the response has no '{key}', so it does not say how much was written");
            Error::new(ErrorKind::Decode, text)
        })?;
        let mut report = Self {
            written,
            ignored: receipt.ignored,
            sent,
            failures: receipt.failures,
        };
        for failure in &mut report.failures {
            failure.request_index = failure.request_index.saturating_add(first);
        }
        report.failures.sort_by_key(|failure| failure.request_index);
        Ok(report)
    }

    /// Reads a response about list items. Items that the response does not mention count as ignored.
    pub(crate) fn read_items(
        response: &Response,
        key: &str,
        first: usize,
        sent: usize,
    ) -> Result<Self> {
        let mut report = Self::read(response, key, first, sent)?;
        if report.written > sent as u64 {
            let written = report.written;
            let text =
                format!("the response contradicts itself: its {key} is {written} for {sent} items");
            return Err(Error::new(ErrorKind::Decode, text));
        }
        let mentioned = report.written.saturating_add(report.failures.len() as u64);
        let missing = (sent as u64).saturating_sub(mentioned);
        report.ignored = report.ignored.max(missing);
        Ok(report)
    }

    /// Adds the report of a later batch.
    pub(crate) fn merge(&mut self, mut later: Self) {
        self.written += later.written;
        self.ignored += later.ignored;
        self.sent += later.sent;
        self.failures.append(&mut later.failures);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::answer;

    #[test]
    fn all_four_kinds_of_answers_are_read() {
        for key in ["added", "updated", "deleted", "numberOfCellsChanged"] {
            let report = WriteReport::read(
                &answer(format!(
                    r#"{{"meta":{{}},"status":{{"code":200}},"{key}":2,"ignored":1,"total":3,
                    "failures":[{{"requestIndex":2,"failureType":"NEW_KIND","failureMessageDetails":"no"}},{{"requestIndex":0.0}}]}}"#
                )),
                key,
                100,
                3,
            )
            .unwrap();
            assert_eq!((report.written, report.ignored, report.sent), (2, 1, 3));
            let indices: Vec<_> = report.failures.iter().map(|f| f.request_index).collect();
            assert_eq!(indices, [100, 102]);
            assert_eq!(
                report.failures[1].failure_type,
                FailureType::Unknown("NEW_KIND".into())
            );
            let error = report.complete().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Rejected);
        }
        let report =
            WriteReport::read(&answer(r#"{"deleted":4,"failures":null}"#), "deleted", 0, 4)
                .unwrap();
        assert!(report.is_complete() && report.complete().is_ok());
    }
}
