//! Start and continuation of a run.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anaplan_core::{ErrorKind, ModelId, Pending, Result, Timestamp};
use tokio::sync::oneshot;

use crate::Promoter;
use crate::canonical_json::sha256;
use crate::journal::{History, Journal, JournalEvent, Lease, RunStarted, SCHEMA};
use crate::plan::{Plan, PlanId};
use crate::policy::{Decision, Policy, PolicyReport, evaluate_at_apply, evaluate_at_resume};
use crate::run::context::{Context, Mode};
use crate::run::engine::Engine;
use crate::run::event::{EventReceiver, EventSender};
use crate::run::options::{ApplyOptions, ApplyStart, JournalPlace, Rejection};
use crate::run::stop::StopHandle;
use crate::run::{Report, Run};

impl Promoter {
    /// Applies a plan: exactly its syncs, or a rejection.
    ///
    /// The plan is compared with the tenant before anything is changed. The run then continues on a task of
    /// its own, which the returned [`Run`] observes. Each side effect is in the journal before it is
    /// executed. A start whose outcome is unknown is looked up and never repeated.
    ///
    /// Reads each target, then, per target that needs a sync: `PUT /models/{modelId}/onlineStatus`,
    /// `POST /models/{modelId}/alm/syncTasks`, polls, and `PUT` again. A second call for the same plan
    /// succeeds without a sync.
    ///
    /// # Errors
    ///
    /// A plan that is stale, denied or not approved is a [`Rejection`], not an error. `InvalidInput` if the
    /// journal belongs to another plan, `Io` if it cannot be written, and the errors of the reads.
    ///
    /// ```
    /// # use anaplan_promote::{ApplyOptions, Journal, Promoter, Release, Severity, Wave};
    /// # anaplan_testkit::story(async |fake| {
    /// # let promoter: Promoter = fake.namespace()?;
    /// # let mut release = Release::new("R", "Sales Planning DEV").wave(Wave::new("w", ["Sales Planning PROD"]));
    /// # release.policy.unrecognized = Severity::Warn;
    /// # let plan = promoter.plan(&release).await?;
    /// let options = ApplyOptions::default().journal(Journal::in_memory());
    /// let mut run = promoter.apply(&plan, options).await?.started()?;
    /// while let Some(event) = run.next_event().await {
    ///     println!("{}", serde_json::to_string(&event?)?);
    /// }
    /// let report = run.finish().await?;
    /// assert!(report.targets[0].outcome.is_success());
    /// # Ok(()) });
    /// ```
    pub fn apply(&self, plan: &Plan, options: ApplyOptions) -> Pending<ApplyStart> {
        let (promoter, plan) = (self.clone(), plan.clone());
        Pending::new(async move { Box::pin(promoter.start(plan, options)).await })
    }

