//! Follows one direction of an HTTP/2 connection by its frame headers (RFC 9113, section 4.1).

use std::fmt::{self, Write};

/// The client's connection preface (RFC 9113, section 3.4).
pub(crate) const PREFACE_LEN: usize = 24;

const HEADER_LEN: usize = 9;
const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const RST_STREAM: u8 = 0x3;
const SETTINGS: u8 = 0x4;
const GOAWAY: u8 = 0x7;
const CONTINUATION: u8 = 0x9;
const ACK: u8 = 0x1;
const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const MAX_CONCURRENT_STREAMS: u16 = 0x3;

/// How much of a SETTINGS or GOAWAY frame is kept. Longer SETTINGS are read so far; what is cut
/// from a GOAWAY is its text.
const KEPT: usize = 2048;

/// A frame that matters to the pool.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A stream was opened, or answered, or has its trailers.
    Headers { stream: u32 },
    /// Nothing more comes on a stream in this direction: its last frame is over.
    End { stream: u32 },
    /// A stream was broken off.
    Reset { stream: u32 },
    /// The peer's settings; the limit of streams if they speak of it.
    Settings { max_streams: Option<u32> },
    /// The peer takes no stream above the last one.
    GoAway(GoAway),
    /// The first frame is no SETTINGS: this is not HTTP/2 (RFC 9113, section 3.4).
    NotHttp2,
}

/// What a GOAWAY frame says (RFC 9113, section 6.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoAway {
    /// The highest stream that the peer may have processed.
    pub last_stream: u32,
    /// The error code; 0 is none.
    pub code: u32,
    /// The debug data as text.
    pub text: String,
}

/// A pure, incremental scanner: takes bytes as they come, in pieces of any size.
#[derive(Debug)]
pub(crate) struct Scanner {
    /// Bytes to pass over before the next frame header.
    skip: usize,
    /// What is told once they are passed.
    after: Option<Seen>,
    /// The stream that ends with the last piece of the header block under way.
    ending: Option<u32>,
    header: [u8; HEADER_LEN],
    header_len: usize,
    /// The payload of the current frame, where it is wanted, and how much of it is to come.
    payload: Option<Payload>,
    /// Whether a frame was seen.
    begun: bool,
}

#[derive(Debug)]
struct Payload {
    kind: u8,
    bytes: Vec<u8>,
    left: usize,
}

impl Scanner {
    /// Starts behind so many bytes that are not frames.
    pub(crate) fn new(skip: usize) -> Self {
        Self {
            skip,
            after: None,
            ending: None,
            header: [0; HEADER_LEN],
            header_len: 0,
            payload: None,
            begun: false,
        }
    }

    /// Reads on, and tells what it sees.
    pub(crate) fn scan(&mut self, mut bytes: &[u8], mut seen: impl FnMut(Seen)) {
        while !bytes.is_empty() {
            if self.skip > 0 {
                let passed = self.skip.min(bytes.len());
                self.skip -= passed;
                bytes = &bytes[passed..];
                if self.skip == 0
                    && let Some(told) = self.after.take()
                {
                    seen(told);
                }
            } else if let Some(payload) = &mut self.payload {
                let taken = payload.left.min(bytes.len());
                let room = KEPT.saturating_sub(payload.bytes.len());
                payload.bytes.extend_from_slice(&bytes[..taken.min(room)]);
                payload.left -= taken;
                bytes = &bytes[taken..];
                if payload.left == 0
                    && let Some(payload) = self.payload.take()
                {
                    payload.report(&mut seen);
                }
            } else {
                let taken = (HEADER_LEN - self.header_len).min(bytes.len());
                self.header[self.header_len..self.header_len + taken]
                    .copy_from_slice(&bytes[..taken]);
                self.header_len += taken;
                bytes = &bytes[taken..];
                if self.header_len == HEADER_LEN {
                    self.header_len = 0;
                    self.begin_frame(&mut seen);
                }
            }
        }
    }

