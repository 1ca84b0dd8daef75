//! Bytes that break the protocol.

use crate::fault::Malformed;
use crate::http2::{Connection, HEAD_LEN, Head, MAX_31, Settings, encode_field, encode_status};

const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const SETTINGS: u8 = 0x4;
const PUSH_PROMISE: u8 = 0x5;
const PING: u8 = 0x6;
const GOAWAY: u8 = 0x7;
const WINDOW_UPDATE: u8 = 0x8;
const CONTINUATION: u8 = 0x9;
/// The longest payload of a frame that a client takes which has not said otherwise (RFC 9113, section
/// 4.2).
const LONGEST_FRAME: usize = 16_384;

/// Of no type that any RFC knows.
const UNKNOWN: u8 = 0xbe;

const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;

/// Its first three bytes would be the length of a frame of 7 MiB.
const GARBAGE: &[u8] = b"this is no frame of HTTP/2, and nothing that follows it is\r\n";

/// Writes it, as the answer on `stream` if it is one.
pub(super) fn send(kind: Malformed, stream: Option<u32>, http2: &mut Connection) {
    let last = http2.last_stream();
    let stream = stream.unwrap_or_else(|| last.max(1));
    let out = http2.output();
    let both = END_STREAM | END_HEADERS;
    match kind {
        Malformed::UnknownFrame => frame(UNKNOWN, 0xff, stream, b"unknown", out),
        Malformed::OversizedFrame => {
            // Whole, for clients that look at the length only once a frame is.
            frame(DATA, 0, stream, &[0; LONGEST_FRAME + 1], out);
        }
        Malformed::DataOnStream0 => frame(DATA, 0, 0, b"data", out),
        Malformed::HeadersOnIdleStream => {
            frame(HEADERS, both, (last | 1) + 1000, &block(200, &[]), out);
        }
        Malformed::HeadersOnEvenStream => frame(HEADERS, both, 2, &block(200, &[]), out),
        // An index that goes on and on.
        Malformed::BadHpack => frame(HEADERS, both, stream, &[0xff; 16], out),
        Malformed::SettingsLength => frame(SETTINGS, 0, 0, &[0; 5], out),
        Malformed::SettingsValue => {
            Settings::encode(&[(Settings::INITIAL_WINDOW_SIZE, MAX_31 + 1)], out);
        }
        Malformed::PingLength => frame(PING, 0, 0, &[0; 7], out),
        Malformed::GoawayLength => frame(GOAWAY, 0, 0, &[0; 4], out),
        Malformed::WindowUpdate0 => frame(WINDOW_UPDATE, 0, 0, &[0; 4], out),
        Malformed::WindowOverflow => {
            for _ in 0..2 {
                frame(WINDOW_UPDATE, 0, 0, &MAX_31.to_be_bytes(), out);
            }
        }
        Malformed::Continuation => {
            frame(CONTINUATION, END_HEADERS, stream, &block(200, &[]), out);
        }
        Malformed::PushPromise => {
            let promise = [&2_u32.to_be_bytes()[..], &[0x82, 0x87, 0x84]].concat();
            frame(PUSH_PROMISE, END_HEADERS, stream, &promise, out);
        }
        Malformed::Garbage => out.extend_from_slice(GARBAGE),
        Malformed::UppercaseHeader => {
            frame(HEADERS, both, stream, &block(200, &[("Apns-Id", "x")]), out);
        }
        Malformed::MissingStatus => {
            let mut block = Vec::new();
            encode_field("apns-id", "x", &mut block);
            frame(HEADERS, both, stream, &block, out);
        }
        Malformed::ContentLength => {
            let block = block(503, &[("content-length", "100")]);
            frame(HEADERS, END_HEADERS, stream, &block, out);
            frame(DATA, END_STREAM, stream, b"{}", out);
        }
    }
}

fn block(status: u16, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    encode_status(status, &mut block);
    for (name, value) in fields {
        encode_field(name, value, &mut block);
    }
    block
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8], out: &mut Vec<u8>) {
    Head {
        length: payload.len() as u32,
        kind,
        flags,
        stream,
    }
    .encode(out);
    out.extend_from_slice(payload);
}

