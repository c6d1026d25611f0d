//! Numbers with a decimal sign, both ways.

use std::fmt::Write;

use crate::Decimal;

/// A number that is not finite.
#[derive(Debug)]
pub(crate) struct NotFinite;

/// Returns `true` if `text` is digits with at most one sign, one decimal sign and an exponent.
fn is_number(text: &[u8], decimal: Decimal) -> bool {
    let sign = match decimal {
        Decimal::Point => b'.',
        Decimal::Comma => b',',
    };
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let signed = |text: &[u8]| usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let mut at = signed(text);
    let whole = digits(&text[at..]);
    at += whole;
    let mut fraction = 0;
    if text.get(at) == Some(&sign) {
        fraction = digits(&text[at + 1..]);
        at += 1 + fraction;
    }
    if whole + fraction == 0 {
        return false;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += signed(&text[at..]);
        let exponent = digits(&text[at..]);
        if exponent == 0 {
            return false;
        }
        at += exponent;
    }
    at == text.len()
}

/// Returns the number with `.` as decimal sign, or `None` if `text` is not a number.
pub(crate) fn plain(text: &str, decimal: Decimal) -> Option<std::borrow::Cow<'_, str>> {
    let text = text.trim_ascii();
    if !is_number(text.as_bytes(), decimal) {
        return None;
    }
    Some(match decimal {
        Decimal::Point => text.into(),
        Decimal::Comma => text.replace(',', ".").into(),
    })
}

/// Parses a finite number.
pub(crate) fn parse(text: &str, decimal: Decimal) -> Option<f64> {
    parse_as::<f64>(text, decimal).filter(|number| number.is_finite())
}

/// Parses a number. The finite ones that the standard library reads are those of [`is_number`].
pub(crate) fn parse_as<T: std::str::FromStr>(text: &str, decimal: Decimal) -> Option<T> {
    let text = text.trim_ascii();
    match decimal {
        Decimal::Comma if text.contains('.') => None,
        Decimal::Comma if text.contains(',') => text.replace(',', ".").parse().ok(),
        _ => text.parse().ok(),
    }
}

/// Result of parsing a whole number.
#[derive(Debug, PartialEq)]
pub(crate) enum Whole<T> {
    Value(T),
    NotANumber,
    Fraction,
    OutOfRange,
}

/// Parses a whole number. A fraction of zeros and an exponent are accepted.
pub(crate) fn parse_whole<T: std::str::FromStr>(text: &str, decimal: Decimal) -> Whole<T> {
    if let Ok(value) = text.parse() {
        return Whole::Value(value);
    }
    let Some(plain) = plain(text, decimal) else {
        return Whole::NotANumber;
    };
    let digits = if plain.contains(['e', 'E']) {
        match plain.parse::<f64>() {
            Ok(number) if number.fract() != 0.0 => return Whole::Fraction,
            // Above 2^53 a number of 64 bits does not hold every whole number.
            Ok(number) if number.abs() <= 9_007_199_254_740_992.0 => format!("{number:.0}"),
            _ => return Whole::OutOfRange,
        }
    } else {
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        if fraction.bytes().any(|digit| digit != b'0') {
            return Whole::Fraction;
        }
        match whole {
            "" | "+" | "-" => "0".to_owned(),
            whole => whole.to_owned(),
        }
    };
    match digits.parse() {
        Ok(value) => Whole::Value(value),
        // An unsigned type refuses even the sign of zero.
        Err(_) if digits.trim_start_matches(['-', '+', '0']).is_empty() => {
            "0".parse().map_or(Whole::OutOfRange, Whole::Value)
        }
        Err(_) => Whole::OutOfRange,
    }
}

/// Appends the shortest decimal notation, never an exponent; a whole number has no fraction.
pub(crate) fn write_f64(number: f64, decimal: Decimal, out: &mut String) -> Result<(), NotFinite> {
    write(number, number.is_finite(), number == 0.0, decimal, out)
}

/// As [`write_f64`], with the digits that tell one `f32` from the next.
pub(crate) fn write_f32(number: f32, decimal: Decimal, out: &mut String) -> Result<(), NotFinite> {
    write(number, number.is_finite(), number == 0.0, decimal, out)
}

