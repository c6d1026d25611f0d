use crate::support::{Caller, column};

#[test]
fn a_line_item_tells_its_dimensions_and_their_items_with_totals() {
    let caller = Caller::admin();
    let item = caller.demo.line_item;
    let dimensions = caller.get(&format!("lineItems/{item}/dimensions")).ok();
    assert_eq!(column(&dimensions["dimensions"], "name"), ["Regions"]);
    let list = caller.demo.list;
    let items = caller
        .get(&format!("lineItems/{item}/dimensions/{list}/items"))
        .ok();
    assert_eq!(
        column(&items["items"], "name"),
        ["North", "South", "West", "World"]
    );
    assert_eq!(items["items"][0]["code"], "N");
    assert!(
        items["items"][3].get("code").is_none(),
        "unset codes are left out"
    );
    assert!(items["meta"].get("paging").is_none());
    let other = caller.demo.structural_list;
    assert_eq!(
        caller
            .get(&format!("lineItems/{item}/dimensions/{other}/items"))
            .status,
        404
    );
    assert_eq!(
        caller
            .get(&format!("lineItems/{item}/dimensions/x/items"))
            .status,
        400
    );
}

#[test]
fn a_view_tells_the_items_of_its_axes_only() {
    let caller = Caller::admin();
    let (view, list) = (caller.demo.time_view, caller.demo.list);
    let items = |dimension: &str| caller.get(&format!("views/{view}/dimensions/{dimension}/items"));
    assert_eq!(
        column(&items("20000000012").ok()["items"], "name"),
        ["Plan"]
    );
    assert_eq!(
        column(&items("20000000003").ok()["items"], "name")[0],
        "Jan 24"
    );
    assert_eq!(
        column(&items(&list.to_string()).ok()["items"], "name").len(),
        4
    );
    assert_eq!(items("20000000020").status, 404);
}

#[test]
fn the_model_knows_lists_subsets_and_users_but_neither_time_nor_versions() {
    let caller = Caller::admin();
    let items = |dimension: u64| caller.get(&format!("dimensions/{dimension}/items"));
    for built_in in [20_000_000_003, 20_000_000_020, 20_000_000_012] {
        assert_eq!(items(built_in).status, 400);
    }
    let regions = items(caller.demo.list).ok();
    assert_eq!(
        column(&regions["items"], "name"),
        ["North", "South", "West", "World"]
    );
    let users = items(101_999_999_999).ok();
    assert!(column(&users["items"], "name").contains(&caller.demo.limited.user));
    assert!(!column(&users["items"], "name").contains(&caller.demo.outsider.user));

    let coastal = caller.fake.world(|world| {
        let model = world.model(&caller.demo.dev).unwrap();
        model.structure.list(caller.demo.list).unwrap().subsets[0].id
    });
    let empty = items(coastal);
    assert_eq!(empty.status, 200);
    assert!(
        empty.json().get("items").is_none(),
        "an empty collection has no key"
    );
    let path = format!("lists/{}/items", caller.demo.list);
    caller
        .put(
            &path,
            r#"{"items":[{"code":"W","subsets":{"Coastal":true}}]}"#,
        )
        .ok();
    assert_eq!(column(&items(coastal).ok()["items"], "name"), ["West"]);

    caller.fake.world(|world| world.rules.largest_read = 3);
    assert_eq!(items(caller.demo.list).status, 400);
}
