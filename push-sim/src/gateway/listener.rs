//! Takes connections of the gateway.

use std::sync::Arc;
use std::time::Instant;

use tokio::net::TcpListener;

use super::driver::Driver;
use super::session::{Session, Shared};
use crate::listener::{self, Connected};
use crate::tls::Tls;

/// Serves everyone who connects, until it is dropped.
pub(crate) async fn listen(listener: TcpListener, tls: Tls, shared: Arc<Shared>) {
    let ledger = Arc::clone(&shared.ledger);
    let serve = move |connected| talk(connected, Arc::clone(&shared));
    listener::listen(listener, tls, ledger, serve).await;
}

async fn talk(connected: Connected, shared: Arc<Shared>) {
    let linger = shared.config.linger;
    let mut session = Session::new(shared, connected.certificate());
    let Connected {
        stream,
        action,
        orders,
        open: _open,
    } = connected;
    let first = action.and_then(|action| session.order(&action, Instant::now()));
    let driver = Driver::new(stream, session, orders, linger);
    if let Err(error) = driver.run(first).await {
        tracing::debug!(%error, "a connection broke");
    }
}
