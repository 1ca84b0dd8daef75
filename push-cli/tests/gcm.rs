//! `send gcm`: the legacy protocol.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use push_sim::{Action, Answer, Fault, Service, Sim};
use serde_json::{Value, json};
use support::google::{
    API_KEY, alone, gcm_answer, gcm_at, gcm_sim, registration, registrations, send_gcm, taken,
};
use support::{BACKENDS, Running, complains, run, run_with, until};

#[test]
fn every_device_has_one_line_with_its_verdict_in_json_and_in_plain_text() {
    for (backend, plain) in BACKENDS.into_iter().zip([false, true].into_iter().cycle()) {
        let sim = gcm_sim();
        let one = |reason: &str| Answer::new(200).reason(reason);
        gcm_answer(&sim, &registration(1), one("NotRegistered"));
        gcm_answer(&sim, &registration(2), one("InvalidRegistration"));
        let moved = Answer::new(200).canonical("a-new-id");
        gcm_answer(&sim, &registration(3), moved);
        gcm_answer(&sim, &registration(4), one("MismatchSenderId"));
        gcm_answer(&sim, &registration(5), one("DeviceMessageRateExceeded"));
        gcm_answer(&sim, &registration(6), one("ToBeInvented"));
        let devices = format!("{}\n/topics/x\n{}\n", registrations(200), "f".repeat(5000));
        let mut command = send_gcm(&sim);
        if plain {
            command.arg("--plain");
        }
        command.args(["--tokens", "-"]).args(backend);
        let ended = run_with(&mut command, &devices);
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert_eq!(ended.stderr, "");
        let expect = |device: &str, expected: Value| {
            let outcome = ended.outcome(device);
            for (key, value) in expected.as_object().unwrap() {
                assert_eq!(&outcome[key], value, "{backend:?}: {outcome}");
            }
        };
        expect(
            &registration(0),
            json!({"verdict": "accepted", "status": 200, "reason": null, "attempts": 1}),
        );
        expect(
            &registration(1),
            json!({"verdict": "remove-token", "status": 200, "reason": "NotRegistered", "id": null}),
        );
        expect(
            &registration(2),
            json!({"verdict": "remove-token", "reason": "InvalidRegistration"}),
        );
        expect(
            &registration(3),
            json!({"verdict": "replace-token", "status": 200, "token": "a-new-id"}),
        );
        expect(
            &registration(4),
            json!({"verdict": "fix-credentials", "reason": "MismatchSenderId"}),
        );
        expect(
            &registration(5),
            json!({"verdict": "retry-after", "retry_after_s": 60}),
        );
        expect(
            &registration(6),
            json!({"verdict": "fix-message", "reason": "ToBeInvented"}),
        );
        expect(
            "/topics/x",
            json!({"verdict": "fix-message", "status": null, "attempts": 0}),
        );
        let id = ended.outcome(&registration(3))["id"].take();
        assert!(id.as_str().is_some_and(|id| !id.is_empty()), "{id}");
        let (outcomes, summary) = ended.outcomes();
        assert_eq!(outcomes.len(), 202);
        for (name, count) in [
            ("devices", 202),
            ("accepted", 194),
            ("replace-token", 1),
            ("remove-token", 2),
            ("retry-after", 1),
            ("fix-credentials", 1),
            ("fix-message", 3),
        ] {
            assert_eq!(summary[name], count, "{backend:?}, {name}: {summary}");
        }
        assert_eq!(taken(&sim, Service::Gcm), 195);
        let requests = sim.stats()[&Service::Gcm].requests;
        assert_eq!(requests, if plain { 200 } else { 1 }, "{backend:?}");
    }
}

