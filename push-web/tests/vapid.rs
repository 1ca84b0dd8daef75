//! Keys from everywhere, tokens as RFC 8292 has them, and how long they are kept.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Barrier};
use std::time::{Duration, SystemTime};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use push_core::{Error, ErrorKind};
use push_web::{Vapid, VapidForm, VapidKey, VapidTokens};
use serde_json::{Value, json};

// `openssl ecparam -name prime256v1 -genkey`: a key for tests alone, and its forms.
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
const PKCS8: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjEzL1XB1gXhCeXzR
yqLBGtc5y/53G0dN4D4g/p9l9bmhRANCAATZSCIJJfZ9BKx2qUqqGVGD68aBUyQ9
u5TNHeGCJn3KzYjwZeJxthDrhAwkWg74SoMQnv5Gg/6w+DJAJUmnNoPk
-----END PRIVATE KEY-----
";
const NUMBER: &str = "jEzL1XB1gXhCeXzRyqLBGtc5y_53G0dN4D4g_p9l9bk";
const PUBLIC: &str =
    "BNlIIgkl9n0ErHapSqoZUYPrxoFTJD27lM0d4YImfcrNiPBl4nG2EOuEDCRaDvhKgxCe_kaD_rD4MkAlSac2g-Q";

const HOUR: Duration = Duration::from_secs(60 * 60);
const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn now() -> SystemTime {
    at(1_800_000_000)
}

fn vapid() -> Vapid {
    Vapid::new(VapidKey::from_base64url(NUMBER).unwrap()).subject("mailto:ops@example.org")
}

fn der(pem: &str) -> Vec<u8> {
    let lines: Vec<&str> = pem.lines().collect();
    let start = lines
        .iter()
        .rposition(|line| line.starts_with("-----BEGIN"))
        .unwrap();
    STANDARD
        .decode(lines[start + 1..lines.len() - 1].concat())
        .unwrap()
}

/// Header and claims of a token that a key has signed.
fn verify(jwt: &str, public_key: &[u8]) -> (Value, Value) {
    let (signed, signature) = jwt.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public_key)
        .verify(signed.as_bytes(), &signature)
        .unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let read = |part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    (read(header), read(claims))
}

#[test]
fn the_token_of_rfc_8292_is_verified_as_ours_are() {
    let key = URL_SAFE_NO_PAD
        .decode("BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs")
        .unwrap();
    let (header, claims) = verify(
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM\
         3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojF\
         wDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA",
        &key,
    );
    // With the same claims ours is the same but for the signature, which is random.
    let ours = Vapid::new(VapidKey::generate().unwrap())
        .subject("mailto:push@example.com")
        .lifetime(HOUR);
    let token = ours
        .sign("https://push.example.net", at(1_453_523_768) - HOUR)
        .unwrap();
    let again = verify(token.jwt(), ours.key().public_key());
    assert_eq!(again, (header, claims));
    assert!(token.jwt().starts_with(
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM\
         3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0."
    ));
}

#[test]
fn a_token_says_for_whom_it_is_how_long_and_what_was_added() {
    let vapid = vapid()
        .claim("campaign", "first")
        .claim("campaign", json!({"id": 7}));
    let token = vapid.sign("https://push.example.net:8443", now()).unwrap();
    let (header, claims) = verify(token.jwt(), vapid.key().public_key());
    assert_eq!(header, json!({"typ": "JWT", "alg": "ES256"}));
    assert_eq!(
        claims,
        json!({
            "aud": "https://push.example.net:8443",
            "exp": 1_800_000_000_u64 + 12 * 60 * 60,
            "sub": "mailto:ops@example.org",
            "campaign": {"id": 7},
        })
    );
    assert_eq!(token.expires_at(), now() + 12 * HOUR);

    let bare = Vapid::new(VapidKey::generate().unwrap()).lifetime(24 * HOUR);
    let token = bare.sign("https://a.example", now()).unwrap();
    let (_, claims) = verify(token.jwt(), bare.key().public_key());
    assert_eq!(
        claims,
        json!({"aud": "https://a.example", "exp": 1_800_086_400_u64})
    );
}

