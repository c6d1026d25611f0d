//! The fake as its users hold it: a world, a clock, a log, and faults to come.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anaplan_core::clock::Clock as _;
use anaplan_core::{
    Authenticator, Connection, Credential, Hosts, Namespace, Result, Scope, SecretString, Session,
    Settings, Timestamp, UserId, async_trait,
};
use bytes::Bytes;
use http::StatusCode;

use crate::api;
use crate::clock::FakeClock;
use crate::demo::{self, Demo};
use crate::faults::{Fault, FaultPlan, Kind};
use crate::front::in_process::InProcess;
use crate::http::{Body, Request, Response};
use crate::log::RequestLog;
use crate::pki::{Authority, Identity};
use crate::world::World;

/// An Anaplan that is not there. Cheap to clone; all clones are the same fake.
///
/// [`in_process`](Self::in_process) needs no socket and works under paused time;
/// `start` (feature `wiremock`) listens on a port of this machine. Both come with the
/// [demo world](crate::Demo), or with one of your own.
///
/// ```
/// use anaplan_testkit::FakeAnaplan;
///
/// let fake = FakeAnaplan::in_process();
/// let connection = fake.connection(); // for `Client::builder().connection(connection)`
/// let demo = fake.demo();
/// fake.world(|world| world.edit(&demo.dev).list("Products").id());
/// assert!(fake.world(|world| world.has_structural_change(&demo.dev)));
/// ```
#[derive(Clone)]
pub struct FakeAnaplan {
    shared: Arc<Shared>,
    hosts: Hosts,
    /// Keeps a server alive for as long as anybody holds the fake.
    _server: Option<Arc<dyn Send + Sync>>,
    in_process: bool,
}

struct Shared {
    clock: FakeClock,
    state: Mutex<State>,
    demo: Option<Demo>,
}

struct State {
    world: World,
    faults: FaultPlan,
    log: RequestLog,
}

/// What a front does with a request.
#[derive(Debug)]
pub(crate) enum Served {
    /// Send the whole response.
    Answer(Response),
    /// Send so many bytes of the response's body, then break the connection.
    Cut(Response, usize),
    /// Close the connection without an answer.
    Dropped,
}

/// A fault that was drawn for one request, and how it wants time to be spent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drawn {
    kind: Option<Kind>,
}

impl Drawn {
    /// How long the front waits before it has the request carried out. The request is carried out even
    /// when its sender has gone away meanwhile.
    pub(crate) fn before(&self) -> Duration {
        match self.kind {
            Some(Kind::Late(delay)) => delay,
            _ => Duration::ZERO,
        }
    }

    /// How long the front waits before it sends the answer.
    pub(crate) fn after(&self) -> Duration {
        match self.kind {
            Some(Kind::Delay(delay)) => delay,
            _ => Duration::ZERO,
        }
    }
}

impl FakeAnaplan {
    /// A fake with the demo world and no socket: its connection brings a transport of its own.
    #[must_use]
    pub fn in_process() -> Self {
        let clock = FakeClock::new();
        let (world, demo) = demo::build(clock.now());
        Self::assemble(world, clock, Some(demo))
    }

    /// The same with a world of your own.
    #[must_use]
    pub fn with_world(world: World) -> Self {
        let clock = FakeClock::starting_at(world.now());
        Self::assemble(world, clock, None)
    }

    pub(crate) fn assemble(world: World, clock: FakeClock, demo: Option<Demo>) -> Self {
        let state = State {
            world,
            faults: FaultPlan::new(),
            log: RequestLog::default(),
        };
        Self {
            shared: Arc::new(Shared {
                clock,
                state: Mutex::new(state),
                demo,
            }),
            hosts: Hosts::all("http://localhost"),
            _server: None,
            in_process: true,
        }
    }

