//! What must hold when a program is over, by the books of the world.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::ledger::{Asked, End, Told, Value};
use crate::program::USERS;
use crate::stage::Stage;

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The rule that is broken.
    pub rule: &'static str,
    /// The step in which it showed; their number when it was at the end.
    pub step: usize,
    /// What was found.
    pub text: String,
}

impl Stage {
    /// Compares the ledger with the world, when nothing is on its way any more.
    pub(crate) fn judge(&self) {
        self.ledger().settle();
        self.judge_revisions();
        self.judge_syncs();
        self.judge_runs();
        self.judge_read_requests();
        self.judge_deletions();
        (0..USERS).for_each(|user| self.judge_own(user));
        self.judge_shared();
    }

    fn at_end(&self, rule: &'static str, text: String) {
        self.blame(rule, self.program.steps.len(), text);
    }

    fn judge_revisions(&self) {
        let made = self
            .fake
            .world(|world| world.books().revisions_created.clone());
        let asked = self.ledger().revisions.clone();
        for asked in asked {
            let own: Vec<_> = made
                .iter()
                .filter(|(_, _, name)| *name == asked.what)
                .collect();
            let ids: Vec<String> = own.iter().map(|(_, id, _)| id.clone()).collect();
            self.judge_work("revision", &asked, &ids);
        }
    }

    /// One piece of work that only one call asked for.
    fn judge_work<K: std::fmt::Debug>(&self, what: &str, asked: &Asked<K>, done: &[String]) {
        let text = || {
            format!(
                "{what} {:?} of step {}: told {:?}, done {done:?}",
                asked.what, asked.step, asked.told
            )
        };
        if done.len() > 1 {
            self.at_end("no work is done twice", text());
        }
        match asked.told {
            Told::Done if done.is_empty() => {
                self.at_end("what is told to be done is done", text());
            }
            Told::Done if asked.id.is_some() && asked.id.as_ref() != done.first() => {
                self.at_end(
                    "what is told to be done is done",
                    format!("{}: another id", text()),
                );
            }
            Told::Not if !done.is_empty() => {
                self.at_end("what is told to be undone is undone", text());
            }
            _ => {}
        }
    }

    fn judge_syncs(&self) {
        let (started, applied) = self.fake.world(|world| {
            let books = world.books();
            (books.syncs_started.clone(), books.syncs_applied.clone())
        });
        let asked = self.ledger().syncs.clone();
        let targets: BTreeSet<_> = started.iter().map(|(target, ..)| target.clone()).collect();
        let targets: BTreeSet<_> = asked
            .iter()
            .map(|sync| sync.what.clone())
            .chain(targets)
            .collect();
        for target in targets {
            let of: Vec<_> = asked.iter().filter(|sync| sync.what == target).collect();
            let ids = started.iter().filter(|(model, ..)| *model == target);
            let ids: Vec<String> = ids.map(|(_, task, _)| task.to_string()).collect();
            self.judge_many("sync", &of, &ids, true);
            let applied = applied.iter().filter(|(model, ..)| *model == target);
            let applied: Vec<String> = applied.map(|(_, task, _)| task.to_string()).collect();
            for sync in of {
                let (Some(id), Some(end)) = (&sync.id, sync.end) else {
                    continue;
                };
                if applied.contains(id) != (end == End::Succeeded) {
                    let text =
                        format!("the sync {id} is told to have {end:?}, applied {applied:?}");
                    self.at_end("what is told to be done is done", text);
                }
            }
        }
    }

