#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod client;
mod environment;
mod reconcile;
mod sign_in;

#[cfg(feature = "blocking")]
#[cfg_attr(docsrs, doc(cfg(feature = "blocking")))]
pub mod blocking;
pub mod ext;
pub mod guide;

/// Application lifecycle management: revisions, syncs, comparison reports, promotion.
#[cfg(feature = "alm")]
#[cfg_attr(docsrs, doc(cfg(feature = "alm")))]
pub mod alm {
    #[doc(inline)]
    pub use anaplan_alm::*;
}

/// Bulk data: files, imports, exports, actions and processes.
#[cfg(feature = "bulk")]
#[cfg_attr(docsrs, doc(cfg(feature = "bulk")))]
pub mod bulk {
    #[doc(inline)]
    pub use anaplan_bulk::*;
}

/// The tenant: workspaces, models and users.
#[cfg(feature = "tenant")]
#[cfg_attr(docsrs, doc(cfg(feature = "tenant")))]
pub mod tenant {
    #[doc(inline)]
    pub use anaplan_tenant::*;
}

/// Transactional data: lists, modules, views, cells, dimensions, calendar and versions.
#[cfg(feature = "transactional")]
#[cfg_attr(docsrs, doc(cfg(feature = "transactional")))]
pub mod transactional {
    #[doc(inline)]
    pub use anaplan_transactional::*;
}

/// Promotion of releases to many models: plan, policy, waves, journal, evidence, drift.
#[cfg(feature = "promote")]
#[cfg_attr(docsrs, doc(cfg(feature = "promote")))]
pub mod promote {
    #[doc(inline)]
    pub use anaplan_promote::*;
}

/// Authentication: certificates, passwords, OAuth, tokens.
pub mod auth {
    #[doc(inline)]
    pub use anaplan_auth::*;
}

pub use builder::ClientBuilder;
pub use client::Client;

// Errors.
#[doc(inline)]
pub use anaplan_core::{Error, ErrorKind, Result, TaskFailure};
// Ids and scope.
#[doc(inline)]
pub use anaplan_core::{ModelId, Scope, TaskId, UserId, WorkspaceId};
// Calls and streams.
#[doc(inline)]
pub use anaplan_core::{ByteStream, Call, Items, PagedCall, Pages, Pending};
// Tasks.
#[doc(inline)]
pub use anaplan_core::{PollPolicy, Progress, Task, TaskState, TaskStatus};
// Calls with an unknown outcome.
#[doc(inline)]
pub use anaplan_core::{Evaluation, Origin, ReconcilePolicy, ReconciliationRecord};
// Configuration.
#[doc(inline)]
pub use anaplan_core::{Hosts, RateLimit, Region, RetryPolicy};
// Types of other crates in the signatures above.
#[doc(no_inline)]
pub use anaplan_core::{Bytes, SecretString, StatusCode, Timestamp};
