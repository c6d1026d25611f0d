//! The life of tokens: who renews them, when, and what is never lost.

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

async fn kept(store: &impl TokenStore) -> OAuthTokens {
    store.load().await.unwrap().unwrap()
}

#[tokio::test(start_paused = true)]
async fn five_hundred_calls_cause_one_renewal() {
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
async fn one_call_renews_early_while_the_others_go_on() {
    let fake = fake();
    let (_, _, session) = rotating(&fake).await;
    session.call(Me).await.unwrap();
    pass(31 * MINUTE).await;
    fake.inject(Fault::delay(5 * SECOND).on(TOKEN));
    let renewing = tokio::spawn(session.call(Me).into_future());
    tokio::task::yield_now().await;
    let before = session.clock().monotonic();
    assert!(many(&session, 100).await.iter().all(Result::is_ok));
    assert_eq!(session.clock().monotonic(), before, "nobody else waited");
    renewing.await.unwrap().unwrap();
    assert_eq!(renewals(&fake), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_program_that_runs_for_days_renews_in_time_and_keeps_every_new_token() {
    let fake = fake();
    let (_, store, session) = rotating(&fake).await;
    let mut seen = std::collections::HashSet::new();
    for _ in 0..200 {
        session.call(Me).await.unwrap();
        seen.insert(text(kept(&store).await.refresh_token));
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
async fn a_new_program_takes_the_access_token_of_the_store() {
    let fake = fake();
    let (_, store, first) = rotating(&fake).await;
    first.call(Me).await.unwrap();
    let second = session(&fake, &OAuth::new(code_client(&fake), store.clone()));
    second.call(Me).await.unwrap();
    assert_eq!(renewals(&fake), (1, 1));
    // In the last minutes of its life it is renewed right away, by one of the two.
    fake.advance(31 * MINUTE);
    second.call(Me).await.unwrap();
    first.call(Me).await.unwrap();
    assert_eq!(renewals(&fake), (2, 2));
    // Signing out lets go of it, and takes it up again.
    first.sign_out().await.unwrap();
    first.call(Me).await.unwrap();
    assert_eq!(renewals(&fake), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn two_programs_over_one_store_never_burn_each_others_token() {
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
async fn a_call_that_is_dropped_in_the_middle_loses_no_token() {
    let fake = fake();
    let (_, store, session) = rotating(&fake).await;
    let before = text(kept(&store).await.refresh_token);
    fake.inject(Fault::delay(5 * SECOND).on(TOKEN).times(1));
    let call = session.call(Me).timeout(SECOND);
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Timeout);
    let call = tokio::spawn(session.call(Me).into_future());
    tokio::task::yield_now().await;
    call.abort();
    pass(5 * SECOND).await;
    assert_ne!(text(kept(&store).await.refresh_token), before);
    session.call(Me).await.unwrap();
    assert_eq!(renewals(&fake), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_no_reason_to_send_a_rotating_token_again_at_once() {
    let fake = fake();
    let (oauth, _, session) = rotating(&fake).await;
    session.call(Me).await.unwrap();
    pass(31 * MINUTE).await;
    fake.inject(Fault::drop_after().on(TOKEN).times(1));
    session.call(Me).await.expect("the old token still serves");
    assert_eq!(renewals(&fake), (2, 2));
    // A later renewal finds out, once.
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
        "a token that is known to be dead is not sent"
    );
    // A new sign-in mends it, without a new client.
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
async fn a_lost_question_is_made_good_by_the_next_renewal() {
    let fake = fake();
    let (_, _, session) = rotating(&fake).await;
    for fault in [Fault::drop_before(), Fault::status(503)] {
        fake.inject(fault.on(TOKEN).times(1));
        let error = session.call(Me).await.unwrap_err();
        assert_eq!(
            (error.kind(), problem(&error)),
            (ErrorKind::Interrupted, OAuthProblem::LostAnswer)
        );
        assert!(error.is_retryable() && !error.is_ambiguous());
    }
    session.call(Me).await.unwrap();
    assert_eq!(renewals(&fake), (1, 3));
    let asked = fake.requests().count(ME);
    assert_eq!(asked, 1, "nothing was sent without a token");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_does_not_rotate_is_sent_again() {
    let fake = fake();
    let store = MemoryTokenStore::default();
    let oauth = OAuth::new(device_client(&fake).non_rotating(), store.clone())
        .initial_refresh_token(fake.demo().device_refresh_token);
    let session = session(&fake, &oauth);
    fake.inject(Fault::drop_after().on(TOKEN).times(2));
    session.call(Me).await.unwrap();
    assert_eq!(renewals(&fake), (3, 3));
    let kept = kept(&store).await;
    let given = fake.demo().device_refresh_token;
    assert_eq!(text(kept.refresh_token), text(Some(given)));
    assert_eq!(kept.scope.as_deref(), Some("openid email offline_access"));
}

#[tokio::test(start_paused = true)]
async fn the_initial_token_counts_only_until_there_is_another() {
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
async fn who_has_not_signed_in_is_told_so_and_nothing_is_sent() {
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
async fn every_status_of_a_refused_token_means_the_same() {
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

/// A store that can fail, and that notes whether tokens were used before they were saved.
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
async fn tokens_that_the_store_does_not_take_are_not_used_and_not_lost() {
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
    assert_eq!(renewals(&fake), (2, 2), "no further token is burnt");
    assert_eq!(store.refused.load(Ordering::SeqCst), 3);

    store.full.store(false, Ordering::SeqCst);
    session.call(Me).await.unwrap();
    assert_eq!(renewals(&fake), (2, 2), "the new token was still there");
    fake.advance(36 * MINUTE);
    session.call(Me).await.unwrap();
    assert_eq!(renewals(&fake), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn nothing_shows_a_secret() {
    let fake = fake();
    let (oauth, store, session) = rotating(&fake).await;
    session.call(Me).await.unwrap();
    let tokens = kept(&store).await;
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
