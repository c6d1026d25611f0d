//! Requests that make no sense at all: any method, path, query, headers and bytes.

use std::cell::RefCell;
use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use proptest::prelude::*;

use crate::caller::{Caller, gzip};
use crate::on_paused_time;

/// Every word that stands in a path, and some that look like ids.
const WORDS: &[&str] = &[
    "2",
    "0",
    "token",
    "authenticate",
    "refresh",
    "validate",
    "logout",
    "users",
    "me",
    "models",
    "workspaces",
    "admins",
    "visitors",
    "bulkDeleteModels",
    "status",
    "open",
    "close",
    "alm",
    "revisions",
    "latestRevision",
    "syncableRevisions",
    "appliedToModels",
    "syncTasks",
    "comparisonReportTasks",
    "comparisonReports",
    "summaryReportTasks",
    "summaryReports",
    "onlineStatus",
    "modules",
    "views",
    "data",
    "lineItems",
    "lists",
    "items",
    "resetIndex",
    "preview",
    "readRequests",
    "pages",
    "dimensions",
    "versions",
    "switchover",
    "currentPeriod",
    "modelCalendar",
    "fiscalYear",
    "files",
    "chunks",
    "complete",
    "imports",
    "exports",
    "actions",
    "processes",
    "dashboards",
    "optimizeActions",
    "tasks",
    "dump",
    "dumps",
    "solutionLogs",
    "-1",
    "18446744073709551615",
    "99999999999999999999999999",
    "%00",
    "%FF%FE",
    "..",
    "",
    "a%2Fb",
    "0x1",
];

const PARAMETERS: &[&str] = &[
    "limit",
    "offset",
    "sort",
    "s",
    "action",
    "format",
    "pages",
    "includeAll",
    "sourceModelId",
    "appliedAfter",
    "appliedBefore",
    "modelDetails",
    "exportType",
    "maxRows",
    "moduleId",
    "tenantId",
    "showImportDataSource",
    "includeProcessDetails",
    "includesubsidiaryviews",
    "workspaceId",
];

const VALUES: &[&str] = &[
    "0",
    "-1",
    "1",
    "2",
    "18446744073709551615",
    "18446744073709551616",
    "true",
    "TRUE",
    "v1",
    "add",
    "delete",
    "%2Bname",
    "-name",
    "name",
    ",",
    "-",
    "2025-02-30",
    "0000-00-00",
    "9999-12-31",
    "-9999-01-01",
    "TABULAR_MULTI_COLUMN",
    "GRID_ALL_PAGES",
    "1:2,3:4",
    ":",
    "%FF",
    "\u{1F600}",
    "",
    "active:true",
];

/// Operations with their methods, for bodies and queries that get past the path. `#` is an id.
const OPERATIONS: &[(&str, &str)] = &[
    ("POST", "lists/#/items?action=add"),
    ("POST", "lists/#/items?action=delete"),
    ("PUT", "lists/#/items"),
    ("POST", "modules/#/data"),
    ("POST", "dimensions/#/items"),
    ("PUT", "currentPeriod"),
    ("PUT", "modelCalendar/fiscalYear"),
    ("PUT", "versions/#/switchover"),
    ("POST", "files/#"),
    ("PUT", "files/#"),
    ("PUT", "files/#/chunks/0"),
    ("POST", "files/#/complete"),
    ("GET", "files/#/chunks"),
    ("POST", "imports/#/tasks"),
    ("POST", "exports/#/tasks"),
    ("POST", "actions/#/tasks"),
    ("POST", "processes/#/tasks"),
    ("GET", "processes/#/tasks"),
    ("POST", "alm/revisions"),
    ("GET", "alm/revisions"),
    ("GET", "alm/syncableRevisions"),
    ("POST", "alm/syncTasks"),
    ("POST", "alm/comparisonReportTasks"),
    ("PUT", "onlineStatus"),
    ("POST", "lists/#/readRequests"),
    ("POST", "views/#/readRequests"),
    ("GET", "views/#/data"),
    ("GET", "views/#"),
    ("GET", "lists/#/items"),
    ("GET", "lineItems/#/dimensions"),
    ("POST", "lists/#/resetIndex"),
    ("GET", "imports"),
];

#[derive(Debug, Clone)]
enum Segment {
    Word(usize),
    /// An id of the demo.
    Id(usize),
    Odd(String),
}

