//! One API operation as data: what to send, how safe it is to repeat, how to read the response.

pub(crate) mod endpoint;
pub(crate) mod page;
pub(crate) mod reconcile;
pub(crate) mod response;
