//! Storage of the lines of a journal.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// Storage of the lines of a journal.
pub trait JournalStorage: Send {
    /// Appends a line, which ends with a line break. Returns after the line is durable.
    ///
    /// # Errors
    ///
    /// Any. The action that the line announces is not executed then.
    fn append(&mut self, line: &str) -> io::Result<()>;
}

/// A locked file.
pub(super) struct FileStorage {
    file: File,
    /// Locked as long as the journal is open.
    _lock: File,
}

impl FileStorage {
    /// Opens the file and locks it. `None` if another process holds the lock.
    pub(super) fn lock(path: &Path) -> io::Result<Option<Self>> {
        if path.file_name().is_none() {
            let text = "the path has no file name";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        // The lock follows the file, whatever link leads to it.
        let resolved = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let parent = resolved
            .parent()
            .filter(|path| !path.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new(".")).to_owned();
        fs::create_dir_all(&parent)?;
        let mut name = resolved.clone().into_os_string();
        name.push(".lock");
        let lock = private().create(true).truncate(false).open(name)?;
        match fs4::FileExt::try_lock(&lock) {
            Ok(()) => {}
            Err(fs4::TryLockError::WouldBlock) => return Ok(None),
            Err(fs4::TryLockError::Error(error)) => return Err(error),
        }
        let file = private()
            .read(true)
            .create(true)
            .truncate(false)
            .open(&resolved)?;
        // Otherwise a power failure could remove the new file.
        #[cfg(unix)]
        File::open(parent)?.sync_all()?;
        Ok(Some(Self { file, _lock: lock }))
    }

    pub(super) fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Removes everything after the valid lines, and continues there.
    pub(super) fn truncate(&mut self, length: usize) -> io::Result<()> {
        let length = length as u64;
        if self.file.metadata()?.len() != length {
            self.file.set_len(length)?;
            self.file.sync_all()?;
        }
        self.file.seek(SeekFrom::Start(length))?;
        Ok(())
    }
}

impl JournalStorage for FileStorage {
    fn append(&mut self, line: &str) -> io::Result<()> {
        let start = self.file.stream_position()?;
        let written = self.file.write_all(line.as_bytes());
        let written = written.and_then(|()| self.file.sync_data());
        if written.is_err() {
            // A part of the line would make all later lines unreadable.
            let _ = self.truncate(usize::try_from(start).unwrap_or(usize::MAX));
        }
        written
    }
}

/// The storage of a journal that was opened for reading.
pub(super) struct ReadOnly;

impl JournalStorage for ReadOnly {
    fn append(&mut self, _line: &str) -> io::Result<()> {
        let text = "the journal was opened for reading only";
        Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
    }
}

/// Options for writing a file that only its owner can read: the plan names objects of the models.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
