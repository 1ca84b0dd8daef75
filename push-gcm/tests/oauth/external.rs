use std::sync::Arc;

use push_core::{ErrorKind, Verdict};
use push_gcm::v1::oauth::Credentials;
use serde_json::{Value, json};

use crate::service_account::key_file;
use crate::users::user_file;
use crate::{Fake, MINUTE, Reply, World, assert_no_secret};

const AUDIENCE: &str = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p";
const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";
const MESSAGING: &str = "https://www.googleapis.com/auth/firebase.messaging";
const IMPERSONATION: &str = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/\
                             push@p.iam.gserviceaccount.com:generateAccessToken";

fn config(source: Value) -> Value {
    json!({
        "type": "external_account",
        "audience": AUDIENCE,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": source,
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut config = config(json!({"file": "/token"}));
    config[name] = value;
    config
}

fn read(config: &Value) -> push_core::Result<Credentials> {
    Credentials::external_account(config.to_string())
}

#[test]
fn a_token_from_a_file_is_exchanged_and_read_anew_each_time() {
    let environment = Arc::new(Fake::default().file("/token", "s3cret-1\n"));
    let credentials = read(&config(json!({"file": "/token"}))).unwrap();
    let credentials = credentials.environment(environment.clone());
    let world = World::replying([Reply::token("t")]);
    assert_eq!(world.fetch(&credentials).unwrap(), "Bearer t");
    let seen = world.asked().remove(0);
    assert_eq!(seen.url, "https://sts.googleapis.com/v1/token");
    let form = seen.form();
    for (name, value) in [
        (
            "grant_type",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ),
        (
            "requested_token_type",
            "urn:ietf:params:oauth:token-type:access_token",
        ),
        ("audience", AUDIENCE),
        ("scope", MESSAGING),
        ("subject_token", "s3cret-1"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
    ] {
        assert_eq!(form[name], value);
    }
    assert_eq!(form.len(), 6);
    assert_eq!(seen.header("authorization"), "");
    environment.put("/token", "s3cret-2");
    world.fetch(&credentials).unwrap();
    assert_eq!(world.asked()[0].form()["subject_token"], "s3cret-2");
    assert_no_secret(&format!("{credentials:?}"));
}

#[test]
fn a_token_may_be_a_field_of_a_json_file() {
    let format = json!({"type": "json", "subject_token_field_name": "id_token"});
    let credentials = read(&config(json!({"file": "/token", "format": format}))).unwrap();
    for (text, found) in [
        (r#"{"id_token": "s3cret"}"#, true),
        (r#"{"id_token": ""}"#, false),
        (r#"{"token": "s3cret"}"#, false),
        ("s3cret", false),
    ] {
        let environment = Fake::default().file("/token", text);
        let credentials = credentials.clone().environment(Arc::new(environment));
        let world = World::replying([Reply::token("t")]);
        if found {
            world.fetch(&credentials).unwrap();
            assert_eq!(world.asked()[0].form()["subject_token"], "s3cret");
        } else {
            let error = world.failure(&credentials);
            assert_eq!(error.kind(), ErrorKind::Identity);
            assert!(error.report().contains("in the field \"id_token\""));
            assert!(world.asked().is_empty());
        }
    }
}

#[test]
fn a_file_that_is_not_there_or_empty_is_named() {
    let credentials = read(&config(json!({"file": "/token"}))).unwrap();
    for environment in [Fake::default(), Fake::default().file("/token", " \n")] {
        let world = World::replying([Reply::token("t")]);
        let credentials = credentials.clone().environment(Arc::new(environment));
        let error = world.failure(&credentials);
        assert_eq!(error.verdict(), Verdict::FixCredentials);
        assert!(error.report().contains("/token"), "{}", error.report());
    }
}

#[test]
fn a_token_from_a_url_comes_with_the_headers_of_the_file() {
    let source = json!({
        "url": "http://169.254.169.254/metadata/identity/oauth2/token?resource=x",
        "headers": {"Metadata": "True"},
        "format": {"type": "json", "subject_token_field_name": "access_token"},
    });
    let credentials = read(&config(source)).unwrap();
    let world = World::new(|seen| match seen.url.contains("169.254") {
        true => Reply::json(200, &json!({"access_token": "s3cret"})),
        false => Reply::token("t"),
    });
    world.fetch(&credentials).unwrap();
    let asked = world.asked();
    assert_eq!(
        (&*asked[0].method, asked[0].header("metadata")),
        ("GET", "True")
    );
    assert_eq!(
        asked[0].url,
        "http://169.254.169.254/metadata/identity/oauth2/token?resource=x"
    );
    assert_eq!(asked[1].form()["subject_token"], "s3cret");
    let world = World::replying([Reply::text(404, "")]);
    let error = world.failure(&credentials);
    assert_eq!(error.verdict(), Verdict::FixCredentials);
}

#[test]
fn another_accounts_token_is_asked_for_where_the_file_says_so() {
    let mut config = with("service_account_impersonation_url", IMPERSONATION.into());
    config["service_account_impersonation"] = json!({"token_lifetime_seconds": 1200});
    let environment = Arc::new(Fake::default().file("/token", "s3cret"));
    let credentials = read(&config).unwrap().environment(environment);
    let world = impersonating(20 * MINUTE);
    let bearer = credentials.bearer(&world.http);
    // Our clock is off: the lifetime is counted by the server's.
    world
        .sim
        .set_system_time(world.sim.system_time() - 300 * MINUTE);
    assert_eq!(world.token(&bearer).unwrap().header(), "Bearer acting");
    let asked = world.asked();
    assert_eq!(asked[0].form()["scope"], CLOUD_PLATFORM);
    assert_eq!(asked[1].url, IMPERSONATION);
    assert_eq!(asked[1].header("authorization"), "Bearer s3cret-sts");
    assert_eq!(
        asked[1].json(),
        json!({"delegates": [], "scope": [MESSAGING], "lifetime": "1200s"})
    );
    world.sim.advance(14 * MINUTE);
    world.token(&bearer).unwrap();
    assert!(world.asked().is_empty());
    world.sim.advance(MINUTE);
    world.token(&bearer).unwrap();
    world.sim.advance(MINUTE);
    assert_eq!(
        world.asked().len(),
        2,
        "renewed five minutes before its end"
    );
}

/// Gives one token for the exchange, and another for the account that is acted for.
fn impersonating(lifetime: std::time::Duration) -> World {
    let sim = backend_simulated::Simulation::new(1);
    let end = sim.system_time() + lifetime;
    drop(sim);
    World::new(
        move |seen| match seen.url.contains(":generateAccessToken") {
            true => {
                let since = end.duration_since(std::time::UNIX_EPOCH).unwrap();
                let end =
                    time::OffsetDateTime::from_unix_timestamp(since.as_secs() as i64).unwrap();
                let end = end.format(&time::format_description::well_known::Rfc3339);
                let body = json!({"accessToken": "acting", "expireTime": end.unwrap()});
                let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH + since - lifetime);
                Reply::json(200, &body).header("date", &date)
            }
            false => Reply::token("s3cret-sts"),
        },
    )
}

#[test]
fn who_may_not_act_for_the_account_is_told_which_role_is_missing() {
    let config = with("service_account_impersonation_url", IMPERSONATION.into());
    let environment = Arc::new(Fake::default().file("/token", "s3cret"));
    let credentials = read(&config).unwrap().environment(environment);
    let world = World::new(|seen| match seen.url.contains(":generateAccessToken") {
        true => Reply::json(
            403,
            &json!({"error": {"code": 403, "message": "denied", "status": "PERMISSION_DENIED"}}),
        ),
        false => Reply::token("s3cret-sts"),
    });
    let error = world.failure(&credentials);
    assert_eq!(error.verdict(), Verdict::FixCredentials);
    let report = error.report();
    assert!(
        report.contains("may not act for push@p.iam.gserviceaccount.com"),
        "{report}"
    );
    assert!(report.contains("Service Account Token Creator"), "{report}");
}

#[test]
fn each_refusal_of_the_exchange_says_what_to_do() {
    let environment = Arc::new(Fake::default().file("/token", "s3cret"));
    let credentials = read(&config(json!({"file": "/token"}))).unwrap();
    let credentials = credentials.environment(environment);
    for (error, words) in [
        ("invalid_grant", "has it expired"),
        ("invalid_target", "do the pool and its provider exist"),
        ("invalid_request", "do the pool and its provider exist"),
        ("unauthorized_client", "attribute condition"),
        ("invalid_scope", "no such scope"),
    ] {
        let world = World::new(move |seen| {
            Reply::refused(error, &format!("no: {}", seen.form()["subject_token"]))
        });
        let failed = world.failure(&credentials);
        assert_eq!(failed.verdict(), Verdict::FixCredentials);
        assert!(failed.report().contains(words), "{}", failed.report());
    }
}

#[test]
fn a_client_says_who_it_is_and_a_workforce_pool_who_pays() {
    let environment = Arc::new(Fake::default().file("/token", "s3cret"));
    let mut config = with("workforce_pool_user_project", "pays".into());
    let credentials = read(&config).unwrap().environment(environment.clone());
    let world = World::replying([Reply::token("t")]);
    world.fetch(&credentials).unwrap();
    assert_eq!(
        world.asked()[0].form()["options"],
        r#"{"userProject":"pays"}"#
    );
    config["client_id"] = "id".into();
    config["client_secret"] = "s3cret".into();
    let credentials = read(&config).unwrap().environment(environment);
    world.fetch(&credentials).unwrap();
    let seen = world.asked().remove(0);
    let repeats = World::new(|seen| {
        let text = format!("no: {} s3cret", seen.header("authorization"));
        Reply::refused("invalid_client", &text)
    });
    assert!(repeats.failure(&credentials).report().contains("no: … …"));
    // "id:s3cret"
    assert_eq!(seen.header("authorization"), "Basic aWQ6czNjcmV0");
    assert!(!seen.form().contains_key("options"));
}

#[test]
fn what_is_not_supported_or_dangerous_is_refused_by_name() {
    let source = |source: Value| config(source);
    for (config, words) in [
        (
            source(json!({"environment_id": "aws1", "url": "http://169.254.169.254/x"})),
            "of AWS",
        ),
        (
            source(json!({"executable": {"command": "/bin/s3cret"}})),
            "executable",
        ),
        (source(json!({"certificate": {}})), "client certificate"),
        (source(json!({})), "neither file nor url"),
        (
            source(json!({"file": "/t", "format": {"type": "xml"}})),
            "\"xml\"",
        ),
        (
            source(json!({"file": "/t", "format": {"type": "json"}})),
            "subject_token_field_name",
        ),
        (
            source(json!({"url": "http://evil.example/t"})),
            "credential_source.url",
        ),
        (
            source(json!({"url": "https://x.example", "headers": {"a b": "s3cret"}})),
            "\"a b\"",
        ),
        (
            source(json!({"url": "https://x.example", "headers": {"a": "s3cret\n"}})),
            "\"a\"",
        ),
        (
            with("token_url", "https://evil.example/v1/token".into()),
            "at googleapis.com",
        ),
        (
            with("token_url", "https://s3cret@sts.googleapis.com/t".into()),
            "token_url",
        ),
        (
            with(
                "service_account_impersonation_url",
                "https://evil.example/x".into(),
            ),
            "at googleapis.com",
        ),
        (with("audience", Value::Null), "lacks audience"),
        (
            with("credential_source", Value::Null),
            "lacks credential_source",
        ),
    ] {
        let error = read(&config).expect_err(words);
        assert!(error.to_string().contains(words), "{error} for {words}");
        assert!(matches!(
            error.kind(),
            ErrorKind::Identity | ErrorKind::Config
        ));
        assert_no_secret(&format!("{error:?} {}", error.report()));
    }
    let mut elsewhere = with("universe_domain", "evil.example".into());
    elsewhere.as_object_mut().unwrap().remove("token_url");
    assert!(read(&elsewhere).is_err());
}

#[test]
fn the_callers_urls_go_before_those_of_the_file() {
    let config = with("service_account_impersonation_url", IMPERSONATION.into());
    let environment = Arc::new(Fake::default().file("/token", "s3cret"));
    let credentials = read(&config).unwrap().environment(environment);
    let credentials = credentials
        .token_url("http://mock.test/sts")
        .and_then(|it| it.impersonation_url("http://mock.test/x:generateAccessToken"))
        .unwrap();
    let world = impersonating(MINUTE);
    world.fetch(&credentials).unwrap();
    let urls: Vec<_> = world.asked().into_iter().map(|seen| seen.url).collect();
    assert_eq!(
        urls,
        [
            "http://mock.test/sts",
            "http://mock.test/x:generateAccessToken"
        ]
    );
}

#[test]
fn an_impersonated_service_account_is_acted_for() {
    for (source, asks_for_scope) in [(user_file(), false), (key_file(), true)] {
        let file = json!({
            "type": "impersonated_service_account",
            "service_account_impersonation_url": IMPERSONATION,
            "delegates": ["projects/-/serviceAccounts/x"],
            "source_credentials": source,
        });
        let credentials = Credentials::from_json(file.to_string()).unwrap();
        let world = impersonating(60 * MINUTE);
        assert_eq!(world.fetch(&credentials).unwrap(), "Bearer acting");
        let asked = world.asked();
        if asks_for_scope {
            let (_, claims) = crate::service_account::assertion(&asked[0]);
            assert_eq!(claims["scope"], CLOUD_PLATFORM);
        }
        assert_eq!(
            asked[1].json()["delegates"],
            json!(["projects/-/serviceAccounts/x"])
        );
        assert_eq!(asked[1].json()["scope"], json!([MESSAGING]));
        let pays = if asks_for_scope { "" } else { "pays" };
        assert_eq!(asked[1].header("x-goog-user-project"), pays);
        assert_no_secret(&format!("{credentials:?}"));
    }
    let of_itself = json!({
        "type": "impersonated_service_account",
        "service_account_impersonation_url": IMPERSONATION,
        "source_credentials": {"type": "impersonated_service_account"},
    });
    let error = Credentials::from_json(of_itself.to_string()).unwrap_err();
    assert!(
        error.to_string().contains("such ones themselves"),
        "{error}"
    );
}
