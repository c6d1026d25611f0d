//! Labels of encodings.

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, GB18030, GBK, IBM866, ISO_2022_JP, ISO_8859_3, ISO_8859_10, KOI8_R,
    KOI8_U, REPLACEMENT, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_874, WINDOWS_1252,
    WINDOWS_1254, X_USER_DEFINED,
};

use super::{Encoding, LegacyEncoding};

/// Finds the encoding of a label.
pub(super) fn find(label: &str) -> Option<Encoding> {
    let plain: String = label
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let strict = |name, encoding, first, last| {
        Encoding::Legacy(LegacyEncoding {
            name,
            encoding,
            undefined: Some((first, last)),
        })
    };
    Some(match plain.as_str() {
        "utf8" => Encoding::Utf8,
        "utf16" => Encoding::Utf16,
        "utf16le" | "xutf16le" => Encoding::Utf16Le,
        "utf16be" | "xutf16be" => Encoding::Utf16Be,
        // The Encoding Standard reads these three as their Windows counterparts.
        "iso88591" | "88591" | "latin1" | "l1" | "isolatin1" | "cp819" | "ibm819" => {
            Encoding::Iso8859_1
        }
        "usascii" | "ascii" | "iso646us" | "ansix341968" => {
            strict("US-ASCII", WINDOWS_1252, 0x80, 0xFF)
        }
        "iso88599" | "88599" | "latin5" | "l5" | "isolatin5" => {
            strict("ISO-8859-9", WINDOWS_1254, 0x80, 0x9F)
        }
        "iso885911" | "885911" => strict("ISO-8859-11", WINDOWS_874, 0x80, 0x9F),
        _ => return standard(label, &plain),
    })
}

fn standard(label: &str, plain: &str) -> Option<Encoding> {
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes())
        .or_else(|| encoding_rs::Encoding::for_label(respelled(plain).as_bytes()))
        .or_else(|| alias(plain))?;
    if encoding == UTF_8 {
        return Some(Encoding::Utf8);
    } else if encoding == UTF_16LE {
        return Some(Encoding::Utf16Le);
    } else if encoding == UTF_16BE {
        return Some(Encoding::Utf16Be);
    } else if encoding == REPLACEMENT || encoding == X_USER_DEFINED {
        return None;
    }
    Some(Encoding::Legacy(LegacyEncoding {
        name: encoding.name(),
        encoding,
        undefined: None,
    }))
}

/// Inserts the hyphens that a label of the Encoding Standard has.
fn respelled(plain: &str) -> String {
    let numbered = |prefix: &str, with: &str| {
        let number = plain.strip_prefix(prefix)?;
        number
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| format!("{with}{number}"))
    };
    numbered("windows", "windows-")
        .or_else(|| numbered("cp", "windows-"))
        .or_else(|| numbered("win", "windows-"))
        .or_else(|| numbered("iso8859", "iso-8859-"))
        .or_else(|| numbered("8859", "iso-8859-"))
        .unwrap_or_else(|| plain.to_owned())
}

/// Names that other programs use, without hyphens.
fn alias(plain: &str) -> Option<&'static encoding_rs::Encoding> {
    Some(match plain {
        "sjis" | "shiftjis" | "mskanji" | "ms932" | "cp932" | "windows932" | "windows31j" => {
            SHIFT_JIS
        }
        "eucjp" | "ujis" => EUC_JP,
        "euckr" | "ms949" | "cp949" | "windows949" => EUC_KR,
        "gb2312" | "euccn" | "ms936" | "cp936" | "windows936" => GBK,
        "gb18030" => GB18030,
        "big5hkscs" | "ms950" | "cp950" | "windows950" => BIG5,
        "cp866" | "ibm866" => IBM866,
        "koi8r" => KOI8_R,
        "koi8u" => KOI8_U,
        "iso2022jp" => ISO_2022_JP,
        "latin3" => ISO_8859_3,
        "latin6" => ISO_8859_10,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_matched_without_case_and_punctuation() {
        for (labels, name) in [
            (&["utf-8", "UTF8", "Utf_8", " utf 8 "][..], "UTF-8"),
            (&["UTF-16", "utf16"], "UTF-16"),
            (&["utf-16le", "UTF16LE", "UTF_16LE"], "UTF-16LE"),
            (&["UTF-16BE", "utf16be"], "UTF-16BE"),
            (
                &["latin1", "ISO-8859-1", "iso8859_1", "Latin-1"],
                "ISO-8859-1",
            ),
            (
                &["windows-1252", "cp1252", "Windows1252", "CP-1252"],
                "windows-1252",
            ),
            (&["windows-1250", "cp1250"], "windows-1250"),
            (&["ISO-8859-15", "iso8859_15", "ISO885915"], "ISO-8859-15"),
            (&["ISO-8859-2", "latin2"], "ISO-8859-2"),
            (&["iso-8859-9", "latin5"], "ISO-8859-9"),
            (
                &["Shift_JIS", "SJIS", "shift-jis", "MS932", "windows-31j"],
                "Shift_JIS",
            ),
            (&["EUC-KR", "euckr", "cp949"], "EUC-KR"),
            (&["GB18030", "gb-18030"], "gb18030"),
            (&["koi8-r", "KOI8R"], "KOI8-R"),
            (&["ASCII", "US-ASCII"], "US-ASCII"),
        ] {
            for label in labels {
                assert_eq!(Encoding::from(*label).as_str(), name, "{label}");
                assert!(Encoding::from(*label).check().is_ok(), "{label}");
            }
        }
    }

    #[test]
    fn unsupported_labels_are_kept_and_rejected() {
        for label in [
            "UTF-32",
            "UTF-7",
            "x-user-defined",
            "iso-2022-kr",
            "",
            "\u{e9}",
        ] {
            assert_eq!(Encoding::from(label), Encoding::Unknown(label.to_owned()));
            assert!(Encoding::from(label).check().is_err(), "{label}");
        }
    }
}
