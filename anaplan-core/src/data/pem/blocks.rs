//! The blocks of PEM text.

use super::{Damage, LegacyEncryption, Object, kind, text};

/// Longer labels, and labels of longer words, are none.
const LONGEST_LABEL: usize = 64;
const LONGEST_WORD: usize = 20;
/// Copying by hand loses a hyphen now and then, and word processors join two into one.
const FEWEST_HYPHENS: usize = 2;
const HYPHENS: usize = 5;

/// A BEGIN or END line.
struct Marker {
    is_begin: bool,
    label: String,
    start: usize,
    end: usize,
}

/// Returns whether normalized text contains a BEGIN or END line.
pub(super) fn has_marker(text: &[u8]) -> bool {
    next_marker(text, 0).is_some()
}

/// Returns the objects of normalized text. A block without END does not swallow the next one.
pub(super) fn objects(text: &[u8]) -> Vec<Object> {
    let mut objects = Vec::new();
    let mut open: Option<Marker> = None;
    let mut at = 0;
    while let Some(marker) = next_marker(text, at) {
        at = marker.end;
        match open.take() {
            // The content decides what a block is, so an END of another label does no harm.
            Some(begin) if !marker.is_begin => {
                objects.push(object(&begin.label, &text[begin.end..marker.start]));
                continue;
            }
            Some(begin) => objects.push(damaged(&begin.label, Damage::NoEnd)),
            None if !marker.is_begin => objects.push(damaged(&marker.label, Damage::NoBegin)),
            None => {}
        }
        if marker.is_begin {
            open = Some(marker);
        }
    }
    objects.extend(open.map(|begin| damaged(&begin.label, Damage::NoEnd)));
    objects
}

fn damaged(label: &str, damage: Damage) -> Object {
    Object::without_content(kind::of_label(label), damage)
}

fn object(label: &str, body: &[u8]) -> Object {
    let (encryption, body) = headers(body);
    // Further headers, on lines of their own.
    let lines = || {
        body.split(|byte| *byte == b'\n' || *byte == b'\r')
            .filter(|line| !line.contains(&b':'))
    };
    let mut bare = zeroize::Zeroizing::new(Vec::with_capacity(body.len()));
    lines().for_each(|line| bare.extend_from_slice(line));
    match text::decode_base64(&bare) {
        Some(content) => Object::of_der(Some(label), encryption, content),
        None => damaged(label, Damage::NotBase64),
    }
}

/// Splits the headers of legacy encryption off, on lines of their own or not.
fn headers(body: &[u8]) -> (Option<LegacyEncryption>, &[u8]) {
    let value = |name: &[u8]| {
        let start = find(body, name)? + name.len();
        let start = start
            + body[start..]
                .iter()
                .take_while(|byte| **byte == b' ')
                .count();
        let length = body[start..]
            .iter()
            .take_while(|byte| !byte.is_ascii_whitespace())
            .count();
        Some((&body[start..start + length], start + length))
    };
    let procedure = value(b"Proc-Type:");
    let Some((info, end)) = value(b"DEK-Info:") else {
        let encrypted = procedure.filter(|(value, _)| find(value, b"ENCRYPTED").is_some());
        let encryption = encrypted.map(|_| LegacyEncryption {
            cipher: String::new(),
            iv: Vec::new(),
        });
        return (encryption, procedure.map_or(body, |(_, end)| &body[end..]));
    };
    let end = end.max(procedure.map_or(0, |(_, end)| end));
    let (cipher, iv) = match info.iter().position(|byte| *byte == b',') {
        Some(comma) => (&info[..comma], &info[comma + 1..]),
        None => (info, &[][..]),
    };
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let encryption = LegacyEncryption {
        // It is quoted in errors: what is no name may be a part of a key.
        cipher: if cipher.len() <= LONGEST_WORD && cipher.iter().all(is_name) {
            String::from_utf8_lossy(cipher).into_owned()
        } else {
            String::new()
        },
        iv: iv
            .chunks(2)
            .map_while(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect(),
    };
    (Some(encryption), &body[end..])
}

fn next_marker(text: &[u8], mut at: usize) -> Option<Marker> {
    while let Some(found) = text[at..].iter().position(|byte| *byte == b'-') {
        let start = at + found;
        let hyphens = run(&text[start..], b'-');
        let after = start + hyphens;
        if hyphens >= FEWEST_HYPHENS {
            if let Some((is_begin, label, end)) = marker_text(text, after) {
                return Some(Marker {
                    is_begin,
                    label,
                    start,
                    end,
                });
            }
        }
        at = after;
    }
    None
}

/// Reads `BEGIN label-----` and returns the label and the position after it.
fn marker_text(text: &[u8], at: usize) -> Option<(bool, String, usize)> {
    let at = at + run(&text[at..], b' ');
    let rest = &text[at..];
    let (is_begin, word) = if rest.starts_with(b"BEGIN") {
        (true, "BEGIN")
    } else {
        (rest.starts_with(b"END")).then_some((false, "END"))?
    };
    let start = at + word.len();
    // In forms, `+` is a space.
    let is_label =
        |byte: &u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b' ' | b'+' | b'.' | b'#');
    let length = text[start..]
        .iter()
        .take_while(|byte| is_label(byte))
        .count();
    let label = &text[start..start + length];
    let hyphens = run(&text[start + length..], b'-');
    if hyphens < FEWEST_HYPHENS || !matches!(label.first(), Some(b' ' | b'+')) {
        return None;
    }
    let label = String::from_utf8_lossy(label).replace('+', " ");
    let words: Vec<&str> = label.split_whitespace().collect();
    let label = words.join(" ");
    let is_label = !label.is_empty()
        && label.len() <= LONGEST_LABEL
        && words.iter().all(|word| word.len() <= LONGEST_WORD);
    // The rest of a longer run may begin the next marker.
    is_label.then(|| (is_begin, label, start + length + hyphens.min(HYPHENS)))
}

fn run(text: &[u8], byte: u8) -> usize {
    text.iter().take_while(|found| **found == byte).count()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
