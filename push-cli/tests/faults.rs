//! Wrong use, servers that are none, and ends on the way.

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use push_sim::{Action, ServerProfile, Service, Sim};
use rustls::crypto::aws_lc_rs;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use support::{
    BACKENDS, Running, accepted, anypush, complains, fault, json, run, send, send_to, sim, token,
    until, with_key,
};

#[test]
fn wrong_use_is_status_2_and_one_line_that_says_what_to_change() {
    let sim = sim();
    let dir = sim.dir().to_str().unwrap();
    let device = token(1);
    let device = ["--token", device.as_str()];
    for (args, words) in [
        (&["--tokn", "00"][..], &["--tokn", "--token"][..]),
        (&["--push-type", "silent"], &["silent", "background"]),
        (&["--priority", "7"], &["7", "10"]),
        (&["--expiration", "soon"], &["soon", "3600"]),
        (&["--custom", "name=Ada"], &["name", "quotes"]),
        (&["--custom", "aps={}"], &["aps"]),
        (&["--apns-id", "1"], &["apns-id"]),
        (&["--timeout", "0"], &["seconds"]),
        (&["--in-flight", "0"], &["--in-flight"]),
        (&["--runtime", "rayon"], &["rayon", "smol"]),
        (&["--relevance-score", "2"], &["relevance score", "0 to 1"]),
        (&["--collapse-id", ""], &["collapse"]),
        (&["--payload", "-"], &["--payload", "message options"]),
        (&["--cert", "x.pem"], &["--key", "--cert"]),
        (&["--push-type", "background"], &["alert", "push type"]),
        (
            &["--tokens", "/nowhere/devices.txt"],
            &["/nowhere/devices.txt"],
        ),
        (&["--tokens", dir], &["folder"]),
    ] {
        complains(send(&sim).args(device).args(args), 2, words);
    }
    complains(&mut send(&sim), 2, &["--token"]);
    let long = "x".repeat(5000);
    let mut nothing_said = send_to(&sim, "localhost:1");
    complains(nothing_said.args(device), 2, &["--body"]);
    complains(nothing_said.args(["--body", &long]), 2, &["bytes", "4096"]);
    assert_eq!(sim.stats()[&Service::Apns].connections, 0);
}

#[test]
fn bad_credentials_files_are_status_2() {
    let sim = sim();
    let file = |name: &str| sim.dir().join(name).to_str().unwrap().to_owned();
    let send = |args: &[&str]| {
        let mut command = anypush([
            "send", "apns", "--topic", "t", "--body", "x", "--token", "00",
        ]);
        command.args(args);
        command
    };
    let ids = ["--key-id", "ABC123DEFG", "--team-id", "DEF123GHIJ"];
    complains(&mut send(&[]), 2, &["--key", "--cert"]);
    complains(&mut send(&["--key", "x.p8"]), 2, &["--key-id", "--team-id"]);
    complains(send(&["--key", "none.p8"]).args(ids), 2, &["none.p8"]);
    complains(
        send(&["--key", &file("ca.pem")]).args(ids),
        2,
        &["ca.pem", "key"],
    );
    complains(
        &mut send(&[
            "--key",
            &file("AuthKey.p8"),
            "--key-id",
            "no id",
            "--team-id",
            "DEF123GHIJ",
        ]),
        2,
        &["key id", "no id"],
    );
    complains(
        &mut send(&["--cert", &file("ca.pem")]),
        2,
        &["ca.pem", "key"],
    );
    complains(
        &mut send(&["--cert", &file("client.p12")]),
        2,
        &["client.p12", "password", "--password-env"],
    );
    complains(
        &mut send(&["--cert", &file("client.p12"), "--password-env", "NOWHERE"]),
        2,
        &["--password-env NOWHERE", "no such variable"],
    );
    let mut wrong = send(&["--cert", &file("client.p12"), "--password-env", "WORD"]);
    let wrong = wrong.env("WORD", "hunter2");
    complains(wrong, 2, &["client.p12", "password"]);
    assert!(!run(wrong).stderr.contains("hunter2"));
    complains(
        &mut send(&[
            "--cert",
            &file("client.pem"),
            "--cert-key",
            &file("server.key"),
        ]),
        2,
        &["does not belong"],
    );
    complains(
        send(&["--key", &file("AuthKey.p8"), "--ca", &file("server.key")]).args(ids),
        2,
        &["--ca", "server.key"],
    );
}

