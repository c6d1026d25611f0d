use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Everything that is found when the text arrives in these pieces.
fn scan<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<(Vec<Value>, Option<Value>, bool), Flaw> {
    let mut scanner = Scanner::new("listItems", 1 << 20);
    let mut found = Vec::new();
    for piece in pieces {
        let mut at = 0;
        while let Step::Element(read) = scanner.read(&piece[at..])? {
            at += read;
            found.push(serde_json::from_slice(scanner.element()).unwrap());
        }
    }
    Ok((
        found,
        serde_json::from_slice(scanner.meta()).ok(),
        scanner.is_done(),
    ))
}

fn cut<'a>(text: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
    cuts.push(text.len());
    cuts.sort_unstable();
    let mut start = 0;
    cuts.into_iter()
        .map(|end| &text[std::mem::replace(&mut start, end)..end])
        .collect()
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC*".prop_map(Value::from),
        r#"[\\"{}\[\],:]{0,6}"#.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(r#"[a-z\\"]{0,5}|listItems"#, inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_items_are_found_however_the_text_is_cut(
        items in proptest::collection::vec(any_json(), 0..8),
        before in any_json(),
        meta in any_json(),
        cuts in proptest::collection::vec(any::<usize>(), 0..12),
        pretty: bool,
    ) {
        let envelope = json!({"a\"listItems": before, "listItems": items, "meta": meta, "status": {"listItems": [1]}});
        let text = if pretty { serde_json::to_vec_pretty(&envelope) } else { serde_json::to_vec(&envelope) }.unwrap();
        let (found, found_meta, done) = scan(cut(&text, &cuts)).unwrap();
        // Reading back what was written is the yardstick: floats change on the way.
        let yardstick: Value = serde_json::from_slice(&text).unwrap();
        prop_assert_eq!(Value::from(found), yardstick["listItems"].clone());
        prop_assert_eq!(found_meta.unwrap(), yardstick["meta"].clone());
        prop_assert!(done);
    }

    #[test]
    fn a_text_that_breaks_off_is_never_done(
        items in proptest::collection::vec(any_json(), 0..4),
        keep in any::<usize>(),
    ) {
        let text = serde_json::to_vec(&json!({"listItems": items})).unwrap();
        let (_, _, done) = scan([&text[..keep % text.len()]]).unwrap();
        prop_assert!(!done);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), cuts in proptest::collection::vec(any::<usize>(), 0..5)) {
        let mut scanner = Scanner::new("listItems", 64);
        for piece in cut(&bytes, &cuts) {
            let mut at = 0;
            while let Ok(Step::Element(read)) = scanner.read(&piece[at..]) {
                at += read;
            }
        }
    }
}

#[test]
fn the_key_may_be_escaped_absent_or_null() {
    let scan = |text: &'static str| scan([text.as_bytes()]);
    assert_eq!(
        scan(r#"{"list\u0049tems":[1, {"a":2}]}"#).unwrap().0.len(),
        2
    );
    assert_eq!(scan(r#"{"listItems":null}"#).unwrap(), (vec![], None, true));
    assert_eq!(scan("{}").unwrap(), (vec![], None, true));
    assert!(scan(r#"{"listItems":{}}"#).is_err());
    assert!(scan("<html>").is_err());
    assert!(scan("{} {}").is_err());
    assert!(scan(r#"{"listItems":[1,]}"#).is_err());
    assert!(scan(r#"{"a":1,}"#).is_err());
}

#[test]
fn an_element_without_end_is_not_collected_without_end() {
    let mut scanner = Scanner::new("listItems", 10);
    assert_eq!(
        scanner.read(br#"{"listItems":["aaaaaaaaaaaa"#),
        Err(Flaw::TooLarge)
    );
}
