//! Writes that are larger than one request may be.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;

use anaplan_core::{Call, Endpoint, Error, Pending, Result, Session};
use serde::{Serialize, Serializer};

use crate::write_report::WriteReport;

/// One request of a larger write. Its failures carry the indices of the whole.
pub trait Batch: Endpoint<Output = WriteReport> {
    /// The index of its first cell or item among the caller's.
    fn first(&self) -> usize;
}

/// A write of any number of cells or items, in as many requests as it takes; not yet made.
///
/// Everything is checked before the first request is sent. `.await` sends them one after the other and
/// gives one report, whose failures carry the indices of the caller's cells or items. When a request
/// fails, the error has the index of its first cell or item as the id `requestIndex`: all before it are
/// settled. To keep the reports of those as well, make the [calls](Self::into_calls) one by one.
#[must_use = "nothing is sent until this is awaited or run"]
pub struct Batches<E: Batch> {
    session: Session,
    batches: Result<Vec<E>>,
}

impl<E: Batch> Batches<E> {
    pub(crate) fn new(session: Session, batches: Result<Vec<E>>) -> Self {
        let batches = batches.map_err(|error| error.during(E::NAME));
        Self { session, batches }
    }

    /// The calls, in order; none when there is nothing to write.
    ///
    /// # Errors
    ///
    /// `InvalidInput` when a cell or an item cannot be sent.
    pub fn into_calls(self) -> Result<Vec<Call<E>>> {
        let batches = self.batches?;
        Ok(batches
            .into_iter()
            .map(|batch| self.session.call(batch))
            .collect())
    }

    /// Makes the calls and blocks until the last is over.
    ///
    /// # Errors
    ///
    /// Those of the calls, and `Usage` inside an async runtime.
    #[cfg(feature = "blocking")]
    pub fn run(self) -> Result<WriteReport> {
        self.into_pending().run()
    }

    /// The whole write as one piece of work.
    ///
    /// # Errors
    ///
    /// `InvalidInput` when a cell or an item cannot be sent, and those of the calls.
    pub fn into_pending(self) -> Pending<WriteReport> {
        Pending::new(async move {
            let mut report = WriteReport::default();
            for call in self.into_calls()? {
                let first = call.endpoint().first();
                let batch = call.await.map_err(|error| locate(error, first))?;
                report.merge(batch);
            }
            Ok(report)
        })
    }
}

fn locate(error: Error, first: usize) -> Error {
    if first == 0 {
        return error;
    }
    // The whole is not the same call any more: a part of it has been done.
    error
        .with_retryable(false)
        .because(format!("everything before index {first} is settled"))
        .about("requestIndex", first.to_string())
}

impl<E: Batch> IntoFuture for Batches<E> {
    type Output = Result<WriteReport>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<WriteReport>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        self.into_pending().into_future()
    }
}

impl<E: Batch> fmt::Debug for Batches<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches")
            .field("operation", &E::NAME)
            .field("batches", &self.batches.as_ref().map(Vec::len))
            .finish_non_exhaustive()
    }
}

/// A part of the caller's cells or items, shared with the other parts.
pub(crate) struct Part<T> {
    all: Arc<[T]>,
    range: Range<usize>,
}

impl<T> Part<T> {
    pub(crate) fn whole(all: Vec<T>) -> Self {
        let range = 0..all.len();
        Self {
            all: all.into(),
            range,
        }
    }

    pub(crate) fn first(&self) -> usize {
        self.range.start
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        &self.all[self.range.clone()]
    }

    /// Cuts into parts of at most `most` elements, whose sizes add up to at most `room`.
    pub(crate) fn split(
        self,
        most: usize,
        room: usize,
        mut size: impl FnMut(&T) -> Result<usize>,
    ) -> Result<Vec<Self>> {
        let mut parts = Vec::new();
        let mut start = self.range.start;
        let mut used = 0;
        for index in self.range.clone() {
            let size = size(&self.all[index])?;
            if index > start && (index - start >= most || used + size > room) {
                parts.push(self.part(start..index));
                (start, used) = (index, 0);
            }
            used += size;
        }
        if start < self.range.end {
            parts.push(self.part(start..self.range.end));
        }
        Ok(parts)
    }

    fn part(&self, range: Range<usize>) -> Self {
        Self {
            all: Arc::clone(&self.all),
            range,
        }
    }
}

impl<T> Clone for Part<T> {
    fn clone(&self) -> Self {
        self.part(self.range.clone())
    }
}

impl<T: Serialize> Serialize for Part<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.as_slice().serialize(serializer)
    }
}

/// The elements are the caller's data: only their number is told.
impl<T> fmt::Debug for Part<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.range, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_are_the_whole_in_order_and_within_both_limits(
            sizes in proptest::collection::vec(1_usize..20, 0..60),
            most in 1_usize..10,
            room in 20_usize..60,
        ) {
            let parts = Part::whole(sizes.clone()).split(most, room, |size| Ok(*size)).unwrap();
            let mut joined = Vec::new();
            for part in &parts {
                prop_assert_eq!(part.first(), joined.len());
                prop_assert!(!part.as_slice().is_empty() && part.as_slice().len() <= most);
                prop_assert!(part.as_slice().iter().sum::<usize>() <= room);
                joined.extend_from_slice(part.as_slice());
            }
            prop_assert_eq!(joined, sizes);
        }
    }
}
