//! Limits of the server.

use anaplan_core::{Decision, ErrorKind, Refusal, StatusCode};

/// Maximum number of items in one list write.
pub(crate) const ITEMS_PER_WRITE: usize = 100_000;
/// Maximum number of cells in one write.
pub(crate) const CELLS_PER_WRITE: usize = 100_000;
/// Maximum number of bytes in one cell write: 15 MB.
pub(crate) const BYTES_PER_WRITE: usize = 15_000_000;

/// Recognizes the refusal of a read of more than 1,000,000 cells or items by its message.
pub(crate) fn read_refusal(refusal: &Refusal<'_>) -> Option<Decision> {
    if refusal.status != StatusCode::BAD_REQUEST {
        return None;
    }
    let text = refusal.message?.to_ascii_lowercase();
    let squeezed: String = text
        .chars()
        .filter(|c| !matches!(c, ',' | '.' | ' ' | '\'' | '\u{a0}'))
        .collect();
    let counts = text.contains("cell") || text.contains("item");
    let exceeds = [
        "exceed",
        "limit",
        "too many",
        "too large",
        "maximum",
        "more than",
    ]
    .iter()
    .any(|word| text.contains(word));
    // The number by itself: ids contain as many zeros.
    let mut numbers = squeezed.split(|c: char| !c.is_ascii_digit());
    let names_it = numbers.any(|number| number == "1000000") || text.contains("million");
    (names_it || counts && exceeds).then(|| ErrorKind::TooLarge.into())
}
