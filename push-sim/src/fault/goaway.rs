//! GOAWAY on command.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Close;

/// GOAWAY.
///
/// Every part may be left out: `{"goaway":{}}` is an orderly one that leaves the request, and what
/// comes after it, unserved.
///
/// ```json
/// {"goaway":{"last":0, "code":7, "text":"Maximum active streams violated"}}
/// {"goaway":{"reason":"BadCertificateEnvironment"}}
/// {"goaway":{"graceful":"ping", "reason":"Shutdown"}}
/// {"goaway":{"graceful":50, "close":"rst"}}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GoAway {
    /// The last stream that is served; `None`: the last one before the request, so that neither the
    /// request nor what comes after it is. In a graceful one `None` is the last stream that has
    /// come when the second GOAWAY is sent. `2147483647` serves them all, and the connection goes
    /// on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<u32>,
    /// The error code; 0 is none.
    #[serde(default)]
    pub code: u32,
    /// Becomes the text `{"reason":"…"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The text as it is, in place of a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// In two steps: first one that serves all streams, without an error, and after this notice
    /// the real one. The request is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graceful: Option<Notice>,
    /// The connection ends at once, and whatever is not answered yet never is; `None`: it ends, by
    /// close_notify, when that is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<Close>,
}

/// How long a graceful GOAWAY waits between its two steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
#[non_exhaustive]
pub enum Notice {
    /// One round trip, taken by a PING: `"ping"`.
    RoundTrip,
    /// So long: a number of milliseconds.
    After(Duration),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "graceful is neither \"ping\" nor a number of milliseconds"
)]
enum Written {
    Word(String),
    Milliseconds(u64),
}

impl TryFrom<Written> for Notice {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Word(word) if word == "ping" => Ok(Self::RoundTrip),
            Written::Word(word) => Err(format!(
                "graceful is {word:?}; it can be \"ping\" or a number of milliseconds"
            )),
            Written::Milliseconds(time) => Ok(Self::After(Duration::from_millis(time))),
        }
    }
}

impl From<Notice> for Written {
    fn from(notice: Notice) -> Self {
        match notice {
            Notice::RoundTrip => Self::Word("ping".to_owned()),
            Notice::After(time) => Self::Milliseconds(super::wire::milliseconds(time)),
        }
    }
}

impl GoAway {
    /// An orderly one, without a reason.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the last stream that is served.
    #[must_use]
    pub fn last(mut self, stream: u32) -> Self {
        self.last = Some(stream);
        self
    }

    /// Names the error.
    #[must_use]
    pub fn code(mut self, code: u32) -> Self {
        self.code = code;
        self
    }

    /// Adds the reason.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Adds a text that is no JSON.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Gives notice by a first GOAWAY.
    #[must_use]
    pub fn graceful(mut self, notice: Notice) -> Self {
        self.graceful = Some(notice);
        self
    }

    /// Ends the connection right behind it.
    #[must_use]
    pub fn close(mut self, close: Close) -> Self {
        self.close = Some(close);
        self
    }

    /// What follows the numbers on the wire.
    pub(crate) fn debug_data(&self) -> String {
        match (&self.text, &self.reason) {
            (Some(text), _) => text.clone(),
            (None, Some(reason)) => serde_json::json!({ "reason": reason }).to_string(),
            (None, None) => String::new(),
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.reason.is_some() && self.text.is_some() {
            return Err("a GOAWAY has either a reason or a text, not both".to_owned());
        }
        Ok(())
    }
}
