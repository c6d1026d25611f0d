//! Text to bytes of any encoding, one row at a time.

use encoding_rs::{DecoderResult, EncoderResult};

use super::decoder::{Start, inspect};
use super::{Encoding, LegacyEncoding};
use crate::Result;

/// A character that the encoding lacks.
#[derive(Debug)]
pub(crate) struct Unencodable;

/// Encoder of whole rows.
#[derive(Debug, Clone)]
pub(crate) struct Encoder {
    encoding: Encoding,
}

impl Encoder {
    pub(crate) fn new(encoding: Encoding) -> Result<Self> {
        encoding.check()?;
        Ok(Self { encoding })
    }

    /// Appends the byte order mark.
    pub(crate) fn mark(&self, out: &mut Vec<u8>) {
        match self.encoding {
            Encoding::Utf8 => out.extend_from_slice(b"\xEF\xBB\xBF"),
            Encoding::Utf16 | Encoding::Utf16Le => out.extend_from_slice(b"\xFF\xFE"),
            Encoding::Utf16Be => out.extend_from_slice(b"\xFE\xFF"),
            _ => {}
        }
    }

    /// Returns `true` if a reader would take the start of the text for a byte order mark or another encoding.
    pub(crate) fn is_misleading(&self, text: &[u8]) -> bool {
        let head = &text[..text.len().min(4)];
        !matches!(inspect(head, &self.encoding), Start::Plain)
    }

    /// Appends `text`; leaves `out` as it was if a character cannot be encoded.
    pub(crate) fn encode(&self, text: &str, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        let start = out.len();
        let result = match &self.encoding {
            Encoding::Utf8 | Encoding::Unknown(_) => {
                out.extend_from_slice(text.as_bytes());
                Ok(())
            }
            Encoding::Utf16 | Encoding::Utf16Le => {
                out.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
                Ok(())
            }
            Encoding::Utf16Be => {
                out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
                Ok(())
            }
            Encoding::Iso8859_1 => text.chars().try_for_each(|c| {
                out.push(u8::try_from(u32::from(c)).map_err(|_| Unencodable)?);
                Ok(())
            }),
            Encoding::Legacy(legacy) => legacy.encode(text, out),
        };
        if result.is_err() {
            out.truncate(start);
        }
        result
    }
}

impl LegacyEncoding {
    fn encode(&self, mut text: &str, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        let (start, whole) = (out.len(), text);
        let mut encoder = self.encoding.new_encoder();
        loop {
            let at = out.len();
            let most = encoder.max_buffer_length_from_utf8_without_replacement(text.len());
            out.resize(at + most.unwrap_or(4 * text.len() + 16), 0);
            let (result, read, written) =
                encoder.encode_from_utf8_without_replacement(text, &mut out[at..], true);
            out.truncate(at + written);
            text = &text[read..];
            match result {
                EncoderResult::InputEmpty => break,
                EncoderResult::OutputFull => {}
                EncoderResult::Unmappable(_) => return Err(Unencodable),
            }
        }
        let bytes = &out[start..];
        if self.undefined_at(bytes).is_some()
            || !(whole.is_ascii() || self.decodes_to(bytes, whole))
        {
            return Err(Unencodable);
        }
        Ok(())
    }

