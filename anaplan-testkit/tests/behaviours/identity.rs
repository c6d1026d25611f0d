//! Who is asking: sign-in, tokens, certificates.

use std::time::Duration;

use anaplan_testkit::{FakeAnaplan, Identity};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA512;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::json;

use crate::ask::{Asker, is_hex, keys, sign_in};
use crate::support::Answer;
use crate::table::behaviours;

behaviours! {
    1, "L", "signing in is answered with 201, and wrong credentials with 401 and the body of the token service"
        => signing_in_answers_201;
    1, "L", "a token is validated with 200, who it belongs to and when it ends, but without its value"
        => a_token_is_validated;
    1, "D", "signing out is answered with 204 and nothing, and a second time with 401"
        => signing_out_answers_204;
    2, "L", "refreshing leaves the token and the id of its refresh token as they are, and moves the time when it expires"
        => refreshing_moves_the_expiry;
    2, "L", "a token lives 35 minutes; after that every use of it, refreshing included, is answered with 401"
        => a_token_lives_35_minutes;
    2, "D", "signing out ends a token at once for every service, and no other session of the same user"
        => signing_out_revokes_at_once;
    3, "L", "a wrong scheme is 400 with FAILURE_BAD_HEADER for refreshing and validating, and 401 for signing in and out"
        => wrong_schemes_are_told_apart;
    3, "D", "signing out with a wrong scheme or none is 401 with FAILURE_BAD_HEADER, with a dead token FAILURE_INVALID_TOKEN"
        => a_wrong_scheme_at_logout_is_a_bad_header;
    4, "S J", "certificate payloads of both versions sign in, with the PEM file or the bare certificate in the header"
        => both_payloads_sign_in;
    4, "D", "a certificate payload is refused when its signature, the byte order or the unit of its time is not right, or when OpenSSL cannot read its certificate"
        => false_payloads_are_refused;
    4, "D", "a payload whose time is too far off is refused, and by a switch every payload of the older version"
        => stale_and_old_payloads_are_refused;
    5, "L", "Integration and ALM take AnaplanAuthToken and Bearer, and refuse every other scheme with 401"
        => integration_takes_two_schemes;
    7, "I", "API keys are not taken where they are not documented: neither by Integration nor by the token service"
        => api_keys_open_no_other_door;
}

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

fn signing_in_answers_201() {
    let fake = FakeAnaplan::in_process();
    let admin = fake.admin();
    let answer = sign_in(&fake, &admin.user, &admin.password).expect(201);
    assert_eq!(answer.content_type(), Some("application/json"));
    let body = answer.json();
    assert_eq!(
        keys(&body),
        ["meta", "status", "statusMessage", "tokenInfo"]
    );
    assert_eq!(body["status"], "SUCCESS");
    assert_eq!(body["statusMessage"], "Login successful");
    assert_eq!(
        body["meta"]["validationUrl"],
        "https://auth.anaplan.com/token/validate"
    );
    let info = &body["tokenInfo"];
    for id in ["tokenId", "refreshTokenId"] {
        let parts: Vec<usize> = info[id]
            .as_str()
            .unwrap()
            .split('-')
            .map(str::len)
            .collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
    }
    let now = fake.world(|world| world.now()).as_millisecond();
    assert!(info["expiresAt"].as_i64().unwrap() > now);

    let nobody = Asker::nobody(&fake);
    let refused = [
        sign_in(&fake, &admin.user, "a guess"),
        sign_in(&fake, "nobody@northwind.example", &admin.password),
        nobody
            .with("Basic", "no base64 at all")
            .call("/token/authenticate"),
        nobody.call("/token/authenticate"),
    ];
    for answer in refused {
        let body = answer.expect(401).json();
        assert_eq!(keys(&body), ["status", "statusMessage"]);
        assert_eq!(body["status"], "FAILURE_BAD_CREDENTIAL");
    }
}

fn a_token_is_validated() {
    let admin = Asker::admin();
    let body = admin.get("/token/validate").expect(200).json();
    assert_eq!(body["statusMessage"], "Token validated");
    assert_eq!(keys(&body["tokenInfo"]), ["expiresAt", "tokenId"]);
    let user = &body["userInfo"];
    assert_eq!(keys(user), ["customerGuid", "userGuid", "userId"]);
    assert_eq!(user["userId"], admin.fake.admin().user);
    assert!(is_hex(&user["userGuid"], true) && is_hex(&user["customerGuid"], true));
}

