//! Application lifecycle management.

use anaplan_alm::{OnlineStatus, Promotion, RevisionPair, Sync};
use anaplan_core::{Error, ErrorKind, ModelId, Result, Task};

use crate::attempt::Came;
use crate::deeds::Act;
use crate::ledger::{Asked, End, Told};

impl Act<'_> {
    pub(super) fn change_structure(&self) {
        let stage = self.stage;
        let name = format!("Change {}", self.number);
        stage
            .fake
            .world(|world| world.edit(&stage.demo.dev).list(name).id());
    }

    /// The revisions of a model, oldest first.
    fn revisions(&self, model: &ModelId) -> Vec<String> {
        self.stage.fake.world(|world| {
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
        let alm = self.stage.alm(self.user, &self.stage.demo.dev)?;
        let call = alm.create_revision(&name);
        let came = self.stage.attempt(self.number, self.step, call).await;
        let mut asked = Asked::new(self.number, name, came.told());
        if let Came::To(revision) = &came {
            asked.id = Some(revision.id.to_string());
            if revision.name != asked.what {
                self.blame(
                    "writes are told truly",
                    format!("another revision: {revision:?}"),
                );
            }
        }
        self.stage.ledger().revisions.push(asked);
        Ok(())
    }

    /// A list to which things are only added: what was there before is in it, and nothing that is not
    /// there afterwards.
    pub(super) fn check_growing(&self, before: &[String], got: &[String], after: &[String]) {
        let missing = before.iter().find(|id| !got.contains(id));
        let strange = got.iter().find(|id| !after.contains(id));
        let mut once = got.to_vec();
        once.sort();
        once.dedup();
        if missing.is_some() || strange.is_some() || once.len() != got.len() {
            let text = format!(
                "{:?}: had {before:?}, got {got:?}, has {after:?}",
                self.step.deed
            );
            self.blame("reads are true", text);
        }
        self.mark("growing lists read");
    }

    pub(super) async fn get_revisions(&self) -> Result<()> {
        let stage = self.stage;
        let model = match self.number % 2 {
            0 => &stage.demo.dev,
            _ => &stage.objects[self.user].target,
        };
        let before = self.revisions(model);
        let call = stage.alm(self.user, model)?.get_revisions().page_size(1);
        if let Came::To(got) = stage.attempt(self.number, self.step, call).await {
            let got: Vec<String> = got
                .into_iter()
                .map(|revision| revision.id.to_string())
                .collect();
            self.check_growing(&before, &got, &self.revisions(model));
        }
        Ok(())
    }

    pub(super) async fn get_latest_revision(&self) -> Result<()> {
        let stage = self.stage;
        let dev = &stage.demo.dev;
        let before = self.revisions(dev).len();
        let call = stage.alm(self.user, dev)?.get_latest_revision();
        if let Came::To(got) = stage.attempt(self.number, self.step, call).await {
            let id = got
                .map(|revision| revision.id.to_string())
                .unwrap_or_default();
            if !self.revisions(dev)[before.saturating_sub(1)..].contains(&id) {
                self.blame(
                    "reads are true",
                    format!("{id} was not the latest revision"),
                );
            }
        }
        Ok(())
    }

    pub(super) async fn get_models_of_revision(&self) -> Result<()> {
        let stage = self.stage;
        let first = self
            .revisions(&stage.demo.dev)
            .first()
            .cloned()
            .unwrap_or_default();
        let alm = stage.alm(self.user, &stage.demo.dev)?;
        let call = alm.get_models_for_revision(first.as_str());
        if let Came::To(got) = stage.attempt(self.number, self.step, call).await {
            let mut got: Vec<ModelId> =
                got.into_iter().filter_map(|model| model.model_id).collect();
            let mut has: Vec<ModelId> = stage.fake.world(|world| {
                let having = world
                    .models()
                    .iter()
                    .filter(|model| model.has_revision(&first));
                having.map(|model| model.id.clone()).collect()
            });
            got.sort();
            has.sort();
            if got != has {
                self.blame(
                    "reads are true",
                    format!("revision of {got:?}, not of {has:?}"),
                );
            }
        }
        Ok(())
    }

    /// The newest revision of dev for the user's own target.
    fn pair(&self) -> RevisionPair {
        let target = &self.stage.objects[self.user].target;
        let newest = |model| self.revisions(model).last().cloned().unwrap_or_default();
        let dev = &self.stage.demo.dev;
        RevisionPair::new(newest(dev).as_str(), dev, newest(target).as_str())
    }

    pub(super) async fn sync(&self, wait: bool) -> Result<()> {
        let stage = self.stage;
        let target = &stage.objects[self.user].target;
        let pair = self.pair();
        let call = stage.alm(self.user, target)?.sync_models(&pair);
        let came = stage.attempt(self.number, self.step, call).await;
        let mut asked = Asked::new(self.number, target.clone(), came.told());
        if let Came::To(task) = came {
            asked = asked.with_id(task.id());
            if wait {
                asked.end = self.wait_for_sync(&task).await;
            }
        }
        stage.ledger().syncs.push(asked);
        Ok(())
    }

    async fn wait_for_sync(&self, task: &Task<Sync>) -> Option<End> {
        let id = task.id().to_string();
        match self
            .stage
            .patiently(self.number, self.step, task.wait())
            .await
        {
            Came::To(_) => Some(End::Succeeded),
            Came::Failed(error) => self.end(&error, &id),
            Came::Dropped => None,
        }
    }

    /// What the error of a wait says about the task.
    pub(super) fn end(&self, error: &Error, id: &str) -> Option<End> {
        if error.task_id() != Some(id) {
            let text = format!("the id of the task is lost: {error}");
            self.blame("the end of a wait is not the end of a task", text);
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
        let stage = self.stage;
        let target = &stage.objects[self.user].target;
        let alm = stage.alm(self.user, target)?;
        let newest = self.revisions(&stage.demo.dev);
        let planned = stage
            .patiently(self.number, self.step, alm.plan_promotion())
            .await;
        let plan = match planned {
            Came::To(Promotion::Ready(plan)) => plan,
            Came::To(Promotion::UpToDate(revision)) => {
                if newest.last().map(String::as_str) != Some(revision.id.as_str()) {
                    // Late syncs may have brought the target further than this user has seen.
                    let has = self.revisions(&stage.demo.dev);
                    if !has.iter().any(|id| *id == revision.id.as_str()) {
                        self.blame("reads are true", format!("up to date with {revision:?}"));
                    }
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        let came = stage.attempt(self.number, self.step, plan.apply()).await;
        let mut asked = Asked::new(self.number, target.clone(), came.told_of_many());
        match came {
            Came::To(report) => {
                match &report.task {
                    Some(task) => {
                        asked = asked.with_id(task);
                        asked.end = Some(End::Succeeded);
                    }
                    None => asked.told = Told::Not,
                }
                if !self.revisions(target).contains(&report.to.id.to_string()) {
                    self.blame("what is told to be done is done", "the target has it not");
                }
                self.mark("promotions");
            }
            Came::Failed(error) if error.kind() == ErrorKind::TaskFailed => {
                asked.id = error.task_id().map(str::to_owned);
                asked.end = Some(End::Failed);
            }
            Came::Failed(_) | Came::Dropped => {}
        }
        stage.ledger().syncs.push(asked);
        Ok(())
    }

    pub(super) async fn preview(&self) -> Result<()> {
        let stage = self.stage;
        let pair = self.pair();
        let alm = stage.alm(self.user, &stage.objects[self.user].target)?;
        let (asked, made) = (pair.clone(), alm.clone());
        let call = async move {
            let pair = made.create_comparison_summary(asked).await?.wait().await?;
            made.get_comparison_summary(pair).await
        };
        if let Came::To(summary) = stage.attempt(self.number, self.step, call).await {
            let (target, source) = (&pair.target_revision, &pair.source_revision);
            let names =
                |id: &Option<anaplan_alm::RevisionId>| id.clone().unwrap_or_else(|| target.clone());
            if names(&summary.target_revision_id) != *target {
                self.blame(
                    "reads are true",
                    format!("the summary of others: {summary:?}"),
                );
            }
            let differences = stage
                .fake
                .world(|world| world.compare(target.as_str(), source.as_str()).len());
            if (summary.totals.count() == 0) != (differences == 0) {
                let text = format!("{differences} differences, told {}", summary.totals);
                self.blame("reads are true", text);
            }
            self.mark("reports read");
        }
        Ok(())
    }

    pub(super) async fn report(&self) -> Result<()> {
        let stage = self.stage;
        let pair = self.pair();
        let alm = stage.alm(self.user, &stage.objects[self.user].target)?;
        let (asked, made) = (pair.clone(), alm.clone());
        let call = async move {
            let pair = made.create_comparison_report(asked).await?.wait().await?;
            made.get_comparison_report(pair).await
        };
        if let Came::To(bytes) = stage.attempt(self.number, self.step, call).await {
            if !self.is_garbage(&bytes) {
                let again = alm.get_comparison_report(&pair);
                let again = stage.patiently(self.number, self.step, again).await;
                if let Came::To(again) = again {
                    if again != bytes && !self.is_garbage(&again) {
                        self.blame("reads are true", "the same report, and not the same bytes");
                    }
                }
            }
            self.mark("reports read");
        }
        Ok(())
    }

    /// The first user alone opens and closes a model to others.
    pub(super) async fn set_online(&self, online: bool) -> Result<()> {
        if self.user != 0 {
            return Ok(());
        }
        let stage = self.stage;
        let (status, value) = match online {
            true => (OnlineStatus::Online, &b"online"[..]),
            false => (OnlineStatus::Offline, &b"offline"[..]),
        };
        let call = stage.alm(0, &stage.demo.plain)?.change_model_status(status);
        let came = stage.attempt(self.number, self.step, call).await;
        let late = self.late();
        let slot = &mut stage.ledger().own[0].online;
        let value = Some(bytes::Bytes::from_static(value));
        match came {
            Came::To(()) => slot.done(value, late),
            Came::Failed(_) | Came::Dropped => slot.maybe(value),
        }
        Ok(())
    }
}
