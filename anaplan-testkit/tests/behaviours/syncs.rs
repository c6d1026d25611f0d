//! Syncs: failures, a second sync of one target, and the values that a sync overwrites.

use anaplan_core::ModelId;
use anaplan_testkit::world::{CellValue, Format, SyncFailure};
use anaplan_testkit::{Pacing, SecondSync};
use serde_json::{Value, json};

use crate::alm::{alm, follow, revisions};
use crate::ask::Asker;
use crate::table::behaviours;

behaviours! {
    55, "I", "a second sync of a target while one runs is started too, refused with 400, or queued, by a rule"
        => second_sync_follows_the_rule;
    55, "C", "a sync that skips revisions can fail where the same changes succeed revision by revision, by a rule"
        => skipping_sync_fails_by_rule;
    55, "I", "the next sync of a model can fail, by a rule, and leaves the model as it was"
        => next_sync_fails_by_rule;
    55, "C", "a sync that brings a formula to a line item clears the values that were entered there, and no others"
        => formula_clears_entered_values;
    55, "C", "revisions of a branch stop syncs from the main model until they are unlinked, and then identical line items lose their values"
        => unlinked_revisions_can_be_synced_over;
}

fn start(admin: &Asker, target: &ModelId, source: &str, target_revision: &str) -> (u16, String) {
    let body = json!({
        "sourceRevisionId": source,
        "sourceModelId": admin.fake.demo().dev.as_str(),
        "targetRevisionId": target_revision,
    });
    let answer = admin.post(&alm(target, "syncTasks"), &body);
    let status = answer.status.as_u16();
    let task = answer.json()["task"]["taskId"].as_str().map(str::to_owned);
    let task = task.unwrap_or_default();
    (status, alm(target, &format!("syncTasks/{task}")))
}

/// Starts a sync and returns its result.
fn sync(admin: &Asker, target: &ModelId, source: &str, target_revision: &str) -> Value {
    let (status, task) = start(admin, target, source, target_revision);
    assert_eq!(status, 201);
    follow(admin, &task)["result"].clone()
}

fn second_sync_follows_the_rule() {
    for rule in [
        SecondSync::Concurrent,
        SecondSync::Reject,
        SecondSync::Queue,
    ] {
        let admin = Asker::admin();
        admin.fake.world(|world| world.rules.second_sync = rule);
        let demo = admin.fake.demo();
        let of = revisions(&admin, &demo.dev);
        let (first, task) = start(&admin, &demo.prod, &of[1], &of[0]);
        let (second, other) = start(&admin, &demo.prod, &of[2], &of[0]);
        let expected = if rule == SecondSync::Reject { 400 } else { 201 };
        assert_eq!((first, second), (201, expected), "{rule:?}");
        if rule == SecondSync::Queue {
            let waiting = admin.get(&other).expect(200).json();
            assert_eq!(waiting["task"]["taskState"], "NOT_STARTED");
        }
        assert_eq!(follow(&admin, &task)["result"]["successful"], true);
        if expected == 201 {
            let result = follow(&admin, &other)["result"].clone();
            assert_eq!(result["successful"], false, "{rule:?}");
        }
        assert_eq!(revisions(&admin, &demo.prod), of[..2]);
    }
}

fn skipping_sync_fails_by_rule() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let of = revisions(&admin, &demo.dev);
    admin.fake.world(|world| {
        world.fail_syncs_that_skip(&demo.prod, SyncFailure::incompatible_changes());
    });
    let result = sync(&admin, &demo.prod, &of[2], &of[0]);
    assert_eq!(result["successful"], false);
    let text = result["error"]["messageText"].as_str().unwrap();
    assert!(text.contains("in one synchronization"), "{text}");
    for step in 1..3 {
        let result = sync(&admin, &demo.prod, &of[step], &of[step - 1]);
        assert_eq!(result["successful"], true);
    }
    assert_eq!(revisions(&admin, &demo.prod), of);
}

fn next_sync_fails_by_rule() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let of = revisions(&admin, &demo.dev);
    admin.fake.world(|world| {
        world.fail_next_sync(&demo.prod, SyncFailure::internal());
    });
    let result = sync(&admin, &demo.prod, &of[2], &of[0]);
    assert_eq!(
        result["error"]["messageText"],
        "An internal error occurred."
    );
    assert_eq!(revisions(&admin, &demo.prod), of[..1]);
    let result = sync(&admin, &demo.prod, &of[2], &of[0]);
    assert_eq!(result["successful"], true);
}

fn formula_clears_entered_values() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let before = revisions(&admin, &demo.prod)[0].clone();
    let (module, [rate, other], first) = admin.fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        let mut module = edit.module("Rates", []);
        let rate = module.add_line_item("Rate", Format::Number).id();
        let other = module.add_line_item("Other", Format::Number).id();
        let module = module.id();
        (
            module,
            [rate, other],
            world.add_revision(&demo.dev, "Rates"),
        )
    });
    sync(&admin, &demo.prod, &first, &before);
    let second = admin.fake.world(|world| {
        let mut edit = world.edit(&demo.prod);
        edit.cell(rate, [], CellValue::Number(7.0));
        edit.cell(other, [], CellValue::Number(8.0));
        let mut edit = world.edit(&demo.dev);
        edit.edit_module(module)
            .edit_line_item(rate)
            .formula("Other")
            .id();
        world.add_revision(&demo.dev, "Calculated rates")
    });
    let result = sync(&admin, &demo.prod, &second, &first);
    assert_eq!(result["successful"], true);
    admin.fake.world(|world| {
        let prod = world.model(&demo.prod).unwrap();
        assert!(!prod.cells.contains_key(&(rate, vec![])));
        assert_eq!(prod.cells[&(other, vec![])], CellValue::Number(8.0));
    });
}

fn unlinked_revisions_can_be_synced_over() {
    let admin = Asker::admin();
    admin
        .fake
        .world(|world| world.rules.pacing = Pacing::Instant);
    let demo = admin.fake.demo();
    let common = revisions(&admin, &demo.dev)[0].clone();
    let (branch, own, branch_revision, source) = admin.fake.world(|world| {
        let branch = world.model_from_revision(&demo.dev, &common, &demo.workspace, "Branch");
        let add = |edit: &mut anaplan_testkit::world::ModelEdit<'_>| {
            let mut module = edit.module("Rates", []);
            module.add_line_item("Rate", Format::Number).id()
        };
        let mut edit = world.edit(&branch);
        let own = add(&mut edit);
        edit.cell(own, [], CellValue::Number(7.0));
        let revision = world.add_revision(&branch, "Branch 1");
        add(&mut world.edit(&demo.dev));
        (
            branch,
            own,
            revision,
            world.add_revision(&demo.dev, "Rates"),
        )
    });
    assert_eq!(start(&admin, &branch, &source, &branch_revision).0, 400);
    admin
        .fake
        .world(|world| world.unlink_revisions_after(&branch, &common));
    assert_eq!(revisions(&admin, &branch), [&*common]);
    let result = sync(&admin, &branch, &source, &common);
    assert_eq!(result["successful"], true);
    admin.fake.world(|world| {
        let branch = world.model(&branch).unwrap();
        let rates = branch.structure.modules.iter();
        let rates: Vec<_> = rates.filter(|module| module.name == "Rates").collect();
        assert_eq!(rates.len(), 1);
        assert_eq!(rates[0].line_items[0].name, "Rate");
        assert!(!branch.cells.contains_key(&(own, vec![])));
        assert!(
            branch
                .cells
                .keys()
                .all(|(line_item, _)| *line_item != rates[0].line_items[0].id)
        );
    });
}
