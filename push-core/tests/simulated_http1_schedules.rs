//! Random schedules over servers that speak HTTP/1.1, HTTP/2, or now this and now that: whatever
//! happens, every request ends with one outcome within its deadline, hears no other one's answer, and
//! nothing is taken twice. `SIMULATION_SEED` replays one, or searches many.

#![cfg(feature = "http1")]
#![allow(clippy::unwrap_used)]

mod common;
mod http1;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backend_simulated::{Conditions, Dial, Side, Simulation, Trace};
use common::Random;
use futures_util::future::{Either, join, join_all, select};
use http1::*;
use push_core::session::SessionBuilder;
use push_core::{ErrorKind, ResendUnknown};

const REQUESTS: usize = 60;

/// What the session is told, at random.
#[derive(Debug)]
struct Limits {
    connections: usize,
    session: usize,
    waiting: Option<usize>,
    age: Option<Duration>,
    idle: Option<Duration>,
    again: u32,
}

impl Limits {
    fn draw(random: &mut Random) -> Self {
        let mut seldom = |one_in| random.below(one_in) == 0;
        let [all, full, old, idle, again] = [8, 8, 6, 6, 4].map(&mut seldom);
        let mut up_to = |most| 1 + random.below(most);
        Self {
            connections: up_to(6) as usize,
            session: if all { up_to(3) as usize } else { 100 },
            waiting: full.then(|| up_to(10) as usize),
            age: old.then(|| Duration::from_millis(100 + up_to(5000))),
            idle: idle.then(|| Duration::from_millis(up_to(5000))),
            again: if again { up_to(3) as u32 } else { 0 },
        }
    }

    fn apply(&self, builder: SessionBuilder) -> SessionBuilder {
        builder
            .max_connections_per_destination(self.connections)
            .max_connections(self.session)
            .max_waiting(self.waiting)
            .max_connection_age(self.age)
            .idle_timeout(self.idle)
            .ping_timeout(2 * SECOND)
            .probe_after(5 * SECOND)
    }
}

/// An answer that says whose it is, in one form or another.
fn answer(random: &mut Random, number: usize) -> String {
    let body = number.to_string();
    let length = body.len();
    let keep = match random.below(8) {
        0 => "Connection: close\r\n",
        1 => "Connection: keep-alive\r\n",
        _ => "",
    };
    match random.below(8) {
        0 => format!(
            "HTTP/1.1 200 OK\r\n{keep}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"
        ),
        1 => format!(
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n{keep}Content-Length: {length}\r\n\r\n{body}"
        ),
        2 => format!("HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"),
        _ => format!("HTTP/1.1 200 OK\r\n{keep}Content-Length: {length}\r\n\r\n{body}"),
    }
}

fn end(random: &mut Random) -> Act {
    match random.below(3) {
        0 => Act::Close,
        1 => Act::Reset,
        _ => Act::Cut,
    }
}

/// What the server does about a request that it does not simply answer.
fn behaviour(random: &mut Random, number: usize) -> Vec<Act> {
    let wait = Act::Wait(random.between(Duration::ZERO, 400 * MILLI));
    let answer = answer(random, number);
    let part = random.below(answer.len() as u64) as usize;
    match random.below(12) {
        0 => vec![],
        1 => vec![Act::Wait(20 * SECOND), say(answer)],
        2 => vec![end(random)],
        3 => vec![wait, end(random)],
        4 => vec![wait, say(&answer[..part]), end(random)],
        5 => vec![wait, say(&answer[..part])],
        6 => vec![say(answer), end(random)],
        7 => vec![say(answer), wait, end(random)],
        8 => vec![Act::Drip(answer.into_bytes(), 20 * MILLI)],
        9 => vec![say("HTTP/1.1 garbage\r\n\r\n")],
        10 => vec![say(answer), Act::StopReading],
        _ => vec![wait, say(format!("{answer}HTTP/1.1 ")), end(random)],
    }
}

