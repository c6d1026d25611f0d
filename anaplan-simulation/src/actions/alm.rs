//! Application lifecycle management.

use std::time::Duration;

use anaplan_alm::{OnlineStatus, Promotion, RevisionPair, Sync};
use anaplan_core::{Error, ErrorKind, ModelId, Result, Task};

use crate::actions::ActionContext;
use crate::attempt::Ended;
use crate::checker::rules;
use crate::expectations::{End, Reported, Requested};
use crate::records::Work;

impl ActionContext<'_> {
    pub(super) fn change_structure(&self) {
        let env = self.env;
        let name = format!("Change {}", self.number);
        env.fake
            .world(|world| world.edit(&env.demo.dev).list(name).id());
    }

    /// Returns the revisions of a model, oldest first.
    fn revisions(&self, model: &ModelId) -> Vec<String> {
        self.env.fake.world(|world| {
            let applied = world.model(model).map(|model| &model.applied);
            applied
                .into_iter()
                .flatten()
                .map(|applied| applied.revision.clone())
                .collect()
        })
    }

    pub(super) async fn create_revision(&self) -> Result<()> {
        let name = format!("R{}", self.number);
        let alm = self.env.alm(self.user, &self.env.demo.dev)?;
        let (call, observed) = self.observed(alm.create_revision(&name));
        let ended = self.env.attempt(self.number, self.step, call).await;
        let reported = self.reported(&ended, &observed, Work::Revision(name.clone()));
        let mut requested = Requested::new(self.number, name, reported);
        if let Ended::Returned(revision) = &ended {
            requested.id = Some(revision.id.to_string());
            if revision.name != requested.what {
                self.violation(rules::WRITES, format!("another revision: {revision:?}"));
            }
        }
        self.env.expectations().revisions.push(requested);
        Ok(())
    }

    /// Checks a list that only grows: it contains everything from before the call and nothing that is
    /// missing afterwards.
    pub(super) fn check_growing(&self, before: &[String], got: &[String], after: &[String]) {
        let stale = self.env.program.has_stale_listings();
        let missing = before.iter().find(|id| !stale && !got.contains(id));
        let strange = got.iter().find(|id| !after.contains(id));
        let mut once = got.to_vec();
        once.sort();
        once.dedup();
        if missing.is_some() || strange.is_some() || once.len() != got.len() {
            let text = format!(
                "{:?}: had {before:?}, got {got:?}, has {after:?}",
                self.step.action
            );
            self.violation(self.listing_rule(), text);
        }
        self.count("growing lists read");
    }

    /// The rule that a wrong listing breaks.
    pub(super) fn listing_rule(&self) -> &'static str {
        match self.env.program.has_listing_faults() {
            true => rules::COMPLETE,
            false => rules::READS,
        }
    }

    pub(super) async fn get_revisions(&self) -> Result<()> {
        let env = self.env;
        let model = match self.number % 2 {
            0 => &env.demo.dev,
            _ => &env.objects[self.user].target,
        };
        let before = self.revisions(model);
        let call = env.alm(self.user, model)?.get_revisions().page_size(1);
        let call = match self.timeout() {
            Some(limit) => call.timeout(limit),
            None => call,
        };
        let began = self.now();
        let ended = env.attempt(self.number, self.step, call).await;
        self.check_timeout(began, Duration::ZERO, &ended);
        if let Ended::Returned(got) = ended {
            let got: Vec<String> = got
                .into_iter()
                .map(|revision| revision.id.to_string())
                .collect();
            self.check_growing(&before, &got, &self.revisions(model));
        }
        Ok(())
    }

    pub(super) async fn get_latest_revision(&self) -> Result<()> {
        let env = self.env;
        let dev = &env.demo.dev;
        let before = self.revisions(dev).len();
        let call = env.alm(self.user, dev)?.get_latest_revision();
        if let Ended::Returned(got) = env.attempt(self.number, self.step, call).await {
            let id = got
                .map(|revision| revision.id.to_string())
                .unwrap_or_default();
            if !self.revisions(dev)[before.saturating_sub(1)..].contains(&id) {
                self.violation(rules::READS, format!("{id} was not the latest revision"));
            }
        }
        Ok(())
    }

    pub(super) async fn get_models_of_revision(&self) -> Result<()> {
        let env = self.env;
        let first = self
            .revisions(&env.demo.dev)
            .first()
            .cloned()
            .unwrap_or_default();
        let alm = env.alm(self.user, &env.demo.dev)?;
        let call = alm.get_models_for_revision(first.as_str());
        if let Ended::Returned(got) = env.attempt(self.number, self.step, call).await {
            let mut got: Vec<ModelId> =
                got.into_iter().filter_map(|model| model.model_id).collect();
            let mut has: Vec<ModelId> = env.fake.world(|world| {
                let having = world
                    .models()
                    .iter()
                    .filter(|model| model.has_revision(&first));
                having.map(|model| model.id.clone()).collect()
            });
            got.sort();
            has.sort();
            if got != has {
                self.violation(rules::READS, format!("revision of {got:?}, not of {has:?}"));
            }
        }
        Ok(())
    }

    /// Returns the pair of dev's newest revision and the latest revision of the user's target.
    fn pair(&self) -> RevisionPair {
        let target = &self.env.objects[self.user].target;
        let newest = |model| self.revisions(model).last().cloned().unwrap_or_default();
        let dev = &self.env.demo.dev;
        RevisionPair::new(newest(dev).as_str(), dev, newest(target).as_str())
    }

    pub(super) async fn sync(&self, wait: bool) -> Result<()> {
        let env = self.env;
        let target = &env.objects[self.user].target;
        let pair = self.pair();
        let call = env.alm(self.user, target)?.sync_models(&pair);
        let call = match self.step.accept_presumed {
            true => call.accept_presumed(),
            false => call,
        };
        let (call, observed) = self.observed(call);
        let ended = env.attempt(self.number, self.step, call).await;
        let reported = self.reported(&ended, &observed, Work::Sync(target.clone()));
        let mut requested = Requested::new(self.number, target.clone(), reported);
        if let Ended::Returned(task) = ended {
            requested = self.with_task(requested, &task);
            if wait {
                requested.end = self.wait_for_sync(&task).await;
                let source = pair.source_revision.to_string();
                if requested.end == Some(End::Succeeded)
                    && !self.revisions(target).contains(&source)
                {
                    let text = format!("{target} does not have {source}");
                    self.violation(rules::DONE, text);
                }
            }
        }
        env.expectations().syncs.push(requested);
        Ok(())
    }

    async fn wait_for_sync(&self, task: &Task<Sync>) -> Option<End> {
        let id = task.id().to_string();
        match self
            .env
            .uncancelled(self.number, self.step, task.wait())
            .await
        {
            Ended::Returned(_) => Some(End::Succeeded),
            Ended::Failed(error) => self.end(&error, &id),
            Ended::Dropped => None,
        }
    }

    /// Returns the result of the task according to the error of a wait.
    pub(super) fn end(&self, error: &Error, id: &str) -> Option<End> {
        if error.task_id() != Some(id) {
            let text = format!("the id of the task is lost: {error}");
            self.violation(rules::TASK_IDS, text);
        }
        match error.kind() {
            ErrorKind::TaskFailed if error.to_string().contains("cancelled") => {
                Some(End::Cancelled)
            }
            ErrorKind::TaskFailed => Some(End::Failed),
            _ => None,
        }
    }

    pub(super) async fn promote(&self) -> Result<()> {
        let env = self.env;
        let target = &env.objects[self.user].target;
        let alm = env.alm(self.user, target)?;
        let newest = self.revisions(&env.demo.dev);
        let planned = env
            .uncancelled(self.number, self.step, alm.plan_promotion())
            .await;
        let plan = match planned {
            Ended::Returned(Promotion::Ready(plan)) => plan,
            Ended::Returned(Promotion::UpToDate(revision)) => {
                if newest.last().map(String::as_str) != Some(revision.id.as_str()) {
                    // A late sync may have changed the target since.
                    let has = self.revisions(&env.demo.dev);
                    if !has.iter().any(|id| *id == revision.id.as_str()) {
                        self.violation(rules::READS, format!("up to date with {revision:?}"));
                    }
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        let ended = env.attempt(self.number, self.step, plan.apply()).await;
        let mut requested = Requested::new(self.number, target.clone(), ended.reported_by_many());
        match ended {
            Ended::Returned(report) => {
                match &report.task {
                    Some(task) => {
                        requested = requested.with_id(task);
                        requested.end = Some(End::Succeeded);
                    }
                    None => requested.reported = Reported::NotDone,
                }
                if !self.revisions(target).contains(&report.to.id.to_string()) {
                    self.violation(rules::DONE, "the target has it not");
                }
                self.count("promotions");
            }
            Ended::Failed(error) if error.kind() == ErrorKind::TaskFailed => {
                requested.id = error.task_id().map(str::to_owned);
                requested.end = Some(End::Failed);
            }
            Ended::Failed(_) | Ended::Dropped => {}
        }
        env.expectations().syncs.push(requested);
        Ok(())
    }

    pub(super) async fn preview(&self) -> Result<()> {
        let env = self.env;
        let pair = self.pair();
        let alm = env.alm(self.user, &env.objects[self.user].target)?;
        let (requested, made) = (pair.clone(), alm.clone());
        let call = async move {
            let pair = made
                .create_comparison_summary(requested)
                .await?
                .wait()
                .await?;
            made.get_comparison_summary(pair).await
        };
        if let Ended::Returned(summary) = env.attempt(self.number, self.step, call).await {
            let (target, source) = (&pair.target_revision, &pair.source_revision);
            let names =
                |id: &Option<anaplan_alm::RevisionId>| id.clone().unwrap_or_else(|| target.clone());
            if names(&summary.target_revision_id) != *target {
                self.violation(rules::READS, format!("the summary of others: {summary:?}"));
            }
            let differences = env
                .fake
                .world(|world| world.compare(target.as_str(), source.as_str()).len());
            if (summary.totals.count() == 0) != (differences == 0) {
                let text = format!("{differences} differences, reported {}", summary.totals);
                self.violation(rules::READS, text);
            }
            self.count("reports read");
        }
        Ok(())
    }

    pub(super) async fn report(&self) -> Result<()> {
        let env = self.env;
        let pair = self.pair();
        let alm = env.alm(self.user, &env.objects[self.user].target)?;
        let (requested, made) = (pair.clone(), alm.clone());
        let call = async move {
            let pair = made
                .create_comparison_report(requested)
                .await?
                .wait()
                .await?;
            made.get_comparison_report(pair).await
        };
        if let Ended::Returned(bytes) = env.attempt(self.number, self.step, call).await {
            if !self.is_garbage(&bytes) {
                let again = alm.get_comparison_report(&pair);
                let again = env.uncancelled(self.number, self.step, again).await;
                if let Ended::Returned(again) = again {
                    if again != bytes && !self.is_garbage(&again) {
                        self.violation(rules::READS, "the same report, and not the same bytes");
                    }
                }
            }
            self.count("reports read");
        }
        Ok(())
    }

    /// Changes the status of a model. Only the first user does.
    pub(super) async fn set_online(&self, online: bool) -> Result<()> {
        if self.user != 0 {
            return Ok(());
        }
        let env = self.env;
        let (status, value) = match online {
            true => (OnlineStatus::Online, &b"online"[..]),
            false => (OnlineStatus::Offline, &b"offline"[..]),
        };
        let call = env.alm(0, &env.demo.plain)?.change_model_status(status);
        let (call, observed) = self.observed(call);
        let ended = env.attempt(self.number, self.step, call).await;
        let reported = self.reported(&ended, &observed, Work::Offline(!online));
        let late = self.late();
        let slot = &mut env.expectations().own[0].online;
        let value = Some(bytes::Bytes::from_static(value));
        match reported {
            Reported::Done => slot.done(value, late),
            Reported::Unknown => slot.maybe(value),
            Reported::NotDone => {}
        }
        Ok(())
    }
}
