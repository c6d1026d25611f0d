use jiff::Timestamp;

use super::*;
use crate::transport::clock::ManualClock;

const SECOND: Duration = Duration::from_secs(1);

fn clock() -> ManualClock {
    ManualClock::starting_at(Timestamp::UNIX_EPOCH)
}

#[test]
fn deadline_without_a_timeout_never_passes() {
    let clock = clock();
    let deadline = Deadline::start(None, &clock);
    clock.advance(Duration::MAX);
    assert_eq!(deadline.left(&clock), None);
    assert!(!deadline.has_passed(&clock));
}

#[test]
fn deadline_counts_down_to_zero() {
    let clock = clock();
    let deadline = Deadline::start(Some(SECOND * 3), &clock);
    clock.advance(SECOND);
    assert_eq!(deadline.left(&clock), Some(SECOND * 2));
    assert!(!deadline.has_passed(&clock));
    clock.advance(SECOND * 2);
    assert!(deadline.has_passed(&clock));
    clock.advance(SECOND);
    assert_eq!(deadline.left(&clock), Some(Duration::ZERO));
}

#[test]
fn deadline_of_a_huge_timeout_does_not_overflow() {
    let clock = clock();
    clock.advance(SECOND);
    let deadline = Deadline::start(Some(Duration::MAX), &clock);
    assert!(!deadline.has_passed(&clock));
    let earlier = deadline.at_most(Duration::MAX, &clock);
    assert_eq!(earlier, deadline);
}

#[test]
fn at_most_takes_the_earlier_end() {
    let clock = clock();
    let deadline = Deadline::start(Some(SECOND * 5), &clock);
    let left = |deadline: Deadline| deadline.left(&clock);
    assert_eq!(left(deadline.at_most(SECOND, &clock)), Some(SECOND));
    assert_eq!(left(deadline.at_most(SECOND * 9, &clock)), Some(SECOND * 5));
    let unlimited = Deadline::default();
    assert_eq!(left(unlimited.at_most(SECOND, &clock)), Some(SECOND));
}

#[tokio::test]
async fn within_ends_a_future_at_the_deadline() {
    let clock = clock();
    let deadline = Deadline::start(Some(SECOND), &clock);
    assert_eq!(deadline.within(&clock, async { 1 }).await, Some(1));
    clock.advance(SECOND);
    let never = std::future::pending::<u8>();
    assert_eq!(deadline.within(&clock, never).await, None);
    // A result that is there already counts, even if the time is over.
    assert_eq!(deadline.within(&clock, async { 2 }).await, Some(2));
}
