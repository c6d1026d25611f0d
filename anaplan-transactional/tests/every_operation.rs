//! What is the same for every operation: each is tried in every situation, awaited and, with the
//! feature `blocking`, run.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use anaplan_conformance::rejected_calls::{assert_rejected, reject};
use anaplan_core::ErrorKind;
use anaplan_testkit::world::ModelState;
use anaplan_testkit::{Fault, RetryAfter};
use support::{Kind, OPERATIONS, Stage, statuses};

/// What a server may answer to any call instead of doing it, and what comes of it.
const REFUSALS: [(u16, ErrorKind); 9] = [
    (400, ErrorKind::Rejected),
    (403, ErrorKind::Forbidden),
    (404, ErrorKind::NotFound),
    (405, ErrorKind::Rejected),
    (409, ErrorKind::Conflict),
    (422, ErrorKind::ModelState),
    (423, ErrorKind::ModelState),
    (424, ErrorKind::ModelState),
    (425, ErrorKind::ModelState),
];

#[tokio::test(start_paused = true)]
async fn works_on_a_stage_that_is_set_for_it() {
    for operation in OPERATIONS {
        let stage = Stage::set().await;
        let name = operation.name;
        operation
            .call(&stage)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(stage.fake.requests().count(operation.route), 1, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn renews_a_token_that_has_died_and_sends_again() {
    for operation in OPERATIONS {
        let stage = Stage::set().await;
        let name = operation.name;
        stage
            .fake
            .inject(Fault::expire_token().on(operation.route).times(1));
        operation
            .call(&stage)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let statuses = statuses(&stage.fake, operation.route);
        assert!(
            statuses.len() == 2 && statuses[0] == 401 && statuses[1] < 300,
            "{name}: {statuses:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn waits_when_told_that_there_are_too_many_requests() {
    for operation in OPERATIONS {
        let stage = Stage::set().await;
        let name = operation.name;
        let throttle = Fault::throttle(RetryAfter::Seconds(7));
        stage.fake.inject(throttle.on(operation.route).times(2));
        let started = tokio::time::Instant::now();
        operation
            .call(&stage)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let waited = started.elapsed().as_secs_f64();
        assert!((12.0..60.0).contains(&waited), "{name}: {waited} s");
        assert_eq!(stage.fake.requests().count(operation.route), 3, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn tells_that_an_object_is_not_there() {
    for operation in OPERATIONS.iter().filter(|operation| operation.has_object) {
        let stage = Stage::set().await.without_objects();
        let error = operation.call(&stage).await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::NotFound,
            "{}: {error}",
            operation.name
        );
    }
}

#[tokio::test(start_paused = true)]
async fn tells_every_refusal_apart_and_takes_it_for_an_answer() {
    for operation in OPERATIONS {
        for refusal in REFUSALS {
            let stage = Stage::set().await;
            reject(&stage.fake, operation.route, refusal.0);
            let error = operation.call(&stage).await.unwrap_err();
            assert_rejected(&stage.fake, operation.route, refusal, &error);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn finds_no_model_that_does_not_exist() {
    for operation in OPERATIONS {
        if operation.kind == Kind::Tenant {
            continue;
        }
        let stage = Stage::set()
            .await
            .on(&"0123456789ABCDEF0123456789ABCDEF".into());
        let error = operation.call(&stage).await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::NotFound,
            "{}: {error}",
            operation.name
        );
    }
}

#[tokio::test(start_paused = true)]
async fn hides_the_model_from_users_without_a_role_in_it() {
    for operation in OPERATIONS {
        if operation.kind == Kind::Tenant {
            continue;
        }
        let stage = Stage::set().await;
        let outsider = stage.demo.outsider.id.clone();
        let stage = stage.seen_by(&outsider);
        let error = operation.call(&stage).await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::NotFound,
            "{}: {error}",
            operation.name
        );
    }
}

#[tokio::test(start_paused = true)]
async fn lets_a_role_read_and_write_but_leaves_the_rest_to_administrators() {
    for operation in OPERATIONS
        .iter()
        .filter(|operation| operation.kind.is_data())
    {
        let stage = Stage::set().await;
        let limited = stage.demo.limited.id.clone();
        let stage = stage.seen_by(&limited);
        let outcome = operation.call(&stage).await;
        if operation.kind.is_for_admins() {
            assert_eq!(
                outcome.unwrap_err().kind(),
                ErrorKind::Forbidden,
                "{}",
                operation.name
            );
        } else {
            outcome.unwrap_or_else(|error| panic!("{}: {error}", operation.name));
        }

        stage
            .fake
            .world(|world| world.rules.modelling_for_admins = true);
        let error = operation.call(&stage).await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Forbidden,
            "{}: {error}",
            operation.name
        );
    }
}

#[tokio::test(start_paused = true)]
async fn tells_which_state_of_the_model_is_in_the_way() {
    for operation in OPERATIONS
        .iter()
        .filter(|operation| operation.kind.is_data())
    {
        for (state, refused) in [
            (ModelState::Archived, Some(422)),
            (ModelState::Maintenance, Some(424)),
            (ModelState::Locked, operation.kind.writes().then_some(423)),
        ] {
            let stage = Stage::set().await;
            stage
                .fake
                .world(|world| world.set_state(&stage.demo.dev, state));
            let outcome = operation.call(&stage).await;
            let Some(status) = refused else {
                outcome.unwrap_or_else(|error| panic!("{} {state:?}: {error}", operation.name));
                continue;
            };
            let error = outcome.unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::ModelState,
                "{}: {error}",
                operation.name
            );
            assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
            // An insertion looks first what is there, and may be refused that already.
            let refusals = stage.fake.requests();
            let refusals = refusals.of("/**").filter(|entry| {
                let answered = entry.status.as_ref().map(|answer| answer.as_u16());
                answered == Some(status)
            });
            assert_eq!(refusals.count(), 1, "{}: no second try", operation.name);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn refuses_structural_changes_of_a_deployed_model() {
    let structural = [
        "insert_list_items",
        "update_list_items",
        "delete_list_items",
    ];
    for operation in OPERATIONS
        .iter()
        .filter(|operation| operation.kind.writes())
    {
        let mut stage = Stage::set().await;
        let dev = stage.demo.dev.clone();
        stage
            .fake
            .world(|world| world.set_state(&dev, ModelState::Production));
        operation.call(&stage).await.map_or_else(
            |error| {
                assert_eq!(operation.name, "set_current_fiscal_year", "{error}");
                assert_eq!(error.kind(), ErrorKind::ModelState);
            },
            |()| assert_ne!(operation.name, "set_current_fiscal_year"),
        );
        if structural.contains(&operation.name) {
            stage.list = stage.demo.structural_list.into();
            let error = operation.call(&stage).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ModelState, "{}", operation.name);
            assert_eq!(error.status().map(|status| status.as_u16()), Some(425));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn reads_through_a_server_error_and_a_broken_connection() {
    for operation in OPERATIONS {
        let reads = matches!(
            operation.kind,
            Kind::Read | Kind::AdminRead | Kind::Model | Kind::Tenant
        );
        // A read request builds something on the server: it is not sent twice. One whose deletion
        // was lost is gone.
        let changes = ["create_", "delete_"];
        if !reads || changes.iter().any(|what| operation.name.starts_with(what)) {
            continue;
        }
        let stage = Stage::set().await;
        let name = operation.name;
        stage
            .fake
            .inject(Fault::status(503).on(operation.route).times(1));
        stage
            .fake
            .inject(Fault::drop_after().on(operation.route).times(1));
        operation
            .call(&stage)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(stage.fake.requests().count(operation.route), 3, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn reads_answers_in_an_unusual_layout_with_unknown_fields() {
    for operation in OPERATIONS {
        let stage = Stage::set().await;
        stage.fake.world(|world| {
            world.rules.untidy = true;
            world.rules.novelties = true;
        });
        let name = operation.name;
        operation
            .call(&stage)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[cfg(feature = "blocking")]
mod blocking {
    use super::*;

    #[test]
    fn runs_renews_and_waits_without_an_async_runtime() {
        for operation in OPERATIONS {
            let stage = Stage::set_blocking();
            stage
                .fake
                .inject(Fault::expire_token().on(operation.route).times(1));
            let throttle = Fault::throttle(RetryAfter::Seconds(0));
            stage.fake.inject(throttle.on(operation.route).times(1));
            let name = operation.name;
            operation
                .call(&stage)
                .run()
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(stage.fake.requests().count(operation.route), 3, "{name}");
        }
    }

    #[test]
    fn refuses_as_when_awaited() {
        for operation in OPERATIONS.iter().filter(|operation| operation.has_object) {
            let stage = Stage::set_blocking().without_objects();
            let error = operation.call(&stage).run().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{}", operation.name);
        }
    }

    #[test]
    fn tells_every_refusal_apart_as_when_awaited() {
        for operation in OPERATIONS {
            for refusal in REFUSALS {
                let stage = Stage::set_blocking();
                reject(&stage.fake, operation.route, refusal.0);
                let error = operation.call(&stage).run().unwrap_err();
                assert_rejected(&stage.fake, operation.route, refusal, &error);
            }
        }
    }

    #[test]
    fn items_come_from_an_iterator() {
        let stage = Stage::set_blocking();
        let names: Vec<String> = stage
            .model
            .stream_list_items(&stage.list)
            .map(|item| item.unwrap().name)
            .collect();
        assert_eq!(names, ["North", "South", "West"]);
    }
}
