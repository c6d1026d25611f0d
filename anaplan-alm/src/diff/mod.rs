//! Typed differences of two revisions, from a comparison report and a summary.

mod builder;
mod change;
mod cross_check;
mod impact;
mod kind;
mod model_diff;
mod section;

pub use change::{Certainty, ChangeKind, Impact, ImpactKind, ObjectChange, PropertyChange};
pub use kind::ObjectKind;
pub use model_diff::{CountMismatch, ModelDiff, UnrecognizedSection};

#[cfg(test)]
mod tests;
