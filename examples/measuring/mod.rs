//! Shared code of the measuring examples: the fake in a process of its own, one process for each measurement,
//! and the processor time and memory of a process as Linux counts them.
//!
//! A measurement in the fake's process would count the fake's memory; a second one in the same process
//! would find memory that the first has left behind.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anaplan::ext::Connection;
use anaplan::{Client, Hosts};
use anaplan_testkit::{FakeAnaplan, Server};

/// Unit of processor time in `/proc`, in ticks per second.
const TICKS: f64 = 100.0;

/// Resources that this process has used for a piece of work.
pub(crate) struct Figures {
    pub(crate) seconds: f64,
    /// Processor time, of the program and of the kernel on its behalf.
    pub(crate) cpu: f64,
    /// By how many bytes the memory at its peak was larger than before.
    pub(crate) growth: u64,
}

/// Does a piece of work and says what it has cost.
#[allow(clippy::disallowed_methods)] // What is measured is the machine's time.
pub(crate) async fn measure<T>(work: impl Future<Output = T>) -> io::Result<(T, Figures)> {
    // Has the kernel begin its record of the peak anew.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let (memory, cpu, clock) = (status("VmRSS:")?, cpu()?, Instant::now());
    let outcome = work.await;
    let figures = Figures {
        seconds: clock.elapsed().as_secs_f64(),
        cpu: self::cpu()? - cpu,
        growth: status("VmHWM:")?.saturating_sub(memory),
    };
    Ok((outcome, figures))
}

/// A line of `/proc/self/status`, in bytes.
fn status(name: &str) -> io::Result<u64> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    Ok(kilobytes.ok_or_else(unknown)? * 1024)
}

fn cpu() -> io::Result<f64> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    // Behind the program's name, which may hold anything, stands the third field.
    let (_, fields) = text.rsplit_once(')').ok_or_else(unknown)?;
    let mut times = fields.split_whitespace().skip(11);
    let mut ticks = || times.next()?.parse::<f64>().ok();
    let (user, system) = (ticks().ok_or_else(unknown)?, ticks().ok_or_else(unknown)?);
    Ok((user + system) / TICKS)
}

fn unknown() -> io::Error {
    io::Error::other("/proc is not as it is on Linux")
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seconds,
            cpu,
            growth,
        } = self;
        let growth = *growth as f64 / f64::from(1 << 20);
        write!(
            f,
            "{seconds:6.1} s  {cpu:6.1} s of CPU  {growth:6.1} MiB more memory"
        )
    }
}

/// This program again, as the server. Ends with this value, or with this process.
pub(crate) struct ServerProcess {
    child: Child,
    told: String,
}

impl ServerProcess {
    /// Starts it with these arguments, and waits until it [serves](serve).
    pub(crate) fn start(arguments: &[&str]) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut told = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut told)?;
        }
        if told.is_empty() {
            return Err("the server has not come up".into());
        }
        Ok(Self { child, told })
    }

    /// Returns the line that the server prints, as arguments for the process that measures.
    pub(crate) fn told(&self) -> impl Iterator<Item = &str> {
        self.told.split_whitespace()
    }

    /// Runs this program once more, as the process that measures.
    pub(crate) fn measured_by(&self, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
        let status = Command::new(std::env::current_exe()?)
            .args(arguments)
            .args(self.told())
            .status()?;
        match status.success() {
            true => Ok(()),
            false => Err(format!("{arguments:?} failed").into()),
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves the fake until the process that started this one is gone. Says first where the server is, who
/// may sign in, which model is meant, and `more`.
pub(crate) async fn serve(fake: FakeAnaplan, more: &str) -> Result<(), Box<dyn Error>> {
    // The measurement is no tenant with a limit.
    fake.world(|world| world.rules.burst = None);
    let (demo, admin) = (fake.demo(), fake.admin());
    let server = Server::builder(fake).listen("127.0.0.1:0").await?;
    let mut stdout = io::stdout();
    writeln!(
        stdout,
        "{} {} {} {} {more}",
        server.url(),
        admin.user,
        admin.password,
        demo.dev
    )?;
    stdout.flush()?;
    let parent = || io::stdin().read_to_end(&mut Vec::new());
    tokio::task::spawn_blocking(parent).await??;
    Ok(())
}

/// A client of the server that said this about itself.
pub(crate) fn client(told: &[String]) -> Result<Client, Box<dyn Error>> {
    let [url, user, password, model, ..] = told else {
        return Err("not started by this program".into());
    };
    Ok(Client::builder()
        .connection(Connection::to(Hosts::all(url)))
        .basic(user, password.as_str())
        .model_id(model)
        .no_rate_limit()
        .build()?)
}
