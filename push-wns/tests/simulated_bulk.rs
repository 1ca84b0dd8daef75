//! Bulk sends of WNS in simulated time: what holds up others, and what throttling makes of them.

#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use backend_simulated::{Simulation, Stream};
use bytes::Bytes;
use futures_util::io::{AsyncReadExt, AsyncWriteExt};
use futures_util::stream::StreamExt;
use http::{Request, Response};
use push_core::http::HttpTransport;
use push_core::{Backend, RetryPolicy, Session, Verdict, async_trait};
use push_wns::{Client, ClientBuilder, Credentials, Notification};

const HOST: &str = "db5p.notify.windows.com";
const MILLI: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// How long WNS takes for a channel at a time, and what it answers: the status line and further headers.
type Script = dyn Fn(usize, Duration) -> (Duration, &'static str, &'static str) + Send + Sync;

/// A WNS that does what it is told.
#[derive(Clone)]
struct Wns {
    script: Arc<Script>,
    log: Arc<Mutex<Log>>,
}

#[derive(Default)]
struct Log {
    under_way: usize,
    /// When each request came, and how many were under way then.
    seen: Vec<(Duration, usize)>,
}

impl Wns {
    fn start(
        sim: &Simulation,
        script: impl Fn(usize, Duration) -> (Duration, &'static str, &'static str)
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let listener = sim.listen(HOST, 443).protocols(["http/1.1"]);
        let wns = Self {
            script: Arc::new(script),
            log: Arc::default(),
        };
        let (serving, backend) = (wns.clone(), sim.backend());
        sim.spawn(async move {
            loop {
                let stream = listener.accept().await;
                let serving = serving.clone().serve(stream, backend.clone());
                backend.spawn(Box::pin(async {
                    // It ends with its connection.
                    drop(serving.await);
                }));
            }
        });
        wns
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }

    async fn serve(
        self,
        mut stream: Stream,
        backend: backend_simulated::SimulatedBackend,
    ) -> std::io::Result<()> {
        loop {
            let channel = read_request(&mut stream).await?;
            {
                let mut log = self.log();
                log.under_way += 1;
                let under_way = log.under_way;
                log.seen.push((backend.elapsed(), under_way));
            }
            let (wait, status, headers) = (self.script)(channel, backend.elapsed());
            backend.sleep(wait).await;
            self.log().under_way -= 1;
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n{headers}\r\n");
            stream.write_all(answer.as_bytes()).await?;
            stream.flush().await?;
        }
    }
}

/// Reads a request, and gives the number of its channel.
async fn read_request(stream: &mut Stream) -> std::io::Result<usize> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).await?;
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let (_, length) = head.split_once("content-length: ").unwrap();
    let length = length.split_once('\r').unwrap().0.parse().unwrap();
    stream.read_exact(&mut vec![0; length]).await?;
    let (_, channel) = head.split_once("token=").unwrap();
    Ok(channel.split_once(' ').unwrap().0.parse().unwrap())
}

fn builder(sim: &Simulation) -> ClientBuilder {
    Client::builder(Session::new(sim.backend())).credentials(Credentials::access_token("token"))
}

fn channels(count: usize) -> impl Iterator<Item = String> + Send + 'static {
    (0..count).map(|number| format!("https://{HOST}/?token={number}"))
}

fn hello() -> Notification {
    Notification::text("Hello")
}

#[test]
fn a_bulk_send_that_nobody_polls_holds_up_no_other() {
    let sim = Simulation::new(1);
    let _wns = Wns::start(&sim, |_, _| (50 * MILLI, "200 OK", ""));
    let client = builder(&sim).build().unwrap();
    let mut bulk = client.send_all(channels(1000), &hello());
    sim.block_on(bulk.next()).unwrap().1.unwrap();
    let begun = sim.elapsed();
    let single = format!("https://{HOST}/?token=1000");
    sim.block_on(client.send(single, &hello())).unwrap();
    assert!(sim.elapsed() - begun < SECOND);
    // It goes on when it is polled again.
    sim.advance(100 * SECOND);
    let rest: Vec<_> = sim.block_on(bulk.collect());
    assert_eq!(rest.len(), 999);
    assert!(rest.iter().all(|(_, outcome)| outcome.is_ok()));
}

