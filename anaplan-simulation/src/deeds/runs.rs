//! Imports, exports, actions and processes.

use anaplan_bulk::ActionRef;
use anaplan_core::Result;

use crate::attempt::Came;
use crate::deeds::{Act, After};
use crate::ledger::{Asked, End};
use crate::program::Runnable;

impl Act<'_> {
    pub(super) async fn import(&self) -> Result<()> {
        let import = self.stage.objects[self.user].import;
        self.run_object(import, After::Wait).await
    }

    pub(super) async fn run(&self, what: Runnable, after: After) -> Result<()> {
        self.run_object(self.stage.runnable(self.user, what), after)
            .await
    }

    async fn run_object(&self, object: u64, after: After) -> Result<()> {
        let stage = self.stage;
        let call = stage.bulk(self.user)?.run_action(ActionRef::from(object));
        let came = stage.attempt(self.number, self.step, call).await;
        let mut asked = Asked::new(self.number, object, came.told());
        if let Came::To(task) = came {
            asked = asked.with_id(task.id());
            if after == After::Cancel {
                let call = task.cancel();
                let _ = stage.patiently(self.number, self.step, call).await;
            }
            if after != After::Nothing {
                let id = task.id().to_string();
                asked.end = match stage.patiently(self.number, self.step, task.wait()).await {
                    Came::To(_) => Some(End::Succeeded),
                    Came::Failed(error) => self.end(&error, &id),
                    Came::Dropped => None,
                };
            }
        }
        let own = &stage.objects[self.user];
        let loads = object == own.import || object == own.process;
        let succeeded = asked.end == Some(End::Succeeded);
        if loads && succeeded {
            self.loaded(object);
        }
        stage.ledger().runs.push(asked);
        Ok(())
    }

    fn started(&self, object: u64) -> Vec<String> {
        self.stage.fake.world(|world| {
            let started = world.books().runs_started.iter();
            let of_this = started.filter(|run| run.object == object);
            of_this.map(|run| run.task.to_string()).collect()
        })
    }

    pub(super) async fn list_runs(&self, what: Runnable) -> Result<()> {
        let stage = self.stage;
        let object = stage.runnable(self.user, what);
        let before = self.started(object);
        let bulk = stage.bulk(self.user)?;
        let call = bulk
            .get_task_summaries(ActionRef::from(object))
            .page_size(2);
        if let Came::To(runs) = stage.attempt(self.number, self.step, call).await {
            let got: Vec<String> = runs
                .into_iter()
                .map(|run| run.task_id.to_string())
                .collect();
            self.check_growing(&before, &got, &self.started(object));
        }
        Ok(())
    }

    /// How many objects of each kind there are.
    fn objects(&self) -> [usize; 5] {
        self.stage.fake.world(|world| {
            let dev = world.model(&self.stage.demo.dev);
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

    /// The first user alone deletes a model; there is one that may be.
    pub(super) async fn delete_model(&self) -> Result<()> {
        if self.user != 0 {
            return Ok(());
        }
        let stage = self.stage;
        let demo = &stage.demo;
        let tenant = stage.bulk(self.user)?.tenant();
        let call = tenant.delete_models(&demo.workspace, [&demo.closable]);
        let came = stage.attempt(self.number, self.step, call).await;
        let deleted = match &came {
            Came::To(deleted) => deleted.deleted,
            Came::Failed(_) | Came::Dropped => 0,
        };
        stage.ledger().deletions.push((came.told(), deleted));
        Ok(())
    }

    pub(super) async fn list_objects(&self) -> Result<()> {
        let stage = self.stage;
        let bulk = stage.bulk(self.user)?;
        let before = self.objects();
        let call = async move {
            let files = bulk.get_files().page_size(3).await?.len();
            let imports = bulk.get_imports().page_size(3).await?.len();
            let exports = bulk.get_exports().await?.len();
            let processes = bulk.get_processes().await?.len();
            let models = bulk.tenant().get_models().page_size(3).await?.len();
            Ok::<_, anaplan_core::Error>([files, imports, exports, processes, models])
        };
        if let Came::To(got) = stage.attempt(self.number, self.step, call).await {
            let has = self.objects();
            let fits = got.iter().zip(before.iter().zip(&has));
            // Somebody may have deleted a model meanwhile.
            if !fits
                .into_iter()
                .all(|(got, (before, has))| got == before || got == has)
            {
                self.blame(
                    "reads are true",
                    format!("got {got:?} objects, has {has:?}"),
                );
            }
            self.mark("objects listed");
        }
        Ok(())
    }
}
