use async_trait::async_trait;

use super::*;
use crate::data::error::{Error, ErrorKind};
use crate::operation::{Fetch, Operation, Response};

struct NoServer;

#[async_trait]
impl Fetch for NoServer {
    async fn fetch(
        &self,
        _: &dyn Operation,
        _: &mut (dyn FnMut(Response) -> Result<()> + Send),
    ) -> Result<()> {
        Err(Error::new(ErrorKind::Connect, "no server"))
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An attempt at 09:00:00 local time with the baseline `a`, `b`.
fn attempt(clock_offset: Option<i64>) -> Attempt {
    Attempt {
        baseline: vec!["a".to_owned(), "b".to_owned()],
        sent_at: time("2025-06-02T09:00:00Z"),
        clock_offset: clock_offset.map(SignedDuration::from_secs),
    }
}

#[test]
fn age_is_compared_by_the_clock_of_the_server() {
    for (offset, created, expected) in [
        (0, "2025-06-02T09:00:00Z", Age::Newer),
        (0, "2025-06-02T08:59:58Z", Age::Newer),
        (0, "2025-06-02T08:59:57.999Z", Age::Older),
        (0, "2035-06-02T09:00:00Z", Age::Newer),
        // The server's clock is 5 minutes behind.
        (-300, "2025-06-02T08:55:00Z", Age::Newer),
        (-300, "2025-06-02T08:54:57Z", Age::Older),
        // The server's clock is an hour ahead.
        (3600, "2025-06-02T09:59:57Z", Age::Older),
        (3600, "2025-06-02T10:00:01Z", Age::Newer),
    ] {
        let age = attempt(Some(offset)).age_of(Some(time(created)));
        assert_eq!(age, expected, "{offset} {created}");
    }
}

#[test]
fn age_is_unknown_without_a_creation_time_or_the_clock_of_the_server() {
    let created = Some(time("2025-06-02T08:00:00Z"));
    assert_eq!(attempt(None).age_of(created), Age::Unknown);
    assert_eq!(attempt(Some(0)).age_of(None), Age::Unknown);
    assert_eq!(attempt(Some(0)).age_of(created), Age::Older);
}

#[test]
fn candidate_is_new_not_older_and_not_claimed() {
    let attempt = attempt(Some(0));
    let claimed = |id: &str| id == "theirs";
    let evidence = Evidence::new(Lookup::new(&NoServer), &attempt, &claimed);
    let newer = Some(time("2025-06-02T09:00:05Z"));
    let older = Some(time("2025-06-02T08:00:00Z"));
    for (id, created, expected) in [
        ("new", newer, true),
        ("new", None, true),
        ("new", older, false),
        ("a", newer, false),
        ("b", None, false),
        ("theirs", newer, false),
        ("theirs", None, false),
    ] {
        assert_eq!(evidence.is_candidate(id, created), expected, "{id}");
    }
}

#[test]
fn listing_without_a_known_id_is_not_complete() {
    let attempt = attempt(None);
    let claimed = |_: &str| false;
    let evidence = Evidence::new(Lookup::new(&NoServer), &attempt, &claimed);
    assert!(evidence.lists_baseline(["new", "b", "a"]));
    assert!(evidence.lists_baseline(["a", "b"]));
    assert!(!evidence.lists_baseline(["a", "new"]));
    assert!(!evidence.lists_baseline([]));
}
