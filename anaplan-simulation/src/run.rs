//! Execution of a program.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use anaplan_bulk::ActionRef;
use anaplan_core::{Error, ErrorKind, Result};
use anaplan_transactional::NewListItem;
use bytes::Bytes;
use futures_util::future::Either;
use futures_util::future::{join_all, join3, select};

use crate::actions::execute;
use crate::cancel::PollLimit;
use crate::checker::{Violation, rules};
use crate::coverage::Coverage;
use crate::environment::Environment;
use crate::program::{Program, Step, USERS};
use crate::transport::locked;

/// Longer than any request can be in flight.
const QUIET: Duration = Duration::from_secs(3 * 3600);
/// Longest duration of a program by the fake's clock.
const MAX_DURATION: Duration = Duration::from_secs(60 * 24 * 3600);

/// Result of a program.
#[derive(Debug, Clone)]
pub struct Report {
    /// The broken rules.
    pub violations: Vec<Violation>,
    /// The counters.
    pub coverage: Coverage,
    /// The requests that the fake received, for the comparison of two runs.
    pub history: Vec<String>,
}

/// Runs a program and checks every rule.
#[must_use]
pub fn run(program: &Program) -> Report {
    let work = || {
        fastrand::seed(program.seed);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            // Chunks are compressed in the order of their start.
            .max_blocking_threads(1)
            .build();
        match runtime {
            Ok(runtime) => runtime.block_on(play(program)),
            Err(error) => broken(rules::SETUP, error.to_string()),
        }
    };
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        broken(rules::PANICS, text.unwrap_or_default())
    })
}

fn broken(rule: &'static str, text: String) -> Report {
    Report {
        violations: vec![Violation {
            rule,
            step: 0,
            text,
        }],
        coverage: Coverage::default(),
        history: Vec::new(),
    }
}

async fn play(program: &Program) -> Report {
    let env = match Environment::build(program) {
        Ok(env) => Arc::new(env),
        Err(error) => return broken(rules::SETUP, error.to_string()),
    };
    for fault in &program.faults {
        env.fake.inject(fault.fault(&env.demo.second.id));
    }
    let users = (0..USERS).map(|user| tokio::spawn(one_user(Arc::clone(&env), user)));
    let all = Box::pin(join_all(users));
    match select(all, Box::pin(env.sleep(MAX_DURATION))).await {
        Either::Left((ends, _)) => {
            for end in ends {
                if let Err(error) = end {
                    let text = panic_text(error);
                    env.violation(rules::PANICS, program.steps.len(), text);
                }
            }
        }
        Either::Right(_) => env.violation(rules::HANGS, program.steps.len(), "it never ends"),
    }
    env.fake.clear_faults();
    env.sleep(QUIET).await;
    if let Err(error) = env.evaluate_at_end().await {
        env.violation(rules::SETUP, program.steps.len(), error.to_string());
    }
    env.check();
    if let Err(error) = works_again(&env).await {
        let text = format!("without any fault: {error}");
        env.violation(rules::RECOVERY, program.steps.len(), text);
    }
    report(&env)
}

fn panic_text(error: tokio::task::JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => match panic.downcast::<String>() {
            Ok(text) => *text,
            Err(panic) => panic
                .downcast::<&str>()
                .map(|text| (*text).to_owned())
                .unwrap_or_default(),
        },
        Err(error) => error.to_string(),
    }
}

async fn one_user(env: Arc<Environment>, user: usize) {
    let steps: Vec<(usize, Step)> = env
        .program
        .steps
        .iter()
        .cloned()
        .enumerate()
        .filter(|(_, step)| step.user == user)
        .collect();
    for (number, step) in steps {
        if let Err(error) = execute(&env, number, &step).await {
            env.violation(rules::SETUP, number, error.to_string());
        }
    }
}

/// Makes nine concurrent calls without faults over the same sessions.
async fn works_again(env: &Environment) -> Result<()> {
    let users = (0..USERS).map(|user| async move {
        let (model, bulk) = (env.model(user)?, env.bulk(user)?);
        let own = &env.objects[user];
        let item = NewListItem::named(format!("After {user}")).code(format!("A{user}"));
        let (content, file) = (Bytes::from(format!("after all {user}")), own.file);
        let first = async {
            let _ = model
                .insert_list_items(own.list, [item])
                .await?
                .complete()?;
            let alm = env.alm(user, &env.demo.dev)?;
            alm.get_latest_revision().await
        };
        let second = async {
            bulk.upload_file(file, content.clone())
                .without_gzip()
                .await?;
            bulk.get_file(file).await
        };
        let third = async {
            bulk.run_action(ActionRef::from(own.sort))
                .await?
                .wait()
                .await
        };
        let (first, second, third) = join3(
            alone(env, user * 3, first),
            alone(env, user * 3 + 1, second),
            alone(env, user * 3 + 2, third),
        )
        .await;
        first?;
        third?;
        if second? != content {
            env.violation(rules::RECOVERY, usize::MAX, "another content");
        }
        Ok::<(), anaplan_core::Error>(())
    });
    for user in join_all(users).await {
        user?;
    }
    Ok(())
}

/// Runs a call with its own random numbers.
async fn alone<T>(
    env: &Environment,
    index: usize,
    call: impl Future<Output = Result<T>>,
) -> Result<T> {
    let number = 1_000_000 + index;
    let ended = PollLimit::new(call, None, number, env.program.seed).await;
    ended.unwrap_or_else(|| Err(Error::new(ErrorKind::Usage, "it was dropped")))
}

fn report(env: &Environment) -> Report {
    let log = env.fake.requests();
    let mut notes = std::mem::take(&mut *env.notes());
    notes.coverage.programs = 1;
    notes.coverage.requests = locked(&env.traffic).total;
    let mut history = Vec::new();
    for entry in log.entries() {
        if let Some(fault) = entry.fault {
            *notes.coverage.faults.entry(fault).or_default() += 1;
        }
        let status = entry.status.map_or(0, |status| status.as_u16());
        let fault = entry.fault.unwrap_or("-");
        let at = entry.at;
        history.push(format!(
            "{at:.3} {} {} {status} {fault}",
            entry.method, entry.path
        ));
    }
    // Requests of the same instant have no order.
    history.sort();
    Report {
        violations: notes.violations,
        coverage: notes.coverage,
        history,
    }
}
