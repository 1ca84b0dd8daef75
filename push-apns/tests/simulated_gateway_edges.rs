//! What goes wrong at the edges of a send over the binary gateway: buffers of TLS, old troubles, late
//! answers, other sends, settings without bounds.

#![allow(clippy::unwrap_used)]

mod gateway;

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant, SystemTime};

use backend_simulated::{Conditions, Dial, SimulatedBackend, Simulation};
use futures_util::{FutureExt, StreamExt, stream};
use gateway::{Act, End, Gateway, HOST, PORT, builder, refuse, token};
use push_apns::gateway::{Client, Error, Outcome, Status};
use push_apns::{DeviceToken, Endpoint, Notification};
use push_core::{
    AsyncRead, AsyncWrite, Backend, BoxFuture, Certificate, Connection, ErrorKind, Identity, Lock,
    ResendUnknown, RetryPolicy, Session, Target, Verdict,
};

fn hello() -> Notification {
    Notification::alert("Hello")
}

async fn send(client: &Client, numbers: std::ops::Range<u32>) -> Vec<(u32, Outcome)> {
    let source = numbers.map(|number| (token(number), number));
    let mut all = client.send_all(source, &hello());
    let mut outcomes = Vec::new();
    while let Some(((_, number), outcome)) = all.next().await {
        outcomes.push((number, outcome));
    }
    outcomes.sort_by_key(|(n, _)| *n);
    outcomes
}

fn check(gateway: &Gateway, outcomes: &[(u32, Outcome)]) {
    for (number, outcome) in outcomes {
        let taken = gateway.taken(*number);
        let fits = match outcome {
            Ok(_) => taken == 1,
            Err(e) if e.verdict() == Verdict::Unknown => taken <= 1,
            Err(_) => taken == 0,
        };
        assert!(
            fits,
            "device {number} was taken {taken} times and told {outcome:?}"
        );
    }
}

/// A backend whose connections take bytes into a buffer, as TLS does, and count how often they are
/// flushed; its tasks may panic.
#[derive(Debug)]
struct Buffering(SimulatedBackend, Arc<AtomicU64>, usize);

struct Buffered {
    inner: Box<dyn Connection>,
    buffer: Vec<u8>,
    flushes: Arc<AtomicU64>,
    /// A write of more than this is taken in part, and then fails.
    most: usize,
}

impl fmt::Debug for Buffered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Buffered")
    }
}

impl Buffered {
    fn drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.buffer.is_empty() {
            let n = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.buffer))?;
            self.buffer.drain(..n);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Buffered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for Buffered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf.len() > self.most {
            let sent = buf[..self.most].to_vec();
            self.buffer.extend(sent);
            let _ = self.drain(cx)?;
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let blocked = self.drain(cx)?.is_pending();
        let room = (16 * 1024_usize).saturating_sub(self.buffer.len());
        if blocked && room == 0 {
            return Poll::Pending;
        }
        let n = room.min(buf.len());
        self.buffer.extend_from_slice(&buf[..n]);
        let _ = self.drain(cx)?;
        Poll::Ready(Ok(n))
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flushes.fetch_add(1, Ordering::Relaxed);
        self.drain(cx)
    }
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

impl Connection for Buffered {
    fn alpn(&self) -> Option<&[u8]> {
        None
    }
    fn peer_addr(&self) -> Option<std::net::SocketAddr> {
        None
    }
}

