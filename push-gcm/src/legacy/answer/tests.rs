//! Answers as servers gave them, and as they never should.

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;
use push_core::Outcome as _;
use push_core::Verdict;

use super::{Reason, Reply};
use crate::legacy::Outcome;

fn reply(status: u16, body: &str) -> Reply {
    after(status, body, None)
}

fn after(status: u16, body: &str, retry_after: Option<&'static str>) -> Reply {
    let mut headers = HeaderMap::new();
    if let Some(value) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
    }
    let now = UNIX_EPOCH + Duration::from_secs(1_792_568_880); // Wed, 21 Oct 2026 07:48:00 GMT
    let status = StatusCode::from_u16(status).unwrap();
    let body = Bytes::from(body.to_owned());
    Reply::read(status, &headers, body, now).without("s3cret")
}

fn names(outcomes: &[Outcome]) -> Vec<&'static str> {
    let verdicts = outcomes.iter().map(|outcome| outcome.verdict().name());
    verdicts.collect()
}

fn secs(secs: u64) -> Verdict {
    Verdict::RetryAfter(Duration::from_secs(secs))
}

/// One answer for each of these ids.
const SIX: [&str; 6] = ["4", "8", "15", "16", "23", "42"];

/// The example of Google's page "GCM HTTP connection server".
const MIXED: &str = r#"{ "multicast_id": 216,
  "success": 3,
  "failure": 3,
  "canonical_ids": 1,
  "results": [
    { "message_id": "1:0408" },
    { "error": "Unavailable" },
    { "error": "InvalidRegistration" },
    { "message_id": "1:1516" },
    { "message_id": "1:2342", "registration_id": "32" },
    { "error": "NotRegistered"}
  ]
}"#;

#[test]
fn each_id_has_the_outcome_of_its_place() {
    let outcomes = reply(200, MIXED).devices(&SIX);
    assert_eq!(
        names(&outcomes),
        [
            "accepted",
            "retry-after",
            "remove-token",
            "accepted",
            "replace-token",
            "remove-token"
        ]
    );
    let taken = outcomes[3].as_ref().unwrap();
    assert_eq!(
        (taken.message_id.as_str(), &taken.canonical),
        ("1:1516", &None)
    );
    assert_eq!(
        outcomes[4].verdict(),
        Verdict::ReplaceToken("32".to_owned())
    );
    let gone = outcomes[5].as_ref().unwrap_err();
    assert_eq!(gone.reason(), Some(&Reason::NotRegistered));
    assert_eq!(gone.to_string(), "rejected with 200: NotRegistered");
}

