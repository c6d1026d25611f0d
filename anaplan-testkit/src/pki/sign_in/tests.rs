use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA512;
use serde_json::json;

use super::*;
use crate::pki::Identity;

const ADA: &str = "ada@northwind.example";
const NOW: i64 = 1_750_736_826;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn ada() -> Identity {
    Authority::shared().unwrap().identity(ADA).unwrap()
}

fn sign(identity: &Identity, message: &[u8]) -> Vec<u8> {
    let key = KeyPair::from_pkcs8(identity.private_key_der()).unwrap();
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA512,
        &SystemRandom::new(),
        message,
        &mut signature,
    )
    .unwrap();
    signature
}

fn header(file: impl AsRef<[u8]>) -> String {
    format!("CACertificate {}", STANDARD.encode(file))
}

/// The body that a client sends: `format` as it is named, `message` signed and all.
fn body(identity: &Identity, format: Option<&str>, message: &[u8]) -> Vec<u8> {
    let mut body = json!({
        "encodedData": STANDARD.encode(message),
        "encodedSignedData": STANDARD.encode(sign(identity, message)),
    });
    if let Some(format) = format {
        body["encodedDataFormat"] = format.into();
    }
    body.to_string().into_bytes()
}

fn v1(identity: &Identity) -> Vec<u8> {
    body(identity, None, &[7; 150])
}

fn v2_at(identity: &Identity, seconds: u64) -> Vec<u8> {
    let message = [&seconds.to_be_bytes()[..], &[7; 150]].concat();
    body(identity, Some("v2"), &message)
}

fn v2(identity: &Identity) -> Vec<u8> {
    v2_at(identity, NOW.unsigned_abs())
}

fn judge(header: &str, body: &[u8]) -> Result<String, Refusal> {
    let authority = Authority::shared().unwrap();
    verify_sign_in(&authority, header, body, now(), SignInRules::default())
}

fn judge_of(identity: &Identity) -> Result<String, Refusal> {
    judge(&header(&identity.certificate), &v2(identity))
}

#[test]
fn both_payloads_and_both_headers_sign_the_user_in() {
    let ada = ada();
    for header in [
        header(&ada.certificate),
        header(ada.certificate_der()),
        header(&ada.certificate).replace("CACertificate", "cacertificate"),
        header(ada.certificate.replace('\n', "\r\n")),
        header(format!(
            "Bag Attributes\n{}{}",
            &ada.certificate,
            Authority::shared().unwrap().certificate_pem()
        )),
    ] {
        assert_eq!(judge(&header, &v2(&ada)).as_deref(), Ok(ADA), "{header}");
        assert_eq!(judge(&header, &v1(&ada)).as_deref(), Ok(ADA), "{header}");
    }
}

#[test]
fn what_is_no_header_is_refused() {
    let ada = ada();
    let pem = STANDARD.encode(&ada.certificate);
    for (header, refusal) in [
        ("", Refusal::Header),
        ("CACertificate", Refusal::Header),
        (&*format!("Basic {pem}"), Refusal::Header),
        (
            &format!("CACertificate {}", &ada.certificate),
            Refusal::Header,
        ),
        (&header(&ada.private_key), Refusal::Unreadable),
        (&header("nothing of the kind"), Refusal::Unreadable),
        (&header(&ada.certificate_der()[..200]), Refusal::Unreadable),
        (
            &header(Authority::shared().unwrap().certificate_pem()),
            Refusal::SelfSigned,
        ),
    ] {
        assert_eq!(judge(header, &v2(&ada)), Err(refusal), "{header}");
    }
}

#[test]
fn certificates_that_no_authority_vouches_for_are_refused() {
    let ada = ada();
    let itself = Authority::self_signed(ADA).unwrap();
    assert_eq!(judge_of(&itself), Err(Refusal::SelfSigned));

    // A stranger of the same name as our authority.
    let stranger = Authority::new().unwrap().issue(ADA).unwrap();
    assert_eq!(judge_of(&stranger), Err(Refusal::UnknownIssuer));

    let mut forged = ada.certificate_der().to_vec();
    let at = forged
        .windows(ADA.len())
        .position(|window| window == ADA.as_bytes())
        .unwrap();
    forged[at] = b'e';
    assert_eq!(
        judge(&header(&forged), &v2(&ada)),
        Err(Refusal::UnknownIssuer)
    );
}

#[test]
fn certificates_have_their_time_and_their_kind_of_key() {
    let authority = Authority::shared().unwrap();
    let expired = authority.issue_expired(ADA).unwrap();
    assert_eq!(judge_of(&expired), Err(Refusal::Expired));
    let early = authority.issue_not_yet_valid(ADA).unwrap();
    assert_eq!(judge_of(&early), Err(Refusal::NotYetValid));
    let elliptic = header(authority.issue_ec(ADA).unwrap().certificate);
    assert_eq!(judge(&elliptic, &v2(&ada())), Err(Refusal::NotRsa));
    let server = authority.issue_server(["localhost", "127.0.0.1"]).unwrap();
    let server = header(&server.certificate);
    assert_eq!(judge(&server, &v2(&ada())), Err(Refusal::NotRsa));
}

