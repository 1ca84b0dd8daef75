//! `send fcm`: what becomes of devices, told line by line.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use push_sim::{Action, Answer, Service};
use serde_json::{Value, json};
use support::google::{
    fcm_answer, fcm_fault, fcm_sim, fcm_to, registration, registrations, send_fcm, taken,
};
use support::{BACKENDS, run, run_with};

#[test]
fn every_device_has_one_line_with_its_verdict_and_the_service_agrees() {
    for backend in BACKENDS {
        let sim = fcm_sim();
        fcm_answer(&sim, &registration(1), 404, "UNREGISTERED");
        let busy = Answer::new(429).reason("QUOTA_EXCEEDED").retry_after("120");
        fcm_fault(&sim, &registration(2), Action::Answer(busy));
        fcm_answer(&sim, &registration(3), 503, "UNAVAILABLE");
        fcm_answer(&sim, &registration(4), 403, "SENDER_ID_MISMATCH");
        let dead = Answer::new(400).reason("INVALID_ARGUMENT");
        let dead = dead.apns(410, "Unregistered");
        fcm_fault(&sim, &registration(5), Action::Answer(dead));
        fcm_fault(&sim, &registration(6), Action::DropAnswer);
        let field = Answer::new(400).reason("INVALID_ARGUMENT");
        let field = field.violation("message.data[0].value", "Invalid value");
        fcm_fault(&sim, &registration(7), Action::Answer(field));
        fcm_answer(&sim, &registration(8), 401, "THIRD_PARTY_AUTH_ERROR");
        let page = Answer::new(502).body("text/html", "<html><title>Bad Gateway</title>");
        fcm_fault(&sim, &registration(9), Action::Answer(page));
        let mut devices = registrations(500);
        let long = "f".repeat(5000);
        devices.push_str(&format!(
            "\nfid:c_installation\n/topics/news\n{long}\na b\n"
        ));

        let mut command = send_fcm(&sim);
        command.args(["--tokens", "-", "--timeout", "3"]);
        let ended = run_with(command.args(backend), &devices);
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert_eq!(ended.stderr, "");
        let (outcomes, summary) = ended.outcomes();
        assert_eq!(outcomes.len(), 504);

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
        let name = ended.outcome(&registration(0))["id"].take();
        let name = name.as_str().unwrap();
        assert!(name.starts_with("projects/anypush-sim/messages/"), "{name}");
        expect(
            &registration(1),
            json!({"verdict": "remove-token", "status": 404, "reason": "UNREGISTERED", "id": null}),
        );
        expect(
            &registration(2),
            json!({"verdict": "retry-after", "status": 429, "reason": "QUOTA_EXCEEDED", "retry_after_s": 120}),
        );
        expect(
            &registration(3),
            json!({"verdict": "retry-after", "status": 503, "reason": "UNAVAILABLE", "retry_after_s": 10}),
        );
        expect(
            &registration(4),
            json!({"verdict": "fix-credentials", "status": 403, "reason": "SENDER_ID_MISMATCH"}),
        );
        expect(
            &registration(5),
            json!({"verdict": "remove-token", "status": 400, "reason": "INVALID_ARGUMENT, APNs 410 Unregistered"}),
        );
        expect(
            &registration(6),
            json!({"verdict": "unknown", "status": null}),
        );
        expect(
            &registration(7),
            json!({"verdict": "fix-message", "status": 400, "reason": "INVALID_ARGUMENT",
            "detail": "message.data[0].value: Invalid value"}),
        );
        // What Google says along with it is about something else.
        expect(
            &registration(8),
            json!({"verdict": "fix-credentials", "status": 401, "reason": "THIRD_PARTY_AUTH_ERROR", "detail": null}),
        );
        expect(
            &registration(9),
            json!({"verdict": "retry-after", "status": 502, "reason": null, "detail": "Bad Gateway"}),
        );
        expect("fid:c_installation", json!({"verdict": "accepted"}));
        expect(
            "/topics/news",
            json!({"verdict": "fix-message", "status": null, "attempts": 0}),
        );
        // The service calls it no token, and others took the same message.
        expect(
            "a b",
            json!({"verdict": "remove-token", "status": 400, "reason": "INVALID_ARGUMENT"}),
        );
        let cut = format!("{}…", "f".repeat(32));
        let reason = ended.outcome(&cut)["reason"].take();
        assert!(reason.as_str().unwrap().contains("longer than"), "{reason}");
        for (name, count) in [
            ("devices", 504),
            ("accepted", 492),
            ("replace-token", 0),
            ("remove-token", 3),
            ("retry-after", 3),
            ("unknown", 1),
            ("fix-credentials", 2),
            ("fix-message", 3),
        ] {
            assert_eq!(summary[name], count, "{backend:?}, {name}: {summary}");
        }
        assert!(summary["connections"].as_u64() >= Some(1), "{summary}");
        // The one whose answer was kept back was taken.
        assert_eq!(taken(&sim, Service::Fcm), 493);
    }
}

