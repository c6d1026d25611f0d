//! Unusual responses of the token service: each is read or rejected with the path of the unexpected field, and
//! no part of a token is quoted.

#![allow(clippy::unwrap_used)]

use anaplan_auth::{Basic, SignIn as _, WhoAmI};
use anaplan_conformance::variants;
use anaplan_core::{Error, ErrorKind, Result, Session};
use anaplan_testkit::{FakeAnaplan, Fault};
use proptest::prelude::any;
use proptest::test_runner::TestRunner;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

const SIGN_IN: &str = "POST /token/authenticate";
const VALIDATE: &str = "GET /token/validate";

fn token() -> Value {
    json!({
        "meta": { "validationUrl": "https://auth.anaplan.com/token/validate" },
        "status": "SUCCESS",
        "statusMessage": "Login successful",
        "tokenInfo": {
            "expiresAt": 1_760_000_000_000_u64,
            "tokenId": "9aa99999-1111-11a2-b333-abc11223ab12",
            "tokenValue": "s3cret-token",
            "refreshTokenId": "3ab11111-2222-33e4-a111-01a1b222cd3a",
            "refreshToken": "s3cret-of-tomorrow",
        },
    })
}

fn validation() -> Value {
    json!({
        "tokenInfo": { "expiresAt": 1_760_000_000_000_u64, "tokenId": "9aa99999" },
        "userInfo": { "userGuid": "8a80", "userId": "ada@example.com", "customerGuid": "8a81" },
    })
}

/// Signs in and describes the token.
async fn sign_in(session: &Session) -> Result<String> {
    let request = Basic::new("ada@example.com", "password")
        .request(session)
        .await?;
    let info = session.call(request).await?;
    let token = info.token.expose_secret().to_owned();
    Ok(format!("{token} {:?} {:?}", info.expires_at, info.token_id))
}

async fn validate(session: &Session) -> Result<String> {
    session.call(WhoAmI).await.map(|who| format!("{who:?}"))
}

#[tokio::test(start_paused = true)]
async fn each_variant_of_a_response_is_read_or_rejected_with_its_path() {
    let fake = anaplan_conformance::validated(FakeAnaplan::in_process());
    let session = fake.session().unwrap();
    let (of_token, of_validation) = (variants::of(&token()), variants::of(&validation()));
    let call = async || sign_in(&session).await;
    let signed_in = variants::try_each(&fake, SIGN_IN, of_token, call).await;
    let call = async || validate(&session).await;
    let validated = variants::try_each(&fake, VALIDATE, of_validation, call).await;
    for report in [signed_in, validated] {
        let wrong = report.wrong.join("\n");
        assert!(wrong.is_empty(), "{wrong}");
        assert!(report.refused > 10 && report.read > 10, "{report:?}");
    }
}

#[test]
fn combined_variants_are_read_or_rejected_without_quoting_a_token() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let fake = anaplan_conformance::validated(FakeAnaplan::in_process());
    let session = fake.session().unwrap();
    let check = |seed| {
        let variant = variants::random(&token(), seed);
        fake.inject(Fault::reply(200, variant.body.clone()).on(SIGN_IN));
        let outcome = runtime.block_on(sign_in(&session));
        fake.clear_faults();
        variant.check(&outcome).unwrap();
        if let Err(error) = outcome {
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("s3cret"), "{shown}");
        }
        Ok(())
    };
    TestRunner::default().run(&any::<u64>(), check).unwrap();
}

#[tokio::test(start_paused = true)]
async fn responses_of_the_table_have_the_expected_result() {
    let fake = anaplan_conformance::validated(FakeAnaplan::in_process());
    let session = fake.session().unwrap();
    let rows: &[(&str, &str, std::result::Result<&str, &str>)] = &[
        (
            SIGN_IN,
            r#"{"tokenInfo":{"tokenValue":"T"}}"#,
            Ok("T None None"),
        ),
        (
            SIGN_IN,
            r#"{"tokenInfo":{"tokenValue":"T","tokenId":7}}"#,
            Ok(r#"Some("7")"#),
        ),
        (
            SIGN_IN,
            r#"{"tokenInfo":{"tokenValue":"T","expiresAt":null}}"#,
            Ok("T None"),
        ),
        (
            SIGN_IN,
            r#"{"tokenInfo":{"tokenValue":"T","expiresAt":"soon"}}"#,
            Ok("T None"),
        ),
        (
            SIGN_IN,
            r#"{"tokenInfo":{"tokenValue":"T"},"status":{"new":1}}"#,
            Ok("T"),
        ),
        (
            SIGN_IN,
            r#"{"tokenInfo":{"tokenValue":" "}}"#,
            Err("'tokenInfo.tokenValue'"),
        ),
        (
            SIGN_IN,
            r#"{"tokenInfo":{"tokenValue":null}}"#,
            Err("'tokenInfo.tokenValue'"),
        ),
        (
            SIGN_IN,
            r#"{"tokenInfo":{"tokenValue":[]}}"#,
            Err("at tokenInfo.tokenValue"),
        ),
        (SIGN_IN, r#"{"tokenInfo":null}"#, Err("no 'tokenInfo'")),
        (
            SIGN_IN,
            r#"{"tokenInfo":"s3cret"}"#,
            Err("at tokenInfo: invalid type: a string"),
        ),
        (SIGN_IN, "", Err("is empty")),
        (SIGN_IN, "<html>", Err("is HTML")),
        (
            VALIDATE,
            r#"{"userInfo":{"userId":"ada","userGuid":8}}"#,
            Ok(r#"user_id: Some("8"), email: Some("ada")"#),
        ),
        (
            VALIDATE,
            r#"{"tokenInfo":null,"userInfo":null}"#,
            Ok("user_id: None, email: None"),
        ),
        (VALIDATE, "{}", Ok("user_id: None, email: None")),
        (VALIDATE, r#"{"userInfo":"ada"}"#, Err("at userInfo")),
        (VALIDATE, "", Err("is empty")),
    ];
    for (route, body, expected) in rows {
        fake.inject(Fault::reply(200, *body).on(*route));
        let outcome = match *route {
            SIGN_IN => sign_in(&session).await,
            _ => validate(&session).await,
        };
        fake.clear_faults();
        match (expected, outcome.as_ref().map_err(Error::to_string)) {
            (Ok(part), Ok(shown)) => assert!(shown.contains(part), "{body}: {shown}"),
            (Err(part), Err(text)) => {
                assert!(
                    text.contains(part) && !text.contains("s3cret"),
                    "{body}: {text}"
                );
                assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Decode, "{body}");
            }
            (_, told) => panic!("{body}: {told:?}"),
        }
    }
}
