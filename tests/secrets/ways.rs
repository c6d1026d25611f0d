//! The ways of signing in, each with the secrets that it is given. A new way is one more row.

use anaplan::ClientBuilder;
use anaplan::auth::{MemoryTokenStore, OAuth, OAuthClient, PayloadVersion};
use anaplan_testkit::{FakeAnaplan, Identity};

use crate::watch::Watch;

pub struct Way {
    pub name: &'static str,
    /// Gives the builder what it needs to sign in, and tells the watch what must stay secret.
    pub give: fn(&FakeAnaplan, ClientBuilder, &Watch) -> ClientBuilder,
    /// The same with a secret that the server, or the client itself, refuses.
    pub give_wrong: fn(&FakeAnaplan, ClientBuilder, &Watch) -> ClientBuilder,
}

pub const WAYS: &[Way] = &[
    Way {
        name: "password",
        give: |fake, builder, watch| {
            let admin = fake.admin();
            watch.secret("the password", &admin.password);
            builder.basic(admin.user, admin.password)
        },
        give_wrong: |fake, builder, watch| {
            watch.secret("a wrong password", WRONG_PASSWORD);
            builder.basic(fake.admin().user, WRONG_PASSWORD)
        },
    },
    Way {
        name: "certificate",
        give: |fake, builder, watch| {
            let identity = identity(fake, watch);
            builder
                .certificate(identity.certificate)
                .private_key(identity.private_key)
        },
        give_wrong: |_, builder, watch| {
            let key = fixture("key.pem");
            lines("a key that nobody knows", &key, watch);
            builder
                .certificate(fixture("certificate.pem"))
                .private_key(key)
        },
    },
    Way {
        name: "certificate, older payload",
        give: |fake, builder, watch| {
            let identity = identity(fake, watch);
            builder
                .certificate(identity.certificate.clone() + &identity.private_key)
                .certificate_payload(PayloadVersion::V1)
        },
        give_wrong: |fake, builder, watch| {
            let identity = identity(fake, watch);
            let key = fixture("other_key.pem");
            lines("the key of another certificate", &key, watch);
            builder.certificate(identity.certificate).private_key(key)
        },
    },
    Way {
        name: "certificate, encrypted key",
        give: |fake, builder, watch| {
            let identity = identity(fake, watch);
            builder
                .certificate(identity.certificate)
                .private_key(identity.encrypted_private_key)
                .private_key_password(identity.private_key_password)
        },
        give_wrong: |fake, builder, watch| {
            let identity = identity(fake, watch);
            watch.secret("a wrong password of a key", WRONG_PASSWORD);
            builder
                .certificate(identity.certificate)
                .private_key(identity.encrypted_private_key)
                .private_key_password(WRONG_PASSWORD)
        },
    },
    Way {
        name: "oauth",
        give: |fake, builder, watch| {
            let registered = fake.demo().code_client.unwrap();
            watch.secret("the secret of a client", registered.secret().unwrap());
            let user = fake.admin().id;
            let token = fake.world(|world| world.issue_refresh_token(&registered.id, &user));
            watch.secret("a refresh token that was given", &token);
            let client = OAuthClient::authorization_code(
                &registered.id,
                registered.secret().unwrap(),
                registered.redirect_uri.as_deref().unwrap(),
            );
            oauth(builder, client, &token)
        },
        give_wrong: |fake, builder, watch| {
            let device = fake.demo().device_client.unwrap();
            watch.secret("a wrong refresh token", WRONG_TOKEN);
            oauth(builder, OAuthClient::device(device.id), WRONG_TOKEN)
        },
    },
    Way {
        name: "token",
        give: |fake, builder, watch| {
            let token = token_of(fake);
            watch.secret("a token that was given", &token);
            builder.token(token)
        },
        give_wrong: |_, builder, watch| {
            watch.secret("a wrong token", WRONG_TOKEN);
            builder.token(WRONG_TOKEN)
        },
    },
];

fn oauth(builder: ClientBuilder, client: OAuthClient, refresh_token: &str) -> ClientBuilder {
    let oauth = OAuth::new(client, MemoryTokenStore::default());
    builder.oauth(oauth.initial_refresh_token(refresh_token))
}

const WRONG_PASSWORD: &str = "open-sesame-0815";
const WRONG_TOKEN: &str = "eyJ0b2tlbiI6Im9mLW5vYm9keSJ9.c2lnbmVk";

fn fixture(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/anaplan-auth/tests/fixtures");
    std::fs::read_to_string(format!("{folder}/{name}")).unwrap()
}

fn identity(fake: &FakeAnaplan, watch: &Watch) -> Identity {
    use base64::Engine as _;

    let identity = fake.admin_identity();
    lines("the private key", &identity.private_key, watch);
    lines("the encrypted key", &identity.encrypted_private_key, watch);
    if let Some(pkcs1) = &identity.pkcs1_private_key {
        lines("the private key in PKCS#1", pkcs1, watch);
    }
    let der = base64::engine::general_purpose::STANDARD.encode(identity.private_key_der());
    watch.secret("the private key in DER", &der);
    watch.secret("the password of the key", &identity.private_key_password);
    identity
}

/// Every line of a PEM text is a secret by itself. The first begins like that of every key.
fn lines(what: &'static str, pem: &str, watch: &Watch) {
    let body = pem.lines().filter(|line| !line.contains("-----"));
    for line in body.filter(|line| line.len() > 20) {
        watch.secret(what, line);
    }
}

/// A token that another program has taken out.
fn token_of(fake: &FakeAnaplan) -> String {
    use base64::Engine as _;

    let admin = fake.admin();
    let pair = format!("{}:{}", admin.user, admin.password);
    let basic = base64::engine::general_purpose::STANDARD.encode(pair);
    let request = http::Request::post("/token/authenticate")
        .header("authorization", format!("Basic {basic}"))
        .body(anaplan::Bytes::new())
        .unwrap();
    let answer = fake.answer(request).unwrap();
    let answer: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    answer["tokenInfo"]["tokenValue"]
        .as_str()
        .unwrap()
        .to_owned()
}
