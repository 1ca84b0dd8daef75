//! `send fcm`: wrong use, credentials that are none, servers that fail, and ends on the way.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use push_sim::{Action, Answer, Service, Sim};
use serde_json::{Value, json};
use support::google::{
    account_of, alone, at_fcm, fcm_answer, fcm_fault, fcm_sim, fcm_to, registration, registrations,
    send_fcm, taken,
};
use support::{BACKENDS, Running, complains, json as parsed, run, run_with, until};

#[test]
fn wrong_use_is_status_2_and_one_line_that_says_what_to_change() {
    let sim = fcm_sim();
    let device = ["--token", "a:b"];
    for (args, words) in [
        (&["--ttl", "soon"][..], &["soon", "3.5s"][..]),
        (&["--ttl", "5w"], &["android.ttl", "4 weeks"]),
        (&["--priority", "10"], &["10", "high"]),
        (&["--data", "chat"], &["chat", "KEY=VALUE"]),
        (&["--data", "a=1", "--data", "a=2"], &["a=", "twice"]),
        (&["--data", "from=me"], &["data.from", "another"]),
        (&["--analytics-label", "a b"], &["analytics_label"]),
        (&["--link", "http://a.example"], &["link", "https://"]),
        (
            &["--apns-header", "apns-priority=7"],
            &["apns-priority", "10"],
        ),
        (&["--topic", "news"], &["--topic", "--token"]),
        (&["--payload", "-"], &["--payload", "message options"]),
        (&["--token-url", "localhost"], &["--token-url"]),
        (&["--project", "no project"], &["no project"]),
        (
            &["--tokens", "/nowhere/tokens.txt"],
            &["/nowhere/tokens.txt"],
        ),
        (&["--timeout", "0"], &["seconds"]),
    ] {
        complains(send_fcm(&sim).args(device).args(args), 2, words);
    }
    complains(&mut send_fcm(&sim), 2, &["--token"]);
    complains(send_fcm(&sim).args(["--topic", "a b"]), 2, &["topic"]);
    complains(
        send_fcm(&sim).args(["--condition", "news"]),
        2,
        &["condition"],
    );
    let mut nothing_said = fcm_to(&sim, &["send", "fcm"]);
    complains(nothing_said.args(device), 2, &["--title"]);
    let long = format!("a={}", "x".repeat(3000));
    let mut large = send_fcm(&sim);
    complains(
        large.args(["--topic", "news", "--data", &long]),
        2,
        &["2048"],
    );
    for (url, word) in [
        ("sandbox", "https://HOST"),
        ("ftp://a.example", "https"),
        ("https://user:hunter2@localhost:1", "user"),
    ] {
        let mut wrong = alone(&["send", "fcm", "--title", "x"], sim.dir());
        wrong.args(device).args(["--endpoint", url]);
        complains(&mut wrong, 2, &["--endpoint", word]);
        assert!(!run(&mut wrong).stderr.contains("hunter2"));
    }
    assert_eq!(sim.stats()[&Service::Fcm].connections, 0);
}

/// The service account's file, with something changed.
fn changed(sim: &Sim, name: &str, change: impl FnOnce(&mut Value)) -> std::path::PathBuf {
    let mut account = parsed(&fs::read_to_string(account_of(sim)).unwrap());
    change(&mut account);
    let path = sim.dir().join(name);
    fs::write(&path, account.to_string()).unwrap();
    path
}

#[test]
fn credentials_that_are_none_are_status_2_before_anything_is_connected() {
    let sim = fcm_sim();
    let with = |path: &Path, words: &[&str]| {
        let mut command = at_fcm(&sim, &["send", "fcm", "--title", "x", "--token", "a:b"]);
        command.arg("--service-account").arg(path);
        complains(&mut command, 2, words);
        assert!(!run(&mut command).stderr.contains("MII"), "the key is told");
    };
    with(
        Path::new("none.json"),
        &["--service-account", "none.json", "read"],
    );
    with(&sim.dir().join("ca.pem"), &["ca.pem", "no JSON"]);
    let remove = |field: &'static str| move |it: &mut Value| it[field] = Value::Null;
    with(
        &changed(&sim, "a.json", remove("private_key")),
        &["private_key"],
    );
    with(
        &changed(&sim, "b.json", remove("client_email")),
        &["client_email"],
    );
    with(
        &changed(&sim, "c.json", |it| it["type"] = json!("user")),
        &["user", "type"],
    );
    with(
        &changed(&sim, "d.json", |it| {
            it["private_key"] =
                json!("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n")
        }),
        &["key"],
    );
    let mut no_ca = send_fcm(&sim);
    no_ca.args(["--token", "a:b", "--ca", "none.pem"]);
    complains(&mut no_ca, 2, &["--ca"]);
    assert_eq!(sim.stats()[&Service::Fcm].connections, 0);
}

