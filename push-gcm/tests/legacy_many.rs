//! Bulk sends by the legacy protocol in simulated time.

#![allow(clippy::unwrap_used)]

mod legacy_peer;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use backend_simulated::Simulation;
use futures_util::stream::{self, StreamExt};
use legacy_peer::{Act, Server, answer, builder, client, refused, results, taken};
use push_core::{ErrorKind, Outcome as _, Verdict};
use push_gcm::legacy::{Judgement, Message, Multicast, Outcome, Reason, RegistrationId};
use serde_json::{Value, json};

fn hello() -> Message {
    Message::text("Hello")
}

fn multicast(ids: impl IntoIterator<Item = impl ToString>) -> Multicast {
    let ids = ids.into_iter();
    let devices = ids.map(|id| RegistrationId::new(id.to_string()).unwrap());
    Multicast::new(hello(), devices)
}

fn texts<'a>(ids: impl Iterator<Item = &'a RegistrationId>) -> Vec<&'a str> {
    ids.map(|id| id.as_str()).collect()
}

/// By the last digit: 0 NotRegistered, 1 Unavailable, 2 canonical, 3 MismatchSenderId, else taken.
fn mixed(id: &str) -> Value {
    match id.as_bytes().last() {
        Some(b'0') => refused("NotRegistered"),
        Some(b'1') => refused("Unavailable"),
        Some(b'2') => {
            json!({"message_id": format!("0:{id}"), "registration_id": format!("new{id}")})
        }
        Some(b'3') => refused("MismatchSenderId"),
        _ => taken(id),
    }
}

#[test]
fn each_device_of_a_bulk_send_has_one_outcome_and_its_own() {
    Simulation::for_seeds(0..10, |sim| {
        let server = Server::of_results(sim, mixed);
        let outcomes = client(sim).send_all((0..2501).map(|id| id.to_string()), &hello());
        let outcomes: Vec<(String, Outcome)> = sim.block_on(outcomes.collect());
        let told: BTreeSet<&String> = outcomes.iter().map(|(id, _)| id).collect();
        assert_eq!((outcomes.len(), told.len()), (2501, 2501));
        for (id, outcome) in &outcomes {
            let expected = match id.as_bytes().last() {
                Some(b'0') => Verdict::remove_token(None),
                Some(b'1') => Verdict::RetryAfter(Duration::from_secs(10)),
                Some(b'2') => Verdict::ReplaceToken(format!("new{id}")),
                Some(b'3') => Verdict::FixCredentials,
                _ => Verdict::Accepted,
            };
            assert_eq!(outcome.verdict(), expected, "{id}");
        }
        let mut lengths: Vec<usize> = server.seen().iter().map(|seen| seen.ids().len()).collect();
        lengths.sort_unstable();
        assert_eq!(lengths, [501, 1000, 1000]);
    });
}

#[test]
fn the_last_one_of_a_thousand_and_one_goes_alone_and_by_to() {
    let sim = Simulation::new(1);
    let server = Server::of_results(&sim, taken);
    let report = sim.block_on(client(&sim).send_multicast(&multicast(0..1001)));
    assert_eq!(report.successes().count(), 1001);
    let alone = server.seen().into_iter().find(|seen| seen.ids().len() == 1);
    let json = alone.unwrap().json();
    assert_eq!(json["to"], "1000");
    assert_eq!(json.get("registration_ids"), None);
}

#[test]
fn devices_come_back_as_they_were_given_and_duplicates_apart() {
    let sim = Simulation::new(1);
    let server = Server::of_results(&sim, taken);
    let devices = [("4", 'a'), ("4", 'b'), ("", 'c'), ("8", 'd')];
    let outcomes = client(&sim).send_all(devices, &hello());
    let mut outcomes: Vec<_> = sim.block_on(outcomes.collect());
    outcomes.sort_by_key(|((_, mark), _)| *mark);
    let told: Vec<_> = outcomes
        .iter()
        .map(|(device, outcome)| (*device, outcome.verdict().name()))
        .collect();
    let expected = [
        (devices[0], "accepted"),
        (devices[1], "accepted"),
        (devices[2], "fix-message"),
        (devices[3], "accepted"),
    ];
    assert_eq!(told, expected);
    assert_eq!(server.seen()[0].ids(), ["4", "4", "8"], "one is not sent");
}

