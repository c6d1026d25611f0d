//! The path of a request through the fake: waits, faults, observers.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use anaplan_core::clock::Clock as _;
use anaplan_core::{Timestamp, UserId};
use bytes::Bytes;
use http::{HeaderValue, StatusCode};

use crate::api;
use crate::fake::{FakeAnaplan, State};
use crate::faults::{Effect, Injected, Kind, OtherUser};
use crate::http::{Body, Request, Response};
use crate::world::World;

/// The outcome of a request, for a front.
#[derive(Debug)]
pub(crate) enum Served {
    /// Send the whole response.
    Answer(Response),
    /// Send so many bytes of the response's body, then break the connection.
    Cut(Response, usize),
    /// Close the connection without an answer.
    Dropped,
}

impl Served {
    /// Adds the `Date` header, by the clock of the server.
    fn set_date(&mut self, now: Timestamp) {
        let (Self::Answer(response) | Self::Cut(response, _)) = self else {
            return;
        };
        let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
        let date = printer.timestamp_to_rfc9110_string(&now).ok();
        if let Some(date) = date.and_then(|date| HeaderValue::from_str(&date).ok()) {
            response.headers.insert(http::header::DATE, date);
        }
    }
}

/// A fault that was drawn for one request, and how it wants time to be spent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drawn {
    injected: Option<Injected>,
}

impl Drawn {
    /// Returns the time the front waits before it has the request carried out. The request is carried out even
    /// when its sender has gone away meanwhile.
    pub(crate) fn before(&self) -> Duration {
        match self.kind() {
            Some(Kind::Late(delay)) => *delay,
            _ => Duration::ZERO,
        }
    }

    fn kind(&self) -> Option<&Kind> {
        self.injected.as_ref().map(|injected| &injected.kind)
    }

    fn other_user(&self) -> Option<&OtherUser> {
        self.injected.as_ref()?.other_user.as_ref()
    }

    /// Returns whether the request reaches the services, which may have it wait.
    fn reaches_services(&self) -> bool {
        self.kind().is_none_or(Kind::reaches_services)
    }

    /// Returns the time the front waits before it sends the answer.
    pub(crate) fn after(&self) -> Duration {
        match self.kind() {
            Some(Kind::Delay(delay)) => *delay,
            _ => Duration::ZERO,
        }
    }
}

impl FakeAnaplan {
    /// Draws the fault that happens to a request, if any.
    pub(crate) fn draw(&self, request: &Request) -> Drawn {
        let injected = self.lock().faults.draw(request);
        Drawn { injected }
    }

    /// Returns the time a request would wait now for its model to be free.
    pub(crate) fn busy_for(&self, request: &Request, drawn: &Drawn, came: Timestamp) -> Duration {
        if !drawn.reaches_services() {
            return Duration::ZERO;
        }
        let now = self.shared.clock.now();
        let mut state = self.lock();
        state.world.advance_to(now);
        let until = api::busy_until(&state.world, request, came);
        until.map_or(Duration::ZERO, |until| {
            until.duration_since(now).unsigned_abs()
        })
    }

    /// Has a request carried out when its time has come: after the delay of its fault, and when its model
    /// is free. `None` when the runtime ends before.
    ///
    /// A request that waits does so on a task of its own, and is carried out even when its sender has gone
    /// away meanwhile.
    pub(crate) async fn serve_in_turn(&self, request: Request, drawn: &Drawn) -> Option<Served> {
        let came = self.shared.clock.now();
        if drawn.before().is_zero() && self.busy_for(&request, drawn, came).is_zero() {
            return Some(self.serve(&request, drawn));
        }
        let (fake, drawn) = (self.clone(), drawn.clone());
        let turn = tokio::spawn(async move {
            fake.shared.clock.sleep(drawn.before()).await;
            loop {
                // Before the look, so that nothing that happens after it is missed.
                let changed = fake.shared.changed.notified();
                let wait = fake.busy_for(&request, &drawn, came);
                if wait.is_zero() {
                    return fake.serve(&request, &drawn);
                }
                let (mut changed, mut over) = (pin!(changed), fake.shared.clock.sleep(wait));
                poll_fn(|cx| {
                    let changed = changed.as_mut().poll(cx).is_ready();
                    if changed || over.as_mut().poll(cx).is_ready() {
                        Poll::Ready(())
                    } else {
                        Poll::Pending
                    }
                })
                .await;
            }
        });
        turn.await.ok()
    }

