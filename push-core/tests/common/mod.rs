//! What the tests in simulated time share: a session over the simulated backend, and a peer of
//! raw frames that does what it is told.

#![allow(dead_code, unreachable_pub, unused_imports)]

pub mod act;
pub mod frames;
mod ledger;
pub mod peer;
pub mod schedule;
mod served;

use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use backend_simulated::{Network, Simulation, Task};
use bytes::Bytes;
use push_core::http::{
    Answer, Authorize, ConnectionCredential, Destination, Http2, Outgoing, Rejected,
};
use push_core::session::SessionBuilder;
use push_core::{Error, ResendUnknown, Session, Target};

pub use peer::{Act, Manner, Peer, Script, Seen};

pub const HOST: &str = "api.push.example";
pub const PORT: u16 = 443;
pub const MILLI: Duration = Duration::from_millis(1);
pub const SECOND: Duration = Duration::from_secs(1);
pub const MINUTE: Duration = Duration::from_secs(60);

/// A request, and the number by which the peer knows it.
pub struct Numbered {
    pub number: usize,
    pub resend: ResendUnknown,
}

impl Outgoing for Numbered {
    fn request(&self) -> http::Request<()> {
        let uri = format!("https://{HOST}/3/device/{:08}", self.number);
        let request = http::Request::post(uri).body(());
        request.expect("a request that is well-formed")
    }

    fn body(&self) -> Bytes {
        Bytes::from(format!("{:08}", self.number))
    }

    fn resend_unknown(&self) -> ResendUnknown {
        self.resend
    }
}

/// How a request ended, and when.
#[derive(Debug)]
pub struct Ended {
    pub number: usize,
    pub outcome: Result<Answer, Error>,
    /// Since the beginning of the simulation.
    pub at: Duration,
    pub deadline: Duration,
}

impl Ended {
    pub fn kind(&self) -> Option<push_core::ErrorKind> {
        self.outcome.as_ref().err().map(Error::kind)
    }
}

/// A session in a simulation, with its way to the peer.
pub struct Client<'a> {
    pub sim: &'a Simulation,
    pub session: Session,
    pub way: Http2,
}

impl<'a> Client<'a> {
    pub fn new(sim: &'a Simulation) -> Self {
        Self::with(sim, |builder| builder)
    }

    pub fn with(
        sim: &'a Simulation,
        limits: impl FnOnce(SessionBuilder) -> SessionBuilder,
    ) -> Self {
        let session = limits(Session::builder(sim.backend())).build();
        let target = Target::tls(HOST, PORT);
        let way = session.http2(Destination::new(target));
        let way = way.expect("a session that is open");
        Self { sim, session, way }
    }

    /// The same session, with a way of its own: each scope has its connections.
    /// `None` once the session is closed.
    pub fn scoped(&self, scope: usize) -> Option<Self> {
        let destination = Destination::new(Target::tls(HOST, PORT));
        let destination = destination.authorize(scope.to_string(), Arc::new(Nobody));
        let way = self.session.http2(destination).ok()?;
        let session = self.session.clone();
        Some(Self {
            sim: self.sim,
            session,
            way,
        })
    }

    /// Sends a request in a task of its own.
    pub fn send(&self, number: usize, timeout: Duration) -> Task<Ended> {
        self.sim.spawn(self.exchange(number, timeout))
    }

    /// A request that its sender can drop.
    pub fn exchange(
        &self,
        number: usize,
        timeout: Duration,
    ) -> impl Future<Output = Ended> + Send + use<> {
        self.exchange_again(number, timeout, ResendUnknown::Never)
    }

    /// Ditto, sent again though it may have been taken.
    pub fn exchange_again(
        &self,
        number: usize,
        timeout: Duration,
        resend: ResendUnknown,
    ) -> impl Future<Output = Ended> + Send + use<> {
        let (way, backend) = (self.way.clone(), self.sim.backend());
        async move {
            let deadline = backend.elapsed() + timeout;
            let until = way.session().deadline(timeout);
            let outcome = way.exchange(&Numbered { number, resend }, until).await;
            Ended {
                number,
                outcome,
                at: backend.elapsed(),
                deadline,
            }
        }
    }

    /// Sends a request and waits for its end.
    pub fn ask(&self, number: usize, timeout: Duration) -> Ended {
        self.sim.block_on(self.send(number, timeout))
    }

    pub fn network(&self) -> Network {
        self.sim.network()
    }
}

/// Credentials without contents.
#[derive(Debug)]
pub struct Nobody;

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

/// Polls a future once, and no more.
pub fn poll_once<F: Future>(sim: &Simulation, future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    let mut future = Some(future);
    sim.block_on(std::future::poll_fn(|cx| {
        let polled = future.take().map(|future| future.poll(cx));
        match polled {
            Some(Poll::Ready(output)) => Poll::Ready(Some(output)),
            _ => Poll::Ready(None),
        }
    }))
}

/// Random numbers for the tests' own choices: SplitMix64.
#[derive(Clone)]
pub struct Random {
    state: u64,
    /// All times are multiples of this.
    grain: Duration,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed ^ 0x5eed_0fa1_1fa0_17e5,
            grain: Duration::from_nanos(1),
        }
    }

    /// From now on times are multiples of this, so that much happens at once.
    pub fn coarsen(&mut self, grain: Duration) {
        self.grain = grain;
    }

    /// Numbers of its own, of the same grain.
    pub fn fork(&mut self) -> Self {
        Self {
            grain: self.grain,
            ..Self::new(self.next())
        }
    }

    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of so many.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn between(&mut self, least: Duration, most: Duration) -> Duration {
        let nanos = (most - least).as_nanos() as u64;
        let drawn = least.as_nanos() as u64 + self.below(nanos + 1);
        let grain = self.grain.as_nanos() as u64;
        Duration::from_nanos(drawn.next_multiple_of(grain))
    }
}
