//! What one service shares with those who watch and steer it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::armed::{Armed, Whom};
use crate::fault::Stage;
use crate::gateway::FrameLog;
use crate::hex::hex;
use crate::http2::Fields;
use crate::journal::Journal;
use crate::registry::Registry;
use crate::taken::Taken;
use crate::web::Notice;
use crate::{Action, Fault, Received, ServiceStats};

/// Counters, accepted notifications and faults of one service.
#[derive(Debug)]
pub(crate) struct Ledger(Mutex<Book>);

#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) stats: ServiceStats,
    pub(crate) journal: Journal,
    /// What the binary gateway took; other services use the journal.
    pub(crate) frames: FrameLog,
    /// How often each token was taken, if that is counted.
    tokens: Option<HashMap<Box<[u8]>, u64>>,
    /// Tokens are octets, not text.
    has_binary_tokens: bool,
    /// The connections that are open.
    pub(crate) registry: Registry,
    faults: Armed,
    taken: Taken,
    /// TCP connections since the start or the last reset, whatever became of them.
    arrivals: u64,
}

impl Book {
    /// Counts a TCP connection, and says what fault befalls it.
    pub(crate) fn arrival(&mut self) -> Option<Action> {
        let seen = self.arrivals;
        self.arrivals += 1;
        self.strike(Stage::Connection, Whom::named(&[]), seen, |_| true)
    }

    /// Whether there is any fault.
    pub(crate) fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// Whether requests have to be told of before they are whole.
    pub(crate) fn watches_heads(&self) -> bool {
        self.faults.has_early()
    }

    /// Says what fault befalls a request of which only the fields have come.
    pub(crate) fn head(&mut self, whom: Whom<'_>) -> Option<Action> {
        let seen = self.stats.requests;
        self.strike(Stage::Head, whom, seen, |_| true)
    }

    /// Counts a request.
    pub(crate) fn count_request(&mut self) {
        self.stats.requests += 1;
    }

    /// Says what fault that fits befalls the request that was counted last.
    pub(crate) fn request(
        &mut self,
        whom: Whom<'_>,
        fits: impl Fn(&Action) -> bool,
    ) -> Option<Action> {
        let seen = self.stats.requests.saturating_sub(1);
        self.strike(Stage::Request, whom, seen, fits)
    }

    /// Counts a notification with this identifier of the client's own as taken.
    pub(crate) fn take(&mut self, id: &str) {
        if !self.taken.insert(id) {
            self.stats.taken_twice += 1;
        }
    }

    /// Counts a notification of the binary gateway, and says what fault befalls it.
    #[inline]
    pub(crate) fn frame(&mut self, token: &[u8]) -> Option<Action> {
        let seen = self.stats.requests;
        self.stats.requests += 1;
        if self.faults.is_empty() {
            return None;
        }
        let token = hex(token);
        self.strike(Stage::Request, Whom::named(&[&token]), seen, |_| true)
    }

    /// Counts a notification as taken.
    #[inline]
    pub(crate) fn take_frame(&mut self, token: &[u8], payload_bytes: usize) {
        self.stats.accepted += 1;
        self.stats.bytes += payload_bytes as u64;
        let Some(tokens) = &mut self.tokens else {
            return;
        };
        if let Some(count) = tokens.get_mut(token) {
            *count += 1;
            self.stats.taken_twice += 1;
        } else {
            tokens.insert(token.into(), 1);
        }
    }

    /// Counts a notification of a web service as taken, and keeps it.
    pub(crate) fn take_notice(&mut self, notice: &Notice, fields: &Fields) {
        let Notice {
            token,
            payload,
            delivery,
        } = notice;
        self.take_frame(token.as_bytes(), payload.len());
        self.journal.push(token, fields, payload, delivery.clone());
    }

    fn strike(
        &mut self,
        stage: Stage,
        whom: Whom<'_>,
        seen: u64,
        fits: impl Fn(&Action) -> bool,
    ) -> Option<Action> {
        let action = self.faults.strike(stage, whom, seen, fits)?;
        self.stats.struck(&action);
        Some(action)
    }
}

impl Ledger {
    pub(crate) fn new(journal: Journal) -> Self {
        Self(Mutex::new(Book {
            stats: ServiceStats::default(),
            journal,
            frames: FrameLog::default(),
            tokens: None,
            has_binary_tokens: false,
            registry: Registry::default(),
            faults: Armed::default(),
            taken: Taken::default(),
            arrivals: 0,
        }))
    }

    /// For frames in place of requests; whether their tokens are counted.
    pub(crate) fn of_frames(frames: FrameLog, counts_tokens: bool) -> Self {
        let ledger = Self::new(Journal::new(0, 0));
        {
            let mut book = ledger.open();
            book.frames = frames;
            book.tokens = counts_tokens.then(HashMap::new);
            book.has_binary_tokens = true;
        }
        ledger
    }

    /// For requests; whether the tokens of what is taken are counted.
    pub(crate) fn of_notices(journal: Journal, counts_tokens: bool) -> Self {
        let ledger = Self::new(journal);
        ledger.open().tokens = counts_tokens.then(HashMap::new);
        ledger
    }

    /// A panic elsewhere leaves nothing half done here.
    pub(crate) fn open(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stats(&self) -> ServiceStats {
        self.open().stats.clone()
    }

    pub(crate) fn received(&self, limit: usize) -> Vec<Received> {
        let book = self.open();
        let mut received = book.journal.last(limit);
        received.extend(book.frames.last(limit));
        received
    }

    /// How often each token was taken; `None`: that is not counted here.
    pub(crate) fn tokens(&self) -> Option<BTreeMap<String, u64>> {
        let book = self.open();
        let show = |token: &[u8]| match book.has_binary_tokens {
            true => hex(token),
            false => String::from_utf8_lossy(token).into_owned(),
        };
        let tokens = book.tokens.as_ref()?.iter();
        Some(tokens.map(|(token, count)| (show(token), *count)).collect())
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
        book.frames.clear();
        if let Some(tokens) = &mut book.tokens {
            tokens.clear();
        }
        book.faults.clear();
        book.taken.clear();
        book.arrivals = 0;
    }

    /// Hands the action to every open connection; how many there are.
    pub(crate) fn apply(&self, action: &Action) -> usize {
        let mut book = self.open();
        book.stats.struck(action);
        book.registry.apply(action)
    }
}
