//! Broadcasts and their channels against the simulator, on every backend.

#![allow(clippy::unwrap_used)]

mod common;

use std::time::{Duration, UNIX_EPOCH};

use anypush::ErrorKind;
use anypush::apns::{
    ApnsId, ChannelId, Client, Endpoint, Error, Expiration, Notification, Priority, Problem,
    ProviderToken, Reason, StoragePolicy,
};
use anypush::blocking;
use anypush::prelude::*;
use common::*;
use push_sim::apns::{Config, ProviderKey};
use push_sim::{Action, Answer, Close, Fault, Service, Sim};

on_every_backend! {
    a_channel_is_created_shown_listed_and_deleted,
    a_broadcast_is_taken_with_its_headers_and_payload,
    a_certificate_broadcasts_to_its_app,
    channels_of_another_app_are_kept_apart,
    an_expiration_is_counted_from_the_broadcast,
    a_channel_that_stores_nothing_takes_one_attempt_only,
    what_is_wrong_with_a_broadcast_is_said_before_anything_is_sent,
    what_is_wrong_with_an_app_is_said_before_anything_is_sent,
    every_refusal_has_its_reason_and_verdict,
    as_many_channels_as_an_app_may_have_are_listed,
    what_may_have_been_done_is_not_asked_for_again,
    what_was_not_processed_is_sent_again_under_the_same_id,
    an_expired_provider_token_is_renewed_for_broadcasts_and_channels,
    answered_failures_are_asked_again_only_on_request,
    broadcasts_and_channels_can_have_servers_of_their_own,
    replaced_credentials_serve_every_server,
    a_shutdown_ends_broadcasts_and_channels,
}

fn update() -> Notification {
    Notification::live_activity_update(UNIX_EPOCH, serde_json::json!({"score": "3:2"}))
        .priority(Priority::Immediate)
        .expiration(Expiration::Once)
}

fn reason(error: &Error) -> &Reason {
    &error.rejection().unwrap().reason
}

fn requests(sim: &Sim) -> u64 {
    sim.stats()[&Service::Apns].requests
}

async fn create(client: &Client) -> ChannelId {
    client
        .channels()
        .create(StoragePolicy::MostRecent)
        .await
        .unwrap()
}

async fn a_channel_is_created_shown_listed_and_deleted(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    let channels = client.channels();
    assert_eq!(channels.list().await.unwrap(), []);
    let storing = channels.create(StoragePolicy::MostRecent).await.unwrap();
    let plain = channels.create(StoragePolicy::None).await.unwrap();
    assert_ne!(storing, plain);
    for (id, policy) in [
        (&storing, StoragePolicy::MostRecent),
        (&plain, StoragePolicy::None),
    ] {
        let channel = channels.show(id).await.unwrap();
        assert_eq!((&channel.id, channel.storage_policy), (id, policy));
        assert_eq!(channel.push_type, "LiveActivity");
    }
    let all = channels.list().await.unwrap();
    assert_eq!(all, [storing.clone(), plain.clone()]);
    channels.delete(&plain).await.unwrap();
    assert_eq!(channels.list().await.unwrap(), [storing]);
    for error in [
        channels.delete(&plain).await.unwrap_err(),
        channels.show(&plain).await.unwrap_err(),
        client.broadcast(&plain, &update()).await.unwrap_err(),
    ] {
        assert_eq!(reason(&error), &Reason::ChannelNotRegistered);
        assert_eq!(error.verdict(), Verdict::FixMessage);
        assert!(error.id().is_some());
    }
    assert_eq!(sim.stats()[&Service::Apns].connections, 1, "one for all");
}

