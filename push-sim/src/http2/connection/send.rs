//! What is sent to the client.

use crate::http2::{ErrorCode, Frame, MAX_31, Settings, encode_field, encode_status};

use super::{Announced, Connection, Padding, Stream};

/// With so much to be written, a body's padding waits.
const PADDED_OUTPUT_BYTES: usize = 64 << 10;
const PADDING_BYTES: usize = 16 << 10;
/// Streams that were reset here, for which frames may still be under way.
const REMEMBERED_RESETS: usize = 10_000;

impl Connection {
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
        let is_all = body.is_empty() && !stream.has_padding();
        self.send_headers(id, is_all);
        if is_all {
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
        let is_padded = stream.padding.is_some();
        loop {
            if is_padded && self.out.len() >= PADDED_OUTPUT_BYTES {
                return false;
            }
            stream.pad();
            if stream.waiting.is_empty() {
                break;
            }
            let length = stream.waiting.len().min(self.peer_frame);
            let window = stream.sending.available().min(self.sending.available());
            let take = match window {
                0 => return false,
                _ if window >= length => length,
                _ if is_padded || (self.peer_window as usize) < length => window,
                _ => return false,
            };
            stream.sending.spend(take);
            self.sending.spend(take);
            Frame::Data {
                stream: id,
                end_stream: take == stream.waiting.len() && !stream.has_padding(),
                data: &stream.waiting[..take],
            }
            .encode(&mut self.out);
            stream.waiting.drain(..take);
        }
        self.streams.remove(&id);
        self.unflushed += 1;
        true
    }

    pub(super) fn send_blocked(&mut self) {
        for _ in 0..self.blocked.len() {
            if self.sending.available() == 0 {
                return;
            }
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

    pub(super) fn remember_reset(&mut self, stream: u32) {
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

    /// Announces another limit of streams; `strict` as in [`Limits`](crate::http2::Limits).
    pub fn limit_streams(&mut self, max_streams: u32, strict: bool) {
        self.announced
            .push_back(Announced::Streams(strict.then_some(max_streams)));
        let pairs = [(Settings::MAX_CONCURRENT_STREAMS, max_streams)];
        Settings::encode(&pairs, &mut self.out);
    }
}

impl Stream {
    /// Whether more padding is to come than what waits already.
    fn has_padding(&self) -> bool {
        !matches!(self.padding, None | Some(Padding::Bytes(0)))
    }

    /// Moves padding to what waits, a frame's worth at a time.
    fn pad(&mut self) {
        let room = PADDING_BYTES.saturating_sub(self.waiting.len());
        let length = match &mut self.padding {
            None => return,
            Some(Padding::Endless) => room,
            Some(Padding::Bytes(left)) => {
                let length = room.min(usize::try_from(*left).unwrap_or(room));
                *left -= length as u64;
                length
            }
        };
        self.waiting.resize(self.waiting.len() + length, b' ');
    }
}
