//! Parts of the caller's cells or items.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use anaplan_core::Result;
use serde::{Serialize, Serializer};

/// Part of the caller's cells or items. All parts share the memory.
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

    /// Splits into parts of at most `most` elements and a total size of at most `room`.
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

/// Shows the range only, because the elements are the caller's data.
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
