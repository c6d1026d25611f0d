//! What the judge has found against a fake.

use std::sync::{Mutex, PoisonError};

/// How many contradictions are kept.
const KEPT: usize = 3;

/// The first contradictions of a fake, none of which its user can overlook: fronts swallow panics, and so
/// whatever is done next with the fake panics too, its drop included.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    contradictions: Mutex<Vec<String>>,
}

impl Verdict {
    pub(crate) fn note(&self, contradiction: String) {
        let mut all = self
            .contradictions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if all.len() < KEPT {
            all.push(contradiction);
        }
    }

    /// # Panics
    ///
    /// When something was found, unless the thread panics already.
    #[allow(clippy::panic)]
    pub(crate) fn enforce(&self) {
        let all = self
            .contradictions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .join("\n\n");
        if !all.is_empty() && !std::thread::panicking() {
            panic!("the fake contradicts the description of its answers:\n{all}");
        }
    }
}
