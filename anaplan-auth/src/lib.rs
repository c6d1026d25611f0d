#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod authenticator;
mod basic;
mod cache;
#[cfg(feature = "certificate")]
mod certificate;
mod fixed;
mod keeper;
mod sign_in;
mod token;
mod wire;

pub use authenticator::TokenAuthenticator;
pub use basic::Basic;
#[cfg(feature = "certificate")]
#[cfg_attr(docsrs, doc(cfg(feature = "certificate")))]
pub use certificate::{
    Certificate, CertificateBuilder, CertificateProblem, Material, PayloadVersion, Signer,
};
pub use fixed::FixedToken;
pub use sign_in::SignIn;
pub use token::{Authenticate, Logout, Refresh, TokenInfo, Validate, Validation, WhoAmI};
