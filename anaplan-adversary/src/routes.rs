//! What each request means, and how an honest server answers it.

use crate::answer::{Answer, Family, START};
use crate::case::{Op, Point};
use crate::http::Request;
use crate::rows::{
    chunk, file_row, item_key, item_rows, model_row, poll, read_key, read_request, revision_row,
    revision_rows, started, task_rows, whole_file, workspace_row,
};
use crate::secrets::secret;
use crate::world::{CALLER, Millis, Work, World, integer, strings};

/// Rows of the listing that the operation `list` returns.
pub const WORKSPACES: usize = 7;
/// Rows that a page of it holds.
const PAGE: usize = 3;

/// The path without the version of the API.
fn segments(request: &Request) -> Vec<&str> {
    let all = request.segments();
    match all.as_slice() {
        ["2", "0", rest @ ..] => rest.to_vec(),
        _ => all,
    }
}

/// The kind of a request, and the work that it asks for.
#[must_use]
pub fn classify(request: &Request) -> (Point, Option<Work>) {
    let parts = segments(request);
    let text = request.text();
    match (request.method.as_str(), parts.as_slice()) {
        ("POST", ["token", "authenticate"]) => (Point::SignIn, Some(Work::SignIn)),
        ("POST", ["oauth", "token"]) => (Point::Refresh, Some(Work::Refresh(refresh_token(&text)))),
        ("POST", [.., "syncTasks"]) => (Point::Work, Some(task("syncTasks"))),
        ("POST", [.., "comparisonReportTasks"]) => (Point::Work, Some(Work::Report)),
        ("POST", [.., "alm", "revisions"]) => (Point::Work, Some(revision(&text))),
        ("POST", [.., kind, id, "tasks"]) => (Point::Work, Some(task(&format!("{kind}/{id}")))),
        ("POST", [.., "bulkDeleteModels"]) => {
            (Point::Work, Some(Work::DeleteModels(quoted(&text))))
        }
        ("POST", [.., "lists", _, "items"]) if request.query.contains("action=add") => {
            (Point::Work, Some(Work::Insert(items(&text))))
        }
        ("POST", [.., "items"]) => (Point::Listing, None),
        ("POST", [.., "modules", _, "data"]) => (Point::Work, Some(Work::Cells)),
        ("POST", [.., "readRequests"]) => (Point::Work, Some(Work::ReadRequest)),
        ("POST", [.., "files", _, "complete"]) => (Point::Complete, Some(Work::Complete)),
        ("POST", [.., "files", _]) => {
            let count = integer(&text, "chunkCount").unwrap_or(0);
            (Point::Work, Some(Work::Announce(count)))
        }
        ("PUT", [.., "chunks", index]) => {
            let index = index.parse().unwrap_or(0);
            (Point::Chunk, Some(Work::Chunk(index, request.body.clone())))
        }
        (
            "GET",
            [
                ..,
                "tasks" | "syncTasks" | "comparisonReportTasks" | "readRequests",
                _,
            ],
        ) => (Point::Poll, None),
        ("GET", [.., "chunks", _] | [.., "files", _]) => (Point::Part, None),
        ("GET", ["workspaces"]) => (Point::Page, None),
        ("GET", _) => (Point::Listing, None),
        _ => (Point::Other, None),
    }
}

fn task(parent: &str) -> Work {
    Work::Task {
        parent: parent.to_owned(),
        fails: false,
    }
}

fn revision(json: &str) -> Work {
    let first = |key: &str| strings(json, key).into_iter().next().unwrap_or_default();
    Work::Revision {
        name: first("name"),
        description: first("description"),
    }
}

