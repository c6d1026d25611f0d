//! Services, regions and base URLs.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use http::Uri;

use crate::data::error::{Error, ErrorKind, Result};

/// A service with a base URL of its own.
///
/// Another crate can add one with [`Service::new`]; its base URL can be overridden like the others.
///
/// ```
/// use anaplan_core::{Hosts, Service};
///
/// const WIDGETS: Service = Service::new("widgets", "https://widgets.example.com");
///
/// let hosts = Hosts::default();
/// assert_eq!(hosts.base(WIDGETS), "https://widgets.example.com");
/// let hosts = hosts.with(WIDGETS, "http://localhost:8080");
/// assert_eq!(hosts.base(WIDGETS), "http://localhost:8080");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Service {
    name: &'static str,
    base: &'static str,
}

impl Service {
    /// Integration, ALM, SCIM and administration.
    pub const API: Self = Self::new("api", "");
    /// Authentication service.
    pub const AUTH: Self = Self::new("auth", "");
    /// OAuth service.
    pub const OAUTH: Self = Self::new("oauth", "");
    /// Audit service.
    pub const AUDIT: Self = Self::new("audit", "");
    /// `CloudWorks`.
    pub const CLOUDWORKS: Self = Self::new("cloudworks", "");

    const KNOWN: [Self; 5] = [
        Self::API,
        Self::AUTH,
        Self::OAUTH,
        Self::AUDIT,
        Self::CLOUDWORKS,
    ];

    /// Creates a service: its name in messages, and its default base URL.
    #[must_use]
    pub const fn new(name: &'static str, base: &'static str) -> Self {
        Self { name, base }
    }

    /// Returns the name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }
}

/// The name in a sentence, with its article.
impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::API => f.write_str("the Integration API"),
            Self::AUTH => f.write_str("the authentication service"),
            Self::OAUTH => f.write_str("the OAuth service"),
            Self::AUDIT => f.write_str("the audit service"),
            Self::CLOUDWORKS => f.write_str("CloudWorks"),
            other => write!(f, "the service '{}'", other.name),
        }
    }
}

/// Data centre of a tenant.
///
/// Eight older regions share the unprefixed hosts of [`Region::Shared`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Region {
    /// us1, us2, us5, us7, eu1, eu2, eu4 and ap1.
    #[default]
    Shared,
    /// United States, cloud.
    Us9,
    /// European Union, cloud.
    Eu3,
    /// European Union, cloud.
    Eu5,
    /// United Kingdom.
    Gb1,
    /// Canada.
    Ca1,
    /// Singapore.
    Sg1,
    /// United Arab Emirates.
    Ae1,
    /// India.
    In1,
    /// Indonesia.
    Id1,
    /// Saudi Arabia.
    Me1,
    /// Australia.
    Au1,
}

impl Region {
    /// All regions.
    pub const ALL: [Self; 12] = [
        Self::Shared,
        Self::Us9,
        Self::Eu3,
        Self::Eu5,
        Self::Gb1,
        Self::Ca1,
        Self::Sg1,
        Self::Ae1,
        Self::In1,
        Self::Id1,
        Self::Me1,
        Self::Au1,
    ];

