//! Devices and identifiers by number: the same in each run, no two alike.

/// The device token of a number. Its digits are as mixed as a real one's: what is sent is
/// Huffman-coded, where the digits 0 to 2 are shorter than others.
#[must_use]
pub fn token(number: u64) -> [u8; 32] {
    let mut token = [0; 32];
    for (part, bytes) in (0..).zip(token.chunks_exact_mut(8)) {
        bytes.copy_from_slice(&mix(number * 4 + part).to_be_bytes());
    }
    token
}

/// The same in hexadecimal.
#[must_use]
pub fn token_text(number: u64) -> String {
    let mut text = String::with_capacity(64);
    token(number)
        .iter()
        .for_each(|byte| push_hex(&mut text, *byte));
    text
}

/// How long a registration token of FCM is.
pub const REGISTRATION_LEN: usize = 163;

/// The registration token of a number, in the form of FCM's.
#[must_use]
pub fn registration(number: u64) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const INSTANCE_LEN: usize = 22;
    let mut text = String::with_capacity(REGISTRATION_LEN);
    let mut part = 0;
    while text.len() < REGISTRATION_LEN {
        let mut bits = mix(number * 16 + part);
        part += 1;
        for _ in 0..10 {
            if text.len() == INSTANCE_LEN {
                text.push_str(":APA91b");
            }
            if text.len() < REGISTRATION_LEN {
                text.push(char::from(LETTERS[(bits & 63) as usize]));
            }
            bits >>= 6;
        }
    }
    text
}

/// An `apns-id` for a number: a UUID of version 4.
#[must_use]
pub fn apns_id(number: u64) -> String {
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
