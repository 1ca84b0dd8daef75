//! What can go wrong.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::wire::Wire;
use super::{Answer, Body, GoAway, Kind, Refusal, Storm};
use crate::http2::MAX_31;

/// What happens, with its form in JSON.
///
/// Not every service can do everything ([`Kind::of`]). Each notification is a request of the binary
/// gateway, and each reading of its list one of the feedback service. Where a web service speaks HTTP/1.1,
/// a connection is one stream: a reset is one of the connection, GOAWAY is `connection: close` with
/// the answer, malformed bytes are text that is no answer, and what is about windows, PINGs and
/// limits of streams is passed over.
///
/// A request that is *served* is looked at, counted as accepted or rejected, and kept; one that is
/// *not served* is counted as `unprocessed`. An accepted one whose answer is lost is counted as
/// `unanswered`, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
#[non_exhaustive]
pub enum Action {
    /// This answer, whatever the request holds:
    /// `{"answer":{"status":410,"reason":"Unregistered","timestamp_ms":7,"retry_after":"120"}}`. Of FCM
    /// GCM, WNS and the push services of browsers it can be given word for word:
    /// `{"answer":{"status":502,"body":"<html>…","content_type":"text/html"}}`; with status 200 and
    /// without a reason the request is served then, and only its answer is another. So are header
    /// fields, those with `null` left out: `{"answer":{"status":200,"headers":{"x-wns-status":null}}}`.
    /// Of WNS the reason names what is meant, such as `"DomainBlocked"`, or `"channelthrottled"` with
    /// status 200 (see [`wns`](crate::wns)). Of GCM, which
    /// answers for many devices at once, `{"answer":{"status":200,"reason":"NotRegistered"}}` and
    /// `{"answer":{"status":200,"canonical":"NEWID"}}` are what is said of a single one.
    Answer(Answer),
    /// An answer whose body is too long: `{"body":{"status":503,"bytes":10485760}}`, without
    /// `bytes` one that never ends.
    Body(Body),
    /// An error response of the binary gateway, and the end of the connection: `{"code":8}`, or
    /// `{"code":{"code":8,"delay_ms":200,"close":"rst"}}`, and more as [`Refusal`] has it.
    Code(Refusal),
    /// The connection ends, and the request is not served: `{"close":"fin"}`.
    Close(Close),
    /// The connection ends at a certain point:
    /// `{"close":{"how":"rst","at":"mid_answer"}}`.
    CloseAt(Close, Point),
    /// GOAWAY; the connection ends when what it still has to answer is answered:
    /// `{"goaway":{"last":3,"code":7,"reason":"Shutdown"}}`.
    GoAway(GoAway),
    /// Another limit of concurrent streams, kept to from then on; the request itself is served:
    /// `{"streams":1}`.
    Streams(u32),
    /// The same for a while: `{"streams":{"limit":0,"for_ms":200,"then":100}}`. Afterwards comes
    /// the limit `then`, by default that of the service.
    StreamsFor {
        /// The limit at first.
        limit: u32,
        /// For so long.
        time: Duration,
        /// The limit afterwards.
        then: Option<u32>,
    },
    /// Another SETTINGS_INITIAL_WINDOW_SIZE, in bytes; the request itself is served:
    /// `{"window":{"initial":0,"for_ms":200,"then":65535}}`. Streams that are open may so come to
    /// a window below zero (RFC 9113, section 6.9.2). After the time comes the size `then`, by
    /// default 65,535; without a time the first one stays.
    Window {
        /// The size at first.
        initial: u32,
        /// For so long; `None`: for good.
        time: Option<Duration>,
        /// The size afterwards.
        then: Option<u32>,
    },
    /// No WINDOW_UPDATE any more, for the connection and for all of its streams; the request
    /// itself is served: `{"starve":true}`, or for a while `{"starve":{"for_ms":200}}`, after
    /// which all is given back that was withheld.
    Starve(Option<Duration>),
    /// The request is served, its answer comes so much later: `{"delay_ms":20}`. The binary gateway
    /// has no answer to what it takes, and reads on so much later.
    Delay(Duration),
    /// The request is served, its answer never comes: `{"drop_answer":true}`.
    DropAnswer,
    /// RST_STREAM with this code; the request is not served: `{"reset":7}`.
    Reset(u32),
    /// RST_STREAM at a certain point: `{"reset":{"code":8,"at":"before_answer"}}`.
    ResetAt(u32, Point),
    /// The request is served, and then nothing is read any more, while writing goes on:
    /// `{"stop_reading":true}`, or for a while `{"stop_reading":{"for_ms":200}}`.
    StopReading(Option<Duration>),
    /// From then on so many bytes are read in a second, and not more than that stand in the
    /// system's buffer; the feedback service writes as slowly: `{"slow":{"bytes_per_s":1000}}`. Up to
    /// 1,000 they go one by one. The request itself is served.
    Slow(NonZeroU32),
    /// From then on the connection ends when nothing came for so long:
    /// `{"idle":{"after_ms":200,"close":"fin"}}`. The request itself is served.
    Idle(Duration, Close),
    /// The connection is neither read nor written any more; the request is not served:
    /// `{"stall":true}`.
    Stall,
    /// The connection is read, but nothing is looked at or answered any more, not even a PING; the
    /// request is not served, what comes behind it is thrown away: `{"wedge":true}`.
    Wedge,
    /// PINGs are not acknowledged any more; all else goes on: `{"ignore_pings":true}`.
    IgnorePings,
    /// Bytes that break the protocol: `{"malformed":"bad_hpack"}`.
    Malformed(Malformed),
    /// A connection does not come about as it should: `{"handshake":"silent"}`.
    Handshake(Handshake),
    /// One request or connection in so many is struck, by anything, as a seed has it:
    /// `{"random":{"seed":17,"one_in":50,"kinds":["close","reset"]}}`.
    Random(Storm),
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

/// When a connection ends, or a stream is reset.
///
/// The binary gateway knows [`Self::Accept`], [`Self::Request`] and [`Self::AfterAnswer`]: a
/// notification is taken, if it is good, and then the connection ends. The feedback service knows
/// these and [`Self::MidAnswer`], which is in the middle of a tuple in the middle of its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Point {
    /// When TLS is agreed upon, before a word of HTTP/2. Befalls connections.
    Accept,
    /// When the service's SETTINGS are sent. Befalls connections.
    Settings,
    /// When the fields of a request have come, and before its body; the request is not served.
    Headers,
    /// When a request has come whole; it is not served.
    Request,
    /// The request is served, and its answer lost.
    BeforeAnswer,
    /// The request is served, and its answer cut: in the middle of the HEADERS frame, or of the
    /// DATA frame if there is one. For a reset, HEADERS and half of the body come whole.
    MidAnswer,
    /// The request is served and answered.
    AfterAnswer,
}

