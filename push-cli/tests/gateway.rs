//! `send gateway`: what becomes of devices, told line by line.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use push_sim::gateway::Config;
use push_sim::{Action, Close, Fault, Point, Refusal, Service, Sim};
use serde_json::{Value, json};
use support::{
    BACKENDS, anypush, gateway_at, gateway_to, legacy_sim, on_gateway, refuse, run, run_with,
    send_gateway, token,
};

fn taken(sim: &Sim) -> u64 {
    sim.stats()[&Service::ApnsGateway].accepted
}

/// A gateway that counts how often it took each token.
fn counting_sim() -> Sim {
    let config = Config::default().count_tokens();
    let builder = Sim::builder().apns_gateway_any();
    builder.apns_gateway_config(config).start().unwrap()
}

#[test]
fn every_device_has_one_line_with_its_verdict_and_the_gateway_agrees() {
    for (round, backend) in BACKENDS.into_iter().enumerate() {
        let sim = counting_sim();
        for (number, code) in [(1, 8), (2, 1), (3, 5), (4, 10), (5, 255), (6, 77), (7, 2)] {
            refuse(&sim, &token(number), code);
        }
        let late = Refusal::new(8).delay(Duration::from_millis(100));
        on_gateway(&sim, &token(8), Action::Code(late));
        let mut devices: Vec<String> = (0..500).map(token).collect();
        devices.extend(["zz", "abc", "<00fc 13ad>"].map(str::to_owned));
        // Where the failing ones stand must not matter.
        devices.rotate_left(round * 83);

        let ended = run_with(
            send_gateway(&sim).args(["--tokens", "-"]).args(backend),
            &devices.join("\n"),
        );
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert_eq!(ended.stderr, "");
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
            json!({"verdict": "accepted", "status": 0, "reason": null}),
        );
        for number in [1, 8] {
            expect(
                &token(number),
                json!({"verdict": "remove-token", "status": 8, "reason": "InvalidToken"}),
            );
        }
        expect(
            &token(2),
            json!({"verdict": "retry-after", "status": 1, "reason": "ProcessingError",
                   "retry_after_s": 60}),
        );
        expect(
            &token(3),
            json!({"verdict": "fix-message", "status": 5, "reason": "InvalidTokenSize"}),
        );
        expect(&token(4), json!({"verdict": "accepted", "status": 0}));
        expect(
            &token(5),
            json!({"verdict": "retry-after", "status": 255, "reason": "Unknown"}),
        );
        expect(
            &token(6),
            json!({"verdict": "retry-after", "status": 77, "reason": "Unknown"}),
        );
        expect(
            &token(7),
            json!({"verdict": "fix-message", "status": 2, "reason": "MissingToken"}),
        );
        for malformed in ["zz", "abc", "<00fc 13ad>"] {
            expect(
                malformed,
                json!({"verdict": "fix-message", "status": null, "id": null, "attempts": 0}),
            );
        }
        for outcome in outcomes.iter().filter(|line| line["attempts"] != 0) {
            let id = outcome["id"].as_str().unwrap();
            assert!(id.parse::<u32>().unwrap() > 0, "{outcome}");
        }
        for (name, count) in [
            ("devices", 503),
            ("accepted", 493),
            ("remove-token", 2),
            ("retry-after", 3),
            ("unknown", 0),
            ("fix-message", 5),
        ] {
            assert_eq!(summary[name], count, "{backend:?}, {name}: {summary}");
        }
        assert!(summary["connections"].as_u64() > Some(8), "{summary}");

        let accepted = outcomes
            .iter()
            .filter(|line| line["verdict"] == "accepted")
            .map(|line| (line["device"].as_str().unwrap().to_owned(), 1));
        let accepted: BTreeMap<String, u64> = accepted.collect();
        assert_eq!(sim.tokens(Service::ApnsGateway).unwrap(), accepted);
    }
}

