//! Sign-in with a certificate: accepted files, errors, the request.

#![cfg(feature = "certificate")]
#![allow(clippy::unwrap_used)]

mod support;

use std::path::PathBuf;
use std::sync::Arc;

use anaplan_auth::{
    Authenticate, Certificate, CertificateBuilder, CertificateProblem, PayloadVersion, SignIn,
    Signer, TokenAuthenticator,
};
use anaplan_core::{Endpoint as _, Error, ErrorKind, HeaderMap, Result};
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use support::Service;

const PASSWORD: &str = "correct-horse";

fn path(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    PathBuf::from(folder).join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

fn text(name: &str) -> String {
    String::from_utf8(bytes(name)).unwrap()
}

fn with(certificate: &str, key: &str) -> CertificateBuilder {
    Certificate::builder()
        .certificate(path(certificate))
        .private_key(path(key))
}

/// The problem that makes `build` fail, and its message.
fn problem(builder: CertificateBuilder) -> (CertificateProblem, String) {
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication, "{error}");
    assert!(!format!("{error} {error:?}").contains(PASSWORD));
    let problem = CertificateProblem::of(&error).unwrap();
    (problem, error.to_string())
}

#[test]
fn build_accepts_every_form_of_key() {
    for key in ["key.pem", "key_pkcs1.pem", "key.der", "both.pem"] {
        with("certificate.pem", key).build().expect(key);
    }
    for key in [
        "key_aes256.pem",
        "key_aes128_sha1.pem",
        "key_3des.pem",
        "key_scrypt.pem",
        "key_legacy_encrypted.pem",
        "key_legacy_3des.pem",
    ] {
        let builder = with("certificate.pem", key).private_key_password(PASSWORD);
        builder.build().expect(key);
    }
    let unneeded = with("certificate.pem", "key.pem").private_key_password(PASSWORD);
    unneeded.build().expect("a password that nothing needs");
}

#[test]
fn material_is_a_path_or_a_string_or_bytes_apart_or_together() {
    let key = || Certificate::builder().private_key(path("key.pem"));
    key().certificate(text("certificate.pem")).build().unwrap();
    key().certificate(bytes("certificate.der")).build().unwrap();
    let one_line = text("certificate.pem").replace('\n', "\\n");
    key().certificate(one_line).build().unwrap();
    let base64 = STANDARD.encode(bytes("certificate.der"));
    key().certificate(base64).build().unwrap();
    let as_text = path("certificate.pem").to_str().unwrap().to_owned();
    key().certificate(as_text).build().unwrap();

    let both = || Certificate::builder().certificate(path("both.pem"));
    both().build().unwrap();
    let both = Certificate::builder().private_key(path("both.pem"));
    both.build().expect("both are in the file of the key");
}

#[test]
fn build_names_what_is_missing() {
    let (kind, text) = problem(Certificate::builder());
    assert_eq!(kind, CertificateProblem::Missing);
    assert!(text.contains("no certificate"), "{text}");
    let (kind, text) = problem(Certificate::builder().certificate(path("certificate.pem")));
    assert_eq!(kind, CertificateProblem::Missing);
    assert!(text.contains("no private key"), "{text}");
}

