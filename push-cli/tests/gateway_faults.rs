//! `send gateway`: wrong use, gateways that are none, and ends on the way.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::Write;
use std::net::TcpListener;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use push_sim::gateway::Config;
use push_sim::{Action, Fault, Handshake, Rejection, Service, Sim};
use support::{
    BACKENDS, Running, anypush, complains, gateway_at, gateway_to, json, legacy_sim, on_gateway,
    run, run_with, send_gateway, token, until,
};

fn requests(sim: &Sim) -> u64 {
    sim.stats()[&Service::ApnsGateway].requests
}

#[test]
fn wrong_use_is_status_2_and_one_line_that_says_what_to_change() {
    let sim = legacy_sim();
    let device = token(1);
    let device = ["--token", device.as_str()];
    for (args, words) in [
        (&["--tokn", "00"][..], &["--tokn", "--token"][..]),
        (&["--frame", "3"], &["3", "0", "1", "2"]),
        (&["--priority", "1"], &["1", "10", "5"]),
        (
            &["--frame", "1", "--priority", "5"],
            &["priority 5", "command 2"],
        ),
        (
            &["--frame", "0", "--expiration", "0"],
            &["expiration", "command 2"],
        ),
        (&["--expiration", "soon"], &["soon", "3600"]),
        (&["--expiration", "2200-01-01T00:00:00Z"], &["2106"]),
        (&["--topic", "com.example.app"], &["--topic"]),
        (&["--collapse-id", "a"], &["--collapse-id"]),
        (&["--apns-id", "a"], &["--apns-id"]),
        (&["--key", "k.p8"], &["--key"]),
        (&["--push-type", "liveactivity"], &["liveactivity", "voip"]),
        (&["--push-type", "background"], &["alert", "push type"]),
        (&["--payload", "-"], &["--payload", "message options"]),
        (&["--batch", "0"], &["--batch"]),
        (&["--in-flight", "0"], &["--in-flight"]),
        (&["--window", "0"], &["--in-flight"]),
        (&["--tail", "soon"], &["--tail", "seconds"]),
        (&["--timeout", "0"], &["seconds"]),
        (&["--resend-unknown", "0"], &["--resend-unknown"]),
        (&["--retries", "-1"], &["-1"]),
        (
            &["--no-confirm", "--confirm-after", "1"],
            &["--no-confirm", "--confirm-after"],
        ),
        (
            &["--tokens", "/nowhere/devices.txt"],
            &["/nowhere/devices.txt"],
        ),
        (&["--cert-key", "none.key"], &["none.key"]),
    ] {
        complains(send_gateway(&sim).args(device).args(args), 2, words);
    }
    complains(&mut send_gateway(&sim), 2, &["--token"]);
    let mut nothing_said = gateway_to(&sim, "localhost:1");
    complains(nothing_said.args(device), 2, &["--body"]);
    let long = "x".repeat(2048);
    complains(nothing_said.args(["--body", &long]), 2, &["bytes", "2048"]);
    let mut nobody = anypush(["send", "gateway", "--body", "x"]);
    complains(nobody.args(device), 2, &["--cert", "--endpoint"]);
    complains(
        nobody.args(["--endpoint", "gateway.test"]),
        2,
        &["HOST:PORT"],
    );
    assert_eq!(sim.stats()[&Service::ApnsGateway].connections, 0);
}

/// A send of one device, on a backend, with a second's patience.
fn impatient(sim: &Sim, endpoint: &str, backend: [&str; 4]) -> Command {
    let mut command = gateway_to(sim, endpoint);
    command.args(["--body", "x", "--token", "00fc", "--timeout", "1"]);
    command.args(backend);
    command
}