#[test]
fn both_forms_of_the_header_carry_token_and_key() {
    let token = vapid().sign("https://a.example", now()).unwrap();
    let jwt = token.jwt();
    let usual = token.authorization(VapidForm::default());
    assert_eq!(usual, format!("vapid t={jwt}, k={PUBLIC}"));
    let older = token.authorization(VapidForm::Draft01);
    assert_eq!(older, format!("WebPush {jwt}"));
    assert_eq!(token.crypto_key(), format!("p256ecdsa={PUBLIC}"));
    assert!(usual.is_sensitive() && older.is_sensitive());
}

#[test]
fn a_key_is_the_same_in_every_form() {
    let raw = URL_SAFE_NO_PAD.decode(NUMBER).unwrap();
    let positive = [&[0][..], &raw].concat();
    for key in [
        VapidKey::from_pem(SEC1),
        VapidKey::from_pem(PKCS8),
        VapidKey::from_pem(PKCS8.replace('\n', "\r\n")),
        VapidKey::from_der(der(SEC1)),
        VapidKey::from_der(der(PKCS8)),
        VapidKey::from_base64url(NUMBER),
        VapidKey::from_base64url(&URL_SAFE.encode(&raw)),
        VapidKey::from_base64url(&STANDARD.encode(&raw)),
        VapidKey::from_base64url(&format!("{NUMBER}\n")),
        VapidKey::from_base64url(&URL_SAFE_NO_PAD.encode(positive)),
        VapidKey::from_base64url(&URL_SAFE_NO_PAD.encode(der(SEC1))),
        VapidKey::from_base64url(&STANDARD.encode(der(PKCS8))),
        VapidKey::from_base64url(PKCS8),
        VapidKey::from_base64url(SEC1),
    ] {
        let key = key.unwrap();
        assert_eq!(key.application_server_key(), PUBLIC);
        assert_eq!(key.to_pem().unwrap(), PKCS8);
    }
}

#[test]
fn zeros_that_a_number_lost_are_put_back() {
    let mut number = [0; 32];
    number[8..].fill(0x42);
    let whole = VapidKey::from_base64url(&URL_SAFE_NO_PAD.encode(number)).unwrap();
    for start in 1..=8 {
        let shorter = VapidKey::from_base64url(&URL_SAFE_NO_PAD.encode(&number[start..]));
        assert_eq!(shorter.unwrap(), whole);
    }
}

