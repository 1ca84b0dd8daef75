//! What push services answer, in their own forms, and what is made of it.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, StatusCode};
use push_core::{Outcome, Verdict};
use push_web::{Advice, Judgement, PushService, Reason, Receipt, Rejection, WnsStatus};

use PushService::{Apple, Fcm, Mozilla, Other, Wns};

const SECOND: Duration = Duration::from_secs(1);

const CREDENTIALS: Verdict = Verdict::FixCredentials;
const MESSAGE: Verdict = Verdict::FixMessage;

fn remove() -> Verdict {
    Verdict::remove_token(None)
}

fn retry(seconds: u64) -> Verdict {
    Verdict::RetryAfter(Duration::from_secs(seconds))
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pairs = pairs.iter().map(|(name, value)| {
        let name: HeaderName = name.parse().unwrap();
        (name, value.parse().unwrap())
    });
    pairs.collect()
}

fn now() -> SystemTime {
    // Sat, 14 Nov 2026 12:00:00 GMT
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_794_657_600)
}

fn read(service: PushService, status: u16, pairs: &[(&str, &str)], body: &str) -> Rejection {
    let status = StatusCode::from_u16(status).unwrap();
    Rejection::read(service, status, &headers(pairs), body.as_bytes(), now())
}

/// As autopush writes it.
fn autopush(status: u16, errno: Option<u16>, message: &str) -> String {
    let error = StatusCode::from_u16(status).unwrap();
    serde_json::json!({
        "code": status,
        "errno": errno,
        "error": error.canonical_reason(),
        "message": message,
        "more_info": "http://autopush.readthedocs.io/en/latest/http.html#error-codes",
    })
    .to_string()
}

#[test]
fn every_number_of_autopush_is_understood_at_mozilla_and_where_it_is_hosted_by_others() {
    for (errno, status, message, reason, verdict) in [
        (
            101,
            400,
            "Missing Crypto-Key header",
            Reason::Encryption,
            MESSAGE,
        ),
        (102, 404, "Invalid token", Reason::NotFound, remove()),
        (103, 410, "UAID not found", Reason::Gone, remove()),
        (
            104,
            413,
            "Request payload is too large",
            Reason::TooLarge,
            MESSAGE,
        ),
        (
            105,
            410,
            "User was deleted during routing",
            Reason::Gone,
            remove(),
        ),
        (106, 410, "No such subscription", Reason::Gone, remove()),
        (108, 400, "Invalid router type", Reason::BadRequest, MESSAGE),
        (
            109,
            401,
            "Invalid VAPID audience",
            Reason::Unauthorized,
            CREDENTIALS,
        ),
        (
            109,
            401,
            "Missing VAPID public key",
            Reason::Unauthorized,
            CREDENTIALS,
        ),
        (
            109,
            401,
            "VAPID public key mismatch",
            Reason::KeyMismatch,
            CREDENTIALS,
        ),
        (
            110,
            400,
            "Invalid Encryption header",
            Reason::Encryption,
            MESSAGE,
        ),
        (111, 400, "Missing TTL value", Reason::Ttl, MESSAGE),
        (112, 400, "Invalid TTL value", Reason::Ttl, MESSAGE),
        (
            113,
            400,
            "Topic must be no greater than 32 characters",
            Reason::Topic,
            MESSAGE,
        ),
        (114, 400, "TTL must be greater than 0", Reason::Ttl, MESSAGE),
        (
            201,
            503,
            "Message could not be stored",
            Reason::Failing,
            retry(120),
        ),
        (202, 503, "Try again", Reason::Failing, retry(120)),
        (900, 502, "Bridge misconfigured", Reason::Bridge, retry(10)),
        (
            901,
            502,
            "Bridge authentication error",
            Reason::Bridge,
            retry(10),
        ),
        (
            902,
            502,
            "Bridge connection error",
            Reason::Bridge,
            retry(10),
        ),
        (903, 502, "Bridge timeout", Reason::Bridge, retry(10)),
        (999, 500, "Unknown error", Reason::Failing, retry(10)),
    ] {
        for service in [Mozilla, Other] {
            let after: &[(&str, &str)] = match status {
                503 => &[("retry-after", "120")],
                410 => &[("cache-control", "max-age=86400")],
                _ => &[],
            };
            let body = autopush(status, Some(errno), message);
            let rejection = read(service, status, after, &body);
            let told = format!("{errno} at {service}: {rejection:?}");
            assert_eq!(rejection.reason, reason, "{told}");
            assert_eq!(rejection.verdict(), verdict, "{told}");
            assert_eq!(rejection.code, Some(errno.to_string()), "{told}");
            assert_eq!(rejection.detail.as_deref(), Some(message), "{told}");
        }
    }
}

