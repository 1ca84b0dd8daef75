//! The connection's state machine, without a socket.

#[path = "support/wire.rs"]
mod wire;

use proptest::prelude::*;
use push_sim::http2::{
    Connection, ErrorCode, Event, Frame, HEAD_LEN, Head, Limits, PREFACE, Settings, encode_field,
};
use wire::{POST, Wire, frames, goaway_code, happened, reset_code, run, with_field};

#[test]
fn a_request_is_whole_at_its_last_frame() {
    let wire = Wire::start()
        .headers(1, POST, false)
        .data(1, b"one ", false)
        .data(1, b"two", true)
        .headers(3, POST, true);
    let (_, events) = run(wire);
    assert_eq!(
        events,
        [
            r#"request 1 [":method", ":scheme", ":path"] "one two""#,
            r#"request 3 [":method", ":scheme", ":path"] """#,
        ]
    );
}

#[test]
fn padding_priority_trailers_and_unknown_frames_are_passed_over() {
    let mut padded = vec![3, 0x80, 0, 0, 7, 15];
    padded.extend(POST);
    padded.extend([0; 3]);
    let mut trailer = Vec::new();
    encode_field("x", "y", &mut trailer);
    let wire = Wire::start()
        .raw(0x1, 0x4 | 0x8 | 0x20, 1, &padded)
        .raw(0x0, 0x8, 1, &[2, b'h', b'i', 0, 0])
        .frame(Frame::Priority { stream: 1 })
        .raw(0xbe, 0xff, 1, b"unknown")
        .headers(1, &trailer, true);
    let (mut connection, events) = run(wire);
    assert_eq!(
        events,
        [r#"request 1 [":method", ":scheme", ":path"] "hi""#]
    );
    assert!(!connection.is_finished());
    assert!(
        frames(&mut connection)
            .last()
            .unwrap()
            .starts_with("Headers")
    );
}

#[test]
fn a_header_block_may_come_in_pieces() {
    let block = with_field("long", "value");
    let mut wire = Wire::start().raw(0x1, 0x1, 1, &block[..5]);
    for (at, octet) in block[5..].iter().enumerate() {
        let last = at + 6 == block.len();
        wire = wire.raw(0x9, if last { 0x4 } else { 0 }, 1, &[*octet]);
    }
    let (_, events) = run(wire);
    assert_eq!(
        events,
        [r#"request 1 [":method", ":scheme", ":path", "long"] """#]
    );
}

#[test]
fn connection_errors_have_their_codes() {
    let cases: [(&str, Wire, &str); 20] = [
        (
            "no preface",
            Wire(b"POST / HTTP/1.1\r\n\r\n1234567890".to_vec()),
            "PROTOCOL_ERROR",
        ),
        (
            "no settings",
            Wire(PREFACE.to_vec()).headers(1, POST, true),
            "PROTOCOL_ERROR",
        ),
        (
            "even stream",
            Wire::start().headers(2, POST, true),
            "PROTOCOL_ERROR",
        ),
        (
            "idle data",
            Wire::start().data(1, b"x", true),
            "PROTOCOL_ERROR",
        ),
        (
            "headers on 0",
            Wire::start().raw(1, 5, 0, POST),
            "PROTOCOL_ERROR",
        ),
        (
            "settings on 1",
            Wire::start().raw(4, 0, 1, &[]),
            "PROTOCOL_ERROR",
        ),
        (
            "settings size",
            Wire::start().raw(4, 0, 0, &[0; 5]),
            "FRAME_SIZE_ERROR",
        ),
        (
            "ack size",
            Wire::start().raw(4, 1, 0, &[0; 6]),
            "FRAME_SIZE_ERROR",
        ),
        (
            "push on",
            Wire::start().raw(4, 0, 0, &[0, 2, 0, 0, 0, 2]),
            "PROTOCOL_ERROR",
        ),
        (
            "window",
            Wire::start().raw(4, 0, 0, &[0, 4, 0x80, 0, 0, 0]),
            "FLOW_CONTROL_ERROR",
        ),
        (
            "frame size",
            Wire::start().raw(4, 0, 0, &[0, 5, 0, 0, 0x3f, 0]),
            "PROTOCOL_ERROR",
        ),
        (
            "ping size",
            Wire::start().raw(6, 0, 0, &[0; 7]),
            "FRAME_SIZE_ERROR",
        ),
        (
            "push promise",
            Wire::start().frame(Frame::PushPromise),
            "PROTOCOL_ERROR",
        ),
        (
            "no increment",
            Wire::start().raw(8, 0, 0, &[0; 4]),
            "PROTOCOL_ERROR",
        ),
        (
            "overflow",
            Wire::start().raw(8, 0, 0, &[0x7f, 0xff, 0xff, 0xff]),
            "FLOW_CONTROL_ERROR",
        ),
        (
            "long frame",
            Wire::start().raw(0, 0, 1, &[0; 16_385]),
            "FRAME_SIZE_ERROR",
        ),
        (
            "hpack",
            Wire::start().headers(1, &[0xff, 0xff], true),
            "COMPRESSION_ERROR",
        ),
        (
            "stray piece",
            Wire::start().raw(9, 4, 1, POST),
            "PROTOCOL_ERROR",
        ),
        (
            "between",
            Wire::start().raw(1, 0, 1, POST).raw(6, 0, 0, &[0; 8]),
            "PROTOCOL_ERROR",
        ),
        (
            "closed stream",
            Wire::start().headers(1, POST, true).headers(1, POST, true),
            "STREAM_CLOSED",
        ),
    ];
    for (name, wire, code) in cases {
        let (mut connection, _) = run(wire);
        assert!(connection.is_finished(), "{name}");
        assert_eq!(
            goaway_code(&mut connection).as_deref(),
            Some(code),
            "{name}"
        );
    }
}

#[test]
fn malformed_requests_are_reset_and_the_connection_goes_on() {
    let without_path = &[0x83, 0x87];
    let late = [POST, &[0, 1, b'a', 1, b'b', 0x81]].concat();
    let twice = [POST, POST].concat();
    let cases: [(&str, Vec<u8>); 8] = [
        ("no path", without_path.to_vec()),
        ("pseudo after regular", late),
        ("twice", twice),
        ("upper case", with_field("Name", "x")),
        ("connection", with_field("connection", "close")),
        ("te", with_field("te", "gzip")),
        ("line break", with_field("name", "a\r\nb")),
        (
            "unknown pseudo",
            [&[0, 2, b':', b'x', 1, b'y'][..], POST].concat(),
        ),
    ];
    for (name, block) in cases {
        let (mut connection, events) = run(Wire::start().headers(1, &block, true));
        assert!(events.is_empty(), "{name}");
        assert_eq!(
            reset_code(&mut connection).as_deref(),
            Some("PROTOCOL_ERROR"),
            "{name}"
        );
        assert!(!connection.is_finished(), "{name}");
    }
    let block = with_field("content-length", "3");
    let (mut connection, events) =
        run(Wire::start().headers(1, &block, false).data(1, b"ab", true));
    assert!(events.is_empty());
    assert_eq!(
        reset_code(&mut connection).as_deref(),
        Some("PROTOCOL_ERROR")
    );
}

#[test]
fn a_flood_of_continuations_ends_the_connection() {
    let mut wire = Wire::start().raw(0x1, 0, 1, POST);
    for _ in 0..100 {
        wire = wire.raw(0x9, 0, 1, &[]);
    }
    let (mut connection, _) = run(wire);
    assert_eq!(
        goaway_code(&mut connection).as_deref(),
        Some("ENHANCE_YOUR_CALM")
    );
}

#[test]
fn pings_and_settings_are_answered() {
    let (mut connection, _) = run(Wire::start().raw(0x6, 0, 0, b"12345678"));
    let frames = frames(&mut connection);
    assert!(frames[0].starts_with("Settings("), "{frames:?}");
    assert!(frames.contains(&"SettingsAck".to_owned()));
    let pong = format!(
        "{:?}",
        Frame::Ping {
            ack: true,
            payload: *b"12345678"
        }
    );
    assert_eq!(frames.last(), Some(&pong));
}

#[test]
fn windows_are_given_back() {
    let mut wire = Wire::start().headers(1, POST, false);
    for _ in 0..64 {
        wire = wire.data(1, &[0; 16_000], false);
        if wire.0.len() > 60_000 {
            break;
        }
    }
    let (mut connection, _) = run(wire);
    let updates: Vec<_> = frames(&mut connection)
        .into_iter()
        .filter(|frame| frame.starts_with("WindowUpdate { stream: 1"))
        .collect();
    assert_eq!(updates, ["WindowUpdate { stream: 1, increment: 48000 }"]);
}

#[test]
fn data_beyond_a_window_is_refused() {
    let limits = Limits {
        stream_window: 10,
        ..Limits::default()
    };
    let mut connection = Connection::new(limits);
    happened(
        &mut connection,
        [Wire::start()
            .headers(1, POST, false)
            .data(1, &[0; 11], false)
            .0],
    );
    assert_eq!(
        reset_code(&mut connection).as_deref(),
        Some("FLOW_CONTROL_ERROR")
    );
}

#[test]
fn answers_wait_for_the_window_and_keep_to_the_frame_size() {
    let mut connection = Connection::new(Limits::default());
    let mut start = PREFACE.to_vec();
    Settings::encode(&[(Settings::INITIAL_WINDOW_SIZE, 10)], &mut start);
    let wire = Wire(start).headers(1, POST, true);
    let mut input = &wire.0[..];
    let Some(Event::Request(request)) = connection.receive(&mut input) else {
        panic!("no request");
    };
    connection.respond(request.stream(), 400, &[], b"fifteen letters");
    let sent = frames(&mut connection);
    assert!(
        sent.last().unwrap().contains("data: [102, 105"),
        "ten at once: {sent:?}"
    );
    assert!(sent.last().unwrap().contains("end_stream: false"));
    let update = Wire(Vec::new()).raw(0x8, 0, 1, &[0, 0, 0, 100]);
    happened(&mut connection, [update.0]);
    let sent = frames(&mut connection);
    assert!(
        sent.last().unwrap().contains("end_stream: true"),
        "{sent:?}"
    );
}

#[test]
fn a_new_initial_window_counts_for_open_streams() {
    let mut connection = Connection::new(Limits::default());
    let mut start = PREFACE.to_vec();
    Settings::encode(&[(Settings::INITIAL_WINDOW_SIZE, 10)], &mut start);
    let wire = Wire(start).headers(1, POST, true);
    let mut input = &wire.0[..];
    assert!(matches!(
        connection.receive(&mut input),
        Some(Event::Request(_))
    ));
    connection.respond(1, 400, &[], b"fifteen letters");
    frames(&mut connection);
    let mut wider = Vec::new();
    Settings::encode(&[(Settings::INITIAL_WINDOW_SIZE, 15)], &mut wider);
    happened(&mut connection, [wider]);
    let sent = frames(&mut connection);
    assert_eq!(sent[0], "SettingsAck");
    assert!(sent[1].contains("end_stream: true"), "{sent:?}");
}

#[test]
fn an_answer_that_fits_a_window_is_never_cut() {
    let mut connection = Connection::new(Limits::default());
    let mut wire = Wire::start();
    for stream in 0..700 {
        wire = wire.headers(stream * 2 + 1, POST, true);
    }
    let mut input = &wire.0[..];
    let mut whole = 0;
    while let Some(event) = connection.receive(&mut input) {
        if let Event::Request(request) = event {
            connection.respond(request.stream(), 400, &[], &[b' '; 100]);
        }
    }
    let mut count = |connection: &mut Connection| {
        for frame in frames(connection) {
            if frame.starts_with("Data") {
                assert!(frame.contains("end_stream: true"), "{frame}");
                whole += 1;
            }
        }
        whole
    };
    assert_eq!(count(&mut connection), 655, "as many as 65,535 bytes hold");
    let update = Wire(Vec::new()).raw(0x8, 0, 0, &[0, 1, 0, 0]);
    happened(&mut connection, [update.0]);
    assert_eq!(count(&mut connection), 700);
}

#[test]
fn streams_beyond_an_acknowledged_limit_are_refused() {
    let limits = Limits {
        max_streams: 1,
        ..Limits::default()
    };
    let mut connection = Connection::new(limits.clone());
    let two = |wire: Wire| wire.headers(1, POST, false).headers(3, POST, false);
    happened(&mut connection, [two(Wire::start()).0]);
    assert_eq!(reset_code(&mut connection), None, "not acknowledged");

    let mut connection = Connection::new(limits);
    happened(
        &mut connection,
        [two(Wire::start().frame(Frame::SettingsAck)).0],
    );
    assert_eq!(
        reset_code(&mut connection).as_deref(),
        Some("REFUSED_STREAM")
    );
}

#[test]
fn an_answer_that_is_not_on_its_way_yet_counts_as_an_open_stream() {
    let limits = Limits {
        max_streams: 1,
        ..Limits::default()
    };
    let mut connection = Connection::new(limits);
    let wire = Wire::start().frame(Frame::SettingsAck);
    let events = happened(
        &mut connection,
        [wire.headers(1, POST, true).headers(3, POST, true).0],
    );
    assert_eq!(events.len(), 1);
    connection.flushed();
    let next = Wire(Vec::new()).headers(5, POST, true);
    assert_eq!(happened(&mut connection, [next.0]).len(), 1);
}

#[test]
fn streams_above_the_last_one_of_goaway_are_passed_over() {
    let mut connection = Connection::new(Limits::default());
    happened(&mut connection, [Wire::start().headers(1, POST, false).0]);
    connection.go_away(1, ErrorCode::NO_ERROR, br#"{"reason":"Shutdown"}"#);
    assert!(!connection.is_finished());
    let rest = Wire(Vec::new())
        .headers(3, POST, false)
        .data(3, b"x", true)
        .data(1, b"y", true);
    let events = happened(&mut connection, [rest.0]);
    assert_eq!(events, [r#"request 1 [":method", ":scheme", ":path"] "y""#]);
    assert!(connection.is_finished());
}

/// What a client might send, well formed or not.
fn any_wire() -> impl Strategy<Value = Vec<u8>> {
    let frame = (
        prop_oneof![0u8..10, any::<u8>()],
        any::<u8>(),
        prop_oneof![0u32..8, any::<u32>()],
        prop_oneof![
            Just(POST.to_vec()),
            prop::collection::vec(any::<u8>(), 0..40),
            Just(vec![0, 0, 0, 1]),
        ],
    );
    prop::collection::vec(frame, 0..30).prop_map(|frames| {
        let mut wire = Wire::start();
        for (kind, flags, stream, payload) in frames {
            wire = wire.raw(kind, flags, stream & 0x7fff_ffff, &payload);
        }
        wire.0
    })
}

proptest! {
    #[test]
    fn pieces_of_any_size_mean_the_same(wire in any_wire(), size in 1usize..50) {
        let mut whole = Connection::new(Limits::default());
        let expected = happened(&mut whole, [wire.clone()]);
        let mut pieces = Connection::new(Limits::default());
        let found = happened(&mut pieces, wire.chunks(size).map(<[u8]>::to_vec));
        prop_assert_eq!(found, expected);
        prop_assert_eq!(pieces.output(), whole.output());
    }

    #[test]
    fn any_octets_are_taken_or_refused(octets: Vec<u8>) {
        let mut connection = Connection::new(Limits::default());
        happened(&mut connection, [[PREFACE.to_vec(), octets].concat()]);
    }

    #[test]
    fn frames_decode_to_what_was_encoded(
        stream in 1u32..0x7fff_ffff,
        on: bool,
        octets in prop::collection::vec(any::<u8>(), 0..300),
        number in 1u32..0x7fff_ffff,
    ) {
        let mut pairs = Vec::new();
        Settings::encode(&[(3, number), (4, stream)], &mut pairs);
        let settings = Frame::decode(Head::decode(&pairs).unwrap(), &pairs[HEAD_LEN..]).unwrap();
        let code = ErrorCode(number);
        for frame in [
            Frame::Data { stream, end_stream: on, data: &octets },
            Frame::Headers { stream, end_stream: on, end_headers: !on, block: &octets },
            Frame::Continuation { stream, end_headers: on, block: &octets },
            Frame::Reset { stream, code },
            Frame::GoAway { last: stream, code, debug: &octets },
            Frame::WindowUpdate { stream, increment: number },
            Frame::Ping { ack: on, payload: number.to_be_bytes().repeat(2).try_into().unwrap() },
            Frame::Priority { stream },
            Frame::SettingsAck,
            settings,
        ] {
            let mut out = Vec::new();
            frame.encode(&mut out);
            let head = Head::decode(&out).unwrap();
            prop_assert_eq!(out.len(), HEAD_LEN + head.length as usize);
            prop_assert_eq!(Frame::decode(head, &out[HEAD_LEN..]).unwrap(), frame);
            for end in 0..HEAD_LEN {
                prop_assert_eq!(Head::decode(&out[..end]), None);
            }
        }
    }
}
