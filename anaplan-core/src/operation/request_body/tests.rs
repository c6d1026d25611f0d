use super::*;
use futures_util::stream;
use proptest::prelude::*;

fn streamed(len: Option<u64>, parts: &'static [&'static str]) -> RequestBody {
    RequestBody::from_stream(len, move || {
        stream::iter(
            parts
                .iter()
                .map(|part| Ok(Bytes::from_static(part.as_bytes()))),
        )
    })
}

#[tokio::test]
async fn body_in_memory_is_read_in_slices_that_advance_the_progress() {
    let body = RequestBody::from(vec![7; 2 * PIECE + 5]);
    let progress = body.progress();
    let mut reader = body.clone().into_reader();
    let mut sizes = Vec::new();
    while let Some(piece) = reader.next_piece().await {
        sizes.push(piece.unwrap().len());
        assert_eq!(progress.sent(), sizes.iter().sum::<usize>() as u64);
        assert_eq!(progress.is_finished(), sizes.len() == 3);
    }
    assert_eq!(sizes, [PIECE, PIECE, 5]);
    assert_eq!(body.reopen().progress().sent(), 0);
    assert!(!body.reopen().progress().is_finished());
}

#[tokio::test]
async fn body_without_content_is_finished_when_it_is_opened() {
    let body = RequestBody::empty();
    let progress = body.progress();
    let mut reader = body.into_reader();
    assert!(progress.is_finished() && reader.is_finished());
    assert!(reader.next_piece().await.is_none());
}

#[tokio::test]
async fn stream_can_be_opened_for_each_attempt() {
    let body = streamed(None, &["ab", "", "c"]);
    for _ in 0..2 {
        let attempt = body.reopen();
        let progress = attempt.progress();
        assert_eq!(attempt.collect().await.unwrap(), "abc");
        assert_eq!((progress.sent(), progress.is_finished()), (3, true));
    }
    assert!(!body.progress().is_finished());
}

#[tokio::test]
async fn stream_of_another_length_than_announced_is_an_error_before_its_last_byte() {
    for (len, parts) in [
        (4, &["ab", "c"][..]),
        (2, &["ab", "c"]),
        (2, &["abc"]),
        (1, &[]),
    ] {
        let body = streamed(Some(len), parts);
        let progress = body.progress();
        let mut reader = body.into_reader();
        let error = loop {
            match reader.next_piece().await.unwrap() {
                Ok(piece) => assert!(!piece.is_empty()),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), TransportErrorKind::Body, "{len} {parts:?}");
        assert!(progress.sent() < len, "{len} {parts:?}");
        assert!(reader.next_piece().await.is_none());
        assert!(!progress.is_finished());
    }
}

#[tokio::test]
async fn failing_stream_is_not_finished() {
    let body = RequestBody::from_stream(None, || {
        stream::iter([Ok(Bytes::from("a")), Err(std::io::Error::other("disk"))])
    });
    let progress = body.progress();
    let error = body.collect().await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Body);
    assert!(!progress.is_finished());
}

#[test]
fn debug_shows_no_content() {
    let body = RequestBody::from("s3cret");
    assert_eq!(format!("{body:?}"), "RequestBody { len: Some(6), .. }");
}

proptest! {
    #[test]
    fn reader_returns_the_content_whatever_its_pieces(
        sizes in proptest::collection::vec(0..3 * PIECE, 0..5),
        is_known in proptest::bool::ANY,
    ) {
        let parts: Vec<Bytes> = (1..).zip(&sizes).map(|(n, size)| vec![n; *size].into()).collect();
        let whole = parts.concat();
        let len = is_known.then_some(whole.len() as u64);
        let body = RequestBody::from_stream(len, move || {
            stream::iter(parts.clone().into_iter().map(Ok))
        });
        let progress = body.progress();
        let read = futures_util::FutureExt::now_or_never(body.collect()).unwrap().unwrap();
        prop_assert_eq!(&read[..], &whole[..]);
        prop_assert_eq!(progress.sent(), whole.len() as u64);
        prop_assert!(progress.is_finished());
    }
}
