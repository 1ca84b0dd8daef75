use std::fmt;

use push_core::Verdict;
use serde::{Deserialize, Serialize};

use crate::answer::DEFAULT_WAIT;

/// Why the gateway refused a notification, or that it goes away: the second byte of an error
/// response.
///
/// Any byte is a status; in JSON it is its number. Source: Apple, "Binary Provider API", codes in
/// error-response packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "u8", from = "u8")]
#[non_exhaustive]
pub enum Status {
    /// 0: no error.
    NoError,
    /// 1: the gateway failed at this notification.
    ProcessingError,
    /// 2: there is no device token, or one of no bytes.
    MissingToken,
    /// 3: the certificate names no topic.
    MissingTopic,
    /// 4: there is no payload, or one of no bytes.
    MissingPayload,
    /// 5: the device token has a length that no token has.
    InvalidTokenSize,
    /// 6: the topic has a length that no topic has.
    InvalidTopicSize,
    /// 7: the payload is larger than the gateway takes.
    InvalidPayloadSize,
    /// 8: the device token is not one of this app in this environment.
    InvalidToken,
    /// 10: the gateway goes away for maintenance. The identifier names the **last notification that
    /// was taken**; only what came after it is to be sent again.
    Shutdown,
    /// 128: the gateway can't read the frame.
    ProtocolError,
    /// 255: the gateway gives no reason. Apple's table has it as "None (unknown)".
    Unspecified,
    /// A status that is not documented.
    Unknown(u8),
}

impl Status {
    /// Every documented status, in the order of their numbers.
    pub const KNOWN: [Self; 12] = [
        Self::NoError,
        Self::ProcessingError,
        Self::MissingToken,
        Self::MissingTopic,
        Self::MissingPayload,
        Self::InvalidTokenSize,
        Self::InvalidTopicSize,
        Self::InvalidPayloadSize,
        Self::InvalidToken,
        Self::Shutdown,
        Self::ProtocolError,
        Self::Unspecified,
    ];

    /// The byte of the error response.
    pub const fn code(self) -> u8 {
        match self {
            Self::NoError => 0,
            Self::ProcessingError => 1,
            Self::MissingToken => 2,
            Self::MissingTopic => 3,
            Self::MissingPayload => 4,
            Self::InvalidTokenSize => 5,
            Self::InvalidTopicSize => 6,
            Self::InvalidPayloadSize => 7,
            Self::InvalidToken => 8,
            Self::Shutdown => 10,
            Self::ProtocolError => 128,
            Self::Unspecified => 255,
            Self::Unknown(code) => code,
        }
    }

    /// A name for logs and metrics, such as `InvalidToken`; `Unknown` for 255 and for what is not
    /// documented.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoError => "NoError",
            Self::ProcessingError => "ProcessingError",
            Self::MissingToken => "MissingToken",
            Self::MissingTopic => "MissingTopic",
            Self::MissingPayload => "MissingPayload",
            Self::InvalidTokenSize => "InvalidTokenSize",
            Self::InvalidTopicSize => "InvalidTopicSize",
            Self::InvalidPayloadSize => "InvalidPayloadSize",
            Self::InvalidToken => "InvalidToken",
            Self::Shutdown => "Shutdown",
            Self::ProtocolError => "ProtocolError",
            Self::Unspecified | Self::Unknown(_) => "Unknown",
        }
    }
}

impl Status {
    /// What to do about the notification that the error response names, by the status alone.
    ///
    /// A single invalid token is none to remove: it is also what a development token is to the production
    /// gateway. With [`Shutdown`](Self::Shutdown) the named notification was taken; what came behind it is
    /// to be sent again.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::MissingToken
            | Self::InvalidTokenSize
            | Self::InvalidToken
            | Self::MissingPayload
            | Self::InvalidPayloadSize
            | Self::ProtocolError => Verdict::FixMessage,
            Self::MissingTopic | Self::InvalidTopicSize => Verdict::FixCredentials,
            // "No error" that ends a connection says nothing that could be relied on.
            Self::NoError => Verdict::Unknown,
            Self::Shutdown => Verdict::Accepted,
            Self::ProcessingError | Self::Unspecified | Self::Unknown(_) => {
                Verdict::RetryAfter(DEFAULT_WAIT)
            }
        }
    }
}

impl From<u8> for Status {
    fn from(code: u8) -> Self {
        match code {
            0 => Self::NoError,
            1 => Self::ProcessingError,
            2 => Self::MissingToken,
            3 => Self::MissingTopic,
            4 => Self::MissingPayload,
            5 => Self::InvalidTokenSize,
            6 => Self::InvalidTopicSize,
            7 => Self::InvalidPayloadSize,
            8 => Self::InvalidToken,
            10 => Self::Shutdown,
            128 => Self::ProtocolError,
            255 => Self::Unspecified,
            _ => Self::Unknown(code),
        }
    }
}

impl From<Status> for u8 {
    fn from(status: Status) -> Self {
        status.code()
    }
}

impl fmt::Display for Status {
    /// A short explanation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoError => "no error",
            Self::ProcessingError => "the gateway failed to process the notification",
            Self::MissingToken => "the device token is missing",
            Self::MissingTopic => "the certificate names no topic",
            Self::MissingPayload => "the payload is missing",
            Self::InvalidTokenSize => "the device token has a wrong length",
            Self::InvalidTopicSize => "the topic has a wrong length",
            Self::InvalidPayloadSize => "the payload is too large",
            Self::InvalidToken => "the device token is not one of this app and environment",
            Self::Shutdown => "the gateway shuts down",
            Self::ProtocolError => "the gateway can't read the frame",
            Self::Unspecified => "the gateway gives no reason",
            Self::Unknown(code) => return write!(f, "the status {code} is not documented"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_a_status_and_comes_back() {
        for code in 0..=255 {
            let status = Status::from(code);
            assert_eq!(status.code(), code);
            assert_eq!(
                Status::KNOWN.contains(&status),
                !matches!(status, Status::Unknown(_))
            );
            let json = serde_json::to_string(&status).unwrap();
            assert_eq!(json, code.to_string());
            assert_eq!(serde_json::from_str::<Status>(&json).unwrap(), status);
        }
    }

    #[test]
    fn each_status_has_the_verdict_of_the_table() {
        let names = |status: Status| status.verdict().name();
        for (codes, verdict) in [
            (&[1, 9, 77, 255][..], "retry-after"),
            (&[2, 4, 5, 7, 8, 128], "fix-message"),
            (&[3, 6], "fix-credentials"),
            (&[10], "accepted"),
            (&[0], "unknown"),
        ] {
            for code in codes {
                assert_eq!(names(Status::from(*code)), verdict, "{code}");
            }
        }
    }

    #[test]
    fn the_documented_codes_have_their_names() {
        let table: Vec<_> = Status::KNOWN
            .iter()
            .map(|status| (status.code(), status.name()))
            .collect();
        let expected = [
            (0, "NoError"),
            (1, "ProcessingError"),
            (2, "MissingToken"),
            (3, "MissingTopic"),
            (4, "MissingPayload"),
            (5, "InvalidTokenSize"),
            (6, "InvalidTopicSize"),
            (7, "InvalidPayloadSize"),
            (8, "InvalidToken"),
            (10, "Shutdown"),
            (128, "ProtocolError"),
            (255, "Unknown"),
        ];
        assert_eq!(table, expected);
        assert_eq!(Status::from(9).name(), "Unknown");
    }

    #[test]
    fn an_undocumented_status_shows_its_number() {
        assert_eq!(
            Status::from(11).to_string(),
            "the status 11 is not documented"
        );
    }
}
