//! A request whose answer was lost is sent again where the caller allows it, and only there.

#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used)]

mod common;

use backend_simulated::Simulation;
use common::frames::{INTERNAL_ERROR, REFUSED_STREAM};
use common::*;
use push_core::http::Answer;
use push_core::{Error, ErrorKind, ResendUnknown};

const SEEDS: std::ops::Range<u64> = 0..30;

/// A request that may be sent again so many times though it may have been taken.
fn ask(client: &Client<'_>, times: u32) -> Result<Answer, Error> {
    let request = Numbered {
        number: 0,
        resend: ResendUnknown::Times(times),
    };
    let deadline = client.session.deadline(MINUTE);
    let exchange = client.way.exchange(&request, deadline);
    client.sim.block_on(exchange)
}

/// A peer that does these, one for each request.
fn doing(sim: &Simulation, acts: Vec<Vec<Act>>) -> Peer {
    let mut acts = acts.into_iter();
    Peer::start(sim, 100, move |_| acts.next().unwrap_or_default())
}

#[test]
fn a_lost_answer_is_asked_for_again_on_another_connection_if_the_caller_allows_it() {
    Simulation::for_seeds(SEEDS, |sim| {
        let peer = doing(
            sim,
            vec![
                vec![Act::Reset],
                vec![Act::Break(INTERNAL_ERROR)],
                vec![Act::Answer],
            ],
        );
        let answer = ask(&Client::new(sim), 2).unwrap();
        assert_eq!(answer.attempts, 3);
        assert!(answer.may_have_been_taken_before);
        assert_eq!(peer.log().taken[&0], 3);
    });
}

#[test]
fn it_is_asked_for_no_more_often_than_allowed() {
    for times in [0, 1, 3] {
        Simulation::for_seeds(SEEDS, |sim| {
            let peer = doing(sim, vec![vec![Act::Reset]; 10]);
            let lost = ask(&Client::new(sim), times).unwrap_err();
            assert_eq!(lost.kind(), ErrorKind::Lost);
            assert_eq!(lost.attempts(), times + 1);
            assert_eq!(peer.log().taken[&0], times + 1);
        });
    }
}

#[test]
fn what_may_have_been_taken_once_is_not_told_as_not_sent_for_what_came_after() {
    Simulation::for_seeds(SEEDS, |sim| {
        let mut acts = vec![vec![Act::Reset]];
        acts.extend(vec![vec![Act::Break(REFUSED_STREAM)]; 20]);
        let _peer = doing(sim, acts);
        let client = Client::with(sim, |limits| limits.max_resends(2));
        let error = ask(&client, 5).unwrap_err();
        assert!(error.may_have_been_taken(), "{error:?}");
        assert_eq!(error.attempts(), 4);
    });
}

#[test]
fn an_answer_to_the_only_attempt_leaves_no_doubt() {
    Simulation::for_seeds(SEEDS, |sim| {
        let _peer = doing(
            sim,
            vec![vec![Act::Break(REFUSED_STREAM)], vec![Act::Answer]],
        );
        let answer = ask(&Client::new(sim), 5).unwrap();
        assert!(!answer.may_have_been_taken_before);
        assert_eq!(answer.attempts, 2);
    });
}
