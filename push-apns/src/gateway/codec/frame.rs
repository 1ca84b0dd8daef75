use std::fmt;

use super::reader::Reader;
use super::{CodecError, Shortened};
use crate::gateway::Command;

const TOKEN: u8 = 1;
const PAYLOAD: u8 = 2;
const IDENTIFIER: u8 = 3;
const EXPIRY: u8 = 4;
const PRIORITY: u8 = 5;

/// Command and length of a frame of items.
const ITEMS_HEAD_LEN: usize = 5;
/// Number and length of an item.
const ITEM_HEAD_LEN: u32 = 3;
/// Each item once, the two of free length at their longest.
const MAX_ITEMS_LEN: u32 = 5 * ITEM_HEAD_LEN + 2 * u16::MAX as u32 + 4 + 4 + 1;

/// One notification as it goes over the connection.
///
/// What each command has: 0 neither identifier, expiry nor priority; 1 always identifier and expiry,
/// no priority; 2 any of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[must_use]
pub struct Frame<'a> {
    /// The form.
    pub command: Command,
    /// The device token. One of no bytes is refused by the gateway, which proves that everything
    /// before it was taken.
    pub token: &'a [u8],
    /// The payload.
    pub payload: &'a [u8],
    /// What an error response names the notification by. `None` where there is none.
    pub identifier: Option<u32>,
    /// Until when the service keeps it for a device that it can't reach, in seconds since 1970; 0 does
    /// not keep it. `None` where nothing is said.
    pub expiry: Option<u32>,
    /// 10 (at once) or 5 (sparing the battery). `None` where nothing is said.
    pub priority: Option<u8>,
}

impl<'a> Frame<'a> {
    /// The longest frame, in bytes: one of items, each at its longest.
    pub const MAX_LEN: usize = ITEMS_HEAD_LEN + MAX_ITEMS_LEN as usize;

    /// A frame with no more than token and payload.
    pub const fn new(command: Command, token: &'a [u8], payload: &'a [u8]) -> Self {
        Self {
            command,
            token,
            payload,
            identifier: None,
            expiry: None,
            priority: None,
        }
    }

    /// With this identifier; commands 1 and 2.
    pub const fn identifier(mut self, identifier: u32) -> Self {
        self.identifier = Some(identifier);
        self
    }

    /// With this expiry; commands 1 and 2.
    pub const fn expiry(mut self, expiry: u32) -> Self {
        self.expiry = Some(expiry);
        self
    }

