//! The client of WNS against the simulator, over real sockets and real TLS, on every backend.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashMap;
use std::time::Duration;

use anypush::prelude::*;
use anypush::wns::{
    Badge, CachePolicy, Channel, DeviceStatus, Glyph, Judgement, Match, Notification, Priority,
    Reason, Text, Tile, TileBinding, Toast, TrustedOrigins, WnsStatus,
};
use anypush::{ErrorKind, ResendUnknown};
use common::web::Everywhere;
use common::wns::*;
use common::{Shared, wait_until};
use push_sim::wns::{Kind, StatusHeader, Wish};
use push_sim::{Action, Answer, Close, Fault, Service, Sim};

on_every_backend! {
    every_kind_of_notification_arrives,
    every_header_is_sent_as_it_was_asked_for,
    a_channel_of_each_kind_takes_the_tokens_of_its_own_kind,
    every_status_has_its_verdict,
    what_was_thrown_away_is_not_accepted_though_the_status_is_200,
    a_blocked_sender_removes_no_channel,
    ten_thousand_channels_have_one_outcome_each_through_all_that_happens,
    one_token_serves_all_who_wait_and_is_renewed_once,
    a_token_that_stays_refused_is_told_after_one_renewal,
    an_access_token_goes_nowhere_else,
    a_run_of_unknown_channels_removes_none,
    answered_failures_are_sent_again_only_on_request,
    a_lost_answer_is_unknown_and_sent_again_on_request,
    what_is_wrong_is_said_before_anything_is_sent,
    a_channel_that_has_expired_is_told_without_asking_where_that_is_wanted,
    toasts_are_taken_back_from_a_phone,
    other_credentials_take_over,
    a_failing_source_ends_the_intake_and_not_the_outcomes,
    each_device_can_have_a_notification_of_its_own,
    nothing_but_http1_is_spoken_over_a_few_connections,
    a_shutdown_takes_no_more,
}

/// The newest that arrived: channel, headers and payload.
fn newest(sim: &Sim) -> (String, HashMap<String, String>, String) {
    let received = sim.received(Service::Wns, 1).unwrap().remove(0);
    let payload = serde_json::from_str(received.payload.get()).unwrap();
    let headers = received.headers.into_iter().collect();
    (received.token, headers, payload)
}

async fn every_kind_of_notification_arrives(backend: Shared) {
    let sim = wns_sim();
    let client = wns_client(backend, &sim);
    let tile = Tile::new(TileBinding::medium().text(Text::new("1:0")));
    for (notification, kind, content_type, payload) in [
        (
            Notification::toast(Toast::new("Grüße & <mehr>")),
            "wns/toast",
            "text/xml",
            "<toast><visual><binding template=\"ToastGeneric\"><text>Grüße &amp; &lt;mehr&gt;</text></binding></visual></toast>",
        ),
        (
            Notification::tile(tile),
            "wns/tile",
            "text/xml",
            "<tile><visual><binding template=\"TileMedium\"><text>1:0</text></binding></visual></tile>",
        ),
        (
            Notification::badge(Badge::number(7)),
            "wns/badge",
            "text/xml",
            "<badge value=\"7\"/>",
        ),
        (
            Notification::badge(Badge::glyph(Glyph::NewMessage)),
            "wns/badge",
            "text/xml",
            "<badge value=\"newMessage\"/>",
        ),
        (
            Notification::raw("any {\"bytes\"}"),
            "wns/raw",
            "application/octet-stream",
            "any {\"bytes\"}",
        ),
    ] {
        let receipt = client
            .send(channel(&sim, "one"), &notification)
            .await
            .unwrap();
        assert_eq!(receipt.attempts, 1);
        assert_eq!(receipt.notification_status, Some(WnsStatus::Received));
        assert!(receipt.message_id.is_some() && receipt.debug_trace.is_some());
        let (token, headers, came) = newest(&sim);
        assert_eq!((token.as_str(), came.as_str()), ("one", payload));
        assert_eq!(headers["x-wns-type"], kind);
        assert_eq!(headers["content-type"], content_type);
        assert_eq!(headers["content-length"], payload.len().to_string());
        assert!(headers["authorization"].starts_with("Bearer "));
    }
    assert_eq!(wns_stats(&sim).authorizations, 1);
}

