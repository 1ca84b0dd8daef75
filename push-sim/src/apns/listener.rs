//! Takes connections of the provider API.

use std::sync::Arc;

use tokio::net::TcpListener;

use super::driver::Driver;
use super::session::{Ending, Session, Shared};
use crate::fault::{Action, Point};
use crate::listener::{self, Connected};
use crate::tls::Tls;

/// Serves everyone who connects, until it is dropped.
pub(crate) async fn listen(listener: TcpListener, tls: Tls, shared: Arc<Shared>) {
    let ledger = Arc::clone(&shared.ledger);
    let serve = move |connected| talk(connected, Arc::clone(&shared));
    listener::listen(listener, tls, ledger, serve).await;
}

/// Speaks HTTP/2; the action strikes as soon as both sides can.
async fn talk(connected: Connected, shared: Arc<Shared>) {
    let mut session = Session::new(shared, connected.certificate());
    let Connected {
        stream,
        action,
        orders,
        open: _open,
    } = connected;
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
