//! One connection of the server, by either version of HTTP.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use backend_simulated::{Side, Stream};
use futures_util::{AsyncReadExt, AsyncWriteExt};
use push_core::Connection;

use super::{Act, Seen, Shared};

struct Served {
    shared: Arc<Shared>,
    number: usize,
    stream: Stream,
    requests: usize,
}

pub(super) async fn serve(shared: Arc<Shared>, number: usize, stream: Stream) {
    let mut served = Served {
        shared,
        number,
        requests: 0,
        stream,
    };
    // What can't be read or written any more was not wanted.
    let _ = match served.stream.alpn() {
        Some(b"h2") => served.http2().await,
        _ => served.http1().await,
    };
}

impl Served {
    async fn http1(&mut self) -> io::Result<()> {
        let acts = (self.shared.script().greet)(self.number);
        self.act(acts, None).await?;
        let mut bytes = Vec::new();
        loop {
            let head = loop {
                if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
                    break end + 4;
                }
                self.more(&mut bytes).await?;
            };
            let rest = bytes.split_off(head);
            let head = String::from_utf8(std::mem::replace(&mut bytes, rest)).unwrap();
            let Some(length) = self.length(&head) else {
                return Ok(());
            };
            let acts = (self.shared.script().interrupt)(self.number);
            let refused = acts.iter().any(|act| matches!(act, Act::Say(_)));
            self.act(acts, None).await?;
            while bytes.len() < length {
                self.more(&mut bytes).await?;
            }
            let rest = bytes.split_off(length);
            let body = std::mem::replace(&mut bytes, rest);
            // One answer to each.
            if !refused {
                let acts = self.request(&body, false, head);
                self.act(acts, None).await?;
            }
        }
    }

    async fn more(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        let mut piece = [0; 2048];
        match self.stream.read(&mut piece).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                bytes.extend(&piece[..count]);
                Ok(())
            }
        }
    }

    /// The length of the body; `None` where the head is none that we may send.
    fn length(&self, head: &str) -> Option<usize> {
        let line = head.lines().next().unwrap_or_default();
        let parts: Vec<_> = line.split(' ').collect();
        let lengths = head.lines().filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then_some(value)
        });
        let lengths: Vec<_> = lengths.collect();
        let fits = parts.len() == 3
            && parts[1].contains("/v1/")
            && parts[2] == "HTTP/1.1"
            && lengths.len() <= 1
            && head.contains("\r\nhost: push.example\r\n");
        if !fits {
            let wrong = format!("connection {}: no head: {head:?}", self.number);
            self.shared.log().wrongs.push(wrong);
            return None;
        }
        lengths
            .first()
            .map_or(Some(0), |length| length.parse().ok())
    }

    fn request(&mut self, body: &[u8], http2: bool, head: String) -> Vec<Act> {
        let number = String::from_utf8_lossy(body);
        let number = number.split(' ').next().unwrap_or_default().parse().ok();
        // A request without a body has its number in its path.
        let in_path = || head.split("/v1/").nth(1)?.split('?').next()?.parse().ok();
        let seen = Seen {
            number: number.or_else(in_path).unwrap_or(usize::MAX),
            connection: self.number,
            before: self.requests,
            http2,
            at: self.shared.backend.elapsed(),
            head,
        };
        self.requests += 1;
        self.shared.log().requests.push(seen.clone());
        (self.shared.script().behave)(&seen)
    }

    /// Does this; on a stream, by HTTP/2.
    async fn act(&mut self, acts: Vec<Act>, stream: Option<u32>) -> io::Result<()> {
        for act in acts {
            match act {
                Act::Wait(time) => self.shared.backend.sleep(time).await,
                Act::Say(bytes) => {
                    let bytes = match stream {
                        // `:status: 200` of the static table, and no body.
                        Some(stream) => frame(1, 5, stream, &[0x88]),
                        None => bytes,
                    };
                    self.stream.write_all(&bytes).await?;
                    self.stream.flush().await?;
                }
                Act::Drip(bytes, pause) => {
                    for byte in bytes {
                        self.stream.write_all(&[byte]).await?;
                        self.shared.backend.sleep(pause).await;
                    }
                }
                Act::Close => self.stream.cable().close(Side::Server),
                Act::Reset => self.stream.cable().reset(),
                Act::Cut => self.stream.cable().cut(),
                Act::StopReading => {
                    while self.stream.cable().is_open(Side::Client) {
                        self.shared.backend.sleep(super::SECOND).await;
                    }
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
            }
        }
        Ok(())
    }

    async fn http2(&mut self) -> io::Result<()> {
        self.stream.write_all(&frame(4, 0, 0, &[])).await?;
        self.stream.read_exact(&mut [0; 24]).await?;
        let mut bodies: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        let mut head = [0; 9];
        loop {
            self.stream.read_exact(&mut head).await?;
            let [a, b, c, kind, flags, id @ ..] = head;
            let stream = u32::from_be_bytes(id);
            let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
            self.stream.read_exact(&mut payload).await?;
            match (kind, flags & 1) {
                (4, 0) => self.stream.write_all(&frame(4, 1, 0, &[])).await?,
                (6, 0) => self.stream.write_all(&frame(6, 1, 0, &payload)).await?,
                (0, end) => {
                    let body = bodies.entry(stream).or_default();
                    body.extend(&payload);
                    if end == 1 {
                        let body = bodies.remove(&stream).unwrap_or_default();
                        let acts = self.request(&body, true, String::new());
                        self.act(acts, Some(stream)).await?;
                    }
                }
                _ => {}
            }
        }
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}
