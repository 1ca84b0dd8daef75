//! What WNS answers, and what is to be done about it.
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use push_core::{Outcome, Verdict};
use push_wns::{Advice, DeviceStatus, Reason, Receipt, Rejection, WnsStatus};

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        let name = HeaderName::try_from(*name).unwrap();
        (name, HeaderValue::try_from(*value).unwrap())
    };
    pairs.iter().map(pair).collect()
}

fn read(status: u16, reason_phrase: Option<&str>, headers: &HeaderMap) -> Rejection {
    let status = StatusCode::from_u16(status).unwrap();
    assert_eq!(Receipt::read(status, headers, 1), None);
    Rejection::read(status, reason_phrase, headers, b"", SystemTime::UNIX_EPOCH)
}

fn wait(seconds: u64) -> Verdict {
    Verdict::RetryAfter(Duration::from_secs(seconds))
}

#[test]
fn every_status_has_its_reason_and_its_verdict() {
    let gone = Verdict::remove_token(None);
    for (status, reason, verdict) in [
        (400, Reason::BadRequest, Verdict::FixMessage),
        (401, Reason::Unauthorized, Verdict::FixCredentials),
        (402, Reason::Unexpected, Verdict::FixMessage),
        (403, Reason::OtherApp, Verdict::FixCredentials),
        (404, Reason::ChannelNotFound, gone.clone()),
        (405, Reason::MethodNotAllowed, Verdict::FixMessage),
        (406, Reason::Throttled, wait(60)),
        (407, Reason::Unexpected, Verdict::FixMessage),
        (408, Reason::Unavailable, wait(10)),
        (409, Reason::Unexpected, Verdict::FixMessage),
        (410, Reason::ChannelExpired, gone),
        (411, Reason::Unexpected, Verdict::FixMessage),
        (413, Reason::TooLarge, Verdict::FixMessage),
        (418, Reason::Unexpected, Verdict::FixMessage),
        (429, Reason::Throttled, wait(60)),
        (500, Reason::ServerError, wait(10)),
        (501, Reason::ServerError, wait(10)),
        (502, Reason::ServerError, wait(10)),
        (503, Reason::Unavailable, wait(10)),
        (504, Reason::ServerError, wait(10)),
        (599, Reason::ServerError, wait(10)),
        (300, Reason::Unexpected, Verdict::FixMessage),
        (302, Reason::Unexpected, Verdict::FixMessage),
        (307, Reason::Unexpected, Verdict::FixMessage),
        (304, Reason::Unexpected, Verdict::FixMessage),
        (201, Reason::Unexpected, Verdict::Unknown),
        (202, Reason::Unexpected, Verdict::Unknown),
        (204, Reason::Unexpected, Verdict::Unknown),
        (299, Reason::Unexpected, Verdict::Unknown),
        (999, Reason::Unexpected, Verdict::FixMessage),
    ] {
        let rejection = read(status, None, &HeaderMap::new());
        assert_eq!(rejection.status, status);
        assert_eq!(rejection.reason, reason, "{status}");
        assert_eq!(rejection.verdict(), verdict, "{status}");
        assert_eq!(rejection.is_auth_refusal(), status == 401);
        assert_eq!(rejection.is_gone(), matches!(status, 404 | 410), "{status}");
    }
}

#[test]
fn a_push_is_taken_by_200_and_its_status_header() {
    for name in [
        "X-WNS-Status",
        "x-wns-notificationstatus",
        "X-WNS-NOTIFICATIONSTATUS",
    ] {
        for (word, status) in [
            ("received", WnsStatus::Received),
            ("Received", WnsStatus::Received),
            ("RECEIVED", WnsStatus::Received),
            ("queued", WnsStatus::Other("queued".into())),
        ] {
            let receipt = Receipt::read(StatusCode::OK, &headers(&[(name, word)]), 3).unwrap();
            assert_eq!(receipt.notification_status, Some(status), "{name}: {word}");
            assert_eq!(receipt.attempts, 3);
            assert_eq!(receipt.verdict(), Verdict::Accepted);
        }
        for (word, reason, status, verdict) in [
            (
                "dropped",
                Reason::Dropped,
                WnsStatus::Dropped,
                wait(30 * 60),
            ),
            (
                "Dropped",
                Reason::Dropped,
                WnsStatus::Dropped,
                wait(30 * 60),
            ),
            (
                "channelthrottled",
                Reason::ChannelThrottled,
                WnsStatus::ChannelThrottled,
                wait(60),
            ),
            (
                "ChannelThrottled",
                Reason::ChannelThrottled,
                WnsStatus::ChannelThrottled,
                wait(60),
            ),
        ] {
            let rejection = read(200, None, &headers(&[(name, word)]));
            assert_eq!(rejection.reason, reason, "{name}: {word}");
            assert_eq!(rejection.notification_status, Some(status));
            assert_eq!(rejection.verdict(), verdict);
            assert!(!rejection.is_gone());
        }
    }
    for pairs in [&[][..], &[("x-wns-status", "")], &[("x-wns-status", "  ")]] {
        let receipt = Receipt::read(StatusCode::OK, &headers(pairs), 1).unwrap();
        assert_eq!(receipt.notification_status, None);
    }
    let both = headers(&[
        ("x-wns-status", ""),
        ("x-wns-notificationstatus", "dropped"),
    ]);
    assert_eq!(read(200, None, &both).reason, Reason::Dropped);
}

