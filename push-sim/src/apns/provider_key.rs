//! Keys of provider tokens, and the tokens themselves (JWT with ES256).

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64};
use rcgen::KeyPair;
use serde::Deserialize;

use crate::{Error, Result};

/// A key that signs provider tokens, as a team downloads it from Apple.
#[derive(Clone)]
pub struct ProviderKey {
    key_id: String,
    team_id: String,
    pair: Arc<KeyPair>,
    topics: Option<Vec<String>>,
}

/// Without the key.
impl fmt::Debug for ProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderKey")
            .field("key_id", &self.key_id)
            .field("team_id", &self.team_id)
            .field("topics", &self.topics)
            .finish_non_exhaustive()
    }
}

impl ProviderKey {
    /// A new key, for any topic.
    ///
    /// # Errors
    /// No key can be made.
    pub fn generate(key_id: impl Into<String>, team_id: impl Into<String>) -> Result<Self> {
        let pair = KeyPair::generate().map_err(|error| Error::Certificate {
            what: "a provider key",
            reason: error.to_string(),
        })?;
        Ok(Self {
            key_id: key_id.into(),
            team_id: team_id.into(),
            pair: Arc::new(pair),
            topics: None,
        })
    }

    /// Allows these bundle identifiers, with their suffixes, and no others.
    #[must_use]
    pub fn topics(mut self, bundle_ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.topics = Some(bundle_ids.into_iter().map(Into::into).collect());
        self
    }

    /// The key's identifier, `kid` in a token.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The team's identifier, `iss` in a token.
    #[must_use]
    pub fn team_id(&self) -> &str {
        &self.team_id
    }

    /// The key in PEM, as PKCS#8: the content of a `.p8` file.
    #[must_use]
    pub fn p8_pem(&self) -> String {
        self.pair.serialize_pem()
    }

    /// Signs a token that was issued at that time.
    ///
    /// # Errors
    /// The key can't sign.
    pub fn token(&self, issued_at: SystemTime) -> Result<String> {
        let seconds = issued_at
            .duration_since(UNIX_EPOCH)
            .map_or(0, |age| age.as_secs());
        let header = serde_json::json!({"alg": "ES256", "kid": self.key_id});
        let claims = serde_json::json!({"iss": self.team_id, "iat": seconds});
        self.sign(&header.to_string(), &claims.to_string())
    }

    /// Signs any header and claims.
    ///
    /// # Errors
    /// The key can't sign.
    pub fn sign(&self, header: &str, claims: &str) -> Result<String> {
        let failed = |reason: String| Error::Certificate {
            what: "a provider token",
            reason,
        };
        let key =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, self.pair.serialized_der())
                .map_err(|error| failed(error.to_string()))?;
        let signed = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let signature = key
            .sign(&SystemRandom::new(), signed.as_bytes())
            .map_err(|error| failed(error.to_string()))?;
        Ok(format!("{signed}.{}", BASE64.encode(signature)))
    }

    pub(super) fn allows(&self, topic: &str) -> bool {
        self.topics.as_ref().is_none_or(|allowed| {
            allowed.iter().any(|bundle_id| {
                topic
                    .strip_prefix(bundle_id.as_str())
                    .is_some_and(|suffix| suffix.is_empty() || suffix.starts_with('.'))
            })
        })
    }
}

/// What a token says, once it is known to be genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claims {
    /// Its place among the keys.
    pub(super) key: usize,
    /// In seconds since the epoch.
    pub(super) issued_at: u64,
}

/// Reads a token and verifies its signature; its age is not looked at.
pub(super) fn verify(keys: &[ProviderKey], token: &[u8]) -> Option<Claims> {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
        kid: String,
    }
    #[derive(Deserialize)]
    struct Body {
        iss: String,
        /// Whole seconds by the book. PyAPNs2 (0.7.2) sends fractions, so they are taken: that Apple
        /// takes them is inferred from its use, and was not checked.
        iat: f64,
    }

    let mut ends = token
        .iter()
        .enumerate()
        .filter(|(_, octet)| **octet == b'.')
        .map(|(at, _)| at);
    let (first, second) = (ends.next()?, ends.next()?);
    if ends.next().is_some() {
        return None;
    }
    let header: Header = object(&decode(&token[..first])?)?;
    let claims: Body = object(&decode(&token[first + 1..second])?)?;
    let signature = decode(&token[second + 1..])?;
    if header.alg != "ES256" || signature.len() != 64 || !(0.0..1e18).contains(&claims.iat) {
        return None;
    }
    let key = keys
        .iter()
        .position(|key| key.key_id == header.kid && key.team_id == claims.iss)?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, keys[key].pair.public_key_raw())
        .verify(&token[..second], &signature)
        .ok()?;
    Some(Claims {
        key,
        issued_at: claims.iat as u64,
    })
}

