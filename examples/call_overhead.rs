//! Measures the processor time of `get_revisions` and the peak memory of `get_file`, beside plain reqwest doing
//! the same.
//!
//! `cargo run --release --example call_overhead [CALLS] [FILE_BYTES]`, on Linux; 2,000 calls and 200 MB by
//! default. Needs no credentials: the fake runs in a process of its own, and so does every measurement. Prints
//! seven measurements of the calls, their median, and the ratio of both medians.

#![allow(clippy::print_stdout)]

mod measuring;

use std::error::Error;
use std::process::Command;

use anaplan::Bytes;
use anaplan::alm::Revision;
use anaplan_testkit::FakeAnaplan;
use measuring::{Figures, ServerProcess, client, measure, serve};
use serde::Deserialize;

const CALLS: &str = "2000";
const FILE: &str = "200000000";
const RUNS: usize = 7;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("serve") => serve_file(arguments[1].parse()?).await,
        Some("measure") => run(&arguments[1..]).await,
        calls => {
            let size = arguments.get(1).map_or(FILE, String::as_str);
            compare(calls.unwrap_or(CALLS), size)
        }
    }
}

fn compare(calls: &str, size: &str) -> Outcome<()> {
    let server = ServerProcess::start(&["serve", size])?;
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(cpu_of(&server, calls, "anaplan")?);
        plain.push(cpu_of(&server, calls, "reqwest")?);
    }
    let (ours, plain) = (median(ours, "anaplan"), median(plain, "reqwest"));
    println!(
        "get_revisions: anaplan needs {:.3} of the processor time of reqwest",
        ours / plain
    );
    server.measured_by(&["measure", "get_file", "anaplan", size])?;
    server.measured_by(&["measure", "get_file", "reqwest", size])
}

/// Processor time of a call in microseconds, measured by a process of its own.
fn cpu_of(server: &ServerProcess, calls: &str, by: &str) -> Outcome<f64> {
    let output = Command::new(std::env::current_exe()?)
        .args(["measure", "get_revisions", by, calls])
        .args(server.told())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

fn median(mut figures: Vec<f64>, by: &str) -> f64 {
    figures.sort_by(f64::total_cmp);
    let shown: Vec<String> = figures
        .iter()
        .map(|figure| format!("{figure:.1}"))
        .collect();
    let median = figures[figures.len() / 2];
    println!(
        "get_revisions {by}: {} us of CPU, median {median:.1}",
        shown.join(" ")
    );
    median
}

async fn serve_file(size: u64) -> Outcome<()> {
    let fake = FakeAnaplan::in_process();
    let demo = fake.demo();
    let export = fake.world(|world| {
        let mut model = world.edit(&demo.dev);
        model.export("Transactions").of_bytes(size).id()
    });
    serve(fake, &export.to_string()).await
}

async fn run(arguments: &[String]) -> Outcome<()> {
    let [work, by, amount, told @ ..] = arguments else {
        return Err("not started by this program".into());
    };
    let [url, user, password, model, export] = told else {
        return Err("not started by this program".into());
    };
    let client = client(told)?;
    let plain = Plain::sign_in(format!("{url}/2/0/models/{model}"), url, user, password).await?;
    if work == "get_file" {
        let bulk = client.bulk()?;
        let export: u64 = export.parse()?;
        bulk.run_export(export).await?.wait().await?;
        let path = format!("files/{export}");
        let (got, figures) = match by.as_str() {
            "anaplan" => measure(async { Ok(bulk.get_file(export).await?) }).await?,
            _ => measure(plain.file(&path)).await?,
        };
        let (bytes, Figures { growth, .. }): (Outcome<Bytes>, _) = (got, figures);
        let length = bytes?.len();
        let ratio = growth as f64 / length as f64;
        println!("get_file {by}: {length} bytes, peak memory {ratio:.3} of the size");
        return Ok(());
    }
    let calls: u32 = amount.parse()?;
    let alm = client.alm()?;
    // Signs in and connects.
    let expected = alm.get_revisions().await?.len();
    plain.revisions().await?;
    let (rows, figures) = match by.as_str() {
        "anaplan" => {
            let work = async {
                let mut rows = 0;
                for _ in 0..calls {
                    rows += alm.get_revisions().await?.len();
                }
                Ok::<_, Box<dyn Error>>(rows)
            };
            measure(work).await?
        }
        _ => {
            let work = async {
                let mut rows = 0;
                for _ in 0..calls {
                    rows += plain.revisions().await?.len();
                }
                Ok::<_, Box<dyn Error>>(rows)
            };
            measure(work).await?
        }
    };
    assert_eq!(rows?, expected * calls as usize);
    println!("{}", figures.cpu / f64::from(calls) * 1e6);
    Ok(())
}

/// The same work without this library.
struct Plain {
    http: reqwest::Client,
    model: String,
    authorization: String,
}

#[derive(Deserialize)]
struct Revisions {
    revisions: Vec<Revision>,
}

#[derive(Deserialize)]
struct Chunks {
    chunks: Vec<serde_json::Value>,
}

impl Plain {
    async fn sign_in(model: String, url: &str, user: &str, password: &str) -> Outcome<Self> {
        let http = reqwest::Client::new();
        let request = http.post(format!("{url}/token/authenticate"));
        let response = request.basic_auth(user, Some(password)).send().await?;
        let body: serde_json::Value = serde_json::from_slice(&response.bytes().await?)?;
        let token = body["tokenInfo"]["tokenValue"].as_str().ok_or("no token")?;
        Ok(Self {
            http,
            model,
            authorization: format!("AnaplanAuthToken {token}"),
        })
    }

    async fn get(&self, path: &str) -> Outcome<Bytes> {
        let request = self.http.get(format!("{}/{path}", self.model));
        let request = request.header("authorization", &self.authorization);
        Ok(request.send().await?.error_for_status()?.bytes().await?)
    }

    async fn revisions(&self) -> Outcome<Vec<Revision>> {
        let revisions: Revisions = serde_json::from_slice(&self.get("alm/revisions").await?)?;
        Ok(revisions.revisions)
    }

    async fn file(&self, path: &str) -> Outcome<Bytes> {
        let chunks: Chunks = serde_json::from_slice(&self.get(&format!("{path}/chunks")).await?)?;
        let mut all = Vec::new();
        for chunk in 0..chunks.chunks.len() {
            all.extend_from_slice(&self.get(&format!("{path}/chunks/{chunk}")).await?);
        }
        Ok(all.into())
    }
}