async fn a_broadcast_is_taken_with_its_headers_and_payload(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    let channel = create(&client).await;
    let id = ApnsId::random();
    let notification = update().priority(Priority::Conserve).id(id);
    let receipt = client.broadcast(&channel, &notification).await.unwrap();
    assert_eq!((receipt.id, receipt.attempts), (id, 1));

    let received = sim.received(Service::Apns, 10).unwrap();
    let [push] = received.as_slice() else {
        panic!("one broadcast: {received:?}")
    };
    assert_eq!(push.token, channel.as_str());
    let header = |name: &str| push.headers.get(name).map(String::as_str);
    assert_eq!(header("apns-channel-id"), Some(channel.as_str()));
    assert_eq!(header("apns-request-id"), Some(id.to_string().as_str()));
    assert_eq!(header("apns-push-type"), Some("liveactivity"));
    assert_eq!(header("apns-priority"), Some("5"));
    assert_eq!(header("apns-expiration"), Some("0"));
    for absent in ["apns-topic", "apns-id", "apns-collapse-id"] {
        assert_eq!(header(absent), None, "{absent}");
    }
    let payload: serde_json::Value = serde_json::from_str(push.payload.get()).unwrap();
    assert_eq!(payload["aps"]["event"], "update");
    assert_eq!(payload["aps"]["content-state"]["score"], "3:2");

    // Each has an id of its own, and the end of an activity can be told too.
    let end = Notification::live_activity_end(UNIX_EPOCH)
        .priority(Priority::Immediate)
        .expiration(Expiration::Once);
    let one = client.broadcast(&channel, &end).await.unwrap();
    let other = client.broadcast(&channel, &end).await.unwrap();
    assert_ne!(one.id, other.id);
}

async fn a_certificate_broadcasts_to_its_app(backend: Shared) {
    let sim = sim();
    let client = Client::builder(Session::new(backend))
        .endpoint(endpoint(&sim))
        .roots(roots(&sim))
        .certificate(Identity::from_pem(sim.files().client_pem()).unwrap())
        .build()
        .unwrap();
    let channel = create(&client).await;
    client.broadcast(&channel, &update()).await.unwrap();
    let received = sim.received(Service::Apns, 1).unwrap();
    assert!(!received[0].headers.contains_key("authorization"));
}

async fn channels_of_another_app_are_kept_apart(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    let other = client.channels().topic("com.example.other");
    let channel = other.create(StoragePolicy::None).await.unwrap();
    assert_eq!(client.channels().list().await.unwrap(), []);
    let refused = client.broadcast(&channel, &update()).await.unwrap_err();
    assert_eq!(reason(&refused), &Reason::ChannelNotRegistered);
    // The notification names its app, with the suffix that pushes to devices have or without it.
    for topic in [
        "com.example.other",
        "com.example.other.push-type.liveactivity",
    ] {
        let update = update().topic(topic);
        client.broadcast(&channel, &update).await.unwrap();
    }
}

async fn an_expiration_is_counted_from_the_broadcast(backend: Shared) {
    let sim = sim();
    let client = client(backend.clone(), &sim);
    let channel = create(&client).await;
    let hour = Duration::from_secs(3600);
    let earliest = backend.system_time() + hour;
    let stored = update().expiration(Expiration::In(hour));
    client.broadcast(&channel, &stored).await.unwrap();
    let latest = backend.system_time() + hour;
    let received = sim.received(Service::Apns, 1).unwrap();
    let seconds: u64 = received[0].headers["apns-expiration"].parse().unwrap();
    let range = [earliest, latest].map(|time| time.duration_since(UNIX_EPOCH).unwrap().as_secs());
    assert!((range[0]..=range[1]).contains(&seconds), "{seconds}");
}

async fn a_channel_that_stores_nothing_takes_one_attempt_only(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    let channel = client.channels().create(StoragePolicy::None).await.unwrap();
    client.broadcast(&channel, &update()).await.unwrap();
    let stored = update().expiration(Expiration::In(Duration::from_secs(60)));
    let error = client.broadcast(&channel, &stored).await.unwrap_err();
    assert_eq!(reason(&error), &Reason::BadExpirationDate);
    assert_eq!(error.verdict(), Verdict::FixMessage);
}

async fn what_is_wrong_with_a_broadcast_is_said_before_anything_is_sent(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    let channel = ChannelId::new("dHN0LXNyY2gtY2hubA==").unwrap();
    let wrong = Notification::alert("Hello")
        .collapse_id("x")
        .custom("long", "x".repeat(5120));
    let error = client.broadcast(&channel, &wrong).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidMessage);
    assert_eq!(error.verdict(), Verdict::FixMessage);
    assert_eq!(error.problems().len(), 4, "{error}");
    assert_eq!(
        error.problems(),
        client.check_broadcast(&wrong).unwrap_err().problems()
    );
    client.check_broadcast(&update()).unwrap();
    assert_eq!(sim.stats()[&Service::Apns].connections, 0);
}

