//! Work that must not run twice: revisions, syncs, runs, read requests, deletions.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use anaplan_core::{TaskId, UserId};

use crate::checker::rules;
use crate::environment::Environment;
use crate::expectations::{End, Reported, Requested};
use crate::transport::locked;

/// A piece of work in the effect log.
#[derive(Debug, Clone)]
struct Started {
    id: String,
    /// `true` if the user of the sessions started it, rather than another user of the tenant.
    own: bool,
}

impl Environment {
    fn started(&self, task: &TaskId) -> Started {
        let starter = self
            .fake
            .world(|world| world.books().starter(task).cloned());
        Started {
            id: task.to_string(),
            own: starter.is_some_and(|user| self.is_own(&user)),
        }
    }

    fn is_own(&self, user: &UserId) -> bool {
        *user == self.demo.admin.id
    }

    pub(super) fn check_revisions(&self) {
        let created: Vec<(String, Started)> = self.fake.world(|world| {
            let created = &world.books().revisions_created;
            let created = created.iter().map(|(_, id, name)| {
                let by = world.revision(id).map(|revision| &revision.created_by);
                let own = by.is_some_and(|user| self.is_own(user));
                (
                    name.clone(),
                    Started {
                        id: id.clone(),
                        own,
                    },
                )
            });
            created.collect()
        });
        for requested in self.expectations().revisions.clone() {
            let named = created.iter().filter(|(name, _)| *name == requested.what);
            let started: Vec<Started> = named.map(|(_, started)| started.clone()).collect();
            self.check_work("revision", &[&requested], &started);
        }
    }

    /// Compares the work of one kind and object with the calls that requested it.
    fn check_work<K: Debug>(&self, kind: &str, requested: &[&Requested<K>], started: &[Started]) {
        let text = || format!("{kind}: {started:?}, requested by {requested:?}");
        let is_own = |id: &String| {
            started
                .iter()
                .any(|started| started.own && started.id == *id)
        };
        let own = started.iter().filter(|started| started.own).count();
        let ids = requested
            .iter()
            .filter_map(|requested| requested.id.as_ref());
        let claimed: BTreeSet<_> = ids.filter(|id| is_own(id)).collect();
        let unclaimed = own - claimed.len();
        // Calls that may have started work without a known id.
        let open = requested
            .iter()
            .filter(|requested| match requested.reported {
                Reported::NotDone => false,
                Reported::Unknown | Reported::Done => {
                    requested.presumed || !requested.id.as_ref().is_some_and(is_own)
                }
            });
        let open = open.count();
        let failed = requested.iter();
        let failed = failed.filter(|requested| requested.reported == Reported::NotDone);
        if unclaimed > open + failed.count() {
            self.at_end(rules::ONCE, text());
        } else if unclaimed > open {
            self.at_end(rules::NOT_DONE, text());
        }
        let done = requested.iter();
        let done = done.filter(|requested| requested.reported == Reported::Done);
        if done.count() > started.len() {
            self.at_end(rules::DONE, text());
        }
        let mut reported = BTreeMap::new();
        for requested in requested {
            let Some(id) = &requested.id else {
                continue;
            };
            match started.iter().find(|started| started.id == *id) {
                None => self.violation(rules::DONE, requested.step, text()),
                Some(started) if !started.own && !requested.presumed => {
                    self.violation(rules::FOREIGN, requested.step, text());
                }
                Some(_) => {}
            }
            let session = Self::session_index(self.program.steps[requested.step].user);
            let before = reported.insert(id.clone(), (session, requested.presumed));
            // A session does not know the claims of another one.
            let foreign = |(other, presumed)| other != session && (presumed || requested.presumed);
            if before.is_some_and(|before| !foreign(before)) {
                self.violation(rules::SHARED, requested.step, text());
            }
        }
    }