    /// Work of one kind that several calls asked for: as many as did, and those that were told.
    fn judge_many<K: std::fmt::Debug>(
        &self,
        what: &str,
        asked: &[&Asked<K>],
        started: &[String],
        alone: bool,
    ) {
        let may = asked.iter().filter(|asked| asked.told != Told::Not).count();
        if started.len() > may {
            let text = format!("{what}: {} times, asked for {asked:?}", started.len());
            self.at_end("no work is done twice", text);
        }
        let mut told = BTreeSet::new();
        for asked in asked {
            let Some(id) = &asked.id else {
                continue;
            };
            if !started.contains(id) {
                let text = format!("{what} {:?}: {id} was never started", asked.what);
                self.at_end("what is told to be done is done", text);
            }
            if !told.insert(id.clone()) && alone {
                let text = format!("{what} {:?}: {id} is told twice", asked.what);
                self.at_end("what is told to be done is done", text);
            }
        }
    }

    fn judge_runs(&self) {
        let (started, done) = self.fake.world(|world| {
            let books = world.books();
            (books.runs_started.clone(), books.runs_done.clone())
        });
        let asked = self.ledger().runs.clone();
        let everybodys = [self.demo.bad_process, self.demo.optimizer];
        let objects: BTreeSet<u64> = started.iter().map(|run| run.object).collect();
        for object in objects
            .into_iter()
            .chain(asked.iter().map(|run| run.what))
            .collect::<BTreeSet<_>>()
        {
            let of: Vec<_> = asked.iter().filter(|run| run.what == object).collect();
            let ids = started.iter().filter(|run| run.object == object);
            let ids: Vec<String> = ids.map(|run| run.task.to_string()).collect();
            self.judge_many("run", &of, &ids, !everybodys.contains(&object));
        }
        let mut times: BTreeMap<String, Vec<bool>> = BTreeMap::new();
        for run in done.iter().filter(|run| run.process.is_none()) {
            times
                .entry(run.task.to_string())
                .or_default()
                .push(run.successful);
        }
        for (task, times) in &times {
            if times.len() > 1 {
                self.at_end(
                    "no work is done twice",
                    format!("{task} was carried out {times:?}"),
                );
            }
        }
        for run in asked {
            let (Some(id), Some(end)) = (&run.id, run.end) else {
                continue;
            };
            let did = times.get(id).and_then(|times| times.first()).copied();
            let fits = match end {
                End::Succeeded => did == Some(true),
                End::Failed => did == Some(false),
                End::Cancelled => did.is_none(),
            };
            if !fits {
                let text = format!("the run {id} is told to have {end:?}, and did {did:?}");
                self.at_end("what is told to be done is done", text);
            }
        }
    }

    fn judge_read_requests(&self) {
        let made = self
            .fake
            .world(|world| world.books().read_requests_made.clone());
        let ids: Vec<String> = made.into_iter().map(|(_, id)| id).collect();
        let asked = self.ledger().read_requests.clone();
        let asked: Vec<_> = asked.iter().collect();
        self.judge_many("read request", &asked, &ids, true);
    }

    fn judge_deletions(&self) {
        let there = self
            .fake
            .world(|world| world.model(&self.demo.closable).is_some());
        let told = self.ledger().deletions.clone();
        let deleted: u64 = told.iter().map(|(_, deleted)| deleted).sum();
        let text = format!("one model, there: {there}, told {told:?}");
        if deleted > 1 || deleted == 1 && there {
            self.at_end("what is told to be done is done", text);
        } else if !there && deleted == 0 && told.iter().all(|(told, _)| *told != Told::Maybe) {
            self.at_end("what is told to be undone is undone", text);
        }
    }

