//! The index by which the items of numbered lists get their names.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, both_forms};
use crate::table::behaviours;

behaviours! {
    50, "D", "resetIndex is answered 200 with a Content-Length of 0, and numbers start anew"
        => an_index_is_reset;
    50, "D", "resetIndex of a list with items, on any level, is answered 400 with its text"
        => a_list_with_items_keeps_its_index;
    50, "D", "resetIndex of a list of the structure is answered 400 with its text in a deployed model"
        => a_deployed_list_keeps_its_index;
}

fn add(caller: &Caller, list: u64, items: &Value) -> Answer {
    caller.post(
        &format!("lists/{list}/items?action=add"),
        &json!({ "items": items }),
    )
}

fn delete(caller: &Caller, list: u64, items: &Value) -> Answer {
    caller.post(
        &format!("lists/{list}/items?action=delete"),
        &json!({ "items": items }),
    )
}

fn reset(caller: &Caller, list: u64) -> Answer {
    let path = format!("lists/{list}/resetIndex");
    caller.send(Method::POST, &path, None, Bytes::new())
}

fn an_index_is_reset() {
    for caller in both_forms() {
        let list = caller.demo.numbered_list;
        add(&caller, list, &json!([{}, {}])).expect(200);
        delete(&caller, list, &json!([{ "name": "#1" }, { "name": "#2" }])).expect(200);
        let answer = reset(&caller, list).expect(200);
        assert_eq!(answer.headers["content-length"], "0");
        assert!(answer.body.is_empty() && answer.content_type().is_none());
        add(&caller, list, &json!([{}])).expect(200);
        let read = caller
            .get(&format!("lists/{list}/items"))
            .expect(200)
            .json();
        assert_eq!(read["listItems"][0]["name"], "#1");
    }
}

fn a_list_with_items_keeps_its_index() {
    const TEXT: &str = "We can't reset the list item index of a list that contains data. Select an empty list that doesn't contain any list items.";
    for caller in both_forms() {
        let numbered = caller.demo.numbered_list;
        add(&caller, numbered, &json!([{}, {}])).expect(200);
        assert_eq!(reset(&caller, numbered).expect(400).message(), TEXT);
        let (list, child) = (caller.demo.list, caller.demo.child_list);
        add(&caller, child, &json!([{ "name": "Oslo" }])).expect(200);
        assert_eq!(reset(&caller, list).expect(400).message(), TEXT);
        let all = json!([{ "code": "N" }, { "code": "S" }, { "code": "W" }]);
        delete(&caller, list, &all).expect(200);
        assert_eq!(reset(&caller, list).expect(400).message(), TEXT);
        delete(&caller, child, &json!([{ "name": "Oslo" }])).expect(200);
        // The item above all others does not count.
        reset(&caller, list).expect(200);
    }
}

fn a_deployed_list_keeps_its_index() {
    let caller = Caller::admin();
    let prod = caller.of_model(&caller.demo.prod);
    assert_eq!(
        reset(&prod, caller.demo.structural_list)
            .expect(400)
            .message(),
        "We cannot reset a list if the list is not production data and the model is in deployed mode."
    );
    reset(&prod, caller.demo.numbered_list).expect(200);
}
