//! The server of one case: a listener, connections, and the plan for each request.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::answer::{Answer, Family, error_body};
use crate::case::{Body, Case, Company, Framing, Listing, Op, Point, Reply, When};
use crate::clock::VirtualClock;
use crate::http::{Request, read_request, write};
use crate::listing;
use crate::reply::{Step, honest, spoilt};
use crate::routes;
use crate::secrets::secret;
use crate::world::{Actor, Millis, Work, World};

/// A call that sends more requests than this does not end.
const MOST_REQUESTS: usize = 1000;

/// A request that the server has read.
#[derive(Debug, Clone)]
pub struct Seen {
    /// When.
    pub at: Millis,
    /// Of which kind.
    pub point: Point,
    /// Method and path.
    pub line: String,
    /// The `User-Agent` header.
    pub agent: String,
    /// The status that was sent, if a whole head was.
    pub status: Option<u16>,
}

/// What the connections of a case share.
#[derive(Debug)]
pub struct State {
    /// The state of the tenant.
    pub world: World,
    /// Every request so far.
    pub seen: Vec<Seen>,
    /// The most connections that were open at a time.
    pub most_open: usize,
    open: usize,
    counts: HashMap<Point, usize>,
    /// The sign-ins that this server has accepted.
    tokens: Vec<String>,
}

/// Replaces the response to a request, given its kind, its number among those of its kind, and the
/// response of an honest server.
pub type Override = Arc<dyn Fn(&Request, Point, usize, &Answer) -> Option<Vec<Step>> + Send + Sync>;

/// The server of one case.
#[derive(Clone)]
pub struct Server {
    case: Case,
    clock: VirtualClock,
    state: Arc<Mutex<State>>,
    flood: Arc<Notify>,
    replace: Option<Override>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("case", &self.case)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// A server that has not begun to listen.
    #[must_use]
    pub fn new(case: Case, clock: VirtualClock) -> Self {
        let state = State {
            world: World::new(parent(case.op)),
            seen: Vec::new(),
            most_open: 0,
            open: 0,
            counts: HashMap::new(),
            tokens: vec![secret("token")],
        };
        Self {
            case,
            clock,
            state: Arc::new(Mutex::new(state)),
            flood: Arc::default(),
            replace: None,
        }
    }

    /// Responds with what `replace` returns, where it returns something.
    #[must_use]
    pub fn replacing(mut self, replace: Override) -> Self {
        self.replace = Some(replace);
        self
    }

