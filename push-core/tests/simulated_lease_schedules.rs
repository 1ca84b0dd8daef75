//! Random schedules of everything that can be done with leases, beside a server and a network that
//! do what they like: nobody waits for ever, nobody reads what was meant for another, the limits
//! hold, and nothing is left.

#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used)]

mod common;
mod leased;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use backend_simulated::{Dial, Side, SimulatedBackend, Simulation, Task};
use common::Random;
use futures_util::future::{Either, join_all, select};
use futures_util::io::{AsyncReadExt, AsyncWriteExt};
use leased::*;
use push_core::session::Lease;
use push_core::{Error, ErrorKind, Session, Target};

const HOSTS: [&str; 2] = [HOST, "other.example"];
/// What the server says when nobody asked.
const UNASKED: u8 = b'?';
const WORKERS: u64 = 8;
const ROUNDS: u64 = 12;

/// What a session may have at once.
#[derive(Clone, Copy)]
struct Limits {
    per_key: usize,
    in_all: usize,
}

struct Worker {
    sim: SimulatedBackend,
    session: Session,
    random: Random,
    number: u64,
    limits: Limits,
    /// How many leases of each host are connected.
    held: Arc<[AtomicUsize; 2]>,
    asked: Arc<AtomicUsize>,
}

impl Worker {
    async fn run(mut self) {
        for round in 0..ROUNDS {
            let pause = self.random.between(Duration::ZERO, 2 * SECOND);
            self.sim.sleep(pause).await;
            self.check();
            let host = self.random.below(2) as usize;
            let target = Target::tls(HOSTS[host], PORT);
            let lease = match self.random.below(3) {
                0 => self.session.new_connection(target, None),
                _ => self.session.connection(target, None),
            };
            let Ok(lease) = lease else { return };
            self.use_it(lease, host, round).await;
            self.check();
        }
    }

    async fn use_it(&mut self, mut lease: Lease, host: usize, round: u64) {
        let patience = self.random.between(Duration::ZERO, MINUTE);
        if !matches!(self.within(patience, lease.ready()).await, Some(Ok(()))) {
            return;
        }
        self.held[host].fetch_add(1, Ordering::SeqCst);
        let held = Held(self.held.clone(), host);
        assert!(self.held[host].load(Ordering::SeqCst) <= self.limits.per_key);
        for turn in 0..1 + self.random.below(3) {
            let text = format!("{}-{round}-{turn};", self.number);
            let time = self.random.between(Duration::ZERO, 5 * SECOND);
            let asked = self.within(time, question(&mut lease, &text)).await;
            match (asked, self.random.below(2)) {
                (Some(Ok(())), _) => {
                    self.asked.fetch_add(1, Ordering::SeqCst);
                }
                (Some(Err(_)), 0) => {
                    drop(held);
                    lease.failed(Error::new(ErrorKind::Connect, "it broke"));
                    return;
                }
                // What was asked may be answered yet: the connection is nobody else's.
                (None, 0) => return,
                _ => {
                    lease.redial();
                    if !matches!(self.within(SECOND, lease.ready()).await, Some(Ok(()))) {
                        return;
                    }
                }
            }
        }
        lease.proved();
        drop(held);
        match self.random.below(5) {
            0 => drop(lease),
            1 => {
                let _ = lease.close().await;
            }
            2 if !lease.reset().await => drop(lease),
            _ => lease.release(),
        }
    }

    /// What comes of it in so long; `None`: it was given up.
    async fn within<T>(&self, time: Duration, what: impl Future<Output = T>) -> Option<T> {
        match select(std::pin::pin!(what), self.sim.sleep(time)).await {
            Either::Left((output, _)) => Some(output),
            Either::Right(_) => None,
        }
    }

    fn check(&self) {
        let open = self.sim.network().open_connections();
        assert!(open <= self.limits.in_all, "{open} connections are open");
        let stats = self.session.stats();
        assert_eq!(stats.connections, stats.leased + stats.idle_leases);
        assert!(stats.connections <= 2 * self.limits.per_key);
    }
}

/// Asks, and takes what the server says unasked for an error; but never the answer to another.
async fn question(lease: &mut Lease, text: &str) -> io::Result<()> {
    lease.write_all(text.as_bytes()).await?;
    lease.flush().await?;
    let mut answer = vec![0; text.len()];
    lease.read_exact(&mut answer).await?;
    if answer.contains(&UNASKED) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    assert_eq!(answer, text.as_bytes(), "the answer to another");
    Ok(())
}

/// One of those who are connected.
struct Held(Arc<[AtomicUsize; 2]>, usize);

