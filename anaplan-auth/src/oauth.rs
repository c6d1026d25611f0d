//! Sign-in through the OAuth service.

mod authenticator;
mod authorization;
mod client;
mod detached;
mod device;
mod endpoints;
mod file_store;
mod oauth_problem;
mod refresh_state;
mod responses;
mod token_file;
mod token_source;
mod token_store;
mod tokens;

pub use authenticator::{HeaderScheme, OAuth};
pub use authorization::AuthorizationRequest;
pub use client::OAuthClient;
pub use device::DeviceAuthorization;
pub use endpoints::{ExchangeCode, PollDevice, RefreshTokens, StartDevice};
pub use file_store::FileTokenStore;
pub use oauth_problem::OAuthProblem;
pub use responses::DeviceCodes;
pub use token_store::{MemoryTokenStore, StoreLock, TokenStore};
pub use tokens::OAuthTokens;