#[test]
fn the_signature_is_of_the_bytes_and_of_the_right_key() {
    let ada = ada();
    let grace = Authority::shared()
        .unwrap()
        .identity("grace@northwind.example")
        .unwrap();
    let mixed = ada.with_key_of(&grace);
    assert_eq!(judge_of(&mixed), Err(Refusal::Signature));

    // Over the base64 text in place of the bytes, which is what the documents seem to say.
    let header = header(&ada.certificate);
    let text = STANDARD.encode([7; 150]);
    let wrong = json!({
        "encodedData": text,
        "encodedSignedData": STANDARD.encode(sign(&ada, text.as_bytes())),
    });
    assert_eq!(
        judge(&header, wrong.to_string().as_bytes()),
        Err(Refusal::Signature)
    );

    // The time is signed with the rest.
    let mut moved: serde_json::Value = serde_json::from_slice(&v2(&ada)).unwrap();
    let message = [&(NOW.unsigned_abs() + 1).to_be_bytes()[..], &[7; 150]].concat();
    moved["encodedData"] = STANDARD.encode(message).into();
    assert_eq!(
        judge(&header, moved.to_string().as_bytes()),
        Err(Refusal::Signature)
    );
}

#[test]
fn bodies_of_other_forms_are_refused() {
    let ada = ada();
    let header = header(&ada.certificate);
    let judge = |body: &[u8]| judge(&header, body);
    assert_eq!(judge(b""), Err(Refusal::Body));
    assert_eq!(judge(b"[]"), Err(Refusal::Body));
    assert_eq!(judge(b"{\"encodedData\":\"AA==\"}"), Err(Refusal::Body));
    assert_eq!(
        judge(b"{\"encodedData\":\"*\",\"encodedSignedData\":\"AA==\"}"),
        Err(Refusal::Body)
    );
    assert_eq!(
        judge(&body(&ada, Some("v3"), &[7; 150])),
        Err(Refusal::Format)
    );
    assert_eq!(judge(&body(&ada, None, &[7; 99])), Err(Refusal::TooShort));
    assert!(judge(&body(&ada, None, &[7; 100])).is_ok());
    assert_eq!(
        judge(&body(&ada, Some("v2"), &[7; 7])),
        Err(Refusal::TooShort)
    );
}

#[test]
fn v2_payload_of_any_length_is_accepted() {
    let ada = ada();
    let header = header(&ada.certificate);
    for random in [0, 1, 92, 99, 100, 150, 1000] {
        let message = [&NOW.unsigned_abs().to_be_bytes()[..], &vec![7; random]].concat();
        let judged = judge(&header, &body(&ada, Some("v2"), &message));
        assert_eq!(judged.as_deref(), Ok(ADA), "{random}");
    }
}

#[test]
fn pem_that_openssl_and_java_cannot_read_is_refused() {
    let ada = ada();
    let pem = &ada.certificate;
    for text in [
        pem.replace('\n', " "),
        pem.replace('\n', "\r"),
        format!("  {}", pem.replace('\n', "\n  ")),
        format!("\u{feff}{pem}"),
    ] {
        assert_eq!(judge(&header(text), &v2(&ada)), Err(Refusal::Unreadable));
    }
}

#[test]
fn time_is_kept_in_seconds_and_within_the_skew() {
    let ada = ada();
    let header = header(&ada.certificate);
    let now = NOW.unsigned_abs();
    for (seconds, accepted) in [
        (now - 300, true),
        (now + 300, true),
        (now - 301, false),
        (now + 301, false),
        (now * 1000, false),
        (0, false),
        (u64::MAX, false),
    ] {
        let judged = judge(&header, &v2_at(&ada, seconds));
        assert_eq!(judged.is_ok(), accepted, "{seconds}");
        assert!(accepted || judged == Err(Refusal::Stale));
    }
}

#[test]
fn the_older_payload_can_be_switched_off() {
    let ada = ada();
    let header = header(&ada.certificate);
    let authority = Authority::shared().unwrap();
    let rules = SignInRules {
        reject_v1: true,
        skew: Duration::ZERO,
    };
    let judge = |body: &[u8]| verify_sign_in(&authority, &header, body, now(), rules);
    assert_eq!(judge(&v1(&ada)), Err(Refusal::OldFormat));
    assert_eq!(judge(&v2(&ada)).as_deref(), Ok(ADA));
}
