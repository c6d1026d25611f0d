//! Errors of deserializing, before row and column are known.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use crate::TableError;

/// Error of deserializing a record. Never contains the value of a cell.
///
/// Boxed: a small error keeps the result of every value small.
#[derive(Debug)]
pub(super) struct DeError(pub(super) Box<Details>);

#[derive(Debug)]
pub(super) struct Details {
    pub(super) reason: Reason,
    pub(super) column: Option<usize>,
}

#[derive(Debug)]
pub(super) enum Reason {
    /// A value does not fit.
    Value(String),
    /// The type is not the type of a row or of a value.
    Type(String),
    /// The row has too few or too many values.
    Width(String),
    /// The header lacks a column.
    Missing(String),
    /// A column name that is not unique.
    Table(TableError),
}

impl DeError {
    pub(super) fn new(reason: Reason) -> Self {
        Self(Box::new(Details {
            reason,
            column: None,
        }))
    }

    pub(super) fn value(message: impl Into<String>) -> Self {
        Self::new(Reason::Value(message.into()))
    }

    /// Sets the column of an error in `value`, whose text is removed from the message.
    pub(super) fn in_column(mut self, column: usize, value: &str) -> Self {
        self.0.column.get_or_insert(column);
        if let Reason::Value(message) = &mut self.0.reason {
            redact(message, value);
        }
        self
    }
}

/// Shortest part of a value that is removed from a message.
const PART: usize = 4;

/// Replaces parts of `value` in a message that a type's own `Deserialize` wrote.
fn redact(message: &mut String, value: &str) {
    let value = value.trim();
    if value.is_empty() {
        return;
    }
    // Short values are words of any sentence: only the quoted ones are the value.
    for quoted in [
        format!("\"{value}\""),
        format!("'{value}'"),
        format!("`{value}`"),
    ] {
        if message.contains(&quoted) {
            *message = message.replace(&quoted, "'...'");
        }
    }
    let starts: Vec<usize> = value.char_indices().map(|(at, _)| at).take(4096).collect();
    let end_of = |from: usize| starts.get(from).copied().unwrap_or(value.len());
    let mut from = 0;
    while from + PART <= starts.len() {
        let mut to = from + PART;
        if !message.contains(&value[starts[from]..end_of(to)]) {
            from += 1;
            continue;
        }
        while to < starts.len() && message.contains(&value[starts[from]..end_of(to + 1)]) {
            to += 1;
        }
        let part = &value[starts[from]..end_of(to)];
        // Words that this crate's own messages use are no secret.
        if !OWN.iter().any(|own| own.contains(part)) {
            *message = message.replace(part, "...");
        }
        from = to;
    }
    if message.len() > 300 {
        let cut = (0..=300).rev().find(|at| message.is_char_boundary(*at));
        message.truncate(cut.unwrap_or(0));
        message.push_str("...");
    }
}

/// Parts of this crate's own messages.
const OWN: [&str; 6] = [
    "the value is not a number, expected ",
    "the value is not a boolean, expected true or false",
    "the value is empty; use an Option or anaplan_table::or_default",
    "the value is not a date, expected ",
    "the value is out of range for ",
    "the value does not fit, expected ",
];

impl fmt::Display for DeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.reason {
            Reason::Value(message) | Reason::Type(message) | Reason::Width(message) => {
                f.write_str(message)
            }
            Reason::Missing(name) => write!(f, "there is no column '{name}'"),
            Reason::Table(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for DeError {}

impl Error for DeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::value(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        // A row type that is a single value, or a field that is a row.
        match found {
            Unexpected::Map | Unexpected::Seq => Self::new(Reason::Type(format!(
                "a row is a struct, a map or a sequence, not {expected}"
            ))),
            _ => Self::value(format!("the value does not fit, expected {expected}")),
        }
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::value(format!("the value does not fit, expected {expected}"))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(Reason::Width(format!(
            "the row has {length} values, expected {expected}"
        )))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::value(format!("the value is none of {}", expected.join(", ")))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Reason::Type(format!(
            "the row type has no field for the column '{}', only {}",
            crate::error::Short(field),
            expected.join(", ")
        )))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Reason::Missing(field.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_lose_the_parts_of_the_value() {
        for (message, value) in [
            ("invalid value \"ab\" found", "ab"),
            ("cannot parse hunter22 as a colour", "hunter22"),
            ("failed at \"unter22\": bad digit", "hunter22"),
            ("`s\u{e9}cret-1234` and `1234`", "s\u{e9}cret-1234"),
        ] {
            let mut redacted = message.to_owned();
            redact(&mut redacted, value);
            for part in ["\"ab\"", "hunter", "unter22", "cret", "1234"] {
                assert!(!redacted.contains(part), "{redacted}");
            }
        }
        let mut own = OWN[0].to_owned();
        redact(&mut own, "the number");
        assert_eq!(own, OWN[0]);
    }
}
