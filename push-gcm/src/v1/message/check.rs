//! What is wrong with a message, all of it.
//!
//! Only what the service surely refuses, or can only misunderstand: an empty text is what is not
//! set to it, and passes everywhere.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use http::{HeaderName, HeaderValue};
use serde_json::Value;

use super::android::{AndroidConfig, AndroidConfigV2, AndroidKind, RemoteNotification};
use super::config::Config;
use super::problem::{Fault, Problem, kind_of, shortened};
use super::{ApnsConfig, Color, FcmOptions, LightSettings, Message, WebpushConfig, WebpushOptions};
use crate::v1::timestamp;

/// Four weeks. The service rounds down to whole seconds.
const MAX_TTL_SECS: u64 = 2_419_200;
/// The longest duration of Protocol Buffers: about 10,000 years.
const MAX_DURATION: Duration = Duration::from_secs(315_576_000_000);

/// All that is wrong with the message, but for its size.
pub(super) fn check(message: &Message) -> Vec<Problem> {
    let mut checker = Checker::default();
    checker.message(message);
    checker.problems
}

/// What has to be looked at in a notification of Android, of either kind.
pub(super) struct Look<'a> {
    pub(super) color: Option<&'a str>,
    pub(super) body: (Option<&'a str>, &'a [String]),
    pub(super) title: (Option<&'a str>, &'a [String]),
    pub(super) event_time: Option<SystemTime>,
    pub(super) vibrate_timings: &'a [Duration],
    pub(super) notification_count: Option<i32>,
    pub(super) light_settings: Option<&'a LightSettings>,
}

pub(super) trait AndroidLook: Config {
    fn look(&self) -> Look<'_>;
}

/// Where the checks are, and what they found.
#[derive(Default)]
struct Checker {
    problems: Vec<Problem>,
    /// The path of the part that is looked at, with a full stop at its end where it is not empty.
    path: String,
}

impl Checker {
    fn message(&mut self, message: &Message) {
        self.twice(message);
        for target in ["fid", "token", "topic", "condition"] {
            if message.extra.contains_key(target) {
                self.found(target, Fault::Target);
            }
        }
        self.data(&message.data);
        if let Some(notification) = &message.notification {
            self.within("notification", |at| at.twice(notification));
        }
        if message.android.is_some() && message.android_v2.is_some() {
            self.found("android_v2", Fault::Both { other: "android" });
        }
        self.part("android", &message.android, Self::android);
        self.part("android_v2", &message.android_v2, Self::android_v2);
        self.part("webpush", &message.webpush, Self::webpush);
        self.part("apns", &message.apns, Self::apns);
        self.part("fcm_options", &message.fcm_options, Self::options);
    }

    fn android(&mut self, android: &AndroidConfig) {
        self.ttl(android.ttl);
        self.data(&android.data);
        self.part(
            "notification",
            &android.notification,
            Self::android_notification,
        );
        self.part("fcm_options", &android.fcm_options, Self::options);
    }

    fn android_v2(&mut self, android: &AndroidConfigV2) {
        match &android.kind {
            Some(AndroidKind::RemoteNotification(remote)) => {
                for name in ["background_sync", "backgroundSync"] {
                    if android.extra.contains_key(name) {
                        let other = "remote_notification";
                        self.found("background_sync", Fault::Both { other });
                    }
                }
                self.within("remote_notification", |at| {
                    at.twice::<RemoteNotification>(remote);
                    at.part(
                        "notification",
                        &remote.notification,
                        Self::android_notification,
                    );
                });
            }
            Some(AndroidKind::BackgroundSync(_)) => {
                for name in ["remote_notification", "remoteNotification"] {
                    if android.extra.contains_key(name) {
                        let other = "background_sync";
                        self.found("remote_notification", Fault::Both { other });
                    }
                }
            }
            // Given as raw JSON.
            None if android.extra.keys().any(|key| {
                let names = [
                    "remote_notification",
                    "remoteNotification",
                    "background_sync",
                    "backgroundSync",
                ];
                names.contains(&key.as_str())
            }) => {}
            None => {
                let because = "android_v2 needs it, or background_sync";
                self.found("remote_notification", Fault::Missing { because });
            }
        }
        self.ttl(android.ttl);
        self.data(&android.data);
        self.part("fcm_options", &android.fcm_options, Self::options);
    }

