//! Incremental parser for the elements of one array in a JSON object.

/// Parser of an envelope in pieces. Returns the elements of the array under one key. Holds one element
/// at a time and the value of `meta`, and skips everything else.
#[derive(Debug)]
pub(crate) struct Scanner {
    wanted: &'static str,
    state: State,
    /// Key that is being read, with its escapes.
    key: Vec<u8>,
    /// Element that is being read.
    kept: Vec<u8>,
    meta: Vec<u8>,
    limit: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    /// In the object, before a key, or before its end if `end` is set.
    Key {
        end: bool,
    },
    InKey {
        escaped: bool,
    },
    Colon,
    Value,
    /// In the array, before an element, or before its end if `end` is set.
    Element {
        end: bool,
    },
    Inside(Place, Depth),
    /// After a value, before the comma or the end.
    After(Place),
    Done,
}

/// Position of the value that is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Element,
    Meta,
    Other,
}

/// Nesting inside a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// A number or a literal, which ends before the next delimiter.
    Bare,
    /// A string, inside this number of brackets.
    Text { brackets: u32, escaped: bool },
    /// This number of open brackets.
    Brackets(u32),
}

/// Result of reading a piece of text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// An element is complete. The number of bytes of the piece that were read.
    Element(usize),
    /// The piece is used up.
    More,
}

/// Reason for which the text cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// The text is not a JSON object, or the value of the key is not an array.
    Shape(&'static str),
    /// An element exceeds the limit.
    TooLarge,
}

/// Maximum length of the keys that are compared.
const LONGEST_KEY: usize = 64;
/// Maximum size of `meta`.
const LARGEST_META: usize = 64 * 1024;

impl Scanner {
    /// Creates a scanner for the elements under `wanted`, each of up to `limit` bytes.
    pub(crate) fn new(wanted: &'static str, limit: usize) -> Self {
        Self {
            wanted,
            state: State::Start,
            key: Vec::new(),
            kept: Vec::new(),
            meta: Vec::new(),
            limit,
        }
    }

    /// Returns the last element.
    pub(crate) fn element(&self) -> &[u8] {
        &self.kept
    }

    /// Returns the value of `meta`. Empty if it was not read.
    pub(crate) fn meta(&self) -> &[u8] {
        &self.meta
    }

    /// Returns `true` if the object is closed.
    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Reads `piece` up to the end of an element or of the piece.
    pub(crate) fn read(&mut self, piece: &[u8]) -> Result<Step, Flaw> {
        let mut at = 0;
        while let Some(&byte) = piece.get(at) {
            if let State::Inside(place, depth) = self.state {
                let (next, taken) = inside(depth, &piece[at..]);
                self.keep(place, &piece[at..at + taken])?;
                at += taken;
                match next {
                    Some(depth) => self.state = State::Inside(place, depth),
                    None => {
                        self.state = State::After(place);
                        if place == Place::Element {
                            return Ok(Step::Element(at));
                        }
                    }
                }
                continue;
            }
            at += 1;
            self.outside(byte)?;
            if matches!(self.state, State::Inside(..)) {
                // The first byte of a value belongs to it.
                at -= 1;
            }
        }
        Ok(Step::More)
    }

    /// Reads one byte between values.
    fn outside(&mut self, byte: u8) -> Result<(), Flaw> {
        if let State::InKey { escaped } = self.state {
            self.in_key(byte, escaped);
            return Ok(());
        }
        if byte.is_ascii_whitespace() {
            return Ok(());
        }
        self.state = match (self.state, byte) {
            (State::Start, b'{') => State::Key { end: true },
            (State::Key { end: true }, b'}') | (State::After(Place::Meta | Place::Other), b'}') => {
                State::Done
            }
            (State::Key { .. }, b'"') => {
                self.key.clear();
                State::InKey { escaped: false }
            }
            (State::Colon, b':') => State::Value,
            (State::Value, _) => self.value(byte)?,
            (State::Element { end: true }, b']') | (State::After(Place::Element), b']') => {
                State::After(Place::Other)
            }
            (State::Element { .. }, byte) => {
                self.kept.clear();
                State::Inside(Place::Element, begin(byte)?)
            }
            (State::After(Place::Element), b',') => State::Element { end: false },
            (State::After(_), b',') => State::Key { end: false },
            (State::Start, _) => return Err(Flaw::Shape("is no JSON object")),
            (State::Done, _) => return Err(Flaw::Shape("goes on after its end")),
            _ => return Err(Flaw::Shape("is no proper JSON")),
        };
        Ok(())
    }

