//! A fake, OAuth clients, and a call that needs a token.

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::time::Duration;

use anaplan_auth::{MemoryTokenStore, OAuth, OAuthClient, OAuthProblem, OAuthTokens, TokenStore};
use anaplan_core::{
    Endpoint, Error, Method, Path, Response, Result, RetryClass, Session, Settings,
};
use anaplan_testkit::FakeAnaplan;
use futures_util::future::join_all;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const TOKEN: &str = "POST /oauth/token";
pub(crate) const ME: &str = "GET /2/0/users/me";

/// A call without side effects.
#[derive(Debug, Clone)]
pub(crate) struct Me;

impl Endpoint for Me {
    const NAME: &'static str = "test.me";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = ();

    fn path(&self) -> Path {
        Path::integration().lit("users").lit("me")
    }

    fn decode(&self, _: Response) -> Result<()> {
        Ok(())
    }
}

pub(crate) fn fake() -> FakeAnaplan {
    let fake = anaplan_conformance::validated(FakeAnaplan::in_process());
    fake.world(|world| world.rules.burst = None);
    fake
}

pub(crate) fn session(fake: &FakeAnaplan, oauth: &OAuth) -> Session {
    let mut settings = Settings::default();
    settings.rate_limit = None;
    Session::new(fake.connection(), Arc::new(oauth.clone()), settings).unwrap()
}

/// Returns the demo's client for the authorization code grant, whose refresh tokens rotate.
pub(crate) fn code_client(fake: &FakeAnaplan) -> OAuthClient {
    let client = fake.demo().code_client.unwrap();
    let secret = client.secret().unwrap();
    OAuthClient::authorization_code(&client.id, secret, client.redirect_uri.as_deref().unwrap())
}

/// Returns the demo's client for the device grant, whose refresh tokens do not rotate.
pub(crate) fn device_client(fake: &FakeAnaplan) -> OAuthClient {
    OAuthClient::device(fake.demo().device_client.unwrap().id)
}

/// Issues a refresh token of the demo's administrator for the rotating client.
pub(crate) fn rotating_token(fake: &FakeAnaplan) -> String {
    let demo = fake.demo();
    let client = demo.code_client.unwrap();
    fake.world(|world| world.issue_refresh_token(&client.id, &demo.admin.id))
}

/// Creates a session of the rotating client whose store has only a refresh token.
pub(crate) async fn rotating(fake: &FakeAnaplan) -> (OAuth, MemoryTokenStore, Session) {
    let store = MemoryTokenStore::default();
    let tokens = OAuthTokens::from_refresh_token(rotating_token(fake));
    store.save(&tokens).await.unwrap();
    let oauth = OAuth::new(code_client(fake), store.clone());
    let session = session(fake, &oauth);
    (oauth, store, session)
}

pub(crate) async fn many(session: &Session, count: usize) -> Vec<Result<()>> {
    let calls = (0..count).map(|_| tokio::spawn(session.call(Me).into_future()));
    let results = join_all(calls).await.into_iter();
    results.map(std::result::Result::unwrap).collect()
}

/// Returns the number of refreshes that the service executed, and of token requests.
pub(crate) fn renewals(fake: &FakeAnaplan) -> (u64, usize) {
    let done = fake.world(|world| world.books().oauth_refreshes);
    (done, fake.requests().count(TOKEN))
}

pub(crate) fn problem(error: &Error) -> OAuthProblem {
    OAuthProblem::of(error).unwrap_or_else(|| panic!("{error:?}"))
}

#[allow(clippy::disallowed_methods)]
pub(crate) async fn pass(by: Duration) {
    tokio::time::sleep(by).await;
}
