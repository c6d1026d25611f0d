//! The calendar of a model, and the periods into which it divides time.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday, date};

pub(crate) use crate::world::period::PeriodKind;
use crate::world::period::{Period, days_between};
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

/// How weeks are named.
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

/// How a model divides time, and which years it covers.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Calendar {
    /// The way to divide time.
    pub kind: CalendarKind,
    /// The current fiscal year, 2025 for FY25. Years are named after the one in which they end.
    pub fiscal_year: i16,
    /// The month in which fiscal years begin, 1 to 12.
    pub first_month: i8,
    /// How many years are covered before the current one.
    pub past_years: i16,
    /// How many years are covered after the current one.
    pub future_years: i16,
    /// Whether there are totals of quarters.
    pub quarters: bool,
    /// Whether there are totals of half years.
    pub half_years: bool,
    /// Whether there are totals of the year so far.
    pub year_to_date: bool,
    /// Whether there are totals of the rest of the year.
    pub year_to_go: bool,
    /// Whether there is a total of everything.
    pub all_periods: bool,
    /// How many weeks the months of a quarter have, for grouped weeks.
    pub grouping: [i64; 3],
    /// Which month gets the 53rd week, counted from 1.
    pub extra_week_month: usize,
    /// Which quarter has four of the 13 months, counted from 1.
    pub extra_month_quarter: usize,
    /// How weeks are named.
    pub week_format: WeekFormat,
    /// The first day, for general weeks.
    pub start: Date,
    /// How many weeks are covered, for general weeks.
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

    /// Whether a day is covered.
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

    /// How long the shortest periods are in which data are held.
    pub(crate) fn base(&self) -> PeriodKind {
        match self.kind {
            CalendarKind::WeeksGeneral => PeriodKind::Week,
            _ => PeriodKind::Month,
        }
    }

    /// The period in which data of this day are held.
    pub(crate) fn period_at(&self, day: Date) -> Option<Period> {
        self.periods().find(|period| {
            period.kind == self.base() && (period.first..=period.last).contains(&day)
        })
    }

    /// Every period of the time dimension in its order: totals come after what they sum up.
    pub(crate) fn periods(&self) -> impl Iterator<Item = Period> {
        let mut all = Vec::new();
        if self.kind == CalendarKind::WeeksGeneral {
            all = self.weeks_between(self.start, self.weeks, "");
        } else {
            let years = self.fiscal_year - self.past_years..=self.fiscal_year + self.future_years;
            for year in years {
                self.periods_of_year(year, &mut all);
            }
        }
        if self.all_periods {
            let (first, last) = self.range();
            all.push(Period::new(
                PeriodKind::All,
                "All Periods".into(),
                first,
                last,
            ));
        }
        all.into_iter()
    }

    /// Every period of one length, also of lengths that the time dimension does not show.
    pub(crate) fn periods_of(&self, kind: PeriodKind) -> Vec<Period> {
        let (first, last) = self.range();
        match kind {
            PeriodKind::Day => (0..=days_between(first, last))
                .map(|number| days_after(first, number))
                .map(|day| Period::new(kind, day.strftime("%-d %b %y").to_string(), day, day))
                .collect(),
            PeriodKind::Week if self.kind == CalendarKind::Months => Vec::new(),
            PeriodKind::Week if self.kind != CalendarKind::WeeksGeneral => {
                let years =
                    self.fiscal_year - self.past_years..=self.fiscal_year + self.future_years;
                years
                    .flat_map(|year| {
                        let (first, last) = self.year(year);
                        let weeks = (days_between(first, last) + 1) / 7;
                        self.weeks_between(first, weeks, &format!(" {}", year_name(year)))
                    })
                    .collect()
            }
            _ => self
                .periods()
                .filter(|period| period.kind == kind)
                .collect(),
        }
    }

    fn weeks_between(&self, start: Date, count: i64, suffix: &str) -> Vec<Period> {
        (0..count)
            .map(|number| {
                let first = days_after(start, number * 7);
                let last = days_after(first, 6);
                let name = match self.week_format {
                    WeekFormat::Numbered => format!("Week {}{suffix}", number + 1),
                    WeekFormat::Commencing => first.strftime("%-d %b %y").to_string(),
                    WeekFormat::Ending => last.strftime("%-d %b %y").to_string(),
                };
                Period::new(PeriodKind::Week, name, first, last)
            })
            .collect()
    }

    fn periods_of_year(&self, year: i16, all: &mut Vec<Period>) {
        let (first, last) = self.year(year);
        let months = self.months(year);
        let mut quarter_sizes = [3; 4];
        if self.kind == CalendarKind::FourWeeks {
            quarter_sizes[self.extra_month_quarter.clamp(1, 4) - 1] = 4;
        }
        let (mut months, mut half_first) = (months.into_iter(), first);
        for (quarter, size) in quarter_sizes.into_iter().enumerate() {
            let parts: Vec<Period> = months.by_ref().take(size).collect();
            let (Some(from), Some(to)) = (
                parts.first().map(|part| part.first),
                parts.last().map(|part| part.last),
            ) else {
                continue;
            };
            all.extend(parts);
            let year = year_name(year);
            if self.quarters {
                let name = format!("Q{} {year}", quarter + 1);
                all.push(Period::new(PeriodKind::Quarter, name, from, to));
            }
            if quarter % 2 == 1 {
                if self.half_years {
                    let name = format!("H{} {year}", quarter / 2 + 1);
                    all.push(Period::new(PeriodKind::HalfYear, name, half_first, to));
                }
                half_first = days_after(to, 1);
            }
        }
        all.push(Period::new(PeriodKind::Year, year_name(year), first, last));
    }

    fn months(&self, year: i16) -> Vec<Period> {
        let (first, last) = self.year(year);
        let nominal = Date::new(
            if self.first_month == 1 {
                year
            } else {
                year - 1
            },
            self.first_month.clamp(1, 12),
            1,
        )
        .unwrap_or(first);
        let month_name = |number: i64| {
            let month = nominal.checked_add(number.months()).unwrap_or(nominal);
            month.strftime("%b %y").to_string()
        };
        if self.kind == CalendarKind::Months {
            return (0..12)
                .map(|number| {
                    let start = first.checked_add(number.months()).unwrap_or(first);
                    let end = start.last_of_month();
                    Period::new(PeriodKind::Month, month_name(number), start, end)
                })
                .collect();
        }
        let count = if self.kind == CalendarKind::FourWeeks {
            13
        } else {
            12
        };
        let weeks = (days_between(first, last) + 1) / 7;
        let mut start = first;
        (0..count)
            .map(|number| {
                let index = number as usize;
                let mut length = match self.kind {
                    CalendarKind::FourWeeks => 4,
                    _ => self.grouping[index % 3],
                };
                if weeks == 53 && index + 1 == self.extra_week_month {
                    length += 1;
                }
                let name = match self.kind {
                    CalendarKind::FourWeeks => format!("P{} {}", number + 1, year_name(year)),
                    _ => month_name(number),
                };
                let end = days_after(start, length * 7 - 1);
                let month = Period::new(PeriodKind::Month, name, start, end);
                start = days_after(end, 1);
                month
            })
            .collect()
    }
}

