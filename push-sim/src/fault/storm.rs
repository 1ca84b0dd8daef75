//! Random faults that a seed repeats.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    Action, Answer, Body, Close, GoAway, Handshake, Malformed, Notice, Point, Rejection, Stage,
};

/// One request or connection in so many is struck, by any of some kinds of faults.
///
/// ```json
/// {"random":{"seed":17, "one_in":50, "kinds":["close","goaway"]}}
/// ```
///
/// What strikes the first, second, third … request is a function of the seed alone ([`Self::at`]):
/// the same seed and the same order of requests give the same faults. The first request is the
/// first one that the storm was asked about: that came after it was armed, matched its token, and
/// was not befallen by an earlier fault of the list. Requests, requests of which only the fields
/// have come (for what strikes at [`Point::Headers`]), and connections are numbered on their own.
///
/// What a storm draws a client can survive, if it waits for no answer without end. It never lies: no
/// REFUSED_STREAM and no GOAWAY says of a request that was served that it wasn't. So a client that
/// sends again only what provably was not processed never has a notification taken twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Storm {
    /// Where it begins.
    pub seed: u64,
    /// One in so many is struck, on average.
    pub one_in: u64,
    /// By what; none: by every kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
}

/// A kind of action, as [`Storm::kinds`] and [`ServiceStats::faults`](crate::ServiceStats::faults)
/// name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// `"answer"`: 429, 500 or 503.
    Answer,
    /// `"body"`: 500 or 503 with a body of some MiB, or without end.
    Body,
    /// `"close"`: in any way, at any point of a request.
    Close,
    /// `"goaway"`: at once, with notice, or with a close behind it.
    Goaway,
    /// `"streams"`: another limit, for a while if it is below 2.
    Streams,
    /// `"window"`: a smaller window, for a while.
    Window,
    /// `"starve"`: for a while.
    Starve,
    /// `"delay"`: up to half a second.
    Delay,
    /// `"drop_answer"`
    DropAnswer,
    /// `"reset"`: with any code, at any point.
    Reset,
    /// `"stop_reading"`: for a while.
    StopReading,
    /// `"stall"`
    Stall,
    /// `"wedge"`
    Wedge,
    /// `"ignore_pings"`
    IgnorePings,
    /// `"malformed"`: any.
    Malformed,
    /// `"handshake"`: any; of connections.
    Handshake,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Answer,
        Self::Body,
        Self::Close,
        Self::Goaway,
        Self::Streams,
        Self::Window,
        Self::Starve,
        Self::Delay,
        Self::DropAnswer,
        Self::Reset,
        Self::StopReading,
        Self::Stall,
        Self::Wedge,
        Self::IgnorePings,
        Self::Malformed,
        Self::Handshake,
    ];

    /// The name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Body => "body",
            Self::Close => "close",
            Self::Goaway => "goaway",
            Self::Streams => "streams",
            Self::Window => "window",
            Self::Starve => "starve",
            Self::Delay => "delay",
            Self::DropAnswer => "drop_answer",
            Self::Reset => "reset",
            Self::StopReading => "stop_reading",
            Self::Stall => "stall",
            Self::Wedge => "wedge",
            Self::IgnorePings => "ignore_pings",
            Self::Malformed => "malformed",
            Self::Handshake => "handshake",
        }
    }
}

impl Storm {
    /// A storm of every kind, that strikes one in 50.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            one_in: 50,
            kinds: Vec::new(),
        }
    }

    /// Strikes one in so many, on average.
    #[must_use]
    pub fn one_in(mut self, requests: u64) -> Self {
        self.one_in = requests;
        self
    }

    /// Strikes by these kinds only.
    #[must_use]
    pub fn kinds(mut self, kinds: impl IntoIterator<Item = Kind>) -> Self {
        self.kinds = kinds.into_iter().collect();
        self
    }

    /// What befalls the request of this number, the first being 0.
    ///
    /// An action at [`Point::Headers`] is carried out when the fields of the request of this number
    /// come, all others when the request of this number is whole.
    #[must_use]
    pub fn at(&self, number: u64) -> Option<Action> {
        let mut dice = Dice::thrown(self.seed, number);
        let kind = self.draw(&mut dice, |kind| kind != Kind::Handshake)?;
        Some(dice.action(kind))
    }

    /// What befalls the connection of this number, the first being 0.
    #[must_use]
    pub fn at_connection(&self, number: u64) -> Option<Action> {
        let mut dice = Dice::thrown(!self.seed, number);
        let kind = self.draw(&mut dice, |kind| kind == Kind::Handshake)?;
        Some(dice.action(kind))
    }

    pub(crate) fn strike(&self, stage: Stage, number: u64) -> Option<Action> {
        match stage {
            Stage::Connection => self.at_connection(number),
            Stage::Head | Stage::Request => self.at(number).filter(|action| action.is_at(stage)),
        }
    }

    fn draw(&self, dice: &mut Dice, fits: impl Fn(Kind) -> bool) -> Option<Kind> {
        if dice.below(self.one_in) != 0 {
            return None;
        }
        let fitting = || self.drawn().iter().copied().filter(|kind| fits(*kind));
        let count = fitting().count() as u64;
        let at = (count > 0).then(|| dice.below(count))?;
        fitting().nth(at as usize)
    }

    fn drawn(&self) -> &[Kind] {
        match self.kinds.as_slice() {
            [] => &Kind::ALL,
            kinds => kinds,
        }
    }

    pub(super) fn is_at(&self, stage: Stage) -> bool {
        self.drawn().iter().any(|kind| match stage {
            Stage::Connection => *kind == Kind::Handshake,
            Stage::Head => matches!(kind, Kind::Close | Kind::Reset),
            Stage::Request => *kind != Kind::Handshake,
        })
    }

    pub(super) fn check(&self) -> Result<(), String> {
        match self.one_in {
            0 => Err("\"one_in\" is 0; 1 strikes always".to_owned()),
            _ => Ok(()),
        }
    }
}

