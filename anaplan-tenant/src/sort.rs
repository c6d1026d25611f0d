//! Sort orders of the lists that insist on a sign before each column.

use anaplan_core::{Error, Result};

/// Checks that every column has a sign.
///
/// # Errors
///
/// `InvalidInput` otherwise.
pub(crate) fn check_sort(sort: Option<&str>) -> Result<()> {
    let signed = |column: &str| {
        let column = column.trim();
        column.starts_with(['+', '-']) && column.len() > 1
    };
    match sort {
        Some(sort) if !sort.split(',').all(signed) => Err(Error::invalid_input(
            "sort",
            format_args!("'{sort}' must have + or - before each column, such as +name"),
        )),
        _ => Ok(()),
    }
}

/// Adds `+` to the columns without a sign.
pub(crate) fn signed(columns: &str) -> String {
    let signed = |column: &str| match column.trim() {
        column if column.starts_with(['+', '-']) => column.to_owned(),
        column => format!("+{column}"),
    };
    let columns: Vec<_> = columns.split(',').map(signed).collect();
    columns.join(",")
}