#[test]
fn every_error_has_its_verdict() {
    use Verdict::{FixCredentials, FixMessage};
    let remove = || Verdict::remove_token(None);
    for (error, verdict) in [
        ("MissingRegistration", FixMessage),
        ("InvalidRegistration", remove()),
        ("NotRegistered", remove()),
        ("InvalidPackageName", FixMessage),
        ("MismatchSenderId", FixCredentials),
        ("InvalidParameters", FixMessage),
        ("MessageTooBig", FixMessage),
        ("InvalidDataKey", FixMessage),
        ("InvalidTtl", FixMessage),
        ("Unavailable", secs(10)),
        ("InternalServerError", secs(10)),
        ("DeviceMessageRateExceeded", secs(60)),
        ("TopicsMessageRateExceeded", secs(60)),
        ("InvalidApnsCredential", FixCredentials),
        ("SomethingNew", FixMessage),
    ] {
        let json = format!(r#"{{"multicast_id":1,"results":[{{"error":"{error}"}}]}}"#);
        let plain = format!("Error={error}");
        let topic = format!(r#"{{"error":"{error}"}}"#);
        for outcome in [
            reply(200, &json).devices(&["4"]).pop().unwrap(),
            reply(200, &plain).plain("4"),
            reply(200, &topic).topic(),
        ] {
            let refused = outcome.unwrap_err();
            assert_eq!(refused.verdict(), verdict, "{error}");
            assert_eq!(refused.reason().unwrap().as_str(), error);
            let temporary = matches!(error, "Unavailable" | "InternalServerError");
            assert_eq!(refused.is_temporary(), temporary, "{error}");
            assert!(!refused.may_have_been_taken() && !refused.is_authentication());
        }
    }
}

#[test]
fn a_refused_request_is_the_outcome_of_all_its_devices() {
    let all = |reply: Reply, name: &str| {
        let outcomes = reply.devices(&SIX);
        assert_eq!(names(&outcomes), [name; 6]);
        outcomes[0].clone().unwrap_err()
    };
    let text = "\"registration_ids\" field cannot be empty\n";
    let error = all(reply(400, text), "fix-message");
    assert_eq!(
        error.to_string(),
        "rejected with 400: \"registration_ids\" field cannot be empty"
    );
    let page = "<HTML>\n<HEAD>\n<TITLE>Unauthorized.</TITLE>\n</HEAD>\n<BODY></BODY></HTML>";
    let error = all(reply(401, page), "fix-credentials");
    assert!(error.is_authentication());
    assert!(
        error
            .to_string()
            .contains("Unauthorized; check the API key")
    );
    assert!(all(reply(403, ""), "fix-credentials").is_authentication());
    let error = all(reply(404, "<title>Not Found</title>"), "fix-credentials");
    assert!(error.to_string().contains("check the endpoint"), "{error}");
    assert!(!error.is_authentication());
    all(reply(302, ""), "fix-credentials");
    all(reply(413, ""), "fix-message");
    for (status, body) in [(500, "Internal Server Error"), (503, "Unavailable")] {
        let error = all(reply(status, body), "retry-after");
        assert!(error.is_temporary());
        assert_eq!(error.verdict(), secs(10));
    }
    assert_eq!(all(reply(429, ""), "retry-after").verdict(), secs(60));
    assert_eq!(all(reply(502, page), "retry-after").verdict(), secs(10));
}

#[test]
fn retry_after_is_obeyed_in_both_forms_and_no_other_is_a_failure() {
    let unavailable = r#"{"results":[{"error":"Unavailable"}]}"#;
    for (header, wait) in [
        ("120", 120),
        ("Wed, 21 Oct 2026 07:50:00 GMT", 120),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("soon", 10),
        ("", 10),
    ] {
        for (status, body) in [(503, ""), (200, unavailable)] {
            let outcomes = after(status, body, Some(header)).devices(&["4"]);
            assert_eq!(outcomes[0].verdict(), secs(wait), "{status} {header:?}");
        }
        let outcome = after(500, "", Some(header)).plain("4");
        assert_eq!(outcome.verdict(), secs(wait), "{header:?}");
    }
}

#[test]
fn what_can_not_be_read_may_have_been_taken() {
    let half = &MIXED[..MIXED.len() / 2];
    for body in [
        "",
        half,
        "<html>welcome</html>",
        "{}",
        "[]",
        "null",
        r#"{"results":7}"#,
        r#"{"results":null}"#,
        "\u{feff}{}",
        &"[".repeat(100_000),
    ] {
        let outcomes = reply(200, body).devices(&SIX);
        assert_eq!(names(&outcomes), ["unknown"; 6], "{body:.40}");
        let error = outcomes[0].as_ref().unwrap_err();
        assert!(error.may_have_been_taken() && !error.is_temporary());
        assert!(!error.to_string().contains("1:0408"), "{error}");
    }
    for status in [201, 204] {
        assert_eq!(names(&reply(status, "").devices(&["4"])), ["unknown"]);
    }
    for body in ["", "<html>", "id=", "id=1\nError=Unavailable", "ok"] {
        assert_eq!(reply(200, body).plain("4").verdict().name(), "unknown");
    }
    let mut broken = reply(200, "id=1:04");
    broken.complete = false;
    assert_eq!(
        broken.plain("4").verdict().name(),
        "unknown",
        "the id's end"
    );
}

#[test]
fn a_result_that_can_not_be_read_is_that_devices_alone() {
    let body = r#"{"results":[{"message_id":"1:04"},7,{},{"message_id":"1","error":"x"},
        {"message_id":23},{"registration_id":"9"}]}"#;
    let outcomes = reply(200, body).devices(&SIX);
    let expected = [
        "accepted", "unknown", "unknown", "unknown", "accepted", "unknown",
    ];
    assert_eq!(names(&outcomes), expected);
    assert_eq!(outcomes[4].as_ref().unwrap().message_id, "23");
}

#[test]
fn where_results_are_missing_or_too_many_nothing_is_removed_or_replaced() {
    let mut eight = SIX.to_vec();
    eight.extend(["56", "57"]);
    let outcomes = reply(200, MIXED).devices(&eight);
    let by_place = [
        "accepted",
        "retry-after",
        "unknown",
        "accepted",
        "accepted",
        "unknown",
        "unknown",
        "unknown",
    ];
    assert_eq!(names(&outcomes), by_place);
    let outcomes = reply(200, MIXED).devices(&SIX[..5]);
    assert_eq!(names(&outcomes), by_place[..5]);
    let error = outcomes[2].as_ref().unwrap_err().to_string();
    assert!(error.contains("6 results for 5 ids"), "{error}");
}

