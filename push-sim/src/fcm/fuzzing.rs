//! What the fuzzer runs: functions that take any bytes and assert what must hold for all of them. No
//! part of the public API. The workspace `fuzz/` makes targets of them, `sim_fcm` and `sim_token`.

use std::collections::HashMap;
use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use super::oauth::Grant;
use super::route::Route;
use super::target::is_registration;
use super::{Config, Shared, status};
use crate::fault::Answer;
use crate::now::Now;
use crate::service_account::ServiceAccount;
use crate::web::fuzzing::{asked, is_json, is_well_told, member};
use crate::web::{Asked, Site, Told, Verdict, form};

/// The access token that is always good.
const TOKEN: &str = "T";

/// How many topics a registration may have.
const MAX_TOPICS: usize = 3;

/// The subject token that can be exchanged.
const SUBJECT: &str = "S";

static ACCOUNT: LazyLock<ServiceAccount> = LazyLock::new(|| {
    ServiceAccount::generate("https://localhost:1/token").expect("a key can be made")
});

/// The time by the service's clock, in seconds: always the same, so that assertions can be kept.
const NOW: i64 = 1_800_000_000;

fn shared() -> Shared {
    let present = Now::read().since_epoch.as_secs();
    let present = i64::try_from(present).unwrap_or_default();
    let config = Config::default()
        .clock_offset_seconds(NOW - present)
        .access_token(TOKEN)
        .subject_token(SUBJECT)
        .max_topics(MAX_TOPICS);
    Shared::new(config, ACCOUNT.clone())
}

/// Requests, one after the other, with a zero octet between them: what is taken is counted for whom it
/// was, once; nothing is without an access token; every error is one of Google's.
pub fn fcm(input: &[u8]) {
    let shared = shared();
    for text in input.split(|octet| *octet == 0).take(16) {
        let asked = asked(text);
        let route = Route::of(&asked.method, &asked.path);
        assert_eq!(shared.is_aside(&asked), route.is_none());
        let names = shared.tokens(&asked);

        for stranger in strangers(&asked) {
            let told = shared.answer(&stranger, &HashMap::new());
            is_well_told(&told);
            if route.is_some() {
                assert_ne!(told.status, 200, "without an access token: {asked:?}");
                is_counted(&told, &names, &route);
            }
        }

        let told = shared.answer(&asked, &HashMap::new());
        is_well_told(&told);
        is_counted(&told, &names, &route);
        is_one_of_googles(&told, &route);
        for name in &names {
            let topics = shared.topics(name);
            assert!(topics.len() <= MAX_TOPICS, "{topics:?}");
            assert!(topics.is_empty() || is_registration(name), "{name:?}");
        }

        let ordered = Answer::new(503).reason("UNAVAILABLE");
        let refused = shared.refuse(&asked, &ordered);
        is_well_told(&refused);
        assert_eq!(refused.status, 503);
        refuses_each(&shared, &asked, &names, &told);
    }
}

/// The same request without an access token, and with one that is not known.
fn strangers(asked: &Asked) -> [Asked; 2] {
    let mut without = asked.clone();
    without.headers.retain(|(name, _)| name != "authorization");
    let mut unknown = without.clone();
    let header = ("authorization".to_owned(), b"Bearer unknown".to_vec());
    unknown.headers.push(header);
    [without, unknown]
}

fn is_counted(told: &Told, names: &[String], route: &Option<Route>) {
    let counted = &told.counted;
    let is_taken = told.status == 200;
    match route {
        None => assert!(counted.is_nothing(), "{told:?}"),
        Some(Route::Send { .. }) => {
            let taken = counted.accepted.len() as u64 + counted.managed;
            assert_eq!(taken, u64::from(is_taken), "{told:?}");
            assert_eq!(counted.rejected.len(), usize::from(!is_taken), "{told:?}");
            for notice in &counted.accepted {
                assert_eq!(names, std::slice::from_ref(&notice.token));
            }
        }
        Some(_) => {
            assert!(counted.accepted.is_empty() && counted.rejected.is_empty());
            assert_eq!(counted.managed, u64::from(is_taken), "{told:?}");
        }
    }
}

/// An answer of FCM itself names a message, or says what is wrong as all of Google's services do.
fn is_one_of_googles(told: &Told, route: &Option<Route>) {
    if !matches!(
        route,
        Some(Route::Send { .. } | Route::Subscriptions { .. })
    ) {
        return;
    }
    assert!(is_json(told), "{told:?}");
    if told.status != 200 {
        assert_eq!(member(told, "/error/code"), told.status);
        let name = member(told, "/error/status");
        assert!(status::is_name(name.as_str().unwrap_or_default()), "{name}");
        assert!(member(told, "/error/message").is_string());
    } else if let Some(Route::Send { project }) = route {
        let name = member(told, "/name");
        let start = format!("projects/{project}/messages/");
        assert!(name.as_str().is_some_and(|name| name.starts_with(&start)));
    }
}

/// What a fault says of a registration is what is answered, where the request is good else.
fn refuses_each(shared: &Shared, asked: &Asked, names: &[String], told: &Told) {
    let gone = Answer::new(200).reason("UNREGISTERED");
    let refusals = names.iter().map(|name| (name.clone(), gone.clone()));
    let told_of_each = shared.answer(asked, &refusals.collect());
    is_well_told(&told_of_each);
    assert!(told_of_each.counted.accepted.is_empty() || names.is_empty());
    let results = member(told, "/results");
    if let (200, Value::Array(results)) = (told.status, results) {
        let each = member(&told_of_each, "/results");
        let is_gone = |result: &Value| result["error"] == "UNREGISTERED";
        let gone = each
            .as_array()
            .into_iter()
            .flatten()
            .filter(|it| is_gone(it));
        assert_eq!(gone.count(), results.len());
    }
}

