//! Windows of flow control (RFC 9113, section 5.2), one for each direction.

use super::MAX_31;

/// What the peer may still send to us.
#[derive(Debug)]
pub(super) struct Receiving {
    left: i64,
    size: i64,
    unclaimed: u32,
}

impl Receiving {
    pub(super) fn new(size: u32) -> Self {
        Self {
            left: i64::from(size),
            size: i64::from(size),
            unclaimed: 0,
        }
    }

    /// Takes what arrived; `false` if the peer was not allowed to send it.
    pub(super) fn take(&mut self, length: u32) -> bool {
        self.left -= i64::from(length);
        self.unclaimed = self.unclaimed.saturating_add(length);
        // A change of SETTINGS can make it negative, and then an empty frame still may come.
        length == 0 || self.left >= 0
    }

    /// A change of SETTINGS has reached the peer.
    pub(super) fn resize(&mut self, size: u32) {
        self.left += i64::from(size) - self.size;
        self.size = i64::from(size);
    }

    /// What to give back, once it is worth a frame.
    pub(super) fn give_back(&mut self) -> Option<u32> {
        if i64::from(self.unclaimed) * 2 < self.size {
            return None;
        }
        self.give_all_back()
    }

    /// What to give back, however little it is.
    pub(super) fn give_all_back(&mut self) -> Option<u32> {
        let increment = std::mem::take(&mut self.unclaimed);
        self.left += i64::from(increment);
        (increment > 0).then_some(increment)
    }
}

/// What we may still send to the peer; a change of SETTINGS can make it negative.
#[derive(Debug)]
pub(super) struct Sending(i64);

impl Sending {
    pub(super) fn new(size: u32) -> Self {
        Self(i64::from(size))
    }

    pub(super) fn available(&self) -> usize {
        usize::try_from(self.0).unwrap_or(0)
    }

    pub(super) fn spend(&mut self, length: usize) {
        self.0 -= length as i64;
    }

    /// `false` if the window would pass 2^31-1.
    pub(super) fn change(&mut self, by: i64) -> bool {
        self.0 += by;
        self.0 <= i64::from(MAX_31)
    }
}