    /// Continues the run of a journal: only the targets that have not reached their goal.
    ///
    /// Targets of a killed process come first. A start whose outcome is unknown is looked up for a minute.
    /// If its task is not found, the target ends as [`Unknown`](crate::TargetOutcome::Unknown), unless
    /// [`resend_unknown`](ApplyOptions::resend_unknown) is set. The options `journal` and `expect` are not
    /// used, and `only` is that of the run unless it is set. Targets of a killed process that are not in `only` are
    /// recovered and not promoted. The policy of the start of the run stays in
    /// force, and the rules about the age of the plan, about approvals and about the start of a target are
    /// evaluated again.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the journal has no run. A journal that another run uses, and a refusal by
    /// the policy, are a [`Rejection`].
    ///
    /// ```
    /// # use anaplan_promote::{ApplyOptions, Journal, Promoter, Release, RunStatus, Severity, Wave};
    /// # anaplan_testkit::story(async |fake| {
    /// # let promoter: Promoter = fake.namespace()?;
    /// # let mut release = Release::new("R", "Sales Planning DEV").wave(Wave::new("w", ["Sales Planning PROD"]));
    /// # release.policy.unrecognized = Severity::Warn;
    /// # let plan = promoter.plan(&release).await?;
    /// # let journal = Journal::in_memory();
    /// # let options = ApplyOptions::default().journal(journal.clone());
    /// # promoter.apply(&plan, options).await?.started()?.finish().await?;
    /// // Usually `Journal::open("release.journal.jsonl")?`, in another process.
    /// let run = promoter.resume(journal, ApplyOptions::default()).await?.started()?;
    /// assert_eq!(run.finish().await?.status, RunStatus::Finished);
    /// # Ok(()) });
    /// ```
    pub fn resume(&self, journal: Journal, options: ApplyOptions) -> Pending<ApplyStart> {
        let promoter = self.clone();
        Pending::new(async move {
            let Some(lease) = journal.lease() else {
                return Ok(ApplyStart::Rejected(Box::new(locked(&journal))));
            };
            let history = journal.history()?;
            let plan = history.started.plan.clone();
            let mut approvals = history.approvals.clone();
            approvals.extend(options.approvals.iter().cloned());
            let given = history.started.policy.iter().chain(&options.policy);
            let policies: Vec<Policy> = given.cloned().collect();
            let now = promoter.session.clock().now();
            let report = evaluate_at_resume(&plan, &policies, &approvals, now)?;
            if let Some(rejection) = refusal(report) {
                return Ok(ApplyStart::Rejected(Box::new(rejection)));
            }
            let resumed = JournalEvent::RunResumed {
                host: host(),
                pid: std::process::id(),
                approvals: options.approvals.clone(),
            };
            let options = ApplyOptions {
                approvals,
                only: options.only.or_else(|| history.started.only.clone()),
                ..options
            };
            let (mut context, events) = promoter.context(plan, journal, &options, Mode::Promote);
            context.policies = policies;
            let context = (context, events);
            Ok(ApplyStart::Started(spawn(
                context, lease, history, resumed,
            )?))
        })
    }

    async fn start(self, plan: Plan, options: ApplyOptions) -> Result<ApplyStart> {
        if let Some(rejection) = self.review(&plan, &options).await? {
            return Ok(ApplyStart::Rejected(Box::new(rejection)));
        }
        let (journal, lease) = match open_journal(&plan, options.journal.clone())? {
            Ok(opened) => opened,
            Err(rejection) => return Ok(ApplyStart::Rejected(Box::new(rejection))),
        };
        let now = self.session.clock().now();
        let pid = std::process::id();
        let started = RunStarted {
            schema: SCHEMA.to_owned(),
            run: run_id(&plan, now, pid),
            plan_id: plan.id.clone(),
            host: host(),
            pid,
            only: options.only.clone(),
            approvals: options.approvals.clone(),
            policy: options.policy.clone(),
            plan: without_differences(&plan),
        };
        let history = History::new(started.clone());
        let context = self.context(plan, journal, &options, Mode::Promote);
        let event = JournalEvent::RunStarted(Box::new(started));
        Ok(ApplyStart::Started(spawn(context, lease, history, event)?))
    }

    /// Returns the reason for which the plan may not be applied.
    async fn review(&self, plan: &Plan, options: &ApplyOptions) -> Result<Option<Rejection>> {
        if let Some(expected) = options.expect.clone().filter(|id| *id != plan.id) {
            let actual: PlanId = plan.id.clone();
            return Ok(Some(Rejection::PlanIdMismatch { actual, expected }));
        }
        match plan.verify() {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::InvalidInput => {
                let schema = plan.schema.clone();
                return Ok(Some(Rejection::UnsupportedSchema { schema }));
            }
            Err(error) => return Err(error),
        }
        let extra: Vec<Policy> = options.policy.iter().cloned().collect();
        let report = evaluate_at_apply(self, plan, &extra, &options.approvals).await?;
        if let Some(rejection) = refusal(report) {
            return Ok(Some(rejection));
        }
        let mut validation = self.validate_plan(plan).await?;
        if let Some(only) = &options.only {
            // A conflict of the source concerns all targets.
            let is_other = |model: &ModelId| {
                let mut targets = plan.targets();
                !only.contains(model) && targets.any(|target| target.model.id == *model)
            };
            let conflicts = &mut validation.conflicts;
            conflicts.retain(|conflict| !conflict.model.as_ref().is_some_and(is_other));
        }
        Ok((!validation.is_fresh()).then_some(Rejection::StalePlan(validation)))
    }