/// What it does between the head and the body.
fn interruption(random: &mut Random) -> Vec<Act> {
    let refusal = say("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    match random.below(6) {
        0 => vec![end(random)],
        1 => vec![refusal, end(random)],
        2 => vec![refusal, Act::StopReading],
        3 => vec![Act::StopReading],
        _ => vec![Act::Wait(random.between(Duration::ZERO, 3 * SECOND))],
    }
}

/// A server at whose hands everything can happen, until it is healed.
fn play(sim: &Simulation, random: &mut Random) -> (Server, Arc<AtomicBool>) {
    let healed = Arc::<AtomicBool>::default();
    let malice = random.below(4);
    let taste = random.below(4);
    let [mut choosing, mut meeting, mut interrupting, mut behaving] =
        [(); 4].map(|()| random.fork());
    let is_well = || {
        let healed = healed.clone();
        move || healed.load(Ordering::SeqCst)
    };
    let [met, interrupted, asked] = [(); 3].map(|()| is_well());
    let script = Script::new(move |seen| {
        if !asked() && behaving.below(4) < malice {
            return behaviour(&mut behaving, seen.number);
        }
        let wait = Act::Wait(behaving.between(Duration::ZERO, 400 * MILLI));
        vec![wait, say(answer(&mut behaving, seen.number))]
    });
    let script = script.protocols(move |_| match (taste, choosing.below(2)) {
        (0, _) | (1, 0) => vec!["h2", "http/1.1"],
        _ => vec!["http/1.1"],
    });
    let script = script.greet(move |_| match met() || meeting.below(12) > malice {
        true => vec![],
        false => vec![end(&mut meeting)],
    });
    let script =
        script.interrupt(
            move |_| match interrupted() || interrupting.below(20) > malice {
                true => vec![],
                false => interruption(&mut interrupting),
            },
        );
    (Server::play(sim, script), healed)
}

