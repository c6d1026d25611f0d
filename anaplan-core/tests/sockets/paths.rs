//! Encoding of values in the request line.

use std::sync::OnceLock;

use anaplan_core::{
    Endpoint, Error, ErrorKind, Method, Path, Query, Response, Result, RetryClass, Session,
};
use proptest::prelude::*;

use crate::raw::{Raw, session};

/// Reads an object of a model by a filter.
#[derive(Debug, Clone)]
struct Find {
    model: String,
    object: String,
    filter: String,
}

impl Endpoint for Find {
    const NAME: &'static str = "test.find";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = ();

    fn path(&self) -> Path {
        let models = Path::integration().lit("models");
        let model = models.seg("modelId", &self.model).lit("lists");
        model.seg("listId", &self.object).lit("items")
    }

    fn query(&self, query: &mut Query) {
        query.push("s", &self.filter);
        query.push("limit", 5);
    }

    fn decode(&self, _: Response) -> Result<()> {
        Ok(())
    }
}

/// Text with special characters of URLs, mixed with any other.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "..",
            ".",
            "/",
            "\\",
            "%",
            "%2f",
            "%2F",
            "%5c",
            "%2e",
            "%2E%2e",
            "?",
            "#",
            "&",
            "=",
            ";",
            "+",
            " ",
            "@",
            ":",
            "//",
            "http://evil.example",
            "%00",
            "%0d%0a",
            "\u{ff0e}",
            "\u{2024}",
            "\u{2215}",
            "\u{ff0f}",
            "\u{202e}",
            "\u{feff}",
            "e\u{301}",
            "\u{1f600}",
            "a",
            "1",
            "~",
            "*",
            "'",
            "\"",
            "<",
            "{",
            "|",
            "^",
            "`",
            "[",
            "]",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        "\\PC{0,3}",
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .unwrap()
        .into_owned()
}

/// Made once: reading the machine's root certificates takes its time.
fn offline() -> &'static Session {
    static OFFLINE: OnceLock<Session> = OnceLock::new();
    OFFLINE.get_or_init(|| session("http://localhost/gateway", |_| {}))
}

/// The URL in the form in which it is sent.
fn sent_url(find: Find) -> std::result::Result<reqwest::Url, Error> {
    let request = offline().call(find).into_request()?;
    Ok(reqwest::Request::try_from(request).unwrap().url().clone())
}

proptest! {
    #[test]
    fn url_decodes_to_the_segments_it_was_built_from(
        model in hostile(),
        object in hostile(),
        filter in hostile(),
    ) {
        let find = Find { model: model.clone(), object: object.clone(), filter: filter.clone() };
        match sent_url(find) {
            Ok(url) => {
                let segments: Vec<String> = url.path_segments().unwrap().map(decoded).collect();
                prop_assert_eq!(
                    segments,
                    ["gateway", "2", "0", "models", &model, "lists", &object, "items"]
                );
                let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
                prop_assert_eq!(query, [("s".to_owned(), filter), ("limit".to_owned(), "5".to_owned())]);
                prop_assert_eq!(url.fragment(), None);
                prop_assert_eq!(url.host_str(), Some("localhost"));
                prop_assert!(url.username().is_empty());
            }
            // Nothing but what has no place in a path is refused, and before anything is sent.
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::InvalidInput);
                let unfit = |text: &str| {
                    matches!(text, "" | "." | "..") || text.chars().any(char::is_control)
                };
                prop_assert!(unfit(&model) || unfit(&object), "{}", error);
            }
        }
    }
}

#[tokio::test]
async fn request_line_has_the_encoded_segments() {
    let server = Raw::start(|mut wire| async move { wire.behave().await }).await;
    let session = server.once();
    let values = [
        "a/b",
        "..%2f..",
        "%2e%2e",
        "a?b#c",
        "a b+c",
        "..;",
        "...",
        "ä\u{202e}",
        "\\..\\",
        "@x:1",
    ];
    for value in values {
        let find = Find {
            model: value.to_owned(),
            object: "1".to_owned(),
            filter: value.to_owned(),
        };
        session.call(find).await.unwrap();
    }
    for (request, value) in server.seen().iter().zip(values) {
        let line = request.lines().next().unwrap();
        let target = line
            .strip_prefix("GET ")
            .and_then(|rest| rest.strip_suffix(" HTTP/1.1"))
            .unwrap();
        let (path, query) = target.split_once('?').unwrap();
        let segments: Vec<String> = path.split('/').skip(1).map(decoded).collect();
        assert_eq!(segments, ["2", "0", "models", value, "lists", "1", "items"]);
        let (filter, limit) = query.split_once('&').unwrap();
        assert_eq!(decoded(filter), format!("s={value}"));
        assert_eq!(limit, "limit=5");
    }
    assert_eq!(server.seen().len(), values.len());
}

#[tokio::test]
async fn invalid_segment_is_never_sent() {
    let server = Raw::start(|mut wire| async move { wire.behave().await }).await;
    let session = server.once();
    for value in [
        "",
        ".",
        "..",
        "a\r\nhost: evil.example",
        "\0",
        "\u{7f}",
        "\u{85}",
    ] {
        let find = Find {
            model: value.to_owned(),
            object: "1".to_owned(),
            filter: String::new(),
        };
        let error = session.call(find).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("modelId must not"), "{error}");
    }
    assert_eq!(server.seen(), [""; 0]);
}
