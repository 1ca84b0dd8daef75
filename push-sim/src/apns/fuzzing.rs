//! What the fuzzer runs: for each reader of foreign bytes a function that takes any bytes and
//! asserts what must hold for all of them. No part of the public API.
//!
//! The workspace `fuzz/` makes a target of each, with `sim_` before its name. The inputs kept in
//! `fuzz/corpus/` go through the same functions in the tests below.

use std::fmt::Write;
use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use serde_json::{Map, Value};

use super::channels::Channels;
use super::provider_key::verify;
use super::session::ProviderConnection;
use super::{Config, ProviderKey, Shared};
use crate::http2::{
    Connection, Decoder, Event, Frame, HEAD_LEN, Head, Limits, PREFACE, Settings, encode_field,
};
use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::topics::Provider;
use crate::web::http2::Session;
use crate::{Authority, ClientProfile, Fault};

/// Frames, one after the other: each is refused, or read again as it was when it is written.
pub fn frames(mut input: &[u8]) {
    let mut written = Vec::new();
    while let Some(head) = Head::decode(input) {
        let end = HEAD_LEN + head.length as usize;
        let Some(payload) = input.get(HEAD_LEN..end) else {
            return;
        };
        input = &input[end..];
        let Ok(frame) = Frame::decode(head, payload) else {
            continue;
        };
        written.clear();
        frame.encode(&mut written);
        // PRIORITY and PUSH_PROMISE are written with a payload of their own.
        assert!(written.len() <= HEAD_LEN + payload.len().max(5));
        let head = Head::decode(&written).expect("a frame has a head");
        assert_eq!(Frame::decode(head, &written[HEAD_LEN..]), Ok(frame));
        if let Frame::Settings(settings) = frame {
            let pairs: Vec<_> = settings.pairs().collect();
            assert_eq!(pairs.len() * 6, payload.len());
            let mut again = Vec::new();
            Settings::encode(&pairs, &mut again);
            assert_eq!(again, written);
        }
    }
}

/// Header blocks on one connection: no more comes out than the table can hold for each octet, and
/// what comes out is the same when it is written and read.
///
/// The first byte chooses the size of the table. Before each block stands its length in one byte.
pub fn hpack(input: &[u8]) {
    let Some((&choice, mut rest)) = input.split_first() else {
        return;
    };
    let table = [4096, 0, 64, 200][usize::from(choice % 4)];
    let mut decoder = Decoder::new(table);
    while let Some((&length, tail)) = rest.split_first() {
        let (block, tail) = tail.split_at(tail.len().min(usize::from(length)));
        rest = tail;
        let mut fields = Vec::new();
        let mut size = 0;
        let decoded = decoder.decode(block, |name, value| {
            size += name.len() + value.len();
            fields.push((name.to_vec(), value.to_vec()));
        });
        // Of the static table no name and value are longer than 64 octets; the shortest code of
        // Huffman has five bits.
        assert!(size <= block.len() * (table + 64) + block.len() * 8 / 5);
        assert!(fields.len() <= block.len());
        if decoded.is_err() {
            return;
        }
        let mut written = Vec::new();
        fields.retain(|(name, value)| {
            let texts = std::str::from_utf8(name)
                .ok()
                .zip(std::str::from_utf8(value).ok());
            texts
                .inspect(|(name, value)| encode_field(name, value, &mut written))
                .is_some()
        });
        let mut again = Vec::new();
        let read = Decoder::new(0).decode(&written, |name, value| {
            again.push((name.to_vec(), value.to_vec()));
        });
        assert_eq!((read, again), (Ok(()), fields));
    }
}

/// A connection: the same requests come out and the same bytes go out however the input is cut,
/// and neither is larger than the input justifies.
pub fn connection(input: &[u8]) {
    let Some((pieces, wire)) = pieces(input) else {
        return;
    };
    let whole = served(std::iter::once(wire));
    assert_eq!(whole, served(cut(wire, pieces, 1)));
    // An answer of those below has some hundred octets, to a frame of nine at least.
    let frames = wire.len() / HEAD_LEN + 1;
    assert!(
        whole.1.len() <= 300 + 120 * frames,
        "{} octets",
        whole.1.len()
    );
}

