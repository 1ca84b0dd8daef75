//! The server's side of HTTP/2, as far as it needs it: it looks at no header field.

use std::collections::HashSet;

use anyhow::{Result, bail, ensure};

use crate::answers::{Answer, Answers};
use crate::place::Counts;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADER_LEN: usize = 9;
const MOST_FRAME_BYTES: usize = 16 * 1024;

const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const RST_STREAM: u8 = 0x3;
const SETTINGS: u8 = 0x4;
const PING: u8 = 0x6;
const GOAWAY: u8 = 0x7;

const END_STREAM: u8 = 0x1;
const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;

/// SETTINGS with 100 streams, as Google's front end has it, and a window of 2 GiB less one byte.
const GREETING: &[u8] = &[
    0, 0, 6, SETTINGS, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100, //
    0, 0, 4, 0x8, 0, 0, 0, 0, 0, 0x7f, 0xff, 0, 0,
];
const SETTINGS_ACK: [u8; HEADER_LEN] = [0, 0, 0, SETTINGS, ACK, 0, 0, 0, 0];

/// So much of the window is used up before it is opened again.
const REFILL: u32 = 1 << 30;

/// What becomes of a message.
pub(crate) trait Judge {
    /// The answer for the next one.
    fn next(&mut self, counts: &mut Counts) -> &Answer;

    /// What else the server says.
    fn answers(&self) -> &Answers;
}

/// A connection.
#[derive(Debug, Default)]
pub(crate) struct Http2 {
    has_begun: bool,
    has_answered: bool,
    /// Bytes of bodies since the window was opened.
    used: u32,
    /// The streams whose body is a form, which is for the token endpoint, and has not ended.
    forms: HashSet<u32>,
    pub(crate) counts: Counts,
}

impl Http2 {
    /// What the server says at once.
    pub(crate) const GREETING: &[u8] = GREETING;

    /// The longest that is looked at as one.
    pub(crate) const ROOM: usize = HEADER_LEN + MOST_FRAME_BYTES;

    /// Takes what has come, appends what the server says to that, and tells how much it has taken:
    /// whole frames.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        judge: &mut impl Judge,
        out: &mut Vec<u8>,
    ) -> Result<usize> {
        let mut rest = bytes;
        if !self.has_begun {
            if rest.len() < PREFACE.len() {
                return Ok(0);
            }
            ensure!(rest.starts_with(PREFACE), "it does not speak HTTP/2");
            rest = &rest[PREFACE.len()..];
            self.has_begun = true;
        }
        while let Some((header, behind)) = rest.split_first_chunk::<HEADER_LEN>() {
            let [l0, l1, l2, kind, flags, stream @ ..] = *header;
            let length = u32::from_be_bytes([0, l0, l1, l2]) as usize;
            ensure!(
                length <= MOST_FRAME_BYTES,
                "it sent a frame of {length} bytes"
            );
            let Some((payload, next)) = behind.split_at_checked(length) else {
                break;
            };
            rest = next;
            match kind {
                DATA => self.data(payload, flags, stream, judge, out),
                HEADERS => ensure!(flags & END_STREAM == 0, "it sent a request without a body"),
                SETTINGS if flags & ACK == 0 => out.extend_from_slice(&SETTINGS_ACK),
                PING if flags & ACK == 0 => {
                    out.extend_from_slice(&[0, 0, 8, PING, ACK, 0, 0, 0, 0]);
                    out.extend_from_slice(payload);
                }
                RST_STREAM => bail!("it reset a stream: {payload:?}"),
                GOAWAY => ensure!(
                    payload.get(4..8) == Some(&[0; 4]),
                    "it gave up: {payload:?}"
                ),
                _ => {}
            }
        }
        Ok(bytes.len() - rest.len())
    }

    fn data(
        &mut self,
        payload: &[u8],
        flags: u8,
        stream: [u8; 4],
        judge: &mut impl Judge,
        out: &mut Vec<u8>,
    ) {
        let number = u32::from_be_bytes(stream);
        let is_form = match payload.first() {
            // Only forms come in more than one part here: a message's first byte is a brace.
            Some(b'{') => false,
            Some(_) => {
                self.forms.insert(number);
                true
            }
            None => self.forms.contains(&number),
        };
        self.used += payload.len() as u32;
        if self.used >= REFILL {
            out.extend_from_slice(&[0, 0, 4, 0x8, 0, 0, 0, 0, 0]);
            out.extend_from_slice(&self.used.to_be_bytes());
            self.used = 0;
        }
        if !is_form {
            self.counts.body_bytes += payload.len() as u64;
        }
        if flags & END_STREAM == 0 {
            return;
        }
        let answer = match is_form {
            true => {
                self.forms.remove(&number);
                &judge.answers().token
            }
            false => judge.next(&mut self.counts),
        };
        let fields = match self.has_answered {
            true => &answer.later,
            false => &answer.first,
        };
        self.has_answered = true;
        put_frame(HEADERS, END_HEADERS, stream, fields, out);
        put_frame(DATA, END_STREAM, stream, &answer.body, out);
    }
}

fn put_frame(kind: u8, flags: u8, stream: [u8; 4], payload: &[u8], out: &mut Vec<u8>) {
    let [_, l0, l1, l2] = (payload.len() as u32).to_be_bytes();
    let [s0, s1, s2, s3] = stream;
    out.extend_from_slice(&[l0, l1, l2, kind, flags, s0, s1, s2, s3]);
    out.extend_from_slice(payload);
}
