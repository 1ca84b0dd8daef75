//! `feedback`: whole and broken.
#![allow(clippy::unwrap_used)]

mod support;

use std::net::TcpListener;
use std::num::NonZeroU32;

use push_sim::feedback::Entry;
use push_sim::{Action, Close, Fault, Handshake, Point, Rejection, Service, Sim};
use serde_json::json;
use support::{BACKENDS, Running, anypush, complains, feedback, legacy_sim, run, token};

/// 2023-11-14T22:13:20Z
const SINCE: u32 = 1_700_000_000;

fn tell(sim: &Sim, devices: usize) {
    let entries: Vec<Entry> = (0..devices)
        .map(|number| Entry::new(token(number), SINCE))
        .collect();
    sim.feedback(&entries).unwrap();
}

fn fault(sim: &Sim, action: Action) {
    sim.fault(Fault::new(Service::ApnsFeedback, action))
        .unwrap();
}

#[test]
fn every_device_is_told_with_its_time_and_the_service_forgets_it() {
    for backend in BACKENDS {
        let sim = legacy_sim();
        tell(&sim, 1000);
        let short = Entry::new("00fc", 0);
        sim.feedback(&[short]).unwrap();
        let ended = run(feedback(&sim).args(backend));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.stderr, "");
        let mut expected: Vec<_> = (0..1000)
            .map(|number| json!({"device": token(number), "since": "2023-11-14T22:13:20Z"}))
            .collect();
        expected.push(json!({"device": "00fc", "since": "1970-01-01T00:00:00Z"}));
        assert_eq!(ended.lines(), expected, "{backend:?}");

        let ended = run(feedback(&sim).args(backend));
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
    }
}

#[test]
fn people_get_a_table() {
    let sim = legacy_sim();
    tell(&sim, 2);
    let ended = run(feedback(&sim).args(["--output", "human"]));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let expected = format!(
        "  gone since            device\n  2023-11-14T22:13:20Z  {}\n  2023-11-14T22:13:20Z  {}\n2 \
         devices\n",
        token(0),
        token(1)
    );
    assert_eq!(ended.stdout, expected);
    let none = run(feedback(&sim).args(["--output", "human"]));
    assert_eq!(none.stdout, "0 devices\n");
}

#[test]
fn what_came_before_the_service_broke_off_is_told_and_the_rest_said_to_be_lost() {
    for backend in BACKENDS {
        for how in [Close::Fin, Close::Rst, Close::Tls] {
            let sim = legacy_sim();
            tell(&sim, 100);
            fault(&sim, Action::CloseAt(how, Point::MidAnswer));
            let ended = run(feedback(&sim).args(backend));
            assert_eq!(ended.code, Some(1), "{how:?}: {ended:?}");
            let told = ended.lines().len();
            // A reset takes back what was not read yet.
            assert!(told > 40 || how == Close::Rst, "{how:?}: {ended:?}");
            assert!(told < 100, "{ended:?}");
            assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
            let after = format!("after {told} ");
            for words in [after.as_str(), "likely lost"] {
                assert!(ended.stderr.contains(words), "{words}: {ended:?}");
            }
        }
    }
}

#[test]
fn what_is_read_is_told_at_once_and_a_service_that_falls_silent_is_left() {
    for backend in BACKENDS {
        let sim = legacy_sim();
        tell(&sim, 100);
        fault(&sim, Action::Slow(NonZeroU32::new(100).unwrap()));
        let mut running = Running::start(feedback(&sim).args(["--timeout", "5"]).args(backend));
        let line = support::json(&running.line());
        assert_eq!(line["device"], token(0));
        running.signal("INT");
        let ended = running.end();
        assert_eq!(ended.code, Some(130), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        for words in ["interrupted after", "likely lost"] {
            assert!(ended.stderr.contains(words), "{words}: {ended:?}");
        }
    }
    let sim = legacy_sim();
    fault(&sim, Action::Stall);
    let ended = run(feedback(&sim).args(["--timeout", "0.3"]));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("said nothing for 0.3 s"), "{ended:?}");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let sim = legacy_sim();
    tell(&sim, 20_000);
    let mut running = Running::start(&mut feedback(&sim));
    running.line();
    drop(running.stdout.take());
    let ended = running.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""));
}

#[test]
fn no_connection_and_a_refused_certificate_are_status_3() {
    let sim = legacy_sim();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = closed.local_addr().unwrap().to_string();
    drop(closed);
    let refused = Handshake::Certificate(Rejection::Revoked);
    fault(&sim, Action::Handshake(refused));
    for backend in BACKENDS {
        let mut command = anypush(["feedback", "--endpoint", &nobody]);
        let command = command.args(backend).args(["--timeout", "1"]);
        complains(command, 3, &["can't reach", &nobody]);
        let ended = run(feedback(&sim).args(backend));
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""));
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        let log = ended.stderr.to_lowercase();
        assert!(log.contains("--cert") && log.contains("revoked"), "{log}");
    }
}

#[test]
fn wrong_use_is_status_2_and_one_line_that_says_what_to_change() {
    complains(&mut anypush(["feedback"]), 2, &["--cert", "--endpoint"]);
    for (args, words) in [
        (&["--endpoint", "feedback.test"][..], &["HOST:PORT"][..]),
        (&["--token", "00fc"], &["--token"]),
        (&["--cert", "none.pem"], &["none.pem"]),
        (
            &["--endpoint", "localhost:1", "--ca", "none.pem"],
            &["--ca", "none.pem"],
        ),
        (&["--timeout", "0"], &["seconds"]),
        (&["--tls", "none"], &["none", "openssl"]),
    ] {
        complains(anypush(["feedback"]).args(args), 2, words);
    }
}

#[test]
fn no_whole_token_is_logged() {
    let sim = legacy_sim();
    let devices: Vec<String> = (0x1234_5678..0x1234_567f)
        .map(|number| format!("{number:x}").repeat(8))
        .collect();
    let entries: Vec<Entry> = devices
        .iter()
        .map(|device| Entry::new(device, SINCE))
        .collect();
    for backend in BACKENDS {
        sim.feedback(&entries).unwrap();
        let mut command = feedback(&sim);
        let ended = run(command.args(backend).arg("-vv").env("RUST_LOG", "trace"));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.lines().len(), devices.len());
        assert!(ended.stderr.contains("ready"), "{ended:?}");
        for device in &devices {
            assert!(!ended.stderr.contains(&device[..12]), "a token is logged");
        }
    }
}
