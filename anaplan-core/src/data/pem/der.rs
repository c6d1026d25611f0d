//! As much of DER as tells objects apart and unpacks PKCS#7.

use super::Kind;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// Constructed and context-specific, number 0.
const CONTEXT_0: u8 = 0xA0;
/// 1.2.840.113549.1.7.2
pub(super) const SIGNED_DATA: [u8; 9] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
/// More elements than that have no object that is told apart here.
const MAX_ELEMENTS: usize = 16;

#[derive(Clone, Copy)]
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
}

/// Returns the length of the sequence at the start, if all of it is there.
pub(super) fn complete_length(bytes: &[u8]) -> Option<usize> {
    let (element, _) = element(bytes)?;
    (element.tag == SEQUENCE).then_some(element.whole.len())
}

/// Returns whether this is one sequence, followed by nothing but padding.
pub(super) fn is_complete(bytes: &[u8]) -> bool {
    let is_padding = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    complete_length(bytes).is_some_and(|length| bytes[length..].iter().all(is_padding))
}

/// Returns what an object is, by its structure.
pub(super) fn kind(bytes: &[u8]) -> Kind {
    let Some((outer, _)) = element(bytes) else {
        return Kind::Unknown;
    };
    if outer.tag != SEQUENCE {
        return Kind::Unknown;
    }
    let elements: Vec<Element<'_>> = elements(outer.content).take(MAX_ELEMENTS).collect();
    let tags: Vec<u8> = elements.iter().map(|element| element.tag).collect();
    match tags[..] {
        [OBJECT_IDENTIFIER, CONTEXT_0, ..] if elements[0].content == SIGNED_DATA => Kind::Bundle,
        [SEQUENCE, SEQUENCE, BIT_STRING] => signed(elements[0].content),
        [SEQUENCE, BIT_STRING] => Kind::PublicKey,
        [SEQUENCE, OCTET_STRING] => Kind::EncryptedKey,
        [INTEGER, INTEGER] => Kind::PublicKey,
        [INTEGER, SEQUENCE, OCTET_STRING, ..] => Kind::Pkcs8Key,
        [INTEGER, SEQUENCE, ..] if elements[0].content == [3] => Kind::Pkcs12,
        [INTEGER, OCTET_STRING, ..] => Kind::EcKey,
        [INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, INTEGER] => Kind::DsaKey,
        [
            INTEGER,
            INTEGER,
            INTEGER,
            INTEGER,
            INTEGER,
            INTEGER,
            INTEGER,
            INTEGER,
            INTEGER,
            ..,
        ] => Kind::Pkcs1Key,
        _ => Kind::Unknown,
    }
}

/// Tells a certificate from a request and a revocation list by the part that is signed.
fn signed(content: &[u8]) -> Kind {
    let tags: Vec<u8> = elements(content)
        .take(MAX_ELEMENTS)
        .map(|element| element.tag)
        .collect();
    match tags[..] {
        [
            CONTEXT_0,
            INTEGER,
            SEQUENCE,
            SEQUENCE,
            SEQUENCE,
            SEQUENCE,
            SEQUENCE,
            ..,
        ]
        | [
            INTEGER,
            SEQUENCE,
            SEQUENCE,
            SEQUENCE,
            SEQUENCE,
            SEQUENCE,
            ..,
        ] => Kind::Certificate,
        [INTEGER, SEQUENCE, SEQUENCE, CONTEXT_0, ..] | [INTEGER, SEQUENCE, SEQUENCE] => {
            Kind::Request
        }
        [INTEGER, SEQUENCE, SEQUENCE, UTC_TIME | GENERALIZED_TIME, ..]
        | [SEQUENCE, SEQUENCE, UTC_TIME | GENERALIZED_TIME, ..] => Kind::RevocationList,
        _ => Kind::Unknown,
    }
}

/// Returns the certificates of a PKCS#7 object.
pub(super) fn bundled_certificates(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let (outer, _) = element(bytes)?;
    let explicit = elements(outer.content).nth(1)?;
    let (signed_data, _) = element(explicit.content)?;
    let certificates = elements(signed_data.content)
        .skip_while(|element| matches!(element.tag, INTEGER | SET | SEQUENCE))
        .find(|element| element.tag == CONTEXT_0);
    let Some(certificates) = certificates else {
        return Some(Vec::new());
    };
    let mut found = Vec::new();
    let mut rest = certificates.content;
    while !rest.is_empty() {
        let (certificate, after) = element(rest)?;
        // Attribute certificates have tags of their own.
        if certificate.tag == SEQUENCE {
            found.push(certificate.whole);
        }
        rest = after;
    }
    Some(found)
}

fn elements(content: &[u8]) -> impl Iterator<Item = Element<'_>> {
    let mut rest = content;
    std::iter::from_fn(move || {
        let (element, after) = element(rest)?;
        rest = after;
        Some(element)
    })
}

/// Splits the first element off.
fn element(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    // Tags of several bytes occur in nothing that is read here.
    if tag & 0x1F == 0x1F {
        return None;
    }
    let (length, rest) = match first {
        0..=0x7F => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            let length = digits
                .iter()
                .fold(0, |length: u64, digit| length << 8 | u64::from(*digit));
            (usize::try_from(length).ok()?, rest)
        }
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(length)?;
    let element = Element {
        tag,
        content,
        whole: &bytes[..bytes.len() - after.len()],
    };
    Some((element, after))
}