    fn begin_frame(&mut self, seen: &mut impl FnMut(Seen)) {
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = self.header;
        let length = u32::from_be_bytes([0, l0, l1, l2]) as usize;
        let stream = u32::from_be_bytes([s0, s1, s2, s3]) & 0x7fff_ffff;
        if !std::mem::replace(&mut self.begun, true) && kind != SETTINGS {
            seen(Seen::NotHttp2);
        }
        match kind {
            HEADERS => {
                seen(Seen::Headers { stream });
                let ends = flags & END_STREAM != 0;
                if flags & END_HEADERS != 0 {
                    self.pass(length, ends.then_some(Seen::End { stream }), seen);
                } else {
                    // Its last piece ends it.
                    self.ending = ends.then_some(stream);
                    self.skip = length;
                }
            }
            CONTINUATION if flags & END_HEADERS != 0 => {
                let end = self.ending.take().map(|stream| Seen::End { stream });
                self.pass(length, end, seen);
            }
            DATA if flags & END_STREAM != 0 => {
                self.pass(length, Some(Seen::End { stream }), seen);
            }
            RST_STREAM => self.pass(length, Some(Seen::Reset { stream }), seen),
            SETTINGS if flags & ACK == 0 => self.collect(kind, length, seen),
            GOAWAY => self.collect(kind, length, seen),
            _ => self.skip = length,
        }
    }

    /// Passes over the payload of a frame, and then tells this.
    fn pass(&mut self, length: usize, told: Option<Seen>, seen: &mut impl FnMut(Seen)) {
        self.skip = length;
        match told {
            Some(told) if length == 0 => seen(told),
            told => self.after = told,
        }
    }

    fn collect(&mut self, kind: u8, length: usize, seen: &mut impl FnMut(Seen)) {
        let payload = Payload {
            kind,
            bytes: Vec::with_capacity(length.min(KEPT)),
            left: length,
        };
        if length == 0 {
            payload.report(seen);
        } else {
            self.payload = Some(payload);
        }
    }
}

impl Payload {
    fn report(self, seen: &mut impl FnMut(Seen)) {
        if self.kind == SETTINGS {
            seen(Seen::Settings {
                max_streams: max_streams(&self.bytes),
            });
        } else if let Some(goaway) = GoAway::decode(&self.bytes) {
            seen(Seen::GoAway(goaway));
        }
    }
}

/// The last value wins where a setting stands twice (RFC 9113, section 6.5).
fn max_streams(payload: &[u8]) -> Option<u32> {
    let settings = payload.chunks_exact(6).rev();
    settings
        .filter_map(|setting| <[u8; 6]>::try_from(setting).ok())
        .find(|setting| u16::from_be_bytes([setting[0], setting[1]]) == MAX_CONCURRENT_STREAMS)
        .map(|setting| u32::from_be_bytes([setting[2], setting[3], setting[4], setting[5]]))
}

impl fmt::Display for GoAway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.text.is_empty() {
            f.write_str("GOAWAY without a reason")?;
        } else {
            f.write_str("GOAWAY ")?;
        }
        for letter in self.text.chars() {
            match letter {
                // Escaped they would only be harder to read.
                '"' | '\'' => f.write_char(letter)?,
                _ => write!(f, "{}", letter.escape_debug())?,
            }
        }
        write!(f, " (HTTP/2 error code {})", self.code)
    }
}

