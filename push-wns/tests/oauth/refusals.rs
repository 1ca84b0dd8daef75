//! Every error that token servers are known for, and what is said about it.

use push_core::{ErrorKind, Verdict};
use push_wns::Credentials;
use push_wns::oauth::{OAuthCode, OAuthError};
use serde_json::json;

use crate::{APP_ID, Reply, SECOND, SECRET, SID, TENANT, World, entra, package};

/// As Entra says it.
fn aadsts(status: u16, error: &str, code: u32, text: &str) -> Reply {
    let description = format!(
        "AADSTS{code}: {text}\r\nTrace ID: 5a3c\r\nCorrelation ID: 77d0\r\nTimestamp: 2026-01-01 00:00:00Z"
    );
    let body = json!({
        "error": error,
        "error_description": description,
        "error_codes": [code],
        "timestamp": "2026-01-01 00:00:00Z",
        "trace_id": "5a3c",
        "correlation_id": "77d0",
    });
    Reply::json(status, &body)
}

fn assert_refused(credentials: &Credentials, reply: &Reply, code: &OAuthCode, words: &[&str]) {
    let world = World::replying([reply.clone()]);
    let error = world.failure(credentials);
    assert_eq!(world.asked().len(), 1, "asked once: {reply:?}");
    assert_eq!(error.kind(), ErrorKind::Identity, "{error:?}");
    assert_eq!(error.verdict(), Verdict::FixCredentials);
    let report = error.report();
    let begin = format!("no access token for {}: login.", credentials.describe());
    assert!(report.starts_with(&begin), "{report}");
    for words in words {
        assert!(report.contains(words), "{words:?} is not in {report}");
    }
    assert!(!report.contains(char::is_control), "{report:?}");
    assert_eq!(&OAuthError::of(&error).unwrap().error, code);
}

#[test]
fn each_refusal_of_a_package_says_what_to_do() {
    for (reply, code, words) in [
        (
            Reply::refused(400, "invalid_client", "Invalid client id"),
            OAuthCode::InvalidClient,
            format!("there is no package {SID}, or its secret is another"),
        ),
        (
            Reply::refused(400, "invalid_scope", "no"),
            OAuthCode::InvalidScope,
            "there is no scope notify.windows.com".to_owned(),
        ),
        (
            Reply::refused(400, "unauthorized_client", "no"),
            OAuthCode::UnauthorizedClient,
            format!("the package {SID} may not send"),
        ),
        (
            Reply::refused(400, "invalid_request", "no"),
            OAuthCode::InvalidRequest,
            "are the credentials whole".to_owned(),
        ),
        (
            Reply::refused(400, "unsupported_grant_type", "no"),
            OAuthCode::UnsupportedGrantType,
            "is the token URL right?".to_owned(),
        ),
        (
            Reply::refused(400, "a_new_error", "of tomorrow"),
            OAuthCode::Other("a_new_error".to_owned()),
            "the credentials are not accepted".to_owned(),
        ),
        (
            Reply::text(401, "Unauthorized"),
            OAuthCode::Untold,
            "the credentials are not accepted".to_owned(),
        ),
        (
            Reply::text(403, "<html>no"),
            OAuthCode::Untold,
            "an HTML page".to_owned(),
        ),
    ] {
        assert_refused(&package(), &reply, &code, &[&words]);
    }
}

#[test]
fn each_refusal_of_an_application_says_what_to_do() {
    let no_app = format!("there is no application {APP_ID} in the tenant {TENANT}");
    let no_tenant = format!("there is no tenant {TENANT}");
    let of_one = format!("the application {APP_ID} is registered for one tenant only");
    let disabled = format!("the application {APP_ID} is disabled");
    for (status, error, aad, words) in [
        (401, "invalid_client", 7_000_222, "the secret has expired"),
        (401, "invalid_client", 7_000_215, "its value is expected"),
        (401, "invalid_client", 7_000_112, &*disabled),
        (400, "unauthorized_client", 700_016, &*no_app),
        (400, "unauthorized_client", 50_194, &*of_one),
        (400, "invalid_request", 90_002, &*no_tenant),
        (400, "invalid_request", 900_023, &*no_tenant),
        (401, "invalid_client", 1, "its secret is another"),
        (
            400,
            "invalid_scope",
            1_002_012,
            "there is no scope https://wns.windows.com/.default",
        ),
        (
            400,
            "unauthorized_client",
            2,
            "is it registered for several tenants?",
        ),
    ] {
        let reply = aadsts(status, error, aad, "As it is told.");
        let code = match error {
            "invalid_client" => OAuthCode::InvalidClient,
            "unauthorized_client" => OAuthCode::UnauthorizedClient,
            "invalid_request" => OAuthCode::InvalidRequest,
            _ => OAuthCode::InvalidScope,
        };
        let number = format!("AADSTS{aad}");
        assert_refused(&entra(), &reply, &code, &[words, &number]);
    }
    let reply = Reply::refused(400, "invalid_scope", "AADSTS70011");
    let words = "expected https://wns.windows.com/.default";
    let odd = entra().scope("odd");
    assert_refused(&odd, &reply, &OAuthCode::InvalidScope, &[words]);
    // A number that is none.
    for text in ["AADSTS", "AADSTSx", "AADSTS99999999999999"] {
        let reply = Reply::refused(401, "invalid_client", text);
        assert_refused(&entra(), &reply, &OAuthCode::InvalidClient, &[]);
    }
}

