use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

use crate::pem_fault::PemFault;
use crate::{Error, ErrorKind, Result};

/// A private key for RS256: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, section 3.3).
#[derive(Clone)]
pub struct Rs256Key(Arc<RsaKeyPair>);

impl Rs256Key {
    /// Reads an RSA key of 2048 to 8192 bits in PEM: PKCS#8, as `private_key` of Google's key files
    /// is, or PKCS#1.
    ///
    /// Line ends that got lost on the way are put right: those that came as the two characters `\n`, and
    /// those that became spaces.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when it is no PEM, or no such key.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self> {
        let text = String::from_utf8_lossy(pem.as_ref());
        let lines = with_lines(&text);
        let der = PrivateKeyDer::from_pem_slice(lines.as_bytes())
            .map_err(|error| identity(what_else(&text)).with_source(PemFault::from(error)))?;
        let pair = match &der {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(identity(UNUSABLE)),
        };
        let pair = pair.map_err(|error| identity(UNUSABLE).with_source(error))?;
        if !(256..=1024).contains(&pair.public_modulus_len()) {
            return Err(identity(UNUSABLE));
        }
        Ok(Self(Arc::new(pair)))
    }

    /// Signs a message: as many bytes as the key has.
    ///
    /// # Errors
    /// [`ErrorKind::Identity`] when the cryptographic library refuses, which it does not for a key
    /// that it has read.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .map_err(|error| identity("the signature could not be made").with_source(error))?;
        Ok(signature)
    }

    /// A JWS in compact form (RFC 7515) of a header and a payload in JSON.
    ///
    /// # Errors
    /// As [`sign`](Self::sign).
    pub fn sign_jwt(&self, header: &[u8], payload: &[u8]) -> Result<String> {
        super::jwt(header, payload, |signed| self.sign(signed))
    }

    /// The public key in DER, an `RSAPublicKey` (RFC 8017, appendix A.1.1).
    pub fn public_key(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }
}

const UNUSABLE: &str = "the signing key can't be used: expected an RSA key of 2048 to 8192 bits";

/// The same PEM with one line end behind each label, and no other white space: what went through an
/// environment variable or a form has often lost its lines.
fn with_lines(text: &str) -> String {
    let text = text.replace("\\r", "").replace("\\n", "\n");
    let parts: Vec<&str> = text.split("-----").collect();
    // Before, BEGIN and its label, the key, END and its label, behind.
    let [_, begin, key, end, ..] = parts[..] else {
        return text;
    };
    let key: String = key.split_whitespace().collect();
    format!("-----{begin}-----\n{key}\n-----{end}-----\n")
}

/// What was given instead of a private key.
fn what_else(text: &str) -> &'static str {
    let begins = |label: &str| text.contains(&format!("BEGIN {label}"));
    if text.contains("ENCRYPTED") {
        "the signing key is encrypted; decrypt it with `openssl pkcs8 -topk8 -nocrypt -in FILE -out \
         FILE.pem`"
    } else if begins("CERTIFICATE") || begins("PUBLIC KEY") || begins("RSA PUBLIC KEY") {
        "no signing key found, but a certificate or a public key: expected the private one, with a \
         `BEGIN PRIVATE KEY` section"
    } else if begins("PRIVATE KEY") || begins("RSA PRIVATE KEY") {
        "the signing key can't be read: it is cut off or changed; expected PEM from `BEGIN PRIVATE KEY` \
         to `END PRIVATE KEY`, as it was downloaded"
    } else {
        "no signing key found: expected PEM with a `BEGIN PRIVATE KEY` section, as `private_key` of \
         Google's key files has"
    }
}

fn identity(message: &str) -> Error {
    Error::new(ErrorKind::Identity, message)
}

impl fmt::Debug for Rs256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rs256Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    // `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`, and the same by
    // `openssl rsa -traditional`: keys for tests alone.
    const PKCS8: &str = include_str!("test_keys/pkcs8.pem");
    const PKCS1: &str = include_str!("test_keys/pkcs1.pem");
    // 1024 bits.
    const SMALL: &str = include_str!("test_keys/small.pem");

    // `printf message | openssl dgst -sha256 -sign`
    const SIGNATURE: &str = include_str!("test_keys/signature.txt");

    #[test]
    fn the_signature_is_the_one_that_openssl_makes() {
        for pem in [PKCS8, PKCS1] {
            let signature = Rs256Key::from_pem(pem).unwrap().sign(b"message").unwrap();
            assert_eq!(STANDARD.encode(signature), SIGNATURE.trim());
        }
    }

    #[test]
    fn a_token_can_be_verified_with_the_public_key() {
        let key = Rs256Key::from_pem(PKCS8).unwrap();
        let token = key
            .sign_jwt(br#"{"alg":"RS256"}"#, br#"{"iat":1}"#)
            .unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert_eq!(signature.len(), 256);
        assert!(!token.contains('='));
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key())
            .verify(signed.as_bytes(), &signature)
            .unwrap();
    }

    #[test]
    fn line_ends_that_got_lost_are_put_right() {
        let usual = Rs256Key::from_pem(PKCS8).unwrap();
        for pem in [
            PKCS8.replace('\n', "\\n"),
            PKCS8.replace('\n', "\\r\\n"),
            PKCS8.replace('\n', "\r\n"),
            PKCS8.replace('\n', " "),
            PKCS8.replace('\n', ""),
            format!("\"{}\"", PKCS8.replace('\n', "\\n")),
            format!("a comment\n{PKCS8}\nand another"),
        ] {
            let key = Rs256Key::from_pem(&pem).expect(&pem);
            assert_eq!(key.public_key(), usual.public_key());
        }
    }

    #[test]
    fn what_is_no_key_is_refused_by_what_it_is_and_not_shown() {
        let body = PKCS8.lines().nth(1).unwrap();
        let elliptic = "-----BEGIN PRIVATE KEY-----\n\
            MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCA2XkODLfe/Rnumm2Tp\n\
            LGSVoiyZR0eKiSsqk4yGzgYyeg==\n-----END PRIVATE KEY-----\n";
        for (pem, expected) in [
            ("", "no signing key found: expected PEM"),
            (body, "no signing key found: expected PEM"),
            (&PKCS8[..600], "cut off"),
            (&PKCS8.replace("END", "EMD"), "cut off"),
            (&PKCS8.replace(body, "MIIE"), "2048"),
            (&PKCS8.replace("PRIVATE KEY", "PUBLIC KEY"), "public key"),
            (&PKCS8.replace("PRIVATE KEY", "CERTIFICATE"), "certificate"),
            (&PKCS8.replace("PRIVATE", "ENCRYPTED PRIVATE"), "decrypt it"),
            (elliptic, "2048 to 8192 bits"),
            (SMALL, "2048 to 8192 bits"),
        ] {
            let error = Rs256Key::from_pem(pem).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Identity);
            assert!(error.to_string().contains(expected), "{error} for {pem:?}");
            let shown = format!("{error:?} {}", error.report());
            assert!(!shown.contains(&body[..8]), "{shown}");
        }
        let key = Rs256Key::from_pem(PKCS8).unwrap();
        assert_eq!(format!("{key:?}"), "Rs256Key(…)");
    }

    #[test]
    fn no_input_makes_it_panic() {
        for cut in 0..PKCS8.len() {
            let _ = Rs256Key::from_pem(&PKCS8[..cut]);
            let _ = Rs256Key::from_pem(&PKCS8[cut..]);
        }
        let _ = Rs256Key::from_pem([0xff, 0, b'-', b'-', b'-', b'-', b'-']);
    }
}