async fn what_is_wrong_with_an_app_is_said_before_anything_is_sent(backend: Shared) {
    let sim = sim();
    let client = Client::builder(Session::new(backend))
        .endpoint(endpoint(&sim))
        .roots(roots(&sim))
        .provider_token(key(&sim))
        .build()
        .unwrap();
    let channel = ChannelId::new("dHN0LXNyY2gtY2hubA==").unwrap();
    for error in [
        client.channels().list().await.unwrap_err(),
        client.broadcast(&channel, &update()).await.unwrap_err(),
    ] {
        assert_eq!(error.problems(), [Problem::MissingBundleId], "{error}");
    }
    for topic in ["../com.example.app", "com.example.app/channels?x=", "a b"] {
        let error = client.channels().topic(topic).list().await.unwrap_err();
        assert!(
            matches!(error.problems(), [Problem::BundleId { .. }]),
            "{error}"
        );
    }
    assert_eq!(sim.stats()[&Service::Apns].connections, 0);
}

async fn every_refusal_has_its_reason_and_verdict(backend: Shared) {
    let config = Config::default()
        .max_channels(1)
        .no_broadcast("com.example.without");
    let sim = Sim::builder()
        .apns_any()
        .apns_config(config)
        .start()
        .unwrap();
    let client = client(backend, &sim);
    let channels = client.channels();
    let without = channels.clone().topic("com.example.without");
    let error = without.create(StoragePolicy::None).await.unwrap_err();
    assert_eq!(reason(&error), &Reason::FeatureNotEnabled);
    assert_eq!(error.verdict(), Verdict::FixCredentials);

    let channel = create(&client).await;
    let error = channels.create(StoragePolicy::None).await.unwrap_err();
    assert_eq!(reason(&error), &Reason::CannotCreateChannelConfig);
    assert_eq!(error.verdict(), Verdict::FixMessage);

    // What the simulator has no cause to say.
    for (status, text, verdict) in [
        (400, "MissingChannelId", Verdict::FixMessage),
        (400, "BadChannelId", Verdict::FixMessage),
        (400, "BadRequestParams", Verdict::FixMessage),
        (400, "BadRequestPayload", Verdict::FixMessage),
        (400, "MissingPushType", Verdict::FixMessage),
        (403, "TopicMismatch", Verdict::FixCredentials),
        (
            429,
            "TooManyRequests",
            Verdict::RetryAfter(Duration::from_secs(60)),
        ),
        (
            500,
            "InternalServerError",
            Verdict::RetryAfter(Duration::from_secs(60)),
        ),
    ] {
        for round in 0..2 {
            let said = Answer::new(status).reason(text);
            arm(&sim, Action::Answer(said), 1);
            let error = match round {
                0 => client.broadcast(&channel, &update()).await.unwrap_err(),
                _ => channels.show(&channel).await.unwrap_err(),
            };
            assert_eq!(reason(&error), &Reason::from(text));
            assert!(!matches!(reason(&error), Reason::Unknown(_)), "{text}");
            assert_eq!(error.verdict(), verdict, "{text}");
        }
    }
}

async fn as_many_channels_as_an_app_may_have_are_listed(backend: Shared) {
    let sim = sim();
    for _ in 0..10_000 {
        let policy = push_sim::apns::StoragePolicy::None;
        sim.create_channel("com.example.app", policy).unwrap();
    }
    // What the session allows for other answers does not matter here.
    let tight = Session::builder(backend).max_answer_bytes(1000);
    let all = client_of(tight, &sim).channels().list().await.unwrap();
    assert_eq!(all.len(), 10_000);
}

