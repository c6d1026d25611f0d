//! Sign-in through the OAuth service.

mod authenticator;
mod authorization;
mod client;
mod device;
mod endpoints;
mod file_store;
mod problem;
mod renewal;
mod store;
mod tokens;

pub use authenticator::{HeaderScheme, OAuth};
pub use authorization::AuthorizationRequest;
pub use client::OAuthClient;
pub use device::DeviceAuthorization;
pub use endpoints::{DeviceCodes, ExchangeCode, PollDevice, RefreshTokens, StartDevice};
pub use file_store::FileTokenStore;
pub use problem::OAuthProblem;
pub use store::{MemoryTokenStore, StoreLock, TokenStore};
pub use tokens::OAuthTokens;
