//! What must hold whatever bytes come from outside: one function for each parser. The tests beside this
//! file run them on made-up bytes, and the targets of `fuzz/` for as long as one likes.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use anaplan::alm::ComparisonReport;
use anaplan::auth::Certificate;
use anaplan::bulk::{ChunkedFile, DumpRow, Encoding, ModelRef, TableFormat};
use anaplan::ext::{
    Clock, Connection, Endpoint, HeaderMap, Method, Path, RequestBody, Response, ResponseBody,
    RetryClass, Transport, TransportError, async_trait,
};
use anaplan::{Bytes, Client, Error, ErrorKind, Hosts, Result, StatusCode, Timestamp};
use anaplan_testkit::FakeAnaplan;
use futures_util::{FutureExt as _, stream};
use serde_json::Value;

/// Answers by a function of the request, in pieces.
struct Answering<F> {
    answer: F,
    sent: Arc<AtomicUsize>,
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    pieces: Vec<Bytes>,
}

impl Reply {
    fn fine(pieces: Vec<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            pieces,
        }
    }
}

impl<F> fmt::Debug for Answering<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answering")
    }
}

#[async_trait]
impl<F: Fn(&str) -> Reply + Send + Sync> Transport for Answering<F> {
    async fn send(
        &self,
        request: http::Request<RequestBody>,
    ) -> std::result::Result<http::Response<ResponseBody>, TransportError> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let reply = (self.answer)(request.uri().path());
        let pieces = reply.pieces.into_iter().map(Ok);
        let mut response = http::Response::new(ResponseBody::from_stream(stream::iter(pieces)));
        *response.status_mut() = reply.status;
        *response.headers_mut() = reply.headers;
        Ok(response)
    }
}

/// A clock by which every wait is over at once.
#[derive(Debug, Default)]
struct Hasty(Arc<AtomicU64>);

impl Clock for Hasty {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'static>> {
        let now = Arc::clone(&self.0);
        Box::pin(async move {
            let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
            now.fetch_add(nanos.min(1 << 50), Ordering::Relaxed);
        })
    }
}

fn client(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> (Client, Arc<AtomicUsize>) {
    let sent = Arc::new(AtomicUsize::new(0));
    let transport = Answering {
        answer,
        sent: Arc::clone(&sent),
    };
    let connection = Connection::to(Hosts::all("http://localhost"))
        .with_transport(Arc::new(transport))
        .with_clock(Arc::new(Hasty::default()));
    let client = Client::builder()
        .connection(connection)
        .token("token")
        .model_id("M")
        .no_rate_limit()
        .build();
    (client.unwrap(), sent)
}

/// What comes of something that has nothing to wait for.
fn done<T>(future: impl IntoFuture<Output = T>) -> T {
    future.into_future().now_or_never().unwrap()
}

/// One line for a human, of bounded length.
fn check_text(error: &Error) {
    let text = error.to_string();
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert!(text.chars().count() < 2000, "{text}");
}

#[derive(Debug)]
struct Read;

impl Endpoint for Read {
    const NAME: &'static str = "test.read";
    const METHOD: Method = Method::GET;
    const RETRY: RetryClass = RetryClass::ReadOnly;
    type Output = Response;

    fn path(&self) -> Path {
        Path::root().lit("read")
    }

    fn decode(&self, response: Response) -> Result<Response> {
        Ok(response)
    }
}

/// Two pieces of the rest, cut where the first byte says.
fn cut(data: &[u8]) -> (Bytes, Vec<Bytes>) {
    let (at, rest) = match data.split_first() {
        Some((at, rest)) => (usize::from(*at).min(rest.len()), rest),
        None => (0, data),
    };
    let whole = Bytes::copy_from_slice(rest);
    let pieces = vec![whole.slice(..at), whole.slice(at..)];
    (whole, pieces)
}

/// The envelope of an answer, against serde's own idea of the same JSON.
pub(crate) fn envelope(data: &[u8]) {
    let body = Bytes::copy_from_slice(data);
    let (client, _) = client(move |_| Reply::fine(vec![body.clone()]));
    let response = done(client.call(Read)).unwrap();
    let list = response.list::<Value>("items");
    let page = response.page::<Value>("items");
    let field = response.field::<Value>("items");
    if let Ok(Value::Object(object)) = serde_json::from_slice(data) {
        match object.get("items") {
            None | Some(Value::Null) => {
                // Only the envelope's own status proves that there are no items.
                if list.as_ref().is_ok_and(Vec::is_empty) {
                    let code = &object["status"]["code"];
                    let code = code.as_u64().or_else(|| code.as_str()?.trim().parse().ok());
                    assert!(code.is_some_and(|code| (200..300).contains(&code)));
                }
                assert!(field.is_err());
            }
            Some(Value::Array(items)) => {
                if let Ok(list) = &list {
                    assert_eq!(list, items);
                }
                assert!(list.is_ok() || object.contains_key("meta"));
            }
            Some(_) => assert!(list.is_err()),
        }
    }
    if let (Ok(list), Ok(page)) = (&list, &page) {
        assert_eq!(list, &page.items);
    }
    let errors = [
        list.err(),
        page.err(),
        field.err(),
        response.json::<Vec<u8>>().err(),
    ];
    for error in errors.iter().flatten() {
        assert!(matches!(
            error.kind(),
            ErrorKind::Decode | ErrorKind::Incomplete
        ));
        check_text(error);
    }
}

/// A refusal: a byte for the status, a line for `Retry-After`, and a body.
pub(crate) fn refusal(data: &[u8]) {
    let Some((status, rest)) = data.split_first() else {
        return;
    };
    let status = StatusCode::from_u16(300 + u16::from(*status)).unwrap();
    let line = rest.iter().position(|byte| *byte == b'\n');
    let (wait, body) = rest.split_at(line.unwrap_or(0));
    let mut headers = HeaderMap::new();
    if let Ok(wait) = http::HeaderValue::from_bytes(wait) {
        headers.insert("retry-after", wait.clone());
        headers.insert("x-request-id", wait);
    }
    let body = Bytes::copy_from_slice(body);
    let (client, sent) = client(move |_| Reply {
        status,
        headers: headers.clone(),
        pieces: vec![body.clone()],
    });
    let error = done(client.call(Read)).unwrap_err();
    assert_eq!(error.status(), Some(status));
    check_text(&error);
    // As often as failures and throttles may be borne at the most.
    assert!(sent.load(Ordering::Relaxed) <= 6 + 21);
}

/// A comparison report: every line that says something has its place.
pub(crate) fn comparison_report(data: &[u8]) {
    let report = ComparisonReport::parse(data);
    let text = String::from_utf8_lossy(data);
    let text = text.trim_start_matches('\u{feff}');
    let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
    let kept: usize = report
        .sections
        .iter()
        .map(|section| 1 + usize::from(!section.columns.is_empty()) + section.rows.len())
        .sum();
    assert_eq!(report.headers.len() + kept, lines);
    for section in &report.sections {
        for row in &section.rows {
            assert!(text.contains(&row.cells.join("\t")));
            assert!(row.iter().count() <= section.columns.len());
        }
    }
}

/// A dump: all rows have the columns of the header.
pub(crate) fn dump(data: &[u8]) {
    match DumpRow::parse(data) {
        Ok(rows) => {
            for row in &rows {
                assert_eq!(row.columns.len(), rows[0].columns.len());
                assert!(row.errors.iter().all(|error| !error.is_empty()));
            }
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Decode);
            check_text(&error);
        }
    }
}