async fn every_header_is_sent_as_it_was_asked_for(backend: Shared) {
    let sim = wns_sim();
    let client = wns_client(backend, &sim);
    let badge = Notification::badge(Badge::number(1))
        .ttl(Duration::from_secs(90))
        .tag("score")
        .cache_policy(CachePolicy::Cache)
        .request_for_status(true)
        .priority(Priority::High)
        .correlation_vector("A1b2C3d4E5f6G7h8.1");
    let receipt = client.send(channel(&sim, "one"), &badge).await.unwrap();
    assert_eq!(receipt.device_status, Some(DeviceStatus::Connected));
    let (_, headers, _) = newest(&sim);
    for (name, value) in [
        ("x-wns-ttl", "90"),
        ("x-wns-tag", "score"),
        ("x-wns-cache-policy", "cache"),
        ("x-wns-requestforstatus", "true"),
        ("x-wns-priority", "1"),
        ("ms-cv", "A1b2C3d4E5f6G7h8.1"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    let quiet = hello().group("news").windows_phone().suppress_popup(true);
    let phone = open(&sim, Wish::default().phone());
    client.send(&phone, &quiet).await.unwrap();
    let (_, headers, _) = newest(&sim);
    assert_eq!(headers["x-wns-suppresspopup"], "true");
    assert_eq!(headers["x-wns-group"], "news");
    let (_, headers, _) = {
        client.send(channel(&sim, "two"), &hello()).await.unwrap();
        newest(&sim)
    };
    let optional = headers.keys().filter(|name| name.starts_with("x-wns-"));
    assert_eq!(optional.collect::<Vec<_>>(), ["x-wns-type"]);
}

async fn a_channel_of_each_kind_takes_the_tokens_of_its_own_kind(backend: Shared) {
    let sim = wns_sim();
    let session = Session::new(backend);
    let uwp = wns_builder(session.clone(), &sim).build().unwrap();
    let app_sdk = wns_builder(session, &sim).credentials(entra(&sim));
    let app_sdk = app_sdk.build().unwrap();
    let of_uwp = open(&sim, Wish::new(Kind::Uwp).app(SID));
    let of_app_sdk = open(&sim, Wish::new(Kind::AppSdk).app(APP));
    uwp.send(&of_uwp, &hello()).await.unwrap();
    app_sdk.send(&of_app_sdk, &hello()).await.unwrap();
    for (client, other) in [(&uwp, &of_app_sdk), (&app_sdk, &of_uwp)] {
        let error = client.send(other, &hello()).await.unwrap_err();
        assert_eq!(error.rejection().unwrap().reason, Reason::OtherApp);
        assert_eq!(error.verdict(), Verdict::FixCredentials, "{error}");
    }
    assert_eq!(wns_stats(&sim).authorizations, 2);
    // They share the connections to the same server.
    assert_eq!(wns_stats(&sim).accepted, 2);
}

async fn every_status_has_its_verdict(backend: Shared) {
    let sim = wns_sim();
    let client = wns_client(backend, &sim);
    let after = |seconds| Verdict::RetryAfter(Duration::from_secs(seconds));
    let gone = || Verdict::remove_token(None);
    for (status, verdict) in [
        (301, Verdict::FixMessage),
        (307, Verdict::FixMessage),
        (400, Verdict::FixMessage),
        (403, Verdict::FixCredentials),
        (404, gone()),
        (405, Verdict::FixMessage),
        (406, after(60)),
        (410, gone()),
        (413, Verdict::FixMessage),
        (429, after(60)),
        (500, after(10)),
        (502, after(10)),
        (503, after(10)),
    ] {
        let id = format!("status-{status}");
        answer_wns(&sim, &id, Answer::new(status));
        let error = client.send(channel(&sim, &id), &hello()).await.unwrap_err();
        assert_eq!(error.verdict(), verdict, "{error}");
        assert_eq!(error.rejection().unwrap().status, status);
        assert_eq!(error.attempts(), 1);
    }
    for status in [406, 429, 503] {
        let id = format!("busy-{status}");
        answer_wns(&sim, &id, Answer::new(status).retry_after("7"));
        let error = client.send(channel(&sim, &id), &hello()).await.unwrap_err();
        assert_eq!(error.verdict(), after(7), "{status}");
    }
    let other = Answer::new(403).reason("NotAllowedApp");
    answer_wns(&sim, "unmapped", other);
    let unmapped = client.send(channel(&sim, "unmapped"), &hello()).await;
    let error = unmapped.unwrap_err();
    assert_eq!(error.rejection().unwrap().reason, Reason::NotAllowedApp);
    assert_eq!(error.verdict(), Verdict::FixCredentials);
}

async fn what_was_thrown_away_is_not_accepted_though_the_status_is_200(backend: Shared) {
    for header in [StatusHeader::Status, StatusHeader::NotificationStatus] {
        let config = push_sim::wns::Config::default().status_header(header);
        let sim = Sim::builder().wns_any().wns_config(config).start().unwrap();
        let policy = RetryPolicy::exponential(Duration::from_millis(1)).attempts(3);
        let client = wns_builder(Session::new(backend.clone()), &sim)
            .retry(policy)
            .build()
            .unwrap();
        let word = |word: &str| Answer::new(200).reason(word);
        answer_wns(&sim, "dropped", word("dropped"));
        let error = client.send(channel(&sim, "dropped"), &hello()).await;
        let error = error.unwrap_err();
        assert_eq!(error.rejection().unwrap().reason, Reason::Dropped);
        let half_an_hour = Duration::from_secs(30 * 60);
        assert_eq!(error.verdict(), Verdict::RetryAfter(half_an_hour));
        assert_eq!(error.attempts(), 1, "not behind the caller's back");

        let throttled = Action::Answer(word("channelthrottled").retry_after("0"));
        let fault = Fault::new(Service::Wns, throttled).token("throttled");
        sim.fault(fault.times(1)).unwrap();
        let receipt = client.send(channel(&sim, "throttled"), &hello()).await;
        assert_eq!(receipt.unwrap().attempts, 2);
    }
}

async fn a_blocked_sender_removes_no_channel(backend: Shared) {
    let sim = wns_sim();
    let client = wns_client(backend, &sim);
    let blocked = Answer::new(410).reason("DomainBlocked");
    sim.fault(Fault::new(Service::Wns, Action::Answer(blocked)))
        .unwrap();
    let channels: Vec<_> = (0..20).map(|n| channel(&sim, &n.to_string())).collect();
    let mut outcomes = client.send_all(channels, &hello());
    while let Some((_, outcome)) = outcomes.next().await {
        let error = outcome.unwrap_err();
        assert_eq!(error.rejection().unwrap().reason, Reason::DomainBlocked);
        assert_eq!(error.verdict(), Verdict::FixCredentials);
    }
}

/// Of 10,000 channels some have expired, some are not known, some are throttled, and in the middle the
/// access token ends.
async fn ten_thousand_channels_have_one_outcome_each_through_all_that_happens(backend: Shared) {
    const CHANNELS: usize = 10_000;
    let sim = wns_sim();
    let client = wns_client(backend, &sim);
    // By the last digits of the number.
    let fate = |number: usize| match number % 100 {
        1 => Some((Answer::new(410), "remove-token")),
        2 => Some((Answer::new(404), "remove-token")),
        3 => Some((Answer::new(406).retry_after("120"), "retry-after")),
        4 => Some((Answer::new(429), "retry-after")),
        5 => Some((Answer::new(503).retry_after("30"), "retry-after")),
        6 => Some((Answer::new(200).reason("channelthrottled"), "retry-after")),
        7 => Some((Answer::new(200).reason("dropped"), "retry-after")),
        8 => Some((Answer::new(403), "fix-credentials")),
        _ => None,
    };
    // Faults cost the simulator time: one of each for each thousand.
    let has_fate = |number: usize| number % 1000 < 100;
    for number in (0..CHANNELS).filter(|number| has_fate(*number)) {
        if let Some((answer, _)) = fate(number) {
            answer_wns(&sim, &number.to_string(), answer);
        }
    }
    let channels = (0..CHANNELS).map(|number| (channel(&sim, &number.to_string()), number));
    let channels: Vec<_> = channels.collect();
    let mut outcomes = client.send_all(channels, &hello());
    let mut seen = vec![0_u32; CHANNELS];
    let mut told = 0;
    while let Some(((_, number), outcome)) = outcomes.next().await {
        told += 1;
        seen[number] += 1;
        if told == CHANNELS / 2 {
            assert_eq!(sim.revoke_access_tokens_of(Service::Wns).unwrap(), 1);
        }
        let expected = match fate(number) {
            Some((_, verdict)) if has_fate(number) => verdict,
            _ => "accepted",
        };
        assert_eq!(outcome.verdict().name(), expected, "{number}: {outcome:?}");
    }
    assert!(seen.iter().all(|times| *times == 1));
    let stats = wns_stats(&sim);
    assert_eq!(stats.authorizations, 2, "one renewal");
    assert_eq!(stats.accepted, (CHANNELS - 80) as u64, "none twice");
}

async fn one_token_serves_all_who_wait_and_is_renewed_once(backend: Shared) {
    let sim = wns_sim();
    let slow = Action::Delay(Duration::from_millis(100));
    sim.fault(Fault::new(Service::Wns, slow).token("/accesstoken.srf"))
        .unwrap();
    let client = wns_client(backend, &sim);
    for round in 1..=2 {
        let channels: Vec<_> = (0..200).map(|n| channel(&sim, &n.to_string())).collect();
        let outcomes: Vec<_> = client.send_all(channels, &hello()).collect().await;
        assert_eq!(outcomes.len(), 200);
        assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
        assert_eq!(wns_stats(&sim).authorizations, round);
        sim.revoke_access_tokens_of(Service::Wns).unwrap();
    }
}

async fn a_token_that_stays_refused_is_told_after_one_renewal(backend: Shared) {
    let sim = wns_sim();
    let client = wns_client(backend, &sim);
    sim.fault(Fault::new(Service::Wns, Action::Answer(Answer::new(401))))
        .unwrap();
    let channels: Vec<_> = (0..100).map(|n| channel(&sim, &n.to_string())).collect();
    let outcomes: Vec<_> = client.send_all(channels, &hello()).collect().await;
    for (_, outcome) in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!(error.verdict(), Verdict::FixCredentials);
        assert!(error.attempts() <= 2);
    }
    assert!(wns_stats(&sim).authorizations <= 2, "no storm of renewals");
}

/// What registers a channel can name any URI: none that is not WNS's gets the access token, nor anything.
async fn an_access_token_goes_nowhere_else(backend: Shared) {
    let sim = wns_sim();
    let port = sim.wns_addr().unwrap().port();
    let session = Session::new(Everywhere(backend));
    let builder = wns_builder(session, &sim).trusted_origins(TrustedOrigins::windows());
    let client = builder.build().unwrap();
    let channels = [
        "https://db5p.notify.windows.com.evil.example/?token=x".to_owned(),
        "https://evilnotify.windows.com/?token=x".to_owned(),
        "https://evil.example/?x=.notify.windows.com".to_owned(),
        "https://db5p.notify.windows.com@evil.example/?token=x".to_owned(),
        "https://user:pw@db5p.notify.windows.com/?token=x".to_owned(),
        format!("https://db5p.notify.windows.com:{port}/?token=x"),
        format!("https://localhost:{port}/?token=x"),
        format!("https://127.0.0.1:{port}/?token=x"),
        "http://db5p.notify.windows.com/?token=x".to_owned(),
        "https://db5p.notify.windows.com./?token=x".to_owned(),
        "https://evil.example\\.notify.windows.com/?token=x".to_owned(),
        "https://evil.example#.notify.windows.com/".to_owned(),
    ];
    let outcomes: Vec<_> = client.send_all(channels, &hello()).collect().await;
    assert_eq!(outcomes.len(), 12);
    for (channel, outcome) in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!(error.verdict(), Verdict::FixMessage, "{channel}");
        assert_eq!(error.attempts(), 0);
        let shown = format!("{error} {error:?} {}", error.report());
        assert!(
            !shown.contains("token=x") && !shown.contains("user:pw"),
            "{shown}"
        );
    }
    assert_eq!(
        wns_stats(&sim).connections,
        0,
        "not even a token was asked for"
    );
}

