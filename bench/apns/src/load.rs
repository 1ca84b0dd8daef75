use std::ops::Range;

use clap::Args;

/// The bundle id that everybody sends to.
pub(crate) const TOPIC: &str = "com.example.app";

/// What is sent.
#[derive(Debug, Clone, Args)]
pub(crate) struct Load {
    /// How many pushes each contestant sends in a round, after the warm-up [default: 100000].
    #[arg(long)]
    pub(crate) pushes: Option<u64>,

    /// How many pushes are under way at a time.
    #[arg(long, default_value_t = 900)]
    pub(crate) in_flight: usize,

    /// How long the payload is: an alert with a text of fitting length.
    #[arg(long, default_value_t = 109)]
    pub(crate) payload_bytes: usize,

    /// How many pushes are sent before the clock starts: they raise the limit of streams, fill
    /// the compression table and the heap.
    #[arg(long, default_value_t = 2000)]
    pub(crate) warm_up: u64,
}

impl Load {
    /// How many pushes the clock is for.
    pub(crate) fn pushes(&self) -> u64 {
        self.pushes.unwrap_or(100_000)
    }

    /// The devices before the clock starts, and those after: no two alike.
    pub(crate) fn devices(&self) -> [Range<u64>; 2] {
        let all = self.warm_up + self.pushes();
        [0..self.warm_up, self.warm_up..all]
    }

    /// The text of an alert that makes the payload as long as was asked for, within the JSON that
    /// goes around it. It has no letters that JSON escapes.
    pub(crate) fn alert(&self, frame: &str) -> String {
        "x".repeat(self.payload_bytes.saturating_sub(frame.len()))
    }

    /// The arguments that say the same.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = String> {
        [
            ("--pushes", self.pushes()),
            ("--in-flight", self.in_flight as u64),
            ("--payload-bytes", self.payload_bytes as u64),
            ("--warm-up", self.warm_up),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value.to_string()])
    }
}

/// The device token of a number. Its digits are as mixed as a real one's: what is sent is
/// Huffman-coded, where the digits 0 to 2 are shorter than others.
pub(crate) fn device(number: u64) -> [u8; 32] {
    let mut token = [0; 32];
    for (part, bytes) in (0..).zip(token.chunks_exact_mut(8)) {
        bytes.copy_from_slice(&mix(number * 4 + part).to_be_bytes());
    }
    token
}

/// The same in hexadecimal.
pub(crate) fn device_text(number: u64) -> String {
    let mut text = String::with_capacity(64);
    device(number)
        .iter()
        .for_each(|byte| push_hex(&mut text, *byte));
    text
}

/// An `apns-id` for a number: a UUID of version 4.
pub(crate) fn apns_id(number: u64) -> String {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mix(number * 2).to_be_bytes());
    bytes[8..].copy_from_slice(&mix(number * 2 + 1).to_be_bytes());
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (place, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&place) {
            text.push('-');
        }
        push_hex(&mut text, *byte);
    }
    text
}

fn push_hex(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 0x0f)]));
}

/// SplitMix64's finalizer: different for different numbers.
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
