//! Paging, sorting, searching and reading bodies: what many operations share.

use serde_json::{Map, Value, json};

use crate::api::Call;
use crate::api::envelope::Failure;
use crate::http::Request;

/// The query parameters that select a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paging {
    /// The number of rows of a page.
    pub(crate) limit: &'static str,
    /// The index of the first row, from zero.
    pub(crate) offset: &'static str,
}

impl Paging {
    pub(crate) const OFFSET_LIMIT: Self = Self {
        limit: "limit",
        offset: "offset",
    };
}

/// Returns the page of `all` that the request asks for, and its description.
pub(crate) fn page<T>(call: &Call<'_>, all: Vec<T>) -> (Vec<T>, Value) {
    let (world, request, names) = (&*call.world, call.request, call.paging);
    let number = |name| {
        request
            .param(name)
            .and_then(|text| text.parse::<usize>().ok())
    };
    let cap = world.rules.page_cap.max(1);
    let limit = number(names.limit)
        .filter(|limit| *limit > 0)
        .unwrap_or(cap)
        .min(cap);
    let offset = number(names.offset).unwrap_or(0);
    let total = all.len();
    let items: Vec<T> = all.into_iter().skip(offset).take(limit).collect();
    let mut paging = json!({
        "currentPageSize": items.len(),
        "offset": offset,
        "totalSize": total,
    });
    let link = |offset: usize| {
        let base = "https://api.anaplan.com";
        format!("{base}{}?limit={limit}&offset={offset}", request.path())
    };
    if world.rules.bogus_next && request.param(names.limit).is_none() && offset == 0 {
        let base = "https://api.anaplan.com";
        paging["next"] = format!("{base}{}?limit=20&offset=20", request.path()).into();
    } else if offset + items.len() < total {
        paging["next"] = link(offset + items.len()).into();
    }
    if offset > 0 {
        paging["previous"] = link(offset.saturating_sub(limit)).into();
    }
    (items, paging)
}

/// Sorts objects as `/models`, `/users` and `/workspaces` do: a sign before each field is a must, and
/// fields are checked.
pub(crate) fn sort_strictly(
    request: &Request,
    values: &mut [Value],
    fields: &[&str],
) -> Result<(), Failure> {
    let Some(sort) = request.param("sort") else {
        return Ok(());
    };
    let mut keys = Vec::new();
    for part in sort.split(',') {
        let (descending, field) = match (part.strip_prefix('-'), part.strip_prefix('+')) {
            (Some(field), _) => (true, field),
            (_, Some(field)) => (false, field),
            (None, None) => {
                return Err(Failure::bad(format!(
                    "Bad sort order format: '{part}'. Please follow (-){{column_name_1}},(+){{column_name_2}}.. format"
                )));
            }
        };
        if !fields.contains(&field) {
            return Err(Failure::bad("Failed to parse sort parameter"));
        }
        keys.push((field.to_owned(), descending));
    }
    sort_by(values, &keys);
    Ok(())
}

/// Sorts objects as the resources of a model do: a sign is optional, and unknown fields change nothing.
pub(crate) fn sort_leniently(request: &Request, values: &mut [Value], fields: &[&str]) {
    let Some(sort) = request.param("sort") else {
        return;
    };
    let keys: Vec<(String, bool)> = sort
        .split(',')
        .map(|part| {
            let field = part.trim().trim_start_matches(['+', '-']);
            (field.to_owned(), part.trim().starts_with('-'))
        })
        .filter(|(field, _)| fields.contains(&field.as_str()))
        .collect();
    sort_by(values, &keys);
}

fn sort_by(values: &mut [Value], keys: &[(String, bool)]) {
    values.sort_by(|a, b| {
        for (field, descending) in keys {
            let order = compare(&a[field.as_str()], &b[field.as_str()]);
            let order = if *descending { order.reverse() } else { order };
            if order.is_ne() {
                return order;
            }
        }
        std::cmp::Ordering::Equal
    });
}

fn compare(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => {
            let text = |value: &Value| match value {
                Value::String(text) => text.to_lowercase(),
                other => other.to_string(),
            };
            text(a).cmp(&text(b))
        }
    }
}

/// Returns whether a text contains a search pattern: `%` is any run, `_` any character, case does not matter.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    fn at(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => true,
            Some(('%', rest)) => (0..=text.len()).any(|skip| at(rest, &text[skip..])),
            Some((wanted, rest)) => text
                .split_first()
                .is_some_and(|(c, text)| (*wanted == '_' || wanted == c) && at(rest, text)),
        }
    }
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    (0..=text.len()).any(|start| at(&pattern, &text[start..]))
}

/// Reads the body as a JSON object that has no other keys than these.
pub(crate) fn object(request: &Request, known: &[&str]) -> Result<Map<String, Value>, Failure> {
    let value = json_body(request)?;
    let Value::Object(map) = value else {
        return Err(Failure::bad(
            "The data provided is not in the expected format. Change the data format.",
        ));
    };
    match map.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(unrecognized(key)),
        None => Ok(map),
    }
}

pub(crate) fn unrecognized(key: &str) -> Failure {
    Failure::bad(format!(
        "Identified an unrecognized '{key}'. Amend the content so it only contains applicable fields."
    ))
}

/// Refuses a body that is not declared as JSON.
pub(crate) fn check_content_type(request: &Request) -> Result<(), Failure> {
    let is_json = request
        .header("content-type")
        .is_some_and(|kind| kind.contains("json"));
    if !request.body().is_empty() && !is_json {
        return Err(Failure::new(
            http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Unsupported Media Type",
        ));
    }
    Ok(())
}

/// Reads the body as JSON of any kind.
pub(crate) fn json_body(request: &Request) -> Result<Value, Failure> {
    check_content_type(request)?;
    if request.body().trim_ascii().is_empty() {
        return Err(Failure::bad(
            "The request body is null. To continue, change the format to a non-empty state.",
        ));
    }
    serde_json::from_slice(request.body()).map_err(|error| {
        Failure::bad(match error.classify() {
            // What is open at the end counts, not what the body begins with.
            serde_json::error::Category::Eof if error.to_string().contains("string") => {
                "An unterminated string was identified. Ensure the string is terminated."
            }
            serde_json::error::Category::Eof => {
                "An unterminated JSON object was found. Ensure the object is terminated."
            }
            _ => "Check if the content is compatible with JSON format.",
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searching_knows_both_wildcards() {
        assert!(matches("plan", "Supply Planning"));
        assert!(matches("s%ing", "Supply Planning"));
        assert!(matches("pl_n", "planning") && !matches("pl_n", "pln"));
        assert!(matches("", "anything"));
    }
}
