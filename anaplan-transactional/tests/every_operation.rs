//! Rules that hold for every operation, awaited and, with the feature `blocking`, run.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use anaplan_conformance::matrix;
use anaplan_core::ErrorKind;
use anaplan_testkit::Fault;
use anaplan_testkit::world::ModelState;
use support::{Kind, OPERATIONS, Operation, Stage};

fn of_a_model() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS
        .iter()
        .filter(|operation| operation.kind != Kind::Tenant)
}

#[tokio::test(start_paused = true)]
async fn operation_succeeds() {
    matrix::succeeds(OPERATIONS).await;
}

#[tokio::test(start_paused = true)]
async fn operation_renews_an_expired_token_and_is_sent_again() {
    matrix::renews_an_expired_token(OPERATIONS).await;
}

#[tokio::test(start_paused = true)]
async fn operation_waits_after_too_many_requests() {
    matrix::waits_after_too_many_requests(OPERATIONS).await;
}

#[tokio::test(start_paused = true)]
async fn operation_on_an_unknown_object_is_not_found() {
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
async fn refusals_are_classified_by_status_and_not_retried() {
    matrix::classifies_refusals(OPERATIONS).await;
}

#[tokio::test(start_paused = true)]
async fn operation_on_an_unknown_model_is_not_found() {
    matrix::unknown_model_is_not_found(of_a_model()).await;
}

#[tokio::test(start_paused = true)]
async fn operation_on_an_inaccessible_model_is_not_found() {
    matrix::hides_the_model_from_outsiders(of_a_model(), |_| Some(ErrorKind::NotFound)).await;
}

#[tokio::test(start_paused = true)]
async fn operation_needs_a_role_and_some_need_an_administrator() {
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
async fn operation_is_refused_by_the_state_of_the_model() {
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
async fn structural_change_of_a_deployed_model_is_refused() {
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
async fn read_is_retried_after_a_server_error_and_a_broken_connection() {
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
async fn operation_reads_unknown_fields_and_values() {
    matrix::reads_unknown_fields(OPERATIONS, |_| {}).await;
}

#[cfg(feature = "blocking")]
mod blocking {
    use super::*;
    use anaplan_core::Pending;

    #[test]
    fn blocking_operation_renews_and_waits() {
        matrix::renews_and_waits_blocking(OPERATIONS, Stage::set_blocking, Pending::run);
    }

    #[test]
    fn blocking_operation_on_an_unknown_object_is_not_found() {
        for operation in OPERATIONS.iter().filter(|operation| operation.has_object) {
            let stage = Stage::set_blocking().without_objects();
            let error = operation.call(&stage).run().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{}", operation.name);
        }
    }

    #[test]
    fn blocking_refusals_are_classified_by_status() {
        matrix::classifies_refusals_blocking(OPERATIONS, Stage::set_blocking, Pending::run);
    }

    #[test]
    fn stream_list_items_is_an_iterator() {
        let stage = Stage::set_blocking();
        let names: Vec<String> = stage
            .model
            .stream_list_items(&stage.list)
            .map(|item| item.unwrap().name)
            .collect();
        assert_eq!(names, ["North", "South", "West"]);
    }
}
