//! Identifiers that the service makes.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// A source of random UUIDs (version 4); unique, not secret.
#[derive(Debug)]
pub(super) struct Ids(u64);

impl Ids {
    pub(super) fn new() -> Self {
        let mut seed = [0; 8];
        // Without randomness identifiers repeat from connection to connection: no harm here.
        let _ = SystemRandom::new().fill(&mut seed);
        Self(u64::from_ne_bytes(seed))
    }

    /// The next one, in its canonical form, lower case.
    pub(super) fn next(&mut self) -> Id {
        let high = self.random() & !0xf000 | 0x4000;
        let low = self.random() & !(0xc << 60) | 0x8 << 60;
        let mut text = [b'-'; 36];
        let nibbles = (0..16)
            .rev()
            .map(|at| high >> (4 * at))
            .chain((0..16).rev().map(|at| low >> (4 * at)))
            .map(|bits| b"0123456789abcdef"[(bits & 15) as usize]);
        let places = (0..36).filter(|at| !matches!(at, 8 | 13 | 18 | 23));
        for (place, nibble) in places.zip(nibbles) {
            text[place] = nibble;
        }
        Id(text)
    }

    /// SplitMix64.
    fn random(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

/// A UUID as text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Id([u8; 36]);

impl Id {
    /// A copy of what [`super::headers::Headers::valid_id`] gave.
    pub(super) fn copy(text: &str) -> Option<Self> {
        text.as_bytes().try_into().ok().map(Self)
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_canonical_and_differ() {
        let mut ids = Ids::new();
        let (one, two) = (ids.next(), ids.next());
        assert_ne!(one.as_str(), two.as_str());
        assert_eq!(&one.as_str()[14..15], "4");
        assert!("89ab".contains(&one.as_str()[19..20]));
        assert_eq!(
            one.as_str().split('-').map(str::len).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12]
        );
    }
}
