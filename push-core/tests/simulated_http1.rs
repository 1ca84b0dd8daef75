//! HTTP/1.1 in simulated time: which connection may carry another request, what is sent again, and
//! what comes of answers of every shape.

#![cfg(feature = "http1")]
#![allow(clippy::unwrap_used)]

mod http1;

use backend_simulated::{Conditions, Side, Simulation};
use futures_util::future::join_all;
use http1::*;
use push_core::{ErrorKind, ResendUnknown};

#[test]
fn a_connection_is_used_again_after_a_whole_answer() {
    let answers = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=\"b\"\r\nhe\r\n3\r\nllo\r\n0\r\nX-Trailer: 1\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n\
         HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    ];
    for answer in answers {
        Simulation::for_seeds(0..30, |sim| {
            let server = Server::start(sim, move |_| vec![say(answer)]);
            let client = Client::new(sim);
            for number in 0..3 {
                let ended = client.ask(number, MINUTE);
                assert_eq!(ended.answer(), (200, &b"hello"[..], true), "{answer}");
            }
            assert_eq!(server.log().came_on(), [0, 0, 0], "{answer}");
            // Nothing is lost with those that were dialled to ask for HTTP/2.
            assert_eq!(client.session.stats().answered, 3);
            assert_eq!(client.session.stats().sent, 3);
        });
    }
}

#[test]
fn answers_without_a_body_end_with_their_head() {
    let cases = [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200),
        (
            "HEAD",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            200,
        ),
        ("POST", "HTTP/1.1 204 No Content\r\n\r\n", 204),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
            304,
        ),
        ("DELETE", "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n", 404),
    ];
    for (method, answer, status) in cases {
        Simulation::for_seeds(0..20, |sim| {
            let server = Server::start(sim, move |_| vec![say(answer)]);
            let client = Client::new(sim);
            for number in 0..2 {
                let mut request = Numbered::new(number);
                request.method = method.parse().unwrap();
                let ended = client.put(request, MINUTE);
                assert_eq!(ended.answer(), (status, &b""[..], true), "{answer}");
            }
            assert_eq!(server.log().came_on(), [0, 0]);
            let log = server.log();
            let line = format!("{method} /v1/0?x=%2F HTTP/1.1\r\n");
            assert!(log.requests[0].head.starts_with(&line), "{log:?}");
        });
    }
}

#[test]
fn a_connection_is_never_used_again_where_anything_speaks_against_it() {
    let answers: &[(&str, bool)] = &[
        (
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\nConnection: x, CLOSE\r\nContent-Length: 5\r\n\r\nhello",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nConnection: \u{e9},close\r\nContent-Length: 5\r\n\r\nhello",
            true,
        ),
        ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", true),
        (
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
            true,
        ),
        // A second answer, to nothing.
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 201 Oh\r\nContent-Length: 0\r\n\r\n",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nx",
            true,
        ),
        // Bodies that break off.
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
            false,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n",
            false,
        ),
        // A body beyond the limit.
        ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!", false),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhello!",
            false,
        ),
    ];
    for (answer, complete) in answers {
        Simulation::for_seeds(0..30, |sim| {
            let server = Server::start(sim, move |_| vec![say(answer)]);
            let client = Client::new(sim);
            for number in 0..3 {
                let mut request = Numbered::new(number);
                request.limit = Some(5);
                let ended = client.put(request, MINUTE);
                assert_eq!(ended.answer(), (200, &b"hello"[..], *complete), "{answer}");
                // What is behind the answer may come a little later.
                sim.advance(SECOND);
            }
            assert_eq!(server.log().came_on(), [0, 1, 2], "{answer}");
            sim.advance(SECOND);
            assert_eq!(client.open_connections(), 0);
        });
    }
}

#[test]
fn a_body_that_ends_with_its_connection_is_whole_unless_the_connection_broke() {
    for (end, complete) in [(Act::Close, true), (Act::Reset, false)] {
        Simulation::for_seeds(0..30, |sim| {
            let end = end.clone();
            let answer = say("HTTP/1.1 200 OK\r\n\r\nhello");
            let _server = Server::start(sim, move |_| {
                vec![answer.clone(), Act::Wait(SECOND), end.clone()]
            });
            let client = Client::new(sim);
            let ended = client.ask(0, MINUTE);
            assert_eq!(ended.answer(), (200, &b"hello"[..], complete));
        });
    }
}

