//! Who is sent to, and what goes wrong.

use std::time::{Duration, SystemTime};

/// So many of each kind fail, at most: faults cost the simulator time.
const MOST: u64 = 10;

/// The kinds of devices that fail, at most: those that a service lets fail and the malformed ones.
const KINDS: u64 = 8;

/// The devices of a demo. Of each block of devices the first ones fail, each in its own way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene {
    devices: u64,
    block: u64,
}

impl Scene {
    pub(super) fn new(devices: u64) -> Self {
        Self {
            devices,
            block: (devices / MOST).max(KINDS + 3),
        }
    }

    /// Whether all that can go wrong has somebody to go wrong for.
    pub(super) fn is_complete(&self) -> bool {
        self.devices > self.block
    }

    pub(super) fn devices(&self) -> u64 {
        self.devices
    }

    pub(super) fn tokens(&self) -> impl Iterator<Item = String> + Send + 'static + use<> {
        let scene = *self;
        (0..self.devices).map(move |number| scene.token(number))
    }

    fn token(&self, number: u64) -> String {
        match number % self.block {
            0 => format!("device {number}"),
            _ => valid(number),
        }
    }

    /// The numbers at which a block of devices begins.
    pub(super) fn blocks(&self) -> impl Iterator<Item = u64> {
        let block = usize::try_from(self.block).unwrap_or(usize::MAX);
        (0..self.devices).step_by(block)
    }

    /// The tokens of those of a block that can fail by a fault, the first of them first.
    pub(super) fn failing(&self, block: u64) -> impl Iterator<Item = String> {
        let end = self.devices.min(block + KINDS);
        (block + 1..end).map(valid)
    }
}

/// A token of 32 bytes that looks like one (the numbers of a splitmix generator).
fn valid(number: u64) -> String {
    let mut state = number;
    let mut word = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    format!(
        "{:016x}{:016x}{:016x}{:016x}",
        word(),
        word(),
        word(),
        word()
    )
}

/// A day ago, since 1970.
pub(super) fn yesterday() -> Duration {
    let day = Duration::from_secs(24 * 60 * 60);
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since_1970.unwrap_or(day).saturating_sub(day)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tokens_differ_and_few_are_malformed() {
        let scene = Scene::new(5000);
        let tokens: HashSet<String> = scene.tokens().collect();
        assert_eq!(tokens.len(), 5000);
        let malformed = tokens.iter().filter(|token| token.len() != 64).count();
        assert_eq!(malformed, 10);
    }
}
