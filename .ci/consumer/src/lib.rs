//! Tells which of two models is behind the other.

use anaplan::alm::Revision;
use anaplan::{Client, ModelId, Result};

/// The revisions that `target` could get from `source`, newest first.
pub async fn missing(client: &Client, source: &ModelId, target: &ModelId) -> Result<Vec<Revision>> {
    let target = client.with_model(target).alm()?;
    target.get_syncable_revisions(source).await
}
