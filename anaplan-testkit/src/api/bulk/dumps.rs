//! The rows that imports could not use.

use anaplan_core::TaskId;
use http::StatusCode;

use crate::api::bulk::tasks::plain;
use crate::api::bulk::{listed_chunks, number};
use crate::api::envelope::Failure;
use crate::api::router::Params;
use crate::api::{Call, Reply};
use crate::http::{Body, Response};
use crate::world::{ChunkStore, Outcome, Parent, RunResult};

/// The dump of `{task}`: of the step `{step}`, or of the object that was run.
enum Dump {
    Chunks(ChunkStore),
    /// The run has no rows that failed.
    Empty,
    /// The rows were dropped.
    Expired,
}

fn dump(call: &mut Call<'_>, parent: &Parent, at: &Params<'_>) -> Result<Dump, Failure> {
    call.online(parent.model())?;
    let task = TaskId::from(at.get("task"));
    let record = call
        .world
        .tasks
        .get(parent, &task)
        .ok_or(Failure::NotFound)?;
    let Some(Outcome::Run(result)) = &record.outcome else {
        return Err(Failure::NotFound);
    };
    let object = match at.find("step") {
        Some(step) => number(step).ok_or(Failure::NotFound)?,
        None => result.object,
    };
    let step = find(result, object).ok_or(Failure::NotFound)?;
    if !step.dump || !step.nested.is_empty() {
        return Ok(Dump::Empty);
    }
    let user = call.user.clone();
    let chunks = call.world.dump(parent.model(), object, &user, &task);
    Ok(chunks.map_or(Dump::Expired, Dump::Chunks))
}

fn existing(call: &mut Call<'_>, parent: &Parent, at: &Params<'_>) -> Result<ChunkStore, Failure> {
    match dump(call, parent, at)? {
        Dump::Chunks(chunks) => Ok(chunks),
        Dump::Empty | Dump::Expired => Err(Failure::NotFound),
    }
}

pub(super) fn whole(call: &mut Call<'_>, parent: &Parent, at: &Params<'_>) -> Reply {
    match dump(call, parent, at)? {
        Dump::Chunks(chunks) => Ok(plain(Body::Pieces(Box::new(chunks.all())))),
        Dump::Empty if call.world.rules.empty_dumps => Ok(Response::empty(StatusCode::NO_CONTENT)),
        Dump::Empty | Dump::Expired => Err(Failure::NotFound),
    }
}

pub(super) fn chunks(call: &mut Call<'_>, parent: &Parent, at: &Params<'_>) -> Reply {
    let chunks = existing(call, parent, at)?;
    listed_chunks(call, chunks.numbers())
}

pub(super) fn chunk(call: &mut Call<'_>, parent: &Parent, at: &Params<'_>) -> Reply {
    let chunks = existing(call, parent, at)?;
    let chunk = number(at.get("chunk")).and_then(|chunk| usize::try_from(chunk).ok());
    let pieces = chunk.and_then(|chunk| chunks.chunk(chunk));
    let pieces = pieces.ok_or(Failure::NotFound)?;
    Ok(plain(Body::Pieces(Box::new(pieces))))
}

/// The result of an object, or of a step of it.
fn find(result: &RunResult, object: u64) -> Option<&RunResult> {
    if result.object == object {
        return Some(result);
    }
    result.nested.iter().find(|step| step.object == object)
}
