//! Tokens in a file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anaplan_core::{Error, ErrorKind, Result, SecretString, async_trait};
use secrecy::ExposeSecret;
use tokio::runtime::Handle;

use crate::home;
use crate::oauth::store::{StoreLock, TokenStore};
use crate::oauth::tokens::OAuthTokens;

/// Keeps tokens in a file, which processes of one machine may share.
///
/// * Only its owner can read the file (mode 0600, on Unix), from the moment it is made.
/// * New tokens are written beside it, put on the disk, and then take its place: at every moment the file
///   holds the old tokens or the new ones, whole.
/// * While a process renews, it holds a lock of the operating system on a second file beside the first,
///   whose name ends in `.lock`. It ends with the process, and the file stays. The lock works among the
///   processes of one machine; do not count on it on a network drive.
///
/// The token is not encrypted: whoever reads the file can act in the user's name.
///
/// ```
/// use anaplan_auth::FileTokenStore;
///
/// let store = FileTokenStore::new("~/.config/anaplan/tokens.json");
/// ```
#[derive(Debug, Clone)]
pub struct FileTokenStore {
    path: PathBuf,
}

impl FileTokenStore {
    /// Keeps tokens in this file, in which `~` stands for the home directory. File and folders are made
    /// when there is something to keep.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: home::expand(path.into()),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file that a link leads to, so that the link stays one, and all links have one lock.
    fn place(&self) -> io::Result<PathBuf> {
        if self.path.file_name().is_none() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the path names no file",
            ));
        }
        match fs::canonicalize(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(self.path.clone()),
            place => place,
        }
    }

    fn read(&self) -> Result<Option<OAuthTokens>> {
        match fs::read_to_string(&self.path).map(SecretString::from) {
            Ok(text) => OAuthTokens::from_json(text.expose_secret())
                .map(Some)
                .map_err(|error| error.because(format!("in {}", self.path.display()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed("reading", error)),
        }
    }

    fn write(&self, content: &str) -> io::Result<()> {
        let part = Part::beside(&self.place()?)?;
        part.fill(content)?;
        part.keep()
    }

    fn try_lock(&self) -> io::Result<Option<File>> {
        let place = self.place()?;
        make_folder(&place)?;
        let mut name = place.into_os_string();
        name.push(".lock");
        let mut options = private();
        let file = options.create(true).truncate(false).open(name)?;
        match fs4::FileExt::try_lock(&file) {
            Ok(()) => Ok(Some(file)),
            Err(fs4::TryLockError::WouldBlock) => Ok(None),
            Err(fs4::TryLockError::Error(error)) => Err(error),
        }
    }

    fn failed(&self, what: &str, error: io::Error) -> Error {
        let path = self.path.display();
        Error::new(ErrorKind::Io, format!("{what} the tokens {path} failed")).caused_by(error)
    }
}

#[async_trait]
impl TokenStore for FileTokenStore {
    async fn load(&self) -> Result<Option<OAuthTokens>> {
        let store = self.clone();
        aside(move || store.read()).await
    }

    async fn save(&self, tokens: &OAuthTokens) -> Result<()> {
        let (store, json) = (self.clone(), tokens.to_json()?);
        aside(move || {
            let written = store.write(json.expose_secret());
            written.map_err(|error| store.failed("writing", error))
        })
        .await
    }

    async fn lock(&self) -> Result<Option<StoreLock>> {
        let store = self.clone();
        aside(move || {
            let lock = store.try_lock();
            let lock = lock.map_err(|error| store.failed("locking", error))?;
            Ok(lock.map(StoreLock::new))
        })
        .await
    }
}

/// Work with files, on a thread that may wait for the disk. It goes on when nobody waits for it.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match Handle::try_current() {
        Ok(runtime) => runtime.spawn_blocking(work).await.unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::Io,
                "the runtime ended before the tokens were written or read",
            ))
        }),
        Err(_) => work(),
    }
}

/// A file that is not in its place yet. It is removed when that fails; after a crash it stays, and
/// nobody reads it.
struct Part {
    path: PathBuf,
    place: PathBuf,
}

impl Part {
    fn beside(place: &Path) -> io::Result<Self> {
        make_folder(place)?;
        let mut name = std::ffi::OsString::from(".");
        name.push(place.file_name().unwrap_or_default());
        name.push(format!(".{:016x}.part", fastrand::u64(..)));
        Ok(Self {
            path: place.with_file_name(name),
            place: place.to_owned(),
        })
    }

