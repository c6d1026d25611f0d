//! Typed differences of two revisions, from a comparison report and a summary.

mod change;
mod kind;
mod model_diff;

pub use change::{Certainty, ChangeKind, Impact, ImpactKind, ObjectChange, PropertyChange};
pub use kind::ObjectKind;
pub use model_diff::{CountMismatch, ModelDiff, UnrecognizedSection};
