//! The authorization code grant: a person signs in with a browser.

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
use crate::oauth::problem::OAuthProblem;

/// How many random bytes are in a state and in a verifier.
const RANDOM_BYTES: usize = 32;

/// An authorization that has been asked for: where to send the browser, and how to know that it comes back
/// from there.
///
/// It is good for one sign-in. A program that serves many people keeps one for each, under something that
/// it finds again in their browser, such as a cookie. One that forgets everything in between keeps
/// [`state`](Self::state) and [`verifier`](Self::verifier) there, and goes on with
/// [`OAuth::resume_authorization`].
pub struct AuthorizationRequest {
    oauth: OAuth,
    url: Option<String>,
    state: SecretString,
    verifier: Option<SecretString>,
}

impl OAuth {
    /// Asks for an authorization code: `GET /auth/authorize` of the session's OAuth host. Nothing is sent;
    /// the browser of the user is to go to the [`url`](AuthorizationRequest::url), where they sign in.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when the client is one for devices, or lacks something.
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
    /// // Redirect the browser to `authorization.url()`, and take what it comes back with:
    /// # let page = authorization.url().unwrap().replace("/auth/authorize", "/auth/prelogin");
    /// # let form = format!("user={}&password={}", fake.admin().user, fake.admin().password);
    /// # let post = http::Request::post(page).body(form.into()).unwrap();
    /// # let back = fake.answer(post).unwrap().headers()["location"].to_str().unwrap().to_owned();
    /// authorization.finish(&session, &back).await?;
    /// assert!(oauth.is_signed_in().await?);
    /// # Ok(()) });
    /// ```
    pub fn authorize(&self, session: &Session) -> Result<AuthorizationRequest> {
        let client = &self.inner.client;
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

    /// An authorization that was asked for before, by its [state](AuthorizationRequest::state) and its
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
    /// Where the browser is to go; `None` for an authorization that was resumed.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// What the redirect must carry. It has to be bound to the browser of the person who signs in, so that
    /// nobody else can make them go on with a sign-in that is not theirs.
    #[must_use]
    pub fn state(&self) -> &SecretString {
        &self.state
    }

    /// The proof key, if the client has one. It must not reach the browser.
    #[must_use]
    pub fn verifier(&self) -> Option<&SecretString> {
        self.verifier.as_ref()
    }

    /// Ends the sign-in with what the browser came back with: the URL of the redirect, or its query.
    /// Exchanges the code for tokens (`POST /oauth/token`, never repeated), and saves them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] with an [`OAuthProblem`] when the state is another one, when there is
    /// no code, when the user said no, or when the service refuses the code;
    /// [`ErrorKind::Ambiguous`] when its answer was lost. In all cases only another authorization helps.
    /// Those of the store.
    pub fn finish(self, session: &Session, redirect: &str) -> Pending<()> {
        let code = self.code(redirect);
        let session = session.clone();
        Pending::new(async move {
            let exchange = ExchangeCode::new(&self.oauth.inner.client, code?, self.verifier);
            let exchange = session.call(exchange);
            self.oauth
                .signed_in(&session, async move { exchange.await })
                .await
        })
    }

    /// The code of a redirect that belongs to this request.
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
            return Err(OAuthProblem::StateMismatch.error(
                "the redirect does not belong to this authorization: its state is another one",
            ));
        }
        if let Some(error) = value("error") {
            let said = value("error_description").unwrap_or_default();
            let said: String = format!("{error} {said}").chars().take(300).collect();
            let said = said.replace(char::is_control, " ");
            let problem = OAuthProblem::from_code(&error).unwrap_or(OAuthProblem::AccessDenied);
            return Err(problem.error(format!("no code was given: {}", said.trim())));
        }
        value("code").map(SecretString::from).ok_or_else(|| {
            OAuthProblem::NoCode.error("the redirect carries neither a code nor an error")
        })
    }
}

impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("client", &self.oauth.inner.client)
            .finish_non_exhaustive()
    }
}

/// Text that nobody can guess.
fn random() -> Result<SecretString> {
    let mut bytes = [0; RANDOM_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Io, "this machine gives no random bytes").caused_by(error)
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes).into())
}

fn challenge(verifier: &SecretString) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose_secret()))
}

/// Compares in a time that depends on the lengths alone.
fn equal(a: &[u8], b: &[u8]) -> bool {
    let different = a.iter().zip(b).fold(0, |sum, (a, b)| sum | (a ^ b));
    a.len() == b.len() && different == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::client::OAuthClient;
    use crate::oauth::store::MemoryTokenStore;
    use proptest::prelude::*;

    fn request(state: &str) -> AuthorizationRequest {
        let client = OAuthClient::authorization_code("id", "secret", "https://x.example/back");
        OAuth::new(client, MemoryTokenStore::default()).resume_authorization(state, None)
    }

    #[test]
    fn the_challenge_is_that_of_rfc_7636() {
        assert_eq!(
            challenge(&"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into()),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn a_state_is_long_and_never_the_same() {
        let (a, b) = (random().unwrap(), random().unwrap());
        assert_eq!(a.expose_secret().len(), 43);
        assert_ne!(a.expose_secret(), b.expose_secret());
    }

    #[test]
    fn the_code_is_taken_from_a_whole_url_and_from_a_bare_query() {
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
    fn what_is_wrong_with_a_redirect_is_told_apart() {
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
    }

    proptest! {
        #[test]
        fn no_redirect_makes_the_reader_panic(redirect in "\\PC*") {
            let _ = request("s").code(&redirect);
        }

        #[test]
        fn only_the_same_bytes_are_equal(a in "[ab]{0,4}", b in "[ab]{0,4}") {
            prop_assert_eq!(equal(a.as_bytes(), b.as_bytes()), a == b);
        }
    }
}