    pub(crate) fn context(
        &self,
        plan: Plan,
        journal: Journal,
        options: &ApplyOptions,
        mode: Mode,
    ) -> (Context, Events) {
        let (events, receiver) = EventSender::new();
        let planned = usize::try_from(plan.release.concurrency.get()).unwrap_or(usize::MAX);
        let now = self.session.clock().monotonic();
        let context = Context {
            promoter: self.clone(),
            concurrency: options
                .concurrency
                .map_or(planned, std::num::NonZeroUsize::get),
            plan,
            journal,
            events,
            stop: StopHandle::new(),
            deadline: options.deadline.map(|limit| now.saturating_add(limit)),
            checks: options.checks.clone(),
            policies: options.policy.iter().cloned().collect(),
            approvals: options.approvals.clone(),
            only: options.only.clone(),
            resend_unknown: options.resend_unknown,
            mode,
            pause: Mutex::new(None),
        };
        (context, receiver)
    }
}

pub(crate) type Events = EventReceiver;

/// Writes the first line and starts the engine on a task of its own.
pub(crate) fn spawn(
    (context, events): (Context, Events),
    lease: Lease,
    history: History,
    first: JournalEvent,
) -> Result<Run> {
    context.record(None, first)?;
    let context = Arc::new(context);
    let stop = context.stop.clone();
    let (sender, report) = oneshot::channel::<Report>();
    let engine = Engine::new(context, history);
    tokio::spawn(async move {
        let report = Box::pin(engine.run()).await;
        // The reader of the report may use the journal again.
        drop(lease);
        // A dropped run has no reader.
        let _ = sender.send(report);
    });
    Ok(Run::new(events, stop, report))
}

fn refusal(report: PolicyReport) -> Option<Rejection> {
    match report.decision {
        Decision::Allowed => None,
        Decision::NeedsApproval => Some(Rejection::ApprovalRequired(report)),
        Decision::Denied => Some(Rejection::PolicyDenied(report)),
    }
}

/// Opens the journal of a new run.
fn open_journal(
    plan: &Plan,
    place: Option<JournalPlace>,
) -> Result<std::result::Result<(Journal, Lease), Rejection>> {
    let place = place.unwrap_or_else(|| JournalPlace::File(default_path(plan)));
    let (journal, path) = match place {
        JournalPlace::Open(journal) => {
            let path = journal.path().map(ToOwned::to_owned).unwrap_or_default();
            (journal, path)
        }
        JournalPlace::File(path) => match Journal::open(&path) {
            Ok(journal) => (journal, path),
            Err(error) if error.kind() == ErrorKind::Conflict => {
                return Ok(Err(Rejection::JournalLocked { path }));
            }
            Err(error) => return Err(error),
        },
    };
    let Some(lease) = journal.lease() else {
        return Ok(Err(locked(&journal)));
    };
    if journal.is_empty() {
        return Ok(Ok((journal, lease)));
    }
    let history = journal.history()?;
    if history.started.plan_id != plan.id {
        let text = format!("is of the plan {}", history.started.plan_id);
        return Err(anaplan_core::Error::invalid_input("the journal", text));
    }
    if !history.is_finished() {
        return Ok(Err(Rejection::UnfinishedRun { path }));
    }
    Ok(Ok((journal, lease)))
}

fn locked(journal: &Journal) -> Rejection {
    let path = journal.path().map(ToOwned::to_owned).unwrap_or_default();
    Rejection::JournalLocked { path }
}

fn default_path(plan: &Plan) -> PathBuf {
    let id = plan.id.as_str();
    let id = id.strip_prefix("sha256:").unwrap_or(id);
    let short: String = id
        .chars()
        .take(12)
        .filter(char::is_ascii_alphanumeric)
        .collect();
    PathBuf::from(format!("anaplan-{short}.journal.jsonl"))
}

pub(crate) fn without_differences(plan: &Plan) -> Plan {
    Plan {
        comparisons: Vec::new(),
        ..plan.clone()
    }
}

fn run_id(plan: &Plan, now: Timestamp, pid: u32) -> String {
    let mut id = sha256(format!("{}/{now}/{pid}", plan.id).as_bytes());
    id.truncate(16);
    id
}

/// Returns the name of this machine, as far as the environment tells it.
pub(crate) fn host() -> Option<String> {
    let name = std::env::var("HOSTNAME").or_else(|_| std::env::var("COMPUTERNAME"));
    name.ok().filter(|name| !name.is_empty())
}
