//! A gateway in simulated time, written apart from the client: it reads frames by hand, does what a
//! script says, and keeps count of what it took.

#![allow(clippy::unwrap_used, dead_code, missing_docs, unreachable_pub)]

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use backend_simulated::{SimulatedBackend, Simulation, Stream};
use futures_util::{AsyncReadExt, AsyncWriteExt};
use push_apns::gateway::{Client, ClientBuilder};
use push_apns::{DeviceToken, Endpoint};
use push_core::{Backend, Session};

pub const HOST: &str = "gateway.push.example";
pub const PORT: u16 = 2195;

/// A client of the gateway, to be changed before it is built.
pub fn builder(sim: &Simulation) -> ClientBuilder {
    Client::builder(Session::new(sim.backend())).endpoint(Endpoint::new(HOST, PORT))
}

/// The token of a device by its number.
pub fn token(number: u32) -> DeviceToken {
    let mut bytes = [0xab; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    DeviceToken::from_bytes(&bytes).unwrap()
}

/// A frame as the gateway reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub connection: u64,
    pub command: u8,
    pub identifier: Option<u32>,
    pub expiry: Option<u32>,
    pub priority: Option<u8>,
    pub token: Vec<u8>,
    pub payload: Vec<u8>,
}

impl Seen {
    /// The number of the device.
    pub fn number(&self) -> u32 {
        u32::from_be_bytes(self.token[..4].try_into().unwrap())
    }
}

/// What is done about a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It is taken, silently.
    Take,
    /// It is taken so much later; the next ones wait.
    TakeLater(Duration),
    /// An error response with this status, for this identifier or its own, after a while in which what
    /// comes is thrown away; then the end.
    Refuse(u8, Option<u32>, Duration, End),
    /// It is taken, and then the shutdown is told with its identifier.
    TakeAndShutDown,
    /// The end without a word, before it is taken or after.
    Vanish(End),
    TakeAndVanish(End),
    /// Nothing is read any more, and nothing said.
    Freeze,
    /// The client's certificate is refused, after the handshake was over for the client.
    RefuseCertificate,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Close,
    Reset,
    /// It stays open, and all that comes is thrown away.
    Never,
}

/// The error response to a frame.
pub fn refuse(status: u8) -> Act {
    Act::Refuse(status, None, Duration::ZERO, End::Close)
}

type Behave = Box<dyn FnMut(&Seen) -> Act + Send>;

#[derive(Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
}

struct Shared {
    backend: SimulatedBackend,
    behave: Mutex<Behave>,
    log: Mutex<Log>,
}

/// What came so far.
#[derive(Clone, Debug, Default)]
pub struct Log {
    pub connections: u64,
    /// All that was read, in this order.
    pub frames: Vec<Seen>,
    /// How often each device's was taken.
    pub taken: BTreeMap<u32, u32>,
}

impl Gateway {
    /// A gateway that refuses what has no token, and asks what to do about all else.
    pub fn start(sim: &Simulation, mut behave: impl FnMut(&Seen) -> Act + Send + 'static) -> Self {
        Self::raw(sim, move |seen| match seen.token.is_empty() {
            true => refuse(2),
            false => behave(seen),
        })
    }

    /// A gateway that asks about everything.
    pub fn raw(sim: &Simulation, behave: impl FnMut(&Seen) -> Act + Send + 'static) -> Self {
        let shared = Arc::new(Shared {
            backend: sim.backend(),
            behave: Mutex::new(Box::new(behave)),
            log: Mutex::default(),
        });
        let listener = sim.listen(HOST, PORT);
        let serving = shared.clone();
        sim.spawn(async move {
            loop {
                let stream = listener.accept().await;
                let shared = serving.clone();
                let connection = async move {
                    shared.log().connections += 1;
                    // An error is an end like any other.
                    let _ = shared.serve(stream).await;
                };
                serving.backend.spawn(Box::pin(connection));
            }
        });
        Self { shared }
    }

    pub fn log(&self) -> Log {
        self.shared.log().clone()
    }

