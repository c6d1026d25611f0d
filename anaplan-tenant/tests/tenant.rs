//! Deletion, opening, access and members, against the fake.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use anaplan_core::{ErrorKind, PollPolicy};
use support::{Environment, tenant_of};

#[tokio::test(start_paused = true)]
async fn delete_models_deletes_closed_models_and_lists_the_others() {
    let Environment {
        fake, demo, tenant, ..
    } = Environment::new();
    let models = [demo.closable.clone(), demo.dev.clone()];
    let deleted = tenant.delete_models(&demo.workspace, models).await.unwrap();
    assert_eq!(deleted.deleted, 1);
    assert_eq!(deleted.failures.len(), 1);
    assert_eq!(deleted.failures[0].model_id, demo.dev);
    assert!(
        tenant
            .get_model(&demo.closable)
            .await
            .unwrap_err()
            .is_not_found()
    );
    let known = tenant.get_models().await.unwrap();
    assert!(known.iter().all(|model| model.id != demo.closable));
    assert_eq!(
        fake.requests()
            .count("POST /2/0/workspaces/*/bulkDeleteModels"),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn wait_until_open_opens_a_closed_model() {
    let Environment {
        fake, demo, tenant, ..
    } = Environment::new();
    tenant.close_model(&demo.dev).await.unwrap();
    assert!(!tenant.get_model_status(&demo.dev).await.unwrap().is_open());
    tenant.wait_until_open(&demo.dev).await.unwrap();
    assert!(tenant.get_model_status(&demo.dev).await.unwrap().is_open());
    assert_eq!(fake.requests().count("POST /2/0/models/*/open"), 1);
}

#[tokio::test(start_paused = true)]
async fn opening_reports_its_progress_and_ends_at_the_deadline() {
    let Environment { demo, tenant, .. } = Environment::new();
    tenant.close_model(&demo.dev).await.unwrap();
    let mut progress = tenant.opening(&demo.dev).progress();
    let mut steps = Vec::new();
    while let Some(status) = progress.next_status().await {
        steps.push(status.unwrap().result.unwrap().current_step.to_string());
    }
    assert!(steps.len() > 1, "{steps:?}");
    assert_eq!(steps.last().map(String::as_str), Some("Open"));

    tenant.close_model(&demo.dev).await.unwrap();
    let now = PollPolicy::every(Duration::from_secs(1)).with_deadline(Duration::ZERO);
    let opening = tenant.opening(&demo.dev).poll_policy(now);
    let error = opening.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskTimeout, "{error}");
    assert_eq!(error.id("modelId"), Some(demo.dev.as_str()));
}

#[tokio::test(start_paused = true)]
async fn access_listings_agree_with_each_other() {
    let Environment {
        fake, demo, tenant, ..
    } = Environment::new();
    let limited = &demo.limited.id;
    let workspaces = tenant.get_user_workspaces(limited).await.unwrap();
    assert!(workspaces.iter().any(|one| one.id == demo.workspace));
    let models = tenant.get_user_models(limited).await.unwrap();
    assert!(models.iter().any(|model| model.id == demo.dev));
    let users = tenant.get_workspace_users(&demo.workspace).await.unwrap();
    assert!(users.iter().any(|user| user.id == *limited));
    let users = tenant.get_model_users(&demo.dev).await.unwrap();
    assert!(users.iter().any(|user| user.id == *limited));
    assert!(users.iter().all(|user| user.id != demo.outsider.id));

    // Others than administrators read their own access only.
    let own = tenant_of(&fake, limited);
    assert!(!own.get_user_models(limited).await.unwrap().is_empty());
    let error = own.get_user_models(&demo.admin.id).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn workspace_members_require_the_role_of_a_user_administrator() {
    let Environment {
        fake, demo, tenant, ..
    } = Environment::new();
    let admins = tenant.get_workspace_admins(&demo.workspace).await.unwrap();
    let admin = Some(demo.admin.user.as_str());
    assert!(admins.iter().any(|who| who.email.as_deref() == admin));
    let limited = tenant_of(&fake, &demo.limited.id);
    let error = limited
        .get_workspace_admins(&demo.workspace)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
}
