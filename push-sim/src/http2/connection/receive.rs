//! What the client sends, beyond the single frame.

use crate::http2::flow::{Receiving, Sending};
use crate::http2::request::Wellformed;
use crate::http2::{ErrorCode, Event, Frame, FrameError, MAX_31, Settings};

use super::{Block, Connection, HEADER_TABLE_BYTES, Stream, lost};

/// Streams that may be open where no limit is kept to.
const MOST_STREAMS: usize = 10_000;
/// Pieces of one header block.
const MOST_CONTINUATIONS: usize = 32;
const MOST_BLOCK_BYTES: usize = 64 << 10;

impl Connection {
    pub(super) fn continuation(
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
    pub(super) fn headers(
        &mut self,
        block: Block,
        octets: &[u8],
    ) -> Result<Option<Event>, FrameError> {
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
        if open >= self.enforced.map_or(MOST_STREAMS, |limit| limit as usize) {
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
            padding: None,
        };
        if end_stream {
            self.streams.insert(stream, entry);
            return Ok(Some(Event::Request(request)));
        }
        request.announced = self.heads_watched;
        entry.request = Some(request);
        self.streams.insert(stream, entry);
        Ok(self.heads_watched.then_some(Event::Head { stream }))
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

    pub(super) fn data(
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
        if !self.starved
            && let Some(increment) = self.receiving.give_back()
        {
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
        if !self.starved
            && let Some(increment) = stream.receiving.give_back()
        {
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

    pub(super) fn reset_by_peer(
        &mut self,
        stream: u32,
        code: ErrorCode,
    ) -> Result<Option<Event>, FrameError> {
        if stream > self.last_stream {
            return Err(lost("a reset of an idle stream"));
        }
        self.remember_reset(stream);
        Ok(self
            .streams
            .remove(&stream)
            .map(|_| Event::Reset { stream, code }))
    }

    pub(super) fn settings(&mut self, settings: Settings<'_>) -> Result<(), FrameError> {
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

    pub(super) fn window_update(&mut self, id: u32, increment: u32) -> Result<(), FrameError> {
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
