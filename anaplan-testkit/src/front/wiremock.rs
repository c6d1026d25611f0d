//! The front over wiremock: one server per test, and room for mocks of one's own beside the world.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anaplan_core::clock::Clock as _;
use http::{Method, StatusCode};
use wiremock::{Match, Mock, MockServer, ResponseTemplate};

use crate::fake::{Drawn, FakeAnaplan, Served};
use crate::http::{Request, Response};

/// Mocks of others come first.
const LAST: u8 = u8::MAX;

impl FakeAnaplan {
    /// A fake with the demo world that listens on a port of this machine for as long as it lives.
    ///
    /// This front differs from the others, because wiremock needs the whole response at once. A
    /// [truncated](crate::Fault::truncate) answer becomes a connection that is closed without one. A
    /// [late](crate::Fault::late) effect is as late as it should be, but its answer is 504, as that of
    /// a gateway that gave up. And while a model is busy, what has to wait for it is carried out at once,
    /// and only its answer waits.
    ///
    /// wiremock keeps every request in memory: for files of many megabytes take a
    /// [`Server`](crate::Server). Its delays are real time, also where a test has paused it.
    pub async fn start() -> Self {
        let server = MockServer::start().await;
        let fake = Self::in_process();
        fake.mount(&server).await;
        fake.served_at(&server.uri(), Arc::new(server))
    }

    /// Serves the world on a wiremock server of yours, and returns the same fake with a connection that
    /// leads there. Your own mocks win wherever they match, unless they have the lowest priority, 255.
    ///
    /// ```
    /// use anaplan_testkit::FakeAnaplan;
    /// use wiremock::matchers::path;
    /// use wiremock::{Mock, MockServer, ResponseTemplate};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let server = MockServer::start().await;
    /// let fake = FakeAnaplan::in_process().mount(&server).await;
    /// Mock::given(path("/2/0/users/me"))
    ///     .respond_with(ResponseTemplate::new(418))
    ///     .mount(&server)
    ///     .await;
    /// let connection = fake.connection();
    /// # assert_eq!(connection.hosts.api, server.uri());
    /// # });
    /// # std::io::Result::Ok(())
    /// ```
    pub async fn mount(&self, server: &MockServer) -> Self {
        let stage = Stage {
            fake: self.clone(),
            served: Arc::default(),
        };
        // wiremock asks one mock after the other, one request at a time: the first does the work, and
        // takes the requests whose connection is to break.
        Mock::given(stage.clone())
            .respond_with_err(|_: &wiremock::Request| Broken)
            .with_priority(LAST)
            .mount(server)
            .await;
        Mock::given(|_: &wiremock::Request| true)
            .respond_with(move |_: &wiremock::Request| stage.template())
            .with_priority(LAST)
            .mount(server)
            .await;
        // The server is somebody else's: nothing here keeps it alive.
        self.served_at(&server.uri(), Arc::new(()))
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
            .set_body_bytes(response.body.into_bytes().unwrap_or_default())
            .set_delay(delay);
        for (name, value) in &response.headers {
            template = template.insert_header(name.as_str(), value.as_bytes());
        }
        template
    }
}

impl Stage {
    /// Carries a request out when its delay has passed, on the runtime of the server.
    fn serve_late(&self, request: Request, drawn: Drawn) {
        let fake = self.fake.clone();
        tokio::spawn(async move {
            fake.clock().sleep(drawn.before()).await;
            let _ = fake.serve(&request, &drawn);
        });
    }
}

impl Match for Stage {
    fn matches(&self, request: &wiremock::Request) -> bool {
        let Some(request) = read(request) else {
            return true;
        };
        let drawn = self.fake.draw(&request);
        let (served, delay) = if drawn.before().is_zero() {
            // The answer is as late as it should be, but it is made at once.
            let came = self.fake.clock().now();
            let busy = self.fake.busy_for(&request, &drawn, came);
            (self.fake.serve(&request, &drawn), busy + drawn.after())
        } else {
            let before = drawn.before();
            self.serve_late(request, drawn);
            let gave_up = Response::empty(StatusCode::GATEWAY_TIMEOUT);
            (Served::Answer(gave_up), before)
        };
        let served = match served {
            Served::Answer(mut response) => match response.body.into_bytes() {
                Ok(body) => {
                    response.body = body.into();
                    Served::Answer(response)
                }
                Err(_) => Served::Dropped,
            },
            broken => broken,
        };
        let breaks = matches!(served, Served::Dropped | Served::Cut(..));
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

/// The error that makes wiremock close a connection.
#[derive(Debug)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection breaks here")
    }
}

impl std::error::Error for Broken {}