#[test]
fn the_http_status_counts_more_than_the_status_header() {
    for word in ["received", "dropped", "channelthrottled"] {
        let told = headers(&[("x-wns-status", word)]);
        assert_eq!(read(410, None, &told).reason, Reason::ChannelExpired);
        assert_eq!(read(403, None, &told).reason, Reason::OtherApp);
        assert_eq!(read(204, None, &told).verdict(), Verdict::Unknown);
    }
}

#[test]
fn what_wns_says_of_a_push_is_kept_for_its_support() {
    let told = headers(&[
        ("X-WNS-Status", "received"),
        ("X-WNS-DeviceConnectionStatus", "connected"),
        ("X-WNS-Msg-ID", "3CE38FF109E03A74"),
        ("X-WNS-Debug-Trace", "DB3WNS4011534"),
        ("MS-CV", "tul4NUsfs9Cl7mOf7vSl3g.1.2"),
    ]);
    let receipt = Receipt::read(StatusCode::OK, &told, 1).unwrap();
    assert_eq!(receipt.device_status, Some(DeviceStatus::Connected));
    let ids = (
        receipt.message_id.as_deref(),
        receipt.debug_trace.as_deref(),
        receipt.correlation_vector.as_deref(),
    );
    let expected = (
        Some("3CE38FF109E03A74"),
        Some("DB3WNS4011534"),
        Some("tul4NUsfs9Cl7mOf7vSl3g.1.2"),
    );
    assert_eq!(ids, expected);

    let mut told = told;
    told.insert("x-wns-status", HeaderValue::from_static("dropped"));
    let rejection = read(200, None, &told);
    assert_eq!(rejection.device_status, Some(DeviceStatus::Connected));
    let ids = (
        rejection.message_id.as_deref(),
        rejection.debug_trace.as_deref(),
        rejection.correlation_vector.as_deref(),
    );
    assert_eq!(ids, expected);
}

#[test]
fn the_device_s_status_is_read_in_every_spelling() {
    for (word, status) in [
        ("connected", DeviceStatus::Connected),
        ("Connected", DeviceStatus::Connected),
        ("disconnected", DeviceStatus::Disconnected),
        ("tempconnected", DeviceStatus::TempConnected),
        ("TempDisconnected", DeviceStatus::TempConnected),
        ("asleep", DeviceStatus::Other("asleep".into())),
    ] {
        let told = headers(&[("x-wns-deviceconnectionstatus", word)]);
        let receipt = Receipt::read(StatusCode::OK, &told, 1).unwrap();
        assert_eq!(receipt.device_status, Some(status.clone()), "{word}");
        let json = serde_json::to_string(&status).unwrap();
        assert_eq!(serde_json::from_str::<DeviceStatus>(&json).unwrap(), status);
        assert_eq!(json, format!("\"{status}\""));
    }
}

#[test]
fn a_blocked_sender_loses_no_channel() {
    for phrase in [
        "Domain Blocked",
        "DomainBlocked",
        "domain blocked",
        "Domain-Blocked",
    ] {
        let rejection = read(410, Some(phrase), &HeaderMap::new());
        assert_eq!(rejection.reason, Reason::DomainBlocked, "{phrase}");
        assert_eq!(rejection.verdict(), Verdict::FixCredentials);
    }
    let told = headers(&[("x-wns-error-description", "The domain blocked this sender")]);
    assert_eq!(read(410, Some("Gone"), &told).reason, Reason::DomainBlocked);
    for phrase in [None, Some("Gone"), Some(""), Some("Blocked")] {
        let rejection = read(410, phrase, &HeaderMap::new());
        assert_eq!(rejection.reason, Reason::ChannelExpired, "{phrase:?}");
    }
    let rejection = read(403, Some("Domain Blocked"), &HeaderMap::new());
    assert_eq!(rejection.reason, Reason::OtherApp, "with 410 only");
}

#[test]
fn an_app_that_is_not_mapped_is_told_from_a_token_of_another() {
    let text = "Request targets an app that is not in allowed receiving apps list by WNS.";
    let rejection = read(403, None, &headers(&[("x-wns-error-description", text)]));
    assert_eq!(rejection.reason, Reason::NotAllowedApp);
    assert_eq!(rejection.verdict(), Verdict::FixCredentials);
    let shown = rejection.to_string();
    assert!(shown.contains("package family name mapped"), "{shown}");
    let text = "The cloud service is not authorized to send a notification to this URI";
    let rejection = read(403, None, &headers(&[("x-wns-error-description", text)]));
    assert_eq!(rejection.reason, Reason::OtherApp);
}

