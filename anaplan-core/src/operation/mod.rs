//! One API operation as data: what to send, how safe it is to repeat, how to read the response.
//! Nothing here sends a request.

pub(crate) mod endpoint;
pub(crate) mod erased;
pub(crate) mod long_running;
pub(crate) mod lookup;
pub(crate) mod paging;
pub(crate) mod reconcile;
pub(crate) mod refusal;
pub(crate) mod request_body;
pub(crate) mod response;

pub(crate) use endpoint::{Authorization, Endpoint, RetryClass};
pub(crate) use erased::Operation;
pub(crate) use lookup::{Fetch, Lookup, Requests};
pub(crate) use paging::{Page, Paged, Paging, Window};
pub(crate) use reconcile::{Attempt, Evidence, Finding, Reconcile};
pub(crate) use refusal::{Decision, Refusal};
pub(crate) use request_body::RequestBody;
pub(crate) use response::Response;
