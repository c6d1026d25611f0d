//! A description of every response of the API, written apart from the fake, and the check of responses.
//!
//! For each operation it lists the statuses, the keys with their types, which of them may be missing and
//! when, and relations between the parts of a response. A response that violates its description fails the
//! test that caused it, unless a fault changed it. So does one of an operation that is not described.

mod alm;
mod answer;
mod bulk;
mod calendar;
mod check;
mod lists;
mod modelling;
mod oauth;
mod operation;
mod read_requests;
mod shape;
mod tenant;
mod token;
mod violations;

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, StatusCode};

use anaplan_testkit::{Body, FakeAnaplan, Observer, Pieces, Request, Response, Rules};
use answer::Answer;
use check::Circumstances;
use operation::{Operation, Place};
use violations::Violations;

/// Up to how many bytes a body that is made as it is sent is looked at.
const LARGEST_BODY: usize = 4 << 20;

/// Checks each response of a fake against its description. A violation panics, over a socket at the next
/// use of the fake.
#[must_use]
pub fn validated(fake: FakeAnaplan) -> FakeAnaplan {
    fake.observe(validator());
    fake
}

/// Does the same with every fake that this process makes from now on.
pub fn validate_every_fake() {
    anaplan_testkit::observe_every_fake(validator);
}

fn validator() -> Arc<dyn Observer> {
    Arc::new(Violations::default())
}

impl Observer for Violations {
    fn response(&self, request: &Request, response: Response, rules: &Rules) -> Response {
        let (response, outcome) = validate(request, response, rules.novelties);
        if let Err(violation) = outcome {
            self.add(violation);
        }
        response
    }

    fn check(&self) {
        self.enforce();
    }
}

/// Checks a response, and returns it with the outcome.
fn validate(
    request: &Request,
    mut response: Response,
    novelties: bool,
) -> (Response, Result<(), String>) {
    let is_json = response
        .headers
        .get("content-type")
        .is_some_and(|kind| kind == "application/json");
    let body = match response.body {
        Body::Full(bytes) => {
            response.body = Body::Full(bytes.clone());
            Some(bytes)
        }
        Body::Pieces(pieces) if is_json => {
            let (body, whole) = read_ahead(pieces);
            response.body = body;
            whole
        }
        pieces @ Body::Pieces(_) => {
            response.body = pieces;
            None
        }
    };
    let answer = Answer {
        status: response.status,
        headers: &response.headers,
        body: body.as_deref(),
    };
    let outcome = check(request, answer, novelties).map_err(|problem| {
        let text = body.as_deref().map(String::from_utf8_lossy);
        format!(
            "{} {} is answered with {}, but {problem}\n{}",
            request.method(),
            request.path(),
            response.status.as_u16(),
            text.unwrap_or_default()
                .chars()
                .take(2_000)
                .collect::<String>(),
        )
    });
    (response, outcome)
}

/// The same body, and all of it if it is not too large.
fn read_ahead(mut pieces: Pieces) -> (Body, Option<Bytes>) {
    let (mut read, mut size) = (Vec::new(), 0);
    let mut is_whole = false;
    while size < LARGEST_BODY {
        let Some(piece) = pieces.next() else {
            is_whole = true;
            break;
        };
        size += piece.as_ref().map_or(LARGEST_BODY, Bytes::len);
        read.push(piece);
    }
    let whole = is_whole.then(|| {
        let read: Vec<&[u8]> = read.iter().flatten().map(Bytes::as_ref).collect();
        Bytes::from(read.concat())
    });
    let body = Body::Pieces(Box::new(read.into_iter().chain(pieces)));
    (body, whole)
}

fn check(request: &Request, answer: Answer<'_>, novelties: bool) -> Result<(), String> {
    if request.method() == Method::OPTIONS {
        return check_allow(request, answer);
    }
    let circumstances = Circumstances { request, novelties };
    // As by GET, without its body.
    let (method, answer) = match *request.method() {
        Method::HEAD => (
            "GET",
            Answer {
                body: None,
                ..answer
            },
        ),
        _ => (request.method().as_str(), answer),
    };
    let Some((place, operation)) = find(request, method) else {
        return match answer.status {
            StatusCode::NOT_FOUND => Ok(()),
            _ => Err("nobody knows a service there".into()),
        };
    };
    if answer.status == StatusCode::METHOD_NOT_ALLOWED && operation.is_none() {
        let known = ["GET", "POST", "PUT", "DELETE"]
            .iter()
            .any(|method| matches!(find(request, method), Some((_, Some(_)))));
        if !known {
            return Err("there is no other method either".into());
        }
    }
    if answer.status.is_client_error() || answer.status.is_server_error() {
        return answer::check_refusal(place, operation, answer, circumstances);
    }
    match operation {
        Some(operation) => answer::check_success(operation, answer, circumstances),
        None => Err(format!("nobody knows such an operation of {}", place.name)),
    }
}

/// The methods of a path, or 404 for a path that has none.
fn check_allow(request: &Request, answer: Answer<'_>) -> Result<(), String> {
    let is_whole_server = matches!(request.path(), "/" | "*");
    let known = |method: &str| {
        let found = find(request, if method == "HEAD" { "GET" } else { method });
        let operation = found.and_then(|(_, operation)| operation);
        operation.is_some_and(|operation| !operation.gives.is_empty())
    };
    let mut expected: Vec<&str> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
        .into_iter()
        .filter(|method| is_whole_server || known(method))
        .collect();
    expected.push("OPTIONS");
    let expected = expected.join(",");
    let allow = answer.headers.get("allow");
    let allow = allow.and_then(|allow| allow.to_str().ok());
    match (answer.status, allow) {
        (StatusCode::OK, Some(allow)) if allow == expected => Ok(()),
        (StatusCode::NOT_FOUND, None) if expected == "OPTIONS" => Ok(()),
        (status, allow) => Err(format!("it allows {allow:?} by {status}, not {expected}")),
    }
}

/// Finds the part of the API of a request, and the operation if it is a known one.
fn find(request: &Request, method: &str) -> Option<(&'static Place, Option<&'static Operation>)> {
    const INTEGRATION: &Place = &tenant::PLACE;
    const BELOW_MODELS: &Place = &tenant::BELOW_MODELS;
    const TOKEN: &Place = &token::PLACE;
    const OAUTH: &Place = &oauth::PLACE;
    let segments = request.segments();
    let (place, rest, below_workspace) = match segments.as_slice() {
        ["token", rest @ ..] => (TOKEN, rest, false),
        rest @ ["oauth" | "auth" | "activate", ..] => (OAUTH, rest, false),
        ["2", "0", "models", _, rest @ ..] if !rest.is_empty() => (BELOW_MODELS, rest, false),
        ["2", "0", "workspaces", _, "models", _, rest @ ..] if !rest.is_empty() => {
            (BELOW_MODELS, rest, true)
        }
        ["2", "0", rest @ ..] => (INTEGRATION, rest, false),
        _ => return None,
    };
    let mut operations = place.operations.iter().copied().flatten();
    let operation = operations.find(|operation| {
        operation.method == method
            && operation.fits(rest)
            && (below_workspace || !operation.below_workspace_only)
    });
    Some((place, operation))
}

#[cfg(test)]
mod tests;
