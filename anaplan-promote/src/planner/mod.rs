//! Planning: reads the tenant and creates comparison reports. Changes nothing else.

mod comparisons;
mod inspect;
mod names;

use anaplan_alm::{Alm, Revision};
use anaplan_core::{
    Endpoint, Error, ErrorKind, Method, ModelId, Namespace, Path, Pending, Response, Result,
    RetryClass, Scope, Session, UserId,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;

use crate::Promoter;
use crate::models::get_model;
use crate::plan::{Made, ModelSnapshot, Plan, PlanId, PlannedWave, Reports, RevisionRef, SCHEMA};
use crate::policy::{PolicyReport, Stage, evaluate};
use crate::release::Release;

pub(crate) use comparisons::safe;
pub(crate) use names::ResolvedNames;

impl Promoter {
    /// Plans a release.
    ///
    /// Reads the source and each target: model, latest revision, sync tasks, syncable revisions. Creates one
    /// summary and one comparison report for each distinct pair of revisions. Changes nothing else. A target
    /// that cannot be promoted is [blocked](crate::Action::Blocked) in the plan.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a release that is not valid, `NotFound` and `Conflict` with a
    /// [`NameError`](crate::NameError) for names of models, and those of the reads.
    ///
    /// ```
    /// # use anaplan_promote::{Promoter, Release, Wave};
    /// # anaplan_testkit::story(async |fake| {
    /// # let promoter: Promoter = fake.namespace()?;
    /// let release = Release::new("Headcount", "Sales Planning DEV")
    ///     .wave(Wave::new("test", ["Sales Planning TEST"]))
    ///     .wave(Wave::new("production", ["Sales Planning PROD"]));
    /// let plan = promoter.plan(&release).await?;
    /// for target in plan.targets() {
    ///     println!("{}: {} syncs", target.model.name, target.steps().len());
    /// }
    /// plan.verify()?;
    /// # assert_eq!(plan.targets().count(), 2);
    /// # Ok(()) });
    /// ```
    pub fn plan(&self, release: &Release) -> Pending<Plan> {
        let (promoter, release) = (self.clone(), release.clone());
        Pending::new(async move { promoter.make_plan(release).await })
    }

    async fn make_plan(&self, release: Release) -> Result<Plan> {
        release.check()?;
        let session = &self.session;
        let names = ResolvedNames::new(session, &release).await?;
        let mut notes = Vec::new();
        let source_model = get_model(session, &names.source).await?;
        let mut source = ModelSnapshot::from(&source_model);
        let latest = alm(session, &names.source)?.get_latest_revision().await?;
        source.latest = latest.as_ref().map(RevisionRef::from);
        let goal = find_revision(session, &names.source, &release, latest).await?;
        if let Some(latest) = source.latest.as_ref().filter(|latest| latest.id != goal.id) {
            notes.push(format!(
                "{} has the newer revision {latest}",
                source.full_name()
            ));
        }
        let goal = RevisionRef::from(&goal);
        let concurrency = usize::try_from(release.concurrency.get()).unwrap_or(usize::MAX);

        let mut waves = Vec::new();
        for (wave, names_of_wave) in release.waves.iter().zip(&names.waves) {
            let inspection = |model: &ModelId| {
                let target = inspect::Target {
                    session: session.clone(),
                    model: model.clone(),
                    source: names.source.clone(),
                    sync_source: names_of_wave.source.clone(),
                    goal: goal.clone(),
                    route: release.route,
                };
                target.inspect()
            };
            let targets: Vec<_> = names_of_wave.targets.iter().map(inspection).collect();
            let targets: Vec<_> = stream::iter(targets)
                .buffered(concurrency)
                .try_collect()
                .await?;
            let mut planned = Vec::new();
            for (target, mut remarks) in targets {
                notes.append(&mut remarks);
                planned.push(target);
            }
            waves.push(PlannedWave {
                name: wave.name.clone(),
                source: names_of_wave.source.clone(),
                gate: wave.gate,
                soak: wave.soak,
                targets: planned,
            });
        }
        notes.append(&mut inspect::full_workspaces(session, &waves).await?);
        let mut plan = Plan {
            schema: SCHEMA.into(),
            id: PlanId::new(""),
            made: self.made().await?,
            release,
            source,
            revision: goal,
            waves,
            comparisons: Vec::new(),
            policy: PolicyReport::default(),
            notes,
            reports: Reports::default(),
        };
        comparisons::add(session, &names.source, &mut plan, concurrency).await?;
        let policy = plan.release.policy.clone();
        evaluate(self, &mut plan, &policy, Stage::Plan).await?;
        plan.id = plan.content_id()?;
        Ok(plan)
    }

    async fn made(&self) -> Result<Made> {
        let user = self.session.call(GetCurrentUser).await;
        let by = match user {
            Ok(user) => Some(user),
            Err(error) if unreadable(error.kind()) => None,
            Err(error) => return Err(error),
        };
        Ok(Made {
            at: self.session.clock().now(),
            by,
            api: self.session.hosts().api.clone(),
            tool: concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).into(),
        })
    }
}

/// Returns the handle of one model.
pub(crate) fn alm(session: &Session, model: &ModelId) -> Result<Alm> {
    Alm::bind(session.clone(), &Scope::new(None, Some(model.clone())))
}

/// Returns `true` if the server refuses the read for reasons of the model, not of the network.
pub(crate) fn unreadable(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound | ErrorKind::Forbidden | ErrorKind::ModelState | ErrorKind::Rejected
    )
}

async fn find_revision(
    session: &Session,
    source: &ModelId,
    release: &Release,
    latest: Option<Revision>,
) -> Result<Revision> {
    let name = &release.revision;
    let missing = |message: String| {
        Error::new(ErrorKind::NotFound, message).about("modelId", source.as_str())
    };
    if name.is_latest() {
        return latest.ok_or_else(|| missing("the source has no revision".into()));
    }
    let all = alm(session, source)?.get_revisions().await?;
    let mut found: Vec<Revision> = all
        .iter()
        .filter(|revision| revision.id.as_str() == name.as_str() || revision.name == name.as_str())
        .cloned()
        .collect();
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => {
            let newest: Vec<String> = all
                .iter()
                .rev()
                .take(5)
                .map(|revision| format!("'{}'", revision.name))
                .collect();
            let message = format!(
                "the source has no revision '{name}'; it has {}",
                newest.join(", ")
            );
            Err(missing(message))
        }
        count => {
            let ids: Vec<&str> = found.iter().map(|revision| revision.id.as_str()).collect();
            let message = format!(
                "{count} revisions are called '{name}': use one of the ids {}",
                ids.join(", ")
            );
            Err(Error::new(ErrorKind::Conflict, message).about("modelId", source.as_str()))
        }
    }
}

/// Reads the id of the signed-in user.
struct GetCurrentUser;

impl Endpoint for GetCurrentUser {
    const NAME: &'static str = "promote.get_current_user";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = UserId;

    fn path(&self) -> Path {
        Path::integration().lit("users").lit("me")
    }

    fn decode(&self, response: Response) -> Result<UserId> {
        #[derive(Deserialize)]
        struct User {
            id: UserId,
        }
        Ok(response.field::<User>("user")?.id)
    }
}
