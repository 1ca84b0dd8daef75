//! Takes connections of the provider API.

use std::sync::Arc;

use tokio::net::TcpListener;

use super::session::{ProviderConnection, Shared};
use crate::listener::{self, Connected};
use crate::tls::Tls;
use crate::web::http2;

/// Serves everyone who connects, until it is dropped.
pub(crate) async fn listen(listener: TcpListener, tls: Tls, shared: Arc<Shared>) {
    let ledger = Arc::clone(&shared.ledger);
    let serve = move |connected: Connected| {
        let shared = Arc::clone(&shared);
        let provider = ProviderConnection::new(shared, connected.certificate());
        http2::talk(connected, provider)
    };
    listener::listen(listener, tls, ledger, serve).await;
}
