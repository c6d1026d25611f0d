//! The authorization code grant: a user signs in with a browser.

use std::fmt;

use anaplan_core::{
    Error, ErrorKind, Path, Pending, Query, Result, SecretString, Service, Session,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::percent_decode_str;
use secrecy::ExposeSecret;
use sha2::{Digest as _, Sha256};

use crate::oauth::authenticator::OAuth;
use crate::oauth::endpoints::ExchangeCode;
use crate::oauth::oauth_problem::OAuthProblem;
use crate::oauth::refresh_state::is_outcome_unknown;

/// Shortest secret that is masked in the description of an error.
const MIN_MASKED_LENGTH: usize = 4;
/// Number of random bytes in a state and in a verifier.
const RANDOM_BYTES: usize = 32;

/// An authorization request: the URL for the browser, and the `state` that its redirect must contain.
///
/// It is valid for one sign-in. A server keeps one per user, for example under a session cookie. A server
/// without state stores [`state`](Self::state) and [`verifier`](Self::verifier) in the session and continues
/// with [`OAuth::resume_authorization`].
pub struct AuthorizationRequest {
    oauth: OAuth,
    url: Option<String>,
    state: SecretString,
    verifier: Option<SecretString>,
}

impl OAuth {
    /// Creates an authorization request: `GET /auth/authorize` of the session's OAuth host. Sends nothing:
    /// the user opens the [`url`](AuthorizationRequest::url) in a browser and signs in there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if the client is registered for the device grant or incomplete.
    ///
    /// ```
    /// # anaplan_testkit::story(async |fake| {
    /// # let demo = fake.demo();
    /// # let client = demo.code_client.unwrap();
    /// # let (id, secret, uri) = (client.id.as_str(), client.secret().unwrap(), client.redirect_uri.as_deref().unwrap());
    /// use std::sync::Arc;
    /// use anaplan_auth::{MemoryTokenStore, OAuth, OAuthClient};
    /// use anaplan_core::{Session, Settings};
    ///
    /// let oauth = OAuth::new(OAuthClient::authorization_code(id, secret, uri), MemoryTokenStore::default());
    /// let session = Session::new(fake.connection(), Arc::new(oauth.clone()), Settings::default())?;
    ///
    /// let authorization = oauth.authorize(&session)?;
    /// // Redirect the browser to `authorization.url()`. Pass the URL of the redirect that follows:
    /// # let page = authorization.url().unwrap().replace("/auth/authorize", "/auth/prelogin");
    /// # let form = format!("user={}&password={}", fake.admin().user, fake.admin().password);
    /// # let post = http::Request::post(page).body(form.into()).unwrap();
    /// # let back = fake.answer(post).unwrap().headers()["location"].to_str().unwrap().to_owned();
    /// authorization.finish(&session, &back).await?;
    /// assert!(oauth.is_signed_in().await?);
    /// # Ok(()) });
    /// ```
    pub fn authorize(&self, session: &Session) -> Result<AuthorizationRequest> {
        let client = self.client();
        let redirect_uri = client.redirect_uri()?;
        let (state, verifier) = (random()?, client.pkce.then(random).transpose()?);
        let mut query = Query::default();
        query.push("response_type", "code");
        query.push("client_id", &client.id);
        query.push("redirect_uri", redirect_uri);
        query.push("scope", &client.scopes);
        query.push("state", state.expose_secret());
        if let Some(verifier) = &verifier {
            query.push("code_challenge", challenge(verifier));
            query.push("code_challenge_method", "S256");
        }
        let path = Path::root().lit("auth").lit("authorize");
        let page = path.to_url(session.hosts().base(Service::OAUTH))?;
        Ok(AuthorizationRequest {
            oauth: self.clone(),
            url: Some(format!("{page}?{query}")),
            state,
            verifier,
        })
    }

    /// Restores an authorization request from its [state](AuthorizationRequest::state) and its
    /// [verifier](AuthorizationRequest::verifier).
    pub fn resume_authorization(
        &self,
        state: impl Into<SecretString>,
        verifier: Option<SecretString>,
    ) -> AuthorizationRequest {
        AuthorizationRequest {
            oauth: self.clone(),
            url: None,
            state: state.into(),
            verifier,
        }
    }
}

impl AuthorizationRequest {
    /// Returns the URL for the browser. `None` for a restored request.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Returns the `state` that the redirect must contain. Bind it to the browser session of the user, to
    /// prevent cross-site request forgery.
    #[must_use]
    pub fn state(&self) -> &SecretString {
        &self.state
    }

    /// Returns the PKCE verifier, if the client uses one. Do not send it to the browser.
    #[must_use]
    pub fn verifier(&self) -> Option<&SecretString> {
        self.verifier.as_ref()
    }

    /// Completes the sign-in with the URL of the redirect, or its query. Exchanges the code for tokens
    /// (`POST /oauth/token`, not retried) and saves them.
    ///
    /// Once started, it completes even if the future is dropped, as long as the runtime exists.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Authentication`] with an [`OAuthProblem`] if the state is wrong, the redirect has no
    ///   code, the user denied access, or the service rejects the code.
    /// * [`ErrorKind::Ambiguous`] with [`OAuthProblem::UnknownOutcome`] if the response was lost or cannot be
    ///   read. The code may be used up: start another authorization.
    /// * The errors of the store.
    pub fn finish(self, session: &Session, redirect: &str) -> Pending<()> {
        let code = self.code(redirect);
        let session = session.clone();
        Pending::new(async move {
            let exchange = ExchangeCode::new(self.oauth.client(), code?, self.verifier);
            let exchange = session.call(exchange);
            let tokens = async move { exchange.await.map_err(exchange_error) };
            self.oauth.signed_in(&session, tokens).await
        })
    }

    /// Returns the code in the redirect of this request.
    fn code(&self, redirect: &str) -> Result<SecretString> {
        let redirect = redirect.split('#').next().unwrap_or_default();
        let query = redirect
            .split_once('?')
            .map_or(redirect, |(_, query)| query);
        let value = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let (_, value) = pairs.find(|(key, _)| *key == name)?;
            let value = value.replace('+', " ");
            let value = percent_decode_str(&value).decode_utf8().ok()?;
            Some(value.into_owned()).filter(|value| !value.is_empty())
        };
        let state = value("state").unwrap_or_default();
        if !equal(state.as_bytes(), self.state.expose_secret().as_bytes()) {
            return Err(OAuthProblem::StateMismatch
                .error("the redirect does not belong to this authorization: its state differs"));
        }
        if let Some(error) = value("error") {
            let problem = OAuthProblem::from_code(&error).unwrap_or(OAuthProblem::AccessDenied);
            let description = value("error_description").unwrap_or_default();
            let mut text = format!("{error} {description}").replace(char::is_control, " ");
            let secrets = [value("code"), Some(state)].into_iter().flatten();
            for secret in secrets.filter(|secret| secret.len() >= MIN_MASKED_LENGTH) {
                text = text.replace(&secret, "***");
            }
            let text: String = text.chars().take(300).collect();
            return Err(problem.error(format!("the authorization failed: {}", text.trim())));
        }
        value("code").map(SecretString::from).ok_or_else(|| {
            OAuthProblem::NoCode.error("the redirect has neither a code nor an error")
        })
    }
}

impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("client", self.oauth.client())
            .finish_non_exhaustive()
    }
}

/// Adds the consequence to the error of an exchange with unknown outcome.
fn exchange_error(error: Error) -> Error {
    if !is_outcome_unknown(&error) {
        return error;
    }
    error
        .with_kind(ErrorKind::Ambiguous)
        .with_retryable(false)
        .because("the authorization code may be used up: start another authorization")
        .caused_by(OAuthProblem::UnknownOutcome)
}

/// Returns an unpredictable string.
fn random() -> Result<SecretString> {
    let mut bytes = [0; RANDOM_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(
            ErrorKind::Io,
            "the operating system returned no random bytes",
        )
        .caused_by(error)
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes).into())
}

fn challenge(verifier: &SecretString) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose_secret()))
}

/// Compares in a time that depends only on the lengths.
fn equal(a: &[u8], b: &[u8]) -> bool {
    let different = a.iter().zip(b).fold(0, |sum, (a, b)| sum | (a ^ b));
    a.len() == b.len() && different == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::client::OAuthClient;
    use crate::oauth::token_store::MemoryTokenStore;
    use proptest::prelude::*;

    fn request(state: &str) -> AuthorizationRequest {
        let client = OAuthClient::authorization_code("id", "secret", "https://x.example/back");
        OAuth::new(client, MemoryTokenStore::default()).resume_authorization(state, None)
    }

    #[test]
    fn challenge_is_encoded_as_in_rfc_7636() {
        assert_eq!(
            challenge(&"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into()),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn state_is_long_and_unique() {
        let (a, b) = (random().unwrap(), random().unwrap());
        assert_eq!(a.expose_secret().len(), 43);
        assert_ne!(a.expose_secret(), b.expose_secret());
    }

    #[test]
    fn code_is_read_from_a_url_or_a_query() {
        for redirect in [
            "https://x.example/back?code=a%2Fb+c&state=s%201",
            "/back?x=1&state=s+1&code=a%2Fb%20c#fragment",
            "code=a%2Fb+c&state=s+1",
        ] {
            let code = request("s 1").code(redirect).unwrap();
            assert_eq!(code.expose_secret(), "a/b c", "{redirect}");
        }
    }

    #[test]
    fn invalid_redirects_are_distinguished_by_their_problem() {
        let problem = |redirect: &str| {
            let error = request("s").code(redirect).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Authentication);
            assert!(!format!("{error} {error:?}").contains("c0de"), "{error:?}");
            OAuthProblem::of(&error).unwrap()
        };
        for redirect in [
            "",
            "?code=c0de",
            "?code=c0de&state=",
            "?code=c0de&state=S",
            "?code=c0de&state=ss",
            "?state=%ff&code=c0de",
        ] {
            assert_eq!(problem(redirect), OAuthProblem::StateMismatch, "{redirect}");
        }
        assert_eq!(problem("?state=s&code="), OAuthProblem::NoCode);
        assert_eq!(
            problem("?state=s&error=access_denied&code=c0de"),
            OAuthProblem::AccessDenied
        );
        assert_eq!(
            problem("?state=s&error=invalid_request"),
            OAuthProblem::InvalidRequest
        );
        assert_eq!(
            problem("?state=s&error=access_denied&error_description=c0de&code=c0de"),
            OAuthProblem::AccessDenied
        );
    }

    proptest! {
        #[test]
        fn redirect_of_any_content_does_not_panic(redirect in "\\PC*") {
            let _ = request("s").code(&redirect);
        }

        #[test]
        fn equal_compares_all_bytes(a in "[ab]{0,4}", b in "[ab]{0,4}") {
            prop_assert_eq!(equal(a.as_bytes(), b.as_bytes()), a == b);
        }
    }
}
