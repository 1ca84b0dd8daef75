//! How much of the service's limit a message takes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Message;
use super::android::AndroidKind;

/// The least that it takes on any platform: `Encoded::payload_bytes` says why.
pub(super) fn payload_bytes(message: &Message) -> usize {
    android(message).min(web(message)).min(apple(message))
}

fn android(message: &Message) -> usize {
    if let Some(config) = &message.android_v2 {
        let own = match &config.kind {
            Some(AndroidKind::RemoteNotification(remote)) => remote.notification.as_ref(),
            _ => None,
        };
        let title = own.and_then(|own| own.title.as_deref());
        let body = own.and_then(|own| own.body.as_deref());
        return data(message, Some(&config.data)) + texts(message, title, body);
    }
    let config = message.android.as_ref();
    let own = config.and_then(|config| config.notification.as_ref());
    let title = own.and_then(|own| own.title.as_deref());
    let body = own.and_then(|own| own.body.as_deref());
    data(message, config.map(|config| &config.data)) + texts(message, title, body)
}

fn web(message: &Message) -> usize {
    let config = message.webpush.as_ref();
    let own = config.and_then(|config| config.notification.as_ref());
    let title = own.and_then(|own| own.title.as_deref());
    let body = own.and_then(|own| own.body.as_deref());
    data(message, config.map(|config| &config.data)) + texts(message, title, body)
}

fn apple(message: &Message) -> usize {
    let payload = message.apns.as_ref().and_then(|apns| apns.payload.as_ref());
    let shown = match payload {
        Some(payload) => payload
            .iter()
            .map(|(key, value)| key.len() + weight(value))
            .sum(),
        None => texts(message, None, None),
    };
    data(message, None) + shown
}

/// The data that count: a platform's own take the place of the message's.
fn data(message: &Message, own: Option<&BTreeMap<String, String>>) -> usize {
    let data = own.filter(|own| !own.is_empty()).unwrap_or(&message.data);
    data.iter().map(|(key, text)| key.len() + text.len()).sum()
}

/// Title and text: those of the platform, or else the message's.
fn texts(message: &Message, title: Option<&str>, body: Option<&str>) -> usize {
    let common = message.notification.as_ref();
    let title = title.or_else(|| common?.title.as_deref());
    let body = body.or_else(|| common?.body.as_deref());
    title.map_or(0, str::len) + body.map_or(0, str::len)
}

/// The keys and texts of a JSON value; of numbers and the like the least that they could take.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| key.len() + weight(value))
            .sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
    }
}
