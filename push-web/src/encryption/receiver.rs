use std::fmt;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::rand;

use super::error::{DecryptFault, EncryptFault};
use super::{DecryptError, Encoding, EncryptError, Encrypted, aes128gcm, aesgcm, ephemeral};
use crate::subscription::Keys;

/// What a browser keeps of a subscription: decrypts its messages. For tests, and for those who write
/// clients.
///
/// It takes what browsers take: any record size, more than one record, any padding.
pub struct Receiver {
    private: PrivateKey,
    keys: Keys,
}

impl Receiver {
    /// A new key pair and authentication secret.
    ///
    /// # Errors
    /// When the cryptographic library refuses.
    pub fn generate() -> Result<Self, EncryptError> {
        let refused = || EncryptFault::Refused;
        let mut auth = [0; Keys::AUTH_BYTES];
        rand::fill(&mut auth).map_err(|_| refused())?;
        let private = PrivateKey::generate(&ECDH_P256).map_err(|_| refused())?;
        Ok(Self::of(private, &auth).ok_or_else(refused)?)
    }

    /// The keys that were kept: the private one of 32 bytes, and the authentication secret of 16.
    ///
    /// # Errors
    /// When one of them can't be such a key.
    pub fn new(private: &[u8], auth: &[u8]) -> Result<Self, DecryptError> {
        let auth = auth
            .try_into()
            .map_err(|_| DecryptFault::Auth { given: auth.len() })?;
        let private = PrivateKey::from_private_key(&ECDH_P256, private)
            .map_err(|_| DecryptFault::PrivateKey)?;
        Ok(Self::of(private, auth).ok_or(DecryptFault::PrivateKey)?)
    }

    fn of(private: PrivateKey, auth: &[u8; Keys::AUTH_BYTES]) -> Option<Self> {
        let keys = Keys::new(&ephemeral::public_key(&private)?, auth).ok()?;
        Some(Self { private, keys })
    }

    /// What senders encrypt with.
    pub fn keys(&self) -> Keys {
        self.keys
    }

    /// The private key, to be kept: a secret.
    ///
    /// # Errors
    /// When the cryptographic library refuses.
    pub fn private_key(&self) -> Result<[u8; 32], DecryptError> {
        let private: EcPrivateKeyBin<'_> = self
            .private
            .as_be_bytes()
            .map_err(|_| DecryptFault::PrivateKey)?;
        let private = private.as_ref().try_into();
        Ok(private.map_err(|_| DecryptFault::PrivateKey)?)
    }

    /// Decrypts a message.
    ///
    /// # Errors
    /// When it was meant for other keys, or was changed or cut off on its way.
    pub fn decrypt(&self, message: &Encrypted) -> Result<Vec<u8>, DecryptError> {
        match message.encoding {
            Encoding::Aes128Gcm => self.decrypt_aes128gcm(&message.body),
            Encoding::AesGcm => self.decrypt_aesgcm(
                &message.body,
                message.encryption.as_deref().unwrap_or_default(),
                message.crypto_key.as_deref().unwrap_or_default(),
            ),
        }
    }

    /// Decrypts a body of `aes128gcm`.
    ///
    /// # Errors
    /// As [`decrypt`](Self::decrypt).
    pub fn decrypt_aes128gcm(&self, body: &[u8]) -> Result<Vec<u8>, DecryptError> {
        let body = aes128gcm::Body::read(body)?;
        let (sender, secret) = self.agree(body.key_id())?;
        let ikm = aes128gcm::message_key(&secret, &self.keys, sender);
        Ok(body.decrypt(&ikm)?)
    }

    /// Decrypts a body of `aesgcm`, with its headers `Encryption` and `Crypto-Key`.
    ///
    /// # Errors
    /// As [`decrypt`](Self::decrypt).
    pub fn decrypt_aesgcm(
        &self,
        body: &[u8],
        encryption: &str,
        crypto_key: &str,
    ) -> Result<Vec<u8>, DecryptError> {
        let headers = aesgcm::Headers::read(encryption, crypto_key)?;
        let (sender, secret) = self.agree(headers.sender())?;
        Ok(headers.decrypt(&secret, &self.keys, sender, body)?)
    }

    /// The sender's key, and what it has in common with this one.
    fn agree<'a>(&self, sender: &'a [u8]) -> Result<(&'a [u8; 65], [u8; 32]), DecryptFault> {
        let point: &[u8; 65] = sender.try_into().map_err(|_| DecryptFault::SenderKey)?;
        if point[0] != 0x04 {
            return Err(DecryptFault::SenderKey);
        }
        let public = UnparsedPublicKey::new(&ECDH_P256, sender);
        let secret = ephemeral::agree(&self.private, public).ok_or(DecryptFault::SenderKey)?;
        Ok((point, secret))
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receiver(…)")
    }
}
