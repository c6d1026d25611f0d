#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod authenticator;
mod basic;
mod cache;
#[cfg(feature = "certificate")]
mod certificate;
mod fixed;
mod home;
mod keeper;
mod material;
#[cfg(feature = "oauth")]
mod oauth;
mod sign_in;
mod token;
mod wire;

pub use authenticator::TokenAuthenticator;
pub use basic::Basic;
#[cfg(feature = "certificate")]
#[cfg_attr(docsrs, doc(cfg(feature = "certificate")))]
pub use certificate::{
    Certificate, CertificateBuilder, CertificateProblem, CertificateWarning, PayloadVersion, Signer,
};
pub use fixed::FixedToken;
pub use material::Material;
#[cfg(feature = "oauth")]
#[cfg_attr(docsrs, doc(cfg(feature = "oauth")))]
pub use oauth::{
    AuthorizationRequest, DeviceAuthorization, DeviceCodes, ExchangeCode, FileTokenStore,
    HeaderScheme, MemoryTokenStore, OAuth, OAuthClient, OAuthProblem, OAuthTokens, PollDevice,
    RefreshTokens, StartDevice, StoreLock, TokenStore,
};
pub use sign_in::SignIn;
pub use token::{Authenticate, Logout, Refresh, TokenInfo, Validate, Validation, WhoAmI};
