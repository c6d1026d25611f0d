//! A call's request: checked once, formed anew for every attempt.

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue};

use crate::data::error::{Error, ErrorKind, Result};
use crate::data::url::Query;
use crate::operation::endpoint::{Authorization, Endpoint};
use crate::session::Inner;
use crate::session::authenticator::Credential;

/// A request that has passed every check, ready to be sent as often as needed.
pub(crate) struct Prepared<'a, E> {
    pub(crate) endpoint: &'a E,
    url: String,
    body: Bytes,
    user_agent: &'a str,
    pub(crate) template: String,
    pub(crate) ids: Vec<(&'static str, String)>,
}

impl<'a, E: Endpoint> Prepared<'a, E> {
    pub(crate) fn new(endpoint: &'a E, inner: &'a Inner) -> Result<Self> {
        let path = endpoint.path();
        let ids = path
            .values()
            .map(|(name, value)| (name, value.to_owned()))
            .collect();
        let prepare = || {
            let mut url = path.to_url(inner.hosts.base(E::SERVICE))?;
            let mut query = Query::default();
            endpoint.query(&mut query);
            if !query.is_empty() {
                url = format!("{url}?{query}");
            }
            Ok((url, endpoint.body()?))
        };
        let (url, body) = prepare().map_err(|error: Error| error.during(E::NAME))?;
        Ok(Self {
            endpoint,
            url,
            body,
            user_agent: &inner.settings.user_agent,
            template: path.template(),
            ids,
        })
    }

    /// The request with this credential. A sign-in is made anew each time, for it may be bound to the
    /// moment it is made.
    pub(crate) fn request(&self, credential: Option<&Credential>) -> Result<http::Request<Bytes>> {
        let body = match E::AUTHORIZATION {
            Authorization::Own => self.endpoint.body()?,
            Authorization::Session => self.body.clone(),
        };
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Ok(agent) = HeaderValue::from_str(self.user_agent) {
            headers.insert(USER_AGENT, agent);
        }
        if !body.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        self.endpoint.headers(&mut headers)?;
        if let Some(credential) = credential {
            headers.insert(AUTHORIZATION, credential.header_for(E::SERVICE).clone());
        }
        let mut request = http::Request::new(body);
        *request.method_mut() = E::METHOD;
        *request.uri_mut() = self.url.parse().map_err(|_| {
            Error::new(ErrorKind::InvalidInput, "the arguments do not form a URL").during(E::NAME)
        })?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}
