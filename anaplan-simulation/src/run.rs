//! Running a program.

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

use crate::coverage::Coverage;
use crate::cut::PollLimit;
use crate::deeds::perform;
use crate::judge::Violation;
use crate::program::{Program, Step, USERS};
use crate::stage::Stage;
use crate::wire::look;

/// After so long nothing is on its way any more.
const QUIET: Duration = Duration::from_secs(3 * 3600);
/// Nothing may take longer than this by the fake's clock.
const FOR_EVER: Duration = Duration::from_secs(60 * 24 * 3600);

/// What came of a program.
#[derive(Debug, Clone)]
pub struct Report {
    /// Everything that must not be. Empty when all is well.
    pub violations: Vec<Violation>,
    /// What it went through.
    pub coverage: Coverage,
    /// Every request that the fake saw, for comparing two runs of one program.
    pub history: Vec<String>,
}

/// Runs a program from beginning to end, and judges it.
#[must_use]
pub fn run(program: &Program) -> Report {
    let work = || {
        fastrand::seed(program.seed);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            // Compressed chunks come in the order in which they were begun.
            .max_blocking_threads(1)
            .build();
        match runtime {
            Ok(runtime) => runtime.block_on(play(program)),
            Err(error) => broken("the machine", error.to_string()),
        }
    };
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        broken("nothing panics", text.unwrap_or_default())
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
    let stage = match Stage::set(program) {
        Ok(stage) => Arc::new(stage),
        Err(error) => return broken("the stage can be set", error.to_string()),
    };
    for fault in &program.faults {
        stage.fake.inject(fault.fault());
    }
    let users = (0..USERS).map(|user| tokio::spawn(one_user(Arc::clone(&stage), user)));
    let all = Box::pin(join_all(users));
    match select(all, Box::pin(stage.sleep(FOR_EVER))).await {
        Either::Left((ends, _)) => {
            for end in ends {
                if let Err(error) = end {
                    let text = panic_text(error);
                    stage.blame("nothing panics", program.steps.len(), text);
                }
            }
        }
        Either::Right(_) => stage.blame("no call hangs", program.steps.len(), "it never ends"),
    }
    stage.fake.clear_faults();
    stage.sleep(QUIET).await;
    stage.judge();
    if let Err(error) = works_again(&stage).await {
        let text = format!("without any fault: {error}");
        stage.blame("the same client works again", program.steps.len(), text);
    }
    report(&stage)
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

async fn one_user(stage: Arc<Stage>, user: usize) {
    let steps: Vec<(usize, Step)> = stage
        .program
        .steps
        .iter()
        .cloned()
        .enumerate()
        .filter(|(_, step)| step.user == user)
        .collect();
    for (number, step) in steps {
        if let Err(error) = perform(&stage, number, &step).await {
            stage.blame("the stage can be set", number, error.to_string());
        }
    }
}

/// Everything at once and without faults, over the very same sessions.
async fn works_again(stage: &Stage) -> Result<()> {
    let users = (0..USERS).map(|user| async move {
        let (model, bulk) = (stage.model(user)?, stage.bulk(user)?);
        let own = &stage.objects[user];
        let item = NewListItem::named(format!("After {user}")).code(format!("A{user}"));
        let (content, file) = (Bytes::from(format!("after all {user}")), own.file);
        let first = async {
            let _ = model
                .insert_list_items(own.list, [item])
                .await?
                .complete()?;
            let alm = stage.alm(user, &stage.demo.dev)?;
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
            alone(stage, user * 3, first),
            alone(stage, user * 3 + 1, second),
            alone(stage, user * 3 + 2, third),
        )
        .await;
        first?;
        third?;
        if second? != content {
            stage.blame("the same client works again", usize::MAX, "another content");
        }
        Ok::<(), anaplan_core::Error>(())
    });
    for user in join_all(users).await {
        user?;
    }
    Ok(())
}

/// A call with dice of its own.
async fn alone<T>(stage: &Stage, index: usize, call: impl Future<Output = Result<T>>) -> Result<T> {
    let number = 1_000_000 + index;
    let came = PollLimit::new(call, None, number, stage.program.seed).await;
    came.unwrap_or_else(|| Err(Error::new(ErrorKind::Usage, "it was dropped")))
}

fn report(stage: &Stage) -> Report {
    let log = stage.fake.requests();
    let mut notes = std::mem::take(&mut *stage.notes());
    notes.coverage.programs = 1;
    notes.coverage.requests = look(&stage.traffic).total;
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
    // What happens at one moment has no order.
    history.sort();
    Report {
        violations: notes.violations,
        coverage: notes.coverage,
        history,
    }
}
