//! Uploads a large CSV and downloads a large export, and says what that costs, beside plain reqwest doing
//! the same.
//!
//! `cargo run --release --example transfer_speed [BYTES]`, on Linux; 1 GiB unless told otherwise. Needs no
//! credentials: the fake runs in a process of its own. Every measurement has a process of its own, too,
//! sends or fetches four chunks of 10 MB at once, and holds no file in memory. What has been uploaded is
//! fetched again with plain reqwest and compared byte for byte; downloads are compared by length and
//! checksum with what plain reqwest got. The program fails when anything differs, or when the client's
//! memory grows by more than 128 MiB.

#![allow(clippy::print_stdout)]

mod measuring;

use std::error::Error;
use std::io::Write;

use anaplan::bulk::{Bulk, Content};
use anaplan::{Bytes, Client};
use anaplan_testkit::FakeAnaplan;
use flate2::write::GzEncoder;
use flate2::{Compression, Crc};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use measuring::{Figures, ServerProcess, client, measure, serve};

const SIZE: &str = "1073741824";
const MOST_GROWTH: u64 = 128 << 20;
const CHUNK: u64 = 10_000_000;
const CONCURRENCY: usize = 4;
const GZIP_LEVEL: u32 = 6;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("serve") => serve_files(arguments[1].parse()?).await,
        Some("measure") => run(&arguments[1..]).await,
        size => {
            let server = ServerProcess::start(&["serve", size.unwrap_or(SIZE)])?;
            for work in ["upload", "upload_gzip", "download"] {
                for by in ["anaplan", "reqwest"] {
                    server.measured_by(&["measure", work, by])?;
                }
            }
            Ok(())
        }
    }
}

async fn serve_files(size: u64) -> Outcome<()> {
    let fake = FakeAnaplan::in_process();
    let demo = fake.demo();
    let export = fake.world(|world| {
        world
            .edit(&demo.dev)
            .export("Transactions")
            .of_bytes(size)
            .id()
    });
    serve(fake, &format!("{} {export} {size}", demo.sales_file)).await
}

/// Everything that both ways of doing the work have to know.
struct Job {
    model: String,
    file: u64,
    export: u64,
    size: u64,
    gzip: bool,
}

async fn run(arguments: &[String]) -> Outcome<()> {
    let [work, by, told @ ..] = arguments else {
        return Err("not started by this program".into());
    };
    let [url, _, _, model, file, export, size] = told else {
        return Err("not started by this program".into());
    };
    let job = Job {
        model: model.clone(),
        file: file.parse()?,
        export: export.parse()?,
        size: size.parse()?,
        gzip: work == "upload_gzip",
    };
    let client = client(told)?;
    let plain = Plain::sign_in(url, told).await?;
    let figures = match (work.as_str(), by.as_str()) {
        ("download", "anaplan") => download(&client, &plain, &job).await?,
        ("download", _) => plain_download(&client, &plain, &job).await?,
        (_, "anaplan") => upload(&client, &plain, &job).await?,
        _ => plain_upload(&plain, &job).await?,
    };
    let rate = job.size as f64 / figures.seconds / 1e6;
    println!("{work:11} {by}  {figures}  {rate:6.0} MB/s");
    let Figures { growth, .. } = figures;
    match growth > MOST_GROWTH && by == "anaplan" {
        true => Err(format!("{growth} bytes more memory").into()),
        false => Ok(()),
    }
}

async fn upload(client: &Client, plain: &Plain, job: &Job) -> Outcome<Figures> {
    let bulk = client.bulk()?;
    bulk.get_files().await?;
    let content = Content::iter(Csv::of(job.size)).with_length(job.size);
    let upload = bulk.upload_file(job.file, content).concurrency(CONCURRENCY);
    let upload = match job.gzip {
        true => upload.gzip_level(GZIP_LEVEL),
        false => upload.without_gzip(),
    };
    let (outcome, figures) = measure(upload.into_future()).await?;
    assert_eq!(outcome?.bytes, job.size);
    plain.check_upload(job).await?;
    Ok(figures)
}

async fn plain_upload(plain: &Plain, job: &Job) -> Outcome<Figures> {
    let (outcome, figures) = measure(plain.upload(job)).await?;
    outcome?;
    plain.check_upload(job).await?;
    Ok(figures)
}

async fn download(client: &Client, plain: &Plain, job: &Job) -> Outcome<Figures> {
    let bulk = client.bulk()?;
    bulk.run_export(job.export).await?.wait().await?;
    let (got, figures) = measure(fetch(&bulk, job)).await?;
    assert_eq!(got?, plain.download(job, job.export).await?);
    Ok(figures)
}

async fn fetch(bulk: &Bulk, job: &Job) -> anaplan::Result<(u64, u32)> {
    let mut stream = bulk.get_file(job.export).concurrency(CONCURRENCY).stream();
    let mut sum = Crc::new();
    let mut bytes = 0;
    while let Some(chunk) = stream.chunk().await {
        let chunk = chunk?;
        bytes += chunk.len() as u64;
        sum.update(&chunk);
    }
    Ok((bytes, sum.sum()))
}

async fn plain_download(client: &Client, plain: &Plain, job: &Job) -> Outcome<Figures> {
    client.bulk()?.run_export(job.export).await?.wait().await?;
    let (got, figures) = measure(plain.download(job, job.export)).await?;
    assert_eq!(got?.0, job.size);
    Ok(figures)
}

/// The same work without this library.
struct Plain {
    http: reqwest::Client,
    url: String,
    authorization: String,
}

