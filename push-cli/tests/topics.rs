//! `topics fcm`: who follows what.
#![allow(clippy::unwrap_used)]

mod support;

use std::process::Command;
use std::time::Duration;

use push_sim::{Action, Answer, Service, Sim};
use serde_json::{Value, json};
use support::google::{
    at_fcm, fcm_answer, fcm_fault, fcm_sim, fcm_to, registration, registrations,
};
use support::{BACKENDS, Running, complains, run, run_with, until};

fn topics(sim: &Sim, action: &[&str]) -> Command {
    let command = [&["topics", "fcm"], action].concat();
    fcm_to(sim, &command)
}

#[test]
fn devices_follow_a_topic_and_no_longer_and_what_they_follow_is_listed() {
    for backend in BACKENDS {
        let sim = fcm_sim();
        fcm_answer(&sim, &registration(1), 404, "UNREGISTERED");
        let busy = Answer::new(429).reason("QUOTA_EXCEEDED").retry_after("9");
        fcm_fault(&sim, &registration(2), Action::Answer(busy));
        let change = |action: &str| {
            let mut command = topics(&sim, &[action, "news", "--tokens", "-"]);
            run_with(
                command.args(backend),
                &format!("{}\nfid:c_inst\n", registrations(50)),
            )
        };
        let ended = change("subscribe");
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert_eq!(ended.stderr, "");
        let expect = |ended: &support::Ended, device: &str, expected: Value| {
            let outcome = ended.outcome(device);
            for (key, value) in expected.as_object().unwrap() {
                assert_eq!(&outcome[key], value, "{backend:?}: {outcome}");
            }
        };
        let done = json!({"verdict": "accepted", "status": 200, "reason": null, "id": null, "attempts": 1});
        expect(&ended, &registration(0), done.clone());
        expect(&ended, "fid:c_inst", done.clone());
        expect(
            &ended,
            &registration(1),
            json!({"verdict": "remove-token", "status": 404, "reason": "UNREGISTERED"}),
        );
        expect(
            &ended,
            &registration(2),
            json!({"verdict": "retry-after", "retry_after_s": 9}),
        );
        let (outcomes, summary) = ended.outcomes();
        assert_eq!((outcomes.len(), &summary["accepted"]), (51, &json!(49)));
        assert_eq!(sim.topics(&registration(3)).unwrap(), ["news"]);
        assert_eq!(sim.topics("c_inst").unwrap(), ["news"]);

        // Once more: that it is so already is no fault.
        let ended = change("subscribe");
        expect(
            &ended,
            &registration(0),
            json!({"verdict": "accepted", "status": 409, "reason": "ALREADY_EXISTS"}),
        );

        let mut command = topics(&sim, &["subscribe", "sport", "--token", &registration(3)]);
        assert_eq!(run(command.args(backend)).code, Some(0));
        let listed = run(topics(&sim, &["list"]).args([
            "--token",
            &registration(3),
            "--token",
            &registration(1),
            "--fid",
            "c_inst",
        ]));
        assert_eq!(listed.code, Some(1), "{listed:?}");
        let lines = listed.lines();
        let row = |line: &Value| (line["device"].clone(), line["topic"].clone());
        let rows: Vec<_> = lines.iter().map(row).collect();
        assert_eq!(
            rows,
            [
                (json!(registration(3)), json!("news")),
                (json!(registration(3)), json!("sport")),
                (json!(registration(1)), Value::Null),
                (json!("fid:c_inst"), json!("news")),
            ]
        );
        assert!(
            lines[0]["since"].as_str().unwrap().ends_with('Z'),
            "{listed:?}"
        );
        assert_eq!(lines[2]["verdict"], "remove-token");
        assert_eq!(lines[2]["reason"], "UNREGISTERED");
        assert_eq!(listed.stderr.lines().count(), 1, "{listed:?}");
        assert!(listed.stderr.contains("delete the token"), "{listed:?}");

        sim.clear_faults();
        let ended = change("unsubscribe");
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        // One of them did not follow it.
        expect(&ended, &registration(2), done);
        assert_eq!(sim.topics(&registration(3)).unwrap(), ["sport"]);
        assert!(sim.topics("c_inst").unwrap().is_empty());
    }
}

