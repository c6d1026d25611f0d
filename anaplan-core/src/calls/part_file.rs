//! Files that replace their target when they are complete.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_core::Stream;
use tokio::io::AsyncWriteExt as _;

use crate::calls::download::write_stream;
use crate::data::error::{Error, ErrorKind, Result};

/// Number of symbolic links that are followed. The same as in Linux.
const MOST_LINKS: usize = 40;
/// Suffix of the name of a part.
const SUFFIX: &str = ".part";
/// Number of hexadecimal digits in the name of a part.
const DIGITS: usize = 16;

/// A file that is not complete yet.
///
/// It has a temporary name in the folder of its target and the permissions of the file that it replaces.
/// It is removed if it is dropped before [`keep`](Self::keep). While it exists, its process holds a lock on
/// it: parts of the same file without a lock belong to processes that were killed, and are removed. If the
/// target is a symbolic link, the linked file is replaced.
#[derive(Debug)]
pub struct PartFile {
    file: File,
    path: PathBuf,
    place: PathBuf,
    is_kept: bool,
}

impl PartFile {
    /// Creates an empty file that replaces `place` when it is complete.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if `place` names no file, or something that is not a regular file, and
    /// [`ErrorKind::Io`] if the file cannot be created.
    pub fn beside(place: &Path) -> Result<Self> {
        Self::create(place, None)
    }

    /// Creates an empty file that only its owner can read, whatever the permissions of the file that it
    /// will replace. Otherwise like [`beside`](Self::beside).
    ///
    /// # Errors
    ///
    /// Those of [`beside`](Self::beside).
    pub fn private(place: &Path) -> Result<Self> {
        Self::create(place, Some(0o600))
    }

