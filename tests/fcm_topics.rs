//! The topics of FCM against the simulator, on every backend.

#![allow(clippy::unwrap_used)]

mod common;

use std::time::{Duration, SystemTime};

use anypush::ErrorKind;
use anypush::fcm::{Judgement, Target, Topic};
use anypush::prelude::*;
use common::Shared;
use common::fcm::*;
use push_sim::{Action, Answer, Close, Service};

on_every_backend! {
    a_device_follows_a_topic_and_no_longer,
    all_topics_of_a_device_are_listed_page_by_page,
    many_devices_are_worked_on_at_once_and_each_has_its_outcome,
    gone_devices_are_removed_only_where_others_follow,
    what_is_no_device_follows_nothing,
    what_fails_is_told_as_of_a_push,
}

fn topic(name: &str) -> Topic {
    Topic::new(name).unwrap()
}

async fn a_device_follows_a_topic_and_no_longer(backend: Shared) {
    let sim = fcm_sim();
    let topics = fcm_client(backend, &sim).topics();
    let (news, token) = (topic("news-1.5~%20"), registration(1));
    let before = SystemTime::now() - Duration::from_secs(5);

    assert_eq!(topics.get(&token, &news).await.unwrap(), None);
    let first = topics.subscribe(&token, &news).await.unwrap();
    assert!(!first.already);
    assert_eq!((first.topic.as_str(), first.attempts), (news.as_str(), 1));
    assert!(first.since.unwrap() > before);
    let second = topics.subscribe(&token, &news).await.unwrap();
    assert!(second.already, "no error");
    assert_eq!(second.verdict(), Verdict::Accepted);
    assert_eq!(sim.topics(&token).unwrap(), [news.as_str()]);
    let found = topics.get(&token, &news).await.unwrap().unwrap();
    assert_eq!(found.topic, news.as_str());

    topics.unsubscribe(&token, &news).await.unwrap();
    topics.unsubscribe(&token, &news).await.unwrap();
    assert!(sim.topics(&token).unwrap().is_empty());
    assert_eq!(topics.get(&token, &news).await.unwrap(), None);

    // An installation id is as good, and whatever is in it stays in its place of the path.
    let odd = Target::fid("a/b?c=d%2F..");
    topics.subscribe(&odd, &news).await.unwrap_err();
    let fid = Target::fid("fid-1");
    topics.subscribe(&fid, &news).await.unwrap();
    assert_eq!(sim.topics("fid-1").unwrap(), [news.as_str()]);
}

async fn all_topics_of_a_device_are_listed_page_by_page(backend: Shared) {
    const TOPICS: usize = 1100;
    let sim = fcm_sim();
    let topics = fcm_client(backend, &sim).topics();
    let names: Vec<_> = (0..TOPICS)
        .map(|number| format!("topic-{number:04}"))
        .collect();
    for chunk in names.chunks(100) {
        let all = chunk.iter().map(|name| {
            let (topics, topic) = (topics.clone(), topic(name));
            async move { topics.subscribe("a", &topic).await }
        });
        let done = futures_util::future::join_all(all).await;
        assert!(done.iter().all(Result::is_ok));
    }
    let listed = topics.list("a").await.unwrap();
    let mut listed: Vec<_> = listed.into_iter().map(|one| one.topic).collect();
    listed.sort();
    assert_eq!(listed, names);
    assert!(topics.list("nobody").await.unwrap().is_empty());
}

async fn many_devices_are_worked_on_at_once_and_each_has_its_outcome(backend: Shared) {
    const DEVICES: usize = 2000;
    let sim = fcm_sim();
    answers(
        &sim,
        Service::Fcm,
        &registration(7),
        Answer::new(404).reason("UNREGISTERED"),
    );
    let quota = Answer::new(429).reason("QUOTA_EXCEEDED").retry_after("5");
    answers(&sim, Service::Fcm, &registration(8), quota);
    let client = fcm_client(backend, &sim);
    let news = topic("news");
    for subscribes in [true, false] {
        let source = (0..DEVICES).map(|number| (registration(number), number));
        let mut outcomes = match subscribes {
            true => client.topics().subscribe_all(source, &news),
            false => client.topics().unsubscribe_all(source, &news),
        };
        let mut told = vec![0_u8; DEVICES];
        while let Some(((_, number), outcome)) = outcomes.next().await {
            told[number] += 1;
            let expected = match number {
                7 => Verdict::remove_token(None),
                8 => Verdict::RetryAfter(Duration::from_secs(5)),
                _ => Verdict::Accepted,
            };
            assert_eq!(outcome.verdict(), expected, "{number}: {outcome:?}");
        }
        assert!(told.iter().all(|times| *times == 1));
        let follows = !sim.topics(&registration(1999)).unwrap().is_empty();
        assert_eq!(follows, subscribes);
    }
    let stats = stats_of(&sim, Service::Fcm);
    assert_eq!((stats.accepted, stats.authorizations), (0, 1));
    assert_eq!(stats.managed as usize, 2 * (DEVICES - 2));
}

async fn gone_devices_are_removed_only_where_others_follow(backend: Shared) {
    let sim = fcm_sim();
    let gone = Answer::new(404).reason("UNREGISTERED");
    strike(&sim, Service::Fcm, Action::Answer(gone), u64::MAX);
    let topics = fcm_client(backend, &sim).topics();
    let outcomes: Vec<_> = topics
        .subscribe_all((0..30).map(registration), &topic("news"))
        .collect()
        .await;
    for (_, outcome) in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!(error.verdict(), Verdict::FixCredentials);
        let judgement = error.rejection().unwrap().judgement;
        assert_eq!(judgement, Some(Judgement::LikelyWrongProject));
    }
}

async fn what_is_no_device_follows_nothing(backend: Shared) {
    let sim = fcm_sim();
    let topics = fcm_client(backend, &sim).topics();
    for target in [Target::topic("sport").unwrap(), Target::token("")] {
        let error = topics.subscribe(target, &topic("news")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidMessage, "{error}");
    }
    assert_eq!(stats_of(&sim, Service::Fcm).requests, 0);
}

async fn what_fails_is_told_as_of_a_push(backend: Shared) {
    let sim = fcm_sim();
    let client = fcm_client(backend, &sim);
    let topics = client.topics();
    topics.subscribe("a", &topic("one")).await.unwrap();
    strike(&sim, Service::Fcm, Action::Close(Close::Fin), 1);
    let error = topics.subscribe("a", &topic("two")).await.unwrap_err();
    assert_eq!(error.verdict(), Verdict::Unknown);

    // The access token is renewed for topics as for pushes.
    sim.revoke_access_tokens().unwrap();
    let renewed = topics.subscribe("a", &topic("three")).await.unwrap();
    assert_eq!(renewed.attempts, 2);

    // A bare 404 says nothing about the device: projects have had it while the API was rolled out.
    let missing = Answer::new(404).body("text/html", "<html>not here</html>");
    strike(&sim, Service::Fcm, Action::Answer(missing), 2);
    let error = topics.subscribe("a", &topic("four")).await.unwrap_err();
    assert_eq!(error.verdict(), Verdict::FixCredentials);
    assert_eq!(
        topics.get("a", &topic("four")).await.unwrap_err().verdict(),
        Verdict::FixCredentials
    );
    let aborted = Answer::new(409).reason("ABORTED");
    strike(&sim, Service::Fcm, Action::Answer(aborted), 1);
    let error = topics.subscribe("a", &topic("five")).await.unwrap_err();
    assert!(matches!(error.verdict(), Verdict::RetryAfter(_)), "{error}");
}
