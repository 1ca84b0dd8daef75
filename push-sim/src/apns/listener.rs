//! Takes connections.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::driver::Driver;
use super::session::{Session, Shared};
use crate::ledger::Ledger;

const HANDSHAKE_LIMIT: Duration = Duration::from_secs(60);

/// Serves everyone who connects, until it is dropped.
pub(crate) async fn listen(listener: TcpListener, tls: Arc<ServerConfig>, shared: Arc<Shared>) {
    let acceptor = TlsAcceptor::from(tls);
    loop {
        match listener.accept().await {
            Ok((tcp, _)) => {
                tokio::spawn(serve(tcp, acceptor.clone(), Arc::clone(&shared)));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot take a connection");
                // Out of descriptors, most likely: others have to close first.
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

async fn serve(tcp: TcpStream, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    let _ = tcp.set_nodelay(true);
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
    let _open = Open::count(&shared.ledger);
    let certificate = stream
        .get_ref()
        .1
        .peer_certificates()
        .and_then(|chain| chain.first())
        .map(|leaf| leaf.to_vec());
    let session = Session::new(Arc::clone(&shared), certificate.as_deref());
    if let Err(error) = Driver::new(stream, session).run().await {
        tracing::debug!(%error, "a connection broke");
    }
}

/// Counts a connection as open while it lives.
struct Open<'a>(&'a Ledger);

impl<'a> Open<'a> {
    fn count(ledger: &'a Ledger) -> Self {
        let stats = &mut ledger.open().stats;
        stats.connections += 1;
        stats.open += 1;
        Self(ledger)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let stats = &mut self.0.open().stats;
        stats.open = stats.open.saturating_sub(1);
    }
}
