//! Reduction of failing programs.

use crate::program::{Pace, Program};
use crate::run::run;

/// Removes steps, faults and conditions one by one while the program still breaks the same rule.
#[must_use]
pub fn shrink(program: &Program, rule: &'static str) -> Program {
    let fails = |program: &Program| {
        run(program)
            .violations
            .iter()
            .any(|found| found.rule == rule)
    };
    let mut smallest = program.clone();
    loop {
        let before = smallest.clone();
        for candidate in candidates(&smallest) {
            if fails(&candidate) {
                smallest = candidate;
                break;
            }
        }
        if smallest == before {
            return smallest;
        }
    }
}

fn candidates(program: &Program) -> Vec<Program> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Program)| {
        let mut candidate = program.clone();
        change(&mut candidate);
        if candidate != *program {
            all.push(candidate);
        }
    };
    let half = program.steps.len() / 2;
    if half > 0 {
        with(&|program| program.steps.truncate(half));
        with(&|program| {
            program.steps.drain(..half);
        });
    }
    with(&|program| program.faults.clear());
    for index in 0..program.faults.len() {
        with(&|program| {
            program.faults.remove(index);
        });
    }
    for index in 0..program.steps.len() {
        with(&|program| {
            program.steps.remove(index);
        });
    }
    for index in 0..program.steps.len() {
        with(&|program| program.steps[index].cancel = None);
        with(&|program| program.steps[index].timeout = None);
        with(&|program| program.steps[index].accept_presumed = false);
        with(&|program| program.steps[index].pause = 0);
        with(&|program| program.steps[index].user = 0);
    }
    with(&|program| program.latency = 0);
    with(&|program| program.clock_skew = 0);
    with(&|program| program.undated = false);
    for index in 0..program.faults.len() {
        with(&|program| program.faults[index].other_user = None);
        with(&|program| program.faults[index].chance = 1.0);
    }
    with(&|program| program.varied = false);
    with(&|program| program.paged = false);
    with(&|program| program.token_life = 2100);
    with(&|program| program.pacing = Pace::Instant);
    all
}
