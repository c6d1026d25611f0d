use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use futures_util::{FutureExt as _, stream};
use proptest::prelude::*;

use super::*;

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn raw(plain: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// Decodes a body that arrives in pieces of `size` bytes.
fn decode(encoding: &str, body: &[u8], size: usize) -> Result<Vec<u8>, TransportErrorKind> {
    let pieces: Vec<_> = body
        .chunks(size)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    let mut response = Response::new(ResponseBody::from_stream(stream::iter(pieces)));
    let value = encoding.parse().unwrap();
    response.headers_mut().insert(CONTENT_ENCODING, value);
    let mut response = decoded(response);
    let mut plain = Vec::new();
    while let Some(piece) = response.body_mut().chunk().now_or_never().unwrap() {
        let piece = piece.map_err(|error| error.kind())?;
        assert!(piece.len() <= 4 * 32 * 1024, "{}", piece.len());
        plain.extend_from_slice(&piece);
    }
    Ok(plain)
}

#[test]
fn every_known_encoding_is_decoded_whatever_its_spelling() {
    let plain = b"a,b\n1,2\n".repeat(1000);
    for size in [1, 2, 7, 100_000] {
        for (encoding, body) in [
            ("gzip", gzip(&plain)),
            ("GZIP", gzip(&plain)),
            ("x-gzip", gzip(&plain)),
            (" gzip , identity,", gzip(&plain)),
            ("identity", plain.clone()),
            ("gzip, gzip", gzip(&gzip(&plain))),
            ("deflate", zlib(&plain)),
            ("Deflate", raw(&plain)),
            ("deflate, gzip", gzip(&zlib(&plain))),
        ] {
            assert_eq!(decode(encoding, &body, size).unwrap(), plain, "{encoding}");
        }
    }
}

#[test]
fn unknown_encoding_is_an_error_and_never_data() {
    for encoding in [
        "br",
        "zstd",
        "compress",
        "gzip, br",
        "aws-chunked",
        "gzip;q=1",
    ] {
        let kind = decode(encoding, b"data", 9).unwrap_err();
        assert_eq!(kind, TransportErrorKind::Encoding, "{encoding}");
    }
    let many = ["gzip"; 9].join(",");
    assert_eq!(decode(&many, b"x", 9), Err(TransportErrorKind::Encoding));
}

#[test]
fn every_cut_of_a_compressed_body_is_an_error() {
    let plain = b"0123456789".repeat(30);
    for (encoding, body) in [
        ("gzip", gzip(&plain)),
        ("gzip", [gzip(b"one"), gzip(&plain)].concat()),
        ("deflate", zlib(&plain)),
        ("deflate", raw(&plain)),
    ] {
        let first = gzip(b"one").len();
        for length in 1..body.len() {
            let is_whole = body.len() > first && length == first && body.starts_with(&gzip(b"one"));
            let got = decode(encoding, &body[..length], 16);
            assert_eq!(got.is_ok(), is_whole, "{encoding} {length}: {got:?}");
        }
    }
}

#[test]
fn damaged_or_surplus_bytes_are_an_error() {
    let mut wrong_sum = gzip(b"data");
    *wrong_sum.last_mut().unwrap() ^= 1;
    for (encoding, body) in [
        ("gzip", wrong_sum),
        ("gzip", b"data".to_vec()),
        ("gzip", [gzip(b"data"), b"more".to_vec()].concat()),
        ("deflate", [zlib(b"data"), b"more".to_vec()].concat()),
        ("deflate", vec![0xff; 20]),
    ] {
        let kind = decode(encoding, &body, 5).unwrap_err();
        assert_eq!(kind, TransportErrorKind::Interrupted, "{encoding}");
    }
}

#[test]
fn empty_body_has_nothing_to_decode() {
    assert_eq!(decode("gzip", b"", 1), Ok(Vec::new()));
    let mut response = Response::new(ResponseBody::full(""));
    *response.status_mut() = StatusCode::NO_CONTENT;
    let value = "br".parse().unwrap();
    response.headers_mut().insert(CONTENT_ENCODING, value);
    let piece = decoded(response).body_mut().chunk().now_or_never().unwrap();
    assert!(piece.unwrap().unwrap().is_empty());
}

proptest! {
    #[test]
    fn all_members_of_a_gzip_body_are_read(
        members in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..3000), 1..6),
        size in 1_usize..5000,
    ) {
        let body: Vec<u8> = members.iter().flat_map(|member| gzip(member)).collect();
        prop_assert_eq!(decode("gzip", &body, size).unwrap(), members.concat());
    }

    #[test]
    fn no_body_makes_the_decoder_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        for encoding in ["gzip", "deflate"] {
            let _ = decode(encoding, &body, 64);
            let _ = decode(encoding, &[&gzip(b"x")[..10], &body].concat(), 64);
        }
    }
}
