#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod basic;
#[cfg(feature = "certificate")]
mod certificate;
mod fixed_token;
mod home;
mod material;
#[cfg(feature = "oauth")]
mod oauth;
mod sign_in;
mod sign_in_error;
mod token;
mod token_authenticator;
mod token_cache;
mod token_refresh;
mod token_responses;
mod token_value;

pub use basic::Basic;
#[cfg(feature = "certificate")]
#[cfg_attr(docsrs, doc(cfg(feature = "certificate")))]
pub use certificate::{
    Certificate, CertificateBuilder, CertificateProblem, CertificateWarning, PayloadVersion, Signer,
};
pub use fixed_token::FixedToken;
pub use material::Material;
#[cfg(feature = "oauth")]
#[cfg_attr(docsrs, doc(cfg(feature = "oauth")))]
pub use oauth::{
    AuthorizationRequest, DeviceAuthorization, DeviceCodes, ExchangeCode, FileTokenStore,
    HeaderScheme, MemoryTokenStore, OAuth, OAuthClient, OAuthProblem, OAuthTokens, PollDevice,
    RefreshTokens, StartDevice, StoreLock, TokenStore,
};
pub use sign_in::SignIn;
pub use token::{Authenticate, Logout, Refresh, Validate, WhoAmI};
pub use token_authenticator::TokenAuthenticator;
pub use token_responses::{TokenInfo, Validation};