#[test]
fn no_server_a_silent_one_and_a_wrong_root_are_status_3_in_time() {
    let sim = legacy_sim();
    let stranger = legacy_sim();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = closed.local_addr().unwrap().to_string();
    drop(closed);
    // The system takes connections, and nobody ever speaks.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mute = silent.local_addr().unwrap().to_string();
    for backend in BACKENDS {
        for (endpoint, words) in [
            (nobody.as_str(), &["can't reach", &nobody][..]),
            (&mute, &["can't reach", &mute, "within"]),
            ("nowhere.invalid:2195", &["nowhere.invalid", "resolve"]),
            (&gateway_at(&stranger), &["can't reach", "trusted root"]),
        ] {
            complains(&mut impatient(&sim, endpoint, backend), 3, words);
        }
    }
}

#[test]
fn a_certificate_that_is_refused_when_the_handshake_is_over_is_said_once_and_ends_the_intake() {
    for backend in BACKENDS {
        let sim = legacy_sim();
        let refused = Action::Handshake(Handshake::Certificate(Rejection::Revoked));
        sim.fault(Fault::new(Service::ApnsGateway, refused))
            .unwrap();
        let mut running = Running::start(
            send_gateway(&sim)
                .args(["--tokens", "-", "--timeout", "20"])
                .args(backend),
        );
        running.write(&format!("{}\n", token(1)));
        let line = json(&running.line());
        assert_eq!(line["device"], token(1));
        assert_eq!(line["verdict"], "fix-credentials", "{line}");
        // Standard input stays open, and is not read any more.
        let stdin = running.stdin.take();
        let ended = running.end();
        drop(stdin);
        assert_eq!(ended.code, Some(3), "{ended:?}");
        assert_eq!(json(&ended.stdout)["summary"]["devices"], 1);
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        let log = ended.stderr.to_lowercase();
        for word in ["credentials", "--cert", "revoked"] {
            assert!(log.contains(word), "{word}: {ended:?}");
        }
    }
}

