//! Times at which targets may start.

use jiff::civil::{self, Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::policy::Weekday;

/// A window of a rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window<'a> {
    pub(super) days: &'a [Weekday],
    pub(super) from: Option<Time>,
    pub(super) until: Option<Time>,
    pub(super) zone: &'a str,
    pub(super) except: &'a [Date],
}

/// Returns the problem of a window that is never valid.
pub(super) fn problem(from: Option<Time>, until: Option<Time>, zone: &str) -> Option<String> {
    if TimeZone::get(zone).is_err() {
        return Some(format!("has the unknown time zone '{zone}'"));
    }
    (from.is_some() && from == until).then(|| "has a window of no length".into())
}

impl Window<'_> {
    /// Returns the reason if the window is closed, and an error for an unknown time zone.
    pub(super) fn closed(&self, now: Timestamp) -> Result<Option<String>, String> {
        let zone =
            TimeZone::get(self.zone).map_err(|_| format!("unknown time zone '{}'", self.zone))?;
        let local = zone.to_datetime(now);
        let (today, time) = (local.date(), local.time());
        if self.except.contains(&today) {
            return Ok(Some(format!("{today} is a day without promotions")));
        }
        let from = self.from.unwrap_or(Time::midnight());
        let open = match self.until.filter(|until| *until != Time::midnight()) {
            None => self.includes(today) && time >= from,
            Some(until) if until > from => self.includes(today) && (from..until).contains(&time),
            // Until the next day.
            Some(until) => {
                let yesterday = today.checked_sub(1.day()).unwrap_or(today);
                self.includes(today) && time >= from || self.includes(yesterday) && time < until
            }
        };
        let zone = self.zone;
        Ok((!open).then(|| format!("{today} {} in {zone} is outside of the window", clock(time))))
    }

    fn includes(&self, date: Date) -> bool {
        self.days.is_empty() || self.days.iter().any(|day| day.civil() == date.weekday())
    }
}

fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

impl Weekday {
    fn civil(self) -> civil::Weekday {
        match self {
            Self::Monday => civil::Weekday::Monday,
            Self::Tuesday => civil::Weekday::Tuesday,
            Self::Wednesday => civil::Weekday::Wednesday,
            Self::Thursday => civil::Weekday::Thursday,
            Self::Friday => civil::Weekday::Friday,
            Self::Saturday => civil::Weekday::Saturday,
            Self::Sunday => civil::Weekday::Sunday,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NIGHT: Window<'_> = Window {
        days: &[Weekday::Friday],
        from: Some(civil::time(22, 0, 0, 0)),
        until: Some(civil::time(2, 0, 0, 0)),
        zone: "Europe/Berlin",
        except: &[civil::date(2026, 12, 25)],
    };

    fn open(window: Window<'_>, time: &str) -> bool {
        window.closed(time.parse().unwrap()).unwrap().is_none()
    }

    #[test]
    fn window_over_midnight_belongs_to_the_day_of_its_start() {
        // 27 November 2026 is a Friday. Berlin is one hour ahead of UTC.
        for (time, expected) in [
            ("2026-11-27T20:59:59Z", false),
            ("2026-11-27T21:00:00Z", true),
            ("2026-11-28T00:59:59Z", true),
            ("2026-11-28T01:00:00Z", false),
            ("2026-11-28T21:00:00Z", false),
            ("2026-11-27T00:30:00Z", false),
            ("2026-12-25T21:30:00Z", false),
            ("2026-12-25T23:30:00Z", true),
        ] {
            assert_eq!(open(NIGHT, time), expected, "{time}");
        }
    }

    #[test]
    fn window_without_end_lasts_until_midnight() {
        let window = Window {
            until: None,
            zone: "UTC",
            days: &[],
            ..NIGHT
        };
        assert!(open(window, "2026-11-26T23:59:59Z"));
        assert!(!open(window, "2026-11-26T21:59:59Z"));
        let midnight = Window {
            until: Some(Time::midnight()),
            ..window
        };
        assert!(open(midnight, "2026-11-26T23:59:59Z"));
    }

    #[test]
    fn unknown_zone_is_an_error() {
        let window = Window {
            zone: "Europe/Atlantis",
            ..NIGHT
        };
        assert!(window.closed(Timestamp::UNIX_EPOCH).is_err());
        assert!(problem(None, None, "Europe/Atlantis").is_some());
        assert!(problem(NIGHT.from, NIGHT.from, "UTC").is_some());
    }
}
