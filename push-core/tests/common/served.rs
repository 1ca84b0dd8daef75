//! One connection of the peer.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use backend_simulated::{Cable, Side, Stream};
use futures_util::io::{ReadHalf, WriteHalf};
use futures_util::{AsyncReadExt, AsyncWriteExt};
use push_core::Backend;

use super::act::{Act, Manner, Seen};
use super::frames::*;
use super::ledger::Ledger;
use super::peer::Shared;

/// One connection of the peer.
#[derive(Clone)]
pub(super) struct Served {
    shared: Arc<Shared>,
    pub(super) cable: Cable,
    writer: Arc<futures_util::lock::Mutex<WriteHalf<Stream>>>,
    manner: Arc<Manner>,
    ledger: Arc<Mutex<Ledger>>,
}

/// The PING that follows a GOAWAY: once it is answered, the client has read both.
const FAREWELL: &[u8] = b"farewell";

/// The PING that follows that one.
const DISMISSED: &[u8] = b"dismissd";

/// The PING that follows the acknowledgement of a lower limit.
const LIMITED: &[u8] = b"limited!";

impl Served {
    pub(super) fn new(
        shared: Arc<Shared>,
        stream: Stream,
        manner: Manner,
    ) -> (Self, ReadHalf<Stream>) {
        let cable = stream.cable();
        let (reader, writer) = stream.split();
        let served = Self {
            shared,
            cable,
            writer: Arc::new(futures_util::lock::Mutex::new(writer)),
            ledger: Arc::new(Mutex::new(Ledger::new(&manner))),
            manner: Arc::new(manner),
        };
        (served, reader)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap()
    }

    pub(super) fn open_streams(&self) -> usize {
        match self.cable.is_open(Side::Client) {
            true => self.ledger().open.len(),
            false => 0,
        }
    }

    pub(super) fn is_useless(&self) -> bool {
        self.ledger().is_useless()
    }

    pub(super) async fn run(&self, mut reader: ReadHalf<Stream>) -> io::Result<()> {
        self.begin(0, self.manner.acts.clone());
        let ended = self.serve(&mut reader).await;
        while !self.ledger().reads && self.cable.is_open(Side::Client) {
            self.shared.backend.sleep(Duration::from_secs(1)).await;
        }
        self.ledger().over = true;
        ended
    }

    async fn serve(&self, reader: &mut ReadHalf<Stream>) -> io::Result<()> {
        if let Some(wait) = self.manner.settings_after {
            self.shared.backend.sleep(wait).await;
            let mut greeting = settings(&self.manner.settings);
            if self.manner.window > 0 {
                greeting.extend(window_update(0, self.manner.window));
            }
            let limit = self.manner.max_streams();
            self.say(&greeting, |ledger| ledger.announces(Some(limit)))
                .await?;
        }
        reader.read_exact(&mut [0; 24]).await?;
        let mut bodies: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        let mut head = [0; 9];
        loop {
            reader.read_exact(&mut head).await?;
            let [a, b, c, kind, flags, id @ ..] = head;
            let stream = u32::from_be_bytes(id);
            let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
            reader.read_exact(&mut payload).await?;
            if !self.ledger().reads {
                break;
            }
            match (kind, flags & 1) {
                (HEADERS, _) => {
                    self.opened(stream);
                    let acts = (self.shared.script().interrupt)(self.cable.id(), stream);
                    self.act(stream, acts).await?;
                }
                (DATA, end) => {
                    let body = bodies.entry(stream).or_default();
                    body.extend(&payload);
                    if end == 1 {
                        let body = bodies.remove(&stream).unwrap_or_default();
                        self.request(stream, &body);
                    }
                    if self.manner.restores_windows && !payload.is_empty() {
                        let mut bytes = window_update(0, payload.len() as u32);
                        if end == 0 {
                            bytes.extend(window_update(stream, payload.len() as u32));
                        }
                        self.say(&bytes, |_| ()).await?;
                    }
                }
                (RST_STREAM, _) => {
                    self.ledger().open.remove(&stream);
                    let broken = (self.cable.id(), stream);
                    self.shared.log().broken_off.push(broken);
                }
                (SETTINGS, 0) => {
                    self.ledger().settings(&payload);
                    self.say(&frame(SETTINGS, ACK, 0, &[]), |_| ()).await?;
                }
                (SETTINGS, _) => {
                    let acknowledged = self.ledger().acknowledge();
                    match acknowledged {
                        Ok(true) => self.say(&frame(PING, 0, 0, LIMITED), |_| ()).await?,
                        Ok(false) => {}
                        Err(wrong) => self.note(Some(wrong)),
                    }
                }
                (PING, 0) => self.pinged(&payload).await?,
                // What stood in a queue may come between the two.
                (PING, _) if payload == FAREWELL => {
                    self.say(&frame(PING, 0, 0, DISMISSED), |_| ()).await?;
                }
                (PING, _) if payload == DISMISSED => self.ledger().dismissed = true,
                (PING, _) if payload == LIMITED => self.ledger().enforce(),
                (GOAWAY, _) => self.shared.log().farewells.push(self.cable.id()),
                (WINDOW_UPDATE, _) => self.ledger().window_update(stream, &payload),
                _ => {}
            }
        }
        Ok(())
    }

