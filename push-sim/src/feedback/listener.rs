//! Takes connections of the feedback service.

use std::sync::Arc;

use tokio::net::TcpListener;

use super::List;
use super::driver::tell;
use crate::ledger::Ledger;
use crate::listener;
use crate::tls::Tls;

/// What all connections of the service share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) list: Arc<List>,
    pub(crate) ledger: Arc<Ledger>,
}

/// Tells everyone who connects, until it is dropped.
pub(crate) async fn listen(listener: TcpListener, tls: Tls, shared: Arc<Shared>) {
    let ledger = Arc::clone(&shared.ledger);
    let serve = move |connected| {
        let shared = Arc::clone(&shared);
        async move {
            if let Err(error) = tell(connected, &shared).await {
                tracing::debug!(%error, "a connection broke");
            }
        }
    };
    listener::listen(listener, tls, ledger, serve).await;
}
