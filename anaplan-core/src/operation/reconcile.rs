//! Finding out what became of a call whose outcome got lost.

use async_trait::async_trait;

use crate::data::error::Result;
use crate::session::Session;

/// How to find what an attempt created, for operations that must not run twice.
///
/// Before the first attempt the session asks [`existing`](Self::existing) once. When an attempt ends
/// without a clear answer, it asks [`find`](Self::find) a few times over some seconds, since the server
/// may still be at work. Only when nothing is found, and the server cannot be working on the lost
/// request any more, is the request sent again.
#[async_trait]
pub trait Reconcile<T>: Send + Sync {
    /// The ids of what is there before the first attempt, so that nothing older is mistaken for ours.
    ///
    /// # Errors
    ///
    /// Any; the call then fails before anything is sent.
    async fn existing(&self, session: &Session) -> Result<Vec<String>>;

    /// Looks for what the attempt created: what was not among `existing` and fits the request.
    ///
    /// # Errors
    ///
    /// Any; the caller then learns that the call is ambiguous.
    async fn find(&self, session: &Session, existing: &[String]) -> Result<Found<T>>;
}

/// What a look for traces of a lost attempt showed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found<T> {
    /// The attempt was carried out, and this is its result.
    Own(T),
    /// There is no trace of the attempt.
    Nothing,
    /// There are traces that could be the attempt's or somebody else's; the text says which.
    Unclear(String),
}
