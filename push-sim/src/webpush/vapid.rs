//! Voluntary identification of the sender (RFC 8292), and the form that it had in its first draft.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

use super::Flavour;
use super::base64;
use super::parameters::parameter;
use super::push::field;
use crate::web::Asked;

/// So many tokens are remembered as genuine.
const MOST_TOKENS: usize = 1 << 16;

const DAY: f64 = 86_400.0;

/// What is wrong with a sender's identification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// There is none, where the subscription is bound to a key.
    Missing,
    /// The scheme is none of `vapid`, `WebPush` and `Bearer`.
    Scheme,
    /// There is no token in it.
    NoToken,
    /// There is no key beside the token.
    NoKey,
    /// The key is no point of P-256.
    Key,
    /// It is not the key that the subscription is bound to.
    OtherKey,
    /// The token is no JWT of ES256 with the claims that it needs.
    Token,
    Signature,
    /// The audience is not this service.
    Audience,
    Expired,
    /// It expires more than 24 hours ahead.
    TooLong,
    /// Apple wants to be able to reach somebody.
    Subject,
    /// The key encrypts the message, too (RFC 8292, section 3.2, forbids it).
    KeyReuse,
}

/// A sender that is who it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sender {
    /// A point of P-256.
    pub(super) key: Vec<u8>,
    /// Whether the token is seen for the first time.
    pub(super) is_new: bool,
}

/// Against what a token is held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) flavour: Flavour,
    /// By which the sender has reached the service: `https://host:port`.
    pub(super) origin: &'a str,
    /// In seconds since the epoch.
    pub(super) now: f64,
}

/// Verifies tokens, and remembers those that are genuine, as the real services do.
#[derive(Debug, Default)]
pub(super) struct Verifier(Mutex<HashMap<[u8; 32], Claims>>);

#[derive(Debug, Clone, PartialEq)]
struct Claims {
    audience: Value,
    expires: f64,
    subject: Option<Value>,
}

impl Verifier {
    /// Who sends; `None`: nobody says so.
    pub(super) fn sender(
        &self,
        asked: &Asked,
        expected: &Expected<'_>,
    ) -> Result<Option<Sender>, Flaw> {
        let Some(authorization) = field(asked, "authorization") else {
            return Ok(None);
        };
        let crypto_key = field(asked, "crypto-key").unwrap_or_default();
        let (token, key) = presented(&authorization, &crypto_key)?;
        let key = base64::decode(key).ok_or(Flaw::Key)?;
        if key.len() != 65 || key[0] != 4 {
            return Err(Flaw::Key);
        }
        let name = name(token, &key);
        let known = self.known().get(&name).cloned();
        let is_new = known.is_none();
        let claims = match known {
            Some(claims) => claims,
            None => {
                let claims = verify(token, &key)?;
                let mut known = self.known();
                if known.len() >= MOST_TOKENS {
                    known.clear();
                }
                known.insert(name, claims.clone());
                claims
            }
        };
        claims.check(expected)?;
        Ok(Some(Sender { key, is_new }))
    }

    pub(super) fn forget(&self) {
        self.known().clear();
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<[u8; 32], Claims>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(token: &str, key: &[u8]) -> [u8; 32] {
    let mut name = [0; 32];
    name.copy_from_slice(digest(&SHA256, &[token.as_bytes(), b" ", key].concat()).as_ref());
    name
}

/// Token and key as they were sent.
fn presented<'a>(authorization: &'a str, crypto_key: &'a str) -> Result<(&'a str, &'a str), Flaw> {
    let (scheme, rest) = authorization.trim().split_once(' ').ok_or(Flaw::NoToken)?;
    let beside = || parameter(crypto_key, "p256ecdsa").ok_or(Flaw::NoKey);
    match scheme.to_ascii_lowercase().as_str() {
        "vapid" => {
            let token = parameter(rest, "t").ok_or(Flaw::NoToken)?;
            let key = parameter(rest, "k").map_or_else(beside, Ok)?;
            Ok((token, key))
        }
        "webpush" | "bearer" => Ok((rest.trim(), beside()?)),
        _ => Err(Flaw::Scheme),
    }
}

/// Reads a token and verifies its signature; its claims are not looked at.
fn verify(token: &str, key: &[u8]) -> Result<Claims, Flaw> {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(Flaw::Token)?;
    let (header, claims) = signed.split_once('.').ok_or(Flaw::Token)?;
    let part = |text: &str| base64::decode(text).ok_or(Flaw::Token);
    let header: Header = object(&part(header)?).ok_or(Flaw::Token)?;
    let claims: HashMap<String, Value> = object(&part(claims)?).ok_or(Flaw::Token)?;
    let signature = part(signature)?;
    if header.alg != "ES256" {
        return Err(Flaw::Token);
    }
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| Flaw::Signature)?;
    Ok(Claims {
        audience: claims.get("aud").cloned().unwrap_or_default(),
        expires: claims
            .get("exp")
            .and_then(Value::as_f64)
            .ok_or(Flaw::Token)?,
        subject: claims.get("sub").cloned(),
    })
}

