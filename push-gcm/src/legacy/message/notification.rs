use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

/// What the system shows to the user. Which fields count, the platform decides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
#[must_use]
pub struct Notification {
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The line below the title (iOS).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// The icon: a drawable (Android), a URL (web).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// The sound: `default`, a file of the app, or an object with the details (iOS).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<Value>,
    /// The number on the app's icon (iOS), a text on the wire; `"0"` takes it away.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "text_or_number"
    )]
    pub badge: Option<String>,
    /// What a tap opens: the action of an intent filter (Android), a category (iOS), an HTTPS URL
    /// (web).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub click_action: Option<String>,
    /// The channel that the app made (Android 8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub android_channel_id: Option<String>,
    /// Replaces the notification that has the same tag (Android).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The colour of the icon, as `#rrggbb` (Android).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The key of a localised text among the app's strings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_loc_key: Option<String>,
    /// What replaces the placeholders of the localised text.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "args")]
    pub body_loc_args: Option<Vec<String>>,
    /// The key of a localised title among the app's strings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_loc_key: Option<String>,
    /// What replaces the placeholders of the localised title.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "args")]
    pub title_loc_args: Option<Vec<String>>,
    /// Fields that have no name here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Notification {
    /// A notification that says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The title.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// The text.
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// The line below the title (iOS).
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = Some(subtitle.into());
        self
    }

    /// The icon: a drawable (Android), a URL (web).
    pub fn icon(mut self, icon: impl Into<String>) -> Self {
        self.icon = Some(icon.into());
        self
    }

    /// The sound: `default`, a file of the app, or an object with the details (iOS).
    pub fn sound(mut self, sound: impl Into<Value>) -> Self {
        self.sound = Some(sound.into());
        self
    }

    /// The number on the app's icon (iOS); 0 takes it away.
    pub fn badge(mut self, badge: u32) -> Self {
        self.badge = Some(badge.to_string());
        self
    }

    /// What a tap opens: the action of an intent filter (Android), a category (iOS), an HTTPS URL
    /// (web).
    pub fn click_action(mut self, action: impl Into<String>) -> Self {
        self.click_action = Some(action.into());
        self
    }

    /// The channel that the app made (Android 8).
    pub fn android_channel_id(mut self, channel: impl Into<String>) -> Self {
        self.android_channel_id = Some(channel.into());
        self
    }

    /// Replaces the notification that has the same tag (Android).
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// The colour of the icon, as `#rrggbb` (Android).
    pub fn color(mut self, color: impl Into<String>) -> Self {
        self.color = Some(color.into());
        self
    }

    /// The key of a localised text among the app's strings.
    pub fn body_loc_key(mut self, key: impl Into<String>) -> Self {
        self.body_loc_key = Some(key.into());
        self
    }

    /// What replaces the placeholders of the localised text.
    pub fn body_loc_args<A: Into<String>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.body_loc_args = Some(args.into_iter().map(Into::into).collect());
        self
    }

    /// The key of a localised title among the app's strings.
    pub fn title_loc_key(mut self, key: impl Into<String>) -> Self {
        self.title_loc_key = Some(key.into());
        self
    }

    /// What replaces the placeholders of the localised title.
    pub fn title_loc_args<A: Into<String>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.title_loc_args = Some(args.into_iter().map(Into::into).collect());
        self
    }

    /// A field that has no method here.
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }
}

/// A text; a number is read as its text, since senders often write a badge so.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(de::Error::custom(
            "the badge is neither a text nor a number",
        )),
    }
}

/// Arguments, which the protocol has as a text that holds a JSON array.
mod args {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Value, de};

    pub(super) fn serialize<S: Serializer>(
        args: &Option<Vec<String>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let args = args.as_ref().map(serde_json::to_string).transpose();
        args.map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }

    /// An array is read too.
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<String>>, D::Error> {
        let args = match Value::deserialize(deserializer)? {
            Value::Null => return Ok(None),
            Value::String(text) => serde_json::from_str(&text),
            other => serde_json::from_value(other),
        };
        args.map(Some).map_err(|error| {
            de::Error::custom(format_args!(
                "the arguments are no JSON array of texts: {error}"
            ))
        })
    }
}
