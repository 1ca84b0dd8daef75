//! The checks of a broadcast: one notification for all who follow a channel.

use serde_json::Value;

use super::Reason;
use super::channels::{StoragePolicy, check_id};
use super::check::{Case, priority, seconds};
use super::credentials::Granted;
use super::push_type::has_suffix;

/// The limit of a payload, and of what else is sent about channels.
pub(super) const MOST_BODY_BYTES: u64 = 5120;

/// Looks at everything that Apple looks at, authentication and channel first.
pub(super) fn check(case: &mut Case<'_>, bundle_id: &str) -> Result<(), Reason> {
    check_access(case, &[b"POST"], bundle_id)?;
    let headers = case.headers;
    let id = check_id(headers.channel_id)?;
    let policy = case.shared.channels.policy(bundle_id, id)?;
    check_push_type(headers.push_type)?;
    check_expiration(headers.expiration, policy)?;
    headers
        .priority
        .and_then(priority)
        .ok_or(Reason::BadPriority)?;
    check_payload(case.request.body_len(), case.request.body())
}

/// Whether the request may be made at all, and for this app.
pub(super) fn check_access(
    case: &mut Case<'_>,
    methods: &[&[u8]],
    bundle_id: &str,
) -> Result<(), Reason> {
    let granted = case.admit(methods)?;
    let is_granted = match granted {
        Granted::Key(key) => key.allows(bundle_id),
        Granted::Certificate(provider) => provider.topics.iter().any(|known| known == bundle_id),
    };
    if has_suffix(bundle_id) {
        return Err(Reason::TopicDisallowed);
    }
    if !is_granted {
        return Err(Reason::TopicMismatch);
    }
    case.headers.check_id()?;
    let disabled = &case.shared.config.no_broadcast;
    if disabled.iter().any(|known| known == bundle_id) {
        return Err(Reason::FeatureNotEnabled);
    }
    Ok(())
}

/// In any case of its letters: Apple's own pages write it in three ways.
fn check_push_type(push_type: Option<&[u8]>) -> Result<(), Reason> {
    match push_type {
        None | Some([]) => Err(Reason::MissingPushType),
        Some(name) if name.eq_ignore_ascii_case(b"liveactivity") => Ok(()),
        Some(_) => Err(Reason::InvalidPushType),
    }
}

fn check_expiration(expiration: Option<&[u8]>, policy: StoragePolicy) -> Result<(), Reason> {
    match (expiration.and_then(seconds), policy) {
        (Some(0), _) | (Some(_), StoragePolicy::MostRecent) => Ok(()),
        _ => Err(Reason::BadExpirationDate),
    }
}

fn check_payload(length: u64, payload: &[u8]) -> Result<(), Reason> {
    if length == 0 {
        return Err(Reason::PayloadEmpty);
    }
    if length > MOST_BODY_BYTES {
        return Err(Reason::PayloadTooLarge);
    }
    let Ok(Value::Object(payload)) = serde_json::from_slice(payload) else {
        return Err(Reason::BadRequestPayload);
    };
    let event = payload.get("aps").and_then(|aps| aps.get("event"));
    match event.and_then(Value::as_str) {
        Some("update" | "end") => Ok(()),
        _ => Err(Reason::BadRequestParams),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_type_is_needed_and_there_is_one() {
        for good in ["liveactivity", "LiveActivity", "Liveactivity"] {
            assert_eq!(check_push_type(Some(good.as_bytes())), Ok(()));
        }
        assert_eq!(
            check_push_type(Some(b"alert")),
            Err(Reason::InvalidPushType)
        );
        assert_eq!(check_push_type(Some(b"")), Err(Reason::MissingPushType));
        assert_eq!(check_push_type(None), Err(Reason::MissingPushType));
    }

    #[test]
    fn what_is_not_stored_has_to_expire_at_once() {
        for policy in [StoragePolicy::None, StoragePolicy::MostRecent] {
            assert_eq!(check_expiration(Some(b"0"), policy), Ok(()));
            for bad in [None, Some(&b""[..]), Some(b"soon"), Some(b"-1")] {
                assert_eq!(
                    check_expiration(bad, policy),
                    Err(Reason::BadExpirationDate)
                );
            }
        }
        let later = Some(&b"1700000000"[..]);
        assert_eq!(check_expiration(later, StoragePolicy::MostRecent), Ok(()));
        assert_eq!(
            check_expiration(later, StoragePolicy::None),
            Err(Reason::BadExpirationDate)
        );
    }

    #[test]
    fn a_payload_updates_or_ends_an_activity() {
        let reason = |payload: &str| check_payload(payload.len() as u64, payload.as_bytes()).err();
        for event in ["update", "end"] {
            let payload = format!(r#"{{"aps":{{"event":"{event}","timestamp":1}},"x":null}}"#);
            assert_eq!(reason(&payload), None);
        }
        assert_eq!(reason(""), Some(Reason::PayloadEmpty));
        for unreadable in ["no json", "[]", "{", "{}x", "\"aps\""] {
            assert_eq!(reason(unreadable), Some(Reason::BadRequestPayload));
        }
        for other in [
            "{}",
            r#"{"aps":{}}"#,
            r#"{"aps":{"event":"start"}}"#,
            r#"{"aps":{"event":"Update"}}"#,
            r#"{"aps":{"event":1}}"#,
            r#"{"aps":["update"]}"#,
            r#"{"event":"update"}"#,
            r#"{"aps":{"alert":"hi"}}"#,
        ] {
            assert_eq!(reason(other), Some(Reason::BadRequestParams), "{other}");
        }
    }

    #[test]
    fn a_payload_may_have_5120_bytes() {
        let frame = r#"{"aps":{"event":"end"},"x":""}"#;
        let of = |length: usize| {
            let filler = "x".repeat(length - frame.len());
            frame.replace(r#":""}"#, &format!(r#":"{filler}"}}"#))
        };
        assert_eq!(check_payload(5120, of(5120).as_bytes()), Ok(()));
        assert_eq!(
            check_payload(5121, of(5121).as_bytes()),
            Err(Reason::PayloadTooLarge)
        );
    }
}
