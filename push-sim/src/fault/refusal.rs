//! Error responses of the binary gateway on command.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Close;

/// An error response of the binary gateway, and how the connection ends with it.
///
/// The notification is refused, and whatever comes behind it is thrown away unseen. The status 10
/// (shutdown) names the last notification that was taken instead: the one that is struck. To one of
/// command 0, which has no identifier, nothing is answered: the connection just ends.
///
/// Every part but the status may be left out, and a mere number is a status:
///
/// ```json
/// {"code":8}
/// {"code":{"code":8,"delay_ms":200}}
/// {"code":{"code":8,"discard":1000,"close":"rst"}}
/// {"code":{"code":10,"split":true,"close":"fin"}}
/// {"code":{"code":8,"identifier":77,"bytes":3,"drain":false,"close":"none"}}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Refusal {
    /// The status: 8 is an invalid token.
    pub code: u8,
    /// How much later the answer comes; what is read until then is thrown away. `None`: at once.
    #[serde(
        default,
        rename = "delay_ms",
        skip_serializing_if = "Option::is_none",
        with = "option_ms"
    )]
    pub delay: Option<Duration>,
    /// How many notifications behind it have to be read and thrown away before the answer comes. If
    /// there is a delay, too, it comes at the earlier of both; when the client has said all that it
    /// has to say, it comes in every case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discard: Option<u64>,
    /// How the connection ends right behind the answer; by default with close_notify, all in one
    /// segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<Farewell>,
    /// Every byte of the answer comes on its own, 2 ms after the last.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub split: bool,
    /// The identifier in the answer, in place of the one that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<u32>,
    /// How many of the six bytes come; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u8>,
    /// Whether what the client still sends is read for a moment, so that it gets the answer. If it
    /// isn't, the system resets the connection, and may take the answer back.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub drain: bool,
}

/// How a connection ends behind an error response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Farewell {
    /// TLS close_notify, then FIN, in the segment of the answer.
    Tls,
    /// TCP FIN in the segment of the answer, without a word of TLS.
    Fin,
    /// TCP RST.
    Rst,
    /// It stays open and silent, and throws away what comes.
    None,
}

impl Farewell {
    pub(crate) fn close(self) -> Option<Close> {
        match self {
            Self::Tls => Some(Close::Tls),
            Self::Fin => Some(Close::Fin),
            Self::Rst => Some(Close::Rst),
            Self::None => None,
        }
    }
}

impl From<Close> for Farewell {
    fn from(close: Close) -> Self {
        match close {
            Close::Tls => Self::Tls,
            Close::Fin => Self::Fin,
            Close::Rst => Self::Rst,
        }
    }
}

impl Refusal {
    /// This status, at once, with close_notify behind it.
    #[must_use]
    pub fn new(code: u8) -> Self {
        Self {
            code,
            delay: None,
            discard: None,
            close: None,
            split: false,
            identifier: None,
            bytes: None,
            drain: true,
        }
    }

    /// Comes so much later.
    #[must_use]
    pub fn delay(mut self, time: Duration) -> Self {
        self.delay = Some(time);
        self
    }

    /// Comes when so many notifications behind it were thrown away.
    #[must_use]
    pub fn discard(mut self, notifications: u64) -> Self {
        self.discard = Some(notifications);
        self
    }

    /// Ends the connection in this way.
    #[must_use]
    pub fn close(mut self, how: impl Into<Farewell>) -> Self {
        self.close = Some(how.into());
        self
    }

    /// Comes byte by byte.
    #[must_use]
    pub fn split(mut self) -> Self {
        self.split = true;
        self
    }

    /// Names this identifier.
    #[must_use]
    pub fn identifier(mut self, identifier: u32) -> Self {
        self.identifier = Some(identifier);
        self
    }

    /// Comes cut off behind so many bytes.
    #[must_use]
    pub fn bytes(mut self, bytes: u8) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// Leaves unread what the client still sends.
    #[must_use]
    pub fn without_draining(mut self) -> Self {
        self.drain = false;
        self
    }

    /// It names the last notification that was taken, not one that was refused.
    pub(crate) fn is_shutdown(&self) -> bool {
        self.code == SHUTDOWN
    }

    pub(super) fn check(&self) -> Result<(), String> {
        match self.bytes {
            Some(bytes @ 6..) => Err(format!(
                "\"bytes\" is {bytes}; an error response has six, and less of it are five at most"
            )),
            _ if self.close == Some(Farewell::None) && !self.drain => {
                Err("\"drain\" is about a connection that ends, and this one stays open".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// The status of a gateway that is about to end.
const SHUTDOWN: u8 = 10;

fn yes() -> bool {
    true
}

fn is_yes(on: &bool) -> bool {
    *on
}

/// A duration that may be missing, as a number of milliseconds.
mod option_ms {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        time: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(super::super::wire::milliseconds)
            .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let time = Option::<u64>::deserialize(deserializer)?;
        Ok(time.map(Duration::from_millis))
    }
}
