//! A token store in a file.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anaplan_core::{Error, ErrorKind, Result, SecretString, async_trait};
use secrecy::ExposeSecret;
use tokio::runtime::Handle;

use crate::home;
use crate::oauth::token_file::{create_parent, private, replace_file, resolve};
use crate::oauth::token_store::{StoreLock, TokenStore};
use crate::oauth::tokens::OAuthTokens;

/// A store in a file, which processes of one machine may share.
///
/// * On Unix, a new file has mode 0600. An existing file keeps its mode.
/// * New tokens are written to a temporary file, synchronized to disk, and then replace the file: at any time,
///   the file contains the old or the new tokens. Symbolic links are followed. Temporary files of killed
///   processes are removed by the next write.
/// * A refresh holds a lock of the operating system on a second file with the suffix `.lock`. The lock ends with
///   the process; the file remains. It works between processes of one machine and may not work on a network
///   drive.
///
/// The tokens are not encrypted: the file allows to act as the user.
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
    /// Creates a store in this file. `~` at the start is the home directory. File and directories are created
    /// when tokens are saved.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: home::expand(path.into()),
        }
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn read(&self) -> Result<Option<OAuthTokens>> {
        match fs::read_to_string(&self.path).map(SecretString::from) {
            Ok(text) => OAuthTokens::from_json(text.expose_secret())
                .map(Some)
                .map_err(|error| error.because(format!("in {}", self.path.display()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.io_error("read", error)),
        }
    }

    fn write(&self, content: &str) -> Result<()> {
        let failed = |error| self.io_error("write", error);
        let path = resolve(&self.path).map_err(failed)?;
        create_parent(&path).map_err(failed)?;
        replace_file(&path, content.as_bytes()).map_err(|error| self.io_error("write", error))
    }

    /// Locks the resolved file, so that all links to it share one lock.
    fn try_lock(&self) -> io::Result<Option<File>> {
        let path = resolve(&self.path)?;
        create_parent(&path)?;
        let mut name = path.into_os_string();
        name.push(".lock");
        let file = private().create(true).truncate(false).open(name)?;
        match fs4::FileExt::try_lock(&file) {
            Ok(()) => Ok(Some(file)),
            Err(fs4::TryLockError::WouldBlock) => Ok(None),
            Err(fs4::TryLockError::Error(error)) => Err(error),
        }
    }

    fn io_error(
        &self,
        verb: &str,
        error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        let path = self.path.display();
        Error::new(
            ErrorKind::Io,
            format!("cannot {verb} the token file {path}"),
        )
        .caused_by(error)
    }
}

#[async_trait]
impl TokenStore for FileTokenStore {
    async fn load(&self) -> Result<Option<OAuthTokens>> {
        let store = self.clone();
        blocking(move || store.read()).await
    }

    async fn save(&self, tokens: &OAuthTokens) -> Result<()> {
        let (store, json) = (self.clone(), tokens.to_json()?);
        blocking(move || store.write(json.expose_secret())).await
    }

    async fn lock(&self) -> Result<Option<StoreLock>> {
        let store = self.clone();
        blocking(move || {
            let lock = store.try_lock();
            let lock = lock.map_err(|error| store.io_error("lock", error))?;
            Ok(lock.map(StoreLock::new))
        })
        .await
    }
}

/// Runs file operations on a thread that may block. They complete even if the future is dropped.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match Handle::try_current() {
        Ok(runtime) => runtime.spawn_blocking(work).await.unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::Io,
                "the runtime ended before the token file was accessed",
            ))
        }),
        Err(_) => work(),
    }
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
    async fn saved_tokens_are_loaded_from_a_private_file() {
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
            // A mode that was set on purpose is kept.
            fs::set_permissions(store.path(), fs::Permissions::from_mode(0o640)).unwrap();
            store
                .save(&OAuthTokens::from_refresh_token("three"))
                .await
                .unwrap();
            assert_eq!(mode(store.path()), 0o640);
        }
    }

    #[tokio::test]
    async fn crash_during_save_leaves_the_old_tokens() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileTokenStore::new(folder.path().join("tokens.json"));
        store
            .save(&OAuthTokens::from_refresh_token("old"))
            .await
            .unwrap();
        // The temporary file of a process that was killed while writing.
        let part = folder.path().join(".tokens.json.0123456789abcdef.part");
        fs::write(part, "{\"refresh_tok").unwrap();
        assert_eq!(names(folder.path()).len(), 2);
        assert_eq!(refresh_token(&store).await, "old");
        store
            .save(&OAuthTokens::from_refresh_token("new"))
            .await
            .unwrap();
        assert_eq!(refresh_token(&store).await, "new");
        assert_eq!(names(folder.path()), ["tokens.json"]);
    }

    #[tokio::test]
    async fn lock_is_exclusive_also_through_links() {
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
    async fn errors_name_the_file_and_do_not_quote_it() {
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
