//! Random schedules of faults: whatever happens, every request ends with one outcome within its
//! deadline, and nothing is taken twice. `SIMULATION_SEED` replays one, or searches many.

#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use backend_simulated::{Conditions, Dial, Simulation, Trace};
use common::peer::Log;
use common::schedule::{play, weather};
use common::*;
use futures_util::future::{Either, join, join_all, select};
use push_core::session::SessionBuilder;
use push_core::{ErrorKind, ResendUnknown};

const REQUESTS: usize = 60;

/// After this all that the peer and the network did is over, and all back-offs are.
const AFTERMATH: Duration = Duration::from_secs(45);

/// What the session is told, at random.
#[derive(Debug)]
struct Limits {
    connections: usize,
    session: usize,
    streams: u32,
    waiting: Option<usize>,
    requests: u32,
    age: Option<Duration>,
    idle: Option<Duration>,
    resends: u32,
    abandoned: usize,
    /// How often one is sent again that may have been taken.
    again: u32,
}

impl Limits {
    fn draw(random: &mut Random) -> Self {
        let mut seldom = |one_in| random.below(one_in) == 0;
        let [all, few, full, worn, old, idle, once, strict, again] =
            [8, 6, 8, 6, 6, 6, 8, 8, 4].map(&mut seldom);
        let mut up_to = |most| 1 + random.below(most);
        Self {
            connections: up_to(4) as usize,
            session: if all { up_to(3) as usize } else { 100 },
            streams: if few { up_to(4) as u32 } else { 1000 },
            waiting: full.then(|| up_to(10) as usize),
            requests: if worn { up_to(10) as u32 } else { u32::MAX },
            age: old.then(|| Duration::from_millis(100 + up_to(5000))),
            idle: idle.then(|| Duration::from_millis(up_to(5000))),
            resends: if once { up_to(3) as u32 - 1 } else { 10 },
            abandoned: if strict { up_to(5) as usize } else { 100 },
            again: if again { up_to(3) as u32 } else { 0 },
        }
    }

    fn apply(&self, builder: SessionBuilder) -> SessionBuilder {
        builder
            .max_connections_per_destination(self.connections)
            .max_connections(self.session)
            .max_streams_per_connection(self.streams)
            .max_waiting(self.waiting)
            .max_requests_per_connection(self.requests)
            .max_connection_age(self.age)
            .idle_timeout(self.idle)
            .max_resends(self.resends)
            .max_abandoned_streams(self.abandoned)
            .ping_timeout(2 * SECOND)
            .probe_after(5 * SECOND)
    }
}