#[test]
fn throttling_lessens_what_is_under_way_at_once() {
    let sim = Simulation::new(1);
    let wns = Wns::start(&sim, |_, _| {
        let headers = "Retry-After: 60\r\n";
        (100 * MILLI, "429 Too Many Requests", headers)
    });
    let client = builder(&sim).build().unwrap();
    let outcomes: Vec<_> = sim.block_on(client.send_all(channels(1000), &hello()).collect());
    assert_eq!(outcomes.len(), 1000);
    let most = |from: Duration, to: Duration| {
        let log = wns.log();
        let within = log.seen.iter().filter(|(at, _)| (from..to).contains(at));
        within.map(|(_, under_way)| *under_way).max().unwrap()
    };
    assert!(most(Duration::ZERO, 200 * MILLI) >= 24);
    assert!(most(500 * MILLI, SECOND) <= 16);
    assert!(most(5 * SECOND, 10 * SECOND) <= 4);
}

#[test]
fn whatever_else_wns_answers_lets_it_grow_again() {
    let sim = Simulation::new(1);
    let wns = Wns::start(&sim, |_, now| match now < 8 * SECOND {
        true => (100 * MILLI, "503 Busy", ""),
        false => (100 * MILLI, "410 Gone", ""),
    });
    let client = builder(&sim).build().unwrap();
    let all = client.send_all(channels(5000), &hello());
    assert_eq!(sim.block_on(all.count()), 5000);
    let log = wns.log();
    let late = log.seen.iter().filter(|(at, _)| *at > 8 * SECOND);
    let most = late.map(|(_, under_way)| *under_way).max().unwrap();
    assert!(most >= 30, "{most}");
}

#[test]
fn channels_that_wait_for_another_attempt_hold_up_no_others() {
    let sim = Simulation::new(1);
    let _wns = Wns::start(&sim, |channel, _| {
        let headers = match channel < 64 {
            true => "X-WNS-Status: channelthrottled\r\nRetry-After: 1800\r\n",
            false => "X-WNS-Status: received\r\n",
        };
        (50 * MILLI, "200 OK", headers)
    });
    let policy = RetryPolicy::exponential(SECOND).attempts(2);
    let client = builder(&sim).retry(policy).build().unwrap();
    let mut bulk = client.send_all(channels(1000), &hello());
    let (mut taken, mut last) = (0, Duration::ZERO);
    while let Some((_, outcome)) = sim.block_on(bulk.next()) {
        if outcome.is_ok() {
            (taken, last) = (taken + 1, sim.elapsed());
        }
    }
    assert_eq!(taken, 936);
    assert!(last < 60 * SECOND, "{last:?}");
    assert!(sim.elapsed() > 1800 * SECOND, "those were sent again");
}

/// It tells no phrase beside the status, as most do.
#[derive(Debug)]
struct Blocked;

#[async_trait]
impl HttpTransport for Blocked {
    async fn send(&self, _: Request<Bytes>, _: usize) -> push_core::Result<Response<Bytes>> {
        Ok(Response::builder().status(410).body(Bytes::new()).unwrap())
    }
}

#[test]
fn a_blocked_sender_removes_no_channel_over_another_http_client() {
    let sim = Simulation::new(1);
    let client = builder(&sim).transport(Arc::new(Blocked)).build().unwrap();
    let outcomes: Vec<_> = sim.block_on(client.send_all(channels(1000), &hello()).collect());
    let removes = |verdict| matches!(verdict, Verdict::RemoveToken { .. });
    for (channel, outcome) in outcomes {
        assert!(!removes(outcome.unwrap_err().verdict()), "{channel}");
    }
}

#[test]
fn a_shutdown_ends_all_that_waits() {
    let sim = Simulation::new(1);
    let _wns = Wns::start(&sim, |_, _| (3600 * SECOND, "200 OK", ""));
    let client = builder(&sim).build().unwrap();
    let bulk = sim.spawn(
        client
            .send_all(channels(3000), &hello())
            .collect::<Vec<_>>(),
    );
    sim.advance(SECOND);
    sim.block_on(client.shutdown(2 * SECOND));
    sim.advance(5 * SECOND);
    assert!(bulk.is_finished());
}
