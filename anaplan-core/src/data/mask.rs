//! Hides known secrets in texts that a server may have echoed.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use secrecy::{ExposeSecret, SecretString};

mod forms;

use forms::{Form, base64_core};

/// The replacement of a secret.
const MASK: &str = "***";
/// Shorter secrets are ignored: masking them would hide half of every text.
const SHORTEST: usize = 4;
/// The number of characters of a secret that are masked at the end of a text that was cut there.
const CUT: usize = 6;
/// The number of tokens that are remembered. Refusals of older ones have arrived long ago.
const MOST_TOKENS: usize = 16;

/// Known secrets, for masking them in errors and logs.
///
/// A secret is found as it is, percent-encoded (also with `+` for a space), escaped in JSON or HTML, in
/// hexadecimal digits, and in base64 of both alphabets, also as a part of a longer encoded text such as
/// `user:password`. Apply it to a text before that is shortened. Of a text that ends in the middle of a
/// secret, the begun secret is masked if it has at least 6 characters.
///
/// ```
/// use anaplan_core::Mask;
///
/// let mask = Mask::new(["pa ss/w0rd"]);
/// assert_eq!(mask.apply("no user 'pa ss/w0rd'"), "no user '***'");
/// assert_eq!(mask.apply("/login?p=pa+ss%2fw0rd&x=1"), "/login?p=***&x=1");
/// // ada:pa ss/w0rd
/// assert_eq!(mask.apply("Basic YWRhOnBhIHNzL3cwcmQ="), "Basic YWRhO***=");
/// assert_eq!(mask.apply("nothing to hide"), "nothing to hide");
/// ```
#[derive(Clone, Default)]
pub struct Mask {
    secrets: Vec<Secret>,
    tokens: Vec<Secret>,
}

#[derive(Clone)]
struct Secret {
    plain: SecretString,
    patterns: Vec<Pattern>,
}

#[derive(Clone)]
struct Pattern {
    text: SecretString,
    form: Form,
}

impl Mask {
    /// Creates a mask for these secrets. Those of fewer than 4 bytes are ignored.
    pub fn new<I>(secrets: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut mask = Self::default();
        for secret in secrets {
            mask.add(secret.as_ref());
        }
        mask
    }

    /// Adds a secret that stays valid, such as a password.
    pub fn add(&mut self, secret: &str) {
        if let Some(secret) = self.unknown(secret) {
            self.secrets.push(secret);
        }
    }

    /// Adds a token that is replaced by others later. The last 16 are remembered.
    pub fn add_token(&mut self, token: &str) {
        if let Some(token) = self.unknown(token) {
            if self.tokens.len() == MOST_TOKENS {
                self.tokens.remove(0);
            }
            self.tokens.push(token);
        }
    }

    /// Returns true if there is nothing to mask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty() && self.tokens.is_empty()
    }

    /// Replaces every secret in the text by `***`. Does not allocate if there is none.
    #[must_use]
    pub fn apply<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let hits = self.hits(text);
        if hits.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut masked = String::with_capacity(text.len());
        let mut from = 0;
        for hit in hits {
            masked.push_str(&text[from..hit.start]);
            masked.push_str(MASK);
            from = hit.end;
        }
        masked.push_str(&text[from..]);
        Cow::Owned(masked)
    }

    /// The places of secrets in order, those that overlap or touch as one.
    fn hits(&self, text: &str) -> Vec<Range<usize>> {
        let patterns = || {
            let secrets = self.secrets.iter().chain(&self.tokens);
            secrets.flat_map(|secret| &secret.patterns)
        };
        let mut hits: Vec<Range<usize>> = Vec::new();
        if self.is_empty() {
            return hits;
        }
        for (start, _) in text.char_indices() {
            for pattern in patterns() {
                if let Some(hit) = pattern.at(text, start) {
                    hits.push(hit);
                }
            }
        }
        hits.sort_unstable_by_key(|hit| hit.start);
        hits.dedup_by(|next, hit| {
            let joined = next.start <= hit.end;
            if joined {
                hit.end = hit.end.max(next.end);
            }
            joined
        });
        hits
    }

    fn unknown(&self, secret: &str) -> Option<Secret> {
        let known = |other: &Secret| other.plain.expose_secret() == secret;
        let is_known = self.secrets.iter().any(known) || self.tokens.iter().any(known);
        (secret.len() >= SHORTEST && !is_known).then(|| Secret::new(secret))
    }
}

impl Secret {
    fn new(secret: &str) -> Self {
        let mut hex = String::with_capacity(secret.len() * 2);
        for byte in secret.bytes() {
            hex.extend(
                [byte >> 4, byte & 15]
                    .map(|digit| char::from_digit(digit.into(), 16))
                    .into_iter()
                    .flatten(),
            );
        }
        let mut patterns = vec![
            Pattern::new(secret.into(), Form::Text),
            Pattern::new(hex.into(), Form::Hex),
        ];
        for offset in 0..3 {
            let core = base64_core(secret.as_bytes(), offset);
            let form = Form::Base64 {
                is_begun: offset > 0,
                is_open: (offset + secret.len()) % 3 != 0,
            };
            patterns.push(Pattern::new(core.into(), form));
        }
        Self {
            plain: secret.into(),
            patterns,
        }
    }
}

impl Pattern {
    fn new(text: SecretString, form: Form) -> Self {
        Self { text, form }
    }

    /// The secret that begins at `start`.
    fn at(&self, text: &str, start: usize) -> Option<Range<usize>> {
        let secret = self.text.expose_secret();
        let mut chars = secret.chars();
        let mut ends = self.form.lengths(chars.next()?, &text[start..]);
        if ends.is_empty() {
            return None;
        }
        // A character may stand in more than one form, so there may be more than one place to go on.
        let mut places: Vec<usize> = ends.drain(..).map(|length| start + length).collect();
        for (read, c) in (1..).zip(chars) {
            if read >= CUT && places.contains(&text.len()) {
                return Some(self.widen(text, start..text.len()));
            }
            let mut next = Vec::with_capacity(places.len());
            for place in places {
                let lengths = self.form.lengths(c, &text[place..]);
                next.extend(lengths.into_iter().map(|length| place + length));
            }
            next.sort_unstable();
            next.dedup();
            if next.is_empty() {
                return None;
            }
            places = next;
        }
        let end = places.into_iter().max()?;
        Some(self.widen(text, start..end))
    }

    /// Includes the characters of base64 that hold bits of the secret and of its neighbour.
    fn widen(&self, text: &str, mut hit: Range<usize>) -> Range<usize> {
        if let Form::Base64 { is_begun, is_open } = self.form {
            let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
            let bytes = text.as_bytes();
            if is_begun && bytes[..hit.start].last().is_some_and(is_digit) {
                hit.start -= 1;
            }
            if is_open && bytes[hit.end..].first().is_some_and(is_digit) {
                hit.end += 1;
            }
        }
        hit
    }
}

/// Shows how many secrets there are.
impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mask")
            .field("secrets", &(self.secrets.len() + self.tokens.len()))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
