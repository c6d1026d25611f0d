//! The calendar of a model, and the periods into which it divides time.

mod periods;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday, date};

pub(crate) use crate::world::period::PeriodKind;
pub use crate::world::version::Version;

/// The four ways to divide time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CalendarKind {
    /// The months of the ordinary calendar.
    Months,
    /// Months of whole weeks, such as 4-4-5.
    WeeksGrouped,
    /// Weeks without years.
    WeeksGeneral,
    /// 13 months of four weeks.
    FourWeeks,
}

impl CalendarKind {
    /// The text on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Months => "Calendar Months/Quarters/Years",
            Self::WeeksGrouped => "Weeks: 4-4-5, 4-5-4 or 5-4-4",
            Self::WeeksGeneral => "Weeks: General",
            Self::FourWeeks => "Weeks: 13 4-week Periods",
        }
    }
}

/// The names of weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WeekFormat {
    /// By their number.
    Numbered,
    /// By their first day.
    Commencing,
    /// By their last day.
    Ending,
}

impl WeekFormat {
    /// The text on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Numbered => "Numbered",
            Self::Commencing => "Week Commencing",
            Self::Ending => "Week Ending",
        }
    }
}

/// The time scale of a model: its periods and years.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Calendar {
    /// The way to divide time.
    pub kind: CalendarKind,
    /// The current fiscal year, 2025 for FY25. Years are named after the one in which they end.
    pub fiscal_year: i16,
    /// The month in which fiscal years begin, 1 to 12.
    pub first_month: i8,
    /// The number of years covered before the current one.
    pub past_years: i16,
    /// The number of years covered after the current one.
    pub future_years: i16,
    /// `true` if there are totals of quarters.
    pub quarters: bool,
    /// `true` if there are totals of half years.
    pub half_years: bool,
    /// `true` if there are totals of the year so far.
    pub year_to_date: bool,
    /// `true` if there are totals of the rest of the year.
    pub year_to_go: bool,
    /// `true` if there is a total of everything.
    pub all_periods: bool,
    /// The number of weeks the months of a quarter have, for grouped weeks.
    pub grouping: [i64; 3],
    /// Which month gets the 53rd week, counted from 1.
    pub extra_week_month: usize,
    /// Which quarter has four of the 13 months, counted from 1.
    pub extra_month_quarter: usize,
    /// The names of weeks.
    pub week_format: WeekFormat,
    /// The first day, for general weeks.
    pub start: Date,
    /// The number of weeks are covered, for general weeks.
    pub weeks: i64,
}

impl Default for Calendar {
    fn default() -> Self {
        Self {
            kind: CalendarKind::Months,
            fiscal_year: 2025,
            first_month: 1,
            past_years: 1,
            future_years: 1,
            quarters: true,
            half_years: false,
            year_to_date: false,
            year_to_go: false,
            all_periods: false,
            grouping: [4, 4, 5],
            extra_week_month: 12,
            extra_month_quarter: 4,
            week_format: WeekFormat::Numbered,
            start: date(2024, 1, 1),
            weeks: 104,
        }
    }
}

fn days_after(day: Date, days: i64) -> Date {
    day.checked_add(days.days()).unwrap_or(day)
}

impl Calendar {
    /// The first and the last day that are covered.
    #[must_use]
    pub fn range(&self) -> (Date, Date) {
        if self.kind == CalendarKind::WeeksGeneral {
            return (self.start, days_after(self.start, self.weeks * 7 - 1));
        }
        (
            self.year(self.fiscal_year - self.past_years).0,
            self.year(self.fiscal_year + self.future_years).1,
        )
    }

    /// Returns whether a day is covered.
    #[must_use]
    pub fn contains(&self, day: Date) -> bool {
        let (first, last) = self.range();
        (first..=last).contains(&day)
    }

    /// The first and the last day of a fiscal year.
    #[must_use]
    pub fn year(&self, year: i16) -> (Date, Date) {
        (
            self.year_start(year),
            days_after(self.year_start(year + 1), -1),
        )
    }

    fn year_start(&self, year: i16) -> Date {
        let month = self.first_month.clamp(1, 12);
        let calendar_year = if month == 1 { year } else { year - 1 };
        let first = Date::new(calendar_year, month, 1).unwrap_or_default();
        if self.kind == CalendarKind::Months {
            return first;
        }
        // The Monday that is nearest.
        let past = i64::from(first.weekday().since(Weekday::Monday));
        days_after(first, if past <= 3 { -past } else { 7 - past })
    }
}

/// `FY25`.
pub(crate) fn year_name(year: i16) -> String {
    format!("FY{:02}", year.rem_euclid(100))
}