#[test]
fn all_taken_is_status_0_with_any_certificate_and_duplicates_are_kept_apart() {
    for backend in BACKENDS {
        let sim = legacy_sim();
        let devices = ["--token", &token(1), "--token", &token(1)];
        for certificate in [Some("client.pem"), Some("client.p12"), None] {
            let mut command = anypush(["send", "gateway", "--body", "Hello"]);
            command.args(["--endpoint", &gateway_at(&sim)]);
            command.arg("--ca").arg(sim.dir().join("ca.pem"));
            if let Some(certificate) = certificate {
                command.arg("--cert").arg(sim.dir().join(certificate));
                command.args(["--password-env", "P12_PASSWORD"]);
                command.env("P12_PASSWORD", "anypush");
            }
            let ended = run(command.args(devices).args(backend));
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            let (outcomes, _) = ended.outcomes();
            assert_eq!(outcomes.len(), 2, "{ended:?}");
            let ids: BTreeSet<_> = outcomes.iter().map(|line| line["id"].as_str()).collect();
            assert_eq!(ids, BTreeSet::from([Some("1"), Some("2")]));
        }
        assert_eq!(taken(&sim), 6);
    }
}

#[test]
fn the_message_arrives_in_every_frame_with_what_the_frame_can_say() {
    let sim = legacy_sim();
    let frame = |args: &[&str]| {
        let mut command = send_gateway(&sim);
        command.args(["--title", "T", "--badge", "0", "--custom", "chat=[1,2]"]);
        let ended = run(command.args(args).args(["--token", &token(1)]));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let received = sim.received(Service::ApnsGateway, 1).unwrap().remove(0);
        let payload: Value = serde_json::from_str(received.payload.get()).unwrap();
        let aps = json!({"alert": {"title": "T", "body": "Hello"}, "badge": 0});
        assert_eq!(payload, json!({"aps": aps, "chat": [1, 2]}));
        let headers = received.headers.into_iter();
        headers
            .map(|(name, value)| format!("{name} {value}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let time = ["--expiration", "2030-01-31T12:00:00Z"];
    let expiry = "expiry 1896091200";
    assert_eq!(frame(&["--frame", "0"]), "command 0");
    assert_eq!(
        frame(&["--frame", "1", time[0], time[1]]),
        format!("command 1, {expiry}, identifier 1")
    );
    assert_eq!(
        frame(&["--priority", "5", time[0], time[1]]),
        format!("command 2, {expiry}, identifier 1, priority 5")
    );
    assert_eq!(
        frame(&["--expiration", "0"]),
        "command 2, expiry 0, identifier 1"
    );
    assert_eq!(frame(&["--push-type", "voip"]), "command 2, identifier 1");
}

#[test]
fn a_raw_payload_is_sent_byte_for_byte_and_may_be_as_large_as_the_gateway_takes() {
    let sim = legacy_sim();
    let raw = r#"{ "aps" : {"alert":"raw"}, "n": 1.50 }"#;
    let mut command = gateway_to(&sim, &gateway_at(&sim));
    command.args(["--payload", "-", "--token", &token(1)]);
    let ended = run_with(&mut command, raw);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let received = sim.received(Service::ApnsGateway, 1).unwrap().remove(0);
    assert_eq!(received.payload.get(), raw);

    let long = "x".repeat(2100);
    let mut command = gateway_to(&sim, &gateway_at(&sim));
    command.args(["--body", &long, "--token", &token(1)]);
    let ended = run(command.args(["--payload-limit", "3000"]));
    let outcome = ended.outcome(&token(1));
    assert_eq!(outcome["status"], 7, "{outcome}");

    let mut command = gateway_to(&sim, &gateway_at(&sim));
    command.args(["--body", &long, "--token", &token(1), "--truncate"]);
    assert_eq!(run(&mut command).code, Some(0));
    let received = sim.received(Service::ApnsGateway, 1).unwrap().remove(0);
    assert_eq!(received.payload.get().len(), 2048);
}

#[test]
fn what_the_gateway_failed_at_is_sent_again_only_on_request() {
    let sim = legacy_sim();
    let fail = || {
        let fault = Fault::new(Service::ApnsGateway, Action::Code(Refusal::new(1)));
        sim.fault(fault.token(token(1)).times(2)).unwrap();
    };
    for (retries, verdict) in [
        ("0", "retry-after"),
        ("1", "retry-after"),
        ("2", "accepted"),
    ] {
        sim.reset();
        fail();
        let mut command = send_gateway(&sim);
        command.args(["--retries", retries, "--token", &token(1)]);
        let ended = run(command.args(["--token", &token(2)]));
        let outcome = ended.outcome(&token(1));
        assert_eq!(outcome["verdict"], verdict, "{retries}: {outcome}");
        assert_eq!(ended.outcome(&token(2))["verdict"], "accepted");
    }
}

#[test]
fn what_was_lost_without_a_word_is_unknown_and_sent_again_only_on_request() {
    for backend in BACKENDS {
        for (resend, verdict) in [(None, "unknown"), (Some("1"), "accepted")] {
            let sim = counting_sim();
            let close = Action::CloseAt(Close::Fin, Point::AfterAnswer);
            let fault = Fault::new(Service::ApnsGateway, close);
            sim.fault(fault.token(token(2)).times(1)).unwrap();
            let mut command = send_gateway(&sim);
            command.args(["--tokens", "-"]).args(backend);
            if let Some(times) = resend {
                command.args(["--resend-unknown", times]);
            }
            let devices: Vec<String> = (0..3).map(token).collect();
            let ended = run_with(&mut command, &devices.join("\n"));
            let outcome = ended.outcome(&token(2));
            assert_eq!(outcome["verdict"], verdict, "{backend:?}: {outcome}");
            let times = sim.tokens(Service::ApnsGateway).unwrap()[&token(2)];
            assert_eq!(times, if resend.is_some() { 2 } else { 1 });
            let code = if resend.is_some() { 0 } else { 1 };
            assert_eq!(ended.code, Some(code), "{ended:?}");
        }
    }
}

#[test]
fn a_refusal_that_is_true_of_all_ends_the_send_and_says_why() {
    let sim = legacy_sim();
    refuse(&sim, &token(2), 3);
    let devices: Vec<String> = (0..100).map(token).collect();
    let ended = run_with(
        send_gateway(&sim).args(["--tokens", "-"]),
        &devices.join("\n"),
    );
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.outcome(&token(1))["verdict"], "accepted");
    assert_eq!(ended.outcome(&token(2))["verdict"], "fix-credentials");
    for number in 3..100 {
        let outcome = ended.outcome(&token(number));
        assert_eq!(outcome["verdict"], "retry-after", "{outcome}");
        assert_eq!(outcome["status"], Value::Null, "{outcome}");
        let reason = outcome["reason"].as_str().unwrap();
        assert!(reason.starts_with("not sent: "), "{outcome}");
    }
    assert_eq!(taken(&sim), 2);
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    for word in ["not sent", "status 3", "topic"] {
        assert!(ended.stderr.contains(word), "{ended:?}");
    }
}

#[test]
fn without_a_proof_only_refusals_and_what_came_before_them_are_known() {
    for backend in BACKENDS {
        let sim = legacy_sim();
        refuse(&sim, &token(2), 8);
        let devices: Vec<String> = (0..5).map(token).collect();
        let mut command = send_gateway(&sim);
        command.args(["--tokens", "-", "--no-confirm", "--tail", "0.3"]);
        let ended = run_with(command.args(backend), &devices.join("\n"));
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_eq!(ended.stderr, "");
        let verdicts =
            [0, 1, 2, 3, 4].map(|number| ended.outcome(&token(number))["verdict"].take());
        let expected = ["accepted", "accepted", "remove-token", "unknown", "unknown"];
        assert_eq!(verdicts, expected, "{backend:?}");
        let reason = &ended.outcome(&token(4))["reason"];
        assert!(reason.as_str().unwrap().contains("no proof"), "{reason}");
        assert_eq!(taken(&sim), 4);
    }
}

#[test]
fn a_gateway_that_was_asked_nothing_is_not_given_up_for_its_silence() {
    let sim = legacy_sim();
    let devices: Vec<String> = (0..4).map(token).collect();
    let mut command = send_gateway(&sim);
    command.args(["--tokens", "-", "--no-confirm", "--in-flight", "2"]);
    // The first ones are told at once, and the last one when the patience is over.
    command.args(["--tail", "1", "--timeout", "0.8"]);
    let ended = run_with(&mut command, &devices.join("\n"));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.stderr, "");
    assert_eq!(ended.outcomes().1["unknown"], 4);
}

#[test]
fn lines_are_trimmed_blank_ones_skipped_and_long_ones_refused() {
    let sim = legacy_sim();
    let long = "f".repeat(100_000);
    let input = format!("\u{feff}{}\r\n\n \t\n{long}\n{}", token(1), token(2));
    let ended = run_with(send_gateway(&sim).args(["--tokens", "-"]), &input);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let (outcomes, summary) = ended.outcomes();
    assert_eq!((outcomes.len(), &summary["accepted"]), (3, &json!(2)));
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
    let sim = legacy_sim();
    refuse(&sim, &token(7), 8);
    let devices = ["--token", &token(1), "--token", &token(7)];
    let few = run(send_gateway(&sim).args(["--output", "human"]).args(devices));
    assert_eq!(few.code, Some(1));
    assert!(few.stdout.contains("8 InvalidToken"), "{}", few.stdout);
    assert!(few.stdout.contains("1 connection"), "{}", few.stdout);

    let devices: Vec<String> = (0..100).map(token).collect();
    let many = run_with(
        send_gateway(&sim).args(["--output", "human", "--tokens", "-"]),
        &devices.join("\n"),
    );
    for part in ["binary gateway", "99.00%", "8 InvalidToken", "100 devices"] {
        assert!(many.stdout.contains(part), "{part}: {}", many.stdout);
    }
}

#[test]
fn no_secret_and_no_whole_token_is_logged() {
    for backend in BACKENDS {
        let sim = legacy_sim();
        let devices: Vec<String> = (0x1234_5678..0x1234_567f)
            .map(|number| format!("{number:x}").repeat(8))
            .collect();
        refuse(&sim, &devices[2], 8);
        let mut command = gateway_to(&sim, &gateway_at(&sim));
        command.args(["--body", "Hello", "--tokens", "-", "-vv"]);
        let ended = run_with(
            command.args(backend).env("RUST_LOG", "trace"),
            &devices.join("\n"),
        );
        let log = ended.stderr.to_lowercase();
        assert!(
            log.contains("a connection to the gateway has ended"),
            "{log}"
        );
        for device in &devices {
            assert!(!log.contains(&device[..12]), "a device token is logged");
        }
        let pem = std::fs::read_to_string(sim.dir().join("client.pem")).unwrap();
        let key = pem.split("PRIVATE KEY-----").nth(1).unwrap().to_lowercase();
        let key: Vec<&str> = key.lines().map(str::trim).collect();
        let longest = key.iter().max_by_key(|line| line.len()).unwrap();
        assert!(!log.contains(&longest[..16]), "the key is logged");
        assert!(!log.contains("hello"), "the message is logged");
    }
}

#[test]
fn tokens_of_another_environment_are_not_to_be_removed_and_the_cause_is_named_once() {
    let sim = legacy_sim();
    for number in 0..3 {
        refuse(&sim, &token(number), 8);
    }
    let devices: Vec<String> = (0..3).map(token).collect();
    let ended = run_with(
        send_gateway(&sim).args(["--tokens", "-"]),
        &devices.join("\n"),
    );
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let (outcomes, _) = ended.outcomes();
    for outcome in outcomes {
        assert_eq!(outcome["verdict"], "fix-credentials", "{outcome}");
        assert_eq!(outcome["reason"], "InvalidToken", "{outcome}");
    }
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(ended.stderr.contains("wrong environment"), "{ended:?}");

    // Once another is taken, they are known to be dead.
    let devices: Vec<String> = (0..4).map(token).collect();
    let ended = run_with(
        send_gateway(&sim).args(["--tokens", "-"]),
        &devices.join("\n"),
    );
    assert_eq!(ended.outcome(&token(0))["verdict"], "remove-token");
    assert_eq!(ended.stderr, "");
}

#[test]
fn a_list_that_begins_with_many_dead_tokens_is_not_said_to_be_in_the_wrong_environment() {
    let sim = legacy_sim();
    for number in 0..105 {
        refuse(&sim, &token(number), 8);
    }
    let devices: Vec<String> = (0..110).map(token).collect();
    let ended = run_with(
        send_gateway(&sim).args(["--tokens", "-"]),
        &devices.join("\n"),
    );
    assert_eq!(ended.outcome(&token(0))["verdict"], "fix-credentials");
    assert_eq!(ended.outcome(&token(109))["verdict"], "accepted");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(ended.stderr.contains("send to them once more"), "{ended:?}");
}
