use super::*;
use proptest::prelude::*;

/// Code and message, separated by a bar.
fn read_as(content_type: &str, body: impl AsRef<[u8]>) -> String {
    let ServerMessage { code, message } = server_message(Some(content_type), body.as_ref());
    format!(
        "{}|{}",
        code.unwrap_or_default(),
        message.unwrap_or_default()
    )
}

fn read(body: impl AsRef<[u8]>) -> String {
    read_as("application/json", body)
}

#[test]
fn every_family_of_the_api_is_read() {
    for (body, told) in [
        (
            r#"{"status":{"code":404,"message":"Not Found"},"path":"/x"}"#,
            "|Not Found",
        ),
        (r#"{"status":{"code":424,"message":""}}"#, "|"),
        (
            r#"{"status":{"code":90017,"message":"busy"}}"#,
            "90017|busy",
        ),
        (
            r#"{"status":"FAILURE_X","statusMessage":"no\nway"}"#,
            "FAILURE_X|no way",
        ),
        (r#"{"status":"DENIED","message":"m"}"#, "DENIED|m"),
        (
            r#"{"error":"invalid_grant","error_description":"d"}"#,
            "invalid_grant|d",
        ),
        (r#"{"error":"invalid_grant"}"#, "invalid_grant|"),
        (r#"{"schemas":[],"status":"400","detail":"d"}"#, "|d"),
        (
            r#"{"schemas":[],"status":"400","scimType":"uniqueness","detail":"d"}"#,
            "uniqueness|d",
        ),
        (
            r#"{"errorCode":"WORKSPACE_GONE","errorMessage":"m"}"#,
            "WORKSPACE_GONE|m",
        ),
    ] {
        assert_eq!(read(body), told, "{body}");
    }
}

#[test]
fn refusals_of_gateways_and_frameworks_are_read() {
    for (body, told) in [
        (
            r#"{"errors":[{"code":"E17","message":"unknown parameter"}]}"#,
            "E17|unknown parameter",
        ),
        (r#"{"errors":["one","two"]}"#, "|one; two"),
        (
            r#"{"errors":{"limit":["must be a number"]}}"#,
            "|limit: must be a number",
        ),
        (
            r#"[{"code":"E1","message":"first"},{"message":"second"}]"#,
            "E1|first; second",
        ),
        (
            r#"{"status":{"code":400,"message":"bad limit"},"message":{"text":"see status"}}"#,
            "|bad limit",
        ),
        (r#"{"message":{"text":"see status"}}"#, "|see status"),
        (
            r#""The model is locked by another process""#,
            "|The model is locked by another process",
        ),
        (
            r#"{"fault":{"faultstring":"Invalid ApiKey","detail":{"errorcode":"oauth.v2.InvalidApiKey"}}}"#,
            "oauth.v2.InvalidApiKey|Invalid ApiKey",
        ),
        (
            r#"{"error":{"code":"PolicyDenied","message":"blocked by the gateway"}}"#,
            "PolicyDenied|blocked by the gateway",
        ),
        (
            r#"{"type":"about:blank","title":"Not entitled","status":403,"detail":null}"#,
            "|Not entitled",
        ),
        (
            r#"{"title":"Not entitled","status":403,"detail":"ask Ada"}"#,
            "|ask Ada",
        ),
        (
            r#"{"message":"model is archived","detail":{"x":1}}"#,
            "|model is archived",
        ),
        (
            r#"{"status":500,"error":"Internal Server Error","path":"/"}"#,
            "|Internal Server Error",
        ),
        (r#"{"message":7,"detail":"seven"}"#, "|seven"),
        ("{}", "|"),
        ("null", "|"),
        ("17", "|"),
    ] {
        assert_eq!(read(body), told, "{body}");
    }
}

#[test]
fn plain_text_is_quoted_and_pages_are_reduced_to_their_title() {
    for (content_type, body, told) in [
        (
            "text/plain",
            "RBAC: access denied by policy corp-egress",
            "|RBAC: access denied by policy corp-egress",
        ),
        (
            "text/plain",
            "no healthy upstream\n",
            "|no healthy upstream",
        ),
        (
            "application/json",
            "upstream timed out",
            "|upstream timed out",
        ),
        (
            "text/html",
            "<!DOCTYPE html><html><HEAD><title lang=en>502\n Bad &amp; ugly</title></HEAD>",
            "|502 Bad & ugly",
        ),
        (
            "text/html",
            "<html><body><h1>Access <b>denied</b></h1></body>",
            "|Access denied",
        ),
        (
            "text/html",
            "<html><titles>no</titles><body>words</body>",
            "|",
        ),
        (
            "text/xml",
            "<Error><Code>X</Code><Message>gone</Message></Error>",
            "|gone",
        ),
        ("text/html", "<title", "|"),
        ("text/html", "<title>never closed", "|"),
        ("", "", "|"),
    ] {
        assert_eq!(read_as(content_type, body), told, "{body}");
    }
}

#[test]
fn every_character_encoding_is_read() {
    let json = r#"{"message":"gesperrt für Zoë"}"#;
    let told = "|gesperrt für Zoë";
    let units = || json.encode_utf16();
    let bom = [&b"\xef\xbb\xbf"[..], json.as_bytes()].concat();
    let latin: Vec<u8> = json
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
    for body in [
        bom,
        latin,
        [&[0xff, 0xfe], &little[..]].concat(),
        [&[0xfe, 0xff], &big[..]].concat(),
        little,
        big,
    ] {
        assert_eq!(read(&body), told, "{body:?}");
    }
    assert_eq!(read([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), "|");
    // Cut in the middle of the letter.
    assert_eq!(read_as("text/plain", "f"), "|f");
    assert_eq!(read_as("text/plain", &"fü".as_bytes()[..2]), "|f");
}

#[test]
fn long_text_is_cut() {
    let told = read_as("text/plain", "x".repeat(100_000));
    assert_eq!(told.len(), 1 + LONGEST);
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    assert_eq!(read(deep), "|");
}

proptest! {
    #[test]
    fn no_body_makes_the_reader_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = server_message(None, &body);
    }

    #[test]
    fn no_page_makes_the_reader_panic(page in "<?[<>/a-zé ]{0,10}(<title[> ]|</title>|<h1|é|&amp;)*\\PC*") {
        let _ = server_message(Some("text/html"), page.as_bytes());
    }

    #[test]
    fn server_message_keeps_its_words(words in "[a-zA-Z0-9äß ]{1,80}") {
        let told = server_message(None, serde_json::json!({"message": words}).to_string().as_bytes());
        prop_assert_eq!(told.message, tidy(&words));
    }
}