#[test]
fn what_autopush_gives_no_number_counts_by_its_status() {
    for (status, verdict) in [(400, MESSAGE), (500, retry(10)), (503, retry(10))] {
        let body = autopush(status, None, "Database error: conditional check failed");
        let rejection = read(Mozilla, status, &[], &body);
        assert_eq!(rejection.verdict(), verdict, "{status}");
        assert_eq!(rejection.code, None);
        let detail = rejection.detail.unwrap();
        assert_eq!(detail, "Database error: conditional check failed");
    }
}

/// The page of old for a word.
fn page(word: &str) -> String {
    format!(
        "<HTML>\n<HEAD>\n<TITLE>{word}</TITLE>\n</HEAD>\n<BODY BGCOLOR=\"#FFFFFF\" TEXT=\"#000000\">\n\
         <H1>{word}</H1>\n<H2>Error 400</H2>\n</BODY>\n</HTML>\n"
    )
}

#[test]
fn the_texts_and_pages_of_fcm_are_understood() {
    let mismatch = "the VAPID credentials in the authorization header do not correspond to the \
                    credentials used to create the subscriptions.\n";
    let sender = "the key in the authorization header does not correspond to the sender ID used to \
                  subscribe this user. Please ensure you are using the correct sender ID and server Key \
                  from the Firebase console.\n";
    let audience = "the aud claim in the JWT token MUST include the origin of the push service\n";
    let unknown = "A valid push subscription endpoint should be specified in the URL as such: \
                   https://fcm.googleapis.com/wp/dHIoDxE7Hdg:APA91bH1Zj0kNaJYlXyYFcV8jJ7";
    let gone = "push subscription has unsubscribed or expired.\n";
    let missing = page("UnauthorizedRegistration");
    for (status, body, reason, verdict) in [
        (400, &*missing, Reason::Unauthorized, CREDENTIALS),
        (
            400,
            "UnauthorizedRegistration",
            Reason::Unauthorized,
            CREDENTIALS,
        ),
        (403, mismatch, Reason::KeyMismatch, CREDENTIALS),
        (403, sender, Reason::KeyMismatch, CREDENTIALS),
        (403, "MismatchSenderId\n", Reason::KeyMismatch, CREDENTIALS),
        (403, audience, Reason::Unauthorized, CREDENTIALS),
        (401, "", Reason::Unauthorized, CREDENTIALS),
        (404, unknown, Reason::NotFound, remove()),
        (410, gone, Reason::Gone, remove()),
        (410, &*page("NotRegistered"), Reason::Gone, remove()),
        (
            502,
            "<html><title>Error 502 (Server Error)!!1</title>",
            Reason::Failing,
            retry(10),
        ),
    ] {
        for service in [Fcm, Other] {
            let rejection = read(service, status, &[], body);
            let told = format!("{service}: {rejection:?}");
            assert_eq!(rejection.reason, reason, "{told}");
            assert_eq!(rejection.verdict(), verdict, "{told}");
        }
    }
    let rejection = read(Fcm, 400, &[], &missing);
    assert_eq!(rejection.code.as_deref(), Some("UnauthorizedRegistration"));
    let rejection = read(Fcm, 400, &[], "InvalidTokenFormat");
    assert_eq!(rejection.reason, Reason::Other("InvalidTokenFormat".into()));
    assert_eq!(rejection.verdict(), MESSAGE);
    let rejection = read(Fcm, 404, &[], unknown);
    assert_eq!(
        rejection.detail.as_deref(),
        Some(
            "A valid push subscription endpoint should be specified in the URL as such: \
             https://fcm.googleapis.com/…"
        )
    );
}

