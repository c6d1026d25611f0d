//! Checks and gates of a run.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::sync::Arc;

use anaplan_core::async_trait;
use anaplan_promote::{
    ApplyOptions, Check, CheckResult, FailureMode, Gate, Journal, NextStep, PlannedTarget,
    RecoverFrom, RecoverOptions, RestoreOnline, RunStatus, TargetOutcome, TargetReport,
};
use anaplan_testkit::world::ModelState;
use support::Stage;
use support::kill::Kill;
use support::plans::release;

#[tokio::test(start_paused = true)]
async fn wave_with_manual_gate_waits_for_its_approval() {
    let stage = Stage::new(2);
    let (first, second) = stage.models.split_at(1);
    let mut release = release(&[first, second]);
    release.waves[1].gate = Gate::Manual;
    let plan = stage.plan(&release).await;
    let journal = Journal::in_memory();
    let options = ApplyOptions::default().journal(journal.clone());
    let report = stage.apply(&plan, options).await;
    assert_eq!(report.status, RunStatus::Paused);
    assert!(report.targets[0].outcome.is_success());
    assert!(
        matches!(report.targets[1].next_step, NextStep::Approve { .. }),
        "{report:#?}"
    );
    let approval = anaplan_promote::Approval::of_gate(plan.id.clone(), "wave 2", "ada");
    let options = ApplyOptions::default().approval(approval);
    let run = stage.promoter().resume(journal, options).await.unwrap();
    let report = run.started().unwrap().finish().await.unwrap();
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
}

/// A check with a fixed result.
#[derive(Debug)]
struct Fixed(Option<CheckResult>);

#[async_trait]
impl Check for Fixed {
    fn name(&self) -> &str {
        "fixed"
    }

