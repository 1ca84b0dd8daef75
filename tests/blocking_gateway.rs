//! The binary gateway and its feedback service, without async.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anypush::apns::gateway::{Multicast, Status};
use anypush::apns::{DeviceToken, Endpoint, Notification};
use anypush::blocking::apns::gateway::Client;
use anypush::prelude::*;
use anypush::{ErrorKind, SmolBackend, apns};
use common::{Shared, roots, standalone, token};
use push_sim::feedback::Entry;
use push_sim::{Action, Fault, Refusal, Service, Sim, gateway};

/// Longer than any send here takes.
const LONG: Duration = Duration::from_secs(20);

fn sim() -> Sim {
    let sim = Sim::builder().apns_gateway_any().apns_feedback_any();
    let counting = gateway::Config::default().count_tokens();
    sim.apns_gateway_config(counting).start().unwrap()
}

fn client(backend: Shared, sim: &Sim) -> Client {
    let gateway = sim.apns_gateway_addr().unwrap().port();
    let feedback = sim.apns_feedback_addr().unwrap().port();
    let client = apns::gateway::Client::builder(Session::new(backend))
        .endpoint(Endpoint::new("localhost", gateway))
        .feedback_endpoint(Endpoint::new("localhost", feedback))
        .roots(roots(sim))
        .build();
    Client::from(client.unwrap())
}

fn on_smol(sim: &Sim) -> Client {
    client(Arc::new(SmolBackend::new()), sim)
}

fn accepted(sim: &Sim) -> u64 {
    sim.stats()[&Service::ApnsGateway].accepted
}

fn device(number: usize) -> DeviceToken {
    token(number).parse().unwrap()
}

#[test]
fn every_call_waits_for_its_outcome_on_every_backend() {
    for (name, backend) in standalone() {
        let sim = sim();
        let client = client(backend, &sim);
        let hello = Notification::alert("Hello");
        client.check(&hello).unwrap();
        client.ready().unwrap();
        client.send(token(1), &hello).unwrap();
        client.send(device(2), &hello).unwrap();
        let error = client.send("no token", &hello).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidMessage, "{name}");

        let outcomes: Vec<_> = client.send_all((3..1003).map(token), &hello).collect();
        assert_eq!(outcomes.len(), 1000, "{name}");
        assert!(outcomes.iter().all(|(_, sent)| sent.is_ok()), "{name}");
        let pushes = (1003..1013).map(|number| (token(number), Notification::alert("own")));
        assert_eq!(client.send_each(pushes).count(), 10, "{name}");
        let rows = (1013..1015).map(|number| (token(number), number as u32));
        let badges = client.send_all_with_badges(rows, &hello, |(_, badge)| Some(*badge));
        assert!(badges.into_iter().all(|(_, sent)| sent.is_ok()), "{name}");
        let source = [Ok(token(1015)), Err("the file ended early")];
        let mut outcomes = client.try_send_all(source, &hello);
        assert!(outcomes.next().unwrap().unwrap().1.is_ok(), "{name}");
        assert_eq!(
            outcomes.next().unwrap().unwrap_err(),
            "the file ended early"
        );
        assert!(outcomes.next().is_none(), "{name}");

        let report = client.send_multicast(&Multicast::new(hello.clone(), [device(1016)]));
        assert_eq!(report.taken, [device(1016)], "{name}");
        assert_eq!(accepted(&sim), 1016, "{name}");
        client.shutdown(Duration::from_secs(5));
        let error = client.send(token(1), &hello).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed, "{name}");
    }
}

#[test]
fn a_sender_that_is_closed_has_told_every_failure() {
    for (name, backend) in standalone() {
        let sim = sim();
        let refuse = Action::Code(Refusal::new(8));
        sim.fault(Fault::new(Service::ApnsGateway, refuse).token(token(7)))
            .unwrap();
        let client = client(backend, &sim);
        let failed = Arc::new(Mutex::new(Vec::new()));
        let told = failed.clone();
        let sender = client.sender(move |(_, row): (String, usize), error| {
            told.lock().unwrap().push((row, error.status()));
        });
        let hello = Notification::alert("Hello");
        for row in 0..50 {
            sender.send((token(row), row), &hello).unwrap();
        }
        let so_far = sender.confirm();
        assert_eq!((so_far.taken, so_far.failed), (49, 1), "{name}");
        let other = sender.clone();
        other.try_send((token(50), 50), &hello).unwrap();
        let totals = other.close();
        assert_eq!((totals.taken, totals.failed), (50, 1), "{name}");
        let expected = [(7, Some(Status::InvalidToken))];
        assert_eq!(*failed.lock().unwrap(), expected, "{name}");
        let error = sender.send((token(51), 51), &hello).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed, "{name}");
        assert_eq!(sender.totals(), totals, "{name}");
    }
}

#[test]
fn feedback_is_an_iterator_until_the_service_has_told_all() {
    for (name, backend) in standalone() {
        let sim = sim();
        let entries: Vec<_> = (0..300)
            .map(|number| Entry::new(token(number), number as u32))
            .collect();
        sim.feedback(&entries).unwrap();
        let client = client(backend, &sim);
        let tokens: Vec<_> = client
            .feedback()
            .unwrap()
            .map(|inactive| inactive.unwrap().token)
            .collect();
        assert_eq!(tokens, (0..300).map(device).collect::<Vec<_>>(), "{name}");
        assert_eq!(client.feedback().unwrap().count(), 0, "{name}");
    }
}

#[test]
fn each_device_of_a_bulk_send_is_taken_once() {
    let sim = sim();
    let client = on_smol(&sim);
    let count = 20_000;
    let outcomes = client.send_all((0..count).map(device), &Notification::alert("Hello"));
    assert_eq!(outcomes.filter(|(_, sent)| sent.is_ok()).count(), count);
    let taken = sim.tokens(Service::ApnsGateway).unwrap();
    assert!(taken.len() == count && taken.values().all(|times| *times == 1));
}

#[test]
fn a_source_that_gives_a_device_now_and_then_holds_back_none() {
    let sim = Arc::new(sim());
    let client = on_smol(&sim);
    let taken = sim.clone();
    let tokens = (0..5).map(move |number| {
        // Slow is what it is to be, and each device is given only when those before it were taken.
        std::thread::sleep(Duration::from_millis(20));
        let begun = Instant::now();
        while accepted(&taken) < number {
            assert!(begun.elapsed() < LONG, "{number}: never taken");
            std::thread::yield_now();
        }
        token(number as usize)
    });
    let outcomes = client.send_all(tokens, &Notification::alert("Hello"));
    assert_eq!(outcomes.filter(|(_, sent)| sent.is_ok()).count(), 5);
}

#[test]
fn a_stopped_send_gives_the_outcomes_of_what_it_took() {
    let sim = sim();
    let client = on_smol(&sim);
    let mut outcomes = client.send_all((0..).map(token), &Notification::alert("Hello"));
    assert!(outcomes.next().unwrap().1.is_ok());
    outcomes.stream().stop();
    let rest = outcomes.by_ref().filter(|(_, sent)| sent.is_ok()).count();
    assert_eq!(accepted(&sim), 1 + rest as u64);
}
