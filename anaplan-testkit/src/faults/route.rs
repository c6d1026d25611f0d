//! Route patterns.

use std::fmt;

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
///
/// # Panics
///
/// The conversion from `&str` panics if the method is not an HTTP method.
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

    /// Returns whether some request matches both this pattern and a path template with parameters in
    /// braces.
    pub(crate) fn may_fit(&self, method: &str, template: &str) -> bool {
        let wanted = self.method.as_ref().map(Method::as_str);
        let by_method = match wanted {
            None | Some("OPTIONS") => true,
            Some("HEAD") => method == "GET",
            Some(wanted) => wanted == method,
        };
        let mut segments = template.trim_matches('/').split('/');
        for pattern in &self.pattern {
            match (pattern.as_str(), segments.next()) {
                ("**", _) => return by_method,
                ("*", Some(_)) => {}
                (pattern, Some(segment)) if pattern == segment || segment.starts_with('{') => {}
                _ => return false,
            }
        }
        by_method && segments.next().is_none()
    }
}

impl From<&str> for Route {
    fn from(text: &str) -> Self {
        let (method, path) = match text.trim().split_once(' ') {
            Some((method, path)) => (Some(known_method(text, method)), path),
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

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = &self.method {
            write!(f, "{method} ")?;
        }
        write!(f, "/{}", self.pattern.join("/"))
    }
}

/// The methods that a route may name.
const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

#[allow(clippy::panic)]
fn known_method(route: &str, name: &str) -> Method {
    let known = METHODS.into_iter().find(|method| *method == *name);
    known.unwrap_or_else(|| {
        let names = METHODS.map(|method| method.to_string());
        let similar = nearest(name, names.iter().map(String::as_str));
        panic!("`{route}` names no HTTP method: did you mean `{similar}`?")
    })
}

/// Returns the candidate that is most similar to a text.
pub(crate) fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> &'a str {
    candidates
        .min_by_key(|candidate| strsim::damerau_levenshtein(text, candidate))
        .unwrap_or_default()
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

    #[test]
    #[should_panic(expected = "`PSOT /2/0/models` names no HTTP method: did you mean `POST`?")]
    fn route_with_an_unknown_method_panics_with_a_suggestion() {
        let _ = Route::from("PSOT /2/0/models");
    }
}
