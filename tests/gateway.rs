//! The binary gateway's client against the simulator, over real sockets and real TLS, on every
//! backend.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use anypush::apns::gateway::{Client, ClientBuilder, Command, Error, Multicast, Outcome, Status};
use anypush::apns::{DeviceToken, Endpoint, Expiration, Notification, Priority};
use anypush::prelude::*;
use anypush::{ErrorKind, ResendUnknown, RetryPolicy};
use common::{Shared, roots};
use push_sim::{
    Action, Close, Farewell, Fault, Point, Refusal, Service, Sim, Storm, feedback, gateway,
};

on_every_backend! {
    a_notification_is_taken_with_all_its_fields,
    every_command_is_understood,
    a_certificate_is_shown_and_a_missing_one_is_told,
    a_badge_of_its_own_for_each_device,
    every_kind_of_answer_leaves_the_truth,
    every_kind_of_end_leaves_the_truth,
    a_storm_of_faults_leaves_the_truth,
    at_least_once_loses_nothing,
    a_slow_gateway_holds_up_and_loses_nothing,
    tickets_are_no_answer,
    an_idle_connection_that_has_ended_is_not_used,
    a_report_holds_what_can_be_sent_again,
    a_sender_tells_its_listener,
    feedback_is_read_to_its_end,
    feedback_that_breaks_off_says_so,
}

fn sim_with(config: gateway::Config) -> Sim {
    let sim = Sim::builder().apns_gateway_any().apns_feedback_any();
    sim.apns_gateway_config(config.count_tokens())
        .start()
        .unwrap()
}

fn sim() -> Sim {
    sim_with(gateway::Config::default())
}

fn builder(backend: Shared, sim: &Sim) -> ClientBuilder {
    let port = sim.apns_gateway_addr().unwrap().port();
    let feedback = sim.apns_feedback_addr().unwrap().port();
    Client::builder(Session::new(backend))
        .endpoint(Endpoint::new("localhost", port))
        .feedback_endpoint(Endpoint::new("localhost", feedback))
        .roots(roots(sim))
}

fn client(backend: Shared, sim: &Sim) -> Client {
    builder(backend, sim).build().unwrap()
}

fn token(number: usize) -> DeviceToken {
    common::token(number).parse().unwrap()
}

fn hello() -> Notification {
    Notification::alert("Hello")
}

/// Sends to so many devices; the outcomes by their numbers.
async fn send(client: &Client, devices: usize) -> Vec<Outcome> {
    let source = (0..devices).map(|number| (token(number), number));
    let mut outcomes: Vec<Option<Outcome>> = (0..devices).map(|_| None).collect();
    let mut all = client.send_all(source, &hello());
    while let Some(((_, number), outcome)) = all.next().await {
        let before = outcomes[number].replace(outcome);
        assert!(before.is_none(), "device {number} has two outcomes");
    }
    outcomes.into_iter().map(Option::unwrap).collect()
}

/// What was told of each device must be what the simulator counted.
fn agree(sim: &Sim, outcomes: &[Outcome], once: bool) {
    let taken = sim.tokens(Service::ApnsGateway).unwrap();
    for (number, outcome) in outcomes.iter().enumerate() {
        let taken = taken.get(&common::token(number)).copied().unwrap_or(0);
        let fits = match outcome {
            Ok(_) => taken == 1 || (!once && taken > 0),
            Err(error) if error.verdict() == Verdict::Unknown => taken <= 1 || !once,
            Err(_) => taken == 0,
        };
        assert!(
            fits,
            "device {number} was taken {taken} times, and it was told {outcome:?}"
        );
    }
}

fn count(outcomes: &[Outcome], is: impl Fn(&Error) -> bool) -> usize {
    let failed = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    failed.filter(|error| is(error)).count()
}

fn is_unknown(error: &Error) -> bool {
    error.verdict() == Verdict::Unknown
}

fn fault(sim: &Sim, number: usize, action: Action) {
    let fault = Fault::new(Service::ApnsGateway, action);
    sim.fault(fault.token(common::token(number))).unwrap();
}

