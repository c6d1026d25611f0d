//! A function that uses Anaplan and its tests: `cargo run --example testing_with_the_fake` runs it, and
//! `cargo test --example testing_with_the_fake` tests it.
//!
//! The function promotes the latest revision to a production model and returns one line about the result.

#![allow(clippy::print_stdout)]

use anaplan::alm::{Alm, Promotion};
use anaplan::{Client, ErrorKind, Result};
use anaplan_testkit::FakeAnaplan;

/// The function under test. It takes a namespace and does not depend on the fake.
async fn bring_up_to_date(production: &Alm) -> Result<String> {
    let plan = match production.plan_promotion().await? {
        Promotion::Ready(plan) => plan,
        _ => return Ok("nothing to do".to_owned()),
    };
    match plan.apply().await {
        Ok(done) => Ok(format!("{} is live", done.to.name)),
        Err(error) if error.kind() == ErrorKind::TaskFailed => {
            let failure = error.task_failure().cloned().unwrap_or_default();
            Ok(format!("refused: {}", failure.title.unwrap_or_default()))
        }
        Err(error) => Err(error),
    }
}

/// A client of the fake, as the program makes one of the real thing.
fn client(fake: &FakeAnaplan) -> Result<Client> {
    let admin = fake.admin();
    Client::builder()
        .connection(fake.connection())
        .basic(admin.user, admin.password)
        .model_id(fake.demo().prod)
        .build()
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let fake = FakeAnaplan::in_process();
    let production = client(&fake)?.alm()?;
    println!("{}", bring_up_to_date(&production).await?);
    println!("{}", bring_up_to_date(&production).await?);
    println!("{} requests were made", fake.requests().total());
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use anaplan_testkit::world::{Format, ModelState, SyncFailure};
    use anaplan_testkit::{Fault, Pacing, RetryAfter, World};

    use super::*;

    const START_OF_A_SYNC: &str = "POST /2/0/models/*/alm/syncTasks";

    type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

    #[tokio::test(start_paused = true)]
    async fn the_newest_revision_becomes_live_once() -> Outcome {
        let fake = FakeAnaplan::in_process();
        let production = client(&fake)?.alm()?;
        assert_eq!(
            bring_up_to_date(&production).await?,
            "Headcount by region is live"
        );
        assert_eq!(bring_up_to_date(&production).await?, "nothing to do");
        assert_eq!(fake.requests().count(START_OF_A_SYNC), 1);
        Ok(())
    }

    /// A world of one's own: no more in it than the test is about.
    #[tokio::test(start_paused = true)]
    async fn a_model_of_my_own_gets_my_revision() -> Outcome {
        let demo = FakeAnaplan::in_process();
        let mut world = World::new(demo.world(|world| world.now()));
        let workspace = world.add_workspace("Mine");
        let user = world.add_user("ada@example.com", "her password");
        let user = user.admin_of(&workspace).id();
        let dev = world.add_model(&workspace, "Dev");
        world.edit(&dev).list("Products").items(["Bicycle"]);
        let first = world.add_revision(&dev, "First");
        let prod = world.model_from_revision(&dev, &first, &workspace, "Prod");
        world.set_state(&prod, ModelState::Production);
        world
            .edit(&dev)
            .module("Sales", [])
            .line_item("Volume", Format::Number);
        world.add_revision(&dev, "Second");

        let fake = FakeAnaplan::with_world(world);
        let client = Client::builder()
            .connection(fake.connection())
            .basic("ada@example.com", "her password")
            .model_id(&prod)
            .build()?;
        assert_eq!(bring_up_to_date(&client.alm()?).await?, "Second is live");
        assert!(fake.world(|world| world.user(&user).is_some()));
        Ok(())
    }

    /// Work takes its time, by a clock that costs none.
    #[tokio::test(start_paused = true)]
    async fn an_hour_of_syncing_is_waited_through() -> Outcome {
        let fake = FakeAnaplan::in_process();
        fake.world(|world| world.rules.pacing = Pacing::Time(Duration::from_secs(3600)));
        let production = client(&fake)?.alm()?;
        let started = fake.world(|world| world.now());
        bring_up_to_date(&production).await?;
        let took = fake.world(|world| world.now()).duration_since(started);
        assert!(took.as_secs() >= 3600);
        // The token, which lives 35 minutes, was renewed on the way.
        assert_eq!(fake.requests().count("POST /token/authenticate"), 1);
        assert!(fake.requests().count("POST /token/refresh") >= 1);
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn trouble_on_the_way_does_not_sync_twice() -> Outcome {
        let fake = FakeAnaplan::in_process();
        fake.inject(
            Fault::throttle(RetryAfter::Seconds(30))
                .on("GET /2/0/**")
                .times(2),
        );
        fake.inject(Fault::drop_after().on(START_OF_A_SYNC).times(1));
        let production = client(&fake)?.alm()?;
        assert_eq!(
            bring_up_to_date(&production).await?,
            "Headcount by region is live"
        );
        let started = fake.world(|world| world.books().syncs_started.len());
        assert_eq!(started, 1, "the answer was lost, the work was not");
        Ok(())
    }

    /// The clock can also be moved by hand, here until nothing of the sign-in is left.
    #[tokio::test(start_paused = true)]
    async fn a_program_that_slept_for_a_day_goes_on() -> Outcome {
        let fake = FakeAnaplan::in_process();
        let production = client(&fake)?.alm()?;
        bring_up_to_date(&production).await?;
        fake.advance(Duration::from_secs(24 * 3600));
        assert_eq!(bring_up_to_date(&production).await?, "nothing to do");
        assert_eq!(fake.requests().count("POST /token/authenticate"), 2);
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_of_the_server_is_told_in_its_words() -> Outcome {
        let fake = FakeAnaplan::in_process();
        let prod = fake.demo().prod;
        fake.world(|world| world.fail_syncs(&prod, Some(SyncFailure::no_space())));
        let told = bring_up_to_date(&client(&fake)?.alm()?).await?;
        assert!(told.starts_with("refused: ") && told.len() > 12, "{told}");
        Ok(())
    }
}
