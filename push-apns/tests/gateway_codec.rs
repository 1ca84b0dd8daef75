//! The binary gateway's bytes: what is written is what the protocol says, and nothing else is read.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use push_apns::DeviceToken;
use push_apns::gateway::codec::{CodecError, ErrorResponse, FeedbackEntry, Frame, frame_len};
use push_apns::gateway::{Command, Status, Template};

const TOKEN: [u8; 4] = [0xde, 0xad, 0xbe, 0xef];
const PAYLOAD: &[u8] = br#"{"aps":{}}"#;

/// Written out by hand: token `deadbeef`, payload `{"aps":{}}`.
const SIMPLE: &[u8] = b"\x00\x00\x04\xde\xad\xbe\xef\x00\x0a{\"aps\":{}}";
/// Identifier 0x01020304, expiry 0x5a000001.
const ENHANCED: &[u8] =
    b"\x01\x01\x02\x03\x04\x5a\x00\x00\x01\x00\x04\xde\xad\xbe\xef\x00\x0a{\"aps\":{}}";
/// The same, priority 5: 7 + 13 + 7 + 7 + 4 bytes of items.
const ITEMS: &[u8] = b"\x02\x00\x00\x00\x26\
    \x01\x00\x04\xde\xad\xbe\xef\
    \x02\x00\x0a{\"aps\":{}}\
    \x03\x00\x04\x01\x02\x03\x04\
    \x04\x00\x04\x5a\x00\x00\x01\
    \x05\x00\x01\x05";

fn frame(command: Command) -> Frame<'static> {
    let frame = Frame::new(command, &TOKEN, PAYLOAD);
    match command {
        Command::Simple => frame,
        Command::Enhanced => frame.identifier(0x0102_0304).expiry(0x5a00_0001),
        Command::Items => frame
            .identifier(0x0102_0304)
            .expiry(0x5a00_0001)
            .priority(5),
    }
}

fn encoded(frame: &Frame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame.encode(&mut bytes).unwrap();
    bytes
}

/// Command 2 with these items, of which the length is right.
fn items(items: &[u8]) -> Vec<u8> {
    let len = u32::try_from(items.len()).unwrap();
    [&[2], &len.to_be_bytes()[..], items].concat()
}

fn error_of(bytes: &[u8]) -> CodecError {
    Frame::decode(bytes).expect_err("it should be refused")
}

#[test]
fn each_command_is_written_as_the_protocol_has_it() {
    for (command, bytes) in [
        (Command::Simple, SIMPLE),
        (Command::Enhanced, ENHANCED),
        (Command::Items, ITEMS),
    ] {
        assert_eq!(encoded(&frame(command)), bytes);
        let read = Frame::decode(bytes).unwrap();
        assert_eq!(read, Some((frame(command), bytes.len())));
    }
}

#[test]
fn what_is_not_set_is_no_item() {
    let frame = Frame::new(Command::Items, &TOKEN, PAYLOAD);
    let expected = items(b"\x01\x00\x04\xde\xad\xbe\xef\x02\x00\x0a{\"aps\":{}}");
    assert_eq!(encoded(&frame), expected);
    assert_eq!(
        Frame::decode(&expected).unwrap(),
        Some((frame, expected.len()))
    );
}

#[test]
fn a_token_of_no_bytes_can_be_sent_to_be_refused() {
    let probe = Frame::new(Command::Items, &[], b"{}").identifier(9);
    let bytes = items(b"\x01\x00\x00\x02\x00\x02{}\x03\x00\x04\x00\x00\x00\x09");
    assert_eq!(encoded(&probe), bytes);
    assert_eq!(Frame::decode(&bytes).unwrap(), Some((probe, bytes.len())));
    let simple = encoded(&Frame::new(Command::Simple, &[], &[]));
    assert_eq!(simple, [0, 0, 0, 0, 0]);
}

