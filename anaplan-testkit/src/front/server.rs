//! The standalone server: the fake over HTTP/1.1, for programs of any language.

mod body;
mod exchange;
#[cfg(feature = "https")]
mod tls;

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anaplan_core::clock::Clock as _;
use http::{Method, StatusCode};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::fake::FakeAnaplan;
use exchange::Desk;

/// The largest request body that is read, in bytes: more than the largest chunk of a file.
const BODY_LIMIT: usize = 64 << 20;
/// The time that pending responses may take when the server stops.
const GRACE: Duration = Duration::from_secs(5);
/// The time the server pauses when the machine has no connection to give.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves a fake on a socket.
///
/// Unlike a wiremock server it keeps no request, sends large bodies piece by piece, and breaks
/// connections where a [`Fault`](crate::Fault) wants them broken, also in the middle of a body. The
/// fake's paths of all hosts lie on one port.
///
/// ```
/// use anaplan_testkit::{FakeAnaplan, Server};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let server = Server::builder(FakeAnaplan::in_process())
///     .listen("127.0.0.1:0")
///     .await?;
/// assert!(server.url().starts_with("http://127.0.0.1:"));
/// let connection = server.fake().connection(); // for a client
/// server.stop().await;
/// # std::io::Result::Ok(()) })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Server {
    fake: FakeAnaplan,
    address: SocketAddr,
    stop: Arc<watch::Sender<bool>>,
    accepting: JoinHandle<()>,
}

/// One request and its answer, for a log. It holds no secret: neither query, header nor body.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Exchange {
    /// The method.
    pub method: Method,
    /// The path, without the query.
    pub path: String,
    /// The status of the answer; `None` when the connection was closed without one.
    pub status: Option<StatusCode>,
    /// `true` if the connection was broken on purpose, without an answer or in the middle of it.
    pub broken: bool,
    /// The time until the head of the response.
    pub took: Duration,
}

pub(crate) type Observer = Arc<dyn Fn(&Exchange) + Send + Sync>;

/// Puts a [`Server`] together.
#[must_use = "a builder does nothing until `listen`"]
pub struct ServerBuilder {
    fake: FakeAnaplan,
    body_limit: usize,
    observer: Option<Observer>,
    https: bool,
}

impl ServerBuilder {
    /// Serves https, with a certificate of [`Authority::shared`](crate::pki::Authority::shared) for
    /// `localhost`, the loopback addresses and the address that it listens on. Clients must be told to
    /// trust [`Server::ca_certificate`].
    ///
    /// ```
    /// use anaplan_testkit::{FakeAnaplan, Server};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let server = Server::builder(FakeAnaplan::in_process())
    ///     .https()
    ///     .listen("127.0.0.1:0")
    ///     .await?;
    /// assert!(server.url().starts_with("https://127.0.0.1:"));
    /// let trusted = server.ca_certificate(); // for `ClientBuilder::root_certificate`
    /// # assert!(trusted.is_some());
    /// # std::io::Result::Ok(()) })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "https")]
    #[cfg_attr(docsrs, doc(cfg(feature = "https")))]
    pub fn https(mut self) -> Self {
        self.https = true;
        self
    }

    /// Answers 413 to requests with more than so many bytes. Default 64 MiB.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Has every exchange told to `observer`, before its answer is sent.
    pub fn observe(mut self, observer: impl Fn(&Exchange) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Listens on this address, `127.0.0.1:8080` or `localhost:0`; port 0 takes a free one. Must be
    /// called on a tokio runtime, which serves for as long as the server, or a fake from
    /// [`Server::fake`], lives.
    ///
    /// # Errors
    ///
    /// When the address is taken or is not of this machine, and when it is to serve https and no
    /// certificate can be made.
    pub async fn listen(self, address: impl ToSocketAddrs) -> io::Result<Server> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let stop = Arc::new(stop);
        let door = self.door(address.ip())?;
        let fake = self
            .fake
            .served_at(&url(address, self.https), Arc::clone(&stop) as _);
        let desk = Desk {
            fake: self.fake,
            body_limit: self.body_limit,
            observer: self.observer,
        };
        Ok(Server {
            fake,
            address,
            stop,
            accepting: tokio::spawn(accept(listener, door, Arc::new(desk), stopped)),
        })
    }

