//! Random schedules of faults: whatever happens, every request ends with one outcome within its
//! deadline, and nothing is taken twice. `SIMULATION_SEED` replays one, or searches many.

#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use backend_simulated::{Conditions, Dial, Side, Simulation, Trace};
use common::peer::{ENHANCE_YOUR_CALM, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM};
use common::*;
use futures_util::future::{Either, join_all, select};
use push_core::http::{Authorize, ConnectionCredential, Destination, Rejected};
use push_core::{Session, Target};

const REQUESTS: usize = 60;

/// What the peer does about a request: mostly what it should.
fn behaviour(random: &mut Random, stream: u32) -> Vec<Act> {
    let wait = Act::Wait(random.between(Duration::ZERO, 400 * MILLI));
    match random.below(40) {
        0..22 => vec![wait, Act::Answer],
        22 | 23 => vec![Act::Answer],
        24 => vec![],
        25 => vec![Act::Wait(20 * SECOND), Act::Answer],
        26 => vec![wait, Act::AnswerHalf],
        27 => vec![wait, Act::Break(INTERNAL_ERROR)],
        28 | 29 => vec![Act::Break(REFUSED_STREAM)],
        30 => vec![wait, Act::Break(ENHANCE_YOUR_CALM)],
        31 => vec![Act::Close],
        32 => vec![wait, Act::Close],
        33 => vec![wait, Act::Reset],
        34 => vec![Act::Cut],
        35 => vec![wait.clone(), Act::Answer, wait, Act::Cut],
        kind => {
            let last = match random.below(3) {
                0 => stream,
                1 => stream.saturating_sub(2 * random.below(8) as u32),
                _ => stream + 2 * random.below(8) as u32,
            };
            let goaway = Act::GoAway {
                last,
                code: if kind < 38 { NO_ERROR } else { INTERNAL_ERROR },
            };
            match kind {
                36 => vec![wait, Act::Answer, goaway],
                37 => vec![goaway, wait, Act::Answer],
                38 => vec![goaway, Act::Close],
                _ => {
                    let limit = Act::Limit(random.below(5) as u32);
                    let back = Act::Limit(1 + random.below(20) as u32);
                    vec![limit, wait, Act::Answer, Act::Wait(SECOND), back]
                }
            }
        }
    }
}

fn dials(random: &mut Random) -> Vec<Dial> {
    let dial = |random: &mut Random| match random.below(12) {
        0 | 1 => Dial::Refuse,
        2 => Dial::Stall,
        3 => Dial::Tls("bad handshake".into()),
        4 => Dial::Unresolved,
        5 => Dial::Slow(random.between(SECOND, 12 * SECOND)),
        _ => Dial::Accept,
    };
    (0..20).map(|_| dial(random)).collect()
}

/// What the network does to connections, whatever they carry.
async fn weather(sim: &Simulation, random: &mut Random) {
    let network = sim.network();
    for _ in 0..15 {
        let wait = random.between(Duration::ZERO, 2 * SECOND);
        sim.backend().sleep(wait).await;
        let cables = network.cables();
        if cables.is_empty() {
            continue;
        }
        let cable = &cables[random.below(cables.len() as u64) as usize];
        match random.below(10) {
            0 => cable.reset(),
            1 => cable.close(Side::Server),
            2 => cable.cut(),
            3 => cable.cut_from(Side::Client),
            4 => cable.cut_from(Side::Server),
            5 => cable.heal(),
            6 => network.partition(HOST),
            _ => network.heal(HOST),
        }
    }
    network.heal(HOST);
}

