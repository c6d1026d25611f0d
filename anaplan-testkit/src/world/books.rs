//! What the world has really done, whatever its answers said.

use anaplan_core::{ModelId, TaskId};

/// The work that was done, in its order. Faults of the connection do not show here: what is written in
/// the books has happened.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Books {
    /// Every revision that was created through the API: the model, the revision's id and name.
    pub revisions_created: Vec<(ModelId, String, String)>,
    /// Every sync that was started: the target, the task, the source revision.
    pub syncs_started: Vec<(ModelId, TaskId, String)>,
    /// Every sync that has brought a revision to its target.
    pub syncs_applied: Vec<(ModelId, TaskId, String)>,
    /// How many list items were added through the API.
    pub items_added: u64,
    /// How many list items were changed through the API.
    pub items_updated: u64,
    /// How many list items were deleted through the API.
    pub items_deleted: u64,
    /// How many cells were written through the API; one that is written twice counts twice.
    pub cells_written: u64,
    /// Every read request that was made: the model, the request's id.
    pub read_requests_made: Vec<(ModelId, String)>,
    /// How many sessions were opened.
    pub sign_ins: u64,
    /// How many sessions were prolonged.
    pub refreshes: u64,
    /// How many sessions were ended by their users.
    pub sign_outs: u64,
    /// How many requests were refused because they were too many.
    pub throttled: u64,
}
