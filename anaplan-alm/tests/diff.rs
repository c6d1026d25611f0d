//! Typed differences from the reports of the fake, in each layout.

#![allow(clippy::unwrap_used)]

mod support;

use anaplan_alm::{Alm, Certainty, ChangeKind, ImpactKind, ModelDiff, ObjectChange};
use anaplan_testkit::world::Format;
use anaplan_testkit::{FakeAnaplan, Pacing, ReportLayout};
use support::alm_of;

const LAYOUTS: [ReportLayout; 3] = [
    ReportLayout::Published,
    ReportLayout::PublishedShort,
    ReportLayout::WithIds,
];

/// A fake on which production has the latest revision of dev.
async fn production(layout: ReportLayout) -> (FakeAnaplan, Alm) {
    let fake = FakeAnaplan::in_process();
    fake.world(|world| {
        world.rules.report_layout = layout;
        world.rules.pacing = Pacing::Instant;
    });
    let demo = fake.demo();
    let production = alm_of(&fake, &demo.admin.id, &demo.prod);
    let plan = production.plan_promotion().await.unwrap().ready().unwrap();
    plan.apply().await.unwrap();
    (fake, production)
}

async fn diff(fake: &FakeAnaplan, production: &Alm) -> ModelDiff {
    fake.world(|world| world.add_revision(&fake.demo().dev, "Next"));
    let plan = production.plan_promotion().await.unwrap().ready().unwrap();
    plan.diff().await.unwrap()
}

fn find<'a>(diff: &'a ModelDiff, subject: &str) -> &'a ObjectChange {
    let found = diff
        .changes
        .iter()
        .find(|change| change.subject() == subject);
    found.unwrap_or_else(|| panic!("no {subject} in {diff:#?}"))
}

#[tokio::test(start_paused = true)]
async fn promotion_to_the_demo_revision_is_complete_in_every_layout() {
    for layout in LAYOUTS {
        let fake = FakeAnaplan::in_process();
        fake.world(|world| world.rules.report_layout = layout);
        let demo = fake.demo();
        let production = alm_of(&fake, &demo.admin.id, &demo.prod);
        let plan = production.plan_promotion().await.unwrap().ready().unwrap();
        let diff = plan.diff().await.unwrap();
        assert!(diff.is_complete(), "{layout:?}: {diff:#?}");
        assert_eq!(diff.deletions().count(), 0);
        assert_eq!(find(&diff, "lists: Channels").change, ChangeKind::Added);
        assert_eq!(
            find(&diff, "lineItems: Headcount / People").change,
            ChangeKind::Added
        );
        let report = anaplan_alm::ComparisonReport::parse(&plan.report().await.unwrap());
        assert_eq!(
            ModelDiff::new(&report, plan.preview().await.ok().as_ref()),
            diff
        );
    }
}

#[tokio::test(start_paused = true)]
async fn deleted_objects_are_certain_losses_in_every_layout() {
    for layout in LAYOUTS {
        let (fake, production) = production(layout).await;
        let demo = fake.demo();
        fake.world(|world| {
            let mut edit = world.edit(&demo.dev);
            edit.edit_module(demo.module)
                .remove_line_item(demo.line_item);
            edit.remove_object(demo.export);
        });
        let diff = diff(&fake, &production).await;
        assert!(diff.is_complete(), "{layout:?}: {diff:#?}");
        let losses: Vec<_> = diff.data_losses().collect();
        assert_eq!(losses.len(), 1, "{layout:?}");
        assert!(losses[0].subject().starts_with("lineItems: "));
        assert_eq!(
            losses[0].certainty(ImpactKind::DataLoss),
            Some(Certainty::Certain)
        );
        assert_eq!(diff.deletions().count(), 2);
        let broken = diff.changes.iter();
        let broken =
            broken.filter(|change| change.certainty(ImpactKind::IntegrationBreak).is_some());
        assert_eq!(broken.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn deleted_list_items_are_counted_in_the_published_layout_and_named_in_the_other() {
    for layout in LAYOUTS {
        let (fake, production) = production(layout).await;
        let demo = fake.demo();
        let name = fake.world(|world| {
            let mut edit = world.edit(&demo.dev);
            let mut list = edit.edit_list(demo.structural_list);
            list.item("Temporary");
            let model = world.model(&demo.dev).unwrap();
            model
                .structure
                .list(demo.structural_list)
                .unwrap()
                .name
                .clone()
        });
        diff(&fake, &production).await;
        let plan = production.plan_promotion().await.unwrap().ready().unwrap();
        plan.apply().await.unwrap();
        // A revision before the item was added takes it away again.
        let (target, source) = (plan.source_revision.id, plan.target_revision.id);
        fake.world(|world| world.rules.compare_any_pair = true);
        let pair = anaplan_alm::RevisionPair::new(&source, &demo.dev, &target);
        let dev = production.with_model(&demo.dev);
        dev.create_comparison_report(&pair)
            .await
            .unwrap()
            .wait()
            .await
            .unwrap();
        dev.create_comparison_summary(&pair)
            .await
            .unwrap()
            .wait()
            .await
            .unwrap();
        let summary = dev.get_comparison_summary(&pair).await.unwrap();
        let report = dev.get_comparison_report(&pair).await.unwrap();
        let diff = ModelDiff::parse(&report, Some(&summary));
        assert!(diff.is_complete(), "{layout:?}: {diff:#?}");
        let subject = match layout {
            ReportLayout::WithIds => format!("listItems: {name} / Temporary"),
            _ => format!("listItems: {name} (1 deleted)"),
        };
        let change = find(&diff, &subject);
        assert_eq!(
            change.certainty(ImpactKind::DataLoss),
            Some(Certainty::Certain)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn changed_dimensions_are_stated_in_one_layout_and_unknown_in_the_short_one() {
    for layout in LAYOUTS {
        let (fake, production) = production(layout).await;
        let demo = fake.demo();
        fake.world(|world| {
            let mut edit = world.edit(&demo.dev);
            edit.edit_list(demo.list).renamed("Areas");
            edit.edit_module(demo.module)
                .add_line_item("Formula later", Format::Number);
        });
        let diff = diff(&fake, &production).await;
        assert!(diff.is_complete(), "{layout:?}: {diff:#?}");
        let list = find(&diff, "lists: Areas");
        if layout == ReportLayout::PublishedShort {
            assert!(list.certainty(ImpactKind::Unknown).is_some());
        } else {
            assert!(matches!(&list.change, ChangeKind::Renamed { from } if from != "Areas"));
            assert!(list.impacts.is_empty());
        }
    }
}
