//! The answers of FCM, each with what is to be done about it.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue, StatusCode};
use push_core::Verdict;
use push_gcm::v1::{Advice, Judgement, Reason, Receipt, Rejection, Status};
use serde_json::{Value, json};

const FCM_ERROR: &str = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
const APNS_ERROR: &str = "type.googleapis.com/google.firebase.fcm.v1.ApnsError";
const BAD_REQUEST: &str = "type.googleapis.com/google.rpc.BadRequest";

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_792_567_680)
}

fn read(status: u16, body: &str) -> Rejection {
    let status = StatusCode::from_u16(status).unwrap();
    Rejection::read(status, &HeaderMap::new(), body.as_bytes(), now())
}

fn read_after(status: u16, retry_after: &'static str, body: &str) -> Rejection {
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", HeaderValue::from_static(retry_after));
    let status = StatusCode::from_u16(status).unwrap();
    Rejection::read(status, &headers, body.as_bytes(), now())
}

/// An answer of the service as it writes them.
fn answer(code: u16, status: &str, message: &str, details: &Value) -> Rejection {
    let error = json!({"code": code, "message": message, "status": status, "details": details});
    let body = serde_json::to_string_pretty(&json!({ "error": error })).unwrap();
    read(code, &body)
}

fn fcm(code: &str) -> Value {
    json!({"@type": FCM_ERROR, "errorCode": code})
}

fn apns(status: u16, reason: &str) -> Value {
    json!({"@type": APNS_ERROR, "statusCode": status, "reason": reason})
}

fn bad_request(field: &str, description: &str) -> Value {
    let violation = json!({"field": field, "description": description});
    json!({"@type": BAD_REQUEST, "fieldViolations": [violation]})
}

fn retry(seconds: u64) -> Verdict {
    Verdict::RetryAfter(Duration::from_secs(seconds))
}

fn remove() -> Verdict {
    Verdict::remove_token(None)
}

const NOT_FOUND: &str = "Requested entity was not found.";
const INVALID: &str = "Request contains an invalid argument.";
const NO_ACCESS: &str = "Request had invalid authentication credentials. Expected OAuth 2 access \
    token, login cookie or other valid authentication credential. See \
    https://developers.google.com/identity/sign-in/web/devconsole-project.";
const BAD_GATEWAY: &str = "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  \
    <title>Error 502 (Server Error)!!1</title>\n  <style>\n    *{margin:0;padding:0}</style>\n  \
    <p><b>502.</b> <ins>That\u{2019}s an error.</ins>";

/// Answers, the verdict on them, whether the token is suspect, whether the access token was
/// refused, and what the text for people says.
type Row = (&'static str, Rejection, Verdict, bool, bool, &'static str);