#[test]
fn a_message_that_is_wrong_is_told_to_each_device_and_not_sent() {
    let sim = Simulation::new(1);
    let server = Server::of_results(&sim, taken);
    let wrong = Message::text("x").data("gcm", "x");
    let outcomes = client(&sim).send_all(["4", "8"], &wrong);
    for (_, outcome) in sim.block_on(outcomes.collect::<Vec<_>>()) {
        assert_eq!(outcome.unwrap_err().problems().len(), 1);
    }
    assert!(server.seen().is_empty());
}

#[test]
fn a_slow_source_waits_for_no_full_chunk() {
    let sim = Simulation::new(1);
    let server = Server::of_results(&sim, taken);
    let backend = sim.backend();
    let trickle = stream::unfold(0, move |id| {
        let backend = backend.clone();
        async move {
            backend.sleep(Duration::from_secs(60)).await;
            (id < 3).then_some((id.to_string(), id + 1))
        }
    });
    let outcomes = client(&sim).send_all(Box::pin(trickle), &hello());
    let outcomes: Vec<_> = sim.block_on(outcomes.collect());
    assert_eq!(outcomes.len(), 3);
    let at: Vec<u64> = server.seen().iter().map(|seen| seen.at.as_secs()).collect();
    assert_eq!(at, [60, 120, 180]);
}

#[test]
fn an_error_of_the_source_comes_after_all_outcomes() {
    let sim = Simulation::new(1);
    Server::of_results(&sim, taken);
    let source = stream::iter([Ok("4"), Ok("8"), Err("gone"), Ok("15")]);
    let outcomes = client(&sim).try_send_all(source, &hello());
    let outcomes: Vec<_> = sim.block_on(outcomes.collect());
    let told: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| outcome.map(|(id, outcome)| (id, outcome.is_ok())))
        .collect();
    assert_eq!(told, [Ok(("4", true)), Ok(("8", true)), Err("gone")]);
}

#[test]
fn devices_are_taken_only_when_there_is_room() {
    let sim = Simulation::new(1);
    Server::start(&sim, |seen| {
        Act::Later(Duration::from_secs(1), results(seen, taken))
    });
    let counted = Arc::new(AtomicUsize::new(0));
    let counting = counted.clone();
    let devices = (0..100_000).map(move |id| {
        counting.fetch_add(1, Ordering::SeqCst);
        id.to_string()
    });
    let client = builder(&sim).in_flight(3).build().unwrap();
    let mut outcomes = client.send_all(devices, &hello());
    for _ in 0..10 {
        sim.block_on(outcomes.next()).unwrap().1.unwrap();
    }
    let begun = counted.load(Ordering::SeqCst);
    assert!((3000..=4000).contains(&begun), "{begun}");
    outcomes.stop();
    let rest = sim.block_on(outcomes.collect::<Vec<_>>()).len();
    assert_eq!(rest + 10, counted.load(Ordering::SeqCst));
}

#[test]
fn a_report_says_what_is_to_be_done_for_whom() {
    let sim = Simulation::new(1);
    let server = Server::of_results(&sim, mixed);
    let client = client(&sim);
    let sent = multicast([10, 11, 12, 13, 14, 14]);
    let report = sim.block_on(client.send_multicast(&sent));
    assert_eq!(texts(report.successes()), ["12", "14", "14"]);
    assert_eq!(texts(report.failures()), ["10", "11", "13"]);
    let success: Vec<_> = report.success().map(|(_, message)| message).collect();
    assert_eq!(success, ["0:12", "0:14", "0:14"]);
    let canonical: BTreeMap<_, _> = report
        .canonical()
        .map(|(old, new)| (old.as_str(), new.as_str()))
        .collect();
    assert_eq!(canonical, BTreeMap::from([("12", "new12")]));
    assert_eq!(texts(report.not_registered()), ["10"]);
    let failed: Vec<_> = report
        .failed()
        .map(|(id, error)| (id.as_str(), error.reason().unwrap().as_str()))
        .collect();
    assert_eq!(failed, [("13", "MismatchSenderId")]);
    assert_eq!((report.errors().count(), report.unknown().count()), (3, 0));
    assert!(report.needs_retry() && !report.is_authentication());
    let [response] = report.responses() else {
        panic!("one response");
    };
    assert_eq!((response.devices.clone(), response.status), (0..6, 200));
    assert_eq!(response.json().unwrap()["multicast_id"], 108);
    assert_eq!(report.message(), &hello());

    let again = report.retry().unwrap();
    assert_eq!(texts(again.devices.iter()), ["11"]);
    let report = sim.block_on(client.send_multicast(&again));
    assert_eq!(server.seen()[1].json()["to"], "11");
    assert_eq!(report.recoverable().count(), 1);
}

