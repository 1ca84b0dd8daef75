//! What becomes of devices, told line by line.

mod support;

use std::collections::BTreeSet;

use push_sim::{Action, Answer, Service};
use serde_json::{Value, json};
use support::{
    BACKENDS, accepted, answer, anypush, fault, run, run_with, send, send_to, sim, token, with_key,
};

#[test]
fn every_device_has_one_line_with_its_verdict() {
    for backend in BACKENDS {
        let sim = sim();
        let gone = Answer::new(410)
            .reason("Unregistered")
            .timestamp_ms(1_700_000_000_000);
        fault(&sim, &token(1), Action::Answer(gone));
        let busy = Answer::new(429)
            .reason("TooManyRequests")
            .retry_after("120");
        fault(&sim, &token(2), Action::Answer(busy));
        answer(&sim, &token(3), 500, "InternalServerError");
        answer(&sim, &token(4), 403, "Forbidden");
        answer(&sim, &token(5), 400, "DeviceTokenNotForTopic");
        fault(&sim, &token(6), Action::DropAnswer);
        let mut devices: Vec<String> = (0..500).map(token).collect();
        devices.extend(["zz", "abc", "<00fc 13ad>"].map(str::to_owned));

        let ended = run_with(
            send(&sim)
                .args(["--tokens", "-", "--timeout", "2"])
                .args(backend),
            &devices.join("\n"),
        );
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        let (outcomes, summary) = ended.outcomes();
        let told: BTreeSet<&str> = outcomes
            .iter()
            .filter_map(|line| line["device"].as_str())
            .collect();
        assert_eq!(outcomes.len(), devices.len());
        assert_eq!(told, devices.iter().map(String::as_str).collect());

        let expect = |device: &str, expected: Value| {
            let outcome = ended.outcome(device);
            for (key, value) in expected.as_object().unwrap() {
                assert_eq!(&outcome[key], value, "{backend:?}: {outcome}");
            }
        };
        expect(
            &token(0),
            json!({"verdict": "accepted", "status": 200, "reason": null, "attempts": 1}),
        );
        expect(
            &token(1),
            json!({"verdict": "remove-token", "status": 410, "reason": "Unregistered",
                   "since": "2023-11-14T22:13:20Z"}),
        );
        expect(
            &token(2),
            json!({"verdict": "retry-after", "status": 429, "retry_after_s": 120}),
        );
        expect(&token(3), json!({"verdict": "retry-after", "status": 500}));
        expect(
            &token(4),
            json!({"verdict": "fix-credentials", "status": 403}),
        );
        expect(&token(5), json!({"verdict": "fix-message", "status": 400}));
        expect(&token(6), json!({"verdict": "unknown", "status": null}));
        for malformed in ["zz", "abc", "<00fc 13ad>"] {
            expect(
                malformed,
                json!({"verdict": "fix-message", "status": null, "id": null, "attempts": 0}),
            );
        }
        for (name, count) in [
            ("devices", 503),
            ("accepted", 494),
            ("replace-token", 0),
            ("remove-token", 1),
            ("retry-after", 2),
            ("unknown", 1),
            ("fix-credentials", 1),
            ("fix-message", 4),
        ] {
            assert_eq!(summary[name], count, "{backend:?}, {name}: {summary}");
        }
        assert!(summary["connections"].as_u64() >= Some(1), "{summary}");
        // The one whose answer was kept back was taken.
        assert_eq!(accepted(&sim), 495);
        assert_eq!(sim.stats()[&Service::Apns].requests, 500);
    }
}

#[test]
fn all_accepted_is_status_0_with_a_key_and_with_a_certificate() {
    for backend in BACKENDS {
        let sim = sim();
        let devices = ["--token", &token(1), "--token", &token(2)];
        let ended = run(send(&sim).args(devices).args(backend));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(ended.lines().len(), 3);

        let port = sim.apns_addr().unwrap().port();
        for certificate in ["client.pem", "client.p12"] {
            let mut command = anypush(["send", "apns", "--body", "Hello"]);
            command.args(["--endpoint", &format!("localhost:{port}")]);
            command.arg("--ca").arg(sim.dir().join("ca.pem"));
            command.arg("--cert").arg(sim.dir().join(certificate));
            command.args(["--password-env", "P12_PASSWORD"]);
            command.env("P12_PASSWORD", "anypush");
            let ended = run(command.args(backend).args(devices));
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        }
        assert_eq!(accepted(&sim), 6);
    }
}