/// Where the last frame begins, and its head; `start` is where one begins.
fn last_frame(out: &[u8], mut start: usize) -> Option<(usize, Head)> {
    let mut last = None;
    while let Some(head) = out.get(start..).and_then(Head::decode) {
        last = Some((start, head));
        start += HEAD_LEN + head.length as usize;
    }
    last
}

/// Takes away the second half of what the last frame from `start` on holds.
pub(super) fn cut(out: &mut Vec<u8>, start: usize) {
    if let Some((at, head)) = last_frame(out, start) {
        out.truncate(at + HEAD_LEN + head.length as usize / 2);
    }
}

/// Lets the answer that begins at `start` go on: without END_STREAM, and with half of its body.
pub(super) fn keep_open(out: &mut Vec<u8>, start: usize) {
    let Some((at, head)) = last_frame(out, start) else {
        return;
    };
    let payload = out.split_off(at);
    let half = match head.kind {
        DATA => head.length as usize / 2,
        _ => head.length as usize,
    };
    let flags = head.flags & !END_STREAM;
    frame(
        head.kind,
        flags,
        head.stream,
        &payload[HEAD_LEN..][..half],
        out,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http2::{ErrorCode, Event, Frame, Limits, PREFACE};

    /// A connection with a request on stream 1, and nothing in its output.
    fn connection() -> Connection {
        let mut connection = Connection::new(Limits::default());
        let mut wire = PREFACE.to_vec();
        Settings::encode(&[], &mut wire);
        frame(
            HEADERS,
            END_STREAM | END_HEADERS,
            1,
            &[0x83, 0x87, 0x84],
            &mut wire,
        );
        let event = connection.receive(&mut &wire[..]);
        assert!(matches!(event, Some(Event::Request(_))));
        connection.output().clear();
        connection
    }

    #[test]
    fn each_kind_is_what_it_is_called() {
        for kind in Malformed::ALL {
            let mut connection = connection();
            send(kind, Some(1), &mut connection);
            let out = connection.output();
            let head = Head::decode(out).unwrap();
            let end = HEAD_LEN + head.length as usize;
            let Some(payload) = out.get(HEAD_LEN..end) else {
                assert_eq!(kind, Malformed::Garbage);
                assert!(head.length > 16_384);
                continue;
            };
            let code = Frame::decode(head, payload).err().map(|error| error.code);
            let expected = match kind {
                Malformed::DataOnStream0 | Malformed::WindowUpdate0 => {
                    Some(ErrorCode::PROTOCOL_ERROR)
                }
                Malformed::SettingsLength | Malformed::PingLength | Malformed::GoawayLength => {
                    Some(ErrorCode::FRAME_SIZE_ERROR)
                }
                // Those are frames as such; what is wrong is what they say, and when.
                _ => None,
            };
            assert_eq!(code, expected, "{kind:?}");
            let stream = match kind {
                Malformed::HeadersOnIdleStream => 1001,
                Malformed::HeadersOnEvenStream => 2,
                _ if head.kind == SETTINGS || expected.is_some() => 0,
                Malformed::WindowOverflow => 0,
                _ => 1,
            };
            assert_eq!(head.stream, stream, "{kind:?}");
        }
    }

    #[test]
    fn a_header_block_that_is_bad_can_not_be_decoded() {
        let mut connection = connection();
        send(Malformed::BadHpack, Some(1), &mut connection);
        let block = connection.output()[HEAD_LEN..].to_vec();
        let mut decoder = crate::http2::Decoder::new(4096);
        assert!(decoder.decode(&block, |_, _| {}).is_err());
    }

    #[test]
    fn a_cut_leaves_half_of_the_last_frame() {
        let mut out = b"before".to_vec();
        frame(HEADERS, END_HEADERS, 1, b"whole", &mut out);
        let whole = out.len();
        frame(DATA, END_STREAM, 1, b"12345678", &mut out);
        let mut open = out.clone();
        cut(&mut out, 6);
        assert_eq!(out.len(), whole + HEAD_LEN + 4);
        keep_open(&mut open, 6);
        let (at, head) = last_frame(&open, 6).unwrap();
        assert_eq!((at, head.flags, head.length), (whole, 0, 4));
        assert!(open.ends_with(b"1234"));
    }
}
