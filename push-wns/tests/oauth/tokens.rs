//! What is asked, and what is made of the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use push_core::bearer::AccessToken;
use push_core::{ErrorKind, Verdict};
use push_wns::Credentials;
use serde_json::{Value, json};

use crate::{APP_ID, HOUR, MINUTE, Reply, SECOND, SECRET, SID, TENANT, World, entra, package};

#[test]
fn each_kind_asks_its_own_server_for_its_own_scope() {
    let of_entra = format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token");
    for (credentials, url, client_id, scope) in [
        (
            package(),
            "https://login.live.com/accesstoken.srf",
            SID,
            "notify.windows.com",
        ),
        (
            Credentials::package(&SID[9..], SECRET).unwrap(),
            "https://login.live.com/accesstoken.srf",
            SID,
            "notify.windows.com",
        ),
        (
            entra(),
            of_entra.as_str(),
            APP_ID,
            "https://wns.windows.com/.default",
        ),
        (
            entra().scope("https://wns.windows.com/.default/"),
            of_entra.as_str(),
            APP_ID,
            "https://wns.windows.com/.default/",
        ),
        (
            entra()
                .token_url("http://127.0.0.1:8080/x/token?y=%2b")
                .unwrap(),
            "http://127.0.0.1:8080/x/token?y=%2b",
            APP_ID,
            "https://wns.windows.com/.default",
        ),
    ] {
        let world = World::replying([Reply::token("EgAc.token")]);
        assert_eq!(world.fetch(&credentials).unwrap(), "Bearer EgAc.token");
        let asked = world.asked();
        assert_eq!(asked.len(), 1);
        let seen = &asked[0];
        assert_eq!((seen.method.as_str(), seen.url.as_str()), ("POST", url));
        assert_eq!(seen.content_type, "application/x-www-form-urlencoded");
        let form = seen.form();
        let expected = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", SECRET),
            ("scope", scope),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(form, expected.into_iter().collect());
        // A body that any parser reads alike.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%=&".contains(&byte);
        let body = seen.body.replace("grant_type", "").replace("client_id", "");
        let body = body
            .replace("client_secret", "")
            .replace("client_credentials", "");
        assert!(body.bytes().all(is_plain), "{body}");
    }
}

#[test]
fn a_token_server_must_have_a_url() {
    for url in [
        "",
        "localhost",
        "/token",
        "ftp://a.example/",
        "https://u:s3cret@a.example/",
    ] {
        let error = package().token_url(url).expect_err(url);
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!error.report().contains("s3cret"), "{error}");
    }
}

/// For how long a token is used that came with this lifetime, by whole hours of steady use.
fn hours_in_use(credentials: &Credentials, fields: Value) -> u32 {
    let mut body = json!({"access_token": "first", "token_type": "bearer"});
    let more = fields.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    let world = World::replying([Reply::json(200, &body), Reply::token("next")]);
    let bearer = credentials.bearer(&world.http);
    let mut hours = 0;
    while world.token(&bearer).unwrap().header() == "Bearer first" && hours < 1000 {
        hours += 1;
        world.sim.advance(HOUR);
    }
    hours
}

#[test]
fn a_lifetime_is_read_in_every_form_and_taken_for_a_day_where_there_is_none() {
    for (fields, hours) in [
        (json!({"expires_in": 86400}), 24),
        (json!({"expires_in": "86399"}), 24),
        (json!({"expires_in": 7200}), 2),
        (json!({"expires_in": "7199", "ext_expires_in": "7199"}), 2),
        (json!({"expires_in": 10800.5}), 3),
        (json!({}), 24),
        (json!({"expires_in": null}), 24),
        (json!({"expires_in": "soon"}), 24),
        (json!({"expires_in": [7200]}), 24),
    ] {
        for credentials in [package(), entra()] {
            let in_use = hours_in_use(&credentials, fields.clone());
            assert_eq!(in_use, hours, "{fields}");
        }
    }
}

#[test]
fn a_token_is_renewed_in_the_background_before_its_day_ends() {
    let world = World::replying([Reply::token("first"), Reply::token("next")]);
    let bearer = package().bearer(&world.http);
    world.token(&bearer).unwrap();
    world.sim.advance(24 * HOUR - 4 * MINUTE);
    assert_eq!(world.token(&bearer).unwrap().header(), "Bearer first");
    world.sim.advance(SECOND);
    assert_eq!(world.asked().len(), 2);
    assert_eq!(world.token(&bearer).unwrap().header(), "Bearer next");
}

#[test]
fn clients_of_other_credentials_have_other_tokens() {
    let world = World::new(|seen| Reply::token(&seen.form()["client_id"].replace(':', "")));
    let (one, other) = (package().bearer(&world.http), entra().bearer(&world.http));
    for _ in 0..3 {
        let header = world.token(&one).unwrap().header();
        assert_eq!(header, format!("Bearer {}", SID.replace(':', "")).as_str());
        let header = world.token(&other).unwrap().header();
        assert_eq!(header, format!("Bearer {APP_ID}").as_str());
    }
    assert_eq!(world.asked().len(), 2, "each once");
}

#[test]
fn tokens_that_the_caller_brings_ask_nobody() {
    let world = World::replying([Reply::Fail(ErrorKind::Connect)]);
    let fixed = Credentials::access_token("EgAc.fixed").scope("x");
    assert_eq!(world.fetch(&fixed).unwrap(), "Bearer EgAc.fixed");
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let provided = Credentials::provider(move || {
        let call = counted.fetch_add(1, Ordering::SeqCst);
        async move { Ok(AccessToken::new(format!("t{call}"), Some(HOUR))) }
    });
    let bearer = provided.bearer(&world.http);
    assert_eq!(world.token(&bearer).unwrap().header(), "Bearer t0");
    world.sim.advance(2 * HOUR);
    assert_eq!(world.token(&bearer).unwrap().header(), "Bearer t1");
    assert!(world.asked().is_empty());

    let failing = Credentials::provider(|| async { Err("none today".into()) });
    let error = world.failure(&failing);
    assert!(
        matches!(error.verdict(), Verdict::RetryAfter(_)),
        "{error:?}"
    );
    assert!(error.report().contains("none today"), "{}", error.report());
    let error = world.failure(&Credentials::access_token("s3cret\r\nX-Evil: 1"));
    assert_eq!(error.verdict(), Verdict::FixCredentials);
}

#[test]
fn credentials_say_whose_they_are_and_nothing_secret() {
    for (credentials, described) in [
        (package(), format!("the package {SID}")),
        (
            entra(),
            format!("the application {APP_ID} of tenant {TENANT}"),
        ),
        (
            Credentials::access_token("s3cret"),
            "the access token that was given".to_owned(),
        ),
    ] {
        let world = World::replying([Reply::token("s3cret.token")]);
        let bearer = credentials.bearer(&world.http);
        let token = world.token(&bearer).unwrap();
        assert_eq!(credentials.describe(), described);
        assert_eq!(bearer.describe(), described);
        let url = credentials
            .clone()
            .token_url("https://a.example/?key=s3cret");
        let shown = format!("{credentials:?} {bearer:?} {token:?} {:?}", url.unwrap());
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
