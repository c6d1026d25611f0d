//! Releases: names, revisions, keys.

#![allow(clippy::unwrap_used)]

mod planning;

use anaplan_core::ErrorKind;
use anaplan_promote::{Action, Gate, NameError, Release, Route, Wave};
use anaplan_testkit::world::Format;
use planning::{DEV, PRODUCTIONS, Stage, TEST};
use proptest::prelude::*;

#[tokio::test(start_paused = true)]
async fn names_are_resolved_once_and_reported_with_candidates() {
    let stage = Stage::new();
    let plan = |source: &str, target: &str| {
        let release = Release::new("R", source).wave(Wave::new("w", [target]));
        let promoter = stage.promoter.clone();
        async move { promoter.plan(&release).await }
    };
    let error = plan(DEV, "Sales Planing TEST").await.unwrap_err();
    let Some(NameError::Missing { similar, .. }) = NameError::of(&error) else {
        panic!("expected a missing name: {error}")
    };
    assert_eq!(similar[0].name, TEST);
    stage.fake.world(|world| {
        let oldest = world
            .model(&stage.demo.prod)
            .unwrap()
            .latest()
            .unwrap()
            .revision
            .clone();
        world.model_from_revision(
            &stage.demo.dev,
            &oldest,
            &stage.demo.workspace,
            PRODUCTIONS[0],
        );
    });
    let error = plan(DEV, PRODUCTIONS[0]).await.unwrap_err();
    assert!(
        matches!(NameError::of(&error), Some(NameError::Ambiguous { candidates, .. }) if candidates.len() == 2)
    );
    assert_eq!(error.kind(), ErrorKind::Conflict);

    let twice = Release::new("R", DEV)
        .wave(Wave::new("a", [TEST]))
        .wave(Wave::new("b", [stage.demo.test.as_str()]));
    let error = stage.promoter.plan(&twice).await.unwrap_err();
    assert!(error.to_string().contains("is a target already"), "{error}");
    let error = plan(DEV, stage.demo.dev.as_str()).await.unwrap_err();
    assert!(error.to_string().contains("is the source"), "{error}");
    let mut wave = Wave::new("w", [TEST]);
    wave.source = Some(PRODUCTIONS[1].into());
    let error = stage
        .promoter
        .plan(&Release::new("R", DEV).wave(wave))
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("neither the source of the release"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn revision_is_found_by_name_and_id() {
    let stage = Stage::new();
    let mut release = stage.release();
    release.revision = "Channels".into();
    let plan = stage.plan(&release).await;
    assert_eq!(plan.revision.name, "Channels");
    assert!(matches!(
        plan.targets().next().unwrap().action,
        Action::UpToDate
    ));
    assert!(
        plan.notes
            .iter()
            .any(|note| note.contains("newer revision")),
        "{:?}",
        plan.notes
    );
    release.revision = plan.revision.id.as_str().into();
    assert_eq!(stage.plan(&release).await.revision, plan.revision);
    release.revision = "Chanels".into();
    let error = stage.promoter.plan(&release).await.unwrap_err();
    assert!(
        error.is_not_found() && error.to_string().contains("'Channels'"),
        "{error}"
    );
    stage.fake.world(|world| {
        world
            .edit(&stage.demo.dev)
            .module("More", [])
            .line_item("x", Format::Number);
        world.add_revision(&stage.demo.dev, "Channels")
    });
    release.revision = "Channels".into();
    let error = stage.promoter.plan(&release).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[test]
fn release_rejects_unknown_keys_at_every_level() {
    let release = |extra: &str| {
        Release::from_toml(&format!(
            "name = 'n'\nsource = 's'\n{extra}\n[[wave]]\nname = 'w'\ntargets = ['t']"
        ))
    };
    let full = "revision = '2026.11'\nroute = 'direct-then-every'\ntake-offline = 'never'\nrestore-online = 'always'\n\
                failure-mode = 'finish-all'\nconcurrency = 2";
    let read = release(full).unwrap();
    assert_eq!(
        (read.route, read.concurrency.get()),
        (Route::DirectThenEvery, 2)
    );
    for bad in [
        "routes = 'direct'",
        "route = 'fast'",
        "concurrency = 0",
        "[policy]\nrules = []",
    ] {
        assert_eq!(
            release(bad).unwrap_err().kind(),
            ErrorKind::InvalidInput,
            "{bad}"
        );
    }
    let wave = "name = 'n'\nsource = 's'\n[[wave]]\nname = 'w'\ntargets = ['t']\ngate = 'manual'\nsoak = '2h'";
    let read = Release::from_toml(wave).unwrap();
    assert_eq!(read.waves[0].gate, Gate::Manual);
    assert_eq!(read.waves[0].soak.unwrap().as_hours(), 2);
    for bad in ["soak = '-2h'", "sok = '2h'", "soak = 'soon'"] {
        let text = wave.replace("soak = '2h'", bad);
        assert!(Release::from_toml(&text).is_err(), "{bad}");
    }
    let waves = |waves: &str| Release::from_toml(&format!("name = 'n'\nsource = 's'\n{waves}"));
    for bad in [
        "",
        "[[wave]]\nname = 'w'\ntargets = []",
        "[[wave]]\nname = 'w'\ntargets = ['a']\n[[wave]]\nname = 'w'\ntargets = ['b']",
        "[[wave]]\nname = 'w'\ntargets = ['a', 'a']",
    ] {
        assert!(waves(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_release_parser_panic(text in "[a-z\\[\\]='\" \n.-]{0,120}") {
        let _ = Release::from_toml(&text);
    }
}
