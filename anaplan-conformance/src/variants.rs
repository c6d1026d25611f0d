//! Odd responses, made from a good one.
//!
//! Fields may be missing, `null`, of another type, or new. This module makes all such responses from one
//! good response, so that a test can check the outcome of each:
//!
//! ```
//! use anaplan_conformance::variants;
//! use serde_json::json;
//!
//! let good = json!({ "user": { "id": "42", "email": "ada@northwind.example" } });
//! let variants = variants::of(&good);
//! assert!(variants.iter().any(|v| v.at == "user.id" && v.body.contains(r#""id":null"#)));
//! assert!(variants.iter().any(|v| v.at == "user.email" && !v.body.contains("email")));
//! ```

use anaplan_core::{ErrorKind, Result};
use anaplan_testkit::{FakeAnaplan, Fault};
use fastrand::Rng;
use serde_json::{Map, Value, json};

const NOVELTY: &str = "an unknown field";
const NUMBER: &str = "as a number";

/// A response that differs from the documented one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variant {
    /// Path of the change, such as `revisions[0].id`. Empty if the response has another shape altogether.
    pub at: String,
    /// Description of the change.
    pub change: &'static str,
    /// Body of the response.
    pub body: String,
}

impl Variant {
    /// Checks the outcome of a call that got this response.
    ///
    /// An unknown field and an id that is a number must be read. Every other variant may be read or
    /// rejected. A rejection has one of these kinds and names the path of the change, or one around it:
    ///
    /// * [`ErrorKind::Decode`], with the path that has another shape;
    /// * [`ErrorKind::Incomplete`], if the listing contradicts its size or lacks its collection;
    /// * [`ErrorKind::Ambiguous`], for a call that must not run twice.
    ///
    /// # Errors
    ///
    /// A description of the problem.
    pub fn check<T>(&self, outcome: &Result<T>) -> std::result::Result<(), String> {
        let Err(error) = outcome else {
            return Ok(());
        };
        let Self { at, change, body } = self;
        let wrong = |problem| Err(format!("{at}: {change}: {problem}: {error}, for {body}"));
        let is_id = at.to_lowercase().ends_with("id");
        if *change == NOVELTY || is_id && *change == NUMBER {
            return wrong("is not read");
        }
        let kinds = [
            ErrorKind::Decode,
            ErrorKind::Incomplete,
            ErrorKind::Ambiguous,
        ];
        if !kinds.contains(&error.kind()) {
            return wrong("is not rejected as unreadable");
        }
        if self.is_named_by(&error.to_string()) {
            Ok(())
        } else {
            wrong("does not name the path")
        }
    }

    /// Returns `true` if an error message names the path of the change, or one around it.
    fn is_named_by(&self, text: &str) -> bool {
        let between = |before: &str, after: &str| {
            let (_, rest) = text.split_once(before)?;
            Some(rest.split_once(after)?.0)
        };
        let path = between("another shape at ", ": ")
            .or_else(|| between("the response has no '", "'"))
            .or_else(|| between("another shape: missing field `", "`"))
            .or_else(|| between("contradicts itself: its ", " is "));
        if let Some(path) = path {
            return self.at.starts_with(path) || path.starts_with(self.at.as_str());
        }
        // A page that is not the one that its position describes.
        let page = [
            "the server returned rows from index ",
            "the page has ",
            "the listing ended after ",
            "the collection changed from ",
        ];
        page.iter().any(|words| text.contains(words))
            || self.at.is_empty() && text.contains("the response ")
    }
}

/// The outcomes of many variants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The number of variants that were read.
    pub read: usize,
    /// The number of variants that were rejected as they should be.
    pub refused: usize,
    /// The problems that [`Variant::check`] found with the others.
    pub wrong: Vec<String>,
}

