//! Requests about channels: make one, read it, delete it, list all.

use serde_json::{Value, json};

use super::Reason;
use super::broadcast::{MOST_BODY_BYTES, check_access};
use super::channels::{StoragePolicy, check_id};
use super::check::Case;

const PUSH_TYPE: &str = "LiveActivity";

/// What is answered when all is well.
#[derive(Debug, PartialEq)]
pub(super) enum Managed {
    /// A new channel.
    Created(String),
    /// The answer to a question.
    Told(Value),
    /// A channel is gone.
    Deleted,
}

/// Serves `/1/apps/<bundle id>/channels`.
pub(super) fn manage(case: &mut Case<'_>, bundle_id: &str) -> Result<Managed, Reason> {
    check_access(case, &[b"POST", b"GET", b"DELETE"], bundle_id)?;
    let channels = &case.shared.channels;
    if case.headers.method == b"POST" {
        let policy = read_creation(case.request.body_len(), case.request.body())?;
        let most = case.shared.config.max_channels;
        return Ok(Managed::Created(channels.create(bundle_id, policy, most)?));
    }
    let id = check_id(case.headers.channel_id)?;
    if case.headers.method == b"DELETE" {
        channels.delete(bundle_id, id)?;
        return Ok(Managed::Deleted);
    }
    let policy = channels.policy(bundle_id, id)?;
    Ok(Managed::Told(json!({
        "message-storage-policy": policy.number(),
        "push-type": PUSH_TYPE,
    })))
}

/// Serves `/1/apps/<bundle id>/all-channels`.
pub(super) fn list(case: &mut Case<'_>, bundle_id: &str) -> Result<Managed, Reason> {
    check_access(case, &[b"GET"], bundle_id)?;
    let channels = case.shared.channels.list(bundle_id);
    Ok(Managed::Told(json!({ "channels": channels })))
}

/// Reads the body of a request for a new channel.
fn read_creation(length: u64, body: &[u8]) -> Result<StoragePolicy, Reason> {
    if length > MOST_BODY_BYTES {
        return Err(Reason::PayloadTooLarge);
    }
    let Ok(Value::Object(wanted)) = serde_json::from_slice(body) else {
        return Err(Reason::BadRequestPayload);
    };
    let known = ["message-storage-policy", "push-type"];
    if wanted.keys().any(|name| !known.contains(&name.as_str())) {
        return Err(Reason::BadRequestParams);
    }
    match wanted.get("push-type") {
        None => return Err(Reason::MissingPushType),
        Some(push_type) if push_type != PUSH_TYPE => return Err(Reason::InvalidPushType),
        Some(_) => {}
    }
    wanted
        .get("message-storage-policy")
        .and_then(Value::as_u64)
        .and_then(StoragePolicy::parse)
        .ok_or(Reason::BadRequestParams)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<StoragePolicy, Reason> {
        read_creation(body.len() as u64, body.as_bytes())
    }

    #[test]
    fn a_channel_is_asked_for_by_policy_and_push_type() {
        assert_eq!(
            read(r#"{"message-storage-policy": 0, "push-type": "LiveActivity"}"#),
            Ok(StoragePolicy::None)
        );
        assert_eq!(
            read(r#"{"push-type":"LiveActivity","message-storage-policy":1}"#),
            Ok(StoragePolicy::MostRecent)
        );
    }

    #[test]
    fn anything_else_has_its_reason() {
        for (body, reason) in [
            ("", Reason::BadRequestPayload),
            ("[]", Reason::BadRequestPayload),
            ("{", Reason::BadRequestPayload),
            ("{}", Reason::MissingPushType),
            (r#"{"message-storage-policy":1}"#, Reason::MissingPushType),
            (
                r#"{"message-storage-policy":1,"push-type":"alert"}"#,
                Reason::InvalidPushType,
            ),
            (
                r#"{"message-storage-policy":1,"push-type":1}"#,
                Reason::InvalidPushType,
            ),
            (r#"{"push-type":"LiveActivity"}"#, Reason::BadRequestParams),
            (
                r#"{"message-storage-policy":2,"push-type":"LiveActivity"}"#,
                Reason::BadRequestParams,
            ),
            (
                r#"{"message-storage-policy":"1","push-type":"LiveActivity"}"#,
                Reason::BadRequestParams,
            ),
            (
                r#"{"message-storage-policy":1,"push-type":"LiveActivity","id":"x"}"#,
                Reason::BadRequestParams,
            ),
        ] {
            assert_eq!(read(body), Err(reason), "{body}");
        }
        assert_eq!(read_creation(5121, b"{}"), Err(Reason::PayloadTooLarge));
    }
}
