use crate::support::{Caller, column};
use anaplan_conformance::validated;
use anaplan_testkit::FakeAnaplan;
use anaplan_testkit::world::ModelState;

/// One call of every kind: reads first, then writes.
fn calls(caller: &Caller) -> (Vec<(&'static str, String, &'static str)>, usize) {
    let demo = &caller.demo;
    let (list, module, view) = (demo.list, demo.module, demo.view);
    let reads = vec![
        ("GET", "modules".into(), ""),
        ("GET", "views".into(), ""),
        ("GET", "lineItems".into(), ""),
        ("GET", "lists".into(), ""),
        ("GET", format!("lists/{list}"), ""),
        ("GET", format!("lists/{list}/items"), ""),
        ("GET", format!("views/{view}"), ""),
        ("GET", format!("views/{view}/data"), ""),
        ("GET", format!("dimensions/{list}/items"), ""),
        (
            "POST",
            format!("dimensions/{list}/items"),
            r#"{"names":["North"]}"#,
        ),
        ("POST", format!("lists/{list}/readRequests"), ""),
        ("GET", "currentPeriod".into(), ""),
        ("GET", "modelCalendar".into(), ""),
        ("GET", "versions".into(), ""),
        ("GET", format!("lists/{list}/preview"), ""),
    ];
    let count = reads.len();
    let writes = vec![
        ("POST", format!("modules/{module}/data"), "[]"),
        (
            "POST",
            format!("lists/{list}/items?action=add"),
            r#"{"items":[{"name":"A"}]}"#,
        ),
        (
            "PUT",
            format!("lists/{list}/items"),
            r#"{"items":[{"code":"N"}]}"#,
        ),
        ("PUT", "currentPeriod".into(), r#"{"date":""}"#),
        ("POST", format!("lists/{}/resetIndex", demo.empty_list), ""),
    ];
    (reads.into_iter().chain(writes).collect(), count)
}

fn statuses(caller: &Caller) -> (Vec<u16>, Vec<u16>) {
    let (calls, reads) = calls(caller);
    let mut all: Vec<u16> = calls
        .iter()
        .map(|(method, path, body)| {
            let body = (!body.is_empty()).then_some(*body);
            caller.send(method, path, None, body).status
        })
        .collect();
    let writes = all.split_off(reads);
    (all, writes)
}

#[test]
fn the_state_of_the_model_decides() {
    let caller = Caller::admin();
    for (state, read, write) in [
        (ModelState::Unlocked, 200, 200),
        (ModelState::Production, 200, 200),
        (ModelState::Locked, 200, 423),
        (ModelState::Maintenance, 424, 424),
        (ModelState::ProductionMaintenance, 424, 424),
        (ModelState::Archived, 422, 422),
    ] {
        caller
            .fake
            .world(|world| world.set_state(&caller.demo.dev, state));
        let (reads, writes) = statuses(&caller);
        assert!(
            reads.iter().all(|status| *status == read),
            "{state:?} {reads:?}"
        );
        assert!(
            writes.iter().all(|status| *status == write),
            "{state:?} {writes:?}"
        );
    }
}

#[test]
fn without_a_role_in_the_model_nothing_is_there() {
    let fake = validated(FakeAnaplan::in_process());
    let outsider = fake.demo().outsider;
    let (reads, writes) = statuses(&Caller::of(fake, &outsider));
    assert!(reads.iter().chain(&writes).all(|status| *status == 404));
}

#[test]
fn a_role_is_enough_for_all_but_calendar_preview_and_index() {
    let fake = validated(FakeAnaplan::in_process());
    let limited = fake.demo().limited;
    let caller = Caller::of(fake, &limited);
    let (reads, writes) = statuses(&caller);
    assert!(reads[..11].iter().all(|status| *status == 200), "{reads:?}");
    assert_eq!(reads[11..], [403; 4]);
    assert_eq!(writes, [200, 200, 200, 403, 403]);
    caller
        .fake
        .world(|world| world.rules.modelling_for_admins = true);
    let (reads, writes) = statuses(&caller);
    assert!(reads.iter().chain(&writes).all(|status| *status == 403));
}

#[test]
fn roles_hide_modules_and_protect_cells() {
    let fake = validated(FakeAnaplan::in_process());
    let demo = fake.demo();
    fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        let role = edit.role("Planner");
        edit.edit_role(role, |role| {
            role.write.remove(&demo.module);
        });
    });
    let caller = Caller::of(fake, &demo.limited);
    let data = format!("modules/{}/data", demo.module);
    assert_eq!(caller.post(&data, "[]").status, 403);
    caller.fake.world(|world| {
        let mut edit = world.edit(&demo.dev);
        let role = edit.role("Planner");
        edit.edit_role(role, |role| {
            role.read.remove(&demo.module);
        });
    });
    assert_eq!(caller.post(&data, "[]").status, 404);
    let modules = caller.get("modules").ok();
    assert!(!column(&modules["modules"], "name").contains(&"Sales".into()));
    for path in [
        format!("modules/{}/lineItems", demo.module),
        format!("views/{}", demo.view),
        format!("views/{}/data", demo.view),
        format!("views/{}/readRequests/A", demo.view),
        format!("lineItems/{}/dimensions", demo.line_item),
    ] {
        assert_eq!(caller.get(&path).status, 404, "{path}");
    }
    let items = caller.get("lineItems").ok();
    assert!(!column(&items["items"], "moduleName").contains(&"Sales".into()));
}

#[test]
fn a_closed_model_is_loaded_by_the_first_call() {
    let caller = Caller::admin();
    let closable = caller.demo.closable.clone();
    let caller = caller.in_model(&closable);
    let step = || caller.get("status").json()["requestStatus"]["currentStep"].clone();
    assert_eq!(step(), "Closed");
    assert_eq!(caller.get("modules").status, 200);
    assert_eq!(step(), "Open");
}