pub(crate) fn quoted(json: &str) -> Vec<String> {
    let list = json.split_once('[').map_or("", |(_, rest)| rest);
    list.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

fn items(json: &str) -> Vec<Option<String>> {
    let list = json.split_once('[').map_or("", |(_, rest)| rest);
    list.split("},{")
        .map(|item| {
            let code = strings(item, "code").into_iter().next();
            code.or_else(|| strings(item, "name").into_iter().next())
        })
        .collect()
}

fn refresh_token(body: &str) -> String {
    let json = strings(body, "refresh_token").into_iter().next();
    json.unwrap_or_else(|| {
        let pair = body
            .split('&')
            .find_map(|pair| pair.strip_prefix("refresh_token="));
        pair.unwrap_or_default().to_owned()
    })
}

/// The response of an honest server. `made` is the id of what the request made.
#[must_use]
pub fn answer(world: &World, request: &Request, op: Op, now: Millis, made: &str) -> Answer {
    let parts = segments(request);
    let listing = |key, rows| Answer::List {
        key,
        rows,
        offset: request.number("offset").unwrap_or(0),
        limit: Some(request.number("limit").unwrap_or(5000).min(5000)),
    };
    let method = request.method.as_str();
    match (method, parts.as_slice()) {
        (_, ["token", "authenticate" | "refresh"]) => Answer::Json {
            family: Family::Auth,
            status: if parts[1] == "refresh" { 200 } else { 201 },
            key: "tokenInfo",
            fields: format!(
                r#""tokenInfo":{{"expiresAt":{},"tokenId":"9aa9","tokenValue":"{}","refreshTokenId":"3ab1"}}"#,
                START + now + 2_100_000,
                secret(&format!("token{made}"))
            ),
        },
        (_, ["oauth", "token"]) => Answer::Json {
            family: Family::OAuth,
            status: 200,
            key: "access_token",
            fields: format!(
                r#""access_token":"{}","refresh_token":"{}","expires_in":2100,"token_type":"Bearer","scope":"openid offline_access""#,
                secret(&format!("token{made}")),
                secret(&format!("refresh{made}"))
            ),
        },
        ("POST", [.., "syncTasks" | "comparisonReportTasks"]) => {
            Answer::json(201, "task", started(made, now))
        }
        ("POST", [.., "tasks"]) => Answer::json(200, "task", started(made, now)),
        ("POST", [.., "alm", "revisions"]) => {
            let text = request.text();
            let name = strings(&text, "name").join("");
            let row = revision_row(made, &name, "", now, CALLER);
            Answer::json(201, "revision", format!(r#""revision":{row}"#))
        }
        ("POST", [.., "bulkDeleteModels"]) => {
            let count = quoted(&request.text()).len();
            Answer::json(200, "modelsDeleted", format!(r#""modelsDeleted":{count}"#))
        }
        ("POST", [.., "lists", _, "items"]) if request.query.contains("action=add") => {
            let count = items(&request.text()).len();
            Answer::json(
                200,
                "added",
                format!(r#""added":{count},"ignored":0,"total":{count}"#),
            )
        }
        ("POST" | "GET", [.., "items"]) => {
            listing(item_key(&parts), item_rows(world, request, now))
        }
        ("POST", [.., "data"]) => {
            Answer::json(200, "numberOfCellsChanged", r#""numberOfCellsChanged":2"#)
        }
        ("POST", [.., "readRequests"]) => {
            Answer::json(200, read_key(&parts), read_request(&parts, made, false))
        }
        ("GET", [.., "readRequests", id]) => {
            Answer::json(200, read_key(&parts), read_request(&parts, id, true))
        }
        ("POST", [.., "files", id] | [.., "files", id, "complete"]) => Answer::json(
            200,
            "file",
            format!(r#""file":{}"#, file_row(world, id, now)),
        ),
        ("PUT", [.., "chunks", _]) => Answer::Bytes {
            status: 204,
            content_type: None,
            body: Vec::new(),
        },
        ("GET", [.., "chunks", index]) => chunk(world, index, now),
        ("GET", [.., "chunks"]) => {
            let count = world.chunks(now).len();
            let row = |n: usize| format!(r#"{{"id":"{n}","name":"Chunk {n}"}}"#);
            listing("chunks", (0..count).map(row).collect())
        }
        ("GET", [.., "files", _]) => whole_file(world, now),
        ("GET", [.., "files"]) => listing("files", vec![file_row(world, "113000000001", now)]),
        ("GET", [.., "tasks" | "syncTasks" | "comparisonReportTasks", id]) => poll(world, id, now),
        ("GET", [.., "syncTasks"]) => Answer::List {
            key: "tasks",
            rows: task_rows(world, "syncTasks", now),
            offset: 0,
            limit: None,
        },
        ("GET", [.., kind, id, "tasks"]) => {
            listing("tasks", task_rows(world, &format!("{kind}/{id}"), now))
        }
        ("GET", [.., "alm", "revisions"]) => listing("revisions", revision_rows(world, op, now)),
        ("GET", [.., "alm", "latestRevision"]) => Answer::List {
            key: "revisions",
            rows: revision_rows(world, op, now).into_iter().take(1).collect(),
            offset: 0,
            limit: None,
        },
        ("GET", [.., "workspaces", _, "models"] | ["models"]) => listing(
            "models",
            world.models(now).into_iter().map(model_row).collect(),
        ),
        ("GET", ["models", id]) => match world.models(now).iter().find(|model| model == &id) {
            Some(model) => Answer::json(200, "model", format!(r#""model":{}"#, model_row(model))),
            None => Answer::error(404, "Not Found"),
        },
        ("GET", ["users", "me"]) => {
            Answer::json(200, "user", format!(r#""user":{{"id":"{CALLER}"}}"#))
        }
        ("GET", ["workspaces"]) => Answer::List {
            key: "workspaces",
            rows: (0..WORKSPACES).map(workspace_row).collect(),
            offset: request.number("offset").unwrap_or(0),
            limit: Some(request.number("limit").unwrap_or(PAGE).min(PAGE)),
        },
        _ => Answer::error(404, "Not Found"),
    }
}