    /// With this priority; command 2.
    pub const fn priority(mut self, priority: u8) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Appends the frame's bytes to `out`, which is left as it was on an error.
    ///
    /// Items are written in the order of their numbers. Token and payload are always written, were
    /// they of no bytes.
    ///
    /// # Errors
    /// When token or payload have more than 65,535 bytes, when something is set that the command has
    /// no field for, and when something is missing that it always has.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let token_len = len_of("token", self.token)?;
        let payload_len = len_of("payload", self.payload)?;
        match self.command {
            Command::Simple => {
                self.has_no_field("identifier", self.identifier.is_some())?;
                self.has_no_field("expiry", self.expiry.is_some())?;
                self.has_no_field("priority", self.priority.is_some())?;
                out.reserve(5 + self.token.len() + self.payload.len());
                out.push(self.command.as_u8());
            }
            Command::Enhanced => {
                let identifier = self.always_has("identifier", self.identifier)?;
                let expiry = self.always_has("expiry", self.expiry)?;
                self.has_no_field("priority", self.priority.is_some())?;
                out.reserve(13 + self.token.len() + self.payload.len());
                out.push(self.command.as_u8());
                out.extend_from_slice(&identifier.to_be_bytes());
                out.extend_from_slice(&expiry.to_be_bytes());
            }
            Command::Items => {
                self.encode_items(token_len, payload_len, out);
                return Ok(());
            }
        }
        out.extend_from_slice(&token_len.to_be_bytes());
        out.extend_from_slice(self.token);
        out.extend_from_slice(&payload_len.to_be_bytes());
        out.extend_from_slice(self.payload);
        Ok(())
    }

    fn encode_items(&self, token_len: u16, payload_len: u16, out: &mut Vec<u8>) {
        // Two lengths of 16 bits and some small ones: no sum of theirs leaves 32.
        let mut len = 2 * ITEM_HEAD_LEN + u32::from(token_len) + u32::from(payload_len);
        len += self.identifier.map_or(0, |_| ITEM_HEAD_LEN + 4);
        len += self.expiry.map_or(0, |_| ITEM_HEAD_LEN + 4);
        len += self.priority.map_or(0, |_| ITEM_HEAD_LEN + 1);
        out.reserve(ITEMS_HEAD_LEN + len as usize);
        out.push(self.command.as_u8());
        out.extend_from_slice(&len.to_be_bytes());
        let mut item = |id: u8, len: u16, data: &[u8]| {
            let [high, low] = len.to_be_bytes();
            out.extend_from_slice(&[id, high, low]);
            out.extend_from_slice(data);
        };
        item(TOKEN, token_len, self.token);
        item(PAYLOAD, payload_len, self.payload);
        if let Some(identifier) = self.identifier {
            item(IDENTIFIER, 4, &identifier.to_be_bytes());
        }
        if let Some(expiry) = self.expiry {
            item(EXPIRY, 4, &expiry.to_be_bytes());
        }
        if let Some(priority) = self.priority {
            item(PRIORITY, 1, &[priority]);
        }
    }

    fn has_no_field(&self, item: &'static str, is_set: bool) -> Result<(), CodecError> {
        let command = self.command;
        if is_set {
            return Err(CodecError::NoField { command, item });
        }
        Ok(())
    }

    fn always_has(&self, item: &'static str, value: Option<u32>) -> Result<u32, CodecError> {
        let command = self.command;
        value.ok_or(CodecError::MissingField { command, item })
    }

    /// Reads the frame at the start of `bytes`, and says how many bytes it took. `None` means that
    /// more are needed.
    ///
    /// Items may come in any order. A token or a payload that is left out is read as one of no bytes:
    /// the gateway gives both the same answer,
    /// [`MissingToken`](crate::gateway::Status::MissingToken) or
    /// [`MissingPayload`](crate::gateway::Status::MissingPayload), and whoever answers needs the
    /// identifier. Any other fault in the items is an error as soon as it can be seen, a number that
    /// is not documented and an item that comes twice among them: what Apple's gateway made of those
    /// is not known, so that a tool had better tell than guess.
    ///
    /// # Errors
    /// When no more bytes can make a frame of them. It stays the same error with more bytes.
    pub fn decode(bytes: &'a [u8]) -> Result<Option<(Self, usize)>, CodecError> {
        let mut reader = Reader(bytes);
        let Some(given) = reader.u8() else {
            return Ok(None);
        };
        let command = Command::from_u8(given).ok_or(CodecError::UnknownCommand { given })?;
        let frame = match command {
            Command::Items => Self::decode_items(&mut reader)?,
            Command::Simple | Command::Enhanced => Self::decode_fields(command, &mut reader),
        };
        Ok(frame.map(|frame| (frame, bytes.len() - reader.0.len())))
    }

    /// Commands 0 and 1, in which no length can be wrong.
    fn decode_fields(command: Command, reader: &mut Reader<'a>) -> Option<Self> {
        let mut frame = Self::new(command, &[], &[]);
        if command == Command::Enhanced {
            frame.identifier = Some(reader.u32()?);
            frame.expiry = Some(reader.u32()?);
        }
        frame.token = reader.field()?;
        frame.payload = reader.field()?;
        Some(frame)
    }

    fn decode_items(reader: &mut Reader<'a>) -> Result<Option<Self>, CodecError> {
        let Some(len) = reader.u32() else {
            return Ok(None);
        };
        if len > MAX_ITEMS_LEN {
            return Err(CodecError::FrameTooLong {
                bytes: len,
                limit_bytes: MAX_ITEMS_LEN,
            });
        }
        let mut items = Items::default();
        let mut left = len;
        while left > 0 {
            let Some(taken) = items.read_one(reader, left)? else {
                return Ok(None);
            };
            left -= taken;
        }
        Ok(Some(Self {
            command: Command::Items,
            token: items.token.unwrap_or_default(),
            payload: items.payload.unwrap_or_default(),
            identifier: items.identifier,
            expiry: items.expiry,
            priority: items.priority,
        }))
    }
}

