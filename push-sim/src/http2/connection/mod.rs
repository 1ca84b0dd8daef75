//! The state of one connection: bytes in, requests out; answers in, bytes out.

mod command;
mod receive;
mod send;

use std::collections::{HashMap, VecDeque};
use std::fmt;

use crate::http2::flow::{Receiving, Sending};
use crate::http2::{
    Decoder, ErrorCode, Frame, FrameError, HEAD_LEN, Head, MAX_31, PREFACE, Request, Settings,
};

/// What the server allows, and announces in its first SETTINGS.
#[derive(Debug, Clone)]
pub struct Limits {
    /// SETTINGS_MAX_CONCURRENT_STREAMS.
    pub max_streams: u32,
    /// A stream beyond `max_streams` is refused, once the client has acknowledged the limit.
    pub strict: bool,
    /// SETTINGS_INITIAL_WINDOW_SIZE, in bytes.
    pub stream_window: u32,
    /// The window of the connection, in bytes; 65,535 at least.
    pub connection_window: u32,
    /// SETTINGS_MAX_HEADER_LIST_SIZE, in bytes.
    pub header_list_bytes: u32,
    /// A longer body is counted, but not kept.
    pub body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_streams: 1000,
            strict: true,
            stream_window: 65_535,
            connection_window: 1 << 20,
            header_list_bytes: 8000,
            body_bytes: 64 << 10,
        }
    }
}

const HEADER_TABLE_BYTES: u32 = 4096;
const MAX_FRAME_BYTES: u32 = 16_384;
/// Requests whose memory is kept for the next ones.
const SPARE_REQUESTS: usize = 64;

/// What happened on a connection.
#[derive(Debug)]
pub enum Event {
    /// The fields of a request have come, its body has not; only if [`Connection::watch_heads`]
    /// asked for it.
    Head {
        /// The stream.
        stream: u32,
    },
    /// A request is whole; answer it with [`Connection::respond`], now or later.
    Request(Request),
    /// The client gave up a stream that was not answered yet.
    Reset {
        /// The stream.
        stream: u32,
        /// Why.
        code: ErrorCode,
    },
    /// The client says that it leaves.
    GoAway {
        /// Why.
        code: ErrorCode,
    },
    /// A PING came back.
    Pong {
        /// What it holds.
        payload: [u8; 8],
    },
}

/// The server's side of one HTTP/2 connection.
pub struct Connection {
    limits: Limits,
    stage: Stage,
    decoder: Decoder,
    streams: HashMap<u32, Stream>,
    /// Answered since the last [`Self::flushed`]: the client still counts them.
    unflushed: usize,
    last_stream: u32,
    block: Option<Block>,
    block_octets: Vec<u8>,
    spare: Vec<Request>,
    resets: VecDeque<u32>,
    receiving: Receiving,
    sending: Sending,
    peer_window: u32,
    peer_frame: usize,
    /// Streams whose body waits for the window, in order.
    blocked: VecDeque<u32>,
    /// SETTINGS sent, and not yet acknowledged.
    announced: VecDeque<Announced>,
    enforced: Option<u32>,
    table_was_reduced: bool,
    goaway: Option<u32>,
    heads_watched: bool,
    pings_ignored: bool,
    starved: bool,
    out: Vec<u8>,
    scratch: Vec<u8>,
}

/// Without the bytes under way, which hold credentials.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("stage", &self.stage)
            .field("last_stream", &self.last_stream)
            .field("open", &self.streams.len())
            .field("goaway", &self.goaway)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Preface,
    FirstSettings,
    Open,
    /// GOAWAY was sent for an error, nothing is read any more.
    Failed,
}

#[derive(Debug)]
struct Stream {
    /// Until it is whole.
    request: Option<Request>,
    receiving: Receiving,
    sending: Sending,
    /// What remains of the answer's body.
    waiting: Vec<u8>,
    /// What white space is still to come behind it, where there ever was any.
    padding: Option<Padding>,
}

/// White space behind a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Padding {
    /// So many bytes of it.
    Bytes(u64),
    Endless,
}

/// What SETTINGS say, to be kept to from their acknowledgement on.
#[derive(Debug, Clone, Copy)]
enum Announced {
    /// A limit of streams; `None` is lenient.
    Streams(Option<u32>),
    StreamWindow(u32),
}

/// A header block under way.
#[derive(Debug, Clone, Copy)]
struct Block {
    stream: u32,
    end_stream: bool,
    pieces: usize,
}

