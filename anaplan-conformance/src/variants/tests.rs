use anaplan_core::Error;

use super::*;

#[test]
fn variants_change_every_path_in_every_way_and_nothing_else() {
    let good = json!({ "a": [{ "b": "1", "c": null }, { "b": "2" }], "d": {} });
    let variants = of(&good);
    let bodies = |at: &str| -> Vec<Value> {
        let those = variants.iter().filter(|variant| variant.at == at);
        those
            .map(|v| serde_json::from_str(&v.body).unwrap())
            .collect()
    };
    assert!(bodies("a[0].b").contains(&json!({ "a": [{ "c": null }, { "b": "2" }], "d": {} })));
    assert!(bodies("a[0].b").iter().any(|body| body["a"][0]["b"] == 1));
    assert!(bodies("a[0]").contains(&json!({ "a": [{ "b": "2" }], "d": {} })));
    assert!(bodies("a").iter().all(|body| body["d"] == good["d"]));
    assert!(
        bodies("d")
            .iter()
            .any(|body| body["d"]["brandNewField"].is_object())
    );
    for at in ["a", "a[0]", "a[0].b", "a[0].c", "d"] {
        assert_eq!(bodies(at).len(), 12, "{at}");
    }
    assert!(variants.iter().any(|variant| variant.body.is_empty()));
}

#[test]
fn random_variants_depend_on_the_seed_only() {
    let good = json!({ "a": [1, 2], "b": { "c": "d" } });
    let all: std::collections::BTreeSet<_> =
        (0..200).map(|seed| random(&good, seed).body).collect();
    assert_eq!(random(&good, 7), random(&good, 7));
    assert!(all.len() > 50);
}

#[test]
fn check_rejects_an_error_that_does_not_name_the_path() {
    let variant = |at: &str, change| Variant {
        at: at.to_owned(),
        change,
        body: String::new(),
    };
    let fails = |text: &str| -> Result<()> { Err(Error::new(ErrorKind::Decode, text)) };
    let name = variant("rows[0].name", "null");
    for text in [
        "the response has another shape at rows[0].name: invalid type",
        "the response has another shape at rows[0]: invalid type",
        "the response has no 'rows'",
    ] {
        assert_eq!(name.check(&fails(text)), Ok(()), "{text}");
    }
    for text in [
        "the response has another shape at rows[1].id: invalid type",
        "the response has no 'id'",
        "the response is empty instead of JSON",
        "no",
    ] {
        assert!(name.check(&fails(text)).is_err(), "{text}");
    }
    let code = variant("status.code", "a number");
    let text = "the response contradicts itself: its status.code is 7";
    assert_eq!(code.check(&fails(text)), Ok(()));
    assert!(name.check(&fails(text)).is_err());
    let whole = variant("", "no body");
    assert_eq!(
        whole.check(&fails("the response is empty instead of JSON")),
        Ok(())
    );
    // Required to be read, whatever the error says.
    let text = "the response has another shape at rows[0].id: invalid type";
    assert!(variant("rows[0].id", NUMBER).check(&fails(text)).is_err());
    assert!(variant("rows[0].id", NOVELTY).check(&fails(text)).is_err());
    let server: Result<()> = Err(Error::new(ErrorKind::Server, text));
    assert!(variant("rows[0].id", "null").check(&server).is_err());
}
