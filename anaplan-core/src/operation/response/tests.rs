use super::*;

fn response(body: &'static str) -> Response {
    Response::new(StatusCode::OK, HeaderMap::new(), body)
}

#[test]
fn page_reads_keys_in_any_order() {
    let page: Page<String> = response(
        r#"{"names":["a"],"status":{"code":200},"x":{"y":[1]},"meta":{"paging":{"currentPageSize":1,"offset":0,"totalSize":9}}}"#,
    )
    .page("names")
    .unwrap();
    assert_eq!(page.items, ["a"]);
    assert_eq!(page.paging.unwrap().total_size, 9);
}

#[test]
fn list_without_its_key_is_empty_only_if_the_envelope_proves_it() {
    for body in [
        r#"{"status":{"code":200}}"#,
        r#"{"status":{"code":"200"},"meta":null}"#,
        r#"{"status":{"code":204},"meta":{"paging":{"totalSize":0}}}"#,
        r#"{"status":{"code":200},"names":null}"#,
        // The page after the last row of a collection of 3.
        r#"{"status":{"code":200},"meta":{"paging":{"currentPageSize":0,"offset":3,"totalSize":3}}}"#,
    ] {
        let names = response(body).list::<String>("names").unwrap();
        assert!(names.is_empty(), "{body}");
    }
    for body in [
        "{}",
        r#"{"meta":null}"#,
        r#"{"names":null}"#,
        r#"{"status":{}}"#,
        r#"{"status":{"message":"Success"}}"#,
        r#"{"status":{"code":200},"meta":{"paging":{"totalSize":3}}}"#,
        r#"{"status":{"code":200},"meta":{"paging":{"currentPageSize":3,"offset":0,"totalSize":3}}}"#,
    ] {
        let error = response(body).list::<String>("names").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Incomplete, "{body}: {error}");
        assert!(error.to_string().contains("no 'names'"), "{error}");
        assert_eq!(error.status(), Some(StatusCode::OK));
    }
}

#[test]
fn page_without_its_key_is_empty_only_if_its_position_proves_it() {
    for body in [
        r#"{"status":{"code":200},"meta":{"paging":{"totalSize":0}}}"#,
        r#"{"status":{"code":200},"meta":{"paging":{"offset":3,"totalSize":"3"}}}"#,
    ] {
        let page: Page<String> = response(body).page("names").unwrap();
        assert!(page.items.is_empty(), "{body}");
    }
    for body in [
        "{}",
        r#"{"status":{"code":200}}"#,
        r#"{"meta":{"paging":{"totalSize":0}}}"#,
        r#"{"status":{"code":200},"meta":{"paging":{"offset":2,"totalSize":3}}}"#,
    ] {
        let error = response(body).page::<String>("names").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Incomplete, "{body}: {error}");
    }
}

#[test]
fn receipt_without_documented_content_must_be_empty() {
    for body in ["", " ", "\r\n"] {
        assert!(response(body).is_empty_body().is_ok(), "{body}");
    }
    for body in [
        "{}",
        "null",
        "OK",
        "    ",
        r#"{"status":{"code":200}}"#,
        r#"{"status":{"code":500}}"#,
    ] {
        let error = response(body).is_empty_body().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}: {error}");
    }
}

#[test]
fn json_of_an_error_envelope_is_an_error() {
    let body = r#"{"status":{"code":500,"message":"failed"},"n":1}"#;
    let error = response(body).json::<serde_json::Value>().unwrap_err();
    assert_eq!(error.server_message(), Some("failed"));
}

