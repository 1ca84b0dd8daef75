use crate::gateway::Command;

/// Why bytes are not what they should be, or can't be written.
///
/// A gateway that reads such a frame answers
/// [`Status::ProtocolError`](crate::gateway::Status::ProtocolError) and closes: where the next frame
/// begins is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The first byte is not the command of a notification.
    #[error("there is no command {given}: a frame begins with 0, 1 or 2")]
    UnknownCommand {
        /// The first byte.
        given: u8,
    },
    /// The first byte is not that of an error response.
    #[error("there is no answer {given}: an error response begins with 8")]
    UnknownAnswer {
        /// The first byte.
        given: u8,
    },
    /// The frame's length is larger than the items that there are can fill.
    #[error("the frame claims {bytes} bytes of items: they fill at most {limit_bytes}")]
    FrameTooLong {
        /// The length in the frame's head.
        bytes: u32,
        /// The longest that can be filled.
        limit_bytes: u32,
    },
    /// An item has a number that is not documented.
    #[error("there is no item {id}: expected 1 to 5")]
    UnknownItem {
        /// The item's number.
        id: u8,
    },
    /// An item stands in the frame twice.
    #[error("the {item} stands in the frame twice")]
    DuplicateItem {
        /// The item: `token`, `payload`, `identifier`, `expiry` or `priority`.
        item: &'static str,
    },
    /// An item of a number has not the bytes that it must have.
    #[error("the {item} has {bytes} bytes: expected {expected_bytes}")]
    ItemLength {
        /// The item: `identifier`, `expiry` or `priority`.
        item: &'static str,
        /// The length in the item's head.
        bytes: u16,
        /// The length that it must have.
        expected_bytes: u16,
    },
    /// An item reaches beyond the end of its frame.
    #[error("the {item} has {bytes} bytes: {left_bytes} are left in the frame")]
    ItemOverrun {
        /// The item.
        item: &'static str,
        /// The length in the item's head.
        bytes: u16,
        /// What the frame has left for it.
        left_bytes: u32,
    },
    /// The frame ends in the head of an item.
    #[error("the frame has {bytes} bytes behind its last item: an item has at least 3")]
    StrayBytes {
        /// How many there are.
        bytes: u32,
    },
    /// A token or a payload is longer than its length can say.
    #[error("the {item} has {bytes} bytes: at most 65535 can be written")]
    TooLong {
        /// The item: `token` or `payload`.
        item: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// A value is set that the command has no field for.
    #[error("command {command} has no field for the {item}: leave it out, or use another command")]
    NoField {
        /// The command.
        command: Command,
        /// The item: `identifier`, `expiry` or `priority`.
        item: &'static str,
    },
    /// A value is missing that the command always has.
    #[error("command {command} always has the {item}: set it")]
    MissingField {
        /// The command.
        command: Command,
        /// The item: `identifier` or `expiry`.
        item: &'static str,
    },
    /// An entry of the feedback service has a token of no bytes.
    #[error("the feedback entry has a token of no bytes: expected at least 1")]
    EmptyToken,
}
