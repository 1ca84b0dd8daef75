//! Frames of HTTP/2 (RFC 9113, sections 4 and 6) as a pure codec.

use super::ErrorCode;

/// The octets before every payload.
pub const HEAD_LEN: usize = 9;
/// What a client sends first (RFC 9113, section 3.4).
pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The highest stream id and the largest window.
pub const MAX_31: u32 = 0x7fff_ffff;

const END_STREAM: u8 = 0x1;
const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Of the payload, in bytes.
    pub length: u32,
    /// The type of the frame.
    pub kind: u8,
    /// Flags; their meaning depends on the type.
    pub flags: u8,
    /// The stream, 0 for the connection.
    pub stream: u32,
}

impl Head {
    /// Reads a head from the front of `octets`; `None` if there are too few.
    #[must_use]
    pub fn decode(octets: &[u8]) -> Option<Self> {
        let head = octets.first_chunk::<HEAD_LEN>()?;
        Some(Self {
            length: u32::from_be_bytes([0, head[0], head[1], head[2]]),
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & MAX_31,
        })
    }

    /// Appends the nine octets.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.length.to_be_bytes()[1..]);
        out.extend_from_slice(&[self.kind, self.flags]);
        out.extend_from_slice(&self.stream.to_be_bytes());
    }
}

/// One frame; padding and priority are taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// DATA.
    Data {
        /// Its stream.
        stream: u32,
        /// Nothing follows.
        end_stream: bool,
        /// Without padding.
        data: &'a [u8],
    },
    /// HEADERS.
    Headers {
        /// Its stream.
        stream: u32,
        /// No body and no trailers follow.
        end_stream: bool,
        /// No CONTINUATION follows.
        end_headers: bool,
        /// A piece of the header block.
        block: &'a [u8],
    },
    /// PRIORITY; ignored everywhere.
    Priority {
        /// Its stream.
        stream: u32,
    },
    /// RST_STREAM.
    Reset {
        /// Its stream.
        stream: u32,
        /// Why.
        code: ErrorCode,
    },
    /// SETTINGS.
    Settings(Settings<'a>),
    /// The acknowledgement of SETTINGS.
    SettingsAck,
    /// PUSH_PROMISE, which no client may send.
    PushPromise,
    /// PING.
    Ping {
        /// An answer.
        ack: bool,
        /// To be sent back.
        payload: [u8; 8],
    },
    /// GOAWAY.
    GoAway {
        /// The last stream that may have been processed.
        last: u32,
        /// Why.
        code: ErrorCode,
        /// More about why.
        debug: &'a [u8],
    },
    /// WINDOW_UPDATE.
    WindowUpdate {
        /// Its stream, 0 for the connection.
        stream: u32,
        /// In bytes, never 0.
        increment: u32,
    },
    /// CONTINUATION.
    Continuation {
        /// Its stream.
        stream: u32,
        /// No further one follows.
        end_headers: bool,
        /// A piece of the header block.
        block: &'a [u8],
    },
    /// A type that this codec does not know; to be ignored.
    Unknown {
        /// The type.
        kind: u8,
    },
}

/// What is wrong with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct FrameError {
    /// For RST_STREAM or GOAWAY.
    pub code: ErrorCode,
    /// The stream that alone is concerned; `None`: the connection is lost.
    pub stream: Option<u32>,
    /// For people.
    pub reason: &'static str,
}

const fn lost(code: ErrorCode, reason: &'static str) -> FrameError {
    FrameError {
        code,
        stream: None,
        reason,
    }
}