#[test]
fn empty_array_is_an_empty_list_without_a_status_code() {
    let names: Vec<String> = response(r#"{"names":[]}"#).list("names").unwrap();
    assert!(names.is_empty());
}

#[test]
fn field_fails_if_its_key_is_missing() {
    for body in ["{}", r#"{"n":null}"#, r#"{"status":{"code":200}}"#] {
        let error = response(body).field::<u8>("n").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("no 'n'"), "{error}");
        assert_eq!(response(body).field_opt::<u8>("n").unwrap(), None);
    }
    assert_eq!(response(r#"{"n":7}"#).field::<u8>("n").unwrap(), 7);
}

#[test]
fn status_code_that_contradicts_the_http_status_is_an_error() {
    for code in ["503", "\"503\"", "404", "0", "300", "199"] {
        let body = format!(r#"{{"status":{{"code":{code},"message":"no way"}},"n":1,"names":[]}}"#);
        let response = Response::new(StatusCode::OK, HeaderMap::new(), body);
        let errors = [
            response.field::<u8>("n").unwrap_err(),
            response.field_opt::<u8>("n").unwrap_err(),
            response.list::<u8>("names").unwrap_err(),
            response.page::<u8>("names").unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Decode, "{code}: {error}");
            assert!(error.to_string().contains("contradicts"), "{error}");
            assert_eq!(error.server_message(), Some("no way"));
        }
    }
    for code in ["200", "201", "299", "\" 200 \""] {
        let body = format!(r#"{{"n":1,"status":{{"code":{code}}}}}"#);
        let response = Response::new(StatusCode::OK, HeaderMap::new(), body);
        assert_eq!(response.field::<u8>("n").unwrap(), 1, "{code}");
    }
}

#[test]
fn acknowledgement_is_empty_or_json_without_an_error_envelope() {
    for body in [
        "",
        " \r\n",
        "{}",
        "\u{feff}{}",
        "null",
        "[]",
        "true",
        r#"{"status":{"code":200}}"#,
        r#"{"status":{"code":204,"message":"Success"}}"#,
    ] {
        assert!(response(body).acknowledged().is_ok(), "{body}");
    }
    for body in [
        "<html><body>Sign in</body></html>",
        "OK",
        "{\"a\":",
        r#"{"status":{"code":500,"message":"failed"}}"#,
        r#"{"status":{"code":"500"}}"#,
    ] {
        let error = response(body).acknowledged().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}: {error}");
    }
}

#[test]
fn json_with_a_byte_order_mark_is_read() {
    let response = response("\u{feff}{\"names\":[\"a\"]}");
    assert_eq!(response.list::<String>("names").unwrap(), ["a"]);
    let value: serde_json::Value = response.json().unwrap();
    assert_eq!(value["names"][0], "a");
}

#[test]
fn decode_error_names_the_path_and_quotes_no_value() {
    let error = response(r#"{"rows":[{"id":"1"},{"id":{"deep":"s3cret"}}]}"#)
        .list::<std::collections::BTreeMap<String, u8>>("rows")
        .unwrap_err();
    assert!(error.to_string().contains("rows[0].id"), "{error}");
    let error = response(r#"{"n":"s3cret"}"#).field::<u8>("n").unwrap_err();
    assert!(error.to_string().contains("at n"), "{error}");
    assert!(!error.to_string().contains("s3cret"), "{error}");
    for (body, text) in [
        ("", "empty"),
        ("<html>", "HTML"),
        ("\u{feff} <html>", "HTML"),
        ("{\"n\":1", "another shape"),
        ("[]", "object"),
    ] {
        let error = response(body).field::<u8>("n").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains(text), "{body}: {error}");
    }
}

#[test]
fn media_type_ignores_case_and_parameters() {
    for (value, expected) in [
        ("text/html; charset=utf-8", MediaType::Html),
        ("Application/XHTML+xml", MediaType::Html),
        ("application/json", MediaType::Json),
        ("Application/JSON;charset=UTF-8", MediaType::Json),
        ("application/problem+json", MediaType::Json),
        ("application/octet-stream", MediaType::Other),
        ("text/csv", MediaType::Other),
        ("", MediaType::Other),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, value.parse().unwrap());
        assert_eq!(media_type(&headers), expected, "{value}");
    }
    assert_eq!(media_type(&HeaderMap::new()), MediaType::Other);
}

#[test]
fn date_is_read_from_its_header() {
    let mut headers = HeaderMap::new();
    headers.insert(DATE, "Mon, 02 Jun 2025 09:00:00 GMT".parse().unwrap());
    let response = Response::new(StatusCode::OK, headers, "");
    assert_eq!(response.date().unwrap().to_string(), "2025-06-02T09:00:00Z");
}