    fn fill(&self, content: &str) -> io::Result<()> {
        let mut file = private().create_new(true).open(&self.path)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()
    }

    fn keep(self) -> io::Result<()> {
        fs::rename(&self.path, &self.place)?;
        // Without this the rename itself may be forgotten when the power fails.
        #[cfg(unix)]
        if let Some(folder) = self
            .place
            .parent()
            .filter(|one| !one.as_os_str().is_empty())
        {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After `keep` there is nothing left under this name.
        let _ = fs::remove_file(&self.path);
    }
}

/// A file that nobody else can read, not even for the moment of its making.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make_folder(place: &Path) -> io::Result<()> {
    let Some(folder) = place.parent().filter(|one| !one.as_os_str().is_empty()) else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    async fn refresh_token(store: &FileTokenStore) -> String {
        let tokens = store.load().await.unwrap().unwrap();
        tokens.refresh_token.unwrap().expose_secret().to_owned()
    }

    #[tokio::test]
    async fn tokens_come_back_from_a_file_that_only_its_owner_can_read() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileTokenStore::new(folder.path().join("made/on/demand/tokens.json"));
        assert!(store.load().await.unwrap().is_none());
        for value in ["one", "two"] {
            store
                .save(&OAuthTokens::from_refresh_token(value))
                .await
                .unwrap();
            assert_eq!(refresh_token(&store).await, value);
        }
        let lock = store.lock().await.unwrap();
        assert!(lock.is_some());
        let inner = store.path().parent().unwrap();
        assert_eq!(names(inner), ["tokens.json", "tokens.json.lock"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(store.path()), 0o600);
            assert_eq!(mode(&inner.join("tokens.json.lock")), 0o600);
            assert_eq!(mode(inner), 0o700);
            // Also when somebody has opened it up.
            fs::set_permissions(store.path(), fs::Permissions::from_mode(0o644)).unwrap();
            store
                .save(&OAuthTokens::from_refresh_token("three"))
                .await
                .unwrap();
            assert_eq!(mode(store.path()), 0o600);
        }
    }

    #[tokio::test]
    async fn a_crash_before_the_new_file_is_in_place_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileTokenStore::new(folder.path().join("tokens.json"));
        store
            .save(&OAuthTokens::from_refresh_token("old"))
            .await
            .unwrap();
        let part = Part::beside(&store.place().unwrap()).unwrap();
        part.fill("{\"refresh_tok").unwrap();
        std::mem::forget(part); // a process that dies cleans nothing up
        assert_eq!(names(folder.path()).len(), 2);
        assert_eq!(refresh_token(&store).await, "old");
        store
            .save(&OAuthTokens::from_refresh_token("new"))
            .await
            .unwrap();
        assert_eq!(refresh_token(&store).await, "new");
    }

    #[tokio::test]
    async fn one_lock_at_a_time_however_the_file_is_reached() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileTokenStore::new(folder.path().join("tokens.json"));
        store
            .save(&OAuthTokens::from_refresh_token("t"))
            .await
            .unwrap();
        let lock = store.lock().await.unwrap();
        assert!(lock.is_some());
        assert!(store.lock().await.unwrap().is_none());
        #[cfg(unix)]
        {
            let link = folder.path().join("link");
            std::os::unix::fs::symlink("tokens.json", &link).unwrap();
            let linked = FileTokenStore::new(&link);
            assert!(linked.lock().await.unwrap().is_none());
            linked
                .save(&OAuthTokens::from_refresh_token("u"))
                .await
                .unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(refresh_token(&store).await, "u");
        }
        drop(lock);
        assert!(store.lock().await.unwrap().is_some());
    }

    #[tokio::test]
    async fn what_is_wrong_with_the_file_is_told_without_quoting_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.json");
        fs::write(&path, "s3cret").unwrap();
        let error = FileTokenStore::new(&path).load().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(
            error.to_string().contains("tokens.json") && !format!("{error:?}").contains("s3cret")
        );
        for store in [
            FileTokenStore::new(path.join("below/a/file")),
            FileTokenStore::new("/"),
        ] {
            let error = store.lock().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io, "{error:?}");
            let error = store
                .save(&OAuthTokens::from_refresh_token("t"))
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io, "{error:?}");
        }
    }
}