#[test]
fn a_refused_chunk_loses_no_device() {
    // Of three chunks, the one in the middle fails in every way.
    let acts = [
        (Act::Answer(answer(400, "bad")), "fix-message"),
        (Act::Answer(answer(401, "")), "fix-credentials"),
        (Act::Answer(answer(503, "").retry_after("3")), "retry-after"),
        (Act::Answer(answer(200, "<html>")), "unknown"),
        (Act::Answer(answer(200, "")), "unknown"),
        (Act::Vanish, "unknown"),
        (Act::Silence, "unknown"),
    ];
    for (act, verdict) in acts {
        let sim = Simulation::new(3);
        Server::start(&sim, move |seen| {
            match seen.ids().contains(&"1500".to_owned()) {
                true => act.clone(),
                false => Act::Answer(results(seen, taken)),
            }
        });
        let report = sim.block_on(client(&sim).send_multicast(&multicast(0..3000)));
        assert_eq!(report.outcomes().len(), 3000);
        for (id, outcome) in report.outcomes() {
            let number: usize = id.as_str().parse().unwrap();
            let middle = (1000..2000).contains(&number);
            let expected = if middle { verdict } else { "accepted" };
            assert_eq!(outcome.verdict().name(), expected, "{number}");
        }
        let again = |multicast: Option<Multicast>| multicast.map_or(0, |one| one.devices.len());
        let recoverable = if verdict == "retry-after" { 1000 } else { 0 };
        let unknown = if verdict == "unknown" { 1000 } else { 0 };
        assert_eq!(again(report.retry()), recoverable);
        assert_eq!(again(report.retry_with_unknown()), recoverable + unknown);
        assert_eq!(report.is_authentication(), verdict == "fix-credentials");
        if verdict == "retry-after" {
            // The service's own word, though ours would be longer.
            assert_eq!(report.delay(5), Duration::from_secs(3));
        }
        let answered = report.responses().iter();
        let answered: Vec<_> = answered.map(|response| response.devices.clone()).collect();
        let all = [0..1000, 1000..2000, 2000..3000];
        match report.unknown().next().map(|(_, error)| error.kind()) {
            Some(ErrorKind::Lost | ErrorKind::Unanswered) if answered.len() == 2 => {
                assert_eq!(answered, [all[0].clone(), all[2].clone()]);
            }
            _ => assert_eq!(answered, all),
        }
    }
}

#[test]
fn the_delay_doubles_and_differs_from_report_to_report() {
    let delays: Vec<Vec<Duration>> = (0..20)
        .map(|seed| {
            let sim = Simulation::new(seed);
            Server::start(&sim, |_| Act::Answer(answer(500, "")));
            let client = builder(&sim).back_off(Duration::from_secs(4)).build();
            let report = sim.block_on(client.unwrap().send_multicast(&multicast([1])));
            (0..30).map(|retry| report.delay(retry)).collect()
        })
        .collect();
    for delays in &delays {
        for (retry, delay) in delays.iter().enumerate() {
            let least = (4 << retry.min(20)).min(3600);
            let most = (least * 3 / 2).min(3600);
            let range = Duration::from_secs(least)..=Duration::from_secs(most);
            assert!(range.contains(delay), "{retry}: {delay:?}");
        }
    }
    let first: BTreeSet<Duration> = delays.iter().map(|delays| delays[0]).collect();
    assert_eq!(first.len(), 20);
}

