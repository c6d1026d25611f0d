//! Files, imports, exports, actions, processes.

mod definitions;
mod dumps;
mod files;
mod tasks;

use anaplan_core::{ModelId, TaskId};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::envelope::{Envelope, Failure};
use crate::api::{Call, Reply, query, route::only};
use crate::http::{Body, Response};
use crate::world::RunKind;

pub(crate) fn route(call: &mut Call<'_>, model: &ModelId, rest: &[&str]) -> Reply {
    match rest {
        ["files", rest @ ..] => files::route(call, model, rest),
        ["dashboards"] => {
            only(call.request, &Method::GET)?;
            definitions::dashboards(call, model)
        }
        ["optimizeActions", action, "tasks", task, "solutionLogs"] => {
            only(call.request, &Method::GET)?;
            solution_logs(call, model, action, task)
        }
        [kind, rest @ ..] => {
            let kind = match *kind {
                "imports" => RunKind::Import,
                "exports" => RunKind::Export,
                "actions" => RunKind::Action,
                "processes" => RunKind::Process,
                _ => return Err(Failure::NotFound),
            };
            match rest {
                [] => {
                    only(call.request, &Method::GET)?;
                    definitions::list(call, kind, model)
                }
                [id] => {
                    only(call.request, &Method::GET)?;
                    definitions::one(call, kind, model, id)
                }
                [id, "tasks", rest @ ..] => tasks::route(call, kind, model, id, rest),
                _ => Err(Failure::NotFound),
            }
        }
        [] => Err(Failure::NotFound),
    }
}

/// The number of an object, written as the API writes it.
fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A sorted page of the definitions of a model.
fn listed(call: &Call<'_>, object: &str, key: &str, mut values: Vec<Value>) -> Reply {
    query::sort_leniently(call.request, &mut values, &["id", "name"]);
    let (values, paging) = query::page(call.world, call.request, values);
    Ok(Envelope::of(object).paged(paging).with(key, values).into())
}

/// A page of chunks, without the key when there are none.
fn listed_chunks(call: &Call<'_>, chunks: impl IntoIterator<Item = usize>) -> Reply {
    let chunks = chunks
        .into_iter()
        .map(|number| json!({ "id": number.to_string(), "name": format!("Chunk {number}") }));
    let (chunks, paging) = query::page(call.world, call.request, chunks.collect());
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

/// Known only below a workspace. A missing role is told before anything is looked at.
fn solution_logs(call: &mut Call<'_>, model: &ModelId, action: &str, task: &str) -> Reply {
    if call.request.segments().get(2) != Some(&"workspaces") {
        return Err(Failure::NotFound);
    }
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
