//! Actions as they are written in JSON.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Action, Answer, Body, Close, GoAway, Handshake, Malformed, Point, Refusal, Storm};

/// An action as it is written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Wire {
    Answer(Answer),
    Body(Body),
    Code(WireCode),
    Close(WireClose),
    Goaway(GoAway),
    Streams(WireStreams),
    Window(WireWindow),
    Starve(Spell),
    DelayMs(u64),
    DropAnswer(bool),
    Reset(WireReset),
    StopReading(Spell),
    Slow(Slow),
    Idle(Idle),
    Stall(bool),
    Wedge(bool),
    IgnorePings(bool),
    Malformed(Malformed),
    Handshake(Handshake),
    Random(Storm),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "code is neither a status from 0 to 255 nor such as {\"code\":8,\"delay_ms\":200}; \
                 beside code there can be delay_ms, discard, close, split, identifier, bytes and drain"
)]
pub(super) enum WireCode {
    Status(u8),
    Full(Refusal),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Slow {
    bytes_per_s: NonZeroU32,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Idle {
    after_ms: u64,
    close: Close,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "close is neither \"fin\", \"rst\" or \"tls\" nor such as {\"how\":\"fin\",\"at\":\"headers\"}"
)]
pub(super) enum WireClose {
    How(Close),
    At(CloseAt),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseAt {
    how: Close,
    at: Point,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "streams is neither a number nor such as {\"limit\":0,\"for_ms\":200,\"then\":100}"
)]
pub(super) enum WireStreams {
    Limit(u32),
    For(StreamsFor),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamsFor {
    limit: u32,
    for_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    then: Option<u32>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireWindow {
    initial: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    for_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    then: Option<u32>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged, expecting = "neither true nor such as {\"for_ms\":200}")]
pub(super) enum Spell {
    Always(bool),
    For(ForMs),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ForMs {
    for_ms: u64,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "reset is neither a number nor such as {\"code\":8,\"at\":\"before_answer\"}"
)]
pub(super) enum WireReset {
    Code(u32),
    At(ResetAt),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResetAt {
    code: u32,
    at: Point,
}

impl Spell {
    fn time(self) -> Result<Option<Duration>, String> {
        match self {
            Self::Always(on) => asked(on).map(|()| None),
            Self::For(ForMs { for_ms }) => Ok(Some(Duration::from_millis(for_ms))),
        }
    }

    fn of(time: Option<Duration>) -> Self {
        time.map_or(Self::Always(true), |time| {
            Self::For(ForMs {
                for_ms: milliseconds(time),
            })
        })
    }
}

fn asked(on: bool) -> Result<(), String> {
    let useless = || "false asks for nothing; leave the fault out".to_owned();
    on.then_some(()).ok_or_else(useless)
}

pub(super) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl TryFrom<Wire> for Action {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        let action = match wire {
            Wire::Answer(answer) => Self::Answer(answer),
            Wire::Body(body) => Self::Body(body),
            Wire::Code(WireCode::Status(code)) => Self::Code(Refusal::new(code)),
            Wire::Code(WireCode::Full(refusal)) => Self::Code(refusal),
            Wire::Close(WireClose::How(how)) => Self::Close(how),
            Wire::Close(WireClose::At(CloseAt { how, at })) => Self::CloseAt(how, at),
            Wire::Goaway(goaway) => Self::GoAway(goaway),
            Wire::Streams(WireStreams::Limit(limit)) => Self::Streams(limit),
            Wire::Streams(WireStreams::For(StreamsFor {
                limit,
                for_ms,
                then,
            })) => Self::StreamsFor {
                limit,
                time: Duration::from_millis(for_ms),
                then,
            },
            Wire::Window(WireWindow {
                for_ms: None,
                then: Some(_),
                ..
            }) => return Err("\"then\" needs \"for_ms\"".to_owned()),
            Wire::Window(window) => Self::Window {
                initial: window.initial,
                time: window.for_ms.map(Duration::from_millis),
                then: window.then,
            },
            Wire::Starve(spell) => Self::Starve(spell.time()?),
            Wire::DelayMs(delay) => Self::Delay(Duration::from_millis(delay)),
            Wire::DropAnswer(on) => asked(on).map(|()| Self::DropAnswer)?,
            Wire::Reset(WireReset::Code(code)) => Self::Reset(code),
            Wire::Reset(WireReset::At(ResetAt { code, at })) => Self::ResetAt(code, at),
            Wire::StopReading(spell) => Self::StopReading(spell.time()?),
            Wire::Slow(Slow { bytes_per_s }) => Self::Slow(bytes_per_s),
            Wire::Idle(Idle { after_ms, close }) => {
                Self::Idle(Duration::from_millis(after_ms), close)
            }
            Wire::Stall(on) => asked(on).map(|()| Self::Stall)?,
            Wire::Wedge(on) => asked(on).map(|()| Self::Wedge)?,
            Wire::IgnorePings(on) => asked(on).map(|()| Self::IgnorePings)?,
            Wire::Malformed(malformed) => Self::Malformed(malformed),
            Wire::Handshake(handshake) => Self::Handshake(handshake),
            Wire::Random(storm) => Self::Random(storm),
        };
        action.check()?;
        Ok(action)
    }
}

impl From<Action> for Wire {
    fn from(action: Action) -> Self {
        match action {
            Action::Answer(answer) => Self::Answer(answer),
            Action::Body(body) => Self::Body(body),
            Action::Code(refusal) if refusal == Refusal::new(refusal.code) => {
                Self::Code(WireCode::Status(refusal.code))
            }
            Action::Code(refusal) => Self::Code(WireCode::Full(refusal)),
            Action::Close(how) => Self::Close(WireClose::How(how)),
            Action::CloseAt(how, at) => Self::Close(WireClose::At(CloseAt { how, at })),
            Action::GoAway(goaway) => Self::Goaway(goaway),
            Action::Streams(limit) => Self::Streams(WireStreams::Limit(limit)),
            Action::StreamsFor { limit, time, then } => {
                Self::Streams(WireStreams::For(StreamsFor {
                    limit,
                    for_ms: milliseconds(time),
                    then,
                }))
            }
            Action::Window {
                initial,
                time,
                then,
            } => Self::Window(WireWindow {
                initial,
                for_ms: time.map(milliseconds),
                then,
            }),
            Action::Starve(time) => Self::Starve(Spell::of(time)),
            Action::Delay(delay) => Self::DelayMs(milliseconds(delay)),
            Action::DropAnswer => Self::DropAnswer(true),
            Action::Reset(code) => Self::Reset(WireReset::Code(code)),
            Action::ResetAt(code, at) => Self::Reset(WireReset::At(ResetAt { code, at })),
            Action::StopReading(time) => Self::StopReading(Spell::of(time)),
            Action::Slow(bytes_per_s) => Self::Slow(Slow { bytes_per_s }),
            Action::Idle(time, close) => Self::Idle(Idle {
                after_ms: milliseconds(time),
                close,
            }),
            Action::Stall => Self::Stall(true),
            Action::Wedge => Self::Wedge(true),
            Action::IgnorePings => Self::IgnorePings(true),
            Action::Malformed(malformed) => Self::Malformed(malformed),
            Action::Handshake(handshake) => Self::Handshake(handshake),
            Action::Random(storm) => Self::Random(storm),
        }
    }
}

/// A duration as a number of milliseconds.
pub(super) mod duration_ms {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::fault) fn serialize<S: Serializer>(
        time: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(super::milliseconds(*time))
    }

    pub(in crate::fault) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
