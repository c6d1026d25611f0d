//! Rate limits, outages, and the log of what was asked.

use std::time::Duration;

use anaplan_core::clock::Clock as _;
use anaplan_testkit::{FakeAnaplan, Fault, RetryAfter, story};
use http::Method;
use jiff::fmt::rfc2822;
use serde_json::json;

use crate::ask::Asker;
use crate::table::behaviours;

behaviours! {
    19, "D", "600 requests pass at once and then 10 per second, for all users of the tenant together; the rest gets 429"
        => the_tenant_has_one_bucket;
    19, "D J", "a 429 says when to come back in seconds, as an HTTP date, or not at all, as the rules want it"
        => retry_after_has_three_forms;
    20, "D", "a server error can be injected before the effect of a request, or after it"
        => errors_come_before_or_after_the_effect;
    20, "I", "a connection can be dropped before or after the effect, and a body can be cut"
        => connections_break;
    20, "I", "answers can be late, and a token can end in the middle of things, on chosen routes and so many times"
        => answers_are_late_and_tokens_end;
    21, "I", "a log of all requests shows how often a route was asked, with which body, and what became of it"
        => the_log_counts;
}

const ME: &str = "/2/0/users/me";

fn the_tenant_has_one_bucket() {
    let admin = Asker::admin();
    let other = Asker::signed_in(&admin.fake, &admin.fake.demo().limited);
    let pass = |most: usize| {
        let answers = (0..most).map(|number| if number % 2 == 0 { &admin } else { &other }.get(ME));
        answers.take_while(|answer| answer.status == 200).count()
    };
    let passed = pass(700);
    // A moment passes while they are sent.
    assert!((600..640).contains(&passed), "{passed}");
    let body = admin.get(ME).expect(429).json();
    assert_eq!(body["status"]["code"], 429);
    admin.call("/token/refresh").expect(200);
    admin.fake.advance(Duration::from_secs(2));
    let passed = pass(100);
    assert!((20..40).contains(&passed), "{passed}");
}

fn retry_after_has_three_forms() {
    let admin = Asker::admin();
    let retry_after = |form: RetryAfter| {
        admin.fake.world(|world| {
            world.rules.burst = Some(0);
            world.rules.retry_after = form;
        });
        let answer = admin.get(ME).expect(429);
        let header = answer.headers.get("retry-after").cloned();
        header.map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(retry_after(RetryAfter::Seconds(7)).as_deref(), Some("7"));
    assert_eq!(retry_after(RetryAfter::Missing), None);
    let date = retry_after(RetryAfter::Date(90)).unwrap();
    assert!(date.ends_with(" GMT"), "{date}");
    let at = rfc2822::parse(&date).unwrap().timestamp();
    let wait = at.as_second() - admin.fake.clock().now().as_second();
    assert!((85..=90).contains(&wait), "{wait}");
}

fn revisions(fake: &FakeAnaplan) -> usize {
    let dev = fake.demo().dev;
    fake.world(|world| world.model(&dev).unwrap().applied.len())
}

fn errors_come_before_or_after_the_effect() {
    let admin = Asker::admin();
    let path = format!("/2/0/models/{}/alm/revisions", admin.fake.demo().dev);
    let before = revisions(&admin.fake);
    let add = || admin.post(&path, &json!({ "name": "Next" }));
    admin.fake.inject(
        Fault::status(503)
            .on("POST /2/0/models/*/alm/revisions")
            .times(1),
    );
    add().expect(503);
    assert_eq!(revisions(&admin.fake), before);
    admin.fake.inject(Fault::status_after(500).times(1));
    add().expect(500);
    assert_eq!(revisions(&admin.fake), before + 1);
    // It was done, and so there is nothing left to do.
    add().expect(400);
}

fn connections_break() {
    let admin = Asker::admin();
    let path = format!("/2/0/models/{}/alm/revisions", admin.fake.demo().dev);
    let before = revisions(&admin.fake);
    let json = [("content-type", "application/json")];
    let body = json!({ "name": "Next" }).to_string();
    let add = || admin.try_ask(Method::POST, &path, &json, body.clone());
    admin.fake.inject(Fault::drop_before().times(1));
    assert!(add().is_none());
    assert_eq!(revisions(&admin.fake), before);
    admin.fake.inject(Fault::drop_after().times(1));
    assert!(add().is_none());
    assert_eq!(revisions(&admin.fake), before + 1);
    let whole = admin.get(ME).body;
    admin.fake.inject(Fault::truncate(10).times(1));
    assert_eq!(admin.get(ME).expect(200).body, whole.slice(..10));
}

fn answers_are_late_and_tokens_end() {
    story(async |fake| {
        let admin = Asker::signed_in(&fake, &fake.admin());
        fake.inject(
            Fault::delay(Duration::from_secs(20))
                .on("GET /2/0/users/*")
                .times(1),
        );
        let transport = fake.connection().transport.ok_or("in process")?;
        let came = fake.clock().now();
        // The second is answered at once.
        for late in [20, 20] {
            let answer = transport
                .send(admin.request(Method::GET, ME, &[], "").map(Into::into))
                .await?;
            assert_eq!(answer.status(), 200);
            let passed = fake.clock().now().duration_since(came).as_secs_f64();
            assert!((passed - f64::from(late)).abs() < 1.0, "{passed}");
        }
        fake.inject(Fault::expire_token().after(1).times(1));
        admin.get(ME).expect(200);
        admin.get(ME).expect(401);
        admin.get(ME).expect(401);
        Ok(())
    });
}

fn the_log_counts() {
    let admin = Asker::admin();
    let path = format!("/2/0/models/{}/alm/revisions", admin.fake.demo().dev);
    admin.fake.forget_requests();
    admin.fake.inject(Fault::drop_after().times(1));
    let json = [("content-type", "application/json")];
    let body = json!({ "name": "Next" }).to_string();
    assert!(
        admin
            .try_ask(Method::POST, &path, &json, body.clone())
            .is_none()
    );
    admin.get(&path).expect(200);
    let log = admin.fake.requests();
    assert_eq!(log.total(), 2);
    assert_eq!(log.count("POST /2/0/models/*/alm/revisions"), 1);
    let entry = log.of("POST /2/0/models/*/alm/revisions").next().unwrap();
    assert_eq!(entry.body.as_deref(), Some(body.as_bytes()));
    assert_eq!(entry.status, None);
    assert_eq!(entry.fault, Some("drop after the effect"));
}
