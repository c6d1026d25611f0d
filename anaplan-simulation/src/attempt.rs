//! Calls: their cancellation, their outcome, and the rules for every call and error.

use std::error::Error as _;
use std::future::IntoFuture;
use std::time::Duration;

use anaplan_core::{Error, ErrorKind};
use futures_util::future::{Either, select};

use crate::cancel::PollLimit;
use crate::checker::rules;
use crate::environment::{CONCURRENCY, Environment, MAX_THROTTLES};
use crate::expectations::Reported;
use crate::program::{Cancel, Step};
use crate::transport::locked;

/// Longest duration of a call by the fake's clock.
const MAX_DURATION: Duration = Duration::from_secs(26 * 3600);
/// Largest number of attempts of a request: six failures, the rate limit, one token renewal.
const SENDS: u32 = 6 + MAX_THROTTLES + 1 + 1;
/// Largest number of rounds of a call: the batches of an insertion, restarted listings.
const RESENDS: u32 = 4 + 1;

/// Operations without an object.
const WITHOUT_MODEL: [&str; 2] = ["tenant.get_models", "tenant.get_workspaces"];

/// Outcome of a call.
pub(crate) enum Ended<T> {
    Returned(T),
    Failed(Error),
    Dropped,
}

impl<T> Ended<T> {
    /// Returns the report about work that must not run twice.
    pub(crate) fn reported(&self) -> Reported {
        match self {
            Self::Returned(_) => Reported::Done,
            Self::Failed(error) if error.is_ambiguous() => Reported::Unknown,
            Self::Failed(_) => Reported::NotDone,
            Self::Dropped => Reported::Unknown,
        }
    }

    /// Returns the report of a call that consists of several: a failure says nothing about earlier parts.
    pub(crate) fn reported_by_many(&self) -> Reported {
        match self {
            Self::Returned(_) => Reported::Done,
            _ => Reported::Unknown,
        }
    }
}

impl Environment {
    /// Makes a call. Drops it early if the step says so.
    pub(crate) async fn attempt<T, E, F>(&self, number: usize, step: &Step, call: F) -> Ended<T>
    where
        F: IntoFuture<Output = Result<T, E>>,
        E: Into<Error>,
    {
        let id = {
            let mut notes = self.notes();
            let calls = notes.calls.entry(number).or_default();
            *calls += 1;
            number * 1_000 + *calls
        };
        let polls = match step.cancel {
            Some(Cancel::Polls(polls)) => Some(polls),
            _ => None,
        };
        let limit = match step.cancel {
            Some(Cancel::Millis(millis)) => Duration::from_millis(millis),
            _ => MAX_DURATION,
        };
        let work = PollLimit::new(call.into_future(), polls, id, self.program.seed);
        let timer = Box::pin(self.sleep(limit));
        let ended = match select(work, timer).await {
            Either::Left((Some(Ok(output)), _)) => Ended::Returned(output),
            Either::Left((Some(Err(error)), _)) => Ended::Failed(error.into()),
            Either::Left((None, _)) => Ended::Dropped,
            Either::Right(((), work)) => {
                if !matches!(step.cancel, Some(Cancel::Millis(_))) {
                    self.violation(
                        rules::HANGS,
                        number,
                        format!("{:?} does not end", step.action),
                    );
                }
                drop(work);
                Ended::Dropped
            }
        };
        let outcome = match &ended {
            Ended::Returned(_) => "ok".to_owned(),
            Ended::Dropped => "dropped".to_owned(),
            Ended::Failed(error) => format!("{:?}", error.kind()),
        };
        *self.notes().coverage.outcomes.entry(outcome).or_default() += 1;
        if let Ended::Failed(error) = &ended {
            self.check_error(number, error);
            self.check_sent(number, id, error);
        }
        self.check_traffic(number, id);
        ended
    }

    /// Makes a call that is not dropped early: a part of an action.
    pub(crate) async fn uncancelled<T, E, F>(&self, number: usize, step: &Step, call: F) -> Ended<T>
    where
        F: IntoFuture<Output = Result<T, E>>,
        E: Into<Error>,
    {
        let step = Step {
            cancel: None,
            ..step.clone()
        };
        self.attempt(number, &step, call).await
    }

