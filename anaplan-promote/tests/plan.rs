//! Planning, plan files and validation.

#![allow(clippy::unwrap_used)]

mod planning;

use anaplan_core::{ErrorKind, Timestamp};
use anaplan_promote::{Action, ActiveState, ConflictKind, Plan, PlanId, Release, Route, Wave};
use anaplan_testkit::world::ModelState;
use planning::{DEV, PRODUCTIONS, Stage};

#[tokio::test(start_paused = true)]
async fn p01_plan_compares_each_pair_once_and_its_file_verifies() {
    let stage = Stage::new();
    let mut release = stage.release();
    release.waves[2]
        .targets
        .push("Northwind Planning/Sales Planning PROD".into());
    let plan = stage.plan(&release).await;
    assert_eq!(plan.targets().count(), 5);
    assert!(plan.targets().all(|target| target.steps().len() == 1));
    let posts = stage.posts();
    let count = |part: &str| posts.iter().filter(|post| post.contains(part)).count();
    assert_eq!(count("summaryReportTasks"), 2, "{posts:#?}");
    assert_eq!(count("comparisonReportTasks"), 2);
    assert_eq!(
        posts
            .iter()
            .filter(|post| !post.contains("/auth") && !post.contains("token"))
            .count(),
        4
    );
    assert!(
        plan.comparisons
            .iter()
            .all(|comparison| comparison.diff.is_complete())
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.json");
    plan.write(&path).unwrap();
    let read = Plan::read(&path).unwrap();
    assert_eq!(read, plan);
    for comparison in &read.comparisons {
        assert_eq!(
            read.report(comparison).unwrap(),
            plan.report(comparison).unwrap()
        );
        assert_eq!(
            read.report(comparison).unwrap().unwrap().len() as u64,
            comparison.report_bytes
        );
    }
    let again = stage.plan(&release).await;
    let same = |mut plan: Plan| {
        plan.made.at = Timestamp::UNIX_EPOCH;
        plan.id = PlanId::new("");
        plan.to_json().unwrap()
    };
    assert_eq!(same(again), same(plan));
}

#[tokio::test(start_paused = true)]
async fn changed_report_file_is_not_returned() {
    let stage = Stage::new();
    let plan = stage.plan(&stage.release()).await;
    let folder = tempfile::tempdir().unwrap();
    plan.write(folder.path().join("plan.json")).unwrap();
    let read = Plan::read(folder.path().join("plan.json")).unwrap();
    let comparison = &read.comparisons[0];
    let report = folder.path().join(comparison.report_file.as_ref().unwrap());
    std::fs::write(&report, "x").unwrap();
    assert_eq!(
        read.report(comparison).unwrap_err().kind(),
        ErrorKind::Conflict
    );
    std::fs::remove_file(&report).unwrap();
    assert_eq!(read.report(comparison).unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn p03_other_revision_of_a_target_is_a_conflict_with_both_revisions_and_the_user() {
    let stage = Stage::new();
    let plan = stage.plan(&stage.release()).await;
    let target = stage.productions[1].clone();
    let channels = stage.fake.world(|world| {
        let model = world.model(&stage.demo.test).unwrap();
        model.latest().unwrap().revision.clone()
    });
    let alm = <anaplan_alm::Alm as anaplan_core::Namespace>::bind(
        stage
            .fake
            .session_of(&stage.demo.second.id, anaplan_core::Settings::default())
            .unwrap(),
        &anaplan_core::Scope::new(None, Some(target.clone())),
    )
    .unwrap();
    let base = alm.get_latest_revision().await.unwrap().unwrap();
    let pair = anaplan_alm::RevisionPair::new(&channels, &stage.demo.dev, &base.id);
    alm.sync_models(&pair).await.unwrap().wait().await.unwrap();

    stage.fake.forget_requests();
    let validation = stage.promoter.validate(&plan).await.unwrap();
    assert_eq!(stage.posts(), [] as [String; 0]);
    let [conflict] = &validation.conflicts[..] else {
        panic!("expected one conflict: {validation:#?}")
    };
    assert_eq!(conflict.model.as_ref(), Some(&target));
    let ConflictKind::RevisionChanged { planned, actual } = &conflict.kind else {
        panic!("expected another revision: {conflict:?}")
    };
    assert_eq!(planned.as_ref().unwrap().id, base.id);
    let actual = actual.as_ref().unwrap();
    assert_eq!(actual.id.as_str(), channels);
    assert_eq!(actual.applied_by.as_ref(), Some(&stage.demo.second.id));
    let text = conflict.to_string();
    assert!(
        text.contains("Baseline") && text.contains("Channels"),
        "{text}"
    );
    assert!(text.contains(stage.demo.second.id.as_str()), "{text}");
}

#[tokio::test(start_paused = true)]
async fn p04_newer_revision_of_dev_is_a_note() {
    let stage = Stage::new();
    let plan = stage.plan(&stage.release()).await;
    stage
        .fake
        .world(|world| world.add_revision(&stage.demo.dev, "Too late"));
    let validation = stage.promoter.validate(&plan).await.unwrap();
    assert!(validation.is_fresh(), "{validation:#?}");
    assert!(
        validation.notes[0].contains("newer revision 'Too late'"),
        "{:?}",
        validation.notes
    );
}

#[tokio::test(start_paused = true)]
async fn validation_reports_each_kind_of_change() {
    let stage = Stage::new();
    let plan = stage.plan(&stage.release()).await;
    let [uk, fr, es] = [0, 1, 2].map(|index| stage.productions[index].clone());
    stage.fake.world(|world| {
        world.set_state(&uk, ModelState::Locked);
        world.set_state(&fr, ModelState::ProductionMaintenance);
        world.delete_model(&es);
    });
    let validation = stage.promoter.validate(&plan).await.unwrap();
    let kinds: Vec<_> = validation
        .conflicts
        .iter()
        .map(|conflict| &conflict.kind)
        .collect();
    assert_eq!(kinds.len(), 3, "{kinds:#?}");
    let states = |kind: &ConflictKind| match kind {
        ConflictKind::StateChanged { actual, .. } => actual.clone(),
        _ => None,
    };
    assert_eq!(states(kinds[0]), Some(ActiveState::Locked));
    assert_eq!(states(kinds[1]), Some(ActiveState::ProductionMaintenance));
    assert_eq!(kinds[2], &ConflictKind::ModelNotFound);
    assert_eq!(validation.conflicts_of(&uk).count(), 1);

    let mut other = plan.clone();
    other.made.api = "https://elsewhere.example".into();
    let error = stage.promoter.validate(&other).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Conflict,
        "the id protects the host too"
    );
}

#[tokio::test(start_paused = true)]
async fn p05_changed_bytes_of_a_plan_file_are_detected() {
    let stage = Stage::new();
    let plan = stage.plan(&stage.release()).await;
    let bytes = plan.to_json().unwrap();
    assert!(Plan::from_json(&bytes).is_ok());
    let mut random = fastrand::Rng::with_seed(5);
    for _ in 0..400 {
        let mut changed = bytes.clone();
        let index = random.usize(..bytes.len());
        match random.u8(..3) {
            0 => changed[index] = changed[index].wrapping_add(random.u8(1..)),
            1 => drop(changed.remove(index)),
            _ => changed.insert(index, random.u8(b' '..b'~')),
        }
        if changed == bytes {
            continue;
        }
        let error = Plan::from_json(&changed).unwrap_err();
        let kind = error.kind();
        assert!(
            matches!(kind, ErrorKind::Conflict | ErrorKind::InvalidInput),
            "{error}"
        );
    }
    // A change of the content together with a new line end.
    let text = String::from_utf8(bytes).unwrap();
    for newer in ["anaplan.plan/2", "anaplan.plan/1.1", "anaplan.report/1"] {
        let error = Plan::from_json(text.replace("anaplan.plan/1", newer).as_bytes()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("use the version that made the plan"),
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn targets_that_cannot_be_promoted_are_blocked_with_a_reason() {
    let stage = Stage::new();
    let running = stage.productions[2].clone();
    stage.fake.world(|world| {
        world.set_state(&stage.productions[0], ModelState::Locked);
        world.rules.pacing = anaplan_testkit::Pacing::Time(std::time::Duration::from_secs(3600));
    });
    let session = stage
        .fake
        .session_of(&stage.demo.admin.id, anaplan_core::Settings::default())
        .unwrap();
    let scope = anaplan_core::Scope::new(None, Some(running));
    let alm = <anaplan_alm::Alm as anaplan_core::Namespace>::bind(session, &scope).unwrap();
    let started = alm
        .plan_promotion()
        .await
        .unwrap()
        .ready()
        .unwrap()
        .start()
        .await
        .unwrap();
    stage
        .fake
        .world(|world| world.rules.pacing = anaplan_testkit::Pacing::Instant);
    let missing = "0123456789ABCDEF0123456789ABCDEF";
    let release = Release::new("R", DEV).wave(Wave::new(
        "all",
        [
            PRODUCTIONS[0],
            PRODUCTIONS[2],
            "Sales Planning 2019",
            missing,
            "Unrelated",
        ]
        .map(|name| match name {
            "Unrelated" => stage.demo.unrelated.to_string(),
            name => name.to_owned(),
        }),
    ));
    let plan = stage.plan(&release).await;
    let reasons: Vec<String> = plan
        .targets()
        .map(|target| match &target.action {
            Action::Blocked { reason } => reason.clone(),
            other => panic!("{} is not blocked: {other:?}", target.model.name),
        })
        .collect();
    assert_eq!(reasons[0], "the model is locked");
    assert_eq!(
        reasons[1],
        format!("a sync is running as task {}", started.id())
    );
    assert_eq!(reasons[2], "the model is archived");
    assert_eq!(
        reasons[3],
        "the model is missing, or the user has no access"
    );
    assert!(plan.is_empty());
    assert!(stage.promoter.validate(&plan).await.unwrap().is_fresh());
}

#[tokio::test(start_paused = true)]
async fn routes_have_one_step_for_each_revision_and_a_comparison_for_each_step() {
    let stage = Stage::new();
    for (route, steps, fallback) in [
        (Route::Direct, 1, 0),
        (Route::EveryRevision, 2, 0),
        (Route::DirectThenEvery, 1, 2),
    ] {
        let mut release = stage.release();
        release.route = route;
        let plan = stage.plan(&release).await;
        let uk = plan.targets().nth(1).unwrap();
        assert_eq!(
            (uk.steps().len(), uk.fallback().len()),
            (steps, fallback),
            "{route:?}"
        );
        let last = uk.steps().last().unwrap();
        assert_eq!(last.to.id, plan.revision.id);
        let all = uk.steps().iter().chain(uk.fallback());
        assert!(
            all.clone().all(|step| step.comparison.is_some()),
            "{:?}",
            plan.notes
        );
        let mut base = uk.model.latest.as_ref().unwrap().id.clone();
        for step in uk.steps() {
            assert_eq!(step.pair.target_revision, base);
            let comparison = &plan.comparisons[step.comparison.unwrap()];
            assert_eq!((&comparison.from, &comparison.to), (&base, &step.to.id));
            base = step.to.id.clone();
        }
        // The test model has one revision to go.
        assert_eq!(plan.targets().next().unwrap().fallback().len(), 0);
    }
}