    fn android_notification(&mut self, notification: &impl AndroidLook) {
        let look = notification.look();
        if let Some(color) = set(look.color)
            && !is_color(color)
        {
            let given = shortened(color);
            self.found("color", Fault::Color { given });
        }
        for (name, (key, args), because) in [
            ("body_loc_key", look.body, "body_loc_args need it"),
            ("title_loc_key", look.title, "title_loc_args need it"),
        ] {
            if set(key).is_none() && !args.is_empty() {
                self.found(name, Fault::Missing { because });
            }
        }
        if let Some(time) = look.event_time
            && timestamp::format(time).is_none()
        {
            self.found("event_time", Fault::Time);
        }
        for (index, timing) in look.vibrate_timings.iter().enumerate() {
            self.duration(&format!("vibrate_timings[{index}]"), Some(*timing));
        }
        if let Some(count) = look.notification_count
            && count < 0
        {
            let given = count.into();
            let expected = "0 or more";
            self.found("notification_count", Fault::Range { given, expected });
        }
        if let Some(light) = look.light_settings {
            self.within("light_settings", |at| {
                at.twice(light);
                at.light(light);
            });
        }
    }

    fn light(&mut self, light: &LightSettings) {
        for (name, is_missing) in [
            ("color", light.color.is_none()),
            ("light_on_duration", light.light_on_duration.is_none()),
            ("light_off_duration", light.light_off_duration.is_none()),
        ] {
            if is_missing && !light.extra.contains_key(name) {
                let because = "light settings need colour, duration on and duration off";
                self.found(name, Fault::Missing { because });
            }
        }
        self.duration("light_on_duration", light.light_on_duration);
        self.duration("light_off_duration", light.light_off_duration);
        self.part("color", &light.color, Self::color);
    }

    fn color(&mut self, color: &Color) {
        for (name, part) in [
            ("red", color.red),
            ("green", color.green),
            ("blue", color.blue),
            ("alpha", color.alpha),
        ] {
            if let Some(given) = part
                && !(0.0..=1.0).contains(&given)
            {
                let expected = "0 to 1";
                self.found(name, Fault::Range { given, expected });
            }
        }
    }

    fn webpush(&mut self, webpush: &WebpushConfig) {
        self.data(&webpush.data);
        self.headers(&webpush.headers, |name, value| match name {
            "ttl" if !is_number(value) => Some("whole seconds"),
            "urgency"
                if !["very-low", "low", "normal", "high"]
                    .iter()
                    .any(|urgency| urgency.eq_ignore_ascii_case(value)) =>
            {
                Some("very-low, low, normal or high")
            }
            _ => None,
        });
        if let Some(notification) = &webpush.notification {
            self.within("notification", |at| {
                at.twice(notification);
                for (index, action) in notification.actions.iter().enumerate() {
                    at.within(&format!("actions[{index}]"), |at| at.twice(action));
                }
            });
        }
        self.part("fcm_options", &webpush.fcm_options, Self::webpush_options);
    }

    fn webpush_options(&mut self, options: &WebpushOptions) {
        if let Some(link) = set(options.link.as_deref()) {
            let is_https = link
                .get(..8)
                .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
            if !is_https {
                let given = shortened(link);
                self.found("link", Fault::NotHttps { given });
            }
        }
        self.label(options.analytics_label.as_deref());
    }

