//! The faults that a service has still to commit.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::fault::{Action, Fault, Stage};

/// The faults of one service. There may be one for each of many thousand
/// devices, so they are found by their token.
#[derive(Debug, Default)]
pub(crate) struct Armed {
    /// Those without a token.
    for_any: Vec<Numbered>,
    /// By device token in lower case.
    for_one: HashMap<String, Vec<Numbered>>,
    given: u64,
    /// Those that can strike before a request is whole.
    early: usize,
}

#[derive(Debug)]
struct Numbered {
    /// In the order in which they were given.
    number: u64,
    fault: Fault,
    /// What a storm was asked about: connections, heads, requests.
    asked: [u64; 3],
}

/// Whom faults are looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whom<'a> {
    /// Device tokens, and a path.
    pub(crate) names: &'a [&'a str],
    /// Faults that name nobody befall others only.
    pub(crate) by_name_only: bool,
}

impl<'a> Whom<'a> {
    /// Who has one of these names, or none.
    pub(crate) fn named(names: &'a [&'a str]) -> Self {
        Self {
            names,
            by_name_only: false,
        }
    }
}

impl Numbered {
    /// What the fault does to the next one of that stage; a storm may pass it over.
    fn strike(&mut self, stage: Stage) -> Option<Action> {
        match &self.fault.action {
            Action::Random(storm) => {
                let asked = &mut self.asked[stage as usize];
                *asked += 1;
                storm.strike(self.fault.service, stage, *asked - 1)
            }
            action => Some(action.clone()),
        }
    }
}

impl Armed {
    pub(crate) fn add(&mut self, fault: Fault) {
        if fault.times == Some(0) {
            return;
        }
        self.early += usize::from(fault.strikes(Stage::Head));
        let number = self.given;
        self.given += 1;
        let faults = match &fault.token {
            Some(token) => self.for_one.entry(token.to_ascii_lowercase()).or_default(),
            None => &mut self.for_any,
        };
        faults.push(Numbered {
            number,
            fault,
            asked: [0; 3],
        });
    }

    pub(crate) fn clear(&mut self) {
        self.for_any.clear();
        self.for_one.clear();
        self.early = 0;
    }

    /// Whether nothing can befall anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.for_any.is_empty() && self.for_one.is_empty()
    }

    /// Whether something may befall a request before it is whole.
    pub(crate) fn has_early(&self) -> bool {
        self.early > 0
    }

    /// What befalls the next one of that stage when `seen` came before it: the first fault that was
    /// given, fits, and is for `whom`.
    pub(crate) fn strike(
        &mut self,
        stage: Stage,
        whom: Whom<'_>,
        seen: u64,
        fits: impl Fn(&Action) -> bool,
    ) -> Option<Action> {
        let found = |faults: &[Numbered], number| {
            let at = faults.iter().position(|one| {
                one.number >= number
                    && seen >= one.fault.after
                    && one.fault.strikes(stage)
                    && fits(&one.fault.action)
            })?;
            Some((faults[at].number, at))
        };
        let mut number = 0;
        while !self.is_empty() {
            let any = match whom.by_name_only {
                true => None,
                false => found(&self.for_any, number).map(|(number, at)| (number, at, None)),
            };
            let names = match self.for_one.is_empty() {
                true => &[],
                false => whom.names,
            };
            let named = names.iter().filter_map(|name| {
                let name = lower_case(name);
                let (number, at) = found(self.for_one.get(name.as_ref())?, number)?;
                Some((number, at, Some(name)))
            });
            let first = any
                .into_iter()
                .chain(named)
                .min_by_key(|(number, ..)| *number);
            let (_, at, name) = first?;
            let one = match &name {
                None => &mut self.for_any[at],
                Some(name) => &mut self.for_one.get_mut(name.as_ref())?[at],
            };
            number = one.number + 1;
            if let Some(action) = one.strike(stage) {
                self.count(name.as_deref(), at);
                return Some(action);
            }
        }
        None
    }

    /// Counts the fault as committed, and forgets it when it was the last time.
    fn count(&mut self, name: Option<&str>, at: usize) {
        let Some(faults) = name.map_or(Some(&mut self.for_any), |name| self.for_one.get_mut(name))
        else {
            return;
        };
        match &mut faults[at].fault.times {
            Some(1) => {
                let fault = faults.remove(at).fault;
                self.early -= usize::from(fault.strikes(Stage::Head));
                if let Some(name) = name.filter(|_| faults.is_empty()) {
                    self.for_one.remove(name);
                }
            }
            Some(times) => *times -= 1,
            None => {}
        }
    }
}

