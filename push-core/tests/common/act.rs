//! What a peer can be told to do.

use std::collections::BTreeMap;
use std::time::Duration;

use super::frames::{INITIAL_WINDOW_SIZE, MAX_CONCURRENT_STREAMS};

/// What the peer does about a request or a connection, one thing after the other.
#[derive(Clone, Debug)]
pub enum Act {
    Wait(Duration),
    /// Status 200 and no body.
    Answer,
    /// Status 200, and a body that does not come to its end.
    AnswerHalf,
    /// The head of an answer with a body to follow.
    Head,
    /// A piece of the body; whether it is the last one.
    Body(usize, bool),
    /// A body as long as this, as far as flow control lets it go.
    Endless(usize),
    /// The end of a body.
    Trailers,
    /// 103 Early Hints.
    Hint,
    /// Status 200, the head in pieces of so many bytes.
    Scattered(usize),
    /// Status 200 and a body of so many bytes, all padded.
    Padded(usize),
    /// The first so many bytes of an answer with a body, and nothing more ever, but what follows
    /// at once.
    Torn(usize),
    /// RST_STREAM with this code.
    Break(u32),
    /// GOAWAY: what lies above this stream is not processed, from now on. Not below what was taken
    /// already.
    GoAway {
        last: u32,
        code: u32,
        text: &'static str,
    },
    /// SETTINGS with another limit of streams.
    Limit(u32),
    /// SETTINGS with another window for each stream.
    InitialWindow(u32),
    /// WINDOW_UPDATE of the stream, or of the connection where there is none.
    Window(u32),
    /// Frames as they are in [`malformed`](super::frames::malformed).
    Malformed(u64),
    /// Frames that mean nothing.
    Ignorable,
    /// Nothing is written any more, no answer to a PING either.
    Wedge,
    /// PINGs are answered no more.
    Deaf,
    /// Nothing is read any more.
    StopReading,
    /// FIN.
    Close,
    Reset,
    Cut,
}

impl Act {
    /// Whether it begins an answer.
    pub(super) const fn answers(&self) -> bool {
        matches!(
            self,
            Self::Answer
                | Self::AnswerHalf
                | Self::Head
                | Self::Body(..)
                | Self::Endless(_)
                | Self::Trailers
                | Self::Hint
                | Self::Scattered(_)
                | Self::Padded(_)
                | Self::Torn(_)
        )
    }
}

/// How the peer is on one connection.
#[derive(Clone, Debug)]
pub struct Manner {
    /// How long it takes to say SETTINGS; `None`: for ever.
    pub settings_after: Option<Duration>,
    pub settings: Vec<(u16, u32)>,
    /// By how much the window of the connection is raised at once.
    pub window: u32,
    /// How much of each body that came is given back to the windows.
    pub restores_windows: bool,
    /// How long it takes to answer a PING.
    pub pong_after: Duration,
    /// What it does by itself, in a task of its own.
    pub acts: Vec<Act>,
}

impl Manner {
    /// All that it should do, with this limit of streams.
    pub fn good(max_streams: u32) -> Self {
        Self {
            settings_after: Some(Duration::ZERO),
            settings: vec![
                (MAX_CONCURRENT_STREAMS, max_streams),
                (INITIAL_WINDOW_SIZE, 0xff_ffff),
            ],
            window: 0xff_ffff,
            restores_windows: true,
            pong_after: Duration::ZERO,
            acts: Vec::new(),
        }
    }

    pub(super) fn max_streams(&self) -> u32 {
        let mut settings = self.settings.iter().rev();
        let limit = settings.find(|(id, _)| *id == MAX_CONCURRENT_STREAMS);
        limit.map_or(u32::MAX, |(_, limit)| *limit)
    }
}

/// A request as the peer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub number: usize,
    pub connection: u64,
    pub stream: u32,
    pub at: Duration,
}

/// What came to the peer.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// All requests that came whole, those included that were refused.
    pub requests: Vec<Seen>,
    /// How often each request was taken.
    pub taken: BTreeMap<usize, u32>,
    /// When which connection was pinged.
    pub pings: Vec<(u64, Duration)>,
    /// On which connections the client said GOAWAY.
    pub farewells: Vec<u64>,
    /// When connections were accepted.
    pub connections: Vec<(u64, Duration)>,
    /// When they ended.
    pub ended: Vec<(u64, Duration)>,
    /// What the client may not do, and did.
    pub wrongs: Vec<String>,
    /// The streams that the client broke off.
    pub broken_off: Vec<(u64, u32)>,
    /// The most streams that were open at once, of each connection.
    pub most_open: BTreeMap<u64, usize>,
}
