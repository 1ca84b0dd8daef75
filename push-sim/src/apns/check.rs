//! The checks of a request, in the order in which the first failing one answers.

use std::fmt;

use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use super::Reason;
use super::credentials::{Credentials, Granted};
use super::headers::Headers;
use super::push_type::{PushType, payload_limit};
use super::route::is_bundle_id;
use super::session::Shared;
use crate::http2::Request;
use crate::now::Now;

const MOST_COLLAPSE_ID_BYTES: usize = 64;
/// In hexadecimal digits; a token has no fixed length.
const DEVICE_TOKEN_DIGITS: std::ops::RangeInclusive<usize> = 32..=400;

/// A request, and what it takes to judge it.
pub(super) struct Case<'a> {
    pub(super) request: &'a Request,
    pub(super) headers: &'a Headers<'a>,
    pub(super) credentials: &'a mut Credentials,
    pub(super) shared: &'a Shared,
    pub(super) now: Now,
}

impl Case<'_> {
    /// What is looked at first in every request: its form, and who sends it.
    pub(super) fn admit(&mut self, methods: &[&[u8]]) -> Result<Granted<'_>, Reason> {
        if self.request.too_many_fields() {
            return Err(Reason::HeaderListTooLarge);
        }
        if !methods.contains(&self.headers.method) {
            return Err(Reason::MethodNotAllowed);
        }
        if self.headers.repeated {
            return Err(Reason::DuplicateHeaders);
        }
        let Shared { config, keys, .. } = self.shared;
        let authorization = self.headers.authorization;
        self.credentials
            .check(authorization, config, keys, self.now)
    }
}

/// Looks at everything that Apple looks at in a push to a device.
pub(super) fn check(case: &mut Case<'_>, device: &str) -> Result<(), Reason> {
    let (request, headers) = (case.request, case.headers);
    let granted = case.admit(&[b"POST"])?;
    check_device(device)?;
    headers.check_id()?;
    let push_type = match headers.push_type {
        Some(name) => Some(PushType::parse(name).ok_or(Reason::InvalidPushType)?),
        None => None,
    };
    check_delivery(headers, push_type)?;
    let topic = check_topic(headers.topic, push_type, granted)?;
    check_payload(request, payload_limit(push_type, topic))
}

fn check_device(device: &str) -> Result<(), Reason> {
    let digits = device.len();
    if digits == 0 {
        return Err(Reason::MissingDeviceToken);
    }
    let is_hex = device.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_hex && digits.is_multiple_of(2) && DEVICE_TOKEN_DIGITS.contains(&digits) {
        return Ok(());
    }
    Err(Reason::BadDeviceToken)
}

fn check_delivery(headers: &Headers<'_>, push_type: Option<PushType>) -> Result<(), Reason> {
    if let Some(expiration) = headers.expiration {
        let seconds = seconds(expiration).ok_or(Reason::BadExpirationDate)?;
        push_type.map_or(Ok(()), |push_type| push_type.check_expiration(seconds))?;
    }
    if let Some(text) = headers.priority {
        let priority = priority(text).ok_or(Reason::BadPriority)?;
        push_type.map_or(Ok(()), |push_type| push_type.check_priority(priority))?;
    }
    match headers.collapse_id {
        Some(id) if id.len() > MOST_COLLAPSE_ID_BYTES => Err(Reason::BadCollapseId),
        _ => Ok(()),
    }
}

pub(super) fn priority(text: &[u8]) -> Option<u8> {
    match text {
        b"10" => Some(10),
        b"5" => Some(5),
        b"1" => Some(1),
        _ => None,
    }
}

pub(super) fn seconds(text: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(text).ok()?;
    let is_plain = digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|_| is_plain)
}

fn check_topic<'a>(
    topic: Option<&'a [u8]>,
    push_type: Option<PushType>,
    granted: Granted<'a>,
) -> Result<&'a str, Reason> {
    let topic = match (topic, granted) {
        (Some([]) | None, Granted::Certificate(provider)) if provider.topics.len() == 1 => {
            return Ok(&provider.topics[0]);
        }
        (Some([]) | None, _) => return Err(Reason::MissingTopic),
        (Some(topic), _) => std::str::from_utf8(topic).map_err(|_| Reason::BadTopic)?,
    };
    if !is_bundle_id(topic) {
        return Err(Reason::BadTopic);
    }
    if let Some(push_type) = push_type {
        push_type.check_topic(topic)?;
    }
    let allowed = match granted {
        Granted::Key(key) => key.allows(topic),
        Granted::Certificate(_) if push_type == Some(PushType::Location) => {
            return Err(Reason::Forbidden);
        }
        Granted::Certificate(provider) => provider.topics.iter().any(|known| known == topic),
    };
    if allowed {
        Ok(topic)
    } else {
        Err(Reason::TopicDisallowed)
    }
}

fn check_payload(request: &Request, limit: u64) -> Result<(), Reason> {
    if request.body_len() == 0 {
        return Err(Reason::PayloadEmpty);
    }
    if request.body_len() > limit {
        return Err(Reason::PayloadTooLarge);
    }
    if is_json_object(request.body()) {
        Ok(())
    } else {
        Err(Reason::PayloadEmpty)
    }
}

/// Builds nothing of what it reads.
fn is_json_object(body: &[u8]) -> bool {
    struct Object;

    impl<'de> Visitor<'de> for Object {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(())
        }
    }

    let Ok(text) = std::str::from_utf8(body) else {
        return false;
    };
    let mut json = serde_json::Deserializer::from_str(text);
    json.deserialize_map(Object)
        .and_then(|()| json.end())
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_objects_are_payloads() {
        for good in [r#"{}"#, r#" {"aps":{"alert":"é"},"x":[1,{"y":null}]} "#] {
            assert!(is_json_object(good.as_bytes()), "{good}");
        }
        let deep = "[".repeat(4000);
        for bad in ["[]", "1", "{", "{}x", r#"{"a":}"#, "null", &deep] {
            assert!(!is_json_object(bad.as_bytes()), "{bad}");
        }
        assert!(!is_json_object(b"{\"a\":\"\xff\"}"));
    }

    #[test]
    fn device_tokens_are_hexadecimal_of_any_even_length() {
        for good in ["ab".repeat(16), "AB".repeat(32), "0f".repeat(160)] {
            assert_eq!(check_device(&good), Ok(()));
        }
        for bad in [
            "ab".repeat(15),
            "abc".repeat(11),
            "zz".repeat(32),
            "ab".repeat(201),
        ] {
            assert_eq!(check_device(&bad), Err(Reason::BadDeviceToken));
        }
        assert_eq!(check_device(""), Err(Reason::MissingDeviceToken));
    }

    #[test]
    fn an_expiration_is_a_plain_number() {
        assert_eq!(seconds(b"0"), Some(0));
        assert_eq!(seconds(b"1700000000"), Some(1_700_000_000));
        for bad in [
            &b""[..],
            b"-1",
            b"+1",
            b"1.5",
            b"soon",
            b"99999999999999999999",
        ] {
            assert_eq!(seconds(bad), None);
        }
    }
}
