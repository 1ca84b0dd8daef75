use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use push_core::sign::Rs256Key;
use push_core::{ErrorKind, Verdict};
use push_gcm::v1::oauth::{Credentials, OAuthCode, OAuthError};
use serde_json::{Value, json};

use crate::{Fake, KEY, MINUTE, Reply, SECOND, Seen, World, assert_no_secret};

pub(crate) fn key_file() -> Value {
    json!({
        "type": "service_account",
        "project_id": "my-project",
        "private_key_id": "key-1",
        "private_key": KEY,
        "client_email": "push@my-project.iam.gserviceaccount.com",
        "client_id": "1234",
        "token_uri": "https://oauth2.googleapis.com/token",
        "universe_domain": "googleapis.com",
    })
}

pub(crate) fn credentials() -> Credentials {
    Credentials::service_account(key_file().to_string()).unwrap()
}

/// Header and claims of the assertion, whose signature is right.
pub(crate) fn assertion(seen: &Seen) -> (Value, Value) {
    let form = seen.form();
    assert_eq!(
        form["grant_type"],
        "urn:ietf:params:oauth:grant-type:jwt-bearer"
    );
    let (signed, signature) = form["assertion"].rsplit_once('.').unwrap();
    let expected = Rs256Key::from_pem(KEY).unwrap().sign(signed.as_bytes());
    assert_eq!(
        URL_SAFE_NO_PAD.decode(signature).unwrap(),
        expected.unwrap()
    );
    let read = |part: &str| {
        let json = URL_SAFE_NO_PAD.decode(part).unwrap();
        serde_json::from_slice(&json).unwrap()
    };
    let (header, claims) = signed.split_once('.').unwrap();
    (read(header), read(claims))
}

/// A token server that judges the times of the assertion by its own clock.
fn strict() -> World {
    World::new(|seen| {
        let now = seen.time.duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        let (_, claims) = assertion(seen);
        let (iat, exp) = (
            claims["iat"].as_i64().unwrap(),
            claims["exp"].as_i64().unwrap(),
        );
        match (iat - now).abs() <= 300 && exp - iat <= 3600 {
            true => Reply::token("t"),
            false => out_of_time(),
        }
    })
}

pub(crate) fn out_of_time() -> Reply {
    Reply::refused(
        "invalid_grant",
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable \
         timeframe. Check your iat and exp values in the JWT claim.",
    )
}

#[test]
fn an_assertion_is_exchanged_for_a_token() {
    let world = World::replying([Reply::token("ya29.x")]);
    assert_eq!(world.fetch(&credentials()).unwrap(), "Bearer ya29.x");
    let asked = world.asked();
    let [seen] = &asked[..] else {
        panic!("{asked:?}");
    };
    assert_eq!(
        (&*seen.method, &*seen.url),
        ("POST", "https://oauth2.googleapis.com/token")
    );
    let (header, claims) = assertion(seen);
    assert_eq!(
        header,
        json!({"alg": "RS256", "typ": "JWT", "kid": "key-1"})
    );
    let now = world.sim.system_time().duration_since(UNIX_EPOCH).unwrap();
    let issued = now.as_secs() - 10;
    assert_eq!(
        claims,
        json!({
            "iss": "push@my-project.iam.gserviceaccount.com",
            "scope": "https://www.googleapis.com/auth/firebase.messaging",
            "aud": "https://oauth2.googleapis.com/token",
            "iat": issued,
            "exp": issued + 3600,
        })
    );
}

#[test]
fn another_token_url_leaves_the_audience_as_it_is() {
    let mut file = key_file();
    file["token_uri"] = "http://127.0.0.1:8080/token".into();
    let of_file = Credentials::service_account(file.to_string()).unwrap();
    let of_caller = credentials().token_url("http://mock.test/oauth").unwrap();
    for (credentials, url) in [
        (of_file, "http://127.0.0.1:8080/token"),
        (of_caller, "http://mock.test/oauth"),
    ] {
        let world = World::replying([Reply::token("t")]);
        world.fetch(&credentials).unwrap();
        let seen = world.asked().remove(0);
        assert_eq!(seen.url, url);
        assert_eq!(
            assertion(&seen).1["aud"],
            "https://oauth2.googleapis.com/token"
        );
    }
}

#[test]
fn the_scope_is_the_callers_choice_and_a_key_without_id_names_none() {
    let mut file = key_file();
    file.as_object_mut().unwrap().remove("private_key_id");
    let credentials = Credentials::service_account(file.to_string()).unwrap();
    let credentials = credentials.scope("https://www.googleapis.com/auth/cloud-platform");
    let world = World::replying([Reply::token("t")]);
    world.fetch(&credentials).unwrap();
    let (header, claims) = assertion(&world.asked()[0]);
    assert_eq!(header, json!({"alg": "RS256", "typ": "JWT"}));
    assert_eq!(
        claims["scope"],
        "https://www.googleapis.com/auth/cloud-platform"
    );
}

#[test]
fn a_token_is_renewed_five_minutes_before_its_end() {
    let world = World::replying([Reply::token("a"), Reply::token("b")]);
    let bearer = credentials().bearer(&world.http);
    world.token(&bearer).unwrap();
    world.sim.advance(54 * MINUTE);
    world.token(&bearer).unwrap();
    assert_eq!(world.asked().len(), 1);
    world.sim.advance(MINUTE);
    assert_eq!(world.token(&bearer).unwrap().header(), "Bearer a");
    world.sim.advance(SECOND);
    assert_eq!(world.token(&bearer).unwrap().header(), "Bearer b");
    assert_eq!(world.asked().len(), 1);
}

