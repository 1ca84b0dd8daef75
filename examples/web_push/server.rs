//! The HTTP of it: files for the page, and three things that it asks for.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use crate::Result;
use crate::subscribers::Subscribers;

/// No subscription and no message is as long.
const MOST_BYTES: usize = 16 << 10;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

pub(crate) async fn serve(listener: TcpListener, subscribers: Arc<Subscribers>) -> Result<()> {
    loop {
        let (tcp, _) = listener.accept().await?;
        let subscribers = Arc::clone(&subscribers);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, &subscribers));
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(30))
                .serve_connection(TokioIo::new(tcp), service);
            // A browser that goes away in the middle is no news.
            drop(served.await);
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    subscribers: &Subscribers,
) -> Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    // Only our own page may ask for anything but files.
    let from = head.headers.get("sec-fetch-site");
    let is_own = from.is_none_or(|site| site == "same-origin");
    if head.method != Method::GET && !is_own {
        return Ok(told(StatusCode::FORBIDDEN, TEXT, "only from this page"));
    }
    let Ok(body) = Limited::new(body, MOST_BYTES).collect().await else {
        return Ok(told(StatusCode::PAYLOAD_TOO_LARGE, TEXT, "too long"));
    };
    let body = body.to_bytes();
    Ok(match (head.method.as_str(), head.uri.path()) {
        ("GET", "/") => told(StatusCode::OK, HTML, include_str!("index.html")),
        ("GET", "/page.js") => told(StatusCode::OK, SCRIPT, include_str!("page.js")),
        ("GET", "/worker.js") => told(StatusCode::OK, SCRIPT, include_str!("worker.js")),
        ("GET", "/key") => told(StatusCode::OK, TEXT, subscribers.key.clone()),
        ("POST", "/subscriptions") => done(subscribers.add(&body)),
        ("DELETE", "/subscriptions") => done(subscribers.remove(&body)),
        ("POST", "/send") => match std::str::from_utf8(&body) {
            Ok(text) => told(StatusCode::OK, TEXT, subscribers.send(text).await),
            Err(_) => told(StatusCode::BAD_REQUEST, TEXT, "this is no text"),
        },
        _ => told(StatusCode::NOT_FOUND, TEXT, "there is nothing here"),
    })
}

fn done(result: std::result::Result<(), String>) -> Response<Full<Bytes>> {
    match result {
        Ok(()) => told(StatusCode::NO_CONTENT, TEXT, ""),
        Err(reason) => told(StatusCode::BAD_REQUEST, TEXT, reason),
    }
}

fn told(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    // So that a change of the worker is seen at once.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