#[derive(Debug, Clone)]
struct Odd {
    method: usize,
    in_model: bool,
    /// One of the operations on this object, in place of method and segments.
    operation: Option<(usize, usize)>,
    segments: Vec<Segment>,
    query: Vec<(usize, usize)>,
    signed_in: u8,
    headers: Vec<(usize, Vec<u8>)>,
    body: Vec<u8>,
    gzipped: bool,
}

fn segment() -> impl Strategy<Value = Segment> {
    prop_oneof![
        6 => (0..WORDS.len()).prop_map(Segment::Word),
        4 => (0_usize..30).prop_map(Segment::Id),
        1 => "[a-zA-Z0-9._~%!$&'()*+,;=:@-]{0,12}".prop_map(Segment::Odd),
    ]
}

fn json() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "\\PC{0,12}".prop_map(Into::into),
        (0..VALUES.len()).prop_map(|index| VALUES[index].into()),
    ];
    const KEYS: &[&str] = &[
        "items",
        "name",
        "code",
        "id",
        "parent",
        "properties",
        "subsets",
        "names",
        "codes",
        "lineItemName",
        "lineItemId",
        "dimensions",
        "dimensionName",
        "itemName",
        "value",
        "status",
        "chunkCount",
        "localeName",
        "mappingParameters",
        "entityType",
        "connectorParameters",
        "description",
        "sourceRevisionId",
        "sourceModelId",
        "targetRevisionId",
        "date",
        "year",
        "exportType",
        "modelIdsToDelete",
        "origin",
    ];
    let value = leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::vec((0..KEYS.len(), inner), 0..5).prop_map(|pairs| {
                let pairs = pairs
                    .into_iter()
                    .map(|(key, value)| (KEYS[key].to_owned(), value));
                serde_json::Value::Object(pairs.collect())
            }),
        ]
    });
    value.prop_map(|value| value.to_string().into_bytes())
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        2 => Just(Vec::new()),
        5 => json(),
        2 => prop::collection::vec(any::<u8>(), 0..200),
        1 => (0_usize..3_000).prop_map(|depth| "[".repeat(depth).into_bytes()),
        1 => json().prop_map(|mut bytes| {
            bytes.truncate(bytes.len() / 2);
            bytes
        }),
    ]
}

fn odd() -> impl Strategy<Value = Odd> {
    (
        0_usize..9,
        any::<bool>(),
        prop::option::of((0..OPERATIONS.len(), 0_usize..26)),
        prop::collection::vec(segment(), 0..7),
        prop::collection::vec((0..PARAMETERS.len(), 0..VALUES.len()), 0..4),
        0_u8..8,
        prop::collection::vec(
            (0_usize..6, prop::collection::vec(any::<u8>(), 0..20)),
            0..3,
        ),
        body(),
        prop::bool::weighted(0.1),
    )
        .prop_map(
            |(method, in_model, operation, segments, query, signed_in, headers, body, gzipped)| {
                Odd {
                    method,
                    in_model,
                    operation,
                    segments,
                    query,
                    signed_in,
                    headers,
                    body,
                    gzipped,
                }
            },
        )
}