/// The events on a connection, as text, and its output.
fn served<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (String, Vec<u8>) {
    let limits = Limits {
        body_bytes: 1000,
        header_list_bytes: 2000,
        ..Limits::default()
    };
    let mut connection = Connection::new(limits);
    let mut events = String::new();
    let mut arrived = Vec::new();
    for piece in pieces {
        arrived.extend_from_slice(piece);
        let mut rest = arrived.as_slice();
        while let Some(event) = connection.receive(&mut rest) {
            let _ = writeln!(events, "{event:?}");
            let Event::Request(request) = event else {
                continue;
            };
            for (name, value) in request.fields().iter() {
                let _ = writeln!(events, "{name:?}: {value:?}");
            }
            let _ = writeln!(events, "{:?}", request.body());
            assert!(request.fields().list_size() <= 2000);
            assert!(request.body().len() <= 1000);
            let stream = request.stream();
            match stream / 2 % 3 {
                0 => connection.respond(stream, 200, &[("apns-id", &"0".repeat(36))], b""),
                1 => connection.respond(stream, 400, &[], br#"{"reason":"BadMessageId"}"#),
                // Never answered.
                _ => {}
            }
            connection.recycle(request);
        }
        let taken = arrived.len() - rest.len();
        arrived.drain(..taken);
    }
    let _ = writeln!(events, "finished: {}", connection.is_finished());
    (events, std::mem::take(connection.output()))
}

/// A whole connection to the provider API: every request is counted once, as what became of it,
/// and the same becomes of all however the input is cut.
///
/// The first byte says whether there is a client certificate, whether a greeting stands before the
/// input, and which fault is armed. A text of as many `T` as a token is long is a valid token.
pub fn session(input: &[u8]) {
    let Some((&flags, rest)) = input.split_first() else {
        return;
    };
    let Some((pieces, rest)) = pieces(rest) else {
        return;
    };
    let mut wire = Vec::new();
    if flags & 2 != 0 {
        wire.extend_from_slice(PREFACE);
        Settings::encode(&[], &mut wire);
        Frame::SettingsAck.encode(&mut wire);
    }
    wire.extend_from_slice(rest);
    let token = TOKEN.as_bytes();
    while let Some(at) = wire
        .windows(token.len())
        .position(|text| text.iter().all(|octet| *octet == b'T'))
    {
        wire[at..at + token.len()].copy_from_slice(token);
    }
    let certificate = (flags & 1 != 0).then_some(CERTIFICATE.as_slice());
    let fault = FAULTS.get(usize::from(flags >> 2)).copied();
    // Fewer octets than three do not tell HTTP/1 from a wrong preface.
    let cut = attended(cut(&wire, pieces, 3), certificate, fault);
    if usize::from(flags >> 2) < TIMELY || fault.is_none() {
        let whole = attended(std::iter::once(wire.as_slice()), certificate, fault);
        assert_eq!(whole, cut);
    }
}

/// So many of the faults leave nothing to the moment at which octets come.
const TIMELY: usize = 9;

const FAULTS: &[&str] = &[
    r#"{"service":"apns","do":{"answer":{"status":410,"reason":"Unregistered","timestamp_ms":7}}}"#,
    r#"{"service":"apns","do":{"answer":{"status":429,"retry_after":"120"}},"after":1}"#,
    r#"{"service":"apns","do":{"close":"fin"},"after":2}"#,
    r#"{"service":"apns","do":{"goaway":{"code":7,"reason":"Shutdown"}},"after":2,"times":1}"#,
    r#"{"service":"apns","do":{"goaway":{"last":3}},"times":1}"#,
    r#"{"service":"apns","do":{"streams":2}}"#,
    r#"{"service":"apns","do":{"delay_ms":20}}"#,
    r#"{"service":"apns","do":{"drop_answer":true},"times":2}"#,
    r#"{"service":"apns","do":{"reset":8},"after":1,"times":1}"#,
    r#"{"service":"apns","do":{"streams":{"limit":0,"for_ms":200,"then":100}}}"#,
    r#"{"service":"apns","do":{"window":{"initial":0,"for_ms":200,"then":65535}}}"#,
    r#"{"service":"apns","do":{"starve":{"for_ms":200}}}"#,
    r#"{"service":"apns","do":{"reset":{"code":0,"at":"after_answer"}}}"#,
    r#"{"service":"apns","do":{"stop_reading":{"for_ms":200}}}"#,
    r#"{"service":"apns","do":{"stall":true},"after":2}"#,
    r#"{"service":"apns","do":{"wedge":true},"after":2}"#,
    r#"{"service":"apns","do":{"ignore_pings":true}}"#,
    r#"{"service":"apns","do":{"malformed":"data_on_stream_0"},"after":1}"#,
    r#"{"service":"apns","do":{"random":{"seed":17,"one_in":2}}}"#,
    r#"{"service":"apns","on":"connection","do":{"malformed":"garbage"}}"#,
    r#"{"service":"apns","on":"connection","do":{"streams":0}}"#,
];

static KEYS: LazyLock<Vec<ProviderKey>> = LazyLock::new(|| {
    let key = ProviderKey::generate("ABC123DEFG", "DEF123GHIJ");
    vec![key.expect("a key can be made")]
});

static TOKEN: LazyLock<String> = LazyLock::new(|| {
    let token = KEYS[0].token(SystemTime::now());
    token.expect("the key can sign")
});

static CERTIFICATE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let authority = Authority::new("fuzzing").expect("an authority can be made");
    let issued = authority.issue_client(&ClientProfile::default());
    issued
        .expect("a certificate can be made")
        .certificate_der()
        .to_vec()
});