impl fmt::Debug for Frame<'_> {
    /// Without the whole token, and without the payload.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("command", &self.command)
            .field("token", &Shortened(self.token))
            .field("payload_bytes", &self.payload.len())
            .field("identifier", &self.identifier)
            .field("expiry", &self.expiry)
            .field("priority", &self.priority)
            .finish()
    }
}

fn len_of(item: &'static str, data: &[u8]) -> Result<u16, CodecError> {
    u16::try_from(data.len()).map_err(|_| CodecError::TooLong {
        item,
        bytes: data.len(),
    })
}

/// The items of a frame that were read so far.
#[derive(Default)]
struct Items<'a> {
    token: Option<&'a [u8]>,
    payload: Option<&'a [u8]>,
    identifier: Option<u32>,
    expiry: Option<u32>,
    priority: Option<u8>,
}

impl<'a> Items<'a> {
    /// Reads the next of a frame that has so many bytes left, and says how many it took of them.
    /// `None` means that they are not there yet.
    ///
    /// Each byte is judged before the next is looked at, so that more of them change no error.
    fn read_one(&mut self, reader: &mut Reader<'a>, left: u32) -> Result<Option<u32>, CodecError> {
        let Some(room) = left.checked_sub(ITEM_HEAD_LEN) else {
            return Err(CodecError::StrayBytes { bytes: left });
        };
        let Some(id) = reader.u8() else {
            return Ok(None);
        };
        let (item, is_there, expected) = match id {
            TOKEN => ("token", self.token.is_some(), None),
            PAYLOAD => ("payload", self.payload.is_some(), None),
            IDENTIFIER => ("identifier", self.identifier.is_some(), Some(4)),
            EXPIRY => ("expiry", self.expiry.is_some(), Some(4)),
            PRIORITY => ("priority", self.priority.is_some(), Some(1)),
            _ => return Err(CodecError::UnknownItem { id }),
        };
        if is_there {
            return Err(CodecError::DuplicateItem { item });
        }
        let Some(bytes) = reader.u16() else {
            return Ok(None);
        };
        if let Some(expected_bytes) = expected.filter(|expected| *expected != bytes) {
            return Err(CodecError::ItemLength {
                item,
                bytes,
                expected_bytes,
            });
        }
        if u32::from(bytes) > room {
            return Err(CodecError::ItemOverrun {
                item,
                bytes,
                left_bytes: room,
            });
        }
        let Some(data) = reader.take(bytes.into()) else {
            return Ok(None);
        };
        match id {
            TOKEN => self.token = Some(data),
            PAYLOAD => self.payload = Some(data),
            IDENTIFIER => self.identifier = Reader(data).u32(),
            EXPIRY => self.expiry = Reader(data).u32(),
            _ => self.priority = Reader(data).u8(),
        }
        Ok(Some(ITEM_HEAD_LEN + u32::from(bytes)))
    }
}

/// The length in bytes of the frame at the start of `bytes`, itself included, once its head is there.
///
/// The heads of commands 0 and 1 reach behind the token, to the payload's length. `None` while the
/// head is not there, and for what can be no frame: which of both, [`Frame::decode`] says. A length
/// is no promise that the items of command 2 are right.
pub fn frame_len(bytes: &[u8]) -> Option<usize> {
    let mut reader = Reader(bytes);
    match Command::from_u8(reader.u8()?)? {
        Command::Items => {
            let len = reader.u32().filter(|len| *len <= MAX_ITEMS_LEN)?;
            return Some(ITEMS_HEAD_LEN + usize::try_from(len).ok()?);
        }
        Command::Simple => {}
        Command::Enhanced => {
            reader.take(8)?;
        }
    }
    reader.field()?;
    let payload_len = reader.u16()?;
    Some(bytes.len() - reader.0.len() + usize::from(payload_len))
}
