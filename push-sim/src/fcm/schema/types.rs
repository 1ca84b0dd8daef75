//! The types of FCM's messages (`google.firebase.fcm.v1`), field by field.

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Bool,
    Int32,
    Float,
    Duration,
    Timestamp,
    /// Its name, and its values.
    Enum(&'static str, &'static [&'static str]),
    Message(&'static Type),
    /// `google.protobuf.FloatValue`: a float that may be missing.
    Wrapped,
    /// Any object.
    Struct,
    /// Texts by text.
    Map,
    List(&'static Self),
}

/// A message type.
#[derive(Debug)]
pub(super) struct Type {
    /// Behind `google.firebase.fcm.v1.`.
    pub(super) name: &'static str,
    pub(super) fields: &'static [(&'static str, Kind)],
    /// The name of a union, and the fields of which one only may be there.
    pub(super) union: Option<(&'static str, &'static [&'static str])>,
}

const fn plain(name: &'static str, fields: &'static [(&'static str, Kind)]) -> Type {
    Type {
        name,
        fields,
        union: None,
    }
}

pub(super) static REQUEST: Type = plain(
    "SendMessageRequest",
    &[
        ("validate_only", Kind::Bool),
        ("message", Kind::Message(&MESSAGE)),
    ],
);

static MESSAGE: Type = Type {
    name: "Message",
    fields: &[
        ("name", Kind::Text),
        ("data", Kind::Map),
        ("notification", Kind::Message(&NOTIFICATION)),
        ("android", Kind::Message(&ANDROID)),
        ("android_v2", Kind::Message(&ANDROID_V2)),
        ("webpush", Kind::Message(&WEBPUSH)),
        ("apns", Kind::Message(&APNS)),
        ("fcm_options", Kind::Message(&OPTIONS)),
        ("fid", Kind::Text),
        ("token", Kind::Text),
        ("topic", Kind::Text),
        ("condition", Kind::Text),
    ],
    union: Some(("target", &["fid", "token", "topic", "condition"])),
};

static NOTIFICATION: Type = plain(
    "Notification",
    &[
        ("title", Kind::Text),
        ("body", Kind::Text),
        ("image", Kind::Text),
    ],
);

static OPTIONS: Type = plain("FcmOptions", &[("analytics_label", Kind::Text)]);

static ANDROID: Type = plain(
    "AndroidConfig",
    &[
        ("collapse_key", Kind::Text),
        (
            "priority",
            Kind::Enum("AndroidConfig.AndroidMessagePriority", &["NORMAL", "HIGH"]),
        ),
        ("ttl", Kind::Duration),
        ("restricted_package_name", Kind::Text),
        ("data", Kind::Map),
        ("notification", Kind::Message(&ANDROID_NOTIFICATION)),
        ("fcm_options", Kind::Message(&ANDROID_OPTIONS)),
        ("direct_boot_ok", Kind::Bool),
        ("bandwidth_constrained_ok", Kind::Bool),
        ("restricted_satellite_ok", Kind::Bool),
    ],
);

static ANDROID_OPTIONS: Type = plain("AndroidFcmOptions", &[("analytics_label", Kind::Text)]);

const PRIORITIES: &[&str] = &[
    "PRIORITY_UNSPECIFIED",
    "PRIORITY_MIN",
    "PRIORITY_LOW",
    "PRIORITY_DEFAULT",
    "PRIORITY_HIGH",
    "PRIORITY_MAX",
];

const VISIBILITIES: &[&str] = &["VISIBILITY_UNSPECIFIED", "PRIVATE", "PUBLIC", "SECRET"];

static ANDROID_NOTIFICATION: Type = plain(
    "AndroidNotification",
    &[
        ("title", Kind::Text),
        ("body", Kind::Text),
        ("icon", Kind::Text),
        ("color", Kind::Text),
        ("sound", Kind::Text),
        ("tag", Kind::Text),
        ("click_action", Kind::Text),
        ("body_loc_key", Kind::Text),
        ("body_loc_args", Kind::List(&Kind::Text)),
        ("title_loc_key", Kind::Text),
        ("title_loc_args", Kind::List(&Kind::Text)),
        ("channel_id", Kind::Text),
        ("ticker", Kind::Text),
        ("sticky", Kind::Bool),
        ("event_time", Kind::Timestamp),
        ("local_only", Kind::Bool),
        (
            "notification_priority",
            Kind::Enum("AndroidNotification.NotificationPriority", PRIORITIES),
        ),
        ("default_sound", Kind::Bool),
        ("default_vibrate_timings", Kind::Bool),
        ("default_light_settings", Kind::Bool),
        ("vibrate_timings", Kind::List(&Kind::Duration)),
        (
            "visibility",
            Kind::Enum("AndroidNotification.Visibility", VISIBILITIES),
        ),
        ("notification_count", Kind::Int32),
        ("light_settings", Kind::Message(&LIGHT)),
        ("image", Kind::Text),
        (
            "proxy",
            Kind::Enum(
                "AndroidNotification.Proxy",
                &["PROXY_UNSPECIFIED", "ALLOW", "DENY", "IF_PRIORITY_LOWERED"],
            ),
        ),
        ("bypass_proxy_notification", Kind::Bool),
    ],
);

static LIGHT: Type = plain(
    "LightSettings",
    &[
        ("color", Kind::Message(&COLOR)),
        ("light_on_duration", Kind::Duration),
        ("light_off_duration", Kind::Duration),
    ],
);

static COLOR: Type = plain(
    "Color",
    &[
        ("red", Kind::Float),
        ("green", Kind::Float),
        ("blue", Kind::Float),
        ("alpha", Kind::Wrapped),
    ],
);

static ANDROID_V2: Type = Type {
    name: "AndroidConfigV2",
    fields: &[
        ("collapse_key", Kind::Text),
        ("ttl", Kind::Duration),
        ("restricted_package_name", Kind::Text),
        ("data", Kind::Map),
        ("fcm_options", Kind::Message(&ANDROID_OPTIONS)),
        ("direct_boot_ok", Kind::Bool),
        ("bandwidth_constrained_ok", Kind::Bool),
        ("restricted_satellite_ok", Kind::Bool),
        ("remote_notification", Kind::Message(&REMOTE)),
        ("background_sync", Kind::Message(&SYNC)),
    ],
    union: Some(("message_type", &["remote_notification", "background_sync"])),
};

static SYNC: Type = plain("AndroidBackgroundSync", &[]);

static REMOTE: Type = plain(
    "AndroidRemoteNotification",
    &[
        ("mutable_content", Kind::Bool),
        ("notification", Kind::Message(&ANDROID_NOTIFICATION_V2)),
        ("use_as_v1_data_message", Kind::Bool),
    ],
);

static ANDROID_NOTIFICATION_V2: Type = plain(
    "AndroidNotificationV2",
    &[
        ("id", Kind::Int32),
        ("title", Kind::Text),
        ("body", Kind::Text),
        ("icon", Kind::Text),
        ("color", Kind::Text),
        ("sound", Kind::Text),
        ("tag", Kind::Text),
        ("click_action", Kind::Text),
        ("body_loc_key", Kind::Text),
        ("body_loc_args", Kind::List(&Kind::Text)),
        ("title_loc_key", Kind::Text),
        ("title_loc_args", Kind::List(&Kind::Text)),
        ("channel_id", Kind::Text),
        ("ticker", Kind::Text),
        ("sticky", Kind::Bool),
        ("event_time", Kind::Timestamp),
        ("local_only", Kind::Bool),
        (
            "notification_priority",
            Kind::Enum("AndroidNotificationV2.NotificationPriority", PRIORITIES),
        ),
        ("default_sound", Kind::Bool),
        ("default_vibrate_timings", Kind::Bool),
        ("default_light_settings", Kind::Bool),
        ("vibrate_timings", Kind::List(&Kind::Duration)),
        (
            "visibility",
            Kind::Enum("AndroidNotificationV2.Visibility", VISIBILITIES),
        ),
        ("notification_count", Kind::Int32),
        ("light_settings", Kind::Message(&LIGHT)),
        ("image", Kind::Text),
    ],
);

static WEBPUSH: Type = plain(
    "WebpushConfig",
    &[
        ("headers", Kind::Map),
        ("data", Kind::Map),
        ("notification", Kind::Struct),
        (
            "fcm_options",
            Kind::Message(&plain(
                "WebpushFcmOptions",
                &[("link", Kind::Text), ("analytics_label", Kind::Text)],
            )),
        ),
    ],
);

static APNS: Type = plain(
    "ApnsConfig",
    &[
        ("headers", Kind::Map),
        ("payload", Kind::Struct),
        (
            "fcm_options",
            Kind::Message(&plain(
                "ApnsFcmOptions",
                &[("analytics_label", Kind::Text), ("image", Kind::Text)],
            )),
        ),
        ("live_activity_token", Kind::Text),
    ],
);
