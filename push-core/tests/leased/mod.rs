//! What the tests of leases share: an echo server in simulated time, and leases for it.

#![allow(dead_code, unreachable_pub)]

pub mod deaf;

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use backend_simulated::{Cable, Simulation};
use futures_util::io::{AsyncReadExt, AsyncWriteExt};
use push_core::session::{Lease, SessionBuilder};
use push_core::{Error, Result, Session, Target};

pub const HOST: &str = "gateway.push.example";
pub const PORT: u16 = 2195;
pub const MILLI: Duration = Duration::from_millis(1);
pub const SECOND: Duration = Duration::from_secs(1);
pub const MINUTE: Duration = Duration::from_secs(60);
pub const SEEDS: std::ops::Range<u64> = 0..100;

/// A server that sends back each line, until the client ends its half.
#[derive(Clone, Default)]
pub struct Echo {
    cables: Arc<Mutex<Vec<Cable>>>,
}

impl Echo {
    pub fn start(sim: &Simulation) -> Self {
        Self::at(sim, HOST)
    }

    pub fn at(sim: &Simulation, host: &str) -> Self {
        let echo = Self::default();
        let listener = sim.listen(host, PORT);
        let (backend, cables) = (sim.backend(), echo.cables.clone());
        sim.spawn(async move {
            loop {
                let mut stream = listener.accept().await;
                cables.lock().unwrap().push(stream.cable());
                push_core::Backend::spawn(
                    &backend,
                    Box::pin(async move {
                        let mut line = [0; 64];
                        while let Ok(count @ 1..) = stream.read(&mut line).await {
                            if stream.write_all(&line[..count]).await.is_err() {
                                break;
                            }
                        }
                    }),
                );
            }
        });
        echo
    }

    /// What runs to each client, in the order in which they were accepted.
    pub fn cables(&self) -> Vec<Cable> {
        self.cables.lock().unwrap().clone()
    }

    pub fn accepted(&self) -> usize {
        self.cables.lock().unwrap().len()
    }

    /// The tasks of a server that there are while no connection is.
    pub const TASKS: usize = 1;
}

pub fn target() -> Target {
    Target::tls(HOST, PORT)
}

pub fn session(sim: &Simulation) -> Session {
    session_with(sim, |limits| limits)
}

pub fn session_with(
    sim: &Simulation,
    limits: impl FnOnce(SessionBuilder) -> SessionBuilder,
) -> Session {
    limits(Session::builder(sim.backend())).build()
}

pub fn cached(session: &Session) -> Lease {
    session.connection(target(), None).unwrap()
}

pub fn uncached(session: &Session) -> Lease {
    session.new_connection(target(), None).unwrap()
}

/// Asks the server for its echo.
pub async fn ask(lease: &mut Lease, text: &str) -> std::io::Result<()> {
    lease.write_all(text.as_bytes()).await?;
    lease.flush().await?;
    let mut answer = vec![0; text.len()];
    lease.read_exact(&mut answer).await?;
    assert_eq!(answer, text.as_bytes());
    Ok(())
}

/// A lease that has asked once, and whose connection is still its own.
pub fn used(sim: &Simulation, mut lease: Lease) -> Lease {
    sim.block_on(ask(&mut lease, "hello")).unwrap();
    lease
}

/// Connects, asks once and gives the connection back; tells whether it was reused.
pub fn use_once(sim: &Simulation, session: &Session) -> bool {
    let mut lease = cached(session);
    sim.block_on(ask(&mut lease, "hello")).unwrap();
    let reused = lease.is_reused();
    lease.release();
    reused
}

/// The error of the core that stands inside.
pub fn inner(error: &std::io::Error) -> &Error {
    let inner = error.get_ref().expect("an error inside");
    inner.downcast_ref().expect("an error of the core")
}

/// Connects in a task of its own, and gives the lease back to the test.
pub fn ready(sim: &Simulation, mut lease: Lease) -> backend_simulated::Task<(Result<()>, Lease)> {
    sim.spawn(async move {
        let outcome = lease.ready().await;
        (outcome, lease)
    })
}

/// Polls a future once, and no more.
pub fn poll_once<F: Future>(sim: &Simulation, mut future: Pin<&mut F>) -> Option<F::Output> {
    sim.block_on(std::future::poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    }))
}

/// Nothing runs and nothing is armed but the server's own.
pub fn assert_nothing_is_left(sim: &Simulation) {
    assert_eq!(sim.network().open_connections(), 0);
    assert_eq!((sim.live_tasks(), sim.armed_timers()), (Echo::TASKS, 0));
}
