//! The HTTP client of the core over surf: its deadlines, its errors and what it sends again.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use common::{Clock, LIMIT, Server, transport};
use push_core::http::{Answer, BaseUrl, HttpClient, Limits, Outgoing};
use push_core::{ErrorKind, ResendUnknown, Result, Session};

struct Post {
    uri: http::Uri,
    resend: ResendUnknown,
}

impl Outgoing for Post {
    fn request(&self) -> http::Request<()> {
        let request = http::Request::post(self.uri.clone());
        request
            .header("authorization", "Bearer hushhush")
            .body(())
            .unwrap()
    }

    fn body(&self) -> Bytes {
        Bytes::from_static(b"{}")
    }

    fn resend_unknown(&self) -> ResendUnknown {
        self.resend
    }
}

fn client() -> HttpClient {
    HttpClient::over(Session::new(Clock), Arc::new(transport()))
}

fn ask_again(server: &Server, resend: ResendUnknown, timeout: Duration) -> Result<Answer> {
    let client = client();
    let url: BaseUrl = server.uri("").parse().unwrap();
    let way = client.service(&url, Limits::default()).unwrap();
    let post = Post {
        uri: url.join("/v1/x?y=1").unwrap(),
        resend,
    };
    let deadline = client.session().deadline(timeout);
    async_std::task::block_on(way.exchange(&post, deadline))
}

fn ask(server: &Server, timeout: Duration) -> Result<Answer> {
    ask_again(server, ResendUnknown::Never, timeout)
}

#[test]
fn a_request_goes_out_by_surf_and_its_answer_is_read() {
    let server = Server::new(|received, tcp| {
        assert_eq!(received.line, "POST /v1/x?y=1 HTTP/1.1");
        let credential = ("authorization".to_owned(), "Bearer hushhush".to_owned());
        assert!(received.headers.contains(&credential));
        assert_eq!(received.body, b"{}");
        tcp.write_all(b"HTTP/1.1 503 No\r\nRetry-After: 7\r\nContent-Length: 5\r\n\r\nlater")
    });
    let answer = ask(&server, LIMIT).unwrap();
    assert_eq!((answer.status.as_u16(), answer.complete), (503, true));
    assert_eq!(answer.body, "later");
    assert_eq!(answer.headers["retry-after"], "7");
}

#[test]
fn many_requests_at_once_each_have_their_own_answer() {
    let server = Server::new(|received, tcp| {
        let path = received.line.split(' ').nth(1).unwrap().to_owned();
        write!(
            tcp,
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{path}",
            path.len()
        )
    });
    let client = client();
    let deadline = client.session().deadline(LIMIT);
    let asked = (0..50).map(|number| {
        let request = http::Request::post(server.uri(&format!("/{number}")));
        client.send(request.body(Bytes::new()).unwrap(), deadline)
    });
    let answers = async_std::task::block_on(futures_util::future::join_all(asked));
    for (number, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap().body, format!("/{number}"));
    }
}

#[test]
fn a_deadline_gives_the_request_up_as_unanswered_and_ends_its_connection() {
    let server = Server::new(|_, _| Ok(()));
    let error = ask(&server, Duration::from_millis(300)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unanswered);
    // The server sees the end of the connection, and not its own time limit.
    assert_ne!(
        server.end().map_err(|error| error.kind()),
        Err(io::ErrorKind::WouldBlock)
    );
}

#[test]
fn a_lost_answer_is_told_as_unknown_or_asked_for_again_where_that_is_allowed() {
    let came = Arc::<AtomicUsize>::default();
    let counter = came.clone();
    let server = Server::new(move |_, tcp| {
        if counter.fetch_add(1, Ordering::SeqCst) < 3 {
            return Err(io::Error::other("no answer"));
        }
        tcp.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    });
    let error = ask(&server, LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost);
    assert_eq!(came.load(Ordering::SeqCst), 1);
    let answer = ask_again(&server, ResendUnknown::Times(2), LIMIT).unwrap();
    assert_eq!(
        (answer.attempts, answer.may_have_been_taken_before),
        (3, true)
    );
    assert_eq!(came.load(Ordering::SeqCst), 4);
}

#[test]
fn an_answer_beyond_the_limit_of_the_session_is_lost() {
    let long = "x".repeat(64 * 1024 + 1);
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{long}",
        long.len()
    );
    let server = Server::answering(answer);
    let error = ask(&server, LIMIT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost);
}

#[test]
fn no_secret_is_shown() {
    let server = Server::new(|_, _| Err(io::Error::other("no answer")));
    let error = ask(&server, LIMIT).unwrap_err();
    let client = client();
    let way = client.way(&"https://a.example".parse().unwrap()).unwrap();
    let shown = format!("{error:?} {} {client:?} {way:?}", error.report());
    assert!(
        !shown.contains("hushhush") && !shown.contains("y=1"),
        "{shown}"
    );
}