impl GoAway {
    /// `None` when the frame is shorter than its fixed part.
    fn decode(payload: &[u8]) -> Option<Self> {
        let (fixed, text) = payload.split_first_chunk::<8>()?;
        let [a, b, c, d, e, f, g, h] = *fixed;
        Some(Self {
            last_stream: u32::from_be_bytes([a, b, c, d]) & 0x7fff_ffff,
            code: u32::from_be_bytes([e, f, g, h]),
            text: String::from_utf8_lossy(text).into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        frame
    }

    fn seen(scanner: &mut Scanner, bytes: &[u8]) -> Vec<Seen> {
        let mut all = Vec::new();
        scanner.scan(bytes, |seen| all.push(seen));
        all
    }

    fn a_connection() -> (Vec<u8>, Vec<Seen>) {
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        bytes.extend(frame(4, 0, 0, &[0, 4, 0, 0, 0xff, 0xff, 0, 3, 0, 0, 0, 1]));
        bytes.extend(frame(4, 1, 0, &[]));
        bytes.extend(frame(1, 4, 1, b"header block"));
        bytes.extend(frame(0, 0, 1, b"{"));
        bytes.extend(frame(0, 1, 1, b"}"));
        bytes.extend(frame(1, 5, 3, b"header block"));
        bytes.extend(frame(1, 1, 5, b"header "));
        bytes.extend(frame(9, 0, 5, b"bl"));
        bytes.extend(frame(9, 4, 5, b"ock"));
        bytes.extend(frame(3, 0, 3, &[0, 0, 0, 8]));
        bytes.extend(frame(4, 0, 0, &[]));
        let mut goaway = vec![0x80, 0, 0, 1, 0, 0, 0, 7];
        goaway.extend(br#"{"reason":"Shutdown"}"#);
        bytes.extend(frame(7, 0, 0, &goaway));
        let expected = vec![
            Seen::Settings {
                max_streams: Some(1),
            },
            Seen::Headers { stream: 1 },
            Seen::End { stream: 1 },
            Seen::Headers { stream: 3 },
            Seen::End { stream: 3 },
            Seen::Headers { stream: 5 },
            Seen::End { stream: 5 },
            Seen::Reset { stream: 3 },
            Seen::Settings { max_streams: None },
            Seen::GoAway(GoAway {
                last_stream: 1,
                code: 7,
                text: r#"{"reason":"Shutdown"}"#.to_owned(),
            }),
        ];
        (bytes, expected)
    }

    proptest! {
        #[test]
        fn frames_are_seen_however_the_bytes_are_cut(cuts in prop::collection::vec(1_usize..40, 0..60)) {
            let (bytes, expected) = a_connection();
            let mut scanner = Scanner::new(PREFACE_LEN);
            let mut all = Vec::new();
            let mut rest = bytes.as_slice();
            for cut in cuts {
                let (piece, tail) = rest.split_at(cut.min(rest.len()));
                all.extend(seen(&mut scanner, piece));
                rest = tail;
            }
            all.extend(seen(&mut scanner, rest));
            prop_assert_eq!(all, expected);
        }

        #[test]
        fn no_bytes_make_it_panic_or_grow(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
            let mut scanner = Scanner::new(0);
            scanner.scan(&bytes, |_| {});
            if let Some(payload) = &scanner.payload {
                prop_assert!(payload.bytes.len() <= KEPT);
            }
        }
    }

    #[test]
    fn a_goaway_too_short_to_read_is_none() {
        let mut scanner = Scanner::new(0);
        seen(&mut scanner, &frame(4, 0, 0, &[]));
        assert_eq!(seen(&mut scanner, &frame(7, 0, 0, &[0; 7])), []);
    }

    #[test]
    fn a_goaway_is_shown_on_one_line_and_as_it_was_written() {
        let shown = |text: &str| {
            let goaway = GoAway {
                last_stream: 0,
                code: 7,
                text: text.to_owned(),
            };
            goaway.to_string()
        };
        let json = r#"{"reason":"Shutdown"}"#;
        assert_eq!(shown(json), format!("GOAWAY {json} (HTTP/2 error code 7)"));
        assert_eq!(
            shown("a\nb\u{202e}"),
            "GOAWAY a\\nb\\u{202e} (HTTP/2 error code 7)"
        );
        assert_eq!(shown(""), "GOAWAY without a reason (HTTP/2 error code 7)");
    }

    #[test]
    fn another_protocol_is_told_by_its_first_bytes() {
        let mut scanner = Scanner::new(0);
        let answer = b"HTTP/1.1 400 Bad Request\r\n\r\n";
        assert_eq!(seen(&mut scanner, answer), [Seen::NotHttp2]);
    }
}
