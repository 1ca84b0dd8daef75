//! What goes over a connection to the binary gateway, and over one to the feedback service: pure
//! functions on bytes, for clients, servers and tools.
//!
//! All integers are big-endian.
//!
//! | | layout | type |
//! |---|---|---|
//! | command 0 | `00`, u16 token length, token, u16 payload length, payload | [`Frame`] |
//! | command 1 | `01`, u32 identifier, u32 expiry, then as command 0 | [`Frame`] |
//! | command 2 | `02`, u32 length of the items, items: u8 id, u16 length, data | [`Frame`] |
//! | items | 1 token, 2 payload, 3 identifier (u32), 4 expiry (u32), 5 priority (u8) | |
//! | error response | `08`, u8 status, u32 identifier | [`ErrorResponse`] |
//! | feedback entry | u32 time, u16 token length, token | [`FeedbackEntry`] |
//!
//! Readers take the start of a stream: they answer `None` while more bytes are needed, and how many
//! bytes were taken once there is a whole. What can't become right by more bytes is an error at once.
//! Lengths are those of the protocol's fields; which tokens and payloads a service takes is between it
//! and its clients.
//!
//! ```
//! # use push_apns::gateway::Command;
//! # use push_apns::gateway::codec::Frame;
//! let frame = Frame::new(Command::Items, &[0xab; 32], br#"{"aps":{}}"#).identifier(1);
//! let mut bytes = Vec::new();
//! frame.encode(&mut bytes)?;
//! assert_eq!(Frame::decode(&bytes)?, Some((frame, bytes.len())));
//! assert_eq!(Frame::decode(&bytes[..40])?, None);
//! # Ok::<_, push_apns::gateway::codec::CodecError>(())
//! ```

mod answer;
mod error;
mod frame;
mod reader;

use std::fmt;

pub use self::answer::{ErrorResponse, FeedbackEntry};
pub use self::error::CodecError;
pub use self::frame::{Frame, frame_len};

/// A device token for `Debug`: its first digits, at most eight and never more than half.
struct Shortened<'a>(&'a [u8]);

impl fmt::Debug for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.iter().take((self.0.len() / 2).min(4)) {
            write!(f, "{byte:02x}")?;
        }
        write!(f, "… ({} bytes)", self.0.len())
    }
}
