//! Ways to reach the fake: thin skins over one handler.

pub(crate) mod in_process;
#[cfg(feature = "server")]
pub(crate) mod server;
#[cfg(feature = "wiremock")]
mod wiremock;