    async fn after(
        &self,
        _target: &PlannedTarget,
        _before: serde_json::Value,
    ) -> anaplan_core::Result<CheckResult> {
        match &self.0 {
            Some(result) => Ok(result.clone()),
            None => panic!("a check with a fault"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn failed_check_leaves_the_model_offline_unless_the_release_says_always() {
    let failed = || Some(CheckResult::Failed("3 cells differ".into()));
    let cases = [
        (Some(CheckResult::Passed), RestoreOnline::IfUnchanged, true),
        (failed(), RestoreOnline::IfUnchanged, false),
        (failed(), RestoreOnline::Always, true),
        (None, RestoreOnline::IfUnchanged, false),
        (None, RestoreOnline::Always, true),
    ];
    for (result, restore, online) in cases {
        let stage = Stage::new(1);
        let mut release = release(&[&stage.models]);
        release.restore_online = restore;
        let plan = stage.plan(&release).await;
        let passed = result == Some(CheckResult::Passed);
        let options = ApplyOptions::default().check(Arc::new(Fixed(result)));
        let report = stage.apply(&plan, options).await;
        assert_eq!(report.status == RunStatus::Finished, passed, "{report:#?}");
        assert_eq!(stage.is_online(&stage.models[0]), online, "{report:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn inconclusive_check_pauses_the_run_after_the_wave() {
    let stage = Stage::new(3);
    let (first, second) = stage.models.split_at(2);
    let mut release = release(&[first, second]);
    release.failure_mode = FailureMode::FinishAll;
    let plan = stage.plan(&release).await;
    let check = Fixed(Some(CheckResult::Inconclusive("no data".into())));
    let report = stage
        .apply(&plan, ApplyOptions::default().check(Arc::new(check)))
        .await;
    assert_eq!(report.status, RunStatus::Paused);
    assert_eq!(stage.started(&second[0]), 0);
}

/// Applies a plan with a check of this result, and returns the journal.
async fn checked(stage: &Stage, result: CheckResult) -> Journal {
    let plan = stage.plan_all().await;
    let journal = Journal::in_memory();
    let options = ApplyOptions::default().journal(journal.clone());
    let options = options.check(Arc::new(Fixed(Some(result))));
    stage.apply(&plan, options).await;
    journal
}

async fn recover(stage: &Stage, journal: &Journal) -> TargetReport {
    let from = RecoverFrom::Journal(journal.clone());
    let recovery = stage.promoter().recover(from, RecoverOptions::default());
    recovery.await.unwrap().targets.remove(0)
}

async fn resume(stage: &Stage, journal: &Journal, options: ApplyOptions) -> TargetReport {
    let run = stage.promoter().resume(journal.clone(), options);
    let run = run.await.unwrap().started().unwrap();
    run.finish().await.unwrap().targets.remove(0)
}

fn kind(report: &TargetReport) -> &str {
    match &report.outcome {
        TargetOutcome::Failed { kind, .. } => kind,
        _ => panic!("{report:#?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn check_that_did_not_pass_stays_a_failure_after_recover_and_resume() {
    let cases = [
        (CheckResult::Failed("3 cells differ".into()), "CheckFailed"),
        (
            CheckResult::Inconclusive("no data".into()),
            "CheckInconclusive",
        ),
    ];
    for (result, expected) in cases {
        let stage = Stage::new(1);
        let journal = checked(&stage, result).await;
        assert_eq!(kind(&recover(&stage, &journal).await), expected);
        assert!(!stage.is_online(&stage.models[0]));
        // This program does not have the check.
        let report = resume(&stage, &journal, ApplyOptions::default()).await;
        assert_eq!(kind(&report), "CheckInconclusive");
        assert!(!stage.is_online(&stage.models[0]) && !journal.is_finished());
        let passes = Arc::new(Fixed(Some(CheckResult::Passed)));
        let report = resume(&stage, &journal, ApplyOptions::default().check(passes)).await;
        assert_eq!(report.outcome, TargetOutcome::Succeeded);
        assert!(stage.is_online(&stage.models[0]) && journal.is_finished());
        assert_eq!(stage.started(&stage.models[0]), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn check_without_result_is_executed_by_resume_after_recover() {
    let stage = Stage::new(1);
    let text = checked(&stage, CheckResult::Passed).await.text();
    let end = text.find("check-finished").unwrap();
    let end = text[..end].rfind('\n').unwrap() + 1;
    let model = stage.models[0].clone();
    let offline = ModelState::ProductionMaintenance;
    stage.fake.world(|world| world.set_state(&model, offline));
    let journal = Journal::with_storage(&text[..end], Kill::never().storage()).unwrap();
    let report = recover(&stage, &journal).await;
    assert!(
        matches!(report.outcome, TargetOutcome::Skipped { .. }),
        "{report:#?}"
    );
    assert_eq!(report.next_step, NextStep::Resume);
    assert!(stage.is_online(&model) && !journal.is_finished());
    let fails = Arc::new(Fixed(Some(CheckResult::Failed("3 cells differ".into()))));
    let report = resume(&stage, &journal, ApplyOptions::default().check(fails)).await;
    assert_eq!(kind(&report), "CheckFailed");
}

/// Counts the rows of a model before and compares them after.
#[derive(Debug)]
struct Prepared;

#[async_trait]
impl Check for Prepared {
    fn name(&self) -> &str {
        "prepared"
    }

    async fn before(&self, target: &PlannedTarget) -> anaplan_core::Result<serde_json::Value> {
        Ok(serde_json::json!({ "model": target.model.id }))
    }

    async fn after(
        &self,
        target: &PlannedTarget,
        before: serde_json::Value,
    ) -> anaplan_core::Result<CheckResult> {
        Ok(match before["model"] == target.model.id.as_str() {
            true => CheckResult::Passed,
            false => CheckResult::Failed(format!("before: {before}")),
        })
    }
}

#[tokio::test(start_paused = true)]
async fn value_of_a_check_is_passed_to_its_comparison() {
    let stage = Stage::new(3);
    let plan = stage.plan_all().await;
    let options = ApplyOptions::default().check(Arc::new(Prepared));
    let report = stage.apply(&plan, options).await;
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
}
