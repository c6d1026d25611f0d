//! The object-safe view of an endpoint, on which the engine works.

use http::{HeaderMap, Method};
use secrecy::SecretString;

use crate::data::error::Result;
use crate::data::hosts::Service;
use crate::data::url::{Path, Query};
use crate::operation::{Authorization, Decision, Endpoint, Refusal, RequestBody, RetryClass};

/// Everything of an [`Endpoint`] but its output type, so that the engine is compiled once.
#[doc(hidden)]
pub trait Operation: Send + Sync {
    fn name(&self) -> &'static str;
    fn method(&self) -> Method;
    fn service(&self) -> Service;
    fn authorization(&self) -> Authorization;
    fn accept(&self) -> &'static str;
    fn content_type(&self) -> &'static str;
    fn success(&self) -> &'static [u16];
    fn class(&self) -> RetryClass;
    fn check_arguments(&self) -> Result<()>;
    fn request_path(&self) -> Path;
    fn write_query(&self, query: &mut Query);
    fn write_headers(&self, headers: &mut HeaderMap) -> Result<()>;
    fn request_body(&self) -> Result<RequestBody>;
    fn classify(&self, refusal: &Refusal<'_>) -> Option<Decision>;
    fn own_secrets(&self) -> Vec<SecretString>;
}

impl<E: Endpoint> Operation for E {
    fn name(&self) -> &'static str {
        E::NAME
    }

    fn method(&self) -> Method {
        E::METHOD
    }

    fn service(&self) -> Service {
        E::SERVICE
    }

    fn authorization(&self) -> Authorization {
        E::AUTHORIZATION
    }

    fn accept(&self) -> &'static str {
        E::ACCEPT
    }

    fn content_type(&self) -> &'static str {
        E::CONTENT_TYPE
    }

    fn success(&self) -> &'static [u16] {
        E::SUCCESS
    }

    fn class(&self) -> RetryClass {
        self.retry_class()
    }

    fn check_arguments(&self) -> Result<()> {
        self.check()
    }

    fn request_path(&self) -> Path {
        self.path()
    }

    fn write_query(&self, query: &mut Query) {
        self.query(query);
    }

    fn write_headers(&self, headers: &mut HeaderMap) -> Result<()> {
        self.headers(headers)
    }

    fn request_body(&self) -> Result<RequestBody> {
        self.body()
    }

    fn classify(&self, refusal: &Refusal<'_>) -> Option<Decision> {
        self.refusal(refusal)
    }

    fn own_secrets(&self) -> Vec<SecretString> {
        self.secrets()
    }
}
