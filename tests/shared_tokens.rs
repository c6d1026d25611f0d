//! Several programs, each a process of its own, sign in with the tokens of one file.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::process::{Command, Stdio};

use anaplan::auth::{FileTokenStore, OAuth, OAuthClient, OAuthTokens, TokenStore as _};
use anaplan::{Client, ErrorKind, Hosts};
use anaplan_testkit::{FakeAnaplan, Fault, Server};

const URL: &str = "ANAPLAN_TEST_URL";
const ID: &str = "ANAPLAN_TEST_CLIENT";
const SECRET: &str = "ANAPLAN_TEST_CLIENT_SECRET";
const REDIRECT: &str = "ANAPLAN_TEST_REDIRECT";
const FILE: &str = "ANAPLAN_TEST_TOKEN_FILE";

const CALLS: usize = 25;

#[tokio::test]
#[ignore = "run by the next one, in processes of their own"]
async fn one_program() {
    let text = |name: &str| std::env::var(name).unwrap();
    let client = OAuthClient::authorization_code(text(ID), text(SECRET), text(REDIRECT));
    let client = Client::builder()
        .hosts(Hosts::all(text(URL)))
        .oauth(OAuth::new(client, FileTokenStore::new(text(FILE))))
        .build()
        .unwrap();
    for _ in 0..CALLS {
        // While this process was slow, the token that it took from the file may have ended too, and the
        // second refusal is for the caller. A burnt refresh token would refuse the next call as well.
        match client.who_am_i().await {
            Err(error) if error.kind() == ErrorKind::Authentication => client.who_am_i().await,
            answered => answered,
        }
        .unwrap();
    }
    println!("all calls were answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_share_a_file_do_not_burn_each_others_token() {
    let fake = FakeAnaplan::in_process();
    let server = Server::builder(fake.clone())
        .listen("127.0.0.1:0")
        .await
        .unwrap();
    let code_client = fake.demo().code_client.unwrap();
    let token = fake.world(|world| world.issue_refresh_token(&code_client.id, &fake.admin().id));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.json");
    let store = FileTokenStore::new(&path);
    let tokens = OAuthTokens::from_refresh_token(token);
    store.save(&tokens).await.unwrap();
    // The token of all of them ends again and again, whoever is using it.
    for tens in 1..=6 {
        let ends = Fault::expire_token().on("GET /token/validate");
        fake.inject(ends.after(10 * tens).times(1));
    }

    let program = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "one_program", "--ignored", "--nocapture"])
            .env(URL, server.url())
            .env(ID, &code_client.id)
            .env(SECRET, code_client.secret().unwrap())
            .env(REDIRECT, code_client.redirect_uri.as_deref().unwrap())
            .env(FILE, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let programs = [program(), program(), program()];
    let wait = move || programs.map(|program| program.wait_with_output().unwrap());
    for output in tokio::task::spawn_blocking(wait).await.unwrap() {
        let said = String::from_utf8_lossy(&output.stdout);
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("all calls were answered"), "{said}{why}");
    }

    let log = fake.requests();
    let renewals = log.of("POST /oauth/token");
    let statuses: Vec<_> = renewals.map(|entry| entry.status).collect();
    assert!(statuses.len() > 6, "{statuses:?}");
    let fine = |status: &Option<_>| *status == Some(anaplan::StatusCode::OK);
    assert!(statuses.iter().all(fine), "{statuses:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // What is left in the file is the one that is good.
    let kept = store.load().await.unwrap().unwrap();
    let client = OAuthClient::authorization_code(
        &code_client.id,
        code_client.secret().unwrap().to_owned(),
        code_client.redirect_uri.clone().unwrap(),
    );
    let kept = OAuthTokens::from_refresh_token(kept.refresh_token.unwrap());
    store.save(&kept).await.unwrap();
    let client = Client::builder()
        .hosts(Hosts::all(server.url()))
        .oauth(OAuth::new(client, store))
        .build()
        .unwrap();
    fake.clear_faults();
    client.who_am_i().await.unwrap();
}
