//! The rules, by name.

/// Work runs at most once per call.
pub const ONCE: &str = "work runs at most once per call";
/// Work that was reported as done was done.
pub const DONE: &str = "work reported as done was done";
/// Work that was reported as not done was not done.
pub const NOT_DONE: &str = "work reported as not done was not done";
/// The counters and failures of a write report are those of the write.
pub const WRITES: &str = "write reports are correct";
/// A read returns the contents of the server.
pub const READS: &str = "reads are correct";
/// A download returns the bytes of the file.
pub const DOWNLOADS: &str = "downloads are correct";
/// Every call ends.
pub const HANGS: &str = "no call hangs";
/// Nothing panics.
pub const PANICS: &str = "nothing panics";
/// The number of retries is bounded.
pub const RETRIES: &str = "retries are bounded";
/// The number of concurrent requests and bytes of a transfer is bounded.
pub const TRANSFERS: &str = "transfers are bounded";
/// A session renews its token once at a time.
pub const RENEWALS: &str = "one token renewal at a time";
/// The kind of an error can occur under the faults of the program.
pub const KINDS: &str = "error kinds match the faults";
/// An error has the name of its operation.
pub const OPERATIONS: &str = "errors name their operation";
/// An error has the ids of its objects.
pub const OBJECTS: &str = "errors name their objects";
/// An error of a wait has the id of the task.
pub const TASK_IDS: &str = "errors of a wait name the task";
/// Neither text nor `Debug` output of an error has a credential.
pub const SECRETS: &str = "errors contain no secret";
/// An ambiguous error is not retryable.
pub const AMBIGUITY: &str = "ambiguous errors are not retryable";
/// The same sessions work when the faults are over.
pub const RECOVERY: &str = "the client works after the faults";
/// A program has the same requests in every run.
pub const DETERMINISM: &str = "a program has the same requests in every run";
/// The environment can be built.
pub const SETUP: &str = "the environment can be built";

/// A call that must not run twice is sent again only after proof that no earlier attempt was executed.
pub const PROOF: &str = "no resend without proof";
/// A call does not return the task, sync or revision of another user.
pub const FOREIGN: &str = "no foreign work is claimed";
/// Two calls do not return the same task.
pub const SHARED: &str = "no two calls return the same task";
/// A listing is complete, or its call fails.
pub const COMPLETE: &str = "a listing is complete or an error";
/// A call that has not sent its request does not fail ambiguously.
pub const UNSENT: &str = "an unsent call is not ambiguous";
/// The online status is read before it is sent again after an unknown outcome.
pub const ONLINE: &str = "online status is read before a resend";

/// A call with a timeout ends in time, with one check of 5 s if its outcome is unknown.
pub const TIMEOUTS: &str = "a timeout limits the whole call";
/// An attempt with unknown outcome has a record, which serializes and contains no secret.
pub const RECORDS: &str = "an unknown outcome has a record";
/// The evaluation of a record finds what was executed, and sends nothing that changes anything.
pub const EVALUATIONS: &str = "evaluations of records are correct";

/// The rules about evidence.
pub const EVIDENCE_RULES: [&str; 9] = [
    PROOF,
    FOREIGN,
    SHARED,
    COMPLETE,
    UNSENT,
    ONLINE,
    TIMEOUTS,
    RECORDS,
    EVALUATIONS,
];