/// A request for an access token: what is given is good for what was asked for, and only to who has
/// shown that it may.
///
/// The first octet says which endpoint is asked; for `j` the rest is the header and the claims of an
/// assertion, with a newline between them, that the service account signs, and for `J` one that it
/// does not. Else it is the body.
pub fn token(input: &[u8]) {
    let Some((&kind, rest)) = input.split_first() else {
        return;
    };
    let shared = shared();
    let (path, body) = match kind {
        b'j' => ("/token", assertion(rest, true)),
        b'J' => ("/token", assertion(rest, false)),
        b's' => ("/v1/token", rest.to_owned()),
        b'i' => (
            "/v1/projects/-/serviceAccounts/firebase-adminsdk@anypush-sim.iam.gserviceaccount.com:generateAccessToken",
            rest.to_owned(),
        ),
        _ => ("/token", rest.to_owned()),
    };
    let mut asked = asked(format!("POST {path}\nauthorization: Bearer {TOKEN}").as_bytes());
    asked.body = body;
    let told = shared.answer(&asked, &HashMap::new());
    is_well_told(&told);
    assert!(is_json(&told) && told.counted.is_nothing(), "{told:?}");
    let is_given = told.status == 200;
    let given = member(
        &told,
        if kind == b'i' {
            "/accessToken"
        } else {
            "/access_token"
        },
    );
    assert_eq!(given.is_string(), is_given, "{told:?}");
    if !is_given {
        let error = member(
            &told,
            if kind == b'i' {
                "/error/status"
            } else {
                "/error"
            },
        );
        assert!(error.is_string(), "{told:?}");
        return;
    }
    let scopes = match kind {
        b'j' => Some(claimed(rest)),
        b'J' => panic!("an assertion that nobody has signed"),
        b'i' => {
            let body: Value = serde_json::from_slice(&asked.body).expect("what is taken is JSON");
            let scopes = body["scope"].as_array().expect("it has scopes");
            let scopes = scopes.iter().filter_map(Value::as_str);
            Some(scopes.collect::<Vec<_>>().join(" "))
        }
        b's' => {
            assert_eq!(field(&asked.body, "subject_token"), SUBJECT);
            Some(field(&asked.body, "scope"))
        }
        _ => {
            let user = &shared.config.authorized_user;
            assert_eq!(field(&asked.body, "grant_type"), "refresh_token");
            assert_eq!(field(&asked.body, "client_id"), user.client_id);
            assert_eq!(field(&asked.body, "client_secret"), user.client_secret);
            assert_eq!(field(&asked.body, "refresh_token"), user.refresh_token);
            None
        }
    };
    let is_enough = |scope| {
        [
            "https://www.googleapis.com/auth/firebase.messaging",
            "https://www.googleapis.com/auth/cloud-platform",
        ]
        .contains(&scope)
    };
    let grant = match scopes {
        Some(scopes) if !scopes.split_whitespace().any(is_enough) => Grant::Other,
        _ => Grant::Messaging,
    };
    let given = given.as_str().unwrap_or_default().to_owned();
    assert_eq!(shared.tokens.look(&given), Verdict::Good(grant));
    assert_eq!(shared.revoke_token(&given), Some(true));
}

/// What was claimed is what has to be, and the scopes of it.
fn claimed(parts: &[u8]) -> String {
    let (_, claims) = halves(parts);
    let claims: Value = serde_json::from_slice(claims).expect("what is taken is JSON");
    assert_eq!(claims["iss"], ACCOUNT.client_email());
    let seconds = |name: &str| match &claims[name] {
        Value::String(text) => text.parse::<f64>().expect("a time is a number"),
        other => other.as_f64().expect("a time is a number"),
    };
    let lifetime = seconds("exp") - seconds("iat");
    // Parts of a second are cut off on either side.
    assert!(lifetime > 0.0 && lifetime < 3601.0, "{lifetime}");
    claims["scope"].as_str().unwrap_or_default().to_owned()
}

fn halves(parts: &[u8]) -> (&[u8], &[u8]) {
    let mut halves = parts.splitn(2, |octet| *octet == b'\n');
    let mut half = || halves.next().unwrap_or_default();
    (half(), half())
}

fn field(body: &[u8], name: &str) -> String {
    let pairs = form::pairs(body).into_iter();
    let mut values = pairs.filter(|(key, _)| key == name);
    values.next().map(|(_, value)| value).unwrap_or_default()
}

/// The form with an assertion of this header and these claims.
fn assertion(parts: &[u8], is_signed: bool) -> Vec<u8> {
    static PAIR: LazyLock<KeyPair> = LazyLock::new(|| {
        let lines = ACCOUNT.private_key_pem().lines();
        let text: String = lines.filter(|line| !line.starts_with('-')).collect();
        let key = STANDARD.decode(text).expect("the key is in Base64");
        KeyPair::from_pkcs8(&key).expect("the key is one")
    });
    let (header, claims) = halves(parts);
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let mut signature = vec![0; PAIR.public_modulus_len()];
    if is_signed {
        PAIR.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            signed.as_bytes(),
            &mut signature,
        )
        .expect("a key can sign");
    }
    let signature = URL_SAFE_NO_PAD.encode(signature);
    format!("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion={signed}.{signature}")
        .into_bytes()
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_promised_holds_for_every_kept_request() {
        crate::replay::replay("fcm", super::fcm);
    }

    #[test]
    fn what_is_promised_holds_for_every_kept_request_for_a_token() {
        crate::replay::replay("token", super::token);
    }
}
