#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod client;
mod environment;
mod sign_in;

#[cfg(feature = "blocking")]
#[cfg_attr(docsrs, doc(cfg(feature = "blocking")))]
pub mod blocking;
pub mod guide;

pub use builder::ClientBuilder;
pub use client::Client;

// One namespace: one line here, one method in client.rs.
#[cfg(feature = "alm")]
#[cfg_attr(docsrs, doc(cfg(feature = "alm")))]
#[doc(inline)]
pub use anaplan_alm as alm;
#[cfg(feature = "bulk")]
#[cfg_attr(docsrs, doc(cfg(feature = "bulk")))]
#[doc(inline)]
pub use anaplan_bulk as bulk;
#[cfg(feature = "transactional")]
#[cfg_attr(docsrs, doc(cfg(feature = "transactional")))]
#[doc(inline)]
pub use anaplan_transactional as transactional;

#[doc(inline)]
pub use anaplan_auth as auth;
#[doc(inline)]
pub use anaplan_core::*;
