//! Calls that wait for a busy model.

use std::time::Duration;

use anaplan_core::clock::Clock as _;
use anaplan_testkit::{Busy, FakeAnaplan, Pacing, story};
use http::Method;
use serde_json::{Value, json};

use crate::ask::{Asker, at, locale};
use crate::table::behaviours;

behaviours! {
    25, "D", "while a run keeps a model busy, lists and metadata of actions, starts, polls, dumps and files answer at once"
        => a_busy_model_answers_some_at_once;
    25, "D", "every other call waits until the model is free, and then is answered as if nothing had been"
        => a_busy_model_keeps_the_others_waiting;
    25, "D", "without any switch a task that takes time ends without being polled, and other calls wait for that end"
        => a_task_ends_by_time_without_a_poll;
    25, "I", "a write that waits is carried out later, even when its sender has given up"
        => a_write_without_its_sender_is_done;
    25, "I", "a switch says how long calls wait at most, or that nothing waits"
        => the_wait_has_a_switch;
    25, "L", "the status of a busy model says so at once: a step, a progress from 0 to 1, and who started what"
        => the_status_tells_of_the_work;
}

const RUN: Duration = Duration::from_secs(600);

/// A fake whose runs take ten minutes, and its administrator.
fn slow(fake: &FakeAnaplan) -> Asker {
    fake.world(|world| {
        world.rules.pacing = Pacing::Time(RUN);
        world.rules.token_life = RUN * 100;
    });
    Asker::signed_in(fake, &fake.admin())
}

/// Starts an import that leaves a dump, and gives its path.
fn start(admin: &Asker) -> String {
    let tasks = at(
        &admin.fake.demo().dev,
        &format!("imports/{}/tasks", admin.fake.demo().bad_import),
    );
    let task = admin.post(&tasks, &locale()).expect(200).json();
    format!("{tasks}/{}", task["task"]["taskId"].as_str().unwrap())
}

/// How long an answer takes, in seconds, and its status.
async fn took(admin: &Asker, request: http::Request<bytes::Bytes>) -> (u16, f64) {
    let fake = &admin.fake;
    let came = fake.clock().now();
    let transport = fake.connection().transport.unwrap();
    let answer = transport.send(request.map(Into::into)).await.unwrap();
    let passed = fake.clock().now().duration_since(came).as_secs_f64();
    (answer.status().as_u16(), passed)
}

async fn get_took(admin: &Asker, path: &str) -> (u16, f64) {
    took(admin, admin.request(Method::GET, path, &[], "")).await
}

fn upload(admin: &Asker) {
    let demo = admin.fake.demo();
    let file = at(&demo.dev, &format!("files/{}", demo.bad_source_file));
    let octets = [("content-type", "application/octet-stream")];
    admin
        .ask(Method::PUT, &file, &octets, demo.bad_csv)
        .expect(204);
}

fn a_busy_model_answers_some_at_once() {
    story(async |fake| {
        let admin = slow(&fake);
        let demo = fake.demo();
        upload(&admin);
        let over = start(&admin);
        fake.advance(RUN);
        let task = start(&admin);
        for path in [
            "imports".to_owned(),
            "exports".to_owned(),
            "actions".to_owned(),
            "processes".to_owned(),
            format!("imports/{}", demo.good_import),
            format!("exports/{}", demo.export),
            format!("processes/{}", demo.process),
            format!("imports/{}/tasks", demo.bad_import),
            "files".to_owned(),
            "status".to_owned(),
        ] {
            let answer = get_took(&admin, &at(&demo.dev, &path)).await;
            assert_eq!(answer, (200, 0.0), "{path}");
        }
        for path in [
            task,
            format!("{over}/dump/chunks"),
            format!("{over}/dump/chunks/0"),
        ] {
            assert_eq!(get_took(&admin, &path).await, (200, 0.0), "{path}");
        }
        let tasks = at(&demo.dev, &format!("actions/{}/tasks", demo.action));
        let json = [("content-type", "application/json")];
        let another = admin.request(Method::POST, &tasks, &json, locale().to_string());
        assert_eq!(took(&admin, another).await, (200, 0.0));
        assert_eq!(
            get_took(&admin, &at(&demo.test, "modules")).await,
            (200, 0.0)
        );
        Ok(())
    });
}