#[test]
fn the_message_and_the_headers_arrive_as_they_were_given() {
    let sim = sim();
    let ended = run(send(&sim)
        .args([
            "--title",
            "T",
            "--subtitle",
            "S",
            "--badge",
            "0",
            "--sound",
            "default",
        ])
        .args(["--thread-id", "t", "--category", "c", "--mutable-content"])
        .args([
            "--interruption-level",
            "time-sensitive",
            "--relevance-score",
            "0.5",
        ])
        .args(["--custom", "chat=[1,2]", "--custom", r#"name="Ada""#])
        .args([
            "--priority",
            "5",
            "--expiration",
            "0",
            "--collapse-id",
            "game",
        ])
        .args(["--apns-id", "123e4567-e89b-42d3-a456-426614174000"])
        .args(["--token", &token(1)]));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(
        ended.outcome(&token(1))["id"],
        "123e4567-e89b-42d3-a456-426614174000"
    );
    let received = sim.received(Service::Apns, 1).unwrap().remove(0);
    let payload: Value = serde_json::from_str(received.payload.get()).unwrap();
    assert_eq!(
        payload,
        json!({
            "aps": {
                "alert": {"title": "T", "subtitle": "S", "body": "Hello"},
                "badge": 0, "sound": "default", "thread-id": "t", "category": "c",
                "mutable-content": 1, "interruption-level": "time-sensitive",
                "relevance-score": 0.5,
            },
            "chat": [1, 2],
            "name": "Ada",
        })
    );
    for (name, value) in [
        ("apns-topic", "com.example.app"),
        ("apns-push-type", "alert"),
        ("apns-priority", "5"),
        ("apns-expiration", "0"),
        ("apns-collapse-id", "game"),
    ] {
        assert_eq!(received.headers[name], value);
    }
}

#[test]
fn every_push_type_has_its_topic() {
    let sim = sim();
    for (push_type, suffix, more) in [
        ("background", "", &[][..]),
        ("voip", ".voip", &["--custom", "call=1"]),
        ("location", ".location-query", &[]),
        ("complication", ".complication", &["--custom", "a=1"]),
        (
            "fileprovider",
            ".pushkit.fileprovider",
            &["--custom", "a=1"],
        ),
        ("pushtotalk", ".voip-ptt", &[]),
        ("widgets", ".push-type.widgets", &[]),
        ("controls", ".push-type.controls", &[]),
    ] {
        let port = sim.apns_addr().unwrap().port();
        let mut command = send_to(&sim, &format!("localhost:{port}"));
        command.args(["--push-type", push_type, "--token", &token(1)]);
        let ended = run(command.args(more));
        assert_eq!(ended.code, Some(0), "{push_type}: {ended:?}");
        let received = sim.received(Service::Apns, 1).unwrap().remove(0);
        assert_eq!(received.headers["apns-push-type"], push_type);
        assert_eq!(
            received.headers["apns-topic"],
            format!("com.example.app{suffix}")
        );
    }
}

#[test]
fn a_raw_payload_is_sent_byte_for_byte_from_a_file_or_a_pipe() {
    let sim = sim();
    let raw = r#"{ "aps" : {"alert":"raw"}, "n": 1.50 }"#;
    let path = sim.dir().join("payload.json");
    std::fs::write(&path, raw).unwrap();
    let port = sim.apns_addr().unwrap().port();
    for source in [path.to_str().unwrap(), "-"] {
        let mut command = send_to(&sim, &format!("localhost:{port}"));
        command.args(["--payload", source, "--token", &token(1)]);
        let ended = run_with(&mut command, raw);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let received = sim.received(Service::Apns, 1).unwrap().remove(0);
        assert_eq!(received.payload.get(), raw);
    }
}

#[test]
fn lines_are_trimmed_blank_ones_skipped_and_long_ones_refused() {
    let sim = sim();
    let long = "f".repeat(100_000);
    let input = format!(
        "\u{feff}{}\r\n\n \t\n  {}  \n{long}\n{}",
        token(1),
        token(2),
        token(3)
    );
    let path = sim.dir().join("devices.txt");
    std::fs::write(&path, input).unwrap();
    let ended = run(send(&sim)
        .arg("--tokens")
        .arg(&path)
        .args(["--token", &token(4)]));
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let (outcomes, summary) = ended.outcomes();
    assert_eq!(outcomes.len(), 5);
    assert_eq!(summary["accepted"], 4);
    for number in 1..=4 {
        assert_eq!(ended.outcome(&token(number))["verdict"], "accepted");
    }
    let refused = outcomes
        .iter()
        .find(|line| line["verdict"] == "fix-message");
    let refused = refused.unwrap().to_string();
    assert!(
        refused.contains("longer than") && refused.len() < 300,
        "{refused}"
    );
}

#[test]
fn people_get_lines_for_a_few_devices_and_a_table_for_many() {
    let sim = sim();
    answer(&sim, &token(7), 410, "Unregistered");
    let few = run(send(&sim).args([
        "--output",
        "human",
        "--token",
        &token(1),
        "--token",
        &token(7),
    ]));
    assert_eq!(few.code, Some(1));
    assert_eq!(
        few.stdout.matches("00000000…0000000").count(),
        2,
        "{}",
        few.stdout
    );
    assert!(few.stdout.contains("410 Unregistered"), "{}", few.stdout);

    let devices: Vec<String> = (0..100).map(token).collect();
    let many = run_with(
        send(&sim).args(["--output", "human", "--tokens", "-"]),
        &devices.join("\n"),
    );
    assert_eq!(many.code, Some(1));
    for part in ["accepted", "99.00%", "410 Unregistered", "100 devices in"] {
        assert!(many.stdout.contains(part), "{part}: {}", many.stdout);
    }
    assert!(many.stdout.lines().count() < 20, "{}", many.stdout);
}

#[test]
fn no_secret_and_no_whole_token_is_logged() {
    for backend in BACKENDS {
        let sim = sim();
        let devices: Vec<String> = (0x1234_5678..0x1234_567f)
            .map(|number| format!("{number:x}").repeat(8))
            .collect();
        answer(&sim, &devices[2], 410, "Unregistered");
        let mut command = anypush(["send", "apns", "--topic", "com.example.app"]);
        let port = sim.apns_addr().unwrap().port();
        command.args([
            "--endpoint",
            &format!("localhost:{port}"),
            "--body",
            "Hello",
        ]);
        command.arg("--ca").arg(sim.dir().join("ca.pem"));
        with_key(&mut command, &sim);
        command.args(["--tokens", "-", "-vv"]).args(backend);
        let ended = run_with(command.env("RUST_LOG", "trace"), &devices.join("\n"));
        let log = ended.stderr;
        assert!(log.lines().count() > 50, "{log}");
        for device in &devices {
            assert!(!log.contains(&device[..12]), "a device token is logged");
        }
        let pem = sim.files().provider_key().p8_pem();
        let key = pem.lines().nth(1).unwrap();
        for secret in ["eyJ", "bearer", &key[..16], &key[key.len() - 16..]] {
            assert!(!log.contains(secret), "{secret} is logged");
        }
    }
}

#[test]
fn tokens_of_another_environment_are_not_to_be_removed_and_the_cause_is_named_once() {
    let sim = sim();
    for number in 0..3 {
        answer(&sim, &token(number), 400, "BadDeviceToken");
    }
    let devices: Vec<String> = (0..3).map(token).collect();
    let ended = run_with(send(&sim).args(["--tokens", "-"]), &devices.join("\n"));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let (outcomes, _) = ended.outcomes();
    for outcome in outcomes {
        assert_eq!(outcome["verdict"], "fix-credentials", "{outcome}");
        assert_eq!(outcome["reason"], "BadDeviceToken", "{outcome}");
    }
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(ended.stderr.contains("wrong environment"), "{ended:?}");

    // Once another is accepted, they are known to be dead.
    let devices: Vec<String> = (0..4).map(token).collect();
    let ended = run_with(send(&sim).args(["--tokens", "-"]), &devices.join("\n"));
    assert_eq!(ended.outcome(&token(0))["verdict"], "remove-token");
    assert_eq!(ended.stderr, "");
}

#[test]
fn a_list_that_begins_with_many_dead_tokens_is_not_said_to_be_in_the_wrong_environment() {
    let sim = sim();
    for number in 0..105 {
        answer(&sim, &token(number), 400, "BadDeviceToken");
    }
    let devices: Vec<String> = (0..110).map(token).collect();
    let one_by_one = ["--in-flight", "1", "--tokens", "-"];
    let ended = run_with(send(&sim).args(one_by_one), &devices.join("\n"));
    assert_eq!(ended.outcome(&token(0))["verdict"], "fix-credentials");
    assert_eq!(ended.outcome(&token(109))["verdict"], "accepted");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(ended.stderr.contains("send to them once more"), "{ended:?}");
}
