//! Assertions of service accounts (RFC 7523), looked at in the order in which Google does.
//!
//! A claim's time may be a number or digits in a text; what can't be read at all is no more than a
//! `Bad Request`. An unknown scope is refused, though Google gives an `id_token` for one that it
//! does not know.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::refusal::{
    ACCOUNT, AUDIENCE, BAD_REQUEST, LIFETIME, NO_EXPIRY, NO_ISSUE_TIME, Refusal, SCOPE, SIGNATURE,
};
use super::{Grant, are_scopes, grant_of};
use crate::service_account::ServiceAccount;

/// What clients write as audience, wherever they send the assertion to.
const GOOGLE: &str = "https://oauth2.googleapis.com/token";
/// The older name of the same endpoint.
const GOOGLE_V4: &str = "https://www.googleapis.com/oauth2/v4/token";
const LONGEST_SECONDS: i64 = 3600;

/// What an assertion is judged by.
pub(super) struct Judge<'a> {
    pub(super) account: &'a ServiceAccount,
    /// The endpoint as the client has named it.
    pub(super) here: &'a str,
    /// In seconds since the epoch, by the service's clock.
    pub(super) now: i64,
    pub(super) allowance_seconds: i64,
}

impl Judge<'_> {
    pub(super) fn judge(&self, assertion: &str) -> Result<Grant, Refusal> {
        let unreadable = || Refusal::request(BAD_REQUEST);
        let (header, claims) = self.genuine(assertion)?.ok_or_else(unreadable)?;
        if header
            .get("kid")
            .is_some_and(|kid| kid != self.account.private_key_id())
        {
            return Err(Refusal::grant(SIGNATURE));
        }
        if claims.get("iss").and_then(Value::as_str) != Some(self.account.client_email()) {
            return Err(Refusal::grant(ACCOUNT));
        }
        let issued = seconds(claims.get("iat")).ok_or_else(|| Refusal::grant(NO_ISSUE_TIME))?;
        let expires = seconds(claims.get("exp")).ok_or_else(|| Refusal::grant(NO_EXPIRY))?;
        let is_short = (1..=LONGEST_SECONDS).contains(&expires.saturating_sub(issued));
        let is_timely = issued <= self.now.saturating_add(self.allowance_seconds)
            && expires >= self.now.saturating_sub(self.allowance_seconds);
        if !is_short || !is_timely {
            return Err(Refusal::grant(LIFETIME));
        }
        let scopes = claims
            .get("scope")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if !are_scopes(scopes) {
            return Err(Refusal::new(400, "invalid_scope", SCOPE));
        }
        let audience = claims
            .get("aud")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if ![GOOGLE, GOOGLE_V4, self.here, self.account.token_uri()].contains(&audience) {
            return Err(Refusal::grant(AUDIENCE));
        }
        Ok(grant_of(scopes))
    }

    /// Header and claims of an assertion that the account has signed; `None`: it can't be read.
    fn genuine(&self, assertion: &str) -> Result<Option<(Value, Value)>, Refusal> {
        let mut parts = assertion.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Ok(None);
        };
        let (Some(header_read), Some(claims_read), Ok(signature)) =
            (object(header), object(claims), decoded(signature))
        else {
            return Ok(None);
        };
        let signed = &assertion[..header.len() + 1 + claims.len()];
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.account.public_key());
        let is_genuine = key.verify(signed.as_bytes(), &signature).is_ok();
        if header_read.get("alg").and_then(Value::as_str) != Some("RS256") || !is_genuine {
            return Err(Refusal::grant(SIGNATURE));
        }
        Ok(Some((header_read, claims_read)))
    }
}

/// With padding too, which a well-known Rust client writes, against the standard.
fn decoded(part: &str) -> Result<Vec<u8>, base64::DecodeError> {
    URL_SAFE_NO_PAD.decode(part.trim_end_matches('='))
}

fn object(part: &str) -> Option<Value> {
    let json = decoded(part).ok()?;
    let value: Value = serde_json::from_slice(&json).ok()?;
    value.is_object().then_some(value)
}

