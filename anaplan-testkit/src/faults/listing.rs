//! Listings that lag, are incomplete or contradict themselves.

use std::time::Duration;

use anaplan_core::Timestamp;
use serde_json::{Map, Value, json};

use crate::http::{Body, Request, Response};

/// A deviation of the rows of a collection, such as the tasks of an import or the revisions of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListingFault {
    /// Rows that were created within this time are missing. `totalSize` does not count them. Rows without
    /// a creation time stay.
    Lagging(Duration),
    /// The `n` newest rows of the page are missing. `totalSize` counts them.
    Incomplete(usize),
    /// The `n` oldest rows of the page are missing. `totalSize` does not count them.
    Vanished(usize),
    /// Only the first `n` rows of the page are present. `totalSize` counts all, and there is no `next`.
    Truncated(usize),
    /// The rows of the page are in reverse order.
    Reordered,
    /// The array is empty. `totalSize` counts the rows.
    EmptyPage,
    /// The key of the collection is missing. `totalSize` counts the rows.
    MissingKey,
    /// The key of the collection is `null`. `totalSize` counts the rows.
    NullKey,
    /// `status.code` is this number under the unchanged HTTP status, and there are no rows.
    StatusCode(u16),
    /// The body is `{}`.
    EmptyObject,
    /// The `n` first rows expire between the first page and the next ones: later pages start `n` rows too
    /// far. `totalSize` of the later pages does not count them.
    ExpiredBetweenPages(usize),
}

impl ListingFault {
    /// The request that is carried out in place of `request`.
    pub(crate) fn request(self, request: &Request) -> Option<Request> {
        let Self::ExpiredBetweenPages(rows) = self else {
            return None;
        };
        let offset = offset_of(request).filter(|offset| *offset > 0)?;
        Some(request.with_param("offset", &(offset + rows).to_string()))
    }

    /// Changes the response to `request` if it is a collection.
    pub(crate) fn apply(self, request: &Request, response: &mut Response, now: Timestamp) {
        if !response.status.is_success() {
            return;
        }
        let Body::Full(bytes) = &response.body else {
            return;
        };
        let Ok(Value::Object(mut body)) = serde_json::from_slice::<Value>(bytes) else {
            return;
        };
        let payload: Vec<&String> = body
            .keys()
            .filter(|key| *key != "meta" && *key != "status")
            .collect();
        let key = match payload.as_slice() {
            // An empty collection has no key.
            [] => None,
            [key] if body[*key].is_array() => Some((*key).clone()),
            _ => return,
        };
        self.change(request, &mut body, key.as_deref(), now);
        response.body = Value::Object(body).to_string().into_bytes().into();
    }

    fn change(
        self,
        request: &Request,
        body: &mut Map<String, Value>,
        key: Option<&str>,
        now: Timestamp,
    ) {
        let mut none = Vec::new();
        let rows = key.and_then(|key| body.get_mut(key)?.as_array_mut());
        let rows = rows.unwrap_or(&mut none);
        let before = rows.len();
        let mut counted = true;
        match self {
            Self::Lagging(lag) => {
                counted = false;
                let limit = now.as_millisecond() - i64::try_from(lag.as_millis()).unwrap_or(0);
                rows.retain(|row| created(row).is_none_or(|at| at <= limit));
            }
            Self::Incomplete(count) => remove(rows, count, true),
            Self::Vanished(count) => {
                counted = false;
                remove(rows, count, false);
            }
            Self::Truncated(count) => {
                rows.truncate(count);
                if let Some(paging) = paging(body) {
                    paging.remove("next");
                }
            }
            Self::Reordered => rows.reverse(),
            Self::EmptyPage => rows.clear(),
            Self::MissingKey => {
                key.map(|key| body.remove(key));
            }
            Self::NullKey => {
                key.map(|key| body.insert(key.to_owned(), Value::Null));
            }
            Self::StatusCode(code) => {
                key.map(|key| body.remove(key));
                body.insert("status".into(), json!({ "code": code, "message": "" }));
            }
            Self::EmptyObject => body.clear(),
            Self::ExpiredBetweenPages(gone) => {
                if let (Some(offset), Some(paging)) = (offset_of(request), paging(body)) {
                    if offset > 0 {
                        paging.insert("offset".into(), offset.into());
                        subtract(paging, gone);
                    }
                }
                return;
            }
        }
        let after = key
            .and_then(|key| body.get(key)?.as_array())
            .map_or(0, Vec::len);
        if let Some(paging) = paging(body) {
            paging.insert("currentPageSize".into(), after.into());
            if !counted {
                subtract(paging, before - after);
            }
        }
        // As the servers do it where a collection has no rows.
        if !counted && after == 0 {
            key.map(|key| body.remove(key));
        }
    }
}

