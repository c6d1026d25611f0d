//! The device grant.

use anaplan_auth::{MemoryTokenStore, OAuth, OAuthProblem, PollDevice, StartDevice};
use anaplan_core::{ErrorKind, Session, StatusCode};
use anaplan_testkit::{FakeAnaplan, Fault};

use crate::support::{
    ME, MINUTE, Me, SECOND, TOKEN, code_client, device_client, fake, pass, problem, session,
};

fn start() -> (FakeAnaplan, OAuth, Session) {
    let fake = fake();
    let oauth = OAuth::new(device_client(&fake), MemoryTokenStore::default());
    let session = session(&fake, &oauth);
    (fake, oauth, session)
}

#[tokio::test(start_paused = true)]
async fn a_device_asks_at_the_interval_until_its_user_has_approved() {
    for status in [400, 401, 403] {
        let (fake, oauth, session) = start();
        fake.world(|world| world.rules.oauth_refusal = StatusCode::from_u16(status).unwrap());
        let device = oauth.start_device(&session).await.unwrap();
        assert_eq!(device.verification_uri(), "http://localhost/activate");
        let complete = device.verification_uri_complete().unwrap();
        assert!(complete.ends_with(device.user_code()));
        assert_eq!(device.time_left(), 15 * MINUTE);
        assert!(!format!("{device:?}").contains("device_code"));
        let code = device.user_code().to_owned();
        let waiting = tokio::spawn(async move { device.wait().await });
        pass(62 * SECOND).await;
        assert_eq!(fake.requests().count(TOKEN), 12);
        assert!(fake.approve_device(&code, &fake.demo().admin.id));
        waiting.await.unwrap().unwrap();
        session.call(Me).await.unwrap();
        assert_eq!(
            (fake.requests().count(TOKEN), fake.requests().count(ME)),
            (13, 1)
        );
        assert!(oauth.is_signed_in().await.unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn slow_down_makes_it_slower_for_the_rest_of_the_flow() {
    let (fake, oauth, session) = start();
    fake.world(|world| world.rules.device_interval = SECOND);
    let device = oauth.start_device(&session).await.unwrap();
    fake.world(|world| world.slow_devices_down(4 * SECOND));
    let code = device.user_code().to_owned();
    let waiting = tokio::spawn(async move { device.wait().await });
    // The second question comes too early; the others follow after six seconds.
    for (wait, asked) in [(25, 2), (50, 2), (10, 3), (50, 3), (10, 4)] {
        pass(wait * SECOND / 10).await;
        assert_eq!(fake.requests().count(TOKEN), asked);
    }
    assert!(fake.approve_device(&code, &fake.demo().admin.id));
    waiting.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_user_who_says_no_and_one_who_does_not_come_end_the_wait() {
    let (fake, oauth, session) = start();
    let device = oauth.start_device(&session).await.unwrap();
    assert!(fake.deny_device(device.user_code()));
    let error = device.wait().await.unwrap_err();
    assert_eq!(
        (error.kind(), problem(&error)),
        (ErrorKind::Authentication, OAuthProblem::AccessDenied)
    );

    let device = oauth.start_device(&session).await.unwrap();
    let began = session.clock().monotonic();
    let error = device.wait().await.unwrap_err();
    assert_eq!(problem(&error), OAuthProblem::ExpiredToken);
    assert!(session.clock().monotonic() - began <= 15 * MINUTE);

    // The service may see it first.
    let device = oauth.start_device(&session).await.unwrap();
    fake.advance(15 * MINUTE);
    let error = device.wait().await.unwrap_err();
    assert_eq!(problem(&error), OAuthProblem::ExpiredToken);
    assert_eq!(error.operation(), Some("oauth.poll_device"));
    assert!(!oauth.is_signed_in().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn questions_that_get_lost_are_asked_again_more_slowly() {
    let (fake, oauth, session) = start();
    fake.inject(Fault::status(500).on("POST /oauth/device/code").times(2));
    let device = oauth.start_device(&session).await.unwrap();
    fake.inject(Fault::drop_before().on(TOKEN).times(2));
    fake.inject(Fault::status(503).on(TOKEN).times(1));
    assert!(fake.approve_device(device.user_code(), &fake.demo().admin.id));
    let began = session.clock().monotonic();
    device.wait().await.unwrap();
    // After 5, 10, 20 and 40 seconds.
    assert_eq!((session.clock().monotonic() - began).as_secs(), 75);
    session.call(Me).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_client_of_the_other_grant_is_refused() {
    let fake = fake();
    let oauth = OAuth::new(code_client(&fake), MemoryTokenStore::default());
    let session = session(&fake, &oauth);
    let error = oauth.start_device(&session).await.unwrap_err();
    assert_eq!(problem(&error), OAuthProblem::UnauthorizedClient);
    assert_eq!(fake.requests().count("POST /oauth/device/code"), 1);
}

#[tokio::test(start_paused = true)]
async fn the_operations_can_be_called_by_hand() {
    let (fake, _, session) = start();
    let client = device_client(&fake);
    let codes = session.call(StartDevice::new(&client)).await.unwrap();
    let poll = || session.call(PollDevice::new(&client, &codes.device_code));
    assert_eq!(
        problem(&poll().await.unwrap_err()),
        OAuthProblem::AuthorizationPending
    );
    assert_eq!(problem(&poll().await.unwrap_err()), OAuthProblem::SlowDown);
    assert!(fake.approve_device(&codes.user_code.to_lowercase(), &fake.demo().admin.id));
    pass(5 * SECOND).await;
    let tokens = poll().await.unwrap();
    assert_eq!(tokens.scope.as_deref(), Some("openid email offline_access"));
    pass(5 * SECOND).await;
    assert_eq!(
        problem(&poll().await.unwrap_err()),
        OAuthProblem::InvalidGrant
    );
}
