//! Broadcasts and their channels, over TLS and HTTP/2.

mod support;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use http::Method;
use push_sim::apns::{Config, Environment, ProviderKey, Reason, StoragePolicy};
use push_sim::{Action, Answer, ClientProfile, Fault, Service, Sim};
use serde_json::json;
use support::{Answered, Client, Failure, Push, bearer, control};

const APP: &str = "com.example.app";
const UPDATE: &str = r#"{"aps":{"timestamp":1,"event":"update","content-state":{"score":1}}}"#;
const CREATION: &str = r#"{"message-storage-policy":1,"push-type":"LiveActivity"}"#;
const ID: &str = "2288cf3f-70d8-46a6-97d7-dd5d00867127";

/// A good broadcast, without credentials.
fn broadcast(channel: &str) -> Push {
    Push::to("")
        .path(&format!("/4/broadcasts/apps/{APP}"))
        .without("apns-topic")
        .header("apns-channel-id", channel)
        .header("apns-push-type", "liveactivity")
        .header("apns-priority", "10")
        .header("apns-expiration", "0")
        .body(UPDATE)
}

/// A request about channels, without credentials.
fn manage(method: Method, body: &'static str) -> Push {
    Push::to("")
        .method(method)
        .path(&format!("/1/apps/{APP}/channels"))
        .without("apns-topic")
        .body(body)
}

fn list() -> Push {
    manage(Method::GET, "").path(&format!("/1/apps/{APP}/all-channels"))
}

fn started() -> Result<Sim, Failure> {
    Ok(Sim::builder().apns_any().start()?)
}

#[tokio::test]
async fn a_channel_is_made_read_listed_and_deleted() -> Result<(), Failure> {
    let sim = started()?;
    let client = Client::connect(&sim, None).await?;
    let authorization = bearer(&sim);
    let send = async |push: Push| -> Result<Answered, Failure> {
        let push = push.header("authorization", authorization.as_str());
        Ok(client.send(push).await?)
    };
    let made = send(manage(Method::POST, CREATION).header("apns-request-id", ID)).await?;
    assert_eq!((made.status, &made.body), (201, &json!(null)));
    assert_eq!(made.header("apns-request-id"), Some(ID));
    assert_eq!(made.header("apns-id"), None);
    let id = made.header("apns-channel-id").ok_or("an identifier")?;
    assert_eq!(id.len(), 24, "16 octets in base64: {id}");

    let read = send(manage(Method::GET, "").header("apns-channel-id", id)).await?;
    assert_eq!(read.status, 200);
    assert_eq!(read.header("content-type"), Some("application/json"));
    assert_eq!(read.header("apns-request-id").map(str::len), Some(36));
    assert_eq!(
        read.body,
        json!({"message-storage-policy": 1, "push-type": "LiveActivity"})
    );

    let early = sim.create_channel(APP, StoragePolicy::None)?;
    sim.create_channel("com.example.other", StoragePolicy::None)?;
    let listed = send(list()).await?;
    assert_eq!(listed.status, 200);
    assert_eq!(listed.body, json!({"channels": [id, early]}));

    let delete = || manage(Method::DELETE, "").header("apns-channel-id", id);
    let deleted = send(delete()).await?;
    assert_eq!((deleted.status, &deleted.body), (204, &json!(null)));
    let again = send(delete()).await?;
    assert_eq!(
        (again.status, again.reason()),
        (400, "ChannelNotRegistered")
    );
    assert_eq!(again.header("content-type"), Some("application/json"));
    assert_eq!(send(list()).await?.body, json!({"channels": [early]}));

    let stats = &sim.stats()[&Service::Apns];
    assert_eq!((stats.managed, stats.accepted, stats.requests), (5, 0, 6));
    assert_eq!(sim.received(Service::Apns, 10)?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn an_app_without_channels_has_an_empty_list() -> Result<(), Failure> {
    let sim = started()?;
    let client = Client::connect(&sim, None).await?;
    let listed = client
        .send(list().header("authorization", bearer(&sim)))
        .await?;
    assert_eq!((listed.status, listed.body), (200, json!({"channels": []})));
    Ok(())
}

#[tokio::test]
async fn a_broadcast_is_taken_and_kept_under_its_channel() -> Result<(), Failure> {
    let sim = started()?;
    let channel = sim.create_channel(APP, StoragePolicy::MostRecent)?;
    let client = Client::connect(&sim, None).await?;
    let push = broadcast(&channel)
        .header("authorization", bearer(&sim))
        .header("apns-expiration", "1900000000")
        .header("apns-priority", "1")
        .header("apns-request-id", ID);
    let answered = client.send(push).await?;
    assert_eq!((answered.status, &answered.body), (200, &json!(null)));
    assert_eq!(answered.header("apns-request-id"), Some(ID));
    assert_eq!(answered.header("apns-unique-id").map(str::len), Some(36));
    assert_eq!(answered.header("apns-id"), None);

    let received = sim.received(Service::Apns, 10)?;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].token, channel);
    assert_eq!(received[0].payload.get(), UPDATE);
    assert_eq!(received[0].headers["apns-push-type"], "liveactivity");
    let (_, body) = control(&sim, "GET", "/received?service=apns", "").await?;
    let shown: serde_json::Value = serde_json::from_str(&body)?;
    assert_eq!(shown[0]["token"], channel.as_str());
    let stats = &sim.stats()[&Service::Apns];
    assert_eq!((stats.accepted, stats.bytes), (1, UPDATE.len() as u64));
    Ok(())
}