async fn what_may_have_been_done_is_not_asked_for_again(backend: Shared) {
    let sim = sim();
    let client = builder(Session::new(backend), &sim)
        .timeout(Duration::from_secs(10))
        .retry(RetryPolicy::exponential(Duration::from_millis(1)))
        .build()
        .unwrap();
    let channel = create(&client).await;
    let rude = |close| {
        // The answer is on its way when the connection ends.
        arm(&sim, Action::Close(close), 1);
    };
    let before = requests(&sim);
    rude(Close::Rst);
    let created = client.channels().create(StoragePolicy::None).await;
    assert_eq!(created.unwrap_err().verdict(), Verdict::Unknown);
    rude(Close::Fin);
    let sent = client.broadcast(&channel, &update()).await;
    assert_eq!(sent.verdict(), Verdict::Unknown);
    rude(Close::Fin);
    let deleted = client.channels().delete(&channel).await;
    assert_eq!(deleted.unwrap_err().verdict(), Verdict::Unknown);
    assert_eq!(requests(&sim) - before, 3, "each was asked for once");

    // An answer without the id is no better than none.
    arm(&sim, Action::Answer(Answer::new(201)), 1);
    let created = client.channels().create(StoragePolicy::None).await;
    let error = created.unwrap_err();
    assert_eq!(error.verdict(), Verdict::Unknown);
    assert!(error.to_string().contains("list the channels"), "{error}");
    assert_eq!(requests(&sim) - before, 4);
}

async fn what_was_not_processed_is_sent_again_under_the_same_id(backend: Shared) {
    let sim = sim();
    let client = client(backend, &sim);
    let channel = create(&client).await;
    const REFUSED_STREAM: u32 = 7;
    arm(&sim, Action::Reset(REFUSED_STREAM), 2);
    let receipt = client.broadcast(&channel, &update()).await.unwrap();
    assert_eq!(receipt.attempts, 3);
    let received = sim.received(Service::Apns, 10).unwrap();
    assert_eq!(received.len(), 1);
    let id = &received[0].headers["apns-request-id"];
    assert_eq!(*id, receipt.id.to_string());
    arm(&sim, Action::Reset(REFUSED_STREAM), 1);
    client.channels().delete(&channel).await.unwrap();
}

async fn an_expired_provider_token_is_renewed_for_broadcasts_and_channels(backend: Shared) {
    let sim = sim();
    let expired = || Action::Answer(Answer::new(403).reason("ExpiredProviderToken"));
    let first = client(backend.clone(), &sim);
    arm(&sim, expired(), 1);
    let channel = create(&first).await;
    assert_eq!(sim.stats()[&Service::Apns].connections, 2);
    let other = client(backend, &sim);
    arm(&sim, expired(), 1);
    let receipt = other.broadcast(&channel, &update()).await.unwrap();
    assert_eq!(receipt.attempts, 2);
    assert_eq!(sim.stats()[&Service::Apns].connections, 4);
}

async fn answered_failures_are_asked_again_only_on_request(backend: Shared) {
    let sim = sim();
    let busy = || Action::Answer(Answer::new(503).reason("ServiceUnavailable"));
    let plain = client(backend.clone(), &sim);
    arm(&sim, busy(), 1);
    let refused = plain.channels().list().await.unwrap_err();
    assert_eq!(refused.attempts(), 1);
    let policy = RetryPolicy::exponential(Duration::from_millis(1)).attempts(3);
    let patient = builder(Session::new(backend), &sim)
        .retry(policy)
        .build()
        .unwrap();
    arm(&sim, busy(), 2);
    let channel = create(&patient).await;
    arm(&sim, busy(), 2);
    let receipt = patient.broadcast(&channel, &update()).await.unwrap();
    assert_eq!(receipt.attempts, 3);
    assert_eq!(patient.channels().list().await.unwrap(), [channel]);
}

async fn broadcasts_and_channels_can_have_servers_of_their_own(backend: Shared) {
    let known = ProviderKey::generate("OTHERKEYID", "DEF123GHIJ").unwrap();
    let start = || {
        let config = Config::default().provider_key(known.clone());
        let sim = Sim::builder().apns_any().apns_config(config);
        sim.start().unwrap()
    };
    let [devices, casting, managing] = [start(), start(), start()];
    let roots = [&devices, &casting, &managing].map(|sim| sim.files().ca_pem());
    let client = Client::builder(Session::new(backend))
        .endpoint(endpoint(&devices))
        .broadcast_endpoint(endpoint(&casting))
        .channels_endpoint(endpoint(&managing))
        .roots(Roots::from_pem(roots.join("\n")).unwrap())
        .provider_token(
            ProviderToken::from_p8(known.p8_pem(), known.key_id(), known.team_id()).unwrap(),
        )
        .topic("com.example.app")
        .build()
        .unwrap();
    let channel = create(&client).await;
    let sent = client.broadcast(&channel, &update()).await.unwrap_err();
    assert_eq!(reason(&sent), &Reason::ChannelNotRegistered, "not there");
    let hello = Notification::alert("Hello");
    client.send(token(1), &hello).await.unwrap();
    assert_eq!(
        [&devices, &casting, &managing].map(requests),
        [1, 1, 1],
        "each at its own"
    );
}