/// What breaks the protocol.
///
/// [`Self::UnknownFrame`] does not: a client must pass over it, and the request is answered. With
/// all others the request is served, and they come in place of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Malformed {
    /// `"unknown_frame"`: a frame of a type that nobody has defined.
    UnknownFrame,
    /// `"oversized_frame"`: a frame head that announces 16 MiB.
    OversizedFrame,
    /// `"data_on_stream_0"`
    #[serde(rename = "data_on_stream_0")]
    DataOnStream0,
    /// `"headers_on_idle_stream"`: an answer to a request that was never made.
    HeadersOnIdleStream,
    /// `"headers_on_even_stream"`: an answer on a stream that only a push could have opened.
    HeadersOnEvenStream,
    /// `"bad_hpack"`: an answer whose header block can't be decoded.
    BadHpack,
    /// `"settings_length"`: SETTINGS of five bytes.
    SettingsLength,
    /// `"settings_value"`: SETTINGS with a window above 2^31-1.
    SettingsValue,
    /// `"ping_length"`: a PING of seven bytes.
    PingLength,
    /// `"goaway_length"`: a GOAWAY of four bytes.
    GoawayLength,
    /// `"window_update_0"`: a WINDOW_UPDATE of 0 for the connection.
    #[serde(rename = "window_update_0")]
    WindowUpdate0,
    /// `"window_overflow"`: WINDOW_UPDATEs of the connection beyond 2^31-1.
    WindowOverflow,
    /// `"continuation"`: CONTINUATION without HEADERS.
    Continuation,
    /// `"push_promise"`: it breaks the protocol if the client has forbidden it by ENABLE_PUSH.
    PushPromise,
    /// `"garbage"`: bytes that are no frames. The binary gateway takes the notification, says them
    /// and closes the connection.
    Garbage,
    /// `"uppercase_header"`: an answer with a field name in upper case.
    UppercaseHeader,
    /// `"missing_status"`: an answer without `:status`.
    MissingStatus,
    /// `"content_length"`: an answer that is shorter than it says.
    ContentLength,
}

