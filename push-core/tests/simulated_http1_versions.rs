//! The choice between HTTP/2 and HTTP/1.1 in simulated time: by ALPN, for each connection anew.

#![cfg(feature = "http1")]
#![allow(clippy::unwrap_used)]

mod http1;

use std::time::Duration;

use backend_simulated::{Dial, Side, Simulation};
use futures_util::future::join_all;
use http1::*;
use push_core::http::{BaseUrl, HttpClient};
use push_core::{ErrorKind, Reach};

const BOTH: &[&str] = &["h2", "http/1.1"];
const HTTP1: &[&str] = &["http/1.1"];

/// A server that offers this to each connection, and answers everything.
fn offering(
    sim: &Simulation,
    mut protocols: impl FnMut(usize) -> &'static [&'static str] + Send + 'static,
) -> Server {
    let script = Script::new(|seen| vec![Act::Wait(20 * MILLI), ok(&seen.number.to_string())]);
    Server::play(
        sim,
        script.protocols(move |connection| protocols(connection).to_vec()),
    )
}

/// Every request was answered once and taken once.
fn assert_all_answered_once(ended: &[Ended], server: &Server) {
    for one in ended {
        let answer = one.outcome.as_ref().unwrap();
        assert_eq!(answer.status, 200);
        assert!(!answer.may_have_been_taken_before);
    }
    let log = server.log();
    assert_eq!(log.requests.len(), ended.len());
    assert!(log.taken().values().all(|times| *times == 1));
    assert!(log.wrongs.is_empty(), "{:?}", log.wrongs);
}

#[test]
fn the_version_is_the_one_that_the_server_chooses() {
    let cases: [(&[&str], bool); 5] = [
        (HTTP1, false),
        (&[], false),
        (&["h2"], true),
        (BOTH, true),
        (&["http/1.1", "h2"], false),
    ];
    for (protocols, http2) in cases {
        Simulation::for_seeds(SEEDS, |sim| {
            let server = offering(sim, move |_| protocols);
            let client = Client::new(sim);
            let ended: Vec<_> = (0..5).map(|number| client.ask(number, MINUTE)).collect();
            assert_all_answered_once(&ended, &server);
            let log = server.log();
            assert!(log.requests.iter().all(|seen| seen.http2 == http2));
            // One more where HTTP/2 was asked for in vain.
            let dials = if http2 { 1 } else { 2 };
            assert_eq!(log.connections.len(), dials, "{protocols:?}");
            let capacity = client.way.capacity().unwrap();
            assert_eq!(capacity > 8, http2, "{capacity}");
            let stats = client.session.stats();
            assert_eq!((stats.failed_dials, stats.sent, stats.lost), (0, 5, 0));
        });
    }
}

#[test]
fn ready_connects_by_whichever_version_and_sends_nothing() {
    for protocols in [HTTP1, BOTH] {
        Simulation::for_seeds(SEEDS, |sim| {
            let server = offering(sim, move |_| protocols);
            let client = Client::new(sim);
            for _ in 0..3 {
                let ready = client.way.ready(client.session.deadline(MINUTE));
                sim.block_on(ready).unwrap();
            }
            sim.advance(SECOND);
            let dials = server.log().connections.len();
            assert_eq!(client.session.stats().connections, 1);
            assert_eq!(client.session.stats().sent, 0);
            client.ask(0, MINUTE).outcome.unwrap();
            assert_eq!(server.log().connections.len(), dials, "it stood ready");
        });
    }
}