/// The list of a file's chunks: what is fetched are all of them, in order, or none.
pub(crate) fn chunk_list(data: &[u8]) {
    let body = Bytes::copy_from_slice(data);
    let (client, sent) = client(move |path| match path.ends_with("/chunks") {
        true => Reply::fine(vec![body.clone()]),
        false => {
            let id = path.rsplit('/').next().unwrap_or_default().to_owned();
            Reply::fine(vec![Bytes::from(format!("<{id}>"))])
        }
    });
    let bulk = client.bulk().unwrap();
    let file = ChunkedFile::File(ModelRef::new("M"), 113_000_000_001.into());
    let listed = done(bulk.get_chunks(file));
    if sent.load(Ordering::Relaxed) > 1 {
        // The list says that it goes on, and would do so for ever.
        return;
    }
    let content = done(bulk.get_file(113_000_000_001));
    match (listed, content) {
        (Ok(chunks), Ok(content)) if !chunks.is_empty() => {
            let text = String::from_utf8(content.to_vec()).unwrap();
            assert_eq!(text.matches('<').count(), chunks.len());
        }
        (Ok(chunks), Ok(_)) => assert!(chunks.is_empty()),
        (_, Err(error)) => {
            assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
            check_text(&error);
        }
        (Err(error), Ok(_)) => panic!("a list that cannot be read led to a file: {error}"),
    }
}

/// The rows of a file, which are the same wherever it was cut into chunks. Two bytes for the cut and
/// for the format, and the file.
pub(crate) fn table(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else {
        return;
    };
    let mut format = TableFormat::default();
    format.encoding =
        [Encoding::Utf8, Encoding::Utf16Le, Encoding::Iso8859_1][usize::from(kind % 3)].clone();
    format.separator = [',', '\t', ';'][usize::from(kind / 3 % 3)];
    if kind & 0x80 != 0 {
        format = format.without_header();
    }
    let rows = |pieces: Vec<Bytes>| {
        let (client, _) = client(move |path| match path.rsplit('/').next() {
            Some("0") => Reply::fine(vec![pieces[0].clone()]),
            Some("1") => Reply::fine(vec![pieces[1].clone()]),
            Some("files") => {
                let count = pieces.len();
                let list = format!(
                    r#"{{"files":[{{"id":"113000000001","name":"f","chunkCount":{count}}}]}}"#
                );
                Reply::fine(vec![Bytes::from(list)])
            }
            _ => {
                let list = [
                    r#"{"chunks":[{"id":"0"}]}"#,
                    r#"{"chunks":[{"id":0},{"id":"1"}]}"#,
                ];
                Reply::fine(vec![Bytes::from(list[pieces.len() - 1])])
            }
        });
        let mut rows = client
            .bulk()
            .unwrap()
            .get_file(113_000_000_001)
            .rows::<Vec<String>>(format.clone());
        let (mut all, mut failed) = (Vec::new(), None);
        // An error of one row does not end the reading. Every row has at least one byte.
        for _ in 0..=data.len() + 1 {
            match done(rows.next_row()) {
                None => return (all, failed),
                Some(Ok(row)) => all.push(row),
                // Rows follow after a row that has another width.
                Some(Err(error)) => {
                    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
                    check_text(&error);
                    failed = Some(error.kind());
                }
            }
        }
        panic!("the rows do not end");
    };
    let (whole, pieces) = cut(data);
    let (of_whole, failed) = rows(vec![whole]);
    let (of_pieces, failed_too) = rows(pieces);
    assert_eq!(failed, failed_too);
    // What comes before a failure depends on where the text was cut.
    if failed.is_none() {
        assert_eq!(of_whole, of_pieces);
    }
}

