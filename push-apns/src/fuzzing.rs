//! What the fuzzer runs: for each reader of foreign bytes a function that takes any bytes and
//! asserts what must hold for all of them. No part of the public API.
//!
//! The workspace `fuzz/` makes a target of each. The inputs kept in `fuzz/corpus/` go through the
//! same functions in the tests below.

mod gateway;

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::str::FromStr;

use http::HeaderValue;
use serde_json::json;
use serde_json::value::RawValue;

pub use self::gateway::{gateway_answers, gateway_badge, gateway_frames};
use crate::gateway::Command;
use crate::{
    ApnsId, ChannelId, CollapseId, DeviceToken, Endpoint, Priority, PushType, Reason,
    StoragePolicy, parse_body,
};

/// The body of a refusal or of a GOAWAY: what it says when it is the documented JSON, else the
/// start of it as text; the same again when it is written down and read.
pub fn reason(input: &[u8]) {
    let (reason, timestamp) = parse_body(input);
    assert!(reason.as_str().len() <= MAX_TEXT_BYTES);
    assert!(is_one_line(&reason.to_string()), "{reason:?}");
    for status in [0, 200, 400, 403, 410, 413, 429, 500, 503, u16::MAX] {
        reason.advice(status);
    }

    if reason != as_text(input) {
        // What stands in members of other names need be neither text nor a number in bounds.
        let text = String::from_utf8_lossy(input);
        let object = serde_json::from_str::<BTreeMap<String, &RawValue>>(&text);
        let object = object.expect("what is read is an object");
        let read = object["reason"].get();
        let read = serde_json::from_str::<String>(read).expect("what is read is a text");
        assert_eq!(reason, Reason::from(start(&read)));
        let read = object.get("timestamp").map(|time| time.get().parse().ok());
        assert_eq!(timestamp, read.flatten());
    } else if timestamp.is_some() {
        // A reason that is the whole text of its own body would be no object.
        panic!("a text has no timestamp: {timestamp:?}");
    }

    assert_eq!(Reason::from(reason.as_str()), reason);
    let written = json!({"reason": reason, "timestamp": timestamp}).to_string();
    assert_eq!(parse_body(written.as_bytes()), (reason, timestamp));
}

const MAX_TEXT_BYTES: usize = 256;

/// What a body says that is no JSON.
fn as_text(body: &[u8]) -> Reason {
    let head = &body[..body.len().min(MAX_TEXT_BYTES)];
    Reason::from(start(String::from_utf8_lossy(head).trim()))
}

fn start(text: &str) -> &str {
    let ends = text
        .char_indices()
        .map(|(at, character)| at + character.len_utf8());
    let end = ends.take_while(|end| *end <= MAX_TEXT_BYTES).last();
    &text[..end.unwrap_or_default()]
}

/// A device token, from bytes and from text: any that has the right digits in the right number,
/// and no other; never shown whole but where it is asked for.
pub fn device_token(input: &[u8]) {
    let of_bytes = DeviceToken::from_bytes(input);
    assert_eq!(of_bytes.is_ok(), (1..=256).contains(&input.len()));
    if let Ok(token) = of_bytes {
        assert_eq!(token.to_bytes(), input);
        assert_eq!(token.as_str().parse(), Ok(token));
    }

    let text = String::from_utf8_lossy(input);
    let fits = (1..=512).contains(&text.len())
        && text.len().is_multiple_of(2)
        && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let read = text.parse::<DeviceToken>();
    assert_eq!(read.is_ok(), fits, "{text:?}");
    match read {
        Ok(token) => {
            assert_eq!(token.as_str(), text.to_ascii_lowercase());
            assert_eq!(token.byte_len() * 2, text.len());
            let shown = &token.as_str()[..(text.len() / 2).min(8)];
            assert_eq!(format!("{token:?}"), format!("DeviceToken({shown}…)"));
            is_kept_in_json(&token);
        }
        Err(error) => assert!(is_said_shortly(&error)),
    }
}