#[test]
fn an_answer_that_is_no_token_is_a_fault_of_the_url() {
    for (reply, words) in [
        (Reply::text(200, ""), "answered with nothing"),
        (
            Reply::text(200, "<!doctype html>s3cret"),
            "answered with an HTML page",
        ),
        (
            Reply::text(200, "\"s3cret\""),
            "answered with something else",
        ),
        (
            Reply::json(200, &json!({"id_token": "s3cret"})),
            "no access token",
        ),
        (
            Reply::json(200, &json!({"access_token": "", "expires_in": 1})),
            "no access token",
        ),
        (
            Reply::json(200, &json!({"access_token": ["s3cret"]})),
            "no access token",
        ),
        (
            Reply::json(200, &json!({"access_token": "s3cret", "token_type": "mac"})),
            "of type \"mac\"",
        ),
        (
            Reply::text(404, "<html>Not Found"),
            "is this the right URL?",
        ),
        (Reply::text(405, ""), "is this the right URL?"),
    ] {
        for credentials in [package(), entra()] {
            let world = World::replying([reply.clone()]);
            let error = world.failure(&credentials);
            assert_eq!(world.asked().len(), 1, "asked once: {reply:?}");
            assert_eq!(error.kind(), ErrorKind::Config);
            assert_eq!(error.verdict(), Verdict::FixCredentials);
            assert!(error.report().contains(words), "{}", error.report());
        }
    }
}

#[test]
fn a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let away = Reply::text(status, "").header("location", "https://evil.example/s3cret");
        let world = World::replying([away, Reply::token("stolen")]);
        let error = world.failure(&entra());
        assert_eq!(error.verdict(), Verdict::FixCredentials);
        assert!(
            error.report().contains("leads elsewhere"),
            "{}",
            error.report()
        );
        let asked = world.asked();
        assert_eq!(asked.len(), 1);
        assert!(
            asked[0]
                .url
                .starts_with("https://login.microsoftonline.com/")
        );
    }
}

#[test]
fn what_may_pass_is_asked_again_and_told_as_such() {
    for reply in [
        Reply::text(429, ""),
        Reply::text(500, "<html>oops"),
        Reply::text(502, ""),
        Reply::text(503, ""),
        Reply::refused(400, "temporarily_unavailable", "AADSTS90033"),
        Reply::Fail(ErrorKind::Connect),
        Reply::Fail(ErrorKind::Lost),
    ] {
        let world = World::replying([reply.clone(), Reply::token("t")]);
        assert_eq!(world.fetch(&package()).unwrap(), "Bearer t", "{reply:?}");
        let world = World::replying([reply.clone()]);
        let error = world.failure(&entra());
        assert_eq!(world.asked().len(), 3, "{reply:?}");
        assert!(
            matches!(error.verdict(), Verdict::RetryAfter(_)),
            "{error:?}"
        );
    }
    let late = Reply::text(429, "").header("retry-after", "120");
    let error = World::replying([late]).failure(&entra());
    assert_eq!(error.verdict(), Verdict::RetryAfter(120 * SECOND));
}

#[test]
fn a_server_that_repeats_what_it_got_makes_no_secret_public() {
    for credentials in [package(), entra()] {
        let world = World::new(|seen| {
            let secret = &seen.form()["client_secret"];
            assert_eq!(secret, SECRET);
            let body = &seen.body;
            Reply::refused(400, "invalid_client", &format!("no: {secret}! {body}"))
        });
        let report = world.failure(&credentials).report();
        assert!(report.contains("no: …!"), "{report}");
        let world = World::new(|seen| Reply::text(400, &seen.body));
        world.failure(&credentials);
        let world = World::new(|seen| Reply::refused(400, &seen.form()["client_secret"], ""));
        world.failure(&credentials);
    }
}
