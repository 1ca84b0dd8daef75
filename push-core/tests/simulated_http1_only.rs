//! Services that speak HTTP/1.1 alone, in simulated time: what is offered to them, and how many
//! connections they get.

#![cfg(feature = "http1")]
#![allow(clippy::unwrap_used)]

mod http1;

use backend_simulated::Simulation;
use futures_util::FutureExt;
use futures_util::future::join_all;
use http1::*;
use push_core::http::Limits;
use push_core::session::SessionBuilder;

/// How many connections carry thirty requests that all come at once.
fn connections(session: fn(SessionBuilder) -> SessionBuilder, limits: Limits) -> usize {
    let sim = Simulation::new(7);
    let server = Server::start(&sim, |_| vec![Act::Wait(SECOND), ok("")]);
    let client = Client::of_http1(&sim, session, limits);
    let asked = (0..30).map(|number| client.send(number, MINUTE));
    for ended in sim.block_on(join_all(asked)) {
        assert_eq!(ended.answer().0, 200);
    }
    assert_eq!(client.way.capacity(), Some(server.log().connections.len()));
    server.log().connections.len()
}

#[test]
fn nothing_but_http1_is_offered() {
    Simulation::for_seeds(0..20, |sim| {
        // It would rather speak HTTP/2, and does wherever that is offered.
        let script = Script::new(|_| vec![ok("x")]).protocols(|_| vec!["h2", "http/1.1"]);
        let server = Server::play(sim, script);
        let client = Client::of_http1(sim, |session| session, Limits::default());
        sim.block_on(client.way.ready(client.session.deadline(MINUTE)))
            .unwrap();
        assert_eq!(client.ask(0, MINUTE).answer(), (200, &b"x"[..], true));
        assert!(server.log().requests.iter().all(|seen| !seen.http2));
        assert_eq!(server.log().connections.len(), 1);
        let other = Client::new(sim);
        other.ask(1, MINUTE);
        assert!(server.log().requests[1].http2);
    });
}

#[test]
fn a_service_says_how_many_connections_it_takes_unless_the_session_was_told_of_fewer() {
    let many = Limits::default().max_connections(20);
    assert_eq!(connections(|session| session, Limits::default()), 8);
    assert_eq!(connections(|session| session, many), 20);
    let few = |session: SessionBuilder| session.max_connections_per_destination(3);
    assert_eq!(connections(few, Limits::default()), 3);
    assert_eq!(connections(few, many), 3);
    let more = |session: SessionBuilder| session.max_connections_per_destination(25);
    assert_eq!(connections(more, Limits::default()), 25);
    assert_eq!(connections(more, many), 20);
}

#[test]
fn the_phrase_beside_the_status_is_told() {
    for (line, phrase) in [
        ("410 Domain Blocked", Some("Domain Blocked")),
        ("410 Gone", Some("Gone")),
        ("410 ", None),
        ("410 \u{fe}\u{ff}", None),
        ("599 Odd", Some("Odd")),
    ] {
        let sim = Simulation::new(1);
        let answer = format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n");
        let _server = Server::start(&sim, move |_| vec![say(&answer)]);
        let client = Client::of_http1(&sim, |session| session, Limits::default());
        let answer = client.ask(0, MINUTE).outcome.unwrap();
        assert_eq!(answer.reason_phrase.as_deref(), phrase, "{line:?}");
    }
}

#[test]
fn one_of_many_that_nobody_polls_keeps_no_connection_from_others() {
    Simulation::for_seeds(0..50, |sim| {
        let _server = Server::start(sim, |_| vec![Act::Wait(SECOND), ok("")]);
        let few = |session: SessionBuilder| session.max_connections_per_destination(1);
        let client = Client::of_http1(sim, few, Limits::default());
        let mut request = Numbered::new(0);
        request.patient = true;
        let mut unpolled = Box::pin(client.exchange(request, MINUTE));
        assert!(unpolled.as_mut().now_or_never().is_none());
        for number in 1..4 {
            assert_eq!(client.ask(number, MINUTE).answer().0, 200);
        }
        // Its answer has come meanwhile.
        let ended = unpolled.now_or_never().unwrap();
        assert_eq!(ended.answer().0, 200);
    });
}

#[test]
fn one_of_many_that_is_dropped_is_taken_back_and_ends_its_task() {
    Simulation::for_seeds(0..50, |sim| {
        let server = Server::start(sim, |seen| match seen.number {
            0 => vec![Act::Wait(10 * MINUTE), ok("")],
            _ => vec![ok("")],
        });
        let few = |session: SessionBuilder| session.max_connections_per_destination(1);
        let client = Client::of_http1(sim, few, Limits::default());
        let mut request = Numbered::new(0);
        request.patient = true;
        let mut dropped = Box::pin(client.exchange(request, 10 * MINUTE));
        assert!(dropped.as_mut().now_or_never().is_none());
        // Before the dial, under it, or with the request under way.
        sim.advance(u32::try_from(sim.seed()).unwrap() * 10 * MILLI);
        drop(dropped);
        assert_eq!(client.ask(1, MINUTE).answer().0, 200);
        sim.block_on(client.session.shutdown(SECOND));
        // That of the server goes on for so long.
        sim.advance(10 * MINUTE);
        assert_nothing_is_left(sim);
        let log = server.log();
        assert!(log.taken().values().all(|times| *times == 1), "{log:?}");
    });
}
