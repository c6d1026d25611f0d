//! Promotes the changes of a development model to production.
//!
//! Needs no credentials: without `ANAPLAN_*` variables it plays on the embedded fake. With them (see
//! `ClientBuilder::from_env`; `ANAPLAN_MODEL_ID` is the production model) it works on a real tenant.

#![allow(clippy::print_stdout)]

use std::error::Error;

use anaplan::Client;
use anaplan::alm::{ComparisonReport, Promotion};
use anaplan_testkit::FakeAnaplan;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let real = std::env::vars().any(|(name, _)| name.starts_with("ANAPLAN_"));
    let client = if real {
        Client::from_env()?
    } else {
        on_the_fake().await?
    };
    let production = client.alm()?;

    let plan = match production.plan_promotion().await? {
        Promotion::Ready(plan) => plan,
        _ => {
            println!("production has everything already");
            return Ok(());
        }
    };
    for (name, alm) in [
        ("dev", production.with_model(&plan.source_model)),
        ("prod", production.clone()),
    ] {
        println!("revisions of {name}:");
        for revision in alm.get_revisions().await? {
            println!("  {} {}", revision.id, revision.name);
        }
    }

    println!(
        "{} -> {}",
        plan.target_revision.name, plan.source_revision.name
    );
    let summary = plan.preview().await?;
    println!("summary: {}", summary.totals);
    for (kind, counts) in &summary.differences {
        println!("  {kind}: {counts}");
    }
    let path = std::env::temp_dir().join("anaplan-comparison-report.tsv");
    let size = plan.save_report(&path).await?;
    let report = ComparisonReport::parse(&std::fs::read(&path)?);
    println!("full report: {size} bytes in {}", path.display());
    for section in &report.sections {
        println!("  {}: {} rows", section.title, section.rows.len());
    }

    let done = plan
        .apply_with(|status| {
            println!(
                "  sync: {} {}",
                status.task_state,
                status.current_step.as_deref().unwrap_or("")
            );
        })
        .await?;
    println!(
        "production has \"{}\" now, before it was \"{}\"",
        done.to.name, done.from.name
    );
    Ok(())
}

/// A client of the demo company, signed in by certificate, whose development model has just changed.
async fn on_the_fake() -> Result<Client, Box<dyn Error>> {
    let fake = FakeAnaplan::in_process();
    let (demo, identity) = (fake.demo(), fake.admin_identity());
    let client = Client::builder()
        .connection(fake.connection())
        .workspace_id(&demo.workspace)
        .model_id(&demo.prod)
        .certificate(identity.certificate.as_str())
        .private_key(identity.private_key.as_str())
        .build()?;
    println!("signed in as {:?}", client.who_am_i().await?.user_id);

    fake.world(|world| {
        world
            .edit(&demo.dev)
            .list("Campaign Types")
            .items(["Spring", "Autumn"])
            .id()
    });
    let dev = client.with_model(&demo.dev).alm()?;
    let revision = dev.create_revision("Campaign types").await?;
    println!("created the revision {}", revision.name);
    Ok(client)
}
