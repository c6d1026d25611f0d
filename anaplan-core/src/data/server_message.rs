//! Code and message in the body of a refusal.

use serde_json::Value;

/// The most characters that are quoted of one text.
const LONGEST: usize = 500;
/// The most entries of a list of errors that are quoted.
const MOST_ENTRIES: usize = 5;
/// Maximum depth of a message in objects and arrays.
const DEEPEST: usize = 4;

/// The keys of a text inside an object, the most telling first.
const TEXT_KEYS: [&str; 14] = [
    "message",
    "errorMessage",
    "statusMessage",
    "error_description",
    "faultstring",
    "text",
    "detail",
    "description",
    "reason",
    "title",
    "msg",
    "fault",
    "error",
    "errors",
];
/// The keys of a code inside an object, the most telling first.
const CODE_KEYS: [&str; 6] = [
    "scimType",
    "errorCode",
    "errorcode",
    "error_code",
    "code",
    "status",
];

/// Code and message of a refusal, as the server sent them. Both are short and in one line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ServerMessage {
    /// A code of the server's own. The number of an HTTP status is none.
    pub(crate) code: Option<String>,
    /// The message. Never a text that the server did not send.
    pub(crate) message: Option<String>,
}

/// Reads the body of a refusal in any of the forms that Anaplan, gateways and web frameworks use. Each
/// field is read on its own: one of an unexpected type does not hide the others.
pub(crate) fn server_message(content_type: Option<&str>, body: &[u8]) -> ServerMessage {
    let text = decode(content_type, body);
    let text = text.trim();
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => {
            let body = Value::Object(object);
            ServerMessage {
                code: code_of(&body),
                message: message_of(&body),
            }
        }
        Ok(other) => {
            let first = other.as_array().and_then(|entries| entries.first());
            ServerMessage {
                code: first.and_then(code_of),
                message: text_of(&other, 0),
            }
        }
        Err(_) => ServerMessage {
            code: None,
            message: plain(text),
        },
    }
}

/// Turns a text of the server into one short line without control characters.
pub(crate) fn tidy(text: &str) -> Option<String> {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST)
        .collect();
    let line = line.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

fn message_of(body: &Value) -> Option<String> {
    // The envelope's own message goes before others, and a list of errors after them.
    let envelope = text_of(&body["status"]["message"], 0);
    let first = envelope.or_else(|| {
        let keys = TEXT_KEYS.iter().filter(|key| **key != "error");
        keys.filter_map(|key| text_of(&body[*key], 1)).next()
    });
    first.or_else(|| match &body["error"] {
        // One word is a code.
        Value::String(word) if !word.trim().contains(' ') => None,
        error => text_of(error, 1),
    })
}

fn code_of(body: &Value) -> Option<String> {
    let own = CODE_KEYS.iter().filter_map(|key| own_code(&body[*key]));
    let word = body["error"]
        .as_str()
        .filter(|word| !word.trim().contains(' '));
    own.chain(word.and_then(tidy))
        .next()
        .or_else(|| nested_code(body, 0))
}

/// A code in an object of the body, such as `{"error": {"code": ..}}` or `{"errors": [{"code": ..}]}`.
fn nested_code(value: &Value, depth: usize) -> Option<String> {
    if depth >= DEEPEST {
        return None;
    }
    ["status", "error", "errors", "fault", "detail"]
        .iter()
        .filter_map(|key| match &value[*key] {
            Value::Array(entries) => entries.first(),
            other => Some(other),
        })
        .filter(|inner| inner.is_object())
        .find_map(|inner| {
            let own = CODE_KEYS.iter().find_map(|key| own_code(&inner[*key]));
            own.or_else(|| nested_code(inner, depth + 1))
        })
}

fn own_code(value: &Value) -> Option<String> {
    let code = match value {
        Value::String(text) => tidy(text)?,
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    // The status of the response says it already.
    let is_status = code
        .parse()
        .is_ok_and(|number| (100..600).contains(&number));
    (!is_status).then_some(code)
}

/// The text in a value: a string, the entries of an array, or the most telling key of an object.
fn text_of(value: &Value, depth: usize) -> Option<String> {
    if depth > DEEPEST {
        return None;
    }
    match value {
        Value::String(text) => tidy(text),
        Value::Array(entries) => {
            let texts: Vec<_> = entries
                .iter()
                .filter_map(|entry| text_of(entry, depth + 1))
                .take(MOST_ENTRIES)
                .collect();
            tidy(&texts.join("; "))
        }
        Value::Object(fields) => {
            let mut known = TEXT_KEYS.iter().filter_map(|key| fields.get(*key));
            let found = known.find_map(|value| text_of(value, depth + 1));
            found.or_else(|| {
                // Errors by field: {"limit": ["must be a number"]}.
                let texts: Vec<_> = fields
                    .iter()
                    .filter(|(_, value)| value.is_array())
                    .filter_map(|(name, value)| {
                        Some(format!("{name}: {}", text_of(value, depth + 1)?))
                    })
                    .take(MOST_ENTRIES)
                    .collect();
                tidy(&texts.join("; "))
            })
        }
        _ => None,
    }
}

/// A text that is not JSON: quoted, unless it is a web page, of which the title is quoted, or binary.
fn plain(text: &str) -> Option<String> {
    let stray = |c: char| c == '\u{fffd}' || (c.is_ascii_control() && !c.is_whitespace());
    if text.chars().any(stray) {
        return None;
    }
    if !text.starts_with('<') {
        return tidy(text);
    }
    ["title", "h1", "message", "faultstring", "reason"]
        .iter()
        .find_map(|name| element(text, name))
}

/// The content of the first element of this name, without the markup in it.
fn element(page: &str, name: &str) -> Option<String> {
    // Letters beyond ASCII keep their length.
    let lower = page.to_ascii_lowercase();
    let mut from = 0;
    let begin = loop {
        let tag = from + lower[from..].find(&format!("<{name}"))?;
        let rest = &lower[tag + 1 + name.len()..];
        if rest.starts_with(['>', ' ', '\t', '\r', '\n', '/']) {
            break tag + 1 + name.len() + rest.find('>')? + 1;
        }
        from = tag + 1;
    };
    let end = begin + lower[begin..].find(&format!("</{name}"))?;
    let mut text = String::new();
    let mut inside = false;
    for c in page[begin..end].chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    let words: Vec<_> = text.split_whitespace().collect();
    let text = words
        .join(" ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
    tidy(&text)
}

/// The body as text: UTF-8 with or without a byte order mark, UTF-16, or Latin-1.
fn decode(content_type: Option<&str>, body: &[u8]) -> String {
    let charset = content_type
        .map(str::to_ascii_lowercase)
        .unwrap_or_default();
    match body {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0, _, ..] if charset.contains("utf-16") || body.len() % 2 == 0 => {
            utf16(body, u16::from_be_bytes)
        }
        [_, 0, ..] => utf16(body, u16::from_le_bytes),
        _ => utf8(body),
    }
}

fn utf8(body: &[u8]) -> String {
    match std::str::from_utf8(body) {
        Ok(text) => text.to_owned(),
        // A limit on the size may have cut the last character.
        Err(error) if error.error_len().is_none() => {
            String::from_utf8_lossy(&body[..error.valid_up_to()]).into_owned()
        }
        Err(_) => body.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn utf16(body: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = body.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

#[cfg(test)]
mod tests;
