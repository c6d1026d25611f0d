//! The violations that were found in the responses of a fake.

use std::sync::{Mutex, PoisonError};

/// The number of violations that are kept.
const KEPT: usize = 3;

/// The first violations of a fake. Servers swallow panics, so each later use of the fake panics too, its
/// drop included.
#[derive(Debug, Default)]
pub(crate) struct Violations {
    violations: Mutex<Vec<String>>,
}

impl Violations {
    pub(crate) fn add(&self, violation: String) {
        let mut all = self
            .violations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if all.len() < KEPT {
            all.push(violation);
        }
    }

    /// # Panics
    ///
    /// If there is a violation, unless the thread panics already.
    #[allow(clippy::panic)]
    pub(crate) fn enforce(&self) {
        let all = self
            .violations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .join("\n\n");
        if !all.is_empty() && !std::thread::panicking() {
            panic!("the fake violates the description of its responses:\n{all}");
        }
    }
}
