//! Taking a target offline, and the guard that brings it back.

use std::time::Duration;

use anaplan_alm::{OnlineStatus, RevisionPair};
use anaplan_core::{Error, ErrorKind, Result};

use crate::journal::JournalEvent;
use crate::models::{ActiveState, get_model, is_offline};
use crate::release::{RestoreOnline, TakeOffline};
use crate::run::event::DisplayEvent;
use crate::run::target::TargetRun;
use crate::run::target::exit::{Cause, Exit};
use crate::run::target::position::running;

/// Time for which the guard tries to bring a model online.
const GUARD_PATIENCE: Duration = Duration::from_secs(600);
/// Delay between two attempts of the guard.
const GUARD_INTERVAL: Duration = Duration::from_secs(10);
/// Longest duration of one attempt of the guard.
const GUARD_ATTEMPT: Duration = Duration::from_secs(120);

/// Decision about a target that is offline.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Restoration {
    /// Bring it online, after the end of a sync that runs.
    Online,
    /// Bring it online if no sync runs.
    OnlineIfIdle,
    /// Bring it online if its latest revision is the base of this sync and no sync runs.
    OnlineIfUnchanged(RevisionPair),
    /// Leave it offline, for this reason.
    Keep(String),
    /// Leave it offline. The sync continues.
    Continue,
}

/// A target that the guard left offline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeftOffline {
    pub(super) reason: String,
    /// `true` if the target should be online.
    pub(super) is_failure: bool,
}

impl TargetRun {
    /// Returns `true` if the target has to be taken offline before the next sync.
    pub(super) fn needs_offline(&self) -> bool {
        self.context.plan.release.take_offline == TakeOffline::DuringSync
            && !self.planned.model.is_offline()
            && !self.lock().is_secured
    }

    /// Takes the target offline, unless an earlier process has done it.
    pub(super) async fn take_offline(&self) -> Result<(), Exit> {
        self.set_step("take-offline");
        let failed = |error: &Error, run: &Self| {
            Exit::error("take-offline", error, run.cause_of_interruption())
        };
        let is_ours = self.lock().is_offline;
        let is_offline = is_ours && {
            let read = self.context.patiently(|| self.is_offline_now()).await;
            read.map_err(|error| failed(&error, self))?
        };
        if !is_offline {
            self.record(JournalEvent::TakingOffline)?;
            // Before the request: its outcome may be unknown.
            self.lock().is_offline = true;
            let change = || self.alm.change_model_status(OnlineStatus::Offline);
            while let Err(error) = change().await {
                let reached = error.is_ambiguous()
                    && self.is_offline_now().await.is_ok_and(|offline| offline);
                if reached {
                    break;
                }
                if !self.outlasts(&error).await {
                    return Err(failed(&error, self));
                }
            }
            self.lock().failing_since = None;
        }
        self.lock().is_secured = true;
        self.note(JournalEvent::TookOffline);
        Ok(())
    }

    /// Brings the target online if this run took it offline and the exit allows it. `None`: the run has not
    /// left it offline.
    ///
    /// An unwritable journal does not stop the guard.
    pub(super) async fn guard(&self, exit: &Exit) -> Option<LeftOffline> {
        if !self.lock().is_offline {
            return None;
        }
        self.set_step("restore");
        let restoration = self.restoration(exit);
        let started = self.context.monotonic();
        let mut is_announced = false;
        loop {
            let error = match self.restore(&restoration, &mut is_announced).await {
                Ok(None) => {
                    self.lock().is_offline = false;
                    self.note(JournalEvent::BroughtOnline);
                    return None;
                }
                Ok(Some(Restoration::Keep(reason))) => {
                    let event = JournalEvent::LeftOffline {
                        reason: reason.clone(),
                    };
                    self.note(event);
                    return Some(LeftOffline {
                        reason,
                        is_failure: !matches!(restoration, Restoration::Keep(_)),
                    });
                }
                Ok(Some(_)) => {
                    return Some(LeftOffline {
                        reason: "a sync is in progress".to_owned(),
                        is_failure: false,
                    });
                }
                Err(error) => error,
            };
            tracing::warn!(target: "anaplan::promote", model = %self.model(), error = %error, "model is still offline");
            let spent = self.context.monotonic().saturating_sub(started);
            if spent >= GUARD_PATIENCE {
                let reason = format!(
                    "the model could not be brought online within {} minutes: {error}",
                    GUARD_PATIENCE.as_secs() / 60
                );
                let event = JournalEvent::LeftOffline {
                    reason: reason.clone(),
                };
                self.note(event);
                return Some(LeftOffline {
                    reason,
                    is_failure: true,
                });
            }
            let reason = format!("the model is still offline: {error}");
            let waiting = DisplayEvent::Waiting {
                reason,
                until: None,
            };
            self.context.display(Some(self.model()), waiting);
            self.context.session().clock().sleep(GUARD_INTERVAL).await;
        }
    }