/// Returns the last response of the fake on a route, if it was JSON.
#[must_use]
pub fn last_answer(fake: &FakeAnaplan, route: &str) -> Option<Value> {
    let log = fake.requests();
    let answer = log
        .of(route)
        .filter_map(|entry| entry.answer.as_ref())
        .last()?;
    serde_json::from_slice(answer).ok()
}

/// Makes the same call once for each variant, which is the response to every request on the route, and
/// checks the outcome.
///
/// ```
/// # use anaplan_core::{Endpoint, Method, Path, Response, Result, RetryClass};
/// # struct Me;
/// # impl Endpoint for Me {
/// #     const NAME: &'static str = "users.me";
/// #     const METHOD: Method = Method::GET;
/// #     const RETRY: RetryClass = RetryClass::ReadOnly;
/// #     type Output = serde_json::Value;
/// #     fn path(&self) -> Path { Path::integration().lit("users").lit("me") }
/// #     fn decode(&self, response: Response) -> Result<Self::Output> { response.field("user") }
/// # }
/// use anaplan_conformance::variants;
///
/// # anaplan_testkit::story(async |fake| {
/// let session = fake.session()?;
/// session.call(Me).await?; // `Me` is an endpoint of your own
/// let good = variants::last_answer(&fake, "GET /2/0/users/me").expect("JSON");
/// let call = async || session.call(Me).await;
/// let report = variants::try_each(&fake, "GET /2/0/users/me", variants::of(&good), call).await;
/// assert_eq!(report.wrong, [""; 0]);
/// # Ok(()) });
/// ```
pub async fn try_each<T>(
    fake: &FakeAnaplan,
    route: &str,
    variants: impl IntoIterator<Item = Variant>,
    call: impl AsyncFn() -> Result<T>,
) -> Report {
    let mut report = Report::default();
    for variant in variants {
        fake.inject(Fault::reply(200, variant.body.clone()).on(route));
        let outcome = call().await;
        fake.clear_faults();
        match variant.check(&outcome) {
            Err(what) => report.wrong.push(what),
            Ok(()) if outcome.is_ok() => report.read += 1,
            Ok(()) => report.refused += 1,
        }
    }
    report
}

