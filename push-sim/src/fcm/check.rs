//! What FCM looks at in a message that has the right form.
//!
//! The texts about the recipient, the topic's name, data keys, the size, `TTL` and the token were
//! seen in real answers; the others are this simulator's own, in their manner.

use super::condition::{is_condition, is_topic};
use super::schema::{Json, Span, span};
use super::status::{Detail, Status};
use super::target::{Target, is_registration};

const MOST_TTL_SECONDS: i64 = 2_419_200;
const MOST_BYTES: usize = 4096;
const MOST_TOPIC_BYTES: usize = 2048;

/// Looks at a message, and says whom it is for.
///
/// # Errors
/// The first thing that is wrong.
pub(super) fn check(message: &Json) -> Result<Target<'_>, Status> {
    let Some(target) = Target::of(message) else {
        return Err(Status::invalid(
            "message",
            "Recipient of the message is not set.",
        ));
    };
    check_target(target)?;
    check_data(message)?;
    check_android(message)?;
    check_webpush(message)?;
    check_apns(message)?;
    check_labels(message)?;
    check_size(message, target)?;
    Ok(target)
}

fn check_target(target: Target<'_>) -> Result<(), Status> {
    match target {
        Target::Token(token) if !is_registration(token) => Err(not_a_token()),
        Target::Fid(id) if !is_registration(id) => Err(Status::new(
            "INVALID_ARGUMENT",
            "The Firebase installation ID is not valid",
        )
        .with(Detail::fcm("INVALID_ARGUMENT"))),
        Target::Topic(name) if !is_topic(name) => Err(Status::invalid(
            "message",
            "Topic name contains invalid characters.",
        )),
        // Without any detail, as the service answers.
        Target::Condition(text) if !is_condition(text) => Err(Status::new(
            "INVALID_ARGUMENT",
            "Request contains an invalid argument.",
        )),
        _ => Ok(()),
    }
}

/// No violation of a field: the documentation tells a bad token from a bad message by that.
pub(super) fn not_a_token() -> Status {
    let text = "The registration token is not a valid FCM registration token";
    Status::new("INVALID_ARGUMENT", text).with(Detail::fcm("INVALID_ARGUMENT"))
}

/// The keys that the service keeps for itself.
fn check_data(message: &Json) -> Result<(), Status> {
    for path in [&["data"][..], &["android", "data"], &["android_v2", "data"]] {
        let data = message.at(path).map_or(&[][..], Json::entries);
        let reserved = data.iter().find(|(key, _)| is_reserved(key));
        if let Some((key, _)) = reserved {
            let field = format!("message.{}", path.join("."));
            return Err(Status::invalid(
                &field,
                format!("Invalid data payload key: {key}"),
            ));
        }
    }
    Ok(())
}

pub(crate) fn is_reserved(key: &str) -> bool {
    matches!(key, "from" | "message_type" | "gcm")
        || key.starts_with("google")
        || key.starts_with("gcm.")
}

fn check_android(message: &Json) -> Result<(), Status> {
    for config in ["android", "android_v2"] {
        let path = [config, "ttl"];
        if let Some(ttl) = message.at(&path).and_then(Json::text).and_then(span)
            && (ttl.is_negative() || ttl > LONGEST)
        {
            let field = format!("message.{config}.ttl");
            return Err(Status::invalid(
                &field,
                format!("TTL must be between 0s and {MOST_TTL_SECONDS}s."),
            ));
        }
    }
    for path in [
        &["android", "notification"][..],
        &["android_v2", "remote_notification", "notification"],
    ] {
        if let Some(notification) = message.at(path) {
            check_android_notification(notification, &path.join("."))?;
        }
    }
    Ok(())
}

const LONGEST: Span = Span {
    seconds: MOST_TTL_SECONDS,
    nanos: 0,
};

