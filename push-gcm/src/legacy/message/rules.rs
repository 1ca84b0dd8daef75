//! What a message may not say.

use serde_json::{Map, Value};

use super::{Message, Notification, whole_seconds};
use crate::legacy::Problem;

/// The longest time that the service stores a message, in seconds: four weeks.
pub(super) const MAX_TIME_TO_LIVE: u64 = 2_419_200;

/// Whom a message is for, which the client says.
const TARGETS: [&str; 5] = [
    "to",
    "registration_ids",
    "registration_id",
    "condition",
    "notification_key",
];

const PARAMETERS: [&str; 10] = [
    "data",
    "notification",
    "collapse_key",
    "priority",
    "content_available",
    "mutable_content",
    "delay_while_idle",
    "time_to_live",
    "restricted_package_name",
    "dry_run",
];

const NOTIFICATION_FIELDS: [&str; 14] = [
    "title",
    "body",
    "subtitle",
    "icon",
    "sound",
    "badge",
    "click_action",
    "android_channel_id",
    "tag",
    "color",
    "body_loc_key",
    "body_loc_args",
    "title_loc_key",
    "title_loc_args",
];

/// Adds all that is wrong with a message in every format.
pub(super) fn check(message: &Message, limit_bytes: usize, problems: &mut Vec<Problem>) {
    if let Some(time) = message.time_to_live
        && whole_seconds(time) > MAX_TIME_TO_LIVE
    {
        problems.push(Problem::TimeToLive {
            given: time,
            max_secs: MAX_TIME_TO_LIVE,
        });
    }
    let reserved = message.data.keys().filter(|key| is_reserved(key));
    problems.extend(reserved.map(|key| Problem::ReservedKey { key: key.clone() }));
    for name in message.extra.keys() {
        if TARGETS.contains(&name.as_str()) {
            problems.push(Problem::TargetInExtra { name: name.clone() });
        } else if PARAMETERS.contains(&name.as_str()) {
            problems.push(Problem::FieldInExtra { name: name.clone() });
        }
    }
    if let Some(notification) = &message.notification {
        let typed = notification.extra.keys();
        let typed = typed.filter(|name| NOTIFICATION_FIELDS.contains(&name.as_str()));
        problems.extend(typed.map(|name| Problem::FieldInExtra {
            name: format!("notification.{name}"),
        }));
    }
    let bytes = payload_bytes(message);
    if bytes > limit_bytes {
        problems.push(Problem::PayloadTooLarge { bytes, limit_bytes });
    }
}

/// Google's page says `from`, `message_type`, and any word that starts with `google` or `gcm`.
fn is_reserved(key: &str) -> bool {
    matches!(key, "from" | "message_type") || key.starts_with("google") || key.starts_with("gcm")
}

/// The payload as the service counts it: keys and values of the data, without what JSON needs around
/// them, and the values of the notification. Whether that one's keys count too, Google's pages do not
/// say; so that nothing is refused here that the service takes, they do not.
fn payload_bytes(message: &Message) -> usize {
    let notification = message.notification.as_ref().map_or(0, notification_bytes);
    map_bytes(&message.data) + notification
}

fn notification_bytes(notification: &Notification) -> usize {
    match serde_json::to_value(notification) {
        Ok(Value::Object(fields)) => fields.values().map(value_bytes).sum(),
        _ => 0,
    }
}

fn map_bytes(map: &Map<String, Value>) -> usize {
    map.iter()
        .map(|(key, value)| key.len() + value_bytes(value))
        .sum()
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        // Devices get it as its JSON text.
        other => other.to_string().len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_of_names_are_those_of_the_fields() {
        // Every field set, each has to be in its list, or it could be said twice.
        let names = |json: &str, list: &[&str]| {
            let Ok(Value::Object(map)) = serde_json::from_str(json) else {
                panic!("no object: {json}");
            };
            assert_eq!(map.len(), list.len());
            map.keys().all(|name| list.contains(&name.as_str()))
        };
        let message = r#"{"data":{"a":"b"},"notification":{},"collapse_key":"a","priority":"high",
            "content_available":true,"mutable_content":true,"delay_while_idle":true,
            "time_to_live":1,"restricted_package_name":"a","dry_run":true}"#;
        let read: Message = serde_json::from_str(message).unwrap();
        assert!(read.extra.is_empty() && names(message, &PARAMETERS));
        let written = serde_json::to_string(&read).unwrap();
        assert!(names(&written, &PARAMETERS));

        let notification = r##"{"title":"a","body":"a","subtitle":"a","icon":"a","sound":"a",
            "badge":"1","click_action":"a","android_channel_id":"a","tag":"a","color":"#ffffff",
            "body_loc_key":"a","body_loc_args":"[]","title_loc_key":"a","title_loc_args":"[]"}"##;
        let read: Notification = serde_json::from_str(notification).unwrap();
        assert!(read.extra.is_empty());
        let written = serde_json::to_string(&read).unwrap();
        assert!(names(&written, &NOTIFICATION_FIELDS));
    }

    #[test]
    fn a_payload_is_counted_without_what_is_around_it() {
        let message = Message::new()
            .data("ab", "cü")
            .data("n", 42)
            .data("list", vec!["x"])
            .notification(Notification::new().title("hi").badge(7));
        // ab cü · n 42 · list ["x"] · hi · 7
        assert_eq!(payload_bytes(&message), 5 + 3 + 9 + 2 + 1);
    }
}