    /// The same fake, reached over sockets at this base URL; the server lives as long as the fake.
    #[cfg(any(feature = "wiremock", feature = "server"))]
    pub(crate) fn served_at(&self, url: &str, server: Arc<dyn Send + Sync>) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            hosts: Hosts::all(url),
            _server: Some(server),
            in_process: false,
        }
    }

    /// Where a client finds the fake: hosts, clock and, without sockets, the transport.
    #[must_use]
    pub fn connection(&self) -> Connection {
        let connection =
            Connection::to(self.hosts.clone()).with_clock(Arc::new(self.shared.clock.clone()));
        if self.in_process {
            connection.with_transport(Arc::new(InProcess::new(self.clone())))
        } else {
            connection
        }
    }

    /// The base URL of a fake that listens on a socket.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.hosts.api
    }

    /// The ids and credentials of the demo world. A world of one's own has none: they are all empty.
    #[must_use]
    pub fn demo(&self) -> Demo {
        self.shared.demo.clone().unwrap_or_else(Demo::nothing)
    }

    /// The administrator of the demo world.
    #[must_use]
    pub fn admin(&self) -> crate::Credentials {
        self.demo().admin
    }

    /// A certificate of the demo's administrator and its key, from the authority that every fake trusts.
    ///
    /// The key is made once for the whole process, at the first call. For other users, and for
    /// certificates that are refused, see [`pki`](crate::pki).
    ///
    /// # Panics
    ///
    /// When this machine cannot make the key.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn admin_identity(&self) -> Identity {
        Authority::shared()
            .and_then(|authority| authority.identity(&self.admin().user))
            .expect("a key and a certificate")
    }

    /// Looks into the world, or changes it.
    pub fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        let mut state = self.lock();
        state.world.advance_to(self.shared.clock.now());
        look(&mut state.world)
    }

    /// Approves a device of the OAuth service in the name of a user, who types the code that the device
    /// shows. `false` when no device waits under this code.
    pub fn approve_device(&self, user_code: &str, user: &UserId) -> bool {
        self.world(|world| world.approve_device(user_code, user))
    }

    /// Refuses a device of the OAuth service. `false` when no device waits under this code.
    pub fn deny_device(&self, user_code: &str) -> bool {
        self.world(|world| world.deny_device(user_code))
    }

    /// The clock of the fake, which clients get with the connection.
    #[must_use]
    pub fn clock(&self) -> &FakeClock {
        &self.shared.clock
    }

    /// Moves the clock forward: tokens expire, tasks come to their end, what was kept goes.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
        self.world(|_| ());
    }

    /// Has something go wrong. Faults are tried in the order in which they were injected, and at most
    /// one happens to a request.
    pub fn inject(&self, fault: Fault) {
        self.lock().faults.add(fault);
    }

    /// Takes back every fault that has not happened yet.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// Sets the dice by which faults with a [chance](Fault::chance) are tossed.
    pub fn seed(&self, seed: u64) {
        self.lock().faults.seed(seed);
    }

    /// What was asked so far.
    #[must_use]
    pub fn requests(&self) -> RequestLog {
        self.lock().log.clone()
    }

    /// Forgets what was asked so far.
    pub fn forget_requests(&self) {
        self.lock().log.clear();
    }

    /// A session of the demo's administrator, who is signed in without a request.
    ///
    /// # Errors
    ///
    /// Those of [`Session::new`].
    pub fn session(&self) -> Result<Session> {
        self.session_with(Settings::default())
    }

    /// The same with other settings.
    ///
    /// # Errors
    ///
    /// Those of [`Session::new`].
    pub fn session_with(&self, settings: Settings) -> Result<Session> {
        let user = self.demo().admin.id;
        self.session_of(&user, settings)
    }

    /// A session of any user of the world, who is signed in without a request.
    ///
    /// # Errors
    ///
    /// Those of [`Session::new`].
    pub fn session_of(&self, user: &UserId, settings: Settings) -> Result<Session> {
        let authenticator = DirectSignIn {
            fake: self.clone(),
            user: user.clone(),
            token: Mutex::new((0, None)),
        };
        Session::new(self.connection(), Arc::new(authenticator), settings)
    }

    /// A namespace of the demo's administrator, bound to the demo's workspace and dev model.
    ///
    /// # Errors
    ///
    /// Those of [`Session::new`] and [`Namespace::bind`].
    pub fn namespace<N: Namespace>(&self) -> Result<N> {
        let demo = self.demo();
        N::bind(
            self.session()?,
            &Scope::new(Some(demo.workspace), Some(demo.dev)),
        )
    }

    /// Draws the fault that happens to a request, if any.
    pub(crate) fn draw(&self, request: &Request) -> Drawn {
        let kind = self.lock().faults.draw(request);
        Drawn { kind }
    }

    /// Has a request carried out, and spoils the answer as the fault wants it.
    pub(crate) fn serve(&self, request: &Request, drawn: &Drawn) -> Served {
        let now = self.shared.clock.now();
        let mut state = self.lock();
        let State { world, log, .. } = &mut *state;
        world.advance_to(now);
        let fault = drawn.kind.as_ref().map(Kind::name);
        let served = Self::spoil(world, request, drawn.kind.as_ref());
        let response = match &served {
            Served::Answer(response) | Served::Cut(response, _) => Some(response),
            Served::Dropped => None,
        };
        log.note(now, request, response, fault);
        served
    }

    fn spoil(world: &mut World, request: &Request, fault: Option<&Kind>) -> Served {
        let failure = |world: &World, status: StatusCode| {
            let message = status.canonical_reason().unwrap_or("Error");
            api::Failure::new(status, message).into_response(world, request)
        };
        match fault {
            None | Some(Kind::Delay(_) | Kind::Late(_)) => {
                Served::Answer(api::handle(world, request))
            }
            Some(Kind::Status { status, after }) => {
                if *after {
                    let _ = api::handle(world, request);
                }
                Served::Answer(failure(world, *status))
            }
            Some(Kind::Throttle(retry_after)) => {
                Served::Answer(api::too_many(world, request, *retry_after))
            }
            Some(Kind::DropBefore) => Served::Dropped,
            Some(Kind::DropAfter) => {
                let _ = api::handle(world, request);
                Served::Dropped
            }
            Some(Kind::Truncate(bytes)) => {
                let mut response = api::handle(world, request);
                let body = response.body.into_bytes();
                let cut = (*bytes).min(body.len().saturating_sub(1));
                response.body = Body::Full(body);
                Served::Cut(response, cut)
            }
            Some(Kind::Garbage(body)) => {
                let _ = api::handle(world, request);
                Served::Answer(Response::new(StatusCode::OK, "text/html", body.clone()))
            }
            Some(Kind::Reply(status, body)) => {
                Served::Answer(Response::new(*status, "application/json", body.clone()))
            }
            Some(Kind::ExpireToken) => {
                let token = request
                    .credential("AnaplanAuthToken")
                    .or_else(|| request.credential("Bearer"));
                if let Some(token) = token {
                    world.expire_tokens(Some(token));
                }
                Served::Answer(api::handle(world, request))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A test that panics while it looks into the world must not hide what went wrong.
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request at once, as a front would, with faults but without their delays. For the
    /// fronts of others, and for tests without any client.
    ///
    /// `None` stands for a connection that is closed without an answer.
    #[must_use]
    pub fn answer(&self, request: http::Request<Bytes>) -> Option<http::Response<Bytes>> {
        let request = Request::new(request);
        let drawn = self.draw(&request);
        let (response, cut) = match self.serve(&request, &drawn) {
            Served::Answer(response) => (response, None),
            Served::Cut(response, at) => (response, Some(at)),
            Served::Dropped => return None,
        };
        let mut body = response.body.into_bytes();
        if let Some(cut) = cut {
            body.truncate(cut);
        }
        let mut answer = http::Response::new(body);
        *answer.status_mut() = response.status;
        *answer.headers_mut() = response.headers;
        Some(answer)
    }
}

impl fmt::Debug for FakeAnaplan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeAnaplan")
            .field("url", &self.hosts.api)
            .finish_non_exhaustive()
    }
}

/// Takes tokens out of the world by the back door, so that tests of other things need no sign-in.
struct DirectSignIn {
    fake: FakeAnaplan,
    user: UserId,
    token: Mutex<(u64, Option<(String, Timestamp)>)>,
}

impl DirectSignIn {
    fn lock(&self) -> MutexGuard<'_, (u64, Option<(String, Timestamp)>)> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Authenticator for DirectSignIn {
    async fn credential(&self, session: &Session) -> Result<Credential> {
        let mut token = self.lock();
        let now = session.clock().now();
        if token.1.as_ref().is_none_or(|(_, expires)| *expires <= now) {
            let grant = self.fake.world(|world| world.open_session(&self.user));
            *token = (token.0 + 1, Some((grant.value, grant.expires)));
        }
        let value = token.1.as_ref().map(|(value, _)| value.clone());
        Credential::anaplan(&SecretString::from(value.unwrap_or_default()), token.0)
    }

    async fn refused(&self, credential: &Credential) {
        let mut token = self.lock();
        if token.0 == credential.generation() {
            token.1 = None;
        }
    }
}

impl fmt::Debug for DirectSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectSignIn")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
