//! Reading what a server leaves open.

use serde::{Deserialize, Deserializer};

/// Reads `null` like an absent field: for `#[serde(default, deserialize_with = "or_default")]`.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Module {
///     #[serde(default, deserialize_with = "anaplan_core::or_default")]
///     views: Vec<String>,
/// }
///
/// let module: Module = serde_json::from_str(r#"{"views":null}"#)?;
/// assert!(module.views.is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// Those of the value, if there is one.
pub fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
