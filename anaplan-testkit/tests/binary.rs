//! The program: its card, its doors, its log, its end.

#![cfg(all(unix, feature = "server"))]
#![allow(clippy::unwrap_used)]

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The running program. It does not outlive its test.
struct Program {
    child: Option<Child>,
    card: Value,
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_anaplan-fake"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Program {
    fn start<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Self {
        let mut child = command().args(arguments).spawn().unwrap();
        let mut line = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        Self {
            child: Some(child),
            card: serde_json::from_str(&line).expect("one line of JSON"),
        }
    }

    fn text(&self, key: &str) -> &str {
        self.card[key].as_str().unwrap()
    }

    /// One request over one connection, without any client library.
    fn ask(&self, head: &str) -> String {
        let host = self.text("url").strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "{head}\r\nhost: {host}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// The token of a user of the card.
    fn sign_in(&self, user: &Value) -> String {
        let part = |key: &str| user[key].as_str().unwrap();
        let basic = STANDARD.encode(format!("{}:{}", part("user"), part("password")));
        let head = format!("POST /token/authenticate HTTP/1.1\r\nauthorization: Basic {basic}");
        let answer = self.ask(&head);
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        body["tokenInfo"]["tokenValue"].as_str().unwrap().to_owned()
    }

    fn get(&self, token: &str, path: &str) -> String {
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nauthorization: AnaplanAuthToken {token}"
        ))
    }

    /// Sends a signal, and gives what the program left behind.
    fn end(mut self, signal: &str) -> Output {
        let child = self.child.take().unwrap();
        let id = child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status();
        assert!(sent.unwrap().success());
        child.wait_with_output().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[cfg(feature = "https")]
#[test]
fn it_serves_https_and_says_whom_to_trust() {
    let program = Program::start(["--https"]);
    let url = program.text("url");
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    let file = std::fs::read_to_string(program.text("ca_certificate")).unwrap();
    assert!(file.starts_with("-----BEGIN CERTIFICATE-----"), "{file}");
    // Who speaks plain HTTP there is told nothing, in TLS at the most.
    let host = url.strip_prefix("https://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: fake\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"));

    let plain = Program::start::<&str>([]);
    assert!(plain.card.get("ca_certificate").is_none());
}

#[test]
fn it_prints_its_card_lets_its_users_in_and_stops_when_told() {
    let program = Program::start(["--listen", "127.0.0.1:0"]);
    for name in ["limited", "outsider", "second"] {
        program.sign_in(&program.card[name]);
    }
    let token = program.sign_in(&program.card);
    let me = program.get(&token, "/2/0/users/me");
    assert!(me.contains(program.text("user")), "{me}");
    for (_, model) in program.card["models"].as_object().unwrap() {
        let answer = program.get(&token, &format!("/2/0/models/{}", model.as_str().unwrap()));
        let status = &answer["HTTP/1.1 ".len()..][..3];
        let archived = model == &program.card["models"]["archived"];
        assert!(status == "200" || archived, "{answer}");
    }
    assert_eq!(program.card["rate_limit"], json!({ "burst": 600 }));
    assert_eq!(
        program.card["features"],
        json!({ "audit": false, "scim": false, "cloudworks": false })
    );
    assert!(
        program
            .ask("GET /2/0/users/me HTTP/1.1")
            .starts_with("HTTP/1.1 401")
    );

    let key = program.text("private_key").to_owned();
    assert!(Path::new(&key).exists());
    let left = program.end("-TERM");
    assert_eq!(left.status.code(), Some(0));
    // The one line was read; nothing came after it, and nothing is left.
    assert!(left.stdout.is_empty() && left.stderr.is_empty());
    assert!(!Path::new(&key).exists());
}

#[test]
fn files_go_where_they_are_wanted_and_stay_there() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("not/yet/there");
    let program = Program::start([OsStr::new("--write-world"), place.as_os_str()]);
    let files = ["certificate", "private_key", "encrypted_private_key"];
    let files = files.map(|key| program.text(key).to_owned());
    assert!(!program.text("private_key_password").is_empty());
    assert_eq!(program.end("-INT").status.code(), Some(0));
    for file in &files {
        assert!(Path::new(file).starts_with(&place));
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert!(*file == files[0] || mode & 0o777 == 0o600, "{file}");
    }
}

