//! Faults: what a service does on command instead of what it should.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Error, Result, Service};

/// A fault, and the requests that it befalls.
///
/// The first fault of the list that matches a request befalls it, and no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Fault {
    /// The service.
    pub service: Service,
    /// The device token, in either case; `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// How many requests the service has seen before, since the start or the last reset.
    #[serde(default)]
    pub after: u64,
    /// How often; `None`: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// What happens.
    #[serde(rename = "do")]
    pub action: Action,
}

impl Fault {
    /// A fault that befalls every request.
    #[must_use]
    pub fn new(service: Service, action: Action) -> Self {
        Self {
            service,
            token: None,
            after: 0,
            times: None,
            action,
        }
    }

    /// Only requests for this device.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Only once so many requests were seen.
    #[must_use]
    pub fn after(mut self, requests: u64) -> Self {
        self.after = requests;
        self
    }

    /// Only so many times.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Reads a list of faults, or a single one, in JSON.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub fn parse_list(json: &[u8]) -> Result<Vec<Self>> {
        let is_single = json.iter().find(|octet| !octet.is_ascii_whitespace()) == Some(&b'{');
        let parsed = if is_single {
            serde_json::from_slice(json).map(|fault| vec![fault])
        } else {
            serde_json::from_slice(json)
        };
        parsed.map_err(|error| Error::Fault(error.to_string()))
    }
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
#[non_exhaustive]
pub enum Action {
    /// This answer, whatever the request holds.
    Answer(Answer),
    /// The connection ends, without an answer.
    Close(Close),
    /// GOAWAY; the connection ends when what it still has to answer is answered.
    GoAway(GoAway),
    /// Another limit of concurrent streams, kept to from then on; the request itself is served.
    Streams(u32),
    /// The request is served, its answer comes so much later.
    Delay(Duration),
    /// The request is served, its answer never comes.
    DropAnswer,
    /// The connection is neither read nor written any more.
    Stall,
    /// RST_STREAM with this code; the request is not served.
    Reset(u32),
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The service's word for what is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when, in milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_ms: Option<u64>,
    /// The `retry-after` header.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "text_or_number"
    )]
    pub retry_after: Option<String>,
}

impl Answer {
    /// An answer without a reason.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// Adds the reason.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Adds the timestamp, in milliseconds since the epoch.
    #[must_use]
    pub fn timestamp_ms(mut self, timestamp: u64) -> Self {
        self.timestamp_ms = Some(timestamp);
        self
    }

    /// Adds the `retry-after` header.
    #[must_use]
    pub fn retry_after(mut self, value: impl Into<String>) -> Self {
        self.retry_after = Some(value.into());
        self
    }
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Close {
    /// TCP FIN, without a word of TLS.
    Fin,
    /// TCP RST.
    Rst,
    /// TLS close_notify, then FIN.
    Tls,
}

/// GOAWAY.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GoAway {
    /// The last stream that is served; `None`: the last one before the request,
    /// so that neither the request nor what comes after it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<u32>,
    /// The error code; 0 is none.
    #[serde(default)]
    pub code: u32,
    /// Becomes the text `{"reason":"…"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
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
}

/// An action as it is written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wire {
    Answer(Answer),
    Close(Close),
    Goaway(GoAway),
    Streams(u32),
    DelayMs(u64),
    DropAnswer(bool),
    Stall(bool),
    Reset(u32),
}

impl TryFrom<Wire> for Action {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        Ok(match wire {
            Wire::Answer(answer) if !(200..=599).contains(&answer.status) => {
                return Err(format!(
                    "status {} is not between 200 and 599",
                    answer.status
                ));
            }
            Wire::Answer(answer) => Self::Answer(answer),
            Wire::Close(close) => Self::Close(close),
            Wire::Goaway(goaway) => Self::GoAway(goaway),
            Wire::Streams(limit) => Self::Streams(limit),
            Wire::DelayMs(delay) => Self::Delay(Duration::from_millis(delay)),
            Wire::DropAnswer(true) => Self::DropAnswer,
            Wire::Stall(true) => Self::Stall,
            Wire::DropAnswer(false) | Wire::Stall(false) => {
                return Err("false asks for nothing; leave the fault out".to_owned());
            }
            Wire::Reset(code) => Self::Reset(code),
        })
    }
}

impl From<Action> for Wire {
    fn from(action: Action) -> Self {
        match action {
            Action::Answer(answer) => Self::Answer(answer),
            Action::Close(close) => Self::Close(close),
            Action::GoAway(goaway) => Self::Goaway(goaway),
            Action::Streams(limit) => Self::Streams(limit),
            Action::Delay(delay) => {
                Self::DelayMs(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX))
            }
            Action::DropAnswer => Self::DropAnswer(true),
            Action::Stall => Self::Stall(true),
            Action::Reset(code) => Self::Reset(code),
        }
    }
}

fn text_or_number<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(
        untagged,
        expecting = "retry_after is neither text nor a number of seconds"
    )]
    enum Either {
        Text(String),
        Number(u64),
    }
    let either = Option::<Either>::deserialize(deserializer)?;
    Ok(either.map(|either| match either {
        Either::Text(text) => text,
        Either::Number(seconds) => seconds.to_string(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_fault_is_read_and_written_alike() {
        for action in [
            r#"{"answer":{"status":410,"reason":"Unregistered","timestamp_ms":7,"retry_after":"120"}}"#,
            r#"{"close":"fin"}"#,
            r#"{"close":"rst"}"#,
            r#"{"goaway":{"last":3,"code":7,"reason":"Shutdown"}}"#,
            r#"{"streams":1}"#,
            r#"{"delay_ms":20}"#,
            r#"{"drop_answer":true}"#,
            r#"{"stall":true}"#,
        ] {
            let json =
                format!(r#"{{"service":"apns","token":"ab","after":1,"times":2,"do":{action}}}"#);
            let faults = Fault::parse_list(format!("[{json}]").as_bytes()).unwrap();
            assert_eq!(serde_json::to_string(&faults[0]).unwrap(), json);
            assert_eq!(Fault::parse_list(json.as_bytes()).unwrap(), faults);
        }
    }

    #[test]
    fn malformed_faults_are_refused_in_one_line() {
        for json in [
            "",
            "[1]",
            r#"[{"service":"apns"}]"#,
            r#"[{"service":"nothing","do":{"stall":true}}]"#,
            r#"[{"service":"apns","do":{"stall":false}}]"#,
            r#"[{"service":"apns","do":{"jump":1}}]"#,
            r#"[{"service":"apns","do":{"stall":true,"streams":1}}]"#,
            r#"[{"service":"apns","tokn":"a","do":{"stall":true}}]"#,
            r#"[{"service":"apns","do":{"answer":{"status":1}}}]"#,
            r#"[{"service":"apns","do":{"answer":{"status":400,"resaon":"x"}}}]"#,
        ] {
            let error = Fault::parse_list(json.as_bytes()).unwrap_err().to_string();
            assert!(!error.contains('\n') && error.len() > 10, "{json}: {error}");
        }
    }
}
