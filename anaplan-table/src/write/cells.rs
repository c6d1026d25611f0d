//! Values of a row that is being written.

use std::borrow::Cow;

use crate::{Decimal, TableError, TableErrorKind, TableFormat};

/// Values of one row, with the names of their columns if the row type has any.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) text: String,
    pub(super) ends: Vec<usize>,
    pub(super) names: Vec<Cow<'static, str>>,
}

impl Cells {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.names.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    #[inline]
    pub(super) fn get(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[index]]
    }

    /// Ends the value that was appended to the text.
    #[inline]
    pub(super) fn end(&mut self) {
        self.ends.push(self.text.len());
    }

    pub(super) fn push(&mut self, value: &str) {
        self.text.push_str(value);
        self.end();
    }

    /// Appends the number that `text` writes with `.`.
    pub(super) fn number_text(&mut self, text: &str, decimal: Decimal) -> Result<(), WriteError> {
        if crate::numbers::plain(text, Decimal::Point).is_none() {
            return Err(WriteError::value("the value is not a finite number"));
        }
        let text = text.trim_ascii();
        let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
            self.fixed(text, decimal);
            return Ok(());
        };
        let shifted = shift(mantissa, exponent)
            .ok_or_else(|| WriteError::value("the number has too large an exponent"))?;
        self.fixed(&shifted, decimal);
        Ok(())
    }

    fn fixed(&mut self, text: &str, decimal: Decimal) {
        match decimal {
            Decimal::Point => self.text.push_str(text),
            Decimal::Comma => self
                .text
                .extend(text.chars().map(|c| if c == '.' { ',' } else { c })),
        }
    }
}

/// Writes a number without its exponent.
fn shift(mantissa: &str, exponent: &str) -> Option<String> {
    let exponent: i32 = exponent.parse().ok().filter(|e| (-400..=400).contains(e))?;
    let (sign, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", mantissa.trim_start_matches('+')),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut all = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    if point <= 0 {
        all.insert_str(0, &zeros(1 - point));
    }
    let at = usize::try_from(point.max(1)).ok()?;
    if at >= all.len() {
        let missing = at - all.len();
        all.push_str(&"0".repeat(missing));
    } else {
        all.insert(at, '.');
    }
    Some(format!("{sign}{all}"))
}

/// Error of writing a value, before row and column are known.
///
/// Boxed: a small error keeps the result of every value small.
#[derive(Debug)]
pub(super) struct WriteError(pub(super) Box<Details>);

#[derive(Debug)]
pub(super) struct Details {
    pub(super) kind: TableErrorKind,
    pub(super) column: Option<String>,
    pub(super) message: String,
}

impl WriteError {
    pub(super) fn value(message: impl Into<String>) -> Self {
        Self::new(TableErrorKind::Value, message)
    }

    pub(super) fn new(kind: TableErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind,
            column: None,
            message: message.into(),
        }))
    }

    pub(super) fn in_column(mut self, name: impl Into<String>) -> Self {
        self.0.column.get_or_insert_with(|| name.into());
        self
    }

    pub(super) fn in_row(self, row: u64) -> TableError {
        let error = TableError::new(self.0.kind, self.0.message).writing_row(row);
        match self.0.column {
            Some(column) => error.in_column(column),
            None => error,
        }
    }
}

impl std::fmt::Display for WriteError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for WriteError {}

impl serde::ser::Error for WriteError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        let mut message = message.to_string();
        if message.len() > 200 {
            let cut = (0..=200).rev().find(|at| message.is_char_boundary(*at));
            message.truncate(cut.unwrap_or(0));
        }
        Self::value(message)
    }
}

/// Renders values as one line of text.
#[derive(Debug, Clone)]
pub(super) struct Renderer {
    separator: char,
    quote: Option<char>,
    ending: &'static str,
    /// Bytes of a value that need a closer look.
    special: [bool; 256],
}

impl Renderer {
    pub(super) fn new(format: &TableFormat) -> Self {
        let mut special = [false; 256];
        for byte in [0, b'\r', b'\n'] {
            special[usize::from(byte)] = true;
        }
        for mark in format.quote.into_iter().chain([format.separator]) {
            if let Ok(byte) = u8::try_from(mark) {
                special[usize::from(byte)] = true;
            }
        }
        Self {
            special,
            separator: format.separator,
            quote: format.quote,
            ending: match format.line_ending {
                crate::LineEnding::Lf => "\n",
                crate::LineEnding::CrLf => "\r\n",
            },
        }
    }

    /// Appends a line. `force` quotes the first value. Fails with the index of the value that would
    /// need quotation marks.
    pub(super) fn line<'a>(
        &self,
        values: impl ExactSizeIterator<Item = &'a str>,
        force: bool,
        out: &mut String,
    ) -> Result<(), (usize, &'static str)> {
        let alone = values.len() == 1;
        for (index, value) in values.enumerate() {
            if index > 0 {
                out.push(self.separator);
            }
            let special = value.bytes().any(|byte| self.special[usize::from(byte)]);
            if special && value.contains('\0') {
                return Err((index, "the value contains the character U+0000"));
            }
            let needs = special || (force && index == 0);
            match self.quote {
                // A line without any character is a blank line.
                Some(quote) if needs || (alone && value.is_empty()) => {
                    out.push(quote);
                    for (part, text) in value.split(quote).enumerate() {
                        if part > 0 {
                            out.extend([quote, quote]);
                        }
                        out.push_str(text);
                    }
                    out.push(quote);
                }
                None if needs => {
                    return Err((
                        index,
                        "the value needs quotation marks, which the format does not have",
                    ));
                }
                _ => out.push_str(value),
            }
        }
        out.push_str(self.ending);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_of_texts_are_written_out() {
        for (text, plain) in [
            ("1.5", "1.5"),
            ("1e3", "1000"),
            ("-1.25E1", "-12.5"),
            ("1.5e-7", "0.00000015"),
            ("12e-2", "0.12"),
            ("+1e0", "1"),
        ] {
            let mut cells = Cells::default();
            cells.number_text(text, Decimal::Point).unwrap();
            assert_eq!(cells.text, plain);
        }
        for text in ["NaN", "inf", "1,5", "", "1e9999"] {
            assert!(
                Cells::default().number_text(text, Decimal::Point).is_err(),
                "{text}"
            );
        }
    }
}