#[test]
fn the_burst_is_the_one_that_was_asked_for() {
    let program = Program::start(["--burst", "3"]);
    assert_eq!(program.card["rate_limit"]["burst"], 3);
    let token = program.sign_in(&program.card);
    // In one pipe, so that no slow machine gives the bucket time to fill.
    let head = format!(
        "GET /2/0/users/me HTTP/1.1\r\nhost: fake\r\nauthorization: AnaplanAuthToken {token}\r\n"
    );
    let pipe = format!("{head}\r\n").repeat(29) + &head + "connection: close\r\n\r\n";
    let host = program.text("url").strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(pipe.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let answers: Vec<&str> = text.split("HTTP/1.1 ").skip(1).collect();
    let throttled = |answer: &&&str| answer.starts_with("429");
    assert!(answers[..3].iter().all(|answer| answer.starts_with("200")));
    assert!(
        answers
            .iter()
            .find(throttled)
            .unwrap()
            .contains("retry-after: ")
    );

    let program = Program::start(["--burst", "0"]);
    assert_eq!(program.card["rate_limit"]["burst"], Value::Null);
}

/// The standard output of a program that is ended once it has printed its last line.
fn printed(arguments: &[&str], last: &str) -> String {
    let mut child = command().args(arguments).spawn().unwrap();
    let mut text = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    while text
        .lines()
        .last()
        .is_none_or(|line| !line.starts_with(last))
    {
        assert!(stdout.read_line(&mut text).unwrap() > 0, "{text}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    text
}

#[test]
fn pretty_prints_json_over_several_lines() {
    let text = printed(&["--pretty"], "}");
    assert!(text.lines().count() > 50);
    let card: Value = serde_json::from_str(&text).unwrap();
    assert!(card["url"].as_str().unwrap().starts_with("http://"));
}

#[test]
fn env_prints_variables_that_a_shell_reads() {
    let lines = printed(&["--env"], "# export ANAPLAN_PRIVATE_KEY=");
    let script =
        format!("{lines}\nprintf '%s %s' \"$ANAPLAN_URL\" \"$ANAPLAN_USER$ANAPLAN_CERTIFICATE\"");
    let shell = Command::new("sh").args(["-c", &script]).output().unwrap();
    let text = String::from_utf8(shell.stdout).unwrap();
    let (url, user) = text.split_once(' ').unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{text}");
    assert!(user.contains('@'), "the certificate is a comment: {text}");
}

/// Starts an export and returns the path of its task.
fn started_export(program: &Program, token: &str) -> String {
    let model = program.text("model_id");
    let tasks = format!(
        "/2/0/models/{model}/exports/{}/tasks",
        program.card["exports"]["good"]
    );
    let body = r#"{"localeName":"en_US"}"#;
    let host = program.text("url").strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "POST {tasks} HTTP/1.1\r\nhost: {host}\r\nauthorization: AnaplanAuthToken {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let task: Value = serde_json::from_str(body).unwrap();
    format!("{tasks}/{}", task["task"]["taskId"].as_str().unwrap())
}

#[test]
#[allow(clippy::disallowed_methods)] // The time of the machine is measured.
fn tasks_progress_by_time_and_keep_other_calls_waiting() {
    let program = Program::start(["--pace", "700ms"]);
    let token = program.sign_in(&program.card);
    let task = started_export(&program, &token);
    assert!(program.get(&token, &task).contains("IN_PROGRESS"));
    let asked = std::time::Instant::now();
    let modules = format!("/2/0/models/{}/modules", program.text("model_id"));
    assert!(program.get(&token, &modules).starts_with("HTTP/1.1 200"));
    assert!(asked.elapsed().as_millis() >= 300, "{:?}", asked.elapsed());
    // It has not been polled since.
    let (list, _) = task.rsplit_once('/').unwrap();
    assert!(program.get(&token, list).contains("COMPLETE"));
}

#[test]
fn pace_selects_polls_or_no_time_at_all() {
    let program = Program::start(["--pace", "instant"]);
    let token = program.sign_in(&program.card);
    let task = started_export(&program, &token);
    assert!(program.get(&token, &task).contains("COMPLETE"));
    let program = Program::start(["--pace", "polls:2"]);
    let token = program.sign_in(&program.card);
    let task = started_export(&program, &token);
    assert!(program.get(&token, &task).contains("IN_PROGRESS"));
    assert!(program.get(&token, &task).contains("COMPLETE"));
    for wrong in ["polls:0", "soon", "-2s"] {
        let output = command().arg(format!("--pace={wrong}")).output().unwrap();
        assert!(!output.status.success(), "{wrong}");
    }
}

#[test]
fn the_log_says_what_was_asked_and_no_secret() {
    let program = Program::start(["-v"]);
    let password = program.text("password").to_owned();
    let token = program.sign_in(&program.card);
    program.get(&token, "/2/0/models?s=hidden");
    program.ask("GET /nowhere HTTP/1.1");
    let log = String::from_utf8(program.end("-TERM").stderr).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 3, "{log}");
    assert!(lines[0].starts_with("POST /token/authenticate 201 "));
    assert!(lines[1].starts_with("GET /2/0/models 200 ") && lines[1].ends_with(" ms"));
    assert!(lines[2].starts_with("GET /nowhere 404 "));
    for secret in [&token, &password, "hidden"] {
        assert!(!log.contains(secret));
    }
}

#[test]
fn a_world_of_ones_own_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("world.json");
    let world = json!({
        "workspaces": ["Planning"],
        "users": [{ "email": "eve@x.example", "password": "p", "admin_of": ["Planning"] }],
        "models": [{ "name": "Budget 2031", "workspace": "Planning" }],
    });
    std::fs::write(&file, world.to_string()).unwrap();
    let program = Program::start([OsStr::new("--world"), file.as_os_str()]);
    let token = program.sign_in(&program.card);
    let model = program.get(&token, &format!("/2/0/models/{}", program.text("model_id")));
    assert!(model.contains("Budget 2031"), "{model}");
    assert!(program.card.get("outsider").is_none());
}

#[test]
fn what_cannot_be_is_said_in_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.json");
    std::fs::write(
        &broken,
        r#"{ "models": [{ "name": "A", "workspace": "B" }] }"#,
    )
    .unwrap();
    let broken = broken.to_str().unwrap();
    for (arguments, said) in [
        (["--listen", &taken], "cannot listen on"),
        (["--world", "/no/such/file"], "cannot load /no/such/file"),
        (
            ["--world", broken],
            "in the model 'A': there is no workspace 'B'",
        ),
        (
            ["--write-world", "/dev/null/x"],
            "cannot write into /dev/null/x",
        ),
    ] {
        let Output {
            status,
            stdout,
            stderr,
        } = command().args(arguments).output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(1), "{stderr}");
        assert!(stdout.is_empty());
        assert!(
            stderr.starts_with("anaplan-fake: ") && stderr.contains(said),
            "{stderr}"
        );
        assert_eq!(stderr.lines().count(), 1);
    }
}

