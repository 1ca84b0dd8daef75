//! Every error that token endpoints are known for, and what is said about it.

use push_core::{ErrorKind, Verdict};
use push_gcm::v1::oauth::{OAuthCode, OAuthError};
use serde_json::json;

use crate::service_account::credentials;
use crate::{Reply, World};

#[test]
fn each_refusal_says_what_to_do() {
    let key = "the key key-1 is none of push@my-project.iam.gserviceaccount.com's: it was deleted or \
               disabled";
    for (reply, code, words) in [
        (
            Reply::refused("invalid_grant", "Invalid JWT Signature."),
            OAuthCode::InvalidGrant,
            key,
        ),
        (
            Reply::refused("invalid_grant", "Invalid JWT: Failed audience check."),
            OAuthCode::InvalidGrant,
            "is the token URL right?",
        ),
        (
            Reply::refused("invalid_grant", "Invalid grant: account not found"),
            OAuthCode::InvalidGrant,
            "there is no account push@my-project",
        ),
        (
            Reply::refused("invalid_grant", "something new"),
            OAuthCode::InvalidGrant,
            "the key key-1 of push@my-project.iam.gserviceaccount.com is not accepted",
        ),
        (
            Reply::refused(
                "invalid_scope",
                "Invalid OAuth scope or ID token audience provided.",
            ),
            OAuthCode::InvalidScope,
            "https://www.googleapis.com/auth/firebase.messaging",
        ),
        (
            Reply::refused("invalid_request", "Bad Request"),
            OAuthCode::InvalidRequest,
            "are the credentials whole",
        ),
        (
            Reply::refused("unauthorized_client", "Unauthorized"),
            OAuthCode::UnauthorizedClient,
            "may not ask for this scope",
        ),
        (
            Reply::refused("invalid_client", "no"),
            OAuthCode::InvalidClient,
            "the client is not known",
        ),
        (
            Reply::refused("access_denied", "no"),
            OAuthCode::AccessDenied,
            "ask who administers the project",
        ),
        (
            Reply::refused("admin_policy_enforced", "no"),
            OAuthCode::AdminPolicyEnforced,
            "the organisation forbids it",
        ),
        (
            Reply::refused("unsupported_grant_type", "no"),
            OAuthCode::UnsupportedGrantType,
            "is the token URL right?",
        ),
        (
            Reply::refused("a_new_error", "of tomorrow"),
            OAuthCode::Other("a_new_error".to_owned()),
            "the credentials are not accepted",
        ),
        (
            Reply::text(401, "Unauthorized"),
            OAuthCode::Untold,
            "the credentials are not accepted",
        ),
    ] {
        let world = World::replying([reply.clone()]);
        let error = world.failure(&credentials());
        assert_eq!(world.asked().len(), 1, "asked once: {reply:?}");
        assert_eq!(error.kind(), ErrorKind::Identity);
        assert_eq!(error.verdict(), Verdict::FixCredentials);
        let report = error.report();
        let begin = "no access token for the service account push@my-project.iam.gserviceaccount.com: \
                     oauth2.googleapis.com refuses: ";
        assert!(report.starts_with(begin), "{report}");
        assert!(report.contains(words), "{report}");
        assert_eq!(OAuthError::of(&error).unwrap().error, code);
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
            "but the fields [id_token]",
        ),
        (
            Reply::json(200, &json!({"access_token": ""})),
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
        (
            Reply::text(302, "").header("location", "https://x.example"),
            "leads elsewhere",
        ),
    ] {
        let world = World::replying([reply.clone()]);
        let error = world.failure(&credentials());
        assert_eq!(world.asked().len(), 1, "asked once: {reply:?}");
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.verdict(), Verdict::FixCredentials);
        assert!(error.report().contains(words), "{}", error.report());
    }
}

#[test]
fn a_token_that_no_header_can_carry_is_refused_and_not_shown() {
    let world = World::replying([Reply::json(200, &json!({"access_token": "s3cret\r\nx: y"}))]);
    assert_eq!(world.failure(&credentials()).kind(), ErrorKind::Identity);
}

#[test]
fn a_server_that_repeats_what_it_got_makes_no_secret_public() {
    let world = World::new(|seen| {
        let assertion = &seen.form()["assertion"];
        Reply::refused("invalid_grant", &format!("no good: {assertion}!"))
    });
    let report = world.failure(&credentials()).report();
    assert!(report.contains("no good: …!"), "{report}");
}

#[test]
fn a_lifetime_is_read_in_every_form() {
    for (expires_in, is_kept) in [
        (json!(3599), false),
        (json!("3599"), false),
        (json!(null), true),
        (json!("soon"), true),
    ] {
        let body = json!({"access_token": "t", "expires_in": expires_in, "token_type": "bearer"});
        let world = World::replying([Reply::json(200, &body), Reply::token("next")]);
        let bearer = credentials().bearer(&world.http);
        world.token(&bearer).unwrap();
        world.sim.advance(60 * crate::MINUTE);
        let kept = world.token(&bearer).unwrap().header() == "Bearer t";
        assert_eq!(kept, is_kept, "{expires_in}");
    }
}
