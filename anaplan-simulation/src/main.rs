//! Runs generated programs, or a stored one.

#![allow(clippy::print_stdout, clippy::disallowed_methods)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anaplan_simulation::checker::rules;
use anaplan_simulation::{
    Coverage, Program, Report, Violation, generate, generate_plain, run, shrink,
};
use clap::Parser;

/// Random programs of calls, faults and cancellations against the whole client.
#[derive(Parser)]
struct Arguments {
    /// Number of programs.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// Seed of the first program.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Runs the program of this file instead.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Number of failing programs to print.
    #[arg(long, default_value_t = 3)]
    failures: usize,
    /// Prints the requests of the program of `--program`.
    #[arg(long)]
    history: bool,
    /// Runs every program twice and compares the requests.
    #[arg(long)]
    twice: bool,
    /// Does not shrink failing programs.
    #[arg(long)]
    whole: bool,
    /// Generates programs without adverse conditions.
    #[arg(long)]
    plain: bool,
    /// Shrinks the first failing program of each rule instead.
    #[arg(long)]
    by_rule: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    std::panic::set_hook(Box::new(|_| {}));
    if let Some(path) = &arguments.program {
        return one(path, arguments.history);
    }
    many(&arguments)
}

fn one(path: &std::path::Path, history: bool) -> ExitCode {
    let program = std::fs::read(path)
        .map_err(|error| error.to_string())
        .and_then(|text| {
            serde_json::from_slice::<Program>(&text).map_err(|error| error.to_string())
        });
    let program = match program {
        Ok(program) => program,
        Err(error) => {
            println!("{}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    };
    let report = run(&program);
    if history {
        report.history.iter().for_each(|line| println!("{line}"));
    }
    print!("{}", report.coverage);
    print(&report);
    verdict(report.violations.is_empty())
}

fn many(arguments: &Arguments) -> ExitCode {
    let next = AtomicU64::new(arguments.first);
    let end = arguments.first.saturating_add(arguments.seeds);
    let total = Mutex::new((Coverage::default(), Vec::new()));
    let started = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let at: Vec<AtomicU64> = (0..threads).map(|_| AtomicU64::new(u64::MAX)).collect();
        let at = std::sync::Arc::new(at);
        watch(&at);
        for index in 0..threads {
            let (next, total, at) = (&next, &total, std::sync::Arc::clone(&at));
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    at[index].store(if seed < end { seed } else { u64::MAX }, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let program = program(arguments, seed);
                    let mut report = run(&program);
                    if arguments.twice {
                        compare(&mut report, &run(&program));
                    }
                    let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                    total.0.merge(report.coverage.clone());
                    if !report.violations.is_empty() {
                        total.1.push((seed, report));
                    }
                }
            });
        }
    });
    let took = started.elapsed().as_secs_f64();
    let (coverage, mut failures) = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    failures.sort_by_key(|(seed, _)| *seed);
    print!("{coverage}");
    println!(
        "{:.0} programs a second on {threads} threads, {} failed",
        arguments.seeds as f64 / took,
        failures.len()
    );
    let mut by_rule = std::collections::BTreeMap::<_, (u64, u64)>::new();
    for (seed, report) in &failures {
        for violation in &report.violations {
            by_rule.entry(violation.rule).or_insert((*seed, 0)).1 += 1;
        }
    }
    for (rule, (seed, times)) in &by_rule {
        println!("{times:>6} times broken: {rule} (first by seed {seed})");
    }
    if arguments.by_rule {
        for (rule, (seed, _)) in by_rule {
            println!("\n{rule}");
            let small = shrink(&program(arguments, seed), rule);
            print(&run(&small));
            println!("{}", serde_json::to_string(&small).unwrap_or_default());
        }
        return verdict(failures.is_empty());
    }
    for (seed, report) in failures.iter().take(arguments.failures) {
        println!("\nseed {seed}");
        print(report);
        if let (Some(first), false) = (report.violations.first(), arguments.whole) {
            let small = shrink(&program(arguments, *seed), first.rule);
            print(&run(&small));
            println!("{}", serde_json::to_string(&small).unwrap_or_default());
        }
    }
    verdict(failures.is_empty())
}

fn program(arguments: &Arguments, seed: u64) -> Program {
    match arguments.plain {
        true => generate_plain(seed),
        false => generate(seed),
    }
}

/// Compares two runs of one program.
fn compare(report: &mut Report, again: &Report) {
    let lines = report.history.iter().zip(&again.history);
    let differ = lines.enumerate().find(|(_, (a, b))| a != b);
    if differ.is_some() || report.history.len() != again.history.len() {
        report.violations.push(Violation {
            rule: rules::DETERMINISM,
            step: 0,
            text: format!("{differ:?}"),
        });
    }
}

fn print(report: &Report) {
    for violation in &report.violations {
        println!(
            "  {} (step {}): {}",
            violation.rule, violation.step, violation.text
        );
    }
}

fn verdict(well: bool) -> ExitCode {
    if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Ends the process if a program takes too long in real time, which means a loop without a wait.
fn watch(at: &std::sync::Arc<Vec<AtomicU64>>) {
    let at = std::sync::Arc::downgrade(at);
    std::thread::spawn(move || {
        let mut before: Vec<u64> = Vec::new();
        loop {
            std::thread::sleep(Duration::from_secs(60));
            let Some(at) = at.upgrade() else {
                return;
            };
            let now: Vec<u64> = at.iter().map(|at| at.load(Ordering::Relaxed)).collect();
            let stuck = before
                .iter()
                .zip(&now)
                .find(|(a, b)| a == b && **a != u64::MAX);
            if let Some((seed, _)) = stuck {
                println!("seed {seed} does not end");
                std::process::exit(2);
            }
            before = now;
        }
    });
}
