use super::config::{config, plain};

config! {
    /// What every platform shows, unless it has a notification of its own.
    pub struct Notification {
        /// The title.
        title: text,
        /// The text.
        body: text,
        /// The address of an image. Android takes up to 1 MB.
        image: text,
    }
}

impl Notification {
    /// A notification with a title and a text.
    pub fn new(title: impl Into<String>, body: impl Into<String>) -> Self {
        Self::default().title(title).body(body)
    }
}

config! {
    /// What the service is to do beside sending, on every platform or on Android.
    pub struct FcmOptions {
        /// The label in Google's analytics: at most 50 of `a-z A-Z 0-9 - _ . ~ %`.
        analytics_label ("analyticsLabel"): text,
    }
}

impl FcmOptions {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }
}

plain!(Notification, FcmOptions);