    /// Encoders of the Encoding Standard may replace a character by a similar one.
    fn decodes_to(&self, bytes: &[u8], text: &str) -> bool {
        let mut decoder = self.encoding.new_decoder_without_bom_handling();
        let most = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
        let mut out = vec![0; most.unwrap_or(4 * bytes.len() + 16)];
        let (result, _, written) =
            decoder.decode_to_utf8_without_replacement(bytes, &mut out, true);
        matches!(result, DecoderResult::InputEmpty) && out[..written] == *text.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Decoder;
    use super::*;
    use proptest::prelude::*;

    fn decode(encoding: &Encoding, bytes: &[u8], piece: usize) -> Result<String> {
        let mut decoder = Decoder::new(encoding.clone());
        let mut out = Vec::new();
        for mut piece in bytes.chunks(piece) {
            while !piece.is_empty() {
                decoder.decode(&mut piece, &mut out)?;
            }
        }
        decoder.finish(&mut out)?;
        Ok(String::from_utf8(out).expect("valid UTF-8"))
    }

    fn encode(encoding: &Encoding, text: &str) -> Result<Vec<u8>, Unencodable> {
        let mut out = Vec::new();
        let encoder = Encoder::new(encoding.clone()).expect("a known encoding");
        if *encoding == Encoding::Utf16 {
            encoder.mark(&mut out);
        }
        encoder.encode(text, &mut out)?;
        Ok(out)
    }

    const LABELS: [&str; 12] = [
        "UTF-8",
        "UTF-16",
        "UTF-16LE",
        "UTF-16BE",
        "ISO-8859-1",
        "ISO-8859-9",
        "ISO-8859-15",
        "windows-1252",
        "windows-1251",
        "Shift_JIS",
        "GB18030",
        "EUC-KR",
    ];

    proptest! {
        #[test]
        fn encoded_text_is_decoded_to_itself(
            text in "[a-z][\\PC\u{80}-\u{ff}\u{400}-\u{4ff}\u{3040}-\u{30ff}]{0,30}",
            piece in 1_usize..9,
        ) {
            for label in LABELS {
                let encoding = Encoding::from(label);
                if let Ok(bytes) = encode(&encoding, &text) {
                    prop_assert_eq!(&decode(&encoding, &bytes, piece).unwrap(), &text, "{}", label);
                }
            }
        }

        #[test]
        fn decoding_of_any_bytes_does_not_panic(bytes: Vec<u8>, piece in 1_usize..9) {
            for label in LABELS {
                let encoding = Encoding::from(label);
                if encoding != Encoding::Utf8 {
                    let _ = decode(&encoding, &bytes, piece);
                }
            }
        }
    }

    #[test]
    fn byte_order_mark_overrides_the_declared_encoding() {
        for declared in LABELS {
            let declared = Encoding::from(declared);
            for bytes in [&b"\xEF\xBB\xBFab"[..], b"\xFF\xFEa\0b\0", b"\xFE\xFF\0a\0b"] {
                assert_eq!(decode(&declared, bytes, 1).unwrap(), "ab", "{declared}");
            }
        }
    }

    #[test]
    fn text_of_another_unicode_encoding_is_rejected() {
        for (declared, bytes) in [
            ("UTF-8", &b"a\0b\0"[..]),
            ("UTF-8", b"\0a\0b"),
            ("UTF-16LE", b"\0a\0b"),
            ("UTF-16BE", b"a\0b\0"),
            ("UTF-16", b"a\0b\0"),
            ("UTF-8", b"\xFF\xFE\0\0"),
        ] {
            let error = decode(&Encoding::from(declared), bytes, 2).unwrap_err();
            assert_eq!(error.kind(), crate::TableErrorKind::Encoding, "{declared}");
        }
        // One month is U+4E00, which ends in a zero byte.
        assert_eq!(
            decode(&Encoding::Utf16Le, b"\x00\x4E\x08\x67", 1).unwrap(),
            "\u{4e00}\u{6708}"
        );
    }

    #[test]
    fn damaged_text_is_rejected() {
        for (label, bytes) in [
            ("UTF-16LE", &b"a\0b"[..]),
            ("UTF-16LE", b"\x00\xdc"),
            ("UTF-16BE", b"\xd8\x00"),
            ("Shift_JIS", b"\x81"),
            ("US-ASCII", b"caf\xe9"),
            ("ISO-8859-9", b"\x80"),
        ] {
            assert!(decode(&Encoding::from(label), bytes, 2).is_err(), "{label}");
        }
    }

    #[test]
    fn characters_that_an_encoding_lacks_are_rejected() {
        for (label, text) in [
            ("ISO-8859-1", "\u{20ac}"),
            ("ISO-8859-9", "\u{20ac}"),
            ("US-ASCII", "\u{e9}"),
            ("windows-1252", "\u{416}"),
            ("Shift_JIS", "\u{a5}"),
            ("Shift_JIS", "\u{1f600}"),
        ] {
            assert!(
                encode(&Encoding::from(label), text).is_err(),
                "{label} {text}"
            );
        }
        assert_eq!(
            encode(&Encoding::from("cp1252"), "\u{20ac}").unwrap(),
            b"\x80"
        );
        assert_eq!(encode(&Encoding::Iso8859_1, "\u{80}").unwrap(), b"\x80");
    }
}
