use std::time::Duration;

/// All that is wrong with a message, found before anything was sent.
pub type Invalid = push_core::Invalid<Problem>;

/// One thing that is wrong with a message: what was given, what was expected, what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The service does not store a message for so long.
    #[error(
        "the time to live is {} seconds: give 0 to {max_secs} (four weeks)", .given.as_secs()
    )]
    TimeToLive {
        /// The time that was given.
        given: Duration,
        /// The longest time in seconds.
        max_secs: u64,
    },
    /// The service keeps the key for itself.
    #[error(
        "the data key {key:?} is the service's own: \
         give another than from, message_type, google…, gcm…"
    )]
    ReservedKey {
        /// The key.
        key: String,
    },
    /// Whom a message is for is said at the call that sends it.
    #[error(
        "{name:?} stands among the extra parameters: \
         say whom the message is for where it is sent"
    )]
    TargetInExtra {
        /// The parameter.
        name: String,
    },
    /// The parameter has a field of its own.
    #[error("{name:?} stands among the extra parameters: set the field of that name")]
    FieldInExtra {
        /// The parameter.
        name: String,
    },
    /// The payload is larger than the service takes.
    #[error(
        "the payload has {bytes} bytes: at most {limit_bytes} are taken, \
         counting keys and values of the data, and the values of the notification"
    )]
    PayloadTooLarge {
        /// Its size in bytes.
        bytes: usize,
        /// The largest size in bytes.
        limit_bytes: usize,
    },
    /// A value can't be written as JSON.
    #[error("the message can't be written as JSON: {reason}")]
    Value {
        /// Why.
        reason: String,
    },
    /// The plain-text format has no such parameter.
    #[error("{name} can't be said in plain text: leave it out, or send JSON")]
    JsonOnly {
        /// The parameter.
        name: &'static str,
    },
    /// The plain-text format has plain values only.
    #[error("{name} can't be said in plain text: give a text, a number, or yes or no")]
    NotPlain {
        /// The field.
        name: String,
    },
    /// The name is none of a topic.
    #[error(
        "the topic {topic:?} is none: give letters, digits and -_.~%, with or without /topics/"
    )]
    Topic {
        /// The topic, shortened.
        topic: String,
    },
    /// The condition is empty or can't stand in a request.
    #[error(
        "the condition {condition:?} is none: \
         give topics, such as 'news' in topics && 'sport' in topics"
    )]
    Condition {
        /// The condition, shortened.
        condition: String,
    },
    /// The notification key is empty or can't stand in a request.
    #[error("the notification key of the device group is none: {reason}")]
    Group {
        /// Why.
        reason: String,
    },
}
