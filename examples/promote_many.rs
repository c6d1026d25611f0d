//! Promotes a release to a test model and three production models, on the embedded fake.
//!
//! A line item was deleted in the development model, so the policy denies the plan until a waiver covers the
//! deletion. One target fails because its workspace is full. The run is resumed when there is space, and the
//! evidence is written: `cargo run --example promote_many --features promote -- FOLDER`.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::{Path, PathBuf};

use anaplan::Client;
use anaplan::promote::{
    ApplyOptions, ApplyStart, DriftScope, Evidence, Journal, Plan, Policy, Promoter, Release,
    Report, Run,
};
use anaplan_testkit::world::SyncFailure;
use anaplan_testkit::{Demo, FakeAnaplan, Pacing};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const RELEASE: &str = r#"
name = "2026-11 Leaner sales"
source = "Sales Planning DEV"

[[wave]]
name = "test"
targets = ["Northwind Planning/Sales Planning TEST"]

[[wave]]
name = "production"
targets = [
    "Northwind Planning/Sales Planning PROD 01",
    "Northwind Planning/Sales Planning PROD 02",
    "Northwind Planning/Sales Planning PROD 03",
]

[[policy.rule]]
id = "no-deletions"
rule = "no-deletions"
severity = "deny"

[[policy.rule]]
id = "tested"
rule = "applied-to"
models = ["Northwind Planning/Sales Planning TEST"]
targets = ["Sales Planning PROD 0?"]
severity = "deny"
"#;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = std::env::args()
        .nth(1)
        .map_or_else(default_folder, PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    let fake = FakeAnaplan::in_process();
    let demo = fake.demo();
    let full = prepare(&fake, &demo);
    let admin = fake.admin();
    let client = Client::builder()
        .connection(fake.connection())
        .basic(admin.user, admin.password)
        .build()?;
    let promoter = client.promoter()?;
    print_drift(&promoter).await?;

    // The policy denies the deletion.
    let mut release = Release::from_toml(RELEASE)?;
    let plan = promoter.plan(&release).await?;
    print_plan(&plan);
    let options = options(&folder);
    match promoter.apply(&plan, options.clone()).await? {
        ApplyStart::Rejected(rejection) => println!("rejected: {rejection}\n"),
        other => return Err(format!("expected a rejection, not {other:?}").into()),
    }

    // A waiver covers one object, with a reason and an expiry date.
    release.policy.waivers = Policy::from_toml(&waiver(&plan)?)?.waivers;
    let plan = promoter.plan(&release).await?;
    plan.write(folder.join("plan.json"))?;
    let plan = Plan::read(folder.join("plan.json"))?;
    print_plan(&plan);

    let run = promoter
        .apply(&plan, options.expect(plan.id.clone()))
        .await?
        .started()?;
    print_report(&follow(run).await?);

    // There is space again. Only the targets that are not done are promoted.
    fake.world(|world| world.fail_syncs(&full, None));
    let journal = Journal::open(journal_path(&folder))?;
    let run = promoter
        .resume(journal, ApplyOptions::default())
        .await?
        .started()?;
    print_report(&follow(run).await?);
    print_drift(&promoter).await?;

    let journal = Journal::read(journal_path(&folder))?;
    Evidence::of(&plan, &journal)?
        .with_pipeline(std::env::vars())
        .write(folder.join("evidence"))?;
    println!(
        "evidence: {}",
        folder.join("evidence").join("evidence.html").display()
    );
    Ok(())
}

/// Adds three production models, deletes a line item in dev, and fills the workspace of one model, whose id
/// is returned.
fn prepare(fake: &FakeAnaplan, demo: &Demo) -> anaplan::ModelId {
    fake.world(|world| {
        world.rules.pacing = Pacing::Instant;
        let models = world.add_production_models(demo, 3);
        world
            .edit(&demo.dev)
            .edit_module(demo.module)
            .remove_line_item(demo.line_item);
        world.add_revision(&demo.dev, "Leaner sales");
        world.fail_syncs(&models[1], Some(SyncFailure::no_space()));
        models[1].clone()
    })
}

/// Returns a waiver of the first deletion that the policy denies.
fn waiver(plan: &Plan) -> Result<String> {
    let mut findings = plan.targets().flat_map(|target| &target.policy.findings);
    let denied = findings.find(|finding| finding.rule == "no-deletions");
    let subject = &denied.ok_or("no deletion was found")?.subject;
    Ok(format!(
        "[[waiver]]\nrule = 'no-deletions'\nsubjects = ['{subject}']\nreason = 'replaced by Revenue, see ticket 4711'\n\
         by = 'ada'\nexpires = 2099-12-31\n"
    ))
}

/// Prints the events of a run and returns its result.
async fn follow(mut run: Run) -> Result<Report> {
    while let Some(event) = run.next_event().await {
        println!(
            "  {}",
            serde_json::to_string(&event?)?
                .chars()
                .take(150)
                .collect::<String>()
        );
    }
    Ok(run.finish().await?)
}

fn print_plan(plan: &Plan) {
    println!("plan {}", plan.id);
    for target in plan.targets() {
        let losses: usize = target
            .steps()
            .iter()
            .filter_map(|step| plan.comparisons.get(step.comparison?))
            .map(|comparison| comparison.diff.data_losses().count())
            .sum();
        println!(
            "  {}: {} data losses, {}",
            target.model.name, losses, target.policy.decision
        );
    }
}

fn print_report(report: &Report) {
    println!("run {:?}", report.status);
    for target in &report.targets {
        println!(
            "  {}: {:?}, next step: {:?}",
            target.name, target.outcome, target.next_step
        );
    }
    println!();
}

async fn print_drift(promoter: &Promoter) -> Result<()> {
    let scope = DriftScope::Lineage {
        of: "Sales Planning DEV".into(),
    };
    for family in promoter.drift(scope).await?.families {
        for model in &family.models {
            if !model.lag.is_up_to_date() {
                println!("{}: {:?}", model.model.name, model.lag);
            }
        }
    }
    println!();
    Ok(())
}

fn options(folder: &Path) -> ApplyOptions {
    ApplyOptions::default().journal(journal_path(folder))
}

fn journal_path(folder: &Path) -> PathBuf {
    folder.join("plan.journal.jsonl")
}

fn default_folder() -> PathBuf {
    std::env::temp_dir().join(format!("anaplan-promote-{}", std::process::id()))
}
