//! `channels apns`: made, shown, listed, deleted.
#![allow(clippy::unwrap_used)]

mod support;

use std::process::Command;

use push_sim::apns::{Config, StoragePolicy};
use push_sim::{Action, Answer, Fault, Service, Sim};
use serde_json::json;
use support::{BACKENDS, Running, anypush, fault, run, sim, to_sim, until, with_key};

const APP: &str = "com.example.app";

fn channels(sim: &Sim, action: &str) -> Command {
    to_sim(sim, &["channels", "apns", action])
}

/// The same for any app, or for none.
fn channels_of(sim: &Sim, action: &str, app: &[&str]) -> Command {
    let port = sim.apns_addr().unwrap().port();
    let mut command = anypush(["channels", "apns", action]);
    command.args(["--endpoint", &format!("localhost:{port}")]);
    command.arg("--ca").arg(sim.dir().join("ca.pem")).args(app);
    with_key(&mut command, sim);
    command
}

#[test]
fn a_channel_is_made_shown_listed_and_deleted_on_every_backend() {
    for backend in BACKENDS {
        let sim = sim();
        let mut ids = Vec::new();
        for storage in ["none", "most-recent"] {
            let ended = run(channels(&sim, "create")
                .args(["--storage", storage])
                .args(backend));
            assert_eq!(ended.code, Some(0), "{ended:?}");
            let line = &ended.lines()[0];
            assert_eq!(line["storage"], storage);
            ids.push(line["channel"].as_str().unwrap().to_owned());
        }
        let ended = run(channels(&sim, "list").args(backend));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let named = ids.iter().map(|id| json!({"channel": id}));
        assert_eq!(ended.lines(), named.collect::<Vec<_>>());

        let shown = [
            json!({"channel": ids[0], "storage": "none", "push_type": "LiveActivity"}),
            json!({"channel": ids[1], "storage": "most-recent", "push_type": "LiveActivity"}),
        ];
        let ended = run(channels(&sim, "list").arg("--details").args(backend));
        assert_eq!(ended.lines(), shown);
        let ended = run(channels(&sim, "show").args(&ids).args(backend));
        assert_eq!((ended.code, ended.lines()), (Some(0), shown.to_vec()));

        let ended = run(channels(&sim, "delete").arg(&ids[0]).args(backend));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.lines(), [json!({"channel": ids[0], "deleted": true})]);
        let ended = run(channels(&sim, "list").args(backend));
        assert_eq!(ended.lines(), [json!({"channel": ids[1]})]);
    }
}

#[test]
fn what_the_service_refuses_is_a_row_a_line_and_status_1() {
    let sim = sim();
    let id = sim.create_channel(APP, StoragePolicy::None).unwrap();
    for action in ["show", "delete"] {
        let ended = run(channels(&sim, action).args(["AAAA", &id]));
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let lines = ended.lines();
        assert_eq!(lines.len(), 2, "the other one is done: {ended:?}");
        assert_eq!(lines[0]["channel"], "AAAA");
        assert_eq!(lines[0]["verdict"], "fix-message");
        assert_eq!(lines[0]["reason"], "ChannelNotRegistered");
        assert_eq!(lines[1]["channel"], id.as_str());
        assert_eq!(lines[1].get("verdict"), None);
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        assert!(
            ended.stderr.contains("AAAA: 400 ChannelNotRegistered"),
            "{ended:?}"
        );
        assert!(ended.stderr.contains("channels apns list"), "{ended:?}");
    }
}

#[test]
fn a_full_app_and_one_without_broadcasts_are_told_what_to_do() {
    let config = Config::default()
        .max_channels(0)
        .no_broadcast("com.example.mute");
    let sim = Sim::builder()
        .apns_any()
        .apns_config(config)
        .start()
        .unwrap();
    let create =
        |app| run(channels_of(&sim, "create", &["--topic", app]).args(["--storage", "none"]));
    let full = create(APP);
    assert_eq!(full.code, Some(1), "{full:?}");
    assert!(
        full.stderr.contains("CannotCreateChannelConfig: "),
        "{full:?}"
    );
    assert!(full.stderr.contains("delete some"), "{full:?}");
    let mute = create("com.example.mute");
    assert_eq!(mute.code, Some(1), "{mute:?}");
    assert_eq!(mute.lines()[0]["verdict"], "fix-credentials");
    assert!(mute.stderr.contains("enable broadcasts"), "{mute:?}");
}