impl<'a> Frame<'a> {
    /// Reads the payload that belongs to `head`.
    ///
    /// # Errors
    /// What RFC 9113 calls a connection error or a stream error.
    pub fn decode(head: Head, payload: &'a [u8]) -> Result<Self, FrameError> {
        let Head { flags, stream, .. } = head;
        let has = |flag| flags & flag != 0;
        let exactly = |length| match payload.len() == length {
            true => Ok(()),
            false => Err(lost(
                ErrorCode::FRAME_SIZE_ERROR,
                "a frame of the wrong size",
            )),
        };
        match (head.kind, stream) {
            (0x0..=0x3 | 0x5 | 0x9, 0) => {
                return Err(lost(ErrorCode::PROTOCOL_ERROR, "a frame without a stream"));
            }
            (0x4 | 0x6 | 0x7, 1..) => {
                return Err(lost(
                    ErrorCode::PROTOCOL_ERROR,
                    "a connection's frame on a stream",
                ));
            }
            _ => {}
        }
        Ok(match head.kind {
            0x0 => Self::Data {
                stream,
                end_stream: has(END_STREAM),
                data: unpadded(payload, has(PADDED))?,
            },
            0x1 => {
                let mut block = unpadded(payload, has(PADDED))?;
                if has(PRIORITY) {
                    block = block.get(5..).ok_or(lost(
                        ErrorCode::FRAME_SIZE_ERROR,
                        "HEADERS without its priority",
                    ))?;
                }
                Self::Headers {
                    stream,
                    end_stream: has(END_STREAM),
                    end_headers: has(END_HEADERS),
                    block,
                }
            }
            0x2 if payload.len() == 5 => Self::Priority { stream },
            0x2 => {
                return Err(FrameError {
                    code: ErrorCode::FRAME_SIZE_ERROR,
                    stream: Some(stream),
                    reason: "PRIORITY of the wrong size",
                });
            }
            0x3 => {
                exactly(4)?;
                Self::Reset {
                    stream,
                    code: ErrorCode(u32_at(payload, 0)),
                }
            }
            0x4 if has(ACK) => {
                exactly(0)?;
                Self::SettingsAck
            }
            0x4 if payload.len().is_multiple_of(6) => Self::Settings(Settings(payload)),
            0x4 => {
                return Err(lost(
                    ErrorCode::FRAME_SIZE_ERROR,
                    "SETTINGS of the wrong size",
                ));
            }
            0x5 => Self::PushPromise,
            0x6 => {
                exactly(8)?;
                let mut octets = [0; 8];
                octets.copy_from_slice(payload);
                Self::Ping {
                    ack: has(ACK),
                    payload: octets,
                }
            }
            0x7 => {
                let (fixed, debug) = payload.split_at_checked(8).ok_or(lost(
                    ErrorCode::FRAME_SIZE_ERROR,
                    "GOAWAY of the wrong size",
                ))?;
                Self::GoAway {
                    last: u32_at(fixed, 0) & MAX_31,
                    code: ErrorCode(u32_at(fixed, 4)),
                    debug,
                }
            }
            0x8 => {
                exactly(4)?;
                let increment = u32_at(payload, 0) & MAX_31;
                if increment == 0 {
                    return Err(FrameError {
                        code: ErrorCode::PROTOCOL_ERROR,
                        stream: (stream != 0).then_some(stream),
                        reason: "a window update of 0",
                    });
                }
                Self::WindowUpdate { stream, increment }
            }
            0x9 => Self::Continuation {
                stream,
                end_headers: has(END_HEADERS),
                block: payload,
            },
            kind => Self::Unknown { kind },
        })
    }