#[test]
fn every_reason_of_apple_is_understood() {
    for (status, word, reason, verdict) in [
        (400, "BadTtl", Reason::Ttl, MESSAGE),
        (400, "BadUrgency", Reason::Urgency, MESSAGE),
        (400, "BadWebPushRequest", Reason::BadRequest, MESSAGE),
        (400, "BadWebPushTopic", Reason::Topic, MESSAGE),
        (400, "VapidPkHashMismatch", Reason::KeyMismatch, CREDENTIALS),
        (403, "VapidPkHashMismatch", Reason::KeyMismatch, CREDENTIALS),
        (403, "BadJwtToken", Reason::Unauthorized, CREDENTIALS),
        (
            403,
            "BadAuthorizationHeader",
            Reason::Unauthorized,
            CREDENTIALS,
        ),
        (403, "BadVapidPublicKey", Reason::Unauthorized, CREDENTIALS),
        (404, "BadPath", Reason::NotFound, remove()),
        (410, "Unregistered", Reason::Gone, remove()),
        (410, "ExpiredToken", Reason::Gone, remove()),
        (413, "PayloadTooLarge", Reason::TooLarge, MESSAGE),
        (429, "TooManyRequests", Reason::TooMany, retry(60)),
        (500, "InternalServerError", Reason::Failing, retry(10)),
        (503, "ServiceUnavailable", Reason::Failing, retry(10)),
        (503, "Shutdown", Reason::Failing, retry(10)),
        (
            400,
            "BadSomethingNew",
            Reason::Other("BadSomethingNew".into()),
            MESSAGE,
        ),
        (403, "BadSomethingNew", Reason::Unauthorized, CREDENTIALS),
    ] {
        for service in [Apple, Other] {
            let body = format!(r#"{{"reason":"{word}"}}"#);
            let rejection = read(service, status, &[], &body);
            let told = format!("{service}: {rejection:?}");
            assert_eq!(rejection.reason, reason, "{told}");
            assert_eq!(rejection.verdict(), verdict, "{told}");
            assert_eq!(rejection.code.as_deref(), Some(word), "{told}");
            assert_eq!(rejection.detail, None, "the word is told once: {told}");
        }
    }
}

#[test]
fn wns_is_understood_by_its_headers() {
    let described = "x-wns-error-description";
    let ttl = "Ttl value conflicts with X-WNS-Cache-Policy.";
    let blocked = "Domain Blocked";
    let throttled = "Channel throttled";
    for (status, pairs, reason, verdict) in [
        (400, &[(described, ttl)][..], Reason::Ttl, MESSAGE),
        (
            400,
            &[("x-wns-status", "dropped")],
            Reason::BadRequest,
            MESSAGE,
        ),
        (
            401,
            &[("x-wns-debug-trace", "DB3")],
            Reason::Unauthorized,
            CREDENTIALS,
        ),
        (
            403,
            &[("x-wns-status", "dropped")],
            Reason::KeyMismatch,
            CREDENTIALS,
        ),
        (
            404,
            &[(described, "Channel not found")],
            Reason::NotFound,
            remove(),
        ),
        (
            406,
            &[(described, throttled), ("retry-after", "30")],
            Reason::TooMany,
            retry(30),
        ),
        (
            406,
            &[("x-wns-status", "channelthrottled")],
            Reason::TooMany,
            retry(60),
        ),
        (
            429,
            &[("x-wns-status", "dropped"), ("retry-after", "9")],
            Reason::TooMany,
            retry(9),
        ),
        (
            410,
            &[(described, "Channel expired")],
            Reason::Gone,
            remove(),
        ),
        (410, &[(described, blocked)], Reason::Blocked, CREDENTIALS),
        (
            413,
            &[("x-wns-status", "dropped")],
            Reason::TooLarge,
            MESSAGE,
        ),
        (
            500,
            &[("x-wns-debug-trace", "DB3")],
            Reason::Failing,
            retry(10),
        ),
        (
            503,
            &[("retry-after", "5"), ("x-wns-msg-id", "1")],
            Reason::Failing,
            retry(5),
        ),
    ] {
        for service in [Wns, Other] {
            let rejection = read(service, status, pairs, "");
            let told = format!("{service}: {rejection:?}");
            assert_eq!(rejection.reason, reason, "{told}");
            assert_eq!(rejection.verdict(), verdict, "{told}");
            assert_eq!(rejection.code, None, "{told}");
            let detail = pairs.iter().find(|(name, _)| *name == described);
            assert_eq!(rejection.detail.as_deref(), detail.map(|(_, text)| *text));
        }
    }
    assert_eq!(read(Wns, 406, &[], "").reason, Reason::TooMany);
    assert_eq!(read(Mozilla, 406, &[], "").verdict(), MESSAGE);
}

#[test]
fn wns_says_with_200_that_a_push_was_thrown_away() {
    for name in ["x-wns-status", "X-WNS-NotificationStatus"] {
        let receipt = |word: &str| {
            let headers = headers(&[(name, word), ("x-wns-msg-id", "4711")]);
            Receipt::read(Wns, StatusCode::OK, &headers, 1)
        };
        let received = receipt("Received").unwrap();
        assert_eq!(received.wns_status, Some(WnsStatus::Received));
        assert_eq!(received.message_id.as_deref(), Some("4711"));
        assert_eq!(receipt("dropped"), None);
        let dropped = read(Wns, 200, &[(name, "Dropped")], "");
        assert_eq!(dropped.reason, Reason::Dropped);
        assert_eq!(dropped.verdict(), retry(30 * 60));
        let other = read(Other, 200, &[(name, "dropped")], "");
        assert_eq!(other.reason, Reason::Dropped);
        // With a status that says no, the word is no news.
        let gone = read(Wns, 410, &[(name, "dropped")], "");
        assert_eq!(gone.verdict(), remove());
        let new = receipt("new").unwrap();
        assert_eq!(new.wns_status, Some(WnsStatus::Other("new".into())));
        assert_eq!(receipt("channelthrottled"), None);
        let pairs = [(name, "ChannelThrottled"), ("retry-after", "77")];
        let rejection = read(Wns, 200, &pairs, "");
        assert_eq!(rejection.reason, Reason::TooMany);
        assert_eq!(rejection.verdict(), retry(77));
        assert_eq!(read(Wns, 200, &pairs[..1], "").verdict(), retry(60));
        // No word of another service's.
        let mozilla = Receipt::read(Mozilla, StatusCode::OK, &headers(&pairs), 1).unwrap();
        assert_eq!(mozilla.wns_status, None);
    }
}

#[test]
fn a_bare_status_has_the_verdict_of_the_table() {
    for service in PushService::ALL {
        for (status, verdict) in [
            (300, MESSAGE),
            (301, MESSAGE),
            (307, MESSAGE),
            (308, MESSAGE),
            (400, MESSAGE),
            (401, CREDENTIALS),
            (403, CREDENTIALS),
            (404, remove()),
            (405, MESSAGE),
            (408, retry(10)),
            (410, remove()),
            (411, MESSAGE),
            (413, MESSAGE),
            (415, MESSAGE),
            (418, MESSAGE),
            (429, retry(60)),
            (500, retry(10)),
            (501, retry(10)),
            (502, retry(10)),
            (503, retry(10)),
            (504, retry(10)),
            (599, retry(10)),
        ] {
            for body in ["", "<html><title>nginx</title></html>", "{", "\u{0}"] {
                let rejection = read(*service, status, &[], body);
                assert_eq!(rejection.verdict(), verdict, "{rejection:?}");
                assert_eq!(rejection.status, status);
                let read = Receipt::read(
                    *service,
                    StatusCode::from_u16(status).unwrap(),
                    &headers(&[]),
                    1,
                );
                assert_eq!(read, None);
            }
        }
    }
}

#[test]
fn a_push_that_was_taken_has_a_receipt_with_what_the_service_said() {
    let all = headers(&[
        (
            "location",
            "https://updates.push.services.mozilla.com/m/gAAAAABn?x=/y#/z",
        ),
        ("ttl", "2592000"),
        (
            "link",
            "</next>; rel=\"next\", </receipts/xjTG>; rel=\"urn:ietf:params:push:receipt\"",
        ),
    ]);
    let receipt = Receipt::read(Mozilla, StatusCode::ACCEPTED, &all, 2).unwrap();
    assert_eq!(receipt.status, 202);
    assert_eq!(receipt.service, Mozilla);
    assert_eq!(receipt.attempts, 2);
    assert_eq!(receipt.message_id.as_deref(), Some("gAAAAABn"));
    assert_eq!(receipt.ttl, Some(2_592_000 * SECOND));
    assert_eq!(receipt.receipts.as_deref(), Some("/receipts/xjTG"));
    assert!(receipt.location.as_deref().unwrap().contains("/m/"));
    let shown = format!("{receipt:?}");
    assert!(
        !shown.contains("gAAAA") && !shown.contains("xjTG"),
        "{shown}"
    );

    let id = |service, pairs: &[(&str, &str)]| {
        let receipt = Receipt::read(service, StatusCode::CREATED, &headers(pairs), 1).unwrap();
        receipt.message_id
    };
    let fcm = [("location", "https://fcm.googleapis.com/0:1700000000%31bd")];
    assert_eq!(id(Fcm, &fcm).as_deref(), Some("0:1700000000%31bd"));
    let apple = [("apns-id", "D1F5D9F7"), ("location", "/x/y")];
    assert_eq!(id(Apple, &apple).as_deref(), Some("D1F5D9F7"));
    for none in ["https://host", "https://host/", "", "x"] {
        assert_eq!(id(Other, &[("location", none)]), None, "{none}");
    }
    for status in [200, 201, 202, 204] {
        let status = StatusCode::from_u16(status).unwrap();
        let bare = Receipt::read(Other, status, &HeaderMap::new(), 1).unwrap();
        assert_eq!((bare.location.clone(), bare.ttl), (None, None));
        assert_eq!(bare.verdict(), Verdict::Accepted);
    }
    for odd in ["", "-1", "+1", "1.5", "soon", "99999999999999999999999"] {
        let receipt = Receipt::read(Other, StatusCode::CREATED, &headers(&[("ttl", odd)]), 1);
        assert_eq!(receipt.unwrap().ttl, None, "{odd}");
    }
}

#[test]
fn no_other_success_is_one() {
    for status in [203, 205, 206, 207, 299] {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(Receipt::read(Other, status, &HeaderMap::new(), 1), None);
        let reason = read(Other, status.as_u16(), &[], "").reason;
        assert_eq!(reason, Reason::Unexpected);
    }
}

#[test]
fn a_bulk_send_makes_an_hours_wait_of_what_is_not_found_and_of_nothing_else() {
    let not_found = read(Fcm, 404, &[], "");
    assert!(not_found.is_gone() && not_found.is_suspect());
    let cleared = not_found.clone().judged(Judgement::Gone);
    assert_eq!(cleared.verdict(), remove());
    let suspected = not_found.judged(Judgement::LikelyServiceFault);
    assert_eq!(suspected.verdict(), retry(3600));
    assert_eq!(suspected.advice(), Advice::RetryLater);
    assert!(suspected.to_string().contains("remove none"), "{suspected}");
    let by_number = read(
        Mozilla,
        404,
        &[],
        &autopush(404, Some(102), "Invalid token"),
    );
    assert!(by_number.is_suspect());
    for (status, body) in [
        (410, String::new()),
        (410, autopush(410, Some(106), "No such subscription")),
        (404, autopush(404, Some(106), "No such subscription")),
    ] {
        let gone = read(Mozilla, status, &[], &body);
        assert!(gone.is_gone() && !gone.is_suspect(), "{gone:?}");
        let judged = gone.judged(Judgement::LikelyServiceFault);
        assert_eq!(judged.verdict(), remove());
    }
}

#[test]
fn an_answer_is_shown_with_what_to_do_on_one_line() {
    let body = autopush(410, Some(106), "No such subscription");
    assert_eq!(
        read(Mozilla, 410, &[], &body).to_string(),
        "rejected with 410 106: No such subscription: the user unsubscribed, or the subscription \
         expired: remove it"
    );
    assert_eq!(
        read(Apple, 403, &[], r#"{"reason":"BadJwtToken"}"#).to_string(),
        "rejected with 403 BadJwtToken: the VAPID token was refused: check the key, the subject, the \
         origin and this machine's clock"
    );
    for reason in Reason::KNOWN {
        assert_eq!(Reason::from(reason.as_str()), *reason);
        let json = serde_json::to_string(reason).unwrap();
        assert_eq!(serde_json::from_str::<Reason>(&json).unwrap(), *reason);
    }
    let unknown = Reason::from("to\nbe");
    assert_eq!(
        (unknown.as_str(), &*unknown.to_string()),
        ("to\nbe", "to\\nbe")
    );
}
