//! The front over wiremock: one server per test, and room for mocks of one's own beside the world.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Method;
use wiremock::{Match, Mock, MockServer, ResponseTemplate};

use crate::fake::{FakeAnaplan, Served};
use crate::http::Request;

/// Mocks of others come first whatever priority they have.
const LAST: u8 = u8::MAX;

impl FakeAnaplan {
    /// A fake with the demo world that listens on a port of this machine for as long as it lives.
    ///
    /// wiremock answers from whole buffers: a [truncated](crate::Fault::truncate) answer becomes a
    /// connection that is closed without one, and a late effect comes at once while its answer is late.
    pub async fn start() -> Self {
        let server = MockServer::start().await;
        let fake = Self::in_process();
        fake.mount(&server).await;
        fake.served_at(&server.uri(), Arc::new(server))
    }

    /// Serves the world on a wiremock server of yours. Your own mocks win wherever they match.
    pub async fn mount(&self, server: &MockServer) {
        let stage = Stage {
            fake: self.clone(),
            served: Arc::default(),
        };
        // wiremock asks one mock after the other, one request at a time: the first does the work, and
        // takes the requests whose connection is to break.
        Mock::given(stage.clone())
            .respond_with_err(|_: &wiremock::Request| Broken)
            .with_priority(LAST - 1)
            .mount(server)
            .await;
        Mock::given(|_: &wiremock::Request| true)
            .respond_with(move |_: &wiremock::Request| stage.template())
            .with_priority(LAST)
            .mount(server)
            .await;
    }
}

#[derive(Clone)]
struct Stage {
    fake: FakeAnaplan,
    served: Arc<Mutex<Option<(Served, Duration)>>>,
}

impl Stage {
    fn template(&self) -> ResponseTemplate {
        let served = self
            .served
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some((Served::Answer(response), delay)) = served else {
            return ResponseTemplate::new(500);
        };
        let mut template = ResponseTemplate::new(response.status.as_u16())
            .set_body_bytes(response.body.into_bytes())
            .set_delay(delay);
        for (name, value) in &response.headers {
            template = template.insert_header(name.as_str(), value.as_bytes());
        }
        template
    }
}

impl Match for Stage {
    fn matches(&self, request: &wiremock::Request) -> bool {
        let Some(request) = read(request) else {
            return true;
        };
        let drawn = self.fake.draw(&request);
        let served = self.fake.serve(&request, &drawn);
        let breaks = matches!(served, Served::Dropped | Served::Cut(..));
        let delay = drawn.before() + drawn.after();
        *self.served.lock().unwrap_or_else(PoisonError::into_inner) = Some((served, delay));
        breaks
    }
}

fn read(request: &wiremock::Request) -> Option<Request> {
    let mut read = http::Request::new(request.body.clone().into());
    *read.method_mut() = Method::from_bytes(request.method.as_str().as_bytes()).ok()?;
    *read.uri_mut() = request.url.as_str().parse().ok()?;
    *read.headers_mut() = request.headers.clone();
    Some(Request::new(read))
}

/// What wiremock needs to close a connection.
#[derive(Debug)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection breaks here")
    }
}

impl std::error::Error for Broken {}
