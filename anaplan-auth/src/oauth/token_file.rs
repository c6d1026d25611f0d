//! Files of the token store: where they are, and who can read them.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use anaplan_core::{PartFile, Result};

/// Longest chain of symbolic links that is followed.
const MAX_LINKS: usize = 40;

/// Replaces the content of the file at `path`, or creates the file: at any time, the file has the old or the new
/// content. A replaced file keeps its mode; a new file has mode 0600.
///
/// `path` must be [resolved](resolve), and its directory must exist.
pub(super) fn replace_file(path: &Path, content: &[u8]) -> Result<()> {
    let part = if path.exists() {
        PartFile::beside(path)?
    } else {
        PartFile::private(path)?
    };
    part.write(content)?;
    part.keep()
}

/// Returns the file that `path` refers to, with symbolic links followed. The file need not exist.
pub(super) fn resolve(path: &Path) -> io::Result<PathBuf> {
    if path.file_name().is_none() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the path has no file name",
        ));
    }
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        resolved => return resolved,
    }
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "the path has too many symbolic links",
    ))
}

/// Creates the directory of the file, with mode 0700, if it does not exist.
pub(super) fn create_parent(path: &Path) -> io::Result<()> {
    let Some(parent) = parent(path) else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(parent)
}

/// Options for writing a file that only its owner can read from the moment of its creation.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn parent(path: &Path) -> Option<&Path> {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn stale_part_files_are_removed_and_other_files_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokens.json");
        let part_path = |id: u64| {
            directory
                .path()
                .join(format!(".tokens.json.{id:016x}.part"))
        };
        let live = part_path(7);
        let lock = private().create_new(true).open(&live).unwrap();
        fs4::FileExt::try_lock(&lock).unwrap();
        let kept = [
            ".other.json.0123456789abcdef.part",
            ".tokens.json.notes.part",
            ".tokens.json.0123456789abcdef",
        ];
        for name in kept {
            fs::write(directory.path().join(name), "").unwrap();
        }
        for id in 1..4 {
            fs::write(part_path(id), "{\"refresh_tok").unwrap();
        }
        replace_file(&path, b"new").unwrap();
        let live_name = live.file_name().unwrap().to_str().unwrap();
        let mut expected = [&kept[..], &["tokens.json", live_name]].concat();
        expected.sort_unstable();
        assert_eq!(names(directory.path()), expected);
        drop(lock);
        replace_file(&path, b"newer").unwrap();
        assert!(!live.exists());
        assert_eq!(fs::read(&path).unwrap(), b"newer");
    }

    #[cfg(unix)]
    #[test]
    fn replaced_file_keeps_its_mode_and_a_new_file_is_private() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokens.json");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        replace_file(&path, b"1").unwrap();
        assert_eq!(mode(), 0o600);
        for wanted in [0o640, 0o400, 0o644] {
            fs::set_permissions(&path, fs::Permissions::from_mode(wanted)).unwrap();
            replace_file(&path, b"2").unwrap();
            assert_eq!(mode(), wanted);
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_also_if_their_target_does_not_exist() {
        use std::os::unix::fs::symlink;

        let directory = tempfile::tempdir().unwrap();
        let directory = fs::canonicalize(directory.path()).unwrap();
        let at = |name: &str| directory.join(name);
        symlink("second", at("first")).unwrap();
        symlink("below/target", at("second")).unwrap();
        let resolved = resolve(&at("first")).unwrap();
        assert_eq!(resolved, at("below/target"));
        create_parent(&resolved).unwrap();
        for content in ["one", "two"] {
            replace_file(&resolve(&at("first")).unwrap(), content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(at("below/target")).unwrap(), content);
            assert!(fs::symlink_metadata(at("first")).unwrap().is_symlink());
        }
        symlink("loop", at("loop")).unwrap();
        assert!(resolve(&at("loop")).is_err());
        fs::remove_dir_all(directory).unwrap();
    }
}