#[test]
fn both_oauth_flows_can_be_walked_through_by_a_script() {
    let program = Program::start(["--listen", "127.0.0.1:0"]);
    let oauth = &program.card["oauth"];
    let text = |key: &str| oauth[key].as_str().unwrap();
    let send = |path: &str, form: &str| {
        let host = program.text("url").strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\ncontent-type: application/x-www-form-urlencoded\r\nconnection: close\r\n\r\n{form}",
            form.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let body = |answer: &str| -> Value {
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"))
    };
    let path = |key: &str| text(key).strip_prefix(program.text("url")).unwrap();
    let user = program.text("user").replace('@', "%40");
    let password = format!("user={user}&password={}", program.text("password"));
    let me = |tokens: &Value| {
        let token = tokens["access_token"].as_str().unwrap();
        program.ask(&format!(
            "GET /2/0/users/me HTTP/1.1\r\nauthorization: Bearer {token}"
        ))
    };

    let answer = send(&format!("{}&state=xyz", path("approve_url")), &password);
    assert!(answer.starts_with("HTTP/1.1 302"), "{answer}");
    let (_, code) = answer.split_once("?code=").unwrap();
    let (code, rest) = code.split_once('&').unwrap();
    assert!(rest.starts_with("state=xyz\r\n"), "{answer}");
    let tokens = body(&send(
        "/oauth/token",
        &format!(
            "grant_type=authorization_code&code={code}&client_id={}&client_secret={}&redirect_uri={}",
            text("client_id"),
            text("client_secret"),
            text("redirect_uri"),
        ),
    ));
    assert!(me(&tokens).contains(program.text("user")));

    let client = format!("client_id={}", text("device_client_id"));
    let device = body(&send("/oauth/device/code", &client));
    let uri = device["verification_uri"].as_str().unwrap();
    // The card adds a key by which scripts approve without typing.
    assert!(text("device_approve_url").starts_with(uri));
    let code = device["user_code"].as_str().unwrap();
    let page = send(
        path("device_approve_url"),
        &format!("user_code={code}&{password}"),
    );
    assert!(page.contains("is signed in"), "{page}");
    let device_code = device["device_code"].as_str().unwrap();
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let poll = format!("grant_type={grant}&device_code={device_code}&{client}");
    assert!(me(&body(&send("/oauth/token", &poll))).contains(program.text("user")));

    let fixed = text("device_refresh_token");
    let refresh = format!("grant_type=refresh_token&refresh_token={fixed}&{client}");
    let tokens = body(&send("/oauth/token", &refresh));
    assert_eq!(tokens["refresh_token"], fixed);
    assert!(me(&tokens).contains(program.text("user")));
}
