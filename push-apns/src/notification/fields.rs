//! The builder methods that set parts of the payload.

use serde::Serialize;
use serde_json::Value;

use super::{Fault, Notification};
use crate::payload::{
    Alert, AlertFields, Aps, CriticalSound, InterruptionLevel, Payload, Sound, Text, Timestamp,
};
use crate::push_type::PushType;

/// The alert.
impl Notification {
    /// The title.
    pub fn title(self, title: impl Into<Text>) -> Self {
        self.alert_part("title", |alert| alert.title = Some(title.into()))
    }

    /// The line below the title.
    pub fn subtitle(self, subtitle: impl Into<String>) -> Self {
        self.alert_part("subtitle", |alert| alert.subtitle = Some(subtitle.into()))
    }

    /// The text.
    pub fn body(self, body: impl Into<Text>) -> Self {
        self.alert_part("body", |alert| alert.body = Some(body.into()))
    }

    /// The launch image that the app shows when it is opened by the alert.
    pub fn launch_image(self, file: impl Into<String>) -> Self {
        self.alert_part("launch-image", |alert| {
            alert.launch_image = Some(file.into())
        })
    }

    /// The key of a localised title among the app's strings.
    pub fn title_loc_key(self, key: impl Into<String>) -> Self {
        self.alert_part("title-loc-key", |alert| {
            alert.title_loc_key = Some(key.into())
        })
    }

    /// What replaces the placeholders of the localised title.
    pub fn title_loc_args<A: Into<String>>(self, args: impl IntoIterator<Item = A>) -> Self {
        self.alert_part("title-loc-args", |alert| {
            alert.title_loc_args = Some(texts(args))
        })
    }

    /// The key of a localised subtitle among the app's strings.
    pub fn subtitle_loc_key(self, key: impl Into<String>) -> Self {
        self.alert_part("subtitle-loc-key", |alert| {
            alert.subtitle_loc_key = Some(key.into())
        })
    }

    /// What replaces the placeholders of the localised subtitle.
    pub fn subtitle_loc_args<A: Into<String>>(self, args: impl IntoIterator<Item = A>) -> Self {
        self.alert_part("subtitle-loc-args", |alert| {
            alert.subtitle_loc_args = Some(texts(args))
        })
    }

    /// The key of a localised text among the app's strings.
    pub fn loc_key(self, key: impl Into<String>) -> Self {
        self.alert_part("loc-key", |alert| alert.loc_key = Some(key.into()))
    }

    /// What replaces the placeholders of the localised text.
    pub fn loc_args<A: Into<String>>(self, args: impl IntoIterator<Item = A>) -> Self {
        self.alert_part("loc-args", |alert| alert.loc_args = Some(texts(args)))
    }

    /// The label of the action button (Safari).
    pub fn action(self, label: impl Into<String>) -> Self {
        self.alert_part("action", |alert| alert.action = Some(label.into()))
    }

    /// The key of a localised label of the action button (older systems).
    pub fn action_loc_key(self, key: impl Into<String>) -> Self {
        self.alert_part("action-loc-key", |alert| {
            alert.action_loc_key = Some(key.into())
        })
    }

    /// What the notification adds to the summary of its group (iOS 12 to 14).
    pub fn summary_arg(self, text: impl Into<String>) -> Self {
        self.alert_part("summary-arg", |alert| alert.summary_arg = Some(text.into()))
    }

    /// How many items the notification adds to the summary of its group (iOS 12 to 14).
    pub fn summary_arg_count(self, count: u32) -> Self {
        self.alert_part("summary-arg-count", |alert| {
            alert.summary_arg_count = Some(count)
        })
    }

    fn alert_part(self, field: &str, set: impl FnOnce(&mut AlertFields)) -> Self {
        self.aps(field, |aps| {
            let mut fields = aps.alert.take().map(Alert::into_fields).unwrap_or_default();
            set(&mut fields);
            aps.alert = Some(Alert::Fields(fields));
        })
    }
}

/// The rest of `aps`, and the keys beside it.
impl Notification {
    /// The number on the app's icon; 0 takes it away.
    pub fn badge(self, badge: u32) -> Self {
        self.aps("badge", |aps| aps.badge = Some(badge))
    }

    /// A sound file of the app, or `default` for the system's sound.
    ///
    /// For a Live Activity it stands in the alert, as Apple has it.
    pub fn sound(self, sound: impl Into<Sound>) -> Self {
        let sound = Some(sound.into());
        if self.push_type == PushType::LiveActivity {
            return self.alert_part("sound", |alert| alert.sound = sound);
        }
        self.aps("sound", |aps| aps.sound = sound)
    }

    /// A sound that plays although the device is muted, with a volume of 0 to 1; needs an
    /// entitlement from Apple.
    pub fn critical_sound(self, name: impl Into<String>, volume: f64) -> Self {
        self.sound(CriticalSound::new(name, volume))
    }

    /// Notifications of one thread are shown together.
    pub fn thread_id(self, id: impl Into<String>) -> Self {
        self.aps("thread-id", |aps| aps.thread_id = Some(id.into()))
    }

