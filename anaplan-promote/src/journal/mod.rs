//! The journal of a run: every side effect, recorded before it is executed.

mod entry;
mod history;
mod storage;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anaplan_core::{Error, ErrorKind, ModelId, Result, Timestamp};

use crate::canonical_json::sha256;
use crate::plan::Plan;
use storage::FileStorage;

pub use entry::{JournalEvent, JournalLine, RunStarted, StartingSync};
pub(crate) use history::{History, TargetHistory};
pub use storage::JournalStorage;

/// Schema of the journal.
pub(crate) const SCHEMA: &str = "anaplan.journal/1";

/// The journal of a run: JSON lines, append-only, each synced to disk before the action that it announces.
///
/// Each line holds the hash of the line before it, so truncation and edits are detected. A line that a killed
/// process wrote in part is dropped. While the journal of a file is open, a lock of the operating system is
/// held on a second file with the suffix `.lock`. The lock ends with the process. It works between processes
/// of one machine and may not work on a network drive.
///
/// Cheap to clone; all clones are the same journal, and one run at a time uses it.
///
/// ```
/// use anaplan_promote::Journal;
///
/// let journal = Journal::in_memory();
/// assert!(journal.lines().is_empty());
/// ```
#[derive(Clone)]
pub struct Journal {
    shared: Arc<Mutex<State>>,
    /// `true` while a run writes to one of the clones.
    is_leased: Arc<AtomicBool>,
    path: Option<PathBuf>,
}

/// The right to continue the run of a journal. One at a time, over all clones of the journal.
#[derive(Debug)]
pub(crate) struct Lease(Arc<AtomicBool>);

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

struct State {
    lines: Vec<JournalLine>,
    /// The lines as written, each with its line break.
    text: String,
    /// Hash of the last line.
    last: Option<String>,
    warnings: Vec<String>,
    storage: Box<dyn JournalStorage>,
}

/// A storage that keeps nothing: the text of the journal is in memory anyway.
struct NoStorage;

impl JournalStorage for NoStorage {
    fn append(&mut self, _line: &str) -> std::io::Result<()> {
        Ok(())
    }
}

impl Journal {
    /// Opens or creates the journal in a file, and locks it.
    ///
    /// A last line that is incomplete is removed from the file, with a [warning](Self::warnings).
    ///
    /// # Errors
    ///
    /// `Conflict` if another process has the journal open, `Decode` if a line is damaged or missing, and
    /// `Io`.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let failed = |verb: &str, error: std::io::Error| io_error(verb, &path, error);
        let storage = FileStorage::lock(&path).map_err(|error| failed("lock", error))?;
        let Some(mut storage) = storage else {
            let text = format!("the journal {} is open in another process", path.display());
            return Err(Error::new(ErrorKind::Conflict, text));
        };
        let text = storage.read().map_err(|error| failed("read", error))?;
        let parsed = Parsed::new(&text).map_err(|error| error.because(path.display()))?;
        storage
            .truncate(parsed.text.len())
            .map_err(|error| failed("repair", error))?;
        let mut journal = Self::assemble(parsed, Box::new(storage));
        journal.path = Some(path);
        Ok(journal)
    }

    /// Reads a journal without a lock, for reports. Nothing can be appended to its file.
    ///
    /// # Errors
    ///
    /// `Decode` if a line is damaged or missing, and `Io`.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = std::fs::read(path).map_err(|error| io_error("read", path, error))?;
        let parsed = Parsed::new(&text).map_err(|error| error.because(path.display()))?;
        let mut journal = Self::assemble(parsed, Box::new(storage::ReadOnly));
        journal.path = Some(path.to_owned());
        Ok(journal)
    }

    /// Creates an empty journal in memory. A run with it cannot be resumed by another process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::assemble(Parsed::default(), Box::new(NoStorage))
    }

    /// Creates a journal from the text of another one, with a storage of its own for later lines.
    ///
    /// # Errors
    ///
    /// `Decode` if a line is damaged or missing.
    pub fn with_storage(text: &str, storage: impl JournalStorage + 'static) -> Result<Self> {
        Ok(Self::assemble(
            Parsed::new(text.as_bytes())?,
            Box::new(storage),
        ))
    }

    fn assemble(parsed: Parsed, storage: Box<dyn JournalStorage>) -> Self {
        let state = State {
            lines: parsed.lines,
            text: parsed.text,
            last: parsed.last,
            warnings: parsed.warnings,
            storage,
        };
        Self {
            shared: Arc::new(Mutex::new(state)),
            is_leased: Arc::default(),
            path: None,
        }
    }

    /// Returns the path of the file, unless the journal is in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Returns the lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<JournalLine> {
        self.lock().lines.clone()
    }

    /// Returns the text of the journal: JSON lines.
    #[must_use]
    pub fn text(&self) -> String {
        self.lock().text.clone()
    }

    /// Returns what was repaired when the journal was opened, in words.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.lock().warnings.clone()
    }

    /// Returns the plan of the run, without its diffs.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the journal is empty.
    pub fn plan(&self) -> Result<Plan> {
        Ok(self.history()?.started.plan)
    }

    /// Returns `true` if the last run in the journal has ended and all its targets have reached their goal.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.history().is_ok_and(|history| history.is_finished())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().lines.is_empty()
    }

    /// Returns the right to use the journal, or `None` while a run uses it. Has to be taken before the
    /// history is read.
    pub(crate) fn lease(&self) -> Option<Lease> {
        let was_leased = self.is_leased.swap(true, Ordering::AcqRel);
        (!was_leased).then(|| Lease(Arc::clone(&self.is_leased)))
    }

    pub(crate) fn history(&self) -> Result<History> {
        History::of(&self.lock().lines)
    }

    /// Appends a line and syncs it to disk.
    ///
    /// # Errors
    ///
    /// `Io`. The action that the line announces must not be executed then.
    pub(crate) fn append(
        &self,
        at: Timestamp,
        target: Option<&ModelId>,
        event: JournalEvent,
    ) -> Result<JournalLine> {
        let mut state = self.lock();
        let line = JournalLine {
            n: state.lines.len() as u64 + 1,
            at,
            target: target.cloned(),
            prev: state.last.clone(),
            event,
        };
        let mut text = serde_json::to_string(&line).map_err(|error| {
            Error::new(ErrorKind::Io, "the line cannot be written as JSON").caused_by(error)
        })?;
        let hash = hash(text.as_bytes());
        text.push('\n');
        state.storage.append(&text).map_err(|error| {
            let path = self.path.as_deref().unwrap_or(Path::new("in memory"));
            io_error("write", path, error)
        })?;
        state.text.push_str(&text);
        state.last = Some(hash);
        state.lines.push(line.clone());
        Ok(line)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("path", &self.path)
            .field("lines", &self.lock().lines.len())
            .finish_non_exhaustive()
    }
}

