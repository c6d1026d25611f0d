//! Evidence about an attempt whose outcome is unknown.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::data::error::Result;
use crate::data::record::ReconciliationRecord;
use crate::operation::Lookup;

/// Tolerance for the comparison of two clocks. `Date` has a resolution of one second.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_secs(2);

/// Finds the effect of an attempt whose outcome is unknown, for operations that must not run twice.
///
/// Before each attempt the engine calls [`baseline`](Self::baseline). If the attempt ends with an
/// unknown outcome, it calls [`find`](Self::find) repeatedly. Finding nothing proves nothing: the
/// request is never sent again because of it.
#[async_trait]
pub trait Reconcile<T>: Send + Sync {
    /// Returns the ids that exist before the attempt.
    ///
    /// # Errors
    ///
    /// Any. The call then fails before anything is sent.
    async fn baseline(&self, lookup: &Lookup<'_>) -> Result<Vec<String>>;

    /// Searches for the effect of the attempt.
    ///
    /// # Errors
    ///
    /// Any. The search is repeated later.
    async fn find(&self, evidence: &Evidence<'_>) -> Result<Finding<T>>;

    /// Returns the reason why the attempt can no longer take effect, if the server's state proves it.
    /// Default: never.
    ///
    /// # Errors
    ///
    /// Those of the lookups.
    async fn cannot_take_effect(&self, evidence: &Evidence<'_>) -> Result<Option<String>> {
        let _ = evidence;
        Ok(None)
    }

    /// Returns the id of the created object, so that no other call of the session claims it.
    fn id(&self, output: &T) -> Option<String> {
        let _ = output;
        None
    }

    /// Returns the name of the id in errors. Default: `taskId`.
    fn id_name(&self) -> &'static str {
        "taskId"
    }

    /// Returns the arguments that identify the request, for the record. They must not hold a secret.
    fn request(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
}

/// Result of one search.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding<T> {
    /// The attempt was executed, and everything that the API exposes proves that this is its result.
    Confirmed(T),
    /// A single candidate that the API cannot prove to be ours.
    Presumed {
        /// Id of the candidate.
        id: String,
        /// Result, if the caller accepts the presumption.
        output: T,
        /// `true` if a later search may confirm or exclude the candidate.
        undecided: bool,
    },
    /// Contradictory evidence, in words.
    Unclear(String),
    /// No effect is visible.
    Nothing,
}

/// An attempt whose outcome is to be found.
#[derive(Debug, Clone)]
pub struct Attempt {
    baseline: Vec<String>,
    sent_at: Timestamp,
    clock_offset: Option<SignedDuration>,
}

impl Attempt {
    pub(crate) fn new(record: &ReconciliationRecord) -> Self {
        Self {
            baseline: record.baseline.clone().unwrap_or_default(),
            sent_at: record.sent_at,
            clock_offset: record.clock_offset,
        }
    }

    /// Returns the ids that existed before the attempt.
    #[must_use]
    pub fn baseline(&self) -> &[String] {
        &self.baseline
    }

    /// Returns `true` if `id` existed before the attempt.
    #[must_use]
    pub fn existed(&self, id: &str) -> bool {
        self.baseline.iter().any(|known| known == id)
    }

    /// Compares the creation time of an object with the attempt, by the server's clock.
    #[must_use]
    pub fn age_of(&self, created: Option<Timestamp>) -> Age {
        let sent = self
            .clock_offset
            .and_then(|offset| self.sent_at.checked_add(offset).ok());
        match (created, sent) {
            (Some(created), Some(sent)) => {
                if created.duration_since(sent) >= -CLOCK_TOLERANCE {
                    Age::Newer
                } else {
                    Age::Older
                }
            }
            _ => Age::Unknown,
        }
    }
}

/// Age of an object compared with an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// Created at or after the attempt, within two seconds.
    Newer,
    /// Created before the attempt.
    Older,
    /// The object has no creation time, or the server's clock is not known.
    Unknown,
}

/// Everything that a search may use.
pub struct Evidence<'a> {
    lookup: Lookup<'a>,
    attempt: &'a Attempt,
    claimed: &'a (dyn Fn(&str) -> bool + Send + Sync),
}

impl<'a> Evidence<'a> {
    pub(crate) fn new(
        lookup: Lookup<'a>,
        attempt: &'a Attempt,
        claimed: &'a (dyn Fn(&str) -> bool + Send + Sync),
    ) -> Self {
        Self {
            lookup,
            attempt,
            claimed,
        }
    }

    /// Returns access to the server's state.
    #[must_use]
    pub fn lookup(&self) -> &Lookup<'a> {
        &self.lookup
    }

    /// Returns the attempt.
    #[must_use]
    pub fn attempt(&self) -> &Attempt {
        self.attempt
    }

    /// Returns `true` if `id` can be the attempt's: it did not exist before, is not older than the
    /// attempt and belongs to no other call of the session.
    #[must_use]
    pub fn is_candidate(&self, id: &str, created: Option<Timestamp>) -> bool {
        !self.attempt.existed(id)
            && self.attempt.age_of(created) != Age::Older
            && !(self.claimed)(id)
    }

    /// Returns the time since the attempt was sent.
    #[must_use]
    pub fn elapsed(&self) -> SignedDuration {
        self.lookup.now().duration_since(self.attempt.sent_at)
    }

    /// Returns `true` if every id of the baseline is among `listed`. If one is missing, the listing is
    /// not complete, and a single candidate in it need not be the only one.
    #[must_use]
    pub fn lists_baseline<'i>(&self, listed: impl IntoIterator<Item = &'i str>) -> bool {
        let listed: std::collections::HashSet<&str> = listed.into_iter().collect();
        let mut baseline = self.attempt.baseline.iter();
        baseline.all(|id| listed.contains(id.as_str()))
    }
}

impl std::fmt::Debug for Evidence<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Evidence")
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
