//! Servers that speak HTTP/2 and take every push.

use std::fmt::Debug;
use std::marker::PhantomData;

use crate::pipe::Peer;

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

/// What a server says to each push.
pub(crate) trait Answer: Debug + Default + Send + Sync + Unpin + 'static {
    /// The header fields, which the compression table is not used for.
    const FIELDS: &[u8];
    /// The body; empty where there is none.
    const BODY: &[u8];
}

/// Status 200, and the two identifiers that Apple's development environment answers with.
#[derive(Debug, Default)]
pub(crate) struct Apple;

impl Answer for Apple {
    const FIELDS: &[u8] = b"\x88\
        \x10\x07apns-id\x24eabeae54-14a8-11e5-b60b-1697f925ec7b\
        \x10\x0eapns-unique-id\x24eabeae54-14a8-11e5-b60b-1697f925ec7b";
    const BODY: &[u8] = b"";
}

/// Status 200, and the name of a message.
#[derive(Debug, Default)]
pub(crate) struct Google;

impl Answer for Google {
    const FIELDS: &[u8] = b"\x88\x0f\x10\x1fapplication/json; charset=UTF-8";
    const BODY: &[u8] = b"{\n  \"name\": \"projects/anypush-sim/messages/\
        0:1500415314455276%31bd1c9631bd1c96\"\n}\n";
}

/// The server.
#[derive(Debug)]
pub(crate) struct Http2<A> {
    /// Bytes to pass over before the next frame header.
    skip: usize,
    header: [u8; HEADER_LEN],
    header_len: usize,
    answer: PhantomData<A>,
}

impl<A> Default for Http2<A> {
    fn default() -> Self {
        Self {
            skip: PREFACE_LEN,
            header: [0; HEADER_LEN],
            header_len: 0,
            answer: PhantomData,
        }
    }
}

impl<A: Answer> Peer for Http2<A> {
    const ALPN: Option<&'static [u8]> = Some(b"h2");

    fn greeting(&self) -> Vec<u8> {
        GREETING.to_vec()
    }

    fn take(&mut self, mut bytes: &[u8], answers: &mut Vec<u8>) -> bool {
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
                self.begin_frame(answers);
            }
        }
        true
    }
}

impl<A: Answer> Http2<A> {
    fn begin_frame(&mut self, answers: &mut Vec<u8>) {
        let [l0, l1, l2, kind, flags, stream @ ..] = self.header;
        self.skip = u32::from_be_bytes([0, l0, l1, l2]) as usize;
        match kind {
            DATA | HEADERS if flags & END_STREAM != 0 => answer::<A>(stream, answers),
            SETTINGS if flags & ACK == 0 => answers.extend_from_slice(SETTINGS_ACK),
            // Nothing here is idle for so long that it would be pinged.
            _ => {}
        }
    }
}

fn answer<A: Answer>(stream: [u8; 4], answers: &mut Vec<u8>) {
    const END_HEADERS: u8 = 0x4;
    if A::BODY.is_empty() {
        put_frame(
            HEADERS,
            END_HEADERS | END_STREAM,
            stream,
            A::FIELDS,
            answers,
        );
    } else {
        put_frame(HEADERS, END_HEADERS, stream, A::FIELDS, answers);
        put_frame(DATA, END_STREAM, stream, A::BODY, answers);
    }
}

fn put_frame(kind: u8, flags: u8, [s0, s1, s2, s3]: [u8; 4], payload: &[u8], to: &mut Vec<u8>) {
    let length = payload.len() as u8;
    to.extend_from_slice(&[0, 0, length, kind, flags, s0, s1, s2, s3]);
    to.extend_from_slice(payload);
}