/// A list would be read as the fields in their order.
fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    let is_object = json.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(json).ok())?
}

/// Base64url without padding by the book (RFC 7515). a2 (0.10) and apns-h2 (0.11) send the standard
/// alphabet with padding, so it is taken: that Apple takes it is inferred from their use, and was not
/// checked.
fn decode(part: &[u8]) -> Option<Vec<u8>> {
    BASE64.decode(part).or_else(|_| STANDARD.decode(part)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ProviderKey {
        ProviderKey::generate("ABC123DEFG", "DEF123GHIJ").unwrap()
    }

    #[test]
    fn a_token_of_its_own_key_is_genuine() {
        let key = key();
        let at = UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
        let token = key.token(at).unwrap();
        assert!(!token.contains('='));
        let claims = verify(std::slice::from_ref(&key), token.as_bytes()).unwrap();
        assert_eq!(claims.issued_at, 1_700_000_000);
    }

    #[test]
    fn the_forms_that_published_clients_send_are_taken() {
        let key = key();
        let token = key
            .sign(
                r#"{"alg":"ES256","kid":"ABC123DEFG"}"#,
                r#"{"iss":"DEF123GHIJ","iat":1700000000.25}"#,
            )
            .unwrap();
        let claims = verify(std::slice::from_ref(&key), token.as_bytes()).unwrap();
        assert_eq!(claims.issued_at, 1_700_000_000);
        assert_eq!(decode(b"eyJhIjoxfQ=="), decode(b"eyJhIjoxfQ"));
        assert_eq!(decode(b"++//"), decode(b"--__"));
    }

    #[test]
    fn anything_else_is_not() {
        let key = key();
        let stranger = self::key();
        let token = key.token(SystemTime::now()).unwrap();
        assert_eq!(verify(&[stranger], token.as_bytes()), None, "signature");
        for end in 0..token.len() {
            assert_eq!(
                verify(std::slice::from_ref(&key), &token.as_bytes()[..end]),
                None
            );
        }
        assert_eq!(
            verify(std::slice::from_ref(&key), format!("{token}=").as_bytes()),
            None
        );
        assert_eq!(
            verify(std::slice::from_ref(&key), format!("{token}.x").as_bytes()),
            None
        );
        let good = (
            r#"{"alg":"ES256","kid":"ABC123DEFG"}"#,
            r#"{"iss":"DEF123GHIJ","iat":1}"#,
        );
        for (header, claims) in [
            (r#"{"alg":"ES384","kid":"ABC123DEFG"}"#, good.1),
            (r#"{"alg":"none","kid":"ABC123DEFG"}"#, good.1),
            (r#"{"alg":"ES256","kid":"ABC123DEFH"}"#, good.1),
            (r#"{"alg":"ES256"}"#, good.1),
            (good.0, r#"{"iss":"DEF123GHIK","iat":1}"#),
            (good.0, r#"{"iss":"DEF123GHIJ"}"#),
            (good.0, r#"{"iss":"DEF123GHIJ","iat":-1}"#),
            (good.0, r#"["DEF123GHIJ",1]"#),
            (r#"["ES256","ABC123DEFG"]"#, good.1),
        ] {
            let token = key.sign(header, claims).unwrap();
            assert_eq!(
                verify(std::slice::from_ref(&key), token.as_bytes()),
                None,
                "{header} {claims}"
            );
        }
        let token = key.sign(good.0, good.1).unwrap();
        assert!(verify(std::slice::from_ref(&key), token.as_bytes()).is_some());
    }

    #[test]
    fn a_key_can_be_limited_to_topics() {
        let key = key().topics(["com.example.app"]);
        assert!(key.allows("com.example.app"));
        assert!(key.allows("com.example.app.voip"));
        assert!(!key.allows("com.example.application"));
        assert!(!key.allows("com.example"));
    }
}