#[test]
fn a_missing_item_reads_as_one_of_no_bytes_and_the_identifier_is_known() {
    let bytes = items(b"\x03\x00\x04\x00\x00\x00\x09");
    let (frame, _) = Frame::decode(&bytes).unwrap().unwrap();
    assert_eq!((frame.token, frame.payload), (&[][..], &[][..]));
    assert_eq!(frame.identifier, Some(9));
    let (frame, taken) = Frame::decode(&[2, 0, 0, 0, 0]).unwrap().unwrap();
    assert_eq!((frame, taken), (Frame::new(Command::Items, &[], &[]), 5));
}

#[test]
fn items_are_read_in_any_order() {
    let bytes =
        items(b"\x05\x00\x01\x05\x02\x00\x02{}\x03\x00\x04\x00\x00\x00\x09\x01\x00\x01\xaa");
    let (frame, taken) = Frame::decode(&bytes).unwrap().unwrap();
    assert_eq!(taken, bytes.len());
    let expected = Frame::new(Command::Items, &[0xaa], b"{}").identifier(9);
    assert_eq!(frame, expected.priority(5));
}

#[test]
fn what_can_never_be_right_is_an_error_at_once() {
    for (bytes, expected) in [
        (b"\x03".to_vec(), CodecError::UnknownCommand { given: 3 }),
        (b"\x08".to_vec(), CodecError::UnknownCommand { given: 8 }),
        (
            b"\x02\x00\x02\x00\x17".to_vec(),
            CodecError::FrameTooLong {
                bytes: 131_095,
                limit_bytes: 131_094,
            },
        ),
        (
            items(b"\x00\x00\x00")[..6].to_vec(),
            CodecError::UnknownItem { id: 0 },
        ),
        (
            items(b"\x06\x00\x00")[..6].to_vec(),
            CodecError::UnknownItem { id: 6 },
        ),
        (
            items(b"\x01\x00\x01\xaa\x01\x00\x01\xaa")[..10].to_vec(),
            CodecError::DuplicateItem { item: "token" },
        ),
        (
            items(b"\x03\x00\x03\x00\x00\x09\x00")[..8].to_vec(),
            CodecError::ItemLength {
                item: "identifier",
                bytes: 3,
                expected_bytes: 4,
            },
        ),
        (
            items(b"\x04\x00\x08\x00\x00\x00\x00\x00\x00\x00\x09")[..8].to_vec(),
            CodecError::ItemLength {
                item: "expiry",
                bytes: 8,
                expected_bytes: 4,
            },
        ),
        (
            items(b"\x05\x00\x00")[..8].to_vec(),
            CodecError::ItemLength {
                item: "priority",
                bytes: 0,
                expected_bytes: 1,
            },
        ),
        (
            items(b"\x01\x00\x05\xde\xad\xbe\xef")[..8].to_vec(),
            CodecError::ItemOverrun {
                item: "token",
                bytes: 5,
                left_bytes: 4,
            },
        ),
        (
            items(b"\x03\x00\x04\x00\x00\x00")[..8].to_vec(),
            CodecError::ItemOverrun {
                item: "identifier",
                bytes: 4,
                left_bytes: 3,
            },
        ),
        (
            items(b"\x01\x00\x01\xaa\x02\x00")[..9].to_vec(),
            CodecError::StrayBytes { bytes: 2 },
        ),
        (
            items(b"\x01")[..5].to_vec(),
            CodecError::StrayBytes { bytes: 1 },
        ),
    ] {
        let (last, before) = bytes.split_last().unwrap();
        assert_eq!(Frame::decode(before), Ok(None), "{before:x?}");
        assert_eq!(error_of(&bytes), expected, "{last}");
        let more = [&bytes[..], &[0; 64]].concat();
        assert_eq!(error_of(&more), expected, "{last}");
    }
}

