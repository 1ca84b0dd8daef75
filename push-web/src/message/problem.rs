use std::fmt;

use push_core::text::Escaped;

use crate::encryption::Encoding;

/// All that is wrong with a message, found before anything was sent.
pub type Invalid = push_core::Invalid<Problem>;

/// One thing that is wrong with a message: where, what was given, what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The field of the message, such as `topic` or `declarative.notification.title`; `payload` for what
    /// it says.
    pub field: String,
    /// What is wrong with it.
    pub fault: Fault,
}

impl Problem {
    pub(crate) fn new(field: impl Into<String>, fault: Fault) -> Self {
        Self {
            field: field.into(),
            fault,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} {}", Escaped(&self.field), self.fault)
    }
}

impl std::error::Error for Problem {}

/// What is wrong with a field; reads on from the field's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It does not fit into the body.
    #[error(
        "has {bytes} bytes: at most {limit_bytes} fit into a body of {max_body_bytes} bytes with {encoding}"
    )]
    TooLarge {
        /// The payload's size in bytes.
        bytes: usize,
        /// The largest size of the payload with its padding, in bytes.
        limit_bytes: usize,
        /// The largest body, in bytes.
        max_body_bytes: usize,
        /// How it was to be encrypted.
        encoding: Encoding,
    },
    /// The padding is more than fits behind the payload.
    #[error(
        "brings the payload to {bytes} bytes: at most {limit_bytes} fit into a body of {max_body_bytes} \
         bytes with {encoding}"
    )]
    Overpadded {
        /// The size of the payload with its padding, in bytes.
        bytes: usize,
        /// The largest size of both, in bytes.
        limit_bytes: usize,
        /// The largest body, in bytes.
        max_body_bytes: usize,
        /// How it was to be encrypted.
        encoding: Encoding,
    },
    /// The payload is larger than what it is to be brought to.
    #[error(
        "is to bring the payload to {size} bytes, and it has {bytes}: give more, or a multiple"
    )]
    Underpadded {
        /// What it was to be brought to, in bytes.
        size: usize,
        /// The payload's size in bytes.
        bytes: usize,
    },
    /// The payload with its padding does not fit into one record.
    #[error(
        "is {given}: give at least {least}, since the payload with its padding has to be one record"
    )]
    RecordSize {
        /// The record size.
        given: u32,
        /// The least that will do.
        least: usize,
    },
    /// It is about a payload, and there is none.
    #[error("is given to a message without payload: leave it out")]
    NoPayload,
    /// The time to live is longer than the protocol can say.
    #[error("is {given_secs} seconds: at most 2147483647 are taken")]
    TimeToLive {
        /// The time to live, in seconds.
        given_secs: u64,
    },
    /// The text is no topic.
    #[error("is {given:?}: give 1 to 32 of A-Z, a-z, 0-9, - and _")]
    Topic {
        /// The text, shortened.
        given: String,
    },
    /// The topic's length is one that Apple refuses.
    #[error(
        "has {characters} characters: this push service takes no length of 1, 5, 9 and so on, since \
         the topic has to decode as base64url"
    )]
    TopicLength {
        /// Its length.
        characters: usize,
    },
    /// The text can't stand in a header.
    #[error("can't stand in a header: give visible ASCII characters")]
    Header,
    /// The text is empty.
    #[error("is empty: give a text")]
    Empty,
    /// The text is no address.
    #[error("is {given:?}: give an address, without spaces")]
    NotAnAddress {
        /// The text, shortened.
        given: String,
    },
    /// A member stands in a field and in `extra`.
    #[error("is given twice, in its field and in extra: leave one out")]
    Twice,
    /// It can't be written as JSON.
    #[error("can't be written as JSON: {reason}")]
    Unwritable {
        /// What the serialiser says.
        reason: String,
    },
}

/// The beginning of a text, for an error.
pub(super) fn shortened(text: &str) -> String {
    let mut start: String = text.chars().take(64).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}
