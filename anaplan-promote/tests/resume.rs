//! Continuation and recovery of runs that left something to do.

#![allow(clippy::unwrap_used)]

mod support;

use anaplan_promote::{ApplyOptions, Journal, NextStep, Report, RunStatus, TargetOutcome};
use anaplan_testkit::Fault;
use support::Stage;

async fn resume(stage: &Stage, journal: &Journal, options: ApplyOptions) -> Report {
    let run = stage.promoter().resume(journal.clone(), options);
    let run = run.await.unwrap().started().unwrap();
    run.finish().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn model_that_cannot_be_brought_online_is_a_failure_and_resume_restores_it() {
    let stage = Stage::new(1);
    let model = &stage.models[0];
    let plan = stage.plan_all().await;
    let forbidden = r#"{"status":{"code":403,"message":"Forbidden"}}"#;
    let fault = Fault::reply(403, forbidden).on("PUT /2/0/models/*/onlineStatus");
    stage.fake.inject(fault.after(1));
    let journal = Journal::in_memory();
    let options = ApplyOptions::default().journal(journal.clone());
    let report = stage.apply(&plan, options).await;
    assert_eq!(report.status, RunStatus::Failed, "{report:#?}");
    let TargetOutcome::Failed { step, kind, .. } = &report.targets[0].outcome else {
        panic!("{report:#?}");
    };
    assert_eq!((step.as_str(), kind.as_str()), ("restore", "LeftOffline"));
    assert!(
        matches!(report.targets[0].next_step, NextStep::Manual { .. }),
        "{report:#?}"
    );
    assert!(!stage.is_online(model) && !journal.is_finished());

    stage.fake.clear_faults();
    let report = resume(&stage, &journal, ApplyOptions::default()).await;
    assert_eq!(report.status, RunStatus::Finished, "{report:#?}");
    assert_eq!(report.targets[0].outcome, TargetOutcome::Succeeded);
    assert!(stage.is_online(model));
    assert_eq!(stage.started(model), 1);
}