/// How it ended, what was counted, and how much was written.
fn attended<'a>(
    pieces: impl Iterator<Item = &'a [u8]>,
    certificate: Option<&[u8]>,
    fault: Option<&str>,
) -> String {
    let ledger = Arc::new(Ledger::new(Journal::new(10, 1 << 20)));
    for fault in fault
        .iter()
        .flat_map(|json| Fault::parse_list(json.as_bytes()))
        .flatten()
    {
        ledger.fault(fault);
    }
    let shared = Shared {
        config: Config::default(),
        keys: KEYS.clone(),
        channels: Channels::default(),
        ledger: Arc::clone(&ledger),
    };
    let mut session = Session::new(ProviderConnection::new(Arc::new(shared), certificate));
    let mut arrived = Vec::new();
    let mut ending = None;
    for piece in pieces {
        arrived.extend_from_slice(piece);
        let mut rest = arrived.as_slice();
        ending = session.receive(&mut rest);
        let taken = arrived.len() - rest.len();
        arrived.drain(..taken);
        if ending.is_some() {
            break;
        }
    }
    while let Some(due) = session.next_due() {
        session.send_due(due);
        assert!(session.next_due().is_none_or(|next| next > due));
    }
    let stats = ledger.stats();
    let rejected: u64 = stats.rejected.values().sum();
    let ended = stats.accepted + stats.managed + rejected + stats.unprocessed;
    assert_eq!(stats.requests, ended, "{stats:?}");
    let written = session.http2().output().len();
    format!("{ending:?} {stats:?} {written}")
}

