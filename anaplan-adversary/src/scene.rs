//! A client and a server that share a virtual clock.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::case::Case;
use crate::clock::VirtualClock;
use crate::operations::{Client, Target, connect};
use crate::server::{Override, Server};

/// A client and a server that share a virtual clock.
#[derive(Debug)]
pub struct Scene {
    /// The server.
    pub server: Server,
    /// The clock.
    pub clock: VirtualClock,
    /// The client.
    pub client: Client,
    serving: JoinHandle<()>,
}

impl Scene {
    /// Starts the server of a case and builds the client.
    ///
    /// # Errors
    ///
    /// Those of the socket and of the client's builder.
    pub async fn new(case: Case, target: &Target) -> io::Result<Self> {
        let clock = VirtualClock::default();
        let server = Server::new(case, clock.clone());
        Self::start(server, clock, case, target).await
    }

    /// Starts a server with some responses replaced and builds the client.
    ///
    /// # Errors
    ///
    /// Those of the socket and of the client's builder.
    pub async fn replacing(case: Case, target: &Target, replace: Override) -> io::Result<Self> {
        let clock = VirtualClock::default();
        let server = Server::new(case, clock.clone()).replacing(replace);
        Self::start(server, clock, case, target).await
    }

    async fn start(
        server: Server,
        clock: VirtualClock,
        case: Case,
        target: &Target,
    ) -> io::Result<Self> {
        let (address, serving) = server.listen().await?;
        let serving = tokio::spawn(serving);
        let client = connect(target, &format!("http://{address}"), &clock, case.op)
            .map_err(io::Error::other)?;
        Ok(Self {
            server,
            clock,
            client,
            serving,
        })
    }

    /// Runs a call while virtual time passes.
    ///
    /// # Errors
    ///
    /// The reason why the call counts as hanging.
    pub async fn drive<T>(
        &self,
        limit: Duration,
        call: impl Future<Output = T>,
    ) -> Result<T, &'static str> {
        let call = std::pin::pin!(call);
        tokio::select! {
            outcome = call => Ok(outcome),
            why = self.clock.drive(limit) => Err(why),
            () = self.server.flooded() => Err("too many requests"),
        }
    }

    /// The requests so far, one a line.
    #[must_use]
    pub fn story(&self) -> String {
        let state = self.server.state();
        let lines = state.seen.iter().map(|seen| {
            let status = seen
                .status
                .map_or("-".to_owned(), |status| status.to_string());
            format!("    {:>8} ms {} -> {status}\n", seen.at, seen.line)
        });
        let mut story: String = lines.collect();
        story.push_str(&format!("    {:>8} ms end\n", self.clock.now().as_millis()));
        story
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