    /// How often a device's notification was taken.
    pub fn taken(&self, number: u32) -> u32 {
        self.shared.log().taken.get(&number).copied().unwrap_or(0)
    }
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }

    async fn serve(&self, mut stream: Stream) -> io::Result<()> {
        let connection = stream.cable().id();
        loop {
            let mut seen = read_frame(&mut stream).await?;
            seen.connection = connection;
            let act = (self.behave.lock().unwrap())(&seen);
            self.log().frames.push(seen.clone());
            let take = || *self.log().taken.entry(seen.number()).or_default() += 1;
            match act {
                Act::Take => take(),
                Act::TakeLater(wait) => {
                    self.backend.sleep(wait).await;
                    take();
                }
                Act::Refuse(status, identifier, wait, end) => {
                    let identifier = identifier.or(seen.identifier).unwrap_or(0);
                    let reader = swallow_for(&self.backend, &mut stream, wait);
                    reader.await;
                    stream.write_all(&answer(status, identifier)).await?;
                    return self.end(stream, end).await;
                }
                Act::TakeAndShutDown => {
                    take();
                    let identifier = seen.identifier.unwrap_or(0);
                    stream.write_all(&answer(10, identifier)).await?;
                    return self.end(stream, End::Close).await;
                }
                Act::Vanish(end) => return self.end(stream, end).await,
                Act::TakeAndVanish(end) => {
                    take();
                    return self.end(stream, end).await;
                }
                Act::Freeze => futures_util::future::pending().await,
                Act::RefuseCertificate => {
                    stream.cable().refuse_certificate();
                    return Ok(());
                }
            }
        }
    }

    async fn end(&self, mut stream: Stream, end: End) -> io::Result<()> {
        match end {
            End::Close => {
                stream.close().await?;
                // Closing with bytes unread would reset the connection, and take the answer with it.
                swallow_for(&self.backend, &mut stream, Duration::from_secs(60)).await;
            }
            End::Reset => stream.cable().reset(),
            End::Never => loop {
                if stream.read(&mut [0; 4096]).await? == 0 {
                    break;
                }
            },
        }
        Ok(())
    }
}

/// Throws away what comes for so long, or until nothing comes any more.
async fn swallow_for(backend: &SimulatedBackend, stream: &mut Stream, time: Duration) {
    if time.is_zero() {
        return;
    }
    let swallow = async {
        let mut bytes = [0; 4096];
        while stream.read(&mut bytes).await.is_ok_and(|bytes| bytes > 0) {}
    };
    let swallow = std::pin::pin!(swallow);
    let over = std::pin::pin!(backend.sleep(time));
    futures_util::future::select(swallow, over).await;
}

pub fn answer(status: u8, identifier: u32) -> [u8; 6] {
    let [a, b, c, d] = identifier.to_be_bytes();
    [8, status, a, b, c, d]
}

async fn read_frame(stream: &mut Stream) -> io::Result<Seen> {
    let mut seen = Seen {
        command: bytes::<1>(stream).await?[0],
        ..Seen::default()
    };
    match seen.command {
        0 | 1 => {
            if seen.command == 1 {
                seen.identifier = Some(u32::from_be_bytes(bytes(stream).await?));
                seen.expiry = Some(u32::from_be_bytes(bytes(stream).await?));
            }
            seen.token = counted(stream).await?;
            seen.payload = counted(stream).await?;
        }
        2 => {
            let length = u32::from_be_bytes(bytes(stream).await?);
            let mut items = vec![0; length as usize];
            stream.read_exact(&mut items).await?;
            let mut rest = &items[..];
            while let [item, a, b, after @ ..] = rest {
                let (data, after) = after.split_at(u16::from_be_bytes([*a, *b]).into());
                match item {
                    1 => seen.token = data.to_vec(),
                    2 => seen.payload = data.to_vec(),
                    3 => seen.identifier = Some(u32::from_be_bytes(data.try_into().unwrap())),
                    4 => seen.expiry = Some(u32::from_be_bytes(data.try_into().unwrap())),
                    5 => seen.priority = Some(data[0]),
                    _ => panic!("item {item}"),
                }
                rest = after;
            }
            assert!(rest.is_empty());
        }
        other => panic!("command {other}"),
    }
    Ok(seen)
}

async fn bytes<const N: usize>(stream: &mut Stream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn counted(stream: &mut Stream) -> io::Result<Vec<u8>> {
    let length = u16::from_be_bytes(bytes(stream).await?);
    let mut data = vec![0; length.into()];
    stream.read_exact(&mut data).await?;
    Ok(data)
}

/// Random numbers of a splitmix generator.
#[derive(Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}