#[test]
fn ten_thousand_ids_of_a_stream_go_out_by_the_thousand() {
    let sim = gcm_sim();
    let ended = run_with(
        send_gcm(&sim).args(["--tokens", "-"]),
        &registrations(10_000),
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let (outcomes, _) = ended.outcomes();
    let told: BTreeSet<_> = outcomes
        .iter()
        .map(|line| line["device"].as_str())
        .collect();
    assert_eq!((outcomes.len(), told.len()), (10_000, 10_000));
    let expected = (0..10_000).map(|number| (registration(number), 1));
    let expected: BTreeMap<String, u64> = expected.collect();
    assert_eq!(sim.tokens(Service::Gcm).unwrap(), expected);
    // What a read of the list gives goes out without waiting for more.
    let requests = sim.stats()[&Service::Gcm].requests;
    assert!((10..100).contains(&requests), "{requests}");
}

/// What arrives when this is sent.
fn arrives(command: &mut Command, sim: &Sim, input: &str) -> String {
    let ended = run_with(command, input);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let received = sim.received(Service::Gcm, 1).unwrap().remove(0);
    received.payload.get().to_owned()
}

#[test]
fn the_message_arrives_as_it_was_given() {
    let sim = gcm_sim();
    let json_of = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    let mut command = send_gcm(&sim);
    command.args(["--title", "T", "--body", "B", "--data", "chat=42"]);
    command.args(["--collapse-key", "k", "--ttl", "5m", "--delay-while-idle"]);
    command.args(["--restricted-package-name", "com.example.app"]);
    command.args(["--token", "a:b"]);
    assert_eq!(
        json_of(arrives(&mut command, &sim, "")),
        json!({"to": "a:b", "data": {"message": "Hello", "chat": "42"},
            "notification": {"title": "T", "body": "B"}, "collapse_key": "k", "priority": "high",
            "time_to_live": 300, "delay_while_idle": true,
            "restricted_package_name": "com.example.app"})
    );
    let mut command = send_gcm(&sim);
    command.args(["--low-priority", "--token", "a:b"]);
    let arrived = json_of(arrives(&mut command, &sim, ""));
    assert_eq!(arrived["priority"], "normal");

    let mut command = send_gcm(&sim);
    command.args(["--plain", "--collapse-key", "k", "--token", "a:b"]);
    let arrived = arrives(&mut command, &sim, "");
    assert!(arrived.contains("registration_id=a%3Ab"), "{arrived}");
    assert!(arrived.contains("data.message=Hello"), "{arrived}");

    for (target, told, field) in [
        (["--topic", "news"], "/topics/news", "to"),
        (["--topic", "/topics/news"], "/topics/news", "to"),
        (
            ["--condition", "'a' in topics"],
            "'a' in topics",
            "condition",
        ),
    ] {
        let ended = run(send_gcm(&sim).args(target));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.outcome(told)["verdict"], "accepted");
        let received = sim.received(Service::Gcm, 1).unwrap().remove(0);
        let received: Value = serde_json::from_str(received.payload.get()).unwrap();
        assert_eq!(received[field], told, "{received}");
    }

    let raw = || {
        let mut command = gcm_at(&sim, &sim.gcm_url().unwrap());
        command.args(["--payload", "-", "--token", "a:b"]);
        command
    };
    let given = json!({"data": {"a": {"b": [1]}}, "time_to_live": 0, "new_one": true});
    let mut expected = given.clone();
    expected["to"] = json!("a:b");
    assert_eq!(
        json_of(arrives(&mut raw(), &sim, &given.to_string())),
        expected
    );
    let before = taken(&sim, Service::Gcm);
    let ended = run_with(raw().arg("--dry-run"), r#"{"data":{"a":"b"}}"#);
    assert_eq!(ended.outcome("a:b")["verdict"], "accepted");
    assert_eq!(taken(&sim, Service::Gcm), before);
    for (given, word) in [
        (r#"{"to":"a"}"#, "\"to\""),
        (r#"{"registration_ids":["a"]}"#, "--tokens"),
        (r#"{"condition":"a"}"#, "--condition"),
        ("[1]", "no JSON object"),
        (r#"{"time_to_live":"soon"}"#, "payload"),
        (r#"{"time_to_live":2419201}"#, "2419200"),
    ] {
        let ended = run_with(&mut raw(), given);
        assert_eq!(ended.code, Some(2), "{given}: {ended:?}");
        assert!(ended.stderr.contains(word), "{word}: {ended:?}");
    }
}

#[test]
fn wrong_use_is_status_2_and_one_line_that_says_what_to_change() {
    let sim = gcm_sim();
    let device = ["--token", "a:b"];
    for (args, words) in [
        (&["--ttl", "soon"][..], &["soon", "5m"][..]),
        (&["--ttl", "5w"], &["2419200"]),
        (&["--data", "google.a=b"], &["google.a"]),
        (&["--data", "a=1", "--data", "a=2"], &["twice"]),
        (&["--plain", "--title", "T"], &["notification", "plain"]),
        (
            &["--plain", "--low-priority"],
            &["--plain", "--low-priority"],
        ),
        (&["--topic", "news"], &["--topic", "--token"]),
        (
            &["--api-key-file", "x", "--api-key-env", "Y"],
            &["--api-key"],
        ),
        (&["--api-key-file", "none.key"], &["none.key"]),
        (
            &["--api-key-env", "NOWHERE"],
            &["NOWHERE", "no such variable"],
        ),
        (&["--endpoint", "localhost:1"], &["https://HOST"]),
        (&["--payload", "-"], &["--payload", "message options"]),
    ] {
        let mut command = alone(&["send", "gcm", "--data", "message=Hello"], sim.dir());
        command.env("GCM_API_KEY", API_KEY).args(device).args(args);
        complains(&mut command, 2, words);
    }
    let mut no_key = gcm_at(&sim, &sim.gcm_url().unwrap());
    no_key
        .env_remove("GCM_API_KEY")
        .args(device)
        .args(["--body", "x"]);
    complains(&mut no_key, 2, &["GCM_API_KEY", "--api-key-file"]);
    no_key.env("GCM_API_KEY", "a secret key");
    complains(&mut no_key, 2, &["API key"]);
    assert!(!run(&mut no_key).stderr.contains("a secret"));
    complains(send_gcm(&sim).args(["--topic", "a b"]), 2, &["--topic"]);
    complains(&mut send_gcm(&sim), 2, &["--token"]);
    let mut nothing_said = gcm_at(&sim, &sim.gcm_url().unwrap());
    complains(nothing_said.args(device), 2, &["--title"]);
    assert_eq!(sim.stats()[&Service::Gcm].connections, 0);
}

#[test]
fn a_refused_key_and_a_wrong_path_are_told_of_each_device_and_said_once() {
    let sim = gcm_sim();
    let file = sim.dir().join("api.key");
    fs::write(&file, format!("{API_KEY}\n")).unwrap();
    let send = |url: &str| {
        let mut command = alone(
            &["send", "gcm", "--body", "x", "--endpoint", url],
            sim.dir(),
        );
        command.arg("--ca").arg(sim.dir().join("ca.pem"));
        command.args(["--tokens", "-"]);
        command
    };
    let url = sim.gcm_url().unwrap();
    let ended = run_with(
        send(&url).arg("--api-key-file").arg(&file),
        &registrations(3),
    );
    assert_eq!(ended.code, Some(0), "{ended:?}");

    let mut refused = send(&url);
    refused
        .args(["--api-key-env", "OTHER"])
        .env("OTHER", "AIza-other");
    let ended = run_with(&mut refused, &registrations(3));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let outcome = ended.outcome(&registration(2));
    assert_eq!(
        (&outcome["verdict"], &outcome["status"]),
        (&json!("fix-credentials"), &json!(401))
    );
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(ended.stderr.contains("check the API key"), "{ended:?}");
    assert!(!ended.stderr.contains("AIza"), "{ended:?}");

    let elsewhere = format!("{url}/nowhere");
    let ended = run_with(
        send(&elsewhere).arg("--api-key-file").arg(&file),
        &registrations(3),
    );
    assert_eq!(
        ended.outcome(&registration(0))["verdict"],
        "fix-credentials"
    );
    assert!(ended.stderr.contains("check the endpoint"), "{ended:?}");
}

#[test]
fn ids_of_another_project_are_not_to_be_removed_and_the_cause_is_named_once() {
    for plain in [&[][..], &["--plain"]] {
        let sim = gcm_sim();
        for number in 0..6 {
            let gone = Answer::new(200).reason("NotRegistered");
            gcm_answer(&sim, &registration(number), gone);
        }
        let mut command = send_gcm(&sim);
        command.args(["--tokens", "-"]).args(plain);
        let ended = run_with(&mut command, &registrations(6));
        for outcome in ended.outcomes().0 {
            assert_eq!(outcome["verdict"], "fix-credentials", "{outcome}");
        }
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        assert!(ended.stderr.contains("another project"), "{ended:?}");
        let ended = run_with(&mut command, &registrations(7));
        assert_eq!(ended.outcome(&registration(0))["verdict"], "remove-token");
        assert_eq!(ended.stderr, "");
    }
}

#[test]
fn a_busy_service_and_one_that_is_not_there() {
    let sim = gcm_sim();
    let busy = Answer::new(503).retry_after("7");
    let busy = Fault::new(Service::Gcm, Action::Answer(busy));
    sim.fault(busy.times(1)).unwrap();
    let mut command = send_gcm(&sim);
    let ended = run_with(command.args(["--tokens", "-"]), &registrations(20));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let (outcomes, summary) = ended.outcomes();
    assert_eq!(summary["retry-after"], 20, "{summary}");
    assert_eq!(outcomes[0]["retry_after_s"], 7);
    assert_eq!(ended.stderr, "");

    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = closed.local_addr().unwrap().to_string();
    drop(closed);
    for backend in BACKENDS {
        let mut command = gcm_at(&sim, &format!("https://{nobody}/gcm/send"));
        command.args(["--body", "x", "--token", "a:b", "--timeout", "1"]);
        complains(command.args(backend), 3, &["can't reach", &nobody]);
    }
}

#[test]
fn an_interrupt_waits_for_what_is_under_way_and_a_closed_pipe_ends_quietly() {
    for plain in [&[][..], &["--plain"]] {
        let sim = gcm_sim();
        let late = Action::Delay(Duration::from_millis(500));
        let late = Fault::new(Service::Gcm, late).token(registration(2));
        sim.fault(late).unwrap();
        let mut command = send_gcm(&sim);
        let mut running = Running::start(command.args(["--tokens", "-"]).args(plain));
        running.write(&format!("{}\n", registration(1)));
        running.line();
        running.write(&format!("{}\n", registration(2)));
        until(|| sim.stats()[&Service::Gcm].requests == 2);
        running.signal("INT");
        let stdin = running.stdin.take();
        let ended = running.end();
        drop(stdin);
        assert_eq!(ended.code, Some(130), "{ended:?}");
        assert_eq!(ended.outcome(&registration(2))["verdict"], "accepted");

        let path = sim.dir().join("ids.txt");
        fs::write(&path, registrations(20_000)).unwrap();
        let mut command = send_gcm(&sim);
        command.arg("--tokens").arg(&path).args(plain);
        let mut running = Running::start(&mut command);
        running.line();
        drop(running.stdout.take());
        let ended = running.end();
        assert_eq!(ended.stderr, "");
        assert_eq!(ended.code, Some(1));
    }
}

#[test]
fn people_get_lines_for_a_few_devices_and_a_table_for_many() {
    let sim = gcm_sim();
    let moved = Answer::new(200).canonical("moved-to-here");
    gcm_answer(&sim, &registration(7), moved);
    let devices = ["--token", &registration(1), "--token", &registration(7)];
    let few = run(send_gcm(&sim).args(["--output", "human"]).args(devices));
    assert_eq!(few.code, Some(1));
    for part in [
        "replace-token",
        "by now moved-to-here",
        "store the new token",
    ] {
        assert!(few.stdout.contains(part), "{part}: {}", few.stdout);
    }
    let many = run_with(
        send_gcm(&sim).args(["--output", "human", "--tokens", "-"]),
        &registrations(100),
    );
    for part in ["GCM https://", "99.00%", "/gcm/send", "100 devices"] {
        assert!(many.stdout.contains(part), "{part}: {}", many.stdout);
    }
}

#[test]
fn no_secret_and_no_whole_id_is_logged() {
    for backend in BACKENDS {
        let sim = gcm_sim();
        let devices: Vec<String> = (0..5).map(registration).collect();
        gcm_answer(&sim, &devices[2], Answer::new(200).reason("NotRegistered"));
        let mut command = send_gcm(&sim);
        command.args(["--body", "a secret message", "--tokens", "-", "-vv"]);
        let ended = run_with(
            command.args(backend).env("RUST_LOG", "trace"),
            &devices.join("\n"),
        );
        assert_eq!(ended.code, Some(1), "{}", ended.stdout);
        let log = &ended.stderr;
        assert!(log.contains("ready"), "{log}");
        for device in &devices {
            assert!(!log.contains(&device[..14]), "an id is logged");
        }
        assert!(!log.contains(&API_KEY[..8]), "the API key is logged");
        assert!(!log.contains("a secret message"), "the message is logged");
    }
}
