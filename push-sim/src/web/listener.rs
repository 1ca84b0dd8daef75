//! Takes connections of a service that speaks plain requests and answers.

use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};

use super::client_connection::ClientConnection;
use super::farewell::Stream;
use super::shared::Shared;
use super::{http1, http2};
use crate::listener::{self, Arrived, Connected};
use crate::tls::Tls;

/// What a port offers, in its own order of preference.
pub(crate) const ALPN: [&str; 2] = ["h2", "http/1.1"];

/// Serves everyone who connects, until it is dropped: without TLS by HTTP/1.1, else as agreed upon,
/// and by HTTP/1.1 who offers nothing.
pub(crate) async fn listen(listener: TcpListener, tls: Option<Tls>, shared: Arc<Shared>) {
    let ledger = Arc::clone(&shared.ledger);
    match tls {
        Some(tls) if shared.site.has_upgrades() => {
            let serve = move |arrived| arrive(arrived, Arc::clone(&shared));
            listener::listen_mixed(listener, tls, ledger, serve).await;
        }
        Some(tls) => {
            let serve = move |connected| talk(connected, Arc::clone(&shared));
            listener::listen(listener, tls, ledger, serve).await;
        }
        None => {
            let serve = move |connected: Connected<TcpStream>| {
                http1::talk(connected.map(Stream::Plain), Arc::clone(&shared))
            };
            listener::listen_plain(listener, ledger, serve).await;
        }
    }
}

async fn arrive(arrived: Arrived, shared: Arc<Shared>) {
    match arrived {
        Arrived::Tls(connected) => talk(*connected, shared).await,
        Arrived::Plain(connected) => http1::talk(connected.map(Stream::Plain), shared).await,
    }
}

async fn talk(connected: Connected, shared: Arc<Shared>) {
    if connected.stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        http2::talk(connected, ClientConnection::new(shared)).await;
    } else {
        let connected = connected.map(|stream| Stream::Tls(Box::new(stream)));
        http1::talk(connected, shared).await;
    }
}
