//! The check of a JSON value against its shape.

use serde_json::{Map, Value};

use super::shape::{Field, Presence, Shape};
use anaplan_testkit::Request;

/// Under which circumstances an answer is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Circumstances<'r> {
    pub(crate) request: &'r Request,
    /// `true` if fields and values may be new.
    pub(crate) novelties: bool,
}

impl Shape {
    /// Returns whether a value has this form; if not, where it has another one and what is wrong there.
    pub(crate) fn check(
        &self,
        value: &Value,
        path: &str,
        circumstances: Circumstances<'_>,
    ) -> Result<(), String> {
        let fits = match self {
            Self::Object(fields) => {
                let map = value.as_object().ok_or_else(|| wrong(path, self, value))?;
                return check_fields(fields, map, path, circumstances);
            }
            Self::Map(inner) => {
                let map = value.as_object().ok_or_else(|| wrong(path, self, value))?;
                return map.iter().try_for_each(|(key, value)| {
                    inner.check(value, &below(path, key), circumstances)
                });
            }
            Self::Rows(_) if value.as_array().is_some_and(Vec::is_empty) => {
                return Err(format!("`{path}` is empty, and should be left out then"));
            }
            Self::List(inner) | Self::Rows(inner) => {
                let all = value.as_array().ok_or_else(|| wrong(path, self, value))?;
                return all.iter().enumerate().try_for_each(|(index, value)| {
                    inner.check(value, &format!("{path}[{index}]"), circumstances)
                });
            }
            Self::OrNull(_) if value.is_null() => true,
            Self::OrNull(inner) => return inner.check(value, path, circumstances),
            Self::Either(shapes) => {
                let results = shapes
                    .iter()
                    .map(|shape| shape.check(value, path, circumstances));
                let problems: Vec<String> = results.map_while(Result::err).collect();
                return if problems.len() < shapes.len() {
                    Ok(())
                } else {
                    Err(problems.join("; or "))
                };
            }
            Self::OneOf(known) => value
                .as_str()
                .is_some_and(|text| circumstances.novelties || known.contains(&text)),
            Self::Flag => value.is_boolean(),
            Self::Number => value.is_number(),
            Self::Whole => value.is_i64() || value.is_u64(),
            Self::Count => value.is_u64(),
            Self::Positive => value.as_u64().is_some_and(|count| count > 0),
            // Later than 2001, and no seconds.
            Self::Millis => value.as_u64().is_some_and(|at| at > 1_000_000_000_000),
            Self::Text
            | Self::Filled
            | Self::Upper
            | Self::Lower
            | Self::Uuid
            | Self::Digits
            | Self::Kind(_)
            | Self::Day
            | Self::DayOrBlank
            | Self::Stamp
            | Self::LongStamp
            | Self::Address => value.as_str().is_some_and(|text| self.fits_text(text)),
        };
        if fits {
            Ok(())
        } else {
            Err(wrong(path, self, value))
        }
    }

    fn fits_text(&self, text: &str) -> bool {
        let hex = |upper: bool| {
            text.len() == 32
                && text.bytes().all(|c| {
                    c.is_ascii_digit()
                        || (if upper { b'A'..=b'F' } else { b'a'..=b'f' }).contains(&c)
                })
        };
        match self {
            Self::Filled => !text.is_empty(),
            Self::Upper => hex(true),
            Self::Lower => hex(false),
            Self::Uuid => is_like(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"),
            Self::Digits => !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit()),
            Self::Kind(prefix) => {
                let digits = text.bytes().all(|c| c.is_ascii_digit());
                digits && text.starts_with(prefix) && matches!(text.len(), 12 | 13)
            }
            Self::DayOrBlank if text.is_empty() => true,
            Self::Day | Self::DayOrBlank => is_like(text, "9999-99-99"),
            Self::Stamp => is_like(text, "9999-99-99T99:99:99Z"),
            Self::LongStamp => is_like(text, "9999-99-99T99:99:99.999+0000"),
            Self::Address => text.starts_with("https://api.anaplan.com/2/0/"),
            _ => true,
        }
    }
}

/// Returns whether a text follows a pattern, in which 9 is a digit, x a hexadecimal one, and the rest itself.
pub(crate) fn is_like(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text
            .bytes()
            .zip(pattern.bytes())
            .all(|(c, wanted)| match wanted {
                b'9' => c.is_ascii_digit(),
                b'x' => c.is_ascii_digit() || (b'a'..=b'f').contains(&c),
                wanted => c == wanted,
            })
}

