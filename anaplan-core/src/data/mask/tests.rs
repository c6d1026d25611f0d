use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use super::*;

const SECRET: &str = "s3cr/et \"\\ü+%41&<x>";

fn masked(text: &str) -> String {
    Mask::new([SECRET]).apply(text).into_owned()
}

#[test]
fn mask_hides_every_form_of_a_secret() {
    let percent = utf8_percent_encode(SECRET, NON_ALPHANUMERIC).to_string();
    let form = percent.replace("%20", "+");
    let json = serde_json::to_string(SECRET).unwrap();
    let json = json.trim_matches('"');
    let escaped: String = SECRET
        .encode_utf16()
        .map(|unit| format!("\\u{unit:04X}"))
        .collect();
    let html = SECRET
        .replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&#60;")
        .replace('>', "&#x3E;");
    let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    for form in [
        SECRET,
        &percent,
        &percent.replace("%2F", "%2f"),
        &form,
        json,
        &json.replace('/', "\\/"),
        &escaped,
        &html,
        &hex,
        &hex.to_uppercase(),
    ] {
        assert_eq!(masked(&format!("<{form}>")), "<***>", "{form}");
        assert_eq!(masked(&format!("{form}{form} {form}")), "*** ***", "{form}");
    }
}

#[test]
fn mask_hides_base64_of_a_longer_text() {
    for before in ["", "u", "us", "user:", "ada:"] {
        for after in ["", "!", "!!", "!!!"] {
            let text = format!("{before}{SECRET}{after}");
            for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
                let code = engine.encode(&text);
                for code in [
                    code.clone(),
                    code.replace('+', "%2B").replace('/', "%2F"),
                    code.replace('/', "\\/"),
                ] {
                    let masked = masked(&format!("Basic {code}"));
                    let known = STANDARD.encode(before);
                    let known = &known[..before.len() * 8 / 6];
                    let rest = masked.strip_prefix(&format!("Basic {known}***"));
                    let rest = rest.unwrap_or_else(|| panic!("{text}: {code}: {masked}"));
                    let rest = rest.trim_end_matches('=').replace("%3D", "");
                    // What is left holds characters of the neighbour only.
                    assert!(
                        rest.len() <= (after.len() * 8).div_ceil(6),
                        "{text}: {masked}"
                    );
                }
            }
        }
    }
}

#[test]
fn text_that_ends_within_a_secret_is_masked() {
    let mask = Mask::new(["abcdefghijkl"]);
    assert_eq!(mask.apply("token abcdefgh"), "token ***");
    assert_eq!(mask.apply("token abcdef"), "token ***");
    assert_eq!(mask.apply("token abcde"), "token abcde");
    assert_eq!(mask.apply("abcdefgh token"), "abcdefgh token");
}

#[test]
fn short_secrets_and_other_texts_are_unchanged() {
    let mask = Mask::new(["", "a", "abc"]);
    assert!(mask.is_empty());
    assert!(matches!(mask.apply("abc"), Cow::Borrowed("abc")));
    let mask = Mask::new([SECRET]);
    let text = "s3cr et is no secret: %20 \\u00 & &; &#; %";
    assert!(matches!(mask.apply(text), Cow::Borrowed(_)));
    assert!(!format!("{mask:?}").contains("s3cr"));
}

#[test]
fn newest_tokens_are_remembered_and_passwords_always() {
    let mut mask = Mask::new(["password"]);
    for number in 0..100 {
        mask.add_token(&format!("token-{number:03}"));
        mask.add_token(&format!("token-{number:03}"));
    }
    assert_eq!(mask.apply("password token-099 token-084"), "*** *** ***");
    assert_eq!(mask.apply("token-083"), "token-083");
    assert_eq!(format!("{mask:?}"), "Mask { secrets: 17, .. }");
}

#[test]
fn secret_of_repeated_escapes_does_not_branch_without_end() {
    let mask = Mask::new(["\\".repeat(32) + "!"]);
    let text = "\\".repeat(2_000);
    assert!(mask.apply(&text).starts_with("\\\\"));
}

/// Characters that encodings treat in different ways.
fn secret() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9+/=%\\\\\"&<> äß€😀\n-]{4,24}"
}

proptest! {
    #[test]
    fn no_form_of_a_secret_is_left(secret in secret(), before in "[a-z:]{0,5}", after in "[a-z:]{0,5}") {
        let mask = Mask::new([&secret]);
        let plain = format!("{before}{secret}{after}");
        let json = serde_json::to_string(&plain).unwrap();
        let percent = utf8_percent_encode(&plain, NON_ALPHANUMERIC).to_string();
        for text in [&plain, &json, &percent, &STANDARD.encode(&plain), &URL_SAFE_NO_PAD.encode(&plain)] {
            let masked = mask.apply(text);
            prop_assert!(masked.contains("***"), "{} in {}", secret, text);
            prop_assert!(!masked.contains(&secret));
        }
    }

    #[test]
    fn masking_twice_changes_nothing_more(secret in "[a-zA-Z0-9]{4,24}", text in "\\PC{0,60}") {
        let mask = Mask::new([&secret]);
        let text = format!("{text}{secret}{text}");
        let once = mask.apply(&text).into_owned();
        prop_assert_eq!(mask.apply(&once), once.clone());
    }

    #[test]
    fn text_without_secret_is_untouched(text in "[a-y]{0,200}") {
        let mask = Mask::new(["ZZZZZZZZZZ"]);
        prop_assert!(matches!(mask.apply(&text), Cow::Borrowed(_)));
    }

    #[test]
    fn base64_core_is_a_part_of_the_encoded_text(
        before in proptest::collection::vec(any::<u8>(), 0..5),
        secret in proptest::collection::vec(any::<u8>(), 4..20),
        after in proptest::collection::vec(any::<u8>(), 0..5),
    ) {
        let text = [&before[..], &secret, &after].concat();
        let core = super::forms::base64_core(&secret, before.len() % 3);
        prop_assert!(STANDARD.encode(text).contains(&core));
    }
}
