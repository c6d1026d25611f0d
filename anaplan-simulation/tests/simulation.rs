//! A fixed number of programs, the same every time, small enough for every change. The command runs as
//! many more as anybody has time for.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use anaplan_simulation::{Coverage, Report, generate, run, shrink};

/// `ANAPLAN_SIMULATION_SEEDS` runs more of them.
const SEEDS: u64 = 1_000;

fn each(seeds: u64, judge: impl Fn(u64, Report) + Sync) {
    anaplan_conformance::validate_every_fake();
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return;
                    }
                    judge(seed, run(&generate(seed)));
                }
            });
        }
    });
}

#[test]
fn whatever_happens_the_client_tells_the_truth_and_does_nothing_twice() {
    let seeds = std::env::var("ANAPLAN_SIMULATION_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(SEEDS);
    let total = Mutex::new((Coverage::default(), Vec::new()));
    each(seeds, |seed, report| {
        let mut total = total.lock().unwrap();
        total.0.merge(report.coverage);
        total.1.extend(
            report
                .violations
                .into_iter()
                .map(|violation| (seed, violation)),
        );
    });
    let (seen, mut broken) = total.into_inner().unwrap();
    broken.sort_by_key(|(seed, _)| *seed);
    if let Some((seed, first)) = broken.first() {
        let small = serde_json::to_string(&shrink(&generate(*seed), first.rule)).unwrap();
        panic!(
            "seed {seed}, {} broken in all: {first:?}\n{small}",
            broken.len()
        );
    }
    // Programs in which nothing is lost, dropped or found again prove nothing.
    println!("{seen}");
    if seeds >= SEEDS {
        assert_eq!(seen.faults.len(), 10, "{seen}");
        assert_eq!(seen.deeds.len(), 43, "{seen}");
        for (outcome, least) in [
            ("ok", 5_000),
            ("dropped", 200),
            ("Ambiguous", 30),
            ("TaskFailed", 200),
            ("Authentication", 20),
        ] {
            assert!(seen.outcome(outcome) >= least, "{outcome}: {seen}");
        }
        for (mark, count) in &seen.marks {
            assert!(*count > 0, "{mark}: {seen}");
        }
    }
}

#[test]
fn a_program_is_the_same_every_time_and_can_be_stored() {
    for seed in 0..20 {
        let program = generate(seed);
        let stored = serde_json::to_string(&program).unwrap();
        assert_eq!(program, serde_json::from_str(&stored).unwrap());
        assert_eq!(run(&program).history, run(&program).history, "seed {seed}");
    }
}
