use std::fmt;
use std::sync::Arc;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use sha2::{Digest, Sha256};

use crate::pem_fault::PemFault;
use crate::{Error, ErrorKind, Result};

/// A private key for ES256: ECDSA on P-256 with SHA-256 (RFC 7518, section 3.4).
#[derive(Clone)]
pub struct Es256Key(Arc<EcdsaKeyPair>);

impl Es256Key {
    /// A new key.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when the cryptographic library refuses.
    pub fn generate() -> Result<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|error| identity("no signing key could be made").with_source(error))?;
        Ok(Self(Arc::new(pair)))
    }

    /// Reads a key in PEM: PKCS#8 (`BEGIN PRIVATE KEY`), as Apple's `AuthKey_….p8` files hold it, or
    /// SEC1 (`BEGIN EC PRIVATE KEY`), as `openssl ecparam -genkey` writes it.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when it is no PEM, or no P-256 key.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self> {
        let der = PrivateKeyDer::from_pem_slice(pem.as_ref()).map_err(|error| {
            let text = String::from_utf8_lossy(pem.as_ref());
            identity(what_else(&text)).with_source(PemFault::from(error))
        })?;
        match der {
            PrivateKeyDer::Pkcs8(der) => Self::from_der(der.secret_pkcs8_der()),
            PrivateKeyDer::Sec1(der) => Self::from_der(der.secret_sec1_der()),
            _ => Err(identity(UNUSABLE)),
        }
    }

    /// Reads a key in DER: PKCS#8 (RFC 5958) or SEC1 (RFC 5915).
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when it is no P-256 key.
    pub fn from_der(der: impl AsRef<[u8]>) -> Result<Self> {
        let pair =
            EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref())
                .map_err(|error| identity(UNUSABLE).with_source(error))?;
        Ok(Self(Arc::new(pair)))
    }

    /// The key of a bare private number, the most significant byte first.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when it is zero, or not less than the order of the curve.
    pub fn from_scalar(scalar: &[u8; 32]) -> Result<Self> {
        let private = PrivateKey::from_private_key(&ECDH_P256, scalar).map_err(|error| {
            identity("the signing key is no number between 1 and the order of the curve P-256")
                .with_source(error)
        })?;
        let public = private
            .compute_public_key()
            .map_err(|error| identity(UNUSABLE).with_source(error))?;
        Ok(Self(Arc::new(pair(scalar, public.as_ref())?)))
    }

    /// The key in PEM, as PKCS#8 with its public part: a secret.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when the cryptographic library refuses, which it does not for a key
    /// that it has read.
    pub fn to_pkcs8_pem(&self) -> Result<String> {
        let unwritable =
            |error| identity("the signing key could not be written").with_source(error);
        let private: EcPrivateKeyBin<'_> =
            self.0.private_key().as_be_bytes().map_err(unwritable)?;
        // A key that was read without its public part would be written without it.
        let whole = pair(private.as_ref(), self.public_key())?;
        let der = whole.to_pkcs8v1().map_err(unwritable)?;
        let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
        // 48 bytes make a line of 64 characters (RFC 7468, section 2).
        for line in der.as_ref().chunks(48) {
            STANDARD.encode_string(line, &mut pem);
            pem.push('\n');
        }
        pem.push_str("-----END PRIVATE KEY-----\n");
        Ok(pem)
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
            .map_err(|error| identity("the signature could not be made").with_source(error))?;
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

fn pair(private: &[u8], public: &[u8]) -> Result<EcdsaKeyPair> {
    let curve = &ECDSA_P256_SHA256_FIXED_SIGNING;
    EcdsaKeyPair::from_private_key_and_public_key(curve, private, public)
        .map_err(|error| identity(UNUSABLE).with_source(error))
}

const UNUSABLE: &str = "the signing key can't be used: expected an elliptic curve key on P-256";

/// What was given instead of a private key.
fn what_else(text: &str) -> &'static str {
    let begins = |label: &str| text.contains(&format!("BEGIN {label}"));
    if text.contains("ENCRYPTED") {
        "the signing key is encrypted; decrypt it with `openssl pkcs8 -topk8 -nocrypt -in FILE -out \
         FILE.p8`"
    } else if begins("CERTIFICATE") || begins("PUBLIC KEY") {
        "no signing key found, but a certificate or a public key: expected the private one, with a \
         `BEGIN PRIVATE KEY` section"
    } else if begins("PRIVATE KEY") || begins("EC PRIVATE KEY") {
        "the signing key can't be read: it is cut off or changed; expected PEM from the BEGIN line \
         to the END line"
    } else {
        "no signing key found: expected PEM with a `BEGIN PRIVATE KEY` section, as in Apple's .p8 files, or \
         with `BEGIN EC PRIVATE KEY`"
    }
}

fn identity(message: &str) -> Error {
    Error::new(ErrorKind::Identity, message)
}

impl fmt::Debug for Es256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Es256Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
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

    // `openssl ecparam -name prime256v1 -genkey`: another key, for tests alone.
    const SEC1: &str = "\
-----BEGIN EC PARAMETERS-----
BggqhkjOPQMBBw==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIIxMy9VwdYF4Qnl80cqiwRrXOcv+dxtHTeA+IP6fZfW5oAoGCCqGSM49
AwEHoUQDQgAE2UgiCSX2fQSsdqlKqhlRg+vGgVMkPbuUzR3hgiZ9ys2I8GXicbYQ
64QMJFoO+EqDEJ7+RoP+sPgyQCVJpzaD5A==
-----END EC PRIVATE KEY-----
";

    // The same by `openssl pkcs8 -topk8 -nocrypt`.
    const PKCS8: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjEzL1XB1gXhCeXzR