#[test]
fn application_default_credentials_are_found_or_it_is_said_where_they_were_looked_for() {
    let sim = fcm_sim();
    let send = || at_fcm(&sim, &["send", "fcm", "--title", "x", "--token", "a:b"]);
    complains(
        &mut send(),
        2,
        &[
            "--service-account",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "gcloud",
        ],
    );
    let mut named = send();
    named.env("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json");
    complains(
        &mut named,
        2,
        &["GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json"],
    );

    let mut named = send();
    named.env("GOOGLE_APPLICATION_CREDENTIALS", account_of(&sim));
    let ended = run(named.arg("-v"));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("firebase-adminsdk@"), "{ended:?}");

    // A person's, as gcloud leaves them; they name no project.
    let person = json!({"type": "authorized_user", "refresh_token": "1//sim-refresh-token",
        "client_id": "764086051850.apps.googleusercontent.com", "client_secret": "sim-client-secret"});
    let folder = sim.dir().join("gcloud");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("application_default_credentials.json");
    fs::write(file, person.to_string()).unwrap();
    let token_url = format!("{}/token", sim.fcm_url().unwrap());
    let by_person = || {
        let mut command = send();
        command.env("CLOUDSDK_CONFIG", &folder);
        command.args(["--token-url", &token_url]);
        command
    };
    complains(&mut by_person(), 2, &["project", "GOOGLE_CLOUD_PROJECT"]);
    let ended = run(by_person().args(["--project", "anypush-sim"]));
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn a_refused_key_is_status_2_and_says_which_and_what_to_do() {
    for backend in BACKENDS {
        let sim = fcm_sim();
        let other = fcm_sim();
        let mut command = at_fcm(&sim, &["send", "fcm", "--title", "x", "--token", "a:b"]);
        command.arg("--service-account").arg(account_of(&other));
        let token_url = format!("{}/token", sim.fcm_url().unwrap());
        command.args(["--token-url", &token_url]).args(backend);
        let key = other.service_account().unwrap().private_key_id();
        complains(&mut command, 2, &[key, "make a new key"]);
        assert_eq!(sim.stats()[&Service::Fcm].requests, 0);
    }
}

#[test]
fn a_service_or_a_token_endpoint_that_is_not_there_is_status_3() {
    let sim = fcm_sim();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = closed.local_addr().unwrap().to_string();
    drop(closed);
    let elsewhere = format!("https://{nobody}");
    let token_url = format!("{elsewhere}/token");
    let send = || {
        let mut command = send_fcm(&sim);
        command.args(["--token", "a:b", "--token-url", &token_url]);
        command
    };
    // It is asked three times, unless there is no time for it.
    complains(
        &mut send(),
        3,
        &["can't reach FCM", &nobody, "access token"],
    );
    for backend in BACKENDS {
        let mut command = send();
        command.args(["--timeout", "0.5"]).args(backend);
        complains(
            &mut command,
            3,
            &["can't reach FCM", "within 0.5 s", "access token"],
        );

        let mut command = alone(&["send", "fcm"], sim.dir());
        command.args(["--title", "x", "--token", "a:b", "--timeout", "1"]);
        command.args(["--endpoint", &elsewhere]).args(backend);
        command.arg("--ca").arg(sim.dir().join("ca.pem"));
        command.arg("--service-account").arg(account_of(&sim));
        complains(&mut command, 3, &["can't reach FCM", &nobody]);
    }
}

#[test]
fn a_token_endpoint_that_fails_is_status_3_and_one_that_is_none_is_status_2() {
    for (answer, code, words) in [
        (
            Answer::new(503).retry_after("60"),
            3,
            &["can't reach FCM", "can't answer now", "503"][..],
        ),
        (
            Answer::new(400)
                .reason("invalid_grant")
                .message("Invalid grant: account not found"),
            2,
            &["firebase-adminsdk@", "make another"],
        ),
        (
            Answer::new(404).body("text/html", "<html>no"),
            2,
            &["is this the right URL?"],
        ),
        (
            Answer::new(200).body("application/json", "{}"),
            2,
            &["no access token"],
        ),
    ] {
        let sim = fcm_sim();
        fcm_fault(&sim, "/token", Action::Answer(answer));
        let mut command = send_fcm(&sim);
        complains(command.args(["--token", "a:b"]), code, words);
        assert_eq!(sim.stats()[&Service::Fcm].requests, 0);
    }
}