    /// Appends the frame, without padding or priority.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let flag = |on: bool, flag: u8| if on { flag } else { 0 };
        let words = |first: u32, second: u32| {
            let mut octets = [0; 8];
            octets[..4].copy_from_slice(&first.to_be_bytes());
            octets[4..].copy_from_slice(&second.to_be_bytes());
            octets
        };
        const NONE: ([u8; 8], usize) = ([0; 8], 0);
        let (kind, flags, stream, (fixed, fixed_len), rest): (u8, u8, u32, _, &[u8]) = match *self {
            Self::Data {
                stream,
                end_stream,
                data,
            } => (0x0, flag(end_stream, END_STREAM), stream, NONE, data),
            Self::Headers {
                stream,
                end_stream,
                end_headers,
                block,
            } => {
                let flags = flag(end_stream, END_STREAM) | flag(end_headers, END_HEADERS);
                (0x1, flags, stream, NONE, block)
            }
            Self::Priority { stream } => (0x2, 0, stream, NONE, &[0, 0, 0, 0, 15]),
            Self::Reset { stream, code } => (0x3, 0, stream, (words(code.0, 0), 4), &[]),
            Self::Settings(settings) => (0x4, 0, 0, NONE, settings.0),
            Self::SettingsAck => (0x4, ACK, 0, NONE, &[]),
            Self::PushPromise => (0x5, END_HEADERS, 1, (words(2, 0), 4), &[]),
            Self::Ping { ack, payload } => (0x6, flag(ack, ACK), 0, (payload, 8), &[]),
            Self::GoAway { last, code, debug } => (0x7, 0, 0, (words(last, code.0), 8), debug),
            Self::WindowUpdate { stream, increment } => {
                (0x8, 0, stream, (words(increment, 0), 4), &[])
            }
            Self::Continuation {
                stream,
                end_headers,
                block,
            } => (0x9, flag(end_headers, END_HEADERS), stream, NONE, block),
            Self::Unknown { kind } => (kind, 0, 0, NONE, &[]),
        };
        Head {
            length: (fixed_len + rest.len()) as u32,
            kind,
            flags,
            stream,
        }
        .encode(out);
        out.extend_from_slice(&fixed[..fixed_len]);
        out.extend_from_slice(rest);
    }
}

/// The payload of SETTINGS: pairs of identifier and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings<'a>(&'a [u8]);

impl<'a> Settings<'a> {
    /// SETTINGS_HEADER_TABLE_SIZE.
    pub const HEADER_TABLE_SIZE: u16 = 1;
    /// SETTINGS_ENABLE_PUSH.
    pub const ENABLE_PUSH: u16 = 2;
    /// SETTINGS_MAX_CONCURRENT_STREAMS.
    pub const MAX_CONCURRENT_STREAMS: u16 = 3;
    /// SETTINGS_INITIAL_WINDOW_SIZE.
    pub const INITIAL_WINDOW_SIZE: u16 = 4;
    /// SETTINGS_MAX_FRAME_SIZE.
    pub const MAX_FRAME_SIZE: u16 = 5;
    /// SETTINGS_MAX_HEADER_LIST_SIZE.
    pub const MAX_HEADER_LIST_SIZE: u16 = 6;

    /// Writes a whole SETTINGS frame.
    pub fn encode(pairs: &[(u16, u32)], out: &mut Vec<u8>) {
        let mut payload = Vec::with_capacity(pairs.len() * 6);
        for (identifier, value) in pairs {
            payload.extend_from_slice(&identifier.to_be_bytes());
            payload.extend_from_slice(&value.to_be_bytes());
        }
        Frame::Settings(Settings(&payload)).encode(out);
    }

    /// Identifier and value, in order; a later one of the same identifier wins.
    pub fn pairs(self) -> impl Iterator<Item = (u16, u32)> + 'a {
        self.0
            .chunks_exact(6)
            .map(|pair| (u16::from_be_bytes([pair[0], pair[1]]), u32_at(pair, 2)))
    }
}

fn u32_at(octets: &[u8], at: usize) -> u32 {
    octets
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .map_or(0, |four| u32::from_be_bytes(*four))
}

fn unpadded(payload: &[u8], padded: bool) -> Result<&[u8], FrameError> {
    if !padded {
        return Ok(payload);
    }
    const WRONG: FrameError = lost(ErrorCode::PROTOCOL_ERROR, "more padding than frame");
    let (&padding, rest) = payload.split_first().ok_or(lost(
        ErrorCode::FRAME_SIZE_ERROR,
        "a padded frame without its length",
    ))?;
    let length = rest.len().checked_sub(usize::from(padding)).ok_or(WRONG)?;
    rest.get(..length).ok_or(WRONG)
}
