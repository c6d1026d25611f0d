//! Responses as bytes, and the many ways to spoil them.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::answer::{Answer, Family, error_body, http_date};
use crate::case::{Body, Break, Framing, Reply};
use crate::http::Request;
use crate::secrets::{base64, percent};
use crate::world::Millis;

/// What the server does with a connection after it has read a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Writes these bytes.
    Write(Vec<u8>),
    /// Waits by the virtual clock.
    Sleep(Duration),
    /// Waits until the client closes the connection.
    Hang,
    /// Closes the connection with a reset.
    Reset,
    /// Closes the connection.
    Close,
}

/// A response that keeps the connection open.
#[must_use]
pub fn honest(answer: &Answer, date: Option<Millis>) -> Vec<Step> {
    let body = answer.body(answer.status());
    whole(answer.status(), answer.content_type(), &body, "", date)
}

/// The response that a case has in mind.
#[must_use]
pub fn spoilt(reply: Reply, answer: &Answer, request: &Request, date: Option<Millis>) -> Vec<Step> {
    match reply {
        Reply::Honest => honest(answer, date),
        Reply::Broken(how) => broken(how, date),
        Reply::Status(status, body, framing) => {
            let (content_type, bytes) = body_bytes(status, body, answer, request);
            let bytes = if matches!(status, 204 | 205 | 304) {
                Vec::new()
            } else {
                bytes
            };
            let mut extra = extra_headers(status);
            if matches!(body, Body::EchoPlain | Body::EchoBase64 | Body::EchoPercent) {
                extra += &format!("x-request-id: {}\r\n", echo(body, request));
            }
            framed(status, content_type, &bytes, framing, &extra, date)
        }
    }
}

fn broken(how: Break, date: Option<Millis>) -> Vec<Step> {
    match how {
        Break::Close => vec![Step::Close],
        Break::Reset => vec![Step::Reset],
        Break::HalfHead => {
            let head = head(200, Some("application/json"), "content-le", date);
            let half = head.trim_end().as_bytes().to_vec();
            vec![Step::Write(half), Step::Close]
        }
        Break::Garbage => vec![
            Step::Write(b"\x16\x03\x01 not HTTP\r\n\r\n".to_vec()),
            Step::Close,
        ],
        Break::HangThenClose => vec![Step::Sleep(Duration::from_secs(20)), Step::Close],
        Break::HangForever => vec![Step::Hang],
    }
}

fn extra_headers(status: u16) -> String {
    match status {
        301..=308 => "location: /2/0/elsewhere\r\n".into(),
        407 => "proxy-authenticate: Basic realm=\"proxy\"\r\n".into(),
        401 => "www-authenticate: AnaplanAuthToken\r\n".into(),
        _ => String::new(),
    }
}