#[push_core::async_trait]
impl Backend for Buffering {
    fn load_certificate(&self, identity: &Identity) -> push_core::Result<Arc<dyn Certificate>> {
        self.0.load_certificate(identity)
    }
    async fn connect(
        &self,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> push_core::Result<Box<dyn Connection>> {
        let inner = self.0.connect(target, certificate).await?;
        Ok(Box::new(Buffered {
            inner,
            buffer: Vec::new(),
            flushes: self.1.clone(),
            most: self.2,
        }))
    }
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        let task = std::panic::AssertUnwindSafe(task).catch_unwind();
        self.0.spawn(Box::pin(async move {
            let _ = task.await;
        }));
    }
    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()> {
        self.0.sleep_until(deadline)
    }
    fn create_lock(&self) -> Arc<dyn Lock> {
        self.0.create_lock()
    }
    fn now(&self) -> Instant {
        self.0.now()
    }
    fn system_time(&self) -> SystemTime {
        self.0.system_time()
    }
    fn jitter(&self) -> u64 {
        self.0.jitter()
    }
}

#[test]
fn a_gateway_that_reads_no_more_is_given_up_though_tls_took_the_bytes() {
    for (confirm, linger) in [(true, Some(5)), (true, None), (false, None)] {
        let sim = Simulation::new(1).max_steps(20_000);
        let conditions = Conditions::new().buffer_bytes(1024).fragmentation(0.0);
        sim.network().set_conditions(conditions);
        let _gateway = Gateway::start(&sim, |_| Act::Freeze);
        let flushes = Arc::new(AtomicU64::new(0));
        let session = Session::new(Buffering(sim.backend(), flushes.clone(), usize::MAX));
        let client = Client::builder(session)
            .endpoint(Endpoint::new(HOST, PORT))
            .confirm(confirm)
            .confirm_after(linger.map(Duration::from_secs))
            .build()
            .unwrap();
        let outcomes = sim.try_block_on(send(&client, 0..100));
        let outcomes = outcomes.unwrap();
        assert!(
            outcomes
                .iter()
                .all(|(_, o)| o.as_ref().unwrap_err().verdict() == Verdict::Unknown)
        );
        let elapsed = sim.elapsed();
        assert!(elapsed < Duration::from_secs(21), "{elapsed:?}");
        // And without looking again and again meanwhile.
        assert!(flushes.load(Ordering::Relaxed) < 1000);
    }
}

#[test]
fn an_old_trouble_does_not_end_a_send_when_a_connection_is_lost_much_later() {
    let sim = Simulation::new(1);
    let backend = sim.backend();
    sim.network().next_dials(HOST, PORT, [Dial::Refuse]);
    let gateway = Gateway::start(&sim, |seen| match seen.number() {
        59 => Act::Vanish(End::Reset),
        _ => Act::Take,
    });
    let client = builder(&sim).build().unwrap();
    let source = stream::unfold(0_u32, move |n| {
        let backend = backend.clone();
        async move {
            backend.sleep(Duration::from_secs(1)).await;
            (n < 100).then(|| ((token(n), n), n + 1))
        }
    });
    let outcomes = sim.block_on(async {
        let mut all = client.send_all(source.boxed(), &hello());
        let mut outcomes = Vec::new();
        while let Some(((_, n), o)) = all.next().await {
            outcomes.push((n, o));
        }
        outcomes.sort_by_key(|(n, _)| *n);
        outcomes
    });
    check(&gateway, &outcomes);
    assert!(outcomes[99].1.is_ok(), "{:?}", outcomes[99].1);
}

#[test]
fn a_connection_that_was_idle_may_wait_for_room() {
    for seed in 0..50 {
        let sim = Simulation::new(seed);
        let backend = sim.backend();
        let gateway = Gateway::start(&sim, |_| Act::Take);
        let client = builder(&sim).confirm_after(None).build().unwrap();
        let source = stream::unfold(0_u32, move |n| {
            let backend = backend.clone();
            async move {
                if n == 50 {
                    backend.sleep(Duration::from_secs(60)).await;
                }
                (n < 100).then(|| ((token(n), n), n + 1))
            }
        });
        let outcomes = sim.block_on(async {
            let mut all = client.send_all(source.boxed(), &hello());
            let mut outcomes = Vec::new();
            while let Some(((_, n), o)) = all.next().await {
                outcomes.push((n, o));
            }
            outcomes.sort_by_key(|(n, _)| *n);
            outcomes
        });
        check(&gateway, &outcomes);
        assert!(outcomes[0].1.is_ok(), "seed {seed}: {:?}", outcomes[0].1);
    }
}

