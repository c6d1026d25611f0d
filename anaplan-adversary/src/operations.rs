//! Everything this crate uses of the SDK. If a name of the SDK changes, only these files change.

mod client;
mod perform;
mod special;

pub use anaplan::Client;
pub use client::{Target, connect};
pub use perform::perform;
pub use special::{
    list_blocking, own_endpoint, save_file, save_tokens, sign_in_device, upload_bytes, upload_from,
    upload_with_wrong_length,
};

/// What an error says about the work of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The work was certainly not executed.
    NotDone,
    /// The work may have been executed.
    Unknown,
    /// The work was started and has failed.
    Failed,
}

impl Outcome {
    /// The failure, if the call failed.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            _ => None,
        }
    }
}

/// A failure of the SDK, reduced to what the verdict needs.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What it says about the work.
    pub claim: Claim,
    /// The kind of the error.
    pub kind: String,
    /// `true` if the error says that another try may help.
    pub retryable: bool,
    /// Everything that the error shows of itself.
    pub text: String,
}

/// What a call returned.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Work was started; `waited` is what waiting for its end returned.
    Started {
        /// The id of the task, revision or request.
        id: String,
        /// `true` if the handle says that it is the caller's only presumably.
        presumed: bool,
        /// The end of the work; `Ok(false)` for a success that could not be verified.
        waited: Option<Result<bool, Failure>>,
    },
    /// So many objects were written or deleted.
    Wrote(u64),
    /// An upload arrived.
    Uploaded,
    /// Bytes were read.
    Bytes(Vec<u8>),
    /// Rows were read; their ids.
    Rows(Vec<String>),
    /// The call failed.
    Failed(Failure),
}
