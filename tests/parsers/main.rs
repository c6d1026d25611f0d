//! No bytes from outside make a parser panic, loop, or say what is not so.
//!
//! `PROPTEST_CASES` says how long to try; `fuzz/run` tries for longer.

#![cfg(all(
    feature = "alm",
    feature = "bulk",
    feature = "transactional",
    feature = "certificate"
))]
#![allow(clippy::unwrap_used)]

mod checks;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use proptest::prelude::*;

/// Files of the kind that a parser is made for.
fn samples(parser: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder: PathBuf = match parser {
        "certificate" => root.join("anaplan-auth/tests/fixtures"),
        parser => root.join("tests/parsers/samples").join(parser),
    };
    let files = std::fs::read_dir(&folder).unwrap();
    let mut samples: Vec<Vec<u8>> = files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    samples.sort();
    assert!(!samples.is_empty(), "{folder:?}");
    samples
}

/// One change of a sample.
#[derive(Debug, Clone)]
enum Edit {
    Insert(usize, Vec<u8>),
    Replace(usize, u8),
    Remove(usize, usize),
    Repeat(usize, usize),
    End(usize),
}

impl Edit {
    fn apply(self, bytes: &mut Vec<u8>) {
        let place = |at: usize| at % (bytes.len() + 1);
        match self {
            Self::Insert(at, word) => {
                let at = place(at);
                bytes.splice(at..at, word);
            }
            Self::Replace(at, byte) => {
                let at = place(at);
                if let Some(old) = bytes.get_mut(at) {
                    *old = byte;
                }
            }
            Self::Remove(at, length) => {
                let at = place(at);
                let end = (at + length).min(bytes.len());
                bytes.drain(at..end);
            }
            Self::Repeat(at, length) => {
                let at = place(at);
                let end = (at + length).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            Self::End(at) => bytes.truncate(place(at)),
        }
    }
}

/// Pieces of all the languages that are read here, and what breaks them.
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "null",
    "true",
    "1e999",
    "-1",
    "18446744073709551615",
    "9223372036854775808",
    "0.5",
    "\"items\":",
    "\"meta\":",
    "\"paging\":",
    "\"currentPageSize\":",
    "\"offset\":",
    "\"totalSize\":",
    "\"listItems\":",
    "\"chunks\":",
    "\"id\":",
    "\"status\":",
    "\"message\":",
    "\"code\":",
    "\n",
    "\r\n",
    "\t",
    "\u{feff}",
    "\0",
    "_Status_",
    "_Line_",
    "_Error_",
    "=== ",
    " ===",
    "ADDED",
    "-----BEGIN ",
    "-----END ",
    "-----",
    "PRIVATE KEY",
    "CERTIFICATE",
    "ENCRYPTED ",
    "Proc-Type:",
    "\u{202e}",
    "\u{85}",
    "TOKEN",
    "MODEL",
    "../",
    "%2f",
    "%00",
    "%ff",
    "?",
    "&",
    "=",
    "limit=",
    "offset=",
    "sort=-",
    ";",
    " GMT",
];

fn word() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => prop::sample::select(WORDS).prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        4 => (any::<usize>(), word()).prop_map(|(at, word)| Edit::Insert(at, word)),
        2 => (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        2 => (any::<usize>(), 1_usize..40).prop_map(|(at, length)| Edit::Remove(at, length)),
        2 => (any::<usize>(), 1_usize..40).prop_map(|(at, length)| Edit::Repeat(at, length)),
        1 => any::<usize>().prop_map(Edit::End),
    ]
}

/// Bytes like those that the parser is made for, like its language, or like nothing.
fn bytes(samples: &'static [Vec<u8>]) -> impl Strategy<Value = Vec<u8>> {
    let edited = (
        prop::sample::select(samples),
        prop::collection::vec(edit(), 0..8),
    );
    prop_oneof![
        4 => edited.prop_map(|(mut bytes, edits)| {
            edits.into_iter().for_each(|edit| edit.apply(&mut bytes));
            bytes
        }),
        2 => prop::collection::vec(word(), 0..30).prop_map(|words| words.concat()),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

macro_rules! parsers {
    ($($parser:ident)+) => {
        $(mod $parser {
            use super::*;

            fn samples() -> &'static [Vec<u8>] {
                static SAMPLES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
                SAMPLES.get_or_init(|| super::samples(stringify!($parser)))
            }

            #[test]
            fn takes_its_samples() {
                samples().iter().for_each(|sample| checks::$parser(sample));
            }

            proptest! {
                #[test]
                fn takes_anything(data in bytes(samples())) {
                    checks::$parser(&data);
                }
            }
        })+
    };
}

parsers! {
    envelope
    refusal
    comparison_report
    dump
    chunk_list
    table
    list_items
    certificate
    fake_request
}