    #[cfg(feature = "https")]
    fn door(&self, address: IpAddr) -> io::Result<Door> {
        if self.https {
            tls::acceptor(address).map(Door::Https)
        } else {
            Ok(Door::Http)
        }
    }

    #[cfg(not(feature = "https"))]
    #[allow(clippy::unnecessary_wraps, reason = "with https it can fail")]
    fn door(&self, _address: IpAddr) -> io::Result<Door> {
        Ok(Door::Http)
    }
}

/// The transport of accepted connections.
#[derive(Clone)]
enum Door {
    Http,
    #[cfg(feature = "https")]
    Https(tokio_rustls::TlsAcceptor),
}

impl Server {
    /// A server for this fake.
    pub fn builder(fake: FakeAnaplan) -> ServerBuilder {
        ServerBuilder {
            fake,
            body_limit: BODY_LIMIT,
            observer: None,
            https: false,
        }
    }

    /// The certificate of the authority that a client must trust, in PEM, when it serves https.
    #[must_use]
    pub fn ca_certificate(&self) -> Option<String> {
        crate::pki::Authority::shared_if_made()
            .filter(|_| self.url().starts_with("https:"))
            .map(|authority| authority.certificate_pem())
    }

    /// Returns the address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL of all services.
    #[must_use]
    pub fn url(&self) -> &str {
        self.fake.url()
    }

    /// The fake behind it, whose [connection](FakeAnaplan::connection) leads to this server.
    #[must_use]
    pub fn fake(&self) -> FakeAnaplan {
        self.fake.clone()
    }

    /// Takes no further connection, lets answers that are under way end, and closes. What is not
    /// done after five seconds is cut off.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // An error would be a panic in there, which is reported already.
        let _ = self.accepting.await;
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder")
            .field("body_limit", &self.body_limit)
            .field("https", &self.https)
            .finish_non_exhaustive()
    }
}

/// Returns the address by which this machine reaches a listener.
fn url(mut address: SocketAddr, https: bool) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    let scheme = if https { "https" } else { "http" };
    format!("{scheme}://{address}")
}

async fn accept(
    listener: TcpListener,
    door: Door,
    desk: Arc<Desk>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        let stop = stopped.clone();
        tokio::select! {
            // Also when everybody who could stop the server is gone.
            _ = stopped.changed() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(enter(stream, door.clone(), Arc::clone(&desk), stop));
                }
                Err(_) => desk.fake.clock().sleep(PAUSE).await,
            },
        }
    }
    drop(listener);
    let grace = desk.fake.clock().sleep(GRACE);
    tokio::select! {
        () = grace => connections.abort_all(),
        () = async { while connections.join_next().await.is_some() {} } => {}
    }
}

async fn enter(stream: TcpStream, door: Door, desk: Arc<Desk>, stopped: watch::Receiver<bool>) {
    // Small answers must not wait for the acknowledgement of those before them.
    let _ = stream.set_nodelay(true);
    match door {
        Door::Http => serve(stream, desk, stopped).await,
        // Who does not get through the handshake has been told why by then.
        #[cfg(feature = "https")]
        Door::Https(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream, desk, stopped).await;
            }
        }
    }
}

async fn serve<S>(stream: S, desk: Arc<Desk>, mut stopped: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(move |request| {
        let desk = Arc::clone(&desk);
        async move { desk.exchange(request).await }
    });
    // No `pipeline_flush`: it has a whole body held before the first byte of it is sent.
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // Errors are broken connections, by the client or by a fault: nobody needs to be told.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_every_address_is_one_of_this_machine() {
        let https = |address: &str| url(address.parse().unwrap(), true);
        let url = |address: &str| url(address.parse().unwrap(), false);
        assert_eq!(url("127.0.0.1:81"), "http://127.0.0.1:81");
        assert_eq!(url("0.0.0.0:81"), "http://127.0.0.1:81");
        assert_eq!(url("[::]:81"), "http://[::1]:81");
        assert_eq!(https("0.0.0.0:81"), "https://127.0.0.1:81");
    }
}
