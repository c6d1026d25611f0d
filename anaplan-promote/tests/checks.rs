//! Checks and gates of a run.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::sync::Arc;

use anaplan_core::async_trait;
use anaplan_promote::{
    ApplyOptions, Check, CheckResult, FailureMode, Gate, Journal, NextStep, PlannedTarget,
    RestoreOnline, RunStatus,
};
use support::Stage;
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
