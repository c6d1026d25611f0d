//! Items for crates that add operations, namespaces, transports or ways of signing in.
//!
//! Programs that only make calls need nothing from here. A crate that extends the SDK needs nothing else:
//! the types that both use are exported in both places. See the guide to
//! [custom endpoints](crate::guide::custom_endpoints).
//!
//! | to add | implement |
//! |---|---|
//! | an operation | [`Endpoint`]; [`Paged`] for a collection, [`Download`] for a file |
//! | lookup of an element by its name | [`Named`] |
//! | a task | [`LongRunning`], and [`Cancellable`] if it can be stopped |
//! | the search for a lost request | [`Reconcile`] |
//! | a handle over several operations | [`Namespace`] |
//! | another HTTP stack | [`Transport`] |
//! | another way of signing in | [`Authenticator`] |
//! | another clock | [`Clock`] |

// Operations.
#[doc(inline)]
pub use anaplan_core::{
    Authorization, BodyProgress, BodyReader, BodyStream, Decision, Download, Endpoint, Path, Query,
    Refusal, RequestBody, Response, RetryClass, Service, json_body,
};
// Paging.
#[doc(inline)]
pub use anaplan_core::{Named, Page, Paged, Paging, PagingStyle, Window};
// Tasks.
#[doc(inline)]
pub use anaplan_core::{Cancellable, LongRunning, Requests};
// Reconciliation.
#[doc(inline)]
pub use anaplan_core::{
    Age, Attempt, Check, Evaluation, Evidence, Finding, Lookup, Reconcile, ReconciliationRecord,
};
// Sessions and namespaces.
#[doc(inline)]
pub use anaplan_core::{
    Authenticator, Connection, Credential, Namespace, Scope, Session, Settings,
};
// Transports and clocks.
#[doc(inline)]
pub use anaplan_core::{
    Clock, ResponseBody, Transport, TransportError, TransportErrorKind, clock, transport,
};
// Calls and data that users of the extension see.
#[doc(inline)]
pub use anaplan_core::{
    ByteStream, Call, Error, ErrorKind, Hosts, Items, ModelId, Origin, PagedCall, Pages, Pending,
    PollPolicy, Progress, RateLimit, ReconcilePolicy, Region, Result, RetryPolicy, Task,
    TaskFailure, TaskId, TaskState, TaskStatus, UserId, WorkspaceId,
};
// Lenient reading.
#[doc(inline)]
pub use anaplan_core::{Mask, id_type, lenient, open_enum, or_default, write_stream};
// Types of other crates in the signatures above.
#[doc(no_inline)]
pub use anaplan_core::{
    Bytes, HeaderMap, HeaderName, HeaderValue, Method, SecretString, StatusCode, Timestamp,
    async_trait,
};