/// Replacements for a value of any type.
fn replacements() -> [(&'static str, Value); 9] {
    [
        ("null", Value::Null),
        ("a number", json!(7)),
        ("a negative fraction", json!(-7.5)),
        ("a number beyond all bounds", json!(u64::MAX)),
        ("a text", json!("something new")),
        ("an empty text", json!("")),
        ("a flag", json!(true)),
        ("a list", json!([])),
        ("an object", json!({})),
    ]
}

/// Returns every response that differs from `good` in one place: a value that is left out or replaced by
/// one of another type, an unknown field, a list without elements. Responses that are not JSON or are cut
/// off follow. Of a list, only the first element is changed.
#[must_use]
pub fn of(good: &Value) -> Vec<Variant> {
    let mut all = Vec::new();
    let mut places = Vec::new();
    walk(good, &mut Vec::new(), &mut places);
    for place in &places {
        let at = spelled(place);
        let mut note = |change, body: Value| {
            all.push(Variant {
                at: at.clone(),
                change,
                body: body.to_string(),
            });
        };
        for (change, value) in replacements() {
            note(change, changed(good, place, |_| Some(value)));
        }
        note("left out", changed(good, place, |_| None));
        note(NOVELTY, changed(good, place, |old| Some(with_novelty(old))));
        note(
            "as a number",
            changed(good, place, |old| Some(as_number(old))),
        );
    }
    let whole = good.to_string();
    let mut broken = |change, body: &str| {
        all.push(Variant {
            at: String::new(),
            change,
            body: body.to_owned(),
        });
    };
    for (change, body) in [
        ("no body", ""),
        ("white space", " \n"),
        (
            "HTML",
            "<!DOCTYPE html><html><body>Bad gateway</body></html>",
        ),
        ("null", "null"),
        ("a list", "[]"),
        ("an empty object", "{}"),
        ("a text", "\"OK\""),
    ] {
        broken(change, body);
    }
    for part in 1..8 {
        broken("cut off", prefix(&whole, whole.len() * part / 8));
    }
    all
}

/// Returns a response that differs from `good` in several places, or is cut off. The same seed makes the
/// same response.
#[must_use]
pub fn random(good: &Value, seed: u64) -> Variant {
    let mut dice = Rng::with_seed(seed);
    let mut answer = good.clone();
    for _ in 0..dice.usize(1..6) {
        let mut places = Vec::new();
        walk(&answer, &mut Vec::new(), &mut places);
        let Some(place) = dice.choice(&places) else {
            break;
        };
        let kind = dice.usize(0..12);
        answer = match replacements().into_iter().nth(kind) {
            Some((_, value)) => changed(&answer, place, |_| Some(value)),
            None if kind == 9 => changed(&answer, place, |_| None),
            None if kind == 10 => changed(&answer, place, |old| Some(with_novelty(old))),
            None => changed(&answer, place, |old| Some(as_number(old))),
        };
    }
    let mut body = answer.to_string();
    if dice.u8(0..8) == 0 {
        body = prefix(&body, dice.usize(0..=body.len())).to_owned();
    }
    Variant {
        at: String::new(),
        change: "several changes",
        body,
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Key(String),
    First,
}

/// Collects the path of every value below the top, of lists that of the first element.
fn walk(value: &Value, place: &mut Vec<Step>, places: &mut Vec<Vec<Step>>) {
    let mut visit = |step, value: &Value, place: &mut Vec<Step>| {
        place.push(step);
        places.push(place.clone());
        walk(value, place, places);
        place.pop();
    };
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                visit(Step::Key(key.clone()), value, place);
            }
        }
        Value::Array(values) => {
            if let Some(value) = values.first() {
                visit(Step::First, value, place);
            }
        }
        _ => {}
    }
}

/// Returns the path as errors write it: `revisions[0].id`.
fn spelled(place: &[Step]) -> String {
    let mut text = String::new();
    for step in place {
        match step {
            Step::First => text.push_str("[0]"),
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
        }
    }
    text
}

/// Returns a copy in which the value at `place` is replaced or removed.
fn changed(value: &Value, place: &[Step], change: impl FnOnce(&Value) -> Option<Value>) -> Value {
    fn inner(
        value: &Value,
        place: &[Step],
        change: impl FnOnce(&Value) -> Option<Value>,
    ) -> Option<Value> {
        let Some((step, rest)) = place.split_first() else {
            return change(value);
        };
        let mut copy = value.clone();
        match (&mut copy, step) {
            (Value::Object(fields), Step::Key(key)) => {
                let old = fields.get(key).unwrap_or(&Value::Null);
                match inner(old, rest, change) {
                    Some(new) => fields.insert(key.clone(), new),
                    None => fields.remove(key),
                };
            }
            (Value::Array(values), Step::First) if !values.is_empty() => {
                match inner(&values[0], rest, change) {
                    Some(new) => values[0] = new,
                    None => drop(values.remove(0)),
                }
            }
            _ => {}
        }
        Some(copy)
    }
    inner(value, place, change).unwrap_or(Value::Null)
}

fn with_novelty(value: &Value) -> Value {
    let mut value = value.clone();
    if let Value::Object(fields) = &mut value {
        let novelty = Map::from_iter([("deep".to_owned(), json!([1, null, {}]))]);
        fields.insert("brandNewField".to_owned(), novelty.into());
    }
    value
}

/// Converts a string of digits, or one that should be an id, to a number.
fn as_number(value: &Value) -> Value {
    match value {
        Value::String(text) => text.parse::<u64>().unwrap_or(102_000_000_001).into(),
        other => other.clone(),
    }
}

fn prefix(text: &str, mut end: usize) -> &str {
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests;