/// A list would be read as the fields in their order.
fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    let is_object = json.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(json).ok())?
}

impl Claims {
    fn check(&self, expected: &Expected<'_>) -> Result<(), Flaw> {
        let Expected {
            flavour,
            origin,
            now,
        } = *expected;
        let is_here = |audience: &Value| {
            let audience = audience.as_str();
            audience.is_some_and(|audience| is_same_origin(audience, origin))
        };
        let is_for_us = match &self.audience {
            // RFC 7519 allows a list; Mozilla's service and others want a text.
            Value::Array(all) if flavour == Flavour::Rfc8030 => all.iter().any(is_here),
            audience => is_here(audience),
        };
        if !is_for_us {
            return Err(Flaw::Audience);
        }
        if self.expires <= now {
            return Err(Flaw::Expired);
        }
        if self.expires > now + DAY {
            return Err(Flaw::TooLong);
        }
        let subject = self.subject.as_ref().and_then(Value::as_str);
        if flavour == Flavour::Apple && !subject.is_some_and(is_reachable) {
            return Err(Flaw::Subject);
        }
        Ok(())
    }
}

/// With or without the port that goes without saying, and with one `/` at the end, which Mozilla's
/// service overlooks. Without any port as well: many senders never name one, and are right with the real
/// services, which are all on the usual one.
fn is_same_origin(audience: &str, origin: &str) -> bool {
    let bare = |origin: &str| {
        let origin = origin.strip_suffix('/').unwrap_or(origin);
        let origin = origin.to_ascii_lowercase();
        let port = match origin.starts_with("https:") {
            true => ":443",
            false => ":80",
        };
        origin.strip_suffix(port).unwrap_or(&origin).to_owned()
    };
    let (audience, origin) = (bare(audience), bare(origin));
    let without_port = match origin.rsplit_once(':') {
        Some((rest, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => rest,
        _ => &origin,
    };
    audience == origin || audience == without_port
}

/// Whether it is a subject by which Apple thinks somebody can be reached: its service refuses spaces,
/// angle brackets, and names that lead nowhere (web-push-libs/web-push#947).
fn is_reachable(subject: &str) -> bool {
    if !subject
        .bytes()
        .all(|it| it.is_ascii_graphic() && !b"<>".contains(&it))
    {
        return false;
    }
    let host = if let Some(address) = subject.strip_prefix("mailto:") {
        let address = address
            .split_once('?')
            .map_or(address, |(address, _)| address);
        match address.rsplit_once('@') {
            Some((user, host)) if !user.is_empty() => host,
            _ => return false,
        }
    } else if let Some(rest) = subject.strip_prefix("https://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority.split(':').next().unwrap_or_default()
    } else {
        return false;
    };
    let host = host.to_ascii_lowercase();
    let last = host.rsplit('.').next().unwrap_or_default();
    !host.is_empty() && !["localhost", "local", "invalid"].contains(&last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webpush::testing::Server;

    /// RFC 8292, section 2.4.
    const K: &str =
        "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs";
    const T: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA";

    fn expected(flavour: Flavour, now: f64) -> Expected<'static> {
        Expected {
            flavour,
            origin: "https://push.example.net",
            now,
        }
    }

    fn sender(fields: &[(&str, &str)], expected: &Expected<'_>) -> Result<Option<Sender>, Flaw> {
        let asked = Asked {
            headers: fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect(),
            ..Asked::default()
        };
        Verifier::default().sender(&asked, expected)
    }

    #[test]
    fn the_vector_of_the_rfc_is_genuine_until_it_expires_and_not_a_day_before() {
        let fields = [("authorization", &*format!("vapid t={T}, k={K}"))];
        let at = |now| sender(&fields, &expected(Flavour::Mozilla, now));
        assert!(at(1_453_523_767.0).unwrap().unwrap().is_new);
        assert_eq!(at(1_453_523_768.0), Err(Flaw::Expired));
        assert!(at(1_453_437_368.0).is_ok());
        assert_eq!(at(1_453_437_367.0), Err(Flaw::TooLong));
    }

    #[test]
    fn every_form_of_published_clients_is_read() {
        let standard = K.replace('-', "+").replace('_', "/") + "=";
        let beside = format!("p256ecdsa={K}");
        for (authorization, crypto_key) in [
            (format!("vapid t={T}, k={K}"), None),
            (format!("VAPID k={K};t={T}"), None),
            (format!("vapid t={T},k={standard}"), None),
            (format!("vapid t={T}"), Some(beside.clone())),
            (format!("WebPush {T}"), Some(beside.clone())),
            (format!("Bearer {T}"), Some(format!("dh=AA;{beside}"))),
            (format!("webpush {T}"), Some(format!("{beside},dh=AA"))),
        ] {
            let mut fields = vec![("authorization", &*authorization)];
            fields.extend(crypto_key.as_deref().map(|value| ("crypto-key", value)));
            let read = sender(&fields, &expected(Flavour::Mozilla, 1_453_523_000.0));
            let key = read.unwrap().unwrap().key;
            assert_eq!(base64::encode(key), K, "{authorization}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        let cut = &T[..T.len() - 4];
        let other = base64::encode([4; 65]);
        for (authorization, flaw) in [
            (format!("Basic {T}"), Flaw::Scheme),
            ("vapid".to_owned(), Flaw::NoToken),
            (format!("vapid k={K}"), Flaw::NoToken),
            (format!("vapid t={T}"), Flaw::NoKey),
            (format!("WebPush {T}"), Flaw::NoKey),
            (format!("vapid t={T}, k=AAAA"), Flaw::Key),
            (format!("vapid t={T}, k={other}"), Flaw::Signature),
            (format!("vapid t={cut}, k={K}"), Flaw::Signature),
            (format!("vapid t=a.b, k={K}"), Flaw::Token),
            (format!("vapid t={}.a, k={K}", &T[..20]), Flaw::Token),
        ] {
            let fields = [("authorization", &*authorization)];
            let read = sender(&fields, &expected(Flavour::Mozilla, 1_453_523_000.0));
            assert_eq!(read, Err(flaw), "{authorization}");
        }
        let nobody = sender(&[], &expected(Flavour::Mozilla, 0.0));
        assert_eq!(nobody, Ok(None));
    }

    #[test]
    fn claims_and_algorithm_have_to_be_there_and_right() {
        let server = Server::new();
        let now = 1_800_000_000.0;
        let of = |flavour, header: &str, claims: &str| {
            let value = server.authorization_of(header, claims);
            sender(&[("authorization", &*value)], &expected(flavour, now)).map(|_| ())
        };
        let es256 = r#"{"alg":"ES256"}"#;
        let good = r#"{"aud":"https://push.example.net","exp":1800000001}"#;
        assert_eq!(of(Flavour::Mozilla, es256, good), Ok(()));
        for (header, claims, flaw) in [
            (r#"{"alg":"none"}"#, good, Flaw::Token),
            (r#"["ES256"]"#, good, Flaw::Token),
            (es256, r#"{"aud":"https://push.example.net"}"#, Flaw::Token),
            (
                es256,
                r#"{"aud":"https://push.example.net","exp":"1800000001"}"#,
                Flaw::Token,
            ),
            (es256, r#"{"exp":1800000001}"#, Flaw::Audience),
            (
                es256,
                r#"{"aud":"https://push.example.org","exp":1800000001}"#,
                Flaw::Audience,
            ),
            (
                es256,
                r#"{"aud":"http://push.example.net","exp":1800000001}"#,
                Flaw::Audience,
            ),
            (
                es256,
                r#"{"aud":"https://push.example.net:8443","exp":1800000001}"#,
                Flaw::Audience,
            ),
            (
                es256,
                r#"{"aud":["https://push.example.net"],"exp":1800000001}"#,
                Flaw::Audience,
            ),
        ] {
            assert_eq!(of(Flavour::Mozilla, header, claims), Err(flaw), "{claims}");
        }
        for audience in ["https://push.example.net/", "https://PUSH.example.net:443"] {
            let claims = format!(r#"{{"aud":"{audience}","exp":1800000001}}"#);
            assert_eq!(of(Flavour::Mozilla, es256, &claims), Ok(()), "{audience}");
        }
        let elsewhere = "https://push.example.net:8443";
        assert!(is_same_origin(elsewhere, elsewhere));
        assert!(is_same_origin("https://push.example.net", elsewhere));
        assert!(!is_same_origin("https://push.example.net:1", elsewhere));
        assert!(!is_same_origin("https://push.example", elsewhere));
        let list = r#"{"aud":["a","https://push.example.net"],"exp":1800000001}"#;
        assert_eq!(of(Flavour::Rfc8030, es256, list), Ok(()));
        assert_eq!(of(Flavour::Apple, es256, good), Err(Flaw::Subject));
    }

    #[test]
    fn apple_wants_a_subject_that_can_be_reached() {
        for good in ["mailto:ops@example.org", "https://example.org/contact?a=b"] {
            assert!(is_reachable(good), "{good}");
        }
        for bad in [
            "",
            "mailto:",
            "mailto:@example.org",
            "mailto: ops@example.org",
            "mailto:<ops@example.org>",
            "mailto:ops@localhost",
            "mailto:ops@host.local",
            "https://localhost:8080",
            "https://",
            "http://example.org",
            "ops@example.org",
        ] {
            assert!(!is_reachable(bad), "{bad}");
        }
    }

    #[test]
    fn a_token_is_new_once() {
        let server = Server::new();
        let value = server.authorization("https://push.example.net", 1_800_000_001);
        let asked = Asked {
            headers: vec![("authorization".to_owned(), value.into_bytes())],
            ..Asked::default()
        };
        let verifier = Verifier::default();
        let expected = expected(Flavour::Mozilla, 1_800_000_000.0);
        let is_new = || verifier.sender(&asked, &expected).unwrap().unwrap().is_new;
        assert!(is_new());
        assert!(!is_new());
        verifier.forget();
        assert!(is_new());
    }
}
