use serde::Deserialize;
use serde_json::Value;

use super::Reason;

/// The most of an unknown body that is kept, in bytes.
const MAX_TEXT_BYTES: usize = 256;

/// Reads the body of a refusal, or of a GOAWAY: the reason, and on a 410 the time, in milliseconds
/// since 1970, at which the service found the token no longer valid.
///
/// It takes whatever a server or a proxy on the way may send: a body that is not the documented
/// JSON becomes [`Reason::Unknown`] with its first 256 bytes, an empty one with an empty text.
pub fn parse_body(body: &[u8]) -> (Reason, Option<u64>) {
    #[derive(Deserialize)]
    struct Body {
        reason: String,
        #[serde(default)]
        timestamp: Value,
    }

    // A list would be read as the fields in their order.
    let is_object = body.trim_ascii_start().starts_with(b"{");
    match serde_json::from_slice::<Body>(body) {
        Ok(Body { reason, timestamp }) if is_object => {
            (Reason::from(start(&reason)), timestamp.as_u64())
        }
        _ => {
            // A cut character at the end becomes one replacement character, which fits or is cut
            // off below.
            let head = body.get(..MAX_TEXT_BYTES).unwrap_or(body);
            (
                Reason::from(start(String::from_utf8_lossy(head).trim())),
                None,
            )
        }
    }
}

/// The first bytes of a text, cut between characters.
fn start(text: &str) -> &str {
    if text.len() <= MAX_TEXT_BYTES {
        return text;
    }
    let end = (0..=MAX_TEXT_BYTES)
        .rev()
        .find(|index| text.is_char_boundary(*index))
        .unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_documented_bodies_are_read() {
        assert_eq!(
            parse_body(br#"{"reason":"BadDeviceToken"}"#),
            (Reason::BadDeviceToken, None)
        );
        assert_eq!(
            parse_body(br#"{"reason":"Unregistered","timestamp":1700000000123}"#),
            (Reason::Unregistered, Some(1_700_000_000_123))
        );
    }

    #[test]
    fn what_is_beside_the_documented_fields_does_no_harm() {
        let body = br#" {"id":[1,{"a":null}], "timestamp":"soon", "reason":"Shutdown"} "#;
        assert_eq!(parse_body(body), (Reason::Shutdown, None));
        assert_eq!(
            parse_body(br#"{"reason":"Unregistered","timestamp":-1}"#),
            (Reason::Unregistered, None)
        );
    }

    #[test]
    fn a_body_of_another_kind_is_kept_as_text() {
        for body in [
            "",
            "Maximum active streams violated",
            "{\"reason\":7}",
            "{}",
            "[1]",
            "[\"Unregistered\",7]",
            "<html>",
            "Unregistered!",
        ] {
            assert_eq!(
                parse_body(body.as_bytes()),
                (Reason::Unknown(body.into()), None)
            );
        }
        assert_eq!(
            parse_body(b"\xff\xfe"),
            (Reason::Unknown("\u{fffd}\u{fffd}".into()), None)
        );
    }

    proptest! {
        #[test]
        fn no_body_panics_and_none_is_kept_whole_when_it_is_long(
            body in prop::collection::vec(any::<u8>(), 0..1000),
        ) {
            let (reason, _) = parse_body(&body);
            prop_assert!(reason.as_str().len() <= MAX_TEXT_BYTES);
        }

        #[test]
        fn a_long_reason_is_cut_between_characters(
            reason in "\\PC{0,600}", timestamp: Option<u64>,
        ) {
            let body = serde_json::json!({"reason": &reason, "timestamp": timestamp}).to_string();
            let (read, time) = parse_body(body.as_bytes());
            prop_assert!(reason.starts_with(read.as_str()));
            prop_assert!(read.as_str().len() <= MAX_TEXT_BYTES);
            prop_assert!(read.as_str().len() + 4 > reason.len().min(MAX_TEXT_BYTES));
            prop_assert_eq!(time, timestamp);
        }
    }
}