/// The items of a list, streamed and at once.
pub(crate) fn list_items(data: &[u8]) {
    let (whole, pieces) = cut(data);
    let (client, sent) = client(move |_| Reply::fine(pieces.clone()));
    let model = client.transactional().unwrap();
    let mut stream = model.stream_list_items(101_000_000_001);
    let mut streamed = Vec::new();
    let failure = loop {
        match done(stream.next_item()) {
            None => break None,
            Some(Ok(item)) => streamed.push(item),
            Some(Err(error)) => break Some(error),
        }
        if sent.load(Ordering::Relaxed) > 3 {
            // Every answer says that there are more, and would do so for ever.
            return;
        }
    };
    if let Some(error) = failure {
        // Without its key, a response does not prove that the list is empty.
        let kinds = [ErrorKind::Decode, ErrorKind::Incomplete];
        assert!(kinds.contains(&error.kind()), "{error}");
        check_text(&error);
        assert!(done(stream.next_item()).is_none());
        return;
    }
    let twice = whole
        .windows(9)
        .filter(|window| window.ends_with(b"Items") || window.contains(&b'\\'))
        .count()
        > 1;
    if sent.load(Ordering::Relaxed) == 1 && !twice {
        if let Ok(all) = done(model.get_list_items(101_000_000_001)) {
            let streamed = streamed.iter().map(|item| &item.id);
            assert!(streamed.eq(all.iter().map(|item| &item.id)));
        }
    }
}

/// A certificate and a key, in one file or in two.
pub(crate) fn certificate(data: &[u8]) {
    for builder in [
        Certificate::builder().certificate(data),
        Certificate::builder().private_key(data),
        Certificate::builder().certificate(data).private_key(data),
    ] {
        let debug = format!("{builder:?}");
        assert!(debug.len() < 500, "{debug}");
        if let Err(error) = builder.build() {
            assert_eq!(error.kind(), ErrorKind::Authentication);
            check_text(&error);
            let text = format!("{error} {error:?}");
            // Nothing that could be a part of a key is quoted.
            for run in data.split(|byte| !byte.is_ascii_alphanumeric()) {
                let run = std::str::from_utf8(run).unwrap();
                assert!(run.len() < 24 || !text.contains(run), "{text}");
            }
        }
    }
}

/// A request to the fake: `METHOD target`, header lines, an empty line, a body. `TOKEN` stands for a
/// token that is good.
pub(crate) fn fake_request(data: &[u8]) {
    let fake = FakeAnaplan::in_process();
    let demo = fake.demo();
    let text = String::from_utf8_lossy(data)
        .replace("MODEL", demo.dev.as_str())
        .replace("WORKSPACE", demo.workspace.as_str());
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let (method, target) = lines
        .next()
        .and_then(|line| line.split_once(' '))
        .unwrap_or(("GET", "/"));
    let mut request = http::Request::builder().method(method).uri(target);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let value = match value.strip_suffix("TOKEN") {
            Some(scheme) => format!("{scheme}{}", token(&fake)),
            None => value.to_owned(),
        };
        request = request.header(name, value);
    }
    let Ok(request) = request.body(Bytes::from(body.to_owned())) else {
        return;
    };
    let answer = fake.answer(request).unwrap();
    let status = answer.status();
    // Nothing that is sent to it is a failure of its own.
    assert!(
        !status.is_server_error() || text.contains("complete"),
        "{status} {head:?}"
    );
    let kind = answer.headers().get("content-type");
    if kind.is_some_and(|kind| kind == "application/json") && !answer.body().is_empty() {
        serde_json::from_slice::<HashMap<String, Value>>(answer.body()).unwrap();
    }
}

fn token(fake: &FakeAnaplan) -> String {
    use base64::Engine as _;
    let admin = fake.admin();
    let basic = base64::engine::general_purpose::STANDARD
        .encode(format!("{}:{}", admin.user, admin.password));
    let request = http::Request::post("/token/authenticate")
        .header("authorization", format!("Basic {basic}"))
        .body(Bytes::new())
        .unwrap();
    let answer = fake.answer(request).unwrap();
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    body["tokenInfo"]["tokenValue"].as_str().unwrap().to_owned()
}
