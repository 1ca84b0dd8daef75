//! Message encryption, without any I/O: [`Encryption`] for those who send, [`Receiver`] for those who write
//! clients and tests.

mod aes128gcm;
mod aesgcm;
mod encoding;
mod ephemeral;
mod error;
mod receiver;
mod schedule;
#[cfg(test)]
mod vectors;

use std::fmt;

use bytes::Bytes;

pub use self::encoding::{Encoding, UnknownEncoding};
pub use self::ephemeral::Ephemeral;
pub use self::error::{DecryptError, EncryptError};
pub use self::receiver::Receiver;

use self::error::EncryptFault;
use crate::subscription::Keys;

/// The largest body that every push service takes, in bytes (RFC 8030, section 7.2).
pub const MAX_BODY_BYTES: usize = 4096;

/// The record size where none is chosen: large enough for every body of [`MAX_BODY_BYTES`].
const USUAL_RECORD_SIZE: u32 = 4096;

const TAG_BYTES: usize = 16;

/// How a message is encrypted: its coding, padding and record size. Without any I/O; every message has a
/// key pair and a salt of its own.
///
/// ```
/// # use push_web::{Encoding, Encryption, Receiver};
/// let browser = Receiver::generate()?;
/// let encrypted = Encryption::new(Encoding::Aes128Gcm)
///     .padding(10)
///     .encrypt(&browser.keys(), b"hello")?;
/// assert_eq!(encrypted.body.len(), 86 + 5 + 10 + 17);
/// assert_eq!(browser.decrypt(&encrypted)?, b"hello");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Encryption {
    encoding: Encoding,
    padding: usize,
    record_size: u32,
}

/// A message as it is sent.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Encrypted {
    /// The body.
    pub body: Bytes,
    /// How it is encrypted: the header `Content-Encoding`.
    pub encoding: Encoding,
    /// The header `Encryption`, `salt=…`; only with `aesgcm`.
    pub encryption: Option<String>,
    /// What belongs into the header `Crypto-Key`, `dh=…`; only with `aesgcm`.
    pub crypto_key: Option<String>,
}

impl Encryption {
    /// Encryption by a coding, without padding, in a record of 4096 bytes.
    pub const fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            padding: 0,
            record_size: USUAL_RECORD_SIZE,
        }
    }

    /// Adds so many bytes to what is encrypted, which hide the length of the text. Default: 0.
    #[must_use]
    pub const fn padding(mut self, bytes: usize) -> Self {
        self.padding = bytes;
        self
    }

    /// The record size that is announced, in bytes; a message is one record, so text and padding must fit into
    /// it. Default: 4096.
    #[must_use]
    pub const fn record_size(mut self, bytes: u32) -> Self {
        self.record_size = bytes;
        self
    }

    /// The coding.
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The length of the body for a text of so many bytes.
    pub const fn body_bytes(&self, plaintext_bytes: usize) -> usize {
        let padded = plaintext_bytes.saturating_add(self.padding);
        padded.saturating_add(match self.encoding {
            Encoding::Aes128Gcm => aes128gcm::OVERHEAD,
            Encoding::AesGcm => aesgcm::OVERHEAD,
        })
    }

    /// Whether a text of so many bytes can be encrypted. What a push service takes is another matter: see
    /// [`MAX_BODY_BYTES`] and [`Encoding::max_plaintext`].
    ///
    /// # Errors
    /// When the record is too small for text and padding, or there is more padding than the coding can say.
    pub fn check(&self, plaintext_bytes: usize) -> Result<(), EncryptError> {
        let record = match self.encoding {
            Encoding::Aes128Gcm => self.body_bytes(plaintext_bytes) - aes128gcm::HEADER_BYTES,
            Encoding::AesGcm => self.body_bytes(plaintext_bytes) - TAG_BYTES,
        };
        // RFC 8291, section 4, and the draft alike: the record size is greater than the record.
        if usize::try_from(self.record_size).is_ok_and(|size| size <= record) {
            return Err(EncryptFault::Record {
                size: self.record_size,
                needed: record.saturating_add(1),
            }
            .into());
        }
        if self.encoding == Encoding::AesGcm && self.padding > aesgcm::MAX_PADDING {
            let given = self.padding;
            return Err(EncryptFault::Padding { given }.into());
        }
        Ok(())
    }

    /// Encrypts a message for a subscription, with a new key pair and a new salt.
    ///
    /// # Errors
    /// As [`check`](Self::check), and when the cryptographic library refuses, which it does not for keys
    /// that were checked.
    pub fn encrypt(&self, keys: &Keys, plaintext: &[u8]) -> Result<Encrypted, EncryptError> {
        self.check(plaintext.len())?;
        self.encrypt_with(keys, plaintext, Ephemeral::generate()?)
    }

    /// Encrypts a message with a key pair and a salt that are given: for test vectors.
    ///
    /// # Errors
    /// As [`encrypt`](Self::encrypt).
    pub fn encrypt_with(
        &self,
        keys: &Keys,
        plaintext: &[u8],
        ephemeral: Ephemeral,
    ) -> Result<Encrypted, EncryptError> {
        self.check(plaintext.len())?;
        match self.encoding {
            Encoding::Aes128Gcm => aes128gcm::encrypt(self, keys, plaintext, &ephemeral),
            Encoding::AesGcm => aesgcm::encrypt(self, keys, plaintext, &ephemeral),
        }
    }
}

impl Default for Encryption {
    fn default() -> Self {
        Self::new(Encoding::default())
    }
}

impl fmt::Debug for Encrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encrypted")
            .field("encoding", &self.encoding)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
