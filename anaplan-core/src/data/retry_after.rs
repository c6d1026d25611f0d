//! The `Retry-After` header.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// The longest wait that is returned: 100 years. Sums with it cannot overflow.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Reads the value of `Retry-After`: seconds, also with a fraction, or a date in one of the three forms
/// of RFC 9110 or in ISO 8601. Returns zero for a date in the past.
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    seconds(value).or_else(|| {
        let wait = date(value, now)?.duration_since(now);
        Some(
            Duration::try_from(wait)
                .unwrap_or(Duration::ZERO)
                .min(LONGEST),
        )
    })
}

fn seconds(value: &str) -> Option<Duration> {
    let is_number = value.starts_with(|c: char| c.is_ascii_digit())
        && value
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !is_number {
        return None;
    }
    let seconds: f64 = value.parse().ok()?;
    Some(Duration::try_from_secs_f64(seconds).map_or(LONGEST, |wait| wait.min(LONGEST)))
}

/// Reads a date. The day of the week is not compared: the date is complete without it.
fn date(value: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(date) = value.parse() {
        return Some(date);
    }
    let (_, rest) = value.split_once([',', ' ']).unwrap_or(("", value));
    // RFC 850 joins day, month and year by hyphens. A hyphen before an offset is kept.
    let words: Vec<&str> = rest
        .split_ascii_whitespace()
        .flat_map(|word| match word.starts_with(['-', '+']) {
            true => vec![word],
            false => word.split('-').collect(),
        })
        .collect();
    let (day, month, year, time, zone) = match words[..] {
        [day, month, year, time, ref zone @ ..] if time_of(year).is_none() => {
            (day, month, year, time, zone)
        }
        [month, day, time, year, ref zone @ ..] => (day, month, year, time, zone),
        _ => return None,
    };
    let date = Date::new(full_year(year, now)?, month_of(month)?, day.parse().ok()?).ok()?;
    let moment = DateTime::from_parts(date, time_of(time)?);
    // The last day of the year 9999 is beyond what can be represented.
    let date = offset_of(zone)?.to_timestamp(moment);
    Some(date.unwrap_or(Timestamp::MAX))
}

/// A year of two digits is in the past if it would be more than 50 years ahead (RFC 9110, 5.6.7).
fn full_year(text: &str, now: Timestamp) -> Option<i16> {
    let year: i16 = text.parse().ok()?;
    if text.len() != 2 {
        return Some(year);
    }
    let this_year = Offset::UTC.to_datetime(now).year();
    let in_this_century = this_year.div_euclid(100) * 100 + year;
    let ahead = in_this_century - this_year;
    Some(match ahead {
        51.. => in_this_century - 100,
        ..-49 => in_this_century + 100,
        _ => in_this_century,
    })
}

fn month_of(text: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let short = text.get(..3)?.to_ascii_lowercase();
    let index = MONTHS.iter().position(|month| *month == short)?;
    i8::try_from(index + 1).ok()
}

fn time_of(text: &str) -> Option<Time> {
    let mut parts = text.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    if parts.next().is_some() {
        return None;
    }
    // A leap second has no place on the clock.
    let second = second.parse::<i8>().ok()?;
    let second = if second == 60 { 59 } else { second };
    Time::new(hour.parse().ok()?, minute.parse().ok()?, second, 0).ok()
}

