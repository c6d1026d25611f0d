//! Models grouped by common revisions.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use anaplan_alm::RevisionId;

use crate::drift::report::{Family, ModelDrift, RevisionLag, number};
use crate::plan::{ModelSnapshot, RevisionRef};

/// A model with its revisions, oldest first.
#[derive(Debug, Clone)]
pub(super) struct ModelRevisions {
    pub(super) model: ModelSnapshot,
    pub(super) revisions: Vec<RevisionRef>,
}

/// Groups models that are connected by common revisions. The second part are the models without a group.
pub(super) fn families(models: Vec<ModelRevisions>) -> (Vec<Family>, Vec<ModelSnapshot>) {
    let mut groups: Vec<(BTreeSet<RevisionId>, Vec<ModelRevisions>)> = Vec::new();
    for model in models {
        let own = model.revisions.iter().map(|revision| revision.id.clone());
        let mut group = (own.collect::<BTreeSet<_>>(), vec![model]);
        let (connected, rest): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .partition(|(revisions, _)| !revisions.is_disjoint(&group.0));
        groups = rest;
        let mut members = Vec::new();
        for (revisions, models) in connected {
            group.0.extend(revisions);
            members.extend(models);
        }
        members.append(&mut group.1);
        groups.push((group.0, members));
    }
    let (mut families, mut without) = (Vec::new(), Vec::new());
    for (_, models) in groups {
        match models.len() {
            0 | 1 => without.extend(models.into_iter().map(|model| model.model)),
            _ => families.extend(family(models)),
        }
    }
    families.sort_by(|left: &Family, right| left.reference.cmp(&right.reference));
    without.sort_by(|left, right| left.id.cmp(&right.id));
    (families, without)
}

/// The reference has the most revisions, and of several models it got the first one earliest: the others are
/// copies.
fn family(mut models: Vec<ModelRevisions>) -> Option<Family> {
    let first = |model: &ModelRevisions| {
        let times = model.revisions.iter().map(|revision| revision.applied_on);
        times.min().flatten()
    };
    let reference = models
        .iter()
        .enumerate()
        .max_by_key(|(index, model)| {
            let earliest = first(model).map(Reverse);
            (model.revisions.len(), earliest, Reverse(*index))
        })
        .map(|(index, _)| index)?;
    let reference = models.remove(reference);
    models.sort_by(|left, right| left.model.name.cmp(&right.model.name));
    let revisions = reference.revisions.clone();
    let id = reference.model.id.clone();
    let all = std::iter::once(reference).chain(models);
    let models = all.map(|model| drift(model, &revisions)).collect();
    Some(Family {
        reference: id,
        revisions,
        models,
    })
}

fn drift(model: ModelRevisions, reference: &[RevisionRef]) -> ModelDrift {
    let own: BTreeSet<&RevisionId> = model
        .revisions
        .iter()
        .map(|revision| &revision.id)
        .collect();
    let has: Vec<bool> = reference
        .iter()
        .map(|revision| own.contains(&revision.id))
        .collect();
    let known: BTreeMap<&RevisionId, usize> = reference
        .iter()
        .enumerate()
        .map(|(index, revision)| (&revision.id, index))
        .collect();
    let unknown = own.iter().filter(|id| !known.contains_key(**id)).count();
    let lag = if unknown == 0 {
        RevisionLag::of(reference, &has)
    } else {
        let latest = has.iter().rposition(|has| *has);
        RevisionLag::Diverged {
            common: latest.map(|index| reference[index].id.clone()),
            own: number(unknown),
            missing: number(latest.map_or(reference.len(), |index| reference.len() - index - 1)),
        }
    };
    ModelDrift {
        model: model.model,
        has,
        lag,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Creates a model with revisions, each created a day after the one before.
    fn model(name: &str, revisions: &[&str]) -> ModelRevisions {
        let revisions = revisions.iter().map(|id| {
            let day = 1 + id.bytes().next_back().unwrap() % 28;
            RevisionRef {
                id: (*id).into(),
                name: (*id).to_owned(),
                created_on: Some(format!("2026-11-{day:02}T00:00:00Z").parse().unwrap()),
                created_by: None,
                applied_on: None,
                applied_by: None,
            }
        });
        ModelRevisions {
            model: ModelSnapshot {
                id: name.into(),
                name: name.to_owned(),
                workspace: None,
                workspace_name: None,
                state: None,
                latest: None,
            },
            revisions: revisions.collect(),
        }
    }

    #[test]
    fn models_with_common_revisions_are_one_family_also_through_a_third_one() {
        let (families, without) = families(vec![
            model("left", &["A"]),
            model("alone", &["X"]),
            model("right", &["B"]),
            model("both", &["A", "B"]),
            model("none", &[]),
        ]);
        assert_eq!(families.len(), 1);
        assert_eq!(families[0].reference.as_str(), "both");
        assert_eq!(families[0].models.len(), 3);
        let names: Vec<_> = without.iter().map(|model| model.name.as_str()).collect();
        assert_eq!(names, ["alone", "none"]);
    }

    #[test]
    fn lag_counts_from_the_latest_common_revision() {
        let (families, _) = families(vec![
            model("dev", &["A", "B", "C", "D"]),
            model("skipped", &["A", "C"]),
            model("branch", &["A", "B", "Z"]),
        ]);
        let [branch, dev, skipped] = ["branch", "dev", "skipped"].map(|name| {
            let mut models = families[0].models.iter();
            models
                .find(|drift| drift.model.name == name)
                .unwrap()
                .clone()
        });
        assert_eq!(families[0].reference.as_str(), "dev");
        assert!(dev.lag.is_up_to_date());
        assert_eq!(skipped.has, [true, false, true, false]);
        assert!(matches!(
            skipped.lag,
            RevisionLag::Behind {
                revisions: 1,
                since: Some(_)
            }
        ));
        let RevisionLag::Diverged {
            common,
            own,
            missing,
        } = branch.lag
        else {
            panic!("{branch:?}");
        };
        assert_eq!((common.unwrap().as_str(), own, missing), ("B", 1, 2));
    }
}
