//! Bulk sends in simulated time.

#![allow(clippy::unwrap_used)]

mod common;

use backend_simulated::Simulation;
use common::{builder, builder_over, taken};
use futures_util::stream::StreamExt;
use push_apns::{ApnsId, Client, Notification};
use push_core::{ErrorKind, Session};

fn token(number: usize) -> String {
    format!("{number:064x}")
}

fn service(sim: &Simulation) {
    common::serve(sim, |request| Some(taken(request.stream)));
}

fn ids(sim: &Simulation, client: &Client) -> Vec<ApnsId> {
    let outcomes = client.send_all((0..200).map(token), &Notification::alert("Hello"));
    let outcomes = sim.block_on(outcomes.collect::<Vec<_>>());
    let ids = outcomes.into_iter().map(|(_, sent)| sent.unwrap().id);
    ids.collect()
}

#[test]
fn a_seed_gives_each_push_the_same_id_in_each_run() {
    let run = |seed| {
        let sim = Simulation::new(seed);
        service(&sim);
        ids(&sim, &builder(&sim).build().unwrap())
    };
    assert_eq!(run(17), run(17));
    assert_ne!(run(17), run(18));
}

#[test]
fn a_bulk_send_waits_where_others_are_turned_away() {
    Simulation::for_seeds(0..20, |sim| {
        service(sim);
        let session = Session::builder(sim.backend())
            .max_streams_per_connection(1)
            .max_connections_per_destination(1)
            .max_waiting(Some(1));
        let client = builder_over(session.build()).build().unwrap();
        assert_eq!(ids(sim, &client).len(), 200);
        // Three at once: one has the stream, one waits.
        let hello = Notification::alert("Hello");
        let three = (0..3).map(|number| client.send(token(number), &hello));
        let sent = sim.block_on(futures_util::future::join_all(three));
        let refused: Vec<_> = sent.into_iter().filter_map(Result::err).collect();
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].kind(), ErrorKind::QueueFull);
    });
}
