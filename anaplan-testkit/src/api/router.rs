//! Route tables, and what is derived from them: the handler of a request, 404, 405 and `Allow`.

mod route;

use http::{Method, StatusCode};

use crate::api::envelope::{ErrorForm, Failure};
use crate::api::query::Paging;
use crate::api::{Call, Reply};
use crate::http::{Request, Response};
use crate::world::World;
use route::Handler;

pub(crate) use route::{Params, Route, delete, get, no_method, open, post, put};

/// The methods of the server, in the order in which `Allow` lists them.
pub(crate) const ALL_METHODS: &str = "GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS";

/// A service with a route table of its own.
pub(crate) struct Service {
    /// Hosts and prefixes of the service. A mount on a host is preferred to one on any host, then the longer
    /// prefix to the shorter one.
    pub(crate) mounts: &'static [Mount],
    /// Accepted credentials, unless a row has its own.
    pub(crate) auth: Auth,
    /// The form of error bodies.
    pub(crate) errors: ErrorForm,
    /// The query parameters that select a page.
    pub(crate) paging: Paging,
    /// `true` if requests take tokens out of the rate limiter's bucket.
    pub(crate) rate_limited: bool,
    /// `true` if bodies may hold credentials, and are kept out of the request log.
    pub(crate) confidential: bool,
    pub(crate) groups: &'static [Group],
}

/// A host and a path prefix of a service.
pub(crate) struct Mount {
    /// The host, or the end of it behind a dot. `None` for the fake's own address.
    pub(crate) host: Option<&'static str>,
    pub(crate) prefix: &'static str,
}

impl Mount {
    /// A prefix on every host that no other service has for itself.
    pub(crate) const fn anywhere(prefix: &'static str) -> Self {
        Self { host: None, prefix }
    }
}

/// The `Authorization` schemes of a service or a row.
#[derive(Clone, Copy)]
pub(crate) enum Auth {
    /// The handler checks what it needs.
    ByHandler,
    /// One of these schemes must be used.
    Schemes {
        accepted: &'static [&'static str],
        /// The refusal of every other scheme.
        refusal: fn() -> Failure,
    },
}

/// Refuses a call before its handler sees it.
type Check = fn(&mut Call<'_>, &Route, &Params<'_>) -> Result<(), Failure>;

/// Rows with the same base paths and the same check before each handler.
pub(crate) struct Group {
    /// Path templates that stand before those of the rows.
    pub(crate) bases: &'static [&'static str],
    pub(crate) before: Option<Check>,
    pub(crate) routes: &'static [Route],
}

/// The result of looking a request up in a service's table.
pub(crate) enum Lookup<'r> {
    Found(&'static Group, &'static Route, Params<'r>),
    /// The path exists, with these methods.
    WrongMethod(String),
    Unknown,
}

impl Lookup<'_> {
    /// Returns whether the handler checks the credential itself.
    fn is_open(&self) -> bool {
        matches!(self, Self::Found(_, route, _) if matches!(route.handler, Handler::Open(_)))
    }
}

/// The non-empty segments of a template.
fn parts(template: &'static str) -> impl Iterator<Item = &'static str> {
    template.split('/').filter(|part| !part.is_empty())
}

/// The parameters of a path, if it has the form of a template.
fn params<'r>(base: &'static str, path: &'static str, segments: &[&'r str]) -> Option<Params<'r>> {
    let mut params = Params::default();
    let mut segments = segments.iter();
    for part in parts(base).chain(parts(path)) {
        let segment = segments.next()?;
        match part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'))
        {
            Some(name) => params.push(name, segment),
            None if part == *segment => {}
            None => return None,
        }
    }
    segments.next().is_none().then_some(params)
}

impl Service {
    /// The rows that have a path, with its parameters.
    fn fitting<'r>(
        &'static self,
        segments: &[&'r str],
    ) -> impl Iterator<Item = (&'static Group, &'static Route, Params<'r>)> {
        self.groups.iter().flat_map(move |group| {
            group.bases.iter().flat_map(move |base| {
                group.routes.iter().filter_map(move |route| {
                    params(base, route.path, segments).map(|params| (group, route, params))
                })
            })
        })
    }

