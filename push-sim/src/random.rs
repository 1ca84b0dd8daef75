//! Names that nobody guesses by accident; no secrets.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// Without randomness they repeat: no harm here.
pub(crate) fn octets(count: usize) -> Vec<u8> {
    let mut octets = vec![0; count];
    let _ = SystemRandom::new().fill(&mut octets);
    octets
}

/// Twice as many digits as octets, in lower case.
pub(crate) fn hex(octets_count: usize) -> String {
    crate::hex::hex(&octets(octets_count))
}

/// As UUIDs are written, in lower case; of no version.
pub(crate) fn uuid() -> String {
    let digits = hex(16);
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    )
}