async fn a_notification_is_taken_with_all_its_fields(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    let until = UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    let notification = hello()
        .badge(0)
        .custom("order", 7)
        .priority(Priority::Conserve)
        .expiration(Expiration::At(until));
    let receipt = client.send(&token(1), &notification).await.unwrap();
    assert_eq!((receipt.identifier, receipt.attempts), (1, 1));
    let received = sim.received(Service::ApnsGateway, 10).unwrap();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].token, common::token(1));
    let headers = &received[0].headers;
    let header = |name: &str| headers.get(name).map(String::as_str);
    assert_eq!(header("command"), Some("2"));
    assert_eq!(header("identifier"), Some("1"));
    assert_eq!(header("expiry"), Some("4000000000"));
    assert_eq!(header("priority"), Some("5"));
    assert_eq!(
        received[0].payload.get(),
        r#"{"aps":{"alert":"Hello","badge":0},"order":7}"#
    );
}

async fn every_command_is_understood(backend: Shared) {
    for command in Command::ALL {
        let sim = sim();
        let client = builder(backend.clone(), &sim)
            .command(command)
            .build()
            .unwrap();
        let outcomes = send(&client, 1000).await;
        assert_eq!(
            count(&outcomes, |_| true),
            0,
            "{command}: {:?}",
            outcomes[0]
        );
        agree(&sim, &outcomes, true);
        let received = sim.received(Service::ApnsGateway, 1).unwrap();
        assert_eq!(received[0].headers["command"], command.to_string());
    }
}

async fn a_certificate_is_shown_and_a_missing_one_is_told(backend: Shared) {
    let sim = sim_with(gateway::Config::default().require_certificate());
    let outcomes = send(&client(backend.clone(), &sim), 100).await;
    for outcome in &outcomes {
        let error = outcome.as_ref().unwrap_err();
        assert_eq!(
            error.verdict(),
            Verdict::FixCredentials,
            "{}",
            error.report()
        );
    }
    assert!(sim.tokens(Service::ApnsGateway).unwrap().is_empty());
    let identity = Identity::from_pem(sim.files().client().pem()).unwrap();
    let client = builder(backend, &sim)
        .certificate(identity)
        .build()
        .unwrap();
    client.ready().await.unwrap();
    assert_eq!(count(&send(&client, 100).await, |_| true), 0);
}

