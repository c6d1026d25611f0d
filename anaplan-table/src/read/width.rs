//! The number of values of a row.

use crate::record::Fields;
use crate::{Ragged, Result, TableError, TableErrorKind};

impl Fields<'_> {
    /// Returns `true` if a value behind the first `width` is not empty.
    pub(super) fn extra(&self, width: usize) -> bool {
        let kept = width.checked_sub(1).and_then(|last| self.ends.get(last));
        self.ends.last() > kept.or(Some(&0))
    }
}

/// Checks the number of values of a row.
pub(super) fn fit(found: usize, width: usize, extra: bool, ragged: Ragged) -> Result<()> {
    let values = if found == 1 { "value" } else { "values" };
    let columns = if width == 1 { "column" } else { "columns" };
    let message = match (ragged, found > width) {
        (Ragged::Pad, false) => return Ok(()),
        (Ragged::Pad, true) if !extra => return Ok(()),
        (_, true) => format!("the row has {found} {values} under {width} {columns}"),
        (_, false) => format!("the row has {found} {values} for {width} {columns}"),
    };
    Err(TableError::new(TableErrorKind::Width, message))
}