impl Drop for Held {
    fn drop(&mut self) {
        self.0[self.1].fetch_sub(1, Ordering::SeqCst);
    }
}

/// Echoes until it has another idea: ends, breaks, speaks unasked, or stays silent.
fn serve(sim: &Simulation, host: &'static str, mut random: Random) {
    let listener = sim.listen(host, PORT);
    let backend = sim.backend();
    sim.spawn(async move {
        loop {
            let mut stream = listener.accept().await;
            let (sim, mut random) = (backend.clone(), random.fork());
            let serving = async move {
                let mut line = [0; 64];
                loop {
                    let life = random.between(SECOND, MINUTE);
                    match select(stream.read(&mut line), sim.sleep(life)).await {
                        Either::Left((Ok(count @ 1..), _)) => {
                            let late = random.below(3) == 0;
                            let late = if late { 6 * SECOND } else { 6 * MILLI };
                            sim.sleep(random.between(Duration::ZERO, late)).await;
                            if stream.write_all(&line[..count]).await.is_err() {
                                return;
                            }
                        }
                        Either::Left(_) => return,
                        Either::Right(_) => match random.below(4) {
                            0 => return,
                            1 => stream.cable().reset(),
                            2 => stream.cable().close(Side::Server),
                            _ => {
                                if stream.write_all(&[UNASKED]).await.is_err() {
                                    return;
                                }
                            }
                        },
                    }
                }
            };
            push_core::Backend::spawn(&backend, Box::pin(serving));
        }
    });
}

/// Lets dials fail now and then.
fn disturb(sim: &Simulation, random: &mut Random) {
    let dials = (0..20).map(|_| match random.below(6) {
        0 => Dial::Refuse,
        1 => Dial::Slow(10 * SECOND),
        2 => Dial::Tls("unknown authority".to_owned()),
        _ => Dial::Accept,
    });
    let dials: Vec<_> = dials.collect();
    for host in HOSTS {
        sim.network().next_dials(host, PORT, dials.clone());
    }
}

fn play(sim: &Simulation, asked: &Arc<AtomicUsize>) {
    let mut random = Random::new(sim.seed());
    if random.below(2) == 0 {
        random.coarsen(100 * MILLI);
    }
    for host in HOSTS {
        serve(sim, host, random.fork());
    }
    disturb(sim, &mut random);
    let limits = Limits {
        per_key: 1 + random.below(3) as usize,
        in_all: 1 + random.below(4) as usize,
    };
    let idle = [None, Some(3 * SECOND)][random.below(2) as usize];
    let session = session_with(sim, |builder| {
        builder
            .max_connections(limits.in_all)
            .max_connections_per_destination(limits.per_key)
            .connect_timeout(5 * SECOND)
            .idle_timeout(idle)
    });
    let held = Arc::<[AtomicUsize; 2]>::default();
    let workers = (0..WORKERS).map(|number| {
        let worker = Worker {
            sim: sim.backend(),
            session: session.clone(),
            random: random.fork(),
            number,
            limits,
            held: held.clone(),
            asked: asked.clone(),
        };
        sim.spawn(worker.run())
    });
    let workers: Vec<Task<()>> = workers.collect();
    let end = random.below(3);
    if end == 0 {
        // In the middle of it.
        sim.advance(random.between(SECOND, MINUTE));
        let patience = random.between(Duration::ZERO, 10 * SECOND);
        sim.block_on(session.shutdown(patience));
        assert_eq!(session.stats().connections, 0);
    }
    sim.block_on(join_all(workers));
    assert_eq!(session.stats().leased, 0);
    assert_eq!(session.stats().waiting_leases, 0);
    if end == 1 {
        sim.block_on(session.shutdown(SECOND));
    }
    drop(session);
    // The server's own patience, and dials that nobody waits for.
    sim.advance(10 * MINUTE);
    assert_eq!(sim.network().open_connections(), 0);
    assert_eq!((sim.live_tasks(), sim.armed_timers()), (HOSTS.len(), 0));
}

#[test]
fn in_random_schedules_all_come_to_an_end_and_nothing_is_left() {
    let asked = Arc::new(AtomicUsize::new(0));
    Simulation::for_seeds(0..300, |sim| play(sim, &asked));
    if std::env::var("SIMULATION_SEED").is_err() {
        let asked = asked.load(Ordering::SeqCst);
        assert!(asked > 10_000, "{asked} questions were answered");
    }
}

#[test]
fn the_same_seed_is_the_same_course() {
    for seed in 0..10 {
        let trace = || {
            let sim = Simulation::new(seed);
            play(&sim, &Arc::default());
            sim.trace()
        };
        assert_eq!(trace(), trace(), "seed {seed}");
    }
}
