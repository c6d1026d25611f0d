//! JSON in one form only: sorted keys, no fractions.

use std::io::{self, Write};

use anaplan_core::{Error, ErrorKind, Result};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Returns a value with sorted keys, whichever features of `serde_json` are enabled.
///
/// # Errors
///
/// `InvalidInput` for a number with a fraction, whose text may differ between versions.
pub(crate) fn canonical(value: &impl Serialize) -> Result<Value> {
    let value = serde_json::to_value(value).map_err(unserializable)?;
    sorted(value)
}

fn sorted(value: Value) -> Result<Value> {
    Ok(match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().collect();
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            let entries = entries
                .into_iter()
                .map(|(key, value)| Ok((key, sorted(value)?)));
            Value::Object(entries.collect::<Result<Map<_, _>>>()?)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect::<Result<_>>()?),
        Value::Number(number) if number.is_f64() => {
            return Err(Error::invalid_input(
                "settings",
                format_args!("must not have numbers with fractions, such as {number}"),
            ));
        }
        other => other,
    })
}

fn unserializable(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::InvalidInput, "cannot write the value as JSON").caused_by(error)
}

/// Returns the hash of a value in canonical form: `sha256:` and 64 hexadecimal digits.
pub(crate) fn sha256_id(canonical: &Value) -> Result<String> {
    let mut hash = HashWriter(Sha256::new());
    serde_json::to_writer(&mut hash, canonical).map_err(unserializable)?;
    Ok(format!("sha256:{}", hex(&hash.0.finalize())))
}

/// Returns the hash of bytes as 64 hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Returns the file of a value: indented, with a line end.
pub(crate) fn file(canonical: &Value) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(canonical).map_err(unserializable)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

struct HashWriter(Sha256);

impl Write for HashWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth_and_the_hash_depends_on_content_only() {
        let one: Value = serde_json::from_str(r#"{"b":[{"z":1,"a":"é"}],"a":null}"#).unwrap();
        let two: Value =
            serde_json::from_str(r#"{ "a": null, "b": [{"a":"\u00e9","z":1}] }"#).unwrap();
        let (one, two) = (canonical(&one).unwrap(), canonical(&two).unwrap());
        assert_eq!(one.to_string(), r#"{"a":null,"b":[{"a":"é","z":1}]}"#);
        assert_eq!(sha256_id(&one).unwrap(), sha256_id(&two).unwrap());
        let empty = sha256(b"");
        assert_eq!(
            empty,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn fractions_are_rejected() {
        let error = canonical(&json!({"a": [0.5]})).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("0.5"));
        assert!(canonical(&json!({"a": -1})).is_ok());
    }
}
