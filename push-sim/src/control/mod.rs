//! The control API: plain HTTP/1.1 and JSON.

mod routes;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use crate::services::Services;
use routes::{Answer, route};

const MOST_BODY_BYTES: usize = 64 << 20;

/// Serves everyone who connects, until it is dropped.
pub(crate) async fn listen(listener: TcpListener, services: Arc<Services>) {
    loop {
        let tcp = match listener.accept().await {
            Ok((tcp, _)) => tcp,
            Err(error) => {
                tracing::warn!(%error, "cannot take a connection");
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        let services = Arc::clone(&services);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, &services));
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(tcp), service)
                .await;
            if let Err(error) = served {
                tracing::debug!(%error, "a control connection broke");
            }
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    services: &Services,
) -> Result<Response<Answer>, Infallible> {
    let (head, body) = request.into_parts();
    Ok(match Limited::new(body, MOST_BODY_BYTES).collect().await {
        Ok(body) => route(&head.method, &head.uri, &body.to_bytes(), services),
        Err(error) => routes::refuse(400, &format!("the body can't be read: {error}")),
    })
}
