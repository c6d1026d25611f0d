//! Token files that several processes share.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anaplan_auth::{FileTokenStore, OAuth, OAuthTokens, TokenStore};
use anaplan_core::Session;
use anaplan_testkit::{FakeAnaplan, Fault};

use crate::support::{
    MINUTE, Me, SECOND, TOKEN, code_client, fake, many, renewals, rotating_token, session,
};

/// Environment variable with the path of the file, for the second process.
const FILE: &str = "ANAPLAN_TEST_TOKEN_FILE";

fn program(fake: &FakeAnaplan, path: &Path) -> Session {
    session(
        fake,
        &OAuth::new(code_client(fake), FileTokenStore::new(path)),
    )
}

#[tokio::test(start_paused = true)]
async fn sessions_with_one_file_refresh_once() {
    let fake = fake();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.json");
    let tokens = OAuthTokens::from_refresh_token(rotating_token(&fake));
    FileTokenStore::new(&path).save(&tokens).await.unwrap();
    let programs = [
        program(&fake, &path),
        program(&fake, &path),
        program(&fake, &path),
    ];
    fake.inject(Fault::delay(SECOND).on(TOKEN));
    for round in 1..=10 {
        let calls = programs.iter().map(|session| many(session, 10));
        let results = futures_util::future::join_all(calls).await;
        assert!(results.iter().flatten().all(Result::is_ok), "{results:?}");
        assert_eq!(renewals(&fake), (round, round as usize));
        fake.advance(36 * MINUTE);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// Runs in real time, because the other process does.
#[tokio::test]
async fn session_waits_for_another_process_and_uses_its_tokens() {
    let fake = fake();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.json");
    let store = FileTokenStore::new(&path);
    let stale = OAuthTokens::from_refresh_token("used up by the other process");
    store.save(&stale).await.unwrap();

    let mut other = Command::new(std::env::current_exe().unwrap())
        .args([
            "files::the_other_process",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(FILE, &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(other.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("locked") {
        line.clear();
        assert_ne!(
            stdout.read_line(&mut line).unwrap(),
            0,
            "it has ended early"
        );
    }
    assert!(store.lock().await.unwrap().is_none());

    let session = program(&fake, &path);
    let call = tokio::spawn(async move { session.call(Me).await });
    wait(&fake).await;
    assert!(!call.is_finished());
    assert_eq!(fake.requests().total(), 0, "it waits");

    // The service has issued the tokens that the other process saves.
    let client = fake.demo().code_client.unwrap();
    let admin = fake.demo().admin.id;
    let token = fake.world(|world| world.issue_refresh_token(&client.id, &admin));
    let tokens = OAuthTokens::from_refresh_token(token);
    let json = tokens.to_json().unwrap();
    let mut stdin = other.stdin.take().unwrap();
    stdin
        .write_all(secrecy::ExposeSecret::expose_secret(&json).as_bytes())
        .unwrap();
    drop(stdin);
    call.await.unwrap().unwrap();
    assert_eq!(
        renewals(&fake),
        (1, 1),
        "with the token of the other process"
    );
    assert!(other.wait().unwrap().success());
}

async fn wait(fake: &FakeAnaplan) {
    use anaplan_core::Clock as _;
    fake.clock().sleep(Duration::from_millis(300)).await;
}

/// The second process of the test above.
#[tokio::test]
#[ignore = "run by another test in a process of its own"]
async fn the_other_process() {
    let Some(path) = std::env::var_os(FILE) else {
        return;
    };
    let store = FileTokenStore::new(path);
    let lock = store.lock().await.unwrap().unwrap();
    let mut stdout = std::io::stdout();
    writeln!(stdout, "locked").unwrap();
    stdout.flush().unwrap();
    let mut json = String::new();
    std::io::stdin().read_to_string(&mut json).unwrap();
    store
        .save(&OAuthTokens::from_json(&json).unwrap())
        .await
        .unwrap();
    drop(lock);
}

#[tokio::test(start_paused = true)]
async fn unwritable_file_is_detected_before_the_token_is_sent() {
    let fake = fake();
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("no folder");
    std::fs::write(&in_the_way, "").unwrap();
    let store = FileTokenStore::new(in_the_way.join("tokens.json"));
    let oauth = OAuth::new(code_client(&fake), store);
    let session = session(&fake, &oauth.initial_refresh_token(rotating_token(&fake)));
    assert!(session.call(Me).await.is_err());
    assert_eq!(fake.requests().total(), 0);
}

#[cfg(unix)]
#[test]
fn save_removes_the_temporary_files_of_killed_processes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.json");
    for kill in 0..30 {
        let mut saving = Command::new(std::env::current_exe().unwrap())
            .args(["files::saving_process", "--exact", "--ignored"])
            .env(FILE, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(saving.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("running") {
            line.clear();
            assert_ne!(stdout.read_line(&mut line).unwrap(), 0);
        }
        while !path.exists() {
            std::thread::yield_now();
        }
        for _ in 0..kill * 200 {
            std::thread::yield_now();
        }
        saving.kill().unwrap();
        saving.wait().unwrap();
        let json = std::fs::read_to_string(&path).unwrap();
        assert!(OAuthTokens::from_json(&json).is_ok(), "{json}");
    }
    // The remains of a process that was killed between the creation and the rename.
    std::fs::write(
        folder.path().join(".tokens.json.00000000deadbeef.part"),
        "{",
    )
    .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let tokens = OAuthTokens::from_refresh_token("t");
    let store = FileTokenStore::new(&path);
    runtime.block_on(store.save(&tokens)).unwrap();
    let names = std::fs::read_dir(folder.path()).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["tokens.json"]);
}

/// The process of the test above. It saves until it is killed.
#[tokio::test]
#[ignore = "run by another test in a process of its own"]
async fn saving_process() {
    let Some(path) = std::env::var_os(FILE) else {
        return;
    };
    let store = FileTokenStore::new(path);
    let tokens = OAuthTokens::from_refresh_token("t".repeat(100_000));
    while store.save(&tokens).await.is_ok() {}
}
