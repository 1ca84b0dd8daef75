//! Takes connections, for every service that speaks TLS.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::fault::{Action, Handshake};
use crate::handshake;
use crate::ledger::Ledger;
use crate::tls::Tls;

const HANDSHAKE_LIMIT: Duration = Duration::from_secs(60);
/// The first octet of whoever speaks TLS.
const HANDSHAKE_RECORD: u8 = 22;

/// A connection on which TLS is agreed upon, where it is spoken.
pub(crate) struct Connected<S = TlsStream<TcpStream>> {
    pub(crate) stream: S,
    /// What befalls it before its first request.
    pub(crate) action: Option<Action>,
    /// What it is told to do at once.
    pub(crate) orders: UnboundedReceiver<Action>,
    /// Keeps it counted as open.
    pub(crate) open: Open,
}

/// A connection to a port that takes both.
pub(crate) enum Arrived {
    Tls(Box<Connected>),
    Plain(Box<Connected<TcpStream>>),
}

impl Connected {
    /// The client's certificate in DER, if it has one.
    pub(crate) fn certificate(&self) -> Option<&[u8]> {
        let chain = self.stream.get_ref().1.peer_certificates()?;
        chain.first().map(AsRef::as_ref)
    }
}

impl<S> Connected<S> {
    /// The same with its stream made into another.
    pub(crate) fn map<T>(self, into: impl FnOnce(S) -> T) -> Connected<T> {
        Connected {
            stream: into(self.stream),
            action: self.action,
            orders: self.orders,
            open: self.open,
        }
    }
}

/// Hands everyone who connects to `serve`, until it is dropped.
pub(crate) async fn listen<S, F>(listener: TcpListener, tls: Tls, ledger: Arc<Ledger>, serve: S)
where
    S: Fn(Connected) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send,
{
    let shared = Arc::new((tls, serve));
    accept(listener, move |tcp| {
        let (shared, ledger) = (Arc::clone(&shared), Arc::clone(&ledger));
        async move {
            let (tls, serve) = &*shared;
            if let Some(connected) = connect(tcp, tls, ledger).await {
                serve(connected).await;
            }
        }
    })
    .await;
}

/// The same for a port that takes connections without TLS too.
pub(crate) async fn listen_mixed<S, F>(
    listener: TcpListener,
    tls: Tls,
    ledger: Arc<Ledger>,
    serve: S,
) where
    S: Fn(Arrived) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send,
{
    let shared = Arc::new((tls, serve));
    accept(listener, move |tcp| {
        let (shared, ledger) = (Arc::clone(&shared), Arc::clone(&ledger));
        async move {
            let (tls, serve) = &*shared;
            if let Some((tcp, action)) = begin(tcp, tls, &ledger).await
                && let Some(arrived) = tell_apart(tcp, tls, ledger, action).await
            {
                serve(arrived).await;
            }
        }
    })
    .await;
}

/// The same without TLS.
pub(crate) async fn listen_plain<S, F>(listener: TcpListener, ledger: Arc<Ledger>, serve: S)
where
    S: Fn(Connected<TcpStream>) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send,
{
    let serve = Arc::new(serve);
    accept(listener, move |tcp| {
        let (serve, ledger) = (Arc::clone(&serve), Arc::clone(&ledger));
        async move {
            if let Some(connected) = connect_plain(tcp, ledger).await {
                serve(connected).await;
            }
        }
    })
    .await;
}

async fn accept<F>(listener: TcpListener, serve: impl Fn(TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((tcp, _)) => {
                let _ = tcp.set_nodelay(true);
                tokio::spawn(serve(tcp));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot take a connection");
                // Out of descriptors, most likely: others have to close first.
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// Speaks TLS, or does what a fault has in its place.
async fn connect(tcp: TcpStream, tls: &Tls, ledger: Arc<Ledger>) -> Option<Connected> {
    let (tcp, action) = begin(tcp, tls, &ledger).await?;
    agree(tcp, tls, ledger, action).await
}

/// The connection, and what befalls it after the handshake; or what a fault has in its place.
async fn begin(tcp: TcpStream, tls: &Tls, ledger: &Ledger) -> Option<(TcpStream, Option<Action>)> {
    let action = ledger.open().arrival();
    match action {
        Some(Action::Handshake(Handshake::Delay(delay))) => {
            sleep(delay).await;
            Some((tcp, None))
        }
        Some(Action::Handshake(fault)) if fault != Handshake::NoSettings => {
            if let Err(error) = handshake::fail(tcp, fault, tls).await {
                tracing::debug!(%error, "a connection broke");
            }
            None
        }
        action => Some((tcp, action)),
    }
}

/// Speaks TLS with those who do.
async fn tell_apart(
    tcp: TcpStream,
    tls: &Tls,
    ledger: Arc<Ledger>,
    action: Option<Action>,
) -> Option<Arrived> {
    let mut first = [0];
    match timeout(HANDSHAKE_LIMIT, tcp.peek(&mut first)).await {
        Ok(Ok(1)) if first[0] != HANDSHAKE_RECORD => {
            let (open, orders) = Open::count(ledger);
            Some(Arrived::Plain(Box::new(Connected {
                stream: tcp,
                action,
                orders,
                open,
            })))
        }
        Ok(_) => {
            let connected = agree(tcp, tls, ledger, action).await?;
            Some(Arrived::Tls(Box::new(connected)))
        }
        Err(_) => {
            tracing::debug!("a client said nothing");
            None
        }
    }
}

/// Takes a connection as it is, or does what a fault has in its place.
async fn connect_plain(tcp: TcpStream, ledger: Arc<Ledger>) -> Option<Connected<TcpStream>> {
    let mut action = ledger.open().arrival();
    match action {
        Some(Action::Handshake(Handshake::Delay(delay))) => {
            sleep(delay).await;
            action = None;
        }
        Some(Action::Handshake(fault)) if fault != Handshake::NoSettings => {
            if let Err(error) = handshake::fail_plain(tcp, fault).await {
                tracing::debug!(%error, "a connection broke");
            }
            return None;
        }
        _ => {}
    }
    let (open, orders) = Open::count(ledger);
    Some(Connected {
        stream: tcp,
        action,
        orders,
        open,
    })
}

async fn agree(
    tcp: TcpStream,
    tls: &Tls,
    ledger: Arc<Ledger>,
    action: Option<Action>,
) -> Option<Connected> {
    let accept = TlsAcceptor::from(Arc::clone(&tls.config)).accept(tcp);
    match timeout(HANDSHAKE_LIMIT, accept.into_fallible()).await {
        Ok(Ok(stream)) => {
            let (open, orders) = Open::count(ledger);
            return Some(Connected {
                stream,
                action,
                orders,
                open,
            });
        }
        Ok(Err((error, tcp))) => {
            tracing::debug!(%error, "a handshake failed");
            // What the client has sent meanwhile must not take the alert back from it.
            let _ = handshake::finish(tcp).await;
        }
        Err(_) => tracing::debug!("a handshake took too long"),
    }
    None
}

/// Counts a connection as open while it lives.
pub(crate) struct Open {
    ledger: Arc<Ledger>,
    number: u64,
}

impl Open {
    /// With the actions that it is told to carry out.
    fn count(ledger: Arc<Ledger>) -> (Self, UnboundedReceiver<Action>) {
        let (number, orders) = {
            let mut book = ledger.open();
            book.stats.connections += 1;
            book.stats.open += 1;
            book.registry.add()
        };
        (Self { ledger, number }, orders)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut book = self.ledger.open();
        book.stats.open = book.stats.open.saturating_sub(1);
        book.registry.remove(self.number);
    }
}
