use std::fmt;

use super::Command;
use super::codec::{CodecError, Frame};
use crate::DeviceToken;

/// What the frames of one notification have in common, made once for any number of devices.
///
/// Made by [`Notification::encode_for_gateway`](crate::Notification::encode_for_gateway), or of a
/// payload from elsewhere. Each frame is the one that [`Frame::encode`] writes.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    shell: Shell,
    /// The payload, and what stands behind it: copied as one.
    tail: Box<[u8]>,
}

impl Template {
    /// A template of this payload. `expiry` is in seconds since 1970, 0 for what is not to be kept.
    ///
    /// The payload is taken as it is: nothing but its length is checked.
    ///
    /// # Errors
    /// When the payload has more than 65,535 bytes; when expiry or priority are given that the command
    /// has no field for; when command 1, which always has an expiry, is given none.
    pub fn new(
        command: Command,
        payload: &[u8],
        expiry: Option<u32>,
        priority: Option<u8>,
    ) -> Result<Self, CodecError> {
        let shell = Shell::new(command, payload, expiry, priority)?;
        let mut tail = payload.to_vec();
        shell.close(0, &mut tail);
        Ok(Self {
            shell,
            tail: tail.into(),
        })
    }

    /// The form of the frames.
    pub fn command(&self) -> Command {
        self.shell.command
    }

    /// The payload of every frame.
    pub fn payload(&self) -> &[u8] {
        &self.tail[..self.payload_len()]
    }

    #[inline]
    fn payload_len(&self) -> usize {
        self.tail.len() - self.shell.items_len
    }

    /// The length of the frame for this device, in bytes.
    pub fn frame_len(&self, token: &DeviceToken) -> usize {
        self.shell.len() + token.byte_len() + self.payload_len()
    }

    /// Appends the frame for one device to `out`, and allocates nothing but what `out` needs to grow.
    ///
    /// Command 0 has no field for the identifier.
    #[inline]
    pub fn encode(&self, identifier: u32, token: &DeviceToken, out: &mut Vec<u8>) {
        self.shell.open(identifier, token, self.payload_len(), out);
        out.extend_from_slice(&self.tail);
        // Of the commands that have items the identifier's comes first.
        let items = out.len() - self.shell.items_len;
        if let Some(place) = out.get_mut(items + 3..items + 7) {
            place.copy_from_slice(&identifier.to_be_bytes());
        }
    }
}

impl fmt::Debug for Template {
    /// Without the payload.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shell.debug("Template", self.payload_len(), f)
    }
}

/// As [`Template`], of a notification whose badge is another for each device.
///
/// Made by [`encode_for_gateway_with_badge`](crate::Notification::encode_for_gateway_with_badge).
/// The payload is written once, and the badge put into it.
#[derive(Clone, PartialEq, Eq)]
pub struct BadgeTemplate {
    shell: Shell,
    before: Box<[u8]>,
    after: Box<[u8]>,
    without: Box<[u8]>,
}

impl BadgeTemplate {
    /// A template of three pieces of one payload: what stands before and after the badge's digits, and
    /// the payload that has no badge.
    pub(crate) fn new(
        command: Command,
        [before, after, without]: [&[u8]; 3],
        expiry: Option<u32>,
        priority: Option<u8>,
    ) -> Result<Self, CodecError> {
        let widest = [before, &[b'0'; MAX_DIGITS], after].concat();
        Ok(Self {
            shell: Shell::new(command, &widest, expiry, priority)?,
            before: before.into(),
            after: after.into(),
            without: without.into(),
        })
    }

    /// The form of the frames.
    pub fn command(&self) -> Command {
        self.shell.command
    }

    /// The payload of the frames with this badge. `None` has no badge.
    pub fn payload(&self, badge: Option<u32>) -> Vec<u8> {
        match badge {
            Some(badge) => [&self.before, Digits::of(badge).as_bytes(), &self.after].concat(),
            None => self.without.to_vec(),
        }
    }

    /// The length of the frame for this device, in bytes.
    pub fn frame_len(&self, token: &DeviceToken, badge: Option<u32>) -> usize {
        let payload_len = match badge {
            Some(badge) => self.before.len() + Digits::of(badge).len() + self.after.len(),
            None => self.without.len(),
        };
        self.shell.len() + token.byte_len() + payload_len
    }

    /// Appends the frame for one device to `out`, and allocates nothing but what `out` needs to grow.
    ///
    /// A badge of 0 takes the number off the app's icon; `None` writes no badge, which leaves it as
    /// it is. Command 0 has no field for the identifier.
    pub fn encode(
        &self,
        identifier: u32,
        token: &DeviceToken,
        badge: Option<u32>,
        out: &mut Vec<u8>,
    ) {
        match badge {
            Some(badge) => {
                let digits = Digits::of(badge);
                let len = self.before.len() + digits.len() + self.after.len();
                self.shell.open(identifier, token, len, out);
                out.extend_from_slice(&self.before);
                out.extend_from_slice(digits.as_bytes());
                out.extend_from_slice(&self.after);
            }
            None => {
                self.shell.open(identifier, token, self.without.len(), out);
                out.extend_from_slice(&self.without);
            }
        }
        self.shell.close(identifier, out);
    }
}

