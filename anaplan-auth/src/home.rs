//! `~` in paths.

use std::path::PathBuf;

/// A path in which `~` at the start stands for the home directory.
pub(crate) fn expand(path: PathBuf) -> PathBuf {
    match path.to_str() {
        Some(text) => expand_below(text, home_directory()),
        None => path,
    }
}

fn expand_below(path: &str, home: Option<PathBuf>) -> PathBuf {
    let below_home = path
        .strip_prefix('~')
        .filter(|rest| rest.is_empty() || rest.starts_with(['/', '\\']))
        .zip(home);
    match below_home {
        Some((rest, home)) => home.join(rest.trim_start_matches(['/', '\\'])),
        None => PathBuf::from(path),
    }
}

fn home_directory() -> Option<PathBuf> {
    let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    std::env::var_os(name)
        .filter(|home| !home.is_empty())
        .map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_tilde_stands_for_home_at_the_start_only() {
        let expand = |path| expand_below(path, Some("/home/ada".into()));
        assert_eq!(expand("~/keys/a.pem"), Path::new("/home/ada/keys/a.pem"));
        assert_eq!(expand("~"), Path::new("/home/ada"));
        assert_eq!(expand("~eve/a.pem"), Path::new("~eve/a.pem"));
        assert_eq!(expand("/x/~/a.pem"), Path::new("/x/~/a.pem"));
        assert_eq!(expand_below("~/a", None), Path::new("~/a"));
    }
}
