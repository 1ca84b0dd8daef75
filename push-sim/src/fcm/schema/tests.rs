use super::*;

fn texts(request: &str) -> Vec<String> {
    let request = Json::parse(request.as_bytes()).unwrap();
    let found = violations(&request);
    found
        .into_iter()
        .map(|violation| violation.description)
        .collect()
}

fn in_message(field: &str) -> Vec<String> {
    texts(&format!("{{\"message\":{{{field}}}}}"))
}

#[test]
fn every_field_is_taken_in_both_casings() {
    let snake = r#"{"validate_only":true,"message":{"token":"t","data":{"a":"b"},
      "notification":{"title":"t","body":"b","image":"i"},
      "android":{"collapse_key":"c","priority":"high","ttl":"3.5s","restricted_package_name":"p",
        "data":{},"fcm_options":{"analytics_label":"l"},"direct_boot_ok":true,
        "bandwidth_constrained_ok":false,"restricted_satellite_ok":"true",
        "notification":{"title":"t","body":"b","icon":"i","color":"c","sound":"s","tag":"t",
          "click_action":"c","body_loc_key":"k","body_loc_args":["a"],"title_loc_key":"k",
          "title_loc_args":[],"channel_id":"c","ticker":"t","sticky":true,
          "event_time":"2026-11-22T11:20:26Z","local_only":true,
          "notification_priority":"PRIORITY_MAX","default_sound":true,
          "default_vibrate_timings":true,"default_light_settings":true,
          "vibrate_timings":["0s","0.5s"],"visibility":"SECRET","notification_count":5,
          "light_settings":{"color":{"red":1,"green":0.5,"blue":"0","alpha":0.1},
            "light_on_duration":"1s","light_off_duration":"1s"},
          "image":"i","proxy":"DENY","bypass_proxy_notification":false}},
      "android_v2":{"remote_notification":{"mutable_content":true,"use_as_v1_data_message":true,
        "notification":{"id":7,"title":"t"}}},
      "webpush":{"headers":{"TTL":"5"},"data":{"a":"b"},"notification":{"any":[1,{}]},
        "fcm_options":{"link":"https://x","analytics_label":"l"}},
      "apns":{"headers":{"apns-priority":"5"},"payload":{"aps":{"badge":1}},
        "live_activity_token":"t","fcm_options":{"analytics_label":"l","image":"i"}},
      "fcm_options":{"analytics_label":"l"}}}"#;
    assert_eq!(texts(snake), [""; 0]);

    let is_word = |c: char| c.is_ascii_alphanumeric();
    let mut camel = String::new();
    let mut characters = snake.chars().peekable();
    while let Some(c) = characters.next() {
        match characters.peek() {
            Some(next) if c == '_' && next.is_ascii_lowercase() && camel.ends_with(is_word) => {
                camel.push(next.to_ascii_uppercase());
                characters.next();
            }
            _ => camel.push(c),
        }
    }
    assert!(camel.contains("\"useAsV1DataMessage\"") && !camel.contains("fcm_options"));
    assert_eq!(texts(&camel), [""; 0]);
}

#[test]
fn an_unknown_field_is_named_with_its_place() {
    let at_message =
        "Invalid JSON payload received. Unknown name \"toen\" at 'message': Cannot find field.";
    assert_eq!(in_message("\"toen\":\"x\""), [at_message]);
    assert_eq!(
        texts("{\"mesage\":{}}"),
        ["Invalid JSON payload received. Unknown name \"mesage\": Cannot find field."]
    );
    assert_eq!(
        in_message("\"android\":{\"notification\":{\"foo\":null}}"),
        ["Invalid JSON payload received. Unknown name \"foo\" at \
          'message.android.notification': Cannot find field."]
    );
}

#[test]
fn a_value_of_a_map_is_a_text_and_named_by_its_place() {
    assert_eq!(
        in_message("\"data\":{\"a\":12,\"b\":\"c\",\"d\":true,\"e\":null,\"f\":{\"g\":1}}"),
        [
            "Invalid value at 'message.data[0].value' (TYPE_STRING), 12",
            "Invalid value at 'message.data[2].value' (TYPE_STRING), true",
            "Invalid value at 'message.data[3].value' (TYPE_STRING), null",
            "Invalid value at 'message.data[4].value' (TYPE_STRING), Starting an object on a \
             scalar field",
        ]
    );
    assert_eq!(
        in_message("\"data\":[]"),
        ["Invalid value at 'message' (Map), Cannot bind a list to map for field 'data'."]
    );
}

#[test]
fn a_value_of_another_type_is_refused_with_the_name_of_its_type() {
    let prefix = "type.googleapis.com/google";
    for (field, expected) in [
        ("\"token\":5", "'message.token' (TYPE_STRING), 5".to_owned()),
        (
            "\"notification\":\"hello\"",
            format!("'message.notification' ({prefix}.firebase.fcm.v1.Notification), \"hello\""),
        ),
        (
            "\"android\":{\"priority\":\"URGENT\"}",
            format!(
                "'message.android.priority' \
                 ({prefix}.firebase.fcm.v1.AndroidConfig.AndroidMessagePriority), \"URGENT\""
            ),
        ),
        (
            "\"android\":{\"ttl\":\"86400\"}",
            format!(
                "'message.android.ttl' ({prefix}.protobuf.Duration), Field 'ttl', Illegal \
                 duration format; duration must end with 's'"
            ),
        ),
        (
            "\"android\":{\"ttl\":86400}",
            format!("'message.android.ttl' ({prefix}.protobuf.Duration), 86400"),
        ),
        (
            "\"android\":{\"direct_boot_ok\":\"yes\"}",
            "'message.android.direct_boot_ok' (TYPE_BOOL), \"yes\"".to_owned(),
        ),
        (
            "\"android\":{\"notification\":{\"vibrate_timings\":[\"1s\",\"x\"]}}",
            format!(
                "'message.android.notification.vibrate_timings[1]' \
                 ({prefix}.protobuf.Duration), Field 'vibrate_timings', Illegal duration format; \
                 duration must end with 's'"
            ),
        ),
        (
            "\"apns\":{\"payload\":\"{}\"}",
            format!("'message.apns.payload' ({prefix}.protobuf.Struct), \"{{}}\""),
        ),
    ] {
        assert_eq!(in_message(field), [format!("Invalid value at {expected}")]);
    }
    assert_eq!(
        in_message("\"token\":[\"a\"]"),
        [
            "Invalid JSON payload received. Unknown name \"token\" at 'message': Proto field is not \
          repeating, cannot start list."
        ]
    );
    assert_eq!(texts("[]").len(), 1);
}

#[test]
fn of_a_union_one_field_only_may_be_set() {
    assert_eq!(
        in_message("\"token\":\"a\",\"topic\":\"b\""),
        [
            "Invalid value at 'message' (oneof), oneof field 'target' is already set. Cannot set \
          'topic'"
        ]
    );
    assert_eq!(
        in_message("\"token\":\"a\",\"token\":\"b\",\"fid\":null"),
        [""; 0]
    );
    let both = "\"android_v2\":{\"remote_notification\":{},\"backgroundSync\":{}}";
    assert_eq!(in_message(both).len(), 1);
}
