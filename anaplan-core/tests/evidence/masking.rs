//! Secrets that a server repeats.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::world::{PASSWORD, Step, TOKEN, World, create, rows};

/// Every form in which a server may repeat a secret.
fn forms(secret: &str) -> Vec<String> {
    let percent = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => (byte as char).to_string(),
        false => format!("%{byte:02X}"),
    };
    vec![
        secret.to_owned(),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        secret.bytes().map(percent).collect(),
        secret
            .bytes()
            .map(percent)
            .collect::<String>()
            .to_lowercase(),
    ]
}

#[tokio::test(start_paused = true)]
async fn errors_mask_the_secrets_that_a_server_repeats() {
    for secret in [TOKEN, PASSWORD] {
        for form in forms(secret) {
            let text = format!("bad header '{form}' here");
            let body = json!({"status": {"code": 400, "message": text}});
            for status in [400, 403, 500, 302] {
                let headers = vec![("x-request-id", format!("id-{form}"))];
                let step = Step::Headers(status, headers, body.to_string());
                let world = World::new(vec![rows(&[])], vec![step]);
                let error = world.session().call(create()).await.unwrap_err();
                let message = error.server_message().unwrap_or_default();
                assert!(message.contains("***"), "{status} {form}: {error:?}");
                let record = serde_json::to_string(&error.record()).unwrap();
                let shown = format!(
                    "{error} {error:?} {message} {:?} {:?} {record}",
                    error.server_code(),
                    error.request_id()
                );
                assert!(!shown.contains(&form), "{form}: {shown}");
                assert!(shown.contains("bad header"), "{shown}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn checks_and_baselines_mask_the_secrets_that_a_server_repeats() {
    for form in forms(TOKEN) {
        let echo = json!({"status": {"code": 400, "message": format!("bad {form}")}}).to_string();
        let listings = vec![Step::Respond(400, echo.clone())];
        let world = World::new(listings, vec![Step::Hang]);
        let error = world.session().call(create()).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(&form), "{shown}");

        let listings = vec![rows(&[]), Step::Respond(400, echo)];
        let world = World::new(listings, vec![Step::Respond(503, String::new())]);
        let error = world.session().call(create()).await.unwrap_err();
        let record = serde_json::to_string(error.record().unwrap()).unwrap();
        assert!(record.contains("bad ***"), "{record}");
        assert!(!record.contains(&form), "{record}");
    }
}
