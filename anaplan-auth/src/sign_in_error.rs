//! Error of a rejected sign-in.

use anaplan_core::{Error, ErrorKind, Hosts, Service};

use crate::token::Identity;

/// Adds the identity, the host and what to check to the error of a rejected sign-in. Returns other errors
/// unchanged.
pub(crate) fn explain(error: Error, identity: &Identity, hosts: &Hosts) -> Error {
    if error.kind() != ErrorKind::Authentication || error.status().is_none() {
        return error;
    }
    let base = hosts.base(Service::AUTH);
    let host = base.split("://").last().unwrap_or(base);
    let (who, check) = match identity {
        Identity::User(user) => (
            format!("user {user} at {host}"),
            "check the password and the region; in a tenant with single sign-on only exception users can \
             sign in with a password",
        ),
        Identity::Certificate => (
            format!("certificate at {host}"),
            "check that the certificate is registered in this region; in a tenant with single sign-on its \
             user must be an exception user",
        ),
        Identity::Unknown => (
            format!("at {host}"),
            "check the credentials and the region; in a tenant with single sign-on only exception users can \
             sign in with a password or a certificate",
        ),
    };
    error.because(format!("{who}; {check}"))
}
