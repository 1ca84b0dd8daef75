//! Messages: what is wrong with them is said at once, and what is right becomes headers and a payload.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use push_web::{Encoding, Message, Padding, Receiver, Urgency};

fn problems(message: &Message) -> Vec<String> {
    match message.encode() {
        Ok(_) => Vec::new(),
        Err(invalid) => invalid.problems().iter().map(ToString::to_string).collect(),
    }
}

fn header(message: &Message, name: &str) -> Option<String> {
    let encoded = message.encode().unwrap();
    let value = encoded.headers().get(name)?;
    Some(value.to_str().unwrap().to_owned())
}

#[test]
fn a_plain_message_has_a_ttl_of_four_weeks_and_no_more_headers_than_it_needs() {
    let encoded = Message::text("1:0").encode().unwrap();
    let mut headers: Vec<(&str, &str)> = encoded
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    headers.sort_unstable();
    assert_eq!(
        headers,
        [
            ("content-encoding", "aes128gcm"),
            ("content-type", "application/octet-stream"),
            ("ttl", "2419200"),
        ]
    );
    assert_eq!(encoded.plaintext().unwrap(), "1:0");
    assert_eq!(encoded.ttl(), Duration::from_secs(2_419_200));
}

#[test]
fn everything_that_is_set_stands_in_the_headers() {
    let message = Message::text("1:0")
        .ttl(Duration::from_secs(90))
        .urgency(Urgency::VeryLow)
        .topic("match-4711_x")
        .respond_async()
        .content_type("text/plain")
        .encoding(Encoding::AesGcm);
    for (name, value) in [
        ("ttl", "90"),
        ("urgency", "very-low"),
        ("topic", "match-4711_x"),
        ("prefer", "respond-async"),
        ("content-type", "text/plain"),
        ("content-encoding", "aesgcm"),
    ] {
        assert_eq!(header(&message, name).as_deref(), Some(value), "{name}");
    }
    let encoded = message.encode().unwrap();
    assert_eq!(encoded.topic(), Some("match-4711_x"));
    assert_eq!(encoded.encoding(), Encoding::AesGcm);
}

#[test]
fn every_urgency_is_written_as_the_standard_has_it() {
    for (urgency, text) in [
        (Urgency::VeryLow, "very-low"),
        (Urgency::Low, "low"),
        (Urgency::Normal, "normal"),
        (Urgency::High, "high"),
    ] {
        let message = Message::empty().urgency(urgency);
        assert_eq!(header(&message, "urgency").as_deref(), Some(text));
        assert_eq!(text.parse::<Urgency>().unwrap(), urgency);
        assert_eq!(
            serde_json::to_string(&urgency).unwrap(),
            format!("{text:?}")
        );
    }
    let error = "urgent".parse::<Urgency>().unwrap_err().to_string();
    assert_eq!(
        error,
        "the urgency is \"urgent\": give very-low, low, normal or high"
    );
}

#[test]
fn a_message_without_payload_has_no_headers_of_a_body() {
    let encoded = Message::empty().encode().unwrap();
    assert!(encoded.plaintext().is_none());
    assert_eq!(encoded.padded_bytes(), 0);
    let names: Vec<&str> = encoded.headers().keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["ttl"]);
}

#[test]
fn an_empty_text_is_a_payload() {
    let encoded = Message::text("").encode().unwrap();
    assert_eq!(encoded.plaintext().unwrap(), "");
    assert!(encoded.headers().contains_key("content-encoding"));
}

#[test]
fn a_ttl_is_whole_seconds_and_never_rounded_down_to_now_or_never() {
    for (ttl, text) in [
        (Duration::ZERO, "0"),
        (Duration::from_millis(1), "1"),
        (Duration::from_millis(1001), "2"),
        (Duration::from_secs((1 << 31) - 1), "2147483647"),
    ] {
        let message = Message::empty().ttl(ttl);
        assert_eq!(header(&message, "ttl").as_deref(), Some(text));
    }
    for ttl in [Duration::from_secs(1 << 31), Duration::MAX] {
        let [problem] = &problems(&Message::empty().ttl(ttl))[..] else {
            panic!("one problem")
        };
        assert!(problem.starts_with("the ttl is "), "{problem}");
        assert!(
            problem.ends_with(" seconds: at most 2147483647 are taken"),
            "{problem}"
        );
    }
}

#[test]
fn a_topic_has_one_to_thirty_two_characters_of_base64url() {
    for topic in ["a", "A-z_09", &"x".repeat(32)] {
        assert_eq!(
            problems(&Message::empty().topic(topic)),
            Vec::<String>::new(),
            "{topic}"
        );
    }
    for topic in ["", &"x".repeat(33), "a b", "a=", "a+", "a/", "é", "a\r\nb"] {
        let problems = problems(&Message::empty().topic(topic));
        let given = format!("the topic is {topic:?}: give 1 to 32 of A-Z, a-z, 0-9, - and _");
        assert_eq!(problems, [given]);
    }
}

#[test]
fn the_largest_payload_passes_and_one_byte_more_is_told_before_anything_is_sent() {
    for (encoding, largest, text) in [
        (
            Encoding::Aes128Gcm,
            3993,
            "the payload has 3994 bytes: at most 3993 fit into a body of 4096 bytes with aes128gcm",
        ),
        (
            Encoding::AesGcm,
            4077,
            "the payload has 4078 bytes: at most 4077 fit into a body of 4096 bytes with aesgcm",
        ),
    ] {
        let fits = Message::bytes(vec![b'x'; largest]).encoding(encoding);
        let encoded = fits.encode().unwrap();
        let browser = Receiver::generate().unwrap();
        let encrypted = encoded
            .encryption()
            .encrypt(&browser.keys(), encoded.plaintext().unwrap())
            .unwrap();
        assert!(encrypted.body.len() <= 4096);
        assert_eq!(encrypted.encoding, encoding);
        assert_eq!(browser.decrypt(&encrypted).unwrap().len(), largest);
        let too_large = Message::bytes(vec![b'x'; largest + 1]).encoding(encoding);
        assert_eq!(problems(&too_large), [text]);
    }
}