async fn replaced_credentials_serve_every_server(backend: Shared) {
    let devices = sim();
    let sim = sim();
    let roots_of_both = [devices.files().ca_pem(), sim.files().ca_pem()].join("\n");
    let wrong = sim.files().provider_key();
    let wrong = ProviderToken::from_p8(wrong.p8_pem(), "WRONGKEYID", wrong.team_id());
    let client = Client::builder(Session::new(backend))
        .endpoint(endpoint(&devices))
        .broadcast_endpoint(endpoint(&sim))
        .channels_endpoint(endpoint(&sim))
        .roots(Roots::from_pem(roots_of_both).unwrap())
        .provider_token(wrong.unwrap())
        .topic("com.example.app")
        .build()
        .unwrap();
    let refused = client.channels().list().await.unwrap_err();
    assert_eq!(refused.verdict(), Verdict::FixCredentials);
    client.replace_credentials(key(&sim)).unwrap();
    let channel = create(&client).await;
    client.broadcast(&channel, &update()).await.unwrap();
    assert_eq!(sim.stats()[&Service::Apns].connections, 2);
    assert_eq!(requests(&devices), 0);
    // The one with the former credentials closes.
    wait_until(|| client.session().stats().connections == 1).await;
}

async fn a_shutdown_ends_broadcasts_and_channels(backend: Shared) {
    let sim = sim();
    let client = builder(Session::new(backend), &sim)
        .channels_endpoint(Endpoint::new("localhost", 1))
        .build()
        .unwrap();
    let channel = ChannelId::new("dHN0LXNyY2gtY2hubA==").unwrap();
    client.shutdown(Duration::from_secs(5)).await;
    let sent = client.broadcast(&channel, &update()).await.unwrap_err();
    assert_eq!(sent.kind(), ErrorKind::Closed);
    let listed = client.channels().list().await.unwrap_err();
    assert_eq!(listed.kind(), ErrorKind::Closed, "though never used before");
}

#[test]
fn every_call_waits_for_its_outcome() {
    for (name, backend) in standalone() {
        let sim = sim();
        let client = blocking::apns::Client::from(client(backend, &sim));
        let channels = client.channels();
        let channel = channels.create(StoragePolicy::MostRecent).unwrap();
        let shown = channels.show(&channel).unwrap();
        assert_eq!(shown.storage_policy, StoragePolicy::MostRecent, "{name}");
        client.check_broadcast(&update()).unwrap();
        client.broadcast(&channel, &update()).unwrap();
        assert_eq!(accepted(&sim), 1, "{name}");
        assert_eq!(
            channels.list().unwrap(),
            std::slice::from_ref(&channel),
            "{name}"
        );
        channels.delete(&channel).unwrap();
        let others = channels.topic("com.example.other");
        assert_eq!(others.list().unwrap(), [], "{name}");
    }
}

#[test]
fn a_fault_befalls_the_channel_that_it_names() {
    // What the tests above rest on: faults that name no token befall requests about channels too.
    let sim = sim();
    let backend = standalone().into_iter().next().unwrap().1;
    let client = blocking::apns::Client::from(client(backend, &sim));
    let channel = client.channels().create(StoragePolicy::None).unwrap();
    let said = Answer::new(400).reason("BadChannelId");
    let fault = Fault::new(Service::Apns, Action::Answer(said)).token(channel.as_str());
    sim.fault(fault).unwrap();
    let error = client.broadcast(&channel, &update()).unwrap_err();
    assert_eq!(reason(&error), &Reason::BadChannelId);
}