/// Returns whether an object has the keys that it must have, each in its form, and no others.
pub(crate) fn check_fields(
    fields: &[Field],
    map: &Map<String, Value>,
    path: &str,
    circumstances: Circumstances<'_>,
) -> Result<(), String> {
    for field in fields {
        let place = below(path, field.name);
        let (needed, allowed) = match field.presence {
            Presence::Always => (true, true),
            Presence::Sometimes => (false, true),
            Presence::With(flag) => {
                let asked = circumstances.request.flag(flag);
                (asked, asked)
            }
            Presence::SometimesWith(flag) => (false, circumstances.request.flag(flag)),
        };
        match map.get(field.name) {
            None if needed => return Err(format!("`{place}` is missing")),
            Some(_) if !allowed => return Err(format!("`{place}` was not asked for")),
            Some(value) => field.shape.check(value, &place, circumstances)?,
            None => {}
        }
    }
    let mut keys = map.keys();
    let strange = keys.find(|key| fields.iter().all(|field| field.name != key.as_str()));
    match strange {
        Some(key) if !circumstances.novelties => {
            Err(format!("`{}` is not known", below(path, key)))
        }
        _ => Ok(()),
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

fn wrong(path: &str, shape: &Shape, value: &Value) -> String {
    let expected = match shape {
        Shape::Object(_) | Shape::Map(_) => "an object".to_owned(),
        Shape::List(_) | Shape::Rows(_) => "an array".to_owned(),
        other => format!("{other:?}"),
    };
    format!("`{path}` should be {expected}, and is {value}")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::*;
    use crate::response_validator::shape::{key, optional, optional_with, with};

    fn check(shape: Shape, value: &Value, query: &str, novelties: bool) -> Result<(), String> {
        let request = http::Request::get(format!("/x?{query}")).body(Bytes::new());
        let request = Request::new(request.unwrap());
        let circumstances = Circumstances {
            request: &request,
            novelties,
        };
        shape.check(value, "it", circumstances)
    }

    fn fits(shape: Shape, value: &Value) -> bool {
        check(shape, value, "", false).is_ok()
    }

    #[test]
    fn texts_are_told_apart() {
        let upper = "0123456789ABCDEF0123456789ABCDEF";
        for (shape, good, bad) in [
            (Shape::Upper, upper, "0123456789abcdef0123456789abcdef"),
            (Shape::Lower, &upper.to_lowercase(), upper),
            (Shape::Uuid, "9aa99999-1111-11a2-b333-abc11223ab12", upper),
            (Shape::Digits, "5438300031", "12a"),
            (Shape::Kind("112"), "112000000007", "113000000007"),
            (Shape::Day, "2025-03-31", ""),
            (Shape::DayOrBlank, "", "31.03.2025"),
            (
                Shape::Stamp,
                "2024-03-10T11:31:08Z",
                "2024-03-10T11:31:08.000Z",
            ),
            (
                Shape::LongStamp,
                "2024-12-04T18:18:48.000+0000",
                "2024-12-04T18:18:48.000+00:00",
            ),
            (
                Shape::Address,
                "https://api.anaplan.com/2/0/models",
                "/2/0/models",
            ),
            (Shape::Filled, "a", ""),
            (Shape::OneOf(&["A", "B"]), "B", "C"),
        ] {
            assert!(fits(shape, &json!(good)), "{shape:?} {good}");
            assert!(!fits(shape, &json!(bad)), "{shape:?} {bad}");
            assert!(!fits(shape, &json!(7)) && !fits(shape, &Value::Null));
        }
    }

    #[test]
    fn numbers_are_told_apart() {
        for (shape, good, bad) in [
            (Shape::Whole, json!(-1), json!(1.5)),
            (Shape::Count, json!(0), json!(-1)),
            (Shape::Positive, json!(1), json!(0)),
            (
                Shape::Millis,
                json!(1_718_000_000_123_u64),
                json!(1_718_000_000),
            ),
            (Shape::Number, json!(-1.0), json!("1")),
            (Shape::Flag, json!(true), json!("true")),
        ] {
            assert!(fits(shape, &good) && !fits(shape, &bad), "{shape:?}");
        }
    }

    #[test]
    fn objects_have_the_keys_that_they_must_have() {
        const IT: Shape = Shape::Object(&[
            key("id", Shape::Digits),
            optional("code", Shape::Text),
            with("details", "size", Shape::Count),
            optional_with("details", "memory", Shape::Count),
        ]);
        assert!(fits(IT, &json!({ "id": "1" })));
        assert!(check(IT, &json!({ "id": "1", "size": 1 }), "details=True", false).is_ok());
        for (value, query, problem) in [
            (json!({}), "", "`it.id` is missing"),
            (json!({ "id": 1 }), "", "`it.id` should be Digits, and is 1"),
            (
                json!({ "id": "1", "name": "" }),
                "",
                "`it.name` is not known",
            ),
            (
                json!({ "id": "1", "size": 1 }),
                "",
                "`it.size` was not asked for",
            ),
            (
                json!({ "id": "1", "memory": 1 }),
                "",
                "`it.memory` was not asked for",
            ),
            (json!({ "id": "1" }), "details=true", "`it.size` is missing"),
            (json!([]), "", "`it` should be an object, and is []"),
        ] {
            assert_eq!(check(IT, &value, query, false).unwrap_err(), problem);
        }
        assert!(check(IT, &json!({ "id": "1", "name": "" }), "", true).is_ok());
    }

    #[test]
    fn arrays_are_looked_through_and_some_are_never_empty() {
        assert!(fits(Shape::List(&Shape::Text), &json!([])));
        assert!(fits(Shape::Map(&Shape::Flag), &json!({ "a": true })));
        let problem = check(Shape::List(&Shape::Text), &json!(["a", 1]), "", false);
        assert_eq!(problem.unwrap_err(), "`it[1]` should be Text, and is 1");
        assert!(!fits(Shape::Rows(&Shape::Text), &json!([])));
        assert!(!fits(Shape::Map(&Shape::Flag), &json!({ "a": 1 })));
    }

    #[test]
    fn alternatives_and_novelties() {
        const EITHER: Shape = Shape::Either(&[Shape::Count, Shape::Flag]);
        assert!(fits(EITHER, &json!(1)) && fits(EITHER, &json!(true)) && !fits(EITHER, &json!("")));
        let null = Shape::OrNull(&Shape::Count);
        assert!(fits(null, &Value::Null) && !fits(null, &json!("")));
        let new = json!("SOMETHING_NEW");
        assert!(check(Shape::OneOf(&["A"]), &new, "", true).is_ok());
        assert!(check(Shape::OneOf(&["A"]), &json!(1), "", true).is_err());
    }
}
