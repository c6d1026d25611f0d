use std::ffi::OsString;

use anaplan_core::{
    Authenticator, Credential, ErrorKind, RequestBody, ResponseBody, TransportError,
    TransportErrorKind, async_trait,
};

use super::*;

#[derive(Debug)]
struct Nobody;

#[async_trait]
impl Transport for Nobody {
    async fn send(
        &self,
        _: http::Request<RequestBody>,
    ) -> std::result::Result<http::Response<ResponseBody>, TransportError> {
        Err(TransportError::new(TransportErrorKind::Connect))
    }
}

#[async_trait]
impl Authenticator for Nobody {
    async fn credential(&self, _: &Session) -> Result<Credential> {
        Credential::anaplan(&"token".into(), 0)
    }
}

fn builder() -> ClientBuilder {
    Client::builder().transport(Arc::new(Nobody))
}

fn with_env(builder: ClientBuilder, variables: &[(&str, &str)]) -> Result<ClientBuilder> {
    builder.from_lookup(|name| {
        let found = variables.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| OsString::from(value))
    })
}

/// Returns the sign-in method in the `Debug` output of the client.
fn method(builder: ClientBuilder) -> String {
    let client = builder.build().unwrap();
    let text = format!("{client:?}");
    let known = ["Basic", "Certificate", "FixedToken", "OAuth", "Nobody"];
    let start = text.find("authenticator: ").unwrap();
    let found = known
        .iter()
        .filter_map(|name| Some((text[start..].find(name)?, *name)))
        .min();
    found.unwrap().1.to_owned()
}

fn config(result: Result<Client>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert_eq!(error.attempts(), 0);
    error.to_string()
}

