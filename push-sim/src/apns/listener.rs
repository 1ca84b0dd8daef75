//! Takes connections.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::driver::Driver;
use super::handshake;
use super::session::{Ending, Session, Shared};
use crate::fault::{Action, Handshake, Point};
use crate::ledger::Ledger;
use crate::tls::Tls;

const HANDSHAKE_LIMIT: Duration = Duration::from_secs(60);

/// Serves everyone who connects, until it is dropped.
pub(crate) async fn listen(listener: TcpListener, tls: Tls, shared: Arc<Shared>) {
    let tls = Arc::new(tls);
    loop {
        match listener.accept().await {
            Ok((tcp, _)) => {
                tokio::spawn(serve(tcp, Arc::clone(&tls), Arc::clone(&shared)));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot take a connection");
                // Out of descriptors, most likely: others have to close first.
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

async fn serve(tcp: TcpStream, tls: Arc<Tls>, shared: Arc<Shared>) {
    let _ = tcp.set_nodelay(true);
    let action = shared.ledger.open().arrival();
    match action {
        Some(Action::Handshake(Handshake::Delay(delay))) => {
            sleep(delay).await;
            talk(tcp, &tls, shared, None).await;
        }
        Some(Action::Handshake(fault)) if fault != Handshake::NoSettings => {
            if let Err(error) = handshake::fail(tcp, fault, &tls).await {
                tracing::debug!(%error, "a connection broke");
            }
        }
        action => talk(tcp, &tls, shared, action).await,
    }
}

/// Speaks TLS and HTTP/2; the action strikes as soon as both can.
async fn talk(tcp: TcpStream, tls: &Tls, shared: Arc<Shared>, action: Option<Action>) {
    let acceptor = TlsAcceptor::from(Arc::clone(&tls.config));
    let stream = match timeout(HANDSHAKE_LIMIT, acceptor.accept(tcp)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%error, "a handshake failed");
            return;
        }
        Err(_) => {
            tracing::debug!("a handshake took too long");
            return;
        }
    };
    let (_open, orders) = Open::count(&shared.ledger);
    let mut session = session(&stream, &shared);
    let first = match action {
        Some(Action::Handshake(_)) => {
            session.http2().output().clear();
            Some(Ending::Wedge)
        }
        Some(Action::CloseAt(close, Point::Accept)) => {
            session.http2().output().clear();
            Some(Ending::Close(close))
        }
        Some(action) => session.order(&action),
        None => None,
    };
    if let Err(error) = Driver::new(stream, session, orders).run(first).await {
        tracing::debug!(%error, "a connection broke");
    }
}

fn session(stream: &TlsStream<TcpStream>, shared: &Arc<Shared>) -> Session {
    let certificate = stream
        .get_ref()
        .1
        .peer_certificates()
        .and_then(|chain| chain.first())
        .map(|leaf| leaf.to_vec());
    Session::new(Arc::clone(shared), certificate.as_deref())
}

/// Counts a connection as open while it lives.
struct Open<'a> {
    ledger: &'a Ledger,
    number: u64,
}

impl<'a> Open<'a> {
    /// With the actions that it is told to carry out.
    fn count(ledger: &'a Ledger) -> (Self, UnboundedReceiver<Action>) {
        let mut book = ledger.open();
        book.stats.connections += 1;
        book.stats.open += 1;
        let (number, orders) = book.registry.add();
        (Self { ledger, number }, orders)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let mut book = self.ledger.open();
        book.stats.open = book.stats.open.saturating_sub(1);
        book.registry.remove(self.number);
    }
}
