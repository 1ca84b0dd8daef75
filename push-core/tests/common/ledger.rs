//! What the peer keeps of one connection, to hold the client to it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::act::Manner;
use super::frames::INITIAL_WINDOW_SIZE;

pub(super) struct Ledger {
    /// The highest stream that was taken, and the last one that may be.
    highest: u32,
    last: u32,
    /// Streams that neither side has ended.
    pub(super) open: BTreeSet<u32>,
    opened: u32,
    /// The limit of streams that the client has to keep, and those that it has not acknowledged yet:
    /// `None` for SETTINGS that say nothing of it.
    limit: u32,
    announced: VecDeque<Option<u32>>,
    greeted: bool,
    /// Lower ones that it has acknowledged: what it had begun then may still come, until the answer
    /// to a PING from after that.
    acknowledged: VecDeque<u32>,
    /// The client has read the farewell.
    pub(super) dismissed: bool,
    /// What the client lets the peer send.
    window: i64,
    windows: BTreeMap<u32, i64>,
    initial_window: i64,
    pub(super) mute: bool,
    pub(super) deaf: bool,
    pub(super) reads: bool,
    pub(super) over: bool,
    /// What the peer lets the client send of each body, and whether it lets it send more.
    grants: u32,
    restores: bool,
}

impl Ledger {
    pub(super) fn new(manner: &Manner) -> Self {
        let mut settings = manner.settings.iter().rev();
        let window = settings.find(|(id, _)| *id == INITIAL_WINDOW_SIZE);
        Self {
            highest: 0,
            last: u32::MAX,
            open: BTreeSet::new(),
            opened: 0,
            limit: 0,
            announced: VecDeque::new(),
            greeted: false,
            acknowledged: VecDeque::new(),
            dismissed: false,
            window: 65_535,
            windows: BTreeMap::new(),
            initial_window: 65_535,
            mute: false,
            deaf: false,
            reads: true,
            over: false,
            grants: window.map_or(65_535, |(_, size)| *size),
            restores: manner.restores_windows,
        }
    }

    /// The headers of a request came; tells what is wrong about that.
    pub(super) fn opens(&mut self, stream: u32) -> Option<String> {
        let stale = stream <= self.opened;
        self.opened = stream;
        self.open.insert(stream);
        self.windows.insert(stream, self.initial_window);
        let announced = self.announced.iter().flatten().chain(&self.acknowledged);
        let limit = announced.fold(self.limit, |limit, other| limit.max(*other)) as usize;
        let open = self.open.len();
        match () {
            () if stale => Some(format!("stream {stream} is not a new one")),
            () if self.dismissed => Some(format!("stream {stream} came after the GOAWAY")),
            () if open > limit => Some(format!("{open} streams are open where {limit} may be")),
            () => None,
        }
    }

    /// Whether this request is taken, which begins with these acts.
    pub(super) fn takes(&mut self, stream: u32, farewells: &[u32]) -> bool {
        for last in farewells {
            self.part(*last);
        }
        let taken = self.open.contains(&stream) && stream <= self.last;
        if taken {
            self.highest = self.highest.max(stream);
        }
        taken
    }

    /// Nothing above this is taken any more. Not below what was taken, nor above what was said
    /// before.
    pub(super) fn part(&mut self, last: u32) -> u32 {
        self.last = last.max(self.highest).min(self.last);
        self.last
    }

    pub(super) fn announces(&mut self, limit: Option<u32>) {
        // The first SETTINGS that don't speak of it allow any number.
        let first = !std::mem::replace(&mut self.greeted, true);
        self.announced
            .push_back(limit.or_else(|| first.then_some(u32::MAX)));
    }

    /// SETTINGS with another window for each stream.
    pub(super) fn grants(&mut self, window: u32) {
        self.announces(None);
        self.grants = window;
    }

    /// SETTINGS were acknowledged; tells whether a PING is to follow.
    pub(super) fn acknowledge(&mut self) -> Result<bool, String> {
        match self.announced.pop_front() {
            Some(Some(limit)) if limit < self.limit || !self.acknowledged.is_empty() => {
                self.acknowledged.push_back(limit);
                Ok(true)
            }
            Some(Some(limit)) => {
                self.limit = limit;
                Ok(false)
            }
            Some(None) => Ok(false),
            None => Err("SETTINGS were acknowledged that were not sent".into()),
        }
    }

    /// The PING after the acknowledgement was answered.
    pub(super) fn enforce(&mut self) {
        self.limit = self.acknowledged.pop_front().unwrap_or(self.limit);
    }

    /// The client's own SETTINGS.
    pub(super) fn settings(&mut self, payload: &[u8]) {
        for setting in payload.chunks_exact(6) {
            if u16::from_be_bytes([setting[0], setting[1]]) == INITIAL_WINDOW_SIZE {
                let value = u32::from_be_bytes(setting[2..].try_into().unwrap());
                let change = i64::from(value) - self.initial_window;
                self.initial_window += change;
                self.windows
                    .values_mut()
                    .for_each(|window| *window += change);
            }
        }
    }

    pub(super) fn window_update(&mut self, stream: u32, payload: &[u8]) {
        let by = i64::from(u32::from_be_bytes(payload.try_into().unwrap()));
        match stream {
            0 => self.window += by,
            _ => *self.windows.entry(stream).or_insert(self.initial_window) += by,
        }
    }

    /// How much of a body may be sent now.
    pub(super) fn may_send(&self, stream: u32) -> usize {
        let window = self.windows.get(&stream).copied().unwrap_or(0);
        usize::try_from(window.min(self.window)).unwrap_or(0)
    }

    pub(super) fn spend(&mut self, stream: u32, bytes: usize) {
        self.window -= bytes as i64;
        *self.windows.entry(stream).or_default() -= bytes as i64;
    }

    /// Whether it answers PINGs, and requests never.
    pub(super) fn is_useless(&self) -> bool {
        // What a request of the tests needs.
        let starves = self.grants < 8 && !(self.restores && self.grants > 0);
        !self.mute && (starves || self.limit == 0 || !self.reads)
    }
}