#[test]
fn the_length_of_what_can_be_no_frame_is_not_told() {
    assert_eq!(frame_len(b"\x02\x00\x02\x00\x16"), Some(Frame::MAX_LEN));
    for bytes in [&b"\x02\x00\x02\x00\x17"[..], b"\x03\x00\x00\x00\x00", b""] {
        assert_eq!(frame_len(bytes), None);
    }
}

#[test]
fn what_the_lengths_can_not_say_is_not_written() {
    let long = vec![0; 65_536];
    let most = &long[..65_535];
    for command in Command::ALL {
        let mut whole = frame(command);
        (whole.token, whole.payload) = (most, most);
        let bytes = encoded(&whole);
        assert_eq!(Frame::decode(&bytes), Ok(Some((whole, bytes.len()))));
        assert_eq!(bytes.len() == Frame::MAX_LEN, command == Command::Items);

        let mut out = b"before".to_vec();
        let (mut token_too_long, mut payload_too_long) = (frame(command), frame(command));
        token_too_long.token = &long;
        payload_too_long.payload = &long;
        for (frame, item) in [(token_too_long, "token"), (payload_too_long, "payload")] {
            let bytes = 65_536;
            assert_eq!(
                frame.encode(&mut out),
                Err(CodecError::TooLong { item, bytes })
            );
        }
        assert_eq!(out, b"before");
    }
}

#[test]
fn a_command_takes_the_fields_that_it_has() {
    let bare = |command| Frame::new(command, &TOKEN, PAYLOAD);
    let no_field = |command, item| Err(CodecError::NoField { command, item });
    let missing = |command, item| Err(CodecError::MissingField { command, item });
    let (simple, enhanced) = (Command::Simple, Command::Enhanced);
    let mut out = Vec::new();
    for (frame, expected) in [
        (bare(simple).identifier(0), no_field(simple, "identifier")),
        (bare(simple).expiry(0), no_field(simple, "expiry")),
        (bare(simple).priority(10), no_field(simple, "priority")),
        (frame(enhanced).priority(10), no_field(enhanced, "priority")),
        (bare(enhanced).expiry(0), missing(enhanced, "identifier")),
        (bare(enhanced).identifier(0), missing(enhanced, "expiry")),
    ] {
        assert_eq!(frame.encode(&mut out), expected);
        assert!(out.is_empty());
    }
}

#[test]
fn an_error_response_is_six_bytes() {
    let response = ErrorResponse::new(Status::InvalidToken, 0x0102_0304);
    let bytes = [8, 8, 1, 2, 3, 4];
    assert_eq!(response.encode(), bytes);
    assert_eq!(ErrorResponse::decode(&bytes), Ok(Some((response, 6))));
    let shutdown = ErrorResponse::decode(b"\x08\x0a\x00\x00\x00\x01\x08").unwrap();
    assert_eq!(shutdown, Some((ErrorResponse::new(Status::Shutdown, 1), 6)));
    for len in 0..6 {
        assert_eq!(ErrorResponse::decode(&bytes[..len]), Ok(None));
    }
    assert_eq!(
        ErrorResponse::decode(b"\x00"),
        Err(CodecError::UnknownAnswer { given: 0 })
    );
}

#[test]
fn feedback_is_read_entry_by_entry_to_a_clean_end() {
    let bytes = b"\x5a\x00\x00\x01\x00\x04\xde\xad\xbe\xef\x5a\x00\x00\x02\x00\x01\xaa";
    let (first, taken) = FeedbackEntry::decode(bytes).unwrap().unwrap();
    assert_eq!(
        (first, taken),
        (FeedbackEntry::new(0x5a00_0001, &TOKEN), 10)
    );
    let (second, taken) = FeedbackEntry::decode(&bytes[10..]).unwrap().unwrap();
    assert_eq!(
        (second, taken),
        (FeedbackEntry::new(0x5a00_0002, &[0xaa]), 7)
    );
    let mut written = Vec::new();
    first.encode(&mut written).unwrap();
    second.encode(&mut written).unwrap();
    assert_eq!(written, bytes);
    for len in 0..10 {
        assert_eq!(FeedbackEntry::decode(&bytes[..len]), Ok(None));
    }
}