async fn a_run_of_unknown_channels_removes_none(backend: Shared) {
    let sim = wns_sim();
    let client = wns_client(backend, &sim);
    for id in ["a", "b", "c", "d", "e"] {
        answer_wns(&sim, id, Answer::new(404));
    }
    let send = |ids: &[&str]| {
        let channels: Vec<_> = ids.iter().map(|id| channel(&sim, id)).collect();
        client.send_all(channels, &hello())
    };
    let outcomes: Vec<_> = send(&["a", "b", "c", "d", "e"]).collect().await;
    for (_, outcome) in outcomes {
        let error = outcome.unwrap_err();
        let judgement = error.rejection().unwrap().judgement;
        assert_eq!(judgement, Some(Judgement::LikelyServiceFault), "{error}");
        let hour = Duration::from_secs(60 * 60);
        assert_eq!(error.verdict(), Verdict::RetryAfter(hour));
    }
    let outcomes: Vec<_> = send(&["a", "b", "c", "d", "e", "lives"]).collect().await;
    let removed = outcomes
        .iter()
        .filter(|(_, outcome)| outcome.verdict() == Verdict::remove_token(None));
    assert_eq!(removed.count(), 5);
    // Expired is certain.
    sim.clear_faults();
    for id in ["a", "b", "c", "d", "e"] {
        answer_wns(&sim, id, Answer::new(410));
    }
    let outcomes: Vec<_> = send(&["a", "b", "c", "d", "e"]).collect().await;
    for (_, outcome) in outcomes {
        assert_eq!(outcome.verdict(), Verdict::remove_token(None));
    }
}

