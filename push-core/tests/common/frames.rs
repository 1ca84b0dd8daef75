//! HTTP/2 frames by hand: what a peer says, and what none should say.

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

/// Of DATA and HEADERS.
pub const END_STREAM: u8 = 1;
/// Of SETTINGS and PING.
pub const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;

pub const MAX_CONCURRENT_STREAMS: u16 = 3;
pub const INITIAL_WINDOW_SIZE: u16 = 4;

pub const NO_ERROR: u32 = 0;
pub const INTERNAL_ERROR: u32 = 2;
pub const REFUSED_STREAM: u32 = 7;
pub const CANCEL: u32 = 8;
pub const ENHANCE_YOUR_CALM: u32 = 11;

/// `:status: 200` of the static table.
const OK: [u8; 1] = [0x88];

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

pub fn settings(settings: &[(u16, u32)]) -> Vec<u8> {
    let mut payload = Vec::new();
    for (id, value) in settings {
        payload.extend(id.to_be_bytes());
        payload.extend(value.to_be_bytes());
    }
    frame(SETTINGS, 0, 0, &payload)
}

pub fn window_update(stream: u32, by: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &by.to_be_bytes())
}

pub fn goaway(last: u32, code: u32, text: &str) -> Vec<u8> {
    let mut payload = last.to_be_bytes().to_vec();
    payload.extend(code.to_be_bytes());
    payload.extend(text.as_bytes());
    frame(GOAWAY, 0, 0, &payload)
}

/// The head of an answer.
pub fn head(stream: u32, end: bool) -> Vec<u8> {
    let end = if end { END_STREAM } else { 0 };
    frame(HEADERS, END_HEADERS | end, stream, &OK)
}

/// A header that stands as it is, in no table.
fn literal(name: &str, value: &str) -> Vec<u8> {
    let mut block = vec![0, name.len() as u8];
    block.extend(name.as_bytes());
    block.push(value.len() as u8);
    block.extend(value.as_bytes());
    block
}

/// 103 Early Hints, which is no answer yet.
pub fn hint(stream: u32) -> Vec<u8> {
    let mut block = vec![0x08, 3];
    block.extend(b"103");
    frame(HEADERS, END_HEADERS, stream, &block)
}

/// What ends a body with headers of its own.
pub fn trailers(stream: u32) -> Vec<u8> {
    let block = literal("grpc-status", "0");
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &block)
}

/// An answer whose head comes in pieces of so many bytes, the first one of none.
pub fn scattered(stream: u32, piece: usize) -> Vec<u8> {
    let mut block = OK.to_vec();
    block.extend(literal("apns-id", "7c5e0a5f-8a53-4d3c-bd55-6d0e0d8f3a11"));
    let mut bytes = frame(HEADERS, END_STREAM, stream, &[]);
    let mut pieces = block.chunks(piece.max(1)).peekable();
    while let Some(piece) = pieces.next() {
        let last = if pieces.peek().is_none() {
            END_HEADERS
        } else {
            0
        };
        bytes.extend(frame(CONTINUATION, last, stream, piece));
    }
    bytes
}

/// A whole answer with a body of so many bytes, and padding.
pub fn padded(stream: u32, body: usize) -> Vec<u8> {
    let mut bytes = frame(HEADERS, END_HEADERS | 8 | 0x20, stream, &{
        // The length of the padding, a priority, the block, the padding.
        let mut payload = vec![3, 0, 0, 0, 0, 15];
        payload.extend(OK);
        payload.extend([0; 3]);
        payload
    });
    let mut payload = vec![7];
    payload.extend(vec![b'p'; body]);
    payload.extend([0; 7]);
    bytes.extend(frame(DATA, END_STREAM | 8, stream, &payload));
    bytes
}

/// What means nothing: frames of types that nobody knows, PRIORITY, a PING's answer that nobody
/// asked for.
pub fn ignorable(stream: u32) -> Vec<u8> {
    let mut bytes = frame(0xb7, 0xff, stream, b"of no meaning");
    bytes.extend(frame(0x0c, 0, 0, b""));
    bytes.extend(frame(2, 0, stream, &[0, 0, 0, 0, 9]));
    bytes.extend(frame(PING, ACK, 0, b"whatever"));
    bytes.extend(settings(&[(0x99, 7)]));
    bytes
}

/// How many kinds of malformed frames there are.
pub const MALFORMED: u64 = 30;

/// The kind that ends a stream, by an answer that nobody takes.
pub const TOO_LONG: u64 = 28;

/// Frames that no peer may send.
pub fn malformed(kind: u64, stream: u32) -> Vec<u8> {
    match kind {
        0 => frame(DATA, 0, stream, &vec![0; 20_000]),
        1 => frame(DATA, 0, 0, b"no stream"),
        2 => frame(HEADERS, END_HEADERS | END_STREAM, 0, &OK),
        3 => frame(HEADERS, END_HEADERS | END_STREAM, 2, &OK),
        4 => frame(HEADERS, END_HEADERS | END_STREAM, 0x7fff_ffff, &OK),
        5 => frame(DATA, END_STREAM, stream + 1000, b"idle"),
        6 => frame(HEADERS, END_HEADERS, stream, &[0xff; 12]),
        7 => frame(HEADERS, END_HEADERS, stream, &[0x80]),
        8 => frame(SETTINGS, 0, 0, &[0; 5]),
        9 => frame(SETTINGS, 0, stream, &[]),
        10 => frame(SETTINGS, ACK, 0, &[0; 6]),
        11 => settings(&[(INITIAL_WINDOW_SIZE, u32::MAX)]),
        12 => settings(&[(5, 1)]),
        13 => window_update(0, 0),
        14 => window_update(stream, 0),
        15 => window_update(0, 0x7fff_ffff),
        16 => window_update(stream, 0x7fff_ffff),
        17 => b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        18 => frame(PING, 0, 0, b"seven b"),
        19 => frame(GOAWAY, 0, 0, b"seven b"),
        20 => frame(RST_STREAM, 0, 0, &[0; 4]),
        21 => frame(RST_STREAM, 0, stream, &[0; 3]),
        22 => frame(PUSH_PROMISE, END_HEADERS, stream, &[0, 0, 0, 2, 0x82]),
        23 => frame(CONTINUATION, END_HEADERS, stream, &OK),
        24 => {
            let mut bytes = frame(HEADERS, 0, stream, &OK);
            bytes.extend(frame(PING, 0, 0, b"too soon"));
            bytes
        }
        25 => frame(
            HEADERS,
            END_HEADERS | END_STREAM,
            stream,
            &literal("X-Upper", "no status"),
        ),
        26 => {
            let mut bytes = goaway(0x7fff_fffd, NO_ERROR, "");
            bytes.extend(goaway(0x7fff_ffff, NO_ERROR, "more than before"));
            bytes
        }
        // More than the window.
        27 => frame(DATA, 0, stream, &vec![0; 16_000]).repeat(5),
        TOO_LONG => {
            let long = literal("x-long", &"long".repeat(30)).repeat(120);
            let mut bytes = frame(HEADERS, END_STREAM, stream, &[]);
            bytes.extend(frame(CONTINUATION, 0, stream, &long));
            bytes.extend(frame(CONTINUATION, END_HEADERS, stream, &long));
            bytes
        }
        _ => {
            let mut bytes = head(stream, true);
            bytes.extend(head(stream, true));
            bytes
        }
    }
}