#[rustfmt::skip]
fn fcm_codes() -> Vec<Row> {
    vec![
        ("a token that is gone",
            answer(404, "NOT_FOUND", NOT_FOUND, &json!([fcm("UNREGISTERED")])),
            remove(), false, false, "404 UNREGISTERED: Requested entity was not found: the app is gone"),
        ("a token of another project",
            answer(403, "PERMISSION_DENIED", "SenderId mismatch", &json!([fcm("SENDER_ID_MISMATCH")])),
            Verdict::FixCredentials, false, false, "another project"),
        ("too many messages",
            answer(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Send requests'", &json!([fcm("QUOTA_EXCEEDED")])),
            retry(60), false, false, "send it later"),
        ("an overloaded service",
            answer(503, "UNAVAILABLE", "The service is currently unavailable.", &json!([fcm("UNAVAILABLE")])),
            retry(10), false, false, "busy or fails"),
        ("a failing service",
            answer(500, "INTERNAL", "Internal error encountered.", &json!([fcm("INTERNAL")])),
            retry(10), false, false, "busy or fails"),
        ("a missing key of the project, with Google's misleading text",
            answer(401, "UNAUTHENTICATED",
                "Request is missing required authentication credential. Expected OAuth 2 access token",
                &json!([fcm("THIRD_PARTY_AUTH_ERROR")])),
            Verdict::FixCredentials, false, false, "401 THIRD_PARTY_AUTH_ERROR: the project's key"),
        ("the old name of it",
            answer(401, "UNAUTHENTICATED", "Auth error from APNS or Web Push Service", &json!([fcm("APNS_AUTH_ERROR")])),
            Verdict::FixCredentials, false, false, "Firebase console"),
        ("a malformed token, as documented",
            answer(400, "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token",
                &json!([fcm("INVALID_ARGUMENT")])),
            Verdict::FixMessage, true, false, "malformed or dead"),
        ("a malformed token, as recorded in 2019",
            answer(400, "INVALID_ARGUMENT", INVALID,
                &json!([fcm("INVALID_ARGUMENT"), bad_request("message.token", "Invalid registration token")])),
            Verdict::FixMessage, true, false, "message.token"),
        ("a malformed installation id",
            answer(400, "INVALID_ARGUMENT", INVALID,
                &json!([bad_request("message.fid", "Invalid FID"), fcm("INVALID_ARGUMENT")])),
            Verdict::FixMessage, true, false, "message.fid"),
        ("a number among the data, as documented",
            answer(400, "INVALID_ARGUMENT", "Invalid value at 'message.data[0].value' (TYPE_STRING), 12",
                &json!([bad_request("message.data[0].value", "Invalid value at 'message.data[0].value' (TYPE_STRING), 12")])),
            Verdict::FixMessage, false, false, "message.data[0].value"),
        ("no target",
            answer(400, "INVALID_ARGUMENT", "Recipient of the message is not set.",
                &json!([bad_request("message", "Recipient of the message is not set."), fcm("INVALID_ARGUMENT")])),
            Verdict::FixMessage, false, false, "fix this field"),
        ("a bad time to live beside a bad token",
            answer(400, "INVALID_ARGUMENT", INVALID, &json!([fcm("INVALID_ARGUMENT"),
                bad_request("message.token", "x"), bad_request("message.android.ttl", "y")])),
            Verdict::FixMessage, false, false, "fix this field"),
        ("a message that is too large, told by FCM",
            answer(400, "INVALID_ARGUMENT", "Android message is too big", &json!([fcm("INVALID_ARGUMENT")])),
            Verdict::FixMessage, false, false, "too large: shorten it"),
        ("a message that is too large, told without a word of FCM",
            answer(400, "INVALID_ARGUMENT", INVALID, &json!([])),
            Verdict::FixMessage, false, false, "fix the message"),
        ("no information",
            answer(503, "UNAVAILABLE", "", &json!([fcm("UNSPECIFIED_ERROR")])),
            retry(10), false, false, "busy or fails"),
        ("a code that is not known, at a status that is",
            answer(400, "INVALID_ARGUMENT", "x", &json!([fcm("TO_BE_INVENTED")])),
            Verdict::FixMessage, false, false, "400 TO_BE_INVENTED: x: fix the message"),
        ("a code that is not known, with 401",
            answer(401, "UNAUTHENTICATED", "x", &json!([fcm("TO_BE_INVENTED")])),
            Verdict::FixCredentials, false, false, ""),
        ("a code that is not known, with 404",
            answer(404, "NOT_FOUND", "x", &json!([fcm("TO_BE_INVENTED")])),
            Verdict::FixCredentials, false, false, "no token is at fault"),
    ]
}

#[rustfmt::skip]
fn apple() -> Vec<Row> {
    vec![
        ("gone, as Apple says too",
            answer(404, "NOT_FOUND", NOT_FOUND, &json!([fcm("UNREGISTERED"), apns(410, "Unregistered")])),
            remove(), false, false, "APNs 410 Unregistered"),
        ("gone, although the code says malformed",
            answer(400, "INVALID_ARGUMENT", "APNs device token is disabled.",
                &json!([fcm("INVALID_ARGUMENT"), apns(410, "Unregistered")])),
            remove(), false, false, "the app is gone"),
        ("a bad token of Apple's",
            answer(400, "INVALID_ARGUMENT", INVALID, &json!([apns(400, "BadDeviceToken"), fcm("INVALID_ARGUMENT")])),
            remove(), false, false, "APNs 400 BadDeviceToken"),
        ("a token of another app",
            answer(400, "INVALID_ARGUMENT", INVALID, &json!([apns(400, "DeviceTokenNotForTopic")])),
            remove(), false, false, ""),
        ("a wrong key, told as a bad argument",
            answer(400, "INVALID_ARGUMENT", INVALID, &json!([fcm("INVALID_ARGUMENT"), apns(403, "InvalidProviderToken")])),
            Verdict::FixCredentials, false, false, "the project's key"),
        ("a key of the other environment",
            answer(401, "UNAUTHENTICATED", "x", &json!([apns(403, "BadEnvironmentKeyInToken")])),
            Verdict::FixCredentials, false, false, "neither the access token"),
        ("an old key",
            answer(401, "UNAUTHENTICATED", "Auth error from APNS or Web Push Service",
                &json!([fcm("THIRD_PARTY_AUTH_ERROR"), apns(403, "ExpiredProviderToken")])),
            Verdict::FixCredentials, false, false, "403 ExpiredProviderToken"),
        ("a wrong topic",
            answer(400, "INVALID_ARGUMENT", INVALID, &json!([fcm("INVALID_ARGUMENT"), apns(400, "BadTopic")])),
            Verdict::FixCredentials, false, false, ""),
        ("a payload that is too large",
            answer(400, "INVALID_ARGUMENT", INVALID, &json!([fcm("INVALID_ARGUMENT"), apns(413, "PayloadTooLarge")])),
            Verdict::FixMessage, false, false, "too large"),
        ("a bad priority",
            answer(400, "INVALID_ARGUMENT", INVALID, &json!([fcm("INVALID_ARGUMENT"), apns(400, "BadPriority")])),
            Verdict::FixMessage, false, false, "APNs refused"),
        ("a bad push type",
            answer(400, "INVALID_ARGUMENT", INVALID, &json!([apns(400, "InvalidPushType")])),
            Verdict::FixMessage, false, false, ""),
        ("a reason that is not known",
            answer(400, "INVALID_ARGUMENT", INVALID, &json!([fcm("INVALID_ARGUMENT"), apns(400, "ToBeInvented")])),
            Verdict::FixMessage, false, false, "ToBeInvented"),
        ("too many for one device",
            answer(429, "RESOURCE_EXHAUSTED", "x", &json!([apns(429, "TooManyRequests")])),
            retry(60), false, false, ""),
        ("FCM's own word goes before Apple's",
            answer(503, "UNAVAILABLE", "x", &json!([fcm("UNAVAILABLE"), apns(410, "Unregistered")])),
            retry(10), false, false, ""),
    ]
}

#[rustfmt::skip]
fn without_codes() -> Vec<Row> {
    vec![
        ("our access token", answer(401, "UNAUTHENTICATED", NO_ACCESS, &json!([{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_EXPIRED",
                "domain": "googleapis.com", "metadata": {"service": "fcm.googleapis.com"}}])),
            Verdict::FixCredentials, false, true, "401 UNAUTHENTICATED (ACCESS_TOKEN_EXPIRED)"),
        ("our access token, without a body", read(401, ""), Verdict::FixCredentials, false, true, "clock"),
        ("our access token, as a page", read(401, "<HTML><HEAD><TITLE>Unauthorized</TITLE></HEAD>"),
            Verdict::FixCredentials, false, true, "401: Unauthorized: "),
        ("a missing permission", answer(403, "PERMISSION_DENIED",
                "Permission 'cloudmessaging.messages.create' denied on resource \
                 '//cloudresourcemanager.googleapis.com/projects/p' (or it may not exist).",
                &json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "IAM_PERMISSION_DENIED"}])),
            Verdict::FixCredentials, false, false, "may not send"),
        ("an API that is not enabled", answer(403, "PERMISSION_DENIED",
                "Firebase Cloud Messaging API has not been used in project 1234 before or it is disabled.",
                &json!([{"@type": "type.googleapis.com/google.rpc.Help", "links": [{"url": "https://x"}]},
                    {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}])),
            Verdict::FixCredentials, false, false, "SERVICE_DISABLED"),
        ("a bare 403", read(403, ""), Verdict::FixCredentials, false, false, ""),
        ("a bare 404", read(404, "<title>Error 404 (Not Found)!!1</title>"),
            Verdict::FixCredentials, false, false, "no token is at fault"),
        ("a 404 of the service without a code", answer(404, "NOT_FOUND", NOT_FOUND, &json!([])),
            Verdict::FixCredentials, false, false, "project id"),
        ("a bare 400", read(400, ""), Verdict::FixMessage, false, false, "fix the message"),
        ("a bare 413", read(413, ""), Verdict::FixMessage, false, false, "too large"),
        ("a bare 405", read(405, ""), Verdict::FixCredentials, false, false, "check the endpoint"),
        ("a bare 410", read(410, ""), Verdict::FixCredentials, false, false, "check the endpoint"),
        ("a bare 429", read(429, ""), retry(60), false, false, ""),
        ("a bare 408", read(408, ""), retry(10), false, false, ""),
        ("a bare 500", read(500, ""), retry(10), false, false, ""),
        ("a page with 502", read(502, BAD_GATEWAY), retry(10), false, false, "502: Error 502 (Server Error)!!1: "),
        ("a bare 503", read(503, "upstream connect error"), retry(10), false, false, "upstream connect error"),
        ("a bare 504", read(504, ""), retry(10), false, false, ""),
        ("a method that is not there", answer(501, "UNIMPLEMENTED", "x", &json!([])), retry(10), false, false, ""),
        ("a class that is not known", answer(503, "TO_BE_INVENTED", "x", &json!([])), retry(10), false, false, "TO_BE_INVENTED"),
        ("no class", read(429, r#"{"error":{"code":429,"message":"slow down"}}"#), retry(60), false, false, "slow down"),
        ("the class goes before the HTTP status", answer(500, "RESOURCE_EXHAUSTED", "x", &json!([])), retry(60), false, false, ""),
        ("the form of the older interfaces", read(401, r#"{"error":"invalid_token"}"#),
            Verdict::FixCredentials, false, true, "invalid_token"),
        ("the error in a list", read(404, r#"[{"error":{"status":"NOT_FOUND","details":[
                {"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"UNREGISTERED"}]}}]"#),
            remove(), false, false, ""),
        ("underscores instead of camel case", read(404, r#"{"error":{"details":[
                {"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","error_code":"UNREGISTERED"}]}}"#),
            remove(), false, false, ""),
        ("an answer cut off", read(404, r#"{"error":{"code":404,"status":"NOT_FOUND","details":[{"@type":"type.goo"#),
            Verdict::FixCredentials, false, false, ""),
        ("a redirect", read(302, ""), Verdict::FixCredentials, false, false, "check the endpoint"),
        ("a success that is none", read(200, "<html>"), Verdict::FixCredentials, false, false, "check the endpoint"),
    ]
}

#[test]
fn every_answer_has_its_verdict() {
    for (name, rejection, verdict, suspect, auth, text) in
        [fcm_codes(), apple(), without_codes()].concat()
    {
        assert_eq!(rejection.verdict(), verdict, "{name}: {rejection}");
        assert_eq!(rejection.is_suspect_token(), suspect, "{name}: {rejection}");
        assert_eq!(rejection.is_auth_refusal(), auth, "{name}: {rejection}");
        let gone = verdict == remove();
        assert_eq!(rejection.is_gone(), gone, "{name}: {rejection}");
        let line = rejection.to_string();
        assert!(line.contains(text), "{name}: {line}");
        assert!(
            !line.contains('\n') && !line.contains("missing required"),
            "{name}: {line}"
        );
    }
}

#[test]
fn what_is_in_the_answer_is_kept() {
    let rejection = answer(
        429,
        "RESOURCE_EXHAUSTED",
        "Quota\n   exceeded",
        &json!([
            {"@type": "type.googleapis.com/to.be.Invented", "errorCode": "UNREGISTERED"},
            7,
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [
                {"subject": "project:1234", "description": "Send requests per minute"}, {}, "x"]},
            fcm("QUOTA_EXCEEDED"),
            {"@type": BAD_REQUEST, "field_violations": [{"field": "message.topic"}]},
            {"@type": APNS_ERROR, "status_code": "429", "reason": "TooManyRequests"},
        ]),
    );
    assert_eq!(rejection.status, 429);
    assert_eq!(rejection.reason, Some(Reason::QuotaExceeded));
    assert_eq!(rejection.rpc_status, Some(Status::ResourceExhausted));
    assert_eq!(rejection.detail.as_deref(), Some("Quota exceeded"));
    assert_eq!(rejection.quota.len(), 1);
    assert_eq!(rejection.quota[0].subject, "project:1234");
    assert_eq!(rejection.quota[0].description, "Send requests per minute");
    assert_eq!(rejection.violations[0].field, "message.topic");
    let apns = rejection.apns.unwrap();
    assert_eq!(
        (apns.status, apns.reason.as_str()),
        (Some(429), "TooManyRequests")
    );
    let unknown = answer(400, "X", "", &json!([fcm("TO_BE_INVENTED")]));
    assert_eq!(unknown.reason, Some(Reason::Other("TO_BE_INVENTED".into())));
    assert_eq!(unknown.rpc_status, Some(Status::Other("X".into())));
}

#[test]
fn the_wait_is_the_services_own_where_it_names_one() {
    let delay = r#"{"error":{"status":"UNAVAILABLE","details":[
        {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"3.5s"}]}}"#;
    let wait = |rejection: Rejection| match rejection.verdict() {
        Verdict::RetryAfter(wait) => wait.as_secs_f64(),
        other => panic!("{other:?}"),
    };
    assert_eq!(wait(read_after(503, "120", "")), 120.0);
    assert_eq!(wait(read_after(429, "0", "")), 0.0);
    assert_eq!(
        wait(read_after(503, "Wed, 21 Oct 2026 07:28:30 GMT", "")),
        30.0
    );
    assert_eq!(
        wait(read_after(503, "Wed, 21 Oct 2015 07:28:00 GMT", "")),
        0.0
    );
    assert_eq!(
        wait(read_after(503, "7", delay)),
        7.0,
        "the header goes first"
    );
    assert_eq!(wait(read(503, delay)), 3.5);
    for unreadable in ["soon", "-1", ""] {
        assert_eq!(wait(read_after(503, unreadable, "")), 10.0);
        assert_eq!(wait(read_after(503, unreadable, delay)), 3.5);
    }
    let malformed = delay.replace("3.5s", "in a while");
    assert_eq!(wait(read(503, &malformed)), 10.0);
}

