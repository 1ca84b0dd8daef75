//! Notifications for the binary gateway: the payload is that of the provider API, and what the
//! protocol can't say is said before anything is sent.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use push_apns::gateway::codec::Frame;
use push_apns::gateway::{BadgeTemplate, Command, Template};
use push_apns::{
    ApnsId, DeviceToken, EncodeContext, Expiration, GatewayContext, Invalid, Notification,
    Priority, Problem, PushType, Truncation,
};
use serde_json::json;

const SECS: u64 = 1_700_000_000;

fn context(command: Command) -> GatewayContext {
    GatewayContext::new(UNIX_EPOCH + Duration::from_secs(SECS)).command(command)
}

fn token() -> DeviceToken {
    "0123456789abcdef".repeat(4).parse().unwrap()
}

/// A template's frame, read again: expiry, priority and payload.
fn read(template: &Template) -> (Option<u32>, Option<u8>, String) {
    let mut bytes = Vec::new();
    template.encode(7, &token(), &mut bytes);
    let (frame, taken) = Frame::decode(&bytes).unwrap().unwrap();
    assert_eq!(taken, bytes.len());
    assert_eq!(frame.token, token().to_bytes());
    assert_eq!(frame.identifier.unwrap_or(7), 7);
    let payload = String::from_utf8(frame.payload.to_vec()).unwrap();
    (frame.expiry, frame.priority, payload)
}

fn encode(command: Command, notification: &Notification) -> Result<Template, Invalid> {
    notification.encode_for_gateway(&context(command))
}

fn problems<T: std::fmt::Debug>(result: Result<T, Invalid>) -> Vec<Problem> {
    result.expect_err("it should be refused").into_problems()
}

fn badge_template(notification: &Notification) -> Result<BadgeTemplate, Invalid> {
    notification.encode_for_gateway_with_badge(&context(Command::Items))
}

#[test]
fn the_payload_is_that_of_the_provider_api() {
    let hello = Notification::alert("Hello")
        .title("anypush")
        .badge(1)
        .custom("chat", 42);
    let modern = EncodeContext::new(SystemTime::UNIX_EPOCH).default_topic(Some("com.example.app"));
    let modern = hello.encode(&modern).unwrap();
    for command in Command::ALL {
        let template = encode(command, &hello).unwrap();
        assert_eq!(template.payload(), &modern.payload[..]);
        assert_eq!(template.command(), command);
    }
}