#[test]
fn an_answer_without_an_identifier_is_no_proof_where_another_one_may_be_meant() {
    let sim = Simulation::new(1);
    // The length of a token stands before the identifier.
    let gateway = Gateway::start(&sim, move |seen| match seen.number() {
        17 => Act::Refuse(5, Some(0), Duration::from_millis(500), End::Close),
        _ => Act::Take,
    });
    let client = builder(&sim).build().unwrap();
    let outcomes = sim.block_on(send(&client, 0..100));
    check(&gateway, &outcomes);
}

#[test]
fn a_retry_may_be_for_never() {
    for seed in 0..10 {
        let sim = Simulation::new(seed);
        let _gateway = Gateway::start(&sim, |seen| match seen.number() {
            3 => refuse(1),
            _ => Act::Take,
        });
        let policy = RetryPolicy::exponential(Duration::MAX).max_delay(Duration::MAX);
        let client = builder(&sim).retry(policy).build().unwrap();
        sim.block_on(async {
            let source = (0..10).map(|number| (token(number), number));
            let mut all = client.send_all(source, &hello());
            for _ in 0..9 {
                let (_, o) = all.next().await.unwrap();
                assert!(o.is_ok());
            }
        });
    }
}

#[test]
fn a_batch_may_be_without_bounds() {
    let sim = Simulation::new(1);
    let _gateway = Gateway::start(&sim, |_| Act::Take);
    let client = builder(&sim).batch(usize::MAX).build().unwrap();
    let totals = sim.block_on(async {
        let sender = client.sender(|_: DeviceToken, _| {});
        sender.send(token(1), &hello()).await.unwrap();
        sender.close().await
    });
    assert_eq!(totals.taken, 1);
}

#[test]
fn what_may_have_been_taken_is_unknown_whatever_ended_the_send() {
    let sim = Simulation::new(1);
    let gateway = Gateway::start(&sim, |seen| match seen.number() {
        9 => Act::TakeAndVanish(End::Reset),
        _ => Act::Take,
    });
    let client = builder(&sim)
        .resend_unknown(ResendUnknown::Times(3))
        .build()
        .unwrap();
    sim.network().next_dials(
        HOST,
        PORT,
        std::iter::once(Dial::Accept).chain((0..9).map(|_| Dial::Tls("no".into()))),
    );
    let outcomes = sim.block_on(send(&client, 0..10));
    check(&gateway, &outcomes);
}

#[test]
fn exactly_what_was_handed_over_whole_may_have_been_taken() {
    // Six frames fit into what is read and buffered.
    for (confirm, window) in [(false, 1), (false, 7), (true, 100)] {
        let sim = Simulation::new(1);
        let context = push_apns::GatewayContext::new(
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
        );
        let len = hello()
            .encode_for_gateway(&context)
            .unwrap()
            .frame_len(&token(0));
        let conditions = Conditions::new().buffer_bytes(5 * len).fragmentation(0.0);
        sim.network().set_conditions(conditions);
        let _gateway = Gateway::raw(&sim, |_| Act::Freeze);
        let client = builder(&sim)
            .confirm(confirm)
            .window(window)
            .build()
            .unwrap();
        let backend = sim.backend();
        let totals = sim.block_on(async {
            let sender = client.sender(|_: DeviceToken, _| {});
            for n in 0..50 {
                // It takes no more than it can remember.
                let _ = sender.try_send(token(n), &hello());
                if !confirm {
                    backend.sleep(Duration::from_millis(50)).await;
                }
            }
            backend.sleep(Duration::from_secs(3)).await;
            sender.abort();
            backend.sleep(Duration::from_secs(1)).await;
            sender.totals()
        });
        assert_eq!(totals.unknown, 6, "{confirm} {window}");
    }
}