fn a_busy_model_keeps_the_others_waiting() {
    story(async |fake| {
        let admin = slow(&fake);
        let demo = fake.demo();
        for path in [
            "modules".to_owned(),
            "lists".to_owned(),
            format!("lists/{}/items", demo.list),
            format!("views/{}/data", demo.view),
            "currentPeriod".to_owned(),
            "alm/revisions".to_owned(),
        ] {
            start(&admin);
            fake.advance(Duration::from_secs(100));
            let (status, waited) = get_took(&admin, &at(&demo.dev, &path)).await;
            assert_eq!(status, 200);
            assert!((499.0..501.0).contains(&waited), "{path}: {waited}");
            let again = get_took(&admin, &at(&demo.dev, &path)).await;
            assert_eq!(again, (200, 0.0));
            fake.forget_requests();
        }
        // Whoever may not ask is told at once; who may, is let through when time is moved forward.
        start(&admin);
        let nobody = Asker::nobody(&fake);
        let modules = at(&demo.dev, "modules");
        assert_eq!(get_took(&nobody, &modules).await, (401, 0.0));
        let waiting = admin.clone();
        let call = tokio::spawn(async move { get_took(&waiting, &modules).await });
        tokio::task::yield_now().await;
        let before = fake.clock().monotonic();
        fake.advance(RUN);
        assert_eq!(call.await?.0, 200);
        assert!(fake.clock().monotonic() - before < Duration::from_secs(1));
        Ok(())
    });
}

fn a_task_ends_by_time_without_a_poll() {
    story(async |fake| {
        fake.world(|world| world.rules.pacing = Pacing::Time(Duration::from_secs(2)));
        let admin = Asker::signed_in(&fake, &fake.admin());
        let task = start(&admin);
        let modules = at(&fake.demo().dev, "modules");
        let (status, waited) = get_took(&admin, &modules).await;
        assert_eq!(status, 200);
        assert!((1.9..2.1).contains(&waited), "{waited}");
        let (tasks, _) = task.rsplit_once('/').unwrap();
        let listed = admin.get(tasks).expect(200).json();
        assert_eq!(listed["tasks"][0]["taskState"], "COMPLETE");
        assert_eq!(fake.requests().count(format!("GET {task}").as_str()), 0);
        Ok(())
    });
}

fn a_write_without_its_sender_is_done() {
    story(async |fake| {
        let admin = slow(&fake);
        let demo = fake.demo();
        start(&admin);
        let path = at(&demo.dev, &format!("lists/{}/items?action=add", demo.list));
        let json = [("content-type", "application/json")];
        let body = json!({ "items": [{ "name": "Far East" }] }).to_string();
        let request = admin.request(Method::POST, &path, &json, body);
        let transport = fake.connection().transport.ok_or("in process")?;
        let call =
            tokio::spawn(async move { transport.send(request.map(Into::into)).await.map(|_| ()) });
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        call.abort();
        assert!(call.await.is_err());
        let items = |fake: &FakeAnaplan| {
            fake.world(|world| world.model(&demo.dev).unwrap().items[&demo.list].len())
        };
        let before = items(&fake);
        fake.advance(RUN);
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        assert_eq!(items(&fake), before + 1);
        Ok(())
    });
}

fn the_wait_has_a_switch() {
    story(async |fake| {
        let admin = slow(&fake);
        let modules = at(&fake.demo().dev, "modules");
        for (busy, pacing, expected) in [
            (Busy::Never, Pacing::Time(RUN), 0.0),
            (
                Busy::AtMost(Duration::from_secs(30)),
                Pacing::Time(RUN),
                30.0,
            ),
            (
                Busy::AtMost(Duration::from_secs(30)),
                Pacing::Polls(3),
                30.0,
            ),
            (
                Busy::AtMost(Duration::from_secs(30)),
                Pacing::Time(Duration::from_secs(8)),
                8.0,
            ),
            (Busy::UntilFree, Pacing::Polls(3), 0.0),
        ] {
            fake.world(|world| {
                world.rules.busy = busy;
                world.rules.pacing = pacing;
            });
            let task = start(&admin);
            let (status, waited) = get_took(&admin, &modules).await;
            assert_eq!(status, 200);
            assert!(
                (waited - expected).abs() < 0.1,
                "{busy:?} {pacing:?}: {waited}"
            );
            fake.advance(RUN);
            for _ in 0..3 {
                admin.get(&task).expect(200);
            }
        }
        Ok(())
    });
}

fn the_status_tells_of_the_work() {
    let admin = Asker::admin();
    let demo = admin.fake.demo();
    let status = || {
        let body = admin.get(&at(&demo.dev, "status")).expect(200).json();
        body["requestStatus"].clone()
    };
    let idle = status();
    assert_eq!(idle["currentStep"], "Open");
    assert_eq!(idle["progress"], -1.0);
    assert_eq!(idle["tooltip"], Value::Null);
    admin
        .fake
        .world(|world| world.rules.pacing = Pacing::Time(RUN));
    start(&admin);
    admin.fake.advance(RUN / 2);
    let busy = status();
    assert!(
        busy["currentStep"]
            .as_str()
            .unwrap()
            .starts_with("Processing")
    );
    let progress = busy["progress"].as_f64().unwrap();
    assert!((0.49..0.52).contains(&progress), "{progress}");
    assert!(busy["tooltip"].as_str().unwrap().contains("Ada Byron"));
    assert!(busy["creationTime"].as_i64() > idle["creationTime"].as_i64());
    admin.fake.advance(RUN);
    assert_eq!(status()["currentStep"], "Open");
}
