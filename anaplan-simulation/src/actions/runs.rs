//! Imports, exports, actions and processes.

use std::time::Duration;

use anaplan_bulk::ActionRef;
use anaplan_core::{LongRunning, Result, Task};

use crate::actions::{ActionContext, After};
use crate::attempt::Ended;
use crate::checker::rules;
use crate::expectations::{End, Requested};
use crate::program::Runnable;
use crate::records::Work;

impl ActionContext<'_> {
    pub(super) async fn import(&self) -> Result<()> {
        let import = self.env.objects[self.user].import;
        self.run_object(import, After::Wait).await
    }

    pub(super) async fn run(&self, what: Runnable, after: After) -> Result<()> {
        self.run_object(self.env.runnable(self.user, what), after)
            .await
    }

    async fn run_object(&self, object: u64, after: After) -> Result<()> {
        let env = self.env;
        let call = env.bulk(self.user)?.run_action(ActionRef::from(object));
        let call = match self.step.accept_presumed {
            true => call.accept_presumed(),
            false => call,
        };
        let (call, observed) = self.observed(call);
        let ended = env.attempt(self.number, self.step, call).await;
        let reported = self.reported(&ended, &observed, Work::Run(object));
        let mut requested = Requested::new(self.number, object, reported);
        if let Ended::Returned(task) = ended {
            requested = self.with_task(requested, &task);
            if after == After::Cancel {
                let call = task.cancel();
                let _ = env.uncancelled(self.number, self.step, call).await;
            }
            if after != After::Nothing {
                let id = task.id().to_string();
                requested.end = match env.uncancelled(self.number, self.step, task.wait()).await {
                    Ended::Returned(_) => Some(End::Succeeded),
                    Ended::Failed(error) => self.end(&error, &id),
                    Ended::Dropped => None,
                };
            }
        }
        let own = &env.objects[self.user];
        let loads = object == own.import || object == own.process;
        let succeeded = requested.end == Some(End::Succeeded);
        if loads && succeeded {
            self.loaded(object);
        }
        env.expectations().runs.push(requested);
        Ok(())
    }

    /// Records the returned handle. A presumed task is accepted only if the step allows it.
    pub(super) fn with_task<K, L: LongRunning>(
        &self,
        requested: Requested<K>,
        task: &Task<L>,
    ) -> Requested<K> {
        let requested = requested.with_task(task);
        if requested.presumed {
            if !self.step.accept_presumed {
                self.violation(rules::FOREIGN, format!("{task:?} is only presumed"));
            }
            self.count("presumed tasks accepted");
        }
        requested
    }

    fn started(&self, object: u64) -> Vec<String> {
        self.env.fake.world(|world| {
            let started = world.books().runs_started.iter();
            let of_this = started.filter(|run| run.object == object);
            of_this.map(|run| run.task.to_string()).collect()
        })
    }

    pub(super) async fn list_runs(&self, what: Runnable) -> Result<()> {
        let env = self.env;
        let object = env.runnable(self.user, what);
        let before = self.started(object);
        let bulk = env.bulk(self.user)?;
        let call = bulk
            .get_task_summaries(ActionRef::from(object))
            .page_size(2);
        let call = match self.timeout() {
            Some(limit) => call.timeout(limit),
            None => call,
        };
        let began = self.now();
        let ended = env.attempt(self.number, self.step, call).await;
        self.check_timeout(began, Duration::ZERO, &ended);
        if let Ended::Returned(runs) = ended {
            let got: Vec<String> = runs
                .into_iter()
                .map(|run| run.task_id.to_string())
                .collect();
            self.check_growing(&before, &got, &self.started(object));
        }
        Ok(())
    }

    /// Returns the number of objects of each kind.
    fn objects(&self) -> [usize; 5] {
        self.env.fake.world(|world| {
            let dev = world.model(&self.env.demo.dev);
            let structure = dev.map(|dev| dev.structure.clone()).unwrap_or_default();
            let files = structure.files.len() + structure.exports.len();
            [
                files,
                structure.imports.len(),
                structure.exports.len(),
                structure.processes.len(),
                world.models().len(),
            ]
        })
    }

    /// Deletes the model that may be deleted. Only the first user does.
    pub(super) async fn delete_model(&self) -> Result<()> {
        if self.user != 0 {
            return Ok(());
        }
        let env = self.env;
        let demo = &env.demo;
        let tenant = env.bulk(self.user)?.tenant();
        let call = tenant.delete_models(&demo.workspace, [&demo.closable]);
        let (call, observed) = self.observed(call);
        let ended = env.attempt(self.number, self.step, call).await;
        let deleted = match &ended {
            Ended::Returned(deleted) => deleted.deleted,
            Ended::Failed(_) | Ended::Dropped => 0,
        };
        let reported = self.reported(&ended, &observed, Work::Deletion);
        env.expectations().deletions.push((reported, deleted));
        Ok(())
    }

    pub(super) async fn list_objects(&self) -> Result<()> {
        let env = self.env;
        let bulk = env.bulk(self.user)?;
        let before = self.objects();
        let call = async move {
            let files = bulk.get_files().page_size(3).await?.len();
            let imports = bulk.get_imports().page_size(3).await?.len();
            let exports = bulk.get_exports().await?.len();
            let processes = bulk.get_processes().await?.len();
            let models = bulk.tenant().get_models().page_size(3).await?.len();
            Ok::<_, anaplan_core::Error>([files, imports, exports, processes, models])
        };
        if let Ended::Returned(got) = env.attempt(self.number, self.step, call).await {
            let has = self.objects();
            let fits = got.iter().zip(before.iter().zip(&has));
            // A model may have been deleted meanwhile.
            let stale = self.env.program.has_stale_listings();
            if !stale
                && !fits
                    .into_iter()
                    .all(|(got, (before, has))| got == before || got == has)
            {
                let text = format!("got {got:?} objects, has {has:?}");
                self.violation(self.listing_rule(), text);
            }
            self.count("objects listed");
        }
        Ok(())
    }
}
