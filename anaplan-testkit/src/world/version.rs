//! Versions of the data.

/// A version of the data, such as actual figures or a forecast.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Version {
    /// 107 and nine digits.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The code.
    pub code: Option<String>,
    /// `true` if it is the one that is worked in.
    pub current: bool,
    /// `true` if it holds what has really happened.
    pub actual: bool,
    /// The formula.
    pub formula: Option<String>,
    /// Remarks.
    pub notes: String,
}

impl Version {
    /// A version of this id and name.
    #[must_use]
    pub fn new(id: u64, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            code: None,
            current: false,
            actual: false,
            formula: None,
            notes: String::new(),
        }
    }
}
