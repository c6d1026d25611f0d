//! The HTTP request of a call: checked once, built for every attempt.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Uri};
use secrecy::ExposeSecret;

use crate::data::error::{Error, ErrorKind, Result};
use crate::data::mask::Mask;
use crate::data::url::{Path, Query};
use crate::operation::{Authorization, Operation, RequestBody};
use crate::session::Inner;
use crate::session::authenticator::Credential;

/// A request that has passed every check and can be sent repeatedly.
pub(crate) struct PreparedRequest<'a> {
    pub(crate) operation: &'a dyn Operation,
    inner: &'a Inner,
    uri: Uri,
    /// Body of the next attempt, if it is built already.
    body: Mutex<Option<RequestBody>>,
    /// Credential of the latest attempt.
    credential: Mutex<Option<Credential>>,
    /// Number of attempts so far.
    attempts: AtomicU32,
    route: Path,
}

impl<'a> PreparedRequest<'a> {
    /// Checks the arguments and builds path, query and body.
    pub(crate) fn new(operation: &'a dyn Operation, inner: &'a Inner) -> Result<Self> {
        Self::build(operation, inner).map_err(|error| error.during(operation.name()))
    }

    fn build(operation: &'a dyn Operation, inner: &'a Inner) -> Result<Self> {
        operation.check_arguments()?;
        let route = operation.request_path();
        let mut url = route.to_url(inner.hosts.base(operation.service()))?;
        let mut query = Query::default();
        operation.write_query(&mut query);
        if !query.is_empty() {
            url = format!("{url}?{query}");
        }
        let uri: Uri = url
            .parse()
            .map_err(|_| Error::new(ErrorKind::InvalidInput, "the arguments do not form a URL"))?;
        Ok(Self {
            operation,
            inner,
            uri,
            body: Mutex::new(Some(operation.request_body()?)),
            credential: Mutex::new(None),
            attempts: AtomicU32::new(0),
            route,
        })
    }

    /// Builds the request of the next attempt. `nonce` identifies the attempt in the `User-Agent`.
    pub(crate) fn http(
        &self,
        credential: Option<&Credential>,
        nonce: Option<&str>,
    ) -> Result<http::Request<RequestBody>> {
        let body = self.next_body()?;
        let mut headers = HeaderMap::new();
        let accept = HeaderValue::from_static(self.operation.accept());
        headers.insert(ACCEPT, accept);
        let agent = &self.inner.settings.user_agent;
        let agent = match nonce {
            Some(nonce) => HeaderValue::from_str(&format!("{agent} (attempt {nonce})")),
            None => HeaderValue::from_str(agent),
        };
        if let Ok(agent) = agent {
            headers.insert(USER_AGENT, agent);
        }
        if !body.is_empty() {
            let content_type = HeaderValue::from_static(self.operation.content_type());
            headers.insert(CONTENT_TYPE, content_type);
        }
        self.operation.write_headers(&mut headers)?;
        self.authorize(&mut headers, credential)?;
        *lock(&self.credential) = credential.cloned();
        self.attempts.fetch_add(1, Ordering::Relaxed);
        let mut request = http::Request::new(body);
        *request.method_mut() = self.operation.method();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// Returns the path that is sent.
    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    /// Returns the path with names in place of ids, for logs.
    pub(crate) fn template(&self) -> String {
        self.route.template()
    }

    /// Returns the number of attempts so far.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// A sign-in may be bound to the time at which it is made, so its body is built for each attempt.
    fn next_body(&self) -> Result<RequestBody> {
        let mut next = lock(&self.body);
        match self.operation.authorization() {
            Authorization::Own => match next.take() {
                Some(body) => Ok(body),
                None => self.operation.request_body(),
            },
            _ => Ok(next.as_ref().map(RequestBody::reopen).unwrap_or_default()),
        }
    }

    fn authorize(&self, headers: &mut HeaderMap, credential: Option<&Credential>) -> Result<()> {
        match (self.operation.authorization(), credential) {
            (Authorization::Session, Some(credential)) => {
                headers.insert(AUTHORIZATION, credential.as_header().clone());
            }
            (Authorization::AnaplanAuthToken, Some(credential)) => {
                headers.insert(AUTHORIZATION, credential.as_anaplan_header().clone());
            }
            (Authorization::Named(name), _) => {
                let named = self.inner.credentials.get(name).ok_or_else(|| {
                    let text = format!("the client has no credential '{name}'");
                    Error::new(ErrorKind::Config, text)
                })?;
                headers.extend(
                    named
                        .iter()
                        .cloned()
                        .map(|(name, value)| (Some(name), value)),
                );
            }
            _ => {}
        }
        Ok(())
    }

    /// Adds operation and ids to an error, and masks the secrets of the request, which a server may
    /// repeat.
    pub(crate) fn describe(&self, error: Error) -> Error {
        let mut mask = Mask::default();
        if let Some(credential) = &*lock(&self.credential) {
            for header in [credential.as_header(), credential.as_anaplan_header()] {
                add_header(&mut mask, header);
            }
        }
        if let Authorization::Named(name) = self.operation.authorization() {
            let named = self.inner.credentials.get(name).unwrap_or_default();
            named
                .iter()
                .for_each(|(_, value)| add_header(&mut mask, value));
        }
        for secret in self.operation.own_secrets() {
            mask.add(secret.expose_secret());
        }
        let error = match mask.is_empty() {
            true => error,
            false => error.mask(|text| mask.apply(text).into_owned()),
        };
        let error = error.during(self.operation.name());
        let ids = self.route.values();
        ids.fold(error, |error, (name, value)| error.about(name, value))
    }
}

/// Adds a header, and the token in it.
fn add_header(mask: &mut Mask, header: &HeaderValue) {
    if let Ok(value) = header.to_str() {
        mask.add(value);
        if let Some((_, token)) = value.split_once(' ') {
            mask.add_token(token);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