#[test]
fn build_tells_unusable_certificates_apart() {
    use CertificateProblem::*;

    for (file, expected, words) in [
        ("no_such_file.pem", Unreadable, "no_such_file.pem"),
        (
            "key.pem",
            NoCertificate,
            "contains no certificate, only a private key",
        ),
        ("request.pem", NoCertificate, "certificate request"),
        ("both.p12", NoCertificate, "openssl pkcs12 -in"),
        ("make.sh", NoCertificate, "no certificate"),
        ("expired.pem", Expired, "2000-01-02"),
        ("of_the_future.pem", NotYetValid, "2199-01-01"),
        ("ec_certificate.pem", NotRsa, "RSA"),
        ("other_certificate.pem", KeyMismatch, "does not belong"),
        ("root.pem", KeyMismatch, "openssl pkey -pubout -in"),
    ] {
        let (kind, text) = problem(with(file, "key.pem"));
        assert_eq!(kind, expected, "{file}: {text}");
        assert!(text.contains(words), "{file}: {text}");
    }
    let good = text("certificate.pem");
    let cut = &good[..good.len() - 40];
    let flipped = good.replacen("MII", "AAA", 1);
    for (damaged, words) in [(cut, "END line"), (&flipped, "cut off or changed")] {
        let builder = Certificate::builder().private_key(path("key.pem"));
        let (kind, text) = problem(builder.certificate(damaged));
        assert_eq!(kind, DamagedCertificate, "{text}");
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn build_tells_unusable_keys_apart() {
    use CertificateProblem::*;

    for (file, password, expected, words) in [
        ("no_such_file.pem", "", Unreadable, "no_such_file.pem"),
        (
            "certificate.pem",
            "",
            NoPrivateKey,
            "no private key, only a certificate",
        ),
        (
            "certificate.der",
            "",
            NoPrivateKey,
            "no private key, only a certificate",
        ),
        (
            "public_key.pem",
            "",
            NoPrivateKey,
            "no private key, only a public key",
        ),
        ("make.sh", "", NoPrivateKey, "no private key"),
        ("ec_key.pem", "", NotRsa, "EC"),
        ("pss_key.pem", "", NotRsa, "PSS"),
        ("other_key.pem", "", KeyMismatch, "does not belong"),
        ("key_aes256.pem", "", PasswordMissing, "no password"),
        ("key_aes256.pem", "wrong", WrongPassword, "does not open"),
        ("key_scrypt.pem", "wrong", WrongPassword, "does not open"),
        (
            "key_pbes1.pem",
            PASSWORD,
            UnsupportedFormat,
            "openssl pkcs8",
        ),
        (
            "key_legacy_encrypted.pem",
            "",
            PasswordMissing,
            "no password",
        ),
        (
            "key_legacy_3des.pem",
            "wrong",
            WrongPassword,
            "does not open",
        ),
        ("both.p12", PASSWORD, UnsupportedFormat, "openssl pkcs12"),
    ] {
        let builder = with("certificate.pem", file).private_key_password(password);
        let (kind, text) = problem(builder);
        assert_eq!(kind, expected, "{file}: {text}");
        assert!(text.contains(words), "{file}: {text}");
    }
    let (kind, message) = problem(with("short_certificate.pem", "short_key.pem"));
    assert_eq!(kind, KeySize, "{message}");

    let good = text("key.pem");
    let damaged = good.replacen("MII", "AAA", 1);
    let builder = Certificate::builder().certificate(path("certificate.pem"));
    let (kind, message) = problem(builder.private_key(damaged));
    assert_eq!(kind, DamagedKey, "{message}");
}

/// Signs with another key than that of the certificate.
#[derive(Debug)]
struct Stranger;

impl Signer for Stranger {
    fn sign_sha512(&self, _message: &[u8]) -> Result<Vec<u8>> {
        Ok(vec![7; 256])
    }
}

#[derive(Debug)]
struct Hardware;

impl Signer for Hardware {
    fn sign_sha512(&self, message: &[u8]) -> Result<Vec<u8>> {
        let key = key_pair();
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(
            &aws_lc_rs::signature::RSA_PKCS1_SHA512,
            &aws_lc_rs::rand::SystemRandom::new(),
            message,
            &mut signature,
        )
        .map_err(|_| Error::new(ErrorKind::Authentication, "no"))?;
        Ok(signature)
    }
}

fn key_pair() -> KeyPair {
    KeyPair::from_pkcs8(&bytes("key.der")).unwrap()
}

async fn request(certificate: &Certificate) -> Authenticate {
    let service = Service::new();
    let session = service.session(TokenAuthenticator::new(certificate.clone()));
    certificate.request(&session).await.unwrap()
}

/// The certificates in the header, as PEM.
async fn sent(certificate: &Certificate) -> String {
    let mut headers = HeaderMap::new();
    let request = request(certificate).await;
    request.headers(&mut headers).unwrap();
    let header = headers[http::header::AUTHORIZATION].to_str().unwrap();
    let file = STANDARD.decode(header.strip_prefix("CACertificate ").unwrap());
    String::from_utf8(file.unwrap()).unwrap()
}

/// The message that was signed, after checking the envelope and the signature.
fn signed_message(request: &Authenticate, format: Option<&str>) -> Vec<u8> {
    let body: serde_json::Value =
        serde_json::from_slice(request.body().unwrap().as_bytes().unwrap()).unwrap();
    let keys: Vec<_> = body
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    match format {
        Some(_) => assert_eq!(
            keys,
            ["encodedData", "encodedDataFormat", "encodedSignedData"]
        ),
        None => assert_eq!(keys, ["encodedData", "encodedSignedData"]),
    }
    assert_eq!(body["encodedDataFormat"].as_str(), format);
    let decode = |key: &str| STANDARD.decode(body[key].as_str().unwrap()).unwrap();
    let message = decode("encodedData");
    UnparsedPublicKey::new(
        &RSA_PKCS1_2048_8192_SHA512,
        key_pair().public_key().as_ref(),
    )
    .verify(&message, &decode("encodedSignedData"))
    .expect("the signature is over the raw bytes");
    message
}

#[tokio::test(start_paused = true)]
async fn v2_payload_signs_the_time_in_seconds_and_random_bytes() {
    let certificate = with("certificate.pem", "key.pem").build().unwrap();
    let service = Service::new();
    let session = service.session(TokenAuthenticator::new(certificate.clone()));
    let request = certificate.request(&session).await.unwrap();
    let message = signed_message(&request, Some("v2"));
    assert_eq!(message[..8], 1_750_000_000_u64.to_be_bytes());
    assert!(message.len() >= 108);

    session
        .clock()
        .sleep(std::time::Duration::from_secs(9))
        .await;
    let later = signed_message(&request, Some("v2"));
    assert_eq!(later[..8], 1_750_000_009_u64.to_be_bytes());
    assert_ne!(
        later[8..],
        message[8..],
        "random bytes are never used twice"
    );
}

#[tokio::test(start_paused = true)]
async fn v1_payload_signs_random_bytes_alone() {
    let builder = with("certificate.pem", "key_pkcs1.pem").payload(PayloadVersion::V1);
    let request = request(&builder.build().unwrap()).await;
    let message = signed_message(&request, None);
    assert!(message.len() >= 100);
    assert_ne!(message, signed_message(&request, None));
}

#[tokio::test(start_paused = true)]
async fn header_contains_the_certificate_and_not_the_key() {
    let together = Certificate::builder().certificate(path("both.pem"));
    let certificate = together.build().unwrap();
    assert_eq!(sent(&certificate).await, text("certificate.pem"));
    let request = request(&certificate).await;
    let mut headers = HeaderMap::new();
    request.headers(&mut headers).unwrap();
    let header = headers[http::header::AUTHORIZATION].to_str().unwrap();
    assert!(headers[http::header::AUTHORIZATION].is_sensitive());
    assert!(!format!("{request:?}").contains(header));
}

#[tokio::test(start_paused = true)]
async fn signature_of_a_signer_is_verified_before_it_is_sent() {
    let certificate = Certificate::with_signer(path("certificate.pem"), Arc::new(Hardware));
    let request = request(&certificate.unwrap()).await;
    signed_message(&request, Some("v2"));

    let stranger = Certificate::with_signer(path("certificate.pem"), Arc::new(Stranger)).unwrap();
    let service = Service::new();
    let session = service.session(TokenAuthenticator::new(stranger));
    let error = session.call(support::Ping).await.unwrap_err();
    assert_eq!(
        CertificateProblem::of(&error),
        Some(CertificateProblem::KeyMismatch)
    );
    assert_eq!(service.counts(), [0; 4]);
}

#[test]
fn debug_shows_no_secret() {
    let key = text("key.pem");
    let secret = key.lines().nth(3).unwrap();
    let builder = || {
        Certificate::builder()
            .certificate(text("certificate.pem"))
            .private_key(&*key)
            .private_key_password(PASSWORD)
    };
    let built = builder().build().unwrap();
    let shown = format!(
        "{:?} {built:?} {:?}",
        builder(),
        TokenAuthenticator::new(built.clone())
    );
    assert!(
        !shown.contains(secret) && !shown.contains(PASSWORD),
        "{shown}"
    );
    assert!(shown.contains("2200-01-01"), "{shown}");
}

#[test]
fn key_passed_as_certificate_is_not_quoted() {
    for name in ["key.der", "key.pem", "key_pkcs1.pem"] {
        let builder = Certificate::builder().certificate(bytes(name));
        assert!(!format!("{builder:?}").contains("30, 130"));
        let error = builder.build().unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(said.len() < 1000, "{said}");
        for line in String::from_utf8_lossy(&bytes(name))
            .lines()
            .filter(|line| line.len() > 60)
        {
            assert!(!said.contains(line), "{said}");
        }
    }
}
