//! Every reason of refusal, asked for by a request over TLS and HTTP/2.

mod support;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use push_sim::apns::{Config, Environment, ProviderKey, Reason};
use push_sim::{ClientProfile, Service, Sim};
use support::{Client, DEVICE, Failure, Push, bearer};

const LIVE: &str = "com.example.app.push-type.liveactivity";

#[tokio::test]
async fn every_reason_has_a_request_that_gets_it() -> Result<(), Failure> {
    let limited = ProviderKey::generate("LIMITED123", "DEF123GHIJ")?.topics(["com.example.other"]);
    let config = Config::default().provider_key(limited.clone());
    let sim = Sim::builder().apns_any().apns_config(config).start()?;
    let good = || Push::to(DEVICE).header("authorization", bearer(&sim));
    let key = sim.files().provider_key();
    let hour_ago = SystemTime::now() - Duration::from_secs(3700);
    let text = |length: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(length - 8));
    let json = |length| good().body(text(length));
    assert_eq!(text(4096).len(), 4096);

    let cases: Vec<(Reason, Push)> = vec![
        (
            Reason::MethodNotAllowed,
            good().method(http::Method::GET).body(""),
        ),
        (Reason::BadPath, good().path("/")),
        (
            Reason::BadPath,
            good().path(&format!("/3/device/{DEVICE}/x")),
        ),
        (Reason::BadPath, good().path(&format!("/2/device/{DEVICE}"))),
        (Reason::MissingDeviceToken, good().path("/3/device/")),
        (Reason::MissingDeviceToken, good().path("/3/device")),
        (Reason::BadDeviceToken, good().path("/3/device/zz")),
        (
            Reason::BadDeviceToken,
            good().path(&format!("/3/device/{DEVICE}0")),
        ),
        (
            Reason::DuplicateHeaders,
            good().also("apns-topic", "com.example.app"),
        ),
        (Reason::MissingProviderToken, Push::to(DEVICE)),
        (
            Reason::MissingProviderToken,
            good().header("authorization", "bearer "),
        ),
        (
            Reason::InvalidProviderToken,
            good().header("authorization", "bearer a.b.c"),
        ),
        (
            Reason::InvalidProviderToken,
            good().header("authorization", "Basic abcdef"),
        ),
        (
            Reason::ExpiredProviderToken,
            good().header("authorization", format!("bearer {}", key.token(hour_ago)?)),
        ),
        (Reason::BadMessageId, good().header("apns-id", "1234")),
        (
            Reason::BadExpirationDate,
            good().header("apns-expiration", "soon"),
        ),
        (
            Reason::BadExpirationDate,
            good().header("apns-expiration", "-1"),
        ),
        (
            Reason::BadExpirationDate,
            good()
                .kind("pushtotalk", "com.example.app.voip-ptt")
                .header("apns-expiration", "60"),
        ),
        (Reason::BadPriority, good().header("apns-priority", "7")),
        (
            Reason::BadPriority,
            good()
                .kind("background", "com.example.app")
                .header("apns-priority", "10"),
        ),
        (
            Reason::BadPriority,
            good()
                .kind("liveactivity", LIVE)
                .header("apns-priority", "1"),
        ),
        (
            Reason::BadPriority,
            good()
                .kind("pushtotalk", "com.example.app.voip-ptt")
                .header("apns-priority", "5"),
        ),
        (
            Reason::BadCollapseId,
            good().header("apns-collapse-id", "x".repeat(65)),
        ),
        (
            Reason::InvalidPushType,
            good().kind("shout", "com.example.app"),
        ),
        (Reason::MissingTopic, good().without("apns-topic")),
        (Reason::BadTopic, good().header("apns-topic", "no topic!")),
        (Reason::BadTopic, good().kind("voip", "com.example.app")),
        (Reason::BadTopic, good().kind("alert", LIVE)),
        (
            Reason::TopicDisallowed,
            good().header(
                "authorization",
                format!("bearer {}", limited.token(SystemTime::now())?),
            ),
        ),
        (Reason::PayloadEmpty, good().body("")),
        (Reason::PayloadEmpty, good().body("no json")),
        (Reason::PayloadEmpty, good().body("[]")),
        (Reason::PayloadTooLarge, json(4097)),
        (Reason::PayloadTooLarge, json(200_000)),
        (
            Reason::PayloadTooLarge,
            json(5121).kind("voip", "com.example.app.voip"),
        ),
        (
            Reason::HeaderListTooLarge,
            good().header("x-much", "x".repeat(9000)),
        ),
    ];
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let count = cases.len() as u64;
    for (reason, push) in cases {
        // A connection each: keys and tokens are remembered for each of them.
        let client = Client::connect(&sim, None).await?;
        let answered = client.send(push).await?;
        assert_eq!(
            (answered.status, answered.reason()),
            (reason.status(), reason.as_str())
        );
        assert!(answered.header("apns-id").is_some_and(|id| id.len() == 36));
        assert_eq!(answered.header("apns-unique-id"), None);
        seen.insert(reason.as_str());
    }
    let stats = &sim.stats()[&Service::Apns];
    assert_eq!(stats.rejected.values().sum::<u64>(), count);
    assert_eq!(stats.rejected["BadDeviceToken"], 2);
    assert_eq!(stats.accepted, 0);

    // The others need a certificate or several requests, see below, or a channel: tests/apns_broadcast.rs.
    let elsewhere = [
        Reason::BadChannelId,
        Reason::BadRequestParams,
        Reason::BadRequestPayload,
        Reason::CannotCreateChannelConfig,
        Reason::ChannelNotRegistered,
        Reason::FeatureNotEnabled,
        Reason::MissingChannelId,
        Reason::MissingPushType,
        Reason::TopicMismatch,
        Reason::BadCertificate,
        Reason::BadCertificateEnvironment,
        Reason::Forbidden,
        Reason::UnrelatedKeyIdInToken,
        Reason::TooManyProviderTokenUpdates,
    ];
    let all: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    seen.extend(elsewhere.iter().map(|reason| reason.as_str()));
    assert_eq!(seen, all);
    Ok(())
}