fn body_bytes(
    status: u16,
    body: Body,
    answer: &Answer,
    request: &Request,
) -> (Option<&'static str>, Vec<u8>) {
    let json = Some("application/json");
    let text = |text: &str| text.as_bytes().to_vec();
    let key = answer.key();
    match body {
        Body::Genuine => (answer.content_type(), answer.body(status)),
        Body::GenuineCode500 => (answer.content_type(), answer.body(500)),
        Body::Contradiction if status < 300 => {
            let body = error_body(Family::Integration, 500, "Internal Server Error");
            (json, body.into_bytes())
        }
        Body::Contradiction => (answer.content_type(), answer.body(200)),
        Body::ErrorEnvelope => {
            let body = error_body(answer.family(), status, "Service unavailable");
            (json, body.into_bytes())
        }
        Body::EmptyObject => (json, text("{}")),
        Body::NullPayload => {
            let body = format!(
                r#"{{"meta":{{}},"status":{{"code":{status},"message":"Success"}},"{key}":null}}"#
            );
            (json, body.into_bytes())
        }
        Body::MissingKey => {
            let body =
                format!(r#"{{"meta":{{}},"status":{{"code":{status},"message":"Success"}}}}"#);
            (json, body.into_bytes())
        }
        Body::Html => (Some("text/html; charset=utf-8"), text(HTML)),
        Body::HtmlUntyped => (None, text(HTML)),
        Body::Text => (Some("text/plain"), text("upstream connect error")),
        Body::Empty => (None, Vec::new()),
        Body::TruncatedJson => {
            let mut body = answer.body(status);
            body.truncate(body.len() / 2);
            (json, body)
        }
        Body::ByteOrderMark => {
            let mut bytes = b"\xEF\xBB\xBF".to_vec();
            bytes.extend(answer.body(status));
            (answer.content_type(), bytes)
        }
        Body::Huge => (json, vec![b' '; 300_000]),
        Body::EchoPlain | Body::EchoBase64 | Body::EchoPercent => {
            let body = error_body(answer.family(), status, &echo(body, request));
            (json, body.into_bytes())
        }
    }
}

const HTML: &str =
    "<!DOCTYPE html><html><head><title>Error</title></head><body>Bad gateway</body></html>";

/// What the client sent, as a careless server repeats it.
fn echo(form: Body, request: &Request) -> String {
    let authorization = request.header("authorization").unwrap_or_default();
    let words: Vec<_> = authorization.split(' ').chain([authorization]).collect();
    let encode = |text: &str| match form {
        Body::EchoBase64 => base64(text),
        Body::EchoPercent => percent(text),
        _ => text.replace('\\', "\\\\").replace('"', "'"),
    };
    let mut echoed: Vec<_> = words.into_iter().map(encode).collect();
    if request.body.len() < 4000 {
        echoed.push(encode(&request.text()));
    }
    echoed.join(" ").replace(['\r', '\n'], " ")
}

fn head(status: u16, content_type: Option<&str>, extra: &str, date: Option<Millis>) -> String {
    let mut head = format!("HTTP/1.1 {status} Whatever\r\nserver: adversary\r\n");
    if let Some(at) = date {
        head += &format!("date: {}\r\n", http_date(at));
    }
    if let Some(content_type) = content_type {
        head += &format!("content-type: {content_type}\r\n");
    }
    head + extra + "\r\n"
}

fn whole(
    status: u16,
    content_type: Option<&str>,
    body: &[u8],
    extra: &str,
    date: Option<Millis>,
) -> Vec<Step> {
    let length = if status == 204 || status == 304 {
        String::new()
    } else {
        format!("content-length: {}\r\n", body.len())
    };
    let mut bytes = head(status, content_type, &format!("{length}{extra}"), date).into_bytes();
    bytes.extend_from_slice(body);
    vec![Step::Write(bytes)]
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

fn framed(
    status: u16,
    content_type: Option<&str>,
    body: &[u8],
    framing: Framing,
    extra: &str,
    date: Option<Millis>,
) -> Vec<Step> {
    let half = body.len() / 2;
    let encoded = |name: &str, bytes: &[u8]| {
        let extra = format!("content-encoding: {name}\r\n{extra}");
        whole(status, content_type, bytes, &extra, date)
    };
    let partial = |headers: &str, bytes: Vec<u8>, end: Step| {
        let mut all = head(status, content_type, &format!("{headers}{extra}"), date).into_bytes();
        all.extend(bytes);
        vec![Step::Write(all), end]
    };
    match framing {
        Framing::Whole => whole(status, content_type, body, extra, date),
        Framing::CutLength => {
            let length = format!("content-length: {}\r\n", body.len() + 1);
            partial(&length, body.to_vec(), Step::Close)
        }
        Framing::ShortLength => {
            let length = format!("content-length: {half}\r\n");
            partial(&length, body.to_vec(), Step::Close)
        }
        Framing::CutChunked => {
            let mut bytes = format!("{:x}\r\n", body.len() + 1).into_bytes();
            bytes.extend_from_slice(&body[..half]);
            partial("transfer-encoding: chunked\r\n", bytes, Step::Reset)
        }
        Framing::CutUndelimited => {
            partial("connection: close\r\n", body[..half].to_vec(), Step::Close)
        }
        Framing::HangMidway => {
            let length = format!("content-length: {}\r\n", body.len() + 1);
            partial(&length, body[..half].to_vec(), Step::Hang)
        }
        Framing::Slow => {
            let length = format!("content-length: {}\r\n", body.len());
            let mut steps = partial(&length, Vec::new(), Step::Sleep(Duration::from_secs(5)));
            for piece in body.chunks(body.len().div_ceil(4).max(1)) {
                steps.push(Step::Write(piece.to_vec()));
                steps.push(Step::Sleep(Duration::from_secs(5)));
            }
            steps
        }
        Framing::GzipGarbage => encoded("gzip", b"this is not gzip at all"),
        Framing::GzipCut => {
            let mut bytes = gzip(body);
            bytes.truncate(bytes.len().saturating_sub(9));
            encoded("gzip", &bytes)
        }
        Framing::GzipMembers => {
            let mut bytes = gzip(&body[..half]);
            bytes.extend(gzip(&body[half..]));
            encoded("gzip", &bytes)
        }
        Framing::GzipUpperCase => encoded("GZIP", &gzip(body)),
        Framing::GzipTwice => encoded("gzip, gzip", &gzip(&gzip(body))),
        Framing::XGzip => encoded("x-gzip", &gzip(body)),
        Framing::Deflate => encoded("deflate", &gzip(body)),
        Framing::Brotli => encoded("br", b"\x0b\x02\x80abc\x03"),
        Framing::Zstd => encoded("zstd", b"\x28\xb5\x2f\xfd\x00"),
    }
}