#[test]
fn ready_tells_why_there_is_no_connection() {
    Simulation::for_seeds(0..30, |sim| {
        let _server = offering(sim, |_| HTTP1);
        sim.network().set_dial(HOST, PORT, Dial::Refuse);
        let client = Client::new(sim);
        let ready = |timeout| client.way.ready(client.session.deadline(timeout));
        let error = sim.block_on(ready(MINUTE)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        sim.network().set_dial(HOST, PORT, Dial::Stall);
        let error = sim.block_on(ready(SECOND)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
    });
}

#[test]
fn a_thousand_requests_that_wait_as_http2_is_declined_are_all_answered_once() {
    Simulation::for_seeds(0..5, |sim| {
        let server = offering(sim, |_| HTTP1);
        let client = Client::new(sim);
        let asked = (0..1000).map(|number| client.send(number, MINUTE));
        let asked: Vec<_> = asked.collect();
        let ended = sim.block_on(join_all(asked));
        assert_all_answered_once(&ended, &server);
        let log = server.log();
        assert_eq!(log.connections.len(), 9, "eight, and one to ask for HTTP/2");
        let stats = client.session.stats();
        assert_eq!(
            (stats.sent, stats.answered, stats.failed_dials),
            (1000, 1000, 0)
        );
        let last = ended.iter().map(|one| one.at).max().unwrap();
        // 125 on each connection, one after the other.
        assert!(last < 25 * SECOND, "{last:?}");
    });
}

#[test]
fn a_server_that_comes_to_speak_http2_is_asked_by_it_at_the_cost_of_a_few_dials() {
    Simulation::for_seeds(0..30, |sim| {
        let server = offering(sim, |connection| if connection < 9 { HTTP1 } else { BOTH });
        let client = Client::new(sim);
        let first: Vec<_> = (0..300).map(|number| client.send(number, MINUTE)).collect();
        sim.advance(2 * SECOND);
        // All connections end with their next answer, and the server is another one then.
        for (cable, _) in &server.log().connections {
            cable.close(Side::Server);
        }
        let ended = sim.block_on(join_all(first));
        let lost = ended
            .iter()
            .filter(|one| one.kind() == Some(ErrorKind::Lost));
        assert!(lost.count() <= 8, "only those under way");
        for one in &ended {
            let taken = server.log().taken().get(&one.number).copied().unwrap_or(0);
            let lost = one.kind() == Some(ErrorKind::Lost);
            assert!(taken == 1 || (taken == 0 && lost), "{one:?}");
        }
        let log = server.log();
        assert!(log.requests.last().unwrap().http2);
        // Those who waited do not each find it out by a dial of their own.
        assert!(
            log.connections.len() <= 9 + 8 + 4,
            "{}",
            log.connections.len()
        );
        let latest = ended.iter().map(|one| one.at).max().unwrap();
        assert!(latest < 10 * SECOND, "no back-off: {latest:?}");
    });
}

#[test]
fn a_server_that_comes_to_speak_http1_is_asked_by_it_without_a_wait() {
    Simulation::for_seeds(SEEDS, |sim| {
        let server = offering(sim, |connection| if connection == 0 { BOTH } else { HTTP1 });
        let client = Client::new(sim);
        let ended = client.ask(0, MINUTE);
        assert!(ended.outcome.is_ok());
        // Long enough that the connection is no short-lived one.
        sim.advance(20 * SECOND);
        let cable = server.log().connections[0].0.clone();
        cable.close(Side::Server);
        sim.advance(SECOND);
        let begun = sim.elapsed();
        let asked: Vec<_> = (1..100).map(|number| client.send(number, MINUTE)).collect();
        let ended = sim.block_on(join_all(asked));
        assert!(ended.iter().all(|one| one.outcome.is_ok()));
        assert!(server.log().taken().values().all(|times| *times == 1));
        assert_eq!(server.log().connections.len(), 1 + 1 + 8);
        let took = sim.elapsed() - begun;
        assert!(took < 4 * SECOND, "{took:?}");
    });
}

#[test]
fn a_mixture_of_servers_behind_one_name_is_asked_by_what_each_connection_speaks() {
    Simulation::for_seeds(0..30, |sim| {
        let mut random = sim.seed() ^ 0x9e37_79b9;
        let server = offering(sim, move |_| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            match random >> 63 {
                0 => HTTP1,
                _ => BOTH,
            }
        });
        let client = Client::with(sim, |limits| limits.max_streams_per_connection(3));
        let mut ended = Vec::new();
        for round in 0..6 {
            let asked = (0..50).map(|number| client.send(round * 50 + number, MINUTE));
            let asked: Vec<_> = asked.collect();
            ended.extend(sim.block_on(join_all(asked)));
            // Idle ones are left, so that the next round dials anew.
            client.session.outdate(Duration::ZERO);
            sim.advance(SECOND);
        }
        assert_all_answered_once(&ended, &server);
        let dials = server.log().connections.len();
        assert!(dials < 6 * 40, "{dials} connections");
        assert!(sim.elapsed() < MINUTE, "{:?}", sim.elapsed());
    });
}

#[test]
fn no_dial_follows_another_without_end_while_a_connection_of_http2_is_full() {
    Simulation::for_seeds(SEEDS, |sim| {
        // The first connection takes one request at a time, and is slow; all others speak HTTP/1.1.
        let script = Script::new(|seen| {
            let wait = if seen.number == 1 {
                10 * SECOND
            } else {
                20 * MILLI
            };
            vec![Act::Wait(wait), ok("")]
        });
        let script = script.protocols(|connection| match connection {
            0 => BOTH.to_vec(),
            _ => HTTP1.to_vec(),
        });
        let server = Server::play(sim, script);
        let client = Client::with(sim, |limits| limits.max_streams_per_connection(1));
        client.ask(0, MINUTE).outcome.unwrap();
        let slow = client.send(1, MINUTE);
        sim.advance(SECOND);
        let asked: Vec<_> = (2..30).map(|number| client.send(number, MINUTE)).collect();
        let ended = sim.block_on(join_all(asked));
        let latest = ended.iter().map(|one| one.at).max().unwrap();
        assert!(
            latest < 5 * SECOND,
            "they don't wait for the slow one: {latest:?}"
        );
        let ended_slow = sim.block_on(slow);
        assert!(ended_slow.outcome.is_ok());
        assert!(ended.iter().all(|one| one.outcome.is_ok()));
        let dials = server.log().connections.len();
        assert!(dials <= 1 + 1 + 8, "{dials}");
    });
}

#[test]
fn a_server_that_turns_with_each_dial_ends_requests_with_an_error_or_an_answer() {
    Simulation::for_seeds(0..30, |sim| {
        // Whoever asks for HTTP/2 gets HTTP/1.1, and the other way round.
        let server = offering(
            sim,
            |connection| if connection % 2 == 0 { HTTP1 } else { BOTH },
        );
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
        let error = client.ask(0, MINUTE).outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(!error.may_have_been_taken());
        let dials = server.log().connections.len();
        assert!(dials <= 40, "{dials}");
        assert!(server.log().requests.is_empty());
    });
}

#[test]
fn a_failed_dial_is_told_and_backed_off_by_either_version() {
    Simulation::for_seeds(0..50, |sim| {
        let server = offering(sim, |_| HTTP1);
        let client = Client::new(sim);
        for (number, before) in [(0, false), (1, true)] {
            sim.network()
                .next_dials(HOST, PORT, [Dial::Refuse, Dial::Refuse]);
            if before {
                client.session.outdate(Duration::ZERO);
            }
            for _ in 0..2 {
                let error = client.ask(number, MINUTE).outcome.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Connect);
            }
            client.ask(number, MINUTE).outcome.unwrap();
        }
        assert_eq!(client.session.stats().failed_dials, 4);
        assert_eq!(server.log().requests.len(), 2);
    });
}

