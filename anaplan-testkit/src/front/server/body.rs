//! Bodies on their way out: whole, in pieces, or broken off.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use crate::http::Pieces;

/// The body of an answer.
pub(super) enum Outgoing {
    /// All at once.
    Full(Option<Bytes>),
    /// As it is made.
    Pieces(Pieces),
    /// Less than what was announced, and then the end of the connection.
    Cut {
        sent: Option<Bytes>,
        announced: u64,
        /// Time for what was sent to leave this machine before the connection breaks.
        linger: Pin<Box<dyn Future<Output = ()> + Send>>,
    },
}

/// Why a body ends before its end.
#[derive(Debug)]
pub(super) struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is broken on purpose")
    }
}

impl std::error::Error for BrokenOff {}

impl hyper::body::Body for Outgoing {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let piece = match &mut *self {
            Self::Full(bytes) => bytes.take(),
            Self::Pieces(pieces) => {
                let full =
                    |piece: &io::Result<Bytes>| !matches!(piece, Ok(piece) if piece.is_empty());
                match pieces.find(full).transpose() {
                    Ok(piece) => piece,
                    Err(_) => return Poll::Ready(Some(Err(BrokenOff))),
                }
            }
            Self::Cut { sent, linger, .. } => match sent.take() {
                Some(bytes) if !bytes.is_empty() => Some(bytes),
                _ => return linger.as_mut().poll(cx).map(|()| Some(Err(BrokenOff))),
            },
        };
        Poll::Ready(piece.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Full(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::Pieces(_) | Self::Cut { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Pieces(_) => SizeHint::default(),
            Self::Cut { announced, .. } => SizeHint::with_exact(*announced),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use hyper::body::Body as _;

    use super::*;

    fn pieces(texts: &'static [&'static str]) -> Outgoing {
        let pieces = texts.iter().map(|text| Bytes::from_static(text.as_bytes()));
        Outgoing::Pieces(Box::new(pieces.map(Ok)))
    }

    #[tokio::test]
    async fn pieces_are_sent_one_by_one_and_empty_ones_left_out() {
        let mut body = pieces(&["a", "", "bc"]);
        assert_eq!(body.size_hint().exact(), None);
        let mut sent = Vec::new();
        while let Some(frame) = body.frame().await {
            sent.push(frame.unwrap().into_data().unwrap());
        }
        assert_eq!(sent, ["a", "bc"]);
    }

    #[tokio::test]
    async fn a_piece_that_cannot_be_read_breaks_the_connection() {
        let lost = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let pieces = [Ok(Bytes::from_static(b"a")), Err(lost())];
        let mut body = Outgoing::Pieces(Box::new(pieces.into_iter()));
        assert!(body.frame().await.unwrap().is_ok());
        assert!(body.frame().await.unwrap().is_err());
    }

    #[tokio::test]
    async fn a_cut_body_announces_the_whole_and_breaks() {
        let mut body = Outgoing::Cut {
            sent: Some(Bytes::from_static(b"ab")),
            announced: 5,
            linger: Box::pin(std::future::ready(())),
        };
        assert_eq!(body.size_hint().exact(), Some(5));
        assert!(!body.is_end_stream());
        let sent = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(sent, "ab");
        assert!(body.frame().await.unwrap().is_err());
    }
}