impl Odd {
    /// The request, if it can be written down at all.
    fn request(&self, caller: &Caller, token: &str) -> Option<http::Request<Bytes>> {
        let methods = [
            "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW",
        ];
        let demo = &caller.demo;
        let ids = [
            demo.list,
            demo.empty_list,
            demo.numbered_list,
            demo.structural_list,
            demo.child_list,
            demo.module,
            demo.view,
            demo.page_view,
            demo.time_view,
            demo.line_item,
            demo.source_file,
            demo.empty_file,
            demo.bad_source_file,
            demo.good_import,
            demo.bad_import,
            demo.export,
            demo.list_export,
            demo.action,
            demo.delete_action,
            demo.process,
            demo.bad_process,
            demo.optimizer,
            20_000_000_003,
            20_000_000_020,
            20_000_000_012,
            101_999_999_999,
        ];
        let mut path = if self.in_model {
            format!("/2/0/models/{}", demo.dev)
        } else {
            String::new()
        };
        let mut method = methods[self.method];
        let mut segments = &self.segments[..];
        if let Some((operation, id)) = self.operation {
            let rest;
            (method, rest) = OPERATIONS[operation];
            segments = &[];
            let id = ids.get(id).copied().unwrap_or_default().to_string();
            path = format!("/2/0/models/{}/{}", demo.dev, rest.replace('#', &id));
        }
        for segment in segments {
            path.push('/');
            match segment {
                Segment::Word(index) => path += WORDS[*index],
                Segment::Id(index) => match ids.get(*index) {
                    Some(id) => path += &id.to_string(),
                    None if index % 2 == 0 => path += demo.dev.as_str(),
                    None => path += demo.workspace.as_str(),
                },
                Segment::Odd(text) => path += text,
            }
        }
        let query: Vec<String> = self
            .query
            .iter()
            .map(|(name, value)| format!("{}={}", PARAMETERS[*name], VALUES[*value]))
            .collect();
        let sign = if path.contains('?') { '&' } else { '?' };
        let body = match self.gzipped {
            true => gzip(&self.body),
            false => self.body.clone().into(),
        };
        let mut request = http::Request::new(body);
        *request.method_mut() = Method::from_bytes(method.as_bytes()).ok()?;
        *request.uri_mut() = format!("http://api{path}{sign}{}", query.join("&"))
            .parse()
            .ok()?;
        let headers = request.headers_mut();
        let names = [
            "accept",
            "content-type",
            "content-encoding",
            "content-length",
            "authorization",
            "x-odd",
        ];
        for (name, value) in &self.headers {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                headers.insert(HeaderName::from_static(names[*name]), value);
            }
        }
        let kinds = [
            "application/json",
            "application/octet-stream",
            "application/x-gzip",
            "text/csv",
        ];
        let json = serde_json::from_slice::<serde_json::Value>(&self.body).is_ok();
        let kind = match json && !self.gzipped {
            true => "application/json",
            false => kinds[usize::from(self.signed_in) % kinds.len()],
        };
        headers.insert("content-type", HeaderValue::from_static(kind));
        if self.signed_in > 0 {
            let scheme = if self.signed_in == 7 {
                "Bearer"
            } else {
                "AnaplanAuthToken"
            };
            headers.insert("authorization", format!("{scheme} {token}").parse().ok()?);
        }
        Some(request)
    }

    /// Where real hosts answer 500, too.
    fn may_fail(path: &str) -> bool {
        let path = path.trim_matches('/');
        let segments: Vec<&str> = path.split('/').collect();
        matches!(
            segments[..],
            [.., "imports", _]
                | [.., "views", _, "data"]
                | [.., "files", _, "complete"]
                | [.., "workspaces", _, "admins" | "visitors"]
        )
    }
}

#[test]
fn nothing_that_can_be_sent_is_more_than_the_fake_can_bear() {
    let config = ProptestConfig {
        cases: 1_500,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let told = RefCell::new(BTreeMap::<u16, u32>::new());
    let requests = prop::collection::vec(odd(), 1..12);
    let outcome = runner.run(&requests, |requests| {
        on_paused_time(async {
            let caller = Caller::admin();
            for odd in &requests {
                if let Some(status) = bear(&caller, odd) {
                    *told.borrow_mut().entry(status).or_default() += 1;
                }
            }
        });
        Ok(())
    });
    let told = told.into_inner();
    outcome.unwrap_or_else(|error| panic!("{error}"));
    // Requests that are all refused at the door prove nothing.
    for status in [200, 204, 400, 401, 404, 405] {
        assert!(told.contains_key(&status), "{status}: {told:?}");
    }
}

/// Sends one request, and gives the status of its answer.
fn bear(caller: &Caller, odd: &Odd) -> Option<u16> {
    let request = odd.request(caller, caller.token())?;
    let line = format!("{} {}", request.method(), request.uri());
    let may_fail = Odd::may_fail(request.uri().path());
    let answer = caller.fake.answer(request).unwrap();
    let status = answer.status();
    assert!(!status.is_server_error() || may_fail, "{line}: {status}");
    let kind = answer.headers().get("content-type");
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json")) {
        let body: Result<serde_json::Value, _> = serde_json::from_slice(answer.body());
        assert!(
            body.is_ok() || line.starts_with("HEAD"),
            "{line}: {:?}",
            answer.body()
        );
    }
    Some(status.as_u16())
}
