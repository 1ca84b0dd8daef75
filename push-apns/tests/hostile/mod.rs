//! A client of APNs and a service that answers anything, in simulated time: a target of `fuzz/`, too.

use std::fmt::Display;
use std::time::Duration;

use backend_simulated::{Conditions, Simulation};
use push_apns::{ChannelId, DeviceToken, Error, Notification, StoragePolicy};
use push_core::{ErrorKind, Outcome, Verdict};

use crate::common::{builder, serve};

const TIMEOUT: Duration = Duration::from_secs(20);

/// Whatever the service answers, to a push or to a question about channels: it comes out by the
/// deadline, as what its status says, in texts that fit into a log.
///
/// The first byte says what is asked, the next two the status, the fourth how many bytes of the
/// rest are the header block behind the status. What follows is the body.
pub(crate) fn apns_answer(input: &[u8]) {
    let [asked, high, low, length, rest @ ..] = input else {
        return;
    };
    let status = 200 + u16::from_be_bytes([*high, *low]) % 400;
    let (headers, body) = rest.split_at(rest.len().min(usize::from(*length)));
    let mut block = [&[0x08, 3], status.to_string().as_bytes()].concat();
    block.extend_from_slice(headers);
    // No longer than a frame may be.
    let body = body[..body.len().min(16_384)].to_vec();

    let sim = Simulation::new(u64::from(*asked));
    sim.network().set_conditions(Conditions::ideal());
    serve(&sim, move |request| {
        let mut answer = frame(1, 4, request.stream, &block);
        answer.extend(frame(0, 1, request.stream, &body));
        Some(answer)
    });
    let client = builder(&sim).timeout(TIMEOUT).build();
    let client = client.expect("the client is complete");
    let channels = client.channels();
    let channel = ChannelId::new("dHN0LXNyY2gtY2hubA==").expect("the id is base64");
    let begun = sim.elapsed();
    match asked % 5 {
        0 | 1 => {
            let device = DeviceToken::from_bytes(&[0xab; 32]).expect("it is as long as a token");
            let push = Notification::alert("Hello").title("anypush");
            let outcome = sim.block_on(client.send(&device, &push));
            match outcome.verdict() {
                Verdict::Accepted => assert_eq!(status, 200),
                Verdict::ReplaceToken(_) => panic!("APNs replaces no token"),
                verdict => assert!(!verdict.name().is_empty()),
            }
            judge(outcome, status);
        }
        2 => {
            let created = sim.block_on(channels.create(StoragePolicy::MostRecent));
            judge(created, status);
        }
        3 => {
            if let Some(shown) = judge(sim.block_on(channels.show(&channel)), status) {
                assert_eq!(shown.id, channel);
            }
        }
        _ => {
            if let Some(listed) = judge(sim.block_on(channels.list()), status) {
                // In JSON an id takes three bytes more, and has four at least.
                assert!(listed.len() <= rest.len() / 4);
            }
        }
    }
    assert!(sim.elapsed() - begun <= TIMEOUT);
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// What was answered, if it was good.
fn judge<T>(outcome: Result<T, Error>, status: u16) -> Option<T> {
    match outcome {
        Ok(good) => {
            assert!((200..300).contains(&status), "{status}");
            Some(good)
        }
        Err(error) => {
            is_one_line(&error);
            is_one_line(&error.verdict().name());
            if let Some(rejection) = error.rejection() {
                assert_eq!(rejection.status, status);
                is_one_line(&rejection.reason);
                assert!(rejection.reason.as_str().len() <= 256);
            } else {
                let expected = [ErrorKind::Lost, ErrorKind::Protocol, ErrorKind::Refused];
                assert!(expected.contains(&error.kind()), "{error:?}");
            }
            None
        }
    }
}

/// Fit for a log: what a service sends must not look like lines of our own.
fn is_one_line(text: &impl Display) {
    let text = text.to_string();
    assert!(
        !text.is_empty() && !text.chars().any(char::is_control),
        "{text:?}"
    );
}
