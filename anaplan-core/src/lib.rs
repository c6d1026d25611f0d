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
pub use transport::clock;

pub use calls::call::Call;
pub use calls::download::{ByteStream, write_stream};
pub use calls::namespace::{Namespace, Scope};
pub use calls::page_stream::{Items, Pages};
#[doc(hidden)]
pub use calls::part_file::PartFile;
pub use calls::pending::Pending;
pub use calls::progress::Progress;
pub use calls::task::{Cancellable, LongRunning, PollPolicy, Task, TaskState, TaskStatus};
pub use clock::Clock;
pub use data::error::{Error, ErrorKind, Result, TaskFailure};
pub use data::hosts::{Hosts, Region, Service};
pub use data::ids::{ModelId, TaskId, UserId, WorkspaceId};
pub use data::mask::Mask;
pub use data::url::{Path, Query};
pub use lenient::or_default;
pub use operation::endpoint::{Authorization, Download, Endpoint, RetryClass, json_body};
pub use operation::page::{Page, Paged, PagedCall, Paging, Window};
pub use operation::reconcile::{Found, Reconcile};
pub use operation::request_body::{BodyProgress, BodyReader, BodyStream, RequestBody};
pub use operation::response::{Answer, Refusal};
pub use session::authenticator::{Authenticator, Credential};
pub use session::limit::RateLimit;
pub use session::retry::RetryPolicy;
pub use session::{Session, Settings};
pub use transport::connection::Connection;
pub use transport::{ResponseBody, Transport, TransportError, TransportErrorKind};

pub use async_trait::async_trait;
pub use bytes::Bytes;
pub use http::{HeaderMap, HeaderValue, Method, StatusCode};
pub use jiff::Timestamp;
pub use secrecy::SecretString;

/// What the macros of this crate need at the place of their use.
#[doc(hidden)]
pub mod __private {
    pub use crate::data::ids::id_text;
    pub use serde;
}
