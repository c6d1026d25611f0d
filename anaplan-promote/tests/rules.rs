//! Rules as data, and rules in code.

#![allow(clippy::unwrap_used)]

mod planning;

use std::sync::Arc;

use anaplan_core::{Error, ErrorKind, Result, async_trait};
use anaplan_promote::{CustomRule, Decision, Policy, PolicyInput, Violation};
use planning::{PRODUCTIONS, Stage};
use serde_json::Value;

/// Rejects one model by name, and fails for another one.
#[derive(Debug)]
struct OnlyMondays;

#[async_trait]
impl CustomRule for OnlyMondays {
    fn name(&self) -> &str {
        "only-mondays"
    }

    async fn check(&self, input: &PolicyInput<'_>, settings: &Value) -> Result<Vec<Violation>> {
        let name = &input.target.model.name;
        assert!(input.steps().all(|(_, comparison)| comparison.is_some()));
        if settings["fails"] == name.as_str() {
            return Err(Error::new(ErrorKind::Io, "no calendar"));
        }
        let refused = settings["refuses"] == name.as_str();
        Ok(refused
            .then(|| Violation::new("day: Tuesday", "is no Monday"))
            .into_iter()
            .collect())
    }
}

#[test]
fn misspelt_keys_kinds_and_zones_are_errors() {
    for bad in [
        "id = 'x'\nrule = 'no-deletions'\nkind = ['lists']",
        "id = 'x'\nrule = 'no-deletions'\nkinds = ['list']",
        "id = 'x'\nrule = 'no-deletion'",
        "id = 'x'\nrule = 'deployed'\nmode = 'x'",
        "id = 'x'\nrule = 'offline'\nseverty = 'deny'",
        "id = 'x'\nrule = 'no-data-loss'\ncertainty = 'maybe'",
        "id = 'x'\nrule = 'untouched'",
        "id = 'x'\nrule = 'applied-to'\nmodels = []",
        "id = 'x'\nrule = 'window'\nzone = 'Mars'",
        "id = 'x'\nrule = 'window'\ndays = ['payday']",
        "id = 'x'\nrule = 'plan-age'\nat-most = '0s'",
        "id = 'unrecognized'\nrule = 'offline'",
        "rule = 'offline'",
        "id = 'x'",
    ] {
        let error = Policy::from_toml(&format!("[[rule]]\n{bad}\n")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{bad}");
    }
    let twice = "[[rule]]\nid = 'x'\nrule = 'offline'\n[[rule]]\nid = 'x'\nrule = 'deployed'\n";
    assert!(Policy::from_toml(twice).is_err());
}

#[test]
fn every_rule_survives_the_plan_file() {
    let text = "unrecognized = 'deny'\n\
        [[rule]]\nid = '1'\nrule = 'window'\ndays = ['mon', 'friday']\nfrom = 20:00:00\nuntil = '23:30'\nzone = 'Europe/Berlin'\nexcept = [2026-12-24, '2026-12-31']\n\
        [[rule]]\nid = '2'\nrule = 'plan-age'\nat-most = '24h'\nseverity = 'warn'\n\
        [[rule]]\nid = '3'\nrule = 'custom'\nname = 'mine'\nsettings = { a = [1, 'x'] }\ntargets = ['*']\n\
        [[rule]]\nid = '4'\nrule = 'other-approver'\n\
        [[rule]]\nid = '5'\nrule = 'applied-to'\nmodels = ['T']\nfor-at-least = '2h 30m'\n";
    let policy = Policy::from_toml(text).unwrap();
    let json = serde_json::to_string(&policy).unwrap();
    assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy);
    assert_eq!(policy.rules.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn custom_rule_is_evaluated_for_each_target_and_its_errors_are_violations() {
    let stage = Stage::new();
    let policy = format!(
        "[[rule]]\nid = 'mondays'\nrule = 'custom'\nname = 'only-mondays'\nsettings = {{ refuses = '{}', fails = '{}' }}\n",
        PRODUCTIONS[0], PRODUCTIONS[1]
    );
    let release = stage.release_with(&policy);
    let error = stage.promoter.plan(&release).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("'only-mondays' is not registered"),
        "{error}"
    );
    let promoter = stage.promoter.clone().with_rule(Arc::new(OnlyMondays));
    let plan = promoter.plan(&release).await.unwrap();
    assert_eq!(plan.policy.decision, Decision::NeedsApproval);
    let of = |index: usize| plan.targets().nth(index).unwrap().policy.findings.clone();
    assert_eq!(of(1)[0].subject, "day: Tuesday");
    assert!(of(2)[0].inconclusive && of(2)[0].message.contains("no calendar"));
    assert!(of(3).is_empty());
}
