//! Rules, waivers and decisions.

#![allow(clippy::unwrap_used)]

mod planning;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anaplan_core::ErrorKind;
use anaplan_promote::{Decision, Finding, Plan, Policy, Release, Severity};
use anaplan_testkit::{Body, Fault, Observer, Request, Response, Rules};
use planning::{PRODUCTIONS, Stage, TEST};
use serde_json::Value;

const NO_DELETIONS: &str = "[[rule]]\nid = 'keep'\nrule = 'no-deletions'\nseverity = 'deny'\n";

/// Findings of all targets and of the plan, for the first production model only.
fn findings(plan: &Plan) -> Vec<Finding> {
    let uk = plan.targets().nth(1).unwrap();
    plan.policy
        .findings
        .iter()
        .chain(&uk.policy.findings)
        .cloned()
        .collect()
}

fn of_rule(plan: &Plan, rule: &str) -> Vec<Finding> {
    let mut all = findings(plan);
    all.retain(|finding| finding.rule == rule);
    all
}

/// Deletes a line item that every target has, and returns its subject.
fn delete_line_item(stage: &Stage) -> String {
    let demo = &stage.demo;
    stage.fake.world(|world| {
        let model = world.model(&demo.dev).unwrap();
        let module = model
            .structure
            .modules
            .iter()
            .find(|module| module.id == demo.module)
            .unwrap();
        let item = module
            .line_items
            .iter()
            .find(|item| item.id == demo.line_item)
            .unwrap();
        let subject = format!("lineItems: {} / {}", module.name, item.name);
        world
            .edit(&demo.dev)
            .edit_module(demo.module)
            .remove_line_item(demo.line_item);
        world.add_revision(&demo.dev, "Smaller");
        subject
    })
}

fn summary_of(stage: &Stage, change: impl Fn(&mut Value)) -> Fault {
    let log = stage.fake.requests();
    let read = log
        .of("GET /2/0/models/*/alm/summaryReports/*/*")
        .last()
        .unwrap();
    let mut body: Value = serde_json::from_slice(read.answer.as_ref().unwrap()).unwrap();
    change(&mut body);
    Fault::reply_after(200, body.to_string()).on("GET /2/0/models/*/alm/summaryReports/*/*")
}

/// Appends a section to each comparison report while it is set.
#[derive(Default)]
struct ReportSuffix(Mutex<String>);

impl Observer for ReportSuffix {
    fn response(&self, request: &Request, mut response: Response, _: &Rules) -> Response {
        let suffix = self.0.lock().unwrap();
        if request.path().contains("/comparisonReports/") && !suffix.is_empty() {
            let body = response.body.into_bytes().unwrap();
            response.body = Body::Full([&body, suffix.as_bytes()].concat().into());
        }
        response
    }
}

fn report_suffix(stage: &Stage) -> Arc<ReportSuffix> {
    let suffix = Arc::new(ReportSuffix::default());
    stage.fake.observe(suffix.clone());
    suffix
}

/// A release with one pair of revisions.
fn one_pair(stage: &Stage, policy: &str) -> Release {
    let mut release = stage.release_with(policy);
    release.waves.remove(0);
    release
}

#[tokio::test(start_paused = true)]
async fn p12_deleted_line_item_is_denied_with_its_subject() {
    let stage = Stage::new();
    let subject = delete_line_item(&stage);
    let plan = stage.plan(&stage.release_with(NO_DELETIONS)).await;
    assert_eq!(plan.policy.decision, Decision::Denied);
    let found = of_rule(&plan, "keep");
    assert_eq!(found[0].subject, subject);
    assert_eq!(
        (found[0].severity, found[0].inconclusive),
        (Severity::Deny, false)
    );
}

#[tokio::test(start_paused = true)]
async fn p12_counted_deletions_are_denied_with_their_number() {
    let stage = Stage::new();
    let release = one_pair(&stage, NO_DELETIONS);
    let suffix = report_suffix(&stage);
    stage.plan(&release).await;
    // The report and the summary of a tenant on which three items of a list are deleted.
    let section = "\n=== CHANGES WITHIN LISTS ===\nList\tItems Deleted\nProducts\t3\n";
    *suffix.0.lock().unwrap() = section.into();
    let summary = summary_of(&stage, |body| {
        let report = &mut body["summaryReport"];
        let items = report["differences"]["listItems"]["deleted"]
            .as_u64()
            .unwrap_or(0);
        report["differences"]["listItems"]["deleted"] = (items + 3).into();
        report["totals"]["deleted"] =
            (report["totals"]["deleted"].as_u64().unwrap_or(0) + 3).into();
    });
    stage.fake.inject(summary);
    let plan = stage.plan(&release).await;
    assert_eq!(plan.policy.decision, Decision::Denied);
    let found = of_rule(&plan, "keep");
    assert_eq!(found[0].subject, "listItems: Products (3 deleted)");
    assert!(!found[0].inconclusive, "{found:#?}");
}

