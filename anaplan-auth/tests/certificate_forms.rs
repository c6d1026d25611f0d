//! Certificates in the forms that tools and secret stores leave behind, and warnings about them.

#![cfg(feature = "certificate")]
#![allow(clippy::unwrap_used)]

mod support;

use std::path::PathBuf;
use std::sync::Arc;

use anaplan_auth::{
    Certificate, CertificateProblem, CertificateWarning, SignIn, TokenAuthenticator,
};
use anaplan_core::{Endpoint as _, HeaderMap};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
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

/// The certificates in the header, as PEM.
async fn sent(certificate: &Certificate) -> String {
    let service = Service::new();
    let session = service.session(TokenAuthenticator::new(certificate.clone()));
    let request = certificate.request(&session).await.unwrap();
    let mut headers = HeaderMap::new();
    request.headers(&mut headers).unwrap();
    let header = headers[http::header::AUTHORIZATION].to_str().unwrap();
    let file = STANDARD.decode(header.strip_prefix("CACertificate ").unwrap());
    String::from_utf8(file.unwrap()).unwrap()
}

/// The same PEM as tools leave it behind.
fn distorted(pem: &str) -> Vec<Vec<u8>> {
    let base64 = STANDARD.encode(pem);
    let utf16: Vec<u8> = format!("\u{feff}{pem}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let texts = [
        pem.replace('\n', " "),
        pem.replace('\n', "\n    "),
        pem.replace('\n', "\r"),
        pem.replace('\n', "\r\n"),
        pem.replace('\n', "\\n"),
        pem.replace('\n', "\\\\n"),
        format!("\u{feff}{pem}"),
        format!("Bag Attributes\n  friendlyName: integration\n{pem}"),
        base64.replace("LS0tLS1F", "LS0tLS1F\n"),
        base64,
    ];
    texts
        .into_iter()
        .map(String::into_bytes)
        .chain([utf16])
        .collect()
}

#[tokio::test(start_paused = true)]
async fn header_contains_canonical_pem_for_every_form_of_certificate() {
    let folder = tempfile::tempdir().unwrap();
    for (index, certificate) in distorted(&text("certificate.pem")).into_iter().enumerate() {
        for (other, key) in distorted(&text("key.pem")).into_iter().enumerate() {
            let from_bytes = Certificate::builder()
                .certificate(&certificate)
                .private_key(&key);
            let sent_pem = sent(&from_bytes.build().unwrap()).await;
            assert_eq!(sent_pem, text("certificate.pem"), "{index} {other}");
        }
        let file = folder.path().join(format!("{index}.pem"));
        std::fs::write(&file, &certificate).unwrap();
        let from_path = Certificate::builder()
            .certificate(&file)
            .private_key(path("key.der"));
        assert_eq!(
            sent(&from_path.build().unwrap()).await,
            text("certificate.pem")
        );
        if let Ok(content) = String::from_utf8(certificate) {
            let from_text = Certificate::builder()
                .certificate(content)
                .private_key(text("key.pem"));
            assert_eq!(
                sent(&from_text.build().unwrap()).await,
                text("certificate.pem")
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn certificate_of_the_key_is_found_and_sent_before_its_issuers() {
    let wanted = text("smime.pem") + &text("intermediate.pem");
    let shuffled = text("root.pem") + &text("other_certificate.pem") + &wanted;
    let with_damage = format!("{}{}", &text("root.pem")[..300], wanted);
    for file in [
        bytes("chain.p7b"),
        bytes("chain_pem.p7b"),
        shuffled.into_bytes(),
        with_damage.into_bytes(),
    ] {
        let certificate = Certificate::builder()
            .certificate(file)
            .private_key(path("key.pem"))
            .build()
            .unwrap();
        assert_eq!(sent(&certificate).await, wanted);
    }
}

#[tokio::test(start_paused = true)]
async fn renewed_certificate_is_preferred_to_the_expired_one() {
    let both = text("expired.pem") + &text("certificate.pem") + &text("of_the_future.pem");
    let certificate = Certificate::builder()
        .certificate(both)
        .private_key(path("key.pem"))
        .build()
        .unwrap();
    assert_eq!(sent(&certificate).await, text("certificate.pem"));
}

#[test]
fn password_with_a_line_break_opens_the_key() {
    for key in ["key_aes256.pem", "key_legacy_3des.pem"] {
        let with = |password: String| {
            Certificate::builder()
                .certificate(path("certificate.pem"))
                .private_key(path(key))
                .private_key_password(password)
                .build()
        };
        for end in ["", "\n", "\r\n"] {
            with(format!("{PASSWORD}{end}")).unwrap();
        }
        let error = with(format!("{PASSWORD} ")).unwrap_err();
        assert_eq!(
            CertificateProblem::of(&error),
            Some(CertificateProblem::WrongPassword)
        );
        assert!(error.to_string().contains("white space"), "{error}");
    }
}

#[test]
fn errors_name_the_file_its_content_and_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let file = folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        file
    };
    let keystore = file("store.jks", &[0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2]);
    let putty = file(
        "ada.ppk",
        b"PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n",
    );
    for (certificate, key, words) in [
        (
            keystore.clone(),
            path("key.pem"),
            &[
                "store.jks contains no ",
                "only a Java keystore",
                "keytool -importkeystore",
            ][..],
        ),
        (
            path("certificate.pem"),
            keystore,
            &[
                "store.jks contains no ",
                "only a Java keystore",
                "keytool -importkeystore",
            ],
        ),
        (
            path("certificate.pem"),
            putty,
            &["ada.ppk is in the format of PuTTY", "puttygen "],
        ),
        (
            path("both.p12"),
            path("key.pem"),
            &[
                "both.p12 contains no certificate, only a PKCS#12 file",
                "openssl pkcs12 -in ",
                "both-converted.pem",
            ],
        ),
        (
            path("certificate.pem"),
            path("key_pbes1.pem"),
            &[
                "key_pbes1.pem is encrypted",
                "openssl pkcs8 -topk8",
                "key_pbes1-converted.pem",
            ],
        ),
        (
            path("expired.pem"),
            path("key.pem"),
            &["expired.pem expired at 2000-01-02", "valid from 2000-01-01"],
        ),
        (
            path("of_the_future.pem"),
            path("key.pem"),
            &[
                "of_the_future.pem is not valid before 2199-01-01",
                "until 2200-01-01",
            ],
        ),
    ] {
        let error = Certificate::builder()
            .certificate(certificate)
            .private_key(key)
            .private_key_password(PASSWORD)
            .build()
            .unwrap_err();
        for word in words {
            assert!(error.to_string().contains(word), "{word}: {error}");
        }
    }
}

/// The warnings that are logged during an action, as text.
fn warnings(act: impl FnOnce()) -> Vec<String> {
    use std::fmt::Write as _;
    use std::sync::Mutex;
    use tracing::field::{Field, Visit};
    use tracing::{Event, Level, Metadata, Subscriber, span};

    struct Text(String);

    impl Visit for Text {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            let _ = write!(self.0, "{field}={value:?} ");
        }
    }

    struct Recorder(Arc<Mutex<Vec<String>>>);

    impl Subscriber for Recorder {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() == Level::WARN
        }

        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn event(&self, event: &Event<'_>) {
            let mut text = Text(String::new());
            event.record(&mut text);
            self.0.lock().unwrap().push(text.0);
        }

        fn enter(&self, _: &span::Id) {}

        fn exit(&self, _: &span::Id) {}
    }

    let recorded = Arc::new(Mutex::new(Vec::new()));
    tracing::subscriber::with_default(Recorder(Arc::clone(&recorded)), act);
    let recorded = recorded.lock().unwrap();
    recorded.clone()
}

