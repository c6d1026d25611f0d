#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod calls;
mod data;
mod engine;
mod operation;
mod session;
pub mod transport;

#[cfg(feature = "blocking")]
pub use calls::blocking;
pub use data::lenient;
#[cfg(feature = "pem")]
#[cfg_attr(docsrs, doc(cfg(feature = "pem")))]
pub use data::pem;
pub use transport::clock;

pub use calls::call::Call;
pub use calls::download::{ByteStream, write_stream};
pub use calls::find::{Named, name_distance};
pub use calls::namespace::Namespace;
pub use calls::page_stream::{Items, Pages};
pub use calls::paged_call::PagedCall;
#[doc(hidden)]
pub use calls::part_file::PartFile;
pub use calls::pending::Pending;
pub use calls::progress::Progress;
pub use calls::task::Task;
pub use data::error::{Error, ErrorKind, Result};
pub use data::hosts::{Hosts, Region, Service};
pub use data::ids::{ModelId, TaskId, UserId, WorkspaceId};
pub use data::lenient::or_default;
pub use data::mask::Mask;
pub use data::record::{Check, ReconciliationRecord};
pub use data::scope::Scope;
pub use data::task_failure::TaskFailure;
pub use data::task_status::{TaskState, TaskStatus};
pub use data::url::{Path, Query};
pub use engine::evaluate::Evaluation;
pub use engine::execute::Origin;
pub use operation::endpoint::{Authorization, Download, Endpoint, RetryClass, json_body};
#[doc(hidden)]
pub use operation::erased::Operation;
pub use operation::long_running::{Cancellable, LongRunning};
#[doc(hidden)]
pub use operation::lookup::Fetch;
pub use operation::lookup::{Lookup, Requests};
pub use operation::paging::{Page, Paged, Paging, PagingStyle, Window};
pub use operation::reconcile::{Age, Attempt, Evidence, Finding, Reconcile};
pub use operation::refusal::{Decision, Refusal};
pub use operation::request_body::{BodyProgress, BodyReader, BodyStream, RequestBody};
pub use operation::response::Response;
pub use session::Session;
pub use session::authenticator::{Authenticator, Credential};
pub use session::limit::RateLimit;
pub use session::poll::PollPolicy;
pub use session::retry::RetryPolicy;
pub use session::settings::{ReconcilePolicy, Settings};
pub use session::starts::Exclusive;
pub use transport::clock::Clock;
pub use transport::connection::Connection;
pub use transport::{ResponseBody, Transport, TransportError, TransportErrorKind};

pub use async_trait::async_trait;
pub use bytes::Bytes;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
pub use jiff::Timestamp;
pub use secrecy::SecretString;

/// Items used by the macros of this crate.
#[doc(hidden)]
pub mod __private {
    pub use crate::data::ids::id_text;
    pub use serde;
}
