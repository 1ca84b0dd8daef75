//! The notification that the options describe.

use anyhow::{Result, bail, ensure};
use anypush::apns::{Notification, PushType};

use crate::args::{Devices, Message, Source};
use crate::files::{ensure_apart, read};

/// Reads what there is to read. `devices` can be on standard input, too.
pub(super) fn notification(
    push_type: PushType,
    payload: Option<&Source>,
    message: &Message,
    devices: &Devices,
) -> Result<Notification> {
    let Some(source) = payload else {
        return said(push_type, message);
    };
    ensure!(
        *message == Message::default(),
        "--payload is the whole notification: leave the message options out"
    );
    ensure_apart(source, devices)?;
    Ok(Notification::raw(push_type, read(source, "the payload")?))
}

/// The payload, option by option.
fn said(push_type: PushType, message: &Message) -> Result<Notification> {
    let mut said = match push_type {
        PushType::Alert => {
            ensure!(
                *message != Message::default(),
                "the notification says nothing: give --title, --body, --badge or another message \
                 option, or --payload"
            );
            Notification::from_payload(push_type, anypush::apns::Payload::default())
        }
        PushType::Background => Notification::background(),
        PushType::Location => Notification::location(),
        PushType::Voip => Notification::voip(),
        PushType::Complication => Notification::complication(),
        PushType::FileProvider => Notification::file_provider(),
        PushType::Mdm => Notification::mdm(message.push_magic.as_deref().unwrap_or_default()),
        PushType::PushToTalk => Notification::push_to_talk(),
        PushType::Widgets => Notification::widgets(),
        PushType::Controls => Notification::controls(),
        _ => bail!("push type {push_type} has no message options: give its JSON with --payload"),
    };
    ensure!(
        message.push_magic.is_none() || push_type == PushType::Mdm,
        "--push-magic is for push type mdm: leave it out, or give --push-type mdm"
    );
    said = alert(said, message);
    if let Some(badge) = message.badge {
        said = said.badge(badge);
    }
    if let Some(sound) = message.sound.as_deref() {
        said = said.sound(sound);
    }
    if let Some(id) = &message.thread_id {
        said = said.thread_id(id);
    }
    if let Some(category) = &message.category {
        said = said.category(category);
    }
    if message.content_available {
        said = said.content_available(true);
    }
    if message.mutable_content {
        said = said.mutable_content(true);
    }
    if let Some(level) = &message.interruption_level {
        said = said.interruption_level(level.clone());
    }
    if let Some(score) = message.relevance_score {
        said = said.relevance_score(score);
    }
    if let Some(id) = &message.target_content_id {
        said = said.target_content_id(id);
    }
    if let Some(criteria) = &message.filter_criteria {
        said = said.filter_criteria(criteria);
    }
    for (key, value) in &message.custom {
        said = said.custom(key, value);
    }
    if message.truncate {
        said = said.truncate();
    }
    Ok(said)
}

fn alert(mut said: Notification, message: &Message) -> Notification {
    if let Some(title) = message.title.as_deref() {
        said = said.title(title);
    }
    if let Some(subtitle) = &message.subtitle {
        said = said.subtitle(subtitle);
    }
    if let Some(body) = message.body.as_deref() {
        said = said.body(body);
    }
    if let Some(file) = &message.launch_image {
        said = said.launch_image(file);
    }
    if let Some(key) = &message.loc_key {
        said = said.loc_key(key);
    }
    if !message.loc_args.is_empty() {
        said = said.loc_args(&message.loc_args);
    }
    if let Some(key) = &message.title_loc_key {
        said = said.title_loc_key(key);
    }
    if !message.title_loc_args.is_empty() {
        said = said.title_loc_args(&message.title_loc_args);
    }
    if let Some(key) = &message.subtitle_loc_key {
        said = said.subtitle_loc_key(key);
    }
    if !message.subtitle_loc_args.is_empty() {
        said = said.subtitle_loc_args(&message.subtitle_loc_args);
    }
    said
}