#[test]
fn a_canonical_id_that_is_the_same_or_none_replaces_nothing() {
    for canonical in [r#""4""#, r#""""#, "null", "7"] {
        let body =
            format!(r#"{{"results":[{{"message_id":"1:0408","registration_id":{canonical}}}]}}"#);
        assert_eq!(names(&reply(200, &body).devices(&["4"])), ["accepted"]);
    }
}

#[test]
fn plain_text_is_read_line_by_line() {
    let receipt = reply(200, "id=1:2342\nregistration_id=32\n")
        .plain("23")
        .unwrap();
    assert_eq!(receipt.message_id, "1:2342");
    assert_eq!(receipt.canonical.unwrap().as_str(), "32");
    let receipt = reply(200, "id=1:2342\r\n").plain("23").unwrap();
    assert_eq!(
        (receipt.message_id.as_str(), receipt.canonical),
        ("1:2342", None)
    );
}

#[test]
fn a_topic_has_a_number_for_an_id() {
    let receipt = reply(200, r#"{"message_id":6538942837218347632}"#).topic();
    assert_eq!(receipt.unwrap().message_id, "6538942837218347632");
    assert_eq!(reply(200, "{}").topic().verdict().name(), "unknown");
    assert_eq!(reply(503, "").topic().verdict(), secs(10));
}

#[test]
fn a_group_says_who_did_not_get_it() {
    let group = |body: &str| reply(200, body).group();
    let receipt = group(r#"{"success":2,"failure":0}"#).unwrap();
    assert_eq!((receipt.success, receipt.verdict()), (2, Verdict::Accepted));
    let receipt =
        group(r#"{"success":1,"failure":2,"failed_registration_ids":["a","b"]}"#).unwrap();
    assert_eq!(receipt.verdict(), Verdict::Accepted);
    let retry = receipt.retry(&crate::legacy::Message::text("x")).unwrap();
    let devices: Vec<_> = retry.devices.iter().map(|id| id.as_str()).collect();
    assert_eq!(devices, ["a", "b"]);
    let receipt = group(r#"{"success":0,"failure":2,"failed_registration_ids":["a","b"]}"#);
    assert_eq!(receipt.unwrap().verdict(), secs(10));

    let dead = r#"{"multicast_id":1,"success":0,"failure":1,"canonical_ids":0,
        "results":[{"error":"NotRegistered"}]}"#;
    let error = group(dead).unwrap_err();
    assert_eq!(error.reason(), Some(&Reason::NotRegistered));
    assert_eq!(group("{}").unwrap_err().verdict(), Verdict::Unknown);
    assert!(reply(401, "").group().unwrap_err().is_authentication());
}

#[test]
fn an_attempt_that_may_have_been_taken_stays_in_doubt() {
    let mut second = reply(200, MIXED);
    second.in_doubt = true;
    second.attempts = 2;
    let outcomes = second.devices(&SIX);
    let expected = [
        "accepted",
        "unknown",
        "remove-token",
        "accepted",
        "replace-token",
        "remove-token",
    ];
    assert_eq!(names(&outcomes), expected);
    assert_eq!(outcomes[1].as_ref().unwrap_err().attempts(), 2);
}

#[test]
fn the_api_key_is_not_repeated() {
    let outcomes = reply(400, "no such key: s3cret").devices(&["4"]);
    let error = outcomes[0].as_ref().unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
}

/// Bodies that begin like those of the protocol.
fn bodies() -> impl Strategy<Value = String> {
    let result = prop_oneof![
        Just(r#"{"message_id":"1:1"}"#.to_owned()),
        Just(r#"{"message_id":"1:1","registration_id":"x"}"#.to_owned()),
        Just(r#"{"error":"NotRegistered"}"#.to_owned()),
        Just(r#"{"error":"Unavailable"}"#.to_owned()),
        "[ -~]{0,12}",
    ];
    let results = prop::collection::vec(result, 0..8);
    prop_oneof![
        results.prop_map(|results| format!(r#"{{"results":[{}]}}"#, results.join(","))),
        ".{0,80}",
        (0..MIXED.len()).prop_map(|end| MIXED[..end].to_owned()),
        "(id|Error|registration_id)=.{0,20}\n?.{0,20}",
    ]
}

proptest! {
    #[test]
    fn whatever_comes_each_id_has_one_outcome(
        status in 200_u16..600,
        body in bodies(),
        ids in 1_usize..8,
        complete: bool,
    ) {
        let ids: Vec<String> = (0..ids).map(|id| id.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut reply = reply(status, &body);
        reply.complete = complete;
        let outcomes = reply.devices(&ids);
        prop_assert_eq!(outcomes.len(), ids.len());
        if status != 200 {
            // Only a result takes an id out of a registry, or a message for taken.
            for outcome in &outcomes {
                let removed = matches!(outcome.verdict(), Verdict::RemoveToken { .. });
                prop_assert!(outcome.is_err() && !removed);
            }
        }
        for outcome in outcomes {
            let shown = outcome.map_err(|error| (error.to_string(), error.report()));
            let shown = format!("{shown:?}");
            prop_assert!(shown.len() < 2000);
        }
        let _ = (reply.plain("1"), reply.topic(), reply.group().is_ok());
    }

    #[test]
    fn bytes_that_are_no_text_are_read_as_something(body: Vec<u8>, status in 200_u16..600) {
        let mut reply = reply(status, "");
        reply.body = body.into();
        prop_assert_eq!(reply.devices(&SIX).len(), 6);
        let _ = (reply.plain("1"), reply.topic(), reply.group().is_ok());
    }
}