impl Plain {
    async fn sign_in(url: &str, told: &[String]) -> Outcome<Self> {
        let http = reqwest::Client::new();
        let answer = http
            .post(format!("{url}/token/authenticate"))
            .basic_auth(&told[1], Some(&told[2]))
            .send()
            .await?
            .error_for_status()?;
        let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await?)?;
        let token = answer["tokenInfo"]["tokenValue"]
            .as_str()
            .ok_or("no token")?;
        Ok(Self {
            http,
            url: url.to_owned(),
            authorization: format!("AnaplanAuthToken {token}"),
        })
    }

    fn request(&self, method: reqwest::Method, job: &Job, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/2/0/models/{}/files/{path}", self.url, job.model);
        self.http
            .request(method, url)
            .header("authorization", &self.authorization)
    }

    async fn upload(&self, job: &Job) -> Outcome<()> {
        let count = job.size.div_ceil(CHUNK);
        self.request(reqwest::Method::POST, job, &job.file.to_string())
            .header("content-type", "application/json")
            .body(format!(r#"{{"chunkCount":{count}}}"#))
            .send()
            .await?
            .error_for_status()?;
        let mut csv = Csv::of(job.size);
        let kind = match job.gzip {
            true => "application/x-gzip",
            false => "application/octet-stream",
        };
        let chunks = (0..count).map(|number| {
            let length = CHUNK.min(job.size - number * CHUNK);
            (
                number,
                csv.next_chunk(usize::try_from(length).unwrap_or(usize::MAX)),
            )
        });
        stream::iter(chunks)
            .map(|(number, chunk)| async move {
                let body = match job.gzip {
                    true => tokio::task::spawn_blocking(move || compress(&chunk)).await??,
                    false => chunk,
                };
                let path = format!("{}/chunks/{number}", job.file);
                self.request(reqwest::Method::PUT, job, &path)
                    .header("content-type", kind)
                    .body(body)
                    .send()
                    .await?
                    .error_for_status()?;
                Ok(())
            })
            .buffer_unordered(CONCURRENCY)
            .try_collect()
            .await
    }

    /// Length and checksum of what comes.
    async fn download(&self, job: &Job, file: u64) -> Outcome<(u64, u32)> {
        let mut sum = Crc::new();
        let mut bytes = 0;
        let mut chunks = std::pin::pin!(self.chunks(job, file));
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            bytes += chunk.len() as u64;
            sum.update(&chunk);
        }
        Ok((bytes, sum.sum()))
    }

    fn chunks(&self, job: &Job, file: u64) -> impl Stream<Item = reqwest::Result<Bytes>> {
        stream::iter(0..job.size.div_ceil(CHUNK))
            .map(move |number| async move {
                let path = format!("{file}/chunks/{number}");
                let answer = self.request(reqwest::Method::GET, job, &path).send();
                answer.await?.error_for_status()?.bytes().await
            })
            .buffered(CONCURRENCY)
    }

    /// `true` if the server has exactly what was to be sent.
    async fn check_upload(&self, job: &Job) -> Outcome<()> {
        let mut csv = Csv::of(job.size);
        let mut bytes = 0;
        let mut chunks = std::pin::pin!(self.chunks(job, job.file));
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            if csv.next_chunk(chunk.len()) != chunk {
                return Err(format!("the server has something else near byte {bytes}").into());
            }
            bytes += chunk.len() as u64;
        }
        match bytes == job.size {
            true => Ok(()),
            false => Err(format!("the server has {bytes} bytes").into()),
        }
    }
}

fn compress(chunk: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL));
    encoder.write_all(chunk)?;
    Ok(encoder.finish()?.into())
}

/// So many bytes of CSV, made while they are read: numbered rows with some noise in them, cut off at the
/// end.
struct Csv {
    left: u64,
    row: u64,
    /// Bytes that were generated and not taken by [`next_chunk`](Self::next_chunk) yet.
    rest: Bytes,
}

impl Csv {
    const ROW: &'static [u8] = b"0000000000,Region 00,Product 000,Jan 24,000000.00,paid\r\n";
    const ROWS_PER_BLOCK: usize = 2_000;

    fn of(size: u64) -> Self {
        Self {
            left: size,
            row: 0,
            rest: Bytes::new(),
        }
    }

    /// The next `length` bytes, or as many as there are.
    fn next_chunk(&mut self, length: usize) -> Bytes {
        let mut all = Vec::with_capacity(length);
        while all.len() < length {
            if self.rest.is_empty() {
                let Some(block) = self.next() else { break };
                self.rest = block;
            }
            let wanted = (length - all.len()).min(self.rest.len());
            all.extend_from_slice(&self.rest.split_to(wanted));
        }
        all.into()
    }
}

impl Iterator for Csv {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.left == 0 {
            return None;
        }
        let mut block = Self::ROW.repeat(Self::ROWS_PER_BLOCK);
        for row in block.chunks_exact_mut(Self::ROW.len()) {
            self.row += 1;
            let (mut number, mut noise) = (self.row, self.row.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            for (at, byte) in row.iter_mut().enumerate().rev() {
                let digits = if at < 10 { &mut number } else { &mut noise };
                if *byte == b'0' {
                    *byte += u8::try_from(*digits % 10).unwrap_or(0);
                    *digits /= 10;
                }
            }
        }
        let length = usize::try_from(self.left).map_or(block.len(), |left| left.min(block.len()));
        block.truncate(length);
        self.left -= length as u64;
        Some(block.into())
    }
}