async fn a_badge_of_its_own_for_each_device(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    let devices = (0..50_u32).map(|number| (token(number as usize), number));
    let badge = |(_, number): &(DeviceToken, u32)| number.checked_sub(1);
    let outcomes = client.send_all_with_badges(devices, &hello(), badge);
    let outcomes: Vec<_> = outcomes.collect().await;
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
    for (number, received) in sim
        .received(Service::ApnsGateway, 50)
        .unwrap()
        .iter()
        .enumerate()
    {
        let expected = match number.checked_sub(1) {
            None => r#"{"aps":{"alert":"Hello"}}"#.to_owned(),
            Some(badge) => format!(r#"{{"aps":{{"alert":"Hello","badge":{badge}}}}}"#),
        };
        assert_eq!(received.payload.get(), expected);
    }
}

async fn every_kind_of_answer_leaves_the_truth(backend: Shared) {
    let late = Duration::from_millis(50);
    let refusals = [
        Refusal::new(8),
        Refusal::new(8).delay(late),
        Refusal::new(5).discard(300),
        Refusal::new(2).split(),
        Refusal::new(8).close(Farewell::Fin),
        Refusal::new(8).close(Farewell::None),
        Refusal::new(10),
        Refusal::new(10).delay(late).split(),
    ];
    for refusal in refusals {
        let sim = sim();
        let client = client(backend.clone(), &sim);
        for number in [0, 17, 400, 1600] {
            fault(&sim, number, Action::Code(refusal.clone()));
        }
        let outcomes = send(&client, 2000).await;
        agree(&sim, &outcomes, true);
        let refused = count(&outcomes, |error| error.status().is_some());
        let expected = if refusal.code == 10 { 0 } else { 4 };
        assert_eq!(refused, expected, "{refusal:?}");
        assert_eq!(count(&outcomes, is_unknown), 0, "{refusal:?}");
    }
}

async fn every_kind_of_end_leaves_the_truth(backend: Shared) {
    let ends = [
        Action::Close(Close::Fin),
        Action::Close(Close::Rst),
        Action::Close(Close::Tls),
        Action::CloseAt(Close::Tls, Point::AfterAnswer),
        Action::CloseAt(Close::Rst, Point::AfterAnswer),
        Action::Code(Refusal::new(8).close(Farewell::Rst)),
        Action::Code(Refusal::new(8).without_draining()),
        Action::Code(Refusal::new(8).bytes(3)),
        Action::Code(Refusal::new(8).identifier(123_456)),
    ];
    for end in ends {
        let sim = sim();
        let client = client(backend.clone(), &sim);
        fault(&sim, 700, end.clone());
        let outcomes = send(&client, 2000).await;
        agree(&sim, &outcomes, true);
        // All that was never written, or is proven, is known.
        assert!(count(&outcomes, |error| !is_unknown(error)) <= 1, "{end:?}");
    }
}

async fn a_storm_of_faults_leaves_the_truth(backend: Shared) {
    for seed in 0..3 {
        let sim = sim();
        let client = builder(backend.clone(), &sim)
            .write_timeout(Duration::from_millis(500))
            .tail(Duration::from_millis(1000))
            .window(700)
            .build()
            .unwrap();
        let storm = Action::Random(Storm::new(seed).one_in(400));
        sim.fault(Fault::new(Service::ApnsGateway, storm)).unwrap();
        let outcomes = send(&client, 5000).await;
        agree(&sim, &outcomes, true);
    }
}

async fn at_least_once_loses_nothing(backend: Shared) {
    let sim = sim();
    let client = builder(backend, &sim);
    let client = client
        .resend_unknown(ResendUnknown::Times(50))
        .build()
        .unwrap();
    for number in (100..1500).step_by(200) {
        let action = Action::Close(Close::Rst);
        let fault = Fault::new(Service::ApnsGateway, action).token(common::token(number));
        sim.fault(fault.times(1)).unwrap();
    }
    let outcomes = send(&client, 1500).await;
    assert_eq!(count(&outcomes, |_| true), 0);
    agree(&sim, &outcomes, false);
}

async fn a_slow_gateway_holds_up_and_loses_nothing(backend: Shared) {
    let sim = sim_with(gateway::Config::default().receive_buffer_bytes(4096));
    let client = client(backend, &sim);
    let wait = Action::StopReading(Some(Duration::from_millis(300)));
    fault(&sim, 500, wait);
    fault(&sim, 5000, Action::Code(Refusal::new(8)));
    let outcomes = send(&client, 6000).await;
    agree(&sim, &outcomes, true);
    assert_eq!(
        count(&outcomes, |error| error.status()
            == Some(Status::InvalidToken)),
        1
    );
    assert_eq!(count(&outcomes, |_| true), 1);
}

async fn tickets_are_no_answer(backend: Shared) {
    let mut config = gateway::Config::default();
    config.session_tickets = 4;
    let sim = sim_with(config);
    let client = client(backend, &sim);
    // The tickets come to a connection that idles.
    client.ready().await.unwrap();
    let outcomes = send(&client, 1000).await;
    assert_eq!(count(&outcomes, |_| true), 0);
    assert_eq!(sim.stats()[&Service::ApnsGateway].connections, 1);
}

async fn an_idle_connection_that_has_ended_is_not_used(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    let stats = || sim.stats()[&Service::ApnsGateway].clone();
    for close in [Close::Fin, Close::Rst, Close::Tls] {
        client.ready().await.unwrap();
        // The gateway's end of the handshake may come later than ours.
        common::wait_until(|| stats().open == 1).await;
        let before = stats().connections;
        sim.apply(Service::ApnsGateway, &Action::Close(close))
            .unwrap();
        common::wait_until(|| client.session().stats().connections == 0).await;
        let outcomes = send(&client, 10).await;
        assert_eq!(count(&outcomes, |_| true), 0, "{close:?}");
        assert_eq!(stats().connections, before + 1, "{close:?}");
    }
}

async fn a_report_holds_what_can_be_sent_again(backend: Shared) {
    let sim = sim();
    let policy = RetryPolicy::none();
    let client = builder(backend, &sim).retry(policy).build().unwrap();
    fault(&sim, 3, Action::Code(Refusal::new(8)));
    fault(&sim, 5, Action::Code(Refusal::new(1)));
    fault(&sim, 8, Action::Code(Refusal::new(7)));
    let twice = (0..10).chain([0]).map(token);
    let report = client.send_multicast(&Multicast::new(hello(), twice)).await;
    assert_eq!(report.devices(), 11);
    assert_eq!(report.taken, [0, 1, 2, 4, 6, 7].map(token));
    let failed: Vec<_> = report
        .failed
        .iter()
        .map(|(device, error)| (device.clone(), error.status()))
        .collect();
    let expected = [
        (token(3), Some(Status::InvalidToken)),
        (token(5), Some(Status::ProcessingError)),
        (token(8), Some(Status::InvalidPayloadSize)),
    ];
    for one in &expected {
        assert!(failed.contains(one), "{failed:?}");
    }
    assert_eq!(report.not_sent.len(), 2);
    assert!(report.unknown.is_empty());
    assert!(report.needs_retry());

    // By way of a queue.
    sim.clear_faults();
    assert_eq!(report.retry().unwrap().devices, [token(5)]);
    let json = serde_json::to_string(&report.rest().unwrap()).unwrap();
    let restored: Multicast = serde_json::from_str(&json).unwrap();
    assert_eq!(restored.devices, [5, 9, 0].map(token));
    let report = client.send_multicast(&restored).await;
    assert_eq!(report.taken.len(), 3);
    assert!(report.rest().is_none() && report.retry().is_none() && !report.needs_retry());
    assert_eq!(
        sim.tokens(Service::ApnsGateway).unwrap()[&common::token(0)],
        2
    );
}

async fn a_sender_tells_its_listener(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    for number in [30, 999] {
        fault(&sim, number, Action::Code(Refusal::new(8)));
    }
    let heard: Arc<Mutex<BTreeMap<usize, Option<Status>>>> = Arc::default();
    let hear = heard.clone();
    let sender = client.sender(move |(_, number): (DeviceToken, usize), error| {
        hear.lock().unwrap().insert(number, error.status());
    });
    for number in 0..2000 {
        sender
            .send((token(number), number), &hello())
            .await
            .unwrap();
    }
    let totals = sender.close().await;
    assert_eq!((totals.taken, totals.failed, totals.unknown), (1998, 2, 0));
    let invalid = Some(Status::InvalidToken);
    assert_eq!(
        *heard.lock().unwrap(),
        BTreeMap::from([(30, invalid), (999, invalid)])
    );
}

async fn feedback_is_read_to_its_end(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    let entry =
        |number: usize| feedback::Entry::new(common::token(number), 1_400_000_000 + number as u32);
    let entries: Vec<_> = (0..5000).map(entry).collect();
    sim.feedback(&entries).unwrap();
    let inactive: Vec<_> = client.feedback().await.unwrap().collect().await;
    assert_eq!(inactive.len(), 5000);
    for (number, inactive) in inactive.into_iter().enumerate() {
        let inactive = inactive.unwrap();
        assert_eq!(inactive.token, token(number));
        assert_eq!(
            inactive.since,
            UNIX_EPOCH + Duration::from_secs(1_400_000_000 + number as u64)
        );
    }
    let again: Vec<_> = client.feedback().await.unwrap().collect().await;
    assert!(again.is_empty(), "it was forgotten");
}

async fn feedback_that_breaks_off_says_so(backend: Shared) {
    for close in [Close::Fin, Close::Rst, Close::Tls] {
        let sim = sim();
        let client = client(backend.clone(), &sim);
        let entries: Vec<_> = (0..100)
            .map(|n| feedback::Entry::new(common::token(n), 7))
            .collect();
        sim.feedback(&entries).unwrap();
        let broken = Action::CloseAt(close, Point::MidAnswer);
        sim.fault(Fault::new(Service::ApnsFeedback, broken))
            .unwrap();
        let read: Vec<_> = client.feedback().await.unwrap().collect().await;
        let (last, whole) = read.split_last().unwrap();
        assert!(whole.iter().all(Result::is_ok));
        let error = last.as_ref().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Lost, "{}", error.report());
    }
}
