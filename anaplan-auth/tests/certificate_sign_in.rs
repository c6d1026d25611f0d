//! Sign-in with a certificate at the fake, which reads PEM as strictly as OpenSSL and Java.

#![cfg(feature = "certificate")]
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use anaplan_auth::{
    Certificate, CertificateBuilder, CertificateWarning, Material, PayloadVersion,
    TokenAuthenticator, WhoAmI,
};
use anaplan_core::{Result, Session, Settings};
use anaplan_testkit::FakeAnaplan;
use anaplan_testkit::pki::Authority;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Signs in at the fake and returns the user.
async fn sign_in(fake: &FakeAnaplan, builder: CertificateBuilder) -> Result<Option<String>> {
    let authenticator = TokenAuthenticator::new(builder.build()?);
    let session = Session::new(
        fake.connection(),
        Arc::new(authenticator),
        Settings::default(),
    )?;
    Ok(session.call(WhoAmI).await?.email)
}

fn builder(certificate: impl Into<Material>, key: impl Into<Material>) -> CertificateBuilder {
    Certificate::builder()
        .certificate(certificate)
        .private_key(key)
}

#[tokio::test(start_paused = true)]
async fn every_form_of_certificate_and_key_signs_in() {
    let fake = FakeAnaplan::in_process();
    let ada = fake.admin_identity();
    let user = Some(fake.admin().user);
    let forms = |pem: &str| {
        let utf16: Vec<u8> = pem.encode_utf16().flat_map(u16::to_be_bytes).collect();
        [
            Material::from(pem),
            Material::from(pem.replace('\n', " ")),
            Material::from(pem.replace('\n', "\n      ")),
            Material::from(pem.replace('\n', "\r")),
            Material::from(pem.replace('\n', "\\n")),
            Material::from(STANDARD.encode(pem)),
            Material::from(utf16),
        ]
    };
    for (certificate, key) in forms(&ada.certificate)
        .into_iter()
        .zip(forms(&ada.private_key))
    {
        for payload in [PayloadVersion::V1, PayloadVersion::V2] {
            let builder = builder(certificate.clone(), key.clone()).payload(payload);
            assert_eq!(sign_in(&fake, builder).await.unwrap(), user);
        }
    }
    let der = builder(ada.certificate_der(), ada.private_key_der());
    assert_eq!(sign_in(&fake, der).await.unwrap(), user);
    let encrypted = builder(&ada.certificate, &ada.encrypted_private_key)
        .private_key_password(format!("{}\n", ada.private_key_password));
    assert_eq!(sign_in(&fake, encrypted).await.unwrap(), user);
}

#[tokio::test(start_paused = true)]
async fn chain_in_any_order_signs_in() {
    let fake = FakeAnaplan::in_process();
    let ada = fake.admin_identity();
    let authority = Authority::shared().unwrap().certificate_pem();
    let other = Authority::shared()
        .unwrap()
        .identity("grace@northwind.example")
        .unwrap();
    let file = [authority, other.certificate, ada.certificate].concat();
    let user = sign_in(&fake, builder(file, &ada.private_key))
        .await
        .unwrap();
    assert_eq!(user, Some(fake.admin().user));
}

#[test]
fn warnings_name_the_usages_that_a_certificate_lacks() {
    let authority = Authority::shared().unwrap();
    let email = "ada@northwind.example";
    let warnings = |identity: &anaplan_testkit::Identity| {
        let certificate = builder(&identity.certificate, &identity.private_key).build();
        certificate.unwrap().warnings().to_vec()
    };
    assert_eq!(warnings(&authority.identity(email).unwrap()), []);
    assert_eq!(
        warnings(&authority.issue_without_usages(email).unwrap()),
        [
            CertificateWarning::NoClientAuthentication,
            CertificateWarning::NoEmailProtection,
        ]
    );
    assert_eq!(
        warnings(&Authority::self_signed(email).unwrap()),
        [CertificateWarning::SelfSigned]
    );
}
