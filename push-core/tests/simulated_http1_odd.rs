//! HTTP/1.1 over connections that do what the simulated network does not: they tell of their end
//! just too late, or never run dry.

#![cfg(feature = "http1")]
#![allow(clippy::unwrap_used)]

mod http1;

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use backend_simulated::{Conditions, Simulation};
use futures_util::task::AtomicWaker;
use http1::*;
use push_core::http::{HttpClient, Limits};
use push_core::{
    AsyncRead, AsyncWrite, Backend, BoxFuture, Certificate, Connection, ErrorKind, Identity, Reach,
    Result, Session, Target, async_trait,
};

/// What happens to the connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// The first read finds the end.
    EndsAtOnce,
    /// One read finds nothing, and then comes the end.
    EndsAfterALook,
    /// Very many interim answers.
    Floods,
}

#[derive(Debug)]
struct Odd {
    inner: backend_simulated::SimulatedBackend,
    trouble: Trouble,
    /// So many connections are in trouble, from now on.
    troubled: Arc<AtomicU32>,
    /// How many reads found a flood.
    flooded: Arc<Flood>,
}

#[async_trait]
impl Backend for Odd {
    fn load_certificate(&self, identity: &Identity) -> Result<Arc<dyn Certificate>> {
        self.inner.load_certificate(identity)
    }

    async fn connect(
        &self,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        Ok(Box::new(Stream {
            inner: self.inner.connect(target, certificate).await?,
            trouble: self.trouble,
            troubled: self.troubled.clone(),
            looks: None,
            flooded: self.flooded.clone(),
        }))
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.inner.spawn(task);
    }

    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()> {
        self.inner.sleep_until(deadline)
    }

    fn now(&self) -> Instant {
        self.inner.now()
    }
}

#[derive(Debug)]
struct Stream {
    inner: Box<dyn Connection>,
    trouble: Trouble,
    troubled: Arc<AtomicU32>,
    /// How often it was looked at since it is in trouble.
    looks: Option<u32>,
    flooded: Arc<Flood>,
}

impl Connection for Stream {
    fn alpn(&self) -> Option<&[u8]> {
        self.inner.alpn()
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        self.inner.peer_addr()
    }
}

/// So many reads in a row find something.
const FLOOD: u32 = 500;

#[derive(Debug, Default)]
struct Flood {
    reads: AtomicU32,
    waker: AtomicWaker,
}

const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.looks.is_none() {
            let less = |count: u32| count.checked_sub(1);
            let order = Ordering::SeqCst;
            if self.troubled.fetch_update(order, order, less).is_ok() {
                self.looks = Some(0);
            }
        }
        match (self.trouble, &mut self.looks) {
            (Trouble::EndsAtOnce, Some(_)) => Poll::Ready(Ok(0)),
            (Trouble::EndsAfterALook, Some(looks)) => {
                *looks += 1;
                match *looks {
                    1 => Poll::Pending,
                    _ => Poll::Ready(Ok(0)),
                }
            }
            (Trouble::Floods, Some(looks)) => {
                let bytes = INTERIM.iter().cycle().skip(*looks as usize % INTERIM.len());
                for (place, byte) in buf.iter_mut().zip(bytes) {
                    *place = *byte;
                }
                *looks += buf.len() as u32;
                if self.flooded.reads.fetch_add(1, Ordering::SeqCst) >= FLOOD {
                    return Poll::Pending;
                }
                self.flooded.waker.wake();
                Poll::Ready(Ok(buf.len()))
            }
            _ => Pin::new(&mut *self.inner).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_close(cx)
    }
}

/// A client over connections that are in trouble once so many are told to be.
fn client(sim: &Simulation, trouble: Trouble) -> (Client<'_>, Arc<AtomicU32>, Arc<Flood>) {
    let troubled = Arc::<AtomicU32>::default();
    let flooded = Arc::<Flood>::default();
    let session = Session::builder(Odd {
        inner: sim.backend(),
        trouble,
        troubled: troubled.clone(),
        flooded: flooded.clone(),
    });
    let session = session.build();
    let http = HttpClient::new(session.clone(), Reach::default());
    let url = format!("https://{HOST}").parse().unwrap();
    let way = http.service(&url, Limits::default()).unwrap();
    (Client { sim, session, way }, troubled, flooded)
}

#[test]
fn a_request_that_was_not_begun_on_a_connection_used_before_goes_to_another_at_once() {
    Simulation::for_seeds(0..50, |sim| {
        let server = Server::start(sim, |seen| {
            vec![Act::Wait(SECOND), ok(&seen.number.to_string())]
        });
        sim.network().set_conditions(Conditions::ideal());
        let (client, troubled, _) = client(sim, Trouble::EndsAfterALook);
        let asked: Vec<_> = (0..5).map(|number| client.send(number, MINUTE)).collect();
        for ended in sim.block_on(futures_util::future::join_all(asked)) {
            ended.outcome.unwrap();
        }
        assert_eq!(client.session.stats().idle_leases, 5);
        // They all ended, and nobody heard of it.
        troubled.store(5, Ordering::SeqCst);
        let begun = sim.elapsed();
        let ended = client.ask(5, MINUTE);
        assert_eq!(ended.answer(), (200, &b"5"[..], true));
        assert_eq!(ended.outcome.unwrap().attempts, 1);
        // Without a back-off.
        assert_eq!(ended.at - begun, SECOND);
        assert_eq!(server.log().taken()[&5], 1);
        let stats = client.session.stats();
        assert_eq!((stats.sent, stats.resent, stats.lost), (6, 0, 0));
    });
}

#[test]
fn a_request_that_was_not_begun_on_a_new_connection_fails_as_not_sent_and_counts_for_the_back_off()
{
    Simulation::for_seeds(0..50, |sim| {
        let server = Server::kind(sim);
        sim.network().set_conditions(Conditions::ideal());
        let (client, troubled, _) = client(sim, Trouble::EndsAtOnce);
        client.ask(0, MINUTE).outcome.unwrap();
        client.session.outdate(std::time::Duration::ZERO);
        troubled.store(4, Ordering::SeqCst);
        let begun = sim.elapsed();
        for number in 1..5 {
            let error = client.ask(number, MINUTE).outcome.unwrap_err();
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 0));
        }
        let took = sim.elapsed() - begun;
        assert!(took > 100 * MILLI, "no back-off: {took:?}");
        client.ask(5, MINUTE).outcome.unwrap();
        let taken = server.log().taken();
        assert!(taken.values().all(|times| *times == 1), "{taken:?}");
        assert!((1..5).all(|number| !taken.contains_key(&number)));
    });
}

#[test]
fn a_flood_leaves_others_their_turn() {
    let sim = Simulation::new(0);
    let _server = Server::start(&sim, |_| vec![Act::Wait(2 * SECOND), say("HTTP")]);
    let (client, troubled, flood) = client(&sim, Trouble::Floods);
    let flooded = client.send(0, 10 * SECOND);
    sim.advance(SECOND);
    troubled.store(1, Ordering::SeqCst);
    let mut turns = 0;
    let others = std::future::poll_fn(|cx| {
        flood.waker.register(cx.waker());
        match flood.reads.load(Ordering::SeqCst) {
            0 => return Poll::Pending,
            FLOOD.. => return Poll::Ready(()),
            _ => {}
        }
        turns += 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    });
    sim.block_on(others);
    assert!(turns > 10, "others had {turns} turns");
    assert_eq!(sim.block_on(flooded).kind(), Some(ErrorKind::Unanswered));
}
