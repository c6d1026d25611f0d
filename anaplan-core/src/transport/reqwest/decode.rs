//! Content encodings of responses.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, Response, StatusCode};

use crate::transport::{ResponseBody, TransportError, TransportErrorKind};

#[cfg(feature = "gzip")]
mod inflate;

/// The most encodings that are applied to one body. More are an attack.
#[cfg(feature = "gzip")]
const MOST: usize = 3;

/// Undoes the content encodings of a response. A body whose encoding is unknown fails when it is read, so
/// that the status still counts.
pub(super) fn decoded(response: Response<ResponseBody>) -> Response<ResponseBody> {
    let (mut head, body) = response.into_parts();
    let names = encodings(&head.headers);
    let has_no_body = matches!(
        head.status,
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
    ) || head
        .headers
        .get(CONTENT_LENGTH)
        .is_some_and(|length| length == "0");
    if names.is_empty() || has_no_body {
        return Response::from_parts(head, body);
    }
    let body = match undo(&names, body) {
        Ok(body) => {
            head.headers.remove(CONTENT_ENCODING);
            head.headers.remove(CONTENT_LENGTH);
            body
        }
        Err(error) => ResponseBody::broken(Bytes::new(), error),
    };
    Response::from_parts(head, body)
}

/// The encodings in the order in which they were applied.
fn encodings(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .flat_map(|value| {
            let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
            let names: Vec<_> = value
                .split(',')
                .map(|name| name.trim().to_owned())
                .collect();
            names
        })
        .filter(|name| !name.is_empty() && name != "identity")
        .collect()
}

fn unknown(names: &[String]) -> TransportError {
    let names: String = names.join(", ").chars().take(60).collect();
    TransportError::with_message(
        TransportErrorKind::Encoding,
        format!(
            "the response has the content encoding '{}', which was not asked for",
            names.escape_debug()
        ),
    )
}

#[cfg(not(feature = "gzip"))]
fn undo(names: &[String], _: ResponseBody) -> Result<ResponseBody, TransportError> {
    Err(unknown(names))
}

#[cfg(feature = "gzip")]
fn undo(names: &[String], mut body: ResponseBody) -> Result<ResponseBody, TransportError> {
    use inflate::{Decoding, Inflater};

    if names.len() > MOST {
        return Err(unknown(names));
    }
    for name in names.iter().rev() {
        let inflater = match name.as_str() {
            "gzip" | "x-gzip" => Inflater::gzip(),
            "deflate" => Inflater::deflate(),
            _ => return Err(unknown(names)),
        };
        body = ResponseBody::from_stream(Decoding::new(body, inflater));
    }
    Ok(body)
}

#[cfg(test)]
#[cfg(feature = "gzip")]
mod tests;
