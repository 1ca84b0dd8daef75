//! What both codings derive their keys with.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, Tag, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac::{self, HMAC_SHA256};

use super::TAG_BYTES;

/// HMAC-SHA-256 with a key: what HKDF (RFC 5869) is made of. A step that gives no more than 32 bytes is one
/// HMAC of what it is about and the byte 1.
pub(super) struct Hash(hmac::Key);

impl Hash {
    pub(super) fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(HMAC_SHA256, key))
    }

    pub(super) fn of(&self, bytes: &[u8]) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(hmac::sign(&self.0, bytes).as_ref());
        hash
    }

    /// The first bytes of [`of`](Self::of).
    pub(super) fn first<const N: usize>(&self, bytes: &[u8]) -> [u8; N] {
        let mut first = [0; N];
        first.copy_from_slice(&self.of(bytes)[..N]);
        first
    }
}

/// What the records of one message are encrypted with.
pub(super) struct RecordKey {
    key: LessSafeKey,
    nonce: [u8; 12],
}

impl RecordKey {
    pub(super) fn new(key: &[u8; 16], nonce: [u8; 12]) -> Result<Self, Unspecified> {
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key)?);
        Ok(Self { key, nonce })
    }

    /// The nonce of a record: its number, added without carry (RFC 8188, section 2.3).
    fn nonce(&self, record: u64) -> Nonce {
        let mut nonce = self.nonce;
        for (byte, number) in nonce[4..].iter_mut().zip(record.to_be_bytes()) {
            *byte ^= number;
        }
        Nonce::assume_unique_for_key(nonce)
    }

    /// Encrypts the only record of a message in place.
    pub(super) fn seal(&self, record: &mut [u8]) -> Result<Tag, Unspecified> {
        self.key
            .seal_in_place_separate_tag(self.nonce(0), Aad::empty(), record)
    }

    /// Decrypts a record with its tag; longer than a tag.
    pub(super) fn open(&self, number: u64, record: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let mut buffer = record.to_vec();
        let length = self
            .key
            .open_in_place(self.nonce(number), Aad::empty(), &mut buffer)?
            .len();
        debug_assert_eq!(length + TAG_BYTES, record.len());
        buffer.truncate(length);
        Ok(buffer)
    }
}