#[tokio::test]
async fn production_has_channels_without_unique_identifiers() -> Result<(), Failure> {
    let config = Config::default().environment(Environment::Production);
    let sim = Sim::builder().apns_any().apns_config(config).start()?;
    let channel = sim.create_channel(APP, StoragePolicy::None)?;
    let client = Client::connect(&sim, None).await?;
    let push = broadcast(&channel).header("authorization", bearer(&sim));
    let answered = client.send(push).await?;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.header("apns-unique-id"), None);
    Ok(())
}

#[tokio::test]
async fn every_reason_of_a_broadcast_has_a_request_that_gets_it() -> Result<(), Failure> {
    let limited = ProviderKey::generate("LIMITED123", "DEF123GHIJ")?.topics(["com.example.other"]);
    let config = Config::default()
        .provider_key(limited.clone())
        .no_broadcast("com.example.mute");
    let sim = Sim::builder().apns_any().apns_config(config).start()?;
    let recent = sim.create_channel(APP, StoragePolicy::MostRecent)?;
    let none = sim.create_channel(APP, StoragePolicy::None)?;
    let elsewhere = sim.create_channel("com.example.other", StoragePolicy::None)?;
    let good = || broadcast(&recent).header("authorization", bearer(&sim));
    let hour_ago = SystemTime::now() - Duration::from_secs(3700);
    let expired = sim.files().provider_key().token(hour_ago)?;
    let stranger = limited.token(SystemTime::now())?;
    let path = |bundle_id: &str| format!("/4/broadcasts/apps/{bundle_id}");

    let cases = vec![
        (
            Reason::MethodNotAllowed,
            good().method(Method::GET).body(""),
        ),
        (Reason::MethodNotAllowed, good().method(Method::PUT)),
        (Reason::BadPath, good().path("/4/broadcasts/apps/")),
        (Reason::BadPath, good().path("/4/broadcasts/apps/a/b")),
        (Reason::BadPath, good().path("/3/broadcasts/apps/a")),
        (
            Reason::DuplicateHeaders,
            good().also("apns-channel-id", recent.as_str()),
        ),
        (
            Reason::DuplicateHeaders,
            good()
                .also("apns-request-id", ID)
                .also("apns-request-id", ID),
        ),
        (Reason::MissingProviderToken, broadcast(&recent)),
        (
            Reason::InvalidProviderToken,
            good().header("authorization", "bearer a.b.c"),
        ),
        (
            Reason::ExpiredProviderToken,
            good().header("authorization", format!("bearer {expired}")),
        ),
        (
            Reason::TopicMismatch,
            good().header("authorization", format!("bearer {stranger}")),
        ),
        (
            Reason::TopicDisallowed,
            good().path(&path("com.example.app.push-type.liveactivity")),
        ),
        (
            Reason::FeatureNotEnabled,
            good().path(&path("com.example.mute")),
        ),
        (
            Reason::BadMessageId,
            good().header("apns-request-id", "1234"),
        ),
        (Reason::MissingChannelId, good().without("apns-channel-id")),
        (
            Reason::MissingChannelId,
            good().header("apns-channel-id", ""),
        ),
        (
            Reason::BadChannelId,
            good().header("apns-channel-id", "no base64"),
        ),
        (
            Reason::BadChannelId,
            good().header("apns-channel-id", "A".repeat(88)),
        ),
        (
            Reason::ChannelNotRegistered,
            good().header("apns-channel-id", "dHN0LXNyY2gtY2hubA=="),
        ),
        (
            Reason::ChannelNotRegistered,
            good().header("apns-channel-id", elsewhere.as_str()),
        ),
        (Reason::MissingPushType, good().without("apns-push-type")),
        (
            Reason::InvalidPushType,
            good().header("apns-push-type", "alert"),
        ),
        (Reason::BadExpirationDate, good().without("apns-expiration")),
        (
            Reason::BadExpirationDate,
            good().header("apns-expiration", "soon"),
        ),
        (
            Reason::BadExpirationDate,
            good()
                .header("apns-channel-id", none.as_str())
                .header("apns-expiration", "1900000000"),
        ),
        (Reason::BadPriority, good().without("apns-priority")),
        (Reason::BadPriority, good().header("apns-priority", "7")),
        (Reason::PayloadEmpty, good().body("")),
        (
            Reason::PayloadTooLarge,
            good().body(format!(r#"{{"x":"{}"}}"#, "x".repeat(5113))),
        ),
        (Reason::PayloadTooLarge, good().body("x".repeat(100_000))),
        (Reason::BadRequestPayload, good().body("no json")),
        (
            Reason::BadRequestParams,
            good().body(UPDATE.replace("update", "start")),
        ),
        (
            Reason::HeaderListTooLarge,
            good().header("x-much", "x".repeat(9000)),
        ),
    ];
    refused(&sim, cases).await?;
    assert_eq!(sim.stats()[&Service::Apns].accepted, 0);

    let fits = format!(r#"{{"aps":{{"event":"end"}},"x":"{}"}}"#, "x".repeat(5090));
    assert_eq!(fits.len(), 5120);
    let client = Client::connect(&sim, None).await?;
    assert_eq!(client.send(good().body(fits)).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn every_reason_about_channels_has_a_request_that_gets_it() -> Result<(), Failure> {
    let limited = ProviderKey::generate("LIMITED123", "DEF123GHIJ")?.topics(["com.example.other"]);
    let config = Config::default()
        .provider_key(limited.clone())
        .max_channels(1)
        .no_broadcast("com.example.mute");
    let sim = Sim::builder().apns_any().apns_config(config).start()?;
    let channel = sim.create_channel(APP, StoragePolicy::None)?;
    let create = || manage(Method::POST, CREATION).header("authorization", bearer(&sim));
    let read = || {
        manage(Method::GET, "")
            .header("authorization", bearer(&sim))
            .header("apns-channel-id", channel.as_str())
    };
    let list = || list().header("authorization", bearer(&sim));
    let stranger = format!("bearer {}", limited.token(SystemTime::now())?);
    let mute = "/1/apps/com.example.mute/all-channels";

    let cases = vec![
        (Reason::MethodNotAllowed, create().method(Method::PUT)),
        (Reason::MethodNotAllowed, list().method(Method::DELETE)),
        (
            Reason::MethodNotAllowed,
            list().method(Method::POST).body("{}"),
        ),
        (
            Reason::BadPath,
            list().path("/1/apps/com.example.app/some-channels"),
        ),
        (Reason::BadPath, read().path("/1/apps//channels")),
        (
            Reason::DuplicateHeaders,
            read().also("apns-channel-id", channel.as_str()),
        ),
        (Reason::MissingProviderToken, manage(Method::POST, CREATION)),
        (
            Reason::InvalidProviderToken,
            list().header("authorization", "bearer x"),
        ),
        (
            Reason::TopicMismatch,
            list().header("authorization", stranger.as_str()),
        ),
        (
            Reason::TopicMismatch,
            create().header("authorization", stranger.as_str()),
        ),
        (
            Reason::TopicDisallowed,
            list().path("/1/apps/com.example.app.voip/all-channels"),
        ),
        (Reason::FeatureNotEnabled, list().path(mute)),
        (Reason::BadMessageId, list().header("apns-request-id", "x")),
        (Reason::MissingChannelId, read().without("apns-channel-id")),
        (
            Reason::MissingChannelId,
            read().without("apns-channel-id").method(Method::DELETE),
        ),
        (Reason::BadChannelId, read().header("apns-channel-id", "x")),
        (
            Reason::BadChannelId,
            read().header("apns-channel-id", "x").method(Method::DELETE),
        ),
        (
            Reason::ChannelNotRegistered,
            read().header("apns-channel-id", "AAAA"),
        ),
        (Reason::BadRequestPayload, create().body("")),
        (Reason::BadRequestPayload, create().body("no json")),
        (
            Reason::BadRequestParams,
            create().body(CREATION.replace('1', "2")),
        ),
        (
            Reason::BadRequestParams,
            create().body(CREATION.replace("push-", "x\":1,\"push-")),
        ),
        (
            Reason::MissingPushType,
            create().body(r#"{"message-storage-policy":1}"#),
        ),
        (
            Reason::InvalidPushType,
            create().body(CREATION.replace("LiveActivity", "alert")),
        ),
        (Reason::PayloadTooLarge, create().body("x".repeat(5121))),
        (Reason::CannotCreateChannelConfig, create()),
    ];
    refused(&sim, cases).await?;
    assert_eq!(sim.stats()[&Service::Apns].managed, 0);
    let client = Client::connect(&sim, None).await?;
    assert_eq!(
        client.send(list()).await?.body,
        json!({"channels": [channel]})
    );
    Ok(())
}

/// Sends each on a connection of its own: keys and tokens are remembered for each of them.
async fn refused(sim: &Sim, cases: Vec<(Reason, Push)>) -> Result<(), Failure> {
    let (count, mut seen) = (cases.len() as u64, BTreeSet::new());
    for (reason, push) in cases {
        let client = Client::connect(sim, None).await?;
        let answered = client.send(push).await?;
        assert_eq!(
            (answered.status, answered.reason()),
            (reason.status(), reason.as_str())
        );
        let header = match reason {
            Reason::BadPath => "apns-id",
            _ => "apns-request-id",
        };
        assert_eq!(answered.header(header).map(str::len), Some(36), "{reason}");
        assert_eq!(answered.header("apns-unique-id"), None);
        seen.insert(reason.as_str());
    }
    let rejected = &sim.stats()[&Service::Apns].rejected;
    assert_eq!(rejected.values().sum::<u64>(), count);
    assert!(seen.into_iter().eq(rejected.keys().map(AsRef::as_ref)));
    Ok(())
}

#[tokio::test]
async fn a_certificate_is_good_for_the_channels_of_its_apps() -> Result<(), Failure> {
    let sim = started()?;
    let client = Client::connect(&sim, Some(sim.files().client())).await?;
    let made = client.send(manage(Method::POST, CREATION)).await?;
    let channel = made.header("apns-channel-id").ok_or("an identifier")?;
    assert_eq!(client.send(broadcast(channel)).await?.status, 200);
    let other = list().path("/1/apps/com.example.other/all-channels");
    assert_eq!(client.send(other).await?.reason(), "TopicMismatch");

    let single = sim
        .authority()
        .issue_client(&ClientProfile::default().single_topic())?;
    let client = Client::connect(&sim, Some(&single)).await?;
    assert_eq!(
        client.send(list()).await?.body,
        json!({"channels": [channel]})
    );
    Ok(())
}

#[tokio::test]
async fn faults_befall_a_channel_as_they_befall_a_device() -> Result<(), Failure> {
    let sim = started()?;
    let channel = sim.create_channel(APP, StoragePolicy::None)?;
    let other = sim.create_channel(APP, StoragePolicy::None)?;
    let busy = Answer::new(429).reason("TooManyRequests").retry_after("7");
    let fault = Fault::new(Service::Apns, Action::Answer(busy));
    sim.fault(fault.token(channel.as_str()).times(2))?;
    let client = Client::connect(&sim, None).await?;
    let authorization = bearer(&sim);
    let send = async |push: Push| -> Result<Answered, Failure> {
        let push = push.header("authorization", authorization.as_str());
        Ok(client.send(push).await?)
    };
    assert_eq!(send(broadcast(&other)).await?.status, 200);
    let answered = send(broadcast(&channel)).await?;
    assert_eq!(
        (answered.status, answered.reason()),
        (429, "TooManyRequests")
    );
    assert_eq!(answered.header("retry-after"), Some("7"));
    assert_eq!(answered.header("apns-request-id").map(str::len), Some(36));
    let read = manage(Method::GET, "").header("apns-channel-id", channel.as_str());
    assert_eq!(send(read).await?.status, 429);
    assert_eq!(send(broadcast(&channel)).await?.status, 200);

    let failing = Fault::new(Service::Apns, Action::Answer(Answer::new(500)));
    sim.fault(failing.times(1))?;
    assert_eq!(send(list()).await?.reason(), "InternalServerError");
    sim.fault(Fault::new(Service::Apns, Action::Answer(Answer::new(201))).times(1))?;
    let bare = send(manage(Method::POST, CREATION)).await?;
    assert_eq!((bare.status, bare.header("apns-channel-id")), (201, None));
    Ok(())
}

#[tokio::test]
async fn ten_thousand_channels_are_the_limit_and_all_are_listed() -> Result<(), Failure> {
    let sim = started()?;
    for _ in 0..9_999 {
        sim.create_channel(APP, StoragePolicy::None)?;
    }
    let client = Client::connect(&sim, None).await?;
    let authorization = bearer(&sim);
    let create = || manage(Method::POST, CREATION).header("authorization", authorization.as_str());
    assert_eq!(client.send(create()).await?.status, 201);
    let answered = client.send(create()).await?;
    assert_eq!(answered.reason(), "CannotCreateChannelConfig");
    let listed = client
        .send(list().header("authorization", authorization.as_str()))
        .await?;
    assert_eq!(
        listed.body["channels"].as_array().map(Vec::len),
        Some(10_000)
    );
    sim.reset();
    let listed = client
        .send(list().header("authorization", authorization.as_str()))
        .await?;
    assert_eq!(
        listed.body["channels"].as_array().map(Vec::len),
        Some(10_000)
    );
    Ok(())
}

#[tokio::test]
async fn a_connection_serves_devices_and_channels_alike() -> Result<(), Failure> {
    let config = Config::default().strict_first_stream();
    let sim = Sim::builder().apns_any().apns_config(config).start()?;
    let client = Client::connect(&sim, None).await?;
    let authorization = bearer(&sim);
    let made = client
        .send(manage(Method::POST, CREATION).header("authorization", authorization.as_str()))
        .await?;
    let channel = made.header("apns-channel-id").ok_or("an identifier")?;
    let device = Push::to(support::DEVICE).header("authorization", authorization.as_str());
    let answered = client.send(device).await?;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.header("apns-id").map(str::len), Some(36));
    assert_eq!(answered.header("apns-request-id"), None);
    let push = broadcast(channel).header("authorization", authorization.as_str());
    assert_eq!(client.send(push).await?.status, 200);
    assert_eq!(sim.stats()[&Service::Apns].accepted, 2);
    Ok(())
}