#[test]
fn a_clock_that_is_right_or_nearly_is_trusted() {
    for ahead in [Duration::ZERO, 4 * MINUTE] {
        let world = strict();
        world.server.set_clock(Some(ahead));
        world.fetch(&credentials()).unwrap();
        assert_eq!(world.asked().len(), 1);
    }
}

#[test]
fn a_clock_that_is_off_is_found_out_and_the_servers_followed() {
    for ahead in [10 * MINUTE, 48 * 60 * MINUTE] {
        let world = strict();
        world.server.set_clock(Some(ahead));
        let credentials = credentials();
        world.fetch(&credentials).unwrap();
        assert_eq!(world.asked().len(), 2);
        // It is remembered.
        world.fetch(&credentials).unwrap();
        assert_eq!(world.asked().len(), 1);
        // And the clock may be set right later: what was followed goes ahead then.
        world.server.set_clock(Some(Duration::ZERO));
        world.fetch(&credentials).unwrap();
        assert_eq!(world.asked().len(), 2);
    }
}

#[test]
fn an_error_of_times_that_stays_says_how_far_the_clock_is_off() {
    let world = World::replying([out_of_time()]);
    world.server.set_clock(Some(10 * MINUTE));
    let error = world.failure(&credentials());
    assert_eq!(world.asked().len(), 2, "once more, and not for ever");
    assert_eq!(error.verdict(), Verdict::FixCredentials);
    let report = error.report();
    assert!(
        report.contains("this machine's clock is 10 minutes behind the server's: set it"),
        "{report}"
    );
    assert_eq!(
        OAuthError::of(&error).unwrap().error,
        OAuthCode::InvalidGrant
    );
}

#[test]
fn an_error_of_times_without_a_date_or_with_a_right_clock_is_told_as_it_is() {
    for (clock, words) in [
        (None, "is this machine's clock right?"),
        (Some(Duration::ZERO), "agrees with the server's `Date`"),
    ] {
        let world = World::replying([out_of_time()]);
        world.server.set_clock(clock);
        let report = world.failure(&credentials()).report();
        assert!(report.contains(words), "{report}");
        assert_eq!(world.asked().len(), 1);
    }
}

#[test]
fn key_files_that_can_t_be_used_say_why() {
    let without = |names: &[&str]| {
        let mut file = key_file();
        for name in names {
            file.as_object_mut().unwrap().remove(*name);
        }
        file.to_string()
    };
    let with = |name: &str, value: Value| {
        let mut file = key_file();
        file[name] = value;
        file.to_string()
    };
    for (json, words) in [
        (String::new(), "no JSON (line 1"),
        ("-----BEGIN s3cret".to_owned(), "no JSON"),
        ("[\"s3cret\"]".to_owned(), "no object"),
        (without(&["client_email"]), "lacks client_email"),
        (
            without(&["client_email", "private_key"]),
            "lacks client_email and private_key",
        ),
        (with("private_key", "".into()), "lacks private_key"),
        (with("private_key", "s3cret".into()), "no signing key found"),
        (with("client_email", 7.into()), "field of another kind"),
        (
            with("token_uri", "http://evil.example/token".into()),
            "expected https",
        ),
        (with("token_uri", "s3cret".into()), "token_uri is no URL"),
        (
            with("type", "authorized_user".into()),
            "expected \"service_account\"",
        ),
        (
            with("type", "gdch_service_account".into()),
            "can't be used: expected",
        ),
        (without(&["type"]), "have no \"type\""),
        (
            json!({"project_info": {}}).to_string(),
            "google-services.json",
        ),
        (json!({"installed": {}}).to_string(), "OAuth client"),
    ] {
        let error = Credentials::service_account(&json).expect_err(words);
        assert!(matches!(
            error.kind(),
            ErrorKind::Identity | ErrorKind::Config
        ));
        assert!(error.to_string().contains(words), "{error} for {words}");
        assert_no_secret(&format!("{error:?} {}", error.report()));
    }
}

#[test]
fn a_key_with_literal_line_ends_and_a_byte_order_mark_are_taken() {
    let mut file = key_file();
    file["private_key"] = KEY.replace('\n', "\\n").into();
    let json = format!("\u{feff}{file}");
    Credentials::service_account(json).unwrap();
}

#[test]
fn the_projects_are_those_of_the_file_unless_the_environment_says_else() {
    let mut file = key_file();
    file["quota_project_id"] = "pays".into();
    let credentials = Credentials::service_account(file.to_string()).unwrap();
    let credentials = credentials.environment(std::sync::Arc::new(Fake::variables([
        ("GOOGLE_CLOUD_PROJECT", "other"),
        ("GOOGLE_CLOUD_QUOTA_PROJECT", "pays-more"),
    ])));
    assert_eq!(credentials.project_id(), Some("my-project"));
    assert_eq!(credentials.quota_project(), Some("pays"));
    let credentials = credentials.environment(std::sync::Arc::new(Fake::default()));
    assert_eq!(credentials.quota_project(), Some("pays"));
    file.as_object_mut().unwrap().remove("project_id");
    let credentials = Credentials::service_account(file.to_string()).unwrap();
    let credentials = credentials.environment(std::sync::Arc::new(Fake::default()));
    let world = World::replying([Reply::Hang]);
    let error = world.project(&credentials).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.to_string().contains("set GOOGLE_CLOUD_PROJECT"),
        "{error}"
    );
    assert!(world.asked().is_empty());
}

#[test]
fn debug_shows_whose_they_are_and_no_secret() {
    let credentials = credentials();
    let world = World::replying([Reply::token("s3cret")]);
    let bearer = credentials.bearer(&world.http);
    let token = world.token(&bearer).unwrap();
    let shown = format!("{credentials:?} {bearer:?} {token:?}");
    assert!(shown.contains("push@my-project"), "{shown}");
    assert_no_secret(&shown);
}