/// Ids and the smaller words of the protocol: what is read is written as it was, and fits into a
/// header; what is not is said in a line.
pub fn identifiers(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Some(id) = reads::<ApnsId>(text, str::to_ascii_lowercase) {
        assert_eq!(text.len(), ApnsId::TEXT_LEN);
        assert_eq!(id.encode(&mut [0; ApnsId::TEXT_LEN]), id.to_string());
        is_kept_in_json(&id);
    }
    if let Some(id) = reads::<CollapseId>(text, str::to_owned) {
        assert!((1..=CollapseId::MAX_BYTES).contains(&text.len()));
        is_kept_in_json(&id);
    }
    if let Some(id) = reads::<ChannelId>(text, str::to_owned) {
        assert!((2..=ChannelId::MAX_BYTES).contains(&text.len()));
        is_kept_in_json(&id);
    }
    let _ = text.parse::<Endpoint>().map_err(|error| error.to_string());
    let _ = text
        .parse::<Priority>()
        .map_err(|error| is_said_shortly(&error));
    let _ = text
        .parse::<PushType>()
        .map_err(|error| is_said_shortly(&error));
    let _ = text
        .parse::<Command>()
        .map_err(|error| is_said_shortly(&error));
    let _ = text
        .parse::<StoragePolicy>()
        .map_err(|error| is_said_shortly(&error));
}

fn reads<T>(text: &str, written: impl Fn(&str) -> String) -> Option<T>
where
    T: FromStr<Err: Display> + Display,
{
    match text.parse::<T>() {
        Ok(value) => {
            assert_eq!(value.to_string(), written(text));
            assert!(HeaderValue::from_str(text).is_ok(), "{text:?}");
            Some(value)
        }
        Err(error) => {
            assert!(is_said_shortly(&error), "{error}");
            None
        }
    }
}

fn is_kept_in_json<T>(value: &T)
where
    T: serde::Serialize + for<'a> serde::Deserialize<'a> + PartialEq + Debug,
{
    let json = serde_json::to_string(value).expect("text is JSON");
    let back = serde_json::from_str::<T>(&json);
    assert_eq!(back.as_ref().ok(), Some(value));
}

fn is_said_shortly(error: &impl Display) -> bool {
    let text = error.to_string();
    // A character that can't be shown takes ten in its place.
    is_one_line(&text) && text.chars().count() < 800
}

/// Fit for a log: what a peer sends must not look like lines of our own.
fn is_one_line(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    /// Runs a target over the inputs that are kept for it.
    fn replay(target: &str, run: fn(&[u8])) {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        // Written by `cargo package`, whose packages come without the inputs.
        if package.join("Cargo.toml.orig").exists() {
            return;
        }
        let folder = package.join("../fuzz/corpus").join(target);
        let inputs = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("no inputs in {}: {error}", folder.display()));
        let mut count = 0;
        for input in inputs {
            let path = input.unwrap().path();
            // Shown with a failure only.
            eprintln!("{}", path.display());
            run(&std::fs::read(&path).unwrap());
            count += 1;
        }
        assert!(count > 0, "no inputs in {}", folder.display());
    }

    mod what_is_promised_holds_for_every_kept_input_of {
        macro_rules! targets {
            ($($target:ident,)+) => {
                $(#[test]
                fn $target() {
                    super::replay(stringify!($target), crate::fuzzing::$target);
                })+
            };
        }

        targets! {
            device_token, gateway_answers, gateway_badge, gateway_frames, identifiers, reason,
        }
    }

    /// Any JSON, of some depth.
    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<u64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            "\\PC{0,12}".prop_map(Into::into),
            Just("Unregistered".into()),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            let name = prop_oneof![
                Just("reason".to_owned()),
                Just("timestamp".to_owned()),
                "\\PC{0,6}"
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::vec((name, inner), 0..6).prop_map(|members| members
                    .into_iter()
                    .collect::<serde_json::Map<_, _>>()
                    .into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_a_reason_or_a_text(body in any_json()) {
            super::reason(body.to_string().as_bytes());
        }

        #[test]
        fn a_documented_body_that_is_cut_is_a_text(
            at in 0..crate::Reason::KNOWN.len(), time: u64, cut in 0_usize..200,
        ) {
            let reason = crate::Reason::KNOWN[at].clone();
            let body = serde_json::json!({"reason": reason, "timestamp": time}).to_string();
            prop_assert_eq!(crate::parse_body(body.as_bytes()), (reason, Some(time)));
            let cut = cut % body.len();
            let text = crate::Reason::Unknown(body[..cut].trim().into());
            prop_assert_eq!(crate::parse_body(&body.as_bytes()[..cut]), (text, None));
            super::reason(&body.as_bytes()[..cut]);
        }

        #[test]
        fn binary_bodies_hold_no_surprise(body in prop::collection::vec(any::<u8>(), 0..600)) {
            super::reason(&body);
            super::device_token(&body);
            super::identifiers(&body);
            super::gateway_frames(&body);
            super::gateway_answers(&body);
        }
    }
}
