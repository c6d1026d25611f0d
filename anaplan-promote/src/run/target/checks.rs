//! Checks of a target, and their results in the journal.

use std::collections::BTreeMap;

use crate::journal::{JournalEvent, TargetHistory};
use crate::run::check::CheckResult;
use crate::run::target::TargetRun;
use crate::run::target::exit::{Cause, Exit};

impl TargetRun {
    pub(super) async fn prepare_checks(&self, history: &TargetHistory) -> Result<(), Exit> {
        self.set_step("check");
        for check in &self.context.checks {
            if history.prepared.contains_key(check.name()) {
                continue;
            }
            let value = check.before(&self.planned).await;
            let value = value.map_err(|error| Exit::error("check", &error, Cause::Before))?;
            self.record(JournalEvent::CheckPrepared {
                check: check.name().to_owned(),
                value,
            })?;
        }
        Ok(())
    }

    /// Executes the checks. A check of an earlier process that this program does not have is inconclusive,
    /// unless it has passed.
    pub(super) async fn compare_checks(&self) -> Result<(), Exit> {
        self.set_step("check");
        let written = self.written();
        for check in &self.context.checks {
            let before = written.prepared.get(check.name());
            let before = before.cloned().unwrap_or_default();
            let result = match check.after(&self.planned, before).await {
                Ok(result) => result,
                Err(error) => CheckResult::Inconclusive(error.to_string()),
            };
            self.note_check(check.name(), &result);
            self.judge_check(check.name(), &result)?;
        }
        let is_registered =
            |name: &str| self.context.checks.iter().any(|check| check.name() == name);
        for name in written.prepared.keys() {
            let has_passed = written.checked.get(name) == Some(&CheckResult::Passed);
            if has_passed || is_registered(name) {
                continue;
            }
            let text = "the check is not registered in this program".to_owned();
            let result = CheckResult::Inconclusive(text);
            self.note_check(name, &result);
            self.judge_check(name, &result)?;
        }
        Ok(())
    }

    /// Judges a target by the results in the journal, without executing a check.
    pub(super) fn recall_checks(&self) -> Result<(), Exit> {
        self.set_step("check");
        let written = self.written();
        for (name, result) in &written.checked {
            self.judge_check(name, result)?;
        }
        let results: &BTreeMap<String, CheckResult> = &written.checked;
        if written
            .prepared
            .keys()
            .all(|name| results.contains_key(name))
        {
            return Ok(());
        }
        let reason = "the target is recovered, and its checks have not run".to_owned();
        Err(Exit::Stopped(reason))
    }

    fn note_check(&self, name: &str, result: &CheckResult) {
        self.note(JournalEvent::CheckFinished {
            check: name.to_owned(),
            result: result.clone(),
        });
    }

    fn judge_check(&self, name: &str, result: &CheckResult) -> Result<(), Exit> {
        let (kind, reason) = match result {
            CheckResult::Passed => return Ok(()),
            CheckResult::Failed(reason) => ("CheckFailed", reason),
            CheckResult::Inconclusive(reason) => {
                let text = format!("the check '{name}' of {} is inconclusive", self.name());
                self.context.pause(&text);
                ("CheckInconclusive", reason)
            }
        };
        let text = format!("{name}: {reason}");
        Err(Exit::failed("check", kind, text, Cause::Check))
    }

    /// Returns the state of the target as the journal records it now.
    fn written(&self) -> TargetHistory {
        let history = self.context.journal.history();
        history.map_or_else(
            |_| TargetHistory::default(),
            |history| history.target(self.model()),
        )
    }
}