fn offset_of(words: &[&str]) -> Option<Offset> {
    match words {
        [] => Some(Offset::UTC),
        [zone, ..] if ["gmt", "utc", "ut", "z"].contains(&&*zone.to_ascii_lowercase()) => {
            Some(Offset::UTC)
        }
        [zone, ..] => {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let digits = zone.strip_prefix(['+', '-'])?.replace(':', "");
            let number: i32 = digits.parse().ok()?;
            Offset::from_seconds(sign * (number / 100 * 3600 + number % 100 * 60)).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn now() -> Timestamp {
        "2026-11-26T07:34:59Z".parse().unwrap()
    }

    #[test]
    fn retry_after_reads_every_form_of_17_seconds() {
        for value in [
            "17",
            " 17\t",
            "017",
            "17.0",
            "Thu, 26 Nov 2026 07:35:16 GMT",
            "Thu, 26 Nov 2026 07:35:16 UTC",
            "Thu, 26 Nov 2026 07:35:16",
            "thu, 26 nov 2026 07:35:16 gmt",
            "Thu, 26 Nov 2026 08:35:16 +0100",
            "Thu, 26 Nov 2026 02:35:16 -0500",
            "Mon, 26 Nov 2026 07:35:16 GMT",
            "Thursday, 26-Nov-26 07:35:16 GMT",
            "Thu Nov 26 07:35:16 2026",
            "Thu Nov 26 07:35:16 2026 GMT",
            "2026-11-26T07:35:16Z",
        ] {
            let wait = retry_after(value, now());
            assert_eq!(wait, Some(Duration::from_secs(17)), "{value}");
        }
        let day = retry_after("Wed Dec  2 07:34:59 2026", now());
        assert_eq!(day, Some(Duration::from_secs(6 * 24 * 3600)));
    }

    #[test]
    fn retry_after_reads_fractions_and_caps_large_numbers() {
        assert_eq!(
            retry_after("17.5", now()),
            Some(Duration::from_millis(17_500))
        );
        assert_eq!(retry_after("0.25", now()), Some(Duration::from_millis(250)));
        for value in [
            "18446744073709551616",
            "99999999999999999999999999999999999999",
            "Fri, 31 Dec 9999 23:59:59 GMT",
        ] {
            assert_eq!(retry_after(value, now()), Some(LONGEST), "{value}");
        }
        let digits = "9".repeat(400);
        assert_eq!(retry_after(&digits, now()), Some(LONGEST));
    }

    #[test]
    fn date_in_the_past_means_now() {
        for value in [
            "Thu, 26 Nov 2026 07:00:00 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "0",
        ] {
            assert_eq!(retry_after(value, now()), Some(Duration::ZERO), "{value}");
        }
    }

    #[test]
    fn year_of_two_digits_is_the_nearest() {
        assert_eq!(full_year("76", now()), Some(2076));
        assert_eq!(full_year("77", now()), Some(1977));
        let in_1999 = "1999-06-01T00:00:00Z".parse().unwrap();
        assert_eq!(full_year("02", in_1999), Some(2002));
    }

    #[test]
    fn unreadable_value_is_absent() {
        for value in [
            "",
            "soon",
            "-1",
            "-0.5",
            "inf",
            "NaN",
            "1e3",
            "1.2.3",
            "0x11",
            "Thu, 26 Nov 2026",
            "Thu, 32 Nov 2026 07:35:16 GMT",
            "Thu, 26 Foo 2026 07:35:16 GMT",
            "Thu, 26 Nov 2026 25:35:16 GMT",
            "Thu, 26 Nov 2026 07:35:16 XYZ",
        ] {
            assert_eq!(retry_after(value, now()), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_value_makes_the_reader_panic(value in "\\PC*") {
            let _ = retry_after(&value, now());
        }

        #[test]
        fn nothing_like_a_date_makes_the_reader_panic(
            value in "[A-Za-z]{0,9},? ?-?[0-9]{1,12}[ -][A-Za-zé]{1,5}[ -][0-9]{1,6} [0-9:.]{0,12} ?[+-]?[0-9A-Z]{0,12}",
        ) {
            if let Some(wait) = retry_after(&value, now()) {
                prop_assert!(wait <= LONGEST);
            }
        }

        #[test]
        fn every_form_of_a_date_means_the_same(ahead in 0_i64..40 * 365 * 24 * 3600) {
            let then = Timestamp::from_second(now().as_second() + ahead).unwrap();
            for format in ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"] {
                let value = then.strftime(format).to_string();
                prop_assert_eq!(
                    retry_after(&value, now()),
                    Some(Duration::from_secs(ahead.unsigned_abs())),
                    "{}", value
                );
            }
        }
    }
}
