//! The coding before RFC 8188: draft-ietf-webpush-encryption-04 over
//! draft-ietf-httpbis-encryption-encoding-02.

use aws_lc_rs::error::Unspecified;

use super::error::{DecryptFault, EncryptFault};
use super::schedule::{Hash, RecordKey};
use super::{
    Encoding, EncryptError, Encrypted, Encryption, Ephemeral, TAG_BYTES, USUAL_RECORD_SIZE,
};
use crate::base64;
use crate::subscription::Keys;

/// What a body has beside text and padding: the padding's length and the tag.
pub(super) const OVERHEAD: usize = LENGTH_BYTES + TAG_BYTES;
/// The padding's length is a number of two bytes.
pub(super) const MAX_PADDING: usize = 0xffff;

const LENGTH_BYTES: usize = 2;
/// A record holds more than the padding's length.
const SMALLEST_RECORD: u32 = LENGTH_BYTES as u32 + 1;

pub(super) fn encrypt(
    encryption: &Encryption,
    keys: &Keys,
    plaintext: &[u8],
    ephemeral: &Ephemeral,
) -> Result<Encrypted, EncryptError> {
    let padding = u16::try_from(encryption.padding).map_err(|_| EncryptFault::Padding {
        given: encryption.padding,
    })?;
    let secret = ephemeral.agree(keys.unparsed())?;
    let salt = ephemeral.salt();
    let key =
        record_key(&secret, keys, ephemeral.public(), salt).map_err(|_| EncryptFault::Refused)?;

    let mut body = Vec::with_capacity(encryption.body_bytes(plaintext.len()));
    body.extend_from_slice(&padding.to_be_bytes());
    body.resize(LENGTH_BYTES + usize::from(padding), 0);
    body.extend_from_slice(plaintext);
    let tag = key.seal(&mut body).map_err(|_| EncryptFault::Refused)?;
    body.extend_from_slice(tag.as_ref());

    let mut header = String::with_capacity(48);
    header.push_str("salt=");
    base64::append(&mut header, salt);
    if encryption.record_size != USUAL_RECORD_SIZE {
        header.push_str(";rs=");
        header.push_str(&encryption.record_size.to_string());
    }
    let mut crypto_key = String::with_capacity(3 + 87);
    crypto_key.push_str("dh=");
    base64::append(&mut crypto_key, ephemeral.public());
    Ok(Encrypted {
        body: body.into(),
        encoding: Encoding::AesGcm,
        encryption: Some(header),
        crypto_key: Some(crypto_key),
    })
}

/// What the headers of a message say.
pub(super) struct Headers {
    salt: [u8; 16],
    record_size: u64,
    sender: Vec<u8>,
}

impl Headers {
    pub(super) fn read(encryption: &str, crypto_key: &str) -> Result<Self, DecryptFault> {
        let fault = |name, parameter| DecryptFault::Parameter { name, parameter };
        let salt = parameter(encryption, "salt")
            .and_then(base64::decode)
            .and_then(|salt| salt.try_into().ok())
            .ok_or_else(|| fault("Encryption", "salt"))?;
        let sender = parameter(crypto_key, "dh")
            .and_then(base64::decode)
            .ok_or_else(|| fault("Crypto-Key", "dh"))?;
        let record_size = match parameter(encryption, "rs") {
            Some(size) => size.parse().map_err(|_| fault("Encryption", "rs"))?,
            None => USUAL_RECORD_SIZE.into(),
        };
        if record_size < SMALLEST_RECORD.into() {
            return Err(DecryptFault::RecordSize {
                size: record_size,
                smallest: SMALLEST_RECORD,
            });
        }
        Ok(Self {
            salt,
            record_size,
            sender,
        })
    }

    /// The sender's public key.
    pub(super) fn sender(&self) -> &[u8] {
        &self.sender
    }

    /// Decrypts all records of a body.
    pub(super) fn decrypt(
        &self,
        secret: &[u8; 32],
        keys: &Keys,
        sender: &[u8; 65],
        body: &[u8],
    ) -> Result<Vec<u8>, DecryptFault> {
        let key = record_key(secret, keys, sender, &self.salt).map_err(|_| DecryptFault::Record)?;
        let size = usize::try_from(self.record_size).unwrap_or(usize::MAX);
        let size = size.saturating_add(TAG_BYTES);
        // The last record is the one that is shorter than the others.
        if body.len().is_multiple_of(size) {
            return Err(DecryptFault::Truncated);
        }
        let mut text = Vec::with_capacity(body.len());
        for (number, record) in body.chunks(size).enumerate() {
            if record.len() < OVERHEAD {
                return Err(DecryptFault::Truncated);
            }
            let record = key
                .open(number as u64, record)
                .map_err(|_| DecryptFault::Record)?;
            let (length, rest) = record.split_first_chunk().ok_or(DecryptFault::Padding)?;
            let (padding, rest) = rest
                .split_at_checked(u16::from_be_bytes(*length).into())
                .ok_or(DecryptFault::Padding)?;
            if padding.iter().any(|byte| *byte != 0) {
                return Err(DecryptFault::Padding);
            }
            text.extend_from_slice(rest);
        }
        Ok(text)
    }
}

/// The first value of a parameter, whichever of the header's entries it stands in: some join entries with
/// `;` where others use `,`.
fn parameter<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header.split([',', ';']).find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let value = value.trim();
        let quoted = value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'));
        key.trim()
            .eq_ignore_ascii_case(name)
            .then_some(quoted.unwrap_or(value))
    })
}

fn record_key(
    secret: &[u8; 32],
    keys: &Keys,
    sender: &[u8; 65],
    salt: &[u8; 16],
) -> Result<RecordKey, Unspecified> {
    let ikm = message_key(secret, keys);
    let (key, nonce) = record_secrets(&ikm, &context(keys, sender), salt);
    RecordKey::new(&key, nonce)
}

/// The input keying material of a message.
pub(super) fn message_key(secret: &[u8; 32], keys: &Keys) -> [u8; 32] {
    let combined = Hash::new(keys.auth()).of(secret);
    Hash::new(&combined).of(b"Content-Encoding: auth\0\x01")
}

/// Both public keys with their lengths, and the byte that HKDF puts behind.
pub(super) fn context(keys: &Keys, sender: &[u8; 65]) -> [u8; 141] {
    let mut context = [1; 141];
    context[..6].copy_from_slice(b"P-256\0");
    context[6..8].copy_from_slice(&[0, 65]);
    context[8..73].copy_from_slice(keys.p256dh());
    context[73..75].copy_from_slice(&[0, 65]);
    context[75..140].copy_from_slice(sender);
    context
}

/// Key and first nonce of the records.
pub(super) fn record_secrets(
    ikm: &[u8; 32],
    context: &[u8; 141],
    salt: &[u8; 16],
) -> ([u8; 16], [u8; 12]) {
    let hash = Hash::new(&Hash::new(salt).of(ikm));
    let mut key = [0; 25 + 141];
    key[..25].copy_from_slice(b"Content-Encoding: aesgcm\0");
    key[25..].copy_from_slice(context);
    let mut nonce = [0; 24 + 141];
    nonce[..24].copy_from_slice(b"Content-Encoding: nonce\0");
    nonce[24..].copy_from_slice(context);
    (hash.first(&key), hash.first(&nonce))
}
