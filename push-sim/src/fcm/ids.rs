//! Numbers for messages and tokens: unique, not secret.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// A source of numbers that don't repeat.
#[derive(Debug)]
pub(crate) struct Ids(AtomicU64);

impl Ids {
    pub(crate) fn new() -> Self {
        let mut seed = [0; 8];
        // Without randomness numbers repeat from run to run: no harm here.
        let _ = SystemRandom::new().fill(&mut seed);
        Self(AtomicU64::new(u64::from_ne_bytes(seed)))
    }

    /// SplitMix64.
    pub(crate) fn next(&self) -> u64 {
        let step = 0x9e37_79b9_7f4a_7c15;
        let mut bits = self.0.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// What FCM calls a message to one registration: `0:1500415314455276%31bd1c9631bd1c96`.
    pub(crate) fn message(&self) -> String {
        let (first, second) = (self.next(), self.next());
        format!(
            "0:{}%{second:016x}",
            1_000_000_000_000_000 + first % 9_000_000_000_000_000
        )
    }

    /// What FCM calls a message to a topic: a number of 63 bits.
    pub(crate) fn number(&self) -> u64 {
        1_000_000_000_000_000_000 + self.next() % 8_000_000_000_000_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_messages_differ_and_have_the_form_of_fcm() {
        let ids = Ids::new();
        let (one, two) = (ids.message(), ids.message());
        assert_ne!(one, two);
        let (number, hexadecimal) = one.strip_prefix("0:").unwrap().split_once('%').unwrap();
        assert_eq!((number.len(), hexadecimal.len()), (16, 16));
        assert!(i64::try_from(ids.number()).is_ok());
    }
}
