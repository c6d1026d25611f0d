//! Calls that must not run twice, as far as the session knows of them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::session::Session;

/// Number of claimed ids that are remembered for one parent.
const MAX_CLAIMS: usize = 1024;
/// Number of parents whose claimed ids are remembered.
const MAX_PARENTS: usize = 4096;

/// Serializes calls under one parent, such as the sync tasks of a model, and remembers which objects
/// belong to a call. Two calls never return the same object.
#[derive(Debug, Default)]
pub(crate) struct Starts {
    locks: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    claims: Mutex<Claims>,
}

#[derive(Debug, Default)]
struct Claims {
    by_parent: HashMap<String, VecDeque<String>>,
    order: VecDeque<String>,
}

/// Right to be the only one of its kind within a session, until it is dropped. Returned by
/// [`Session::exclusive`].
#[derive(Debug)]
#[must_use = "the right ends when the guard is dropped"]
pub struct Exclusive {
    _guard: OwnedMutexGuard<()>,
}

impl Session {
    /// Waits until no other holder of `key` exists in this session and its clones.
    ///
    /// For operations of several requests that must not be interleaved, such as two uploads to one
    /// file. Other processes are not excluded.
    pub async fn exclusive(&self, key: &str) -> Exclusive {
        // Paths, the keys of calls, start with a slash or a scheme.
        let key = format!("exclusive {key}");
        Exclusive {
            _guard: self.inner.starts.enter(&key).await,
        }
    }
}

impl Starts {
    /// Waits until no other call under `parent` is in progress.
    pub(crate) async fn enter(&self, parent: &str) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = lock(&self.locks);
            locks.retain(|_, held| Arc::strong_count(held) > 1);
            Arc::clone(locks.entry(parent.to_owned()).or_default())
        };
        lock.lock_owned().await
    }

    /// Records that `id` is the result of a call.
    pub(crate) fn claim(&self, parent: &str, id: String) {
        let mut claims = lock(&self.claims);
        if !claims.by_parent.contains_key(parent) {
            if claims.order.len() == MAX_PARENTS {
                if let Some(oldest) = claims.order.pop_front() {
                    claims.by_parent.remove(&oldest);
                }
            }
            claims.order.push_back(parent.to_owned());
        }
        let ids = claims.by_parent.entry(parent.to_owned()).or_default();
        if ids.len() == MAX_CLAIMS {
            ids.pop_front();
        }
        ids.push_back(id);
    }

    /// Returns `true` if `id` is the result of a call.
    pub(crate) fn is_claimed(&self, parent: &str, id: &str) -> bool {
        let claims = lock(&self.claims);
        let ids = claims.by_parent.get(parent);
        ids.is_some_and(|ids| ids.iter().any(|known| known == id))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn enter_serializes_calls_under_one_parent_only() {
        let starts = Starts::default();
        let first = starts.enter("a").await;
        let other = starts.enter("b").await;
        assert!(starts.enter("a").now_or_never().is_none());
        drop((first, other));
        let _again = starts.enter("a").await;
        assert_eq!(lock(&starts.locks).len(), 1);
    }

    #[test]
    fn claims_are_bounded() {
        let starts = Starts::default();
        for n in 0..=MAX_CLAIMS {
            starts.claim("a", n.to_string());
        }
        assert!(!starts.is_claimed("a", "0") && starts.is_claimed("a", "1"));
        for n in 0..MAX_PARENTS {
            starts.claim(&format!("p{n}"), "1".into());
        }
        assert!(!starts.is_claimed("a", "1") && starts.is_claimed("p0", "1"));
    }
}
