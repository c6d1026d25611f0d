//! Bytes of any encoding to UTF-8, piece by piece.

use encoding_rs::{DecoderResult, UTF_16BE, UTF_16LE};

use super::{Encoding, LegacyEncoding};
use crate::{Result, TableError, TableErrorKind};

/// Bytes of other encodings that are decoded at once.
const PIECE: usize = 16 * 1024;
/// Bytes that are needed to tell an encoding.
const HEAD: usize = 4;

/// Streaming decoder. UTF-8 passes through unchecked: the record layer validates it.
pub(crate) struct Decoder {
    state: State,
}

enum State {
    /// The first bytes of the text, before the encoding is decided.
    Head {
        declared: Encoding,
        bytes: Vec<u8>,
    },
    Utf8,
    Latin1,
    Other {
        decoder: Box<encoding_rs::Decoder>,
        name: String,
        strict: Option<LegacyEncoding>,
    },
}

/// Start of a text.
pub(super) enum Start {
    /// Byte order mark of this encoding, with its length.
    Mark(Encoding, usize),
    /// Text of another encoding than the declared one.
    Mismatch(&'static str),
    Plain,
}

pub(super) fn inspect(head: &[u8], declared: &Encoding) -> Start {
    match head {
        [0xEF, 0xBB, 0xBF, ..] => return Start::Mark(Encoding::Utf8, 3),
        [0xFF, 0xFE, 0, 0] | [0, 0, 0xFE, 0xFF] => return Start::Mismatch("UTF-32"),
        [0xFF, 0xFE, ..] => return Start::Mark(Encoding::Utf16Le, 2),
        [0xFE, 0xFF, ..] => return Start::Mark(Encoding::Utf16Be, 2),
        _ => {}
    }
    // Two ASCII characters in UTF-16. Ideographic spaces look the same in the other order.
    let ascii = |byte: u8| (1..0x80).contains(&byte);
    let looks = match *head {
        [0, a, 0, b] if ascii(a) && ascii(b) && (a, b) != (0x30, 0x30) => Encoding::Utf16Be,
        [a, 0, b, 0] if ascii(a) && ascii(b) && (a, b) != (0x30, 0x30) => Encoding::Utf16Le,
        _ => return Start::Plain,
    };
    match (looks, declared) {
        (Encoding::Utf16Be, Encoding::Utf16Be) | (Encoding::Utf16Le, Encoding::Utf16Le) => {
            Start::Plain
        }
        (Encoding::Utf16Be, _) => Start::Mismatch("UTF-16BE"),
        _ => Start::Mismatch("UTF-16LE"),
    }
}

impl Decoder {
    pub(crate) fn new(encoding: Encoding) -> Self {
        let state = State::Head {
            declared: encoding,
            bytes: Vec::with_capacity(HEAD),
        };
        Self { state }
    }

    /// Returns `true` if the rest of the input is UTF-8, which needs no decoding.
    pub(crate) fn is_passthrough(&self) -> bool {
        matches!(self.state, State::Utf8)
    }

    /// Consumes some of `input` and appends its text to `out`, on errors the text before the fault.
    pub(crate) fn decode(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Result<()> {
        if let State::Head { bytes, .. } = &mut self.state {
            let taken = (HEAD - bytes.len()).min(input.len());
            bytes.extend_from_slice(&input[..taken]);
            *input = &input[taken..];
            if bytes.len() == HEAD {
                self.decide(out)?;
            }
            return Ok(());
        }
        let (piece, rest) = input.split_at(input.len().min(PIECE));
        *input = rest;
        self.convert(piece, false, out)
    }

    /// Appends the text that the end of the input completes.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) -> Result<()> {
        if matches!(self.state, State::Head { .. }) {
            self.decide(out)?;
        }
        self.convert(&[], true, out)
    }

    fn decide(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let State::Head { declared, bytes } = &mut self.state else {
            return Ok(());
        };
        let bytes = std::mem::take(bytes);
        let (encoding, skip) = match inspect(&bytes, declared) {
            Start::Mark(encoding, length) => (encoding, length),
            Start::Plain if *declared == Encoding::Utf16 && !bytes.is_empty() => {
                return Err(TableError::new(
                    TableErrorKind::Encoding,
                    "the text has no byte order mark; UTF-16LE or UTF-16BE has to be declared",
                ));
            }
            Start::Plain => (declared.clone(), 0),
            Start::Mismatch(looks) => {
                return Err(TableError::new(
                    TableErrorKind::Encoding,
                    format!("the text was declared as {declared} and is {looks}"),
                ));
            }
        };
        self.state = Self::state(&encoding)?;
        self.convert(&bytes[skip..], false, out)
    }

    fn state(encoding: &Encoding) -> Result<State> {
        encoding.check()?;
        let (decoder, strict) = match encoding {
            Encoding::Iso8859_1 => return Ok(State::Latin1),
            Encoding::Utf16Be => (UTF_16BE, None),
            Encoding::Utf16 | Encoding::Utf16Le => (UTF_16LE, None),
            Encoding::Legacy(legacy) => (legacy.encoding, Some(*legacy)),
            Encoding::Utf8 | Encoding::Unknown(_) => return Ok(State::Utf8),
        };
        Ok(State::Other {
            decoder: Box::new(decoder.new_decoder_without_bom_handling()),
            name: encoding.as_str().to_owned(),
            strict,
        })
    }

    fn convert(&mut self, mut bytes: &[u8], last: bool, out: &mut Vec<u8>) -> Result<()> {
        match &mut self.state {
            State::Head { .. } => Ok(()),
            State::Utf8 => {
                out.extend_from_slice(bytes);
                Ok(())
            }
            State::Latin1 => {
                let start = out.len();
                out.resize(start + 2 * bytes.len(), 0);
                let written = encoding_rs::mem::convert_latin1_to_utf8(bytes, &mut out[start..]);
                out.truncate(start + written);
                Ok(())
            }
            State::Other {
                decoder,
                name,
                strict,
            } => {
                let invalid = || {
                    TableError::new(
                        TableErrorKind::Encoding,
                        format!("the text has bytes that are not valid in {name}"),
                    )
                };
                let undefined = strict.and_then(|legacy| legacy.undefined_at(bytes));
                bytes = &bytes[..undefined.unwrap_or(bytes.len())];
                loop {
                    let start = out.len();
                    let most = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
                    out.resize(start + most.unwrap_or(4 * bytes.len() + 16), 0);
                    let (result, read, written) =
                        decoder.decode_to_utf8_without_replacement(bytes, &mut out[start..], last);
                    out.truncate(start + written);
                    bytes = &bytes[read..];
                    match result {
                        DecoderResult::InputEmpty if undefined.is_some() => return Err(invalid()),
                        DecoderResult::InputEmpty => return Ok(()),
                        DecoderResult::OutputFull => {}
                        DecoderResult::Malformed(..) => return Err(invalid()),
                    }
                }
            }
        }
    }
}