#[test]
fn ten_thousand_tokens_of_a_stream_get_one_push_each() {
    for backend in [BACKENDS[0], BACKENDS[3]] {
        let sim = fcm_sim();
        let mut command = send_fcm(&sim);
        let ended = run_with(
            command.args(["--tokens", "-"]).args(backend),
            &registrations(10_000),
        );
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let (outcomes, summary) = ended.outcomes();
        let told: BTreeSet<_> = outcomes
            .iter()
            .map(|line| line["device"].as_str())
            .collect();
        assert_eq!((outcomes.len(), told.len()), (10_000, 10_000));
        assert_eq!(summary["accepted"], 10_000);
        let expected = (0..10_000).map(|number| (registration(number), 1));
        let expected: BTreeMap<String, u64> = expected.collect();
        assert_eq!(sim.tokens(Service::Fcm).unwrap(), expected);
        assert_eq!(sim.stats()[&Service::Fcm].authorizations, 1);
    }
}

/// What arrives when this is sent.
fn arrives(command: &mut std::process::Command, sim: &push_sim::Sim, input: &str) -> Value {
    let ended = run_with(command, input);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let received = sim.received(Service::Fcm, 1).unwrap().remove(0);
    serde_json::from_str(received.payload.get()).unwrap()
}

#[test]
fn the_message_arrives_as_it_was_given() {
    let sim = fcm_sim();
    let mut command = send_fcm(&sim);
    command.args(["--body", "B", "--image", "https://a.example/i.png"]);
    command.args(["--data", "chat=42", "--data", "note=a=b", "--ttl", "90m"]);
    command.args(["--collapse-key", "score", "--priority", "high"]);
    command.args(["--analytics-label", "spring", "--sound", "default"]);
    command.args(["--channel-id", "news", "--link", "https://a.example/"]);
    command.args(["--apns-header", "apns-expiration=0"]);
    command.args(["--webpush-header", "TTL=60", "--token", "a:b"]);
    assert_eq!(
        arrives(&mut command, &sim, ""),
        json!({"message": {
            "token": "a:b",
            "data": {"chat": "42", "note": "a=b"},
            "notification": {"title": "Hello", "body": "B", "image": "https://a.example/i.png"},
            "android": {
                "collapse_key": "score", "priority": "HIGH", "ttl": "5400s",
                "notification": {"sound": "default", "channel_id": "news"},
            },
            "webpush": {"headers": {"TTL": "60"}, "fcm_options": {"link": "https://a.example/"}},
            "apns": {"headers": {"apns-expiration": "0"}},
            "fcm_options": {"analytics_label": "spring"},
        }})
    );

    let title = json!({"title": "Hello"});
    for (target, told, field) in [
        (["--fid", "c_inst"], "fid:c_inst", json!({"fid": "c_inst"})),
        (
            ["--token", "fid:c_inst"],
            "fid:c_inst",
            json!({"fid": "c_inst"}),
        ),
        (
            ["--topic", "/topics/news"],
            "/topics/news",
            json!({"topic": "news"}),
        ),
        (
            ["--condition", "'a' in topics && !('b' in topics)"],
            "'a' in topics && !('b' in topics)",
            json!({"condition": "'a' in topics && !('b' in topics)"}),
        ),
    ] {
        let mut expected = field;
        expected["notification"] = title.clone();
        let ended = run(send_fcm(&sim).args(target));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.outcome(told)["verdict"], "accepted");
        assert_eq!(ended.outcomes().1["devices"], 1);
        let received = sim.received(Service::Fcm, 1).unwrap().remove(0);
        let received: Value = serde_json::from_str(received.payload.get()).unwrap();
        assert_eq!(received, json!({"message": expected}), "{target:?}");
    }
}

