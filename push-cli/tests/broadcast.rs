//! `broadcast apns`: one push for all who follow a channel.
#![allow(clippy::unwrap_used)]

mod support;

use push_sim::apns::StoragePolicy;
use push_sim::{Action, Answer, Service, Sim};
use serde_json::{Value, json};
use support::{BACKENDS, accepted, answer, fault, run, run_with, sim, to, to_sim};

const APP: &str = "com.example.app";
const STATE: [&str; 2] = ["--content-state", r#"{"home":2,"away":1}"#];

fn channel(sim: &Sim, policy: StoragePolicy) -> String {
    sim.create_channel(APP, policy).unwrap()
}

fn broadcast(sim: &Sim, channel: &str) -> std::process::Command {
    let mut command = to_sim(sim, &["broadcast", "apns"]);
    command.args(["--channel", channel]);
    command
}

/// What the simulator accepted last.
fn received(sim: &Sim) -> (String, Value, impl Fn(&str) -> Option<String>) {
    let mut received = sim.received(Service::Apns, 1).unwrap();
    let last = received.pop().expect("something was accepted");
    let payload = serde_json::from_str(last.payload.get()).unwrap();
    let headers = last.headers;
    (last.token, payload, move |name| headers.get(name).cloned())
}

#[test]
fn every_channel_has_one_line_with_its_verdict() {
    for backend in BACKENDS {
        let sim = sim();
        let good = channel(&sim, StoragePolicy::None);
        let busy = channel(&sim, StoragePolicy::None);
        let silent = channel(&sim, StoragePolicy::None);
        let foreign = channel(&sim, StoragePolicy::None);
        let wait = Answer::new(429)
            .reason("TooManyRequests")
            .retry_after("120");
        fault(&sim, &busy, Action::Answer(wait));
        fault(&sim, &silent, Action::DropAnswer);
        answer(&sim, &foreign, 403, "TopicMismatch");
        let mut command = broadcast(&sim, &good);
        for channel in [&busy, &silent, &foreign, "AAAA", "no channel"] {
            command.args(["--channel", channel]);
        }
        let ended = run(command.args(STATE).args(["--timeout", "2"]).args(backend));
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        let expect = |channel: &str, expected: Value| {
            let outcome = ended.outcome(channel);
            for (key, value) in expected.as_object().unwrap() {
                assert_eq!(&outcome[key], value, "{backend:?}: {outcome}");
            }
        };
        expect(
            &good,
            json!({"verdict": "accepted", "status": 200, "reason": null, "attempts": 1}),
        );
        expect(
            &busy,
            json!({"verdict": "retry-after", "status": 429, "retry_after_s": 120}),
        );
        expect(&silent, json!({"verdict": "unknown", "status": null}));
        expect(
            &foreign,
            json!({"verdict": "fix-credentials", "status": 403, "reason": "TopicMismatch"}),
        );
        expect(
            "AAAA",
            json!({"verdict": "fix-message", "status": 400, "reason": "ChannelNotRegistered"}),
        );
        expect(
            "no channel",
            json!({"verdict": "fix-message", "status": null, "id": null, "attempts": 0}),
        );
        let (outcomes, summary) = ended.outcomes();
        assert_eq!(outcomes.len(), 6);
        for (name, count) in [("devices", 6), ("accepted", 1), ("fix-message", 2)] {
            assert_eq!(summary[name], count, "{summary}");
        }
        assert_eq!(sim.stats()[&Service::Apns].connections, 1);
    }
}

#[test]
fn an_update_says_what_the_options_say() {
    let sim = sim();
    let id = "2288cf3f-70d8-46a6-97d7-dd5d00867127";
    let channel = channel(&sim, StoragePolicy::MostRecent);
    let ended = run(broadcast(&sim, &channel)
        .args(STATE)
        .args(["--title", "Goal", "--body", "2:1", "--sound", "cheer.caf"])
        .args([
            "--stale-date",
            "2030-01-31T12:00:00Z",
            "--relevance-score",
            "75",
        ])
        .args([
            "--expiration",
            "3600",
            "--priority",
            "5",
            "--request-id",
            id,
        ])
        .args(["--custom", "match=7"]));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.outcome(&channel)["id"], id);
    let (token, mut payload, header) = received(&sim);
    assert_eq!(token, channel);
    assert!(payload["aps"]["timestamp"].as_u64() > Some(1_700_000_000));
    payload["aps"]["timestamp"] = 0.into();
    assert_eq!(
        payload,
        json!({
            "aps": {
                "timestamp": 0,
                "event": "update",
                "content-state": {"home": 2, "away": 1},
                "stale-date": 1_896_091_200,
                "relevance-score": 75.0,
                "alert": {"title": "Goal", "body": "2:1", "sound": "cheer.caf"},
            },
            "match": 7,
        })
    );
    assert_eq!(header("apns-push-type").as_deref(), Some("liveactivity"));
    assert_eq!(header("apns-priority").as_deref(), Some("5"));
    assert_eq!(header("apns-request-id").as_deref(), Some(id));
    assert!(header("apns-expiration").is_some_and(|time| time.len() == 10));
    assert_eq!(header("apns-topic"), None);
}

