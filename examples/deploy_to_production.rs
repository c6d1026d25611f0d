//! Promotes the changes of a development model to production, on the embedded fake.
//!
//! The first response to the sync is lost on purpose: the sync runs once nevertheless.
//!
//! `--real` uses the `ANAPLAN_*` variables of `ClientBuilder::from_env` instead; `ANAPLAN_MODEL_ID` is the
//! production model. It prints what it would change and asks for a confirmation.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io::Write as _;

use anaplan::Client;
use anaplan::alm::{ComparisonReport, Promotion, PromotionPlan};
use anaplan_testkit::{FakeAnaplan, Fault};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const SYNC: &str = "POST /2/0/models/*/alm/syncTasks";

#[tokio::main]
async fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        None => on_the_fake().await,
        Some("--real") => on_a_real_tenant().await,
        Some(other) => {
            Err(format!("unknown argument '{other}': expected nothing or --real").into())
        }
    }
}

async fn on_the_fake() -> Result<()> {
    let fake = FakeAnaplan::in_process();
    let client = client_of(&fake).await?;
    let Some(plan) = plan(&client).await? else {
        return Ok(());
    };
    let before = fake.world(|world| world.books().syncs_started.len());
    fake.inject(Fault::drop_after().on(SYNC).times(1));
    promote(&plan).await?;

    let syncs = fake.world(|world| world.books().syncs_started.len()) - before;
    let requests = fake.requests().count(SYNC);
    println!("the response to the sync was lost: {requests} request sent, {syncs} sync run");
    Ok(())
}

async fn on_a_real_tenant() -> Result<()> {
    let tenant = ask("tenant: ")?;
    if tenant.is_empty() {
        return Err("no tenant was named".into());
    }
    let client = Client::from_env()?;
    let user = client.who_am_i().await?.email.unwrap_or_default();
    let Some(plan) = plan(&client).await? else {
        return Ok(());
    };
    println!("tenant: {tenant}");
    println!("host:   {}", client.session().hosts().api);
    println!("user:   {user}");
    println!("model:  {}", client.alm()?.model());
    let expected = format!("promote {tenant}");
    if ask(&format!("type \"{expected}\" to start the sync: "))? != expected {
        println!("nothing was changed");
        return Ok(());
    }
    promote(&plan).await
}

/// Prints the revisions and the differences. `None`: production has the latest revision.
async fn plan(client: &Client) -> Result<Option<PromotionPlan>> {
    let production = client.alm()?;
    let Promotion::Ready(plan) = production.plan_promotion().await? else {
        println!("production has the latest revision");
        return Ok(None);
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
    let report = ComparisonReport::parse(&plan.report().await?);
    println!("report:");
    for section in &report.sections {
        println!("  {}: {} rows", section.title, section.rows.len());
    }
    Ok(Some(plan))
}

async fn promote(plan: &PromotionPlan) -> Result<()> {
    let done = plan
        .apply_with(|status| {
            let step = status.current_step.as_deref().unwrap_or_default();
            println!("  sync: {} {step}", status.task_state);
        })
        .await?;
    println!(
        "production has \"{}\" now, before it was \"{}\"",
        done.to.name, done.from.name
    );
    Ok(())
}

fn ask(question: &str) -> Result<String> {
    print!("{question}");
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

/// Returns a client of the demo tenant, signed in by certificate, with a new revision in dev.
async fn client_of(fake: &FakeAnaplan) -> Result<Client> {
    let (demo, identity) = (fake.demo(), fake.admin_identity());
    let client = Client::builder()
        .connection(fake.connection())
        .workspace_id(&demo.workspace)
        .model_id(&demo.prod)
        .certificate(identity.certificate.as_str())
        .private_key(identity.private_key.as_str())
        .build()?;
    println!("signed in as {:?}", client.who_am_i().await?.email);

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
