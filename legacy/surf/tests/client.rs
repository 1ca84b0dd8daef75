//! What a client of the caller's can do that surf's own does not.

#![allow(clippy::unwrap_used)]

mod common;

use std::io;
use std::pin::Pin;
use std::str::FromStr;
use std::task::{Context, Poll};

use common::{post, send};
use futures_util::io::{AsyncBufRead, AsyncRead};
use legacy_surf::SurfTransport;
use push_core::{ErrorKind, async_trait};
use surf::http::headers::{HeaderName, HeaderValue};
use surf::http::{Body, Request, Response};

type Answer = Result<Response, surf::Error>;

/// Answers as it is told to.
struct Fake<F>(F);

impl<F> std::fmt::Debug for Fake<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fake")
    }
}

#[async_trait]
impl<F> surf::HttpClient for Fake<F>
where
    F: Fn(Request) -> Answer + Send + Sync + Unpin + 'static,
{
    async fn send(&self, request: Request) -> Answer {
        (self.0)(request)
    }
}

fn transport(answer: impl Fn(Request) -> Answer + Send + Sync + Unpin + 'static) -> SurfTransport {
    SurfTransport::with_sound_pool(surf::Client::with_http_client(Fake(answer)))
}

fn with_body(body: Body) -> Answer {
    let mut response = Response::new(200);
    response.set_body(body);
    Ok(response)
}

#[test]
fn a_panic_of_the_client_is_an_error() {
    let error = send(
        &transport(|_| panic!("that was too much")),
        post("http://example.com/"),
    )
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost);
    assert!(error.report().contains("that was too much"));
}

#[test]
fn only_a_refused_connection_is_known_to_have_taken_nothing() {
    let cases = [
        (io::ErrorKind::ConnectionRefused, ErrorKind::Connect),
        (io::ErrorKind::ConnectionReset, ErrorKind::Lost),
        (io::ErrorKind::TimedOut, ErrorKind::Lost),
        (io::ErrorKind::UnexpectedEof, ErrorKind::Lost),
    ];
    for (cause, kind) in cases {
        let transport = transport(move |_| Err(io::Error::from(cause).into()));
        let error = send(&transport, post("http://example.com/")).unwrap_err();
        assert_eq!(error.kind(), kind);
    }
}

#[test]
fn an_error_with_a_status_is_no_answer() {
    let transport = transport(|_| Err(surf::Error::from_str(404, "no such client")));
    let error = send(&transport, post("http://example.com/")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost);
    assert!(error.report().contains("no such client"));
}

#[test]
fn a_body_of_unknown_length_is_read_to_its_end() {
    struct Trickle(u8);
    impl AsyncRead for Trickle {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            if self.0 == 0 {
                return Poll::Ready(Ok(0));
            }
            self.0 -= 1;
            // Every other time it is not ready yet.
            if self.0.is_multiple_of(2) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            buf[0] = b'x';
            Poll::Ready(Ok(1))
        }
    }
    impl AsyncBufRead for Trickle {
        fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
            Poll::Ready(Ok(&[]))
        }
        fn consume(self: Pin<&mut Self>, _: usize) {}
    }
    let transport = transport(|_| with_body(Body::from_reader(Trickle(6), None)));
    let answer = send(&transport, post("http://example.com/")).unwrap();
    assert_eq!(answer.body(), "xxx");
}

#[test]
fn a_body_that_fails_halfway_is_no_answer() {
    struct Half(bool);
    impl AsyncRead for Half {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            if std::mem::replace(&mut self.0, true) {
                return Poll::Ready(Err(io::ErrorKind::ConnectionRefused.into()));
            }
            buf[0] = b'x';
            Poll::Ready(Ok(1))
        }
    }
    impl AsyncBufRead for Half {
        fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
            Poll::Ready(Ok(&[]))
        }
        fn consume(self: Pin<&mut Self>, _: usize) {}
    }
    let transport = transport(|_| with_body(Body::from_reader(Half(false), Some(2))));
    let error = send(&transport, post("http://example.com/")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost);
    assert!(error.to_string().contains("after 1 bytes"), "{error}");
}

#[test]
fn headers_that_could_not_come_over_a_wire_are_left_out() {
    let transport = transport(|_| {
        let mut response = Response::new(200);
        for name in ["good", "b ad", ""] {
            for value in ["one", "t\r\nwo", "thr\0ee"] {
                let name = HeaderName::from_str(name).unwrap();
                response.append_header(name, HeaderValue::from_str(value).unwrap());
            }
        }
        response.append_header("content-length", "0");
        Ok(response)
    });
    let answer = send(&transport, post("http://example.com/")).unwrap();
    let mut headers: Vec<_> = answer.headers().iter().collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    let headers: Vec<_> = headers
        .iter()
        .map(|(n, v)| (n.as_str(), v.to_str().unwrap()))
        .collect();
    assert_eq!(headers, [("content-length", "0"), ("good", "one")]);
}

#[test]
fn an_interim_answer_is_none() {
    let transport = transport(|_| {
        let mut response = Response::new(103);
        response.insert_header("content-length", "0");
        Ok(response)
    });
    let error = send(&transport, post("http://example.com/")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost);
}

#[test]
fn nothing_is_sent_of_what_can_not_be_sent() {
    let transport = transport(|_| panic!("it was sent"));
    let error = send(&transport, post("/relative")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidMessage);
    assert!(!error.may_have_been_taken());
    let shown = format!("{transport:?}");
    assert!(shown.starts_with("SurfTransport"), "{shown}");
}