#[test]
fn a_gateway_that_demands_a_certificate_says_so() {
    let config = Config::default().require_certificate();
    let builder = Sim::builder().apns_gateway_any();
    let sim = builder.apns_gateway_config(config).start().unwrap();
    for backend in BACKENDS {
        let mut command = anypush(["send", "gateway", "--body", "Hello", "--token", "00fc"]);
        command.args(["--endpoint", &gateway_at(&sim)]);
        command.arg("--ca").arg(sim.dir().join("ca.pem"));
        let ended = run(command.args(backend));
        assert_eq!(ended.code, Some(3), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        let log = ended.stderr.to_lowercase();
        assert!(log.contains("certificate"), "{ended:?}");
        assert!(log.contains("required"), "{ended:?}");
    }
}

#[test]
fn an_outcome_is_told_while_more_devices_are_waited_for() {
    for backend in BACKENDS {
        let sim = legacy_sim();
        let mut command = send_gateway(&sim);
        command.args(["--tokens", "-", "--confirm-after", "0.02"]);
        let started = Instant::now();
        let mut running = Running::start(command.args(backend));
        for number in 0..3 {
            running.write(&format!("{}\n", token(number)));
            let line = json(&running.line());
            assert_eq!(line["device"], token(number));
            assert_eq!(line["verdict"], "accepted");
        }
        // Otherwise it is 5 seconds each.
        let took = started.elapsed();
        assert!(took < Duration::from_secs(10), "it took {took:?}");
        let ended = running.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(json(&ended.stdout)["summary"]["accepted"], 3);
    }
}

#[test]
fn an_interrupt_asks_for_the_proof_of_what_is_under_way() {
    for (backend, signal) in BACKENDS
        .into_iter()
        .zip(["INT", "TERM"].into_iter().cycle())
    {
        let sim = legacy_sim();
        let mut command = send_gateway(&sim);
        command.args(["--tokens", "-", "--confirm-after", "3600"]);
        let mut running = Running::start(command.args(backend));
        running.write(&format!("{}\n{}\n{}\n", token(1), token(2), token(3)));
        until(|| requests(&sim) == 3);
        running.signal(signal);
        // Standard input stays open, and what it would still give is not waited for.
        let stdin = running.stdin.take();
        let ended = running.end();
        drop(stdin);
        assert_eq!(ended.code, Some(130), "{ended:?}");
        let (outcomes, summary) = ended.outcomes();
        assert_eq!(outcomes.len(), 3);
        assert_eq!(summary["accepted"], 3);
        assert_eq!(sim.stats()[&Service::ApnsGateway].accepted, 3);
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    }
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let sim = legacy_sim();
    on_gateway(&sim, &token(1), Action::Wedge);
    let mut command = send_gateway(&sim);
    command.args(["--tokens", "-", "--tail", "3600", "--timeout", "3600"]);
    let mut running = Running::start(&mut command);
    running.write(&format!("{}\n", token(1)));
    until(|| requests(&sim) == 1);
    // Signals of one kind that come together are one.
    running.signal("INT");
    running.signal("TERM");
    let stdin = running.stdin.take();
    let ended = running.end();
    drop(stdin);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert_eq!(ended.outcomes().1["devices"], 0);
}

#[test]
fn a_gateway_that_never_answers_is_given_up_and_what_it_may_have_taken_is_unknown() {
    let sim = legacy_sim();
    sim.fault(Fault::new(Service::ApnsGateway, Action::Wedge))
        .unwrap();
    let devices: Vec<String> = (0..100).map(token).collect();
    let mut command = send_gateway(&sim);
    command.args(["--tokens", "-", "--tail", "0.3", "--timeout", "0.4"]);
    command.args(["--in-flight", "10", "--connections", "1"]);
    let ended = run_with(&mut command, &devices.join("\n"));
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stderr.contains("no answer for 0.4 s"), "{ended:?}");
    let (outcomes, summary) = ended.outcomes();
    assert_eq!(summary["unknown"], outcomes.len());
    assert!(outcomes.len() < devices.len(), "{summary}");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    for backend in BACKENDS {
        let sim = legacy_sim();
        let devices: Vec<String> = (0..20_000).map(token).collect();
        let path = sim.dir().join("devices.txt");
        std::fs::write(&path, devices.join("\n")).unwrap();
        let mut command = send_gateway(&sim);
        command.args(["--in-flight", "1000"]).arg("--tokens");
        let mut running = Running::start(command.arg(&path).args(backend));
        running.line();
        drop(running.stdout.take());
        let ended = running.end();
        assert_eq!(ended.stderr, "");
        assert_eq!(ended.code, Some(1));
    }
}

#[test]
fn a_gateway_that_is_lost_on_the_way_ends_the_intake() {
    for backend in BACKENDS {
        let sim = legacy_sim();
        // Files that outlive the simulator.
        let files = tempfile::tempdir().unwrap();
        for name in ["ca.pem", "client.pem"] {
            std::fs::copy(sim.dir().join(name), files.path().join(name)).unwrap();
        }
        let mut command = anypush(["send", "gateway", "--body", "x", "--tokens", "-"]);
        command.args(["--endpoint", &gateway_at(&sim)]);
        command.arg("--ca").arg(files.path().join("ca.pem"));
        command.arg("--cert").arg(files.path().join("client.pem"));
        command.args(["--confirm-after", "0.02", "--timeout", "0.5"]);
        let mut running = Running::start(command.args(backend));
        running.write(&format!("{}\n", token(0)));
        running.line();
        sim.shutdown();
        let mut stdin = running.stdin.take().unwrap();
        let writer = thread::spawn(move || {
            let mut number = 1;
            // As many as are taken.
            while writeln!(stdin, "{}", token(number)).is_ok() {
                number += 1;
            }
        });
        let ended = running.end();
        writer.join().unwrap();
        assert_eq!(ended.code, Some(3), "{}", ended.stderr);
        assert!(ended.stderr.contains("can't connect"), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        let (outcomes, summary) = ended.outcomes();
        assert_eq!(summary["accepted"], 1);
        assert_eq!(summary["devices"].as_u64(), Some(outcomes.len() as u64 + 1));
    }
}
