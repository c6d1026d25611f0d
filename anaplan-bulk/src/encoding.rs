//! The text encodings of Anaplan's files, both ways.

use anaplan_core::{Error, ErrorKind, Result, open_enum};

open_enum! {
    /// How the text of a file is encoded.
    pub enum Encoding {
        /// UTF-8.
        Utf8 = "UTF-8",
        /// UTF-16, the low byte first.
        Utf16Le = "UTF-16LE",
        /// Latin-1.
        Iso8859_1 = "ISO-8859-1",
    }
}

impl Encoding {
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::Unknown(name) => Err(Error::invalid_input(
                "encoding",
                format_args!("'{name}' is none of UTF-8, UTF-16LE and ISO-8859-1"),
            )),
            _ => Ok(()),
        }
    }

    /// Text in this encoding.
    pub(crate) fn encode(&self, text: String) -> Result<Vec<u8>> {
        self.check()?;
        match self {
            Self::Utf16Le => Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Self::Iso8859_1 => text
                .chars()
                .map(|c| {
                    u8::try_from(u32::from(c)).map_err(|_| {
                        Error::invalid_input("a row", "has a character that ISO-8859-1 lacks")
                    })
                })
                .collect(),
            _ => Ok(text.into_bytes()),
        }
    }
}

/// Turns bytes of any encoding into UTF-8, piece by piece, wherever the pieces were cut.
#[derive(Debug)]
pub(crate) struct Decoder {
    encoding: Encoding,
    /// The beginning of a character that the last piece ended in.
    rest: Vec<u8>,
    started: bool,
}

impl Decoder {
    pub(crate) fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            rest: Vec::new(),
            started: false,
        }
    }

    /// Appends the text of `bytes` to `out`; a byte order mark at the very start is left out.
    pub(crate) fn decode(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
        self.encoding.check()?;
        let joined;
        let bytes = if self.rest.is_empty() {
            bytes
        } else {
            self.rest.extend_from_slice(bytes);
            joined = std::mem::take(&mut self.rest);
            &joined
        };
        let text = match self.encoding {
            Encoding::Utf16Le => self.utf16(bytes)?,
            Encoding::Iso8859_1 => bytes.iter().map(|byte| char::from(*byte)).collect(),
            _ => self.utf8(bytes)?.to_owned(),
        };
        let mut text = text.as_str();
        if !self.started && !text.is_empty() {
            self.started = true;
            text = text.strip_prefix('\u{feff}').unwrap_or(text);
        }
        out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    /// Says that nothing more will come.
    pub(crate) fn finish(&self) -> Result<()> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(self.broken("ends in the middle of a character"))
    }

    fn utf8<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a str> {
        let error = match std::str::from_utf8(bytes) {
            Ok(text) => return Ok(text),
            Err(error) => error,
        };
        let (good, rest) = bytes.split_at(error.valid_up_to());
        if error.error_len().is_some() {
            return Err(self.broken("has bytes that are no character"));
        }
        self.rest = rest.to_vec();
        std::str::from_utf8(good).map_err(|_| self.broken("has bytes that are no character"))
    }

    fn utf16(&mut self, bytes: &[u8]) -> Result<String> {
        let pairs = bytes.chunks_exact(2);
        let mut rest = pairs.remainder().to_vec();
        let mut units: Vec<u16> = pairs
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        // The first half of a pair waits for the second.
        if let Some(last) = units
            .last()
            .copied()
            .filter(|unit| (0xD800..0xDC00).contains(unit))
        {
            units.pop();
            let mut half = last.to_le_bytes().to_vec();
            half.append(&mut rest);
            rest = half;
        }
        self.rest = rest;
        String::from_utf16(&units).map_err(|_| self.broken("has half a character"))
    }

    fn broken(&self, problem: &str) -> Error {
        Error::new(
            ErrorKind::Decode,
            format!("the text {problem} in {}", self.encoding),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(encoding: &Encoding, bytes: &[u8], piece: usize) -> Result<String> {
        let mut decoder = Decoder::new(encoding.clone());
        let mut out = Vec::new();
        for piece in bytes.chunks(piece) {
            decoder.decode(piece, &mut out)?;
        }
        decoder.finish()?;
        Ok(String::from_utf8(out).unwrap())
    }

    proptest! {
        #[test]
        fn text_survives_every_encoding_and_every_cut(text in "\\PC*", piece in 1_usize..9) {
            let text = text.trim_start_matches('\u{feff}');
            for encoding in [Encoding::Utf8, Encoding::Utf16Le] {
                let bytes = encoding.encode(text.to_owned()).unwrap();
                prop_assert_eq!(decode(&encoding, &bytes, piece).unwrap(), text);
            }
        }

        #[test]
        fn latin_text_survives(text in "[\u{0}-\u{ff}]*", piece in 1_usize..9) {
            let bytes = Encoding::Iso8859_1.encode(text.clone()).unwrap();
            prop_assert_eq!(bytes.len(), text.chars().count());
            prop_assert_eq!(decode(&Encoding::Iso8859_1, &bytes, piece).unwrap(), text);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, piece in 1_usize..9) {
            for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Iso8859_1] {
                let _ = decode(&encoding, &bytes, piece);
            }
        }
    }

    #[test]
    fn a_byte_order_mark_is_left_out_and_damage_is_told() {
        assert_eq!(decode(&Encoding::Utf8, b"\xef\xbb\xbfab", 1).unwrap(), "ab");
        assert_eq!(decode(&Encoding::Utf16Le, b"\xff\xfea\0", 1).unwrap(), "a");
        for (encoding, bytes) in [
            (Encoding::Utf8, &b"a\xff"[..]),
            (Encoding::Utf8, b"a\xc3"),
            (Encoding::Utf16Le, b"a\0b"),
            (Encoding::Utf16Le, b"\x00\xdc"),
            (Encoding::Utf16Le, b"\x00\xd8"),
        ] {
            let error = decode(&encoding, bytes, 2).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode, "{encoding} {bytes:?}");
        }
        assert!(Encoding::Iso8859_1.encode("\u{20ac}".into()).is_err());
        assert!(Encoding::from("KOI8-R").encode("a".into()).is_err());
    }
}