/// The valid lines of a text.
#[derive(Default)]
struct Parsed {
    lines: Vec<JournalLine>,
    text: String,
    last: Option<String>,
    warnings: Vec<String>,
}

impl Parsed {
    fn new(bytes: &[u8]) -> Result<Self> {
        let mut parsed = Self::default();
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n');
            let (raw, complete) = match end {
                Some(end) => (&rest[..end], true),
                None => (rest, false),
            };
            let n = parsed.lines.len() as u64 + 1;
            let line = serde_json::from_slice::<JournalLine>(raw);
            match line {
                Ok(line) if complete => parsed.accept(n, line, raw)?,
                Err(error) if complete => {
                    let text = format!("line {n} of the journal is damaged");
                    return Err(Error::new(ErrorKind::Decode, text).caused_by(error));
                }
                // The process was killed while it wrote the line, so the action has not begun.
                _ => {
                    let text = format!("line {n} of the journal is incomplete and was dropped");
                    tracing::warn!(target: "anaplan::promote", line = n, "incomplete last line dropped");
                    parsed.warnings.push(text);
                }
            }
            rest = &rest[end.map_or(rest.len(), |end| end + 1)..];
        }
        Ok(parsed)
    }

    fn accept(&mut self, n: u64, line: JournalLine, raw: &[u8]) -> Result<()> {
        if line.n != n || line.prev != self.last {
            let text = format!(
                "line {n} of the journal does not follow the line before it: lines were changed or removed"
            );
            return Err(Error::new(ErrorKind::Decode, text));
        }
        let text = std::str::from_utf8(raw).map_err(|error| {
            Error::new(
                ErrorKind::Decode,
                format!("line {n} of the journal is not UTF-8"),
            )
            .caused_by(error)
        })?;
        self.text.push_str(text);
        self.text.push('\n');
        self.last = Some(hash(raw));
        self.lines.push(line);
        Ok(())
    }
}

/// Returns the hash of a line as `sha256:` and hexadecimal digits.
fn hash(line: &[u8]) -> String {
    format!("sha256:{}", sha256(line))
}

fn io_error(verb: &str, path: &Path, error: std::io::Error) -> Error {
    let text = format!("cannot {verb} the journal {}", path.display());
    Error::new(ErrorKind::Io, text)
        .because(&error)
        .caused_by(error)
}

#[cfg(test)]
mod tests;
