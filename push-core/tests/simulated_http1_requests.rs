//! HTTP/1.1 in simulated time: deadlines, limits, shutdown, and requests that are dropped or sent
//! again.

#![cfg(feature = "http1")]
#![allow(clippy::unwrap_used)]

mod http1;

use backend_simulated::{Conditions, Simulation};
use futures_util::future::join_all;
use http1::*;
use push_core::{ErrorKind, ResendUnknown};

/// A request of so many bytes, which do not fit into what is on its way.
fn large(number: usize) -> Numbered {
    let mut request = Numbered::new(number);
    request.bytes = 100_000;
    request
}

#[test]
fn a_deadline_before_the_connection_or_the_answer_tells_which_of_both_and_ends_the_connection() {
    Simulation::for_seeds(SEEDS, |sim| {
        let server = Server::start(sim, |_| vec![]);
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
        let first = client.send(0, 10 * SECOND);
        sim.advance(SECOND);
        // The only connection is in use.
        let ended = client.ask(1, SECOND);
        assert_eq!(ended.kind(), Some(ErrorKind::Timeout));
        assert_eq!(ended.at, ended.deadline);
        let ended = sim.block_on(first);
        assert_eq!(ended.kind(), Some(ErrorKind::Unanswered));
        assert_eq!(ended.at, ended.deadline);
        assert_eq!(ended.outcome.unwrap_err().attempts(), 1);
        sim.advance(SECOND);
        assert_eq!(client.open_connections(), 0);
        let log = server.log();
        assert_eq!((log.taken().get(&0), log.taken().get(&1)), (Some(&1), None));
        let stats = client.session.stats();
        assert_eq!((stats.sent, stats.timed_out, stats.answered), (1, 2, 0));
        assert_eq!((stats.connections, stats.waiting_leases), (0, 0));
        assert_nothing_is_left(sim);
    });
}

#[test]
fn a_deadline_that_has_passed_before_anything_is_written_sends_nothing() {
    Simulation::for_seeds(SEEDS, |sim| {
        let server = Server::kind(sim);
        let client = Client::new(sim);
        client.ask(0, MINUTE).outcome.unwrap();
        // A connection stands ready.
        let ended = client.ask(1, std::time::Duration::ZERO);
        assert_eq!(ended.kind(), Some(ErrorKind::Timeout));
        client.ask(2, MINUTE).outcome.unwrap();
        assert_eq!(server.log().came_on(), [0, 0]);
    });
}

#[test]
fn a_deadline_while_the_request_is_half_written_is_unanswered() {
    Simulation::for_seeds(SEEDS, |sim| {
        let server = Server::play(
            sim,
            Script::new(|_| vec![]).interrupt(|_| vec![Act::StopReading]),
        );
        sim.network()
            .set_conditions(Conditions::new().buffer_bytes(4096));
        let client = Client::new(sim);
        let ended = client.put(large(0), 10 * SECOND);
        assert_eq!(ended.kind(), Some(ErrorKind::Unanswered));
        assert_eq!(ended.at, ended.deadline);
        assert!(server.log().taken().is_empty());
        sim.advance(SECOND);
        assert_eq!(client.session.stats().connections, 0);
    });
}

