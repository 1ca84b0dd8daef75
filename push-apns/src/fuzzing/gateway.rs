//! The binary gateway's bytes, and badges put into payloads.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::is_said_shortly;
use crate::gateway::Command;
use crate::gateway::codec::{CodecError, ErrorResponse, FeedbackEntry, Frame, frame_len};
use crate::{GatewayContext, Notification, Payload, PushType};

/// A connection to the gateway: frames until one is cut or wrong; each is the same however many
/// bytes are there, comes back when it is written, and is what a second reader makes of it.
pub fn gateway_frames(input: &[u8]) {
    let mut rest = input;
    while !rest.is_empty() {
        for len in 0..rest.len().min(64) {
            let start = Frame::decode(&rest[..len]);
            match (start, Frame::decode(rest)) {
                (Ok(None), whole) => {
                    let taken = whole.ok().flatten().map(|(_, taken)| taken);
                    assert!(taken.is_none_or(|taken| taken > len));
                }
                (start, whole) => assert_eq!(start, whole),
            }
        }
        let taken = match Frame::decode(rest) {
            Ok(Some((frame, taken))) => {
                assert_eq!(frame_len(rest), Some(taken));
                assert_eq!(frame_len(&rest[..taken]), Some(taken));
                assert_eq!(plain_frame(&rest[..taken]), Some(frame));
                comes_back(&frame, &rest[..taken]);
                taken
            }
            Ok(None) => {
                assert!(frame_len(rest).is_none_or(|len| len > rest.len()));
                assert!(rest.len() < Frame::MAX_LEN);
                return;
            }
            Err(error) => {
                assert!(is_said_shortly(&error));
                let mut whole = rest.to_vec();
                whole.resize(frame_len(rest).unwrap_or_default().max(rest.len()), 0);
                assert_eq!(Frame::decode(&whole), Err(error));
                assert_eq!(plain_frame(&whole), None);
                return;
            }
        };
        rest = &rest[taken..];
    }
}

fn comes_back(frame: &Frame<'_>, bytes: &[u8]) {
    let mut written = b"before".to_vec();
    let encoded = frame.encode(&mut written);
    assert_eq!(encoded, Ok(()), "what is read can be written");
    let written = &written[b"before".len()..];
    // Items may have stood in another order, and one of no bytes need not have been there.
    if frame.command != Command::Items {
        assert_eq!(written, bytes);
    }
    assert_eq!(Frame::decode(written), Ok(Some((*frame, written.len()))));
}

/// A frame that is there as a whole, read item by item into a table.
fn plain_frame(bytes: &[u8]) -> Option<Frame<'_>> {
    let number = |at: usize, len: usize| {
        let digits = bytes.get(at..at + len)?;
        Some(
            digits
                .iter()
                .fold(0, |sum, byte| sum << 8 | u32::from(*byte)),
        )
    };
    let field = |at: usize| {
        let len = number(at, 2)? as usize;
        Some((bytes.get(at + 2..at + 2 + len)?, at + 2 + len))
    };
    let command = Command::try_from(*bytes.first()?).ok()?;
    let mut frame = Frame::new(command, &[], &[]);
    if command != Command::Items {
        let mut at = 1;
        if command == Command::Enhanced {
            frame = frame.identifier(number(1, 4)?).expiry(number(5, 4)?);
            at = 9;
        }
        (frame.token, at) = field(at)?;
        (frame.payload, at) = field(at)?;
        return (at <= bytes.len()).then_some(frame);
    }
    let end = 5 + number(1, 4)? as usize;
    let mut items = BTreeMap::new();
    let mut at = 5;
    while at < end {
        let id = *bytes.get(at)?;
        let (data, next) = field(at + 1)?;
        if items.insert(id, (data, at + 3)).is_some() || next > end {
            return None;
        }
        at = next;
    }
    for (id, (data, at)) in items {
        match (id, data.len()) {
            (1, _) => frame.token = data,
            (2, _) => frame.payload = data,
            (3, 4) => frame.identifier = number(at, 4),
            (4, 4) => frame.expiry = number(at, 4),
            (5, 1) => frame.priority = Some(data[0]),
            _ => return None,
        }
    }
    Some(frame)
}

/// What comes from the gateway, and from the feedback service: six bytes, and entries until one is
/// cut or wrong.
pub fn gateway_answers(input: &[u8]) {
    let response = ErrorResponse::decode(input);
    match (input, response) {
        ([], read) | ([8, ..], read @ Ok(None)) => {
            assert_eq!(read, Ok(None));
            assert!(input.len() < ErrorResponse::LEN);
        }
        ([8, ..], Ok(Some((response, taken)))) => {
            assert_eq!(response.encode(), input[..taken]);
            assert_eq!(taken, ErrorResponse::LEN);
            assert!(is_said_shortly(&response.status));
            assert!(!response.status.name().is_empty());
        }
        ([given, ..], read) => {
            let given = *given;
            assert_eq!(read, Err(CodecError::UnknownAnswer { given }));
        }
    }

    let mut written = Vec::new();
    let mut rest = input;
    loop {
        match FeedbackEntry::decode(rest) {
            Ok(Some((entry, taken))) => {
                assert_eq!(FeedbackEntry::decode(&rest[..taken - 1]), Ok(None));
                assert_eq!(entry.encode(&mut written), Ok(()));
                rest = &rest[taken..];
                assert!(input.starts_with(&written));
                assert_eq!(written.len() + rest.len(), input.len());
            }
            Ok(None) => {
                let claimed = match rest {
                    [_, _, _, _, high, low, ..] => usize::from(*high) << 8 | usize::from(*low),
                    _ => usize::MAX,
                };
                return assert!(rest.len() < 6 || rest.len() - 6 < claimed);
            }
            Err(error) => {
                assert_eq!(error, CodecError::EmptyToken);
                return assert_eq!(rest[4..6], [0, 0]);
            }
        }
    }
}

/// A badge put into a payload: the same bytes as if it had stood there. The first four bytes are the
/// badge, the others the payload.
pub fn gateway_badge(input: &[u8]) {
    let Some((badge, json)) = input.split_first_chunk() else {
        return;
    };
    let Ok(payload) = serde_json::from_slice::<Payload>(json) else {
        return;
    };
    let badge = u32::from_be_bytes(*badge);
    let context = GatewayContext::new(SystemTime::UNIX_EPOCH).payload_limit(Some(4096));
    let with = |badge| {
        let mut payload = payload.clone();
        payload.aps.badge = badge;
        Notification::from_payload(PushType::Alert, payload).encode_for_gateway(&context)
    };
    let notification = Notification::from_payload(PushType::Alert, payload.clone());
    let template = notification.encode_for_gateway_with_badge(&context);
    assert_eq!(template.is_ok(), with(Some(u32::MAX)).is_ok());
    let Ok(template) = template else {
        return;
    };
    for badge in [Some(badge), Some(u32::MAX), Some(0), None] {
        let whole = with(badge).expect("it is no larger than with the widest badge");
        assert_eq!(template.payload(badge), whole.payload());
    }
}
