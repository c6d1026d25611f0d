//! One call of a user, with its impatience, and what holds for every call whatever it does.

use std::error::Error as _;
use std::future::IntoFuture;
use std::time::Duration;

use anaplan_core::{Error, ErrorKind};
use futures_util::future::{Either, select};

use crate::cut::PollLimit;
use crate::ledger::Told;
use crate::program::{Cut, Step};
use crate::stage::{CONCURRENCY, MAX_THROTTLES, Stage};
use crate::wire::look;

/// No call may take longer than this by the fake's clock.
const PATIENCE: Duration = Duration::from_secs(26 * 3600);
/// How often one request may be sent: six failures, so many refusals for want of patience, one renewal.
const SENDS: u32 = 6 + MAX_THROTTLES + 1 + 1;
/// How often a request that must not run twice is sent anew, and then the rest of an insertion.
const RESENDS: u32 = 4 + 1;

/// Operations that are about no object.
const WITHOUT_MODEL: [&str; 2] = ["bulk.get_models", "bulk.get_workspaces"];

/// What became of a call.
pub(crate) enum Came<T> {
    To(T),
    Failed(Error),
    Dropped,
}

impl<T> Came<T> {
    /// What it says of work that must not be done twice.
    pub(crate) fn told(&self) -> Told {
        match self {
            Self::To(_) => Told::Done,
            Self::Failed(error) if error.is_ambiguous() => Told::Maybe,
            Self::Failed(_) => Told::Not,
            Self::Dropped => Told::Maybe,
        }
    }

    /// The same where the call consists of several: a failure says nothing of what came before.
    pub(crate) fn told_of_many(&self) -> Told {
        match self {
            Self::To(_) => Told::Done,
            _ => Told::Maybe,
        }
    }
}

impl Stage {
    /// Makes a call, and drops it in the middle if the step says so.
    pub(crate) async fn attempt<T, E, F>(&self, number: usize, step: &Step, call: F) -> Came<T>
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
        let polls = match step.cut {
            Some(Cut::Polls(polls)) => Some(polls),
            _ => None,
        };
        let limit = match step.cut {
            Some(Cut::Millis(millis)) => Duration::from_millis(millis),
            _ => PATIENCE,
        };
        let work = PollLimit::new(call.into_future(), polls, id, self.program.seed);
        let alarm = Box::pin(self.sleep(limit));
        let came = match select(work, alarm).await {
            Either::Left((Some(Ok(output)), _)) => Came::To(output),
            Either::Left((Some(Err(error)), _)) => Came::Failed(error.into()),
            Either::Left((None, _)) => Came::Dropped,
            Either::Right(((), work)) => {
                if !matches!(step.cut, Some(Cut::Millis(_))) {
                    self.blame(
                        "no call hangs",
                        number,
                        format!("{:?} goes on and on", step.deed),
                    );
                }
                drop(work);
                Came::Dropped
            }
        };
        let outcome = match &came {
            Came::To(_) => "ok".to_owned(),
            Came::Dropped => "dropped".to_owned(),
            Came::Failed(error) => format!("{:?}", error.kind()),
        };
        *self.notes().coverage.outcomes.entry(outcome).or_default() += 1;
        if let Came::Failed(error) = &came {
            self.check_error(number, error);
        }
        self.check_traffic(number, id);
        came
    }

    /// The same for a call that nobody drops: a part of what a deed does.
    pub(crate) async fn patiently<T, E, F>(&self, number: usize, step: &Step, call: F) -> Came<T>
    where
        F: IntoFuture<Output = Result<T, E>>,
        E: Into<Error>,
    {
        let step = Step {
            cut: None,
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
        let secrets = look(&self.traffic).secrets.clone();
        if secrets
            .iter()
            .chain(&self.passwords)
            .any(|secret| text.contains(secret.as_str()))
        {
            self.blame(
                "no secret in an error",
                number,
                "an error shows a credential",
            );
        }
        if error.operation().is_none() {
            self.blame("an error names its operation", number, text.clone());
        }
        let operation = error.operation().unwrap_or_default();
        let of_a_model = !operation.starts_with("auth.") && !WITHOUT_MODEL.contains(&operation);
        if of_a_model && error.ids().next().is_none() {
            self.blame("an error says what it was about", number, text.clone());
        }
        let impossible = match error.kind() {
            ErrorKind::InvalidInput
            | ErrorKind::MissingScope
            | ErrorKind::Config
            | ErrorKind::Usage
            | ErrorKind::TooLarge
            | ErrorKind::Io => true,
            // An upload that was given up has left a hole in the file.
            ErrorKind::Decode if text.contains("the server lists chunk") => self.program.is_calm(),
            ErrorKind::Decode => !self.program.has_garbage(),
            ErrorKind::Ambiguous
            | ErrorKind::Timeout
            | ErrorKind::Interrupted
            | ErrorKind::Connect
            | ErrorKind::RateLimited
            | ErrorKind::Server
            | ErrorKind::Authentication
            | ErrorKind::Unauthorized
            | ErrorKind::Forbidden => self.program.is_calm(),
            _ => false,
        };
        if impossible {
            self.blame("an error is of a kind that can be", number, text.clone());
        }
        if error.is_ambiguous() && error.is_retryable() {
            self.blame("what is ambiguous is not for repeating", number, text);
        }
    }

    fn check_traffic(&self, number: usize, id: usize) {
        let traffic = look(&self.traffic);
        if traffic.most_sign_ins.iter().any(|most| *most > 1) {
            let text = "two renewals of a token at once";
            drop(traffic);
            return self.blame("one renewal at a time", number, text);
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
        let wild = traffic.ran_wild();
        drop(traffic);
        if let Some(text) = most {
            self.blame("retries are bounded", number, text);
        }
        if wild {
            self.blame("retries are bounded", number, "far too many requests");
        }
        if flight > CONCURRENCY {
            self.blame(
                "transfers are bounded",
                number,
                format!("{flight} requests at once"),
            );
        }
        if bytes > CONCURRENCY * CHUNK {
            self.blame(
                "transfers are bounded",
                number,
                format!("{bytes} bytes at once"),
            );
        }
    }
}

/// The size of the chunks of an upload; other bodies are smaller.
pub(crate) const CHUNK: usize = 1_000_000;
