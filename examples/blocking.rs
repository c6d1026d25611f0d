//! The same calls without async: `cargo run --example blocking --features blocking`.
//!
//! Plays on the embedded fake, and prints the revisions of its models.

#![allow(clippy::print_stdout)]

use anaplan::Client;
use anaplan_testkit::FakeAnaplan;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fake = FakeAnaplan::in_process();
    let (demo, admin) = (fake.demo(), fake.admin());
    let client = Client::builder()
        .connection(fake.connection())
        .model_id(&demo.dev)
        .basic(admin.user, admin.password)
        .build()?;
    for model in [&demo.dev, &demo.test, &demo.prod] {
        let alm = client.with_model(model).alm()?;
        println!("{model}: {} syncs", alm.get_sync_tasks().run()?.len());
        for revision in alm.get_revisions().items() {
            println!("  {}", revision?.name);
        }
    }
    Ok(())
}
