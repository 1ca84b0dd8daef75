//! A sender's key.

use std::fmt;

use rcgen::KeyPair;

use super::base64;
use crate::{Error, Result};

/// A key by which a sender identifies himself (VAPID, RFC 8292).
pub struct VapidKey(KeyPair);

/// Without the key.
impl fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VapidKey").finish_non_exhaustive()
    }
}

impl VapidKey {
    /// A new key.
    ///
    /// # Errors
    /// No key can be made.
    pub fn generate() -> Result<Self> {
        // A key of P-256.
        let pair = KeyPair::generate().map_err(|error| Error::Certificate {
            what: "a VAPID key",
            reason: error.to_string(),
        })?;
        Ok(Self(pair))
    }

    /// The key in PEM, as PKCS#8.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.serialize_pem()
    }

    /// The public key as browsers take it when a page subscribes: 65 bytes in base64url.
    #[must_use]
    pub fn application_server_key(&self) -> String {
        base64::encode(self.0.public_key_raw())
    }
}
