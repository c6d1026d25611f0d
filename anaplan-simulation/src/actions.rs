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
    let act = ActionContext {
        env,
        number,
        step,
        user: step.user,
    };
    match &step.action {
        Action::ChangeStructure => act.change_structure(),
        Action::ExpireTokens => env.fake.world(|world| world.expire_tokens(None)),
        Action::Wait { seconds } => env.sleep(Duration::from_secs(*seconds)).await,
        Action::WhoAmI => act.who_am_i().await?,
        Action::SignOut => act.sign_out().await,
        Action::CreateRevision => act.create_revision().await?,
        Action::GetRevisions => act.get_revisions().await?,
        Action::GetLatestRevision => act.get_latest_revision().await?,
        Action::GetModelsOfRevision => act.get_models_of_revision().await?,
        Action::Sync => act.sync(false).await?,
        Action::SyncAndWait => act.sync(true).await?,
        Action::Promote => act.promote().await?,
        Action::Preview => act.preview().await?,
        Action::Report => act.report().await?,
        Action::SetOnline { online } => act.set_online(*online).await?,
        Action::InsertItems { count, again } => act.insert_items(*count, *again).await?,
        Action::InsertUnnamed => act.insert_unnamed().await?,
        Action::UpdateItems { count } => act.update_items(*count).await?,
        Action::DeleteItems { count } => act.delete_items(*count).await?,
        Action::ReadItems { page } => act.read_items(*page).await?,
        Action::StreamItems => act.stream_items().await?,
        Action::ReadItemsAsCsv => act.read_items_as_csv().await?,
        Action::WriteCells { count } => act.write_cells(*count).await?,
        Action::ReadCells => act.read_cells().await?,
        Action::ReadList => act.read_list().await?,
        Action::ReadView => act.read_view().await?,
        Action::Wake => act.wake().await?,
        Action::DeleteModel => act.delete_model().await?,
        Action::SetPeriod { month } => act.set_period(*month).await?,
        Action::ReadPeriod => act.read_period().await?,
        Action::ReadModel => act.read_model().await?,
        Action::Upload {
            rows,
            padding,
            known,
            gzip,
        } => act.upload(*rows, *padding, *known, *gzip).await?,
        Action::PutFile { rows } => act.put_file(*rows).await?,
        Action::DeleteFile => act.delete_file().await?,
        Action::Download => act.download().await?,
        Action::UploadAndImport { rows } => act.upload_and_import(*rows).await?,
        Action::Import => act.import().await?,
        Action::Run { what } => act.run(*what, After::Nothing).await?,
        Action::RunAndWait { what } => act.run(*what, After::Wait).await?,
        Action::RunAndCancel { what } => act.run(*what, After::Cancel).await?,
        Action::ExportAndDownload => act.export_and_download().await?,
        Action::ListRuns { what } => act.list_runs(*what).await?,
        Action::ListObjects => act.list_objects().await?,
    }
    Ok(())
}

/// What follows the start of a run.
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
