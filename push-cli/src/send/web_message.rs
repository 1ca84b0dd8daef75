//! The message that the options describe, for Web Push.

use anyhow::{Result, ensure};
use anypush::web::{Declarative, Message, Notification};

use crate::args::{Web, WebMessage};
use crate::files::{ensure_apart, read};

/// Reads what there is to read.
pub(super) fn message(args: &Web) -> Result<Message> {
    let mut message = match &args.payload {
        None => said(&args.message),
        Some(source) => {
            ensure!(
                args.message == WebMessage::default(),
                "--payload is the whole payload: leave out --body, --title and what belongs to it"
            );
            ensure_apart(source, &args.devices)?;
            Message::bytes(read(source, "the payload")?)
        }
    };
    let delivery = &args.delivery;
    message = message.encoding(delivery.encoding);
    if let Some(ttl) = delivery.ttl {
        message = message.ttl(ttl);
    }
    if let Some(urgency) = delivery.urgency {
        message = message.urgency(urgency);
    }
    if let Some(topic) = &delivery.topic {
        message = message.topic(topic);
    }
    if let Some(padding) = delivery.padding {
        message = message.padding(padding);
    }
    if let Some(content_type) = &delivery.content_type {
        message = message.content_type(content_type);
    }
    Ok(message)
}

/// The message, option by option.
fn said(given: &WebMessage) -> Message {
    let (Some(title), Some(navigate)) = (&given.title, &given.navigate) else {
        return match &given.body {
            Some(body) => Message::text(body),
            None => Message::empty(),
        };
    };
    let mut notification = Notification::new(title, navigate);
    if let Some(body) = &given.body {
        notification = notification.body(body);
    }
    if let Some(icon) = &given.icon {
        notification = notification.icon(icon);
    }
    if let Some(tag) = &given.tag {
        notification = notification.tag(tag);
    }
    let mut declarative = Declarative::new(notification);
    if let Some(badge) = given.app_badge {
        declarative = declarative.app_badge(badge);
    }
    if given.mutable {
        declarative = declarative.mutable(true);
    }
    declarative.into()
}
