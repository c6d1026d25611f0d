//! One call from its endpoint to its output.

use crate::data::error::{Error, ErrorKind, Result};
use crate::engine::body::{Streamed, Whole};
use crate::engine::classify::Executed;
use crate::engine::options::{CallOptions, Deadline};
use crate::engine::reconcile::reconciled;
use crate::engine::request::PreparedRequest;
use crate::engine::send::{Failure, Sending, send};
use crate::operation::paging::Windowed;
use crate::operation::{Endpoint, Operation, Page, Paged, Response, RetryClass, Window};
use crate::session::Session;
use crate::session::starts::Exclusive;
use crate::transport::ResponseBody;

/// Evidence that a result belongs to the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// The response to the call, or everything that the API exposes, proves it.
    Own,
    /// The response was lost. The result is the only candidate, and the API does not expose whose it
    /// is.
    Presumed,
}

/// Output of a call.
pub(crate) struct Completed<T> {
    pub(crate) output: T,
    pub(crate) origin: Origin,
}

impl<T> Completed<T> {
    pub(crate) fn own(output: T) -> Self {
        Self {
            output,
            origin: Origin::Own,
        }
    }
}

/// Makes a call. If it must not run twice and its outcome is unknown, searches for its effect.
pub(crate) async fn execute<E: Endpoint>(
    session: &Session,
    endpoint: &E,
    options: &CallOptions,
) -> Result<Completed<E::Output>> {
    let request = PreparedRequest::new(endpoint, &session.inner)?;
    let deadline = Deadline::start(options.timeout, session.clock());
    let _exclusive = exclude(session, endpoint, &request, deadline).await?;
    let class = effective_class(endpoint, options);
    if class == RetryClass::NotIdempotent {
        return reconciled(session, endpoint, &request, options, deadline).await;
    }
    let call = Sending {
        session,
        request: &request,
        class,
        deadline,
        nested: false,
        on_retry: options.on_retry.as_ref(),
    };
    let response = send::<Whole>(call, None).await.map_err(into_error)?;
    decode(endpoint, &request, response)
        .map(Completed::own)
        .map_err(into_error)
}

/// Reads one page of a collection.
pub(crate) async fn execute_page<E: Paged>(
    session: &Session,
    endpoint: &E,
    window: Window,
    options: &CallOptions,
    deadline: Deadline,
) -> Result<Page<E::Item>> {
    let operation = Windowed::new(endpoint, window);
    let request = PreparedRequest::new(&operation, &session.inner)?;
    let call = Sending {
        session,
        request: &request,
        class: effective_class(endpoint, options),
        deadline,
        nested: false,
        on_retry: options.on_retry.as_ref(),
    };
    let response = send::<Whole>(call, None).await.map_err(into_error)?;
    decode(endpoint, &request, response).map_err(into_error)
}

/// Makes a call up to the head of the response, and returns the body as a stream.
pub(crate) async fn open<E: Endpoint>(
    session: &Session,
    endpoint: &E,
    options: &CallOptions,
) -> Result<http::Response<ResponseBody>> {
    let request = PreparedRequest::new(endpoint, &session.inner)?;
    let call = Sending {
        session,
        request: &request,
        class: effective_class(endpoint, options),
        deadline: Deadline::start(options.timeout, session.clock()),
        nested: false,
        on_retry: options.on_retry.as_ref(),
    };
    send::<Streamed>(call, None).await.map_err(into_error)
}

/// Builds the request without a credential. Sends nothing.
pub(crate) fn dry_run(
    session: &Session,
    operation: &dyn Operation,
) -> Result<http::Request<bytes::Bytes>> {
    let request = PreparedRequest::new(operation, &session.inner)?.http(None, None)?;
    let mut request = request.map(|body| body.as_bytes().cloned().unwrap_or_default());
    if !operation.authorization().is_session() {
        request.headers_mut().remove(http::header::AUTHORIZATION);
        *request.body_mut() = bytes::Bytes::new();
    }
    Ok(request)
}

/// Waits until no other call with the endpoint's key is in progress.
async fn exclude<E: Endpoint>(
    session: &Session,
    endpoint: &E,
    request: &PreparedRequest<'_>,
    deadline: Deadline,
) -> Result<Option<Exclusive>> {
    let Some(key) = endpoint.exclusive() else {
        return Ok(None);
    };
    let entered = deadline.within(session.clock(), session.exclusive(&key));
    entered.await.map(Some).ok_or_else(|| {
        let text = "the deadline passed while another call that excludes this one was in progress";
        request.describe(Error::new(ErrorKind::Timeout, text))
    })
}

/// Decodes a success. A response that cannot be decoded leaves the outcome unknown.
pub(crate) fn decode<E: Endpoint>(
    endpoint: &E,
    request: &PreparedRequest<'_>,
    response: Response,
) -> Result<E::Output, Failure> {
    endpoint.decode(response).map_err(|error| Failure {
        error: request.describe(error).with_attempts(request.attempts()),
        executed: Executed::Unknown,
    })
}

fn effective_class<E: Endpoint>(endpoint: &E, options: &CallOptions) -> RetryClass {
    match endpoint.retry_class() {
        RetryClass::Idempotent | RetryClass::Repeatable if options.send_once => {
            RetryClass::NotIdempotent
        }
        RetryClass::NotIdempotent if options.send_once => RetryClass::NotIdempotent,
        RetryClass::NotIdempotent if options.assume_idempotent => RetryClass::Idempotent,
        class => class,
    }
}

fn into_error(failure: Failure) -> Error {
    failure.error
}