fn lower_case(token: &str) -> Cow<'_, str> {
    match token.bytes().any(|octet| octet.is_ascii_uppercase()) {
        true => Cow::Owned(token.to_ascii_lowercase()),
        false => Cow::Borrowed(token),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Service;
    use crate::fault::{Close, Handshake, Kind, Point, Storm};

    fn fault(action: Action) -> Fault {
        Fault::new(Service::Apns, action)
    }

    impl Armed {
        fn strike_one(&mut self, stage: Stage, token: &str, seen: u64) -> Option<Action> {
            self.strike(stage, Whom::named(&[token]), seen, |_| true)
        }
    }

    #[test]
    fn the_first_fault_that_matches_strikes_as_often_as_asked() {
        let mut armed = Armed::default();
        armed.add(fault(Action::Stall).token("AB").times(1));
        armed.add(fault(Action::Reset(8)).after(2).times(2));
        armed.add(fault(Action::DropAnswer).token("ab").after(2));
        let mut strike = |token, seen| armed.strike_one(Stage::Request, token, seen);
        assert_eq!(strike("cd", 0), None);
        assert_eq!(strike("Ab", 1), Some(Action::Stall));
        assert_eq!(strike("ab", 1), None);
        assert_eq!(strike("ab", 2), Some(Action::Reset(8)));
        assert_eq!(strike("cd", 3), Some(Action::Reset(8)));
        assert_eq!(strike("cd", 4), None);
        assert_eq!(strike("aB", 4), Some(Action::DropAnswer));
        armed.clear();
        assert_eq!(armed.strike_one(Stage::Request, "ab", 5), None);
    }

    #[test]
    fn a_fault_strikes_only_at_its_stage() {
        let early = Action::CloseAt(Close::Fin, Point::Headers);
        let first = Action::Handshake(Handshake::Silent);
        let mut armed = Armed::default();
        armed.add(fault(early.clone()).times(1));
        armed.add(fault(first.clone()));
        armed.add(fault(Action::Stall).on_connections().after(1));
        armed.add(fault(Action::Wedge));
        assert!(armed.has_early());
        assert_eq!(
            armed.strike_one(Stage::Request, "ab", 0),
            Some(Action::Wedge)
        );
        assert_eq!(armed.strike_one(Stage::Connection, "", 5), Some(first));
        assert_eq!(armed.strike_one(Stage::Head, "ab", 0), Some(early));
        assert_eq!(armed.strike_one(Stage::Head, "ab", 0), None);
        assert!(!armed.has_early());
    }

    #[test]
    fn a_storm_that_spares_a_request_leaves_it_to_the_next_fault() {
        let storm = Storm::new(17).one_in(4).kinds([Kind::Delay]);
        let mut armed = Armed::default();
        armed.add(fault(Action::Random(storm.clone())).times(3));
        armed.add(fault(Action::DropAnswer));
        let mut storms = 0;
        for number in 0..100 {
            let struck = armed.strike_one(Stage::Request, "ab", 7).unwrap();
            let drawn = storm.at(Service::Apns, number).filter(|_| storms < 3);
            storms += usize::from(drawn.is_some());
            assert_eq!(struck, drawn.unwrap_or(Action::DropAnswer));
        }
        assert_eq!(storms, 3);
    }

    #[test]
    fn any_of_several_names_is_found_and_the_first_fault_counts() {
        let mut armed = Armed::default();
        armed.add(fault(Action::Stall).token("/token").times(1));
        armed.add(fault(Action::Reset(8)).token("b"));
        armed.add(fault(Action::Wedge).token("a"));
        armed.add(fault(Action::DropAnswer));
        let mut strike = |names: &[&str], by_name_only| {
            let whom = Whom {
                names,
                by_name_only,
            };
            armed.strike(Stage::Request, whom, 0, |action| *action != Action::Wedge)
        };
        assert_eq!(strike(&["/send", "a", "B"], false), Some(Action::Reset(8)));
        assert_eq!(strike(&["/send", "a"], false), Some(Action::DropAnswer));
        assert_eq!(strike(&["/send", "a"], true), None);
        assert_eq!(strike(&["/token"], true), Some(Action::Stall));
        assert_eq!(strike(&["/token"], true), None);
    }
}
