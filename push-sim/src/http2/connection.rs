//! The state of one connection: bytes in, requests out; answers in, bytes out.

use std::collections::{HashMap, VecDeque};

use super::flow::{Receiving, Sending};
use super::request::Wellformed;
use super::{
    Decoder, ErrorCode, Frame, FrameError, HEAD_LEN, Head, MAX_31, PREFACE, Request, Settings,
    encode_field, encode_status,
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
/// Streams that may be open however lenient the limit is.
const MOST_STREAMS: usize = 10_000;
/// Pieces of one header block.
const MOST_CONTINUATIONS: usize = 32;
const MOST_BLOCK_BYTES: usize = 64 << 10;
/// Streams that were reset here, for which frames may still be under way.
const REMEMBERED_RESETS: usize = 1024;
/// Requests whose memory is kept for the next ones.
const SPARE_REQUESTS: usize = 64;

/// What happened on a connection.
#[derive(Debug)]
pub enum Event {
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
}

/// The server's side of one HTTP/2 connection.
#[derive(Debug)]
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
    /// Limits sent, and not yet acknowledged; `None` is lenient.
    announced: VecDeque<Option<u32>>,
    enforced: Option<u32>,
    table_was_reduced: bool,
    goaway: Option<u32>,
    out: Vec<u8>,
    scratch: Vec<u8>,
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
            announced: VecDeque::from([first]),
            enforced: None,
            table_was_reduced: false,
            goaway: None,
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
                if let Some(limit) = self.announced.pop_front() {
                    self.enforced = limit;
                }
                Ok(None)
            }
            Frame::WindowUpdate { stream, increment } => {
                self.window_update(stream, increment).map(|()| None)
            }
            Frame::Ping {
                ack: false,
                payload,
            } => {
                Frame::Ping { ack: true, payload }.encode(&mut self.out);
                Ok(None)
            }
            Frame::GoAway { code, .. } => Ok(Some(Event::GoAway { code })),
            Frame::PushPromise => Err(lost("a push promise of a client")),
            Frame::Priority { .. } | Frame::Ping { .. } | Frame::Unknown { .. } => Ok(None),
        }
    }

    fn continuation(
        &mut self,
        end_headers: bool,
        piece: &[u8],
    ) -> Result<Option<Event>, FrameError> {
        let Some(mut block) = self.block.take() else {
            return Err(lost("CONTINUATION without HEADERS"));
        };
        block.pieces += 1;
        self.block_octets.extend_from_slice(piece);
        if block.pieces > MOST_CONTINUATIONS || self.block_octets.len() > MOST_BLOCK_BYTES {
            return Err(FrameError {
                code: ErrorCode::ENHANCE_YOUR_CALM,
                ..lost("a header block above the limit")
            });
        }
        if !end_headers {
            self.block = Some(block);
            return Ok(None);
        }
        let octets = std::mem::take(&mut self.block_octets);
        let result = self.headers(block, &octets);
        self.block_octets = octets;
        result
    }

    /// A whole header block, which must be decoded whatever becomes of it.
    fn headers(&mut self, block: Block, octets: &[u8]) -> Result<Option<Event>, FrameError> {
        let Block {
            stream, end_stream, ..
        } = block;
        let mut request = self.spare.pop().unwrap_or_default();
        request.clear();
        request.stream = stream;
        let mut check = Wellformed::default();
        let limit = self.limits.header_list_bytes as usize;
        let decoded = self.decoder.decode(octets, |name, value| {
            if request.fields.list_size() + name.len() + value.len() + 32 > limit {
                request.too_many_fields = true;
            } else {
                check.field(name, value);
                request.fields.push(name, value);
            }
        });
        if decoded.is_err() {
            return Err(FrameError {
                code: ErrorCode::COMPRESSION_ERROR,
                ..lost("a malformed header block")
            });
        }
        request.content_length = check.content_length;

        if stream <= self.last_stream {
            self.recycle(request);
            return self.trailers(block, &check);
        }
        self.last_stream = stream;
        if self.goaway.is_some_and(|last| stream > last) {
            self.recycle(request);
            return Ok(None);
        }
        let open = self.streams.len() + self.unflushed;
        if self.enforced.is_some_and(|limit| open >= limit as usize) || open >= MOST_STREAMS {
            self.recycle(request);
            return Err(FrameError {
                code: ErrorCode::REFUSED_STREAM,
                stream: Some(stream),
                reason: "more streams than the limit",
            });
        }
        if !request.too_many_fields && !check.is_request()
            || end_stream && !request.length_is_right()
        {
            self.recycle(request);
            return Err(malformed(stream));
        }
        let mut entry = Stream {
            request: None,
            receiving: Receiving::new(self.limits.stream_window),
            sending: Sending::new(self.peer_window),
            waiting: Vec::new(),
        };
        if end_stream {
            self.streams.insert(stream, entry);
            return Ok(Some(Event::Request(request)));
        }
        entry.request = Some(request);
        self.streams.insert(stream, entry);
        Ok(None)
    }

    fn trailers(&mut self, block: Block, check: &Wellformed) -> Result<Option<Event>, FrameError> {
        let Some(stream) = self.streams.get_mut(&block.stream) else {
            return self.on_closed(block.stream).map(|()| None);
        };
        if stream.request.is_none() {
            return Err(closed(block.stream));
        }
        if !block.end_stream || !check.is_trailers() {
            return Err(malformed(block.stream));
        }
        Self::whole(stream)
    }

    fn data(
        &mut self,
        id: u32,
        end_stream: bool,
        data: &[u8],
        length: u32,
    ) -> Result<Option<Event>, FrameError> {
        if !self.receiving.take(length) {
            return Err(FrameError {
                code: ErrorCode::FLOW_CONTROL_ERROR,
                ..lost("more data than the connection's window")
            });
        }
        if let Some(increment) = self.receiving.give_back() {
            Frame::WindowUpdate {
                stream: 0,
                increment,
            }
            .encode(&mut self.out);
        }
        let Some(stream) = self.streams.get_mut(&id) else {
            return self.on_closed(id).map(|()| None);
        };
        let Some(request) = &mut stream.request else {
            return Err(closed(id));
        };
        if !stream.receiving.take(length) {
            return Err(FrameError {
                code: ErrorCode::FLOW_CONTROL_ERROR,
                stream: Some(id),
                reason: "more data than the stream's window",
            });
        }
        let room = self.limits.body_bytes.saturating_sub(request.body.len());
        request
            .body
            .extend_from_slice(&data[..data.len().min(room)]);
        request.body_len += data.len() as u64;
        if end_stream {
            return Self::whole(stream);
        }
        if let Some(increment) = stream.receiving.give_back() {
            Frame::WindowUpdate {
                stream: id,
                increment,
            }
            .encode(&mut self.out);
        }
        Ok(None)
    }

    fn whole(stream: &mut Stream) -> Result<Option<Event>, FrameError> {
        match stream.request.take() {
            Some(request) if !request.length_is_right() => Err(malformed(request.stream)),
            Some(request) => Ok(Some(Event::Request(request))),
            None => Ok(None),
        }
    }

    /// A frame on a stream that is not open (RFC 9113, section 5.1).
    fn on_closed(&self, stream: u32) -> Result<(), FrameError> {
        if stream > self.last_stream {
            return Err(lost("a frame on an idle stream"));
        }
        let left = self.goaway.is_some_and(|last| stream > last);
        if left || self.resets.contains(&stream) {
            return Ok(());
        }
        Err(FrameError {
            stream: None,
            ..closed(stream)
        })
    }

    fn reset_by_peer(&mut self, stream: u32, code: ErrorCode) -> Result<Option<Event>, FrameError> {
        if stream > self.last_stream {
            return Err(lost("a reset of an idle stream"));
        }
        self.remember_reset(stream);
        Ok(self
            .streams
            .remove(&stream)
            .map(|_| Event::Reset { stream, code }))
    }

    fn settings(&mut self, settings: Settings<'_>) -> Result<(), FrameError> {
        for (identifier, value) in settings.pairs() {
            match identifier {
                // Answers use no table: one update to 0 satisfies every later value.
                Settings::HEADER_TABLE_SIZE => {
                    self.table_was_reduced |= value < HEADER_TABLE_BYTES;
                }
                Settings::ENABLE_PUSH if value > 1 => return Err(lost("ENABLE_PUSH above 1")),
                Settings::INITIAL_WINDOW_SIZE => {
                    let change = i64::from(value) - i64::from(self.peer_window);
                    let fits = self
                        .streams
                        .values_mut()
                        .map(|stream| stream.sending.change(change))
                        .fold(value <= MAX_31, |all, fits| all & fits);
                    if !fits {
                        return Err(FrameError {
                            code: ErrorCode::FLOW_CONTROL_ERROR,
                            ..lost("a window above 2^31-1")
                        });
                    }
                    self.peer_window = value;
                }
                Settings::MAX_FRAME_SIZE => {
                    if !(16_384..=16_777_215).contains(&value) {
                        return Err(lost("MAX_FRAME_SIZE out of range"));
                    }
                    self.peer_frame = value as usize;
                }
                _ => {}
            }
        }
        Frame::SettingsAck.encode(&mut self.out);
        self.send_blocked();
        Ok(())
    }

    fn window_update(&mut self, id: u32, increment: u32) -> Result<(), FrameError> {
        let increment = i64::from(increment);
        if id == 0 {
            if !self.sending.change(increment) {
                return Err(FrameError {
                    code: ErrorCode::FLOW_CONTROL_ERROR,
                    ..lost("a window above 2^31-1")
                });
            }
        } else if let Some(stream) = self.streams.get_mut(&id) {
            if !stream.sending.change(increment) {
                return Err(FrameError {
                    code: ErrorCode::FLOW_CONTROL_ERROR,
                    stream: Some(id),
                    reason: "a window above 2^31-1",
                });
            }
        } else if id > self.last_stream {
            return Err(lost("a window update of an idle stream"));
        }
        self.send_blocked();
        Ok(())
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

    /// Answers a request; a stream that the client gave up is passed over.
    pub fn respond(&mut self, id: u32, status: u16, fields: &[(&str, &str)], body: &[u8]) {
        let Some(mut stream) = self.streams.remove(&id) else {
            return;
        };
        self.scratch.clear();
        if std::mem::take(&mut self.table_was_reduced) {
            self.scratch.push(0x20);
        }
        encode_status(status, &mut self.scratch);
        for (name, value) in fields {
            encode_field(name, value, &mut self.scratch);
        }
        self.send_headers(id, body.is_empty());
        if body.is_empty() {
            self.unflushed += 1;
            return;
        }
        let queue_is_empty = self.blocked.is_empty();
        stream.waiting.extend_from_slice(body);
        self.streams.insert(id, stream);
        if !queue_is_empty || !self.send_body(id) {
            self.blocked.push_back(id);
        }
    }

    fn send_headers(&mut self, stream: u32, end_stream: bool) {
        let (first, mut rest) = self
            .scratch
            .split_at(self.scratch.len().min(self.peer_frame));
        Frame::Headers {
            stream,
            end_stream,
            end_headers: rest.is_empty(),
            block: first,
        }
        .encode(&mut self.out);
        while !rest.is_empty() {
            let (block, tail) = rest.split_at(rest.len().min(self.peer_frame));
            rest = tail;
            Frame::Continuation {
                stream,
                end_headers: rest.is_empty(),
                block,
            }
            .encode(&mut self.out);
        }
    }

    /// Sends what the windows allow; `true` if nothing remains.
    ///
    /// Some clients read each DATA frame as a whole document, so a body is cut
    /// only if no window that the client offers could take it in one piece.
    fn send_body(&mut self, id: u32) -> bool {
        let Some(stream) = self.streams.get_mut(&id) else {
            return true;
        };
        while !stream.waiting.is_empty() {
            let length = stream.waiting.len().min(self.peer_frame);
            let window = stream.sending.available().min(self.sending.available());
            let take = match window {
                0 => return false,
                _ if window >= length => length,
                _ if (self.peer_window as usize) < length => window,
                _ => return false,
            };
            stream.sending.spend(take);
            self.sending.spend(take);
            Frame::Data {
                stream: id,
                end_stream: take == stream.waiting.len(),
                data: &stream.waiting[..take],
            }
            .encode(&mut self.out);
            stream.waiting.drain(..take);
        }
        self.streams.remove(&id);
        self.unflushed += 1;
        true
    }

    fn send_blocked(&mut self) {
        for _ in 0..self.blocked.len() {
            if let Some(id) = self.blocked.pop_front()
                && !self.send_body(id)
            {
                self.blocked.push_back(id);
            }
        }
    }

    /// Sends RST_STREAM.
    pub fn reset(&mut self, stream: u32, code: ErrorCode) {
        if self.streams.remove(&stream).is_some() {
            self.unflushed += 1;
        }
        self.remember_reset(stream);
        Frame::Reset { stream, code }.encode(&mut self.out);
    }

    fn remember_reset(&mut self, stream: u32) {
        if self.resets.len() == REMEMBERED_RESETS {
            self.resets.pop_front();
        }
        self.resets.push_back(stream);
    }

    /// Sends GOAWAY; streams above `last` are forgotten, and later ones passed over.
    pub fn go_away(&mut self, last: u32, code: ErrorCode, text: &[u8]) {
        let last = last.min(self.goaway.unwrap_or(MAX_31)) & MAX_31;
        self.goaway = Some(last);
        self.streams.retain(|stream, _| *stream <= last);
        Frame::GoAway {
            last,
            code,
            debug: &text[..text.len().min(self.peer_frame - 8)],
        }
        .encode(&mut self.out);
    }

    /// Announces another limit of streams; `strict` as in [`Limits`].
    pub fn limit_streams(&mut self, max_streams: u32, strict: bool) {
        self.announced.push_back(strict.then_some(max_streams));
        let pairs = [(Settings::MAX_CONCURRENT_STREAMS, max_streams)];
        Settings::encode(&pairs, &mut self.out);
    }

    /// The bytes to send; the caller takes from the front what it has written.
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// To be called when the output is handed to the network.
    pub fn flushed(&mut self) {
        self.unflushed = 0;
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

const fn malformed(stream: u32) -> FrameError {
    FrameError {
        code: ErrorCode::PROTOCOL_ERROR,
        stream: Some(stream),
        reason: "a malformed request",
    }
}

const fn closed(stream: u32) -> FrameError {
    FrameError {
        code: ErrorCode::STREAM_CLOSED,
        stream: Some(stream),
        reason: "a frame on a closed stream",
    }
}