#[test]
fn credentials_that_are_revoked_on_the_way_end_the_intake() {
    let sim = fcm_sim();
    let mut command = send_fcm(&sim);
    command.args(["--tokens", "-", "--in-flight", "10"]);
    let mut running = Running::start(&mut command);
    running.write(&format!("{}\n", registration(0)));
    assert_eq!(parsed(&running.line())["verdict"], "accepted");
    let gone = Answer::new(400).reason("invalid_grant");
    let gone = gone.message("Invalid JWT Signature.");
    fcm_fault(&sim, "/token", Action::Answer(gone));
    assert_eq!(sim.revoke_access_tokens().unwrap(), 1);
    let mut stdin = running.stdin.take().unwrap();
    let writer = thread::spawn(move || {
        let mut number = 1;
        // As many as are taken.
        while writeln!(stdin, "{}", registration(number)).is_ok() {
            number += 1;
        }
    });
    let ended = running.end();
    writer.join().unwrap();
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("make a new key"), "{}", ended.stderr);
    let (outcomes, summary) = ended.outcomes();
    assert_eq!(summary["accepted"], 1);
    for outcome in outcomes {
        assert_eq!(outcome["verdict"], "fix-credentials", "{outcome}");
    }
}

#[test]
fn an_interrupt_waits_for_what_is_under_way_and_tells_the_truth() {
    for (backend, signal) in BACKENDS
        .into_iter()
        .zip(["INT", "TERM"].into_iter().cycle())
    {
        let sim = fcm_sim();
        let late = Action::Delay(Duration::from_millis(700));
        fcm_fault(&sim, &registration(2), late);
        let mut command = send_fcm(&sim);
        let mut running = Running::start(command.args(["--tokens", "-"]).args(backend));
        running.write(&format!("{}\n", registration(1)));
        running.line();
        running.write(&format!("{}\n", registration(2)));
        until(|| sim.stats()[&Service::Fcm].requests == 2);
        running.signal(signal);
        // Standard input stays open, and what it would still give is not waited for.
        let stdin = running.stdin.take();
        let ended = running.end();
        drop(stdin);
        assert_eq!(ended.code, Some(130), "{ended:?}");
        assert_eq!(ended.outcome(&registration(2))["verdict"], "accepted");
        assert_eq!(ended.outcomes().1["devices"], 2);
        assert_eq!(taken(&sim, Service::Fcm), 2);
    }
}

#[test]
fn what_waits_to_be_sent_again_is_told_as_it_was_answered_when_it_is_interrupted() {
    for backend in BACKENDS {
        let sim = fcm_sim();
        fcm_answer(&sim, &registration(1), 503, "UNAVAILABLE");
        let mut command = send_fcm(&sim);
        command.args([
            "--retry",
            "--token",
            &registration(1),
            "--token",
            &registration(2),
        ]);
        let mut running = Running::start(command.args(backend));
        assert_eq!(parsed(&running.line())["device"], registration(2));
        until(|| {
            sim.stats()[&Service::Fcm]
                .rejected
                .contains_key("UNAVAILABLE")
        });
        let started = Instant::now();
        running.signal("INT");
        let ended = running.end();
        let took = started.elapsed();
        assert!(took < Duration::from_secs(8), "it took {took:?}");
        assert_eq!(ended.code, Some(130), "{ended:?}");
        let outcome = ended.outcome(&registration(1));
        assert_eq!(outcome["verdict"], "retry-after", "{outcome}");
        assert_eq!(outcome["status"], 503, "{outcome}");
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    for backend in [BACKENDS[0], BACKENDS[5]] {
        let sim = fcm_sim();
        let path = sim.dir().join("tokens.txt");
        fs::write(&path, registrations(20_000)).unwrap();
        let mut command = send_fcm(&sim);
        let mut running = Running::start(command.arg("--tokens").arg(&path).args(backend));
        running.line();
        drop(running.stdout.take());
        let ended = running.end();
        assert_eq!(ended.stderr, "");
        assert_eq!(ended.code, Some(1));
    }
}

#[test]
fn no_secret_and_no_whole_token_is_logged() {
    for backend in BACKENDS {
        let sim = fcm_sim();
        let devices: Vec<String> = (0..5).map(registration).collect();
        fcm_answer(&sim, &devices[2], 404, "UNREGISTERED");
        // One that the token endpoint makes another token for.
        let once = Answer::new(401).reason("UNAUTHENTICATED");
        let once = push_sim::Fault::new(Service::Fcm, Action::Answer(once));
        sim.fault(once.after(1).times(1)).unwrap();
        let mut command = fcm_to(&sim, &["send", "fcm", "--title", "a secret message"]);
        command
            .args(["--tokens", "-", "-vv", "--in-flight", "1"])
            .args(backend);
        let ended = run_with(command.env("RUST_LOG", "trace"), &devices.join("\n"));
        assert_eq!(ended.code, Some(1), "{}", ended.stdout);
        let log = &ended.stderr;
        assert!(log.contains("firebase-adminsdk@"), "{log}");
        for device in &devices {
            assert!(!log.contains(&device[..14]), "a device token is logged");
        }
        let pem = sim.service_account().unwrap().private_key_pem();
        let line = pem.lines().nth(3).unwrap();
        assert!(!log.contains(&line[..16]), "the key is logged");
        assert!(!log.contains("ya29."), "an access token is logged");
        assert!(!log.contains("eyJ"), "an assertion is logged");
        assert!(!log.contains("a secret message"), "the message is logged");
    }
}
