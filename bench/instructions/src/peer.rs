//! The far end of a connection, within the connection itself: what is written to it is answered
//! at once, in memory. It costs little beside what is counted, and always the same.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use anypush::Connection;

const PREFACE_LEN: usize = 24;
const HEADER_LEN: usize = 9;

const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const SETTINGS: u8 = 0x4;
const END_STREAM: u8 = 0x1;
const ACK: u8 = 0x1;

/// SETTINGS with 1,000 streams, and a window that lasts for 2 GiB of payloads.
const GREETING: &[u8] = &[
    0, 0, 6, SETTINGS, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0x03, 0xe8, //
    0, 0, 4, 0x8, 0, 0, 0, 0, 0, 0x7f, 0xff, 0, 0,
];

const SETTINGS_ACK: &[u8] = &[0, 0, 0, SETTINGS, ACK, 0, 0, 0, 0];

/// Status 200, and the two identifiers that Apple's development environment answers with.
const ANSWER: &[u8] = b"\x88\
    \x10\x07apns-id\x24eabeae54-14a8-11e5-b60b-1697f925ec7b\
    \x10\x0eapns-unique-id\x24eabeae54-14a8-11e5-b60b-1697f925ec7b";

/// A connection to a server that takes every push.
#[derive(Debug)]
pub struct Pipe {
    /// Bytes to pass over before the next frame header.
    skip: usize,
    header: [u8; HEADER_LEN],
    header_len: usize,
    answers: Vec<u8>,
    read: usize,
    reader: Option<Waker>,
}

impl Default for Pipe {
    fn default() -> Self {
        Self {
            skip: PREFACE_LEN,
            header: [0; HEADER_LEN],
            header_len: 0,
            answers: GREETING.to_vec(),
            read: 0,
            reader: None,
        }
    }
}

impl Pipe {
    fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.skip > 0 {
                let passed = self.skip.min(bytes.len());
                self.skip -= passed;
                bytes = &bytes[passed..];
                continue;
            }
            let taken = (HEADER_LEN - self.header_len).min(bytes.len());
            self.header[self.header_len..self.header_len + taken].copy_from_slice(&bytes[..taken]);
            self.header_len += taken;
            bytes = &bytes[taken..];
            if self.header_len == HEADER_LEN {
                self.header_len = 0;
                self.begin_frame();
            }
        }
        if !self.answers.is_empty()
            && let Some(reader) = self.reader.take()
        {
            reader.wake();
        }
    }

    fn begin_frame(&mut self) {
        let [l0, l1, l2, kind, flags, stream @ ..] = self.header;
        self.skip = u32::from_be_bytes([0, l0, l1, l2]) as usize;
        match kind {
            DATA | HEADERS if flags & END_STREAM != 0 => self.answer(stream),
            SETTINGS if flags & ACK == 0 => self.answers.extend_from_slice(SETTINGS_ACK),
            // Nothing here is idle for so long that it would be pinged.
            _ => {}
        }
    }

    fn answer(&mut self, [s0, s1, s2, s3]: [u8; 4]) {
        const LEN: u8 = ANSWER.len() as u8;
        const FLAGS: u8 = 0x4 | END_STREAM;
        let header = [0, 0, LEN, HEADERS, FLAGS, s0, s1, s2, s3];
        self.answers.extend_from_slice(&header);
        self.answers.extend_from_slice(ANSWER);
    }

    fn read(&mut self, most: usize, cx: &Context<'_>) -> Poll<&[u8]> {
        if self.read == self.answers.len() {
            self.answers.clear();
            self.read = 0;
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let begin = self.read;
        self.read = self.answers.len().min(begin + most);
        Poll::Ready(&self.answers[begin..self.read])
    }
}

impl futures_io::AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.read(buf.len(), cx).map(|bytes| {
            buf[..bytes.len()].copy_from_slice(bytes);
            Ok(bytes.len())
        })
    }
}

impl futures_io::AsyncWrite for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.take(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Connection for Pipe {
    fn alpn(&self) -> Option<&[u8]> {
        Some(b"h2")
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        None
    }
}

/// The same for the bare loop, which takes tokio's traits.
#[derive(Debug, Default)]
pub struct TokioPipe(Pipe);

impl tokio::io::AsyncRead for TokioPipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let most = buf.remaining();
        self.0.read(most, cx).map(|bytes| {
            buf.put_slice(bytes);
            Ok(())
        })
    }
}

impl tokio::io::AsyncWrite for TokioPipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.take(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
