//! One changed object, and the effect of the change on the target.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ObjectKind;

/// Change of one object, or of several that the report counts without naming them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ObjectChange {
    /// Kind of the object.
    pub kind: ObjectKind,
    /// Kind of the change.
    pub change: ChangeKind,
    /// Name. `None` if the report has a number only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Number of objects. 1 for a named object.
    pub count: u64,
    /// Name of the parent object: the module of a line item, the list of an item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Id, if the report has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Properties of an added or deleted object, and changed properties.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<PropertyChange>,
    /// Effects on the target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub impacts: Vec<Impact>,
    /// Title of the section of the report.
    pub section: String,
}

/// Kind of the change of an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
#[non_exhaustive]
pub enum ChangeKind {
    /// In the source only.
    Added,
    /// In both, and different.
    Changed,
    /// In both under different names. Used only if the report states both names.
    Renamed {
        /// Name in the target.
        from: String,
    },
    /// In the target only.
    Deleted,
    /// Deleted and added under the same name: another object, whose data is empty.
    Recreated,
    /// In another position.
    Within,
    /// Change of a section with an unknown title.
    Unknown {
        /// Title of the section.
        title: String,
    },
}

/// Property of a changed object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PropertyChange {
    /// Name of the property.
    pub name: String,
    /// Value in the target, if the report states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Value in the source, if the report states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// Effect of a change on the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Impact {
    /// Kind of the effect.
    pub kind: ImpactKind,
    /// Certainty.
    pub certainty: Certainty,
    /// Explanation.
    pub reason: String,
}

/// Kind of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ImpactKind {
    /// Data of the target is deleted, cleared or overwritten.
    DataLoss,
    /// Calls of integrations fail or do something else.
    IntegrationBreak,
    /// Access of users changes.
    AccessChange,
    /// The report does not state the changed properties.
    Unknown,
}

/// Certainty of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// Depends on the data of the target.
    Possible,
    /// Occurs in every case.
    Certain,
}

impl ObjectChange {
    /// Returns the identification of the object in findings and waivers, such as
    /// `lineItems: SAL01 Sales / Old margin` or `listItems: Products (3 deleted)`.
    #[must_use]
    pub fn subject(&self) -> String {
        let parent = self.parent.as_deref();
        let text = match (parent, self.name.as_deref()) {
            (Some(parent), Some(name)) => format!("{parent} / {name}"),
            (None, Some(name)) => name.to_owned(),
            (Some(parent), None) => format!("{parent} ({} {})", self.count, self.change),
            (None, None) => format!("({} {})", self.count, self.change),
        };
        format!("{}: {text}", self.kind)
    }

    /// Returns `true` if data of the target is lost, or may be.
    #[must_use]
    pub fn loses_data(&self) -> bool {
        self.certainty(ImpactKind::DataLoss).is_some()
    }

    /// Returns the highest certainty of a kind of effect. `None` without such an effect.
    #[must_use]
    pub fn certainty(&self, kind: ImpactKind) -> Option<Certainty> {
        let impacts = self.impacts.iter().filter(|impact| impact.kind == kind);
        impacts.map(|impact| impact.certainty).max()
    }

    /// Returns `true` if the object is deleted in the target, also if it is created again.
    #[must_use]
    pub fn is_deletion(&self) -> bool {
        matches!(self.change, ChangeKind::Deleted | ChangeKind::Recreated)
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added => f.write_str("added"),
            Self::Changed => f.write_str("changed"),
            Self::Renamed { from } => write!(f, "renamed from {from}"),
            Self::Deleted => f.write_str("deleted"),
            Self::Recreated => f.write_str("re-created"),
            Self::Within => f.write_str("moved"),
            Self::Unknown { title } => write!(f, "in section {title}"),
        }
    }
}
