//! Effects of a change on data, integrations and access of the target.

use crate::diff::{
    Certainty, ChangeKind, Impact, ImpactKind, ObjectChange, ObjectKind, PropertyChange,
};

/// Properties whose change can clear or move data.
const DIMENSIONS: [&str; 7] = [
    "Applies To",
    "Time Scale",
    "Time Range",
    "Versions",
    "Data Type",
    "Format",
    "Dimensions",
];

/// Properties that control access.
const ACCESS: [&str; 3] = [
    "Read Access Driver",
    "Read/Write Access Driver",
    "Has Selective Access",
];

/// Returns the effects of a change.
pub(super) fn impacts(change: &ObjectChange) -> Vec<Impact> {
    let mut all = Vec::new();
    let mut add = |kind, certainty, reason: &str| {
        all.push(Impact {
            kind,
            certainty,
            reason: reason.to_owned(),
        });
    };
    let kind = &change.kind;
    if matches!(kind, ObjectKind::Role | ObjectKind::RoleContents) {
        let reason = "permissions of users change";
        add(ImpactKind::AccessChange, Certainty::Certain, reason);
    }
    match &change.change {
        ChangeKind::Deleted if holds_data(kind) => {
            let reason = "its data is deleted";
            add(ImpactKind::DataLoss, Certainty::Certain, reason);
        }
        ChangeKind::Recreated if holds_data(kind) => {
            let reason = "it is deleted and created again without data";
            add(ImpactKind::DataLoss, Certainty::Certain, reason);
        }
        ChangeKind::Deleted | ChangeKind::Recreated if scopes_data(kind) => {
            let reason = "data of line items that use it is deleted";
            add(ImpactKind::DataLoss, Certainty::Possible, reason);
        }
        ChangeKind::Unknown { .. } => {
            let reason = "the kind of the change is unknown";
            add(ImpactKind::Unknown, Certainty::Possible, reason);
        }
        ChangeKind::Changed | ChangeKind::Within if !is_stated(change) => {
            let reason = "the report does not state the changed properties";
            add(ImpactKind::Unknown, Certainty::Possible, reason);
        }
        _ => {}
    }
    let gone = change.is_deletion() || matches!(change.change, ChangeKind::Renamed { .. });
    if gone && serves_integrations(kind) {
        let reason = "integrations that use it fail";
        add(ImpactKind::IntegrationBreak, Certainty::Certain, reason);
    }
    if matches!(
        change.change,
        ChangeKind::Changed | ChangeKind::Renamed { .. }
    ) {
        all.extend(
            change
                .properties
                .iter()
                .filter_map(|property| property_impact(kind, property)),
        );
    }
    all
}

fn holds_data(kind: &ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::List
            | ObjectKind::ListItem
            | ObjectKind::ListProperty
            | ObjectKind::ListSubset
            | ObjectKind::Module
            | ObjectKind::LineItem
            | ObjectKind::Version
    )
}

fn scopes_data(kind: &ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::LineItemSubset | ObjectKind::TimeRange | ObjectKind::ModelCalendar
    )
}

fn serves_integrations(kind: &ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::Import
            | ObjectKind::Export
            | ObjectKind::Action
            | ObjectKind::Process
            | ObjectKind::ImportDataSource
            | ObjectKind::SavedView
    )
}

/// Returns `false` if a change may affect data although no property says so.
fn is_stated(change: &ObjectChange) -> bool {
    match change.kind {
        ObjectKind::Role | ObjectKind::RoleContents | ObjectKind::Dashboard => true,
        // The report counts items that were added, moved or changed. None of that deletes data.
        ObjectKind::ListItem if change.name.is_none() => true,
        ObjectKind::ListProperty if change.change == ChangeKind::Within => true,
        _ => !change.properties.is_empty(),
    }
}

fn property_impact(kind: &ObjectKind, property: &PropertyChange) -> Option<Impact> {
    let impact = |kind, certainty, reason: String| {
        Some(Impact {
            kind,
            certainty,
            reason,
        })
    };
    let name = property.name.as_str();
    let loss = |certainty, reason: String| impact(ImpactKind::DataLoss, certainty, reason);
    let named = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    if named(&ACCESS) {
        let reason = format!("'{name}' changes");
        return impact(ImpactKind::AccessChange, Certainty::Certain, reason);
    }
    match kind {
        ObjectKind::ModelCalendar => loss(Certainty::Possible, format!("'{name}' changes")),
        ObjectKind::List if named(&["Is Production Data", "Production Data"]) => {
            let is = |value: &Option<String>, expected: &str| {
                value
                    .as_deref()
                    .is_some_and(|value| value.eq_ignore_ascii_case(expected))
            };
            if is(&property.to, "true") {
                return None;
            }
            let reason = "the list becomes structural: items of the target are removed";
            let certain = is(&property.from, "true") && is(&property.to, "false");
            let certainty = match certain {
                true => Certainty::Certain,
                false => Certainty::Possible,
            };
            loss(certainty, reason.into())
        }
        ObjectKind::Module
        | ObjectKind::LineItem
        | ObjectKind::ListProperty
        | ObjectKind::TimeRange
            if named(&DIMENSIONS) || *kind == ObjectKind::TimeRange =>
        {
            let reason = format!("'{name}' changes: cells without counterpart are cleared");
            loss(Certainty::Possible, reason)
        }
        ObjectKind::LineItem if named(&["Formula"]) => {
            let added = property.from.is_none() && property.to.is_some();
            let reason = "a formula is added: entered values are overwritten";
            added.then(|| Impact {
                kind: ImpactKind::DataLoss,
                certainty: Certainty::Possible,
                reason: reason.into(),
            })
        }
        _ => None,
    }
}
