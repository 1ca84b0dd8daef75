//! The message that the options describe, for FCM.

use anyhow::{Context, Result, bail, ensure};
use anypush::fcm::{AndroidConfig, AndroidNotification, ApnsConfig, Message, WebpushConfig};
use serde_json::{Map, Value};

use super::payload::{ensure_once, ensure_untargeted, object};
use crate::args::{Devices, Fcm, FcmMessage, Source};

const TARGETS: [&str; 4] = ["token", "fid", "topic", "condition"];

/// A message, and whether it is only to be checked.
pub(super) struct Said {
    pub(super) message: Message,
    pub(super) validate_only: bool,
}

/// Reads what there is to read.
pub(super) fn message(args: &Fcm) -> Result<Said> {
    let Some(source) = &args.payload else {
        return Ok(Said {
            message: said(&args.message)?,
            validate_only: args.validate_only,
        });
    };
    ensure!(
        args.message == FcmMessage::default(),
        "--payload is the whole message: leave the message options out, --ttl, --collapse-key, \
         --priority and --analytics-label among them"
    );
    let mut said = raw(source, &args.targets.devices.listed)?;
    said.validate_only |= args.validate_only;
    Ok(said)
}

/// A message as the API has it, or a whole request with it.
fn raw(source: &Source, devices: &Devices) -> Result<Said> {
    let given = object(source, devices)?;
    let (message, validate_only) = match given.get("message") {
        Some(Value::Object(_)) => of_request(given)?,
        Some(_) => bail!("the payload's \"message\" is no object: give {{\"message\":{{…}}}}"),
        None => (given, false),
    };
    ensure_untargeted(&message, &TARGETS)?;
    ensure_texts(&message)?;
    let message = serde_json::from_value(Value::Object(message));
    Ok(Said {
        message: message.context("the payload is no message of the API")?,
        validate_only,
    })
}

fn of_request(request: Map<String, Value>) -> Result<(Map<String, Value>, bool)> {
    let mut message = Map::new();
    let mut validate_only = false;
    for (name, value) in request {
        match (name.as_str(), value) {
            ("message", Value::Object(object)) => message = object,
            ("validate_only" | "validateOnly", Value::Bool(only)) => validate_only = only,
            (name, _) => bail!(
                "the payload has {name:?} beside \"message\": a request has no more than \"message\" and \
                 \"validate_only\""
            ),
        }
    }
    Ok((message, validate_only))
}

/// The slip that is made most often: values of data that are no texts.
fn ensure_texts(message: &Map<String, Value>) -> Result<()> {
    let data = |part: &Value| part.get("data")?.as_object().cloned();
    let own = (
        "data",
        message.get("data").and_then(Value::as_object).cloned(),
    );
    let parts = [("android.data", "android"), ("webpush.data", "webpush")];
    let parts = parts.map(|(path, part)| (path, message.get(part).and_then(data)));
    for (path, data) in std::iter::once(own).chain(parts) {
        let found = data.iter().flatten().find(|(_, value)| !value.is_string());
        if let Some((key, value)) = found {
            let text = Value::String(value.to_string());
            bail!("the payload's {path}.{key} is no text: give it as one, such as {text}");
        }
    }
    Ok(())
}

/// The message, option by option.
fn said(given: &FcmMessage) -> Result<Message> {
    ensure!(
        *given != FcmMessage::default(),
        "the message says nothing: give --title, --body, --data or another message option, or --payload"
    );
    ensure_once("--data", &given.data)?;
    ensure_once("--apns-header", &given.apns_header)?;
    ensure_once("--webpush-header", &given.webpush_header)?;
    let mut message = Message::with_data(given.data.iter().cloned());
    if let Some(title) = &given.title {
        message = message.title(title);
    }
    if let Some(body) = &given.body {
        message = message.body(body);
    }
    if let Some(image) = &given.image {
        message = message.image(image);
    }
    if let Some(label) = &given.analytics_label {
        message = message.analytics_label(label);
    }
    let android = android(given);
    if android != AndroidConfig::new() {
        message = message.android(android);
    }
    if !given.apns_header.is_empty() {
        let apns = ApnsConfig::new();
        let headers = given.apns_header.iter();
        message = message.apns(headers.fold(apns, |apns, (name, value)| apns.header(name, value)));
    }
    let mut web = WebpushConfig::new();
    for (name, value) in &given.webpush_header {
        web = web.header(name, value);
    }
    if let Some(link) = &given.link {
        web = web.link(link);
    }
    if web != WebpushConfig::new() {
        message = message.webpush(web);
    }
    Ok(message)
}

fn android(given: &FcmMessage) -> AndroidConfig {
    let mut android = AndroidConfig::new();
    if let Some(ttl) = given.ttl {
        android = android.ttl(ttl);
    }
    if let Some(key) = &given.collapse_key {
        android = android.collapse_key(key);
    }
    if let Some(priority) = &given.priority {
        android = android.priority(priority.clone());
    }
    let mut shown = AndroidNotification::new();
    if let Some(sound) = &given.sound {
        shown = shown.sound(sound);
    }
    if let Some(channel) = &given.channel_id {
        shown = shown.channel_id(channel);
    }
    match shown == AndroidNotification::new() {
        true => android,
        false => android.notification(shown),
    }
}
