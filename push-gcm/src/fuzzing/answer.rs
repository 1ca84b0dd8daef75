use std::time::{Duration, UNIX_EPOCH};

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use push_core::Verdict;
use serde_json::Value;

use super::is_one_line;
use crate::v1::{Advice, Judgement, Reason, Rejection, Status};

/// The most bytes of a text, of a code, and the most items of one kind that are kept.
const MAX_TEXT_BYTES: usize = 512;
const MAX_CODE_BYTES: usize = 64;
const MAX_ITEMS: usize = 16;

/// A larger body is not read as JSON.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// An answer that is no success: no token is removed without the word that says so, and what is
/// shown is bounded and fits on a line.
///
/// The first two bytes are the status, up to the first newline is a `Retry-After`, and the rest is
/// the body.
pub fn fcm_answer(input: &[u8]) {
    let [high, low, rest @ ..] = input else {
        return;
    };
    let status = u16::from_be_bytes([*high, *low]) % 900 + 100;
    let status = StatusCode::from_u16(status).unwrap_or_default();
    let mut parts = rest.splitn(2, |byte| *byte == b'\n');
    let header = HeaderValue::from_bytes(parts.next().unwrap_or_default());
    let body = parts.next().unwrap_or_default();
    let mut headers = HeaderMap::new();
    headers.extend(header.ok().map(|value| (RETRY_AFTER, value)));
    let now = UNIX_EPOCH + Duration::from_secs(1_792_568_880);
    let rejection = Rejection::read(status, &headers, body, now);
    let with_activity = rejection.clone().with_live_activity_token(true);

    is_bounded(&rejection);
    is_what_came(&rejection, body);
    let words = Words::of(body);
    for (rejection, has_activity) in [(&rejection, false), (&with_activity, true)] {
        is_shown_on_a_line(rejection);
        is_consistent(rejection);
        if rejection.verdict() == Verdict::remove_token(None) {
            let says_so = words.unregistered || words.apple && !has_activity;
            assert!(says_so, "nothing says that it is gone: {rejection:?}");
        }
    }
}

fn is_bounded(rejection: &Rejection) {
    let texts = rejection.detail.iter().chain(&rejection.info);
    let texts = texts.chain(rejection.apns.as_ref().map(|apns| &apns.reason));
    let violations = rejection.violations.iter();
    let quota = rejection.quota.iter();
    let texts = texts
        .chain(violations.flat_map(|it| [&it.field, &it.description]))
        .chain(quota.flat_map(|it| [&it.subject, &it.description]));
    for text in texts {
        assert!(text.len() <= MAX_TEXT_BYTES, "{} bytes", text.len());
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    assert!(rejection.violations.len() <= MAX_ITEMS);
    assert!(rejection.quota.len() <= MAX_ITEMS);
    for code in [
        rejection.reason.as_ref().map(Reason::as_str),
        rejection.rpc_status.as_ref().map(Status::as_str),
    ] {
        assert!(code.unwrap_or_default().len() <= MAX_CODE_BYTES, "{code:?}");
    }
}

fn is_shown_on_a_line(rejection: &Rejection) {
    for judged in [
        rejection.clone(),
        rejection.clone().judged(Judgement::DeadToken),
        rejection.clone().judged(Judgement::LikelyWrongProject),
    ] {
        let line = judged.to_string();
        assert!(is_one_line(&line), "{line:?}");
        assert!(line.len() < 4096, "{} bytes", line.len());
    }
}

/// A bulk send changes what it is to change, and nothing else.
fn is_consistent(rejection: &Rejection) {
    let advice = rejection.advice();
    assert_eq!(rejection.is_gone(), advice == Advice::RemoveToken);
    let judged = |judgement| rejection.clone().judged(judgement).advice();
    match judged(Judgement::DeadToken) {
        Advice::RemoveToken => assert!(rejection.is_gone() || rejection.is_suspect_token()),
        other => assert_eq!(other, advice),
    }
    match judged(Judgement::LikelyWrongProject) {
        Advice::FixCredentials if rejection.is_gone() => {}
        other => assert_eq!(other, advice),
    }
    match (rejection.verdict(), rejection.retry_after) {
        (Verdict::RetryAfter(wait), Some(asked)) => assert_eq!(wait, asked),
        (Verdict::RetryAfter(wait), None) => assert!([10, 60].contains(&wait.as_secs())),
        _ => {}
    }
    assert!(!rejection.is_auth_refusal() || advice == Advice::FixCredentials);
}

/// The codes are those of the body, found by another way: by their place.
fn is_what_came(rejection: &Rejection, body: &[u8]) {
    let json = match body.len() {
        0..=MAX_BODY_BYTES => serde_json::from_slice::<Value>(body).unwrap_or_default(),
        _ => Value::Null,
    };
    let answer = if json.is_array() { &json[0] } else { &json };
    let error = &answer["error"];
    let is_fcm = |detail: &&Value| {
        let kind = detail["@type"].as_str().unwrap_or_default();
        kind.rsplit('/').next() == Some("google.firebase.fcm.v1.FcmError")
    };
    let details = error["details"].as_array().into_iter().flatten();
    let code = details.filter(is_fcm).find_map(|detail| {
        let (name, other) = ("errorCode", "error_code");
        let member = detail.get(name).or_else(|| detail.get(other));
        Some(Reason::from(start(member?.as_str()?)))
    });
    assert_eq!(rejection.reason, code);
    let status = error["status"].as_str().map(start).map(Status::from);
    assert_eq!(rejection.rpc_status, status);
    if let Some(reason) = &rejection.reason {
        assert_eq!(&Reason::from(reason.as_str()), reason);
    }
}

fn start(text: &str) -> &str {
    let ends = text.char_indices().map(|(at, it)| at + it.len_utf8());
    let end = ends.take_while(|end| *end <= MAX_CODE_BYTES).last();
    &text[..end.unwrap_or_default()]
}

/// The words in a body that say that a token is gone, wherever they stand.
#[derive(Default)]
struct Words {
    unregistered: bool,
    apple: bool,
}

impl Words {
    fn of(body: &[u8]) -> Self {
        let mut words = Self::default();
        words.look(&serde_json::from_slice(body).unwrap_or_default());
        words
    }

    fn look(&mut self, json: &Value) {
        match json {
            Value::String(text) => {
                self.unregistered |= text == "UNREGISTERED";
                // Shown on a line, it is without what can't be seen.
                let is_seen = |it: &char| !it.is_control() && !it.is_whitespace();
                let word: String = start(text).chars().filter(is_seen).collect();
                self.apple |= [
                    "Unregistered",
                    "ExpiredToken",
                    "BadDeviceToken",
                    "DeviceTokenNotForTopic",
                ]
                .contains(&&*word);
            }
            Value::Array(items) => items.iter().for_each(|item| self.look(item)),
            Value::Object(members) => members.values().for_each(|member| self.look(member)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_word_in_place_of_a_code_is_kept_and_removes_no_token(
            code in "\\PC{0,80}", reason in "[A-Za-z \\PC]{0,80}", text in "\\PC{0,600}",
        ) {
            let details = serde_json::json!([
                {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code},
                {"@type": "type.googleapis.com/google.firebase.fcm.v1.ApnsError", "reason": reason},
            ]);
            let body = serde_json::json!({"error": {"message": text, "details": details}});
            super::fcm_answer(format!("\0\u{64}120\n{body}").as_bytes());
        }
    }
}