impl Point {
    /// The name in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Settings => "settings",
            Self::Headers => "headers",
            Self::Request => "request",
            Self::BeforeAnswer => "before_answer",
            Self::MidAnswer => "mid_answer",
            Self::AfterAnswer => "after_answer",
        }
    }
}

impl Malformed {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::UnknownFrame,
        Self::OversizedFrame,
        Self::DataOnStream0,
        Self::HeadersOnIdleStream,
        Self::HeadersOnEvenStream,
        Self::BadHpack,
        Self::SettingsLength,
        Self::SettingsValue,
        Self::PingLength,
        Self::GoawayLength,
        Self::WindowUpdate0,
        Self::WindowOverflow,
        Self::Continuation,
        Self::PushPromise,
        Self::Garbage,
        Self::UppercaseHeader,
        Self::MissingStatus,
        Self::ContentLength,
    ];

    /// It breaks nothing.
    pub(crate) fn is_harmless(self) -> bool {
        self == Self::UnknownFrame
    }

    /// It is an answer, which needs a request.
    pub(crate) fn is_answer(self) -> bool {
        matches!(
            self,
            Self::BadHpack | Self::UppercaseHeader | Self::MissingStatus | Self::ContentLength
        )
    }
}

/// How a connection does not come about as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Handshake {
    /// `{"handshake":"silent"}`: TCP is accepted, and nothing is ever said.
    Silent,
    /// `{"handshake":"no_settings"}`: TLS is agreed upon, and nothing is ever said after it, nor is
    /// what comes looked at.
    NoSettings,
    /// `{"handshake":"garbage"}`: text that is no TLS, then FIN.
    Garbage,
    /// `{"handshake":{"delay_ms":500}}`: TLS begins so much later.
    #[serde(rename = "delay_ms", with = "super::wire::duration_ms")]
    Delay(Duration),
    /// `{"handshake":{"alert":40}}`: a fatal TLS alert of this number for the client's hello, then
    /// FIN; 40 is handshake_failure.
    Alert(u8),
    /// `{"handshake":{"close":"rst"}}`: FIN or RST in place of the handshake.
    Close(Close),
    /// `{"handshake":{"certificate":"expired"}}`: the client's certificate is refused by an alert.
    /// Under TLS 1.3 the handshake is over for the client when it comes.
    Certificate(Rejection),
}

/// What is wrong with the client's certificate. A client without one is told that it is
/// `required`, whatever was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rejection {
    /// certificate_required (116); for clients that have one, too, certificate_unknown.
    Required,
    /// bad_certificate (42)
    Bad,
    /// certificate_revoked (44)
    Revoked,
    /// certificate_expired (45)
    Expired,
    /// certificate_unknown (46)
    Unknown,
    /// unknown_ca (48)
    UnknownCa,
    /// access_denied (49)
    Denied,
}

/// What a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// A connection that was just accepted.
    Connection,
    /// The fields of a request, before its body.
    Head,
    /// A request that is whole.
    Request,
}

