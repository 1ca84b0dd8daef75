//! Answers that no push service means well: endpoints come from users, and proxies stand in between.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;
use push_core::Verdict;
use push_web::{PushService, Reason, Receipt, Rejection};

fn read(service: PushService, status: u16, headers: &HeaderMap, body: &[u8]) -> Rejection {
    let status = StatusCode::from_u16(status).unwrap();
    Rejection::read(service, status, headers, body, SystemTime::UNIX_EPOCH)
}

fn detail(service: PushService, body: &str) -> String {
    let rejection = read(service, 400, &HeaderMap::new(), body.as_bytes());
    rejection.detail.unwrap_or_default()
}

/// What no service may make us show.
const SECRETS: &[&str] = &[
    "dHIoDxE7Hdg:APA91bH1Zj0kNaJYlXyYFcV8jJ7dHIoDxE7Hdg",
    "gAAAAABn-2sKq9xJzvY1bV0V5PqFzHh3-4Y3mQ",
    "QPzFcYx4KpQmR2Vw",
    "BQYAAACzQ8oQ%2bZr8w%3d%3d",
    "0b1d6e2f9a8c4d7e8f9a0b1c2d3e4f5a",
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2gifQ.i3CYb7t4xfxCDquptFOepC9GAu",
];

#[test]
fn no_endpoint_and_no_token_is_shown_however_it_is_quoted() {
    for secret in SECRETS {
        for text in [
            format!("no such endpoint: https://push.example.net/wpush/v2/{secret}"),
            format!("no such endpoint \"https://push.example.net/w/?token={secret}\"."),
            format!(
                "see <https://push.example.net/{secret}> or (http://a.example:8080/{secret}/x)"
            ),
            format!("https://user:{secret}@push.example.net/"),
            format!("https://{secret}@push.example.net/"),
            format!("Cannot POST /push/{secret}"),
            format!("Cannot POST '/push/{secret}'"),
            format!("path=/push/{secret}"),
            format!("unknown token {secret}"),
            format!("unknown token '{secret}',{secret}"),
            format!("t={secret}"),
            (*secret).to_owned(),
        ] {
            for service in PushService::ALL {
                for body in [
                    text.clone(),
                    serde_json::json!({"errno": 102, "message": text}).to_string(),
                    serde_json::json!({"reason": text}).to_string(),
                    serde_json::json!({"error": {"message": text, "status": text}}).to_string(),
                    format!("<html><head><title>{text}</title>"),
                    // Cut off.
                    format!("{{\"message\":\"{text}"),
                ] {
                    let rejection = read(*service, 400, &HeaderMap::new(), body.as_bytes());
                    let shown = format!("{rejection:?} {rejection}");
                    assert!(!shown.contains(secret), "{shown}");
                    // Nor a good part of it.
                    let part = secret.get(..12).unwrap();
                    assert!(!shown.contains(part), "{shown}");
                }
                let mut headers = HeaderMap::new();
                let value = HeaderValue::from_str(&text).unwrap();
                headers.insert("x-wns-error-description", value);
                let rejection = read(*service, 400, &headers, b"");
                let shown = format!("{rejection:?} {rejection}");
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }
}

#[test]
fn what_helps_is_still_shown() {
    for text in [
        "Ttl value conflicts with X-WNS-Cache-Policy.",
        "the aud claim in the JWT token MUST include the origin: https://fcm.googleapis.com",
        "Content-Encoding aes128gcm is not application/octet-stream",
        "expected 4096 bytes, got 5000/6000",
    ] {
        assert_eq!(detail(PushService::Other, text), text);
    }
    assert_eq!(
        detail(
            PushService::Other,
            "see https://push.example.net:8443/docs/errors."
        ),
        "see https://push.example.net:8443/…"
    );
}

#[test]
fn a_detail_is_one_short_line_whatever_the_body_is() {
    let megabyte = "Lorem ipsum\r\n\u{1b}[31m dolor ".repeat(40_000);
    for body in [
        megabyte.clone(),
        format!("<html><title>{megabyte}</title>"),
        serde_json::json!({"errno": 109, "message": megabyte}).to_string(),
        serde_json::json!({"message": &megabyte[..60_000]}).to_string(),
        "é".repeat(100_000),
        "{".repeat(100_000),
        "[".repeat(60_000),
        format!("{{\"a\":{}", "[".repeat(60_000)),
        "\u{0}\u{1}\u{2}".repeat(1000),
    ] {
        for service in PushService::ALL {
            let rejection = read(*service, 403, &HeaderMap::new(), body.as_bytes());
            assert_eq!(rejection.verdict(), Verdict::FixCredentials);
            let detail = rejection.detail.clone().unwrap_or_default();
            assert!(detail.len() <= 512, "{}", detail.len());
            assert!(!detail.contains(char::is_control), "{detail}");
            assert!(!rejection.to_string().contains(char::is_control));
        }
    }
}

#[test]
fn the_words_of_another_service_do_not_count_at_a_known_host() {
    let autopush =
        r#"{"code":400,"errno":109,"error":"Bad Request","message":"VAPID public key mismatch"}"#;
    let apple = r#"{"reason":"VapidPkHashMismatch"}"#;
    let fcm = "UnauthorizedRegistration";
    for (body, own) in [
        (autopush, PushService::Mozilla),
        (apple, PushService::Apple),
        (fcm, PushService::Fcm),
    ] {
        for service in PushService::ALL {
            let rejection = read(*service, 400, &HeaderMap::new(), body.as_bytes());
            let counts = *service == own || *service == PushService::Other;
            let expected = match counts {
                true => Verdict::FixCredentials,
                false => Verdict::FixMessage,
            };
            assert_eq!(rejection.verdict(), expected, "{rejection:?}");
            assert_eq!(rejection.code.is_some(), counts, "{rejection:?}");
            assert_eq!(rejection.reason == Reason::BadRequest, !counts);
        }
    }
}

#[test]
fn no_word_removes_a_subscription_or_makes_wait_where_the_status_says_otherwise() {
    for word in [
        r#"{"errno":103}"#,
        r#"{"errno":102}"#,
        r#"{"errno":201}"#,
        r#"{"reason":"Unregistered"}"#,
        r#"{"reason":"TooManyRequests"}"#,
        "NotRegistered",
    ] {
        for (status, verdict) in [
            (400, Verdict::FixMessage),
            (401, Verdict::FixCredentials),
            (403, Verdict::FixCredentials),
            (302, Verdict::FixMessage),
            (418, Verdict::FixMessage),
            (500, Verdict::RetryAfter(Duration::from_secs(10))),
        ] {
            let rejection = read(
                PushService::Other,
                status,
                &HeaderMap::new(),
                word.as_bytes(),
            );
            assert_eq!(rejection.verdict(), verdict, "{rejection:?}");
        }
    }
}

#[test]
fn retry_after_is_read_in_both_forms_and_nonsense_counts_for_nothing() {
    let wait = |value: &[u8]| {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", HeaderValue::from_bytes(value).unwrap());
        let date = HeaderValue::from_static("Wed, 21 Oct 2026 07:28:00 GMT");
        headers.insert("date", date);
        let rejection = read(PushService::Mozilla, 503, &headers, b"");
        (rejection.retry_after, rejection.verdict())
    };
    for (value, seconds) in [
        (&b"120"[..], 120),
        (b" 7 ", 7),
        (b"0", 0),
        (b"Wed, 21 Oct 2026 07:30:00 GMT", 120),
        (b"Wed, 21 Oct 2015 07:28:00 GMT", 0),
        // No longer than a week.
        (b"31536000", 7 * 24 * 60 * 60),
        (b"Wed, 21 Oct 2099 07:28:00 GMT", 7 * 24 * 60 * 60),
        (b"99999999999999999999999", 7 * 24 * 60 * 60),
    ] {
        let seconds = Duration::from_secs(seconds);
        assert_eq!(
            wait(value),
            (Some(seconds), Verdict::RetryAfter(seconds)),
            "{value:?}"
        );
    }
    for nonsense in [&b""[..], b"-1", b"soon", b"1.5", b"\xff\xfe", b"1, 2"] {
        let ten = Verdict::RetryAfter(Duration::from_secs(10));
        assert_eq!(wait(nonsense), (None, ten), "{nonsense:?}");
    }
}

fn service() -> impl Strategy<Value = PushService> {
    prop::sample::select(PushService::ALL)
}

proptest! {
    #[test]
    fn every_answer_is_read(
        service in service(),
        status in 100..1000_u16,
        names in prop::collection::vec(
            prop::sample::select(&[
                "location", "link", "ttl", "retry-after", "date", "apns-id", "x-wns-status",
                "x-wns-notificationstatus", "x-wns-error-description", "x-wns-msg-id",
            ][..]),
            0..6,
        ),
        value in "[ -~\\t\u{80}-\u{ff}]{0,40}",
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "[{}\\[\\]\":,a-z0-9<>/ ]{0,80}".prop_map(String::into_bytes),
            "\\{\"(errno|reason|message|error|code)\":(1?[0-9]{3}|\"\\PC{0,60}\"|null|\\{\\})\\}"
                .prop_map(String::into_bytes),
        ],
    ) {
        let mut headers = HeaderMap::new();
        for name in names {
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                headers.append(name, value);
            }
        }
        let rejection = read(service, status, &headers, &body);
        let shown = rejection.to_string();
        prop_assert!(!shown.contains(char::is_control), "{}", shown);
        if let Some(detail) = &rejection.detail {
            prop_assert!(!detail.is_empty() && detail.len() <= 512);
        }
        prop_assert_ne!(rejection.verdict(), Verdict::Accepted);
        let status = StatusCode::from_u16(status).unwrap();
        if let Some(receipt) = Receipt::read(service, status, &headers, 1) {
            prop_assert!(status.is_success());
            let shown = format!("{receipt:?}");
            prop_assert!(shown.len() < 1000, "{}", shown);
        }
        // Only these two say that a subscription is gone.
        if let Verdict::RemoveToken { .. } = rejection.verdict() {
            prop_assert!([404, 410].contains(&status.as_u16()), "{:?}", rejection);
        }
    }
}
