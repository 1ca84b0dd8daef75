//! The HTTP/2 client against a peer of raw bytes, which does what no server library does.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use anypush::http::{Destination, Http2, Outgoing};
use anypush::{ErrorKind, Session, Target};
use bytes::Bytes;
use common::*;
use futures_util::future::join_all;

on_every_backend! {
    a_farewell_right_after_the_greeting_is_a_failed_dial,
    what_is_sent_again_is_not_written_by_the_connection_that_gave_it_up,
    many_small_bodies_with_ends_of_their_own_are_read_whole,
    waits_of_any_length_are_taken,
}

/// A request of some 5 KiB, so that thousands fit into no socket; and the number by which it is
/// known.
struct Numbered(usize);

impl Outgoing for Numbered {
    fn request(&self) -> http::Request<()> {
        let mut fill = http::HeaderValue::try_from("f".repeat(6000)).unwrap();
        fill.set_sensitive(true);
        http::Request::post("http://localhost/x")
            .header("x-fill", fill)
            .body(())
            .unwrap()
    }

    fn body(&self) -> Bytes {
        Bytes::from(format!("{:0200}", self.0))
    }
}

fn way(session: &Session, listener: &TcpListener) -> Http2 {
    let port = listener.local_addr().unwrap().port();
    let target = Target::plain("127.0.0.1", port);
    session.http2(Destination::new(target)).unwrap()
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// SETTINGS with large windows, and the acknowledgement of the client's.
fn greeting() -> Vec<u8> {
    let mut bytes = frame(4, 0, 0, &[0, 4, 0, 0xff, 0xff, 0xff]);
    bytes.extend(frame(8, 0, 0, &[0, 0xff, 0xff, 0xff]));
    bytes.extend(frame(4, 1, 0, &[]));
    bytes
}

/// Reads frames up to the end, or until it is told to stop; tells kind, flags, stream, payload.
fn read_frames(stream: &mut TcpStream, mut each: impl FnMut(u8, u8, u32, &[u8]) -> bool) {
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut preface = [0; 24];
    if stream.read_exact(&mut preface).is_err() {
        return;
    }
    let mut head = [0; 9];
    while stream.read_exact(&mut head).is_ok() {
        let [a, b, c, kind, flags, id @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        if stream.read_exact(&mut payload).is_err()
            || !each(kind, flags, u32::from_be_bytes(id), &payload)
        {
            return;
        }
    }
}

async fn a_farewell_right_after_the_greeting_is_a_failed_dial(backend: Shared) {
    let listener = listener();
    let session = Session::new(backend);
    let way = way(&session, &listener);
    let peer = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = frame(4, 0, 0, &[]);
        let mut goaway = vec![0; 8];
        goaway.extend(br#"{"reason":"BadCertificateEnvironment"}"#);
        bytes.extend(frame(7, 0, 0, &goaway));
        stream.write_all(&bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let deadline = session.deadline(Duration::from_secs(10));
    let error = way.exchange(&Numbered(1), deadline).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(!error.may_have_been_taken());
    assert!(
        error.to_string().contains("BadCertificateEnvironment"),
        "{error}"
    );
    assert_eq!(session.stats().failed_dials, 1);
    peer.join().unwrap();
}

async fn what_is_sent_again_is_not_written_by_the_connection_that_gave_it_up(backend: Shared) {
    const REQUESTS: usize = 6000;
    let listener = listener();
    let session = Session::builder(backend)
        .max_connections_per_destination(1)
        .max_streams_per_connection(100_000)
        .build();
    let way = way(&session, &listener);
    let (all_handed_over, go) = mpsc::channel::<()>();
    let (read, taken) = mpsc::channel::<(usize, HashSet<usize>)>();
    let second_has_read = Arc::new(AtomicU64::new(0));
    let counter = second_has_read.clone();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().take(2).enumerate() {
            let mut stream = stream.unwrap();
            stream.write_all(&greeting()).unwrap();
            // The first connection is not read before it was half closed: its writes are stuck.
            if number == 0 {
                go.recv_timeout(Duration::from_secs(30)).unwrap();
                stream.shutdown(Shutdown::Write).unwrap();
            }
            let read = read.clone();
            let counter = counter.clone();
            std::thread::spawn(move || {
                let mut whole = HashSet::new();
                read_frames(&mut stream, |kind, flags, _, payload| {
                    if kind == 0 && flags & 1 == 1 {
                        counter.fetch_add(number as u64, Ordering::SeqCst);
                        whole.insert(std::str::from_utf8(payload).unwrap().parse().unwrap());
                    }
                    true
                });
                read.send((number, whole)).unwrap();
            });
        }
    });
    let deadline = session.deadline(Duration::from_secs(60));
    let numbers: Vec<_> = (0..REQUESTS).map(Numbered).collect();
    let exchanges = join_all(numbers.iter().map(|one| way.exchange(one, deadline)));
    let course = async {
        wait_until(|| session.stats().sent >= REQUESTS as u64).await;
        all_handed_over.send(()).unwrap();
        wait_until(|| {
            let stats = session.stats();
            stats.lost + stats.resent == REQUESTS as u64
        })
        .await;
        let resent = session.stats().resent;
        assert!(resent > 0, "some were never written");
        wait_until(|| second_has_read.load(Ordering::SeqCst) == resent).await;
        session.shutdown(Duration::ZERO).await;
    };
    let (outcomes, ()) = futures_util::future::join(exchanges, course).await;
    assert!(outcomes.iter().all(Result::is_err), "nobody was answered");

    let connections: Vec<_> = taken.iter().take(2).collect();
    let [(_, one), (_, other)] = connections.as_slice() else {
        panic!("two connections");
    };
    let twice = one.intersection(other).count();
    assert_eq!(twice, 0, "requests that were taken twice");
}

async fn many_small_bodies_with_ends_of_their_own_are_read_whole(backend: Shared) {
    const REQUESTS: usize = 300;
    let listener = listener();
    let session = Session::new(backend);
    let way = way(&session, &listener);
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(&greeting()).unwrap();
        let mut ids = Vec::new();
        read_frames(&mut stream, |kind, flags, id, _| {
            if kind == 0 && flags & 1 == 1 {
                ids.push(id);
            }
            ids.len() < REQUESTS
        });
        let mut answers = Vec::new();
        for id in &ids {
            // `:status: 400` of the static table, and a body that does not end the stream.
            answers.extend(frame(1, 4, *id, &[0x8c]));
            answers.extend(frame(0, 0, *id, br#"{"reason":"BadDeviceToken"}"#));
        }
        for id in &ids {
            answers.extend(frame(0, 1, *id, &[]));
        }
        stream.write_all(&answers).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let deadline = session.deadline(Duration::from_secs(20));
    let numbers: Vec<_> = (0..REQUESTS).map(Numbered).collect();
    for outcome in join_all(numbers.iter().map(|one| way.exchange(one, deadline))).await {
        let answer = outcome.unwrap();
        assert_eq!(answer.status, 400);
        assert!(answer.complete);
        assert_eq!(answer.body, br#"{"reason":"BadDeviceToken"}"#.as_slice());
    }
}

async fn waits_of_any_length_are_taken(backend: Shared) {
    let sim = sim();
    let session = Session::builder(backend)
        .connect_timeout(Duration::MAX)
        .idle_timeout(Some(Duration::MAX))
        .ping_interval(Duration::MAX)
        .ping_timeout(Duration::MAX)
        .probe_after(Duration::MAX);
    let client = builder(session.build(), &sim)
        .timeout(Duration::MAX)
        .build()
        .unwrap();
    let hello = anypush::apns::Notification::alert("Hello");
    for number in 0..3 {
        client.send(token(number), &hello).await.unwrap();
    }
    assert_eq!(client.session().outdate(Duration::MAX), 0);
    client.shutdown(Duration::MAX).await;
}
