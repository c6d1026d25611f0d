//! The periods into which a calendar divides time.

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Calendar, CalendarKind, WeekFormat, days_after, year_name};
use crate::world::period::{Period, PeriodKind, days_between};

impl Calendar {
    /// Returns the time the shortest periods are in which data are held.
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

#[cfg(test)]
mod tests {
    use jiff::civil::{Weekday, date};

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
