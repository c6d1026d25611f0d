//! A table as large as it is wanted, made while it is read.

use bytes::Bytes;

use crate::world::content::CHUNK;

const HEADER: &[u8] = b"Transaction,Region,Product,Period,Quantity,Amount,Comment\r\n";
/// `#` stands for the digits of the row's number, `@` for digits that follow from it.
const ROW: &[u8] = b"T##########,Region @@,Product @@@,Jan 24,@@@,@@@@@.@@,shipped and paid\r\n";
/// The size of the pieces in which a chunk is generated, in bytes.
const PIECE: usize = 256 * 1024;

/// So many bytes of CSV: a header and numbered rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyntheticCsv {
    bytes: u64,
}

impl SyntheticCsv {
    /// At least a header and one row.
    pub(crate) fn new(bytes: u64) -> Self {
        Self {
            bytes: bytes.max((HEADER.len() + ROW.len()) as u64),
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn columns() -> Vec<String> {
        let header = String::from_utf8_lossy(HEADER);
        header.trim_end().split(',').map(str::to_owned).collect()
    }

    pub(crate) fn rows(&self) -> u64 {
        (self.bytes - HEADER.len() as u64) / ROW.len() as u64
    }

    pub(crate) fn chunks(&self) -> usize {
        usize::try_from(self.bytes.div_ceil(CHUNK as u64)).unwrap_or(usize::MAX)
    }

    pub(crate) fn chunk(&self, number: usize) -> impl Iterator<Item = Bytes> + Send + use<> {
        let start = number as u64 * CHUNK as u64;
        self.between(start, (start + CHUNK as u64).min(self.bytes))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = Bytes> + Send + use<> {
        self.between(0, self.bytes)
    }

    fn between(self, start: u64, end: u64) -> impl Iterator<Item = Bytes> + Send + use<> {
        let mut at = start;
        std::iter::from_fn(move || {
            let until = end.min(at + PIECE as u64);
            let piece = (at < until).then(|| self.bytes(at, until));
            at = until;
            piece
        })
    }

    /// The bytes from `start` to before `end`.
    fn bytes(&self, start: u64, end: u64) -> Bytes {
        let (header, row) = (HEADER.len() as u64, ROW.len() as u64);
        let mut out = Vec::with_capacity(PIECE + 2 * ROW.len());
        let from = if start < header {
            out.extend_from_slice(HEADER);
            0
        } else {
            header + (start - header) / row * row
        };
        while from + (out.len() as u64) < end {
            let number = (from + out.len() as u64 - header) / row + 1;
            if number >= self.rows() {
                self.last_row(number, &mut out);
                break;
            }
            write_row(number, &mut out);
        }
        let cut = |at: u64| usize::try_from(at - from).unwrap_or(usize::MAX);
        out.truncate(cut(end));
        Bytes::from(out).slice(cut(start)..)
    }

    /// The last row takes up the bytes that are too few for another one.
    fn last_row(&self, number: u64, out: &mut Vec<u8>) {
        let rest = (self.bytes - HEADER.len() as u64) % ROW.len() as u64;
        write_row(self.rows().min(number), out);
        out.truncate(out.len() - 2);
        out.extend(std::iter::repeat_n(
            b'.',
            usize::try_from(rest).unwrap_or(0),
        ));
        out.extend_from_slice(b"\r\n");
    }
}

fn write_row(number: u64, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(ROW);
    let (mut digits, mut noise) = (number, number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 8);
    for byte in out[start..].iter_mut().rev() {
        let source = match *byte {
            b'#' => &mut digits,
            b'@' => &mut noise,
            _ => continue,
        };
        #[allow(clippy::cast_possible_truncation)]
        let digit = (*source % 10) as u8;
        *source /= 10;
        *byte = b'0' + digit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pieces: impl Iterator<Item = Bytes>) -> String {
        String::from_utf8(pieces.fold(Vec::new(), |mut all, piece| {
            all.extend_from_slice(&piece);
            all
        }))
        .unwrap()
    }

    #[test]
    fn the_table_has_exactly_the_size_that_was_asked_for_and_whole_rows() {
        for bytes in [0, 200, 1_000, 25_000_001] {
            let rows = SyntheticCsv::new(bytes);
            let all = text(rows.all());
            assert_eq!(all.len() as u64, rows.len());
            assert!(bytes < 200 || rows.len() == bytes);
            assert!(all.ends_with("\r\n"));
            assert_eq!(all.lines().count() as u64, rows.rows() + 1);
            assert!(all.lines().all(|line| line.split(',').count() == 7));
        }
    }

    #[test]
    fn chunks_put_together_are_the_whole() {
        let rows = SyntheticCsv::new(25_000_001);
        assert_eq!(rows.chunks(), 3);
        let joined: String = (0..3).map(|n| text(rows.chunk(n))).collect();
        assert!(joined == text(rows.all()));
        let numbered = (1..).zip(joined.lines().skip(1));
        assert!(
            numbered
                .take(1_000)
                .all(|(n, line)| line.starts_with(&format!("T{n:010},")))
        );
    }
}
