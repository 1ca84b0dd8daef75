//! The faults that a service has still to commit.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::fault::{Action, Fault};

/// The faults of one service. There may be one for each of many thousand
/// devices, so they are found by their token.
#[derive(Debug, Default)]
pub(crate) struct Armed {
    /// By device token in lower case; the list without a token is for any.
    faults: HashMap<Option<String>, Vec<Numbered>>,
    given: u64,
}

#[derive(Debug)]
struct Numbered {
    /// In the order in which they were given.
    number: u64,
    fault: Fault,
}

impl Armed {
    pub(crate) fn add(&mut self, fault: Fault) {
        if fault.times == Some(0) {
            return;
        }
        let key = fault.token.as_deref().map(str::to_ascii_lowercase);
        let number = self.given;
        self.given += 1;
        let faults = self.faults.entry(key).or_default();
        faults.push(Numbered { number, fault });
    }

    pub(crate) fn clear(&mut self) {
        self.faults.clear();
    }

    /// What befalls a request for `token`, when `seen` requests came before it:
    /// the first fault that was given and fits.
    pub(crate) fn strike(&mut self, token: &str, seen: u64) -> Option<Action> {
        if self.faults.is_empty() {
            return None;
        }
        let token = match token.bytes().any(|octet| octet.is_ascii_uppercase()) {
            true => Cow::Owned(token.to_ascii_lowercase()),
            false => Cow::Borrowed(token),
        };
        let (key, at) = [None, Some(token.into_owned())]
            .into_iter()
            .filter_map(|key| {
                let faults = self.faults.get(&key)?;
                let at = faults.iter().position(|one| seen >= one.fault.after)?;
                Some((faults[at].number, key, at))
            })
            .min_by_key(|(number, ..)| *number)
            .map(|(_, key, at)| (key, at))?;
        self.take(&key, at)
    }

    /// Counts the fault as committed, and forgets it when it was the last time.
    fn take(&mut self, key: &Option<String>, at: usize) -> Option<Action> {
        let faults = self.faults.get_mut(key)?;
        let fault = &mut faults[at].fault;
        match &mut fault.times {
            Some(1) => {
                let action = faults.remove(at).fault.action;
                if faults.is_empty() {
                    self.faults.remove(key);
                }
                return Some(action);
            }
            Some(times) => *times -= 1,
            None => {}
        }
        Some(fault.action.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Service;

    #[test]
    fn the_first_fault_that_matches_strikes_as_often_as_asked() {
        let mut armed = Armed::default();
        let fault = |action| Fault::new(Service::Apns, action);
        armed.add(fault(Action::Stall).token("AB").times(1));
        armed.add(fault(Action::Reset(8)).after(2).times(2));
        armed.add(fault(Action::DropAnswer).token("ab").after(2));
        assert_eq!(armed.strike("cd", 0), None);
        assert_eq!(armed.strike("Ab", 1), Some(Action::Stall));
        assert_eq!(armed.strike("ab", 1), None);
        assert_eq!(armed.strike("ab", 2), Some(Action::Reset(8)));
        assert_eq!(armed.strike("cd", 3), Some(Action::Reset(8)));
        assert_eq!(armed.strike("cd", 4), None);
        assert_eq!(armed.strike("aB", 4), Some(Action::DropAnswer));
        armed.clear();
        assert_eq!(armed.strike("ab", 5), None);
    }
}