impl fmt::Debug for BadgeTemplate {
    /// Without the payload; its length is that with no badge.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shell.debug("BadgeTemplate", self.without.len(), f)
    }
}

/// A frame without token and payload.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shell {
    command: Command,
    expiry: Option<u32>,
    priority: Option<u8>,
    /// The items behind the payload, the identifier first and 0; command 2 only.
    items: [u8; MAX_ITEMS_LEN],
    items_len: usize,
}

/// Identifier, expiry and priority.
const MAX_ITEMS_LEN: usize = 7 + 7 + 4;

impl Shell {
    /// The shell of frames with this payload, if they can be.
    fn new(
        command: Command,
        payload: &[u8],
        expiry: Option<u32>,
        priority: Option<u8>,
    ) -> Result<Self, CodecError> {
        // The codec knows what can't be, and how items are written.
        let mut frame = Frame::new(command, &[], payload);
        frame.identifier = (command != Command::Simple).then_some(0);
        frame.expiry = expiry;
        frame.priority = priority;
        let mut bytes = Vec::new();
        frame.encode(&mut bytes)?;
        let mut shell = Self {
            command,
            expiry,
            priority,
            items: [0; MAX_ITEMS_LEN],
            items_len: 0,
        };
        let items = bytes.split_off(shell.len() + payload.len());
        for (place, byte) in shell.items.iter_mut().zip(&items) {
            *place = *byte;
        }
        shell.items_len = items.len();
        Ok(shell)
    }

    /// How many bytes a frame has besides token and payload.
    #[inline]
    fn len(&self) -> usize {
        self.items_len
            + match self.command {
                Command::Simple => 1 + 2 + 2,
                Command::Enhanced => 1 + 4 + 4 + 2 + 2,
                Command::Items => 1 + 4 + 3 + 3,
            }
    }

    /// What stands before the payload, the token included.
    #[inline]
    fn open(&self, identifier: u32, token: &DeviceToken, payload_len: usize, out: &mut Vec<u8>) {
        let len = self.len() + token.byte_len() + payload_len;
        out.reserve(len);
        // Tokens have at most 256 bytes, and the payload's length was looked at when this was made:
        // nothing is cut off.
        let [t0, t1] = (token.byte_len() as u16).to_be_bytes();
        let [p0, p1] = (payload_len as u16).to_be_bytes();
        match self.command {
            Command::Simple => {
                out.extend_from_slice(&[0, t0, t1]);
                token.extend_bytes(out);
                out.extend_from_slice(&[p0, p1]);
            }
            Command::Enhanced => {
                let [a, b, c, d] = identifier.to_be_bytes();
                let [e, f, g, h] = self.expiry.unwrap_or_default().to_be_bytes();
                out.extend_from_slice(&[1, a, b, c, d, e, f, g, h, t0, t1]);
                token.extend_bytes(out);
                out.extend_from_slice(&[p0, p1]);
            }
            Command::Items => {
                // Without command and length.
                let [a, b, c, d] = (len as u32 - 5).to_be_bytes();
                out.extend_from_slice(&[2, a, b, c, d, 1, t0, t1]);
                token.extend_bytes(out);
                out.extend_from_slice(&[2, p0, p1]);
            }
        }
    }

    /// What stands behind the payload.
    #[inline]
    fn close(&self, identifier: u32, out: &mut Vec<u8>) {
        if self.command == Command::Items {
            let mut items = self.items;
            items[3..7].copy_from_slice(&identifier.to_be_bytes());
            out.extend_from_slice(&items[..self.items_len]);
        }
    }

    fn debug(&self, name: &str, payload_bytes: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("command", &self.command)
            .field("expiry", &self.expiry)
            .field("priority", &self.priority)
            .field("payload_bytes", &payload_bytes)
            .finish()
    }
}

/// The most digits that a badge has.
const MAX_DIGITS: usize = 10;

/// A number as text.
struct Digits {
    bytes: [u8; MAX_DIGITS],
    start: usize,
}

impl Digits {
    fn of(mut number: u32) -> Self {
        let mut digits = Self {
            bytes: [b'0'; MAX_DIGITS],
            start: MAX_DIGITS,
        };
        for (place, byte) in digits.bytes.iter_mut().enumerate().rev() {
            *byte = b'0' + (number % 10) as u8;
            digits.start = place;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        digits
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    fn len(&self) -> usize {
        MAX_DIGITS - self.start
    }
}
