//! The faults that a service has still to commit.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::fault::{Action, Fault, Stage};

/// The faults of one service. There may be one for each of many thousand
/// devices, so they are found by their token.
#[derive(Debug, Default)]
pub(crate) struct Armed {
    /// By device token in lower case; the list without a token is for any.
    faults: HashMap<Option<String>, Vec<Numbered>>,
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
        let key = fault.token.as_deref().map(str::to_ascii_lowercase);
        let number = self.given;
        self.given += 1;
        let faults = self.faults.entry(key).or_default();
        faults.push(Numbered {
            number,
            fault,
            asked: [0; 3],
        });
    }

    pub(crate) fn clear(&mut self) {
        self.faults.clear();
        self.early = 0;
    }

    /// Whether nothing can befall anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// Whether something may befall a request before it is whole.
    pub(crate) fn has_early(&self) -> bool {
        self.early > 0
    }

    /// What befalls the next one of that stage, for `token`, when `seen` came before it: the first
    /// fault that was given and fits.
    pub(crate) fn strike(&mut self, stage: Stage, token: &str, seen: u64) -> Option<Action> {
        if self.faults.is_empty() {
            return None;
        }
        let token = match token.bytes().any(|octet| octet.is_ascii_uppercase()) {
            true => Cow::Owned(token.to_ascii_lowercase()),
            false => Cow::Borrowed(token),
        };
        let keys = [None, Some(token.into_owned())];
        let mut number = 0;
        loop {
            let (key, at) = keys
                .iter()
                .filter_map(|key| {
                    let faults = self.faults.get(key)?;
                    let at = faults.iter().position(|one| {
                        one.number >= number && seen >= one.fault.after && one.fault.strikes(stage)
                    })?;
                    Some((faults[at].number, key, at))
                })
                .min_by_key(|(number, ..)| *number)
                .map(|(_, key, at)| (key, at))?;
            let one = &mut self.faults.get_mut(key)?[at];
            number = one.number + 1;
            if let Some(action) = one.strike(stage) {
                self.count(key, at);
                return Some(action);
            }
        }
    }

    /// Counts the fault as committed, and forgets it when it was the last time.
    fn count(&mut self, key: &Option<String>, at: usize) {
        let Some(faults) = self.faults.get_mut(key) else {
            return;
        };
        match &mut faults[at].fault.times {
            Some(1) => {
                let fault = faults.remove(at).fault;
                self.early -= usize::from(fault.strikes(Stage::Head));
                if faults.is_empty() {
                    self.faults.remove(key);
                }
            }
            Some(times) => *times -= 1,
            None => {}
        }
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

    #[test]
    fn the_first_fault_that_matches_strikes_as_often_as_asked() {
        let mut armed = Armed::default();
        armed.add(fault(Action::Stall).token("AB").times(1));
        armed.add(fault(Action::Reset(8)).after(2).times(2));
        armed.add(fault(Action::DropAnswer).token("ab").after(2));
        let mut strike = |token, seen| armed.strike(Stage::Request, token, seen);
        assert_eq!(strike("cd", 0), None);
        assert_eq!(strike("Ab", 1), Some(Action::Stall));
        assert_eq!(strike("ab", 1), None);
        assert_eq!(strike("ab", 2), Some(Action::Reset(8)));
        assert_eq!(strike("cd", 3), Some(Action::Reset(8)));
        assert_eq!(strike("cd", 4), None);
        assert_eq!(strike("aB", 4), Some(Action::DropAnswer));
        armed.clear();
        assert_eq!(armed.strike(Stage::Request, "ab", 5), None);
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
        assert_eq!(armed.strike(Stage::Request, "ab", 0), Some(Action::Wedge));
        assert_eq!(armed.strike(Stage::Connection, "", 5), Some(first));
        assert_eq!(armed.strike(Stage::Head, "ab", 0), Some(early));
        assert_eq!(armed.strike(Stage::Head, "ab", 0), None);
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
            let struck = armed.strike(Stage::Request, "ab", 7).unwrap();
            let drawn = storm.at(Service::Apns, number).filter(|_| storms < 3);
            storms += usize::from(drawn.is_some());
            assert_eq!(struck, drawn.unwrap_or(Action::DropAnswer));
        }
        assert_eq!(storms, 3);
    }
}
