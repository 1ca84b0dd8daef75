use std::sync::LazyLock;

use super::coding::{Records, SALT, sender};
use super::{browser, is_one_line};
use crate::{DecryptError, Encoding, Encryption, MAX_BODY_BYTES, Receiver, base64};

/// More records than this are not made of one input.
const MAX_RECORDS: usize = 64;

static BROWSER: LazyLock<Receiver> = LazyLock::new(browser);

/// A message for a browser. The first byte says how the rest is used:
///
/// - `8`: it is a body of `aes128gcm`;
/// - `d`: the headers `Encryption` and `Crypto-Key`, a line each, and a body of `aesgcm`;
/// - `R` and `r`: two bytes of record size, and what the records of a body hold, delimiters and padding
///   among it, for `aes128gcm` and `aesgcm`: they are encrypted here, so that what is in them is read;
/// - `E` and `e`: a byte of padding, two of record size, and a text, which is encrypted by this crate.
///
/// Nothing panics; what is read is what a second reader reads.
pub fn web_decrypt(input: &[u8]) {
    let Some((kind, rest)) = input.split_first() else {
        return;
    };
    match kind {
        b'8' => is_told(BROWSER.decrypt_aes128gcm(rest)),
        b'd' => {
            let mut parts = rest.splitn(3, |byte| *byte == b'\n');
            let mut part = || parts.next().unwrap_or_default();
            let [encryption, crypto_key] = [part(), part()].map(String::from_utf8_lossy);
            is_told(BROWSER.decrypt_aesgcm(part(), &encryption, &crypto_key));
        }
        b'R' | b'r' => {
            if let Some((size, records)) = rest.split_first_chunk() {
                let size = u16::from_be_bytes(*size);
                match kind {
                    b'R' => aes128gcm(size, records),
                    _ => aesgcm(size, records),
                }
            }
        }
        b'E' | b'e' => {
            if let Some(([padding, size @ ..], text)) = rest.split_first_chunk::<3>() {
                let coding = match kind {
                    b'E' => Encoding::Aes128Gcm,
                    _ => Encoding::AesGcm,
                };
                round_trip(coding, *padding, u16::from_be_bytes(*size), text);
            }
        }
        _ => {}
    }
}

fn is_told(read: Result<Vec<u8>, DecryptError>) {
    if let Err(error) = read {
        assert!(is_one_line(&error.to_string()), "{error}");
    }
}

/// RFC 8188, section 2: records of one size but for the last, each with its text, a delimiter and zeros.
fn aes128gcm(size: u16, plain: &[u8]) {
    let mut body = [&SALT[..], &u32::from(size).to_be_bytes(), &[65], &sender()].concat();
    let room = usize::from(size).saturating_sub(16).max(1);
    let records: Vec<&[u8]> = plain.chunks(room).take(MAX_RECORDS).collect();
    let coding = Records::aes128gcm(&BROWSER.keys());
    for (number, record) in records.iter().enumerate() {
        body.extend(coding.seal(number, record));
    }
    let mut expected = Some(Vec::new()).filter(|_| size >= 18 && !records.is_empty());
    for (number, record) in records.iter().enumerate() {
        let is_last = number + 1 == records.len();
        let zeros = record.iter().rev().take_while(|byte| **byte == 0).count();
        let text = match &record[..record.len() - zeros] {
            [text @ .., 2] if is_last => Some(text),
            [text @ .., 1] if !is_last => Some(text),
            _ => None,
        };
        expected = expected
            .zip(text)
            .map(|(all, text)| [&all[..], text].concat());
    }
    let read = BROWSER.decrypt_aes128gcm(&body);
    assert_eq!(read.as_ref().ok(), expected.as_ref(), "{read:?}");
    is_told(read);
}

/// The draft: each record has the length of its padding, zeros and its text, and the last is shorter.
fn aesgcm(size: u16, plain: &[u8]) {
    let room = usize::from(size);
    let mut records: Vec<&[u8]> = plain.chunks(room.max(1)).take(MAX_RECORDS).collect();
    // One of full size is not the last: nothing more than a tag follows it.
    if records.last().is_some_and(|last| last.len() == room) {
        records.push(&[]);
    }
    let coding = Records::aesgcm(&BROWSER.keys());
    let sealed = records.iter().enumerate();
    let body: Vec<u8> = sealed
        .flat_map(|(number, record)| coding.seal(number, record))
        .collect();
    let mut expected = Some(Vec::new()).filter(|_| size >= 3 && !records.is_empty());
    for record in &records {
        let text = record.split_first_chunk().and_then(|(length, rest)| {
            let (padding, text) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
            padding.iter().all(|byte| *byte == 0).then_some(text)
        });
        expected = expected
            .zip(text)
            .map(|(all, text)| [&all[..], text].concat());
    }
    let encryption = format!("salt={};rs={size}", base64::encode(&SALT));
    let crypto_key = format!("dh={}", base64::encode(&sender()));
    let read = BROWSER.decrypt_aesgcm(&body, &encryption, &crypto_key);
    assert_eq!(read.as_ref().ok(), expected.as_ref(), "{read:?}");
    is_told(read);
}

/// What this crate encrypts is read again, by this crate; as long as it says.
fn round_trip(coding: Encoding, padding: u8, size: u16, text: &[u8]) {
    let padding = usize::from(padding);
    let encryption = Encryption::new(coding)
        .padding(padding)
        .record_size(size.into());
    let encrypted = match encryption.encrypt(&BROWSER.keys(), text) {
        Ok(encrypted) => encrypted,
        Err(error) => {
            let in_record = text.len() + padding + if coding == Encoding::AesGcm { 2 } else { 17 };
            assert!(usize::from(size) <= in_record, "{error}");
            return assert!(is_one_line(&error.to_string()), "{error}");
        }
    };
    let room = coding.max_plaintext(MAX_BODY_BYTES);
    let fits = encrypted.body.len() <= MAX_BODY_BYTES;
    assert!(fits || text.len() + padding > room, "{encrypted:?}");
    assert_eq!(BROWSER.decrypt(&encrypted).ok().as_deref(), Some(text));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn records_of_any_size_are_read_as_the_second_reader_reads_them(
            old: bool, size in 0..40_u16, records in prop::collection::vec(0..4_u8, 0..100),
        ) {
            let kind = if old { b'r' } else { b'R' };
            super::web_decrypt(&[&[kind][..], &size.to_be_bytes(), &records].concat());
        }

        #[test]
        fn what_was_encrypted_is_read(
            old: bool, padding: u8, size in 0..600_u16,
            text in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let kind = if old { b'e' } else { b'E' };
            let [high, low] = size.to_be_bytes();
            super::web_decrypt(&[&[kind, padding, high, low][..], &text].concat());
        }
    }
}