#[test]
fn an_exceeded_rate_holds_up_no_other_device() {
    let sim = Simulation::new(1);
    Server::of_results(&sim, |id| match id {
        "4" => refused("DeviceMessageRateExceeded"),
        _ => refused("Unavailable"),
    });
    let report = sim.block_on(client(&sim).send_multicast(&multicast([4, 8])));
    assert_eq!(texts(report.retry().unwrap().devices.iter()), ["8"]);
    let (_, error) = report.failed().next().unwrap();
    let minute = Verdict::RetryAfter(Duration::from_secs(60));
    assert_eq!(error.verdict(), minute);
}

#[test]
fn a_registry_that_seems_dead_as_a_whole_is_not_removed() {
    let sim = Simulation::new(1);
    Server::of_results(&sim, |_| refused("NotRegistered"));
    let client = client(&sim);
    let outcomes = client.send_all((0..2000).map(|id| id.to_string()), &hello());
    let outcomes: Vec<_> = sim.block_on(outcomes.collect());
    assert_eq!(outcomes.len(), 2000);
    for (id, outcome) in &outcomes {
        let error = outcome.as_ref().unwrap_err();
        assert_eq!(error.verdict(), Verdict::FixCredentials, "{id}");
        assert!(error.to_string().contains("remove nothing"), "{error}");
    }
    let report = sim.block_on(client.send_multicast(&multicast(0..5)));
    assert_eq!(
        (report.not_registered().count(), report.failed().count()),
        (0, 5)
    );
    // So few can be gone by chance.
    let report = sim.block_on(client.send_multicast(&multicast(0..4)));
    assert_eq!(report.not_registered().count(), 4);
}

#[test]
fn an_acceptance_in_the_same_answer_clears_all_that_are_gone() {
    let sim = Simulation::new(1);
    // The oldest come first, and are gone.
    Server::of_results(&sim, |id| match id {
        "999" => taken(id),
        _ => refused("NotRegistered"),
    });
    let client = client(&sim);
    let outcomes = client.send_all((0..1000).map(|id| id.to_string()), &hello());
    let outcomes: Vec<_> = sim.block_on(outcomes.collect());
    let gone = outcomes
        .iter()
        .filter_map(|(_, outcome)| outcome.as_ref().err());
    for error in gone.clone() {
        assert_eq!(error.verdict(), Verdict::remove_token(None));
        let judgement = error.rejection().unwrap().judgement;
        assert_eq!(judgement, Some(Judgement::DeadToken));
    }
    assert_eq!(gone.count(), 999);
    let report = sim.block_on(client.send_multicast(&multicast(0..1000)));
    assert_eq!(report.not_registered().count(), 999);
}

#[test]
fn fifteen_thousand_failures_take_linear_time() {
    let time = |devices: u64| {
        let sim = Simulation::new(1);
        Server::of_results(&sim, |_| refused("Unavailable"));
        let client = client(&sim);
        let started = real_time();
        let mut report = sim.block_on(client.send_multicast(&multicast(0..devices)));
        // Again and again, as whoever looks at each of them would.
        for _ in 0..3 {
            let again = report.retry().unwrap();
            assert_eq!(again.devices.len() as u64, devices);
            report = sim.block_on(client.send_multicast(&again));
        }
        assert_eq!(report.errors().count() as u64, devices);
        let unavailable = report.errors().next().unwrap().1.reason();
        assert_eq!(unavailable, Some(&Reason::Unavailable));
        started.elapsed()
    };
    time(1500);
    let (few, many) = (time(1500), time(15_000));
    // Ten times as many; a hundredfold would be quadratic.
    assert!(many < few * 40, "{few:?} for 1,500 and {many:?} for 15,000");
}

/// Of this machine: what it takes is what is asked.
#[allow(clippy::disallowed_methods)]
fn real_time() -> Instant {
    Instant::now()
}

#[test]
fn an_empty_multicast_has_an_empty_report() {
    let sim = Simulation::new(1);
    let server = Server::of_results(&sim, taken);
    let report = sim.block_on(client(&sim).send_multicast(&multicast([0_u8; 0])));
    assert!(report.outcomes().is_empty() && report.retry().is_none());
    assert!(server.seen().is_empty());
}
