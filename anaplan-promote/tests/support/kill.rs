//! Kills: a transport and a journal that stop at one point, as after the end of a process.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anaplan_core::{RequestBody, ResponseBody, Transport, TransportError, async_trait};
use anaplan_promote::JournalStorage;
use tokio::sync::Notify;

/// A process that is killed at one point: before or after one line of its journal or one request.
#[derive(Debug)]
pub struct Kill {
    /// Even: before the event of half this number. Odd: after it.
    at: u64,
    events: AtomicU64,
    is_dead: AtomicBool,
    died: Notify,
    journal: Mutex<String>,
}

impl Kill {
    pub fn at(point: u64) -> Arc<Self> {
        Arc::new(Self {
            at: point,
            events: AtomicU64::new(0),
            is_dead: AtomicBool::new(false),
            died: Notify::new(),
            journal: Mutex::default(),
        })
    }

    pub fn never() -> Arc<Self> {
        Self::at(u64::MAX)
    }

    /// Returns the number of events so far.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::SeqCst)
    }

    pub fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::SeqCst)
    }

    /// Completes when the process is killed.
    pub async fn died(&self) {
        let died = self.died.notified();
        if !self.is_dead() {
            died.await;
        }
    }

    /// Returns what the process has written to its journal.
    pub fn journal(&self) -> String {
        self.lock().clone()
    }

    pub fn transport(self: &Arc<Self>, inner: Arc<dyn Transport>) -> Arc<dyn Transport> {
        let kill = Arc::clone(self);
        Arc::new(KilledTransport { kill, inner })
    }

    pub fn storage(self: &Arc<Self>) -> KilledStorage {
        KilledStorage(Arc::clone(self))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, String> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn die(&self) {
        self.is_dead.store(true, Ordering::SeqCst);
        self.died.notify_one();
    }

    /// Counts an event. Returns whether the process dies before it and after it.
    fn event(&self) -> (bool, bool) {
        let event = self.events.fetch_add(1, Ordering::SeqCst);
        (self.at == 2 * event, self.at == 2 * event + 1)
    }
}

pub struct KilledStorage(Arc<Kill>);

impl JournalStorage for KilledStorage {
    fn append(&mut self, line: &str) -> std::io::Result<()> {
        let killed = || std::io::Error::other("the process was killed");
        if self.0.is_dead() {
            return Err(killed());
        }
        let (before, after) = self.0.event();
        if before {
            // The line is torn.
            let length = line.len() * usize::from(line.len() % 3 != 0) / 2;
            self.0.lock().push_str(&line[..length]);
            self.0.die();
            return Err(killed());
        }
        self.0.lock().push_str(line);
        if after {
            self.0.die();
            return Err(killed());
        }
        Ok(())
    }
}

#[derive(Debug)]
struct KilledTransport {
    kill: Arc<Kill>,
    inner: Arc<dyn Transport>,
}

#[async_trait]
impl Transport for KilledTransport {
    async fn send(
        &self,
        request: http::Request<RequestBody>,
    ) -> Result<http::Response<ResponseBody>, TransportError> {
        if self.kill.is_dead() {
            std::future::pending::<()>().await;
        }
        let (before, after) = self.kill.event();
        if before {
            self.kill.die();
            std::future::pending::<()>().await;
        }
        let response = self.inner.send(request).await;
        if after {
            self.kill.die();
        }
        if self.kill.is_dead() {
            std::future::pending::<()>().await;
        }
        response
    }
}

/// Delays each request by a random time, for runs at the same time.
#[derive(Debug)]
pub struct Jitter {
    rng: Mutex<fastrand::Rng>,
    inner: Arc<dyn Transport>,
    clock: Arc<dyn anaplan_core::Clock>,
}

impl Jitter {
    pub fn transport(
        seed: u64,
        clock: Arc<dyn anaplan_core::Clock>,
        inner: Arc<dyn Transport>,
    ) -> Arc<dyn Transport> {
        let rng = Mutex::new(fastrand::Rng::with_seed(seed));
        Arc::new(Self { rng, inner, clock })
    }

    fn delay(&self) -> Duration {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_millis(rng.u64(0..400))
    }
}

#[async_trait]
impl Transport for Jitter {
    async fn send(
        &self,
        request: http::Request<RequestBody>,
    ) -> Result<http::Response<ResponseBody>, TransportError> {
        self.clock.sleep(self.delay()).await;
        let response = self.inner.send(request).await;
        self.clock.sleep(self.delay()).await;
        response
    }
}