    pub(super) fn check_syncs(&self) {
        let (started, applied) = self.fake.world(|world| {
            let log = world.books();
            (log.syncs_started.clone(), log.syncs_applied.clone())
        });
        let requested = self.expectations().syncs.clone();
        let targets = requested.iter().map(|sync| &sync.what);
        let targets: BTreeSet<_> = targets
            .chain(started.iter().map(|(model, ..)| model))
            .collect();
        for target in targets {
            let of: Vec<_> = requested
                .iter()
                .filter(|sync| sync.what == *target)
                .collect();
            let tasks = started.iter().filter(|(model, ..)| model == target);
            let tasks: Vec<Started> = tasks.map(|(_, task, _)| self.started(task)).collect();
            self.check_work("sync", &of, &tasks);
        }
        for sync in requested {
            let (Some(id), Some(end)) = (&sync.id, sync.end) else {
                continue;
            };
            let applied = applied.iter().any(|(_, task, _)| *id == task.as_str());
            if applied != (end == End::Succeeded) {
                let text = format!("sync {id}: reported {end:?}, applied: {applied}");
                self.at_end(rules::DONE, text);
            }
        }
    }

    pub(super) fn check_runs(&self) {
        let (started, done) = self.fake.world(|world| {
            let log = world.books();
            (log.runs_started.clone(), log.runs_done.clone())
        });
        let requested = self.expectations().runs.clone();
        let objects = requested.iter().map(|run| run.what);
        let objects: BTreeSet<u64> = objects
            .chain(started.iter().map(|run| run.object))
            .collect();
        for object in objects {
            let of: Vec<_> = requested.iter().filter(|run| run.what == object).collect();
            let tasks = started.iter().filter(|run| run.object == object);
            let tasks: Vec<Started> = tasks.map(|run| self.started(&run.task)).collect();
            self.check_work("run", &of, &tasks);
        }
        let mut results: BTreeMap<String, Vec<bool>> = BTreeMap::new();
        for run in done.iter().filter(|run| run.process.is_none()) {
            let results = results.entry(run.task.to_string()).or_default();
            results.push(run.successful);
        }
        for (task, results) in &results {
            if results.len() > 1 {
                self.at_end(rules::ONCE, format!("run {task}: {results:?}"));
            }
        }
        for run in requested {
            let (Some(id), Some(end)) = (&run.id, run.end) else {
                continue;
            };
            let result = results.get(id).and_then(|results| results.first()).copied();
            let matches = match end {
                End::Succeeded => result == Some(true),
                End::Failed => result == Some(false),
                End::Cancelled => result.is_none(),
            };
            if !matches {
                let text = format!("run {id}: reported {end:?}, successful: {result:?}");
                self.at_end(rules::DONE, text);
            }
        }
    }

    /// Read requests may be repeated. A returned one exists and is returned once.
    pub(super) fn check_read_requests(&self) {
        let made = self
            .fake
            .world(|world| world.books().read_requests_made.clone());
        let mut reported = BTreeSet::new();
        for requested in self.expectations().read_requests.clone() {
            let Some(id) = requested.id else {
                continue;
            };
            if !made.iter().any(|(_, made)| *made == id) {
                self.at_end(rules::DONE, format!("read request {id} was not made"));
            }
            if !reported.insert(id.clone()) {
                self.at_end(rules::SHARED, format!("read request {id}"));
            }
        }
    }

    pub(super) fn check_deletions(&self) {
        let exists = self
            .fake
            .world(|world| world.model(&self.demo.closable).is_some());
        let reported = self.expectations().deletions.clone();
        let deleted: u64 = reported.iter().map(|(_, deleted)| deleted).sum();
        let text = format!("one model, exists: {exists}, reported {reported:?}");
        let mut kinds = reported.iter().map(|(reported, _)| *reported);
        if deleted > 1 || deleted == 1 && exists {
            self.at_end(rules::DONE, text);
        } else if !exists && deleted == 0 && kinds.all(|reported| reported != Reported::Unknown) {
            self.at_end(rules::NOT_DONE, text);
        }
    }

    /// The resends that the transports have seen.
    pub(super) fn check_evidence(&self) {
        let resends = locked(&self.traffic).resends.clone();
        for resend in resends {
            let step = resend.call / 1_000;
            self.violation(resend.rule, step, resend.text);
        }
    }
}
