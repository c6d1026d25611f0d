//! Storms: one program, run with many seeds while faults of every kind are injected.
//!
//! The outcomes that the program saw are compared with the [world](anaplan_testkit::World) and its
//! [books](anaplan_testkit::world::Books). A storm fails with its seed, by which it can be
//! repeated.
//!
//! ```
//! use anaplan_conformance::storm;
//!
//! # use anaplan_core::{Endpoint, Method, Path, Response, Result, RetryClass};
//! # struct Me;
//! # impl Endpoint for Me {
//! #     const NAME: &'static str = "users.me";
//! #     const METHOD: Method = Method::GET;
//! #     const RETRY: RetryClass = RetryClass::ReadOnly;
//! #     type Output = serde_json::Value;
//! #     fn path(&self) -> Path { Path::integration().lit("users").lit("me") }
//! #     fn decode(&self, response: Response) -> Result<Self::Output> { response.field("user") }
//! # }
//! let mut failed = 0;
//! storm::each_seed(20, async |seed, fake| {
//!     let session = fake.session_with(storm::settings()).unwrap();
//!     storm::gather(&fake, seed, &["GET /2/0/users/me"]);
//!     match session.call(Me).await {
//!         Ok(me) => assert_eq!(me["email"], fake.admin().user),
//!         Err(error) => {
//!             storm::settle().await;
//!             assert!(!storm::is_ambiguous(&error, true));
//!             failed += 1;
//!         }
//!     }
//! });
//! println!("{failed} have given up");
//! ```

use std::time::Duration;

use anaplan_core::clock::{Clock as _, SystemClock};
use anaplan_core::{Error, PollPolicy, Settings};
use anaplan_testkit::{FakeAnaplan, Fault, Pacing, RetryAfter, paused_runtime};
use fastrand::Rng;

use crate::validated;

/// Environment variable that overrides the number of seeds.
const SEEDS: &str = "ANAPLAN_STORM_SEEDS";
/// Maximum duration of a program by the fake's clock.
const PATIENCE: Duration = Duration::from_secs(7 * 24 * 3600);
/// Duration after which all delayed faults and tasks are over.
const CALM: Duration = Duration::from_secs(3600);

/// Runs a program once for each seed from 0, each time against a fresh demo world and under paused time.
/// The variable `ANAPLAN_STORM_SEEDS` overrides the number of seeds. Returns that number.
///
/// # Panics
///
/// If the program panics, after its seed was printed, and if it has not ended after a week by the fake's
/// clock.
#[allow(clippy::panic, clippy::disallowed_methods)] // The runtime's own time is meant.
pub fn each_seed(seeds: u64, mut tell: impl AsyncFnMut(u64, FakeAnaplan)) -> u64 {
    let told = std::env::var(SEEDS).ok().and_then(|text| text.parse().ok());
    let seeds = told.unwrap_or(seeds);
    for seed in 0..seeds {
        let _guard = Told(seed);
        let Ok(runtime) = paused_runtime() else {
            panic!("this machine has no threads to give");
        };
        let over = runtime.block_on(async {
            let work = tell(seed, validated(FakeAnaplan::in_process()));
            tokio::time::timeout(PATIENCE, work).await
        });
        assert!(over.is_ok(), "it hangs");
    }
    seeds
}

/// Prints the seed of a storm that panics.
struct Told(u64);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the storm of seed {} ended badly", self.0);
        }
    }
}

/// Returns settings with which a client fails within minutes instead of hours.
#[must_use]
pub fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.attempt_timeout = Duration::from_secs(30);
    settings.poll = PollPolicy::default().with_deadline(Duration::from_secs(24 * 3600));
    settings
}

/// Has faults of every kind happen from now on, each with a chance of its own: about half of them on
/// these routes alone and often, the others on everything and less often. Sets the world's pacing, too.
pub fn gather(fake: &FakeAnaplan, seed: u64, routes: &[&str]) {
    // Not the dice that the program may throw by the same seed: they would know the weather.
    let mut dice = Rng::with_seed(!seed);
    fake.seed(dice.u64(..));
    let worst = dice.f64() * 0.5;
    let mut faults = faults(&mut dice);
    dice.shuffle(&mut faults);
    for fault in faults {
        let chance = dice.f64() * worst;
        if dice.bool() {
            for route in routes {
                fake.inject(fault.clone().on(*route).chance(chance * 2.0));
            }
        } else {
            fake.inject(fault.chance(chance / 3.0));
        }
    }
    let pacing = match dice.u8(0..4) {
        0 => Pacing::Instant,
        1 => Pacing::Polls(dice.u32(1..6)),
        _ => Pacing::Time(Duration::from_secs(dice.u64(0..300))),
    };
    fake.world(|world| world.rules.pacing = pacing);
}

/// One fault of each kind.
fn faults(dice: &mut Rng) -> Vec<Fault> {
    let mut outage = || [500, 502, 503, 504][dice.usize(0..4)];
    let (before, after) = (outage(), outage());
    vec![
        Fault::drop_before(),
        Fault::drop_after(),
        Fault::status(before),
        Fault::status_after(after),
        Fault::throttle(RetryAfter::Seconds(dice.u64(0..20))),
        Fault::throttle(RetryAfter::Missing),
        Fault::delay(Duration::from_secs(dice.u64(0..90))),
        Fault::late(Duration::from_secs(dice.u64(1..90))),
        Fault::truncate(dice.usize(0..200)),
        Fault::garbage("<html>502 Bad Gateway</html>"),
        Fault::expire_token(),
    ]
}

/// Waits until the server has come to the end of everything that it was still working on when the client
/// gave up.
pub async fn settle() {
    SystemClock::new().sleep(CALM).await;
}

/// Returns whether an error leaves open what has happened. One that does not is a promise that nothing was done,
/// and one that does must not invite a repetition.
///
/// # Panics
///
/// When the error breaks its promise.
#[must_use]
pub fn is_ambiguous(error: &Error, nothing_done: bool) -> bool {
    if error.is_ambiguous() {
        assert!(
            !error.is_retryable(),
            "ambiguous, and to be repeated: {error}"
        );
        return true;
    }
    assert!(nothing_done, "done, and called undone: {error}");
    false
}