#[test]
fn a_body_that_breaks_off_keeps_what_came_of_it() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _server = Server::start(sim, |_| {
            vec![
                say("HTTP/1.1 503 No\r\nContent-Length: 9\r\n\r\nhello"),
                Act::Close,
            ]
        });
        let ended = Client::new(sim).ask(0, MINUTE);
        assert_eq!(ended.answer(), (503, &b"hello"[..], false));
    });
}

#[test]
fn an_answer_that_came_before_the_request_was_taken_whole_leaves_its_connection_to_nobody() {
    Simulation::for_seeds(SEEDS, |sim| {
        // No more of the body than its beginning is read before the answer.
        let mut first = true;
        let server = Server::play(
            sim,
            Script::new(|seen| match seen.number {
                0 => vec![],
                number => vec![ok(&number.to_string())],
            })
            .interrupt(move |_| match std::mem::take(&mut first) {
                true => vec![
                    say("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"),
                    Act::Wait(2 * SECOND),
                ],
                false => vec![],
            }),
        );
        sim.network()
            .set_conditions(Conditions::new().buffer_bytes(4096));
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
        let mut large = Numbered::new(0);
        large.bytes = 30_000;
        let ended = client.put(large, MINUTE);
        assert_eq!(ended.answer(), (413, &b""[..], true));
        let ended = client.ask(1, MINUTE);
        assert_eq!(ended.answer(), (200, &b"1"[..], true));
        sim.advance(MINUTE);
        let log = server.log();
        assert!(log.wrongs.is_empty(), "{:?}", log.wrongs);
        assert_eq!(log.taken().get(&0), None, "it was never written whole");
        assert_eq!(log.taken()[&1], 1);
    });
}

#[test]
fn an_early_refusal_is_heard_though_the_server_reads_no_more() {
    Simulation::for_seeds(SEEDS, |sim| {
        let refusal = "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno";
        let server = Server::play(
            sim,
            Script::new(|_| vec![])
                .interrupt(move |_| vec![say(refusal), Act::Close, Act::StopReading]),
        );
        sim.network()
            .set_conditions(Conditions::new().buffer_bytes(4096));
        let client = Client::new(sim);
        let mut large = Numbered::new(0);
        large.bytes = 100_000;
        let ended = client.put(large, MINUTE);
        assert_eq!(ended.answer().0, 413);
        assert!(ended.at < 10 * SECOND);
        assert!(server.log().taken().is_empty());
    });
}

#[test]
fn what_a_server_says_unasked_is_nobodys_answer() {
    for wait in [MILLI, 50 * MILLI, SECOND] {
        Simulation::for_seeds(SEEDS, |sim| {
            let server = Server::start(sim, move |seen| {
                let mut acts = vec![ok(&seen.number.to_string())];
                if seen.number == 0 {
                    acts.extend([Act::Wait(wait), ok("unasked")]);
                }
                acts
            });
            // In one piece, so that nothing of it lies behind the answer.
            sim.network()
                .set_conditions(Conditions::ideal().latency(20 * MILLI));
            let client = Client::new(sim);
            client.ask(0, MINUTE).outcome.unwrap();
            sim.advance(wait + 30 * MILLI);
            let ended = client.ask(1, MINUTE);
            assert_eq!(ended.answer(), (200, &b"1"[..], true));
            assert_eq!(server.log().came_on(), [0, 1]);
        });
    }
}

#[test]
fn a_request_on_a_connection_that_the_server_has_left_goes_out_on_another() {
    Simulation::for_seeds(SEEDS, |sim| {
        let server = Server::kind(sim);
        let client = Client::new(sim);
        let asked = (0..8).map(|number| client.send(number, MINUTE));
        let asked: Vec<_> = asked.collect();
        for ended in sim.block_on(join_all(asked)) {
            ended.outcome.unwrap();
        }
        // All at once, and heard of before the next request.
        for (cable, _) in &server.log().connections {
            cable.close(Side::Server);
        }
        sim.advance(SECOND);
        let ended = client.ask(8, MINUTE);
        assert_eq!(ended.outcome.unwrap().attempts, 1);
        assert!(server.log().taken().values().all(|times| *times == 1));
    });
}

