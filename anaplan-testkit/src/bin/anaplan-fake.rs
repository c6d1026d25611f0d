//! The fake Anaplan as a program, for people and programs that do not write Rust.

#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anaplan_testkit::{Exchange, FakeAnaplan, Pacing, Server, ServerInfo};
use clap::Parser;

/// A stateful fake of Anaplan.
///
/// Starts a demo world, prints its address, users and ids as one line of JSON, and serves until it is
/// interrupted or terminated.
#[derive(Debug, Parser)]
#[command(name = "anaplan-fake", version)]
struct Arguments {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: String,

    /// Serve the world that is described in this file, in place of the demo world
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,

    /// Write certificate and keys into this folder, in place of a temporary one
    #[arg(long, value_name = "DIR")]
    write_world: Option<PathBuf>,

    /// The number of requests that pass at once before 429; 0 turns the limit off
    #[arg(long, value_name = "N")]
    burst: Option<u32>,

    /// The progress of tasks: with the time, for a duration such as `2s`; with the polls of the task itself,
    /// such as `polls:3`; or `instant`. Other calls wait while a task of a given duration runs in their model
    #[arg(long, value_name = "PACE", default_value = "2s", value_parser = pace)]
    pace: Pacing,

    /// Print the JSON over several lines
    #[arg(long, conflicts_with = "env")]
    pretty: bool,

    /// Print `export ANAPLAN_URL=..` and so on for a shell, in place of JSON
    #[arg(long)]
    env: bool,

    /// Serve https; the JSON names the certificate of the authority to be trusted
    #[cfg(feature = "https")]
    #[arg(long)]
    https: bool,

    /// Log every request on the standard error
    #[arg(short, long)]
    verbose: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "anaplan-fake: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    // Before the JSON is printed: its reader may end the program at once.
    let mut signals = Signals::new()?;
    let fake = match &arguments.world {
        Some(file) => load(file)?,
        None => FakeAnaplan::in_process(),
    };
    fake.world(|world| {
        world.rules.pacing = arguments.pace;
        if let Some(burst) = arguments.burst {
            world.rules.burst = (burst > 0).then_some(burst);
        }
    });

    let mut server = Server::builder(fake);
    if arguments.verbose {
        server = server.observe(log);
    }
    #[cfg(feature = "https")]
    if arguments.https {
        server = server.https();
    }
    let server = server
        .listen(&arguments.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", arguments.listen))?;

    // Lives, and is then removed, with the program.
    let temporary;
    let folder = match &arguments.write_world {
        Some(folder) => folder.as_path(),
        None => {
            temporary = tempfile::tempdir()?;
            temporary.path()
        }
    };
    let info = ServerInfo::of(&server.fake())
        .with_files(folder)
        .map_err(|error| format!("cannot write into {}: {error}", folder.display()))?;
    let mut stdout = io::stdout();
    if arguments.env {
        write!(stdout, "{}", info.to_shell())?;
    } else if arguments.pretty {
        writeln!(stdout, "{info:#}")?;
    } else {
        writeln!(stdout, "{info}")?;
    }
    stdout.flush()?;

    signals.wait().await;
    server.stop().await;
    Ok(())
}

/// Reads the argument of `--pace`.
fn pace(text: &str) -> Result<Pacing, String> {
    if text == "instant" {
        return Ok(Pacing::Instant);
    }
    if let Some(polls) = text.strip_prefix("polls:") {
        let polls = polls.parse().ok().filter(|polls| *polls > 0);
        return polls
            .map(Pacing::Polls)
            .ok_or_else(|| "the number of polls must be 1 or more".to_owned());
    }
    let takes: jiff::SignedDuration = text
        .parse()
        .map_err(|_| "expected `instant`, `polls:N` or a duration such as `2s`".to_owned())?;
    std::time::Duration::try_from(takes)
        .map(Pacing::Time)
        .map_err(|_| "the duration must not be negative".to_owned())
}

fn load(file: &Path) -> Result<FakeAnaplan, Box<dyn Error>> {
    let trouble = |error: &dyn Error| format!("cannot load {}: {error}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| trouble(&error))?;
    Ok(FakeAnaplan::from_description(&text).map_err(|error| trouble(&error))?)
}

fn log(exchange: &Exchange) {
    let outcome = match exchange.status {
        Some(status) if exchange.broken => format!("{} (cut)", status.as_u16()),
        Some(status) => status.as_u16().to_string(),
        None => "(closed)".to_owned(),
    };
    let took = exchange.took.as_secs_f64() * 1000.0;
    let (method, path) = (&exchange.method, &exchange.path);
    // Nobody may be reading, which is no reason to stop.
    let _ = writeln!(io::stderr(), "{method} {path} {outcome} {took:.1} ms");
}

/// The wish that the program ends.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    async fn wait(&mut self) {
        // Without handlers there is nothing to wait for but the end.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
