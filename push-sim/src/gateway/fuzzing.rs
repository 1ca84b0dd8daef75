//! What the fuzzer runs: a function that takes any bytes and asserts what must hold for all of them.
//! No part of the public API. The workspace `fuzz/` makes a target of it, `sim_gateway`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::frame::MOST_FRAME_BYTES;
use super::refuse::Ending;
use super::session::Session;
use super::{Config, FrameLog, Shared};
use crate::ledger::Ledger;
use crate::{Fault, ServiceStats};

/// What is armed, by the first byte of the input.
const FAULTS: [&str; 16] = [
    "[]",
    r#"{"service":"apns-gateway","after":2,"do":{"code":8}}"#,
    r#"{"service":"apns-gateway","after":2,"do":{"code":10}}"#,
    r#"{"service":"apns-gateway","after":1,"do":{"code":{"code":8,"discard":2}}}"#,
    r#"{"service":"apns-gateway","after":1,"do":{"code":{"code":8,"delay_ms":20}}}"#,
    r#"{"service":"apns-gateway","after":1,"do":{"code":{"code":10,"delay_ms":9,"discard":3}}}"#,
    r#"{"service":"apns-gateway","after":2,"do":{"close":"fin"}}"#,
    r#"{"service":"apns-gateway","do":{"close":{"how":"rst","at":"after_answer"}}}"#,
    r#"{"service":"apns-gateway","after":1,"times":2,"do":{"delay_ms":20}}"#,
    r#"{"service":"apns-gateway","after":1,"times":1,"do":{"stop_reading":true}}"#,
    r#"{"service":"apns-gateway","after":1,"do":{"stop_reading":{"for_ms":20}}}"#,
    r#"{"service":"apns-gateway","after":1,"do":{"idle":{"after_ms":20,"close":"tls"}}}"#,
    r#"{"service":"apns-gateway","after":1,"do":{"stall":true}}"#,
    r#"{"service":"apns-gateway","after":1,"do":{"wedge":true}}"#,
    r#"{"service":"apns-gateway","after":1,"do":{"malformed":"garbage"}}"#,
    r#"{"service":"apns-gateway","do":{"random":{"seed":17,"one_in":3}}}"#,
];

/// A connection: however what comes is cut, the same is taken, refused, thrown away and answered;
/// what is counted adds up, and no more than a frame is kept back.
///
/// The first byte arms a fault, the second says how the rest is cut.
pub fn gateway(input: &[u8]) {
    let [fault, cut, octets @ ..] = input else {
        return;
    };
    let whole = run(*fault, octets, usize::MAX, 0);
    assert_eq!(whole, run(*fault, octets, 1, 0));
    assert_eq!(whole, run(*fault, octets, 200, u64::from(*cut)));
}

/// What became of a connection.
#[derive(Debug, PartialEq)]
struct Outcome {
    endings: Vec<Ending>,
    stats: ServiceStats,
    received: String,
}

fn run(fault: u8, octets: &[u8], most: usize, seed: u64) -> Outcome {
    let ledger = Arc::new(Ledger::of_frames(FrameLog::new(1000, 1 << 20), true));
    let fault = FAULTS[usize::from(fault) % FAULTS.len()];
    for fault in Fault::parse_list(fault.as_bytes()).unwrap_or_default() {
        ledger.fault(fault);
    }
    let shared = Arc::new(Shared {
        config: Config::default().token_bytes(1..=40),
        ledger: Arc::clone(&ledger),
    });
    let mut session = Session::new(shared, None);
    let mut endings = Vec::new();
    let mut dice = seed;
    let mut now = Instant::now();
    // What has come and was not taken begins at `start`.
    let (mut start, mut end) = (0, 0);
    while end < octets.len() {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let length = 1 + (dice >> 33) as usize % most;
        end = octets.len().min(end.saturating_add(length));
        receive(&mut session, &octets[..end], &mut start, now, &mut endings);
        assert!(!session.pace().reads() || end - start < MOST_FRAME_BYTES);
    }
    // All that was put off comes in the end.
    while let Some(due) = session.next_due() {
        now = due.max(now) + Duration::from_millis(1);
        let ending = session.due(now);
        let is_over = ending.is_some();
        note(&mut session, ending, &mut endings);
        receive(&mut session, octets, &mut start, now, &mut endings);
        if is_over {
            break;
        }
    }
    let ending = session.end_of_input();
    note(&mut session, ending, &mut endings);
    let stats = ledger.stats();
    let refused: u64 = stats.rejected.values().sum();
    assert_eq!(stats.requests, stats.accepted + refused + stats.unprocessed);
    let received = ledger.received(usize::MAX);
    assert_eq!(received.len() as u64, stats.accepted.min(1000));
    let counted = ledger.tokens().unwrap_or_default();
    assert_eq!(counted.values().sum::<u64>(), stats.accepted);
    Outcome {
        endings,
        stats,
        received: serde_json::to_string(&received).unwrap_or_default(),
    }
}

fn receive(
    session: &mut Session,
    octets: &[u8],
    start: &mut usize,
    now: Instant,
    endings: &mut Vec<Ending>,
) {
    loop {
        let mut input = &octets[*start..];
        let ending = session.receive(&mut input, now);
        *start = octets.len() - input.len();
        let is_over = ending.is_none();
        note(session, ending, endings);
        if is_over {
            return;
        }
    }
}

/// After its end a connection only throws away.
fn note(session: &mut Session, ending: Option<Ending>, endings: &mut Vec<Ending>) {
    if let Some(ending) = ending {
        endings.push(ending);
        session.wedge();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_promised_holds_for_every_kept_input() {
        crate::replay::replay("gateway", gateway);
    }

    #[test]
    fn every_fault_that_is_armed_is_one() {
        for json in FAULTS {
            Fault::parse_list(json.as_bytes()).unwrap();
        }
    }

    fn frame() -> impl Strategy<Value = Vec<u8>> {
        let token = prop_oneof![8 => Just(32_usize), 1 => 0..50_usize];
        let payload = prop_oneof![20 => 1..100_usize, 1 => 0..3000_usize];
        (0..4_u8, token, payload, any::<u8>()).prop_map(|(command, token, payload, number)| {
            let short = |length: usize| (length as u16).to_be_bytes();
            let mut octets = match command {
                0 => vec![0],
                1 => [&[1][..], &[number; 8]].concat(),
                _ => {
                    let length = (6 + token + payload + 7) as u32;
                    [
                        &[2][..],
                        &length.to_be_bytes(),
                        &[3, 0, 4],
                        &[number; 4],
                        &[1],
                    ]
                    .concat()
                }
            };
            octets.extend(short(token));
            octets.extend(vec![number; token]);
            if command > 1 {
                octets.push(2);
            }
            octets.extend(short(payload));
            octets.extend(vec![b' '; payload]);
            octets
        })
    }

    proptest! {
        #[test]
        fn frames_that_are_cut_anywhere_are_counted_alike(
            fault in any::<u8>(),
            cut in any::<u8>(),
            frames in proptest::collection::vec(frame(), 0..20),
            end in prop_oneof![3 => Just(vec![]), 1 => proptest::collection::vec(any::<u8>(), 0..40)],
        ) {
            gateway(&[&[fault, cut][..], &frames.concat(), &end].concat());
        }
    }
}