fn write(
    number: impl std::fmt::Display,
    finite: bool,
    zero: bool,
    decimal: Decimal,
    out: &mut String,
) -> Result<(), NotFinite> {
    if !finite {
        return Err(NotFinite);
    }
    if zero {
        // Without the sign that zero may have.
        out.push('0');
        return Ok(());
    }
    let start = out.len();
    // Writing to a string cannot fail.
    let _ = write!(out, "{number}");
    if decimal == Decimal::Comma {
        if let Some(at) = out[start..].find('.') {
            out.replace_range(start + at..=start + at, ",");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(number: f64, decimal: Decimal) -> String {
        let mut out = String::new();
        write_f64(number, decimal, &mut out).unwrap();
        out
    }

    #[test]
    fn numbers_are_written_without_exponent_and_needless_fraction() {
        for (number, text) in [
            (1e16, "10000000000000000"),
            (1.5e-7, "0.00000015"),
            (2.0, "2"),
            (-0.0, "0"),
            (1234.25, "1234.25"),
            (0.1 + 0.2, "0.30000000000000004"),
            (-1e21, "-1000000000000000000000"),
        ] {
            assert_eq!(written(number, Decimal::Point), text);
            assert_eq!(written(number, Decimal::Comma), text.replace('.', ","));
        }
        let mut out = String::new();
        write_f32(0.1, Decimal::Comma, &mut out).unwrap();
        assert_eq!(out, "0,1");
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(write_f64(number, Decimal::Point, &mut out).is_err());
        }
    }

    #[test]
    fn numbers_are_parsed_with_their_decimal_sign_only() {
        for (text, value) in [
            ("1.5", Some(1.5)),
            (" -2 ", Some(-2.0)),
            ("+.5", Some(0.5)),
            ("3.", Some(3.0)),
            ("1E3", Some(1000.0)),
            ("1,5", None),
            ("1,234.5", None),
            ("1 234", None),
            ("NaN", None),
            ("inf", None),
            ("1e999", None),
            ("", None),
            (".", None),
            ("1e", None),
            ("0x1", None),
            ("--1", None),
        ] {
            assert_eq!(parse(text, Decimal::Point), value, "{text}");
        }
        assert_eq!(parse("1,5", Decimal::Comma), Some(1.5));
        assert_eq!(parse("1.5", Decimal::Comma), None);
        assert_eq!(parse("1.234,5", Decimal::Comma), None);
    }

    #[test]
    fn whole_numbers_may_have_a_fraction_of_zeros() {
        assert_eq!(parse_whole("2.00", Decimal::Point), Whole::Value(2_u8));
        assert_eq!(parse_whole("2,0", Decimal::Comma), Whole::Value(2_i64));
        assert_eq!(parse_whole("1e3", Decimal::Point), Whole::Value(1000_u16));
        assert_eq!(parse_whole("-0", Decimal::Point), Whole::Value(0_u8));
        assert_eq!(parse_whole::<u8>("2.5", Decimal::Point), Whole::Fraction);
        assert_eq!(parse_whole::<u8>("256", Decimal::Point), Whole::OutOfRange);
        assert_eq!(parse_whole::<u8>("-1", Decimal::Point), Whole::OutOfRange);
        assert_eq!(
            parse_whole::<i64>("1e300", Decimal::Point),
            Whole::OutOfRange
        );
        assert_eq!(parse_whole::<i64>("x", Decimal::Point), Whole::NotANumber);
    }

    proptest! {
        #[test]
        fn every_finite_number_is_read_as_it_was_written(number in proptest::num::f64::NORMAL | proptest::num::f64::ZERO | proptest::num::f64::SUBNORMAL) {
            for decimal in [Decimal::Point, Decimal::Comma] {
                prop_assert_eq!(parse(&written(number, decimal), decimal), Some(number));
            }
        }

        #[test]
        fn every_whole_number_is_read_as_it_was_written(number: i64) {
            prop_assert_eq!(parse_whole(&number.to_string(), Decimal::Comma), Whole::Value(number));
        }
    }
}
