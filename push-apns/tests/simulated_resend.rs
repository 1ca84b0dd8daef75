//! Pushes whose answer or connection was lost, in simulated time.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use backend_simulated::Simulation;
use common::{Request, broken_off, builder, goaway, refused, taken};
use push_apns::{Error, Notification, Receipt};
use push_core::{ErrorKind, ResendUnknown, RetryPolicy, Verdict};

const TOKEN: &str = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";
const INTERNAL_ERROR: u32 = 2;

#[test]
fn a_connection_that_is_closed_for_its_certificate_is_a_fault_of_the_credentials() {
    let turned_away = |request: &Request| goaway(request.stream - 1, "BadCertificateEnvironment");
    let (outcome, _) = send(ResendUnknown::Never, [turned_away; 20]);
    let error = outcome.unwrap_err();
    assert_eq!(
        error.verdict(),
        Verdict::FixCredentials,
        "{}",
        error.report()
    );
    assert!(
        error
            .report()
            .contains(r#"GOAWAY {"reason":"BadCertificateEnvironment"}"#),
        "{}",
        error.report()
    );

    let shutdown = |request: &Request| goaway(request.stream - 1, "Shutdown");
    let (outcome, _) = send(ResendUnknown::Never, [shutdown; 20]);
    let verdict = outcome.unwrap_err().verdict();
    assert!(matches!(verdict, Verdict::RetryAfter(_)), "{verdict:?}");
}

/// Sends one push to a service that does these, one for each request.
fn send<const N: usize>(
    resend: ResendUnknown,
    acts: [fn(&Request) -> Vec<u8>; N],
) -> (Result<Receipt, Error>, usize) {
    let sim = Simulation::new(1);
    let count = Arc::new(AtomicUsize::new(0));
    let seen = count.clone();
    common::serve(&sim, move |request| {
        let act = acts.get(seen.fetch_add(1, Ordering::SeqCst))?;
        Some(act(&request))
    });
    let client = builder(&sim).resend_unknown(resend).build().unwrap();
    let hello = Notification::alert("Hello");
    let outcome = sim.block_on(client.send(TOKEN, &hello));
    (outcome, count.load(Ordering::SeqCst))
}

fn lost(request: &Request) -> Vec<u8> {
    broken_off(request.stream, INTERNAL_ERROR)
}

fn accepted(request: &Request) -> Vec<u8> {
    taken(request.stream)
}

fn busy(request: &Request) -> Vec<u8> {
    refused(request.stream, 503, "ServiceUnavailable")
}

fn gone(request: &Request) -> Vec<u8> {
    refused(request.stream, 410, "Unregistered")
}

#[test]
fn a_push_whose_answer_was_lost_is_sent_again_only_where_that_is_allowed() {
    let (outcome, requests) = send(ResendUnknown::Never, [lost, accepted]);
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.kind(), error.verdict()),
        (ErrorKind::Lost, Verdict::Unknown)
    );
    assert_eq!(requests, 1);

    let (outcome, requests) = send(ResendUnknown::Times(1), [lost, accepted]);
    assert_eq!(outcome.unwrap().attempts, 2);
    assert_eq!(requests, 2);

    let (outcome, requests) = send(ResendUnknown::Times(1), [lost, lost]);
    assert_eq!(outcome.unwrap_err().verdict(), Verdict::Unknown);
    assert_eq!(requests, 2);
}

#[test]
fn a_busy_service_leaves_a_push_unknown_that_it_may_have_taken_before() {
    let (outcome, _) = send(ResendUnknown::Times(1), [lost, busy]);
    let error = outcome.unwrap_err();
    assert!(error.may_have_been_taken());
    assert_eq!(error.verdict(), Verdict::Unknown);
    assert!(error.to_string().contains("may have been taken"), "{error}");

    let (outcome, _) = send(ResendUnknown::Times(1), [busy]);
    let error = outcome.unwrap_err();
    assert!(!error.may_have_been_taken());
    assert!(matches!(error.verdict(), Verdict::RetryAfter(_)));
}

#[test]
fn a_dead_token_is_one_whatever_became_of_the_attempt_before() {
    let (outcome, _) = send(ResendUnknown::Times(1), [lost, gone]);
    assert_eq!(outcome.unwrap_err().verdict(), Verdict::remove_token(None));
}

#[test]
fn a_busy_service_is_waited_for_longer_than_one_attempt_may_take_and_not_after_a_shutdown() {
    const HOUR: Duration = Duration::from_secs(3600);
    let second = Duration::from_secs(1);
    let sim = Simulation::new(1);
    let count = Arc::new(AtomicUsize::new(0));
    let seen = count.clone();
    common::serve(&sim, move |request| {
        let number = seen.fetch_add(1, Ordering::SeqCst);
        Some(if number == 1 {
            accepted(&request)
        } else {
            busy(&request)
        })
    });
    let policy = RetryPolicy::exponential(second).min_delay(HOUR);
    let client = builder(&sim).retry(policy).build().unwrap();
    let hello = Notification::alert("Hello");
    let receipt = sim.block_on(client.send(TOKEN, &hello)).unwrap();
    assert_eq!(receipt.attempts, 2);
    assert!(sim.elapsed() >= HOUR);

    let waiting = sim.spawn({
        let (client, hello) = (client.clone(), hello.clone());
        async move { client.send(TOKEN, &hello).await }
    });
    let begun = sim.elapsed();
    sim.advance(60 * second);
    sim.block_on(client.shutdown(second));
    let error = sim.block_on(waiting).unwrap_err();
    assert!(matches!(error.verdict(), Verdict::RetryAfter(_)), "{error}");
    assert_eq!(error.rejection().unwrap().status, 503);
    assert!(sim.elapsed() - begun < HOUR);
    assert_eq!(count.load(Ordering::SeqCst), 3);
}