async fn answered_failures_are_sent_again_only_on_request(backend: Shared) {
    let sim = wns_sim();
    let session = Session::new(backend);
    let busy = |id: &str| {
        let answer = Action::Answer(Answer::new(503).retry_after("0"));
        let fault = Fault::new(Service::Wns, answer).token(id);
        sim.fault(fault.times(2)).unwrap();
    };
    let client = wns_builder(session.clone(), &sim).build().unwrap();
    busy("one");
    let error = client
        .send(channel(&sim, "one"), &hello())
        .await
        .unwrap_err();
    assert_eq!(
        (error.attempts(), error.verdict().name()),
        (1, "retry-after")
    );
    let policy = RetryPolicy::exponential(Duration::from_millis(1)).attempts(3);
    let client = wns_builder(session, &sim).retry(policy).build().unwrap();
    busy("two");
    let receipt = client.send(channel(&sim, "two"), &hello()).await.unwrap();
    assert_eq!(receipt.attempts, 3);
    let long = Action::Answer(Answer::new(429).retry_after("7200"));
    strike_channel(&sim, "three", long);
    let error = client.send(channel(&sim, "three"), &hello()).await;
    assert_eq!(error.unwrap_err().attempts(), 1, "an hour at most");
}

async fn a_lost_answer_is_unknown_and_sent_again_on_request(backend: Shared) {
    let sim = wns_sim();
    let session = Session::new(backend);
    for id in ["one", "two"] {
        let fault = Fault::new(Service::Wns, Action::DropAnswer).token(id);
        sim.fault(fault.times(1)).unwrap();
    }
    let client = wns_builder(session.clone(), &sim).build().unwrap();
    client.send(channel(&sim, "zero"), &hello()).await.unwrap();
    let quick = wns_builder(session.clone(), &sim).timeout(Duration::from_millis(500));
    let quick = quick.build().unwrap();
    let error = quick
        .send(channel(&sim, "one"), &hello())
        .await
        .unwrap_err();
    assert_eq!(error.verdict(), Verdict::Unknown, "{error}");
    assert!(error.may_have_been_taken());
    let again = wns_builder(session, &sim).resend_unknown(ResendUnknown::Times(1));
    let closing = Fault::new(Service::Wns, Action::Close(Close::Fin)).token("three");
    sim.fault(closing.times(1)).unwrap();
    let receipt = again
        .build()
        .unwrap()
        .send(channel(&sim, "three"), &hello())
        .await;
    assert_eq!(receipt.unwrap().attempts, 2);
}

