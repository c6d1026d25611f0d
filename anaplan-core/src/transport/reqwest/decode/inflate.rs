//! Decompression, piece by piece.

use std::io::{self, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use flate2::write::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use futures_core::Stream;

use crate::transport::{ResponseBody, TransportError, TransportErrorKind};

/// The size from which on output is handed over, in bytes.
const OUTPUT: usize = 32 * 1024;

/// The decoded body.
pub(super) struct Decoding {
    body: ResponseBody,
    inflater: Inflater,
    input: Bytes,
    has_begun: bool,
    is_done: bool,
}

impl Decoding {
    pub(super) fn new(body: ResponseBody, inflater: Inflater) -> Self {
        Self {
            body,
            inflater,
            input: Bytes::new(),
            has_begun: false,
            is_done: false,
        }
    }

    fn failed(&mut self, error: io::Error) -> TransportError {
        self.is_done = true;
        TransportError::caused_by(TransportErrorKind::Interrupted, error)
    }
}

impl Stream for Decoding {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if this.is_done {
                return Poll::Ready(None);
            }
            let produced = if this.input.is_empty() {
                match ready!(Pin::new(&mut this.body).poll_next(cx)) {
                    Some(Ok(input)) => {
                        this.has_begun |= !input.is_empty();
                        this.input = input;
                        continue;
                    }
                    Some(Err(error)) => {
                        this.is_done = true;
                        return Poll::Ready(Some(Err(error)));
                    }
                    None => {
                        this.is_done = true;
                        if !this.has_begun {
                            return Poll::Ready(None);
                        }
                        this.inflater.finish()
                    }
                }
            } else {
                this.inflater.inflate(&mut this.input)
            };
            match produced {
                Ok(output) if output.is_empty() => {}
                Ok(output) => return Poll::Ready(Some(Ok(output.into()))),
                Err(error) => return Poll::Ready(Some(Err(this.failed(error)))),
            }
        }
    }
}

/// A decoder. Its output never grows beyond a few times [`OUTPUT`], whatever the input unfolds to.
pub(super) enum Inflater {
    /// All members of a gzip stream.
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    /// A stream of zlib, or of bare deflate, which some servers send under the same name.
    Deflate {
        /// Chosen by the first two bytes.
        decoder: Option<Decompress>,
        first: Vec<u8>,
        has_ended: bool,
    },
}

impl Inflater {
    pub(super) fn gzip() -> Self {
        Self::Gzip(Box::new(MultiGzDecoder::new(Vec::new())))
    }

    pub(super) fn deflate() -> Self {
        Self::Deflate {
            decoder: None,
            first: Vec::new(),
            has_ended: false,
        }
    }

    /// Takes some of the input, which must not be empty, and returns what it unfolds to.
    pub(super) fn inflate(&mut self, input: &mut Bytes) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(decoder) => {
                while !input.is_empty() && decoder.get_ref().len() < OUTPUT {
                    let before = decoder.get_ref().len();
                    let taken = decoder.write(input)?;
                    if taken == 0 && decoder.get_ref().len() == before {
                        return Err(invalid("the gzip stream makes no progress"));
                    }
                    input.advance(taken);
                }
                Ok(std::mem::take(decoder.get_mut()))
            }
            Self::Deflate {
                decoder,
                first,
                has_ended,
            } => {
                if decoder.is_none() {
                    let missing = input.len().min(2 - first.len());
                    first.extend_from_slice(&input.split_to(missing));
                    if first.len() < 2 {
                        return Ok(Vec::new());
                    }
                    let mut all = first.clone();
                    all.extend_from_slice(input);
                    *input = all.into();
                }
                let decoder = decoder.get_or_insert_with(|| Decompress::new(is_zlib(first)));
                deflate(decoder, input, has_ended)
            }
        }
    }

    /// Ends the stream, which must be complete.
    pub(super) fn finish(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(decoder) => {
                decoder.try_finish()?;
                Ok(std::mem::take(decoder.get_mut()))
            }
            Self::Deflate {
                has_ended: true, ..
            } => Ok(Vec::new()),
            Self::Deflate { .. } => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the compressed stream is not complete",
            )),
        }
    }
}

fn deflate(
    decoder: &mut Decompress,
    input: &mut Bytes,
    has_ended: &mut bool,
) -> io::Result<Vec<u8>> {
    let mut output = Vec::with_capacity(OUTPUT);
    while !input.is_empty() && output.len() < OUTPUT {
        if *has_ended {
            return Err(invalid("bytes follow the end of the compressed stream"));
        }
        output.reserve(OUTPUT - output.len());
        let (taken, made) = (decoder.total_in(), output.len());
        let status = decoder.decompress_vec(input, &mut output, FlushDecompress::None)?;
        let taken = decoder.total_in() - taken;
        *has_ended = status == Status::StreamEnd;
        if taken == 0 && output.len() == made && !*has_ended {
            return Err(invalid("the compressed stream makes no progress"));
        }
        input.advance(usize::try_from(taken).unwrap_or(input.len()));
    }
    Ok(output)
}

/// Returns `true` for the two bytes of a zlib header.
fn is_zlib(first: &[u8]) -> bool {
    matches!(first, [method, flags] if method & 0x0f == 8
        && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0)
}

fn invalid(text: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}