#[test]
fn a_feedback_entry_has_a_token() {
    let mut out = Vec::new();
    let empty = FeedbackEntry::new(1, &[]).encode(&mut out);
    assert_eq!(empty, Err(CodecError::EmptyToken));
    let bytes = 65_536;
    let long = vec![0; bytes];
    let item = "token";
    let long = FeedbackEntry::new(1, &long).encode(&mut out);
    assert_eq!(long, Err(CodecError::TooLong { item, bytes }));
    assert!(out.is_empty());
    assert_eq!(FeedbackEntry::decode(&[0; 6]), Err(CodecError::EmptyToken));
    assert_eq!(FeedbackEntry::decode(&[0; 5]), Ok(None));
}

#[test]
fn debug_shows_neither_whole_tokens_nor_payloads() {
    let secret = br#"{"aps":{"alert":"secret"}}"#;
    let token = [0xab; 32];
    let device = DeviceToken::from_bytes(&token).unwrap();
    let template = Template::new(Command::Items, secret, None, None).unwrap();
    for shown in [
        format!("{:?}", Frame::new(Command::Items, &token, secret)),
        format!("{:?}", FeedbackEntry::new(1, &token)),
        format!("{template:?}"),
    ] {
        assert!(!shown.contains("secret"), "{shown}");
        assert!(!shown.contains(&device.as_str()[..10]), "{shown}");
        assert!(!shown.contains("171, 171, 171, 171, 171"), "{shown}");
    }
}

#[test]
fn a_template_is_refused_as_its_frames_would_be() {
    let long = vec![b' '; 65_536];
    let new = |command, payload: &[u8], expiry, priority| {
        Template::new(command, payload, expiry, priority).map(|_| ())
    };
    assert_eq!(new(Command::Items, &long[..65_535], None, None), Ok(()));
    let too_long = Err(CodecError::TooLong {
        item: "payload",
        bytes: 65_536,
    });
    assert_eq!(new(Command::Items, &long, None, None), too_long);
    let no_field = |command, item| Err(CodecError::NoField { command, item });
    assert_eq!(
        new(Command::Simple, b"{}", Some(0), None),
        no_field(Command::Simple, "expiry")
    );
    assert_eq!(
        new(Command::Enhanced, b"{}", Some(0), Some(10)),
        no_field(Command::Enhanced, "priority")
    );
    let missing = Err(CodecError::MissingField {
        command: Command::Enhanced,
        item: "expiry",
    });
    assert_eq!(new(Command::Enhanced, b"{}", None, None), missing);
}

/// Token, payload and numbers of a frame.
type Parts = (Vec<u8>, Vec<u8>, u32, Option<u32>, Option<u8>, Option<u32>);

fn parts() -> impl Strategy<Value = Parts> {
    (
        prop::collection::vec(any::<u8>(), 0..300),
        prop::collection::vec(any::<u8>(), 0..600),
        any::<u32>(),
        any::<Option<u32>>(),
        any::<Option<u8>>(),
        any::<Option<u32>>(),
    )
}

/// A frame of these parts as far as the command has them.
fn of_parts(command: Command, parts: &Parts) -> Frame<'_> {
    let (token, payload, number, expiry, priority, identifier) = parts;
    let mut frame = Frame::new(command, token, payload);
    match command {
        Command::Simple => {}
        Command::Enhanced => {
            frame.identifier = Some(*number);
            frame.expiry = Some(expiry.unwrap_or(*number));
        }
        Command::Items => {
            frame.identifier = *identifier;
            frame.expiry = *expiry;
            frame.priority = *priority;
        }
    }
    frame
}