    /// Has a request carried out, and applies the fault to the response.
    pub(crate) fn serve(&self, request: &Request, drawn: &Drawn) -> Served {
        let now = self.shared.clock.now();
        self.shared.clock.note_activity();
        let mut state = self.lock();
        let State { world, log, .. } = &mut *state;
        world.advance_to(now);
        let fault = drawn.kind().map(Kind::name);
        if let Some(other) = drawn.other_user() {
            match other.after {
                None => self.handle_as(world, request, &other.user),
                Some(delay) => self.carry_out_later(world, request, &other.user, delay),
            }
        }
        let mut served = self.apply_fault(world, request, drawn.kind());
        if world.rules.date_header {
            served.set_date(now);
        }
        let response = match &served {
            Served::Answer(response) | Served::Cut(response, _) => Some(response),
            Served::Dropped => None,
        };
        log.note(now, request, response, fault);
        drop(state);
        self.shared.clock.note_activity();
        self.shared.observers.check();
        self.shared.changed.notify_waiters();
        served
    }

    /// Returns the response of the services.
    fn handle(&self, world: &mut World, request: &Request) -> Response {
        let response = api::handle(world, request);
        let observers = &self.shared.observers;
        observers.response(request, response, &world.rules)
    }

    fn apply_fault(&self, world: &mut World, request: &Request, fault: Option<&Kind>) -> Served {
        let failure = |world: &World, status: StatusCode| {
            let message = status.canonical_reason().unwrap_or("Error");
            api::refuse(world, request, api::Failure::new(status, message))
        };
        match fault {
            None | Some(Kind::None | Kind::Delay(_) | Kind::Late(_)) => {
                Served::Answer(self.handle(world, request))
            }
            Some(Kind::Status(status, effect)) => {
                self.carry_out(world, request, *effect);
                Served::Answer(failure(world, *status))
            }
            Some(Kind::Throttle(retry_after)) => {
                let form = api::ErrorForm::Integration;
                Served::Answer(api::too_many(form, world, request, *retry_after))
            }
            Some(Kind::Drop(effect)) => {
                self.carry_out(world, request, *effect);
                Served::Dropped
            }
            Some(Kind::Listing(fault)) => {
                let mut response = match fault.request(request) {
                    Some(changed) => self.handle(world, &changed),
                    None => self.handle(world, request),
                };
                fault.apply(request, &mut response, world.now());
                Served::Answer(response)
            }
            Some(Kind::Truncate(bytes)) => {
                let mut response = self.handle(world, request);
                let Ok(body) = response.body.into_bytes() else {
                    return Served::Dropped;
                };
                let cut = (*bytes).min(body.len().saturating_sub(1));
                response.body = Body::Full(body);
                Served::Cut(response, cut)
            }
            Some(Kind::Garbage(body)) => {
                let _ = self.handle(world, request);
                Served::Answer(Response::new(StatusCode::OK, "text/html", body.clone()))
            }
            Some(Kind::Reply(status, body, effect)) => {
                self.carry_out(world, request, *effect);
                Served::Answer(Response::new(*status, "application/json", body.clone()))
            }
            Some(Kind::ExpireToken) => {
                let token = request
                    .credential("AnaplanAuthToken")
                    .or_else(|| request.credential("Bearer"));
                if let Some(token) = token {
                    world.expire_tokens(Some(token));
                }
                Served::Answer(self.handle(world, request))
            }
        }
    }

    /// Carries out a request whose response is replaced.
    fn carry_out(&self, world: &mut World, request: &Request, effect: Effect) {
        match effect {
            Effect::Never => {}
            Effect::Before => drop(self.handle(world, request)),
            Effect::Later(delay) => {
                let token = request
                    .credential("AnaplanAuthToken")
                    .or_else(|| request.credential("Bearer"));
                let grant = token.and_then(|token| world.session_of(token));
                if let Some(user) = grant.map(|grant| grant.user.clone()) {
                    self.carry_out_later(world, request, &user, delay);
                }
            }
        }
    }

    /// Carries out a request in the name of a user who was accepted before.
    fn handle_as(&self, world: &mut World, request: &Request, user: &UserId) {
        let token = world.open_session(user).value;
        drop(self.handle(world, &request.with_token(&token)));
        world.close_session(&token);
    }

    /// Carries out a request when the delay has passed, or at once where there is no runtime.
    fn carry_out_later(
        &self,
        world: &mut World,
        request: &Request,
        user: &UserId,
        delay: Duration,
    ) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return self.handle_as(world, request, user);
        };
        let (fake, request, user) = (self.clone(), request.clone(), user.clone());
        runtime.spawn(async move {
            fake.shared.clock.sleep(delay).await;
            let now = fake.shared.clock.now();
            let mut state = fake.lock();
            state.world.advance_to(now);
            fake.handle_as(&mut state.world, &request, &user);
            drop(state);
            fake.shared.changed.notify_waiters();
        });
    }

    /// Answers a request at once, as a front would, with faults but without their delays, and without
    /// waiting for a busy model. For the fronts of others, and for tests without any client.
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
        let mut body = response.body.into_bytes().ok()?;
        if let Some(cut) = cut {
            body.truncate(cut);
        }
        let mut answer = http::Response::new(body);
        *answer.status_mut() = response.status;
        *answer.headers_mut() = response.headers;
        Some(answer)
    }
}
