//! Whatever is sent as an answer is read, within bounds, and removes no token by accident.
#![allow(clippy::unwrap_used)]

use std::time::UNIX_EPOCH;

use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;
use push_core::Verdict;
use push_gcm::v1::{Judgement, Rejection};
use serde_json::{Value, json};

fn read(status: u16, headers: &HeaderMap, body: &[u8]) -> Rejection {
    let status = StatusCode::from_u16(status).unwrap();
    Rejection::read(status, headers, body, UNIX_EPOCH)
}

/// Everything that can be asked of an answer.
fn ask(rejection: &Rejection) -> usize {
    let _ = (rejection.advice(), rejection.verdict());
    let _ = (rejection.is_suspect_token(), rejection.is_auth_refusal());
    for judgement in [Judgement::DeadToken, Judgement::LikelyWrongProject] {
        let _ = rejection.clone().judged(judgement).to_string();
    }
    let line = rejection.to_string();
    assert!(
        !line.contains(|character: char| character.is_control()),
        "{line:?}"
    );
    format!("{line}{rejection:?}").len()
}

#[test]
fn a_deep_or_huge_body_is_bounded() {
    let deep = "[{\"error\":".repeat(100_000);
    let many: Vec<Value> = (0..1000)
        .map(|number| json!({"field": format!("message.data[{number}]"), "description": "x y ".repeat(300)}))
        .collect();
    let fit: Vec<Value> = many.iter().take(30).cloned().collect();
    for body in [
        deep.into_bytes(),
        vec![b'{'; 1 << 20],
        "é ".repeat(1 << 20).into_bytes(),
        format!("<title>{}", "x ".repeat(1 << 20)).into_bytes(),
        body_of(&many),
        body_of(&fit),
    ] {
        let rejection = read(400, &HeaderMap::new(), &body);
        assert!(ask(&rejection) < 64 * 1024);
        assert!(rejection.violations.len() <= 16);
    }
    assert_eq!(
        read(400, &HeaderMap::new(), &body_of(&fit))
            .violations
            .len(),
        16
    );
}

fn body_of(violations: &[Value]) -> Vec<u8> {
    let detail = json!({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations});
    json!({"error": {"details": [detail]}})
        .to_string()
        .into_bytes()
}

/// JSON that looks like the service's, with anything anywhere.
fn pieces() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        prop::sample::select(vec![
            "NOT_FOUND",
            "UNAUTHENTICATED",
            "INVALID_ARGUMENT",
            "message.token",
            "410",
            "3.5s",
            "type.googleapis.com/google.firebase.fcm.v1.FcmError",
            "type.googleapis.com/google.rpc.BadRequest",
            "type.googleapis.com/google.rpc.QuotaFailure",
            "type.googleapis.com/google.rpc.RetryInfo",
            "type.googleapis.com/google.rpc.ErrorInfo",
        ])
        .prop_map(Value::from),
    ];
    let name = prop::sample::select(vec![
        "error",
        "code",
        "message",
        "status",
        "details",
        "@type",
        "errorCode",
        "error_code",
        "fieldViolations",
        "violations",
        "field",
        "description",
        "retryDelay",
        "reason",
        "x",
    ]);
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone().prop_map(String::from), inner, 0..5)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_panic_and_none_remove_a_token(
        status in 100..1000_u16,
        body in prop::collection::vec(any::<u8>(), 0..400),
        retry_after in prop::collection::vec(0x20..0x7f_u8, 0..40),
    ) {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", HeaderValue::from_bytes(&retry_after).unwrap());
        let rejection = read(status, &headers, &body);
        ask(&rejection);
        prop_assert_ne!(rejection.verdict(), Verdict::remove_token(None));
    }

    #[test]
    fn no_json_panics_and_without_the_word_that_says_so_none_removes_a_token(
        status in 100..1000_u16,
        error in pieces(),
        wrapped: bool,
    ) {
        let body = match wrapped {
            true => json!({"error": {"details": [error.clone()], "message": error}}),
            false => json!({"error": error}),
        };
        let rejection = read(status, &HeaderMap::new(), body.to_string().as_bytes());
        ask(&rejection);
        prop_assert_ne!(rejection.verdict(), Verdict::remove_token(None));
    }

    #[test]
    fn no_beginning_of_an_answer_panics_or_removes_a_token(cut in 0..212_usize) {
        let body = r#"{"error":{"code":404,"message":"Requested entity was not found.","status":"NOT_FOUND","details":[{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"UNREGISTERED"}]}}"#;
        let whole = read(404, &HeaderMap::new(), body.as_bytes());
        prop_assert_eq!(whole.verdict(), Verdict::remove_token(None));
        let cut = cut.min(body.len() - 1);
        let rejection = read(404, &HeaderMap::new(), &body.as_bytes()[..cut]);
        ask(&rejection);
        prop_assert_eq!(rejection.verdict(), Verdict::FixCredentials);
    }
}
