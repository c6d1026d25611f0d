//! What users do, and what their ledger learns from it.

mod alm;
mod cells;
mod files;
mod items;
mod runs;
mod session;

use std::time::Duration;

use crate::program::{Deed, Step};
use crate::stage::Stage;

/// A step that is being done.
pub(crate) struct Act<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) number: usize,
    pub(crate) step: &'a Step,
    pub(crate) user: usize,
}

/// Does one step.
pub(crate) async fn perform(stage: &Stage, number: usize, step: &Step) -> anaplan_core::Result<()> {
    if step.pause > 0 {
        stage.sleep(Duration::from_millis(step.pause)).await;
    }
    let name = step.deed.name();
    *stage.notes().coverage.deeds.entry(name).or_default() += 1;
    let act = Act {
        stage,
        number,
        step,
        user: step.user,
    };
    match &step.deed {
        Deed::ChangeStructure => act.change_structure(),
        Deed::ExpireTokens => stage.fake.world(|world| world.expire_tokens(None)),
        Deed::Wait { seconds } => stage.sleep(Duration::from_secs(*seconds)).await,
        Deed::WhoAmI => act.who_am_i().await?,
        Deed::SignOut => act.sign_out().await,
        Deed::CreateRevision => act.create_revision().await?,
        Deed::GetRevisions => act.get_revisions().await?,
        Deed::GetLatestRevision => act.get_latest_revision().await?,
        Deed::GetModelsOfRevision => act.get_models_of_revision().await?,
        Deed::Sync => act.sync(false).await?,
        Deed::SyncAndWait => act.sync(true).await?,
        Deed::Promote => act.promote().await?,
        Deed::Preview => act.preview().await?,
        Deed::Report => act.report().await?,
        Deed::SetOnline { online } => act.set_online(*online).await?,
        Deed::InsertItems { count, again } => act.insert_items(*count, *again).await?,
        Deed::InsertUnnamed => act.insert_unnamed().await?,
        Deed::UpdateItems { count } => act.update_items(*count).await?,
        Deed::DeleteItems { count } => act.delete_items(*count).await?,
        Deed::ReadItems { page } => act.read_items(*page).await?,
        Deed::StreamItems => act.stream_items().await?,
        Deed::ReadItemsAsCsv => act.read_items_as_csv().await?,
        Deed::WriteCells { count } => act.write_cells(*count).await?,
        Deed::ReadCells => act.read_cells().await?,
        Deed::ReadList => act.read_list().await?,
        Deed::ReadView => act.read_view().await?,
        Deed::Wake => act.wake().await?,
        Deed::DeleteModel => act.delete_model().await?,
        Deed::SetPeriod { month } => act.set_period(*month).await?,
        Deed::ReadPeriod => act.read_period().await?,
        Deed::ReadModel => act.read_model().await?,
        Deed::Upload {
            rows,
            padding,
            known,
            gzip,
        } => act.upload(*rows, *padding, *known, *gzip).await?,
        Deed::PutFile { rows } => act.put_file(*rows).await?,
        Deed::DeleteFile => act.delete_file().await?,
        Deed::Download => act.download().await?,
        Deed::UploadAndImport { rows } => act.upload_and_import(*rows).await?,
        Deed::Import => act.import().await?,
        Deed::Run { what } => act.run(*what, After::Nothing).await?,
        Deed::RunAndWait { what } => act.run(*what, After::Wait).await?,
        Deed::RunAndCancel { what } => act.run(*what, After::Cancel).await?,
        Deed::ExportAndDownload => act.export_and_download().await?,
        Deed::ListRuns { what } => act.list_runs(*what).await?,
        Deed::ListObjects => act.list_objects().await?,
    }
    Ok(())
}

/// What a user does with a run that has been started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    Nothing,
    Wait,
    Cancel,
}

impl Act<'_> {
    pub(crate) fn late(&self) -> bool {
        self.stage.program.has_late_effects()
    }

    pub(crate) fn blame(&self, rule: &'static str, text: impl Into<String>) {
        self.stage.blame(rule, self.number, text);
    }

    pub(crate) fn mark(&self, name: &'static str) {
        self.stage.notes().coverage.mark(name);
    }
}