#[test]
fn retry_after_is_obeyed_in_both_forms_and_for_a_week_at_most() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    let read = |status: u16, pairs: &[(&str, &str)]| {
        let status = StatusCode::from_u16(status).unwrap();
        Rejection::read(status, None, &headers(pairs), b"", now)
    };
    for status in [406, 408, 429, 500, 502, 503] {
        let rejection = read(status, &[("retry-after", "120")]);
        assert_eq!(rejection.verdict(), wait(120), "{status}");
        assert_eq!(rejection.retry_after, Some(Duration::from_secs(120)));
        let rejection = read(status, &[("retry-after", "0")]);
        assert_eq!(rejection.verdict(), wait(0), "{status}");
        let rejection = read(status, &[("retry-after", "Thu, 01 Jan 2026 00:01:30 GMT")]);
        assert_eq!(rejection.verdict(), wait(90), "{status}");
        let rejection = read(status, &[("retry-after", "99999999999999999999")]);
        assert_eq!(rejection.verdict(), wait(7 * 24 * 60 * 60));
    }
    let throttled = read(
        200,
        &[("x-wns-status", "channelthrottled"), ("retry-after", "5")],
    );
    assert_eq!(throttled.verdict(), wait(5));
    let dropped = read(200, &[("x-wns-status", "dropped"), ("retry-after", "3600")]);
    assert_eq!(dropped.verdict(), wait(3600));
    assert_eq!(
        read(429, &[("retry-after", "soon")]).verdict(),
        wait(60),
        "what is no time says nothing"
    );
    assert_eq!(
        read(410, &[("retry-after", "5")]).verdict(),
        Verdict::remove_token(None)
    );
}

#[test]
fn a_refusal_says_on_one_line_what_came_and_what_to_do() {
    for (status, pairs, shown) in [
        (
            410,
            &[("x-wns-error-description", "The channel expired.")][..],
            "rejected with 410: The channel expired: the channel has expired or was revoked: remove it, \
             the app has to ask for another",
        ),
        (
            200,
            &[("x-wns-status", "channelthrottled")],
            "rejected with 200 channelthrottled: WNS threw it away, as too many came for this channel: \
             send it later, and fewer",
        ),
        (503, &[], "rejected with 503: WNS is busy: send it later"),
        (
            302,
            &[],
            "rejected with 302: it leads elsewhere, where nothing is sent: check the channel and the proxy",
        ),
    ] {
        assert_eq!(read(status, None, &headers(pairs)).to_string(), shown);
    }
}

#[test]
fn where_no_header_says_what_is_wrong_the_body_does() {
    let read = |pairs: &[(&str, &str)], body: &str| {
        let (headers, now) = (headers(pairs), SystemTime::UNIX_EPOCH);
        let status = StatusCode::BAD_REQUEST;
        Rejection::read(status, None, &headers, body.as_bytes(), now).detail
    };
    let page = "<!DOCTYPE html><html><head><title>502 Bad\n Gateway</title>";
    assert_eq!(read(&[], page).as_deref(), Some("502 Bad Gateway"));
    assert_eq!(read(&[], "<html><body>").as_deref(), None);
    assert_eq!(
        read(&[], " Blocked\r\nby proxy ").as_deref(),
        Some("Blocked by proxy")
    );
    assert_eq!(read(&[], " \n"), None);
    let described = [("x-wns-error-description", "The TTL is malformed")];
    assert_eq!(
        read(&described, page).as_deref(),
        Some("The TTL is malformed")
    );
    let empty = [("x-wns-error-description", " ")];
    assert_eq!(read(&empty, page).as_deref(), Some("502 Bad Gateway"));
}

#[test]
fn every_reason_is_read_from_its_name_and_an_unknown_one_keeps_it() {
    assert_eq!(Reason::KNOWN.len(), 15);
    let mut names = HashSet::new();
    for reason in Reason::KNOWN {
        let name = reason.as_str();
        assert!(names.insert(name), "{name}");
        assert_eq!(Reason::from(name), *reason);
        let json = serde_json::to_string(reason).unwrap();
        assert_eq!(serde_json::from_str::<Reason>(&json).unwrap(), *reason);
    }
    let unknown: Reason = serde_json::from_str(r#""to-be\ninvented""#).unwrap();
    assert_eq!(unknown, Reason::Other("to-be\ninvented".into()));
    assert_eq!(unknown.to_string(), "to-be\\ninvented");
}

#[test]
fn advice_and_verdict_agree() {
    for status in (300..600).chain([200]) {
        let told = headers(&[("x-wns-status", "dropped")]);
        let rejection = read(status, None, &told);
        let advice = match rejection.verdict() {
            Verdict::RemoveToken { .. } => Advice::RemoveToken,
            Verdict::RetryAfter(_) => Advice::RetryLater,
            Verdict::FixCredentials => Advice::FixCredentials,
            Verdict::FixMessage => Advice::FixMessage,
            other => panic!("{status}: {other:?}"),
        };
        assert_eq!(rejection.advice(), advice, "{status}");
    }
}
