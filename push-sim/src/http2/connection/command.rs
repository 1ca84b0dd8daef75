//! What a server does only on command.

use crate::http2::{Frame, MAX_31, Request, Settings};

use super::{Announced, Connection, Padding};

impl Connection {
    /// Tells of requests from now on when their fields have come, by
    /// [`Event::Head`](crate::http2::Event::Head).
    pub fn watch_heads(&mut self, on: bool) {
        self.heads_watched = on;
    }

    /// The request on this stream, while its body is still to come.
    #[must_use]
    pub fn head(&self, stream: u32) -> Option<&Request> {
        self.streams.get(&stream)?.request.as_ref()
    }

    /// The highest stream that the client has opened.
    #[must_use]
    pub fn last_stream(&self) -> u32 {
        self.last_stream
    }

    /// Acknowledges no PING any more.
    pub fn ignore_pings(&mut self) {
        self.pings_ignored = true;
    }

    /// Sends a PING, which comes back as [`Event::Pong`](crate::http2::Event::Pong).
    pub fn ping(&mut self, payload: [u8; 8]) {
        Frame::Ping {
            ack: false,
            payload,
        }
        .encode(&mut self.out);
    }

    /// Gives back nothing of any window any more.
    pub fn starve(&mut self) {
        self.starved = true;
    }

    /// Gives back what was withheld since [`Self::starve`], and from now on as usual.
    pub fn feed(&mut self) {
        if !std::mem::take(&mut self.starved) {
            return;
        }
        let connection = self
            .receiving
            .give_all_back()
            .map(|increment| (0, increment));
        let open = self.streams.iter_mut().filter_map(|(stream, state)| {
            state.request.as_ref()?;
            Some((*stream, state.receiving.give_all_back()?))
        });
        for (stream, increment) in connection.into_iter().chain(open) {
            Frame::WindowUpdate { stream, increment }.encode(&mut self.out);
        }
    }

    /// Announces another window for each stream, in bytes; it counts for the open ones, too.
    pub fn resize_stream_windows(&mut self, bytes: u32) {
        let bytes = bytes.min(MAX_31);
        self.announced.push_back(Announced::StreamWindow(bytes));
        Settings::encode(&[(Settings::INITIAL_WINDOW_SIZE, bytes)], &mut self.out);
    }

    pub(super) fn acknowledged(&mut self) {
        match self.announced.pop_front() {
            Some(Announced::Streams(limit)) => self.enforced = limit,
            Some(Announced::StreamWindow(bytes)) => {
                self.limits.stream_window = bytes;
                for stream in self.streams.values_mut() {
                    stream.receiving.resize(bytes);
                }
            }
            None => {}
        }
    }

    /// Puts so much white space behind the body of the answer on this stream; `None`: without end.
    pub fn pad_answer(&mut self, stream: u32, bytes: Option<u64>) {
        if let Some(stream) = self.streams.get_mut(&stream) {
            stream.padding = Some(bytes.map_or(Padding::Endless, Padding::Bytes));
        }
    }

    /// Says nothing more on a stream; the caller has put an end to it in [`Self::output`].
    pub fn forget(&mut self, stream: u32) {
        if self.streams.remove(&stream).is_some() {
            self.unflushed += 1;
        }
        self.remember_reset(stream);
    }
}
