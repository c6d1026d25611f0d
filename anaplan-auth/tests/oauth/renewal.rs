//! Refresh of OAuth tokens and their store.

use std::future::IntoFuture as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use anaplan_auth::{MemoryTokenStore, OAuth, OAuthProblem, OAuthTokens, StoreLock, TokenStore};
use anaplan_core::{Error, ErrorKind, Result, SecretString, async_trait};
use anaplan_testkit::{FakeAnaplan, Fault};

use crate::support::{
    ME, MINUTE, Me, SECOND, TOKEN, code_client, device_client, fake, many, pass, problem, renewals,
    rotating, rotating_token, session,
};

fn text(secret: Option<SecretString>) -> String {
    use secrecy::ExposeSecret as _;
    secret.unwrap().expose_secret().to_owned()
}

async fn saved(store: &impl TokenStore) -> OAuthTokens {
    store.load().await.unwrap().unwrap()
}

#[tokio::test(start_paused = true)]
async fn parallel_calls_cause_one_refresh() {
    let fake = fake();
    let (_, _, session) = rotating(&fake).await;
    fake.inject(Fault::delay(SECOND).on(TOKEN));
    assert!(many(&session, 500).await.iter().all(Result::is_ok));
    assert_eq!(renewals(&fake), (1, 1));
    // The same when it has expired, and when it is refused.
    fake.advance(36 * MINUTE);
    assert!(many(&session, 500).await.iter().all(Result::is_ok));
    assert_eq!(renewals(&fake), (2, 2));
    fake.world(|world| world.expire_tokens(None));
    assert!(many(&session, 500).await.iter().all(Result::is_ok));
    assert_eq!(renewals(&fake), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn early_refresh_is_made_by_one_call_while_others_use_the_old_token() {
    let fake = fake();
    let (_, _, session) = rotating(&fake).await;
    session.call(Me).await.unwrap();
    pass(31 * MINUTE).await;
    fake.inject(Fault::delay(5 * SECOND).on(TOKEN));
    let renewing = tokio::spawn(session.call(Me).into_future());
    tokio::task::yield_now().await;
    let before = session.clock().monotonic();
    assert!(many(&session, 100).await.iter().all(Result::is_ok));
    assert_eq!(session.clock().monotonic(), before, "no other call waited");
    renewing.await.unwrap().unwrap();
    assert_eq!(renewals(&fake), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn early_refresh_that_outlasts_the_old_token_is_waited_for() {
    let fake = fake();
    let (_, _, session) = rotating(&fake).await;
    session.call(Me).await.unwrap();
    pass(35 * MINUTE - 10 * SECOND).await;
    fake.inject(Fault::delay(30 * SECOND).on(TOKEN));
    let before = session.clock().monotonic();
    session.call(Me).await.unwrap();
    assert_eq!(session.clock().monotonic() - before, 30 * SECOND);
    assert_eq!(renewals(&fake), (2, 2));
    let requests = fake.requests();
    let rejected = |status| status != Some(http::StatusCode::OK);
    assert!(!requests.of(ME).any(|entry| rejected(entry.status)));
}

#[tokio::test(start_paused = true)]
async fn session_in_use_for_days_refreshes_early_and_saves_every_token() {
    let fake = fake();
    let (_, store, session) = rotating(&fake).await;
    let mut seen = std::collections::HashSet::new();
    for _ in 0..200 {
        session.call(Me).await.unwrap();
        seen.insert(text(saved(&store).await.refresh_token));
        pass(15 * MINUTE).await;
    }
    let (done, asked) = renewals(&fake);
    assert_eq!((done as usize, asked), (seen.len(), seen.len()));
    let refused = fake
        .requests()
        .of(ME)
        .filter(|entry| entry.status != Some(http::StatusCode::OK))
        .count();
    assert_eq!(refused, 0);
}

#[tokio::test(start_paused = true)]
async fn new_session_uses_the_access_token_in_the_store() {
    let fake = fake();
    let (_, store, first) = rotating(&fake).await;
    first.call(Me).await.unwrap();
    let second = session(&fake, &OAuth::new(code_client(&fake), store.clone()));
    second.call(Me).await.unwrap();
    assert_eq!(renewals(&fake), (1, 1));
    // In its last minutes it is refreshed at once, by one of the two.
    fake.advance(31 * MINUTE);
    second.call(Me).await.unwrap();
    first.call(Me).await.unwrap();
    assert_eq!(renewals(&fake), (2, 2));
    // Signing out removes it from memory only.
    first.sign_out().await.unwrap();
    first.call(Me).await.unwrap();
    assert_eq!(renewals(&fake), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn two_sessions_with_one_store_refresh_once() {
    let fake = fake();
    let (_, store, first) = rotating(&fake).await;
    let second = session(&fake, &OAuth::new(code_client(&fake), store));
    fake.inject(Fault::delay(SECOND).on(TOKEN));
    for round in 1..=20 {
        let (a, b) = tokio::join!(many(&first, 10), many(&second, 10));
        assert!(a.iter().chain(&b).all(Result::is_ok));
        assert_eq!(renewals(&fake), (round, round as usize));
        fake.advance(36 * MINUTE);
    }
}

#[tokio::test(start_paused = true)]
async fn dropped_call_does_not_lose_the_new_tokens() {
    let fake = fake();
    let (_, store, session) = rotating(&fake).await;
    let before = text(saved(&store).await.refresh_token);
    fake.inject(Fault::delay(5 * SECOND).on(TOKEN).times(1));
    let call = session.call(Me).timeout(SECOND);
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Timeout);
    let call = tokio::spawn(session.call(Me).into_future());
    tokio::task::yield_now().await;
    call.abort();
    pass(5 * SECOND).await;
    assert_ne!(text(saved(&store).await.refresh_token), before);
    session.call(Me).await.unwrap();
    assert_eq!(renewals(&fake), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn rotating_token_is_sent_once_after_a_lost_response_and_then_not_again() {
    let fake = fake();
    let (oauth, _, session) = rotating(&fake).await;
    session.call(Me).await.unwrap();
    pass(31 * MINUTE).await;
    fake.inject(Fault::drop_after().on(TOKEN).times(1));
    session.call(Me).await.expect("the old token still serves");
    assert_eq!(renewals(&fake), (2, 2));
    // A later refresh sends it once more.
    for _ in 0..5 {
        pass(11 * SECOND).await;
        session.call(Me).await.unwrap();
    }
    assert_eq!(renewals(&fake), (2, 3));
    pass(5 * MINUTE).await;
    for _ in 0..2 {
        let error = session.call(Me).await.unwrap_err();
        assert_eq!(
            (error.kind(), problem(&error)),
            (ErrorKind::Authentication, OAuthProblem::InvalidGrant)
        );
        assert!(error.to_string().contains("sign in again"), "{error}");
    }
    assert_eq!(
        renewals(&fake),
        (2, 3),
        "an invalid token is not sent again"
    );
    // A new sign-in works with the same client.
    let authorization = oauth.authorize(&session).unwrap();
    let page = authorization
        .url()
        .unwrap()
        .replace("/auth/authorize", "/auth/prelogin");
    let form = format!(
        "user={}&password={}",
        fake.admin().user,
        fake.admin().password
    );
    let back = fake
        .answer(http::Request::post(page).body(form.into()).unwrap())
        .unwrap();
    let back = back.headers()["location"].to_str().unwrap().to_owned();
    authorization.finish(&session, &back).await.unwrap();
    session.call(Me).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn refresh_with_a_non_rotating_token_is_retried() {
    let fake = fake();
    let store = MemoryTokenStore::default();
    let oauth = OAuth::new(device_client(&fake).non_rotating(), store.clone())
        .initial_refresh_token(fake.demo().device_refresh_token);
    let session = session(&fake, &oauth);
    fake.inject(Fault::drop_after().on(TOKEN).times(2));
    session.call(Me).await.unwrap();
    assert_eq!(renewals(&fake), (3, 3));
    let tokens = saved(&store).await;
    let given = fake.demo().device_refresh_token;
    assert_eq!(text(tokens.refresh_token), text(Some(given)));
    assert_eq!(tokens.scope.as_deref(), Some("openid email offline_access"));
}

#[tokio::test(start_paused = true)]
async fn initial_token_is_used_only_while_the_store_is_empty() {
    let fake = fake();
    let (store, token) = (MemoryTokenStore::default(), rotating_token(&fake));
    let start = || {
        let oauth = OAuth::new(code_client(&fake), store.clone());
        session(&fake, &oauth.initial_refresh_token(token.as_str()))
    };
    for _ in 0..3 {
        start().call(Me).await.unwrap();
        fake.advance(36 * MINUTE);
    }
    assert_eq!(renewals(&fake), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn call_without_tokens_fails_before_anything_is_sent() {
    let fake = fake();
    let oauth = OAuth::new(code_client(&fake), MemoryTokenStore::default());
    let session = session(&fake, &oauth);
    let error = session.call(Me).await.unwrap_err();
    assert_eq!(
        (error.kind(), problem(&error)),
        (ErrorKind::Authentication, OAuthProblem::NotSignedIn)
    );
    assert_eq!(fake.requests().total(), 0);
}

#[tokio::test(start_paused = true)]
async fn rejected_refresh_token_is_invalid_grant_whatever_the_status() {
    for status in [400, 401, 403] {
        let fake = fake();
        let (_, _, session) = rotating(&fake).await;
        fake.world(|world| {
            world.rules.oauth_refusal = http::StatusCode::from_u16(status).unwrap();
            let user = world
                .user_by_email("ada.byron@northwind.example")
                .unwrap()
                .id
                .clone();
            world.edit_user(&user).active(false);
        });
        for result in many(&session, 50).await {
            assert_eq!(problem(&result.unwrap_err()), OAuthProblem::InvalidGrant);
        }
        assert_eq!(renewals(&fake), (0, 1));
    }
}

/// A store that can fail and that counts the calls before each save.
#[derive(Debug, Default)]
struct Watched {
    inner: MemoryTokenStore,
    fake: Option<Fake>,
    full: AtomicBool,
    used_at_save: Mutex<Vec<usize>>,
    refused: AtomicUsize,
}

struct Fake(FakeAnaplan);

impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fake")
    }
}

#[async_trait]
impl TokenStore for Watched {
    async fn load(&self) -> Result<Option<OAuthTokens>> {
        self.inner.load().await
    }

    async fn save(&self, tokens: &OAuthTokens) -> Result<()> {
        if self.full.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(Error::new(ErrorKind::Io, "the disk is full"));
        }
        if let Some(Fake(fake)) = &self.fake {
            let used = fake.requests().count(ME);
            self.used_at_save.lock().unwrap().push(used);
        }
        self.inner.save(tokens).await
    }

    async fn lock(&self) -> Result<Option<StoreLock>> {
        self.inner.lock().await
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_are_saved_before_they_are_used() {
    let fake = fake();
    let store = Arc::new(Watched {
        fake: Some(Fake(fake.clone())),
        ..Watched::default()
    });
    let oauth = OAuth::new(code_client(&fake), Arc::clone(&store));
    let session = session(&fake, &oauth.initial_refresh_token(rotating_token(&fake)));
    session.call(Me).await.unwrap();
    fake.advance(36 * MINUTE);
    session.call(Me).await.unwrap();
    assert_eq!(*store.used_at_save.lock().unwrap(), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn unsaved_tokens_are_not_used_and_not_lost() {
    let fake = fake();
    let store = Arc::new(Watched::default());
    let oauth = OAuth::new(code_client(&fake), Arc::clone(&store));
    let session = session(&fake, &oauth.initial_refresh_token(rotating_token(&fake)));
    session.call(Me).await.unwrap();

    pass(31 * MINUTE).await;
    store.full.store(true, Ordering::SeqCst);
    session.call(Me).await.expect("the old token still serves");
    assert_eq!(renewals(&fake), (2, 2));
    pass(5 * MINUTE).await;
    for _ in 0..2 {
        let error = session.call(Me).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
    }
    assert_eq!(
        renewals(&fake),
        (2, 2),
        "no further refresh token is used up"
    );
    assert_eq!(store.refused.load(Ordering::SeqCst), 3);

    store.full.store(false, Ordering::SeqCst);
    session.call(Me).await.unwrap();
    assert_eq!(renewals(&fake), (2, 2), "the new token was still there");
    fake.advance(36 * MINUTE);
    session.call(Me).await.unwrap();
    assert_eq!(renewals(&fake), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn debug_output_shows_no_secret() {
    let fake = fake();
    let (oauth, store, session) = rotating(&fake).await;
    session.call(Me).await.unwrap();
    let tokens = saved(&store).await;
    let shown = format!("{oauth:?} {store:?} {session:?} {tokens:?}");
    assert!(shown.contains("OAuth") && shown.contains("MemoryTokenStore"));
    let client = fake.demo().code_client.unwrap();
    for secret in [
        text(tokens.access_token),
        text(tokens.refresh_token),
        client.secret().unwrap().to_owned(),
    ] {
        assert!(!shown.contains(&secret));
    }
}
