//! Files, imports, exports, actions, processes.

mod definitions;
mod dumps;
pub(crate) mod files;
mod tasks;

use anaplan_core::{ModelId, TaskId};
use http::StatusCode;
use serde_json::{Value, json};

use crate::api::envelope::{Envelope, Failure};
use crate::api::router::{Params, Route, delete, get, post};
use crate::api::{Call, Reply, query};
use crate::http::{Body, Response};
use crate::world::{Parent, RunKind};

macro_rules! runs {
    ($base:literal, $kind:expr) => {
        &[
            get($base, |call, at| {
                definitions::list(call, $kind, &at.model())
            })
            .while_busy(),
            get(concat!($base, "/{object}"), |call, at| {
                definitions::one(call, $kind, &at.model(), at.get("object"))
            })
            .while_busy(),
            get(concat!($base, "/{object}/tasks"), |call, at| {
                tasks::list(call, &parent($kind, at))
            })
            .while_busy(),
            post(concat!($base, "/{object}/tasks"), |call, at| {
                tasks::start(call, $kind, &at.model(), at.get("object"))
            })
            .while_busy(),
            get(concat!($base, "/{object}/tasks/{task}"), |call, at| {
                tasks::detail(call, &parent($kind, at), at.get("task"))
            })
            .while_busy(),
            delete(concat!($base, "/{object}/tasks/{task}"), |call, at| {
                tasks::cancel(call, &parent($kind, at), at.get("task"))
            })
            .while_busy(),
            get(concat!($base, "/{object}/tasks/{task}/dump"), |call, at| {
                dumps::whole(call, &parent($kind, at), at)
            })
            .while_busy(),
            get(
                concat!($base, "/{object}/tasks/{task}/dump/chunks"),
                |call, at| dumps::chunks(call, &parent($kind, at), at),
            )
            .while_busy(),
            get(
                concat!($base, "/{object}/tasks/{task}/dump/chunks/{chunk}"),
                |call, at| dumps::chunk(call, &parent($kind, at), at),
            )
            .while_busy(),
            get(
                concat!($base, "/{object}/tasks/{task}/dumps/{step}"),
                |call, at| dumps::whole(call, &parent($kind, at), at),
            )
            .while_busy(),
            get(
                concat!($base, "/{object}/tasks/{task}/dumps/{step}/chunks"),
                |call, at| dumps::chunks(call, &parent($kind, at), at),
            )
            .while_busy(),
            get(
                concat!($base, "/{object}/tasks/{task}/dumps/{step}/chunks/{chunk}"),
                |call, at| dumps::chunk(call, &parent($kind, at), at),
            )
            .while_busy(),
        ]
    };
}

pub(crate) const IMPORTS: &[Route] = runs!("/imports", RunKind::Import);
pub(crate) const EXPORTS: &[Route] = runs!("/exports", RunKind::Export);
pub(crate) const ACTIONS: &[Route] = runs!("/actions", RunKind::Action);
pub(crate) const PROCESSES: &[Route] = runs!("/processes", RunKind::Process);

pub(crate) const DASHBOARDS: &[Route] = &[get("/dashboards", |call, at| {
    definitions::dashboards(call, &at.model())
})];

/// Rows that exist below a workspace only.
pub(crate) const IN_WORKSPACES: &[Route] = &[get(
    "/optimizeActions/{action}/tasks/{task}/solutionLogs",
    |call, at| solution_logs(call, &at.model(), at.get("action"), at.get("task")),
)];

/// The import, export, action or process of a path. One that does not exist has no tasks.
fn parent(kind: RunKind, at: &Params<'_>) -> Parent {
    Parent::Run(
        kind,
        at.model(),
        number(at.get("object")).unwrap_or_default(),
    )
}

/// The number of an object, written as the API writes it.
fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A sorted page of the definitions of a model.
fn listed(call: &Call<'_>, object: &str, key: &str, mut values: Vec<Value>) -> Reply {
    query::sort_leniently(call.request, &mut values, &["id", "name"]);
    let (values, paging) = query::page(call, values);
    Ok(Envelope::of(object).paged(paging).with(key, values).into())
}

/// A page of chunks, without the key when there are none.
fn listed_chunks(call: &Call<'_>, chunks: impl IntoIterator<Item = usize>) -> Reply {
    let chunks = chunks
        .into_iter()
        .map(|number| json!({ "id": number.to_string(), "name": format!("Chunk {number}") }));
    let (chunks, paging) = query::page(call, chunks.collect());
    Ok(Envelope::of("chunk")
        .paged(paging)
        .with_some("chunks", chunks)
        .into())
}

fn octets(body: impl Into<Body>) -> Response {
    let mut response =
        Response::empty(StatusCode::OK).with_header("content-type", "application/octet-stream");
    response.body = body.into();
    response
}

/// A missing role is refused before the state of the model.
fn solution_logs(call: &mut Call<'_>, model: &ModelId, action: &str, task: &str) -> Reply {
    if !call.is_admin(model) {
        return Err(Failure::new(StatusCode::FORBIDDEN, "Forbidden"));
    }
    call.online(model)?;
    let action = number(action).ok_or(Failure::NotFound)?;
    let log = call
        .world
        .optimizer_log(model, action, &TaskId::from(task))
        .ok_or(Failure::NotFound)?;
    Ok(tasks::plain(Body::Pieces(Box::new(log.all()))))
}
