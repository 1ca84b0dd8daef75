//! Random faults that a seed repeats.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Action, Stage};
use crate::Service;

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
/// have come (for what strikes at [`Point::Headers`](super::Point::Headers)), and connections are
/// numbered on their own.
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
    /// By what; none: by every kind that the service can do ([`Kind::of`]).
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
    /// `"code"`: 8, and 1, 5 or 10, at once or later, with every way to end the connection.
    Code,
    /// `"slow"`: some 100 KB in a second.
    Slow,
    /// `"idle"`: after less than a second.
    Idle,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 19] = [
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
        Self::Code,
        Self::Slow,
        Self::Idle,
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
            Self::Code => "code",
            Self::Slow => "slow",
            Self::Idle => "idle",
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
    /// An action at [`Point::Headers`](super::Point::Headers) is carried out when the fields of the
    /// request of this number come, all others when the request of this number is whole.
    #[must_use]
    pub fn at(&self, service: Service, number: u64) -> Option<Action> {
        let mut dice = Dice::thrown(self.seed, number);
        let kind = self.draw(service, &mut dice, |kind| kind != Kind::Handshake)?;
        Some(dice.action(service, kind))
    }

    /// What befalls the connection of this number, the first being 0.
    #[must_use]
    pub fn at_connection(&self, service: Service, number: u64) -> Option<Action> {
        let mut dice = Dice::thrown(!self.seed, number);
        let kind = self.draw(service, &mut dice, |kind| kind == Kind::Handshake)?;
        Some(dice.action(service, kind))
    }

    pub(crate) fn strike(&self, service: Service, stage: Stage, number: u64) -> Option<Action> {
        match stage {
            Stage::Connection => self.at_connection(service, number),
            Stage::Head | Stage::Request => self
                .at(service, number)
                .filter(|action| action.is_at(stage)),
        }
    }

    fn draw(&self, service: Service, dice: &mut Dice, fits: impl Fn(Kind) -> bool) -> Option<Kind> {
        if dice.below(self.one_in) != 0 {
            return None;
        }
        let kinds = match self.kinds.as_slice() {
            [] => Kind::of(service),
            kinds => kinds,
        };
        let fitting = || kinds.iter().copied().filter(|kind| fits(*kind));
        let count = fitting().count() as u64;
        let at = (count > 0).then(|| dice.below(count))?;
        fitting().nth(at as usize)
    }

    pub(super) fn is_at(&self, stage: Stage) -> bool {
        let strikes = |kind: &Kind| match stage {
            Stage::Connection => *kind == Kind::Handshake,
            Stage::Head => matches!(kind, Kind::Close | Kind::Reset),
            Stage::Request => *kind != Kind::Handshake,
        };
        self.kinds.is_empty() || self.kinds.iter().any(strikes)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        match self.one_in {
            0 => Err("\"one_in\" is 0; 1 strikes always".to_owned()),
            _ => Ok(()),
        }
    }
}

/// SplitMix64, begun anew for each number.
pub(super) struct Dice(u64);

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

    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.roll()) * u128::from(end)) >> 64) as u64
    }

    pub(super) fn one_of<T: Copy, const N: usize>(&mut self, all: [T; N]) -> T {
        all[self.below(N as u64) as usize]
    }

    pub(super) fn time(&mut self, least_ms: u64, most_ms: u64) -> Duration {
        Duration::from_millis(least_ms + self.below(most_ms - least_ms))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::fault::Point;

    fn drawn(storm: &Storm, count: u64) -> Vec<Option<Action>> {
        (0..count)
            .map(|number| storm.at(Service::Apns, number))
            .collect()
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
            .filter_map(|number| {
                Some((
                    number,
                    serde_json::to_string(&storm.at(Service::Apns, number)?).ok()?,
                ))
            })
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
        assert_eq!(
            kinds.len(),
            Kind::of(Service::Apns).len() - 1,
            "all but the handshakes"
        );
        assert!(kinds.values().all(|count| *count > 500), "{kinds:?}");
        let connections: BTreeSet<_> = (0..10_000)
            .filter_map(|number| storm.at_connection(Service::Apns, number))
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
        assert_eq!(storm.at_connection(Service::Apns, 0), None);
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
    fn every_service_draws_what_it_can_do_and_everything_of_it() {
        for service in [Service::ApnsGateway, Service::ApnsFeedback] {
            let storm = Storm::new(9).one_in(1);
            let mut kinds = BTreeSet::new();
            for number in 0..20_000 {
                for action in [
                    storm.at(service, number),
                    storm.at_connection(service, number),
                ] {
                    let action = action.unwrap();
                    assert_eq!(action.check(), Ok(()), "{action:?}");
                    assert_eq!(action.fits(service), Ok(()), "{action:?}");
                    kinds.extend(action.kind());
                }
            }
            let all: BTreeSet<_> = Kind::of(service).iter().copied().collect();
            assert_eq!(kinds, all);
        }
    }

    #[test]
    fn a_request_is_struck_once() {
        let storm = Storm::new(1).one_in(1);
        for number in 0..1000 {
            let strikes = [Stage::Head, Stage::Request]
                .map(|stage| storm.strike(Service::Apns, stage, number).is_some());
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