fn signing_out_answers_204() {
    let admin = Asker::admin();
    let answer = admin.call("/token/logout").expect(204);
    assert!(answer.body.is_empty());
    admin.call("/token/logout").expect(401);
}

fn refreshing_moves_the_expiry() {
    let admin = Asker::admin();
    admin.fake.advance(Duration::from_secs(60));
    let first = admin.call("/token/refresh").expect(200).json();
    assert_eq!(first["statusMessage"], "Token refreshed");
    assert_eq!(first["tokenInfo"]["tokenValue"], admin.token());
    admin.fake.advance(Duration::from_secs(600));
    let second = admin.call("/token/refresh").expect(200).json();
    for same in ["tokenValue", "refreshTokenId"] {
        assert_eq!(first["tokenInfo"][same], second["tokenInfo"][same]);
    }
    let expires = |body: &serde_json::Value| body["tokenInfo"]["expiresAt"].as_i64().unwrap();
    let moved = expires(&second) - expires(&first);
    assert!((600_000..610_000).contains(&moved), "{moved}");
}

fn a_token_lives_35_minutes() {
    let admin = Asker::admin();
    admin.fake.advance(Duration::from_secs(34 * 60));
    admin.get("/2/0/users/me").expect(200);
    admin.fake.advance(Duration::from_secs(61));
    admin.get("/2/0/users/me").expect(401);
    admin.get("/token/validate").expect(401);
    admin.call("/token/refresh").expect(401);
    admin.call("/token/logout").expect(401);
}

fn signing_out_revokes_at_once() {
    let admin = Asker::admin();
    let other = Asker::signed_in(&admin.fake, &admin.fake.admin());
    admin.call("/token/logout").expect(204);
    admin.get("/2/0/users/me").expect(401);
    admin.get("/token/validate").expect(401);
    admin.call("/token/refresh").expect(401);
    other.get("/2/0/users/me").expect(200);
}

fn wrong_schemes_are_told_apart() {
    let admin = Asker::admin();
    let nobody = Asker::nobody(&admin.fake);
    for wrong in [
        admin.with("Bearer", admin.token()),
        admin.with("Basic", admin.token()),
        nobody,
    ] {
        for answer in [wrong.call("/token/refresh"), wrong.get("/token/validate")] {
            assert_eq!(answer.expect(400).json()["status"], "FAILURE_BAD_HEADER");
        }
        wrong.call("/token/logout").expect(401);
    }
    let wrong = admin.call("/token/authenticate").expect(401);
    assert_eq!(wrong.json()["status"], "FAILURE_BAD_CREDENTIAL");
    admin.get("/2/0/users/me").expect(200);
}

fn a_wrong_scheme_at_logout_is_a_bad_header() {
    let admin = Asker::admin();
    let nobody = Asker::nobody(&admin.fake);
    for wrong in [
        admin.with("Bearer", admin.token()),
        admin.with("Basic", admin.token()),
        nobody,
    ] {
        let body = wrong.call("/token/logout").expect(401).json();
        assert_eq!(body["status"], "FAILURE_BAD_HEADER");
    }
    admin.call("/token/logout").expect(204);
    let body = admin.call("/token/logout").expect(401).json();
    assert_eq!(body["status"], "FAILURE_INVALID_TOKEN");
}

/// Signs in with a certificate and a payload whose signed bytes are these.
fn present(fake: &FakeAnaplan, file: &[u8], key: &Identity, v2: bool, signed: &[u8]) -> Answer {
    let pair = KeyPair::from_pkcs8(key.private_key_der()).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    let random = SystemRandom::new();
    pair.sign(&RSA_PKCS1_SHA512, &random, signed, &mut signature)
        .unwrap();
    let mut body = json!({
        "encodedData": STANDARD.encode(signed),
        "encodedSignedData": STANDARD.encode(signature),
    });
    if v2 {
        body["encodedDataFormat"] = "v2".into();
    }
    Asker::nobody(fake)
        .with("CACertificate", &STANDARD.encode(file))
        .ask(Method::POST, "/token/authenticate", &JSON, body.to_string())
}

