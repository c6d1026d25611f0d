use proptest::prelude::*;

use super::tests::{CHAIN, KEY, ROOT, USER, content, der, utf16};
use super::*;

/// A line break or a space, as it may stand between two characters of base64.
fn separator() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("\n"),
        Just("\r\n"),
        Just("\r"),
        Just(" "),
        Just("\t"),
        Just("\n    "),
        Just("\\n"),
        Just("\\r\\n"),
        Just("\\\\n"),
        Just("\n\n"),
        Just("%0A"),
        Just("\",\n\""),
        Just("\u{a0}"),
        Just("\n> "),
    ]
    .prop_map(str::to_owned)
}

#[derive(Debug, Clone, Copy)]
enum Wrapping {
    Utf8,
    Mark,
    Utf16Le,
    Utf16Be,
    Base64,
}

fn wrapping() -> impl Strategy<Value = Wrapping> {
    prop_oneof![
        Just(Wrapping::Utf8),
        Just(Wrapping::Mark),
        Just(Wrapping::Utf16Le),
        Just(Wrapping::Utf16Be),
        Just(Wrapping::Base64),
    ]
}

proptest! {
    #[test]
    fn any_wrapping_of_pem_is_the_same_object(
        width in 1usize..100,
        separators in proptest::collection::vec(separator(), 1..6),
        before in "[ a-zA-Z:\n]{0,40}",
        wrappings in proptest::collection::vec(wrapping(), 0..3),
        which in 0usize..3,
    ) {
        let pem = [KEY, ROOT, USER][which];
        let mut separators = separators.iter().cycle();
        let mut next = || separators.next().cloned().unwrap_or_default();
        let lines: Vec<&str> = pem.lines().collect();
        let mut text = format!("{before}{}{}", lines[0], next());
        for piece in lines[1..lines.len() - 1].concat().as_bytes().chunks(width) {
            text.push_str(std::str::from_utf8(piece).unwrap());
            text.push_str(&next());
        }
        text.push_str(lines[lines.len() - 1]);
        let mut file = text.into_bytes();
        for wrapping in wrappings {
            let text = String::from_utf8(file.clone());
            file = match (wrapping, text) {
                (Wrapping::Mark, _) => [&b"\xEF\xBB\xBF"[..], &file].concat(),
                (Wrapping::Utf16Le, Ok(text)) => {
                    [&b"\xFF\xFE"[..], &utf16(&text, u16::to_le_bytes)].concat()
                }
                (Wrapping::Utf16Be, Ok(text)) => {
                    [&b"\xFE\xFF"[..], &utf16(&text, u16::to_be_bytes)].concat()
                }
                (Wrapping::Base64, _) => STANDARD.encode(&file).into_bytes(),
                _ => file,
            };
        }
        prop_assert_eq!(content(&file), der(pem));
    }

    #[test]
    fn encoded_objects_are_read_again(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let length = [0x82, u8::try_from(body.len() / 256).unwrap(), u8::try_from(body.len() % 256).unwrap()];
        // A PKCS#1 public key: two integers.
        let integer = [&[2][..], &length, &body].concat();
        let total = u16::try_from(2 * integer.len()).unwrap().to_be_bytes();
        let key = [&[0x30, 0x82][..], &total, &integer, &integer].concat();
        let pem = encode("RSA PUBLIC KEY", &key);
        prop_assert!(pem.lines().all(|line| line.len() <= 64));
        prop_assert_eq!(content(pem.as_bytes()), key);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(file in proptest::collection::vec(any::<u8>(), 0..300)) {
        let document = read(&file);
        let _ = (document.to_string(), document.certificates().len(), has_marker(&file));
    }

    #[test]
    fn no_change_of_der_makes_the_reader_panic(
        which in 0usize..3,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        length in any::<prop::sample::Index>(),
    ) {
        let mut file = [CHAIN.to_vec(), der(USER), der(KEY)][which].clone();
        for (at, byte) in edits {
            let at = at.index(file.len());
            file[at] = byte;
        }
        for file in [&file[..], &file[..length.index(file.len())]] {
            let document = read(file);
            let _ = (document.to_string(), document.certificates().len());
        }
    }

    #[test]
    fn no_text_of_markers_makes_the_reader_panic(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("-----BEGIN "), Just("-----END "), Just("-----"), Just("CERTIFICATE"),
                Just("PRIVATE KEY"), Just("\n"), Just("Proc-Type: 4,ENCRYPTED"), Just("DEK-Info: "),
                Just("AES-256-CBC,"), Just("00FF"), Just("AQID"), Just("-"), Just("é"), Just("\\u"),
                Just("%"), Just(":"),
            ],
            0..30,
        )
    ) {
        let _ = read(parts.concat().as_bytes()).to_string();
    }
}
