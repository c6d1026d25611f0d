//! Text as it arrives: encodings, escapes, base64.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// Stands for a character that has no place in PEM.
const FOREIGN: u8 = b'?';

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Returns the text in ASCII, without byte order mark, escapes and typographic characters.
pub(super) fn normalize(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut ascii = Zeroizing::new(Vec::with_capacity(bytes.len()));
    match utf16(bytes) {
        Some(unit) => {
            let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
            ascii.extend(
                char::decode_utf16(units)
                    .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                    .filter_map(to_ascii),
            );
        }
        None => {
            for chunk in bytes.utf8_chunks() {
                ascii.extend(chunk.valid().chars().filter_map(to_ascii));
                ascii.extend((!chunk.invalid().is_empty()).then_some(FOREIGN));
            }
        }
    }
    unescape(&ascii)
}

/// Returns the content of base64 in any wrapping, of either alphabet, padded or not.
pub(super) fn decode_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // Room for everything, so that growing leaves no copies behind.
    let mut bare = Zeroizing::new(Vec::with_capacity(text.len()));
    bare.extend(text.iter().filter_map(|byte| match byte {
        // Whitespace, and what quotes lines in source code, JSON and mail.
        b'"' | b'\'' | b',' | b'>' | b'|' => None,
        byte if byte.is_ascii_whitespace() || byte.is_ascii_control() => None,
        b'-' => Some(b'+'),
        b'_' => Some(b'/'),
        byte => Some(*byte),
    }));
    while bare.last() == Some(&b'=') {
        bare.pop();
    }
    if bare.is_empty() {
        return None;
    }
    let mut content = Zeroizing::new(vec![0; base64::decoded_len_estimate(bare.len())]);
    let length = LENIENT.decode_slice(&*bare, &mut content).ok()?;
    content.truncate(length);
    Some(content)
}

/// Returns the byte order if the text is UTF-16: by its byte order mark, or because most of every other
/// byte is zero.
fn utf16(bytes: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    let start = &bytes[..bytes.len().min(64)];
    // A few typographic characters may be among the ASCII.
    let mostly_zero = |odd: usize| {
        let zeros = |at: usize| start.chunks_exact(2).filter(|pair| pair[at] == 0).count();
        start.len() >= 4 && zeros(odd) * 4 >= start.len() / 2 * 3 && zeros(1 - odd) == 0
    };
    if bytes.starts_with(&[0xFF, 0xFE]) || mostly_zero(1) {
        Some(u16::from_le_bytes)
    } else if bytes.starts_with(&[0xFE, 0xFF]) || mostly_zero(0) {
        Some(u16::from_be_bytes)
    } else {
        None
    }
}

fn to_ascii(character: char) -> Option<u8> {
    match character {
        // Byte order mark, zero-width characters, NUL.
        '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\0' => None,
        // What word processors make of hyphens.
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => Some(b'-'),
        '\u{2018}'..='\u{201f}' => Some(b'"'),
        '\u{2028}' | '\u{2029}' | '\u{85}' => Some(b'\n'),
        character if character.is_ascii() => u8::try_from(character).ok(),
        character if character.is_whitespace() => Some(b' '),
        _ => Some(FOREIGN),
    }
}

/// Resolves `\n`, `\\n`, `\/`, `\u002B` and `%0A`, as JSON, env files and URLs have them.
fn unescape(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'\\' => {
                while let [b'\\', after @ ..] = rest {
                    rest = after;
                }
                match rest {
                    [b'n' | b'r', after @ ..] => {
                        plain.push(b'\n');
                        rest = after;
                    }
                    [b't', after @ ..] => {
                        plain.push(b' ');
                        rest = after;
                    }
                    [b'u', a, b, c, d, after @ ..] => {
                        if let Some(value) = hexadecimal(&[*a, *b, *c, *d]) {
                            plain.extend(char::from_u32(value).and_then(to_ascii));
                            rest = after;
                        }
                    }
                    _ => {}
                }
            }
            b'%' => match rest {
                [a, b, after @ ..] if hexadecimal(&[*a, *b]).is_some() => {
                    let value = hexadecimal(&[*a, *b]).and_then(char::from_u32);
                    plain.extend(value.and_then(to_ascii));
                    rest = after;
                }
                _ => plain.push(b'%'),
            },
            byte => plain.push(*byte),
        }
    }
    plain
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| {
        char::from(*digit)
            .to_digit(16)
            .map(|digit| value * 16 + digit)
    })
}