#[test]
fn with_the_token_of_a_live_activity_apples_word_removes_none() {
    let gone = || {
        answer(
            400,
            "INVALID_ARGUMENT",
            "x",
            &json!([fcm("INVALID_ARGUMENT"), apns(410, "Unregistered")]),
        )
        .with_live_activity_token(true)
    };
    assert_eq!(gone().verdict(), Verdict::FixMessage);
    assert!(!gone().is_gone() && !gone().is_suspect_token());
    assert!(gone().to_string().contains("Live Activity's token"));
    assert_eq!(
        gone().judged(Judgement::DeadToken).verdict(),
        Verdict::FixMessage
    );
    let both = [fcm("UNREGISTERED"), apns(410, "Unregistered")];
    let both = answer(404, "NOT_FOUND", "x", &json!(both)).with_live_activity_token(true);
    assert_eq!(both.verdict(), Verdict::FixMessage);
    let own = answer(404, "NOT_FOUND", "x", &json!([fcm("UNREGISTERED")]));
    let own = own.with_live_activity_token(true);
    assert_eq!(own.verdict(), remove(), "FCM speaks of its own token");
}

#[test]
fn a_judgement_decides_on_suspect_tokens_and_doubts_that_all_are_gone() {
    let invalid = |text| {
        let details = json!([fcm("INVALID_ARGUMENT")]);
        answer(400, "INVALID_ARGUMENT", text, &details)
    };
    let suspect = invalid("The registration token is not a valid FCM registration token");
    let gone = answer(404, "NOT_FOUND", "x", &json!([fcm("UNREGISTERED")]));
    let judged = |rejection: &Rejection, judgement| {
        let rejection = rejection.clone().judged(judgement);
        (rejection.advice(), rejection.to_string())
    };
    let (advice, text) = judged(&suspect, Judgement::DeadToken);
    assert_eq!(advice, Advice::RemoveToken);
    assert!(
        text.contains("taken for others, so the token is dead"),
        "{text}"
    );
    let (advice, text) = judged(&gone, Judgement::LikelyWrongProject);
    assert_eq!(advice, Advice::FixCredentials);
    assert!(
        text.contains("likely they belong to another project"),
        "{text}"
    );
    assert_eq!(
        judged(&suspect, Judgement::LikelyWrongProject).0,
        Advice::FixMessage
    );
    assert_eq!(judged(&gone, Judgement::DeadToken).0, Advice::RemoveToken);
    // All devices of one platform can get it for a payload that the others take.
    assert!(!invalid(INVALID).is_suspect_token());
    assert_eq!(
        judged(&invalid(INVALID), Judgement::DeadToken).0,
        Advice::FixMessage
    );
    // Nothing else is a matter of judgement.
    for (name, rejection, verdict, suspect, _, _) in
        [fcm_codes(), apple(), without_codes()].concat()
    {
        for judgement in [Judgement::DeadToken, Judgement::LikelyWrongProject] {
            if !suspect && !rejection.is_gone() {
                assert_eq!(
                    rejection.clone().judged(judgement).verdict(),
                    verdict,
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn no_token_or_key_gets_into_the_text() {
    let token = "bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1".repeat(4);
    let secret = "ya29.c.c0ASRK0GYs3cr3t";
    let message = format!("Token {token} with Bearer {secret}\nis bad");
    let body = json!({"error": {"code": 400, "message": message, "status": token, "details": [
        {"@type": BAD_REQUEST, "fieldViolations": [{"field": token, "description": message}]},
        {"@type": APNS_ERROR, "reason": token},
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"subject": token, "description": secret}]},
        fcm(&token),
    ]}});
    for body in [
        body.to_string(),
        message.clone(),
        format!("<title>{message}</title>"),
    ] {
        let rejection = read(400, &body);
        let shown = format!("{rejection} {rejection:?}");
        assert!(
            !shown.contains("s3cr3t") && !shown.contains(&token),
            "{shown}"
        );
        let parts = [&rejection.detail, &rejection.info];
        assert!(
            parts
                .into_iter()
                .flatten()
                .all(|text| !text.contains(&token[..20]))
        );
    }
}

#[test]
fn only_a_200_with_a_name_is_a_receipt() {
    let name = "projects/p/messages/0:1";
    let body = json!({ "name": name }).to_string();
    let read = |status, body: &str| {
        let status = StatusCode::from_u16(status).unwrap();
        Receipt::read(status, body.as_bytes(), 2)
    };
    let receipt = read(200, &body).unwrap();
    assert_eq!((receipt.name.as_str(), receipt.attempts), (name, 2));
    assert_eq!(receipt.message_id(), "0:1");
    for (status, body) in [
        (200, ""),
        (200, "{}"),
        (200, &body[..9]),
        (201, &body),
        (404, &body),
    ] {
        assert_eq!(read(status, body), None, "{status} {body}");
    }
}