#[test]
fn thousands_follow_and_people_get_tables() {
    let sim = fcm_sim();
    let mut command = topics(&sim, &["subscribe", "/topics/news", "--tokens", "-"]);
    let ended = run_with(command.args(["--output", "human"]), &registrations(3000));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for part in ["topic news of FCM https://", "100.00%", "3,000 devices"] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    assert_eq!(sim.stats()[&Service::Fcm].managed, 3000);
    let mut command = topics(&sim, &["list", "--token", &registration(2999)]);
    let ended = run(command.args(["--output", "human"]));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in ["since", "topic", "news", "1 topic\n"] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
}

#[test]
fn wrong_use_is_status_2_and_no_server_status_3() {
    let sim = fcm_sim();
    for action in ["subscribe", "unsubscribe"] {
        complains(&mut topics(&sim, &[action, "news"]), 2, &["--token"]);
        let mut wrong = topics(&sim, &[action, "a b"]);
        complains(wrong.args(["--token", "a:b"]), 2, &["topic"]);
        let mut nobody = at_fcm(&sim, &["topics", "fcm", action, "news"]);
        complains(nobody.args(["--token", "a:b"]), 2, &["--service-account"]);
    }
    complains(&mut topics(&sim, &["list"]), 2, &["--token"]);
    complains(
        &mut topics(&sim, &["list", "--tokens", "/nowhere/a.txt"]),
        2,
        &["/nowhere/a.txt"],
    );
    assert_eq!(sim.stats()[&Service::Fcm].connections, 0);
    let url = "https://127.0.0.1:1/token";
    for action in [&["list"][..], &["subscribe", "news"]] {
        let mut command = topics(&sim, action);
        command.args(["--token", "a:b", "--token-url", url, "--timeout", "1"]);
        complains(&mut command, 3, &["can't reach FCM", "access token"]);
    }
}

#[test]
fn a_list_that_cannot_be_read_to_its_end_is_status_2_after_what_was_done() {
    let sim = fcm_sim();
    let folder = sim.dir().join("tokens");
    std::fs::create_dir_all(&folder).unwrap();
    let mut command = topics(&sim, &["subscribe", "news", "--token", "a:b"]);
    complains(command.arg("--tokens").arg(&folder), 2, &["folder"]);
    // A file that can be opened and not be read.
    let path = "/proc/self/mem";
    if std::path::Path::new(path).exists() {
        let mut command = topics(&sim, &["subscribe", "news", "--token", "a:b"]);
        let ended = run(command.args(["--tokens", path]));
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert_eq!(ended.outcome("a:b")["verdict"], "accepted");
        assert!(ended.stderr.contains("to their end"), "{ended:?}");
    }
}

#[test]
fn an_interrupt_tells_what_was_done() {
    let sim = fcm_sim();
    let late = Action::Delay(Duration::from_millis(500));
    fcm_fault(&sim, "b:b", late);
    for action in [
        &["subscribe", "news"][..],
        &["subscribe", "sport", "--retry"],
        &["list"],
    ] {
        let before = sim.stats()[&Service::Fcm].requests;
        let mut command = topics(&sim, action);
        let mut running = Running::start(command.args(["--tokens", "-"]));
        running.write("a:b\n");
        if action[0] == "subscribe" {
            running.line();
        }
        running.write("b:b\n");
        until(|| sim.stats()[&Service::Fcm].requests == before + 2);
        running.signal("INT");
        let stdin = running.stdin.take();
        let ended = running.end();
        drop(stdin);
        assert_eq!(ended.code, Some(130), "{action:?}: {ended:?}");
        assert!(ended.stderr.contains("interrupted"), "{ended:?}");
        if action[0] == "subscribe" {
            assert_eq!(ended.outcome("b:b")["verdict"], "accepted");
        }
    }
}
