//! A subscriber that reads everything the SDK logs and keeps only lines that show a secret.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::secrets;

/// The lines of one case that show a secret.
#[derive(Debug, Clone, Default)]
pub struct Leaks(Arc<Mutex<Vec<String>>>);

impl Leaks {
    /// The lines found so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn check(&self, line: &str) {
        if let Some(form) = secrets::find(line) {
            let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            lines.push(format!("log, {form}: {line}"));
        }
    }
}

/// Subscribes to every level of every target.
#[derive(Debug, Default)]
pub struct LeakDetector {
    leaks: Leaks,
    spans: AtomicU64,
}

impl LeakDetector {
    /// A detector that notes what it finds in `leaks`.
    #[must_use]
    pub fn new(leaks: Leaks) -> Self {
        Self {
            leaks,
            spans: AtomicU64::new(0),
        }
    }
}

impl Subscriber for LeakDetector {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line(span.metadata().name().to_owned());
        span.record(&mut line);
        self.leaks.check(&line.0);
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line(String::new());
        values.record(&mut line);
        self.leaks.check(&line.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().target().to_owned());
        event.record(&mut line);
        self.leaks.check(&line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = write!(self.0, " {field}={value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_in_a_field_of_an_event_or_span_is_found() {
        let leaks = Leaks::default();
        let password = secrets::secret("password");
        tracing::subscriber::with_default(LeakDetector::new(leaks.clone()), || {
            tracing::trace!(target: "sdk", "harmless");
            assert!(leaks.lines().is_empty());
            tracing::trace!(target: "sdk", header = %secrets::base64(&password), "sent");
            let _span = tracing::debug_span!("call", password);
        });
        assert_eq!(leaks.lines().len(), 2, "{:?}", leaks.lines());
    }
}