#[test]
fn what_never_went_out_was_not_attempted() {
    let sim = Simulation::new(1);
    let conditions = Conditions::new().buffer_bytes(300).fragmentation(0.0);
    sim.network().set_conditions(conditions);
    let _gateway = Gateway::raw(&sim, |_| Act::Freeze);
    let client = builder(&sim).build().unwrap();
    let heard: Arc<Mutex<Vec<Error>>> = Arc::default();
    let into = heard.clone();
    let backend = sim.backend();
    sim.block_on(async {
        let sender = client.sender(move |_: DeviceToken, e| into.lock().unwrap().push(e));
        for n in 0..50 {
            sender.send(token(n), &hello()).await.unwrap();
        }
        backend.sleep(Duration::from_secs(3)).await;
        sender.abort();
        backend.sleep(Duration::from_secs(1)).await;
    });
    let heard = heard.lock().unwrap();
    let wrong: Vec<_> = heard
        .iter()
        .filter(|e| e.kind() == ErrorKind::Closed && e.attempts() > 0)
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {}: {:?}",
        wrong.len(),
        heard.len(),
        wrong[0]
    );
}

#[test]
fn what_ended_with_no_error_may_have_been_taken() {
    let sim = Simulation::new(1);
    let _gateway = Gateway::start(&sim, |seen| match seen.number() {
        3 => refuse(0),
        _ => Act::Take,
    });
    let client = builder(&sim).build().unwrap();
    let outcomes = sim.block_on(send(&client, 0..10));
    let e = outcomes[3].1.as_ref().unwrap_err();
    assert_eq!(e.status(), Some(Status::NoError));
    assert_eq!(e.verdict() == Verdict::Unknown, e.may_have_been_taken());
}

#[test]
fn a_send_that_has_ended_does_not_wait_for_a_connection() {
    let sim = Simulation::new(1);
    let _gateway = Gateway::start(&sim, |seen| match seen.number() {
        40 => Act::Refuse(7, None, Duration::from_secs(2), End::Close),
        _ => Act::Take,
    });
    sim.network().next_dials(
        HOST,
        PORT,
        [
            Dial::Accept,
            Dial::Stall,
            Dial::Stall,
            Dial::Stall,
            Dial::Stall,
        ],
    );
    let client = builder(&sim).window(50).build().unwrap();
    let outcomes = sim.block_on(send(&client, 0..100));
    assert!(
        sim.elapsed() < Duration::from_secs(10),
        "{:?}",
        sim.elapsed()
    );
    assert_eq!(
        outcomes[99].1.as_ref().unwrap_err().kind(),
        ErrorKind::Ended
    );
}

/// A device whose token can be read once.
#[derive(Clone, Debug)]
struct Fickle(DeviceToken, Arc<AtomicU64>);
impl push_apns::Device for Fickle {
    fn device_token(
        &self,
    ) -> Result<std::borrow::Cow<'_, DeviceToken>, push_apns::InvalidDeviceToken> {
        match self.1.fetch_add(1, Ordering::Relaxed) {
            0 => self.0.device_token(),
            _ => Err("zz".parse::<DeviceToken>().unwrap_err()),
        }
    }
}

#[test]
fn what_can_not_be_written_is_not_told_as_taken() {
    let sim = Simulation::new(1);
    let gateway = Gateway::start(&sim, |_| Act::Take);
    let client = builder(&sim).build().unwrap();
    let outcomes: Vec<_> = sim.block_on(
        client
            .send_all((0..3).map(|n| Fickle(token(n), Arc::default())), &hello())
            .collect(),
    );
    for (n, (_, o)) in outcomes.iter().enumerate() {
        assert_eq!(o.is_ok(), gateway.taken(n as u32) == 1, "{o:?}");
    }
}