/// One schedule, with all that must hold of it.
fn run(sim: &Simulation) -> Trace {
    let mut random = Random::new(sim.seed());
    let fragmentation = random.below(80) as f64 / 100.0;
    let conditions = Conditions::new()
        .latency_between(Duration::ZERO, random.between(MILLI, 300 * MILLI))
        .fragmentation(fragmentation);
    sim.network().set_conditions(conditions);
    sim.network().next_dials(HOST, PORT, dials(&mut random));
    let mut behave = Random::new(random.next());
    let limit = 1 + random.below(30) as u32;
    let peer = Peer::start(sim, limit, move |seen| behaviour(&mut behave, seen.stream));
    let connections = 1 + random.below(4) as usize;
    let client = Client::with(sim, |limits| {
        limits
            .max_connections_per_destination(connections)
            .ping_timeout(2 * SECOND)
            .probe_after(5 * SECOND)
    });
    let mut of_weather = Random::new(random.next());
    let ended = sim.block_on(async {
        let sending = async {
            let mut requests = Vec::new();
            for number in 0..REQUESTS {
                if random.below(3) == 0 {
                    let wait = random.between(Duration::ZERO, SECOND);
                    sim.backend().sleep(wait).await;
                }
                let timeout = random.between(100 * MILLI, 20 * SECOND);
                // Some are dropped by their sender.
                let patience = match random.below(6) {
                    0 => random.between(Duration::ZERO, timeout),
                    _ => MINUTE,
                };
                let exchange = Box::pin(client.exchange(number, timeout));
                let patience = sim.backend().sleep(patience);
                requests.push(sim.spawn(async move {
                    match select(exchange, patience).await {
                        Either::Left((ended, _)) => Some(ended),
                        Either::Right(_) => None,
                    }
                }));
            }
            join_all(requests).await
        };
        futures_util::future::join(sending, weather(sim, &mut of_weather))
            .await
            .0
    });

    let taken = peer.log().taken;
    let twice = taken.iter().find(|(_, times)| **times > 1);
    assert_eq!(twice, None, "taken twice");
    for one in ended.iter().flatten() {
        assert!(one.at <= one.deadline, "late: {one:?}");
        let taken = taken.contains_key(&one.number);
        match &one.outcome {
            Ok(_) => assert!(taken, "answered and not taken: {one:?}"),
            Err(error) if error.may_have_been_taken() => {}
            Err(_) => assert!(!taken, "taken, and told as not sent: {one:?}"),
        }
    }
    assert_eq!(ended.len(), REQUESTS);
    let stats = client.session.stats();
    assert_eq!((stats.waiting, stats.in_flight), (0, 0));
    drop(ended);

    // A healthy network is used again.
    let after = client.ask(REQUESTS, 5 * MINUTE);
    assert!(after.at <= after.deadline);
    drop(after);

    let begun = sim.elapsed();
    sim.block_on(client.session.shutdown(MINUTE));
    assert!(sim.elapsed() - begun <= MINUTE);
    let trace = sim.trace();
    // Dials that were under way come to their end.
    sim.advance(MINUTE);
    assert_eq!(sim.network().open_connections(), 0);
    assert_eq!(sim.armed_timers(), 0, "{:#?}", sim.pending_tasks());
    trace
}

#[test]
fn every_request_ends_once_within_its_deadline_and_nothing_is_taken_twice() {
    Simulation::for_seeds(0..100, |sim| {
        run(sim);
    });
}

#[test]
fn a_schedule_is_repeated_from_its_seed_to_the_last_event() {
    let traces: std::collections::HashSet<_> = (0..10)
        .map(|seed| {
            let [one, other] = [(); 2].map(|()| run(&Simulation::new(seed)));
            assert_eq!(one, other, "seed {seed}");
            one
        })
        .collect();
    assert_eq!(traces.len(), 10, "each seed is a schedule of its own");
}

/// Many destinations, by the scopes of their credentials, which are all pinged at one time.
fn many_destinations(seed: u64) -> Trace {
    let sim = Simulation::new(seed);
    sim.network().set_conditions(Conditions::ideal());
    let _peer = Peer::kind(&sim);
    let session = Session::new(sim.backend());
    let ways: Vec<_> = (0..10)
        .map(|scope: u8| {
            let destination = Destination::new(Target::tls(HOST, PORT));
            let destination = destination.authorize(scope.to_string(), Arc::new(Nobody));
            session.http2(destination).unwrap()
        })
        .collect();
    let deadline = session.deadline(SECOND);
    let ready = ways.iter().map(|way| way.ready(deadline));
    for ready in sim.block_on(join_all(ready)) {
        ready.unwrap();
    }
    sim.advance(2 * 60 * MINUTE);
    sim.trace()
}

/// Credentials without contents.
#[derive(Debug)]
struct Nobody;

impl Authorize for Nobody {
    fn attach(&self) -> Box<dyn ConnectionCredential> {
        Box::new(Self)
    }
}

impl ConnectionCredential for Nobody {
    fn header(&mut self, _: SystemTime) -> push_core::Result<http::HeaderValue> {
        Ok(http::HeaderValue::from_static("none"))
    }

    fn rejected(&mut self, _: &str, _: SystemTime) -> Rejected {
        Rejected::Keep
    }
}

#[test]
fn a_session_of_many_destinations_is_repeated_from_its_seed_too() {
    for seed in 0..5 {
        assert_eq!(
            many_destinations(seed),
            many_destinations(seed),
            "seed {seed}"
        );
    }
}
