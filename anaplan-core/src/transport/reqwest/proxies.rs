//! Proxies: those of the environment are checked, and errors name the one that was used.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use crate::data::error::{Error, ErrorKind, Result};

const VARIABLES: [&str; 6] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// The proxies of the environment, or of the operating system.
///
/// # Errors
///
/// [`ErrorKind::Config`] if a variable is not the URL of a proxy. It is named; its value, which may hold
/// a password, is not.
pub(super) fn of_environment() -> Result<Matcher> {
    // In a CGI program these variables are headers of the request: they are not used.
    if std::env::var_os("REQUEST_METHOD").is_none() {
        for name in VARIABLES {
            check_variable(name)?;
        }
    }
    Ok(Matcher::from_system())
}

fn check_variable(name: &str) -> Result<()> {
    let Some(value) = std::env::var_os(name) else {
        return Ok(());
    };
    let problem = match value.to_str() {
        Some("") => return Ok(()),
        Some(value) => check(value).err(),
        None => Some("is not text"),
    };
    problem.map_or(Ok(()), |problem| {
        let text = format!("the proxy in the environment variable {name} {problem}");
        Err(Error::new(ErrorKind::Config, text))
    })
}

/// Checks the URL of a proxy.
pub(super) fn check(value: &str) -> std::result::Result<(), &'static str> {
    let uri: Uri = value.parse().map_err(|_| "is not a URL")?;
    match uri.scheme_str() {
        None | Some("http" | "https") => {}
        Some("socks4" | "socks4a" | "socks5" | "socks5h") if cfg!(feature = "socks") => {}
        Some("socks4" | "socks4a" | "socks5" | "socks5h") => {
            return Err("is a SOCKS proxy, which needs the feature `socks`");
        }
        Some(_) => return Err("has a scheme that is not supported: use http or https"),
    }
    let authority = uri.authority().ok_or("names no host")?;
    if authority.host().is_empty() {
        return Err("names no host");
    }
    let (_, place) = authority
        .as_str()
        .rsplit_once('@')
        .unwrap_or(("", authority.as_str()));
    let port = place.strip_prefix(authority.host()).unwrap_or_default();
    if !port.is_empty() && authority.port_u16().is_none() {
        return Err("has a port that is not a number up to 65535");
    }
    Ok(())
}

/// Host and port of the proxy that is used for `url`.
pub(super) fn used_for(matcher: &Matcher, url: &Uri) -> Option<String> {
    let proxy = matcher.intercept(url)?;
    Some(place(proxy.uri()))
}

/// The host of a URL, and its port unless the scheme implies it.
pub(super) fn place(url: &Uri) -> String {
    let host = url.host().unwrap_or_default();
    match (url.port_u16(), url.scheme_str()) {
        (None, _) | (Some(443), Some("https")) | (Some(80), Some("http")) => host.to_owned(),
        (Some(port), _) => format!("{host}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxy_url_is_checked() {
        for good in [
            "http://proxy.example:3128",
            "https://ada:p%40ss@proxy.example:3128/",
            "proxy.example:3128",
            "proxy",
            "http://[::1]:3128",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "proxy.example:8080:x",
            "http://proxy.example:99999",
            "http://proxy.example:",
            "http://proxy.example:80a",
            "http://",
            "ftp://proxy.example",
            "http://proxy example",
            " http://proxy.example",
            "/proxy",
            ":3128",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert_eq!(
            check("socks5://proxy:1080").is_ok(),
            cfg!(feature = "socks")
        );
    }

    #[test]
    fn place_omits_the_default_port() {
        for (url, text) in [
            ("https://api.anaplan.com/2/0", "api.anaplan.com"),
            ("https://api.anaplan.com:443", "api.anaplan.com"),
            ("http://127.0.0.1:8080/x?y", "127.0.0.1:8080"),
            ("http://[::1]:81", "[::1]:81"),
        ] {
            assert_eq!(place(&url.parse().unwrap()), text);
        }
    }
}
