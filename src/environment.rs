//! Settings from environment variables, read through a lookup function.

use std::ffi::OsString;

#[cfg(feature = "certificate")]
use anaplan_auth::{Material, PayloadVersion};
use anaplan_core::{Error, ErrorKind, Hosts, ModelId, Region, Result, Scope, WorkspaceId};

use crate::sign_in::SignIn;

/// Returns the value of a variable by its name.
pub(crate) trait Lookup: Fn(&'static str) -> Option<OsString> {}

impl<F: Fn(&'static str) -> Option<OsString>> Lookup for F {}

/// Settings of the environment.
pub(crate) struct Found {
    pub(crate) scope: Scope,
    pub(crate) hosts: Option<Hosts>,
    pub(crate) sign_in: SignIn,
}

/// Reads all variables. Fails if one is invalid.
pub(crate) fn read(lookup: impl Lookup) -> Result<Found> {
    let variables = Variables(lookup);
    Ok(Found {
        scope: Scope::new(
            variables
                .word("ANAPLAN_WORKSPACE_ID")?
                .map(WorkspaceId::new),
            variables.word("ANAPLAN_MODEL_ID")?.map(ModelId::new),
        ),
        hosts: variables.hosts()?,
        sign_in: variables.sign_in()?,
    })
}

struct Variables<L>(L);

impl<L: Lookup> Variables<L> {
    /// Returns the value unchanged, or `None` if it is absent or blank.
    fn text(&self, name: &'static str) -> Result<Option<String>> {
        match (self.0)(name).map(OsString::into_string) {
            Some(Ok(text)) => Ok(Some(text).filter(|text| !text.trim().is_empty())),
            Some(Err(_)) => Err(invalid(name, "is not valid Unicode")),
            None => Ok(None),
        }
    }

    /// Returns the value without white space around it.
    fn word(&self, name: &'static str) -> Result<Option<String>> {
        Ok(self.text(name)?.map(|text| text.trim().to_owned()))
    }

    fn url(&self, name: &'static str) -> Result<Option<String>> {
        let url = self.word(name)?;
        if let Some(url) = &url {
            Hosts::all(url)
                .validate()
                .map_err(|_| invalid(name, "is not a valid base URL: it must use https, or http to this machine, and have no user, query or fragment"))?;
        }
        Ok(url)
    }

    fn hosts(&self) -> Result<Option<Hosts>> {
        let region = self
            .word("ANAPLAN_REGION")?
            .map(|code| code.parse::<Region>())
            .transpose()
            .map_err(|error| invalid("ANAPLAN_REGION", error))?;
        let common = self.url("ANAPLAN_URL")?.map(Hosts::all);
        let single = [
            self.url("ANAPLAN_API_URL")?,
            self.url("ANAPLAN_AUTH_URL")?,
            self.url("ANAPLAN_OAUTH_URL")?,
            self.url("ANAPLAN_AUDIT_URL")?,
            self.url("ANAPLAN_CLOUDWORKS_URL")?,
        ];
        let base = common.or(region.map(Region::hosts));
        if base.is_none() && single.iter().all(Option::is_none) {
            return Ok(None);
        }
        let mut hosts = base.unwrap_or_default();
        let bases = [
            &mut hosts.api,
            &mut hosts.auth,
            &mut hosts.oauth,
            &mut hosts.audit,
            &mut hosts.cloudworks,
        ];
        for (base, url) in bases.into_iter().zip(single) {
            if let Some(url) = url {
                *base = url;
            }
        }
        Ok(Some(hosts))
    }

    fn sign_in(&self) -> Result<SignIn> {
        Ok(SignIn {
            user: self.word("ANAPLAN_USER")?,
            password: self.text("ANAPLAN_PASSWORD")?.map(Into::into),
            #[cfg(feature = "certificate")]
            certificate: self.certificate()?,
            #[cfg(feature = "oauth")]
            oauth: None,
            token: self.text("ANAPLAN_TOKEN")?.map(Into::into),
            authenticator: None,
            initial_token: None,
        })
    }

    #[cfg(feature = "certificate")]
    fn certificate(&self) -> Result<crate::sign_in::CertificateParts> {
        let payload = match self.word("ANAPLAN_CERTIFICATE_PAYLOAD")? {
            None => None,
            Some(version) if version.eq_ignore_ascii_case("v1") => Some(PayloadVersion::V1),
            Some(version) if version.eq_ignore_ascii_case("v2") => Some(PayloadVersion::V2),
            Some(_) => return Err(invalid("ANAPLAN_CERTIFICATE_PAYLOAD", "must be v1 or v2")),
        };
        Ok(crate::sign_in::CertificateParts {
            certificate: self.text("ANAPLAN_CERTIFICATE")?.map(Material::from),
            private_key: self.text("ANAPLAN_PRIVATE_KEY")?.map(Material::from),
            password: self.text("ANAPLAN_PRIVATE_KEY_PASSWORD")?.map(Into::into),
            payload,
        })
    }
}

fn invalid(name: &str, problem: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::Config,
        format!("the environment variable {name} {problem}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_these(variables: &[(&str, &str)]) -> Result<Found> {
        read(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn blank_variables_count_as_absent() {
        for value in ["", " ", "\n"] {
            let found = read(|_| Some(OsString::from(value))).unwrap();
            assert_eq!(found.scope, Scope::default());
            assert!(found.hosts.is_none());
            assert_eq!(format!("{:?}", found.sign_in), "[]");
        }
    }

    #[test]
    fn url_of_one_service_precedes_the_common_url_and_the_region() {
        let hosts = |variables: &[(&str, &str)]| read_these(variables).unwrap().hosts.unwrap();
        let region = ("ANAPLAN_REGION", "gb1");
        let all = ("ANAPLAN_URL", "http://127.0.0.1:8080/");
        let auth = ("ANAPLAN_AUTH_URL", "https://auth.example.com");
        assert_eq!(hosts(&[region]), Region::Gb1.hosts());
        assert_eq!(hosts(&[region, all]), Hosts::all("http://127.0.0.1:8080/"));
        let found = hosts(&[region, auth]);
        assert_eq!(found.auth, "https://auth.example.com");
        assert_eq!(found.api, Region::Gb1.hosts().api);
        assert_eq!(hosts(&[auth]).api, Region::Shared.hosts().api);
    }

    #[test]
    fn invalid_value_is_an_error_that_names_its_variable_only() {
        for (name, value) in [
            ("ANAPLAN_REGION", "mars"),
            ("ANAPLAN_URL", "http://s3cret@127.0.0.1"),
            ("ANAPLAN_API_URL", "http://s3cret.example.com"),
            ("ANAPLAN_CLOUDWORKS_URL", "s3cret"),
            #[cfg(feature = "certificate")]
            ("ANAPLAN_CERTIFICATE_PAYLOAD", "s3cret"),
        ] {
            let Err(error) = read_these(&[(name, value)]) else {
                panic!("{name} is invalid");
            };
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(name), "{error}");
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn value_that_is_not_unicode_is_not_quoted() {
        use std::os::unix::ffi::OsStringExt as _;

        let bytes = || OsString::from_vec(b"s3cret\xff".to_vec());
        let Err(error) = read(|name| (name == "ANAPLAN_PASSWORD").then(bytes)) else {
            panic!("the value is not Unicode");
        };
        assert!(error.to_string().contains("ANAPLAN_PASSWORD"), "{error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }

    #[test]
    fn password_is_not_trimmed() {
        use secrecy::ExposeSecret;

        let found = read_these(&[("ANAPLAN_USER", " ada "), ("ANAPLAN_PASSWORD", " p ")]).unwrap();
        assert_eq!(found.sign_in.user.as_deref(), Some("ada"));
        assert_eq!(found.sign_in.password.unwrap().expose_secret(), " p ");
    }
}