async fn what_is_wrong_is_said_before_anything_is_sent(backend: Shared) {
    let sim = wns_sim();
    let client = wns_client(backend, &sim);
    let wrong = hello().tag("not a tag!").suppress_popup(true);
    let error = client.send(channel(&sim, "one"), &wrong).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidMessage);
    assert_eq!(error.problems().len(), 2, "{error}");
    let long = Notification::raw(vec![b'x'; 5001]);
    let error = client.check(channel(&sim, "one"), &long).unwrap_err();
    assert!(error.to_string().contains("5001"), "{error}");
    client
        .send(channel(&sim, "one"), &Notification::raw(vec![b'x'; 5000]))
        .await
        .unwrap();
    // A list goes on behind what is none.
    let devices = ["no uri", "https://evil.example/?token=x"];
    let outcomes: Vec<_> = client.send_all(devices, &hello()).collect().await;
    for (_, outcome) in &outcomes {
        assert_eq!(outcome.verdict(), Verdict::FixMessage);
    }
    assert_eq!(outcomes.len(), 2);
    assert_eq!(wns_stats(&sim).accepted, 1);
}

async fn a_channel_that_has_expired_is_told_without_asking_where_that_is_wanted(backend: Shared) {
    let sim = wns_sim();
    let session = Session::new(backend);
    let expired = open(&sim, Wish::default().expired());
    let fresh = open(&sim, Wish::default());
    let unknown = Channel::new(channel(&sim, "unknown"));
    let asking = wns_builder(session.clone(), &sim).build().unwrap();
    let error = asking.send(&expired, &hello()).await.unwrap_err();
    assert_eq!(error.verdict(), Verdict::remove_token(None));
    assert_eq!(error.attempts(), 1);
    let skipping = wns_builder(session, &sim)
        .skip_expired(true)
        .build()
        .unwrap();
    let error = skipping.send(&expired, &hello()).await.unwrap_err();
    assert_eq!(error.attempts(), 0);
    assert_eq!(error.verdict(), Verdict::remove_token(expired.expires_at()));
    skipping.send(&fresh, &hello()).await.unwrap();
    skipping.send(&unknown, &hello()).await.unwrap();
}