    fn create(place: &Path, mode: Option<u32>) -> Result<Self> {
        if place.file_name().is_none() {
            return Err(Error::invalid_input("path", "names no file"));
        }
        let creating = |error| failed("creating a file beside", place, error);
        let place = resolve(place).map_err(creating)?;
        let replaced = match fs::metadata(&place) {
            Ok(found) if found.is_file() => Some(found.permissions()),
            Ok(_) => {
                let problem = format!("is not a regular file: {}", place.display());
                return Err(Error::invalid_input("path", problem));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(creating(error)),
        };
        let name = place.file_name().unwrap_or_default().to_owned();
        remove_stale(&place, &name);
        loop {
            let path = place.with_file_name(part_name(&name));
            let file = open(&path, mode, replaced.as_ref()).map_err(creating)?;
            // Another process may have taken it for a part of a killed one before it was locked.
            if is_locked(&file) && is_same(&file, &path) {
                return Ok(Self {
                    file,
                    path,
                    place,
                    is_kept: false,
                });
            }
        }
    }

    /// Writes the stream to the file, waits until it is on the disk, and returns the number of bytes.
    ///
    /// # Errors
    ///
    /// Those of the stream, and [`ErrorKind::Io`] if writing fails.
    pub async fn fill<S>(&self, stream: &mut S) -> Result<u64>
    where
        S: Stream<Item = Result<Bytes>> + Unpin + ?Sized,
    {
        let writing = |error| failed("writing", &self.path, error);
        let file = self.file.try_clone().map_err(writing)?;
        let mut file = tokio::fs::File::from_std(file);
        let written = write_stream(stream, &mut file).await?;
        file.flush().await.map_err(writing)?;
        file.sync_all().await.map_err(writing)?;
        Ok(written)
    }

    /// Writes these bytes to the file and waits until they are on the disk.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] if writing fails.
    pub fn write(&self, content: &[u8]) -> Result<()> {
        let mut file = &self.file;
        file.write_all(content)
            .and_then(|()| file.sync_all())
            .map_err(|error| failed("writing", &self.path, error))
    }

    /// Renames the complete file to its target.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] if the file cannot be renamed.
    pub fn keep(mut self) -> Result<()> {
        fs::rename(&self.path, &self.place)
            .map_err(|error| failed("renaming", &self.path, error))?;
        self.is_kept = true;
        sync_folder(&self.place).map_err(|error| failed("saving", &self.place, error))
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.is_kept {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Returns the target of a symbolic link, even if it does not exist yet.
fn resolve(place: &Path) -> io::Result<PathBuf> {
    let mut place = place.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&place) {
            Ok(target) => place = place.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => return Ok(place),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

fn part_name(name: &OsStr) -> OsString {
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{:016x}{SUFFIX}", fastrand::u64(..)));
    hidden
}

/// Returns `true` if `entry` is the name of a part of the file `name`.
fn is_part_of(entry: &OsStr, name: &OsStr) -> bool {
    let digits = entry
        .as_encoded_bytes()
        .strip_prefix(b".")
        .and_then(|rest| rest.strip_prefix(name.as_encoded_bytes()))
        .and_then(|rest| rest.strip_prefix(b"."))
        .and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
    digits.is_some_and(|digits| digits.len() == DIGITS && digits.iter().all(u8::is_ascii_hexdigit))
}

/// Removes the parts of killed processes. Failures are ignored.
fn remove_stale(place: &Path, name: &OsStr) {
    let Ok(entries) = fs::read_dir(folder_of(place)) else {
        return;
    };
    for entry in entries.flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_file || !is_part_of(&entry.file_name(), name) {
            continue;
        }
        // Without write access this fails, as it should: such a file belongs to another user.
        let Ok(file) = OpenOptions::new().write(true).open(entry.path()) else {
            continue;
        };
        if fs4::FileExt::try_lock(&file).is_ok() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn open(path: &Path, mode: Option<u32>, replaced: Option<&Permissions>) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        if let Some(mode) = mode.or_else(|| replaced.map(Permissions::mode)) {
            // From the beginning, so that nobody opens the file in between.
            options.mode(mode & 0o777);
            let file = options.open(path)?;
            // Once more without the process's mask.
            file.set_permissions(Permissions::from_mode(mode & 0o777))?;
            return Ok(file);
        }
    }
    #[cfg(not(unix))]
    let _ = (mode, replaced);
    options.open(path)
}

/// Locks the file. On a file system without locks, parts are never removed as stale.
fn is_locked(file: &File) -> bool {
    !matches!(
        fs4::FileExt::try_lock(file),
        Err(fs4::TryLockError::WouldBlock)
    )
}

/// Returns `true` if the path still names this file.
fn is_same(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let identity = |found: &fs::Metadata| (found.dev(), found.ino());
        match (file.metadata(), fs::symlink_metadata(path)) {
            (Ok(open), Ok(named)) => identity(&open) == identity(&named),
            _ => false,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

fn folder_of(place: &Path) -> &Path {
    match place.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Without this the rename itself may be lost when the power fails.
fn sync_folder(place: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder_of(place))?.sync_all()?;
    #[cfg(not(unix))]
    let _ = place;
    Ok(())
}

fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("{what} {} failed", path.display())).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn save(place: &Path, content: &str) {
        let part = PartFile::beside(place).unwrap();
        part.write(content.as_bytes()).unwrap();
        part.keep().unwrap();
    }

    #[test]
    fn part_file_appears_when_it_is_kept_and_disappears_when_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("report.csv");
        let part = PartFile::beside(&place).unwrap();
        part.write(b"half").unwrap();
        assert_eq!(names(folder.path()).len(), 1);
        assert!(!place.exists());
        drop(part);
        assert!(names(folder.path()).is_empty());
        save(&place, "old");
        save(&place, "new");
        assert_eq!(names(folder.path()), ["report.csv"]);
        assert_eq!(fs::read_to_string(&place).unwrap(), "new");
    }

    #[test]
    fn parts_without_a_lock_are_removed_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("report.csv");
        let stale = ".report.csv.0123456789abcdef.part";
        let others = [
            ".report.csv.0123456789abcde.part",
            ".report.csv.0123456789abcdef",
            ".report.csv.0123456789abcdxx.part",
            ".other.csv.0123456789abcdef.part",
            "report.csv.0123456789abcdef.part",
        ];
        for name in others.iter().chain([&stale]) {
            fs::write(folder.path().join(name), "half").unwrap();
        }
        let running = PartFile::beside(&place).unwrap();
        save(&place, "new");
        let left = names(folder.path());
        assert!(!left.contains(&stale.to_owned()), "{left:?}");
        for name in others {
            assert!(left.contains(&name.to_owned()), "{left:?}");
        }
        running.write(b"newer").unwrap();
        running.keep().unwrap();
        assert_eq!(fs::read_to_string(&place).unwrap(), "newer");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_of_the_replaced_file_are_kept() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("report.csv");
        let mode = || fs::metadata(&place).unwrap().permissions().mode() & 0o777;
        save(&place, "old");
        for bits in [0o600, 0o640, 0o666, 0o664, 0o444, 0o755] {
            fs::set_permissions(&place, Permissions::from_mode(bits)).unwrap();
            save(&place, "new");
            assert_eq!(mode(), bits);
        }
        let part = PartFile::private(&place).unwrap();
        part.keep().unwrap();
        assert_eq!(mode(), 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn symbolic_links_are_followed() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("data")).unwrap();
        symlink("data/report.csv", path("first")).unwrap();
        symlink(path("first"), path("second")).unwrap();
        for content in ["new file", "replaced file"] {
            save(&path("second"), content);
            assert_eq!(
                fs::read_to_string(path("data/report.csv")).unwrap(),
                content
            );
            assert!(fs::symlink_metadata(path("second")).unwrap().is_symlink());
        }
        assert_eq!(names(&path("data")), ["report.csv"]);
        symlink("loop", path("loop")).unwrap();
        let error = PartFile::beside(&path("loop")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
    }

    #[test]
    fn path_that_is_not_a_regular_file_is_rejected() {
        let folder = tempfile::tempdir().unwrap();
        for place in [folder.path(), Path::new("/"), Path::new("..")] {
            let error = PartFile::beside(place).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        }
        let error = PartFile::beside(&folder.path().join("missing/report.csv")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        #[cfg(unix)]
        {
            let error = PartFile::beside(Path::new("/dev/null")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        }
    }
}