fn offset_of(request: &Request) -> Option<usize> {
    request.param("offset")?.parse().ok()
}

fn paging(body: &mut Map<String, Value>) -> Option<&mut Map<String, Value>> {
    body.get_mut("meta")?.get_mut("paging")?.as_object_mut()
}

fn subtract(paging: &mut Map<String, Value>, rows: usize) {
    let total = paging.get("totalSize").and_then(Value::as_u64);
    let left = total.unwrap_or(0).saturating_sub(rows as u64);
    paging.insert("totalSize".into(), left.into());
}

/// When a row was created, in milliseconds: tasks have a number, revisions a timestamp.
fn created(row: &Value) -> Option<i64> {
    if let Some(at) = row.get("creationTime").and_then(Value::as_i64) {
        return Some(at);
    }
    let text = row.get("appliedOn").or_else(|| row.get("createdOn"))?;
    let at: Timestamp = text.as_str()?.parse().ok()?;
    Some(at.as_millisecond())
}

/// Removes the newest or oldest rows. Rows without a creation time count as older the earlier they come.
fn remove(rows: &mut Vec<Value>, count: usize, newest: bool) {
    for _ in 0..count {
        let keys = rows.iter().enumerate();
        let keys = keys.map(|(index, row)| (created(row).unwrap_or(0), index));
        let found = if newest { keys.max() } else { keys.min() };
        match found {
            Some((_, index)) => rows.remove(index),
            None => return,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn changed(fault: ListingFault, query: &str) -> Value {
        let uri = format!("/2/0/models/M/imports/1/tasks{query}");
        let request = Request::new(http::Request::get(uri).body(Bytes::new()).unwrap());
        let body = json!({
            "meta": { "paging": { "currentPageSize": 3, "offset": 0, "totalSize": 3, "next": "x" } },
            "status": { "code": 200 },
            "tasks": [{ "creationTime": 30_000 }, { "creationTime": 10_000 }, { "creationTime": 20_000 }],
        });
        let bytes = body.to_string().into_bytes();
        let mut response = Response::new(http::StatusCode::OK, "application/json", bytes);
        let now = Timestamp::from_second(35).unwrap();
        fault.apply(&request, &mut response, now);
        let Body::Full(bytes) = response.body else {
            panic!("a stream");
        };
        serde_json::from_slice(&bytes).unwrap()
    }

    fn times(body: &Value) -> Vec<i64> {
        let rows = body["tasks"].as_array().unwrap();
        rows.iter()
            .map(|row| row["creationTime"].as_i64().unwrap())
            .collect()
    }

    #[test]
    fn lagging_listing_lacks_the_newest_rows_and_does_not_count_them() {
        let body = changed(ListingFault::Lagging(Duration::from_secs(10)), "");
        assert_eq!(times(&body), [10_000, 20_000]);
        assert_eq!(body["meta"]["paging"]["totalSize"], 2);
    }

    #[test]
    fn incomplete_listing_counts_the_missing_rows() {
        let body = changed(ListingFault::Incomplete(1), "");
        assert_eq!(times(&body), [10_000, 20_000]);
        assert_eq!(body["meta"]["paging"]["totalSize"], 3);
        let body = changed(ListingFault::Truncated(1), "");
        assert_eq!(times(&body), [30_000]);
        assert!(body["meta"]["paging"].get("next").is_none());
    }

    #[test]
    fn listing_without_rows_keeps_the_total() {
        for fault in [
            ListingFault::MissingKey,
            ListingFault::NullKey,
            ListingFault::EmptyPage,
            ListingFault::StatusCode(503),
        ] {
            let body = changed(fault, "");
            let rows = body
                .get("tasks")
                .and_then(Value::as_array)
                .map_or(0, Vec::len);
            assert_eq!(rows, 0, "{fault:?}");
            assert_eq!(body["meta"]["paging"]["totalSize"], 3, "{fault:?}");
        }
        assert_eq!(changed(ListingFault::EmptyObject, ""), json!({}));
    }

    #[test]
    fn rows_expire_before_later_pages_only() {
        let fault = ListingFault::ExpiredBetweenPages(1);
        assert_eq!(changed(fault, "")["meta"]["paging"]["totalSize"], 3);
        let later = changed(fault, "?offset=2&limit=2");
        assert_eq!(later["meta"]["paging"]["totalSize"], 2);
        assert_eq!(later["meta"]["paging"]["offset"], 2);
        let uri = "/tasks?limit=2&offset=2";
        let request = Request::new(http::Request::get(uri).body(Bytes::new()).unwrap());
        assert_eq!(fault.request(&request).unwrap().param("offset"), Some("3"));
    }
}