    /// Returns Anaplan's code of the region, or `shared` for the unprefixed hosts.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Us9 => "us9",
            Self::Eu3 => "eu3",
            Self::Eu5 => "eu5",
            Self::Gb1 => "gb1",
            Self::Ca1 => "ca1",
            Self::Sg1 => "sg1",
            Self::Ae1 => "ae1",
            Self::In1 => "in1",
            Self::Id1 => "id1",
            Self::Me1 => "me1",
            Self::Au1 => "au1",
        }
    }

    /// Returns the hosts of the region.
    #[must_use]
    pub fn hosts(self) -> Hosts {
        match self {
            Self::Shared => Hosts {
                api: "https://api.anaplan.com".into(),
                auth: "https://auth.anaplan.com".into(),
                oauth: "https://us1a.app.anaplan.com".into(),
                audit: "https://audit.anaplan.com".into(),
                cloudworks: "https://api.cloudworks.anaplan.com".into(),
                others: BTreeMap::new(),
            },
            Self::Au1 => Hosts {
                api: "https://api.au1a.app2.anaplan.com".into(),
                auth: "https://au1a.app2.anaplan.com".into(),
                oauth: "https://au1a.app2.anaplan.com".into(),
                audit: "https://api.au1a.app2.anaplan.com".into(),
                cloudworks: "https://api.cloudworks.au1a.app2.anaplan.com".into(),
                others: BTreeMap::new(),
            },
            other => {
                // Canada's hosts carry a letter that its region code lacks.
                let prefix = match other {
                    Self::Ca1 => "ca1a",
                    plain => plain.code(),
                };
                Hosts {
                    api: format!("https://{prefix}.api.anaplan.com"),
                    auth: format!("https://{prefix}.auth.anaplan.com"),
                    oauth: format!("https://{prefix}.app.anaplan.com"),
                    audit: format!("https://{prefix}.api.anaplan.com"),
                    cloudworks: format!("https://{prefix}.api.anaplan.com/cloudworks"),
                    others: BTreeMap::new(),
                }
            }
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Region {
    type Err = Error;

    /// Parses a region code in any case. The codes of the older regions mean [`Region::Shared`].
    fn from_str(text: &str) -> Result<Self> {
        let code = text.trim().to_ascii_lowercase();
        if ["us1", "us2", "us5", "us7", "eu1", "eu2", "eu4", "ap1"].contains(&code.as_str()) {
            return Ok(Self::Shared);
        }
        Self::ALL
            .into_iter()
            .find(|region| region.code() == code)
            .ok_or_else(|| {
                let known: Vec<_> = Self::ALL.iter().map(|region| region.code()).collect();
                Error::new(
                    ErrorKind::Config,
                    format!(
                        "'{text}' is no region; known: us1 us2 us5 us7 eu1 eu2 eu4 ap1 and {}",
                        known.join(" ")
                    ),
                )
            })
    }
}

/// Base URLs of the services.
///
/// ```
/// use anaplan_core::{Hosts, Region};
///
/// let hosts = Hosts { audit: "https://audit.example.com".into(), ..Region::Eu3.hosts() };
/// assert_eq!(hosts.auth, "https://eu3.auth.anaplan.com");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    /// Integration, ALM, SCIM and administration.
    pub api: String,
    /// Authentication service.
    pub auth: String,
    /// OAuth service.
    pub oauth: String,
    /// Audit service.
    pub audit: String,
    /// `CloudWorks`, without `/2/0`.
    pub cloudworks: String,
    /// Base URLs of other services, by name.
    pub others: BTreeMap<String, String>,
}

impl Hosts {
    /// Creates hosts with one base URL for all services, as for a gateway or a fake server.
    #[must_use]
    pub fn all(url: impl Into<String>) -> Self {
        let url = url.into();
        Self {
            api: url.clone(),
            auth: url.clone(),
            oauth: url.clone(),
            audit: url.clone(),
            cloudworks: url,
            others: BTreeMap::new(),
        }
    }

    /// Returns the base URL of a service, without a trailing slash.
    #[must_use]
    pub fn base(&self, service: Service) -> &str {
        let base = match service {
            Service::API => &self.api,
            Service::AUTH => &self.auth,
            Service::OAUTH => &self.oauth,
            Service::AUDIT => &self.audit,
            Service::CLOUDWORKS => &self.cloudworks,
            Service { name, base } => self.others.get(name).map_or(base, String::as_str),
        };
        base.trim_end_matches('/')
    }

    /// Sets the base URL of one service.
    #[must_use]
    pub fn with(mut self, service: Service, url: impl Into<String>) -> Self {
        let url = url.into();
        match service {
            Service::API => self.api = url,
            Service::AUTH => self.auth = url,
            Service::OAUTH => self.oauth = url,
            Service::AUDIT => self.audit = url,
            Service::CLOUDWORKS => self.cloudworks = url,
            Service { name, .. } => {
                self.others.insert(name.to_owned(), url);
            }
        }
        self
    }

    /// Checks that credentials may be sent to every one of these hosts.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if a base is not an absolute URL, has a query or user info, or is
    /// plain `http` to anything but this machine.
    pub fn validate(&self) -> Result<()> {
        let known = Service::KNOWN.into_iter();
        let known = known.map(|service| (service.to_string(), self.base(service)));
        let others = self.others.iter();
        let others = others.map(|(name, base)| (format!("the service '{name}'"), &**base));
        for (service, base) in known.chain(others) {
            validate_base(base).map_err(|problem| {
                let of = if *self == Self::all(&*self.api) {
                    String::new()
                } else {
                    format!(" of {service}")
                };
                // User info and query may hold secrets.
                let url = if base.is_empty() || base.contains(['@', '?']) {
                    String::new()
                } else {
                    format!(" '{}'", base.escape_debug())
                };
                Error::new(
                    ErrorKind::Config,
                    format!("the base URL{of}{url} {problem}"),
                )
            })?;
        }
        Ok(())
    }
}

impl Default for Hosts {
    fn default() -> Self {
        Region::default().hosts()
    }
}

impl From<Region> for Hosts {
    fn from(region: Region) -> Self {
        region.hosts()
    }
}

/// All services behind one base URL: see [`Hosts::all`].
impl From<&str> for Hosts {
    fn from(url: &str) -> Self {
        Self::all(url)
    }
}

/// All services behind one base URL: see [`Hosts::all`].
impl From<String> for Hosts {
    fn from(url: String) -> Self {
        Self::all(url)
    }
}

fn validate_base(base: &str) -> std::result::Result<(), &'static str> {
    if base.trim().is_empty() {
        return Err("is empty");
    }
    if !base.contains("://") {
        return Err("has no scheme: it must start with https://");
    }
    let uri: Uri = base.parse().map_err(|_| "is not a URL")?;
    let authority = uri.authority().ok_or("names no host")?;
    if uri.query().is_some() || base.contains('#') || authority.as_str().contains('@') {
        return Err("may not carry a query, a fragment or user info");
    }
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if is_loopback(authority.host()) => Ok(()),
        Some("http") => Err("is plain http, which is allowed for this machine only; use https"),
        _ => Err("must start with https://"),
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
