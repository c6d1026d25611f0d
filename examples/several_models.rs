//! Several models at once over one client: one sign-in, one rate limit, one pool of connections.
//!
//! Plays on the embedded fake, and prints the latest revision of each model of the family.

#![allow(clippy::print_stdout)]

use anaplan::Client;
use anaplan_testkit::FakeAnaplan;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fake = FakeAnaplan::in_process();
    let (demo, admin) = (fake.demo(), fake.admin());
    let client = Client::builder()
        .connection(fake.connection())
        .basic(admin.user, admin.password)
        .build()?;
    let latest = async |model| {
        let alm = client.with_model(model).alm()?;
        alm.get_latest_revision().await
    };
    let (dev, test, prod) =
        tokio::try_join!(latest(&demo.dev), latest(&demo.test), latest(&demo.prod),)?;
    for (name, revision) in [("dev", dev), ("test", test), ("prod", prod)] {
        println!(
            "{name}: {}",
            revision.map_or("none".into(), |revision| revision.name)
        );
    }
    println!(
        "signed in {} time",
        fake.requests().count("POST /token/authenticate")
    );
    Ok(())
}