#[test]
fn an_empty_text_a_badge_of_zero_and_an_empty_aps_stay() {
    let payload =
        |notification: &Notification| read(&encode(Command::Items, notification).unwrap()).2;
    let empty = Notification::alert("").badge(0);
    assert_eq!(payload(&empty), r#"{"aps":{"alert":"","badge":0}}"#);
    let bare = Notification::from_payload(PushType::Alert, Default::default());
    assert_eq!(payload(&bare), r#"{"aps":{}}"#);
    assert_eq!(payload(&Notification::mdm("magic")), r#"{"mdm":"magic"}"#);
}

#[test]
fn an_expiration_is_absent_or_zero_or_a_time_as_the_command_can_say() {
    let hello = Notification::alert("Hello");
    let at = |expiration| hello.clone().expiration(expiration);
    let expiry =
        |command, notification: &Notification| read(&encode(command, notification).unwrap()).0;
    assert_eq!(expiry(Command::Simple, &hello), None);
    assert_eq!(expiry(Command::Enhanced, &hello), Some(0));
    assert_eq!(expiry(Command::Items, &hello), None);
    // Of a year, the provider API would take 30 days.
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    let in_a_year = u32::try_from(SECS + year.as_secs()).unwrap();
    let last = UNIX_EPOCH + Duration::from_secs(u32::MAX.into());
    for (expiration, expected) in [
        (Expiration::Once, 0),
        (Expiration::In(year), in_a_year),
        (
            Expiration::At(UNIX_EPOCH + Duration::from_millis(77_999)),
            77,
        ),
        (Expiration::At(last), u32::MAX),
    ] {
        for command in [Command::Enhanced, Command::Items] {
            assert_eq!(expiry(command, &at(expiration)), Some(expected));
        }
        let refused = problems(encode(Command::Simple, &at(expiration)));
        assert_eq!(refused, [Problem::GatewayExpiration]);
    }
    let before = UNIX_EPOCH - Duration::from_secs(1);
    for (expiration, expected) in [
        (
            Expiration::At(last + Duration::from_secs(1)),
            Problem::ExpirationAfter2106,
        ),
        (Expiration::In(Duration::MAX), Problem::ExpirationAfter2106),
        (Expiration::At(before), Problem::ExpirationBefore1970),
    ] {
        let refused = problems(encode(Command::Items, &at(expiration)));
        assert_eq!(refused, [expected]);
    }
}

#[test]
fn a_priority_is_ten_or_five_and_only_command_two_says_it() {
    let hello = Notification::alert("Hello");
    let of = |priority| hello.clone().priority(priority);
    let priority =
        |command, notification: &Notification| read(&encode(command, notification).unwrap()).1;
    for command in Command::ALL {
        let says = |number| (command == Command::Items).then_some(number);
        assert_eq!(priority(command, &hello), None);
        assert_eq!(priority(command, &of(Priority::Immediate)), says(10));
        assert_eq!(priority(command, &Notification::background()), says(5));
        let given = Priority::Lowest;
        let refused = problems(encode(command, &of(given)));
        assert_eq!(refused, [Problem::GatewayPriority { command, given }]);
    }
    assert_eq!(priority(Command::Items, &of(Priority::Conserve)), Some(5));
    for command in [Command::Simple, Command::Enhanced] {
        let given = Priority::Conserve;
        let refused = problems(encode(command, &of(given)));
        assert_eq!(refused, [Problem::GatewayPriority { command, given }]);
    }
    let urgent = Notification::background().priority(Priority::Immediate);
    assert!(matches!(
        problems(encode(Command::Items, &urgent))[..],
        [Problem::Priority {
            push_type: PushType::Background,
            ..
        }]
    ));
}

#[test]
fn the_limit_is_2048_bytes_and_4096_for_voip_with_command_two() {
    let raw = |push_type, bytes: usize| {
        let filler = "x".repeat(bytes - r#"{"x":""}"#.len());
        Notification::raw(push_type, format!(r#"{{"x":"{filler}"}}"#))
    };
    for (push_type, command, limit_bytes) in [
        (PushType::Alert, Command::Simple, 2048),
        (PushType::Alert, Command::Items, 2048),
        (PushType::Voip, Command::Enhanced, 2048),
        (PushType::Voip, Command::Items, 4096),
    ] {
        assert!(encode(command, &raw(push_type, limit_bytes)).is_ok());
        let bytes = limit_bytes + 1;
        let too_large = Problem::PayloadTooLarge {
            bytes,
            limit_bytes,
            without_text: None,
        };
        let refused = problems(encode(command, &raw(push_type, bytes)));
        assert_eq!(refused, [too_large]);
    }
}

#[test]
fn the_caller_can_set_another_limit_up_to_what_the_length_can_say() {
    let text = |bytes| Notification::alert("x".repeat(bytes));
    let frame = r#"{"aps":{"alert":""}}"#.len();
    for (given, limit) in [(100, 100), (5000, 5000), (usize::MAX, 65_535)] {
        let context = context(Command::Items).payload_limit(Some(given));
        let fits = text(limit - frame).encode_for_gateway(&context);
        assert_eq!(fits.unwrap().payload().len(), limit);
        let refused = text(limit - frame + 1).encode_for_gateway(&context);
        assert!(matches!(
            problems(refused)[..],
            [Problem::PayloadTooLarge { limit_bytes, .. }] if limit_bytes == limit
        ));
        let cut = text(100_000).truncate_with(Truncation::new("..."));
        let cut = cut.encode_for_gateway(&context).unwrap();
        assert_eq!(cut.payload().len(), limit);
        assert!(cut.payload().ends_with(b"x...\"}}"));
    }
}

#[test]
fn all_that_the_gateway_can_not_do_is_said_at_once() {
    let id: ApnsId = "123e4567-e89b-12d3-a456-426655440000".parse().unwrap();
    let hopeless = Notification::raw(PushType::Widgets, "[]")
        .topic("com.example.app")
        .collapse_id("news")
        .id(id)
        .expiration(Expiration::Once)
        .priority(Priority::Lowest)
        .custom("aps", 1);
    let said = encode(Command::Simple, &hopeless).unwrap_err().to_string();
    for expected in [
        "the key \"aps\" can't be set beside aps",
        "push type widgets can't go through the binary gateway: give alert, background, voip, \
         complication, fileprovider or mdm, or use the provider API",
        "the binary gateway knows neither topic, collapse id nor id: leave out a topic, a collapse id \
         and an id",
        "an expiration can't be said with command 0 of the binary gateway: leave it out, or use \
         command 2",
        "priority 1 can't be said with command 0 of the binary gateway: give 10 or 5, or leave it out",
        "the raw payload is not a JSON object",
    ] {
        assert!(said.contains(expected), "{said}");
    }
    assert_eq!(problems(encode(Command::Simple, &hopeless)).len(), 6);
    let badge = hopeless.encode_for_gateway_with_badge(&context(Command::Simple));
    assert_eq!(problems(badge).len(), 7);
}

#[test]
fn what_a_push_type_asks_of_its_payload_holds_here_too() {
    let shows = Notification::background().badge(1);
    let keys = vec!["badge"];
    let refused = problems(encode(Command::Items, &shows));
    assert_eq!(refused, [Problem::BackgroundShows { keys }]);
    let keys = vec!["badge"];
    let refused = problems(badge_template(&Notification::background()));
    assert_eq!(refused, [Problem::BackgroundShows { keys }]);
}

#[test]
fn every_push_type_of_its_time_goes_through_and_no_other() {
    for (notification, goes) in [
        (Notification::alert("Hello"), true),
        (Notification::background(), true),
        (Notification::voip(), true),
        (Notification::complication(), true),
        (Notification::file_provider(), true),
        (Notification::mdm("magic"), true),
        (Notification::location(), false),
        (Notification::push_to_talk(), false),
        (Notification::widgets(), false),
        (Notification::controls(), false),
        (
            Notification::live_activity_update(UNIX_EPOCH, json!({})),
            false,
        ),
    ] {
        for command in Command::ALL {
            let result = encode(command, &notification);
            assert_eq!(result.is_ok(), goes, "{result:?}");
            if !goes {
                assert!(matches!(
                    problems(result)[..],
                    [Problem::GatewayPushType { .. }]
                ));
            }
        }
    }
}

#[test]
fn no_payload_holds_a_nul_byte() {
    let escaped = encode(Command::Items, &Notification::alert("a\0b")).unwrap();
    assert_eq!(escaped.payload(), br#"{"aps":{"alert":"a\u0000b"}}"#);
    for json in ["{\"aps\":{}}\0", "{\"aps\":\0{}}", "{\"a\":\"\0\"}"] {
        let raw = Notification::raw(PushType::Alert, json);
        assert!(encode(Command::Items, &raw).is_err(), "{json:?}");
    }
}

#[test]
fn a_raw_payload_has_no_place_for_a_badge() {
    let raw = Notification::raw(PushType::Alert, r#"{"aps":{"badge":1}}"#);
    let field = "badge".to_owned();
    assert_eq!(
        problems(badge_template(&raw)),
        [Problem::FieldOfRawPayload { field }]
    );
}

#[test]
fn a_text_is_cut_alike_for_every_badge_and_the_widest_fits() {
    let long = Notification::alert("x".repeat(5000)).badge(3).truncate();
    let template = badge_template(&long).unwrap();
    let payload = |badge| String::from_utf8(template.payload(badge)).unwrap();
    assert_eq!(payload(Some(u32::MAX)).len(), 2048);
    assert_eq!(payload(Some(0)).len(), 2048 - 9);
    let without = payload(None);
    let text = without.split(['x', '…']).collect::<String>();
    assert_eq!(text, r#"{"aps":{"alert":""}}"#);
    let spliced = without.replace(r#"…"}"#, r#"…","badge":7}"#);
    assert_eq!(payload(Some(7)), spliced);

    let limit = context(Command::Items).payload_limit(Some(40));
    let text = |len: usize| Notification::alert("x".repeat(len));
    let frame = r#"{"aps":{"alert":"","badge":4294967295}}"#.len();
    assert_eq!(frame, 39);
    assert!(text(1).encode_for_gateway_with_badge(&limit).is_ok());
    assert!(matches!(
        problems(text(2).encode_for_gateway_with_badge(&limit))[..],
        [Problem::PayloadTooLarge {
            bytes: 41,
            limit_bytes: 40,
            ..
        }]
    ));
}

/// Notifications with this and that around the badge, and digits and `badge` in other places.
fn notifications() -> impl Strategy<Value = Notification> {
    let text = prop::sample::select(vec!["", "1", "2", "\"badge\":1", "é\n\0", "badge"]);
    let kind = 0..4;
    (kind, text, any::<[bool; 4]>(), any::<Option<u32>>()).prop_map(
        |(kind, text, [title, sound, custom, thread], badge)| {
            let mut notification = match kind {
                0 => Notification::alert(text),
                1 => Notification::from_payload(PushType::Alert, Default::default()),
                2 => Notification::mdm("1"),
                _ => Notification::voip().content_available(true),
            };
            if title {
                notification = notification.title(text);
            }
            if sound {
                notification = notification.sound("badge");
            }
            if custom {
                notification = notification
                    .custom("badge", 1)
                    .custom("a", json!({"badge": [2]}));
            }
            if thread {
                notification = notification.thread_id(text);
            }
            match badge {
                Some(badge) => notification.badge(badge),
                None => notification,
            }
        },
    )
}

proptest! {
    #[test]
    fn a_badge_that_is_put_in_is_one_that_was_there(
        notification in notifications(),
        badge in prop_oneof![
            Just(0), Just(1), Just(2), Just(9), Just(10), Just(u32::MAX), any::<u32>(),
            (0_u32..10).prop_map(|digits| 10_u32.pow(digits)),
        ],
        command in prop::sample::select(&Command::ALL[..]),
        identifier: u32,
    ) {
        let context = context(command);
        let template = notification.encode_for_gateway_with_badge(&context).unwrap();
        let with = notification.clone().badge(badge).encode_for_gateway(&context).unwrap();
        let (mut spliced, mut whole) = (b"x".to_vec(), b"x".to_vec());
        template.encode(identifier, &token(), Some(badge), &mut spliced);
        with.encode(identifier, &token(), &mut whole);
        prop_assert_eq!(&spliced, &whole);
        prop_assert_eq!(template.frame_len(&token(), Some(badge)), spliced.len() - 1);
        prop_assert_eq!(template.payload(Some(badge)), with.payload());

        let mut payload = notification.payload().unwrap().clone();
        payload.aps.badge = None;
        let push_type = if payload.mdm.is_some() { PushType::Mdm } else { PushType::Alert };
        let without = Notification::from_payload(push_type, payload);
        let without = without.encode_for_gateway(&context).unwrap();
        let (mut spliced, mut whole) = (Vec::new(), Vec::new());
        template.encode(identifier, &token(), None, &mut spliced);
        without.encode(identifier, &token(), &mut whole);
        prop_assert_eq!(&spliced, &whole);
        prop_assert_eq!(template.frame_len(&token(), None), spliced.len());
        prop_assert_eq!(template.payload(None), without.payload());
    }
}
