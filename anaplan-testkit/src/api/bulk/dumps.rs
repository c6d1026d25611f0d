//! The rows that imports could not use.

use anaplan_core::TaskId;
use http::StatusCode;

use crate::api::bulk::tasks::plain;
use crate::api::bulk::{listed_chunks, number};
use crate::api::envelope::Failure;
use crate::api::{Call, Reply};
use crate::http::{Body, Response};
use crate::world::{Outcome, Parent, RunResult};

/// Whether a path below a task is one of a dump.
pub(crate) fn is_one(rest: &[&str]) -> bool {
    let below = match rest {
        ["dump", below @ ..] | ["dumps", _, below @ ..] => below,
        _ => return false,
    };
    matches!(below, [] | ["chunks"] | ["chunks", _])
}

/// `dump` is that of the object which was run, `dumps/{objectId}` that of one step.
pub(crate) fn route(call: &mut Call<'_>, parent: &Parent, task: &TaskId, rest: &[&str]) -> Reply {
    if !is_one(rest) {
        return Err(Failure::NotFound);
    }
    call.online(parent.model())?;
    let record = call
        .world
        .tasks
        .get(parent, task)
        .ok_or(Failure::NotFound)?;
    let Some(Outcome::Run(result)) = &record.outcome else {
        return Err(Failure::NotFound);
    };
    let (object, below) = match rest {
        ["dumps", object, below @ ..] => (number(object).ok_or(Failure::NotFound)?, below),
        ["dump", below @ ..] => (result.object, below),
        _ => return Err(Failure::NotFound),
    };
    let step = find(result, object).ok_or(Failure::NotFound)?;
    let has_dump = step.dump && step.nested.is_empty();
    let chunks = if has_dump {
        let user = call.user.clone();
        call.world.dump(parent.model(), object, &user, task)
    } else {
        None
    };
    match (below, chunks) {
        ([], None) if !has_dump && call.world.rules.empty_dumps => {
            Ok(Response::empty(StatusCode::NO_CONTENT))
        }
        (_, None) => Err(Failure::NotFound),
        ([], Some(chunks)) => Ok(plain(Body::Pieces(Box::new(chunks.all())))),
        (["chunks"], Some(chunks)) => listed_chunks(call, chunks.numbers()),
        (["chunks", chunk], Some(chunks)) => {
            let chunk = number(chunk).and_then(|chunk| usize::try_from(chunk).ok());
            let pieces = chunk.and_then(|chunk| chunks.chunk(chunk));
            let pieces = pieces.ok_or(Failure::NotFound)?;
            Ok(plain(Body::Pieces(Box::new(pieces))))
        }
        _ => Err(Failure::NotFound),
    }
}

/// The result of an object, or of a step of it.
fn find(result: &RunResult, object: u64) -> Option<&RunResult> {
    if result.object == object {
        return Some(result);
    }
    result.nested.iter().find(|step| step.object == object)
}