#[test]
fn a_request_that_crosses_the_servers_farewell_is_not_sent_again_unless_allowed() {
    let mut lost = 0;
    for again in [ResendUnknown::Never, ResendUnknown::Times(1)] {
        for seed in 0..100 {
            let sim = &Simulation::new(seed);
            let server = Server::kind(sim);
            let client = Client::new(sim);
            sim.network()
                .set_conditions(Conditions::ideal().latency(50 * MILLI));
            client.ask(0, MINUTE).outcome.unwrap();
            let cable = server.log().connections[1].0.clone();
            // The server is gone for good; we hear of it after the request was written.
            cable.close(Side::Server);
            sim.advance(MILLI * (seed as u32 % 60));
            let mut request = Numbered::new(1);
            request.resend = again;
            let ended = client.put(request, MINUTE);
            let times = server.log().taken().get(&1).copied().unwrap_or(0);
            match (&ended.outcome, again) {
                (Ok(answer), ResendUnknown::Never) => {
                    assert_eq!((times, answer.may_have_been_taken_before), (1, false));
                }
                (Ok(answer), _) => {
                    assert!(times == 1 || answer.may_have_been_taken_before);
                    assert_eq!(answer.may_have_been_taken_before, answer.attempts == 2);
                }
                (Err(error), ResendUnknown::Never) => {
                    assert_eq!(error.kind(), ErrorKind::Lost);
                    assert!(times <= 1);
                    lost += 1;
                }
                (Err(error), _) => panic!("it was allowed: {error}"),
            }
        }
    }
    assert!(lost > 0, "no request crossed the farewell");
}

#[test]
fn what_is_no_answer_is_told_as_unknown_and_ends_the_connection() {
    let long = "HTTP/1.1 200 OK\r\nX: ".to_owned() + &"y".repeat(20_000);
    let many = "HTTP/1.1 200 OK\r\n".to_owned() + &"X: y\r\n".repeat(101) + "\r\n";
    let no_answers: Vec<&[u8]> = vec![
        b"",
        b"HTTP/1.1 200",
        b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 099 Low\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        long.as_bytes(),
        many.as_bytes(),
    ];
    for no_answer in no_answers {
        Simulation::for_seeds(0..20, |sim| {
            let bytes = no_answer.to_vec();
            let server = Server::start(sim, move |seen| match seen.number {
                0 => vec![say(&bytes), Act::Wait(SECOND), Act::Close],
                number => vec![ok(&number.to_string())],
            });
            let client = Client::new(sim);
            let ended = client.ask(0, MINUTE);
            let shown = String::from_utf8_lossy(&no_answer[..no_answer.len().min(60)]);
            assert_eq!(ended.kind(), Some(ErrorKind::Lost), "{shown}");
            assert!(ended.at < 30 * SECOND, "{shown}");
            assert_eq!(client.session.stats().lost, 1);
            let ended = client.ask(1, MINUTE);
            assert_eq!(ended.answer(), (200, &b"1"[..], true), "{shown}");
            assert_eq!(server.log().came_on(), [0, 1]);
        });
    }
}

#[test]
fn a_head_of_almost_the_greatest_length_is_read() {
    Simulation::for_seeds(0..30, |sim| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 0\r\n\r\n",
            "y".repeat(15_000)
        );
        let server = Server::start(sim, move |_| vec![say(&head)]);
        let client = Client::new(sim);
        for number in 0..2 {
            let answer = client.ask(number, MINUTE).outcome.unwrap();
            assert_eq!(answer.headers["x"].len(), 15_000);
        }
        assert_eq!(server.log().came_on(), [0, 0]);
    });
}

#[test]
fn a_server_that_ends_connections_before_it_is_asked_fails_requests_as_a_dial_does() {
    for speaks in [vec![Act::Close], vec![Act::Reset]] {
        Simulation::for_seeds(0..50, |sim| {
            let greeting = speaks.clone();
            let server = Server::play(
                sim,
                Script::new(|_| vec![]).greet(move |_| greeting.clone()),
            );
            // The farewell comes with the handshake's end.
            sim.network().set_conditions(Conditions::ideal());
            let client = Client::new(sim);
            for number in 0..6 {
                let error = client.ask(number, MINUTE).outcome.unwrap_err();
                let taken = server.log().taken().contains_key(&number);
                assert!(error.may_have_been_taken() || !taken, "{error}");
                match error.may_have_been_taken() {
                    // It was written before the farewell was heard.
                    true => assert_eq!(error.kind(), ErrorKind::Lost),
                    false => assert_eq!(error.kind(), ErrorKind::Connect, "{error}"),
                }
            }
            // One dial to ask for HTTP/2, and one for each request, spaced by the back-off.
            assert!(server.log().connections.len() <= 7);
            assert!(sim.elapsed() > 100 * MILLI, "{:?}", sim.elapsed());
        });
    }
}
