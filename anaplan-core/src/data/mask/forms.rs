//! The forms in which a server may write the characters of a secret.

/// A way of writing a secret.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// As it is, with any escape of URLs, JSON and HTML.
    Text,
    /// In base64 of either alphabet.
    Base64 {
        /// The first character of the secret is preceded by one that holds some of its bits.
        is_begun: bool,
        /// The last character is followed by one that holds some bits.
        is_open: bool,
    },
    /// In hexadecimal digits of either case.
    Hex,
}

impl Form {
    /// The lengths of all writings of `c` with which `text` begins. None if it begins differently.
    pub(super) fn lengths(self, c: char, text: &str) -> Vec<usize> {
        // Does not allocate as long as nothing fits.
        let mut lengths = Vec::new();
        match self {
            Self::Hex => {
                let first = text.bytes().next();
                let is_same = first.is_some_and(|byte| char::from(byte).eq_ignore_ascii_case(&c));
                lengths.extend(is_same.then_some(1));
            }
            Self::Base64 { .. } => {
                escapes(c, text, &mut lengths);
                let url = match c {
                    '+' => '-',
                    '/' => '_',
                    _ => return lengths,
                };
                lengths.extend(text.starts_with(url).then_some(1));
            }
            Self::Text => escapes(c, text, &mut lengths),
        }
        lengths
    }
}

fn escapes(c: char, text: &str, lengths: &mut Vec<usize>) {
    let Some(first) = text.chars().next() else {
        return;
    };
    if first == c {
        lengths.push(c.len_utf8());
    }
    match first {
        '%' => lengths.extend(percent(c, text)),
        '+' if c == ' ' => lengths.push(1),
        // Control characters are spaces in a line of an error.
        ' ' if c.is_control() => lengths.push(1),
        '\\' => lengths.extend(json(c, &text[1..]).map(|length| length + 1)),
        '&' => lengths.extend(html(c, text)),
        _ => {}
    }
}

/// The length of the bytes of `c` as `%XX`.
fn percent(c: char, text: &str) -> Option<usize> {
    let mut buffer = [0; 4];
    let mut rest = text.as_bytes();
    for byte in c.encode_utf8(&mut buffer).bytes() {
        let [b'%', high, low, after @ ..] = rest else {
            return None;
        };
        if hex_value(&[*high, *low]) != Some(byte.into()) {
            return None;
        }
        rest = after;
    }
    Some(text.len() - rest.len())
}

/// The length of `c` after a backslash: `\n`, `\/`, `\u000a`.
fn json(c: char, text: &str) -> Option<usize> {
    let short = match c {
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        other => other,
    };
    if text.starts_with(short) && (short != c || c.is_ascii_punctuation()) {
        return Some(1);
    }
    let mut buffer = [0; 2];
    let mut rest = text.as_bytes();
    let mut prefix = &b"u"[..];
    for unit in c.encode_utf16(&mut buffer).iter() {
        rest = rest.strip_prefix(prefix)?;
        let (digits, after) = rest.split_at_checked(4)?;
        if hex_value(digits) != Some(u32::from(*unit)) {
            return None;
        }
        rest = after;
        prefix = b"\\u";
    }
    Some(text.len() - rest.len())
}

/// The length of `c` as a character reference of HTML: `&amp;`, `&#38;`, `&#x26;`.
fn html(c: char, text: &str) -> Option<usize> {
    // The longest is that of a code point in seven decimal digits.
    let end = text.bytes().take(12).position(|byte| byte == b';')?;
    let name = &text[1..end];
    let code = match name {
        "amp" => '&'.into(),
        "lt" => '<'.into(),
        "gt" => '>'.into(),
        "quot" => '"'.into(),
        "apos" => '\''.into(),
        name => {
            let number = name.strip_prefix('#')?;
            match number.strip_prefix(['x', 'X']) {
                Some(digits) => hex_value(digits.as_bytes())?,
                None => number.parse().ok()?,
            }
        }
    };
    (code == u32::from(c)).then_some(end + 1)
}

fn hex_value(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    digits.iter().try_fold(0_u32, |value, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        value.checked_mul(16)?.checked_add(digit)
    })
}

/// The characters of base64 that depend on `bytes` alone if they stand `offset` bytes after a multiple of
/// three.
pub(super) fn base64_core(bytes: &[u8], offset: usize) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    // The first whole character begins after the one with the last bits before.
    let first_bit = (offset * 8).div_ceil(6) * 6 - offset * 8;
    let bit = |index: usize| bytes[index / 8] >> (7 - index % 8) & 1;
    (first_bit..)
        .step_by(6)
        .take_while(|start| start + 6 <= bytes.len() * 8)
        .map(|start| {
            let digit = (start..start + 6).fold(0, |digit, index| digit << 1 | bit(index));
            char::from(DIGITS[usize::from(digit)])
        })
        .collect()
}
