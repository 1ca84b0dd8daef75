//! An HTTP/2 peer of raw frames, which does what no server library does.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use backend_simulated::{Cable, Side, SimulatedBackend, Simulation, Stream};
use futures_util::io::{ReadHalf, WriteHalf};
use futures_util::{AsyncReadExt, AsyncWriteExt};
use push_core::Backend;

use super::{HOST, PORT};

/// What the peer does about a request, one thing after the other.
#[derive(Clone, Debug)]
pub enum Act {
    Wait(Duration),
    /// Status 200 and no body.
    Answer,
    /// Status 200, and a body that does not come to its end.
    AnswerHalf,
    /// RST_STREAM with this code.
    Break(u32),
    /// GOAWAY: what lies above this stream is not processed, from now on. Not below what was taken
    /// already.
    GoAway {
        last: u32,
        code: u32,
    },
    /// SETTINGS with another limit of streams.
    Limit(u32),
    /// FIN.
    Close,
    Reset,
    Cut,
}

pub const NO_ERROR: u32 = 0;
pub const INTERNAL_ERROR: u32 = 2;
pub const REFUSED_STREAM: u32 = 7;
pub const ENHANCE_YOUR_CALM: u32 = 11;

/// A request as the peer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub number: usize,
    pub connection: u64,
    pub stream: u32,
    pub at: Duration,
}

/// What came to the peer.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// All requests that came whole, those included that were refused.
    pub requests: Vec<Seen>,
    /// How often each request was taken.
    pub taken: BTreeMap<usize, u32>,
    /// When which connection was pinged.
    pub pings: Vec<(u64, Duration)>,
    /// When connections were accepted.
    pub connections: Vec<(u64, Duration)>,
    /// When they ended.
    pub ended: Vec<(u64, Duration)>,
}

type Behave = Box<dyn FnMut(&Seen) -> Vec<Act> + Send>;

#[derive(Clone)]
pub struct Peer {
    shared: Arc<Shared>,
}

struct Shared {
    backend: SimulatedBackend,
    max_streams: u32,
    behave: Mutex<Behave>,
    log: Mutex<Log>,
}

impl Peer {
    /// A peer that allows so many streams, and asks what to do about each request.
    pub fn start(
        sim: &Simulation,
        max_streams: u32,
        behave: impl FnMut(&Seen) -> Vec<Act> + Send + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            backend: sim.backend(),
            max_streams,
            behave: Mutex::new(Box::new(behave)),
            log: Mutex::default(),
        });
        let listener = sim.listen(HOST, PORT).protocols(["h2"]);
        let serving = shared.clone();
        sim.spawn(async move {
            loop {
                let stream = listener.accept().await;
                let shared = serving.clone();
                let task = async move { shared.serve(stream).await };
                serving.backend.spawn(Box::pin(task));
            }
        });
        Self { shared }
    }

    /// A peer that answers everything.
    pub fn kind(sim: &Simulation) -> Self {
        Self::start(sim, 100, |_| vec![Act::Answer])
    }

    /// What came so far.
    pub fn log(&self) -> Log {
        self.shared.log().clone()
    }

    /// The tasks of the peer that there are while no connection is.
    pub const TASKS: usize = 1;
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }

    async fn serve(self: Arc<Self>, stream: Stream) {
        let cable = stream.cable();
        self.log()
            .connections
            .push((cable.id(), self.backend.elapsed()));
        let (mut reader, writer) = stream.split();
        let served = Served {
            shared: self.clone(),
            cable: cable.clone(),
            writer: Arc::new(futures_util::lock::Mutex::new(writer)),
            bounds: Arc::new(Mutex::new((0, u32::MAX))),
        };
        // An error is an end like any other.
        let _ = served.read(&mut reader).await;
        self.log().ended.push((cable.id(), self.backend.elapsed()));
    }
}

/// One connection of the peer.
#[derive(Clone)]
struct Served {
    shared: Arc<Shared>,
    cable: Cable,
    writer: Arc<futures_util::lock::Mutex<WriteHalf<Stream>>>,
    /// The highest stream that was taken, and the last one that may be.
    bounds: Arc<Mutex<(u32, u32)>>,
}