/// A send of one device, on a backend, with a second's patience.
fn impatient(sim: &Sim, endpoint: &str, backend: [&str; 4]) -> Command {
    let mut command = send_to(sim, endpoint);
    command.args(["--body", "x", "--token", "00fc", "--timeout", "1"]);
    command.args(backend);
    command
}

#[test]
fn no_server_and_a_silent_one_are_status_3_in_time() {
    let sim = sim();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = closed.local_addr().unwrap().to_string();
    drop(closed);
    // The system takes connections, and nobody ever speaks.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mute = silent.local_addr().unwrap().to_string();
    for backend in BACKENDS {
        complains(
            &mut impatient(&sim, &nobody, backend),
            3,
            &["can't reach", &nobody],
        );
        complains(
            &mut impatient(&sim, &mute, backend),
            3,
            &["can't reach", &mute, "within"],
        );
        complains(
            &mut impatient(&sim, "nowhere.invalid:443", backend),
            3,
            &["can't reach", "nowhere.invalid", "resolve"],
        );
    }
}

#[test]
fn a_server_that_speaks_only_http_1_1_is_status_3() {
    let sim = sim();
    for alpn in [&[b"http/1.1".to_vec()][..], &[]] {
        let endpoint = http_1_server(&sim, alpn);
        for backend in BACKENDS {
            complains(
                &mut impatient(&sim, &endpoint, backend),
                3,
                &["can't reach", "h"],
            );
        }
    }
}

/// Serves HTTP/1.1 over TLS, with the simulator's certificate, as long as the process lives.
fn http_1_server(sim: &Sim, alpn: &[Vec<u8>]) -> String {
    let issued = sim.files().server();
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![issued.certificate_der().clone()], issued.key_der())
        .expect("a certificate");
    config.alpn_protocols = alpn.to_vec();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = listener.local_addr().expect("an address").to_string();
    let serve = move |tcp: TcpStream| -> std::io::Result<()> {
        let connection = ServerConnection::new(config.clone()).map_err(std::io::Error::other)?;
        let mut tls = StreamOwned::new(connection, tcp);
        let mut request = [0; 1024];
        let _ = tls.read(&mut request)?;
        tls.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")?;
        tls.flush()
    };
    thread::spawn(move || {
        for tcp in listener.incoming() {
            // A client that hangs up is what is to be seen here.
            let _ = serve(tcp.expect("a connection"));
        }
    });
    endpoint
}

#[test]
fn a_wrong_root_and_a_wrong_name_are_status_3() {
    let sim = sim();
    let stranger = support::sim();
    let elsewhere = Sim::builder()
        .apns_any()
        .server(ServerProfile::new(["elsewhere.test"]))
        .start()
        .unwrap();
    let expired = Sim::builder()
        .apns_any()
        .server(ServerProfile::default().expired())
        .start()
        .unwrap();
    let at = |sim: &Sim| format!("localhost:{}", sim.apns_addr().unwrap().port());
    for backend in BACKENDS {
        complains(
            &mut impatient(&sim, &at(&stranger), backend),
            3,
            &["can't reach", "trusted root"],
        );
        complains(
            &mut impatient(&elsewhere, &at(&elsewhere), backend),
            3,
            &["can't reach", "name"],
        );
        complains(
            &mut impatient(&expired, &at(&expired), backend),
            3,
            &["can't reach", "expired"],
        );
    }
}

#[test]
fn a_wrong_key_id_is_the_services_answer() {
    let sim = sim();
    let port = sim.apns_addr().unwrap().port();
    let mut command = anypush(["send", "apns", "--topic", "com.example.app", "--body", "x"]);
    command.args([
        "--endpoint",
        &format!("localhost:{port}"),
        "--token",
        &token(1),
    ]);
    command.arg("--ca").arg(sim.dir().join("ca.pem"));
    command.arg("--key").arg(sim.dir().join("AuthKey.p8"));
    command.args(["--key-id", "XXXXXXXXXX", "--team-id", "DEF123GHIJ"]);
    let ended = run(&mut command);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let outcome = ended.outcome(&token(1));
    assert_eq!(outcome["verdict"], "fix-credentials");
    assert_eq!(outcome["reason"], "InvalidProviderToken");
}

#[test]
fn an_outcome_is_told_while_more_devices_are_waited_for() {
    for backend in BACKENDS {
        let sim = sim();
        let mut running = Running::start(send(&sim).args(["--tokens", "-"]).args(backend));
        for number in 0..3 {
            running.write(&format!("{}\n", token(number)));
            assert_eq!(json(&running.line())["device"], token(number));
        }
        let ended = running.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(json(&ended.stdout)["summary"]["accepted"], 3);
    }
}

