//! The actions of the users and the expectations that follow from their results.

mod alm;
mod cells;
mod files;
mod items;
mod runs;
mod session;

use std::time::Duration;

use crate::environment::Environment;
use crate::program::{Action, Step};

/// The step that is being executed.
pub(crate) struct ActionContext<'a> {
    pub(crate) env: &'a Environment,
    pub(crate) number: usize,
    pub(crate) step: &'a Step,
    pub(crate) user: usize,
}

/// Executes a step.
pub(crate) async fn execute(
    env: &Environment,
    number: usize,
    step: &Step,
) -> anaplan_core::Result<()> {
    if step.pause > 0 {
        env.sleep(Duration::from_millis(step.pause)).await;
    }
    let name = step.action.name();
    *env.notes().coverage.actions.entry(name).or_default() += 1;
    let context = ActionContext {
        env,
        number,
        step,
        user: step.user,
    };
    match &step.action {
        Action::ChangeStructure => context.change_structure(),
        Action::ExpireTokens => env.fake.world(|world| world.expire_tokens(None)),
        Action::Wait { seconds } => env.sleep(Duration::from_secs(*seconds)).await,
        Action::WhoAmI => context.who_am_i().await?,
        Action::SignOut => context.sign_out().await,
        Action::CreateRevision => context.create_revision().await?,
        Action::GetRevisions => context.get_revisions().await?,
        Action::GetLatestRevision => context.get_latest_revision().await?,
        Action::GetModelsOfRevision => context.get_models_of_revision().await?,
        Action::Sync => context.sync(false).await?,
        Action::SyncAndWait => context.sync(true).await?,
        Action::Promote => context.promote().await?,
        Action::Preview => context.preview().await?,
        Action::Report => context.report().await?,
        Action::SetOnline { online } => context.set_online(*online).await?,
        Action::InsertItems { count, again } => context.insert_items(*count, *again).await?,
        Action::InsertUnnamed => context.insert_unnamed().await?,
        Action::UpdateItems { count } => context.update_items(*count).await?,
        Action::DeleteItems { count } => context.delete_items(*count).await?,
        Action::ReadItems { page } => context.read_items(*page).await?,
        Action::StreamItems => context.stream_items().await?,
        Action::ReadItemsAsCsv => context.read_items_as_csv().await?,
        Action::WriteCells { count } => context.write_cells(*count).await?,
        Action::ReadCells => context.read_cells().await?,
        Action::ReadList => context.read_list().await?,
        Action::ReadView => context.read_view().await?,
        Action::Wake => context.wake().await?,
        Action::DeleteModel => context.delete_model().await?,
        Action::SetPeriod { month } => context.set_period(*month).await?,
        Action::ReadPeriod => context.read_period().await?,
        Action::ReadModel => context.read_model().await?,
        Action::Upload {
            rows,
            padding,
            known,
            gzip,
        } => context.upload(*rows, *padding, *known, *gzip).await?,
        Action::PutFile { rows } => context.put_file(*rows).await?,
        Action::DeleteFile => context.delete_file().await?,
        Action::Download => context.download().await?,
        Action::UploadAndImport { rows } => context.upload_and_import(*rows).await?,
        Action::Import => context.import().await?,
        Action::Run { what } => context.run(*what, After::Nothing).await?,
        Action::RunAndWait { what } => context.run(*what, After::Wait).await?,
        Action::RunAndCancel { what } => context.run(*what, After::Cancel).await?,
        Action::ExportAndDownload => context.export_and_download().await?,
        Action::ListRuns { what } => context.list_runs(*what).await?,
        Action::ListObjects => context.list_objects().await?,
        Action::Evaluate { same_session } => context.evaluate(*same_session).await?,
    }
    Ok(())
}

/// The action after the start of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    Nothing,
    Wait,
    Cancel,
}

impl ActionContext<'_> {
    pub(crate) fn late(&self) -> bool {
        self.env.program.has_late_effects()
    }

    pub(crate) fn violation(&self, rule: &'static str, text: impl Into<String>) {
        self.env.violation(rule, self.number, text);
    }

    pub(crate) fn count(&self, name: &'static str) {
        self.env.notes().coverage.count(name);
    }
}
