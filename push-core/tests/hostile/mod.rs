//! A client against a server that sends any bytes, in simulated time: a target of `fuzz/`, too.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backend_simulated::{Conditions, Simulation, Stream};
use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::{AsyncReadExt, AsyncWriteExt};
use push_core::http::{Destination, Outgoing};
use push_core::{Backend, ErrorKind, Session, Target};

const HOST: &str = "api.push.example";
const TIMEOUT: Duration = Duration::from_secs(20);
const MAX_ANSWER_BYTES: usize = 1000;

/// Whatever a server sends, each request ends by its deadline, none is sent again without proof
/// that it was not processed, nothing grows without bound and nothing is left behind.
///
/// The first byte says how the server ends (by FIN after its last byte, or by RST, or not) and
/// whether the network cuts and delays; the second how many requests there are; the third is the
/// seed; the next two how many bytes of the rest the server sends before it sees a request.
pub(crate) fn http2_client(input: &[u8]) {
    let [flags, requests, seed, high, low, script @ ..] = input else {
        return;
    };
    let before = usize::from(u16::from_be_bytes([*high, *low])).min(script.len());
    let requests = usize::from(requests % 4) + 1;
    let sim = Simulation::new(u64::from(*seed)).max_steps(1_000_000);
    if flags & 2 == 0 {
        sim.network().set_conditions(Conditions::ideal());
    }
    let server = Arc::new(Server {
        flags: *flags,
        before: script[..before].to_vec(),
        after: script[before..].to_vec(),
        seen: Mutex::default(),
    });
    let listener = sim.listen(HOST, 443).protocols(["h2"]);
    let (serving, backend) = (server.clone(), sim.backend());
    sim.spawn(async move {
        loop {
            let stream = listener.accept().await;
            let serving = serving.clone();
            backend.spawn(Box::pin(async move { serving.serve(stream).await }));
        }
    });

    let session = Session::builder(sim.backend())
        .max_answer_bytes(MAX_ANSWER_BYTES)
        .max_connections_per_destination(2)
        .build();
    let way = session.http2(Destination::new(Target::tls(HOST, 443)));
    let way = way.expect("the session is open");
    let exchanges = (0..requests).map(|_| {
        let (way, backend) = (way.clone(), sim.backend());
        sim.spawn(async move {
            let outcome = way.exchange(&Push, way.session().deadline(TIMEOUT)).await;
            (outcome, backend.elapsed())
        })
    });
    for (outcome, at) in sim.block_on(join_all(exchanges.collect::<Vec<_>>())) {
        assert!(at <= TIMEOUT, "ended at {at:?}: {outcome:?}");
        match outcome {
            Ok(answer) => {
                assert!(answer.body.len() <= MAX_ANSWER_BYTES);
                assert!(answer.status.as_u16() >= 200, "{answer:?}");
            }
            Err(error) => {
                let text = error.to_string();
                assert!(!text.chars().any(char::is_control), "{text:?}");
                assert!(can_happen(error.kind()), "{error:?}");
            }
        }
    }

    drop(way);
    sim.block_on(session.shutdown(TIMEOUT));
    drop(session);
    // Dials that were under way come to their end.
    sim.advance(Duration::from_secs(60));
    assert_eq!(sim.network().open_connections(), 0);
    assert_eq!(sim.armed_timers(), 0, "{:#?}", sim.pending_tasks());
    assert_eq!(sim.live_tasks(), 1, "{:#?}", sim.pending_tasks());

    let seen = server.seen.lock().expect("nobody panicked");
    assert!(seen.connections <= 100, "{} connections", seen.connections);
    let most = (10_000 + 20 * script.len()) * seen.connections;
    assert!(seen.bytes <= most, "{} bytes", seen.bytes);
    // A stream that was seen is a request that may have been taken, unless it is disproved.
    let proofs = Proofs::of(script);
    let taken = seen
        .streams
        .iter()
        .filter(|stream| !proofs.disprove(**stream));
    let taken = taken.count();
    assert!(
        taken <= requests,
        "{taken} for {requests}: {:?}",
        seen.streams
    );
}

/// What can become of a request where nothing is wrong on this side.
fn can_happen(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Connect
            | ErrorKind::Lost
            | ErrorKind::Protocol
            | ErrorKind::Refused
            | ErrorKind::Timeout
            | ErrorKind::Unanswered
    )
}

struct Push;

impl Outgoing for Push {
    fn request(&self) -> http::Request<()> {
        let request = http::Request::post(format!("https://{HOST}/3/device/00fc13ad"));
        request.body(()).expect("the request is well-formed")
    }

    fn body(&self) -> Bytes {
        Bytes::from_static(br#"{"aps":{}}"#)
    }
}

struct Server {
    flags: u8,
    before: Vec<u8>,
    after: Vec<u8>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    bytes: usize,
    streams: Vec<u32>,
}

impl Server {
    async fn serve(&self, mut stream: Stream) {
        self.seen(|seen| seen.connections += 1);
        // An error is an end like any other.
        let _ = self.play(&mut stream).await;
        if self.flags & 4 != 0 {
            stream.cable().reset();
        }
    }

    async fn play(&self, stream: &mut Stream) -> io::Result<()> {
        stream.write_all(&self.before).await?;
        let mut arrived = Vec::new();
        let mut piece = [0; 4096];
        let (mut known, mut is_answered) = (0, false);
        loop {
            let length = stream.read(&mut piece).await?;
            if length == 0 {
                return Ok(());
            }
            self.seen(|seen| seen.bytes += length);
            arrived.extend_from_slice(&piece[..length]);
            let frames = arrived.get(24..).unwrap_or_default();
            let opened = frames_of(frames).filter(|frame| frame.kind == 1);
            let new: Vec<_> = opened.map(|frame| frame.stream).skip(known).collect();
            known += new.len();
            self.seen(|seen| seen.streams.extend(new));
            if known > 0 && !is_answered {
                is_answered = true;
                stream.write_all(&self.after).await?;
                if self.flags & 5 != 0 {
                    return Ok(());
                }
            }
        }
    }

    fn seen(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().expect("nobody panicked"));
    }
}

/// What a script says was not processed.
struct Proofs {
    refused: Vec<u32>,
    /// The lowest last stream of a GOAWAY.
    last: Option<u32>,
}

impl Proofs {
    fn of(script: &[u8]) -> Self {
        const REFUSED_STREAM: [u8; 4] = [0, 0, 0, 7];
        let refused = frames_of(script)
            .filter(|frame| frame.kind == 3 && frame.payload == REFUSED_STREAM)
            .map(|frame| frame.stream);
        let last = frames_of(script)
            .filter(|frame| frame.kind == 7)
            .filter_map(|frame| frame.payload.first_chunk::<4>())
            .map(|last| u32::from_be_bytes(*last) & 0x7fff_ffff);
        Self {
            refused: refused.collect(),
            last: last.min(),
        }
    }

    fn disprove(&self, stream: u32) -> bool {
        self.refused.contains(&stream) || self.last.is_some_and(|last| stream > last)
    }
}

struct Frame<'a> {
    kind: u8,
    stream: u32,
    payload: &'a [u8],
}

/// The frames that have come whole.
fn frames_of(mut bytes: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    std::iter::from_fn(move || {
        let (head, rest) = bytes.split_first_chunk::<9>()?;
        let [a, b, c, kind, _, s @ ..] = *head;
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        let (payload, rest) = rest.split_at_checked(length)?;
        bytes = rest;
        Some(Frame {
            kind,
            stream: u32::from_be_bytes(s) & 0x7fff_ffff,
            payload,
        })
    })
}
