//! The rows and objects of honest responses.

use crate::answer::{Answer, START, rfc3339};
use crate::case::Op;
use crate::http::Request;
use crate::routes::quoted;
use crate::world::{
    Actor, CALLER, DAY, Effect, Millis, OTHER, SOURCE_REVISION, TARGET_REVISION, TASK_TIME, Work,
    World,
};

pub(crate) fn started(id: &str, now: Millis) -> String {
    let created = START + now;
    format!(r#""task":{{"taskId":"{id}","taskState":"NOT_STARTED","creationTime":{created}}}"#)
}

fn state(effect: &Effect, now: Millis) -> &'static str {
    if effect.at + TASK_TIME <= now {
        "COMPLETE"
    } else {
        "IN_PROGRESS"
    }
}

pub(crate) fn task_rows(world: &World, parent: &str, now: Millis) -> Vec<String> {
    let mut rows: Vec<_> = world
        .log
        .iter()
        .filter(|effect| effect.visible <= now)
        .filter(|effect| matches!(&effect.work, Work::Task { parent: of, .. } if of == parent))
        .collect();
    rows.sort_by_key(|effect| -effect.at);
    rows.into_iter()
        .map(|effect| {
            format!(
                r#"{{"taskId":"{}","taskState":"{}","creationTime":{}}}"#,
                effect.id,
                state(effect, now),
                START + effect.at
            )
        })
        .collect()
}

pub(crate) fn poll(world: &World, id: &str, now: Millis) -> Answer {
    let found = world.done(now).into_iter().find(|effect| effect.id == id);
    let Some(effect) = found else {
        return Answer::error(404, "Not Found");
    };
    let fails = matches!(effect.work, Work::Task { fails: true, .. });
    let state = state(effect, now);
    let result = if state == "COMPLETE" {
        format!(
            r#","result":{{"successful":{},"failureDumpAvailable":false}}"#,
            !fails
        )
    } else {
        String::new()
    };
    Answer::json(
        200,
        "task",
        format!(
            r#""task":{{"taskId":"{id}","currentStep":"Working","progress":0.5,"taskState":"{state}","creationTime":{}{result}}}"#,
            START + effect.at
        ),
    )
}

pub(crate) fn revision_row(
    id: &str,
    name: &str,
    description: &str,
    at: Millis,
    by: &str,
) -> String {
    format!(
        r#"{{"id":"{id}","name":"{name}","description":"{description}","createdOn":"{0}","createdBy":"{by}","creationMethod":"User added revision via API","appliedOn":"{0}","appliedBy":"{by}"}}"#,
        rfc3339(at)
    )
}

pub(crate) fn revision_rows(world: &World, op: Op, now: Millis) -> Vec<String> {
    let mut rows = vec![revision_row(TARGET_REVISION, "R1", "", -DAY, CALLER)];
    for effect in &world.log {
        let Work::Revision { name, description } = &effect.work else {
            continue;
        };
        if effect.visible > now {
            continue;
        }
        let by = if effect.by == Actor::Other {
            OTHER
        } else {
            CALLER
        };
        rows.push(revision_row(&effect.id, name, description, effect.at, by));
    }
    if op == Op::SyncModels && world.is_synced(now) {
        rows.push(revision_row(SOURCE_REVISION, "R2", "", now, CALLER));
    }
    rows.reverse();
    rows
}

pub(crate) fn model_row(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","name":"Model {id}","activeState":"UNLOCKED","currentWorkspaceId":"w"}}"#
    )
}

/// A row of the listing that the operation `list` returns.
#[must_use]
pub(crate) fn workspace_row(n: usize) -> String {
    format!(
        r#"{{"id":"eeeeeeeeeeeeeeeeeeeeeeeeeeeeee{n:02}","name":"Workspace {n}","active":true}}"#
    )
}

pub(crate) fn file_row(world: &World, id: &str, now: Millis) -> String {
    let count = if world.is_complete(now) {
        i64::try_from(world.chunks(now).len()).unwrap_or(0)
    } else {
        -1
    };
    format!(
        r#"{{"id":"{id}","name":"staff.csv","chunkCount":{count},"encoding":"UTF-8","format":"txt"}}"#
    )
}

pub(crate) fn whole_file(world: &World, now: Millis) -> Answer {
    match world.content(now) {
        Some(body) if !body.is_empty() => Answer::Bytes {
            status: 200,
            content_type: Some("application/octet-stream"),
            body,
        },
        _ => Answer::error(404, "Not Found"),
    }
}

pub(crate) fn chunk(world: &World, index: &str, now: Millis) -> Answer {
    let index: usize = index.parse().unwrap_or(usize::MAX);
    match world.chunks(now).into_iter().nth(index).flatten() {
        Some(body) => Answer::Bytes {
            status: 200,
            content_type: Some("application/octet-stream"),
            body,
        },
        None => Answer::error(404, "Not Found"),
    }
}

pub(crate) fn item_key(parts: &[&str]) -> &'static str {
    if parts.contains(&"dimensions") {
        "items"
    } else {
        "listItems"
    }
}

pub(crate) fn item_rows(world: &World, request: &Request, now: Millis) -> Vec<String> {
    let wanted = quoted(&request.text());
    let row = |(name, id): (Option<String>, String)| {
        let name = name.unwrap_or_else(|| format!("#{id}"));
        if request.method == "POST" && !wanted.contains(&name) && !request.text().contains(&name) {
            return None;
        }
        Some(format!(
            r#"{{"id":"{id}","name":"{name}","code":"{name}"}}"#
        ))
    };
    world.items(now).into_iter().filter_map(row).collect()
}

pub(crate) fn read_key(parts: &[&str]) -> &'static str {
    if parts.contains(&"views") {
        "viewReadRequest"
    } else {
        "listReadRequest"
    }
}

pub(crate) fn read_request(parts: &[&str], id: &str, finished: bool) -> String {
    let key = read_key(parts);
    if finished {
        return format!(
            r#""{key}":{{"requestId":"{id}","requestState":"COMPLETE","availablePages":1,"successful":true}}"#
        );
    }
    format!(r#""{key}":{{"requestId":"{id}","requestState":"IN_PROGRESS","url":"x"}}"#)
}
