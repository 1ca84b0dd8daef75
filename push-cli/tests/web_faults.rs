//! `send web`: wrong use, keys that are none, secrets, servers that are not there, and ends on the way.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::net::TcpListener;

use push_sim::webpush::Flavour;
use push_sim::{Action, Service};
use support::google::taken;
use support::web::{listed, send_web, subscribed, web_as, web_fault, web_sim, web_to};
use support::{BACKENDS, Running, complains, json, run, run_with, until};

#[test]
fn wrong_use_is_status_2_and_one_line_that_says_what_to_change() {
    let sim = web_sim();
    let one = subscribed(&sim, Flavour::Mozilla, 1).remove(0).json();
    for (args, words) in [
        (&["--ttl", "soon"][..], &["soon", "3.5s"][..]),
        (&["--ttl", "100000w"], &["ten years"]),
        (&["--urgency", "10"], &["10", "very-low"]),
        (&["--topic", "a b"], &["topic"]),
        (&["--encoding", "aes"], &["aes128gcm"]),
        (&["--padding", "much"], &["much", "multiple"]),
        (&["--padding", "4000"], &["padding", "3993"]),
        (&["--title", "x"], &["--navigate"]),
        (&["--tag", "x"], &["--title"]),
        (&["--payload", "-"], &["--payload", "--body"]),
        (&["--no-vapid"], &["--vapid", "--no-vapid"]),
        (&["--subject", "ops@example.org"], &["--subject"]),
        (&["--port", "8443"], &["--allow-private", "--port"]),
        (&["--known-services"], &["--known-services"]),
        (
            &["--endpoint", "https://a.example"],
            &["--endpoint", "subscription"],
        ),
        (
            &["--subscriptions", "/nowhere/a.json"],
            &["/nowhere/a.json"],
        ),
        (&["--timeout", "0"], &["seconds"]),
    ] {
        let mut command = match args[0] {
            "--subject" => {
                let mut command = web_as(&sim);
                command.arg("--vapid").arg(sim.dir().join("vapid.pem"));
                command
            }
            _ => send_web(&sim),
        };
        complains(command.args(["--token", &one]).args(args), 2, words);
    }
    complains(&mut send_web(&sim), 2, &["--subscriptions"]);
    complains(
        web_to(&sim).args(["--padding", "9", "--token", &one]),
        2,
        &["padding", "payload"],
    );
    complains(
        web_to(&sim).args(["--payload", "-", "--tokens", "-"]),
        2,
        &["standard input"],
    );
    assert_eq!(sim.stats()[&Service::Web].connections, 0);
}

#[test]
fn a_missing_key_says_how_to_make_one_and_one_that_is_none_is_not_shown() {
    let sim = web_sim();
    let one = subscribed(&sim, Flavour::Mozilla, 1).remove(0).json();
    let with = |args: &[&str], words: &[&str]| {
        let mut command = web_as(&sim);
        command.args(["--body", "x", "--token", &one]).args(args);
        command.env("VAPID", "hunter2 hunter2");
        complains(&mut command, 2, words);
        assert!(!run(&mut command).stderr.contains("hunter2"));
    };
    with(
        &[],
        &[
            "--vapid",
            "anypush keys vapid --out vapid.pem",
            "--no-vapid",
        ],
    );
    with(&["--vapid", "/nowhere/a.pem"], &["/nowhere/a.pem"]);
    with(&["--vapid-env", "VAPID"], &["--vapid-env", "VAPID"]);
    with(
        &["--vapid-env", "NO_VAPID"],
        &["NO_VAPID", "no such variable"],
    );
    let path = sim.dir().join("wrong.pem");
    fs::write(&path, "hunter2 hunter2").unwrap();
    with(
        &["--vapid", path.to_str().unwrap()],
        &["--vapid", "wrong.pem"],
    );
    let public = sim.dir().join("ca.pem");
    with(&["--vapid", public.to_str().unwrap()], &["ca.pem", "key"]);
}