#[test]
fn a_listener_that_panics_holds_nobody_up() {
    let sim = Simulation::new(1);
    let _gateway = Gateway::start(&sim, |seen| match seen.number() {
        0 => Act::Refuse(8, None, Duration::from_secs(2), End::Close),
        _ => Act::Take,
    });
    let session = Session::new(Buffering(sim.backend(), Arc::default(), usize::MAX));
    let client = Client::builder(session)
        .endpoint(Endpoint::new(HOST, PORT))
        .window(1)
        .batch(1)
        .max_connections(1)
        .build()
        .unwrap();
    let backend = sim.backend();
    let totals = sim.block_on(async {
        let sender = client.sender(|_: DeviceToken, _| panic!("made by a test"));
        for n in 0..2 {
            sender.send(token(n), &hello()).await.unwrap();
        }
        backend.sleep(Duration::from_secs(1)).await;
        let totals = sender.confirm().await;
        let error = sender.send(token(3), &hello()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed);
        totals
    });
    assert_eq!((totals.failed, totals.not_sent), (1, 1), "{totals:?}");
}

#[test]
fn while_more_comes_no_proof_is_asked_for() {
    let sim = Simulation::new(1);
    let gateway = Gateway::start(&sim, |_| Act::Take);
    let client = builder(&sim).build().unwrap();
    let backend = sim.backend();
    sim.block_on(async {
        let sender = client.sender(|_: DeviceToken, _| {});
        for n in 0..20 {
            sender.send(token(n), &hello()).await.unwrap();
            backend.sleep(Duration::from_secs(2)).await;
        }
        assert_eq!(sender.totals().taken, 0);
    });
    assert_eq!(gateway.log().frames.len(), 20);
}

#[test]
fn connections_that_end_without_a_word_are_replaced_with_pauses() {
    let sim = Simulation::new(1);
    sim.network().set_conditions(Conditions::ideal());
    let gateway = Gateway::start(&sim, |_| Act::TakeAndVanish(End::Close));
    let client = builder(&sim).window(1).max_connections(1).build().unwrap();
    sim.block_on(send(&client, 0..100));
    assert_eq!(gateway.log().connections, 100);
    // Up to a second each, less by chance.
    assert!(
        sim.elapsed() > Duration::from_secs(25),
        "{:?}",
        sim.elapsed()
    );
}

#[test]
fn the_next_connection_is_opened_before_this_one_is_full() {
    let sim = Simulation::new(1);
    sim.network().set_conditions(Conditions::ideal());
    let opening = Duration::from_millis(400);
    sim.network().set_dial(HOST, PORT, Dial::Slow(opening));
    let _gateway = Gateway::start(&sim, |_| Act::Take);
    let client = builder(&sim).window(100).build().unwrap();
    let backend = sim.backend();
    let source = stream::unfold(0_u32, move |n| {
        let backend = backend.clone();
        async move {
            backend.sleep(Duration::from_millis(10)).await;
            (n < 150).then(|| (token(n), n + 1))
        }
    });
    let outcomes: Vec<_> = sim.block_on(client.send_all(source.boxed(), &hello()).collect());
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
    let dials = sim.network().dials(HOST, PORT);
    let between = dials[1] - dials[0];
    assert!(
        between < opening + Duration::from_millis(900),
        "{between:?}"
    );
}

#[test]
fn what_a_write_that_failed_has_sent_in_part_is_not_sent_again() {
    let sim = Simulation::new(1);
    sim.network().set_conditions(Conditions::ideal());
    let gateway = Gateway::start(&sim, |_| Act::Take);
    let session = Session::new(Buffering(sim.backend(), Arc::default(), 1000));
    let client = Client::builder(session)
        .endpoint(Endpoint::new(HOST, PORT))
        .build()
        .unwrap();
    let outcomes = sim.block_on(send(&client, 0..100));
    check(&gateway, &outcomes);
    let log = gateway.log();
    assert!(log.taken.len() > 5 && log.taken.values().all(|times| *times == 1));
}
