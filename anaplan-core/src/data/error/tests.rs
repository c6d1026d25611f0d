use super::*;

#[test]
fn error_is_one_pointer_wide_and_shareable() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<Error>();
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}

#[test]
fn display_names_operation_reason_status_and_ids() {
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
