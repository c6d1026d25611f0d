//! Runs cases, many at a time.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tracing::instrument::WithSubscriber as _;

use crate::case::Case;
use crate::logs::{LeakDetector, Leaks};
use crate::operations::{Outcome, Target, perform};
use crate::scene::Scene;
use crate::verdict::{Verdict, Violation, judge};

/// After this much virtual time a call counts as hanging.
const LIMIT: Duration = Duration::from_secs(6 * 3600);
/// What a call with a deadline may take beyond it.
const GRACE: Duration = Duration::from_secs(6);
/// Of more cases than this only the stories of violations are kept.
const KEPT_STORIES: usize = 10_000;
/// Cases that one thread runs at a time.
const AT_ONCE: usize = 12;

/// A case that has run.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The case.
    pub case: Case,
    /// The verdict.
    pub verdict: Verdict,
    /// The requests and the outcome, for people.
    pub story: String,
}

thread_local! {
    /// The panics on this thread, if it runs cases.
    static PANICS: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Keeps the messages of panics inside of cases instead of printing them.
pub fn collect_panics() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let kept = PANICS.with(|panics| match panics.borrow_mut().as_mut() {
            Some(panics) => {
                panics.push(info.to_string());
                true
            }
            None => false,
        });
        if !kept {
            print(info);
        }
    }));
}

/// The panics since the last call. Those of tasks that the SDK spawned count for the next case that ends.
fn take_panics() -> Vec<String> {
    PANICS.with(|panics| {
        panics
            .borrow_mut()
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    })
}

/// Runs all cases on `threads` threads. `watch` sees each result as it comes.
pub fn run_all(cases: Vec<Case>, threads: usize, watch: &(dyn Fn(usize) + Sync)) -> Vec<Ran> {
    let cases = Arc::new(cases);
    let next = Arc::new(AtomicUsize::new(0));
    let mut ran = Vec::new();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1))
            .map(|_| {
                let (cases, next) = (Arc::clone(&cases), Arc::clone(&next));
                scope.spawn(move || work(&cases, &next, watch))
            })
            .collect();
        for worker in workers {
            ran.extend(worker.join().unwrap_or_default());
        }
    });
    ran
}

fn work(cases: &[Case], next: &AtomicUsize, watch: &(dyn Fn(usize) + Sync)) -> Vec<Ran> {
    PANICS.with(|panics| *panics.borrow_mut() = Some(Vec::new()));
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(_) => return Vec::new(),
    };
    runtime.block_on(async {
        let target = Target::new();
        let mut running = JoinSet::new();
        let mut ran = Vec::new();
        loop {
            while running.len() < AT_ONCE {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(case) = cases.get(index).copied() else {
                    break;
                };
                watch(index);
                running.spawn(run(case, target.clone()));
            }
            match running.join_next().await {
                Some(Ok(mut result)) => {
                    // The stories of a whole table would take much memory.
                    if result.verdict.violations.is_empty() && cases.len() > KEPT_STORIES {
                        result.story = String::new();
                    }
                    ran.push(result);
                }
                Some(Err(_)) => {}
                None => return ran,
            }
        }
    })
}

/// Runs one case.
pub async fn run(case: Case, target: Target) -> Ran {
    let Ok(scene) = Scene::new(case, &target).await else {
        return failed_to_run(case);
    };
    let leaks = Leaks::default();
    let client = scene.client.clone();
    let call = async move { perform(case.op, &client, case.timeout).await };
    let mut call = tokio::spawn(call.with_subscriber(LeakDetector::new(leaks.clone())));
    let limit = case
        .timeout
        .map_or(LIMIT, |seconds| Duration::from_secs(seconds) + GRACE);
    let ended = scene.drive(limit, &mut call).await;
    call.abort();
    let mut story = scene.story();
    let mut verdict = match ended {
        Ok(Ok(outcome)) => {
            story.push_str(&format!("    outcome {}\n", brief(&outcome)));
            judge(&case, &scene.server.state(), &outcome)
        }
        Ok(Err(_)) => Verdict::of(Violation::Panic, "the call panicked"),
        Err(why) => Verdict::of(Violation::Hang, why),
    };
    for message in take_panics() {
        verdict.add(Violation::Panic, message);
    }
    for line in leaks.lines().into_iter().take(1) {
        verdict.add(Violation::Secret, line);
    }
    Ran {
        case,
        verdict,
        story,
    }
}

fn failed_to_run(case: Case) -> Ran {
    Ran {
        case,
        verdict: Verdict::of(Violation::Hang, "the case could not be set up"),
        story: String::new(),
    }
}

fn brief(outcome: &Outcome) -> String {
    let text = match outcome {
        Outcome::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Outcome::Failed(failure) => {
            format!("{} ({:?}) {}", failure.kind, failure.claim, failure.text)
        }
        other => format!("{other:?}"),
    };
    text.chars().take(700).collect()
}