    fn restoration(&self, exit: &Exit) -> Restoration {
        let policy = self.context.plan.release.restore_online;
        let (foreign, last_sync, failed) = {
            let progress = self.lock();
            let (foreign, last_sync) = (progress.foreign.clone(), progress.last_sync.clone());
            (foreign, last_sync, progress.failed_sync.clone())
        };
        let after_failure = |pair: Option<RevisionPair>| match (policy, pair) {
            (RestoreOnline::Never, _) => keep_by_release(),
            (RestoreOnline::Always, _) => Restoration::OnlineIfIdle,
            (_, Some(pair)) => Restoration::OnlineIfUnchanged(pair),
            (_, None) => Restoration::Online,
        };
        match exit {
            Exit::Done(_) => Restoration::Online,
            Exit::InProgress(_) => Restoration::Continue,
            // Another run may have left it offline on purpose.
            _ if foreign.is_some() => {
                Restoration::Keep("a sync that this run did not start has not succeeded".to_owned())
            }
            Exit::Stopped(_) | Exit::Unknown(_) if failed.is_some() => after_failure(failed),
            Exit::Stopped(_) | Exit::Unknown(_) => self.online_without_sync(),
            Exit::Failed(failure) => match failure.cause {
                Cause::Before | Cause::Conflict | Cause::Rejected if failed.is_some() => {
                    after_failure(failed)
                }
                Cause::Before | Cause::Conflict => self.online_without_sync(),
                Cause::Rejected if policy == RestoreOnline::Never => keep_by_release(),
                Cause::Rejected => self.online_without_sync(),
                Cause::Sync => after_failure(last_sync),
                Cause::Foreign if policy == RestoreOnline::Always => Restoration::OnlineIfIdle,
                Cause::Foreign => Restoration::Keep(
                    "a sync that this run may not have started has not succeeded".to_owned(),
                ),
                Cause::Verify | Cause::Check if policy == RestoreOnline::Always => {
                    Restoration::Online
                }
                Cause::Verify | Cause::Check => Restoration::Keep(failure.message.clone()),
                Cause::Restore => Restoration::Online,
            },
        }
    }

    /// After a kill, another program may have continued with the model.
    fn online_without_sync(&self) -> Restoration {
        match self.is_recovery() {
            true => Restoration::OnlineIfIdle,
            false => Restoration::Online,
        }
    }

    /// Makes one attempt. `None`: the target is online.
    async fn restore(
        &self,
        restoration: &Restoration,
        is_announced: &mut bool,
    ) -> Result<Option<Restoration>> {
        if let Restoration::Keep(_) | Restoration::Continue = restoration {
            return Ok(Some(restoration.clone()));
        }
        match self.access().await? {
            Access::Online => return Ok(None),
            Access::Refused(reason) => return Ok(Some(Restoration::Keep(reason))),
            Access::Offline | Access::Unknown => {}
        }
        if let Some(task) = running(&self.alm.get_sync_tasks().await?) {
            let text = format!("sync {task} is in progress");
            return match restoration {
                Restoration::Online => Err(Error::new(ErrorKind::Conflict, text)),
                _ => Ok(Some(Restoration::Keep(text))),
            };
        }
        if let Restoration::OnlineIfUnchanged(pair) = restoration {
            let latest = self.latest().await?;
            let latest = latest.as_ref();
            if latest.is_none_or(|latest| latest.id != pair.target_revision) {
                let now = latest.map_or("none".to_owned(), ToString::to_string);
                let text = format!(
                    "the latest revision is {now}, the failed sync started from {}",
                    pair.target_revision
                );
                return Ok(Some(Restoration::Keep(text)));
            }
        }
        if !*is_announced {
            *is_announced = true;
            self.note(JournalEvent::BringingOnline);
        }
        let change = self.alm.change_model_status(OnlineStatus::Online);
        change.timeout(GUARD_ATTEMPT).await?;
        match self.access().await? {
            Access::Online | Access::Unknown => Ok(None),
            Access::Refused(reason) => Ok(Some(Restoration::Keep(reason))),
            Access::Offline => {
                let text = "the server accepted the change, and the model is still offline";
                Err(Error::new(ErrorKind::ModelState, text))
            }
        }
    }

    async fn access(&self) -> Result<Access> {
        let model = get_model(self.context.session(), self.model()).await?;
        Ok(Access::of(model.active_state.as_ref()))
    }
}

/// Access of users to a model, by its state.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Access {
    Online,
    Offline,
    /// The state has no meaning to this release, or is missing. It does not prove that the model is online.
    Unknown,
    /// The model cannot be brought online, for this reason.
    Refused(String),
}

impl Access {
    fn of(state: Option<&ActiveState>) -> Self {
        match state {
            Some(ActiveState::Unlocked | ActiveState::Production) => Self::Online,
            Some(state @ (ActiveState::Locked | ActiveState::Archived)) => {
                Self::Refused(format!("its state is {state}"))
            }
            state if is_offline(state) => Self::Offline,
            _ => Self::Unknown,
        }
    }
}

fn keep_by_release() -> Restoration {
    Restoration::Keep("the release has restore-online = \"never\"".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_of_a_state_without_meaning_is_not_online() {
        let new = ActiveState::from("REBUILDING");
        assert_eq!(Access::of(Some(&new)), Access::Unknown);
        assert_eq!(Access::of(None), Access::Unknown);
        assert_eq!(Access::of(Some(&ActiveState::Production)), Access::Online);
        let offline = ActiveState::ProductionMaintenance;
        assert_eq!(Access::of(Some(&offline)), Access::Offline);
        for state in [ActiveState::Locked, ActiveState::Archived] {
            assert!(matches!(Access::of(Some(&state)), Access::Refused(_)));
        }
    }
}
