//! The statuses of error responses.

use std::borrow::Cow;

pub(super) const MISSING_TOKEN: u8 = 2;
pub(super) const MISSING_PAYLOAD: u8 = 4;
pub(super) const INVALID_TOKEN_SIZE: u8 = 5;
pub(super) const INVALID_PAYLOAD_SIZE: u8 = 7;
pub(super) const PROTOCOL_ERROR: u8 = 128;

/// The name under which a status is counted.
pub(super) fn name(status: u8) -> Cow<'static, str> {
    Cow::Borrowed(match status {
        0 => "NoError",
        1 => "ProcessingError",
        MISSING_TOKEN => "MissingToken",
        3 => "MissingTopic",
        MISSING_PAYLOAD => "MissingPayload",
        INVALID_TOKEN_SIZE => "InvalidTokenSize",
        6 => "InvalidTopicSize",
        INVALID_PAYLOAD_SIZE => "InvalidPayloadSize",
        8 => "InvalidToken",
        10 => "Shutdown",
        PROTOCOL_ERROR => "ProtocolError",
        255 => "Unknown",
        other => return Cow::Owned(format!("Status{other}")),
    })
}
