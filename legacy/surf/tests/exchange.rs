//! Requests and answers over real sockets, with surf's own client.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use common::{LIMIT, Received, Server, post, send, send_bounded, transport};
use http::Request;
use legacy_surf::SurfTransport;
use push_core::ErrorKind;
use push_core::http::HttpTransport;

#[test]
fn a_request_arrives_as_it_was_given() {
    let (sender, receiver) = channel::<Received>();
    let server = Server::new(move |received, tcp| {
        sender.send(received).unwrap();
        tcp.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    });
    let uri = server.uri("/v1/projects/a%20b/messages:send?x=%2F&y");
    let request = Request::post(&uri)
        .header("authorization", "Bearer token")
        .header("x-twice", "one")
        .header("x-twice", "two")
        .body(Bytes::from(vec![b'x'; 300_000]))
        .unwrap();
    // The transport is an object to those who use it.
    let transport: Arc<dyn HttpTransport> = Arc::new(transport());
    let answer = send(transport.as_ref(), request).unwrap();
    assert_eq!(answer.status(), 200);

    let received = receiver.recv_timeout(LIMIT).unwrap();
    let line = "POST /v1/projects/a%20b/messages:send?x=%2F&y HTTP/1.1";
    assert_eq!(received.line, line);
    assert_eq!(received.body, [b'x'; 300_000]);
    let headers = received.headers.iter();
    let headers: Vec<_> = headers.map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let host = uri.split('/').nth(2).unwrap();
    assert_eq!(
        headers,
        [
            ("authorization", "Bearer token"),
            ("connection", "keep-alive"),
            ("content-length", "300000"),
            ("host", host),
            ("x-twice", "one"),
            ("x-twice", "two"),
        ]
    );
}

#[test]
fn an_answer_comes_as_it_was_sent() {
    let server = Server::answering(
        "HTTP/1.1 429 Too Many Requests\r\n\
         Retry-After: Sun, 22 Nov 2026 08:00:00 GMT\r\n\
         Date: Sun, 22 Nov 2026 07:00:00 GMT\r\n\
         X-WNS-Status: dropped\r\n\
         Set-Cookie: a=1\r\n\
         Set-Cookie: b=2\r\n\
         X-Empty:\r\n\
         Content-Length: 5\r\n\r\nhello",
    );
    let answer = send(&transport(), post(server.uri("/"))).unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.body(), "hello");
    let headers = answer.headers();
    assert_eq!(headers["retry-after"], "Sun, 22 Nov 2026 08:00:00 GMT");
    assert_eq!(headers["date"], "Sun, 22 Nov 2026 07:00:00 GMT");
    assert_eq!(headers["x-wns-status"], "dropped");
    assert_eq!(headers["x-empty"], "");
    let cookies: Vec<_> = headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
}

#[test]
fn a_date_that_the_server_did_not_send_is_not_made_up() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let answer = send(&transport(), post(server.uri("/"))).unwrap();
    assert_eq!(answer.headers().get("date"), None);
    assert_eq!(answer.headers()["content-length"], "0");
}

#[test]
fn a_body_in_chunks_is_put_together() {
    let server = Server::answering(
        "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n\
         5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nX-Trailer: 1\r\n\r\n",
    );
    let answer = send(&transport(), post(server.uri("/"))).unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.body(), "hello world");
}

#[test]
fn a_body_may_be_as_long_as_the_limit_and_no_longer() {
    let answers = [
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ];
    for answer in answers {
        let server = Server::answering(answer);
        let whole = send_bounded(&transport(), post(server.uri("/")), 5).unwrap();
        assert_eq!(whole.body(), "hello");
        let error = send_bounded(&transport(), post(server.uri("/")), 4).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Lost);
        assert!(error.to_string().contains("status 400"), "{error}");
    }
}

#[test]
fn a_body_without_end_is_left_at_the_limit() {
    let server = Server::new(|_, tcp| {
        tcp.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        loop {
            tcp.write_all(b"400\r\n")?;
            tcp.write_all(&[b'x'; 0x400])?;
            tcp.write_all(b"\r\n")?;
        }
    });
    let error = send_bounded(&transport(), post(server.uri("/")), 100_000).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost);
    let gone = server.end().unwrap_err().kind();
    assert_ne!(gone, io::ErrorKind::WouldBlock, "the connection is closed");
}