impl Served {
    async fn read(&self, reader: &mut ReadHalf<Stream>) -> io::Result<()> {
        self.write(&greeting(self.shared.max_streams)).await?;
        reader.read_exact(&mut [0; 24]).await?;
        let mut bodies: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        let mut head = [0; 9];
        loop {
            reader.read_exact(&mut head).await?;
            let [a, b, c, kind, flags, id @ ..] = head;
            let stream = u32::from_be_bytes(id);
            let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
            reader.read_exact(&mut payload).await?;
            match (kind, flags & 1) {
                (0, end) => {
                    let body = bodies.entry(stream).or_default();
                    body.extend(&payload);
                    if end == 1 {
                        let body = bodies.remove(&stream).unwrap_or_default();
                        self.request(stream, &body);
                    }
                }
                (4, 0) => self.write(&frame(4, 1, 0, &[])).await?,
                (6, 0) => {
                    let now = self.shared.backend.elapsed();
                    self.shared.log().pings.push((self.cable.id(), now));
                    self.write(&frame(6, 1, 0, &payload)).await?;
                }
                _ => {}
            }
        }
    }

    async fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut writer = self.writer.lock().await;
        writer.write_all(bytes).await
    }

    fn request(&self, stream: u32, body: &[u8]) {
        let number = std::str::from_utf8(body).unwrap().parse().unwrap();
        let seen = Seen {
            number,
            connection: self.cable.id(),
            stream,
            at: self.shared.backend.elapsed(),
        };
        self.shared.log().requests.push(seen);
        let mut bounds = self.bounds.lock().unwrap();
        let (highest, last) = &mut *bounds;
        if stream > *last {
            return;
        }
        let mut acts = (self.shared.behave.lock().unwrap())(&seen);
        for act in &mut acts {
            if let Act::GoAway { last: own, .. } = act {
                // Not below what was taken, nor above what was said before.
                *own = (*own).max(*highest).min(*last);
                *last = *own;
            }
        }
        let refused = stream > *last || matches!(acts[..], [Act::Break(REFUSED_STREAM), ..]);
        if refused {
            acts.retain(|act| !matches!(act, Act::Answer | Act::AnswerHalf));
        } else {
            *self.shared.log().taken.entry(number).or_default() += 1;
            *highest = stream.max(*highest);
        }
        drop(bounds);
        let served = self.clone();
        let task = async move {
            // What can't be written was not wanted any more.
            let _ = served.act(stream, acts).await;
        };
        self.shared.backend.spawn(Box::pin(task));
    }

    async fn act(&self, stream: u32, acts: Vec<Act>) -> io::Result<()> {
        for act in acts {
            match act {
                Act::Wait(time) => self.shared.backend.sleep(time).await,
                // `:status: 200` of the static table.
                Act::Answer => self.write(&frame(1, 4 | 1, stream, &[0x88])).await?,
                Act::AnswerHalf => {
                    let mut bytes = frame(1, 4, stream, &[0x88]);
                    bytes.extend(frame(0, 0, stream, b"half"));
                    self.write(&bytes).await?;
                }
                Act::Break(code) => {
                    let bytes = frame(3, 0, stream, &code.to_be_bytes());
                    self.write(&bytes).await?;
                }
                Act::GoAway { last, code } => {
                    let mut payload = last.to_be_bytes().to_vec();
                    payload.extend(code.to_be_bytes());
                    self.write(&frame(7, 0, 0, &payload)).await?;
                }
                Act::Limit(streams) => {
                    let bytes = frame(4, 0, 0, &setting(3, streams));
                    self.write(&bytes).await?;
                }
                Act::Close => {
                    // So that nothing is cut in two.
                    let _writer = self.writer.lock().await;
                    self.cable.close(Side::Server);
                }
                Act::Reset => self.cable.reset(),
                Act::Cut => self.cable.cut(),
            }
        }
        Ok(())
    }
}

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

fn setting(id: u16, value: u32) -> Vec<u8> {
    let mut setting = id.to_be_bytes().to_vec();
    setting.extend(value.to_be_bytes());
    setting
}

/// SETTINGS with the limit of streams and large windows.
fn greeting(max_streams: u32) -> Vec<u8> {
    let mut settings = setting(3, max_streams);
    settings.extend(setting(4, 0xff_ffff));
    let mut bytes = frame(4, 0, 0, &settings);
    bytes.extend(frame(8, 0, 0, &0xff_ffff_u32.to_be_bytes()));
    bytes
}