    /// Starts to listen, and returns the address and the future that serves.
    ///
    /// # Errors
    ///
    /// Those of the socket.
    pub async fn listen(&self) -> io::Result<(SocketAddr, impl Future<Output = ()> + use<>)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = self.clone();
        let serve = async move {
            let mut connections = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                server.clock.touch();
                connections.spawn(server.clone().serve(socket));
                while connections.try_join_next().is_some() {}
            }
        };
        Ok((address, serve))
    }

    /// The state as it is.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Completes when the client has sent more requests than any call needs.
    pub async fn flooded(&self) {
        self.flood.notified().await;
    }

    fn now(&self) -> Millis {
        Millis::try_from(self.clock.now().as_millis()).unwrap_or(Millis::MAX)
    }

    async fn serve(self, socket: TcpStream) {
        {
            let mut state = self.state();
            state.open += 1;
            state.most_open = state.most_open.max(state.open);
        }
        self.converse(socket).await;
        self.state().open -= 1;
    }

    async fn converse(&self, mut socket: TcpStream) {
        let _ = socket.set_nodelay(true);
        let mut buffer = Vec::new();
        loop {
            let request = match read_request(&mut socket, &mut buffer).await {
                Ok(Some(request)) => request,
                Ok(None) | Err(_) => return,
            };
            self.clock.touch();
            let exchange = request
                .header("x-exchange")
                .and_then(|id| id.parse().ok())
                .unwrap_or(0);
            for step in self.plan(&request) {
                let open = match step {
                    Step::Write(bytes) => write(&mut socket, &bytes).await.is_ok(),
                    Step::Sleep(duration) => self.hold(&mut socket, exchange, Some(duration)).await,
                    Step::Hang => self.hold(&mut socket, exchange, None).await,
                    Step::Reset => {
                        let _ = socket.set_zero_linger();
                        false
                    }
                    Step::Close => false,
                };
                self.clock.touch();
                if !open {
                    return;
                }
            }
        }
    }

    /// Waits by the virtual clock, or for ever; `false` if the client closes the connection meanwhile.
    async fn hold(&self, socket: &mut TcpStream, exchange: u64, limit: Option<Duration>) -> bool {
        let _parked = self.clock.park(exchange);
        let mut byte = [0];
        let timer = async {
            match limit {
                Some(limit) => self.clock.sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = timer => true,
            _ = socket.read(&mut byte) => false,
        }
    }

    /// Decides what a request does and how it is answered.
    fn plan(&self, request: &Request) -> Vec<Step> {
        let case = self.case;
        let now = self.now();
        let date = case.skew.map(|skew| now + skew * 1000);
        let mut state = self.state();
        let (point, work) = routes::classify(request);
        let n = {
            let count = state.counts.entry(point).or_insert(0);
            *count += 1;
            *count - 1
        };
        state.seen.push(Seen {
            at: now,
            point,
            line: format!("{} {}?{}", request.method, request.path, request.query),
            agent: request.header("user-agent").unwrap_or_default().to_owned(),
            status: None,
        });
        if state.seen.len() > MOST_REQUESTS {
            self.flood.notify_one();
        }
        if point == Point::Work && n == 0 {
            self.company(&mut state.world, work.as_ref(), now);
        }
        let struck = case.strikes(point, n);
        if !struck {
            let repeated = n > 0 && point == case.point;
            if let Some(status) = case.then.filter(|_| repeated) {
                return self.note(&mut state, refusal(status, date));
            }
            if let Some(refused) = unauthorized(&state, request, point) {
                return self.note(&mut state, honest(&refused, date));
            }
            let used = match &work {
                Some(Work::Refresh(token)) if is_used(&state, token) => Some(token.clone()),
                _ => None,
            };
            if let Some(token) = used {
                state.world.add(now, Actor::Caller, n, Work::Refresh(token));
                let body = r#"{"error":"invalid_grant","error_description":"used"}"#;
                return self.note(&mut state, honest(&raw(400, body), date));
            }
        }
        let made = self.execute(&mut state, work, struck, n, now);
        let answer = routes::answer(&state.world, request, case.op, now, &made);
        let replaced = self.replace.as_ref();
        let replaced = replaced.and_then(|replace| replace(request, point, n, &answer));
        let steps = if let Some(steps) = replaced {
            steps
        } else if struck {
            spoilt(case.reply, &answer, request, date)
        } else if point == Point::Listing
            && !(case.point == Point::Listing && case.reply != Reply::Honest)
        {
            listing::respond(case.listing, n, &answer, date)
        } else {
            honest(&answer, date)
        };
        self.note(&mut state, steps)
    }

    /// Enters what the request executes, and returns the id of what it makes.
    fn execute(
        &self,
        state: &mut State,
        work: Option<Work>,
        struck: bool,
        n: usize,
        now: Millis,
    ) -> String {
        let Some(work) = work else {
            return String::new();
        };
        let when = if struck {
            self.case.effect
        } else {
            When::After(0)
        };
        let When::After(delay) = when else {
            return state.world.new_id();
        };
        let signs_in = matches!(work, Work::SignIn | Work::Refresh(_));
        let id = state.world.add(now + delay, Actor::Caller, n, work);
        if signs_in {
            state.tokens.push(secret(&format!("token{id}")));
        }
        if let (Listing::Lag(lag), Some(effect)) = (self.case.listing, state.world.log.last_mut()) {
            effect.visible += lag;
        }
        id
    }

    /// What another user does around the first request that starts work.
    fn company(&self, world: &mut World, work: Option<&Work>, now: Millis) {
        let Some(work) = work else { return };
        let foreign = |fails| match work {
            Work::Task { parent, .. } => Work::Task {
                parent: parent.clone(),
                fails,
            },
            other => other.clone(),
        };
        let mut add = |at, fails| {
            world.add(at, Actor::Other, 0, foreign(fails));
        };
        match self.case.company {
            Company::None => {}
            Company::Between => add(now, false),
            Company::After(delay) => add(now + delay, false),
            Company::AfterFails(delay) => add(now + delay, true),
            Company::Two => {
                add(now, false);
                add(now + 1000, false);
            }
        }
    }

    fn note(&self, state: &mut State, steps: Vec<Step>) -> Vec<Step> {
        let status = match steps.first() {
            Some(Step::Write(bytes)) => std::str::from_utf8(bytes.get(9..12).unwrap_or_default())
                .ok()
                .and_then(|digits| digits.parse().ok()),
            _ => None,
        };
        if let Some(seen) = state.seen.last_mut() {
            seen.status = status;
        }
        steps
    }
}

/// The folder of the tasks of an operation.
fn parent(op: Op) -> &'static str {
    match op {
        Op::RunImport => "imports/112000000001",
        Op::RunExport => "exports/116000000001",
        Op::RunAction => "actions/117000000001",
        Op::RunProcess => "processes/118000000001",
        _ => "syncTasks",
    }
}

fn raw(status: u16, body: &str) -> Answer {
    Answer::Bytes {
        status,
        content_type: Some("application/json"),
        body: body.as_bytes().to_vec(),
    }
}

fn refusal(status: u16, date: Option<Millis>) -> Vec<Step> {
    let body = error_body(Family::Integration, status, "Busy");
    let answer = raw(status, &body);
    let reply = Reply::Status(status, Body::ErrorEnvelope, Framing::Whole);
    spoilt(reply, &answer, &Request::default(), date)
}

/// A refusal of a token that this server has not handed out.
fn unauthorized(state: &State, request: &Request, point: Point) -> Option<Answer> {
    if matches!(point, Point::SignIn | Point::Refresh)
        || request.path.contains("token/")
        || request.path.contains("/oauth/")
    {
        return None;
    }
    let header = request.header("authorization").unwrap_or_default();
    let token = header.split(' ').next_back().unwrap_or_default();
    let known = state.tokens.iter().any(|known| known == token);
    (!known).then(|| Answer::error(401, "Unauthorized"))
}

fn is_used(state: &State, token: &str) -> bool {
    if token.is_empty() {
        return false;
    }
    let mut used = state.world.of_caller().map(|effect| &effect.work);
    used.any(|work| matches!(work, Work::Refresh(old) if old == token))
}