async fn toasts_are_taken_back_from_a_phone(backend: Shared) {
    let sim = wns_sim();
    let client = wns_client(backend, &sim);
    let phone = open(&sim, Wish::default().phone());
    let goals = Match::Tag("goals".to_owned());
    client.remove_toasts(&phone, &goals).await.unwrap();
    let error = client
        .remove_toasts(channel(&sim, "desktop"), &Match::All)
        .await;
    let error = error.unwrap_err();
    assert_eq!(error.rejection().unwrap().reason, Reason::MethodNotAllowed);
    assert_eq!(error.verdict(), Verdict::FixMessage);
}

async fn other_credentials_take_over(backend: Shared) {
    let sim = wns_sim();
    let client = wns_client(backend, &sim);
    let of_app_sdk = open(&sim, Wish::new(Kind::AppSdk));
    assert!(client.send(&of_app_sdk, &hello()).await.is_err());
    client.replace_credentials(entra(&sim)).unwrap();
    client.ready().await.unwrap();
    client.send(&of_app_sdk, &hello()).await.unwrap();
    assert_eq!(wns_stats(&sim).authorizations, 2);
}

async fn a_failing_source_ends_the_intake_and_not_the_outcomes(backend: Shared) {
    let sim = wns_sim();
    let client = wns_client(backend, &sim);
    let devices = (0..20).map(|number| match number {
        10 => Err("the disk is gone"),
        _ => Ok(channel(&sim, &number.to_string())),
    });
    let devices: Vec<_> = devices.collect();
    let all: Vec<_> = client.try_send_all(devices, &hello()).collect().await;
    assert_eq!(all.len(), 11);
    assert!(all[..10].iter().all(|item| matches!(item, Ok((_, Ok(_))))));
    assert_eq!(all[10].as_ref().unwrap_err(), &"the disk is gone");
}