/// What the network does to dials and connections.
async fn weather(sim: &Simulation, random: &mut Random) {
    let network = sim.network();
    let rough = random.below(3) > 0;
    for _ in 0..15 {
        let wait = random.between(Duration::ZERO, 2 * SECOND);
        sim.backend().sleep(wait).await;
        if !rough {
            continue;
        }
        let dial = match random.below(14) {
            0 | 1 => Dial::Refuse,
            2 => Dial::Stall,
            3 => Dial::Tls("bad handshake".into()),
            4 | 5 => Dial::Slow(random.between(SECOND, 12 * SECOND)),
            _ => Dial::Accept,
        };
        network.set_dial(HOST, PORT, dial);
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
}

/// Sends the requests; some are dropped by their sender.
async fn send(client: &Client<'_>, again: u32, random: &mut Random) -> Vec<Option<Ended>> {
    let mut requests = Vec::new();
    let backend = client.sim.backend();
    for number in 0..REQUESTS {
        if random.below(3) == 0 {
            let wait = random.between(Duration::ZERO, SECOND);
            backend.sleep(wait).await;
        }
        if random.below(40) == 0 {
            let age = random.between(Duration::ZERO, SECOND);
            client.session.outdate(age);
        }
        let timeout = random.between(100 * MILLI, 20 * SECOND);
        let patience = match random.below(6) {
            0 => random.between(Duration::ZERO, timeout),
            _ => MINUTE,
        };
        let mut request = Numbered::new(number);
        request.resend = ResendUnknown::Times(again);
        request.bytes = match random.below(5) {
            0 => random.below(20_000) as usize,
            _ => 0,
        };
        let exchange = Box::pin(client.exchange(request, timeout));
        let patience = backend.sleep(patience);
        requests.push(client.sim.spawn(async move {
            match select(exchange, patience).await {
                Either::Left((ended, _)) => Some(ended),
                Either::Right(_) => None,
            }
        }));
    }
    join_all(requests).await
}

/// What both sides say of the requests must fit.
fn compare(ended: &[Option<Ended>], log: &Log, again: u32) {
    assert_eq!(ended.len(), REQUESTS);
    assert!(
        log.wrongs.is_empty(),
        "the client did wrong: {:#?}",
        log.wrongs
    );
    let taken = log.taken();
    let too_often = taken.iter().find(|(_, times)| **times > again + 1);
    assert_eq!(too_often, None, "taken more often than allowed");
    for one in ended.iter().flatten() {
        assert!(one.at <= one.deadline, "late: {one:?}");
        let times = taken.get(&one.number).copied().unwrap_or(0);
        match &one.outcome {
            Ok(answer) => {
                let refused = answer.status == 413;
                assert!(refused || times > 0, "answered and not taken: {one:?}");
                let told = times <= 1 || answer.may_have_been_taken_before;
                assert!(told, "taken twice without a word: {one:?}");
                let body = one.number.to_string();
                let is_its_own = match answer.complete {
                    // Answers by HTTP/2 have no body here.
                    true => answer.body.is_empty() || answer.body == body,
                    false => body.as_bytes().starts_with(&answer.body),
                };
                assert!(is_its_own, "another one's answer: {one:?}");
            }
            Err(error) => {
                if let ErrorKind::Timeout | ErrorKind::Unanswered = error.kind() {
                    assert_eq!(one.at, one.deadline, "too early: {one:?}");
                }
                let may_be = error.may_have_been_taken();
                assert!(may_be || times == 0, "taken, and told as not sent: {one:?}");
                assert_ne!(error.kind(), ErrorKind::Config, "{one:?}");
                assert!(error.attempts() <= again + 1 + 10, "{one:?}");
            }
        }
    }
}

/// The network and the server are well again: so is the session, within bounded time.
fn recover(sim: &Simulation, client: &Client<'_>) {
    sim.advance(45 * SECOND);
    // Those that the server does not read from any more are of no use, and it is not to be seen.
    client.session.outdate(Duration::ZERO);
    sim.advance(SECOND);
    let requests: Vec<_> = (0..20)
        .map(|number| {
            let mut request = Numbered::new(REQUESTS + number);
            request.patient = true;
            sim.spawn(client.exchange(request, MINUTE))
        })
        .collect();
    for one in sim.block_on(join_all(requests)) {
        assert!(one.outcome.is_ok(), "not recovered: {one:?}");
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
        1 | 2 => {
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
    let (server, healed) = play(sim, &mut random);
    let limits = Limits::draw(&mut random);
    let client = Client::with(sim, |builder| limits.apply(builder));
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
    let sending = join(send(&client, limits.again, &mut random), end);
    let ((ended, shut_at), ()) = sim.block_on(join(sending, weather(sim, &mut of_weather)));

    compare(&ended, &server.log(), limits.again);
    if let Some(shut_at) = shut_at {
        for late in ended.iter().flatten().filter(|one| one.at > shut_at) {
            let pauses = limits.again > 0 && late.at <= shut_at + 5 * SECOND;
            let closed = late.kind() == Some(ErrorKind::Closed);
            assert!(closed || pauses, "after the shutdown: {late:?}");
        }
    }
    let stats = client.session.stats();
    assert_eq!((stats.waiting, stats.in_flight), (0, 0));
    assert_eq!((stats.leased, stats.waiting_leases), (0, 0));
    drop(ended);
    healed.store(true, Ordering::SeqCst);
    sim.network().heal(HOST);
    sim.network().set_dial(HOST, PORT, Dial::Accept);
    if !shut_down {
        recover(sim, &client);
    }
    let begun = sim.elapsed();
    sim.block_on(client.session.shutdown(MINUTE));
    assert!(sim.elapsed() - begun <= MINUTE);
    assert_eq!(client.session.stats().connections, 0);
    let trace = sim.trace();
    for _ in 0..4 {
        sim.network().heal(HOST);
        sim.advance(MINUTE);
    }
    assert_nothing_is_left(sim);
    let wrongs = &server.log().wrongs;
    assert!(wrongs.is_empty(), "the client did wrong: {wrongs:#?}");
    trace
}

#[test]
fn every_request_ends_once_with_its_own_answer_and_nothing_is_taken_twice() {
    Simulation::for_seeds(0..600, |sim| {
        run(sim);
    });
}

#[test]
fn a_schedule_is_repeated_from_its_seed_to_the_last_event() {
    for seed in 0..10 {
        let [one, other] = [(); 2].map(|()| run(&Simulation::new(seed)));
        assert_eq!(one, other, "seed {seed}");
    }
}