impl Action {
    /// Whether the action makes sense on a connection without a request: with `"on":"connection"`,
    /// and at once by `POST /apply` or [`Sim::apply`](crate::Sim::apply).
    #[must_use]
    pub fn needs_no_request(&self) -> bool {
        match self {
            Self::Close(_)
            | Self::GoAway(_)
            | Self::Streams(_)
            | Self::StreamsFor { .. }
            | Self::Window { .. }
            | Self::Starve(_)
            | Self::StopReading(_)
            | Self::Slow(_)
            | Self::Idle(..)
            | Self::Stall
            | Self::Wedge
            | Self::IgnorePings => true,
            // Others are about a notification.
            Self::Code(refusal) => refusal.is_shutdown() || refusal.identifier.is_some(),
            Self::Malformed(malformed) => !malformed.is_answer(),
            Self::Answer(_)
            | Self::Body(_)
            | Self::CloseAt(..)
            | Self::Delay(_)
            | Self::DropAnswer
            | Self::Reset(_)
            | Self::ResetAt(..)
            | Self::Handshake(_)
            | Self::Random(_) => false,
        }
    }

    /// Whether the action strikes there, unless something else was asked for.
    pub(crate) fn is_at(&self, stage: Stage) -> bool {
        match self {
            Self::Handshake(_) | Self::CloseAt(_, Point::Accept | Point::Settings) => {
                stage == Stage::Connection
            }
            Self::CloseAt(_, Point::Headers) | Self::ResetAt(_, Point::Headers) => {
                stage == Stage::Head
            }
            Self::Random(storm) => storm.is_at(stage),
            _ => stage == Stage::Request,
        }
    }

    /// The kind, as a [`Storm`] and the statistics name it; `None` for a storm.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        Some(match self {
            Self::Answer(_) => Kind::Answer,
            Self::Body(_) => Kind::Body,
            Self::Code(_) => Kind::Code,
            Self::Close(_) | Self::CloseAt(..) => Kind::Close,
            Self::GoAway(_) => Kind::Goaway,
            Self::Streams(_) | Self::StreamsFor { .. } => Kind::Streams,
            Self::Window { .. } => Kind::Window,
            Self::Starve(_) => Kind::Starve,
            Self::Delay(_) => Kind::Delay,
            Self::DropAnswer => Kind::DropAnswer,
            Self::Reset(_) | Self::ResetAt(..) => Kind::Reset,
            Self::StopReading(_) => Kind::StopReading,
            Self::Slow(_) => Kind::Slow,
            Self::Idle(..) => Kind::Idle,
            Self::Stall => Kind::Stall,
            Self::Wedge => Kind::Wedge,
            Self::IgnorePings => Kind::IgnorePings,
            Self::Malformed(_) => Kind::Malformed,
            Self::Handshake(_) => Kind::Handshake,
            Self::Random(_) => return None,
        })
    }

    /// Whether the numbers and words go together.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self {
            Self::Answer(Answer { status, .. }) | Self::Body(Body { status, .. })
                if !(200..=599).contains(status) =>
            {
                Err(format!("status {status} is not between 200 and 599"))
            }
            Self::Answer(answer) => answer.check(),
            Self::Code(refusal) => refusal.check(),
            Self::GoAway(goaway) => goaway.check(),
            Self::ResetAt(_, Point::Accept | Point::Settings) => {
                Err("a stream can't be reset before there is one".to_owned())
            }
            Self::Window { initial, then, .. }
                if *initial > MAX_31 || then.is_some_and(|then| then > MAX_31) =>
            {
                Err(format!("a window is {MAX_31} bytes at most"))
            }
            Self::Handshake(Handshake::Close(Close::Tls)) => {
                Err("before its handshake TLS can't be closed; use \"fin\" or \"rst\"".to_owned())
            }
            Self::Random(storm) => storm.check(),
            _ => Ok(()),
        }
    }
}