fn check_android_notification(notification: &Json, path: &str) -> Result<(), Status> {
    let invalid =
        |field: &str, text: &str| Err(Status::invalid(&format!("message.{path}.{field}"), text));
    let color = notification.field("color").and_then(Json::text);
    if color.is_some_and(|color| !color.is_empty() && !is_color(color)) {
        return invalid("color", "Color must be in the form #rrggbb.");
    }
    let count = notification.field("notification_count");
    if count.is_some_and(|count| count.to_string().trim_matches('"').starts_with('-')) {
        return invalid(
            "notification_count",
            "Notification count must not be negative.",
        );
    }
    let timings = match notification.field("vibrate_timings") {
        Some(Json::List(timings)) => timings.as_slice(),
        _ => &[],
    };
    if timings.iter().any(is_negative) {
        return invalid("vibrate_timings", "Vibrate timings must not be negative.");
    }
    if let Some(light) = notification.field("light_settings") {
        for part in ["color", "light_on_duration", "light_off_duration"] {
            if light.field(part).is_none_or(is_negative) {
                let text = "Light settings need a color, and two durations that are not negative.";
                return invalid(&format!("light_settings.{part}"), text);
            }
        }
    }
    Ok(())
}

fn is_negative(value: &Json) -> bool {
    value.text().and_then(span).is_some_and(Span::is_negative)
}

fn is_color(text: &str) -> bool {
    let digits = text.strip_prefix('#');
    digits.is_some_and(|digits| {
        digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
}

fn check_webpush(message: &Json) -> Result<(), Status> {
    let headers = message.at(&["webpush", "headers"]);
    for (name, value) in headers.map_or(&[][..], Json::entries) {
        let value = value.text().unwrap_or_default();
        let field = format!("message.webpush.headers.{name}");
        if name.eq_ignore_ascii_case("ttl") && value.parse::<u64>().is_err() {
            return Err(Status::invalid(
                &field,
                "TTL must be a non-negative integer.",
            ));
        }
        if name.eq_ignore_ascii_case("urgency")
            && !["very-low", "low", "normal", "high"].contains(&value)
        {
            let text = "Urgency must be one of very-low, low, normal or high.";
            return Err(Status::invalid(&field, text));
        }
    }
    let link = message.at(&["webpush", "fcm_options", "link"]);
    let link = link.and_then(Json::text).unwrap_or_default();
    if !link.is_empty() && !link.starts_with("https://") {
        let field = "message.webpush.fcm_options.link";
        return Err(Status::invalid(field, "Link must be an HTTPS URL."));
    }
    Ok(())
}

/// A message that shows nothing may not go to Apple's devices with high priority.
fn check_apns(message: &Json) -> Result<(), Status> {
    let priority = message
        .at(&["apns", "headers"])
        .map_or(&[][..], Json::entries);
    let is_high = priority.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("apns-priority") && value.text() == Some("10")
    });
    let aps = message
        .at(&["apns", "payload", "aps"])
        .map_or(&[][..], Json::entries);
    let is_shown = message.field("notification").is_some()
        || message.at(&["apns", "live_activity_token"]).is_some()
        || aps
            .iter()
            .any(|(key, _)| matches!(key.as_str(), "alert" | "badge" | "sound"));
    if is_high && !is_shown && message.field("data").is_some() {
        let field = "message.apns.headers.apns-priority";
        return Err(Status::invalid(
            field,
            "Data messages must have an apns-priority of 5.",
        ));
    }
    Ok(())
}

fn check_labels(message: &Json) -> Result<(), Status> {
    for path in [
        &["fcm_options"][..],
        &["android", "fcm_options"],
        &["android_v2", "fcm_options"],
        &["webpush", "fcm_options"],
        &["apns", "fcm_options"],
    ] {
        let label = message
            .at(path)
            .and_then(|options| options.field("analytics_label"));
        let label = label.and_then(Json::text).unwrap_or_default();
        let is_good = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.~%".contains(&octet);
        if label.len() > 50 || !label.bytes().all(is_good) {
            let field = format!("message.{}.analytics_label", path.join("."));
            let text = "Analytics label must match ^[a-zA-Z0-9-_.~%]{1,50}$.";
            return Err(Status::invalid(&field, text));
        }
    }
    Ok(())
}

