//! Answers as proxies and broken servers give them, and what they may make us show.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use proptest::prelude::*;
use push_core::Verdict;
use push_wns::{Receipt, Rejection};

const NAMES: [&str; 9] = [
    "x-wns-error-description",
    "x-wns-status",
    "x-wns-notificationstatus",
    "x-wns-deviceconnectionstatus",
    "x-wns-msg-id",
    "x-wns-debug-trace",
    "ms-cv",
    "retry-after",
    "date",
];

fn read(status: u16, phrase: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Rejection {
    let status = StatusCode::from_u16(status).unwrap();
    Rejection::read(status, phrase, headers, body, SystemTime::UNIX_EPOCH)
}

/// All that can be seen of an answer, taken or not.
fn shown(status: u16, phrase: Option<&str>, headers: &HeaderMap, body: &[u8]) -> String {
    let rejection = read(status, phrase, headers, body);
    let code = StatusCode::from_u16(status).unwrap();
    let receipt = Receipt::read(code, headers, 1);
    format!("{rejection} {rejection:?} {receipt:?}")
}

/// What no answer may make us show: channel tokens, as they stand in URIs, and access tokens of both kinds.
const SECRETS: [&str; 5] = [
    "AwYAAAD8sfbDrL9h7mN%2bmwlkSkQZCIfv4QKeu1hYRipj2zNvXaMi9ZAax%2f6CDfysyHp61STCO1pCFPt%2b9L4Jod72J",
    "BQYAAACzQ8oQk1Zr8wN0b5V0PqFzHh3Y3mQaBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abcdef",
    "EgAcAQMAAAAALYAAY/c+Huwi3Fv4Ck10UrKNmtxRO6Njk2MgA=",
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsIng1dCI6IkN0VHVoTUptRDVNN0RMZHpEMnYyeDNRS1NSWSJ9",
    "0b1d6e2f9a8c4d7e8f9a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d1e",
];

#[test]
fn no_token_and_no_channel_is_shown_however_it_is_quoted() {
    for secret in SECRETS {
        let part = secret.get(..12).unwrap();
        for text in [
            format!("no such channel: https://db5p.notify.windows.com/?token={secret}"),
            format!("no such channel \"https://db5p.notify.windows.com/w/?token={secret}\"."),
            format!("https://user:{secret}@db5p.notify.windows.com/"),
            format!("https://{secret}@db5p.notify.windows.com/"),
            format!("/?token={secret}"),
            format!("Authorization: Bearer {secret}"),
            format!("Bearer '{secret}',{secret}"),
            format!("<title>{secret}</title>"),
            format!("t={secret}"),
            format!("a;{secret};b"),
            secret.to_owned(),
        ] {
            for status in [200, 201, 400, 401, 403, 410, 500] {
                let value = HeaderValue::from_str(&text).unwrap();
                for name in NAMES {
                    let mut headers = HeaderMap::new();
                    headers.insert(HeaderName::from_static(name), value.clone());
                    let shown = shown(status, None, &headers, b"");
                    assert!(!shown.contains(part), "{name}: {shown}");
                }
                let shown = shown(status, Some(&text), &HeaderMap::new(), text.as_bytes());
                assert!(!shown.contains(part), "{shown}");
            }
        }
    }
}

#[test]
fn what_helps_is_still_shown() {
    for text in [
        "The TTL value is not a number: X-WNS-TTL",
        "App is throttled. Wait for the seconds of the value in Retry-After header",
        "The content type text/xml conflicts with wns/raw",
        "Request targets an app that is not in allowed receiving apps list by WNS",
    ] {
        let value = HeaderValue::from_str(text).unwrap();
        let headers = HeaderMap::from_iter([(HeaderName::from_static(NAMES[0]), value)]);
        assert_eq!(read(400, None, &headers, b"").detail.as_deref(), Some(text));
    }
    for trace in [
        "DB3WNS4011534",
        "BN3SCH020022542;SN1WNS0010223, retry",
        "a.b-c:1",
    ] {
        let value = HeaderValue::from_str(trace).unwrap();
        let headers = HeaderMap::from_iter([(HeaderName::from_static("x-wns-debug-trace"), value)]);
        let rejection = read(400, None, &headers, b"");
        assert_eq!(rejection.debug_trace.as_deref(), Some(trace));
    }
}

#[test]
fn huge_binary_and_many_headers_do_no_harm() {
    let long = "Lorem ipsum dolor ".repeat(3_000);
    let values = [
        HeaderValue::from_bytes(&[0xff; 50_000]).unwrap(),
        HeaderValue::from_bytes("ünïcode \u{202e}".repeat(2_000).as_bytes()).unwrap(),
        HeaderValue::from_str(&long).unwrap(),
        HeaderValue::from_str(&"9".repeat(50_000)).unwrap(),
        HeaderValue::from_str(&"a.".repeat(20_000)).unwrap(),
        HeaderValue::from_bytes(b"a\tb").unwrap(),
        HeaderValue::from_static(""),
    ];
    for value in values {
        let mut headers = HeaderMap::new();
        for name in NAMES {
            for _ in 0..200 {
                headers.append(HeaderName::from_static(name), value.clone());
            }
        }
        for status in [200, 400, 410, 429, 503] {
            let rejection = read(status, Some(&long), &headers, long.as_bytes());
            let texts = [
                rejection.detail.as_deref(),
                rejection.message_id.as_deref(),
                rejection.debug_trace.as_deref(),
                rejection.correlation_vector.as_deref(),
            ];
            for text in texts.into_iter().flatten() {
                assert!(text.len() <= 512, "{}", text.len());
                assert!(!text.contains(char::is_control), "{text}");
            }
            let line = rejection.to_string();
            assert!(
                line.len() < 1000 && !line.contains(char::is_control),
                "{line}"
            );
            if let Verdict::RetryAfter(wait) = rejection.verdict() {
                assert!(wait <= Duration::from_secs(7 * 24 * 60 * 60));
            }
        }
    }
}

#[test]
fn a_word_that_no_word_is_removes_nothing_and_is_taken_for_nothing() {
    for text in ["drop", "0", "received\u{a0}", "dropped;x"] {
        let value = HeaderValue::from_bytes(text.as_bytes()).unwrap();
        let headers = HeaderMap::from_iter([(HeaderName::from_static("x-wns-status"), value)]);
        let receipt = Receipt::read(StatusCode::OK, &headers, 1);
        assert!(receipt.is_some(), "{text}");
    }
    let headers = HeaderMap::from_iter([(
        HeaderName::from_static(NAMES[0]),
        HeaderValue::from_static("410 Gone: channel not found, dropped, Domain Blocked"),
    )]);
    for status in [400, 401, 403, 500, 503] {
        let verdict = read(status, Some("Gone"), &headers, b"Gone").verdict();
        assert!(!matches!(verdict, Verdict::RemoveToken { .. }), "{status}");
    }
}

proptest! {
    #[test]
    fn no_answer_makes_the_reader_panic(
        status in 100_u16..1000,
        phrase in proptest::option::of("\\PC{0,40}"),
        values in proptest::collection::vec(
            (0..NAMES.len(), proptest::collection::vec(any::<u8>(), 0..80)),
            0..12,
        ),
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in values {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(HeaderName::from_static(NAMES[name]), value);
            }
        }
        let code = StatusCode::from_u16(status).unwrap();
        let receipt = Receipt::read(code, &headers, 1);
        let rejection = read(status, phrase.as_deref(), &headers, &body);
        prop_assert!(!rejection.to_string().contains(char::is_control), "{}", rejection);
        if receipt.is_some() {
            prop_assert_eq!(status, 200);
        } else if status == 200 {
            prop_assert!(matches!(rejection.verdict(), Verdict::RetryAfter(_)));
        } else if (200..300).contains(&status) {
            prop_assert_eq!(rejection.verdict(), Verdict::Unknown);
        }
    }
}
