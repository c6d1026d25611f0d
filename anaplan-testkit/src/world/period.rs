//! Stretches of time.

use jiff::civil::{Date, date};

/// The time a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PeriodKind {
    Day,
    Week,
    Month,
    Quarter,
    HalfYear,
    Year,
    All,
}

impl PeriodKind {
    /// The text of a format.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
            Self::Quarter => "QUARTER",
            Self::HalfYear => "HALF_YEAR",
            Self::Year => "YEAR",
            Self::All => "ALL",
        }
    }

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Day => "Day",
            Self::Week => "Week",
            Self::Month => "Month",
            Self::Quarter => "Quarter",
            Self::HalfYear => "Half-Year",
            Self::Year => "Year",
            Self::All => "All Periods",
        }
    }

    pub(crate) fn of_text(text: &str) -> Option<Self> {
        [
            Self::Day,
            Self::Week,
            Self::Month,
            Self::Quarter,
            Self::HalfYear,
            Self::Year,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == text)
    }
}

/// A stretch of time with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) kind: PeriodKind,
    pub(crate) first: Date,
    pub(crate) last: Date,
}

impl Period {
    pub(crate) fn new(kind: PeriodKind, name: String, first: Date, last: Date) -> Self {
        let days = days_between(date(1900, 1, 1), first).unsigned_abs();
        // The same stretch of time has the same id in every calendar.
        let id = 5_000_000_000 + days * 100 + kind as u64;
        Self {
            id,
            name,
            kind,
            first,
            last,
        }
    }
}

pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}
