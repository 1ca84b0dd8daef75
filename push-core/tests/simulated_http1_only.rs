//! Services that speak HTTP/1.1 alone, in simulated time: what is offered to them, and how many
//! connections they get.

#![cfg(feature = "http1")]
#![allow(clippy::unwrap_used)]

mod http1;

use backend_simulated::Simulation;
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
fn a_phrase_beside_the_status_is_told_where_it_is_not_the_usual_one() {
    for (line, phrase) in [
        ("410 Domain Blocked", Some("Domain Blocked")),
        ("410 Gone", None),
        ("410 ", None),
        ("410 \u{fe}\u{ff}", None),
    ] {
        let sim = Simulation::new(1);
        let answer = format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n");
        let _server = Server::start(&sim, move |_| vec![say(&answer)]);
        let client = Client::of_http1(&sim, |session| session, Limits::default());
        let answer = client.ask(0, MINUTE).outcome.unwrap();
        assert_eq!(answer.status, 410);
        assert_eq!(answer.reason_phrase.as_deref(), phrase, "{line:?}");
    }
}