    fn opened(&self, stream: u32) {
        let wrong = self.ledger().opens(stream);
        self.note(wrong);
        let open = self.ledger().open.len();
        let mut log = self.shared.log();
        let most = log.most_open.entry(self.cable.id()).or_default();
        *most = (*most).max(open);
    }

    async fn pinged(&self, payload: &[u8]) -> io::Result<()> {
        let now = self.shared.backend.elapsed();
        self.shared.log().pings.push((self.cable.id(), now));
        let pong = frame(PING, ACK, 0, payload);
        if self.ledger().deaf {
            return Ok(());
        }
        if self.manner.pong_after.is_zero() {
            return self.say(&pong, |_| ()).await;
        }
        let served = self.clone();
        let late = async move {
            served.shared.backend.sleep(served.manner.pong_after).await;
            let _ = served.say(&pong, |_| ()).await;
        };
        self.shared.backend.spawn(Box::pin(late));
        Ok(())
    }

    fn note(&self, wrong: Option<String>) {
        if let Some(wrong) = wrong {
            let (id, at) = (self.cable.id(), self.shared.backend.elapsed());
            let wrong = format!("connection {id} at +{at:?}: {wrong}");
            self.shared.log().wrongs.push(wrong);
        }
    }

    /// Writes this, and keeps the ledger at that point; nothing where the peer is wedged.
    async fn say(&self, bytes: &[u8], keep: impl FnOnce(&mut Ledger)) -> io::Result<()> {
        let mut writer = self.writer.lock().await;
        if self.ledger().mute {
            return Ok(());
        }
        keep(&mut self.ledger());
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
        let mut acts = (self.shared.script().behave)(&seen);
        // What comes before any answer, and before anything else can happen.
        let farewells: Vec<_> = acts
            .iter()
            .map_while(|act| match act {
                Act::GoAway { last, .. } => Some(*last),
                _ => None,
            })
            .collect();
        let refuses = acts
            .iter()
            .find(|act| act.answers() || matches!(act, Act::Break(_)))
            .is_some_and(|act| matches!(act, Act::Break(REFUSED_STREAM)));
        let mut ledger = self.ledger();
        let taken = if refuses {
            farewells.iter().for_each(|last| {
                ledger.part(*last);
            });
            false
        } else {
            ledger.takes(stream, &farewells)
        };
        drop(ledger);
        if taken {
            *self.shared.log().taken.entry(number).or_default() += 1;
        } else {
            acts.retain(|act| !act.answers() && !matches!(act, Act::Malformed(_)));
        }
        self.begin(stream, acts);
    }

    /// Does this in a task of its own.
    pub(super) fn begin(&self, stream: u32, acts: Vec<Act>) {
        if acts.is_empty() {
            return;
        }
        let served = self.clone();
        let task = async move {
            // What can't be written was not wanted any more.
            let _ = served.act(stream, acts).await;
        };
        self.shared.backend.spawn(Box::pin(task));
    }

