//! The device grant.

use anaplan_auth::{
    DeviceAuthorization, MemoryTokenStore, OAuth, OAuthProblem, PollDevice, StartDevice,
};
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
async fn device_polls_at_the_interval_until_it_is_approved() {
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
async fn slow_down_adds_five_seconds_to_the_interval() {
    let (fake, oauth, session) = start();
    fake.world(|world| world.rules.device_interval = SECOND);
    let device = oauth.start_device(&session).await.unwrap();
    fake.world(|world| world.slow_devices_down(4 * SECOND));
    let code = device.user_code().to_owned();
    let waiting = tokio::spawn(async move { device.wait().await });
    // The second poll is too early; the others follow after six seconds.
    for (wait, asked) in [(25, 2), (50, 2), (10, 3), (50, 3), (10, 4)] {
        pass(wait * SECOND / 10).await;
        assert_eq!(fake.requests().count(TOKEN), asked);
    }
    assert!(fake.approve_device(&code, &fake.demo().admin.id));
    waiting.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn denied_and_expired_codes_end_the_wait() {
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

    // The service may expire the code first.
    let device = oauth.start_device(&session).await.unwrap();
    fake.advance(15 * MINUTE);
    let error = device.wait().await.unwrap_err();
    assert_eq!(problem(&error), OAuthProblem::ExpiredToken);
    assert_eq!(error.operation(), Some("oauth.poll_device"));
    assert!(!oauth.is_signed_in().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn failed_polls_double_the_interval() {
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
async fn client_of_the_other_grant_is_rejected() {
    let fake = fake();
    let oauth = OAuth::new(code_client(&fake), MemoryTokenStore::default());
    let session = session(&fake, &oauth);
    let error = oauth.start_device(&session).await.unwrap_err();
    assert_eq!(problem(&error), OAuthProblem::UnauthorizedClient);
    assert_eq!(fake.requests().count("POST /oauth/device/code"), 1);
}

#[tokio::test(start_paused = true)]
async fn endpoints_can_be_called_directly() {
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

/// Starts a device with this `interval` and `expires_in` in the response.
async fn start_with(numbers: &str) -> anaplan_core::Result<(FakeAnaplan, DeviceAuthorization)> {
    let (fake, oauth, session) = start();
    let body = format!(
        r#"{{"device_code":"d","user_code":"u","verification_uri":"https://x.example"{numbers}}}"#
    );
    let reply = Fault::reply(200, body).on("POST /oauth/device/code");
    fake.inject(reply.times(1));
    let device = oauth.start_device(&session).await?;
    let pending = Fault::reply(400, r#"{"error":"authorization_pending"}"#);
    fake.inject(pending.on(TOKEN));
    Ok((fake, device))
}

#[tokio::test(start_paused = true)]
async fn poll_interval_is_between_one_and_sixty_seconds_whatever_the_service_sends() {
    for (interval, seconds) in [
        ("0", 5),
        ("-1", 5),
        ("null", 5),
        (r#""soon""#, 5),
        ("1e300", 5),
        ("1", 1),
        (r#""7""#, 7),
        ("18446744073709551615", 60),
        (r#""99999999999999999999""#, 5),
    ] {
        let numbers = format!(r#","interval":{interval}"#);
        let (fake, device) = start_with(&numbers).await.unwrap();
        let waiting = tokio::spawn(async move { device.wait().await });
        pass(seconds * SECOND - SECOND / 2).await;
        assert_eq!(fake.requests().count(TOKEN), 0, "{interval}");
        pass(SECOND + 9 * seconds * SECOND).await;
        assert_eq!(fake.requests().count(TOKEN), 10, "{interval}");
        waiting.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn code_lifetime_is_bounded_whatever_the_service_sends() {
    for (expires_in, minutes) in [
        ("-5", 15),
        ("null", 15),
        (r#""later""#, 15),
        (r#""600""#, 10),
        ("0", 0),
        ("18446744073709551615", 24 * 60),
        ("1e300", 15),
    ] {
        let numbers = format!(r#","expires_in":{expires_in},"interval":60"#);
        let (_fake, device) = start_with(&numbers).await.unwrap();
        assert_eq!(device.time_left(), minutes * MINUTE, "{expires_in}");
        let error = device.wait().await.unwrap_err();
        assert_eq!(problem(&error), OAuthProblem::ExpiredToken);
    }
}

#[tokio::test(start_paused = true)]
async fn start_without_a_device_code_is_an_error() {
    for body in [
        "{}",
        r#"{"device_code":"","user_code":"u","verification_uri":"v"}"#,
        r#"{"user_code":"u","verification_uri":"v"}"#,
        r#"{"device_code":"s3cret","user_code":" ","verification_uri":"v"}"#,
        r#"{"device_code":["s3cret"],"user_code":"u","verification_uri":"v"}"#,
    ] {
        let (fake, oauth, session) = start();
        fake.inject(Fault::reply(200, body).on("POST /oauth/device/code"));
        let error = oauth.start_device(&session).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }
}

#[tokio::test(start_paused = true)]
async fn slow_down_without_end_does_not_overflow() {
    let (fake, device) = start_with(r#","expires_in":18446744073709551615"#)
        .await
        .unwrap();
    fake.clear_faults();
    fake.inject(Fault::reply(400, r#"{"error":"slow_down"}"#).on(TOKEN));
    let error = device.wait().await.unwrap_err();
    assert_eq!(problem(&error), OAuthProblem::ExpiredToken);
    assert!(fake.requests().count(TOKEN) < 200);
}

#[tokio::test(start_paused = true)]
async fn tokens_lost_in_an_unreadable_response_are_named_as_the_cause() {
    let (fake, oauth, session) = start();
    let device = oauth.start_device(&session).await.unwrap();
    fake.inject(Fault::reply(200, "{}").on(TOKEN).times(1));
    let used_up = Fault::reply(400, r#"{"error":"invalid_grant"}"#);
    fake.inject(used_up.on(TOKEN).after(1));
    let error = device.wait().await.unwrap_err();
    assert_eq!(problem(&error), OAuthProblem::InvalidGrant);
    assert!(error.to_string().contains("start again"), "{error}");
}