#[test]
fn an_answer_whose_body_drips_ends_at_the_deadline_with_what_came() {
    Simulation::for_seeds(0..30, |sim| {
        let server = Server::start(sim, |_| {
            vec![
                say("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
                Act::Drip(vec![b'd'; 1000], SECOND),
            ]
        });
        let client = Client::new(sim);
        let ended = client.ask(0, 30 * SECOND);
        assert_eq!(ended.at, ended.deadline);
        let answer = ended.outcome.unwrap();
        assert!(!answer.complete);
        assert!(
            (25..=30).contains(&answer.body.len()),
            "{}",
            answer.body.len()
        );
        assert_eq!(client.session.stats().connections, 0);
        assert_eq!(server.log().requests.len(), 1);
    });
}

#[test]
fn a_head_that_drips_or_never_ends_is_unanswered_or_broken() {
    let head = "HTTP/1.1 200 OK\r\nX: ".to_owned() + &"y".repeat(1000);
    for (pause, kind) in [(SECOND, ErrorKind::Unanswered), (MILLI, ErrorKind::Lost)] {
        Simulation::for_seeds(0..30, |sim| {
            let head = head.clone();
            let _server = Server::start(sim, move |_| {
                vec![Act::Drip(head.clone().into_bytes(), pause), Act::Close]
            });
            let client = Client::new(sim);
            let ended = client.ask(0, 30 * SECOND);
            assert_eq!(ended.kind(), Some(kind));
            assert!(ended.at <= ended.deadline);
        });
    }
}

#[test]
fn interim_answers_without_end_are_left_at_the_deadline() {
    Simulation::for_seeds(0..10, |sim| {
        let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(300);
        let _server = Server::start(sim, move |_| {
            let flood = say(&interim);
            (0..400)
                .flat_map(|_| [flood.clone(), Act::Wait(50 * MILLI)])
                .collect()
        });
        let client = Client::new(sim);
        let ended = client.ask(0, 5 * SECOND);
        assert_eq!(ended.kind(), Some(ErrorKind::Unanswered));
        assert_eq!(ended.at, ended.deadline);
        sim.advance(MINUTE);
        assert_eq!(client.open_connections(), 0);
    });
}

#[test]
fn a_request_that_is_dropped_takes_its_connection_with_it_and_nobody_hears_its_answer() {
    for at in 0..40 {
        Simulation::for_seeds(0..20, |sim| {
            let server = Server::start(sim, |seen| {
                vec![Act::Wait(50 * MILLI), ok(&seen.number.to_string())]
            });
            let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
            let dropped = client.exchange(Numbered::new(0), MINUTE);
            let patience =
                push_core::Backend::sleep_until(&sim.backend(), sim.now() + 10 * MILLI * at);
            drop(sim.block_on(futures_util::future::select(Box::pin(dropped), patience)));
            for number in 1..3 {
                let ended = client.ask(number, MINUTE);
                let body = number.to_string();
                assert_eq!(ended.answer(), (200, body.as_bytes(), true));
            }
            let stats = client.session.stats();
            assert_eq!((stats.leased, stats.waiting_leases), (0, 0));
            assert!(server.log().taken().values().all(|times| *times == 1));
        });
    }
}

#[test]
fn no_more_connections_than_allowed_carry_requests_and_all_have_their_turn() {
    Simulation::for_seeds(0..50, |sim| {
        let server = Server::start(sim, |seen| {
            vec![Act::Wait(SECOND), ok(&seen.number.to_string())]
        });
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(3));
        let asked: Vec<_> = (0..30).map(|number| client.send(number, MINUTE)).collect();
        sim.advance(SECOND);
        let stats = client.session.stats();
        assert_eq!((stats.leased, stats.waiting_leases), (3, 27));
        assert_eq!(client.way.capacity(), Some(3));
        for ended in sim.block_on(join_all(asked)) {
            let body = ended.number.to_string();
            assert_eq!(ended.answer(), (200, body.as_bytes(), true));
        }
        assert_eq!(
            server.log().connections.len(),
            4,
            "three, and one to ask for HTTP/2"
        );
        let stats = client.session.stats();
        assert_eq!(
            (stats.sent, stats.answered, stats.resent, stats.lost),
            (30, 30, 0, 0)
        );
        assert_eq!((stats.connected, stats.idle_leases), (3, 3));
    });
}

#[test]
fn a_full_queue_is_told_to_all_but_the_patient() {
    Simulation::for_seeds(0..50, |sim| {
        let _server = Server::start(sim, |_| vec![Act::Wait(SECOND), ok("")]);
        let client = Client::with(sim, |limits| {
            limits
                .max_connections_per_destination(1)
                .max_waiting(Some(2))
        });
        client.ask(0, MINUTE).outcome.unwrap();
        let under_way: Vec<_> = (1..4).map(|number| client.send(number, MINUTE)).collect();
        sim.advance(100 * MILLI);
        let error = client.ask(4, MINUTE).outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::QueueFull);
        assert_eq!(error.queue_depth(), Some(2));
        let mut patient = Numbered::new(5);
        patient.patient = true;
        client.put(patient, MINUTE).outcome.unwrap();
        for ended in sim.block_on(join_all(under_way)) {
            ended.outcome.unwrap();
        }
    });
}

