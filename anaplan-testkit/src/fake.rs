//! The fake server: a world, a clock, a request log, and faults to be injected.

mod direct;
mod serving;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anaplan_core::clock::Clock as _;
use anaplan_core::{Connection, Hosts, Namespace, Result, Scope, Session, Settings, UserId};
use tokio::sync::Notify;

use crate::clock::FakeClock;
use crate::demo::{self, Demo};
use crate::faults::{Fault, FaultPlan};
use crate::front::in_process::InProcess;
use crate::log::RequestLog;
use crate::observer::{Observer, Observers};
use crate::pki::{Authority, Identity};
use crate::world::World;
use direct::DirectSignIn;

#[cfg(feature = "wiremock")]
pub(crate) use serving::Drawn;
pub(crate) use serving::Served;

/// A fake Anaplan server. Cheap to clone; all clones share the same state.
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
    /// Keeps the server running while a clone exists.
    _server: Option<Arc<dyn Send + Sync>>,
    in_process: bool,
}

struct Shared {
    clock: FakeClock,
    state: Mutex<State>,
    demo: Option<Demo>,
    /// Notified whenever the world may have changed.
    changed: Notify,
    observers: Observers,
}

struct State {
    world: World,
    faults: FaultPlan,
    log: RequestLog,
}

impl FakeAnaplan {
    /// Creates a fake with the demo world and without sockets: its connection has a transport of its own.
    #[must_use]
    pub fn in_process() -> Self {
        let clock = FakeClock::new();
        let (world, demo) = demo::build(clock.now());
        Self::assemble(world, clock, Some(demo))
    }

    /// Creates a fake without sockets that serves this world.
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
                changed: Notify::new(),
                observers: Observers::new(),
            }),
            hosts: Hosts::all("http://localhost"),
            _server: None,
            in_process: true,
        }
    }

    /// Returns the same fake with this base URL. The server runs as long as a clone exists.
    #[cfg(any(feature = "wiremock", feature = "server"))]
    pub(crate) fn served_at(&self, url: &str, server: Arc<dyn Send + Sync>) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            hosts: Hosts::all(url),
            _server: Some(server),
            in_process: false,
        }
    }

    /// Returns the connection for a client: hosts, clock and, without sockets, the transport.
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

    /// Returns the base URL of a fake that listens on a socket.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.hosts.api
    }

    /// The ids and credentials of the demo world, or of a world that was built from a description, in
    /// which what the description does not name is empty.
    ///
    /// # Panics
    ///
    /// If the fake was made by [`with_world`](Self::with_world): a world of one's own has its own ids and
    /// credentials.
    #[must_use]
    #[track_caller]
    #[allow(clippy::expect_used)]
    pub fn demo(&self) -> Demo {
        self.shared.demo.clone().expect(
            "this fake serves a world of its own, which has no demo: use the ids and users that the world \
             was built with, and `session_of` for a session of one of its users",
        )
    }

    /// The ids and credentials as far as there are any.
    pub(crate) fn demo_if_any(&self) -> Demo {
        self.shared.demo.clone().unwrap_or_else(Demo::nothing)
    }

    /// The administrator of the demo world, or of the description's.
    ///
    /// # Panics
    ///
    /// If the fake was made by [`with_world`](Self::with_world), or if the description has no
    /// administrator.
    #[must_use]
    #[track_caller]
    pub fn admin(&self) -> crate::Credentials {
        let admin = self.demo().admin;
        assert!(
            !admin.user.is_empty(),
            "the description of this world has no administrator: give a user `admin_of`"
        );
        admin
    }

    /// Returns a certificate and a key of the administrator, issued by the authority that every fake trusts.
    ///
    /// The key is made once for the whole process, at the first call. For other users, and for
    /// certificates that are refused, see [`pki`](crate::pki).
    ///
    /// # Panics
    ///
    /// If the key cannot be generated.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn admin_identity(&self) -> Identity {
        Authority::shared()
            .and_then(|authority| authority.identity(&self.admin().user))
            .expect("a key and a certificate")
    }

    /// Calls a function with the world, to read or change it.
    pub fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        self.shared.observers.check();
        let mut state = self.lock();
        state.world.advance_to(self.shared.clock.now());
        let seen = look(&mut state.world);
        self.shared.changed.notify_waiters();
        seen
    }

    /// Approves a device of the OAuth service as a user who types its code. Returns `false` if no device has
    /// this code.
    pub fn approve_device(&self, user_code: &str, user: &UserId) -> bool {
        self.world(|world| world.approve_device(user_code, user))
    }

    /// Denies a device of the OAuth service. Returns `false` if no device has this code.
    pub fn deny_device(&self, user_code: &str) -> bool {
        self.world(|world| world.deny_device(user_code))
    }

    /// Returns the clock of the fake, which clients use through the connection.
    #[must_use]
    pub fn clock(&self) -> &FakeClock {
        &self.shared.clock
    }

    /// Moves the clock forward: tokens expire, tasks finish, private content is dropped.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
        self.world(|_| ());
    }

    /// Injects a fault. Faults are tried in the order of injection; at most one is applied to a request.
    pub fn inject(&self, fault: Fault) {
        self.lock().faults.add(fault);
    }

    /// Removes every injected fault.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// Seeds the random numbers of faults with a [chance](Fault::chance), and of all that varies from
    /// response to response.
    pub fn seed(&self, seed: u64) {
        let mut state = self.lock();
        state.faults.seed(seed);
        state.world.dice.seed(seed);
    }

    /// Adds an observer of the responses.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        self.shared.observers.add(observer);
    }

    /// Returns the log of the requests so far.
    #[must_use]
    pub fn requests(&self) -> RequestLog {
        self.lock().log.clone()
    }

    /// Clears the request log.
    pub fn forget_requests(&self) {
        self.lock().log.clear();
    }

    /// Returns a session of the administrator, who is signed in without a request.
    ///
    /// # Errors
    ///
    /// Those of [`Session::new`].
    pub fn session(&self) -> Result<Session> {
        self.session_with(Settings::default())
    }

    /// Returns a session of the administrator with these settings.
    ///
    /// # Errors
    ///
    /// Those of [`Session::new`].
    pub fn session_with(&self, settings: Settings) -> Result<Session> {
        let user = self.admin().id;
        self.session_of(&user, settings)
    }

    /// Returns a session of a user of the world, who is signed in without a request.
    ///
    /// # Errors
    ///
    /// Those of [`Session::new`].
    pub fn session_of(&self, user: &UserId, settings: Settings) -> Result<Session> {
        self.session_over(self.connection(), user, settings)
    }

    /// Returns a session of a user of the world over this connection, for tests that put a transport of
    /// their own around that of [`connection`](Self::connection).
    ///
    /// # Errors
    ///
    /// Those of [`Session::new`].
    pub fn session_over(
        &self,
        connection: Connection,
        user: &UserId,
        settings: Settings,
    ) -> Result<Session> {
        let authenticator = DirectSignIn::new(self.clone(), user.clone());
        Session::new(connection, Arc::new(authenticator), settings)
    }

    /// Returns a namespace of the administrator, bound to the demo's workspace and dev model.
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

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in a test's closure must not hide the original failure.
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FakeAnaplan {
    fn drop(&mut self) {
        self.shared.observers.check();
    }
}

impl fmt::Debug for FakeAnaplan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeAnaplan")
            .field("url", &self.hosts.api)
            .finish_non_exhaustive()
    }
}
