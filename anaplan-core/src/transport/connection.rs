//! Where a client connects to, by what means, and by which clock.

use std::sync::Arc;

use crate::data::hosts::Hosts;
use crate::transport::Transport;
use crate::transport::clock::Clock;

/// Everything about the other side that a client must know before it can talk.
///
/// A fake server hands one out, so that a client can be pointed at it in one line.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Connection {
    /// The base URLs of the services.
    pub hosts: Hosts,
    /// The transport; the bundled one when absent.
    pub transport: Option<Arc<dyn Transport>>,
    /// The clock; the machine's when absent.
    pub clock: Option<Arc<dyn Clock>>,
}

impl Connection {
    /// A connection to these hosts by the bundled transport and the machine's clock.
    pub fn to(hosts: impl Into<Hosts>) -> Self {
        Self {
            hosts: hosts.into(),
            ..Self::default()
        }
    }

    /// Sends through `transport` instead of the bundled one.
    #[must_use]
    pub fn with_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Tells time by `clock` instead of the machine's.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }
}