#[test]
fn an_end_needs_no_content_and_every_channel_takes_the_defaults() {
    let sim = sim();
    for policy in [StoragePolicy::None, StoragePolicy::MostRecent] {
        let channel = channel(&sim, policy);
        let ended =
            run(broadcast(&sim, &channel).args(["--event", "end", "--dismissal-date", "0"]));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let (_, payload, header) = received(&sim);
        let aps = &payload["aps"];
        assert_eq!(aps["event"], "end");
        assert_eq!(aps["dismissal-date"], aps["timestamp"], "at once");
        assert_eq!(header("apns-priority").as_deref(), Some("10"));
        assert_eq!(header("apns-expiration").as_deref(), Some("0"));
    }
}

#[test]
fn content_and_payload_come_from_files_and_from_standard_input() {
    let sim = sim();
    let channel = channel(&sim, StoragePolicy::None);
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state.json");
    std::fs::write(&state, r#"{"home": 3}"#).unwrap();
    let ended = run(broadcast(&sim, &channel).arg("--content-state").arg(&state));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(received(&sim).1["aps"]["content-state"], json!({"home": 3}));

    let mut command = broadcast(&sim, &channel);
    let ended = run_with(command.args(["--content-state", "-"]), r#"{"home": 4}"#);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(received(&sim).1["aps"]["content-state"], json!({"home": 4}));

    let payload = r#"{ "aps": {"event":"end", "timestamp": 1.0} }"#;
    let mut command = broadcast(&sim, &channel);
    let ended = run_with(command.args(["--payload", "-"]), payload);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let sent = sim.received(Service::Apns, 1).unwrap();
    assert_eq!(sent[0].payload.get(), payload, "byte for byte");
}

#[test]
fn a_certificate_names_its_app() {
    let sim = sim();
    let channel = channel(&sim, StoragePolicy::None);
    let port = sim.apns_addr().unwrap().port();
    let mut command = support::anypush(["broadcast", "apns", "--channel", &channel]);
    command.args(["--endpoint", &format!("localhost:{port}")]);
    command.arg("--ca").arg(sim.dir().join("ca.pem"));
    command.arg("--cert").arg(sim.dir().join("client.pem"));
    let ended = run(command.args(STATE));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(accepted(&sim), 1);
}

#[test]
fn what_is_wrong_is_one_line_and_nothing_is_connected() {
    let sim = sim();
    let channel = channel(&sim, StoragePolicy::None);
    let too_large = format!(r#"{{"text":"{}"}}"#, "x".repeat(5120));
    for (args, part) in [
        (&[][..], "--content-state"),
        (&["--content-state", "{no json"], "--content-state"),
        (&["--content-state", "missing.json"], "missing.json"),
        (&["--content-state", &too_large], "5120"),
        (&["--event", "start"], "update, end"),
        (
            &[STATE[0], STATE[1], "--dismissal-date", "60"],
            "--event end",
        ),
        (&[STATE[0], STATE[1], "--payload", "-"], "--payload"),
        (&[STATE[0], STATE[1], "--priority", "7"], "--priority"),
        (
            &[STATE[0], STATE[1], "--expiration", "soon"],
            "--expiration",
        ),
        (
            &[STATE[0], STATE[1], "--stale-date", "soon"],
            "--stale-date",
        ),
        (
            &[
                STATE[0],
                STATE[1],
                "--channel",
                "AAAA",
                "--request-id",
                "2288cf3f-70d8-46a6-97d7-dd5d00867127",
            ],
            "--request-id",
        ),
    ] {
        let ended = run(broadcast(&sim, &channel).args(args));
        assert_eq!(ended.code, Some(2), "{args:?}: {ended:?}");
        assert_eq!(ended.stdout, "", "{args:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{args:?}: {ended:?}");
        assert!(ended.stderr.contains(part), "{args:?}: {}", ended.stderr);
    }
    let ended = run(to_sim(&sim, &["broadcast", "apns"]).args(STATE));
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("--channel"), "{ended:?}");
    assert_eq!(sim.stats()[&Service::Apns].connections, 0);
}

#[test]
fn a_service_that_is_not_there_is_status_3_and_named() {
    let sim = sim();
    let mut command = to(
        &sim,
        &["broadcast", "apns", "--channel", "AAAA"],
        "127.0.0.1:1",
    );
    let ended = run(command.args(STATE));
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert_eq!(ended.stdout, "");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(ended.stderr.contains("127.0.0.1:1"), "{ended:?}");
}

#[test]
fn people_read_channels_and_not_devices() {
    let sim = sim();
    let good = channel(&sim, StoragePolicy::None);
    let mut command = broadcast(&sim, &good);
    let command = command.args(["--channel", "AAAA", "--output", "human"]);
    let ended = run(command.args(STATE));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for part in [
        format!("accepted        {good}  id "),
        "AAAA  400 ChannelNotRegistered".to_owned(),
        "correct the message or the channel".to_owned(),
        "2 channels in".to_owned(),
    ] {
        assert!(ended.stdout.contains(&part), "{part}: {}", ended.stdout);
    }
}