    /// Looks up a method and the segments behind the mount's prefix.
    pub(crate) fn look_up<'r>(&'static self, method: &Method, segments: &[&'r str]) -> Lookup<'r> {
        let mut rows = self.fitting(segments);
        if let Some((group, route, params)) = rows.find(|(_, route, _)| route.method == method) {
            return Lookup::Found(group, route, params);
        }
        match self.allow(segments) {
            Some(allow) => Lookup::WrongMethod(allow),
            None => Lookup::Unknown,
        }
    }

    /// The `Allow` header of a path; `None` if it is in no row.
    pub(crate) fn allow(&'static self, segments: &[&str]) -> Option<String> {
        let mut methods: Vec<&str> = self
            .fitting(segments)
            .map(|(_, route, _)| route.method)
            .collect();
        if methods.is_empty() {
            return None;
        }
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        let mut allow: Vec<&str> = ALL_METHODS.split(',').collect();
        allow.retain(|method| methods.contains(method));
        Some(allow.join(","))
    }

    /// Answers a request whose segments behind the mount's prefix are these.
    pub(crate) fn answer(
        &'static self,
        world: &mut World,
        request: &Request,
        segments: &[&str],
    ) -> Response {
        if request.method() == Method::OPTIONS {
            return match self.allow(segments) {
                Some(allow) => Response::empty(StatusCode::OK).with_header("allow", &allow),
                None => Failure::NotFound.into_response(self.errors, world, request),
            };
        }
        let found = self.look_up(request.method(), segments);
        let allow = match &found {
            Lookup::WrongMethod(allow) => Some(allow.clone()),
            Lookup::Found(..) | Lookup::Unknown => None,
        };
        match self.call(world, request, found) {
            Ok(response) => response,
            Err(failure) => {
                let response = failure.into_response(self.errors, world, request);
                match allow {
                    Some(allow) if response.status == StatusCode::METHOD_NOT_ALLOWED => {
                        response.with_header("allow", &allow)
                    }
                    _ => response,
                }
            }
        }
    }

    /// The credential of a request, in one of the schemes of the service.
    pub(crate) fn credential<'r>(&self, request: &'r Request) -> Option<&'r str> {
        match self.auth {
            Auth::Schemes { accepted, .. } => request.credential_of(accepted),
            Auth::ByHandler => None,
        }
    }

    /// Checks the credential, then the rate limit, then the path, and calls the handler.
    fn call(&'static self, world: &mut World, request: &Request, found: Lookup<'_>) -> Reply {
        let auth = match &found {
            Lookup::Found(_, route, _) => route.auth.unwrap_or(self.auth),
            Lookup::WrongMethod(_) | Lookup::Unknown => self.auth,
        };
        let mut user = None;
        if let Auth::Schemes { accepted, refusal } = auth {
            let token = request.credential_of(accepted).ok_or_else(refusal)?;
            user = world.session_of(token).map(|grant| grant.user.clone());
            if user.is_none() && !found.is_open() {
                return Err(refusal());
            }
        }
        if self.rate_limited && !world.admit() {
            let retry_after = world.rules.retry_after;
            return Ok(too_many(self.errors, world, request, retry_after));
        }
        let (group, route, params) = match found {
            Lookup::Found(group, route, params) => (group, route, params),
            Lookup::WrongMethod(_) => return Err(Failure::method()),
            Lookup::Unknown => return Err(Failure::NotFound),
        };
        match (route.handler, user) {
            (Handler::Open(handler), _) => handler(world, request, &params),
            (Handler::User(handler), Some(user)) => {
                let mut call = Call {
                    world,
                    request,
                    user,
                    paging: &self.paging,
                };
                if let Some(before) = group.before {
                    before(&mut call, route, &params)?;
                }
                handler(&mut call, &params)
            }
            (Handler::User(_), None) | (Handler::None, _) => Err(Failure::NotFound),
        }
    }
}

/// The service of a request, and the segments behind the prefix of its mount.
pub(crate) fn service_of<'r>(
    services: &[&'static Service],
    request: &'r Request,
) -> Option<(&'static Service, Vec<&'r str>)> {
    let segments = request.segments();
    let host = request.host().unwrap_or_default();
    let is_on = |mount: &Mount| {
        mount.host.is_none_or(|wanted| {
            let before = host.strip_suffix(wanted);
            before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        })
    };
    let mounts = services.iter().flat_map(|service| {
        let mounts = service.mounts.iter();
        mounts.map(move |mount| (*service, mount))
    });
    mounts
        .filter(|(_, mount)| is_on(mount))
        .filter_map(|(service, mount)| {
            let prefix: Vec<&str> = parts(mount.prefix).collect();
            let rest = segments.strip_prefix(prefix.as_slice())?;
            Some(((mount.host.is_some(), prefix.len()), service, rest))
        })
        .max_by_key(|(rank, ..)| *rank)
        .map(|(_, service, rest)| (service, rest.to_vec()))
}

/// The method and the whole path template of every row of these services.
pub(crate) fn rows(services: &[&'static Service]) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    for service in services {
        for group in service.groups {
            let prefixes = service.mounts.iter().flat_map(|mount| {
                let bases = group.bases.iter();
                bases.map(|base| format!("{}{base}", mount.prefix))
            });
            for prefix in prefixes {
                let routes = group.routes.iter();
                rows.extend(routes.map(|route| (route.method, format!("{prefix}{}", route.path))));
            }
        }
    }
    rows
}

/// A 429 in the form that the rules ask for.
pub(crate) fn too_many(
    errors: ErrorForm,
    world: &World,
    request: &Request,
    retry_after: crate::faults::RetryAfter,
) -> Response {
    use crate::faults::RetryAfter;
    let response = Failure::new(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests")
        .into_response(errors, world, request);
    match retry_after {
        RetryAfter::Missing => response,
        RetryAfter::Seconds(seconds) => response.with_header("retry-after", &seconds.to_string()),
        RetryAfter::Date(seconds) => {
            let at = crate::world::later(world.now, std::time::Duration::from_secs(seconds));
            let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at);
            response.with_header("retry-after", date.as_deref().unwrap_or("1"))
        }
    }
}

#[cfg(test)]
mod tests;
