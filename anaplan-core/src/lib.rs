#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod clock;
pub mod lenient;
#[cfg(feature = "pem")]
#[cfg_attr(docsrs, doc(cfg(feature = "pem")))]
pub mod pem;
pub mod transport;

mod answer;
mod auth;
mod call;
mod connection;
mod download;
mod endpoint;
mod error;
mod exchange;
mod hosts;
mod ids;

mod limit;
mod namespace;
mod open_enum;
mod page;
mod page_stream;
mod pending;
mod prepared;
mod progress;
mod reconcile;
mod retry;
mod session;
mod task;
mod url;
mod verdict;

#[cfg(feature = "blocking")]
pub mod blocking;

pub use answer::{Answer, Refusal};
pub use auth::{Authenticator, Credential};
pub use call::Call;
pub use clock::Clock;
pub use connection::Connection;
pub use download::{ByteStream, PartFile, write_stream};
pub use endpoint::{Authorization, Download, Endpoint, RetryClass, json_body};
pub use error::{Error, ErrorKind, Result, TaskFailure};
pub use hosts::{Hosts, Region, Service};
pub use ids::{ModelId, TaskId, UserId, WorkspaceId};
pub use lenient::or_default;
pub use limit::RateLimit;
pub use namespace::{Namespace, Scope};
pub use page::{Page, Paged, PagedCall, Paging, Window};
pub use page_stream::{Items, Pages};
pub use pending::Pending;
pub use progress::Progress;
pub use reconcile::{Found, Reconcile};
pub use retry::RetryPolicy;
pub use session::{Session, Settings};
pub use task::{Cancellable, LongRunning, PollPolicy, Task, TaskState, TaskStatus};
pub use transport::{ResponseBody, Transport, TransportError, TransportErrorKind};
pub use url::{Path, Query};

pub use async_trait::async_trait;
pub use bytes::Bytes;
pub use http::{HeaderMap, HeaderValue, Method, StatusCode};
pub use jiff::Timestamp;
pub use secrecy::SecretString;

/// What the macros of this crate need at the place of their use.
#[doc(hidden)]
pub mod __private {
    pub use crate::ids::id_text;
    pub use serde;
}
