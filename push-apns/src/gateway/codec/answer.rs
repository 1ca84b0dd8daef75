use std::fmt;

use super::reader::Reader;
use super::{CodecError, Shortened};
use crate::gateway::Status;

/// What the gateway says before it closes: why, and about which notification.
///
/// Everything that was sent behind the named notification on that connection was thrown away;
/// everything before it was taken. With [`Status::Shutdown`] the named one was taken, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ErrorResponse {
    /// Why.
    pub status: Status,
    /// The notification's identifier, as its sender chose it. Of command 0, which has none, it says
    /// nothing.
    pub identifier: u32,
}

impl ErrorResponse {
    /// Its length in bytes.
    pub const LEN: usize = 6;

    /// Its first byte.
    pub const COMMAND: u8 = 8;

    /// An error response.
    pub const fn new(status: Status, identifier: u32) -> Self {
        Self { status, identifier }
    }

    /// Its bytes.
    pub const fn encode(&self) -> [u8; Self::LEN] {
        let [a, b, c, d] = self.identifier.to_be_bytes();
        [Self::COMMAND, self.status.code(), a, b, c, d]
    }

    /// Reads the one at the start of `bytes`, and says how many bytes it took: six. `None` means that
    /// more are needed.
    ///
    /// # Errors
    /// [`CodecError::UnknownAnswer`], at the first byte.
    pub fn decode(bytes: &[u8]) -> Result<Option<(Self, usize)>, CodecError> {
        match bytes {
            [] => Ok(None),
            [Self::COMMAND, status, a, b, c, d, ..] => {
                let identifier = u32::from_be_bytes([*a, *b, *c, *d]);
                let response = Self::new(Status::from(*status), identifier);
                Ok(Some((response, Self::LEN)))
            }
            [Self::COMMAND, ..] => Ok(None),
            [given, ..] => Err(CodecError::UnknownAnswer { given: *given }),
        }
    }
}

/// What the feedback service says of one device: since when it lacks the app.
///
/// The service sends one after the other, then closes; what was read it has forgotten.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FeedbackEntry<'a> {
    /// When the service saw that the app was gone, in seconds since 1970.
    pub since: u32,
    /// The device token; at least one byte.
    pub token: &'a [u8],
}

impl<'a> FeedbackEntry<'a> {
    /// An entry.
    pub const fn new(since: u32, token: &'a [u8]) -> Self {
        Self { since, token }
    }

    /// Appends its bytes to `out`, which is left as it was on an error.
    ///
    /// # Errors
    /// When the token has no bytes, or more than 65,535.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), CodecError> {
        if self.token.is_empty() {
            return Err(CodecError::EmptyToken);
        }
        let len = u16::try_from(self.token.len()).map_err(|_| CodecError::TooLong {
            item: "token",
            bytes: self.token.len(),
        })?;
        out.reserve(6 + self.token.len());
        out.extend_from_slice(&self.since.to_be_bytes());
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(self.token);
        Ok(())
    }

    /// Reads the one at the start of `bytes`, and says how many bytes it took. `None` means that more
    /// are needed, or none are left: an end of file is clean only behind a whole entry.
    ///
    /// # Errors
    /// [`CodecError::EmptyToken`], as soon as the length is there.
    pub fn decode(bytes: &'a [u8]) -> Result<Option<(Self, usize)>, CodecError> {
        let mut reader = Reader(bytes);
        let Some((since, len)) = reader.u32().zip(reader.u16()) else {
            return Ok(None);
        };
        if len == 0 {
            return Err(CodecError::EmptyToken);
        }
        let token = reader.take(len.into());
        Ok(token.map(|token| (Self::new(since, token), bytes.len() - reader.0.len())))
    }
}

impl fmt::Debug for FeedbackEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedbackEntry")
            .field("since", &self.since)
            .field("token", &Shortened(self.token))
            .finish()
    }
}
