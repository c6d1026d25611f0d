//! Who is asking: sign-in, tokens, certificates.

use anaplan_testkit::FakeAnaplan;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use crate::table::behaviours;

behaviours! {
    1, "L", "signing in is answered with 201, and wrong credentials with 401 and the body of the token service"
        => signing_in_answers_201;
}

fn sign_in(fake: &FakeAnaplan, user: &str, password: &str) -> http::Response<Bytes> {
    let basic = STANDARD.encode(format!("{user}:{password}"));
    let request = http::Request::post("http://auth/token/authenticate")
        .header("authorization", format!("Basic {basic}"))
        .body(Bytes::new())
        .unwrap();
    fake.answer(request).unwrap()
}

fn signing_in_answers_201() {
    let fake = FakeAnaplan::in_process();
    let admin = fake.admin();
    let answer = sign_in(&fake, &admin.user, &admin.password);
    assert_eq!(answer.status(), StatusCode::CREATED);

    let answer = sign_in(&fake, &admin.user, "a guess");
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(body["status"], "FAILURE_BAD_CREDENTIAL");
}