#[test]
fn a_wait_and_a_lost_answer_are_told_as_such() {
    let sim = sim();
    let id = sim.create_channel(APP, StoragePolicy::None).unwrap();
    let busy = Answer::new(429).reason("TooManyRequests").retry_after("7");
    fault(&sim, &id, Action::Answer(busy));
    let ended = run(channels(&sim, "show").arg(&id));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.lines()[0]["verdict"], "retry-after");
    assert_eq!(ended.lines()[0]["retry_after_s"], 7);

    sim.fault(Fault::new(Service::Apns, Action::DropAnswer).times(1))
        .unwrap();
    let command = &mut channels(&sim, "create");
    let ended = run(command.args(["--storage", "none", "--timeout", "1"]));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.lines()[0]["verdict"], "unknown");
    assert_eq!(ended.lines()[0]["channel"], json!(null));
    assert!(ended.stderr.contains("may be done or not"), "{ended:?}");
    let listed = run(&mut channels(&sim, "list"));
    assert_eq!(listed.lines().len(), 2, "it was made all the same");
}

#[test]
fn people_see_a_table() {
    let sim = sim();
    let listed = run(channels(&sim, "list").args(["--output", "human"]));
    assert_eq!(
        (listed.code, listed.stdout.as_str()),
        (Some(0), "0 channels\n")
    );
    let id = sim.create_channel(APP, StoragePolicy::MostRecent).unwrap();
    let listed = run(channels(&sim, "list").args(["--details", "--output", "human"]));
    let lines: Vec<Vec<&str>> = listed
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        lines,
        [
            vec!["channel", "storage", "push", "type"],
            vec![&id, "most-recent", "LiveActivity"],
            vec!["1", "channel"],
        ]
    );
    let deleted = run(channels(&sim, "delete")
        .arg(&id)
        .args(["--output", "human"]));
    assert!(
        deleted.stdout.contains(&format!("{id}  deleted")),
        "{deleted:?}"
    );
}

#[test]
fn a_certificate_names_its_app_and_channels_have_a_server_of_their_own() {
    let sim = sim();
    let id = sim.create_channel(APP, StoragePolicy::None).unwrap();
    let here = format!("localhost:{}", sim.apns_addr().unwrap().port());
    for endpoint in [
        &["--endpoint", &here][..],
        &["--channels-endpoint", &here],
        &["--endpoint", "sandbox", "--channels-endpoint", &here],
    ] {
        let mut command = anypush(["channels", "apns", "list"]);
        command.arg("--ca").arg(sim.dir().join("ca.pem"));
        command.arg("--cert").arg(sim.dir().join("client.pem"));
        let ended = run(command.args(endpoint));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.lines(), [json!({"channel": id})]);
    }
}

#[test]
fn what_is_wrong_is_one_line_and_nothing_is_connected() {
    let sim = sim();
    for (action, args, part) in [
        ("create", &[][..], "--storage"),
        ("create", &["--storage", "some"], "most-recent"),
        ("show", &[], "<ID>"),
        ("show", &["no channel"], "base64"),
        ("delete", &["AAAA", "no channel"], "base64"),
        (
            "list",
            &["--channels-endpoint", "a:b:c"],
            "--channels-endpoint",
        ),
    ] {
        let ended = run(channels(&sim, action).args(args));
        assert_eq!(ended.code, Some(2), "{action} {args:?}: {ended:?}");
        assert_eq!(ended.stdout, "", "{action} {args:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    for (app, part) in [
        (&[][..], "--topic"),
        (&["--topic", "com/example"], "bundle id"),
    ] {
        let ended = run(&mut channels_of(&sim, "list", app));
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(part), "{ended:?}");
    }
    assert_eq!(sim.stats()[&Service::Apns].connections, 0);
}

#[test]
fn a_server_that_is_not_there_is_status_3_and_named() {
    let sim = sim();
    let nobody = "127.0.0.1:1";
    let ended = run(channels(&sim, "list").args(["--channels-endpoint", nobody]));
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stderr.contains(nobody), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
}

#[test]
fn an_interrupt_ends_it_and_tells_what_was_done() {
    let sim = sim();
    let ids = [0, 1].map(|_| sim.create_channel(APP, StoragePolicy::None).unwrap());
    for output in ["json", "human"] {
        sim.reset();
        fault(&sim, &ids[1], Action::DropAnswer);
        let mut command = channels(&sim, "show");
        let mut running = Running::start(command.args(&ids).args(["--output", output]));
        until(|| sim.stats()[&Service::Apns].requests == 2);
        if output == "json" {
            assert_eq!(support::json(&running.line())["channel"], ids[0].as_str());
        }
        running.signal("INT");
        let ended = running.end();
        assert_eq!(ended.code, Some(130), "{ended:?}");
        assert!(ended.stderr.contains("interrupted"), "{ended:?}");
    }
}

#[test]
fn ten_thousand_channels_are_listed_and_a_closed_pipe_ends_quietly() {
    let sim = sim();
    for _ in 0..10_000 {
        sim.create_channel(APP, StoragePolicy::None).unwrap();
    }
    let listed = run(&mut channels(&sim, "list"));
    assert_eq!((listed.code, listed.lines().len()), (Some(0), 10_000));

    let mut running = Running::start(&mut channels(&sim, "list"));
    running.line();
    drop(running.stdout.take());
    let ended = running.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""));
}