/// Sends the requests over these ways; some are dropped by their sender.
async fn send(
    ways: &mut [Client<'_>],
    again: ResendUnknown,
    random: &mut Random,
) -> Vec<Option<Ended>> {
    let mut requests = Vec::new();
    for number in 0..REQUESTS {
        let scope = random.below(ways.len() as u64) as usize;
        let way = &mut ways[scope];
        let backend = way.sim.backend();
        if random.below(3) == 0 {
            let wait = random.between(Duration::ZERO, SECOND);
            backend.sleep(wait).await;
        }
        match random.below(60) {
            0 => {
                way.way.retire();
                if let Some(anew) = way.scoped(scope) {
                    *way = anew;
                }
            }
            1 => {
                let age = random.between(Duration::ZERO, SECOND);
                way.session.outdate(age);
            }
            _ => {}
        }
        let timeout = random.between(100 * MILLI, 20 * SECOND);
        let patience = match random.below(6) {
            0 => random.between(Duration::ZERO, timeout),
            _ => MINUTE,
        };
        let exchange = Box::pin(way.exchange_again(number, timeout, again));
        let patience = backend.sleep(patience);
        requests.push(way.sim.spawn(async move {
            match select(exchange, patience).await {
                Either::Left((ended, _)) => Some(ended),
                Either::Right(_) => None,
            }
        }));
    }
    join_all(requests).await
}

/// What both sides say of the requests must fit.
fn compare(ended: &[Option<Ended>], log: &Log, limits: &Limits) {
    assert_eq!(ended.len(), REQUESTS);
    assert!(
        log.wrongs.is_empty(),
        "the client did wrong: {:#?}",
        log.wrongs
    );
    let most = limits.again + 1;
    let too_often = log.taken.iter().find(|(_, times)| **times > most);
    assert_eq!(too_often, None, "taken more than {most} times");
    let most = limits.resends + most;
    let mut offered = BTreeMap::<_, u32>::new();
    for seen in &log.requests {
        *offered.entry(seen.number).or_default() += 1;
    }
    for times in offered.values() {
        assert!(*times <= most, "offered {times} times");
    }
    for one in ended.iter().flatten() {
        assert!(one.at <= one.deadline, "late: {one:?}");
        let times = log.taken.get(&one.number).copied().unwrap_or(0);
        let taken = times > 0;
        let attempts = match &one.outcome {
            Ok(answer) => {
                assert!(taken, "answered and not taken: {one:?}");
                let told = times == 1 || answer.may_have_been_taken_before;
                assert!(told, "taken twice without a word: {one:?}");
                answer.attempts
            }
            Err(error) => {
                if let ErrorKind::Timeout | ErrorKind::Unanswered = error.kind() {
                    assert_eq!(one.at, one.deadline, "too early: {one:?}");
                }
                let may_be = error.may_have_been_taken();
                assert!(may_be || !taken, "taken, and told as not sent: {one:?}");
                error.attempts()
            }
        };
        let offered = offered.get(&one.number).copied().unwrap_or(0);
        assert!(attempts <= most, "sent too often: {one:?}");
        assert!(offered <= attempts, "offered {offered} times: {one:?}");
    }
}

/// The network and the peer are well again: so is the session, within bounded time.
fn recover(sim: &Simulation, ways: &[Client<'_>], peer: &Peer) {
    sim.advance(AFTERMATH);
    let connections = ways[0].session.connections();
    let open: u32 = connections.iter().map(|one| one.open_streams).sum();
    let kept = peer.open_streams();
    assert!(open as usize <= kept, "places are lost: {connections:#?}");
    let left = connections.iter().find(|one| one.draining);
    assert!(left.is_none(), "it has nothing to do: {left:#?}");
    peer.end_useless();
    sim.advance(SECOND);
    let requests = (0..20).map(|number| ways[number % ways.len()].send(REQUESTS + number, MINUTE));
    let requests: Vec<_> = requests.collect();
    for one in sim.block_on(join_all(requests)) {
        let full = one.kind() == Some(ErrorKind::QueueFull);
        assert!(one.outcome.is_ok() || full, "not recovered: {one:?}");
    }
}

fn conditions(random: &mut Random) -> Conditions {
    let fragmentation = [0.0, random.below(80) as f64 / 100.0, 0.999][random.below(3) as usize];
    let conditions = Conditions::new().fragmentation(fragmentation);
    let latency = random.between(MILLI, 300 * MILLI);
    match random.below(8) {
        0 => {
            // Much happens at once.
            random.coarsen(20 * MILLI);
            conditions.latency(20 * MILLI * random.below(4) as u32)
        }
        1 => {
            // Writes have to wait.
            let bytes = 64 + random.below(2000) as usize;
            let conditions = conditions.latency_between(Duration::ZERO, latency / 15);
            conditions.buffer_bytes(bytes)
        }
        _ => conditions.latency_between(Duration::ZERO, latency),
    }
}

/// One schedule, with all that must hold of it.
fn run(sim: &Simulation) -> Trace {
    let mut random = Random::new(sim.seed());
    sim.network().set_conditions(conditions(&mut random));
    let (peer, healed) = play(sim, &mut random);
    let limits = Limits::draw(&mut random);
    let client = Client::with(sim, |builder| limits.apply(builder));
    let scopes = 1 + random.below(3) as usize;
    let mut ways: Vec<_> = (0..scopes)
        .filter_map(|scope| client.scoped(scope))
        .collect();
    let [mut of_weather, mut of_end] = [(); 2].map(|()| random.fork());

    // Some sessions are shut down in the midst of it.
    let shut_down = of_end.below(6) == 0;
    let end = async {
        if shut_down {
            let wait = of_end.between(Duration::ZERO, 15 * SECOND);
            sim.backend().sleep(wait).await;
            let deadline = of_end.between(Duration::ZERO, 10 * SECOND);
            let begun = sim.elapsed();
            client.session.shutdown(deadline).await;
            assert!(sim.elapsed() <= begun + deadline, "a late end");
            return Some(sim.elapsed());
        }
        None
    };
    let sending = join(
        send(&mut ways, ResendUnknown::Times(limits.again), &mut random),
        end,
    );
    let ((ended, shut_at), ()) = sim.block_on(join(sending, weather(sim, &peer, &mut of_weather)));

    compare(&ended, &peer.log(), &limits);
    if let Some(shut_at) = shut_at {
        for late in ended.iter().flatten().filter(|one| one.at > shut_at) {
            let closed = matches!(late.kind(), Some(ErrorKind::Closed | ErrorKind::Moved));
            // One that waits before it is sent again ends after that.
            let pauses = limits.again > 0 && late.at <= shut_at + 5 * SECOND;
            assert!(
                closed || pauses,
                "after the shutdown at {shut_at:?}: {late:?}"
            );
        }
    }
    let stats = client.session.stats();
    assert_eq!((stats.waiting, stats.in_flight), (0, 0));
    assert_eq!(stats.goaways > 0, stats.last_goaway.is_some());
    drop(ended);
    healed.heal();
    sim.network().heal(HOST);
    sim.network().set_dial(HOST, PORT, Dial::Accept);
    if !shut_down {
        recover(sim, &ways, &peer);
    }
    let begun = sim.elapsed();
    sim.block_on(client.session.shutdown(MINUTE));
    assert!(sim.elapsed() - begun <= MINUTE);
    assert_eq!(client.session.stats().connections, 0);
    let trace = sim.trace();
    // The peer learns it too, whatever it still does to its own connections.
    for _ in 0..4 {
        sim.network().heal(HOST);
        sim.advance(MINUTE);
    }
    assert_eq!(sim.network().open_connections(), 0);
    let left = (sim.live_tasks(), sim.armed_timers());
    assert_eq!(left, (Peer::TASKS, 0), "{:#?}", sim.pending_tasks());
    let log = peer.log();
    assert!(
        log.wrongs.is_empty(),
        "the client did wrong: {:#?}",
        log.wrongs
    );
    trace
}

#[test]
fn every_request_ends_once_within_its_deadline_and_nothing_is_taken_twice() {
    Simulation::for_seeds(0..600, |sim| {
        run(sim);
    });
}

#[test]
fn a_schedule_is_repeated_from_its_seed_to_the_last_event() {
    let traces: HashSet<_> = (0..10)
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
    let client = Client::new(&sim);
    let ways: Vec<_> = (0..10).filter_map(|scope| client.scoped(scope)).collect();
    let deadline = client.session.deadline(SECOND);
    let ready = ways.iter().map(|way| way.way.ready(deadline));
    for ready in sim.block_on(join_all(ready)) {
        ready.unwrap();
    }
    sim.advance(2 * 60 * MINUTE);
    sim.trace()
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