/// What goes to each platform is counted apart: keys and values of its data and its notification,
/// without what JSON needs around them.
fn check_size(message: &Json, target: Target<'_>) -> Result<(), Status> {
    let bytes = |path: &[&str]| message.at(path).map_or(0, Json::content_bytes);
    let values = |path: &[&str]| {
        let entries = message.at(path).map_or(&[][..], Json::entries);
        entries
            .iter()
            .map(|(_, value)| value.content_bytes())
            .sum::<usize>()
    };
    let common = values(&["notification"]);
    let data = |path: &[&str]| match message.at(path) {
        Some(data) => data.content_bytes(),
        None => bytes(&["data"]),
    };
    let largest = [
        data(&["android", "data"]) + common + values(&["android", "notification"]),
        data(&["webpush", "data"]) + common + bytes(&["webpush", "notification"]),
        bytes(&["data"]) + common + bytes(&["apns", "payload"]),
    ]
    .into_iter()
    .max();
    let (most, shown) = if target.is_topical() {
        (MOST_TOPIC_BYTES, "2K (2048 bytes)")
    } else {
        (MOST_BYTES, "4K (4096 bytes)")
    };
    if largest.unwrap_or_default() <= most {
        return Ok(());
    }
    let text = format!("Message is too large. The maximum is {shown}.");
    Err(Status::new("INVALID_ARGUMENT", text)
        .with(Detail::BadRequest {
            field_violations: Vec::new(),
        })
        .with(Detail::fcm("INVALID_ARGUMENT")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text, and the field that is violated.
    fn refused(message: &str) -> Option<(String, Option<String>)> {
        let message = Json::parse(message.as_bytes()).unwrap();
        let status = check(&message).err()?;
        let field = status.details.iter().find_map(|detail| match detail {
            Detail::BadRequest { field_violations } => field_violations
                .first()
                .map(|violation| violation.field.clone()),
            _ => None,
        });
        Some((status.message, field))
    }

    fn with(fields: &str) -> Option<(String, Option<String>)> {
        refused(&format!("{{\"token\":\"t\",{fields}}}"))
    }

    fn field_of(refusal: Option<(String, Option<String>)>) -> Option<String> {
        refusal.and_then(|(_, field)| field)
    }

    #[test]
    fn a_message_without_a_recipient_is_refused() {
        for message in ["{}", r#"{"token":""}"#, r#"{"data":{}}"#] {
            let (text, field) = refused(message).unwrap();
            assert_eq!(text, "Recipient of the message is not set.");
            assert_eq!(field.as_deref(), Some("message"));
        }
    }

    #[test]
    fn a_bad_token_is_refused_without_a_violation_of_a_field() {
        let message = Json::parse(br#"{"token":"not a token"}"#).unwrap();
        let status = check(&message).unwrap_err();
        assert_eq!(status, not_a_token());
        assert_eq!(status.details, [Detail::fcm("INVALID_ARGUMENT")]);
    }

    #[test]
    fn topics_and_conditions_are_looked_at() {
        let (text, field) = refused(r#"{"topic":"/topics/news"}"#).unwrap();
        assert_eq!(text, "Topic name contains invalid characters.");
        assert_eq!(field.as_deref(), Some("message"));

        let message = Json::parse(br#"{"condition":"news"}"#).unwrap();
        let status = check(&message).unwrap_err();
        assert_eq!(status.message, "Request contains an invalid argument.");
        assert_eq!(status.details, []);

        assert_eq!(refused(r#"{"topic":"news"}"#), None);
        assert_eq!(refused(r#"{"condition":"'a' in topics"}"#), None);
    }

    #[test]
    fn keys_of_the_services_own_are_refused() {
        for key in [
            "from",
            "message_type",
            "gcm",
            "google.x",
            "googlex",
            "gcm.notification.title",
        ] {
            let (text, field) = with(&format!("\"data\":{{\"a\":\"b\",\"{key}\":\"c\"}}")).unwrap();
            assert_eq!(text, format!("Invalid data payload key: {key}"));
            assert_eq!(field.as_deref(), Some("message.data"));
        }
        assert_eq!(
            with(r#""data":{"fromage":"b","collapse_key":"c","to":"d"}"#),
            None
        );
        let android = with(r#""android":{"data":{"from":"b"}}"#);
        assert_eq!(field_of(android).as_deref(), Some("message.android.data"));
    }

    #[test]
    fn a_ttl_is_four_weeks_at_most() {
        for good in ["0s", "2419200s", "3.5s"] {
            assert_eq!(
                with(&format!("\"android\":{{\"ttl\":\"{good}\"}}")),
                None,
                "{good}"
            );
        }
        for bad in ["2419201s", "2419200.1s", "-1s", "-0.1s"] {
            let refusal = with(&format!("\"android\":{{\"ttl\":\"{bad}\"}}"));
            assert_eq!(
                field_of(refusal).as_deref(),
                Some("message.android.ttl"),
                "{bad}"
            );
        }
        let other = with(r#""androidV2":{"ttl":"-1s"}"#);
        assert_eq!(field_of(other).as_deref(), Some("message.android_v2.ttl"));
    }

    #[test]
    fn what_stands_in_a_notification_is_looked_at() {
        let within = |fields: &str| with(&format!("\"android\":{{\"notification\":{{{fields}}}}}"));
        assert_eq!(
            within(r##""color":"#aaBB01","notification_count":0"##),
            None
        );
        let light =
            r##""light_settings":{"color":{},"light_on_duration":"1s","light_off_duration":"0s"}"##;
        assert_eq!(within(light), None);
        for (fields, field) in [
            (r#""color":"red""#, "color"),
            (r##""color":"#aabbccdd""##, "color"),
            (r#""notification_count":-1"#, "notification_count"),
            (r#""notification_count":"-1""#, "notification_count"),
            (r#""vibrate_timings":["1s","-1s"]"#, "vibrate_timings"),
            (
                r#""light_settings":{"color":{}}"#,
                "light_settings.light_on_duration",
            ),
        ] {
            let expected = format!("message.android.notification.{field}");
            assert_eq!(field_of(within(fields)), Some(expected), "{fields}");
        }
    }

    #[test]
    fn headers_and_links_of_web_push_are_looked_at() {
        let (text, field) = with(r#""webpush":{"headers":{"TTL":"-5"}}"#).unwrap();
        assert_eq!(text, "TTL must be a non-negative integer.");
        assert_eq!(field.as_deref(), Some("message.webpush.headers.TTL"));
        let urgency = with(r#""webpush":{"headers":{"Urgency":"soon"}}"#);
        assert!(field_of(urgency).is_some());
        let link = with(r#""webpush":{"fcm_options":{"link":"http://x"}}"#);
        assert_eq!(
            field_of(link).as_deref(),
            Some("message.webpush.fcm_options.link")
        );
        let good = r#""webpush":{"headers":{"TTL":"5","Urgency":"low"},"fcmOptions":{"link":"https://x"}}"#;
        assert_eq!(with(good), None);
    }

    #[test]
    fn data_alone_has_no_high_priority_at_apns() {
        let high = r#""apns":{"headers":{"apns-priority":"10"}}"#;
        let field = field_of(with(&format!("\"data\":{{\"a\":\"b\"}},{high}")));
        assert_eq!(field.as_deref(), Some("message.apns.headers.apns-priority"));
        assert_eq!(
            with(&format!(
                "\"data\":{{\"a\":\"b\"}},\"notification\":{{}},{high}"
            )),
            None
        );
        let alert = r#""data":{},"apns":{"headers":{"apns-priority":"10"},"payload":{"aps":{"alert":"x"}}}"#;
        assert_eq!(with(alert), None);
    }

    #[test]
    fn a_label_has_up_to_fifty_plain_characters() {
        assert_eq!(
            with(r#""fcm_options":{"analytics_label":"a-b_c.d~e%"}"#),
            None
        );
        let long = "a".repeat(51);
        for bad in ["a b", "ä", &long] {
            let refusal = with(&format!(
                "\"apns\":{{\"fcm_options\":{{\"analyticsLabel\":\"{bad}\"}}}}"
            ));
            let expected = "message.apns.fcm_options.analytics_label";
            assert_eq!(field_of(refusal).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_message_has_4096_bytes_at_most_and_one_to_a_topic_2048() {
        let data = |bytes: usize| format!("\"data\":{{\"k\":\"{}\"}}", "v".repeat(bytes - 1));
        assert_eq!(with(&data(4096)), None);
        let (text, field) = with(&data(4097)).unwrap();
        assert_eq!(
            text,
            "Message is too large. The maximum is 4K (4096 bytes)."
        );
        assert_eq!(field, None);
        assert!(
            with(&format!(
                "{},\"notification\":{{\"title\":\"x\"}}",
                data(4096)
            ))
            .is_some()
        );

        let topic = |bytes| refused(&format!("{{\"topic\":\"news\",{}}}", data(bytes)));
        assert_eq!(topic(2048), None);
        assert!(topic(2049).unwrap().0.ends_with("2K (2048 bytes)."));
        let overriding = format!("{},\"android\":{{\"data\":{{}}}}", data(4000));
        assert_eq!(with(&overriding), None);
    }
}