#[test]
fn what_is_not_encrypted_is_asked_by_http1() {
    Simulation::for_seeds(0..30, |sim| {
        let server = Server::kind(sim);
        let session = push_core::Session::new(sim.backend());
        let http = HttpClient::new(session.clone(), Reach::default());
        let url: BaseUrl = format!("http://{HOST}:{PORT}/mock").parse().unwrap();
        for _ in 0..3 {
            let request = http::Request::post(url.join("/v1/5").unwrap());
            let request = request.header("host", HOST).body("5 ".into()).unwrap();
            let answer = http.send(request, session.deadline(MINUTE));
            assert_eq!(sim.block_on(answer).unwrap().body, "5");
        }
        assert_eq!(server.log().came_on(), [0, 0, 0]);
        assert_eq!(server.log().connections.len(), 1);
    });
}

#[test]
fn a_server_that_is_found_to_speak_http2_is_asked_by_it_from_then_on() {
    Simulation::for_seeds(0..50, |sim| {
        // One of its machines speaks HTTP/1.1, is met twice, and leaves.
        let script = Script::new(|seen| match (seen.number, seen.http2) {
            (1, true) => vec![Act::Wait(5 * SECOND), ok("")],
            (_, true) => vec![ok("")],
            (_, false) => vec![
                say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
                Act::Close,
            ],
        });
        let script = script.protocols(|connection| match connection {
            1 | 2 => HTTP1.to_vec(),
            _ => BOTH.to_vec(),
        });
        let server = Server::play(sim, script);
        let client = Client::with(sim, |limits| limits.max_streams_per_connection(1));
        client.ask(0, MINUTE).outcome.unwrap();
        let slow = client.send(1, MINUTE);
        sim.advance(SECOND);
        client.ask(2, MINUTE).outcome.unwrap();
        assert!(!server.log().requests.last().unwrap().http2);
        sim.block_on(slow).outcome.unwrap();
        sim.advance(SECOND);
        for number in 3..8 {
            client.ask(number, MINUTE).outcome.unwrap();
            assert!(server.log().requests.last().unwrap().http2);
        }
        assert_eq!(server.log().connections.len(), 4);
    });
}
