//! What one service shares with those who watch and steer it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::armed::Armed;
use crate::journal::Journal;
use crate::{Action, Fault, Received, ServiceStats};

/// Counters, accepted notifications and faults of one service.
#[derive(Debug)]
pub(crate) struct Ledger(Mutex<Book>);

#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) stats: ServiceStats,
    pub(crate) journal: Journal,
    faults: Armed,
}

impl Book {
    /// Counts a request, and says what fault befalls it.
    pub(crate) fn request(&mut self, token: &str) -> Option<Action> {
        let seen = self.stats.requests;
        self.stats.requests += 1;
        self.faults.strike(token, seen)
    }
}

impl Ledger {
    pub(crate) fn new(journal: Journal) -> Self {
        Self(Mutex::new(Book {
            stats: ServiceStats::default(),
            journal,
            faults: Armed::default(),
        }))
    }

    /// A panic elsewhere leaves nothing half done here.
    pub(crate) fn open(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stats(&self) -> ServiceStats {
        self.open().stats.clone()
    }

    pub(crate) fn received(&self, limit: usize) -> Vec<Received> {
        self.open().journal.last(limit)
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.open().faults.add(fault);
    }

    pub(crate) fn clear_faults(&self) {
        self.open().faults.clear();
    }

    pub(crate) fn reset(&self) {
        let mut book = self.open();
        book.stats.reset();
        book.journal.clear();
        book.faults.clear();
    }
}