#[test]
fn a_raw_payload_is_a_message_or_a_whole_request_and_names_no_target() {
    let sim = fcm_sim();
    let raw = || {
        let mut command = fcm_to(&sim, &["send", "fcm", "--token", "a:b"]);
        command.args(["--payload", "-"]);
        command
    };
    let message = json!({"data": {"a": "b"}, "android": {"ttl": "3.5s", "directBootOk": true}});
    let android = json!({"ttl": "3.5s", "direct_boot_ok": true});
    let expected = json!({"token": "a:b", "data": {"a": "b"}, "android": android});
    for given in [message.clone(), json!({"message": message})] {
        let arrived = arrives(&mut raw(), &sim, &given.to_string());
        assert_eq!(arrived, json!({"message": expected}));
    }

    // What has no name here is the service's to judge.
    let ended = run_with(&mut raw(), r#"{"android":{"new_field":[1]}}"#);
    let outcome = ended.outcome("a:b");
    assert_eq!(outcome["verdict"], "fix-message", "{outcome}");
    let detail = outcome["detail"].as_str().unwrap();
    assert!(detail.contains("new_field"), "{detail}");

    // Only to be checked: nothing is listed.
    let before = taken(&sim, Service::Fcm);
    let checked = json!({"message": {"data": {"a": "b"}}, "validate_only": true});
    let by_option = run_with(raw().arg("--validate-only"), r#"{"data":{"a":"b"}}"#);
    for ended in [run_with(&mut raw(), &checked.to_string()), by_option] {
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.outcome("a:b")["verdict"], "accepted");
    }
    assert_eq!(taken(&sim, Service::Fcm), before);

    for (given, words) in [
        ("{", &["payload", "JSON"][..]),
        ("[]", &["no JSON object"]),
        (r#"{"token":"a"}"#, &["\"token\"", "--token"]),
        (r#"{"message":{"topic":"a"}}"#, &["\"topic\"", "--topic"]),
        (
            r#"{"message":{},"registration_ids":[]}"#,
            &["registration_ids"],
        ),
        (r#"{"message":7}"#, &["message", "object"]),
        (r#"{"data":{"a":1}}"#, &["data", "text"]),
        (r#"{"android":{"ttl":"soon"}}"#, &["payload"]),
        (
            r#"{"android":{"ttl":"2419201s"}}"#,
            &["android.ttl", "4 weeks"],
        ),
    ] {
        let ended = run_with(&mut raw(), given);
        assert_eq!(ended.code, Some(2), "{given}: {ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        for word in words {
            assert!(ended.stderr.contains(word), "{word}: {ended:?}");
        }
    }
}

#[test]
fn tokens_of_another_project_are_not_to_be_removed_and_the_cause_is_named_once() {
    let sim = fcm_sim();
    for number in 0..6 {
        fcm_answer(&sim, &registration(number), 404, "UNREGISTERED");
    }
    let ended = run_with(send_fcm(&sim).args(["--tokens", "-"]), &registrations(6));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for outcome in ended.outcomes().0 {
        assert_eq!(outcome["verdict"], "fix-credentials", "{outcome}");
        assert_eq!(outcome["reason"], "UNREGISTERED", "{outcome}");
    }
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    for word in ["another project", "--project"] {
        assert!(ended.stderr.contains(word), "{ended:?}");
    }

    // Once another is taken, they are known to be dead.
    let ended = run_with(send_fcm(&sim).args(["--tokens", "-"]), &registrations(7));
    assert_eq!(ended.outcome(&registration(0))["verdict"], "remove-token");
    assert_eq!(ended.stderr, "");
}

#[test]
fn what_google_says_of_the_account_is_said_once() {
    let sim = fcm_sim();
    let disabled = Answer::new(403).reason("PERMISSION_DENIED");
    let fault = push_sim::Fault::new(Service::Fcm, Action::Answer(disabled));
    sim.fault(fault).unwrap();
    let ended = run_with(send_fcm(&sim).args(["--tokens", "-"]), &registrations(20));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let outcome = ended.outcome(&registration(3));
    assert_eq!(outcome["verdict"], "fix-credentials");
    assert_eq!(outcome["reason"], "PERMISSION_DENIED");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(
        ended.stderr.contains("cloudmessaging.messages.create"),
        "{ended:?}"
    );
}

#[test]
fn people_get_lines_for_a_few_devices_and_a_table_for_many() {
    let sim = fcm_sim();
    let field = Answer::new(400).reason("INVALID_ARGUMENT");
    let field = field.violation("message.android.ttl", "TTL must be less");
    fcm_fault(&sim, &registration(7), Action::Answer(field));
    fcm_answer(&sim, &registration(8), 403, "SENDER_ID_MISMATCH");
    let devices = ["--token", &registration(1), "--token", &registration(7)];
    let few = run(send_fcm(&sim).args(["--output", "human"]).args(devices));
    assert_eq!(few.code, Some(1));
    for part in [
        "400 INVALID_ARGUMENT: message.android.ttl: TTL must be less",
        "2 devices in",
    ] {
        assert!(few.stdout.contains(part), "{part}: {}", few.stdout);
    }

    let many = run_with(
        send_fcm(&sim).args(["--output", "human", "--tokens", "-"]),
        &registrations(100),
    );
    for part in [
        "FCM https://",
        "98.00%",
        "400 INVALID_ARGUMENT",
        "credentials or project",
        "100 devices",
    ] {
        assert!(many.stdout.contains(part), "{part}: {}", many.stdout);
    }
}
