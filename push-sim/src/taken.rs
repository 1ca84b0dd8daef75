//! Which identifiers were taken.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

/// So many identifiers are remembered at least, and twice as many at most.
const REMEMBERED: usize = 1 << 21;

/// The identifiers of the last notifications that were taken, in two halves: when one is full, the
/// older one is forgotten. Each takes 17 bytes of a table that grows with their number, up to 68 MiB
/// for each half.
#[derive(Debug)]
pub(crate) struct Taken {
    recent: Set,
    older: Set,
    most: usize,
}

type Set = HashSet<u128, BuildHasherDefault<Folding>>;

impl Default for Taken {
    fn default() -> Self {
        Self::with_room_for(REMEMBERED)
    }
}

impl Taken {
    fn with_room_for(most: usize) -> Self {
        Self {
            recent: Set::default(),
            older: Set::default(),
            most,
        }
    }

    /// `false` if this UUID is known already, however it is written.
    pub(crate) fn insert(&mut self, id: &str) -> bool {
        let id = number(id);
        if self.older.contains(&id) || !self.recent.insert(id) {
            return false;
        }
        if self.recent.len() >= self.most {
            std::mem::swap(&mut self.recent, &mut self.older);
            self.recent.clear();
        }
        true
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::with_room_for(self.most);
    }
}

fn number(id: &str) -> u128 {
    // Each half of a UUID's text has sixteen digits.
    let (high, low) = id.as_bytes().split_at(id.len() / 2);
    u128::from(digits(high)) << 64 | u128::from(digits(low))
}

fn digits(text: &[u8]) -> u64 {
    text.iter()
        .filter(|octet| **octet != b'-')
        .fold(0, |number, octet| {
            // Letters of both cases have the same low bits, from 1 on, and bit 6 in common.
            let digit = (octet & 0xf) + 9 * (octet >> 6);
            number << 4 | u64::from(digit & 0xf)
        })
}

/// Identifiers are mostly random, and nobody attacks a simulator: one multiplication is enough.
#[derive(Debug, Default)]
struct Folding(u64);

impl Hasher for Folding {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.write_u128(u128::from(*octet));
        }
    }

    fn write_u128(&mut self, number: u128) {
        let mixed = (number as u64) ^ ((number >> 64) as u64).rotate_left(32) ^ self.0;
        let product = u128::from(mixed) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> String {
        format!("{number:08x}-0000-4000-8000-00000000abcd")
    }

    #[test]
    fn an_identifier_is_known_again_in_either_case() {
        let mut taken = Taken::default();
        assert!(taken.insert(&id(0xabcd_ef01)));
        assert!(taken.insert(&id(0xabcd_ef02)));
        assert!(!taken.insert(&id(0xabcd_ef01).to_uppercase()));
        taken.clear();
        assert!(taken.insert(&id(0xabcd_ef01)));
    }

    #[test]
    fn the_oldest_are_forgotten_and_the_last_ones_never() {
        let mut taken = Taken::with_room_for(100);
        for number in 0..1000 {
            assert!(taken.insert(&id(number)));
            assert!(!taken.insert(&id(number.saturating_sub(99))), "{number}");
            assert!(taken.recent.len() + taken.older.len() <= 200);
        }
        assert!(taken.insert(&id(0)));
    }

    #[test]
    fn a_number_is_that_of_the_digits() {
        assert_eq!(
            number("0123aBcd-4567-89ef-0000-00000000000F"),
            0x0123_abcd_4567_89ef_0000_0000_0000_000f
        );
    }
}
