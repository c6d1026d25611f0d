//! Shapes of JSON values.

/// The form of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// Any text.
    Text,
    /// A text that is not empty.
    Filled,
    /// One of these texts. The API may get others at any time.
    OneOf(&'static [&'static str]),
    /// 32 hexadecimal digits in upper case.
    Upper,
    /// 32 hexadecimal digits in lower case.
    Lower,
    /// Hexadecimal digits in lower case with hyphens.
    Uuid,
    /// A decimal number as text.
    Digits,
    /// The id of an object whose kind its first three digits tell, as text.
    Kind(&'static str),
    /// `YYYY-MM-DD`.
    Day,
    /// The same, or nothing.
    DayOrBlank,
    /// `YYYY-MM-DDTHH:MM:SSZ`.
    Stamp,
    /// `YYYY-MM-DDTHH:MM:SS.mmm+0000`.
    LongStamp,
    /// The address of something of the Integration API.
    Address,
    /// A whole number.
    Whole,
    /// A whole number that is not negative.
    Count,
    /// A whole number above 0.
    Positive,
    /// Milliseconds since 1970.
    Millis,
    /// Any number.
    Number,
    /// True or false.
    Flag,
    /// An object with these keys, and no others that are not new.
    Object(&'static [Field]),
    /// An object whose keys are names, with values of one form.
    Map(&'static Shape),
    /// An array.
    List(&'static Shape),
    /// An array with something in it: without, its key is left out.
    Rows(&'static Shape),
    /// Null, or this.
    OrNull(&'static Shape),
    /// Any of these.
    Either(&'static [Shape]),
}

/// The states of tasks and read requests.
pub(crate) const STATES: Shape = Shape::OneOf(&[
    "NOT_STARTED",
    "IN_PROGRESS",
    "COMPLETE",
    "CANCELLING",
    "CANCELLED",
]);

/// A key of an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(super) presence: Presence,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Presence {
    Always,
    Sometimes,
    /// When this parameter of the query is `true`, and only then.
    With(&'static str),
    /// Sometimes, when this parameter of the query is `true`.
    SometimesWith(&'static str),
}

/// A key that is always there.
pub(crate) const fn key(name: &'static str, shape: Shape) -> Field {
    let presence = Presence::Always;
    Field {
        name,
        shape,
        presence,
    }
}

/// A key that may be missing.
pub(crate) const fn optional(name: &'static str, shape: Shape) -> Field {
    let presence = Presence::Sometimes;
    Field {
        name,
        shape,
        presence,
    }
}

/// A key that is there when it is asked for.
pub(crate) const fn with(flag: &'static str, name: &'static str, shape: Shape) -> Field {
    let presence = Presence::With(flag);
    Field {
        name,
        shape,
        presence,
    }
}

/// A key that may be there when it is asked for.
pub(crate) const fn optional_with(flag: &'static str, name: &'static str, shape: Shape) -> Field {
    let presence = Presence::SometimesWith(flag);
    Field {
        name,
        shape,
        presence,
    }
}
