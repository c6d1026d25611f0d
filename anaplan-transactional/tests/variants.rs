//! Responses with another shape: each is read, or rejected with the path of the field.

#![allow(clippy::unwrap_used)]

mod support;

use anaplan_conformance::matrix;
use support::{OPERATIONS, runtime};

#[tokio::test(start_paused = true)]
async fn variant_of_a_response_is_read_or_rejected_with_its_path() {
    matrix::reads_or_rejects_variants(OPERATIONS, 20, |_| false).await;
}

#[test]
fn mixture_of_variants_is_read_or_rejected() {
    matrix::reads_or_rejects_mixtures(OPERATIONS, &runtime(), |_| false);
}