#[test]
fn padding_makes_bodies_of_one_size_and_is_no_part_of_what_arrives() {
    let browser = Receiver::generate().unwrap();
    for encoding in [Encoding::Aes128Gcm, Encoding::AesGcm] {
        for (padding, padded) in [
            (Padding::None, 5),
            (Padding::By(7), 12),
            (Padding::To(100), 100),
            (Padding::Multiple(128), 128),
        ] {
            let message = Message::text("hello").encoding(encoding).padding(padding);
            let encoded = message.encode().unwrap();
            assert_eq!(encoded.padded_bytes(), padded, "{padding:?}");
            let plaintext = encoded.plaintext().unwrap();
            let encrypted = encoded
                .encryption()
                .encrypt(&browser.keys(), plaintext)
                .unwrap();
            let overhead = match encoding {
                Encoding::AesGcm => 18,
                _ => 103,
            };
            assert_eq!(encrypted.body.len(), padded + overhead, "{padding:?}");
            assert_eq!(browser.decrypt(&encrypted).unwrap(), b"hello");
        }
    }
}

#[test]
fn padding_that_does_not_fit_is_told() {
    let payload = Message::bytes(vec![b'x'; 3000]);
    assert_eq!(
        problems(&payload.clone().padding(Padding::By(994))),
        [
            "the padding brings the payload to 3994 bytes: at most 3993 fit into a body of 4096 bytes \
          with aes128gcm"
        ]
    );
    assert_eq!(
        problems(&payload.clone().padding(Padding::By(usize::MAX))).len(),
        1
    );
    assert_eq!(
        problems(&payload.clone().padding(Padding::To(4000))).len(),
        1
    );
    assert_eq!(
        problems(&payload.clone().padding(Padding::To(2000))),
        [
            "the padding is to bring the payload to 2000 bytes, and it has 3000: give more, or a multiple"
        ]
    );
    assert_eq!(problems(&payload.padding(Padding::To(3993))).len(), 0);
}

#[test]
fn the_record_size_has_to_hold_the_payload() {
    for (encoding, least) in [(Encoding::Aes128Gcm, 5 + 18), (Encoding::AesGcm, 5 + 3)] {
        let message = Message::text("hello").encoding(encoding);
        let fits = message.clone().record_size(least).encode().unwrap();
        let browser = Receiver::generate().unwrap();
        let encrypted = fits.encryption().encrypt(&browser.keys(), b"hello");
        assert_eq!(browser.decrypt(&encrypted.unwrap()).unwrap(), b"hello");
        assert_eq!(
            problems(&message.record_size(least - 1)),
            [format!(
                "the record_size is {}: give at least {least}, since the payload with its padding has to \
                 be one record",
                least - 1
            )]
        );
    }
}

#[test]
fn a_content_type_can_stand_in_a_header() {
    for bad in ["text/plain\r\nX: y", "tëxt/plain", "\u{0}"] {
        let message = Message::text("x").content_type(bad);
        assert_eq!(
            problems(&message),
            ["the content_type can't stand in a header: give visible ASCII characters"]
        );
    }
    assert_eq!(
        problems(&Message::text("x").content_type(" ")),
        ["the content_type is empty: give a text"]
    );
}

#[test]
fn what_is_about_a_payload_that_is_not_there_is_told() {
    let message = Message::empty()
        .content_type("text/plain")
        .padding(Padding::By(1))
        .record_size(100);
    let about = "is given to a message without payload: leave it out";
    assert_eq!(
        problems(&message),
        ["content_type", "padding", "record_size"].map(|field| format!("the {field} {about}"))
    );
}

#[test]
fn all_problems_are_told_at_once_and_on_one_line() {
    let message = Message::bytes(vec![0; 5000])
        .ttl(Duration::MAX)
        .topic("not a topic")
        .content_type("\n");
    let invalid = message.encode().unwrap_err();
    let fields: Vec<&str> = invalid
        .problems()
        .iter()
        .map(|problem| problem.field.as_str())
        .collect();
    assert_eq!(fields, ["ttl", "topic", "content_type", "payload"]);
    assert!(!invalid.to_string().contains('\n'), "{invalid}");
    assert_eq!(invalid.to_string().matches("; ").count(), 3);
}

#[test]
fn debug_shows_the_size_of_a_payload_and_nothing_of_it() {
    let message = Message::text("your code is 123456");
    let encoded = message.encode().unwrap();
    for shown in [format!("{message:?}"), format!("{encoded:?}")] {
        assert!(!shown.contains("123456"), "{shown}");
        assert!(shown.contains("19"), "{shown}");
    }
}

#[test]
fn a_value_that_is_no_json_is_told() {
    let unwritable = std::collections::HashMap::from([((1, 2), 3)]);
    let invalid = Message::json(&unwritable).unwrap_err();
    assert!(
        invalid
            .to_string()
            .starts_with("the payload can't be written as JSON: "),
        "{invalid}"
    );
    let encoded = Message::json(&["a", "b"]).unwrap().encode().unwrap();
    assert_eq!(encoded.plaintext().unwrap(), r#"["a","b"]"#);
}
