use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use sha2::{Digest, Sha256};

use crate::pem_fault::PemFault;
use crate::{Error, ErrorKind, Result};

/// A private key for ES256: ECDSA on P-256 with SHA-256 (RFC 7518, section 3.4).
#[derive(Clone)]
pub struct Es256Key(Arc<EcdsaKeyPair>);

impl Es256Key {
    /// Reads a PKCS#8 key in PEM: what Apple's `AuthKey_….p8` files hold.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when it is no PEM, or no P-256 key.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_ref()).map_err(|error| {
            let text = String::from_utf8_lossy(pem.as_ref());
            let message = if text.contains("ENCRYPTED") {
                "the signing key is encrypted; decrypt it with `openssl pkcs8 -topk8 -nocrypt -in \
                 FILE -out FILE.p8`"
            } else if text.contains("BEGIN EC PRIVATE KEY") {
                "the signing key is in SEC1 form; convert it with `openssl pkcs8 -topk8 -nocrypt -in \
                 FILE -out FILE.p8`"
            } else {
                "no signing key found: expected PEM with a `BEGIN PRIVATE KEY` section, as in \
                 Apple's .p8 files"
            };
            Error::new(ErrorKind::Identity, message).with_source(PemFault::from(error))
        })?;
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_pkcs8_der())
                .map_err(|error| {
                    Error::new(
                        ErrorKind::Identity,
                        "the signing key can't be used: expected an elliptic curve key on P-256",
                    )
                    .with_source(error)
                })?;
        Ok(Self(Arc::new(pair)))
    }

    /// Signs a message: 64 bytes, r and s one after the other.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when the cryptographic library refuses, which it does not for a key
    /// that it has read.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let signature = self
            .0
            .sign(&SystemRandom::new(), message)
            .map_err(|error| {
                Error::new(ErrorKind::Identity, "the signature could not be made")
                    .with_source(error)
            })?;
        Ok(signature.as_ref().to_vec())
    }

    /// A JWS in compact form (RFC 7515) of a header and a payload in JSON.
    ///
    /// # Errors
    /// As [`sign`](Self::sign).
    pub fn sign_jwt(&self, header: &[u8], payload: &[u8]) -> Result<String> {
        super::jwt(header, payload, |signed| self.sign(signed))
    }

    /// The public key, an uncompressed point of 65 bytes.
    pub fn public_key(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// SHA-256 of the public key: tells keys apart without showing them.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(self.public_key()).into()
    }
}

impl fmt::Debug for Es256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Es256Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    // `openssl ecparam -name prime256v1 -genkey -noout | openssl ec -no_public | openssl pkcs8
    // -topk8 -nocrypt`: a key without its public part, as Apple's files are.
    const KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCA2XkODLfe/Rnumm2Tp
LGSVoiyZR0eKiSsqk4yGzgYyeg==
-----END PRIVATE KEY-----
";

    #[test]
    fn a_token_is_signed_in_raw_form_without_padding() {
        let key = Es256Key::from_pem(KEY).unwrap();
        let token = key
            .sign_jwt(br#"{"alg":"ES256"}"#, br#"{"iat":1}"#)
            .unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert_eq!(signature.len(), 64);
        assert!(!token.contains('='));
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key())
            .verify(signed.as_bytes(), &signature)
            .unwrap();
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_shown() {
        let error =
            Es256Key::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")
                .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Identity);
        assert!(!format!("{error:?}").contains("AAAA"));
        assert!(Es256Key::from_pem("secret").is_err());
    }
}
