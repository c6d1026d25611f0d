#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
#[doc = include_str!("behaviours.md")]
pub mod behaviours {}
mod clock;
mod demo;
mod description;
mod fake;
mod faults;
mod front;
mod http;
mod log;
mod observer;
pub mod pki;
mod server_info;
mod story;
pub mod world;

pub use api::handle;
pub use clock::FakeClock;
pub use demo::{Credentials, Demo};
pub use description::InvalidDescription;
pub use fake::FakeAnaplan;
pub use faults::{Fault, ListingFault, RetryAfter, Route};
#[cfg(feature = "server")]
#[cfg_attr(docsrs, doc(cfg(feature = "server")))]
pub use front::server::{Exchange, Server, ServerBuilder};
pub use http::{Body, Pieces, Request, Response};
pub use log::{Called, Entry, RequestLog};
pub use observer::{Observer, observe_every_fake};
pub use pki::Identity;
pub use server_info::ServerInfo;
pub use story::{paused_runtime, story};
pub use world::{Busy, Pacing, ReportLayout, Rules, SecondSync, World};
