//! FCM and GCM without async.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anypush::fcm::Topic;
use anypush::gcm::{Message, Multicast, RegistrationId};
use anypush::{SmolBackend, blocking};
use common::fcm::*;
use common::standalone;
use push_sim::{Answer, Service};

#[test]
fn every_call_to_fcm_waits_for_its_outcome_on_every_backend() {
    for (name, backend) in standalone() {
        let sim = fcm_sim();
        let client = blocking::fcm::Client::from(fcm_client(backend, &sim));
        client.ready().unwrap();
        client.check("a", &hello()).unwrap();
        client.send("a", &hello()).unwrap();
        let outcomes: Vec<_> = client
            .send_all((0..50).map(registration), &hello())
            .collect();
        assert!(
            outcomes.iter().all(|(_, outcome)| outcome.is_ok()),
            "{name}"
        );
        let pushes = (0..9).map(|number| (registration(number), hello()));
        assert_eq!(client.send_each(pushes).count(), 9, "{name}");
        let source = [Ok("b"), Err("the file ended early"), Ok("c")];
        let mut outcomes = client.try_send_all(source, &hello());
        assert!(outcomes.next().unwrap().unwrap().1.is_ok(), "{name}");
        assert_eq!(
            outcomes.next().unwrap().unwrap_err(),
            "the file ended early"
        );
        assert!(outcomes.next().is_none(), "{name}");
        assert_eq!(stats_of(&sim, Service::Fcm).accepted, 61, "{name}");

        let (topics, news) = (client.topics(), Topic::new("news").unwrap());
        assert!(!topics.subscribe("a", &news).unwrap().already);
        assert!(topics.get("a", &news).unwrap().is_some());
        assert_eq!(topics.list("a").unwrap()[0].topic, "news");
        topics.unsubscribe("a", &news).unwrap();
        let all = || (0..20).map(registration);
        let done = topics.subscribe_all(all(), &news);
        assert_eq!(done.filter(|(_, outcome)| outcome.is_ok()).count(), 20);
        assert_eq!(topics.unsubscribe_all(all(), &news).count(), 20);

        client.replace_credentials(service_account(&sim)).unwrap();
        assert_eq!(
            client.shutdown(Duration::from_secs(5)).unanswered,
            0,
            "{name}"
        );
        let error = client.send("a", &hello()).unwrap_err();
        assert_eq!(error.kind(), anypush::ErrorKind::Closed, "{name}");
    }
}

#[test]
fn every_call_to_gcm_waits_for_its_outcome_on_every_backend() {
    for (name, backend) in standalone() {
        let sim = gcm_sim();
        answers(
            &sim,
            Service::Gcm,
            "gone",
            Answer::new(200).reason("NotRegistered"),
        );
        let client = blocking::gcm::Client::from(gcm_client(backend, &sim));
        let hello = Message::text("Hello");
        client.ready().unwrap();
        client.check(&hello).unwrap();
        client.send("a", &hello).unwrap();
        client.send_plain("a", &hello).unwrap();
        client.send_topic("news", &hello).unwrap();
        client.send_condition("'news' in topics", &hello).unwrap();
        let ids = ["a", "gone"].map(|id| RegistrationId::new(id).unwrap());
        let report = client.send_multicast(&Multicast::new(hello.clone(), ids));
        assert_eq!(report.not_registered().count(), 1, "{name}");
        let source = [Ok("b"), Err("the file ended early"), Ok("c")];
        assert_eq!(client.try_send_all(source, &hello).count(), 2, "{name}");

        // As many as one request carries are taken together.
        let before = stats_of(&sim, Service::Gcm).requests;
        let outcomes: Vec<_> = client
            .send_all((0..3000).map(registration), &hello)
            .collect();
        assert_eq!(outcomes.len(), 3000, "{name}");
        assert!(
            outcomes.iter().all(|(_, outcome)| outcome.is_ok()),
            "{name}"
        );
        let requests = stats_of(&sim, Service::Gcm).requests - before;
        assert!((3..=12).contains(&requests), "{name}: {requests}");

        client.replace_credentials(API_KEY).unwrap();
        assert_eq!(
            client.shutdown(Duration::from_secs(5)).unanswered,
            0,
            "{name}"
        );
        assert!(client.send("a", &hello).is_err(), "{name}");
    }
}

#[test]
fn a_source_that_blocks_holds_back_nothing_that_it_gave() {
    let begun = Instant::now();
    let wait_for = move |holds: &dyn Fn() -> bool| {
        while !holds() {
            assert!(begun.elapsed() < Duration::from_secs(30), "never taken");
            std::thread::yield_now();
        }
    };
    let fcm = Arc::new(fcm_sim());
    let client = fcm_client(Arc::new(SmolBackend::new()), &fcm);
    let client = blocking::fcm::Client::from(client);
    client.ready().unwrap();
    let taken = fcm.clone();
    // Each device is given only when those before it were taken.
    let tokens = (0..5).map(move |number| {
        wait_for(&|| stats_of(&taken, Service::Fcm).accepted >= number);
        registration(number as usize)
    });
    let outcomes = client.send_all(tokens, &hello());
    assert_eq!(outcomes.filter(|(_, outcome)| outcome.is_ok()).count(), 5);

    let gcm = Arc::new(gcm_sim());
    let client = gcm_client(Arc::new(SmolBackend::new()), &gcm);
    let client = blocking::gcm::Client::from(client);
    client.ready().unwrap();
    let taken = gcm.clone();
    // What a slow source gives goes out at once, one by one.
    let ids = (0..3).map(move |number| {
        wait_for(&|| stats_of(&taken, Service::Gcm).accepted >= number);
        std::thread::sleep(Duration::from_millis(15));
        registration(number as usize)
    });
    let outcomes = client.send_all(ids, &Message::text("Hello"));
    assert_eq!(outcomes.filter(|(_, outcome)| outcome.is_ok()).count(), 3);
}