impl Connection {
    /// A connection on which SETTINGS are ready to be sent.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let mut out = Vec::with_capacity(4096);
        let pairs = [
            (Settings::HEADER_TABLE_SIZE, HEADER_TABLE_BYTES),
            (Settings::MAX_CONCURRENT_STREAMS, limits.max_streams),
            (Settings::INITIAL_WINDOW_SIZE, limits.stream_window),
            (Settings::MAX_FRAME_SIZE, MAX_FRAME_BYTES),
            (Settings::MAX_HEADER_LIST_SIZE, limits.header_list_bytes),
        ];
        Settings::encode(&pairs, &mut out);
        let window = limits.connection_window.clamp(65_535, MAX_31);
        if window > 65_535 {
            let increment = window - 65_535;
            Frame::WindowUpdate {
                stream: 0,
                increment,
            }
            .encode(&mut out);
        }
        let first = limits.strict.then_some(limits.max_streams);
        Self {
            limits,
            stage: Stage::Preface,
            decoder: Decoder::new(HEADER_TABLE_BYTES as usize),
            streams: HashMap::new(),
            unflushed: 0,
            last_stream: 0,
            block: None,
            block_octets: Vec::new(),
            spare: Vec::new(),
            resets: VecDeque::new(),
            receiving: Receiving::new(window),
            sending: Sending::new(65_535),
            peer_window: 65_535,
            peer_frame: MAX_FRAME_BYTES as usize,
            blocked: VecDeque::new(),
            announced: VecDeque::from([Announced::Streams(first)]),
            enforced: None,
            table_was_reduced: false,
            goaway: None,
            heads_watched: false,
            pings_ignored: false,
            starved: false,
            out,
            scratch: Vec::new(),
        }
    }

    /// Takes frames off the front of `input` until something happened or too little is left;
    /// what is left then has to come again, with more behind it.
    pub fn receive(&mut self, input: &mut &[u8]) -> Option<Event> {
        loop {
            match self.stage {
                Stage::Failed => {
                    *input = &[];
                    return None;
                }
                Stage::Preface => self.preface(input)?,
                Stage::FirstSettings | Stage::Open => {
                    let head = Head::decode(input)?;
                    if head.length > MAX_FRAME_BYTES {
                        self.fail(ErrorCode::FRAME_SIZE_ERROR, "a frame above the limit");
                        continue;
                    }
                    let end = HEAD_LEN + head.length as usize;
                    let payload = input.get(HEAD_LEN..end)?;
                    *input = &input[end..];
                    match self.frame(head, payload) {
                        Ok(None) => {}
                        Ok(Some(event)) => return Some(event),
                        Err(error) => self.reject(error),
                    }
                }
            }
        }
    }

    fn preface(&mut self, input: &mut &[u8]) -> Option<()> {
        let length = input.len().min(PREFACE.len());
        if input[..length] != PREFACE[..length] {
            self.fail(ErrorCode::PROTOCOL_ERROR, "no HTTP/2 preface");
            return Some(());
        }
        *input = input.get(PREFACE.len()..)?;
        self.stage = Stage::FirstSettings;
        Some(())
    }

    fn frame(&mut self, head: Head, payload: &[u8]) -> Result<Option<Event>, FrameError> {
        if let Some(block) = self.block
            && (head.kind != 0x9 || head.stream != block.stream)
        {
            return Err(lost("a frame between the pieces of a header block"));
        }
        let frame = Frame::decode(head, payload)?;
        if self.stage == Stage::FirstSettings {
            if !matches!(frame, Frame::Settings(_)) {
                return Err(lost("the first frame is not SETTINGS"));
            }
            self.stage = Stage::Open;
        }
        match frame {
            Frame::Headers {
                stream,
                end_stream,
                end_headers,
                block,
            } => {
                if stream % 2 == 0 {
                    return Err(lost("a stream of an even number"));
                }
                let pending = Block {
                    stream,
                    end_stream,
                    pieces: 0,
                };
                if end_headers {
                    return self.headers(pending, block);
                }
                self.block = Some(pending);
                self.block_octets.clear();
                self.block_octets.extend_from_slice(block);
                Ok(None)
            }
            Frame::Continuation {
                end_headers, block, ..
            } => self.continuation(end_headers, block),
            Frame::Data {
                stream,
                end_stream,
                data,
            } => self.data(stream, end_stream, data, head.length),
            Frame::Reset { stream, code } => self.reset_by_peer(stream, code),
            Frame::Settings(settings) => self.settings(settings).map(|()| None),
            Frame::SettingsAck => {
                self.acknowledged();
                Ok(None)
            }
            Frame::WindowUpdate { stream, increment } => {
                self.window_update(stream, increment).map(|()| None)
            }
            Frame::Ping {
                ack: false,
                payload,
            } => {
                if !self.pings_ignored {
                    Frame::Ping { ack: true, payload }.encode(&mut self.out);
                }
                Ok(None)
            }
            Frame::Ping { ack: true, payload } => Ok(Some(Event::Pong { payload })),
            Frame::GoAway { code, .. } => Ok(Some(Event::GoAway { code })),
            Frame::PushPromise => Err(lost("a push promise of a client")),
            Frame::Priority { .. } | Frame::Unknown { .. } => Ok(None),
        }
    }

    fn reject(&mut self, error: FrameError) {
        match error.stream {
            Some(stream) => self.reset(stream, error.code),
            None => self.fail(error.code, error.reason),
        }
    }

    /// Ends the connection for an error of the peer.
    pub fn fail(&mut self, code: ErrorCode, reason: &str) {
        tracing::debug!(?code, reason, "closing an HTTP/2 connection");
        Frame::GoAway {
            last: self.goaway.unwrap_or(MAX_31).min(self.last_stream),
            code,
            debug: reason.as_bytes(),
        }
        .encode(&mut self.out);
        self.stage = Stage::Failed;
        self.streams.clear();
        self.blocked.clear();
    }

    /// The bytes to send; the caller takes from the front what it has written.
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// To be called when the output is handed to the network, and empty; more of a long body may
    /// come then.
    pub fn flushed(&mut self) {
        self.unflushed = 0;
        if !self.blocked.is_empty() {
            self.send_blocked();
        }
    }

    /// Takes back the memory of a request.
    pub fn recycle(&mut self, request: Request) {
        if self.spare.len() < SPARE_REQUESTS {
            self.spare.push(request);
        }
    }

    /// Nothing more will come of this connection: it failed, or it went away
    /// and has finished what it had.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        let left = self.goaway.is_some_and(|last| last < MAX_31);
        self.stage == Stage::Failed || left && self.streams.is_empty()
    }

    /// The client has sent nothing of HTTP/2 yet.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.stage == Stage::Preface
    }
}

const fn lost(reason: &'static str) -> FrameError {
    FrameError {
        code: ErrorCode::PROTOCOL_ERROR,
        stream: None,
        reason,
    }
}