fn seconds(fake: &FakeAnaplan) -> u64 {
    let now = fake.world(|world| world.now()).as_second();
    now.unsigned_abs()
}

/// The signed bytes of the newer version.
fn timed(time: [u8; 8]) -> Vec<u8> {
    [&time[..], &[7; 150]].concat()
}

fn both_payloads_sign_in() {
    let fake = FakeAnaplan::in_process();
    let ada = fake.admin_identity();
    let time = seconds(&fake).to_be_bytes();
    for file in [ada.certificate.as_bytes(), ada.certificate_der()] {
        present(&fake, file, &ada, false, &[7; 150]).expect(201);
        // Published clients send 8 and 92 bytes.
        present(&fake, file, &ada, true, &[&time[..], &[7; 92]].concat()).expect(201);
        let answer = present(&fake, file, &ada, true, &timed(time)).expect(201);
        let token = answer.json()["tokenInfo"]["tokenValue"].clone();
        let user = Asker::nobody(&fake).with("AnaplanAuthToken", token.as_str().unwrap());
        let me = user.get("/2/0/users/me").expect(200).json();
        assert_eq!(me["user"]["email"], fake.admin().user);
    }
}

fn false_payloads_are_refused() {
    let fake = FakeAnaplan::in_process();
    let ada = fake.admin_identity();
    let file = ada.certificate.as_bytes();
    let one_line = ada.certificate.replace('\n', " ");
    let now = seconds(&fake);
    let other = anaplan_testkit::pki::Authority::shared()
        .unwrap()
        .identity(&fake.demo().second.user)
        .unwrap();
    let refused = [
        present(&fake, file, &other, false, &[7; 150]),
        present(&fake, file, &ada, true, &timed(now.to_le_bytes())),
        present(&fake, file, &ada, true, &timed((now * 1000).to_be_bytes())),
        present(&fake, file, &ada, true, &[7; 150]),
        // Neither OpenSSL nor Java reads PEM on one line.
        present(&fake, one_line.as_bytes(), &ada, false, &[7; 150]),
    ];
    for answer in refused {
        assert_eq!(
            answer.expect(401).json()["status"],
            "FAILURE_BAD_CREDENTIAL"
        );
    }
}

fn stale_and_old_payloads_are_refused() {
    let fake = FakeAnaplan::in_process();
    let ada = fake.admin_identity();
    let file = ada.certificate.as_bytes();
    let at = |time: u64| present(&fake, file, &ada, true, &timed(time.to_be_bytes()));
    at(seconds(&fake) - 200).expect(201);
    at(seconds(&fake) - 400).expect(401);
    at(seconds(&fake) + 400).expect(401);
    fake.world(|world| world.rules.certificate_skew = Duration::from_secs(10));
    at(seconds(&fake) - 200).expect(401);
    fake.world(|world| world.rules.reject_v1 = true);
    present(&fake, file, &ada, false, &[7; 150]).expect(401);
    at(seconds(&fake)).expect(201);
}

fn integration_takes_two_schemes() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let basic = STANDARD.encode(format!("{}:{}", demo.admin.user, demo.admin.password));
    let integration = "/2/0/users/me".to_owned();
    let alm = format!("/2/0/models/{}/alm/latestRevision", demo.dev);
    for path in [&integration, &alm] {
        admin.get(path).expect(200);
        admin.with("Bearer", admin.token()).get(path).expect(200);
        let refused = [
            admin.with("Basic", &basic),
            admin.with("CACertificate", admin.token()),
            admin.with("Token", admin.token()),
            admin.with("AnaplanAuthToken", "no such token"),
            Asker::nobody(&admin.fake),
        ];
        for asker in refused {
            let body = asker.get(path).expect(401).json();
            assert_eq!(body["status"]["code"], 401);
            assert_eq!(body["path"], path.as_str());
        }
    }
}

fn api_keys_open_no_other_door() {
    let fake = FakeAnaplan::in_process();
    let nobody = Asker::nobody(&fake);
    let key = "auk_us1_4pT0";
    for asker in [
        nobody.with("AnaplanApiKey", key),
        nobody.with("Bearer", key),
    ] {
        asker.get("/2/0/users/me").expect(401);
        asker.get("/token/validate").expect(400);
        asker.call("/token/authenticate").expect(401);
    }
}
