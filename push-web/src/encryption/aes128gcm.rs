//! The coding of RFC 8188, and what RFC 8291 makes of it for messages.

use aws_lc_rs::error::Unspecified;

use super::error::{DecryptFault, EncryptFault};
use super::schedule::{Hash, RecordKey};
use super::{Encoding, EncryptError, Encrypted, Encryption, Ephemeral, TAG_BYTES};
use crate::subscription::Keys;

/// Salt, record size, and a public key with its length.
pub(super) const HEADER_BYTES: usize = 16 + 4 + 1 + 65;
/// What a body has beside text and padding: its header, the delimiter and the tag.
pub(super) const OVERHEAD: usize = HEADER_BYTES + 1 + TAG_BYTES;

/// Behind the last record's text, and behind that of the others.
const LAST: u8 = 2;
const NOT_LAST: u8 = 1;

/// A byte of text or the delimiter alone would do, but the RFC asks for room for both.
const SMALLEST_RECORD: u32 = TAG_BYTES as u32 + 2;

pub(super) fn encrypt(
    encryption: &Encryption,
    keys: &Keys,
    plaintext: &[u8],
    ephemeral: &Ephemeral,
) -> Result<Encrypted, EncryptError> {
    let secret = ephemeral.agree(keys.unparsed())?;
    let ikm = message_key(&secret, keys, ephemeral.public());
    let salt = ephemeral.salt();
    let key = record_key(&ikm, salt).map_err(|_| EncryptFault::Refused)?;

    let length = encryption.body_bytes(plaintext.len());
    let mut body = Vec::with_capacity(length);
    body.extend_from_slice(salt);
    body.extend_from_slice(&encryption.record_size.to_be_bytes());
    body.push(65);
    body.extend_from_slice(ephemeral.public());
    body.extend_from_slice(plaintext);
    body.push(LAST);
    body.resize(length - TAG_BYTES, 0);
    let tag = key
        .seal(&mut body[HEADER_BYTES..])
        .map_err(|_| EncryptFault::Refused)?;
    body.extend_from_slice(tag.as_ref());
    Ok(Encrypted {
        body: body.into(),
        encoding: Encoding::Aes128Gcm,
        encryption: None,
        crypto_key: None,
    })
}

/// A body as RFC 8188 divides it.
pub(super) struct Body<'a> {
    salt: &'a [u8; 16],
    record_size: u32,
    key_id: &'a [u8],
    records: &'a [u8],
}

impl<'a> Body<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, DecryptFault> {
        let short = || DecryptFault::Header { bytes: body.len() };
        let (salt, rest) = body.split_first_chunk().ok_or_else(short)?;
        let (record_size, rest) = rest.split_first_chunk().ok_or_else(short)?;
        let (length, rest) = rest.split_first().ok_or_else(short)?;
        let (key_id, records) = rest.split_at_checked((*length).into()).ok_or_else(short)?;
        let record_size = u32::from_be_bytes(*record_size);
        if record_size < SMALLEST_RECORD {
            return Err(DecryptFault::RecordSize {
                size: record_size.into(),
                smallest: SMALLEST_RECORD,
            });
        }
        Ok(Self {
            salt,
            record_size,
            key_id,
            records,
        })
    }

    /// What the sender names its key by: for messages, its public key.
    pub(super) fn key_id(&self) -> &'a [u8] {
        self.key_id
    }

    /// Decrypts all records with the input keying material.
    pub(super) fn decrypt(&self, ikm: &[u8]) -> Result<Vec<u8>, DecryptFault> {
        let key = record_key(ikm, self.salt).map_err(|_| DecryptFault::Record)?;
        let size = usize::try_from(self.record_size).unwrap_or(usize::MAX);
        let mut text = Vec::with_capacity(self.records.len());
        let mut records = self.records.chunks(size).enumerate().peekable();
        if records.peek().is_none() {
            return Err(DecryptFault::Truncated);
        }
        while let Some((number, record)) = records.next() {
            if record.len() <= TAG_BYTES {
                return Err(DecryptFault::Truncated);
            }
            let record = key
                .open(number as u64, record)
                .map_err(|_| DecryptFault::Record)?;
            let end = record.iter().rposition(|byte| *byte != 0);
            let end = end.ok_or(DecryptFault::Padding)?;
            match (record[end], records.peek().is_some()) {
                (LAST, false) | (NOT_LAST, true) => text.extend_from_slice(&record[..end]),
                (NOT_LAST, false) => return Err(DecryptFault::Truncated),
                _ => return Err(DecryptFault::Padding),
            }
        }
        Ok(text)
    }
}

/// The input keying material of a message (RFC 8291, section 3.4).
pub(super) fn message_key(secret: &[u8; 32], keys: &Keys, sender: &[u8; 65]) -> [u8; 32] {
    let combined = Hash::new(keys.auth()).of(secret);
    Hash::new(&combined).of(&key_info(keys, sender))
}

/// What the message's key is about: both public keys, and the byte that HKDF puts behind.
pub(super) fn key_info(keys: &Keys, sender: &[u8; 65]) -> [u8; 145] {
    let mut info = [1; 145];
    info[..14].copy_from_slice(b"WebPush: info\0");
    info[14..79].copy_from_slice(keys.p256dh());
    info[79..144].copy_from_slice(sender);
    info
}

fn record_key(ikm: &[u8], salt: &[u8; 16]) -> Result<RecordKey, Unspecified> {
    let (key, nonce) = record_secrets(ikm, salt);
    RecordKey::new(&key, nonce)
}

/// Key and first nonce of the records (RFC 8188, section 2.2 and 2.3).
pub(super) fn record_secrets(ikm: &[u8], salt: &[u8; 16]) -> ([u8; 16], [u8; 12]) {
    let hash = Hash::new(&Hash::new(salt).of(ikm));
    let key = hash.first(b"Content-Encoding: aes128gcm\0\x01");
    (key, hash.first(b"Content-Encoding: nonce\0\x01"))
}