    fn check_error(&self, number: usize, error: &Error) {
        let mut text = format!("{error} {error:?}");
        let mut source = error.source();
        while let Some(cause) = source {
            text += &format!(" {cause} {cause:?}");
            source = cause.source();
        }
        if self.shows_secret(&text) {
            self.violation(rules::SECRETS, number, "an error shows a credential");
        }
        if error.operation().is_none() {
            self.violation(rules::OPERATIONS, number, text.clone());
        }
        let operation = error.operation().unwrap_or_default();
        let of_a_model = !operation.starts_with("auth.") && !WITHOUT_MODEL.contains(&operation);
        if of_a_model && error.ids().next().is_none() {
            self.violation(rules::OBJECTS, number, text.clone());
        }
        let impossible = match error.kind() {
            ErrorKind::InvalidInput
            | ErrorKind::MissingScope
            | ErrorKind::Config
            | ErrorKind::Usage
            | ErrorKind::TooLarge
            | ErrorKind::Io => true,
            // An abandoned upload leaves missing chunks.
            ErrorKind::Decode if text.contains("the server lists chunk") => self.program.is_calm(),
            ErrorKind::Decode => !self.program.has_unreadable_responses(),
            ErrorKind::Ambiguous
            | ErrorKind::Timeout
            | ErrorKind::Interrupted
            | ErrorKind::Connect
            | ErrorKind::RateLimited
            | ErrorKind::Server
            | ErrorKind::Authentication
            | ErrorKind::Forbidden => self.program.is_calm(),
            // Other users of the session may end its tokens twice during one call.
            ErrorKind::Unauthorized => self.program.is_calm() && !self.program.ends_tokens(),
            _ => false,
        };
        if impossible {
            self.violation(rules::KINDS, number, text.clone());
        }
        if error.is_ambiguous() && error.is_retryable() {
            self.violation(rules::AMBIGUITY, number, text);
        }
    }

    /// `true` if a text contains a password or a token that was sent.
    pub(crate) fn shows_secret(&self, text: &str) -> bool {
        let secrets = locked(&self.traffic).secrets.clone();
        let mut all = secrets.iter().chain(&self.passwords);
        all.any(|secret| text.contains(secret.as_str()))
    }

    /// An ambiguous error means that a request was sent.
    fn check_sent(&self, number: usize, id: usize, error: &Error) {
        let traffic = locked(&self.traffic);
        let sent = traffic.calls.get(&id);
        let sent = sent.is_some_and(|of| of.has_changed_anything());
        drop(traffic);
        // The requests of a sign-in are not those of the call.
        let of_call = !error.operation().unwrap_or_default().starts_with("auth.");
        if error.is_ambiguous() && of_call && !sent {
            self.violation(rules::UNSENT, number, error.to_string());
        }
    }

    fn check_traffic(&self, number: usize, id: usize) {
        let traffic = locked(&self.traffic);
        if traffic.most_sign_ins.iter().any(|most| *most > 1) {
            let text = "two concurrent renewals of a token";
            drop(traffic);
            return self.violation(rules::RENEWALS, number, text);
        }
        let Some(of) = traffic.calls.get(&id) else {
            return;
        };
        let (flight, bytes) = (of.most_in_flight, of.most_bytes);
        let most = of.sends.iter().find(|(line, count)| {
            let polled = line.starts_with("GET ") || line.starts_with("POST /token/");
            !polled && **count > SENDS * RESENDS
        });
        let most = most.map(|(line, count)| format!("{count} times {line}"));
        let excessive = traffic.is_excessive();
        drop(traffic);
        if let Some(text) = most {
            self.violation(rules::RETRIES, number, text);
        }
        if excessive {
            self.violation(rules::RETRIES, number, "too many requests");
        }
        if flight > CONCURRENCY {
            self.violation(
                rules::TRANSFERS,
                number,
                format!("{flight} requests at once"),
            );
        }
        if bytes > CONCURRENCY * CHUNK {
            self.violation(rules::TRANSFERS, number, format!("{bytes} bytes at once"));
        }
    }
}

/// Chunk size of uploads. Other bodies are smaller.
pub(crate) const CHUNK: usize = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::generate_plain;

    #[tokio::test(start_paused = true)]
    async fn ambiguous_error_of_a_call_without_a_request_breaks_a_rule() {
        let program = generate_plain(0);
        let env = Environment::build(&program).unwrap();
        let call = async { Err::<(), _>(Error::new(ErrorKind::Ambiguous, "lost")) };
        let step = &program.steps[0];
        drop(env.uncancelled(0, step, call).await);
        let broken = std::mem::take(&mut env.notes().violations);
        assert!(
            broken
                .iter()
                .any(|violation| violation.rule == rules::UNSENT)
        );
    }
}
