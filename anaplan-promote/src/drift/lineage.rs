//! Drift by the revisions of one model.

use std::collections::{BTreeMap, BTreeSet};

use anaplan_alm::AppliedModel;
use anaplan_core::{ModelId, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::Promoter;
use crate::drift::report::{DriftReport, Family, ModelDrift, RevisionLag};
use crate::drift::{CONCURRENCY, SCHEMA, in_order};
use crate::plan::{ModelSnapshot, RevisionRef};
use crate::planner::alm;
use crate::release::ModelName;
use crate::resolve::Resolver;

/// A model as the revisions of another one list it.
#[derive(Default)]
struct Member {
    name: Option<String>,
    snapshot: Option<AppliedModel>,
    /// Indices of its revisions.
    has: BTreeSet<usize>,
}

impl Promoter {
    pub(super) async fn lineage(&self, of: &ModelName) -> Result<DriftReport> {
        let reference = Resolver::default().resolve(&self.session, of).await?;
        let alm = alm(&self.session, &reference)?;
        let revisions = alm.get_revisions().await?;
        let revisions = in_order(revisions.iter().map(RevisionRef::from).collect());
        let reads: Vec<_> = revisions
            .iter()
            .map(|revision| alm.get_models_for_revision(&revision.id))
            .map(|call| async move { call.await })
            .collect();
        let applied: Vec<Vec<AppliedModel>> = stream::iter(reads)
            .buffered(CONCURRENCY)
            .try_collect()
            .await?;
        let mut members: BTreeMap<ModelId, Member> = BTreeMap::new();
        for (index, models) in applied.into_iter().enumerate() {
            for model in models {
                let Some(id) = model.model_id.clone().filter(|_| !model.model_deleted) else {
                    continue;
                };
                let member = members.entry(id).or_default();
                member.has.insert(index);
                let name = model.model_name.clone().filter(|name| !name.is_empty());
                member.name = member.name.take().or(name);
                member.snapshot = Some(model);
            }
        }
        let mut models: Vec<ModelDrift> = members
            .into_iter()
            .map(|(id, member)| drift(id, member, &revisions))
            .collect();
        models.sort_by_key(|drift| (drift.model.id != reference, drift.model.name.clone()));
        Ok(DriftReport {
            schema: SCHEMA.to_owned(),
            as_of: self.session.clock().now(),
            families: vec![Family {
                reference,
                revisions,
                models,
            }],
            without_family: Vec::new(),
            unreadable: Vec::new(),
        })
    }
}

fn drift(id: ModelId, member: Member, revisions: &[RevisionRef]) -> ModelDrift {
    let has: Vec<bool> = (0..revisions.len())
        .map(|index| member.has.contains(&index))
        .collect();
    let latest = member.has.last().and_then(|index| revisions.get(*index));
    let latest = latest.cloned().map(|latest| RevisionRef {
        applied_on: member.snapshot.as_ref().and_then(|model| model.applied_on),
        applied_by: member
            .snapshot
            .as_ref()
            .and_then(|model| model.applied_by.clone()),
        ..latest
    });
    ModelDrift {
        model: ModelSnapshot {
            // The name of a model that the user cannot open is not listed.
            name: member.name.unwrap_or_else(|| id.to_string()),
            id,
            workspace: member.snapshot.and_then(|model| model.workspace_id),
            workspace_name: None,
            state: None,
            latest,
        },
        lag: RevisionLag::of(revisions, &has),
        has,
    }
}
