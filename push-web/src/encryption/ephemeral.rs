use std::fmt;

use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::rand;

use super::EncryptError;
use super::error::EncryptFault;

/// The key pair and the salt of one message.
pub struct Ephemeral {
    private: PrivateKey,
    public: [u8; 65],
    salt: [u8; 16],
}

impl Ephemeral {
    /// A key pair and a salt that are given, for test vectors: a key used twice gives the messages away.
    ///
    /// # Errors
    /// When it is no private key on P-256.
    pub fn fixed(private: &[u8; 32], salt: [u8; 16]) -> Result<Self, EncryptError> {
        let private = PrivateKey::from_private_key(&ECDH_P256, private)
            .map_err(|_| EncryptFault::PrivateKey)?;
        Self::of(private, salt)
    }

    pub(super) fn generate() -> Result<Self, EncryptError> {
        let private = PrivateKey::generate(&ECDH_P256).map_err(|_| EncryptFault::Refused)?;
        let mut salt = [0; 16];
        rand::fill(&mut salt).map_err(|_| EncryptFault::Refused)?;
        Self::of(private, salt)
    }

    fn of(private: PrivateKey, salt: [u8; 16]) -> Result<Self, EncryptError> {
        Ok(Self {
            public: public_key(&private).ok_or(EncryptFault::Refused)?,
            private,
            salt,
        })
    }

    /// The public key, an uncompressed point.
    pub(super) fn public(&self) -> &[u8; 65] {
        &self.public
    }

    pub(super) fn salt(&self) -> &[u8; 16] {
        &self.salt
    }

    /// What it has in common with another key.
    pub(super) fn agree(&self, with: UnparsedPublicKey<&[u8]>) -> Result<[u8; 32], EncryptError> {
        Ok(agree(&self.private, with).ok_or(EncryptFault::Refused)?)
    }
}

/// The public key of a private one, an uncompressed point.
pub(super) fn public_key(private: &PrivateKey) -> Option<[u8; 65]> {
    let public = private.compute_public_key().ok()?;
    public.as_ref().try_into().ok()
}

/// What a private key has in common with another's public one; `None` where that is no point of the curve.
pub(super) fn agree(private: &PrivateKey, with: UnparsedPublicKey<&[u8]>) -> Option<[u8; 32]> {
    agreement::agree(private, with, (), |secret| {
        secret.try_into().map_err(|_| ())
    })
    .ok()
}

impl fmt::Debug for Ephemeral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ephemeral(…)")
    }
}