/// SplitMix64, begun anew for each number.
struct Dice(u64);

impl Dice {
    fn thrown(seed: u64, number: u64) -> Self {
        let mut dice = Self(seed);
        let start = dice.roll();
        Self(start ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93))
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.roll()) * u128::from(end)) >> 64) as u64
    }

    fn one_of<T: Copy, const N: usize>(&mut self, all: [T; N]) -> T {
        all[self.below(N as u64) as usize]
    }

    fn time(&mut self, least_ms: u64, most_ms: u64) -> Duration {
        Duration::from_millis(least_ms + self.below(most_ms - least_ms))
    }

    fn close(&mut self) -> Close {
        self.one_of([Close::Fin, Close::Rst, Close::Tls])
    }

    fn action(&mut self, kind: Kind) -> Action {
        match kind {
            Kind::Answer => Action::Answer(self.one_of([
                || Answer::new(429).reason("TooManyRequests"),
                || Answer::new(500).reason("InternalServerError"),
                || Answer::new(503).reason("ServiceUnavailable"),
                || Answer::new(503).reason("Shutdown"),
            ])()),
            Kind::Body => {
                let status = self.one_of([500, 503]);
                match self.below(4) {
                    0 => Action::Body(Body::endless(status)),
                    mebibytes => Action::Body(Body::bytes(status, mebibytes << 20)),
                }
            }
            Kind::Close => self.closed(),
            Kind::Goaway => self.goaway(),
            Kind::Streams => match self.one_of([0, 0, 1, 1, 2, 10, 100, 300]) {
                limit @ (0 | 1) => self.streams_for(limit),
                limit => Action::Streams(limit),
            },
            Kind::Window => Action::Window {
                initial: self.one_of([0, 1, 100, 1000, 16_384]),
                time: Some(self.time(20, 200)),
                then: None,
            },
            Kind::Starve => Action::Starve(Some(self.time(20, 200))),
            Kind::Delay => Action::Delay(self.time(1, 500)),
            Kind::DropAnswer => Action::DropAnswer,
            Kind::Reset => self.reset(),
            Kind::StopReading => Action::StopReading(Some(self.time(20, 200))),
            Kind::Stall => Action::Stall,
            Kind::Wedge => Action::Wedge,
            Kind::IgnorePings => Action::IgnorePings,
            Kind::Malformed => Action::Malformed(self.one_of(Malformed::ALL)),
            Kind::Handshake => Action::Handshake(self.handshake()),
        }
    }

    fn closed(&mut self) -> Action {
        let how = self.close();
        match self.below(5) {
            0 => Action::CloseAt(how, Point::Headers),
            1 => Action::CloseAt(how, Point::BeforeAnswer),
            2 => Action::CloseAt(how, Point::MidAnswer),
            3 => Action::CloseAt(how, Point::AfterAnswer),
            _ => Action::Close(how),
        }
    }

    fn goaway(&mut self) -> Action {
        let mut goaway = match self.below(3) {
            0 => GoAway::new().reason("Shutdown"),
            1 => GoAway::new()
                .code(7)
                .text("Maximum active streams violated"),
            _ => GoAway::new(),
        };
        goaway = match self.below(4) {
            0 => goaway.graceful(Notice::RoundTrip),
            1 => goaway.graceful(Notice::After(self.time(1, 100))),
            _ => goaway,
        };
        Action::GoAway(match self.below(3) {
            0 => goaway.close(self.close()),
            _ => goaway,
        })
    }

    fn streams_for(&mut self, limit: u32) -> Action {
        Action::StreamsFor {
            limit,
            time: self.time(20, 200),
            then: None,
        }
    }

    fn reset(&mut self) -> Action {
        // That a stream was refused may be said only of one that was not served.
        let unserved = self.one_of([7, 7, 7, 2, 8, 11]);
        let served = self.one_of([0, 2, 5, 8, 11]);
        match self.below(6) {
            0 => Action::ResetAt(unserved, Point::Headers),
            1 => Action::ResetAt(served, Point::BeforeAnswer),
            2 => Action::ResetAt(0, Point::AfterAnswer),
            _ => Action::Reset(unserved),
        }
    }

    fn handshake(&mut self) -> Handshake {
        match self.below(8) {
            0 => Handshake::Silent,
            1 => Handshake::NoSettings,
            2 => Handshake::Garbage,
            3 => Handshake::Alert(self.one_of([40, 80])),
            4 => Handshake::Close(self.one_of([Close::Fin, Close::Rst])),
            5 => Handshake::Certificate(Rejection::Unknown),
            _ => Handshake::Delay(self.time(20, 500)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn drawn(storm: &Storm, count: u64) -> Vec<Option<Action>> {
        (0..count).map(|number| storm.at(number)).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_faults_and_another_one_others() {
        let storm = Storm::new(17).one_in(10);
        assert_eq!(drawn(&storm, 1000), drawn(&storm.clone(), 1000));
        let other = Storm::new(18).one_in(10);
        assert_ne!(drawn(&storm, 1000), drawn(&other, 1000));
    }

    /// Seeds stand in bug reports, so what they mean must not change unnoticed.
    #[test]
    fn a_seed_means_the_same_for_ever() {
        let storm = Storm::new(17).one_in(3);
        let text: Vec<_> = (0..)
            .filter_map(|number| Some((number, serde_json::to_string(&storm.at(number)?).ok()?)))
            .take(3)
            .map(|(number, action)| format!("{number} {action}"))
            .collect();
        assert_eq!(
            text,
            [
                r#"1 {"goaway":{"code":0,"graceful":"ping"}}"#,
                r#"3 {"malformed":"ping_length"}"#,
                r#"6 {"close":"rst"}"#,
            ]
        );
    }

    #[test]
    fn as_many_are_struck_as_was_asked_for_and_by_every_kind() {
        let storm = Storm::new(3).one_in(10);
        let mut kinds = BTreeMap::new();
        for action in drawn(&storm, 100_000).into_iter().flatten() {
            *kinds.entry(action.kind().unwrap()).or_insert(0) += 1;
        }
        let struck: i32 = kinds.values().sum();
        assert!((9_500..10_500).contains(&struck), "{struck}");
        assert_eq!(kinds.len(), Kind::ALL.len() - 1, "all but the handshakes");
        assert!(kinds.values().all(|count| *count > 500), "{kinds:?}");
        let connections: BTreeSet<_> = (0..10_000)
            .filter_map(|number| storm.at_connection(number))
            .map(|action| action.kind().unwrap())
            .collect();
        assert_eq!(connections, BTreeSet::from([Kind::Handshake]));
    }

    #[test]
    fn only_the_kinds_that_were_asked_for_strike() {
        let storm = Storm::new(5).one_in(1).kinds([Kind::Close, Kind::Delay]);
        let kinds: BTreeSet<_> = drawn(&storm, 200)
            .into_iter()
            .map(|action| action.unwrap().kind().unwrap())
            .collect();
        assert_eq!(kinds, BTreeSet::from([Kind::Close, Kind::Delay]));
        assert_eq!(storm.at_connection(0), None);
    }

    #[test]
    fn every_drawn_fault_makes_sense_and_none_lies() {
        for action in drawn(&Storm::new(9).one_in(1), 20_000) {
            let action = action.unwrap();
            assert_eq!(action.check(), Ok(()), "{action:?}");
            let lies = match &action {
                Action::GoAway(goaway) => goaway.last.is_some(),
                Action::ResetAt(7, point) => *point != Point::Headers,
                _ => false,
            };
            assert!(!lies, "{action:?}");
        }
    }

    #[test]
    fn a_request_is_struck_once() {
        let storm = Storm::new(1).one_in(1);
        for number in 0..1000 {
            let strikes =
                [Stage::Head, Stage::Request].map(|stage| storm.strike(stage, number).is_some());
            assert_eq!(strikes.iter().filter(|struck| **struck).count(), 1);
        }
    }

    #[test]
    fn the_names_are_those_of_the_json() {
        for kind in Kind::ALL {
            assert_eq!(
                serde_json::to_string(&kind).unwrap(),
                format!("\"{}\"", kind.as_str())
            );
        }
    }
}
