//! Responses with another shape: each is read, or rejected with the path of the field.

#![allow(clippy::unwrap_used)]

mod support;

use anaplan_conformance::matrix;
use support::{OPERATIONS, runtime};

/// The response to an upload was read, and names another file.
fn is_another_file(problem: &str) -> bool {
    problem.contains("the model has no such file; the server created")
}

#[tokio::test(start_paused = true)]
async fn variant_of_a_response_is_read_or_rejected_with_its_path() {
    matrix::reads_or_rejects_variants(OPERATIONS, 10, is_another_file).await;
}

#[test]
fn mixture_of_variants_is_read_or_rejected() {
    matrix::reads_or_rejects_mixtures(OPERATIONS, &runtime(), is_another_file);
}
