//! A fixed number of generated programs, and the recorded ones. The command runs more of them.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use anaplan_simulation::checker::rules::EVIDENCE_RULES;
use anaplan_simulation::{Coverage, Program, generate, generate_plain, run, shrink};

/// Number of generated programs. `ANAPLAN_SIMULATION_SEEDS` overrides it.
const SEEDS: u64 = 1_000;

fn seeds() -> u64 {
    let seeds = std::env::var("ANAPLAN_SIMULATION_SEEDS").ok();
    seeds.and_then(|text| text.parse().ok()).unwrap_or(SEEDS)
}

/// Runs the programs of all seeds. Fails with the shrunk program of the first violation.
fn run_all(program: impl Fn(u64) -> Program + Sync) -> Coverage {
    anaplan_conformance::validate_every_fake();
    let next = AtomicU64::new(0);
    let total = Mutex::new((Coverage::default(), Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds() {
                        return;
                    }
                    let report = run(&program(seed));
                    let mut total = total.lock().unwrap();
                    total.0.merge(report.coverage);
                    let violations = report.violations.into_iter();
                    total
                        .1
                        .extend(violations.map(|violation| (seed, violation)));
                }
            });
        }
    });
    let (coverage, mut violations) = total.into_inner().unwrap();
    violations.sort_by_key(|(seed, _)| *seed);
    if let Some((seed, first)) = violations.first() {
        let small = serde_json::to_string(&shrink(&program(*seed), first.rule)).unwrap();
        panic!(
            "seed {seed}, {} violations: {first:?}\n{small}",
            violations.len()
        );
    }
    println!("{coverage}");
    coverage
}

/// Programs without losses, drops and reconciliation would prove nothing.
fn assert_coverage(coverage: &Coverage, outcomes: &[(&str, u64)], faults: usize) {
    if seeds() < SEEDS {
        return;
    }
    assert!(coverage.faults.len() >= faults, "{coverage}");
    assert_eq!(coverage.actions.len(), 44, "{coverage}");
    for (outcome, least) in outcomes {
        assert!(coverage.outcome(outcome) >= *least, "{outcome}: {coverage}");
    }
    for (check, count) in &coverage.checks {
        assert!(*count > 0, "{check}: {coverage}");
    }
}

#[test]
fn plain_programs_break_no_rule() {
    let coverage = run_all(generate_plain);
    let outcomes = [
        ("ok", 5_000),
        ("dropped", 200),
        ("Ambiguous", 30),
        ("TaskFailed", 200),
        ("Authentication", 20),
    ];
    assert_coverage(&coverage, &outcomes, 10);
}

#[test]
fn programs_under_adverse_conditions_break_no_rule() {
    let coverage = run_all(generate);
    let outcomes = [
        ("ok", 5_000),
        ("dropped", 200),
        ("Ambiguous", 100),
        ("TaskFailed", 200),
    ];
    assert_coverage(&coverage, &outcomes, 16);
}

/// The programs of `recorded/` by name, with the rule that each of them broke.
fn recorded() -> Vec<(String, String, Program)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/recorded");
    let mut programs: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read(&path).unwrap();
            let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
            let rule = value["rule"].as_str().unwrap().to_owned();
            (name, rule, serde_json::from_value(value).unwrap())
        })
        .collect();
    programs.sort_by(|a, b| a.0.cmp(&b.0));
    programs
}

#[test]
fn recorded_programs_break_no_rule() {
    let mut broken = Vec::new();
    for (name, _, program) in recorded() {
        for violation in run(&program).violations {
            broken.push(format!("{name}: {violation:?}"));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn recorded_programs_are_listed_in_the_readme_with_their_rules() {
    let readme = include_str!("../README.md");
    let recorded = recorded();
    for (name, rule, _) in &recorded {
        let row = readme
            .lines()
            .find(|line| line.contains(&format!("`{name}`")));
        assert!(row.is_some_and(|row| row.contains(rule)), "{name}: {rule}");
    }
    for rule in EVIDENCE_RULES {
        assert!(readme.contains(rule), "{rule}");
    }
}

#[test]
fn program_has_the_same_requests_in_every_run_and_after_storage() {
    for seed in 0..20 {
        let program = generate(seed);
        let stored = serde_json::to_string(&program).unwrap();
        assert_eq!(program, serde_json::from_str(&stored).unwrap());
        assert_eq!(run(&program).history, run(&program).history, "seed {seed}");
    }
}
