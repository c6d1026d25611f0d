//! Text encodings.

mod decoder;
mod encoder;
mod labels;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) use decoder::Decoder;
pub(crate) use encoder::Encoder;

use crate::{Result, TableError};

/// Text encoding of a file.
///
/// Labels are matched without case, `-`, `_` and spaces: `utf-8`, `UTF8` and `Utf_8` are one encoding.
/// Serializes as its canonical name.
///
/// ```
/// use anaplan_table::Encoding;
///
/// assert_eq!(Encoding::from("utf8"), Encoding::Utf8);
/// assert_eq!(Encoding::from("latin1"), Encoding::Iso8859_1);
/// assert_eq!(Encoding::from("cp1252").as_str(), "windows-1252");
/// assert!(Encoding::from("UTF-7").check().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16 in the byte order of the byte order mark. Fails to read text without a mark. Writes the
    /// low byte first, behind a mark.
    Utf16,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// Latin-1: each byte is the code point of the same number. Not windows-1252.
    Iso8859_1,
    /// A legacy encoding, such as windows-1252 or Shift_JIS.
    Legacy(LegacyEncoding),
    /// A label that this crate does not support, as received. Rejected by [`check`](Self::check).
    Unknown(String),
}

/// A legacy encoding of the Encoding Standard: windows-125x, ISO-8859-x, KOI8, Shift_JIS, GBK and others.
///
/// Created by [`Encoding::from`] a label. US-ASCII, ISO-8859-9 and ISO-8859-11 are strict: bytes that
/// only their Windows counterparts define are rejected both ways.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LegacyEncoding {
    name: &'static str,
    encoding: &'static encoding_rs::Encoding,
    /// First and last byte that the encoding does not define, unlike its Windows counterpart.
    undefined: Option<(u8, u8)>,
}

impl LegacyEncoding {
    /// Returns the canonical name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    fn undefined_at(&self, bytes: &[u8]) -> Option<usize> {
        let (first, last) = self.undefined?;
        bytes.iter().position(|byte| (first..=last).contains(byte))
    }
}

impl fmt::Debug for LegacyEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Encoding {
    /// Returns the canonical name, or the label of an unknown encoding.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16 => "UTF-16",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Iso8859_1 => "ISO-8859-1",
            Self::Legacy(legacy) => legacy.name,
            Self::Unknown(label) => label,
        }
    }

    /// Checks that text in this encoding can be read and written.
    ///
    /// # Errors
    ///
    /// [`Format`](crate::TableErrorKind::Format) for an unknown label.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Unknown(label) => Err(TableError::format(format!(
                "the encoding '{}' is not supported; UTF-8, UTF-16, ISO-8859-x, windows-125x and other encodings of the Encoding Standard are",
                crate::error::Short(label)
            ))),
            _ => Ok(()),
        }
    }
}

impl From<&str> for Encoding {
    fn from(label: &str) -> Self {
        labels::find(label).unwrap_or_else(|| Self::Unknown(label.to_owned()))
    }
}

impl From<String> for Encoding {
    fn from(label: String) -> Self {
        labels::find(&label).unwrap_or(Self::Unknown(label))
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Encoding {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Encoding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}