#[test]
fn a_shutdown_waits_for_those_under_way_and_ends_those_that_wait() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _server = Server::start(sim, |seen| match seen.number {
            0 => vec![Act::Wait(3 * SECOND), ok("0")],
            _ => vec![],
        });
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(2));
        let answered = client.send(0, MINUTE);
        sim.advance(MILLI);
        let unanswered = client.send(1, MINUTE);
        sim.advance(SECOND);
        let waiting = client.send(2, MINUTE);
        sim.advance(MILLI);
        let begun = sim.elapsed();
        let shutdown = sim.block_on(client.session.shutdown(5 * SECOND));
        assert_eq!(sim.elapsed() - begun, 5 * SECOND);
        assert_eq!(shutdown.broken_leases, 1);
        let ended = sim.block_on(waiting);
        assert_eq!((ended.kind(), ended.at), (Some(ErrorKind::Closed), begun));
        assert!(sim.block_on(answered).outcome.is_ok());
        let ended = sim.block_on(unanswered);
        assert_eq!(ended.kind(), Some(ErrorKind::Lost));
        assert_eq!(ended.at, begun + 5 * SECOND);
        assert_eq!(client.ask(3, MINUTE).kind(), Some(ErrorKind::Closed));
        sim.advance(MINUTE);
        assert_nothing_is_left(sim);
    });
}

#[test]
fn a_lost_request_is_sent_again_as_often_as_allowed_and_says_so() {
    Simulation::for_seeds(SEEDS, |sim| {
        let server = Server::start(sim, |seen| match seen.number {
            0 => vec![Act::Close],
            _ => vec![say("HTTP/1.1 garbage\r\n\r\n")],
        });
        let client = Client::new(sim);
        for number in 0..2 {
            let mut request = Numbered::new(number);
            request.resend = ResendUnknown::Times(2);
            let error = client.put(request, MINUTE).outcome.unwrap_err();
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::Lost, 3));
            assert_eq!(server.log().taken()[&number], 3);
        }
        let stats = client.session.stats();
        assert_eq!((stats.sent, stats.resent, stats.lost), (6, 4, 6));
    });
}

#[test]
fn a_request_that_http1_has_no_form_for_is_not_sent_and_costs_no_connection() {
    struct Odd(http::Request<()>);
    impl push_core::http::Outgoing for Odd {
        fn request(&self) -> http::Request<()> {
            let mut request = http::Request::builder()
                .method(self.0.method())
                .uri(self.0.uri());
            if let Some(headers) = request.headers_mut() {
                headers.clone_from(self.0.headers());
            }
            request.body(()).unwrap()
        }

        fn body(&self) -> bytes::Bytes {
            bytes::Bytes::from_static(b"7 ")
        }
    }
    let post = |uri: &str| http::Request::post(uri);
    let odd = [
        post("/relative").body(()),
        post("https://push.example/v1/")
            .header("Transfer-Encoding", "chunked")
            .body(()),
        post("https://push.example/v1/")
            .header("Connection", "upgrade")
            .body(()),
        http::Request::connect("https://push.example/v1/").body(()),
    ];
    let odd = odd.map(Result::unwrap).map(Odd);
    Simulation::for_seeds(0..20, |sim| {
        let server = Server::kind(sim);
        let client = Client::new(sim);
        client.ask(0, MINUTE).outcome.unwrap();
        for odd in &odd {
            let exchange = client.way.exchange(odd, client.session.deadline(MINUTE));
            let error = sim.block_on(exchange).unwrap_err();
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::Config, 0));
        }
        // A wrong length is not believed, and a password not shown.
        let lying = post("https://user:secret@push.example:443/v1/7")
            .header("Content-Length", "5")
            .body(());
        let lying = Odd(lying.unwrap());
        let exchange = client.way.exchange(&lying, client.session.deadline(MINUTE));
        assert_eq!(sim.block_on(exchange).unwrap().body, "7");
        client.ask(1, MINUTE).outcome.unwrap();
        let log = server.log();
        assert_eq!(log.came_on(), [0, 0, 0]);
        assert!(
            !log.requests[1].head.contains("secret"),
            "{:?}",
            log.requests[1]
        );
        assert!(log.wrongs.is_empty(), "{:?}", log.wrongs);
    });
}