#[tokio::test]
async fn every_push_type_is_taken_with_its_topic() -> Result<(), Failure> {
    let sim = Sim::builder().apns_any().start()?;
    let client = Client::connect(&sim, None).await?;
    let authorization = bearer(&sim);
    for (push_type, suffix, priority) in [
        ("alert", "", "10"),
        ("alert", "", "1"),
        ("background", "", "5"),
        ("location", ".location-query", "5"),
        ("voip", ".voip", "10"),
        ("complication", ".complication", "10"),
        ("fileprovider", ".pushkit.fileprovider", "10"),
        ("mdm", "", "10"),
        ("liveactivity", ".push-type.liveactivity", "5"),
        ("pushtotalk", ".voip-ptt", "10"),
        ("widgets", ".push-type.widgets", "5"),
        ("controls", ".push-type.controls", "5"),
    ] {
        let push = Push::to(DEVICE)
            .kind(push_type, &format!("com.example.app{suffix}"))
            .header("authorization", authorization.as_str())
            .header("apns-priority", priority)
            .header("apns-expiration", "0")
            .header("apns-collapse-id", "x".repeat(64));
        let answered = client.send(push).await?;
        assert_eq!(answered.status, 200, "{push_type}: {}", answered.reason());
    }
    Ok(())
}

#[tokio::test]
async fn an_identifier_is_echoed_or_made() -> Result<(), Failure> {
    let sim = Sim::builder().apns_any().start()?;
    let client = Client::connect(&sim, None).await?;
    let id = "EC1BF194-B3B2-424A-89E9-5A918A6E6B5D";
    let push = Push::to(&DEVICE.to_uppercase())
        .header("authorization", bearer(&sim).replace("bearer", "BEARER"))
        .header("apns-id", id);
    let answered = client.send(push).await?;
    assert_eq!(answered.header("apns-id"), Some(id));
    assert_eq!(answered.header("apns-unique-id").map(str::len), Some(36));
    assert_eq!(answered.body, serde_json::Value::Null);
    Ok(())
}

#[tokio::test]
async fn production_has_no_unique_identifier() -> Result<(), Failure> {
    let config = Config::default().environment(Environment::Production);
    let sim = Sim::builder().apns_any().apns_config(config).start()?;
    let client = Client::connect(&sim, None).await?;
    let answered = client.push(&sim, DEVICE).await?;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.header("apns-unique-id"), None);

    let development = ClientProfile::default().development_only();
    let issued = sim.authority().issue_client(&development)?;
    let client = Client::connect(&sim, Some(&issued)).await?;
    let answered = client.send(Push::to(DEVICE)).await?;
    assert_eq!(answered.reason(), "BadCertificateEnvironment");
    Ok(())
}

#[tokio::test]
async fn a_certificate_is_good_for_its_topics() -> Result<(), Failure> {
    let sim = Sim::builder().apns_any().start()?;
    let client = Client::connect(&sim, Some(sim.files().client())).await?;
    let reason = async |push| {
        client
            .send(push)
            .await
            .map(|answered| answered.reason().to_owned())
    };
    assert_eq!(reason(Push::to(DEVICE)).await?, "");
    let voip = Push::to(DEVICE).kind("voip", "com.example.app.voip");
    assert_eq!(reason(voip).await?, "");
    assert_eq!(
        reason(Push::to(DEVICE).without("apns-topic")).await?,
        "MissingTopic"
    );
    let other = Push::to(DEVICE).header("apns-topic", "com.example.other");
    assert_eq!(reason(other).await?, "TopicDisallowed");
    let location = Push::to(DEVICE).kind("location", "com.example.app.location-query");
    assert_eq!(reason(location).await?, "Forbidden");

    let single = ClientProfile::default().single_topic().rsa();
    let issued = sim.authority().issue_client(&single)?;
    let client = Client::connect(&sim, Some(&issued)).await?;
    let answered = client.send(Push::to(DEVICE).without("apns-topic")).await?;
    assert_eq!(answered.status, 200);

    let nobody = ClientProfile::new("").single_topic();
    let issued = sim.authority().issue_client(&nobody)?;
    let client = Client::connect(&sim, Some(&issued)).await?;
    assert_eq!(
        client.send(Push::to(DEVICE)).await?.reason(),
        "BadCertificate"
    );
    Ok(())
}

#[tokio::test]
async fn tokens_of_a_connection_are_bound_to_it() -> Result<(), Failure> {
    let second = ProviderKey::generate("SECOND1234", "DEF123GHIJ")?;
    let config = Config::default().provider_key(second.clone());
    let sim = Sim::builder().apns_any().apns_config(config).start()?;
    let client = Client::connect(&sim, None).await?;
    let with = |token: String| Push::to(DEVICE).header("authorization", format!("bearer {token}"));
    let now = SystemTime::now();
    let first = sim.files().provider_key();
    assert_eq!(client.send(with(first.token(now)?)).await?.status, 200);
    let answered = client.send(with(second.token(now)?)).await?;
    assert_eq!(answered.reason(), "UnrelatedKeyIdInToken");
    let earlier = first.token(now - Duration::from_secs(5))?;
    let answered = client.send(with(earlier)).await?;
    assert_eq!(
        (answered.status, answered.reason()),
        (429, "TooManyProviderTokenUpdates")
    );
    Ok(())
}
