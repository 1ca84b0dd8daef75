use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::sound::Sound;

/// What the user reads: a text, or an object with parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "an alert must be a text or an object")]
#[non_exhaustive]
pub enum Alert {
    /// The body alone.
    Text(String),
    /// The parts.
    Fields(Box<AlertFields>),
}

impl Alert {
    /// The alert as parts; a text becomes the body.
    pub fn into_fields(self) -> Box<AlertFields> {
        match self {
            Self::Text(text) => Box::new(AlertFields {
                body: Some(text.into()),
                ..AlertFields::default()
            }),
            Self::Fields(fields) => fields,
        }
    }

    /// The body, unless there is none or the device chooses it by its language.
    pub fn body(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Fields(fields) => match &fields.body {
                Some(Text::Plain(text)) => Some(text),
                _ => None,
            },
        }
    }

    /// Puts another text where [`Alert::body`] is, and leaves its form as it is.
    pub(crate) fn replace_body(&mut self, text: String) {
        match self {
            Self::Text(old) => *old = text,
            Self::Fields(fields) => fields.body = Some(Text::Plain(text)),
        }
    }
}

impl From<&str> for Alert {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Alert {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<AlertFields> for Alert {
    fn from(fields: AlertFields) -> Self {
        Self::Fields(Box::new(fields))
    }
}

/// The parts of an alert. `None` leaves a key out; an empty text stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct AlertFields {
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// The line below the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Text>,
    /// The launch image that the app shows when it is opened by the alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch_image: Option<String>,
    /// The key of a localised title among the app's strings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_loc_key: Option<String>,
    /// What replaces the placeholders of the localised title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_loc_args: Option<Vec<String>>,
    /// The key of a localised subtitle among the app's strings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtitle_loc_key: Option<String>,
    /// What replaces the placeholders of the localised subtitle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtitle_loc_args: Option<Vec<String>>,
    /// The key of a localised text among the app's strings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loc_key: Option<String>,
    /// What replaces the placeholders of the localised text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loc_args: Option<Vec<String>>,
    /// The label of the action button (Safari).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The key of a localised label of the action button (older systems).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_loc_key: Option<String>,
    /// What the notification adds to the summary of its group (iOS 12 to 14).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary_arg: Option<String>,
    /// How many items the notification adds to the summary of its group (iOS 12 to 14).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary_arg_count: Option<u32>,
    /// The sound of a Live Activity's alert; other alerts have theirs beside the alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<Sound>,
    /// Keys that have no field here.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl AlertFields {
    /// The keys that have fields, and so can't be extra ones.
    pub(crate) const KEYS: [&'static str; 15] = [
        "title",
        "subtitle",
        "body",
        "launch-image",
        "title-loc-key",
        "title-loc-args",
        "subtitle-loc-key",
        "subtitle-loc-args",
        "loc-key",
        "loc-args",
        "action",
        "action-loc-key",
        "summary-arg",
        "summary-arg-count",
        "sound",
    ];
}

/// A text of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a text of an alert must be a text, or an object with loc-key"
)]
#[non_exhaustive]
pub enum Text {
    /// The text itself.
    Plain(String),
    /// A text that the device chooses by its language; in Live Activities only, the other push
    /// types have keys of their own for it.
    #[serde(rename_all = "kebab-case")]
    Localized {
        /// The key of the text among the app's strings.
        loc_key: String,
        /// What replaces the placeholders of the text. `None` leaves the key out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        loc_args: Option<Vec<String>>,
    },
}

impl Text {
    /// A text that the device chooses by its language, with what replaces its placeholders.
    pub fn localized<A: Into<String>>(
        key: impl Into<String>,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        Self::Localized {
            loc_key: key.into(),
            loc_args: Some(args.into_iter().map(Into::into).collect()),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Plain(text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_documented_key_has_a_field_and_none_is_lost() {
        let given = json!({
            "title": "t", "subtitle": "", "body": "b", "launch-image": "i", "title-loc-key": "k",
            "title-loc-args": ["a"], "subtitle-loc-key": "k", "subtitle-loc-args": [], "loc-key": "k",
            "loc-args": ["a", "b"], "action": "go", "action-loc-key": "k", "summary-arg": "s",
            "summary-arg-count": 0, "sound": {"critical": 1, "name": "n", "volume": 0.25},
        });
        let fields: AlertFields = serde_json::from_value(given.clone()).unwrap();
        assert!(fields.extra.is_empty(), "{:?}", fields.extra);
        assert_eq!(serde_json::to_value(&fields).unwrap(), given);
        let mut keys = AlertFields::KEYS.to_vec();
        keys.sort_unstable();
        assert_eq!(given.as_object().unwrap().keys().collect::<Vec<_>>(), keys);
    }

    #[test]
    fn a_text_of_a_live_activity_may_be_chosen_by_the_device() {
        let given = json!({"title": {"loc-key": "k", "loc-args": ["a"]}, "body": {"loc-key": "b"}});
        let fields: AlertFields = serde_json::from_value(given.clone()).unwrap();
        assert_eq!(fields.title, Some(Text::localized("k", ["a"])));
        assert_eq!(serde_json::to_value(&fields).unwrap(), given);
    }

    #[test]
    fn a_text_becomes_the_body() {
        let alert = Alert::from("Hello");
        assert_eq!(alert.body(), Some("Hello"));
        assert_eq!(alert.into_fields().body, Some(Text::from("Hello")));
    }
}