#[test]
fn what_is_no_key_is_refused_by_what_is_wrong_and_not_shown() {
    for (text, expected) in [
        ("", "0 bytes: expected its private number"),
        (
            "BTBZMqHH6r4Tts7J_aSIgg",
            "16 bytes: expected its private number",
        ),
        (PUBLIC, "the public one: expected the private one"),
        ("jEzL1XB1gXhCeXzRyqLBGtc5y_53G0dN4D4g_p9l9bk*", "no base64"),
        ("jEzL 1XB1", "no base64"),
        (
            "//////////////////////////////////////////8=",
            "no private number on P-256",
        ),
        (
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "no private number on P-256",
        ),
        ("AEzL1XB1gXhCeXzRyqLBGtc5y_53G0dN4D4g_p9l9bm5uQ", "34 bytes"),
        (&PKCS8[..90], "cut off"),
        (&URL_SAFE_NO_PAD.encode(&der(PKCS8)[..100]), "on P-256"),
    ] {
        let error = VapidKey::from_base64url(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Identity);
        assert!(error.to_string().contains(expected), "{text}: {error}");
        let shown = format!("{error:?} {}", error.report());
        for secret in ["jEzL1X", "BTBZMq", "MIGHAg", "BNlIIg"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[test]
fn a_file_is_named_in_what_goes_wrong_with_it() {
    let missing = VapidKey::from_pem_file("/no/such/vapid.pem").unwrap_err();
    assert!(
        missing
            .to_string()
            .contains("/no/such/vapid.pem can't be read"),
        "{missing}"
    );
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let other = VapidKey::from_pem_file(here).unwrap_err();
    assert!(
        other.to_string().contains("Cargo.toml can't be used"),
        "{other}"
    );
    assert!(
        other.report().contains("no signing key found"),
        "{}",
        other.report()
    );
}

#[test]
fn new_keys_differ_and_nothing_of_them_is_shown() {
    let (one, other) = (VapidKey::generate().unwrap(), VapidKey::generate().unwrap());
    assert_ne!(one, other);
    assert_eq!(one.public_key().len(), 65);
    let vapid = Vapid::new(one.clone()).subject("mailto:ops@example.org");
    let token = vapid.sign("https://a.example", now()).unwrap();
    let tokens = VapidTokens::new(vapid.clone());
    tokens.get("https://a.example", now()).unwrap();
    let header = token.authorization(VapidForm::Rfc8292);
    let shown = format!("{one:?} {vapid:?} {token:?} {tokens:?} {header:?}");
    let pem = one.to_pem().unwrap();
    for secret in [pem.lines().nth(1).unwrap(), token.jwt(), "eyJ", "private"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn subjects_are_those_that_apple_takes() {
    for subject in [
        "mailto:ops@example.org",
        "mailto:o.p-s+push@mail.example.co.uk",
        "https://example.org",
        "https://example.org/contact?x=1",
    ] {
        vapid().subject(subject).check().expect(subject);
    }
    for (subject, expected) in [
        ("", "mailto: and an address, or an https URL"),
        ("ops@example.org", "mailto: and an address"),
        ("http://example.org", "mailto: and an address"),
        ("MAILTO", "mailto: and an address"),
        ("mailto:", "one address"),
        ("mailto:ops", "one address"),
        ("mailto:@example.org", "one address"),
        ("mailto:ops@", "one address"),
        ("mailto:ops@example..org", "one address"),
        ("mailto:a@example.org,b@example.org", "one address"),
        ("mailto:ops@example.org?subject=x", "one address"),
        ("mailto:ops@localhost", "Apple refuses localhost"),
        ("mailto:ops@LOCALHOST", "Apple refuses localhost"),
        ("https://localhost/contact", "Apple refuses localhost"),
        ("https://a.localhost:8443", "Apple refuses localhost"),
        ("mailto: ops@example.org", "without spaces"),
        ("mailto:<ops@example.org>", "angle brackets"),
        ("mailto:ops@example.org\n", "without spaces"),
        ("mailto:öps@example.org", "not ASCII"),
        ("https://", "a proper URL"),
        ("https:example.org", "a proper URL"),
    ] {
        let vapid = vapid().subject(subject);
        let error = vapid.check().expect_err(subject).to_string();
        assert!(error.contains(expected), "{subject:?}: {error}");
        assert!(vapid.sign("https://a.example", now()).is_err());
        assert!(
            VapidTokens::new(vapid)
                .get("https://a.example", now())
                .is_err()
        );
    }
}

#[test]
fn lifetimes_and_claims_are_those_that_can_be() {
    for lifetime in [SECOND, HOUR, 24 * HOUR] {
        vapid().lifetime(lifetime).check().unwrap();
    }
    for lifetime in [
        Duration::ZERO,
        Duration::from_millis(999),
        24 * HOUR + Duration::from_nanos(1),
        Duration::MAX,
    ] {
        let error = vapid().lifetime(lifetime).check().unwrap_err();
        assert!(
            error.to_string().contains("expected 1 second to 24 hours"),
            "{error}"
        );
        let error = Error::from(error);
        assert_eq!(error.kind(), ErrorKind::Config);
    }
    for name in ["aud", "exp", "sub"] {
        let error = vapid().claim(name, "x").check().unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

/// Whether a second one, asked for later, is the first one still.
fn is_kept(tokens: &VapidTokens, signed: SystemTime, asked: SystemTime) -> bool {
    let first = tokens.get("https://a.example", signed).unwrap();
    let second = tokens.get("https://a.example", asked).unwrap();
    assert!(second.expires_at() > asked);
    Arc::ptr_eq(&first, &second)
}

#[test]
fn a_token_is_signed_once_for_an_origin_until_shortly_before_its_end() {
    for (lifetime, left) in [
        // Less than an hour is left, or less than a quarter.
        (24 * HOUR, HOUR),
        (12 * HOUR, HOUR),
        (HOUR, HOUR / 4),
        (4 * SECOND, SECOND),
    ] {
        let tokens = || VapidTokens::new(vapid().lifetime(lifetime));
        let renewal = now() + lifetime - left;
        assert!(is_kept(&tokens(), now(), now()));
        assert!(is_kept(&tokens(), now(), renewal), "{lifetime:?}");
        assert!(
            !is_kept(&tokens(), now(), renewal + SECOND / 2),
            "{lifetime:?}"
        );
        assert!(!is_kept(&tokens(), now(), now() + lifetime), "{lifetime:?}");
        assert!(
            !is_kept(&tokens(), now(), now() + 100 * lifetime),
            "{lifetime:?}"
        );
    }
}

#[test]
fn a_token_from_the_future_is_signed_again() {
    let tokens = || VapidTokens::new(vapid());
    assert!(!is_kept(&tokens(), now(), now() - HOUR));
    assert!(!is_kept(&tokens(), now(), now() - 61 * SECOND));
    // The clocks of two threads' questions may differ by that.
    assert!(is_kept(&tokens(), now(), now() - SECOND));
}

#[test]
fn origins_have_tokens_of_their_own_and_clones_share_them() {
    let tokens = VapidTokens::new(vapid());
    let one = tokens.get("https://a.example", now()).unwrap();
    let other = tokens.get("https://a.example:8443", now()).unwrap();
    let (_, claims) = verify(other.jwt(), tokens.vapid().key().public_key());
    assert_eq!(claims["aud"], "https://a.example:8443");
    let same = tokens.clone().get("https://a.example", now()).unwrap();
    assert!(Arc::ptr_eq(&one, &same) && !Arc::ptr_eq(&one, &other));
}

#[test]
fn the_origins_used_last_are_kept_and_no_more_than_10_000() {
    let tokens = VapidTokens::new(vapid());
    let origin = |number: usize| format!("https://push{number}.example");
    let first = tokens.get(&origin(0), now()).unwrap();
    for number in 1..10_000 {
        tokens.get(&origin(number), now()).unwrap();
    }
    assert!(
        format!("{tokens:?}").contains("origins: 10000"),
        "{tokens:?}"
    );
    // Used again, the oldest is the youngest.
    assert!(Arc::ptr_eq(&first, &tokens.get(&origin(0), now()).unwrap()));
    let last = tokens.get(&origin(9_999), now()).unwrap();
    for number in 10_000..10_100 {
        tokens.get(&origin(number), now()).unwrap();
    }
    assert!(
        format!("{tokens:?}").contains("origins: 9100"),
        "{tokens:?}"
    );
    assert!(Arc::ptr_eq(&first, &tokens.get(&origin(0), now()).unwrap()));
    assert!(Arc::ptr_eq(
        &last,
        &tokens.get(&origin(9_999), now()).unwrap()
    ));
}

#[test]
fn who_asks_at_the_same_time_gets_the_same_token() {
    for _ in 0..20 {
        let tokens = VapidTokens::new(vapid());
        let barrier = Barrier::new(8);
        let signed: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        tokens.get("https://a.example", now()).unwrap()
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(signed.iter().all(|token| Arc::ptr_eq(token, &signed[0])));
    }
}

proptest! {
    #[test]
    fn no_input_makes_a_key_panic(
        text in ".{0,80}",
        base64 in "[A-Za-z0-9_-]{0,190}",
        bytes in prop::collection::vec(any::<u8>(), 0..150),
        cut in 0_usize..250,
    ) {
        let _ = VapidKey::from_base64url(&text);
        let _ = VapidKey::from_base64url(&base64);
        let _ = VapidKey::from_base64url(&format!("-----BEGIN{text}"));
        let _ = VapidKey::from_pem(&bytes);
        let _ = VapidKey::from_der(&bytes);
        let _ = VapidKey::from_pem(&PKCS8[..cut.min(PKCS8.len())]);
        let _ = vapid().subject(text.clone()).check();
        let _ = vapid().subject(format!("mailto:{text}")).check();
        let _ = vapid().subject(format!("https://{text}")).check();
        let _ = vapid().sign(&text, now());
    }

    #[test]
    fn any_time_can_be_signed_at(seconds: u32, nanos in 0_u32..1_000_000_000) {
        let now = SystemTime::UNIX_EPOCH + Duration::new(seconds.into(), nanos);
        let token = vapid().sign("https://a.example", now).unwrap();
        let left = token.expires_at().duration_since(now).unwrap();
        prop_assert!(left <= 12 * HOUR && left > 12 * HOUR - SECOND);
        let _ = vapid().sign("https://a.example", SystemTime::UNIX_EPOCH - Duration::from_secs(seconds.into()));
    }
}