    fn in_key(&mut self, byte: u8, escaped: bool) {
        if byte == b'"' && !escaped {
            self.state = State::Colon;
            return;
        }
        if self.key.len() <= LONGEST_KEY {
            self.key.push(byte);
        }
        let escaped = byte == b'\\' && !escaped;
        self.state = State::InKey { escaped };
    }

    /// Reads the first byte of a value.
    fn value(&mut self, byte: u8) -> Result<State, Flaw> {
        let key = self.key();
        if key.as_deref() == Some(self.wanted) {
            return match byte {
                b'[' => Ok(State::Element { end: true }),
                b'n' => Ok(State::Inside(Place::Other, Depth::Bare)),
                _ => Err(Flaw::Shape("has something else where its items should be")),
            };
        }
        let place = if key.as_deref() == Some("meta") {
            self.meta.clear();
            Place::Meta
        } else {
            Place::Other
        };
        Ok(State::Inside(place, begin(byte)?))
    }

    /// Returns the key, if it is short enough to be compared.
    fn key(&self) -> Option<String> {
        if self.key.len() > LONGEST_KEY {
            return None;
        }
        let mut quoted = vec![b'"'];
        quoted.extend_from_slice(&self.key);
        quoted.push(b'"');
        serde_json::from_slice(&quoted).ok()
    }

    fn keep(&mut self, place: Place, bytes: &[u8]) -> Result<(), Flaw> {
        match place {
            Place::Element if self.kept.len() + bytes.len() > self.limit => {
                return Err(Flaw::TooLarge);
            }
            Place::Element => self.kept.extend_from_slice(bytes),
            Place::Meta if self.meta.len() + bytes.len() <= LARGEST_META => {
                self.meta.extend_from_slice(bytes);
            }
            _ => {}
        }
        Ok(())
    }
}

/// Returns the nesting of a value that begins with this byte.
fn begin(byte: u8) -> Result<Depth, Flaw> {
    match byte {
        b'{' | b'[' => Ok(Depth::Brackets(0)),
        b'"' => Ok(Depth::Text {
            brackets: 0,
            escaped: true,
        }),
        b'-' | b'0'..=b'9' | b'a'..=b'z' => Ok(Depth::Bare),
        _ => Err(Flaw::Shape("is no proper JSON")),
    }
}

/// Reads inside a value. Returns the nesting, `None` at its end, and the number of bytes of the value.
fn inside(mut depth: Depth, piece: &[u8]) -> (Option<Depth>, usize) {
    for (at, &byte) in piece.iter().enumerate() {
        depth = match (depth, byte) {
            (Depth::Bare, b',' | b']' | b'}') => return (None, at),
            (Depth::Bare, byte) if byte.is_ascii_whitespace() => return (None, at),
            (Depth::Bare, _) => Depth::Bare,
            // The opening quote comes in as if it were escaped.
            (
                Depth::Text {
                    brackets,
                    escaped: true,
                },
                _,
            ) => Depth::Text {
                brackets,
                escaped: false,
            },
            (Depth::Text { brackets, .. }, b'\\') => Depth::Text {
                brackets,
                escaped: true,
            },
            (Depth::Text { brackets: 0, .. }, b'"') => return (None, at + 1),
            (Depth::Text { brackets, .. }, b'"') => Depth::Brackets(brackets),
            (text @ Depth::Text { .. }, _) => text,
            (Depth::Brackets(brackets), b'"') => Depth::Text {
                brackets,
                escaped: false,
            },
            (Depth::Brackets(brackets), b'{' | b'[') => Depth::Brackets(brackets.saturating_add(1)),
            (Depth::Brackets(0 | 1), b'}' | b']') => return (None, at + 1),
            (Depth::Brackets(brackets), b'}' | b']') => Depth::Brackets(brackets - 1),
            (brackets, _) => brackets,
        };
    }
    (Some(depth), piece.len())
}

#[cfg(test)]
#[path = "scanner_tests.rs"]
mod tests;