proptest! {
    #[test]
    fn what_is_written_is_read_and_no_less_will_do(
        command in prop::sample::select(&Command::ALL[..]),
        parts in parts(),
        behind in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let frame = of_parts(command, &parts);
        let mut bytes = encoded(&frame);
        let len = bytes.len();
        bytes.extend(behind);
        prop_assert_eq!(Frame::decode(&bytes), Ok(Some((frame, len))));
        prop_assert_eq!(frame_len(&bytes), Some(len));
        let mut known = false;
        for cut in 0..len {
            prop_assert_eq!(Frame::decode(&bytes[..cut]), Ok(None));
            let said = frame_len(&bytes[..cut]);
            prop_assert!(said == Some(len) || (said.is_none() && !known));
            known = said.is_some();
        }
    }

    #[test]
    fn any_bytes_are_a_frame_or_an_error_or_the_start_of_one(
        command in 0_u8..4, rest in prop::collection::vec(prop_oneof![0_u8..8, any::<u8>()], 0..80),
    ) {
        let bytes = [&[command], &rest[..]].concat();
        let read = Frame::decode(&bytes);
        if let Ok(Some((frame, taken))) = read {
            prop_assert!(taken <= bytes.len());
            prop_assert_eq!(Frame::decode(&bytes[..taken]), read);
            let again = encoded(&frame);
            prop_assert_eq!(Frame::decode(&again), Ok(Some((frame, again.len()))));
        }
    }

    #[test]
    fn a_frame_cut_short_by_its_own_length_is_an_error(parts in parts(), by in 1_u32..8) {
        let mut bytes = encoded(&of_parts(Command::Items, &parts));
        let len = u32::try_from(bytes.len() - 5).unwrap();
        prop_assume!(by <= len);
        bytes[1..5].copy_from_slice(&(len - by).to_be_bytes());
        // Whole items may go, which leaves a frame; less than those do not.
        let gone = match (&parts.3, &parts.4, &parts.5) {
            (_, Some(_), _) => 4,
            (Some(_), None, _) | (None, None, Some(_)) => 7,
            (None, None, None) => 3 + u32::try_from(parts.1.len()).unwrap(),
        };
        prop_assume!(by < gone);
        prop_assert!(Frame::decode(&bytes).is_err());
    }

    #[test]
    fn answers_come_back(code: u8, identifier: u32, since: u32, token in prop::collection::vec(any::<u8>(), 1..300)) {
        let response = ErrorResponse::new(Status::from(code), identifier);
        prop_assert_eq!(ErrorResponse::decode(&response.encode()), Ok(Some((response, 6))));
        let entry = FeedbackEntry::new(since, &token);
        let mut bytes = Vec::new();
        entry.encode(&mut bytes).unwrap();
        prop_assert_eq!(FeedbackEntry::decode(&bytes), Ok(Some((entry, bytes.len()))));
        for cut in 0..bytes.len() {
            prop_assert_eq!(FeedbackEntry::decode(&bytes[..cut]), Ok(None));
        }
    }

    #[test]
    fn a_template_writes_what_the_codec_writes(
        command in prop::sample::select(&Command::ALL[..]),
        parts in parts(),
        token in prop::collection::vec(any::<u8>(), 1..=256),
        mut out in prop::collection::vec(any::<u8>(), 0..9),
    ) {
        let mut frame = of_parts(command, &parts);
        frame.token = &token;
        let identifier = parts.2;
        if command != Command::Simple {
            frame.identifier = Some(identifier);
        }
        let device = DeviceToken::from_bytes(&token).unwrap();
        let template = Template::new(command, frame.payload, frame.expiry, frame.priority).unwrap();
        prop_assert_eq!(template.payload(), frame.payload);
        prop_assert_eq!(template.command(), command);
        let before = out.len();
        template.encode(identifier, &device, &mut out);
        prop_assert_eq!(&out[before..], encoded(&frame));
        prop_assert_eq!(template.frame_len(&device), out.len() - before);
    }
}