#[test]
fn an_interrupt_waits_for_what_is_under_way_and_tells_the_truth() {
    for (backend, signal) in BACKENDS
        .into_iter()
        .zip(["INT", "TERM"].into_iter().cycle())
    {
        let sim = sim();
        fault(&sim, &token(2), Action::Delay(Duration::from_millis(700)));
        fault(&sim, &token(3), Action::DropAnswer);
        let mut command = send(&sim);
        command.args(["--tokens", "-", "--timeout", "2"]);
        let mut running = Running::start(command.args(backend));
        running.write(&format!("{}\n", token(1)));
        running.line();
        running.write(&format!("{}\n{}\n", token(2), token(3)));
        until(|| sim.stats()[&Service::Apns].requests == 3);
        running.signal(signal);
        // Standard input stays open, and what it would still give is not waited for.
        let stdin = running.stdin.take();
        let ended = running.end();
        drop(stdin);
        assert_eq!(ended.code, Some(130), "{ended:?}");
        let (outcomes, summary) = ended.outcomes();
        assert_eq!(outcomes.len(), 2);
        assert_eq!(ended.outcome(&token(2))["verdict"], "accepted");
        assert_eq!(ended.outcome(&token(3))["verdict"], "unknown");
        assert_eq!(summary["devices"], 3);
        assert_eq!(summary["accepted"], 2);
        assert_eq!(summary["unknown"], 1);
        assert_eq!(accepted(&sim), 3);
    }
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let sim = sim();
    fault(&sim, &token(1), Action::DropAnswer);
    let mut running = Running::start(send(&sim).args(["--tokens", "-", "--timeout", "3600"]));
    running.write(&format!("{}\n", token(1)));
    until(|| sim.stats()[&Service::Apns].requests == 1);
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
fn a_closed_pipe_ends_quietly() {
    for backend in BACKENDS {
        let sim = sim();
        let devices: Vec<String> = (0..20_000).map(token).collect();
        let path = sim.dir().join("devices.txt");
        std::fs::write(&path, devices.join("\n")).unwrap();
        let mut running = Running::start(send(&sim).arg("--tokens").arg(&path).args(backend));
        running.line();
        drop(running.stdout.take());
        let ended = running.end();
        assert_eq!(ended.stderr, "");
        assert_eq!(ended.code, Some(1));
    }
}

#[test]
fn a_service_that_is_lost_on_the_way_ends_the_intake() {
    for backend in BACKENDS {
        let sim = sim();
        // Files that outlive the simulator.
        let files = tempfile::tempdir().unwrap();
        for name in ["ca.pem", "AuthKey.p8"] {
            std::fs::copy(sim.dir().join(name), files.path().join(name)).unwrap();
        }
        let port = sim.apns_addr().unwrap().port();
        let mut command = anypush(["send", "apns", "--topic", "com.example.app", "--body", "x"]);
        command.args(["--endpoint", &format!("localhost:{port}"), "--tokens", "-"]);
        command.arg("--ca").arg(files.path().join("ca.pem"));
        with_key(&mut command, &sim);
        command.args(["--in-flight", "10", "--timeout", "0.5"]);
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
        assert!(
            ended.stderr.contains("no answer for 0.5 s"),
            "{}",
            ended.stderr
        );
        let (outcomes, summary) = ended.outcomes();
        assert_eq!(summary["accepted"], 1);
        assert_eq!(summary["devices"].as_u64(), Some(outcomes.len() as u64 + 1));
    }
}

#[test]
fn a_service_that_takes_nothing_after_all_was_not_reached() {
    let sim = sim();
    let files = tempfile::tempdir().unwrap();
    for name in ["ca.pem", "AuthKey.p8"] {
        std::fs::copy(sim.dir().join(name), files.path().join(name)).unwrap();
    }
    let port = sim.apns_addr().unwrap().port();
    let mut command = anypush(["send", "apns", "--topic", "com.example.app", "--body", "x"]);
    command.args(["--endpoint", &format!("localhost:{port}"), "--tokens", "-"]);
    command.arg("--ca").arg(files.path().join("ca.pem"));
    with_key(&mut command, &sim);
    let mut running = Running::start(command.args(["--timeout", "1"]));
    until(|| sim.stats()[&Service::Apns].connections == 1);
    // What can't be sent shows that the program is ready, since it asks nobody.
    running.write("zz\n");
    running.line();
    sim.shutdown();
    running.write(&format!("{}\n", token(1)));
    let ended = running.end();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let outcome = ended.outcome(&token(1));
    assert_eq!(outcome["verdict"], "retry-after", "{outcome}");
}