#[test]
fn a_broken_answer_may_have_been_an_answer_to_what_was_taken() {
    let answers: [&[u8]; 12] = [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        // Where its end is the end of the connection, surf does not read it.
        b"HTTP/1.1 200 OK\r\n\r\nhello",
        // A status that http-types does not know.
        b"HTTP/1.1 299 Whatever\r\nContent-Length: 0\r\n\r\n",
        // An interim answer, which async-h1 takes for the last.
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        // http-types panics.
        "HTTP/1.1 200 OK\r\nX-Name: café\r\nContent-Length: 0\r\n\r\n".as_bytes(),
        b"HTTP/1.1 200 OK\r\nX-Name: caf\xe9\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
    ];
    for answer in answers {
        let server = Server::new(move |_, tcp| {
            tcp.write_all(answer)?;
            Err(io::Error::other("that was all"))
        });
        let outcome = send(&transport(), post(server.uri("/")));
        let shown = String::from_utf8_lossy(answer).into_owned();
        let error = outcome.expect_err(&shown);
        assert_eq!(error.kind(), ErrorKind::Lost, "{shown}");
        assert!(error.may_have_been_taken());
    }
}

#[test]
fn answers_that_have_no_body_are_not_waited_for() {
    let cases = [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200),
        ("HEAD", "HTTP/1.1 200 OK\r\n\r\n", 200),
        ("POST", "HTTP/1.1 204 No Content\r\n\r\n", 204),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
            304,
        ),
    ];
    for (method, answer, status) in cases {
        let server = Server::answering(answer);
        let request = Request::builder().method(method).uri(server.uri("/"));
        let answer = send(&transport(), request.body(Bytes::new()).unwrap()).unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.body(), "");
    }
}

#[test]
fn a_redirect_is_an_answer() {
    let server = Server::answering(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
    );
    let answer = send(&transport(), post(server.uri("/"))).unwrap();
    assert_eq!(answer.status(), 307);
    assert_eq!(answer.headers()["location"], "/elsewhere");
}

#[test]
fn a_refused_connection_took_nothing() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = send(&transport(), post(format!("http://127.0.0.1:{port}/"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
}

/// Holds its first answer back until the connection ends or the second request came, and says which
/// request it answers.
fn late_server() -> (Server, async_std::channel::Receiver<()>) {
    let (sender, arrived) = async_std::channel::bounded(2);
    let first = Mutex::new(true);
    let server = Server::new(move |received, tcp| {
        let path = received.line.split(' ').nth(1).unwrap().to_owned();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", path.len());
        let is_first = std::mem::take(&mut *first.lock().unwrap());
        sender.try_send(()).map_err(io::Error::other)?;
        if is_first {
            // Nothing comes until the client ends the connection, or has used it again.
            tcp.set_read_timeout(Some(LIMIT))?;
            let mut next = [0];
            if tcp.peek(&mut next)? == 0 {
                return tcp.read(&mut next).map(drop);
            }
        }
        tcp.write_all(format!("{head}{path}").as_bytes())
    });
    (server, arrived)
}

/// Gives up a request that the server has, and sends another.
fn answer_after_one_that_was_given_up(transport: &SurfTransport) -> Bytes {
    let (server, arrived) = late_server();
    async_std::task::block_on(async {
        let abandoned = transport.send(post(server.uri("/first")), 1024);
        let abandoned = futures_util::future::select(abandoned, Box::pin(arrived.recv())).await;
        drop(abandoned);
        let next = transport.send(post(server.uri("/second")), 1024);
        let next = async_std::future::timeout(Duration::from_secs(10), next).await;
        next.unwrap().unwrap().into_body()
    })
}

#[test]
fn the_answer_to_a_request_that_was_given_up_is_never_taken_for_another() {
    assert_eq!(answer_after_one_that_was_given_up(&transport()), "/second");
}

#[test]
fn a_client_that_would_mix_up_answers_is_refused() {
    let client: surf::Client = surf::Config::new().try_into().unwrap();
    let error = SurfTransport::new(client.clone()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    // That is what it would do.
    let mixed_up = SurfTransport::with_sound_pool(client);
    assert_eq!(answer_after_one_that_was_given_up(&mixed_up), "/first");
}