    /// The category that the app registered, with its actions.
    pub fn category(self, category: impl Into<String>) -> Self {
        self.aps("category", |aps| aps.category = Some(category.into()))
    }

    /// Whether the app is woken in the background. Defaults to no, and to yes for background
    /// notifications.
    pub fn content_available(self, on: bool) -> Self {
        self.aps("content-available", |aps| aps.content_available = on)
    }

    /// Whether the app's notification service extension may change the notification. Defaults to
    /// no.
    pub fn mutable_content(self, on: bool) -> Self {
        self.aps("mutable-content", |aps| aps.mutable_content = on)
    }

    /// The window that is brought forward.
    pub fn target_content_id(self, id: impl Into<String>) -> Self {
        self.aps("target-content-id", |aps| {
            aps.target_content_id = Some(id.into())
        })
    }

    /// How much the notification may interrupt. Defaults to the system's `active`.
    pub fn interruption_level(self, level: InterruptionLevel) -> Self {
        self.aps("interruption-level", |aps| {
            aps.interruption_level = Some(level)
        })
    }

    /// From 0 to 1: which notification stands out in a summary; any number for a Live Activity.
    pub fn relevance_score(self, score: f64) -> Self {
        self.aps("relevance-score", |aps| aps.relevance_score = Some(score))
    }

    /// What the system compares with the current Focus.
    pub fn filter_criteria(self, criteria: impl Into<String>) -> Self {
        self.aps("filter-criteria", |aps| {
            aps.filter_criteria = Some(criteria.into())
        })
    }

    /// Whether widgets or controls are reloaded. Defaults to no, and to yes for these two push
    /// types.
    pub fn content_changed(self, on: bool) -> Self {
        self.aps("content-changed", |aps| aps.content_changed = on)
    }

    /// What replaces the placeholders in the URL of a website (Safari).
    pub fn url_args<A: Into<String>>(self, args: impl IntoIterator<Item = A>) -> Self {
        self.aps("url-args", |aps| aps.url_args = Some(texts(args)))
    }

    /// A key of the app's own, beside `aps`; `aps` and `mdm` are taken.
    pub fn custom(mut self, key: impl Into<String>, value: impl Serialize) -> Self {
        let key = key.into();
        if Payload::KEYS.contains(&key.as_str()) {
            self.faults.push(Fault::ReservedKey { key });
            return self;
        }
        let Some(value) = self.value(&key, value) else {
            return self;
        };
        if let Some(payload) = self.payload_for(&key) {
            payload.custom.insert(key, value);
        }
        self
    }

    fn aps(mut self, field: &str, set: impl FnOnce(&mut Aps)) -> Self {
        if let Some(payload) = self.payload_for(field) {
            set(&mut payload.aps);
        }
        self
    }

    fn value(&mut self, key: &str, value: impl Serialize) -> Option<Value> {
        let fault = |error: serde_json::Error| Fault::Value {
            key: key.to_owned(),
            reason: error.to_string(),
        };
        serde_json::to_value(value)
            .map_err(|error| self.faults.push(fault(error)))
            .ok()
    }
}

/// Live Activities.
impl Notification {
    /// The dynamic content, an object as the app's `ContentState` is written.
    pub fn content_state(mut self, state: impl Serialize) -> Self {
        let Some(state) = self.value("content-state", state) else {
            return self;
        };
        self.aps("content-state", |aps| {
            aps.live_activity.content_state = Some(state)
        })
    }

    /// The static content, an object as the app's attributes type is written.
    pub fn attributes(mut self, attributes: impl Serialize) -> Self {
        let Some(attributes) = self.value("attributes", attributes) else {
            return self;
        };
        self.aps("attributes", |aps| {
            aps.live_activity.attributes = Some(attributes)
        })
    }

    /// When the content is out of date. Defaults to never.
    pub fn stale_date(self, at: impl Into<Timestamp>) -> Self {
        self.aps("stale-date", |aps| {
            aps.live_activity.stale_date = Some(at.into())
        })
    }

    /// When an ended activity leaves the screen; a time that has passed takes it away at once.
    /// Defaults to the system's policy (up to four hours).
    pub fn dismissal_date(self, at: impl Into<Timestamp>) -> Self {
        self.aps("dismissal-date", |aps| {
            aps.live_activity.dismissal_date = Some(at.into())
        })
    }

    /// On a start: the activity is to be updated through a token of its own.
    pub fn input_push_token(self) -> Self {
        self.aps("input-push-token", |aps| {
            aps.live_activity.input_push_token = true
        })
    }

    /// On a start: the activity is to be updated through this broadcast channel.
    pub fn input_push_channel(self, channel_id: impl Into<String>) -> Self {
        self.aps("input-push-channel", |aps| {
            aps.live_activity.input_push_channel = Some(channel_id.into())
        })
    }
}

fn texts<A: Into<String>>(args: impl IntoIterator<Item = A>) -> Vec<String> {
    args.into_iter().map(Into::into).collect()
}
