//! Models that are read, written and read again.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads `json`, writes it, and reads it again. Returns a description of the difference.
///
/// # Panics
///
/// If the JSON cannot be read, or the model cannot be written.
#[must_use]
pub fn difference<T>(json: &str) -> Option<String>
where
    T: Serialize + DeserializeOwned + Clone + Debug + PartialEq,
{
    let read: T =
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{json} cannot be read: {error}"));
    let written = serde_json::to_string(&read)
        .unwrap_or_else(|error| panic!("{read:?} cannot be written: {error}"));
    match serde_json::from_str::<T>(&written) {
        Ok(again) if again == read => None,
        Ok(again) => Some(format!("{read:?} became {again:?}")),
        Err(error) => Some(format!("{written}: {error}")),
    }
}