/// `FY25`.
pub(crate) fn year_name(year: i16) -> String {
    format!("FY{:02}", year.rem_euclid(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(calendar: &Calendar, kind: PeriodKind) -> Vec<String> {
        let periods = calendar.periods_of(kind).into_iter();
        periods.map(|period| period.name).collect()
    }

    fn one_year(kind: CalendarKind) -> Calendar {
        Calendar {
            kind,
            past_years: 0,
            future_years: 0,
            ..Calendar::default()
        }
    }

    #[test]
    fn every_calendar_covers_its_range_without_gaps() {
        for kind in [
            CalendarKind::Months,
            CalendarKind::WeeksGrouped,
            CalendarKind::WeeksGeneral,
            CalendarKind::FourWeeks,
        ] {
            for fiscal_year in 2018..2032 {
                let calendar = Calendar {
                    kind,
                    fiscal_year,
                    first_month: 4,
                    half_years: true,
                    ..Calendar::default()
                };
                let (first, last) = calendar.range();
                let mut next = first;
                for period in calendar.periods().filter(|p| p.kind == calendar.base()) {
                    assert_eq!(period.first, next, "{kind:?} {period:?}");
                    next = days_after(period.last, 1);
                }
                assert_eq!(next, days_after(last, 1), "{kind:?} {fiscal_year}");
                let mut ids: Vec<u64> = calendar.periods().map(|period| period.id).collect();
                ids.sort_unstable();
                let count = ids.len();
                ids.dedup();
                assert_eq!(ids.len(), count, "ids are unique");
            }
        }
    }

    #[test]
    fn totals_come_after_what_they_sum_up() {
        let calendar = one_year(CalendarKind::Months);
        let names: Vec<String> = calendar.periods().map(|period| period.name).collect();
        assert_eq!(names[..4], ["Jan 25", "Feb 25", "Mar 25", "Q1 FY25"]);
        assert_eq!(names[15..], ["Q4 FY25", "FY25"]);
    }

    #[test]
    fn years_may_begin_in_any_month_and_are_named_after_their_end() {
        let calendar = Calendar {
            first_month: 4,
            ..one_year(CalendarKind::Months)
        };
        assert_eq!(calendar.range(), (date(2024, 4, 1), date(2025, 3, 31)));
        assert_eq!(names(&calendar, PeriodKind::Month)[0], "Apr 24");
        let period = calendar.period_at(date(2025, 2, 11)).unwrap();
        assert_eq!(
            (period.name.as_str(), period.last),
            ("Feb 25", date(2025, 2, 28))
        );
    }

    #[test]
    fn weeks_are_whole_and_their_years_have_52_or_53_of_them() {
        let grouped = one_year(CalendarKind::WeeksGrouped);
        assert_eq!(names(&grouped, PeriodKind::Week).len(), 52);
        assert_eq!(grouped.range().0.weekday(), Weekday::Monday);
        let four = one_year(CalendarKind::FourWeeks);
        assert_eq!(names(&four, PeriodKind::Month).len(), 13);
        let quarters = four.periods_of(PeriodKind::Quarter);
        assert_eq!(
            days_between(quarters[3].first, quarters[3].last) + 1,
            16 * 7
        );
        let mut general = one_year(CalendarKind::WeeksGeneral);
        general.week_format = WeekFormat::Ending;
        assert_eq!(names(&general, PeriodKind::Week)[0], "7 Jan 24");
    }
}