    fn judge_own(&self, user: usize) {
        let items = self.items(user);
        let file = self.file(self.objects[user].file);
        let mut wrong: Vec<String> = Vec::new();
        let mut check = |what: &str, slot: &crate::ledger::Slot, value: &Value| {
            if !slot.allows(value) {
                let short = |value: &Value| match value {
                    Some(bytes) if bytes.len() > 60 => format!("{} bytes", bytes.len()),
                    other => format!("{other:?}"),
                };
                let told: Vec<_> = slot.possible().iter().map(short).collect();
                wrong.push(format!("{what}: has {}, told {told:?}", short(value)));
            }
        };
        let ledger = self.ledger();
        let own = &ledger.own[user];
        for (code, slot) in &own.items {
            check(code, slot, &items.get(code).cloned().unwrap_or(None));
        }
        // Chunks of an upload that was given up may lie in a later one: then nothing is certain.
        let mixed = self
            .program
            .steps
            .iter()
            .any(|step| step.user == user && step.cut.is_some())
            || !self.program.faults.is_empty();
        if !mixed {
            check("the file", &own.file, &file);
        }
        let stored = self.stored_cells(user);
        for (place, slot) in &own.cells {
            check(
                &format!("cell {place:?}"),
                slot,
                stored.get(place).unwrap_or(&None),
            );
        }
        let strange = items.keys().find(|code| !own.items.contains_key(*code));
        if let Some(code) = strange {
            wrong.push(format!("{code} was never asked for"));
        }
        let unnamed = own.unnamed.clone();
        drop(ledger);
        let amounts = self.amounts(user);
        for (step, amount, told) in unnamed {
            let times = amounts.iter().filter(|known| **known == amount).count();
            let text = format!("the deal of step {step}: told {told:?}, there {times} times");
            match (told, times) {
                (Told::Done, 1) | (Told::Maybe, 0 | 1) | (Told::Not, 0) => {}
                (_, 2..) => self.at_end("no work is done twice", text),
                (Told::Done, _) => self.at_end("what is told to be done is done", text),
                (_, _) => self.at_end("what is told to be undone is undone", text),
            }
        }
        for text in wrong {
            self.at_end("what is told to be done is done", text);
        }
    }

    fn amounts(&self, user: usize) -> Vec<u64> {
        let list = self.objects[user].numbered;
        self.fake.world(|world| {
            let items = world
                .model(&self.demo.dev)
                .and_then(|dev| dev.items.get(&list));
            let items = items.into_iter().flat_map(|items| items.iter());
            items
                .filter_map(|item| item.properties.get("Amount")?.parse::<f64>().ok())
                .map(|amount| amount as u64)
                .collect()
        })
    }

    fn stored_cells(&self, user: usize) -> BTreeMap<(usize, usize), Value> {
        use anaplan_testkit::world::CellValue;
        let own = &self.objects[user];
        self.fake.world(|world| {
            let mut stored = BTreeMap::new();
            let Some(dev) = world.model(&self.demo.dev) else {
                return stored;
            };
            for (place, item) in own.places.iter().enumerate() {
                for (line, id) in own.line_items.iter().enumerate() {
                    let text = match dev.cells.get(&(*id, vec![*item])) {
                        Some(CellValue::Number(number)) => format!("{number}"),
                        Some(CellValue::Text(text)) => text.clone(),
                        Some(other) => format!("{other:?}"),
                        None if line == 0 => "0".into(),
                        None => String::new(),
                    };
                    stored.insert((place, line), Some(text.into()));
                }
            }
            stored
        })
    }

    fn judge_shared(&self) {
        let (online, period) = self.fake.world(|world| {
            let plain = world.model(&self.demo.plain);
            let offline = plain.is_some_and(|plain| plain.state.is_offline());
            let period = world
                .model(&self.demo.dev)
                .and_then(|dev| dev.current_period);
            let online: &[u8] = if offline { b"offline" } else { b"online" };
            (online, period.map(|day| day.to_string()))
        });
        let ledger = self.ledger();
        let own = &ledger.own[0];
        let online: Value = Some(bytes::Bytes::from_static(online));
        let period: Value = period.map(bytes::Bytes::from);
        let fits = own.online.allows(&online) && own.period.allows(&period);
        let text = format!(
            "{online:?} of {:?}, {period:?} of {:?}",
            own.online, own.period
        );
        drop(ledger);
        if !fits {
            self.at_end("what is told to be done is done", text);
        }
    }
}
