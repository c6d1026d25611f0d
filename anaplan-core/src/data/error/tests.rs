use super::*;

#[test]
fn it_is_one_pointer_wide_and_can_be_shared() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<Error>();
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}

#[test]
fn one_line_says_what_was_done_to_what_and_why_it_failed() {
    let error = Error::new(ErrorKind::Rejected, "the server refused the request")
        .during("alm.create_revision")
        .during("outer")
        .about("modelId", "AB")
        .about("modelId", "other")
        .with_status(StatusCode::BAD_REQUEST)
        .with_server(None, Some("no structural change".into()));
    assert_eq!(
        error.to_string(),
        "alm.create_revision: the server refused the request (HTTP 400, no structural change) [modelId AB]"
    );
    assert!(!error.is_retryable());
}
