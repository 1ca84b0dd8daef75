//! What is to be told, without a copy of it.

use std::collections::VecDeque;

use super::super::{Error, Outcome, Receipt};
use super::entry::Entry;
use crate::Device;

/// The notifications that have a verdict and wait for somebody to fetch it.
#[derive(Debug)]
pub(super) struct Told<D> {
    /// Those that were taken, from this identifier on: mostly that is all.
    taken: VecDeque<Entry<D>>,
    identifier: u32,
    /// What comes after them.
    lots: VecDeque<Lot<D>>,
    len: usize,
    /// Memory that nobody uses any more.
    spare: Option<VecDeque<Entry<D>>>,
}

#[derive(Debug)]
enum Lot<D> {
    One(D, Outcome),
    /// All with the same fate; the identifiers count up from this one.
    Many(VecDeque<Entry<D>>, Fate, u32),
}

/// What became of many.
#[derive(Clone, Debug)]
pub(super) enum Fate {
    Taken,
    /// They were sent, and may have been taken.
    Unknown(Error),
    /// They were not sent, or surely not taken.
    NotSent(Error),
}

impl<D: Device> Told<D> {
    pub(super) fn new() -> Self {
        Self {
            taken: VecDeque::new(),
            identifier: 0,
            lots: VecDeque::new(),
            len: 0,
            spare: None,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn one(&mut self, device: D, outcome: Outcome) {
        self.len += 1;
        self.lots.push_back(Lot::One(device, outcome));
    }

    pub(super) fn many(&mut self, entries: VecDeque<Entry<D>>, fate: Fate, first: u32) {
        if entries.is_empty() {
            self.spare = Some(entries);
            return;
        }
        self.len += entries.len();
        self.lots.push_back(Lot::Many(entries, fate, first));
    }

    /// Memory of entries that were told.
    pub(super) fn memory(&mut self) -> VecDeque<Entry<D>> {
        self.spare.take().unwrap_or_default()
    }

    /// The next one that was taken, if that is what comes next.
    #[inline]
    pub(super) fn next_taken(&mut self) -> Option<(D, Outcome)> {
        let entry = self.taken.pop_front()?;
        let receipt = Receipt {
            identifier: self.identifier,
            attempts: entry.attempts.into(),
        };
        self.identifier = self.identifier.wrapping_add(1);
        self.len -= 1;
        Some((entry.device, Ok(receipt)))
    }

    pub(super) fn next(&mut self) -> Option<(D, Outcome)> {
        if let Some(taken) = self.next_taken() {
            return Some(taken);
        }
        match self.lots.pop_front()? {
            Lot::One(device, outcome) => {
                self.len -= 1;
                Some((device, outcome))
            }
            Lot::Many(entries, Fate::Taken, first) => {
                self.spare = Some(std::mem::replace(&mut self.taken, entries));
                self.identifier = first;
                self.next_taken()
            }
            Lot::Many(mut entries, fate, first) => {
                let entry = entries.pop_front()?;
                let outcome = fate.of(&entry, first);
                self.len -= 1;
                if !entries.is_empty() {
                    let rest = Lot::Many(entries, fate, first.wrapping_add(1));
                    self.lots.push_front(rest);
                }
                Some((entry.device, outcome))
            }
        }
    }
}

impl Fate {
    pub(super) fn of<D: Device>(&self, entry: &Entry<D>, identifier: u32) -> Outcome {
        let attempts = entry.attempts.into();
        match self {
            Self::Taken => Ok(Receipt {
                identifier,
                attempts,
            }),
            Self::Unknown(error) => Err(error
                .clone()
                .sent_as(identifier, attempts)
                .in_doubt(entry.is_in_doubt())),
            Self::NotSent(error) => {
                Err(error.clone().after(attempts).in_doubt(entry.is_in_doubt()))
            }
        }
    }
}
