//! Secrets that no error and no log line may show, and the search for them in all their forms.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The part that all secrets have in common. It has characters that every encoding changes.
const MARKER: &str = "Sx7/Se+cret=Q";

/// A secret of this use.
#[must_use]
pub fn secret(purpose: &str) -> String {
    format!("{MARKER}{purpose}")
}

/// The text in base64.
#[must_use]
pub fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

/// The text with every byte but letters and digits percent-encoded.
#[must_use]
pub fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// Returns the form in which a secret stands in the text, if one does.
#[must_use]
pub fn find(text: &str) -> Option<&'static str> {
    if text.contains(MARKER) || text.contains(&MARKER.replace('/', "\\/")) {
        return Some("plain");
    }
    if text
        .to_ascii_lowercase()
        .contains(&percent(MARKER).to_ascii_lowercase())
    {
        return Some("percent-encoded");
    }
    let standard = text.replace('-', "+").replace('_', "/");
    if (0..3).any(|shift| standard.contains(&inner_base64(shift))) {
        return Some("base64");
    }
    None
}

/// The characters of the marker's base64 that do not depend on what stands before and after it.
fn inner_base64(shift: usize) -> String {
    let padded = format!("{}{MARKER}", "\0".repeat(shift));
    let encoded = base64(&padded);
    let first = (shift * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    encoded[first..last].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn find_recognizes_every_encoded_form() {
        let password = secret("password");
        assert_eq!(find(&format!("x{password}")), Some("plain"));
        assert_eq!(find(&percent(&password)), Some("percent-encoded"));
        for before in ["", "a", "ab", "abc", "ada@example.com:"] {
            let text = format!("Basic {}", base64(&format!("{before}{password}")));
            assert_eq!(find(&text), Some("base64"), "{text}");
        }
        assert_eq!(find("Basic *** Sx7"), None);
    }
}