#[test]
fn a_simulation_that_ends_under_requests_ends_them_quietly() {
    for at in 0..30 {
        let sim = Simulation::new(at);
        let _server = Server::start(&sim, |_| vec![Act::Wait(200 * MILLI), ok("")]);
        let client = Client::new(&sim);
        let requests: Vec<_> = (0..10).map(|number| client.send(number, MINUTE)).collect();
        sim.advance(10 * MILLI * at as u32);
        drop(requests);
    }
}

#[test]
fn a_connection_that_was_quiet_for_long_is_not_trusted_with_a_request() {
    for (quiet, dials) in [(29 * SECOND, 2), (31 * SECOND, 3)] {
        Simulation::for_seeds(SEEDS, |sim| {
            let server = Server::kind(sim);
            let client = Client::new(sim);
            client.ask(0, MINUTE).outcome.unwrap();
            sim.advance(quiet);
            let ended = client.ask(1, MINUTE);
            assert_eq!(ended.answer(), (200, &b"1"[..], true));
            client.ask(2, MINUTE).outcome.unwrap();
            assert_eq!(server.log().connections.len(), dials);
            assert_eq!(client.session.stats().connections, 1);
        });
    }
}

#[test]
fn a_connection_that_a_firewall_forgot_costs_no_request() {
    Simulation::for_seeds(SEEDS, |sim| {
        let server = Server::start(sim, |seen| {
            vec![Act::Wait(SECOND), ok(&seen.number.to_string())]
        });
        let client = Client::new(sim);
        let asked: Vec<_> = (0..8).map(|number| client.send(number, MINUTE)).collect();
        sim.block_on(join_all(asked));
        for cable in sim.network().cables() {
            cable.cut();
        }
        sim.advance(MINUTE);
        let asked: Vec<_> = (8..11).map(|number| client.send(number, MINUTE)).collect();
        for ended in sim.block_on(join_all(asked)) {
            assert!(ended.outcome.is_ok(), "{ended:?}");
        }
        assert!(server.log().taken().values().all(|times| *times == 1));
    });
}

#[test]
fn a_connection_that_answered_and_closed_was_of_use() {
    let mut longest = std::time::Duration::ZERO;
    for seed in 0..30 {
        let sim = &Simulation::new(seed);
        let _server = Server::start(sim, |_| {
            vec![say(
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            )]
        });
        sim.network()
            .set_conditions(Conditions::ideal().latency(100 * MILLI));
        let client = Client::new(sim);
        client.ask(0, MINUTE).outcome.unwrap();
        sim.network()
            .next_dials(HOST, PORT, [backend_simulated::Dial::Refuse]);
        client.ask(1, MINUTE).outcome.unwrap_err();
        client.ask(2, MINUTE).outcome.unwrap();
        // The failure is forgotten: they are dialled for at once, and not one after the other.
        let begun = sim.elapsed();
        let asked: Vec<_> = (3..8).map(|number| client.send(number, MINUTE)).collect();
        for ended in sim.block_on(join_all(asked)) {
            longest = longest.max(ended.at - begun);
        }
    }
    assert!(longest < SECOND, "{longest:?}");
}

#[test]
fn one_busy_connection_vouches_for_no_other() {
    Simulation::for_seeds(0..5, |sim| {
        let server = Server::start(sim, |seen| {
            vec![Act::Wait(SECOND), ok(&seen.number.to_string())]
        });
        let client = Client::new(sim);
        let asked: Vec<_> = (0..4).map(|number| client.send(number, MINUTE)).collect();
        sim.block_on(join_all(asked));
        let before: Vec<_> = sim
            .network()
            .cables()
            .iter()
            .map(|c| c.sent_bytes(backend_simulated::Side::Client))
            .collect();
        for number in 4..16 {
            sim.advance(10 * SECOND);
            client.ask(number, MINUTE).outcome.unwrap();
        }
        // A firewall has forgotten those that were idle for two minutes.
        for (cable, before) in sim.network().cables().iter().zip(before) {
            if cable.sent_bytes(backend_simulated::Side::Client) == before {
                cable.cut();
            }
        }
        let asked: Vec<_> = (16..19).map(|number| client.send(number, MINUTE)).collect();
        for ended in sim.block_on(join_all(asked)) {
            assert!(ended.outcome.is_ok(), "{ended:?}");
        }
        drop(server);
    });
}
