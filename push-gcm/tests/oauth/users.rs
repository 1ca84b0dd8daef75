use std::time::Duration;

use push_core::{Error, ErrorKind, Verdict};
use push_gcm::v1::oauth::{AccessToken, Credentials};
use serde_json::{Value, json};

use crate::{MINUTE, Reply, World, assert_no_secret};

pub(crate) fn user_file() -> Value {
    json!({
        "type": "authorized_user",
        "client_id": "id.apps.googleusercontent.com",
        "client_secret": "s3cret-of-client",
        "refresh_token": "1//s3cret",
        "quota_project_id": "pays",
    })
}

#[test]
fn a_refresh_token_is_exchanged() {
    let credentials = Credentials::authorized_user(user_file().to_string()).unwrap();
    let world = World::replying([Reply::token("t")]);
    assert_eq!(world.fetch(&credentials).unwrap(), "Bearer t");
    let seen = world.asked().remove(0);
    assert_eq!(seen.url, "https://oauth2.googleapis.com/token");
    let form = seen.form();
    assert_eq!(form["grant_type"], "refresh_token");
    assert_eq!(form["client_id"], "id.apps.googleusercontent.com");
    assert_eq!(form["client_secret"], "s3cret-of-client");
    assert_eq!(form["refresh_token"], "1//s3cret");
    assert_eq!(form.len(), 4, "and no scope: it has what was agreed to");
    assert_eq!(credentials.quota_project(), Some("pays"));
    assert_no_secret(&format!("{credentials:?}"));
}

#[test]
fn a_revoked_refresh_token_says_how_to_get_another() {
    let credentials = Credentials::from_json(user_file().to_string()).unwrap();
    let world = World::new(|seen| {
        let token = &seen.form()["refresh_token"];
        let text = format!("Token has been expired or revoked: {token} s3cret-of-client");
        Reply::refused("invalid_grant", &text)
    });
    let error = world.failure(&credentials);
    assert_eq!(error.verdict(), Verdict::FixCredentials);
    let report = error.report();
    assert!(
        report.contains("run `gcloud auth application-default login`"),
        "{report}"
    );
}

#[test]
fn a_file_that_lacks_fields_names_them_all() {
    let error = Credentials::authorized_user(r#"{"type":"authorized_user","client_id":"x"}"#);
    let text = error.unwrap_err().to_string();
    assert!(
        text.ends_with("lacks client_secret and refresh_token"),
        "{text}"
    );
}

#[test]
fn a_function_is_a_provider() {
    let world = World::replying([Reply::Hang]);
    let credentials = Credentials::provider(|| async {
        Ok(AccessToken::new("mine", Some(Duration::from_secs(600))))
    });
    assert_eq!(world.fetch(&credentials).unwrap(), "Bearer mine");
    assert!(world.asked().is_empty());
}

#[test]
fn a_providers_failure_passes_unless_it_says_else() {
    let world = World::replying([Reply::Hang]);
    let failing = Credentials::provider(|| async { Err("no network".into()) });
    let error = world.failure(&failing);
    assert!(matches!(error.verdict(), Verdict::RetryAfter(_)));
    assert!(
        error
            .report()
            .ends_with("the token provider has failed: no network")
    );

    let refused = Credentials::provider(|| async {
        Err(Error::new(ErrorKind::Identity, "no such account").into())
    });
    assert_eq!(world.failure(&refused).verdict(), Verdict::FixCredentials);
}

#[test]
fn a_provider_that_hangs_is_left() {
    let world = World::replying([Reply::Hang]);
    let hanging = Credentials::provider(std::future::pending);
    let error = world.failure(&hanging);
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(world.sim.elapsed() < 2 * MINUTE);
}

#[test]
fn a_fixed_token_is_used_as_it_is() {
    let world = World::replying([Reply::Hang]);
    let credentials = Credentials::access_token("s3cret");
    assert_eq!(world.fetch(&credentials).unwrap(), "Bearer s3cret");
    assert_no_secret(&format!("{credentials:?}"));
    let error = world.failure(&Credentials::access_token("s3cret\n"));
    assert_eq!(error.kind(), ErrorKind::Identity);
}
