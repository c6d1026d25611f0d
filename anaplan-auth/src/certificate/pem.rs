//! Finding the blocks of a PEM file. Decoded contents are wiped when they are dropped.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
/// Longer labels are none.
const LONGEST_LABEL: usize = 64;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One block, from its first dash to its last, and the line break after it.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) label: &'a str,
    /// As it stands in the file.
    pub(super) text: &'a [u8],
    body: &'a [u8],
}

/// The blocks of a file, in order. What lies between them, and what has no end, is skipped.
pub(super) fn blocks(file: &[u8]) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut at = 0;
    while let Some(found) = find(&file[at..], BEGIN) {
        let start = at + found;
        match block(&file[start..]) {
            Some(block) => {
                at = start + block.text.len();
                blocks.push(block);
            }
            None => at = start + BEGIN.len(),
        }
    }
    blocks
}

pub(super) fn looks_like_pem(file: &[u8]) -> bool {
    find(file, BEGIN).is_some()
}

pub(super) fn holds_private_key(file: &[u8]) -> bool {
    blocks(file).iter().any(Block::is_private_key)
}

impl Block<'_> {
    pub(super) fn is_certificate(&self) -> bool {
        matches!(self.label, "CERTIFICATE" | "X509 CERTIFICATE")
    }

    pub(super) fn is_private_key(&self) -> bool {
        self.label.ends_with("PRIVATE KEY")
    }

    /// Whether the content is encrypted the way that OpenSSL did it before PKCS#8.
    pub(super) fn is_legacy_encrypted(&self) -> bool {
        find(self.body, b"Proc-Type:").is_some()
    }

    /// The content; `None` when it is not base64.
    pub(super) fn decode(&self) -> Option<Zeroizing<Vec<u8>>> {
        let mut text = Zeroizing::new(Vec::with_capacity(self.body.len()));
        text.extend(self.body.iter().filter(|byte| !byte.is_ascii_whitespace()));
        let mut content = Zeroizing::new(vec![0; base64::decoded_len_estimate(text.len())]);
        let length = LENIENT.decode_slice(&*text, &mut content).ok()?;
        content.truncate(length);
        Some(content)
    }
}

/// Content in PEM, with lines of 64 characters.
pub(super) fn encode(label: &str, content: &[u8]) -> String {
    let body = LENIENT.encode(content);
    let mut text = format!("-----BEGIN {label}-----\n");
    for (index, character) in body.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text.push_str(&format!("\n-----END {label}-----\n"));
    text
}

/// The block that begins at the start of `file`.
fn block(file: &[u8]) -> Option<Block<'_>> {
    let near = BEGIN.len() + LONGEST_LABEL + DASHES.len();
    let label_end = BEGIN.len() + find(&file[BEGIN.len()..near.min(file.len())], DASHES)?;
    let label = std::str::from_utf8(&file[BEGIN.len()..label_end]).ok()?;
    // A label is quoted in errors: what is none may be a part of a key.
    if label.len() > LONGEST_LABEL || !label.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    let body_start = label_end + DASHES.len();
    let end = [END, label.as_bytes(), DASHES].concat();
    // A block that has lost its end must not swallow the next one, nor have all of them searched.
    let rest = &file[body_start..];
    let room = find(rest, BEGIN).unwrap_or(rest.len());
    let body_end = body_start + find(&rest[..room], &end)?;
    let body = &file[body_start..body_end];
    let rest = &file[body_end + end.len()..];
    let line_break = rest
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .count();
    Some(Block {
        label,
        text: &file[..body_end + end.len() + line_break],
        body,
    })
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(file: &str) -> Vec<&str> {
        blocks(file.as_bytes())
            .iter()
            .map(|block| block.label)
            .collect()
    }

    #[test]
    fn blocks_are_found_among_other_text_and_with_any_line_ends() {
        let file = "Bag Attributes\r\n  friendlyName: x\r\n-----BEGIN A-----\r\nAQ\r\nID\r\n-----END A-----\r\nnoise\n-----BEGIN B C-----AQID-----END B C-----";
        let blocks = blocks(file.as_bytes());
        assert_eq!(labels(file), ["A", "B C"]);
        assert_eq!(
            blocks[0].text,
            b"-----BEGIN A-----\r\nAQ\r\nID\r\n-----END A-----\r\n"
        );
        for block in blocks {
            assert_eq!(*block.decode().unwrap(), [1, 2, 3]);
        }
    }

    #[test]
    fn a_block_without_its_end_does_not_swallow_the_next() {
        assert_eq!(
            labels("-----BEGIN A-----\nAQ==\n-----BEGIN B-----\nAQ==\n-----END B-----"),
            ["B"]
        );
        assert_eq!(
            labels("-----BEGIN A-----\n-----BEGIN A-----\n-----END A-----"),
            ["A"]
        );
        assert_eq!(labels("-----BEGIN A-----\n-----END B-----"), [""; 0]);
        assert_eq!(labels("-----BEGIN "), [""; 0]);
    }

    #[test]
    fn damaged_base64_is_no_content() {
        let file = b"-----BEGIN A-----\nA?==\n-----END A-----";
        assert!(blocks(file)[0].decode().is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(file in proptest::collection::vec(any::<u8>(), 0..300)) {
            for block in blocks(&file) {
                let _ = block.decode();
            }
        }

        #[test]
        fn no_text_of_dashes_and_labels_makes_the_reader_panic(
            parts in proptest::collection::vec(
                prop_oneof![
                    Just("-----BEGIN "), Just("-----END "), Just("-----"), Just("CERTIFICATE"),
                    Just("PRIVATE KEY"), Just("\n"), Just("Proc-Type: 4,ENCRYPTED"), Just("AQID"),
                    Just("-"), Just("é"),
                ],
                0..30,
            )
        ) {
            let file = parts.concat();
            let total: usize = blocks(file.as_bytes())
                .iter()
                .map(|block| {
                    let _ = (block.decode(), block.is_legacy_encrypted());
                    block.text.len()
                })
                .sum();
            prop_assert!(total <= file.len());
        }

        #[test]
        fn what_is_written_is_read_again(content in proptest::collection::vec(any::<u8>(), 0..300)) {
            let file = encode("A B", &content);
            let blocks = blocks(file.as_bytes());
            prop_assert_eq!(blocks.len(), 1);
            prop_assert_eq!(&**blocks[0].decode().unwrap(), &content[..]);
            prop_assert!(file.lines().all(|line| line.len() <= 64));
        }
    }
}
