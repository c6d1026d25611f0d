//! Failure dumps of imports and logs of the optimizer, which are kept for a while.

use std::collections::BTreeMap;

use anaplan_core::{ModelId, TaskId, Timestamp, UserId};

use crate::world::World;
use crate::world::chunk_store::{ChunkStore, Chunker};
use crate::world::content::LIFE;
use crate::world::csv::{Table, write_row};
use crate::world::imports::BadRow;
use crate::world::tokens::later;

#[derive(Debug)]
struct Kept {
    task: TaskId,
    text: ChunkStore,
    touched: Timestamp,
}

/// By model, object and user: only the last run's is kept.
type Place = (ModelId, u64, UserId);

/// The dumps and logs that are kept.
#[derive(Debug, Default)]
pub(crate) struct DumpStore {
    dumps: BTreeMap<Place, Kept>,
    /// By model, action and task.
    logs: BTreeMap<(ModelId, u64, TaskId), Kept>,
}

impl DumpStore {
    pub(crate) fn forget_model(&mut self, model: &ModelId) {
        self.dumps.retain(|(of, _, _), _| of != model);
        self.logs.retain(|(of, _, _), _| of != model);
    }

    pub(crate) fn expire(&mut self, now: Timestamp) {
        let fresh = |kept: &Kept| later(kept.touched, LIFE) > now;
        self.dumps.retain(|_, kept| fresh(kept));
        self.logs.retain(|_, kept| fresh(kept));
    }
}

impl World {
    /// Keeps the dump of an import's run in place of the one before; no rows leave none.
    pub(crate) fn keep_dump(
        &mut self,
        place: (ModelId, u64, UserId),
        task: &TaskId,
        table: &Table,
        bad: &[BadRow],
    ) {
        if bad.is_empty() {
            self.dumps.dumps.remove(&place);
            return;
        }
        let kept = Kept {
            task: task.clone(),
            text: dump_text(table, bad),
            touched: self.now,
        };
        self.dumps.dumps.insert(place, kept);
    }

    /// The dump that a run left, in its chunks, as long as it is kept. Looking keeps it alive.
    pub(crate) fn dump(
        &mut self,
        model: &ModelId,
        object: u64,
        user: &UserId,
        task: &TaskId,
    ) -> Option<ChunkStore> {
        let place = (model.clone(), object, user.clone());
        let kept = self.dumps.dumps.get_mut(&place)?;
        if kept.task != *task {
            return None;
        }
        kept.touched = self.now;
        Some(kept.text.clone())
    }

    pub(crate) fn keep_log(&mut self, model: &ModelId, action: u64, task: &TaskId, text: String) {
        let kept = Kept {
            task: task.clone(),
            text: ChunkStore::of([text.into()]),
            touched: self.now,
        };
        let place = (model.clone(), action, task.clone());
        self.dumps.logs.insert(place, kept);
    }

    /// The log that the optimizer wrote in a task.
    pub(crate) fn optimizer_log(
        &mut self,
        model: &ModelId,
        action: u64,
        task: &TaskId,
    ) -> Option<ChunkStore> {
        let place = (model.clone(), action, task.clone());
        let kept = self.dumps.logs.get_mut(&place)?;
        kept.touched = self.now;
        Some(kept.text.clone())
    }
}

/// `_Status_`, the columns of the source, `_Line_`, `_Error_1_` and so on.
fn dump_text(table: &Table, bad: &[BadRow]) -> ChunkStore {
    let most = bad.iter().map(|row| row.problems.len()).max().unwrap_or(0);
    let errors: Vec<String> = (1..=most).map(|n| format!("_Error_{n}_")).collect();
    let (mut chunker, mut line) = (Chunker::default(), String::new());
    let headers = std::iter::once("_Status_")
        .chain(table.headers.iter().map(String::as_str))
        .chain(["_Line_"])
        .chain(errors.iter().map(String::as_str));
    write_row(&mut line, ',', headers);
    chunker.write(line.as_bytes());
    for bad in bad {
        let Some(row) = table.rows.get(bad.row) else {
            continue;
        };
        let number = row.line.to_string();
        let mut fields = vec![if bad.lost { "E" } else { "W" }];
        fields.extend((0..table.headers.len()).map(|column| row.field(column)));
        fields.push(&number);
        fields.extend((0..most).map(|at| bad.problems.get(at).map_or("", |p| p.text.as_str())));
        line.clear();
        write_row(&mut line, ',', fields);
        chunker.write(line.as_bytes());
    }
    chunker.finish()
}