#[test]
fn a_key_may_come_from_the_environment() {
    let sim = web_sim();
    let one = subscribed(&sim, Flavour::Mozilla, 1).remove(0).json();
    let pem = fs::read_to_string(sim.dir().join("vapid.pem")).unwrap();
    let mut command = web_as(&sim);
    command.env("VAPID_PRIVATE_KEY", pem);
    command.args([
        "--vapid-env",
        "VAPID_PRIVATE_KEY",
        "--body",
        "x",
        "--token",
        &one,
    ]);
    let ended = run(&mut command);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn no_secret_is_logged() {
    for backend in BACKENDS {
        let sim = web_sim();
        let all = subscribed(&sim, Flavour::Mozilla, 3);
        let input = format!(
            "{}\n{{\"endpoint\":\"https://a.example/capability\"",
            listed(&all)
        );
        let ended = run_with(
            web_to(&sim).args(backend).args([
                "--body",
                "a very private text",
                "-vv",
                "--tokens",
                "-",
            ]),
            &input,
        );
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_eq!(ended.outcomes().1["accepted"], 3);
        let logs = &ended.stderr;
        assert!(logs.contains("DEBUG") && logs.contains("VAPID"), "{logs}");
        let pem = fs::read_to_string(sim.dir().join("vapid.pem")).unwrap();
        let received = sim.received(Service::Web, 1).unwrap().remove(0);
        let (_, jwt) = received.headers["authorization"].split_once("t=").unwrap();
        let (jwt, _) = jwt.split_once(',').unwrap();
        for secret in [
            pem.lines().nth(1).unwrap(),
            jwt,
            &jwt[jwt.rfind('.').unwrap()..],
            &all[0].keys.auth,
            &all[0].keys.p256dh,
            &all[0].id,
            "capability",
            "private text",
        ] {
            assert!(!logs.contains(secret), "{secret}: {logs}");
        }
    }
}

#[test]
fn services_that_are_not_there_are_status_3() {
    let sim = web_sim();
    let keys = serde_json::to_string(&subscribed(&sim, Flavour::Mozilla, 1)[0].keys).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let gone = format!(r#"{{"endpoint":"https://localhost:{port}/push/a","keys":{keys}}}"#);
    let ended = run(send_web(&sim).args(["--token", &gone]));
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let told = &ended.outcomes().0[0];
    assert_eq!(told["verdict"], "retry-after", "{told}");
    assert!(ended.stderr.contains("could not be reached"), "{ended:?}");

    // One that answers does not suffer from one that does not.
    let there = subscribed(&sim, Flavour::Mozilla, 2);
    let input = format!("{gone}\n{}", listed(&there));
    let ended = run_with(send_web(&sim).args(["--tokens", "-"]), &input);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.outcomes().1["accepted"], 2);
    assert_eq!(ended.outcomes().1["retry-after"], 1);
}

#[test]
fn an_interrupt_ends_the_intake_and_those_under_way_are_answered() {
    let sim = web_sim();
    let all = subscribed(&sim, Flavour::Mozilla, 3);
    web_fault(
        &sim,
        &all[2].id,
        Action::Delay(std::time::Duration::from_millis(500)),
    );
    let mut running = Running::start(send_web(&sim).args(["--tokens", "-"]));
    running.write(&listed(&all));
    running.write("\n");
    let first = json(&running.line());
    assert_eq!(first["verdict"], "accepted");
    until(|| taken(&sim, Service::Web) >= 2);
    running.signal("INT");
    let ended = running.end();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    let (outcomes, summary) = ended.outcomes();
    assert_eq!(outcomes.len(), 2, "{ended:?}");
    assert_eq!(summary["devices"], 3);
    assert_eq!(summary["accepted"], 3);
    assert!(ended.stderr.contains("interrupted"), "{ended:?}");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let sim = web_sim();
    let all = subscribed(&sim, Flavour::Mozilla, 500);
    let mut running = Running::start(send_web(&sim).args(["--tokens", "-"]));
    running.write(&listed(&all));
    running.write("\n");
    assert_eq!(json(&running.line())["verdict"], "accepted");
    drop(running.stdout.take());
    running.write(&listed(&all));
    let ended = running.end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.stderr, "");
}

#[test]
fn a_list_that_waits_holds_up_no_outcome() {
    let sim = web_sim();
    let all = subscribed(&sim, Flavour::Mozilla, 2);
    let mut running = Running::start(send_web(&sim).args(["--tokens", "-"]));
    // Its end is seen at once, without the next line.
    running.write(&all[0].json());
    assert_eq!(json(&running.line())["device"], all[0].endpoint);
    running.write("\nnone\n");
    assert_eq!(json(&running.line())["device"], "line 2");
    running.write(&all[1].json());
    assert_eq!(json(&running.line())["device"], all[1].endpoint);
    assert_eq!(running.end().code, Some(1));
}
