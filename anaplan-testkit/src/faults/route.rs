//! Route patterns.

use http::Method;

/// A pattern that selects requests: an optional method and a path in which `*` matches one segment and
/// `**` at the end matches any number of segments.
///
/// ```
/// use anaplan_testkit::Route;
///
/// let syncs = Route::from("POST /2/0/models/*/alm/syncTasks");
/// let everything = Route::from("/**");
/// # let _ = (syncs, everything);
/// ```
#[derive(Debug, Clone)]
pub struct Route {
    method: Option<Method>,
    pattern: Vec<String>,
}

impl Route {
    /// Returns the pattern that matches every request.
    #[must_use]
    pub fn any() -> Self {
        Self::from("/**")
    }

    /// Returns whether the pattern matches a request.
    #[must_use]
    pub fn fits(&self, method: &Method, path: &str) -> bool {
        if self.method.as_ref().is_some_and(|wanted| wanted != method) {
            return false;
        }
        let mut segments = path.trim_matches('/').split('/');
        for pattern in &self.pattern {
            match (pattern.as_str(), segments.next()) {
                ("**", _) => return true,
                ("*", Some(_)) => {}
                (pattern, Some(segment)) if pattern == segment => {}
                _ => return false,
            }
        }
        segments.next().is_none()
    }
}

impl From<&str> for Route {
    fn from(text: &str) -> Self {
        let (method, path) = match text.trim().split_once(' ') {
            Some((method, path)) => (Method::from_bytes(method.as_bytes()).ok(), path),
            None => (None, text),
        };
        Self {
            method,
            pattern: path
                .trim()
                .trim_matches('/')
                .split('/')
                .map(str::to_owned)
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn route_matches_by_method_and_segments() {
        let fits = |route: &str, path: &str| Route::from(route).fits(&Method::GET, path);
        assert!(fits(
            "GET /2/0/models/*/alm/revisions",
            "/2/0/models/A/alm/revisions/"
        ));
        assert!(!fits("POST /2/0/models", "/2/0/models"));
        assert!(!fits("/2/0/models", "/2/0/models/A"));
        assert!(fits("/2/**", "/2/0/models/A") && fits("/**", "/"));
    }
}