#[tokio::test(start_paused = true)]
async fn p12_unknown_section_has_the_severity_of_unrecognized() {
    let stage = Stage::new();
    let suffix = report_suffix(&stage);
    for (policy, decision) in [
        ("", Decision::NeedsApproval),
        ("unrecognized = 'deny'\n", Decision::Denied),
        ("unrecognized = 'warn'\n", Decision::Allowed),
    ] {
        let release = one_pair(&stage, &format!("{policy}{NO_DELETIONS}"));
        let before = stage.plan(&release).await;
        assert_eq!(before.policy.decision, Decision::Allowed, "{policy}");
        let section = "\n=== UX PAGES DELETED ===\nName\nOverview\n";
        *suffix.0.lock().unwrap() = section.into();
        let plan = stage.plan(&release).await;
        suffix.0.lock().unwrap().clear();
        assert_eq!(plan.policy.decision, decision, "{policy}");
        assert!(of_rule(&plan, "keep").is_empty());
        let found = plan.targets().flat_map(|target| &target.policy.findings);
        let found: Vec<_> = found
            .filter(|finding| finding.rule == "unrecognized")
            .collect();
        assert_eq!(found[0].subject, "section: UX PAGES DELETED (1 rows)");
    }
}

#[tokio::test(start_paused = true)]
async fn p12_summary_with_one_more_deletion_is_inconclusive_and_denied() {
    let stage = Stage::new();
    let release = one_pair(&stage, NO_DELETIONS);
    assert_eq!(
        stage.plan(&release).await.policy.decision,
        Decision::Allowed
    );
    stage.fake.inject(summary_of(&stage, |body| {
        let report = &mut body["summaryReport"];
        report["differences"]["lineItems"]["deleted"] = 1.into();
        report["totals"]["deleted"] = 1.into();
    }));
    let plan = stage.plan(&release).await;
    assert_eq!(plan.policy.decision, Decision::Denied);
    let found = of_rule(&plan, "keep");
    assert!(
        found.iter().all(|finding| finding.inconclusive),
        "{found:#?}"
    );
    assert!(
        found[0]
            .subject
            .starts_with("lineItems: 1 deleted in the summary"),
        "{found:#?}"
    );
    // Other kinds are not affected.
    stage.fake.clear_faults();
    stage.fake.inject(summary_of(&stage, |body| {
        body["summaryReport"]["differences"]["lineItems"]["deleted"] = 1.into();
        body["summaryReport"]["totals"]["deleted"] = 1.into();
    }));
    let lists = one_pair(&stage, &format!("{NO_DELETIONS}kinds = ['lists']\n"));
    assert_eq!(stage.plan(&lists).await.policy.decision, Decision::Allowed);
}

fn waiver(rule: &str, subject: &str, expires: &str) -> String {
    format!(
        "{NO_DELETIONS}[[waiver]]\nrule = '{rule}'\nsubjects = ['{subject}']\nreason = 'moved'\nby = 'ada'\nexpires = {expires}\n"
    )
}