/// A whole number of seconds, or a fraction, or digits in a text.
fn seconds(claim: Option<&Value>) -> Option<i64> {
    match claim? {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|f| f as i64)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::KeyPair;
    use aws_lc_rs::signature::RSA_PKCS1_SHA256;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;
    const SCOPES: &str = "https://www.googleapis.com/auth/firebase.messaging";

    struct Client {
        account: ServiceAccount,
        pair: KeyPair,
    }

    impl Client {
        fn new() -> Self {
            let account = ServiceAccount::generate("https://localhost:1/token").unwrap();
            let pem = account.private_key_pem();
            let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
            let pair = KeyPair::from_pkcs8(&STANDARD.decode(text).unwrap()).unwrap();
            Self { account, pair }
        }

        fn header(&self) -> Value {
            json!({"alg": "RS256", "typ": "JWT", "kid": self.account.private_key_id()})
        }

        fn claims(&self) -> Value {
            json!({"iss": self.account.client_email(), "scope": SCOPES, "aud": GOOGLE,
                   "iat": NOW, "exp": NOW + 3600})
        }

        fn sign(&self, header: &Value, claims: &Value) -> String {
            self.sign_with(&URL_SAFE_NO_PAD, header, claims)
        }

        fn sign_with(&self, base64: &impl Engine, header: &Value, claims: &Value) -> String {
            let encode = |value: &Value| base64.encode(value.to_string());
            let signed = format!("{}.{}", encode(header), encode(claims));
            let mut signature = vec![0; self.pair.public_modulus_len()];
            let random = SystemRandom::new();
            self.pair
                .sign(
                    &RSA_PKCS1_SHA256,
                    &random,
                    signed.as_bytes(),
                    &mut signature,
                )
                .unwrap();
            format!("{signed}.{}", base64.encode(signature))
        }

        fn judge(&self, assertion: &str) -> Result<Grant, String> {
            let judge = Judge {
                account: &self.account,
                here: "http://127.0.0.1:9/token",
                now: NOW,
                allowance_seconds: 300,
            };
            judge.judge(assertion).map_err(|refusal| {
                let description = refusal.description.unwrap_or_default();
                format!("{} {}: {description}", refusal.status, refusal.error)
            })
        }

        /// With one claim changed; null takes it away.
        fn with(&self, claim: &str, value: Value) -> Result<Grant, String> {
            let mut claims = self.claims();
            claims[claim] = value;
            claims
                .as_object_mut()
                .unwrap()
                .retain(|_, value| !value.is_null());
            self.judge(&self.sign(&self.header(), &claims))
        }
    }

    #[test]
    fn an_assertion_is_taken_in_every_form_that_google_takes() {
        let client = Client::new();
        let good = Ok(Grant::Messaging);
        assert_eq!(
            client.judge(&client.sign(&client.header(), &client.claims())),
            good
        );
        assert_eq!(
            client.judge(&client.sign(&json!({"alg": "RS256"}), &client.claims())),
            good
        );
        let padded = client.sign_with(&URL_SAFE, &client.header(), &client.claims());
        assert!(padded.ends_with('='));
        assert_eq!(client.judge(&padded), good);
        for audience in [
            GOOGLE_V4,
            "http://127.0.0.1:9/token",
            "https://localhost:1/token",
        ] {
            assert_eq!(client.with("aud", json!(audience)), good);
        }
        assert_eq!(client.with("iat", json!(NOW.to_string())), good);
        assert_eq!(client.with("exp", json!(NOW as f64 + 60.5)), good);
        let other = "https://www.googleapis.com/auth/analytics openid";
        assert_eq!(client.with("scope", json!(other)), Ok(Grant::Other));
        let both = format!("{other} https://www.googleapis.com/auth/cloud-platform");
        assert_eq!(client.with("scope", json!(both)), good);
    }

    #[test]
    fn each_fault_of_an_assertion_has_the_text_of_google() {
        let client = Client::new();
        let grant = |text: &str| Err(format!("400 invalid_grant: {text}"));
        let not_set = |name: &str| grant(&format!("Invalid JWT: {name} is not set."));
        let late = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a \
                    reasonable timeframe. Check your iat and exp values in the JWT claim.";
        assert_eq!(
            client.with("iss", json!("x@y")),
            grant("Invalid grant: account not found")
        );
        assert_eq!(client.with("iat", Value::Null), not_set("iat (issued at)"));
        assert_eq!(
            client.with("exp", Value::Null),
            not_set("exp (expiration time)")
        );
        assert_eq!(
            client.with("aud", json!("https://fcm.googleapis.com/")),
            grant("Invalid JWT: Failed audience check.")
        );
        for bad in [
            "",
            "firebase.messaging",
            "https://www.googleapis.com/auth/a,b",
            "https://x/y",
        ] {
            assert_eq!(
                client.with("scope", json!(bad)),
                Err(
                    "400 invalid_scope: Invalid OAuth scope or ID token audience provided."
                        .to_owned()
                )
            );
        }
        assert_eq!(client.with("exp", json!(NOW + 3601)), grant(late));
        assert_eq!(client.with("exp", json!(NOW)), grant(late));
        for (offset, is_good) in [(300, true), (301, false), (-3900, true), (-3901, false)] {
            let mut claims = client.claims();
            claims["iat"] = json!(NOW + offset);
            claims["exp"] = json!(NOW + offset + 3600);
            let judged = client.judge(&client.sign(&client.header(), &claims));
            assert_eq!(judged.is_ok(), is_good, "{offset}");
        }
    }

    #[test]
    fn a_signature_that_is_not_the_accounts_is_refused() {
        let client = Client::new();
        let refused = Err("400 invalid_grant: Invalid JWT Signature.".to_owned());
        let other = Client::new();
        assert_eq!(
            client.judge(&other.sign(&client.header(), &client.claims())),
            refused
        );
        assert_eq!(
            client.judge(&client.sign(&json!({"alg": "RS256", "kid": "x"}), &client.claims())),
            refused
        );
        for alg in ["HS256", "none", "RS512"] {
            let header = json!({"alg": alg});
            assert_eq!(
                client.judge(&client.sign(&header, &client.claims())),
                refused
            );
        }
        let good = client.sign(&client.header(), &client.claims());
        let (signed, _) = good.rsplit_once('.').unwrap();
        assert_eq!(client.judge(&format!("{signed}.AAAA")), refused);
    }

    #[test]
    fn what_is_no_assertion_is_a_bad_request() {
        let client = Client::new();
        let refused = Err("400 invalid_request: Bad Request".to_owned());
        let good = client.sign(&client.header(), &client.claims());
        for bad in [
            "",
            "a.b",
            "a.b.c",
            "....",
            &good[1..],
            &format!("{good}.x"),
            "é.é.é",
        ] {
            assert_eq!(client.judge(bad), refused, "{bad}");
        }
    }
}