yqLBGtc5y/53G0dN4D4g/p9l9bmhRANCAATZSCIJJfZ9BKx2qUqqGVGD68aBUyQ9
u5TNHeGCJn3KzYjwZeJxthDrhAwkWg74SoMQnv5Gg/6w+DJAJUmnNoPk
-----END PRIVATE KEY-----
";

    // Its number, by `openssl ec -text`.
    const SCALAR: &str = "jEzL1XB1gXhCeXzRyqLBGtc5y_53G0dN4D4g_p9l9bk";

    // `openssl ecparam -name secp384r1 -genkey -noout`.
    const P384: &str = "\
-----BEGIN EC PRIVATE KEY-----
MIGkAgEBBDDaThyHrAXQZAzbjmwmnF93EDuXaK6ZG0S/7F+NfLhrqL/051jWwOce
ebjOkk0LaCqgBwYFK4EEACKhZANiAARamN3aJQUBh03aIifywKxUL4DlMR550uSg
5v17TnWQo+gv3nKGnOP1TVAV8lgfNSGmnA7tdm9jf0HSlwUJmI+d5uXyGVfUYnpP
GXH4myJoy/CeTWK/AStWihpxsczVzQ4=
-----END EC PRIVATE KEY-----
";

    fn der(pem: &str) -> Vec<u8> {
        PrivateKeyDer::from_pem_slice(pem.as_bytes())
            .unwrap()
            .secret_der()
            .to_vec()
    }

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
    fn a_key_is_the_same_in_every_form() {
        let usual = Es256Key::from_pem(PKCS8).unwrap();
        let scalar = URL_SAFE_NO_PAD.decode(SCALAR).unwrap().try_into().unwrap();
        for key in [
            Es256Key::from_pem(PKCS8),
            Es256Key::from_pem(SEC1),
            Es256Key::from_der(der(PKCS8)),
            Es256Key::from_der(der(SEC1)),
            Es256Key::from_scalar(&scalar),
        ] {
            let key = key.unwrap();
            assert_eq!(key.public_key(), usual.public_key());
            assert_eq!(key.to_pkcs8_pem().unwrap(), PKCS8);
        }
        assert_eq!(usual.public_key().len(), 65);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let keys = [
            Es256Key::generate().unwrap(),
            Es256Key::generate().unwrap(),
            Es256Key::from_pem(KEY).unwrap(),
        ];
        for key in &keys {
            let again = Es256Key::from_pem(key.to_pkcs8_pem().unwrap()).unwrap();
            assert_eq!(again.fingerprint(), key.fingerprint());
        }
        assert_ne!(keys[0].public_key(), keys[1].public_key());
    }

    #[test]
    fn a_number_outside_of_the_curves_order_is_no_key() {
        let order: [u8; 32] = [
            0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63,
            0x25, 0x51,
        ];
        for scalar in [[0; 32], order, [0xff; 32]] {
            assert!(Es256Key::from_scalar(&scalar).is_err());
        }
        let mut one = [0; 32];
        one[31] = 1;
        let mut largest = order;
        largest[31] -= 1;
        for scalar in [one, largest] {
            assert!(Es256Key::from_scalar(&scalar).is_ok());
        }
    }

    #[test]
    fn a_public_key_that_is_not_the_private_ones_is_refused() {
        let mut mixed = der(PKCS8);
        let other = Es256Key::from_pem(KEY).unwrap();
        let start = mixed.len() - 65;
        mixed[start..].copy_from_slice(other.public_key());
        assert!(Es256Key::from_der(mixed).is_err());
    }

    #[test]
    fn what_is_no_key_is_refused_by_what_it_is_and_not_shown() {
        let body = PKCS8.lines().nth(1).unwrap();
        for (pem, expected) in [
            ("", "no signing key found: expected PEM"),
            ("secret", "no signing key found: expected PEM"),
            (body, "no signing key found: expected PEM"),
            (&PKCS8[..100], "cut off"),
            (&SEC1[..200], "cut off"),
            (&PKCS8.replace(body, "MIIE"), "on P-256"),
            (
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
                "on P-256",
            ),
            (P384, "on P-256"),
            (include_str!("test_keys/pkcs8.pem"), "on P-256"),
            (include_str!("test_keys/pkcs1.pem"), "on P-256"),
            (&PKCS8.replace("PRIVATE KEY", "PUBLIC KEY"), "public key"),
            (&PKCS8.replace("PRIVATE KEY", "CERTIFICATE"), "certificate"),
            (&PKCS8.replace("PRIVATE", "ENCRYPTED PRIVATE"), "decrypt it"),
        ] {
            let error = Es256Key::from_pem(pem).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Identity);
            assert!(error.to_string().contains(expected), "{error} for {pem:?}");
            let shown = format!("{error:?} {}", error.report());
            assert!(!shown.contains(&body[..8]), "{shown}");
            assert!(!shown.contains("AAAA"), "{shown}");
        }
        assert_eq!(
            format!("{:?}", Es256Key::from_pem(KEY).unwrap()),
            "Es256Key(…)"
        );
    }

    #[test]
    fn no_input_makes_it_panic() {
        for pem in [PKCS8, SEC1, KEY] {
            for cut in 0..pem.len() {
                let _ = Es256Key::from_pem(&pem[..cut]);
                let _ = Es256Key::from_pem(&pem[cut..]);
            }
            let der = der(pem);
            for cut in 0..der.len() {
                assert!(Es256Key::from_der(&der[..cut]).is_err(), "{cut}");
                let _ = Es256Key::from_der(&der[cut..]);
                for bit in 0..8 {
                    let mut changed = der.clone();
                    changed[cut] ^= 1 << bit;
                    let _ = Es256Key::from_der(&changed);
                }
            }
        }
    }
}