#[test]
fn missing_usages_and_self_signed_certificates_are_logged() {
    use CertificateWarning::*;

    for (certificate, expected) in [
        ("smime.pem", &[][..]),
        (
            "certificate.pem",
            &[NoClientAuthentication, NoEmailProtection, SelfSigned],
        ),
    ] {
        let mut found = Vec::new();
        let logged = warnings(|| {
            let builder = Certificate::builder()
                .certificate(path(certificate))
                .private_key(text("key.pem"));
            found = builder.build().unwrap().warnings().to_vec();
        });
        assert_eq!(found, expected);
        assert_eq!(logged.len(), expected.len(), "{logged:?}");
        for (line, warning) in logged.iter().zip(expected) {
            assert!(line.contains(&warning.to_string()), "{line}");
            assert!(line.contains(certificate), "{line}");
        }
    }
}

#[cfg(unix)]
#[test]
fn key_file_readable_by_others_is_logged() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = std::env::temp_dir().join(format!("anaplan-auth-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("both.pem");
    std::fs::write(&file, bytes("both.pem")).unwrap();
    let warnings_at = |mode: u32| {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let builders = [
            Certificate::builder().certificate(&*file),
            Certificate::builder().private_key(&*file),
            Certificate::builder()
                .certificate(path("certificate.pem"))
                .private_key(&*file),
        ];
        builders.map(|builder| {
            let mut warnings = warnings(|| {
                builder.build().unwrap();
            });
            warnings.retain(|warning| warning.contains("every user"));
            warnings
        })
    };
    for mode in [0o600, 0o640, 0o400] {
        assert_eq!(warnings_at(mode), [[""; 0]; 3], "{mode:o}");
    }
    for warned in warnings_at(0o644) {
        assert_eq!(warned.len(), 1);
        assert!(warned[0].contains("both.pem"), "{warned:?}");
        assert!(!warned[0].contains("BEGIN"), "{warned:?}");
    }
    // Content has no permissions.
    let both = text("both.pem");
    let logged = warnings(|| {
        Certificate::builder().certificate(both).build().unwrap();
    });
    assert!(!logged.concat().contains("every user"), "{logged:?}");
    std::fs::remove_dir_all(&folder).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_change_of_a_file_makes_build_panic_or_show_the_key(
        name in prop_oneof![
            Just("key.pem"), Just("key.der"), Just("key_legacy_3des.pem"), Just("both.pem"),
            Just("chain.p7b"), Just("certificate.pem"),
        ],
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut file = bytes(name);
        for (at, byte) in edits {
            let at = at.index(file.len());
            file[at] = byte;
        }
        file.truncate(file.len() - cut.index(file.len()) / 4);
        for builder in [
            Certificate::builder().certificate(&file),
            Certificate::builder().certificate(path("certificate.pem")).private_key(&file),
            Certificate::builder().certificate(String::from_utf8_lossy(&file).into_owned()),
        ] {
            let result = builder.private_key_password(PASSWORD).build();
            if let Err(error) = result {
                let shown = format!("{error} {error:?}");
                prop_assert!(shown.len() < 2000, "{}", shown);
                for line in String::from_utf8_lossy(&file).lines().filter(|line| line.len() > 60) {
                    prop_assert!(!shown.contains(line), "{}", shown);
                }
            }
        }
    }
}
