//! The message that the options describe, for the legacy protocol.

use anyhow::{Context, Result, ensure};
use anypush::gcm::{Message, Notification};
use serde_json::Value;

use super::payload::{ensure_once, ensure_untargeted, object};
use crate::args::{Gcm, GcmMessage};

const TARGETS: [&str; 5] = [
    "to",
    "registration_ids",
    "registration_id",
    "condition",
    "notification_key",
];

/// Reads what there is to read.
pub(super) fn message(args: &Gcm) -> Result<Message> {
    let said = match &args.payload {
        None => said(args)?,
        Some(source) => {
            ensure!(
                args.message == GcmMessage::default(),
                "--payload is the whole message: leave the message options out, --ttl and \
                 --collapse-key among them"
            );
            let given = object(source, &args.devices)?;
            ensure_untargeted(&given, &TARGETS)?;
            let message = serde_json::from_value(Value::Object(given));
            message.context("the payload is no request of the protocol")?
        }
    };
    Ok(match args.dry_run {
        true => said.dry_run(true),
        false => said,
    })
}

/// The message, option by option.
fn said(args: &Gcm) -> Result<Message> {
    let given = &args.message;
    ensure!(
        *given != GcmMessage::default(),
        "the message says nothing: give --title, --body, --data or another message option, or --payload"
    );
    ensure_once("--data", &given.data)?;
    let data = given.data.iter().map(|(key, text)| (key, text.as_str()));
    let mut message = Message::new().data_from(data);
    if given.title.is_some() || given.body.is_some() {
        let mut shown = Notification::new();
        if let Some(title) = &given.title {
            shown = shown.title(title);
        }
        if let Some(body) = &given.body {
            shown = shown.body(body);
        }
        message = message.notification(shown);
    }
    // A form has no place for it.
    if !args.plain {
        message = match given.low_priority {
            true => message.low_priority(),
            false => message.high_priority(),
        };
    }
    if let Some(key) = &given.collapse_key {
        message = message.collapse_key(key);
    }
    if let Some(ttl) = given.ttl {
        message = message.time_to_live(ttl);
    }
    if given.delay_while_idle {
        message = message.delay_while_idle(true);
    }
    if let Some(name) = &given.restricted_package_name {
        message = message.restricted_package_name(name);
    }
    Ok(message)
}
