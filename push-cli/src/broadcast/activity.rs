//! What happens to a Live Activity, as the options describe it.

use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use anypush::apns::{Notification, PushType};

use crate::args::{Activity, ActivityEvent, BroadcastApns, Json};
use crate::files::{read, read_json};

/// Reads what there is to read.
pub(super) fn notification(args: &BroadcastApns) -> Result<Notification> {
    let said = match &args.payload {
        Some(source) => {
            ensure!(
                args.activity == Activity::default(),
                "--payload is the whole push: leave the Live Activity options out"
            );
            Notification::raw(PushType::LiveActivity, read(source, "the payload")?)
        }
        None => said(&args.activity, SystemTime::now())?,
    };
    let delivery = &args.delivery;
    let mut said = said
        .priority(delivery.priority)
        .expiration(delivery.expiration.into());
    if let Some(topic) = &delivery.topic {
        said = said.topic(topic);
    }
    if let Some(id) = delivery.request_id {
        said = said.id(id);
    }
    Ok(said)
}

/// The payload, option by option.
fn said(activity: &Activity, now: SystemTime) -> Result<Notification> {
    let state = match &activity.content_state {
        None => None,
        Some(Json::Given(state)) => Some(state.clone()),
        Some(Json::In(source)) => Some(read_json(source, "--content-state")?),
    };
    let mut said = match activity.event.unwrap_or(ActivityEvent::Update) {
        ActivityEvent::Update => {
            let state = state.context(
                "an update needs the new content: give --content-state JSON, a file of it, or \
                 --payload",
            )?;
            Notification::live_activity_update(now, state)
        }
        ActivityEvent::End => {
            let end = Notification::live_activity_end(now);
            match state {
                Some(state) => end.content_state(state),
                None => end,
            }
        }
    };
    if let Some(at) = activity.stale_date {
        said = said.stale_date(at.after(now));
    }
    if let Some(at) = activity.dismissal_date {
        ensure!(
            activity.event == Some(ActivityEvent::End),
            "--dismissal-date is for an activity that ends: give --event end too"
        );
        said = said.dismissal_date(at.after(now));
    }
    if let Some(title) = activity.title.as_deref() {
        said = said.title(title);
    }
    if let Some(body) = activity.body.as_deref() {
        said = said.body(body);
    }
    if let Some(sound) = activity.sound.as_deref() {
        said = said.sound(sound);
    }
    if let Some(score) = activity.relevance_score {
        said = said.relevance_score(score);
    }
    for (key, value) in &activity.custom {
        said = said.custom(key, value);
    }
    Ok(said)
}