    fn apns(&mut self, apns: &ApnsConfig) {
        self.headers(&apns.headers, |name, value| match name {
            "apns-priority" if !["10", "5", "1"].contains(&value) => Some("10, 5 or 1"),
            "apns-expiration" if !is_number(value) => Some("whole seconds since 1970, or 0"),
            "apns-collapse-id" if value.len() > 64 => Some("at most 64 bytes"),
            _ => None,
        });
        let aps = apns.payload.as_ref().and_then(|payload| payload.get("aps"));
        if let Some(aps) = aps
            && !aps.is_object()
        {
            let given = kind_of(aps);
            self.found("payload.aps", Fault::NotAnObject { given });
        }
        let volume = aps.and_then(|aps| aps.get("sound")?.get("volume"));
        if let Some(given) = volume.and_then(Value::as_f64)
            && !(0.0..=1.0).contains(&given)
        {
            let expected = "0 to 1";
            self.found("payload.aps.sound.volume", Fault::Range { given, expected });
        }
        if let Some(options) = &apns.fcm_options {
            self.within("fcm_options", |at| {
                at.twice(options);
                at.label(options.analytics_label.as_deref());
            });
        }
    }

    fn options(&mut self, options: &FcmOptions) {
        self.label(options.analytics_label.as_deref());
    }

    fn label(&mut self, label: Option<&str>) {
        let Some(label) = set(label) else { return };
        let is_taken = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~%".contains(&byte);
        if label.len() > 50 || !label.bytes().all(is_taken) {
            let given = shortened(label);
            self.found("analytics_label", Fault::AnalyticsLabel { given });
        }
    }

    fn ttl(&mut self, ttl: Option<Duration>) {
        if let Some(given) = ttl
            && given.as_secs() > MAX_TTL_SECS
        {
            self.found("ttl", Fault::TimeToLive { given });
        }
    }

    fn duration(&mut self, name: &str, duration: Option<Duration>) {
        if let Some(given) = duration
            && given > MAX_DURATION
        {
            self.found(name, Fault::Duration { given });
        }
    }

    fn data(&mut self, data: &BTreeMap<String, String>) {
        for key in data.keys().filter(|key| is_reserved(key)) {
            self.found(&format!("data.{}", shortened(key)), Fault::ReservedKey);
        }
    }

    /// `wrong` says what is expected of a value that a header of this name, in lower case, can't
    /// have.
    fn headers(
        &mut self,
        headers: &BTreeMap<String, String>,
        wrong: impl Fn(&str, &str) -> Option<&'static str>,
    ) {
        for (name, value) in headers {
            let field = format!("headers.{}", shortened(name));
            let can_stand = HeaderName::from_bytes(name.as_bytes()).is_ok()
                && HeaderValue::from_str(value).is_ok();
            if !can_stand {
                self.found(&field, Fault::Header);
            } else if let Some(expected) = wrong(&name.to_ascii_lowercase(), value) {
                let given = shortened(value);
                self.found(&field, Fault::HeaderValue { given, expected });
            }
        }
    }

    /// A part that may be there.
    fn part<C: Config>(&mut self, name: &str, part: &Option<C>, look: impl FnOnce(&mut Self, &C)) {
        if let Some(part) = part {
            self.within(name, |at| {
                at.twice(part);
                look(at, part);
            });
        }
    }

    fn twice<C: Config>(&mut self, part: &C) {
        for name in part.said_twice() {
            self.found(name, Fault::Twice);
        }
    }

    fn within(&mut self, name: &str, look: impl FnOnce(&mut Self)) {
        let outside = self.path.len();
        self.path.push_str(name);
        self.path.push('.');
        look(self);
        self.path.truncate(outside);
    }

    fn found(&mut self, field: &str, fault: Fault) {
        let path = &self.path;
        self.problems
            .push(Problem::new(format!("{path}{field}"), fault));
    }
}

/// The text, where it is set: to the service an empty one is not.
fn set(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn is_color(text: &str) -> bool {
    let digits = text.strip_prefix('#');
    digits.is_some_and(|digits| {
        digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The keys of data that the service uses itself. `notification` was one of the legacy protocol;
/// this one's reference does not name it.
///
/// Source: Firebase, "ErrorCode", Invalid data key; "REST Resource: projects.messages", data.
fn is_reserved(key: &str) -> bool {
    ["from", "message_type", "gcm"].contains(&key)
        || key.starts_with("google")
        || key.starts_with("gcm.")
}
