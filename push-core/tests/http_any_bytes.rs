//! Whatever bytes come as an answer: a request ends within its deadline, nothing panics, and no
//! other request hears anything of it.

#![cfg(feature = "http1")]
#![allow(clippy::unwrap_used)]

mod http1;

use backend_simulated::Simulation;
use http1::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::Config;

/// Pieces of what an answer may look like, to be put together.
const PIECES: &[&[u8]] = &[
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 204 No Content\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\n",
    b"HTTP/1.0 200 OK\r\n",
    b"HTTP/1.1 ",
    b"200 OK",
    b"Content-Length: 5\r\n",
    b"Content-Length: 0\r\n",
    b"Content-Length: 18446744073709551615\r\n",
    b"Content-Length: +5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Transfer-Encoding: chunked, gzip\r\n",
    b"Connection: close\r\n",
    b"Connection: upgrade\r\nUpgrade: h2c\r\n",
    b"Trailer: X\r\n",
    b"X: \xff\xfe\r\n",
    b"X : y\r\n",
    b" folded\r\n",
    b": nameless\r\n",
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"5\r\nhello\r\n",
    b"5;ext=\"\r\n\"\r\nhello\r\n",
    b"0\r\n\r\n",
    b"0\r\nX: y\r\n\r\n",
    b"ffffffffffffffff\r\n",
    b"fffffffffffffffff\r\n",
    b"hello",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\0\0\0\x04\0\0\0\0\0",
];

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => prop::sample::select(PIECES).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..20),
        1 => (any::<u8>(), 0..3000_usize).prop_map(|(byte, count)| vec![byte; count]),
    ]
}

fn answer() -> impl Strategy<Value = Vec<Vec<u8>>> {
    // Mostly something that begins well.
    let begin = prop_oneof![3 => Just(PIECES[0].to_vec()), 1 => piece()];
    (begin, vec(piece(), 0..12)).prop_map(|(begin, rest)| {
        let mut pieces = vec![begin];
        pieces.extend(rest);
        pieces
    })
}

fn config() -> Config {
    Config {
        failure_persistence: None,
        ..Config::with_cases(1500)
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_for_an_answer_end_one_request_and_touch_no_other(
        pieces in answer(),
        method in prop::sample::select(vec!["GET", "HEAD", "POST"]),
        closes in any::<bool>(),
        pauses in any::<bool>(),
        limit in prop_oneof![Just(0_usize), 1..20_usize, Just(100_000)],
        seed in any::<u64>(),
    ) {
        let sim = &Simulation::new(seed);
        let server = Server::start(sim, move |seen| {
            if seen.number > 0 {
                return vec![ok(&seen.number.to_string())];
            }
            let mut acts = Vec::new();
            for piece in &pieces {
                acts.push(Act::Say(piece.clone()));
                if pauses {
                    acts.push(Act::Wait(10 * MILLI));
                }
            }
            if closes {
                acts.push(Act::Close);
            }
            acts
        });
        let client = Client::new(sim);
        let mut request = Numbered::new(0);
        request.method = method.parse().unwrap();
        request.limit = Some(limit);
        let ended = client.put(request, MINUTE);
        prop_assert!(ended.at <= ended.deadline);
        match &ended.outcome {
            Ok(answer) => prop_assert!(answer.body.len() <= limit),
            Err(error) => prop_assert!(error.may_have_been_taken(), "{error}"),
        }
        // All that is on its way has come.
        sim.advance(SECOND);
        let ended = client.ask(1, MINUTE);
        prop_assert_eq!(ended.answer(), (200, &b"1"[..], true));
        prop_assert!(server.log().taken().values().all(|times| *times == 1));
        sim.block_on(client.session.shutdown(SECOND));
        sim.advance(MINUTE);
        assert_nothing_is_left(sim);
    }
}