#[test]
fn build_without_credentials_names_all_methods() {
    let text = config(builder().build());
    for word in ["certificate(..)", "user(..)", "token(..)", "from_env()"] {
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn build_with_two_methods_names_both() {
    let text = config(builder().basic("ada@example.com", "pw").token("t").build());
    assert!(text.contains("user and password, token"), "{text}");
    assert!(text.contains("initial_token(..)"), "{text}");
    let text = config(builder().authenticator(Arc::new(Nobody)).token("t").build());
    assert!(text.contains("token, authenticator"), "{text}");
}

#[test]
fn build_with_incomplete_or_invalid_credentials_names_the_fault() {
    let text = config(builder().user("ada@example.com").build());
    assert!(text.contains("password(..)"), "{text}");
    let text = config(builder().password("pw").build());
    assert!(text.contains("user(..)"), "{text}");
    let text = config(builder().token(" \n").build());
    assert!(text.contains("the token is empty"), "{text}");
    for (client, word) in [
        (builder().token("s3cret\ns3cret").build(), "line break"),
        (builder().token("Bearer s3cret").build(), "without a scheme"),
        (builder().basic(" ", "s3cret").build(), "is blank"),
        (builder().basic("a\nb", "s3cret").build(), "line break"),
        (builder().basic("ada", "s3cret\n").build(), "line break"),
    ] {
        let text = config(client);
        assert!(text.contains(word) && !text.contains("s3cret"), "{text}");
    }
}

#[test]
fn initial_token_needs_credentials_and_must_be_valid() {
    let initial = || builder().initial_token("t");
    assert_eq!(method(initial().basic("ada@example.com", "pw")), "Basic");
    let environment = [("ANAPLAN_USER", "ada"), ("ANAPLAN_PASSWORD", "pw")];
    assert_eq!(method(with_env(initial(), &environment).unwrap()), "Basic");
    for builder in [
        initial(),
        initial().token("t"),
        initial().authenticator(Arc::new(Nobody)),
    ] {
        let text = config(builder.build());
        assert!(text.contains("needs credentials"), "{text}");
    }
    let invalid = builder().initial_token("s3cret\ns3cret").basic("ada", "pw");
    let text = config(invalid.build());
    assert!(
        text.contains("line break") && !text.contains("s3cret"),
        "{text}"
    );
}

#[cfg(feature = "oauth")]
#[test]
fn oauth_excludes_other_methods() {
    use anaplan_auth::{MemoryTokenStore, OAuth, OAuthClient};

    let oauth = || OAuth::new(OAuthClient::device("id"), MemoryTokenStore::default());
    assert_eq!(method(builder().oauth(oauth())), "OAuth");
    let text = config(builder().oauth(oauth()).token("t").build());
    assert!(text.contains("oauth, token"), "{text}");
    let completed = with_env(builder().oauth(oauth()), &[("ANAPLAN_TOKEN", "t")]);
    assert_eq!(method(completed.unwrap()), "OAuth");
}

#[cfg(feature = "certificate")]
#[test]
fn build_rejects_an_unusable_certificate() {
    use anaplan_auth::CertificateProblem;

    let text = config(builder().private_key_password("pw").build());
    assert!(text.contains("certificate(..)"), "{text}");
    let error = builder()
        .certificate("/no/such/certificate.pem")
        .private_key("/no/such/key.pem")
        .build()
        .unwrap_err();
    assert_eq!(
        CertificateProblem::of(&error),
        Some(CertificateProblem::Unreadable)
    );
}

#[test]
fn each_method_reaches_the_session() {
    assert_eq!(method(builder().basic("ada@example.com", "pw")), "Basic");
    assert_eq!(method(builder().token("t")), "FixedToken");
    assert_eq!(method(builder().authenticator(Arc::new(Nobody))), "Nobody");
}

#[test]
fn the_environment_alone_is_enough() {
    let builder = with_env(
        builder(),
        &[
            ("ANAPLAN_WORKSPACE_ID", " 8a81\n"),
            ("ANAPLAN_MODEL_ID", "FC90"),
            ("ANAPLAN_REGION", "EU3"),
            ("ANAPLAN_AUDIT_URL", "https://audit.example.com"),
            ("ANAPLAN_TOKEN", "t"),
            ("ANAPLAN_USER", ""),
            ("ANAPLAN_PASSWORD", "  "),
        ],
    );
    let client = builder.unwrap().build().unwrap();
    assert_eq!(client.scope().workspace.as_ref().unwrap(), &"8a81");
    assert_eq!(client.scope().model.as_ref().unwrap(), &"FC90");
    let hosts = client.session().hosts();
    assert_eq!(hosts.api, Region::Eu3.hosts().api);
    assert_eq!(hosts.audit, "https://audit.example.com");
}

#[test]
fn the_code_goes_before_the_environment_in_any_order() {
    let environment = [
        ("ANAPLAN_MODEL_ID", "OF_ENVIRONMENT"),
        ("ANAPLAN_URL", "https://environment.example.com"),
        ("ANAPLAN_TOKEN", "t"),
    ];
    let say = |builder: ClientBuilder| {
        builder
            .model_id("OF_CODE")
            .region(Region::Gb1)
            .basic("ada@example.com", "pw")
    };
    let before = with_env(say(builder()), &environment).unwrap();
    let after = say(with_env(builder(), &environment).unwrap());
    for builder in [before, after] {
        let client = builder.clone().build().unwrap();
        assert_eq!(client.scope().model.as_ref().unwrap(), &"OF_CODE");
        assert_eq!(client.session().hosts(), &Region::Gb1.hosts());
        assert_eq!(method(builder), "Basic");
    }
}

#[test]
fn environment_completes_the_method_of_the_code() {
    let environment = [("ANAPLAN_USER", "eve"), ("ANAPLAN_PASSWORD", "s3cret")];
    let builder = with_env(builder().user("ada@example.com"), &environment).unwrap();
    let text = format!("{:?}", builder.build().unwrap());
    assert!(text.contains("ada@example.com"), "{text}");
    assert!(!text.contains("eve"), "{text}");
}

#[test]
fn two_methods_in_the_environment_are_rejected() {
    let environment = [("ANAPLAN_USER", "ada"), ("ANAPLAN_TOKEN", "s3cret")];
    let text = config(with_env(builder(), &environment).unwrap().build());
    assert!(text.contains("more than one way"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
}

#[test]
fn a_client_without_model_says_so_when_a_model_is_needed() {
    let client = builder().token("t").build().unwrap();
    assert!(client.scope().model.is_none());
    #[cfg(feature = "alm")]
    {
        let error = client.alm().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MissingScope);
        assert!(error.to_string().contains("model_id(..)"), "{error}");
        assert_eq!(client.with_model("M1").alm().unwrap().model(), &"M1");
    }
}

#[test]
fn another_scope_is_a_view_on_the_same_session() {
    let client = builder()
        .token("t")
        .workspace_id("w")
        .model_id("M1")
        .build()
        .unwrap();
    let other = client.with_model("M2").with_workspace("v");
    assert_eq!(other.scope().model.as_ref().unwrap(), &"M2");
    assert_eq!(other.scope().workspace.as_ref().unwrap(), &"v");
    assert_eq!(client.scope().model.as_ref().unwrap(), &"M1");
    assert!(std::ptr::eq(
        client.session().settings(),
        other.session().settings()
    ));
}

#[test]
fn settings_reach_the_session_and_those_that_cannot_work_are_refused() {
    let client = builder()
        .token("t")
        .no_rate_limit()
        .attempt_timeout(Duration::from_secs(7))
        .idle_timeout(Duration::from_secs(8))
        .max_body(9)
        .user_agent("planner/1.0")
        .retry(RetryPolicy::none())
        .poll(PollPolicy::every(Duration::from_secs(2)))
        .build()
        .unwrap();
    let settings = client.session().settings();
    assert!(settings.rate_limit.is_none());
    assert_eq!(settings.attempt_timeout, Duration::from_secs(7));
    assert_eq!(settings.idle_timeout, Duration::from_secs(8));
    assert_eq!(
        (settings.max_body, &*settings.user_agent),
        (9, "planner/1.0")
    );
    assert_eq!(settings.retry.max_attempts, 1);
    assert_eq!(settings.poll.steady, Duration::from_secs(2));

    let token = || builder().token("t");
    for (client, word) in [
        (token().model_id(" ").build(), "model id"),
        (token().workspace_id("").build(), "workspace id"),
        (token().user_agent("a\nb").build(), "user agent"),
        (token().attempt_timeout(Duration::ZERO).build(), "time-out"),
        (
            token().hosts(Hosts::all("http://a.example")).build(),
            "plain http",
        ),
    ] {
        let text = config(client);
        assert!(text.contains(word), "{text}");
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[test]
fn build_rejects_unusable_root_certificates() {
    let token = || Client::builder().token("t");
    for pem in [
        "",
        "no PEM",
        "-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----\n",
        "-----BEGIN CERTIFICATE-----\n*s3cret*\n-----END CERTIFICATE-----\n",
        "/no/such/root.pem",
    ] {
        let text = config(token().root_certificate(pem).build());
        assert!(text.contains("the root certificate"), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
    let text = config(builder().token("t").root_certificate("").build());
    assert!(text.contains("besides a transport"), "{text}");
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[test]
fn build_accepts_root_certificates_in_every_form() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    let pem = anaplan_testkit::pki::Authority::new()
        .unwrap()
        .certificate_pem();
    let body: String = pem.lines().filter(|line| !line.contains('-')).collect();
    let der = STANDARD.decode(&body).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("root.cer");
    std::fs::write(&file, &der).unwrap();
    let utf16: Vec<u8> = pem.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let token = || Client::builder().token("t");
    for builder in [
        token().root_certificate(&der),
        token().root_certificate(&utf16),
        token().root_certificate(&*file),
        token().root_certificate(file.to_str().unwrap()),
        token().root_certificate(format!("\u{feff}{pem}")),
        token().root_certificate(pem.replace('\n', "\\n")),
        token().root_certificate(STANDARD.encode(&pem)),
        token().root_certificate(&der).root_certificate(pem.trim()),
    ] {
        builder.build().unwrap();
    }

    let second_cut = format!("{pem}{}", &pem[..200]);
    let text = config(token().root_certificate(second_cut).build());
    assert!(
        text.contains("of 2 certificates, number 2 is damaged"),
        "{text}"
    );
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
#[test]
fn without_a_bundled_transport_the_error_names_the_feature() {
    let text = config(Client::builder().token("t").build());
    assert!(text.contains("`rustls`"), "{text}");
}

#[test]
fn no_secret_is_ever_shown() {
    let environment = [
        ("ANAPLAN_PASSWORD", "s3cret"),
        ("ANAPLAN_TOKEN", "s3cret"),
        ("ANAPLAN_PRIVATE_KEY_PASSWORD", "s3cret"),
        ("ANAPLAN_PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----s3cret"),
        ("ANAPLAN_CERTIFICATE", "-----BEGIN PRIVATE KEY-----s3cret"),
    ];
    let all = with_env(builder().basic("ada@example.com", "s3cret"), &environment);
    let all = all.unwrap().token("s3cret");
    #[cfg(feature = "certificate")]
    let all = all
        .private_key("-----BEGIN PRIVATE KEY-----\ns3cret")
        .private_key_password("s3cret");
    let shown = format!("{all:?} {all:#?} {:?}", all.clone().build());
    assert!(!shown.contains("s3cret"), "{shown}");
    for client in [
        builder().basic("ada@example.com", "s3cret").build(),
        builder().token("s3cret").build(),
    ] {
        let shown = format!("{client:?} {client:#?}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
