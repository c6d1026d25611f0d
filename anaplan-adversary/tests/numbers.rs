//! Numbers of the server that no program should trust, and values in the wrong JSON type.

mod support;

use anaplan_adversary::case::{Op, Point};
use anaplan_adversary::operations::{Outcome, sign_in_device};
use anaplan_adversary::rows_of_list;
use support::{LONG, call, count, json, replacing};

const HUGE: &str = "18446744073709551615";

fn tokens(expires_in: &str) -> String {
    format!(
        r#"{{"access_token":"a","refresh_token":"r","expires_in":{expires_in},"token_type":"Bearer"}}"#
    )
}

#[tokio::test]
async fn huge_lifetime_of_tokens_does_not_panic() {
    for lifetime in [HUGE, "9223372036854775807", "1e300", "-1", "0"] {
        let body = tokens(lifetime);
        let scene = replacing(Op::OAuthRefresh, move |_, point, _, _| {
            (point == Point::Refresh)
                .then(|| json(200, body.clone()))
                .flatten()
        })
        .await;
        // Any end but a panic will do: the token is not one that the server knows.
        let _ = call(&scene, Op::OAuthRefresh).await;
    }
}

#[tokio::test]
async fn huge_lifetime_of_device_codes_does_not_panic() {
    let codes = format!(
        r#"{{"device_code":"d","user_code":"AAAA-BBBB","verification_uri":"https://example.com","expires_in":{HUGE},"interval":{HUGE}}}"#
    );
    let scene = replacing(Op::OAuthRefresh, move |request, _, _, _| {
        if request.path.ends_with("/device/code") {
            return json(200, codes.clone());
        }
        json(200, tokens("2100"))
    })
    .await;
    let _ = scene.drive(LONG, sign_in_device(&scene.client)).await;
}

#[tokio::test]
async fn interval_of_zero_does_not_flood_the_server() {
    let codes = r#"{"device_code":"d","user_code":"AAAA-BBBB","verification_uri":"https://example.com","expires_in":900,"interval":0}"#;
    let scene = replacing(Op::OAuthRefresh, move |request, _, _, _| {
        if request.path.ends_with("/device/code") {
            return json(200, codes);
        }
        json(400, r#"{"error":"authorization_pending"}"#)
    })
    .await;
    let ended = scene.drive(LONG, sign_in_device(&scene.client)).await;
    let failure = ended
        .expect("the code expires")
        .expect_err("nobody approves");
    assert!(
        scene.clock.now().as_secs() > 600,
        "{failure:?}\n{}",
        scene.story()
    );
    let polls = count(&scene, Point::Refresh);
    assert!(polls <= 200, "{polls} polls in 900 s");
}

#[tokio::test]
async fn huge_retry_after_does_not_panic_or_hang() {
    for wait in [HUGE, "99999999999999999999999", "-1"] {
        let head = format!("HTTP/1.1 429 x\r\nretry-after: {wait}\r\ncontent-length: 0\r\n\r\n");
        let scene = replacing(Op::List, move |_, point, _, _| {
            let step = anaplan_adversary::reply::Step::Write(head.clone().into_bytes());
            (point == Point::Page).then(|| vec![step])
        })
        .await;
        let outcome = call(&scene, Op::List).await;
        assert!(outcome.failure().is_some());
    }
}

#[tokio::test]
async fn total_that_moves_once_leads_to_a_new_reading() {
    let scene = replacing(Op::List, |request, point, n, _| {
        let offset = request.number("offset").unwrap_or(0);
        let total = if n == 1 { 8 } else { 7 };
        (point == Point::Page)
            .then(|| json(200, rows_of_list(offset, total)))
            .flatten()
    })
    .await;
    match call(&scene, Op::List).await {
        Outcome::Rows(rows) => assert_eq!(rows.len(), 7, "{}", scene.story()),
        other => panic!("{other:?}\n{}", scene.story()),
    }
}

#[tokio::test]
async fn total_that_always_moves_is_an_error() {
    let scene = replacing(Op::List, |request, point, n, _| {
        let offset = request.number("offset").unwrap_or(0);
        (point == Point::Page)
            .then(|| json(200, rows_of_list(offset, 7 + n % 2)))
            .flatten()
    })
    .await;
    let outcome = call(&scene, Op::List).await;
    assert!(
        outcome.failure().is_some(),
        "{outcome:?}\n{}",
        scene.story()
    );
    assert!(count(&scene, Point::Page) <= 16, "{}", scene.story());
}

#[tokio::test]
async fn total_larger_than_the_rows_is_an_error() {
    let scene = replacing(Op::List, |request, point, _, _| {
        let offset = request.number("offset").unwrap_or(0);
        (point == Point::Page)
            .then(|| json(200, rows_of_list(offset, 12)))
            .flatten()
    })
    .await;
    let outcome = call(&scene, Op::List).await;
    assert!(
        outcome.failure().is_some(),
        "{outcome:?}\n{}",
        scene.story()
    );
}

#[tokio::test]
async fn finished_task_in_unusual_json_is_readable() {
    let task =
        |fields: &str| format!(r#"{{"status":{{"code":200}},"task":{{"taskId":"T",{fields}}}}}"#);
    let result = r#""result":{"successful":true,"failureDumpAvailable":false}"#;
    for body in [
        task(&format!(
            r#""taskState":"COMPLETE","progress":"1.0",{result}"#
        )),
        task(
            r#""taskState":"COMPLETE","result":{"successful":"true","failureDumpAvailable":"false"}"#,
        ),
        format!(
            "\u{feff}{}",
            task(&format!(r#""taskState":"COMPLETE",{result}"#))
        ),
        task(&format!(r#""taskState":"FINISHED_WITH_NOTES",{result}"#)),
    ] {
        let told = body.clone();
        let scene = replacing(Op::RunImport, move |_, point, _, _| {
            (point == Point::Poll)
                .then(|| json(200, body.clone()))
                .flatten()
        })
        .await;
        match call(&scene, Op::RunImport).await {
            Outcome::Started {
                waited: Some(Ok(_)),
                ..
            } => {}
            other => panic!("{told}\n{other:?}\n{}", scene.story()),
        }
    }
}

#[tokio::test]
async fn paging_with_numbers_as_strings_is_readable() {
    let scene = replacing(Op::List, |request, point, _, _| {
        let offset = request.number("offset").unwrap_or(0);
        let body = rows_of_list(offset, 7).replace(r#""totalSize":7"#, r#""totalSize":"7""#);
        (point == Point::Page).then(|| json(200, body)).flatten()
    })
    .await;
    match call(&scene, Op::List).await {
        Outcome::Rows(rows) => assert_eq!(rows.len(), 7),
        other => panic!("{other:?}\n{}", scene.story()),
    }
}
