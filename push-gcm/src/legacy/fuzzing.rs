//! What the fuzzer runs of the legacy protocol: see [`crate::fuzzing`], which has it as
//! `gcm_answer` and `gcm_message`.

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use push_core::{Outcome as _, Verdict};
use serde_json::json;

use super::answer::Reply;
use super::{Error, Message, Multicast};

/// The answer to a request: the first two bytes are its status, the third says how many ids there
/// were, up to the first newline is a `Retry-After`, and the rest is the body.
pub fn answer(input: &[u8]) {
    let [high, low, ids, rest @ ..] = input else {
        return;
    };
    let status = u16::from_be_bytes([*high, *low]) % 500 + 100;
    let mut parts = rest.splitn(2, |byte| *byte == b'\n');
    let header = HeaderValue::from_bytes(parts.next().unwrap_or_default());
    let body = Bytes::copy_from_slice(parts.next().unwrap_or_default());
    let mut headers = HeaderMap::new();
    headers.extend(header.ok().map(|value| (RETRY_AFTER, value)));
    let now = UNIX_EPOCH + Duration::from_secs(1_792_568_880);
    let status = StatusCode::from_u16(status).unwrap_or_default();
    let reply = Reply::read(status, &headers, body, now).without("s3cret");

    let ids: Vec<String> = (0..=usize::from(*ids)).map(|id| id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let outcomes = reply.devices(&ids);
    assert_eq!(outcomes.len(), ids.len(), "each id has one outcome");
    for outcome in outcomes.iter().chain([&reply.plain("0"), &reply.topic()]) {
        let removed = matches!(outcome.verdict(), Verdict::RemoveToken { .. });
        let acts = outcome.is_ok() || removed;
        assert!(!acts || status == 200, "only a result says so: {status}");
        if let Err(error) = outcome {
            is_fit_to_show(error);
        }
    }
    if let Err(error) = reply.group() {
        is_fit_to_show(&error);
    }
}

/// One line of bounded length, without the key.
fn is_fit_to_show(error: &Error) {
    let line = error.report();
    assert!(line.len() < 4096 && !line.contains("s3cret"), "{line}");
    assert!(!line.chars().any(char::is_control), "{line:?}");
}

/// A message that was stored: what is read is written as it is, and encoded or refused.
pub fn message(input: &[u8]) {
    let Ok(multicast) = serde_json::from_slice::<Multicast>(input) else {
        return;
    };
    let written = serde_json::to_vec(&multicast).expect("what was read can be written");
    let again: Multicast = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(again, multicast);

    let message: &Message = &multicast.message;
    if let Ok(encoded) = message.encode()
        && !multicast.devices.is_empty()
    {
        let body = encoded.body(&multicast.devices);
        let body: serde_json::Value = serde_json::from_slice(&body).expect("a JSON object");
        let to = match multicast.devices.as_slice() {
            [one] => json!({"to": one.as_str()}),
            many => {
                let ids = many.iter().map(|id| id.as_str());
                json!({"registration_ids": ids.collect::<Vec<_>>()})
            }
        };
        let mut sent = serde_json::to_value(message).expect("what was encoded can be written");
        let members = sent.as_object_mut().expect("a message is an object");
        members.extend(to.as_object().cloned().unwrap_or_default());
        assert_eq!(body, sent, "the devices, the message and nothing else");
    }
    if let Ok(form) = message.encode_plain("4") {
        assert!(form.is_ascii());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_an_answer(input: Vec<u8>) {
            super::answer(&input);
        }

        #[test]
        fn any_text_is_an_answer_that_was_taken(input in ".{0,200}") {
            super::answer(format!("\0\u{64}\u{2}\n{input}").as_bytes());
        }

        #[test]
        fn any_refusal_is_fit_to_show(input in ".{0,50}s3cret.{0,300}") {
            super::answer(format!("\u{1}\u{2c}\u{0}5\n{input}").as_bytes());
        }

        #[test]
        fn any_object_is_a_message_or_none(
            data in "\"[a-z]{0,6}\":(null|[0-9]{1,3}|\"[ -~&&[^\"\\\\]]{0,9}\"|\\[\\]|\\{\\})",
            name in "(time_to_live|badge|data|extra|to|dry_run|priority)",
            value in "(null|7|-1|1.5|true|\"x\"|\\{\\})",
        ) {
            let text = format!(
                r#"{{"message":{{"data":{{{data}}},"notification":{{"{name}":{value}}},"{name}":{value}}},
                "devices":["4","8"]}}"#
            );
            super::message(text.as_bytes());
        }
    }
}