#[tokio::test(start_paused = true)]
async fn p13_waiver_covers_its_subject_until_it_expires() {
    let stage = Stage::new();
    let subject = delete_line_item(&stage);
    let today = stage.fake.world(|world| world.now()).to_string()[..10].to_owned();
    let decision = async |policy: &str| stage.plan(&stage.release_with(policy)).await;

    let plan = decision(&waiver("keep", &subject, &today)).await;
    assert_eq!(plan.policy.decision, Decision::Allowed);
    let waived = of_rule(&plan, "keep")[0].waived.clone().unwrap();
    assert_eq!((&*waived.reason, &*waived.by), ("moved", "ada"));
    assert!(plan.policy.unused_waivers.is_empty());

    for policy in [
        waiver("keep", "lineItems: Other / *", &today),
        waiver("other", &subject, &today),
        waiver("keep", &subject, "2020-01-31"),
    ] {
        let plan = decision(&policy).await;
        assert_eq!(plan.policy.decision, Decision::Denied, "{policy}");
        assert_eq!(plan.policy.unused_waivers.len(), 1);
    }
    let only_uk = waiver("keep", &subject, &today) + &format!("targets = ['{}']", PRODUCTIONS[0]);
    let plan = decision(&only_uk).await;
    assert_eq!(plan.policy.decision, Decision::Denied);
    assert_eq!(
        plan.targets().nth(1).unwrap().policy.decision,
        Decision::Allowed
    );
    assert_eq!(
        plan.targets().nth(2).unwrap().policy.decision,
        Decision::Denied
    );
    let all = waiver("keep", "lineItems: *", "'2099-12-31'");
    assert_eq!(decision(&all).await.policy.decision, Decision::Allowed);

    let without_reason = waiver("keep", &subject, &today).replace("reason = 'moved'\n", "");
    assert_eq!(
        Policy::from_toml(&without_reason).unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
    let empty_reason = waiver("keep", &subject, &today).replace("'moved'", "' '");
    let error = Policy::from_toml(&empty_reason).unwrap_err();
    assert!(error.to_string().contains("has no reason"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn p14_revision_must_have_been_in_the_test_model_for_a_day() {
    let stage = Stage::new();
    let rule = format!(
        "[[rule]]\nid = 'tested'\nrule = 'applied-to'\nmodels = ['{TEST}']\nfor-at-least = '24h'\nseverity = 'deny'\ntargets = ['Sales ??']\n"
    );
    let release = stage.release_with(&rule);
    // The first wave is the test model: the rule is evaluated again when the second wave starts.
    let plan = stage.plan(&release).await;
    assert_eq!(plan.policy.decision, Decision::Allowed);

    // Without this wave the test model does not have the revision.
    let mut production = release.clone();
    let test = production.waves.remove(0);
    production.waves[0]
        .targets
        .insert(0, "Sales Planning PROD".into());
    let plan = stage.plan(&production).await;
    assert_eq!(plan.policy.decision, Decision::Denied);
    assert_eq!(
        of_rule(&plan, "tested")[0].message,
        "does not have the revision"
    );

    let session = stage
        .fake
        .session_of(&stage.demo.admin.id, anaplan_core::Settings::default())
        .unwrap();
    let scope = anaplan_core::Scope::new(None, Some(stage.demo.test.clone()));
    let alm = <anaplan_alm::Alm as anaplan_core::Namespace>::bind(session, &scope).unwrap();
    alm.plan_promotion()
        .await
        .unwrap()
        .ready()
        .unwrap()
        .apply()
        .await
        .unwrap();
    stage.fake.advance(Duration::from_secs(3600));
    let plan = stage.plan(&production).await;
    assert_eq!(plan.policy.decision, Decision::Denied);
    let message = &of_rule(&plan, "tested")[0].message;
    assert!(
        message.contains("23h") || message.contains("22h 59"),
        "{message}"
    );
    stage.fake.advance(Duration::from_secs(23 * 3600 + 60));
    assert_eq!(
        stage.plan(&production).await.policy.decision,
        Decision::Allowed
    );
    assert_eq!(test.name, "test");
}

#[tokio::test(start_paused = true)]
async fn each_rule_about_the_plan_is_violated_and_satisfied() {
    let stage = Stage::new();
    let subject = delete_line_item(&stage);
    let module = subject["lineItems: ".len()..]
        .split(" / ")
        .next()
        .unwrap()
        .to_owned();
    for (rule, violated, satisfied) in [
        (
            "no-deletions",
            "kinds = ['lineItems']".to_owned(),
            "kinds = ['lists']".to_owned(),
        ),
        (
            "no-data-loss",
            "certainty = 'certain'".into(),
            String::new(),
        ),
        (
            "untouched",
            format!("modules = ['{module}']"),
            "lists = ['No such list']".into(),
        ),
        (
            "untouched",
            "modules = ['*']".into(),
            "modules = ['No*']".into(),
        ),
        ("at-most", "changes = 2".into(), "changes = 500".into()),
        (
            "at-most",
            "changes = 0\nkinds = ['lineItems']".into(),
            "changes = 0\nkinds = ['versions']".into(),
        ),
        (
            "source-is",
            format!("models = ['{TEST}']"),
            "models = ['Sales Planning DEV']".into(),
        ),
        (
            "revision-name",
            "pattern = 'Big*'".into(),
            "pattern = 'Sm?ller'".into(),
        ),
        ("deployed", "targets = ['None']".into(), String::new()),
    ] {
        let decision = async |settings: &str| {
            let policy = format!(
                "unrecognized = 'warn'\n[[rule]]\nid = 'x'\nrule = '{rule}'\nseverity = 'deny'\n{settings}\n"
            );
            stage
                .plan(&stage.release_with(&policy))
                .await
                .policy
                .decision
        };
        let (denied, allowed) = match rule {
            "no-data-loss" => (decision(&violated).await, Decision::Allowed),
            "deployed" => (Decision::Denied, decision(&violated).await),
            _ => (decision(&violated).await, decision(&satisfied).await),
        };
        assert_eq!(
            (denied, allowed),
            (Decision::Denied, Decision::Allowed),
            "{rule} {violated}"
        );
    }
    stage.fake.world(|world| {
        world.set_state(
            &stage.productions[0],
            anaplan_testkit::world::ModelState::Unlocked,
        );
    });
    let plan = stage
        .plan(&stage.release_with("[[rule]]\nid = 'd'\nrule = 'deployed'\n"))
        .await;
    assert_eq!(of_rule(&plan, "d")[0].subject, "state: UNLOCKED");
    assert!(
        plan.notes
            .iter()
            .any(|note| note.ends_with("is not in deployed mode"))
    );
    let mut release = stage.release_with("[[rule]]\nid = 'o'\nrule = 'offline'\n");
    assert!(of_rule(&stage.plan(&release).await, "o").is_empty());
    release.take_offline = anaplan_promote::TakeOffline::Never;
    assert_eq!(of_rule(&stage.plan(&release).await, "o").len(), 1);
}