    async fn act(&self, stream: u32, acts: Vec<Act>) -> io::Result<()> {
        for act in acts {
            if self.ledger().over || (act.answers() && !self.ledger().open.contains(&stream)) {
                return Ok(());
            }
            let ends = move |ledger: &mut Ledger| {
                ledger.open.remove(&stream);
            };
            match act {
                Act::Wait(time) => self.shared.backend.sleep(time).await,
                Act::Answer => self.say(&head(stream, true), ends).await?,
                Act::AnswerHalf => {
                    let mut bytes = head(stream, false);
                    bytes.extend(frame(DATA, 0, stream, b"half"));
                    self.say(&bytes, |ledger| ledger.spend(stream, 4)).await?;
                }
                Act::Head => self.say(&head(stream, false), |_| ()).await?,
                Act::Body(bytes, end) => self.body(stream, bytes, end).await?,
                Act::Endless(bytes) => self.body(stream, bytes, false).await?,
                Act::Trailers => self.say(&trailers(stream), ends).await?,
                Act::Hint => self.say(&hint(stream), |_| ()).await?,
                Act::Scattered(piece) => self.say(&scattered(stream, piece), ends).await?,
                Act::Padded(body) => {
                    let spend = move |ledger: &mut Ledger| {
                        ledger.spend(stream, body + 8);
                        ledger.open.remove(&stream);
                    };
                    self.say(&padded(stream, body), spend).await?;
                }
                Act::Torn(bytes) => {
                    let mut answer = head(stream, false);
                    answer.extend(frame(DATA, END_STREAM, stream, b"all of it"));
                    let torn = &answer[..bytes.min(answer.len() - 1)];
                    let mut writer = self.writer.lock().await;
                    if !std::mem::replace(&mut self.ledger().mute, true) {
                        writer.write_all(torn).await?;
                    }
                }
                Act::Break(code) => {
                    let bytes = frame(RST_STREAM, 0, stream, &code.to_be_bytes());
                    self.say(&bytes, ends).await?;
                }
                Act::GoAway { last, code, text } => {
                    let mut writer = self.writer.lock().await;
                    if !self.ledger().mute {
                        let last = self.ledger().part(last);
                        let mut bytes = goaway(last & 0x7fff_ffff, code, text);
                        bytes.extend(frame(PING, 0, 0, FAREWELL));
                        writer.write_all(&bytes).await?;
                    }
                }
                Act::Limit(streams) => {
                    let bytes = settings(&[(MAX_CONCURRENT_STREAMS, streams)]);
                    self.say(&bytes, |ledger| ledger.announces(Some(streams)))
                        .await?;
                }
                Act::InitialWindow(window) => {
                    let bytes = settings(&[(INITIAL_WINDOW_SIZE, window)]);
                    self.say(&bytes, |ledger| ledger.grants(window)).await?;
                }
                Act::Window(by) => self.say(&window_update(stream, by), |_| ()).await?,
                Act::Malformed(kind) => {
                    let stream = stream.max(1);
                    let keep = |ledger: &mut Ledger| {
                        if kind == TOO_LONG {
                            ledger.open.remove(&stream);
                        }
                    };
                    self.say(&malformed(kind, stream), keep).await?;
                }
                Act::Ignorable => {
                    let announce = |ledger: &mut Ledger| ledger.announces(None);
                    self.say(&ignorable(stream), announce).await?;
                }
                Act::Wedge => self.ledger().mute = true,
                Act::Deaf => self.ledger().deaf = true,
                Act::StopReading => self.ledger().reads = false,
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

    /// A body, as far as the client's windows let it go.
    async fn body(&self, stream: u32, mut left: usize, end: bool) -> io::Result<()> {
        let mut waits = 0;
        while left > 0 && waits < 1000 {
            let piece = left.min(1024).min(self.ledger().may_send(stream));
            let over = self.ledger().over || !self.ledger().open.contains(&stream);
            if over {
                return Ok(());
            }
            if piece == 0 {
                waits += 1;
                self.shared.backend.sleep(Duration::from_millis(50)).await;
                continue;
            }
            left -= piece;
            let last = end && left == 0;
            let flags = if last { END_STREAM } else { 0 };
            let bytes = frame(DATA, flags, stream, &vec![b'b'; piece]);
            let keep = move |ledger: &mut Ledger| {
                ledger.spend(stream, piece);
                if last {
                    ledger.open.remove(&stream);
                }
            };
            self.say(&bytes, keep).await?;
        }
        Ok(())
    }
}