/// A provider token: of a known key, signed by it, with what it has to say; and no other.
///
/// After an even byte comes a token, which nobody here has signed. After another one come header
/// and claims, with a zero between them, and both are signed.
pub fn provider_token(input: &[u8]) {
    let Some((&choice, rest)) = input.split_first() else {
        return;
    };
    let key = &KEYS[0];
    if choice % 2 == 0 {
        assert_eq!(verify(&KEYS, rest), None);
        return;
    }
    let Some((header, claims)) = std::str::from_utf8(rest)
        .ok()
        .and_then(|text| text.split_once('\0'))
    else {
        return;
    };
    let token = key.sign(header, claims).expect("the key can sign");
    let verified = verify(&KEYS, token.as_bytes()).map(|claims| claims.issued_at);
    let (head, said) = (object(header), object(claims));
    let is_ours = says(&head, "alg", "ES256")
        && says(&head, "kid", key.key_id())
        && says(&said, "iss", key.team_id());
    let expected = said
        .as_ref()
        .filter(|_| is_ours)
        .and_then(|said| said.get("iat")?.as_f64())
        .filter(|issued_at| (0.0..1e18).contains(issued_at))
        .map(|issued_at| issued_at as u64);
    // Where a name stands twice, nothing is said.
    let is_plain = |text: &str, object: &Option<Map<String, Value>>| {
        let names = object.iter().flat_map(Map::keys).count();
        text.matches('"').count() <= 4 * names
    };
    if verified.is_some() || is_plain(header, &head) && is_plain(claims, &said) {
        assert_eq!(verified, expected, "{header} {claims}");
    }
    let cut = &token.as_bytes()[..token.len() - 1];
    assert_eq!(verify(&KEYS, cut), None, "a signature that is cut");
}

fn object(text: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(text).ok()
}

fn says(object: &Option<Map<String, Value>>, name: &str, text: &str) -> bool {
    let said = object
        .as_ref()
        .and_then(|object| object.get(name)?.as_str());
    said == Some(text)
}

/// A client's certificate: no more topics come out than went in.
pub fn certificate(input: &[u8]) {
    let provider = Provider::of(input);
    let topics: usize = provider.topics.iter().map(String::len).sum();
    assert!(topics <= input.len());
    assert_eq!(Provider::of(input), provider);
}

/// Faults in JSON: read again as they were when they are written, or refused in one line.
pub fn faults(input: &[u8]) {
    match Fault::parse_list(input) {
        Ok(faults) => {
            let written = serde_json::to_vec(&faults).expect("faults are JSON");
            assert_eq!(Fault::parse_list(&written).ok(), Some(faults));
        }
        Err(error) => {
            let line = error.to_string();
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
    }
}

/// The lengths of pieces, which stand before the rest, how many in the first byte.
fn pieces(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (count, rest) = input.split_first()?;
    Some(rest.split_at(rest.len().min(usize::from(count % 16))))
}

/// Cuts into pieces of these lengths, over and over; the first is no shorter than `least`.
fn cut<'a>(
    mut wire: &'a [u8],
    lengths: &'a [u8],
    mut least: usize,
) -> impl Iterator<Item = &'a [u8]> {
    let mut lengths = lengths.iter().cycle();
    std::iter::from_fn(move || {
        if wire.is_empty() {
            return None;
        }
        let length = lengths.next().map_or(1, |length| usize::from(*length));
        let (piece, rest) = wire.split_at(length.max(least).min(wire.len()));
        least = 1;
        wire = rest;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    mod what_is_promised_holds_for_every_kept_input_of {
        macro_rules! targets {
            ($($target:ident,)+) => {
                $(#[test]
                fn $target() {
                    crate::replay::replay(stringify!($target), crate::apns::fuzzing::$target);
                })+
            };
        }

        targets! { certificate, connection, faults, frames, hpack, provider_token, session, }
    }

    #[test]
    fn every_fault_that_is_armed_is_one() {
        for json in super::FAULTS {
            crate::Fault::parse_list(json.as_bytes()).unwrap();
        }
    }

    /// The kept inputs of `session` hold places for tokens of this length.
    #[test]
    fn a_token_is_as_long_as_the_place_kept_for_it() {
        assert_eq!(super::TOKEN.len(), 184);
    }
}