async fn each_device_can_have_a_notification_of_its_own(backend: Shared) {
    let sim = wns_sim();
    let client = wns_client(backend, &sim);
    let pushes: Vec<_> = (0..10)
        .map(|number| {
            let badge = Notification::badge(Badge::number(number));
            (channel(&sim, &number.to_string()), badge)
        })
        .collect();
    let outcomes: Vec<_> = client.send_each(pushes).collect().await;
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
    for push in sim.received(Service::Wns, 10).unwrap() {
        let payload: String = serde_json::from_str(push.payload.get()).unwrap();
        assert_eq!(payload, format!("<badge value=\"{}\"/>", push.token));
    }
}

/// The simulator offers HTTP/2, and would rather speak it.
async fn nothing_but_http1_is_spoken_over_a_few_connections(backend: Shared) {
    let sim = wns_sim();
    let client = wns_builder(Session::new(backend), &sim);
    let client = client.max_connections_per_origin(5).build().unwrap();
    client.ready().await.unwrap();
    let channels: Vec<_> = (0..300).map(|n| channel(&sim, &n.to_string())).collect();
    let outcomes: Vec<_> = client.send_all(channels, &hello()).collect().await;
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()));
    // And one for the token.
    assert!(wns_stats(&sim).connections <= 6);
    // HTTP/2 has no phrase beside the status.
    let blocked = Answer::new(410).reason("DomainBlocked");
    answer_wns(
        &sim,
        "blocked",
        blocked.without_header("x-wns-error-description"),
    );
    let error = client.send(channel(&sim, "blocked"), &hello()).await;
    assert_eq!(error.unwrap_err().verdict(), Verdict::FixCredentials);
}

async fn a_shutdown_takes_no_more(backend: Shared) {
    let sim = wns_sim();
    let client = wns_client(backend, &sim);
    client.send(channel(&sim, "one"), &hello()).await.unwrap();
    client.shutdown(Duration::from_secs(5)).await;
    let error = client
        .send(channel(&sim, "two"), &hello())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    let error = client.replace_credentials(entra(&sim)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    wait_until(|| wns_stats(&sim).open == 0).await;
}
